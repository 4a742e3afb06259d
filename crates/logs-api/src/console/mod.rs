//! The console under `/`: what the read API answers, as pages for a person with a browser.
//!
//! A page is made here, whole, from answers of the facades. It brings no script and loads nothing, so
//! that a name somebody chose for an agent can be no more than text. It states facts and judges none:
//! what was not recorded is "not recorded", and where two answers differ it says so ([`agree`]).
//! It is no part of the API: pages may look otherwise tomorrow, and `/openapi.json` leaves them out.

mod agree;
mod audit;
mod door;
mod form;
mod integrity;
mod ledger;
mod page;
mod run;
mod runs;
mod said;
mod timeline;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;

pub(crate) use self::door::nowhere;
use crate::api::record::{self, Recording};
use crate::app::App;
use crate::callers::Wish;

pub(crate) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    let recording = Recording { app: Arc::clone(app), wish: Wish::Read };
    Router::new()
        .route("/", get(runs::list))
        .route("/runs/{run_id}", get(run::one))
        .route("/audit", get(audit::list))
        .route("/integrity", get(integrity::look))
        .layer(from_fn_with_state(recording, record::record))
        // Outermost: what was refused on the way is a page too.
        .layer(from_fn(door::open))
}
