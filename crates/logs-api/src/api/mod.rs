//! `/api/v1/logs/…`: reading what was recorded, each path one question to the facades and each question a
//! fact itself; and recording facts that are no telemetry.

pub(crate) mod answered;
mod audit;
mod exports;
mod facts;
pub(crate) mod query;
pub(crate) mod record;
pub(crate) mod runs;
mod system;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{ALLOW, CACHE_CONTROL};
use axum::http::{HeaderValue, Method};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};

use self::record::Recording;
use crate::app::App;
use crate::callers::Wish;
use crate::drawn_in::is_drawn_in;
use crate::problem::Problem;

pub(crate) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    let recording =
        |wish| from_fn_with_state(Recording { app: Arc::clone(app), wish }, record::record);
    let reads = Router::new()
        .route("/llm-runs", get(runs::list))
        .route("/llm-runs/{run_id}/envelope", get(runs::envelope))
        .route("/llm-runs/{run_id}/trace", get(runs::trace))
        .route("/llm-runs/{run_id}/governance", get(runs::governance))
        .route("/llm-runs/{run_id}/replay", get(runs::replay))
        .route("/system", get(system::list))
        .route("/system/audit", get(audit::system))
        .route("/system/{run_id}/snapshot", get(system::snapshot))
        .route("/system/{run_id}/telemetry", get(system::telemetry))
        .route("/system/{run_id}/events", get(system::events))
        .route("/system/{run_id}/replay", get(runs::replay))
        .route("/audit", get(audit::list))
        .route("/audit/identity", get(audit::identity))
        .route("/audit/authorization", get(audit::authorization))
        .route("/audit/access", get(audit::access))
        .route("/audit/integrity", get(audit::integrity))
        .route("/audit/exports", get(audit::exports))
        .route("/audit/{id}", get(audit::entry))
        .route("/audit/{id}/proof", get(audit::proof))
        .layer(recording(Wish::Read));
    let exports = Router::new()
        .route("/llm-runs/{run_id}/export", get(exports::of_run))
        .layer(recording(Wish::ReadEntries))
        .layer(from_fn(no_head));
    let exports = Router::new()
        .route("/exports", post(exports::make))
        .layer(recording(Wish::ReadEntries))
        .merge(exports);
    Router::new()
        // Every method, so that a wrong one is refused in the words of a post.
        .route("/facts", any(facts::post))
        .merge(reads.merge(exports).layer(from_fn(by_its_reader)))
        .layer(map_response(keep_nowhere))
}

/// Each question is recorded, and some take long: one that another site's page drew in is not its reader's.
async fn by_its_reader(request: Request, next: Next) -> Response {
    match is_drawn_in(request.headers()) {
        true => Problem::drawn_in().into_response(),
        false => next.run(request).await,
    }
}

/// Evidence that nobody wants sent is none that left the house, and would be recorded as if it had.
async fn no_head(request: Request, next: Next) -> Response {
    if request.method() != Method::HEAD {
        return next.run(request).await;
    }
    let mut response = Problem::no_such_method().into_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
    response
}

/// Facts are for whoever asked, and there are more of them tomorrow.
async fn keep_nowhere(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
