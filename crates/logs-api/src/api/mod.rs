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
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{any, get, post};

use self::record::Recording;
use crate::app::App;
use crate::callers::Wish;

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
        .route("/exports", post(exports::make))
        .route("/llm-runs/{run_id}/export", get(exports::of_run))
        .layer(recording(Wish::ReadEntries));
    Router::new()
        // Every method, so that a wrong one is refused in the words of a post.
        .route("/facts", any(facts::post))
        .merge(reads)
        .merge(exports)
        .layer(map_response(keep_nowhere))
}

/// Facts are for whoever asked, and there are more of them tomorrow.
async fn keep_nowhere(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
