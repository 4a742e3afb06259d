//! Whether the process runs, and whether its database answers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;

use crate::app::App;
use crate::problem::Problem;

/// A database that takes longer is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) async fn process() -> &'static str {
    "ok\n"
}

pub(crate) async fn database(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    let silent = || Problem::unavailable("the database does not answer");
    // One of them is enough: they are in one database.
    for tenant in app.callers().tenants().iter().take(1) {
        let asked = tokio::time::timeout(PATIENCE, app.domain.size(tenant)).await;
        asked.map_err(|_| silent())?.map_err(|_| silent())?;
    }
    Ok("ok\n")
}
