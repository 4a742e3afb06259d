//! `/system`: events, measurements and alerts, and what surrounded a run.

use std::sync::Arc;

use axum::extract::State;
use logs_domain::SystemFilter;
use serde::Deserialize;

use super::answered::Answered;
use super::query::{Asked, Named, Nothing, Part, period};
use super::runs::known;
use crate::app::App;
use crate::callers::Reader;
use crate::problem::Problem;
use crate::shape;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Records {
    kind: Option<String>,
    run: Option<String>,
    component: Option<String>,
    severity: Option<String>,
    event: Option<String>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<u64>,
    cursor: Option<String>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Asked(asked): Asked<Records>,
) -> Result<Answered, Problem> {
    let filter = SystemFilter {
        kind: asked.kind,
        run: asked.run,
        component: asked.component,
        severity: asked.severity.as_deref().map(str::to_lowercase),
        event: asked.event,
        period: period(asked.since.as_deref(), asked.until.as_deref())?,
    };
    let part = Part { limit: asked.limit, cursor: asked.cursor };
    let answer = app.domain.logs().system(&part.of(&tenant, filter)?).await?;
    Ok(Answered::page(&answer, shape::system_record))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Events {
    limit: Option<u64>,
    cursor: Option<String>,
}

pub(super) async fn events(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Named(id): Named,
    Asked(asked): Asked<Events>,
) -> Result<Answered, Problem> {
    let (run, _) = known(&app, &tenant, &id).await?;
    let filter = SystemFilter { run: Some(run.as_str().to_owned()), ..SystemFilter::default() };
    let part = Part { limit: asked.limit, cursor: asked.cursor };
    let answer = app.domain.logs().events(&part.of(&tenant, filter)?).await?;
    Ok(Answered::page(&answer, shape::system_record))
}

pub(super) async fn snapshot(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Named(id): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Answered, Problem> {
    let (run, _) = known(&app, &tenant, &id).await?;
    let answer = app.domain.logs().snapshot(&tenant, &run).await?;
    Ok(Answered::of(&answer, answer.value.recorded.len(), shape::snapshot(&run, &answer)))
}

pub(super) async fn telemetry(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Named(id): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Answered, Problem> {
    let (run, _) = known(&app, &tenant, &id).await?;
    let answer = app.domain.logs().telemetry(&tenant, &run).await?;
    let items = answer.value.points.len() + answer.value.span_events.len();
    Ok(Answered::of(&answer, items, shape::telemetry(&run, &answer)))
}
