//! `/llm-runs`: runs, from the list down to what surrounded what went wrong.

use std::sync::Arc;

use axum::extract::State;
use logs_domain::{Answer, ChainSubject, RunFilter, RunId, RunStatus, RunSummary, TenantId};
use serde::Deserialize;

use super::answered::Answered;
use super::query::{Asked, Named, Nothing, Part, period};
use crate::app::App;
use crate::callers::Reader;
use crate::problem::Problem;
use crate::shape;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Runs {
    run: Option<String>,
    agent: Option<String>,
    provider: Option<String>,
    model: Option<String>,
    status: Option<Status>,
    synthetic: Option<bool>,
    scenario: Option<String>,
    correlation: Option<String>,
    seed: Option<String>,
    plan_hash: Option<String>,
    root_hash: Option<String>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<u64>,
    cursor: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Running,
    Completed,
    Failed,
    Aborted,
}

impl From<Status> for RunStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Running => Self::Running,
            Status::Completed => Self::Completed,
            Status::Failed => Self::Failed,
            Status::Aborted => Self::Aborted,
        }
    }
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Asked(asked): Asked<Runs>,
) -> Result<Answered, Problem> {
    let filter = RunFilter {
        run: asked.run,
        agent: asked.agent,
        provider: asked.provider,
        model: asked.model,
        status: asked.status.map(RunStatus::from),
        synthetic: asked.synthetic,
        scenario: asked.scenario,
        correlation: asked.correlation,
        seed: asked.seed,
        plan_hash: asked.plan_hash,
        root_hash: asked.root_hash,
        period: period(asked.since.as_deref(), asked.until.as_deref())?,
    };
    let part = Part { limit: asked.limit, cursor: asked.cursor };
    let answer = app.domain.logs().runs(&part.of(&tenant, filter)?).await?;
    Ok(Answered::page(&answer, shape::run_summary))
}

pub(super) async fn envelope(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Named(id): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Answered, Problem> {
    let (_, found) = known(&app, &tenant, &id).await?;
    let mut document = shape::run_summary(&found.value);
    if let Some(members) = document.as_object_mut() {
        members.insert("as_of_size".into(), found.evidence.as_of_size.into());
    }
    Ok(Answered::of(&found, 1, document))
}

pub(super) async fn trace(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Named(id): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Answered, Problem> {
    let (run, _) = known(&app, &tenant, &id).await?;
    let steps = app.domain.logs().steps(&tenant, &run).await?.value;
    let subject = ChainSubject::Run(run.as_str().to_owned());
    let chain = app.domain.evidence().chain(&tenant, subject).await?;
    let document = shape::trace(&run, &steps, &chain);
    Ok(Answered::of(&chain, chain.value.links.len(), document))
}

pub(super) async fn governance(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Named(id): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Answered, Problem> {
    let (run, _) = known(&app, &tenant, &id).await?;
    let answer = app.domain.logs().governance(&tenant, &run).await?;
    Ok(Answered::of(&answer, answer.value.len(), shape::governance(&run, &answer)))
}

pub(super) async fn replay(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Named(id): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Answered, Problem> {
    let (run, _) = known(&app, &tenant, &id).await?;
    let answer = app.domain.logs().replay_window(&tenant, &run).await?;
    let items = answer
        .value
        .as_ref()
        .map_or(0, |window| window.steps.len() + window.system.len() + window.governance.len());
    Ok(Answered::of(&answer, items, shape::window(&run, &answer)))
}

/// The run with this id, whole: a list is asked with what begins an id.
pub(crate) async fn known(
    app: &App,
    tenant: &TenantId,
    id: &str,
) -> Result<(RunId, Answer<RunSummary>), Problem> {
    let unknown = || Problem::not_found("no run with this id is recorded");
    let run = RunId::parse(id).map_err(|_| unknown())?;
    let Answer { value, evidence } = app.domain.logs().run(tenant, &run).await?;
    let value = value.ok_or_else(unknown)?;
    Ok((run, Answer { value, evidence }))
}
