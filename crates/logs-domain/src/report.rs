//! The report of an export, put together from what was recorded.

use std::collections::{BTreeMap, BTreeSet};

use adapters::{Integrity, Report, RunReport, StepRow};
use audit_evidence::recorded_fact_at;
use completeness::nest;
use store_traits::{Checkpoint, RunId, RunSummary, Step, TenantId, Timestamp};

use crate::{DomainError, LogsDomain};

/// The report of an export under a checkpoint. What is proved, and what the entries come to, is stated by
/// the bundle's writer, from the bundle's own parts.
pub(crate) async fn under(
    domain: &LogsDomain,
    tenant: &TenantId,
    checkpoint: &Checkpoint,
    title: &str,
    runs: Vec<RunReport>,
) -> Result<Report, DomainError> {
    Ok(Report {
        title: title.to_owned(),
        tenant: tenant.as_str().to_owned(),
        origin: domain.log_origin(tenant),
        generator: "factlog".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        as_of: as_of(domain, tenant, checkpoint).await?,
        runs,
        overview: None,
        soc2: None,
        integrity: Integrity {
            size: checkpoint.size,
            root: checkpoint.root,
            vkey: domain.verifier_key(tenant)?.to_string(),
            ranges: Vec::new(),
            entries: 0,
            proof_kind: String::new(),
            proved: Vec::new(),
            not_proved: Vec::new(),
            contents_included: 0,
            contents_withheld: 0,
            contents_erased: 0,
            redactions: BTreeMap::new(),
        },
    })
}

/// A run step by step.
pub(crate) async fn of_run(
    domain: &LogsDomain,
    tenant: &TenantId,
    run: &RunId,
) -> Result<RunReport, DomainError> {
    let summary = domain.summary(tenant, run).await?;
    let steps = domain.logs().steps(tenant, run).await?.value;
    Ok(run_report(summary, &steps))
}

/// When the newest entry under the checkpoint was recorded.
async fn as_of(
    domain: &LogsDomain,
    tenant: &TenantId,
    checkpoint: &Checkpoint,
) -> Result<Timestamp, DomainError> {
    let last = checkpoint.size.saturating_sub(1);
    let fact = recorded_fact_at(domain.ledger.as_ref(), tenant, last).await?;
    let recorded_at = fact.map(|fact| fact.recorded_at);
    recorded_at.ok_or_else(|| DomainError::Proof(format!("entry {last} is missing")))
}

fn run_report(summary: RunSummary, steps: &[Step]) -> RunReport {
    let start = steps.iter().map(|step| step.started_at).min().unwrap_or(summary.started_at);
    let models: BTreeSet<&str> = steps.iter().filter_map(|step| step.model.as_deref()).collect();
    let rows = nest(steps)
        .into_iter()
        .zip(1..)
        .map(|(row, number)| StepRow {
            number,
            seq: row.step.seq,
            depth: u32::try_from(row.last.len()).unwrap_or(u32::MAX),
            class: row.step.class.as_str().to_owned(),
            name: row.step.name.clone(),
            offset_ms: milliseconds(row.step.started_at, start),
            duration_ms: row.step.ended_at.map(|end| milliseconds(end, row.step.started_at)),
            input_tokens: row.step.input_tokens,
            output_tokens: row.step.output_tokens,
            error: row.step.error.clone(),
        })
        .collect();
    RunReport {
        run_id: summary.run_id,
        agent: summary.agent,
        started_at: summary.started_at,
        ended_at: summary.ended_at,
        status: summary.status.as_str().to_owned(),
        llm_calls: summary.llm_calls,
        tool_calls: summary.tool_calls,
        input_tokens: summary.input_tokens,
        output_tokens: summary.output_tokens,
        errors: summary.errors,
        models: models.into_iter().map(str::to_owned).collect(),
        steps: rows,
    }
}

fn milliseconds(later: Timestamp, earlier: Timestamp) -> u64 {
    u64::try_from(later.nanos_since(earlier) / 1_000_000).unwrap_or(0)
}
