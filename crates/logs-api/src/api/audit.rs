//! `/audit`: who did, decided, read and exported what, and whether the record holds.

use std::sync::Arc;

use axum::extract::State;
use logs_domain::{Answer, AuditFilter, ExportFilter, FactId, ListRequest, RecordedFact, TenantId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answered::Answered;
use super::query::{Asked, Named, Nothing, Part, period};
use crate::app::App;
use crate::callers::Reader;
use crate::problem::Problem;
use crate::shape;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Facts {
    kind: Option<String>,
    actor: Option<String>,
    event: Option<String>,
    tool: Option<String>,
    outcome: Option<String>,
    run: Option<String>,
    policy: Option<String>,
    incident: Option<String>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<u64>,
    cursor: Option<String>,
}

impl Facts {
    fn request(self, tenant: &TenantId) -> Result<ListRequest<AuditFilter>, Problem> {
        let filter = AuditFilter {
            kind: self.kind,
            actor_kind: None,
            actor: self.actor,
            event: self.event,
            tool: self.tool,
            outcome: self.outcome,
            run: self.run,
            policy: self.policy,
            incident: self.incident,
            period: period(self.since.as_deref(), self.until.as_deref())?,
        };
        Part { limit: self.limit, cursor: self.cursor }.of(tenant, filter)
    }

    /// Of a list that has one kind already.
    fn request_of_one_kind(self, tenant: &TenantId) -> Result<ListRequest<AuditFilter>, Problem> {
        if self.kind.is_some() {
            return Err(Problem::bad_request("`kind` does not fit this path (it fits `audit`)"));
        }
        self.request(tenant)
    }
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Asked(asked): Asked<Facts>,
) -> Result<Answered, Problem> {
    let answer = app.domain.logs().audit(&asked.request(&tenant)?).await?;
    Ok(Answered::page(&answer, shape::audit_record))
}

pub(super) async fn system(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Asked(asked): Asked<Facts>,
) -> Result<Answered, Problem> {
    let answer = app.domain.logs().system_audit(&asked.request(&tenant)?).await?;
    Ok(Answered::page(&answer, shape::audit_record))
}

pub(super) async fn authorization(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Asked(asked): Asked<Facts>,
) -> Result<Answered, Problem> {
    let answer = app.domain.logs().authorization(&asked.request_of_one_kind(&tenant)?).await?;
    Ok(Answered::page(&answer, shape::audit_record))
}

pub(super) async fn access(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Asked(asked): Asked<Facts>,
) -> Result<Answered, Problem> {
    let answer = app.domain.logs().access(&asked.request_of_one_kind(&tenant)?).await?;
    Ok(Answered::page(&answer, shape::audit_record))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exports {
    run: Option<String>,
    profile: Option<String>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<u64>,
    cursor: Option<String>,
}

pub(super) async fn exports(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Asked(asked): Asked<Exports>,
) -> Result<Answered, Problem> {
    let period = period(asked.since.as_deref(), asked.until.as_deref())?;
    let filter = ExportFilter { run: asked.run, profile: asked.profile, period };
    let part = Part { limit: asked.limit, cursor: asked.cursor };
    let answer = app.domain.logs().exports(&part.of(&tenant, filter)?).await?;
    Ok(Answered::page(&answer, shape::export_record))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct After {
    after: Option<String>,
}

/// At most 500 names a page; the next one begins after the last of them.
pub(super) async fn identity(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Asked(asked): Asked<After>,
) -> Result<Answered, Problem> {
    let after = asked.after.unwrap_or_default();
    let answer = app.domain.logs().identity(&tenant, &after).await?;
    let items: Vec<Value> = answer.value.iter().map(shape::actor).collect();
    let document = json!({ "as_of_size": answer.evidence.as_of_size, "items": items });
    Ok(Answered::of(&answer, answer.value.len(), document))
}

/// One fact by its id or its place.
pub(super) async fn entry(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Named(name): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Answered, Problem> {
    let answer = found(&app, &tenant, &name).await?;
    Ok(Answered::of(&answer, 1, shape::entry(&answer)))
}

async fn found(app: &App, tenant: &TenantId, name: &str) -> Result<Answer<RecordedFact>, Problem> {
    let unknown = || Problem::not_found("no entry has this id or sequence number");
    let logs = app.domain.logs();
    let answer = match (name.parse::<u64>(), FactId::parse(name)) {
        (Ok(seq), _) => logs.entry_at(tenant, seq).await?,
        (Err(_), Ok(id)) => logs.entry(tenant, &id).await?,
        (Err(_), Err(_)) => return Err(unknown()),
    };
    let value = answer.value.ok_or_else(unknown)?;
    Ok(Answer { value, evidence: answer.evidence })
}

/// That one fact lies in the signed tree, as a C2SP tlog-proof text.
pub(super) async fn proof(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Named(name): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Answered, Problem> {
    let answer = found(&app, &tenant, &name).await?;
    let seq = answer.value.seq;
    let proof = app.domain.receipt(&tenant, seq).await?.ok_or_else(|| {
        Problem::not_found(format!("no signed checkpoint covers entry {seq} yet (ask again later)"))
    })?;
    Ok(Answered::of(&answer, 1, json!({ "entry": seq, "proof": proof })))
}

/// Everything recomputed from the stored bytes. It takes as long as the ledger is large, so one is
/// done at a time, and ends when nobody waits for it any more.
pub(super) async fn integrity(
    State(app): State<Arc<App>>,
    Reader(tenant): Reader,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Answered, Problem> {
    let busy = |_| Problem::unavailable("the ledger is being verified already (ask again)");
    let _permit = app.verifying.try_acquire().map_err(busy)?;
    let report = app.domain.verify(&tenant, &[], &|_| {}).await?;
    let entries = report.entries;
    Ok(Answered::at(entries, 1, shape::ledger_reports(&[report])))
}
