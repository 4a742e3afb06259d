//! A platform's backend: it records runs with their steps, and serves what was recorded as JSON.
//!
//! ```text
//! platform-backend FOLDER [127.0.0.1:8080]
//! curl :8080/runs --json '{"run":"r-1","agent":"support","steps":[{"skill":"lookup_order"}]}'
//! ```

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use logs_domain::{
    Access, CheckpointPolicy, Clock as _, Ending, ListRequest, LogsDomain, RunEnding, RunFilter,
    RunId, RunRecordError, RunScope, RunStart, RunStep, RunSummary, StepClass, SystemClock,
    TenantId,
};
use serde::Deserialize;
use serde_json::{Value, json};

struct App {
    logs: LogsDomain,
    tenant: TenantId,
}

type Shared = State<Arc<App>>;
type Answer = Result<Json<Value>, (StatusCode, String)>;

#[derive(Deserialize)]
struct NewRun {
    run: String,
    agent: String,
    steps: Vec<NewStep>,
}

#[derive(Deserialize)]
struct NewStep {
    skill: String,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    agent: Option<String>,
    limit: Option<u64>,
    cursor: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| ".".to_owned());
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let database = std::path::Path::new(&folder).join("factlog.db");
    let policy = CheckpointPolicy { at_close: true, ..CheckpointPolicy::default() };
    let builder = LogsDomain::builder(database.display().to_string()).checkpoints(policy);
    let logs = if database.exists() {
        builder.open(Access::Write).await?
    } else {
        builder.init("platform.example").await?
    };
    let app = Arc::new(App { logs, tenant: TenantId::parse("acme")? });
    let router = Router::new()
        .route("/runs", get(list).post(record))
        .route("/runs/{run}", get(show))
        .with_state(Arc::clone(&app));
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    axum::serve(listener, router).with_graceful_shutdown(stop).await?;
    if let Ok(app) = Arc::try_unwrap(app).map_err(drop) {
        app.logs.close().await?;
    }
    Ok(())
}

/// Each fact is durable before it is answered for.
async fn record(State(app): Shared, Json(new): Json<NewRun>) -> Answer {
    let scope = RunScope::new(RunId::parse(&new.run).map_err(bad)?, new.agent);
    let (traces, tenant, clock) = (app.logs.traces(), &app.tenant, SystemClock);
    let start = RunStart::new(scope.clone(), clock.now());
    traces.start(tenant, start).await.map_err(refused)?;
    for (index, step) in (0..).zip(new.steps) {
        let (begun, skill) = (clock.now(), step.skill);
        // Here the platform would run the skill.
        let mut done =
            RunStep::new(scope.clone(), index, StepClass::Tool, skill, begun, clock.now());
        done.error = step.error;
        traces.step(tenant, done).await.map_err(refused)?;
    }
    let ending = Ending::Completed { root_hash: None };
    let ended = traces.complete(tenant, RunEnding { scope, at: clock.now(), ending });
    let ended = ended.await.map_err(refused)?;
    let (seq, ack) = (ended.value.seq, ended.value.ack_seq);
    Ok(Json(
        json!({ "run": new.run, "entries": ended.evidence.as_of_size, "end": seq, "ack": ack }),
    ))
}

async fn list(State(app): Shared, Query(asked): Query<Listed>) -> Answer {
    let filter = RunFilter { agent: asked.agent, ..RunFilter::default() };
    let (limit, cursor) = (asked.limit.unwrap_or(20), asked.cursor.as_deref());
    let request = ListRequest::new(&app.tenant, filter, limit, cursor).map_err(bad)?;
    let answer = app.logs.logs().runs(&request).await.map_err(failed)?;
    let page = &answer.value;
    Ok(Json(json!({
        "items": page.items.iter().map(summary).collect::<Vec<_>>(),
        "has_more": page.has_more(),
        "next_cursor": page.next,
        "as_of_size": answer.evidence.as_of_size,
    })))
}

async fn show(State(app): Shared, Path(run): Path<String>) -> Answer {
    let run = RunId::parse(&run).map_err(bad)?;
    let found = app.logs.logs().run(&app.tenant, &run).await.map_err(failed)?;
    let Some(run_found) = found.value else {
        return Err((StatusCode::NOT_FOUND, format!("run `{run}` is not recorded")));
    };
    let steps = app.logs.logs().outcomes(&app.tenant, &run).await.map_err(failed)?.value;
    let steps = steps.iter().map(|step| json!({ "name": step.name, "error": step.error }));
    Ok(Json(
        json!({ "run": summary(&run_found), "steps": steps.collect::<Vec<_>>(), "as_of_size": found.evidence.as_of_size }),
    ))
}

fn summary(run: &RunSummary) -> Value {
    let started_at = run.started_at.to_string();
    json!({ "run": run.run_id, "agent": run.agent, "status": run.status.as_str(), "started_at": started_at, "tools": run.tool_calls, "errors": run.errors })
}

fn bad(error: impl std::fmt::Display) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, error.to_string())
}

fn refused(error: RunRecordError) -> (StatusCode, String) {
    let status = match error {
        RunRecordError::Ended { .. } | RunRecordError::Conflict { .. } => StatusCode::CONFLICT,
        RunRecordError::NoTrace(_) => StatusCode::NOT_FOUND,
        RunRecordError::Rejected(_) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, error.to_string())
}

fn failed(error: impl std::fmt::Display) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
