//! What every handler is given, and which handler has which path.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use logs_domain::{LogsDomain, Signal, TenantId};
use tokio::sync::{Notify, Semaphore};

use crate::problem::{Cause, Problem};
use crate::{Limits, api, health, host, otlp, tlog};

/// Where a server says what its operator should know: one line each, never a payload.
pub type Report = Arc<dyn Fn(&str) + Send + Sync>;

pub(crate) struct App {
    pub(crate) domain: Arc<LogsDomain>,
    pub(crate) tenant: TenantId,
    pub(crate) limits: Limits,
    pub(crate) report: Report,
    /// One permit a post that is being read or recorded.
    pub(crate) posts: Arc<Semaphore>,
    /// Taken by whoever has the ledger verified.
    pub(crate) verifying: Semaphore,
    /// Told when something was recorded.
    pub(crate) recorded: Notify,
}

pub(crate) fn router(app: Arc<App>) -> Router {
    // Every method, so that a wrong one is refused in the words of the protocol.
    let post = |signal| {
        let app = Arc::clone(&app);
        any(move |request: Request| otlp::post(app, signal, request))
    };
    let posts = Router::new()
        .route("/v1/traces", post(Signal::Traces))
        .route("/v1/logs", post(Signal::Logs))
        .route("/v1/metrics", post(Signal::Metrics));
    let reads = Router::new()
        .route("/healthz", get(health::process))
        .route("/readyz", get(health::database))
        .nest("/api/v1/logs", api::routes())
        .route("/tlog/{*name}", get(tlog::read))
        .fallback(async || Problem::no_such_path())
        .method_not_allowed_fallback(async || Problem::no_such_method())
        .layer(middleware::from_fn(for_this_machine))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), tell));
    reads.merge(posts).with_state(app)
}

/// Tells the operator why an answer is a failure of ours.
async fn tell(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    if let Some(Cause(cause)) = response.extensions().get() {
        (app.report)(&format!("{path}: {}, {cause}", response.status().as_u16()));
    }
    response
}

async fn for_this_machine(request: Request, next: Next) -> Response {
    if host::is_this_machine(request.headers()) {
        next.run(request).await
    } else {
        Problem::misdirected().into_response()
    }
}
