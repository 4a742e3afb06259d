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
    match tokio::time::timeout(PATIENCE, app.domain.size(&app.tenant)).await {
        Ok(Ok(_)) => Ok("ok\n"),
        Ok(Err(_)) | Err(_) => Err(Problem::unavailable("the database does not answer")),
    }
}
