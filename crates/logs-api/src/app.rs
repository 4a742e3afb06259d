//! What every handler is given, and which handler has which path.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{any, get};
use logs_domain::{LogsDomain, Signal, TenantId};
use tokio::sync::{Notify, Semaphore};

use crate::callers::Callers;
use crate::metrics::{self, Metrics};
use crate::problem::{Cause, Problem};
use crate::{Limits, api, console, health, openapi, otlp, tlog};

/// Where a server says what its operator should know: one line each, never a payload.
pub type Report = Arc<dyn Fn(&str) + Send + Sync>;

pub(crate) struct App {
    pub(crate) domain: Arc<LogsDomain>,
    /// Who may ask, as it was told last.
    pub(crate) let_in: RwLock<Arc<Callers>>,
    pub(crate) limits: Limits,
    pub(crate) report: Report,
    pub(crate) metrics: Metrics,
    /// One permit a connection.
    pub(crate) room: Arc<Semaphore>,
    /// One permit a post that is being read or recorded.
    pub(crate) posts: Arc<Semaphore>,
    /// One permit a bundle that is being made or sent: each is held in memory.
    pub(crate) exports: Arc<Semaphore>,
    /// Taken by whoever has the ledger verified.
    pub(crate) verifying: Semaphore,
    /// For whom something was recorded, or may have been before: who is signed for.
    pub(crate) recorded_for: Mutex<BTreeSet<TenantId>>,
    /// Told when something was recorded.
    pub(crate) recorded: Notify,
}

impl App {
    /// Who may ask, now: a file of keys that was changed is read again.
    pub(crate) fn callers(&self) -> Arc<Callers> {
        let last = Arc::clone(&self.let_in.read().unwrap_or_else(PoisonError::into_inner));
        match &*last {
            Callers::Holders(keys) if keys.is_outdated() => self.reread(),
            Callers::Holders(_) | Callers::ThisMachine(_) => last,
        }
    }

    fn reread(&self) -> Arc<Callers> {
        let mut let_in = self.let_in.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have read it meanwhile.
        let Callers::Holders(before) = &**let_in else { return Arc::clone(&let_in) };
        if !before.is_outdated() {
            return Arc::clone(&let_in);
        }
        let may = |tenant: &TenantId| self.domain.may_record(tenant).map_err(|e| e.to_string());
        let (keys, wrong) = before.reread(&may);
        (self.report)(&match wrong {
            Some(why) => format!("the keys were changed: {why}"),
            None => "the keys were changed, and are read again".to_owned(),
        });
        keys.tenants().for_each(|tenant| self.has_recorded(tenant.clone()));
        *let_in = Arc::new(Callers::Holders(keys));
        Arc::clone(&let_in)
    }

    pub(crate) fn has_recorded(&self, tenant: TenantId) {
        self.recorded_for.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant);
        self.recorded.notify_one();
    }

    pub(crate) fn signed_for(&self) -> Vec<TenantId> {
        let tenants = self.recorded_for.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.iter().cloned().collect()
    }
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
        .nest("/api/v1/logs", api::routes(&app))
        .route("/metrics", get(metrics::read))
        .route("/openapi.json", get(openapi::document))
        .route("/tlog/{*name}", get(tlog::read))
        .merge(console::routes(&app))
        .fallback(console::nowhere)
        .method_not_allowed_fallback(async || Problem::no_such_method())
        .layer(middleware::from_fn_with_state(Arc::clone(&app), tell));
    reads
        .merge(posts)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), metrics::count))
        .with_state(app)
}

/// Tells the operator why an answer is a failure of ours, and whom nobody knew.
async fn tell(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    if let Some(Cause(cause)) = response.extensions().get() {
        (app.report)(&format!("{path}: {}, {cause}", response.status().as_u16()));
    }
    response
}
