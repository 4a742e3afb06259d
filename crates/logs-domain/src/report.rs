//! The report of a run, put together from what was recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use adapters::{BundleEntry, Integrity, Report, RunReport, StepRow};
use completeness::{gaps_of_run, nest};
use store_traits::{Checkpoint, RunId, RunSummary, Step, TenantId, Timestamp, Value};

use crate::{DomainError, LogsDomain};

pub(crate) async fn of_run(
    domain: &LogsDomain,
    tenant: &TenantId,
    run: &RunId,
    checkpoint: &Checkpoint,
    ranges: &[Range<u64>],
    entries: &[BundleEntry],
) -> Result<Report, DomainError> {
    let summary = domain.summary(tenant, run).await?;
    let steps = domain.logs().steps(tenant, run).await?.value;
    let gaps = gaps_of_run(summary.status, &steps);
    let facts = Facts::read(entries)?;
    let mut not_proved = vec![
        "That everything the agent did was recorded: the log proves what it was told.".to_owned(),
        "That what was recorded is true.".to_owned(),
        "That no other entry of the ledger belongs to this run: entries are chosen by the run id \
         they carry."
            .to_owned(),
    ];
    not_proved.extend(gaps.iter().map(|gap| format!("Known gap: {gap}.")));
    Ok(Report {
        title: "Evidence of an agent run".to_owned(),
        tenant: tenant.as_str().to_owned(),
        origin: domain.log_origin(tenant),
        generator: "factlog".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        as_of: as_of(domain, tenant, checkpoint).await?,
        runs: vec![run_report(summary, &steps)],
        integrity: Integrity {
            size: checkpoint.size,
            root: checkpoint.root,
            vkey: domain.verifier_key(tenant)?.to_string(),
            ranges: ranges.to_vec(),
            entries: entries.len() as u64,
            proof_kind: "RFC 6962 inclusion and range proofs under a signed checkpoint".to_owned(),
            proved: vec![
                "Each entry stands in the signed tree exactly as it was recorded.".to_owned(),
                "Within each range named here no entry was left out.".to_owned(),
                "The holder of the key below signed this tree.".to_owned(),
            ],
            not_proved,
            contents_included: facts.included,
            contents_withheld: facts.promised.saturating_sub(facts.included),
            redactions: facts.redactions,
        },
    })
}

/// When the newest entry under the checkpoint was recorded.
async fn as_of(
    domain: &LogsDomain,
    tenant: &TenantId,
    checkpoint: &Checkpoint,
) -> Result<Timestamp, DomainError> {
    let last = checkpoint.size.saturating_sub(1);
    let entry = domain.ledger.entries(tenant, last..checkpoint.size).await?.pop();
    let recorded_at = entry.map(|entry| entry.recorded_at).unwrap_or_default();
    Timestamp::parse(&recorded_at)
        .map_err(|error| DomainError::Proof(format!("entry {last}: {error}")))
}

/// What the bundle's entries say about themselves.
#[derive(Default)]
struct Facts {
    promised: u64,
    included: u64,
    redactions: BTreeMap<String, u64>,
}

impl Facts {
    fn read(entries: &[BundleEntry]) -> Result<Self, DomainError> {
        let mut facts = Self::default();
        for entry in entries {
            let fact = replay_determinism::canonical::parse(&entry.bytes)
                .map_err(|error| DomainError::Proof(format!("entry {}: {error}", entry.seq)))?;
            let promises = |member| fact.member(member).and_then(Value::as_object);
            for promised in [promises("_sd"), promises("_blob")].into_iter().flatten() {
                facts.promised += promised.len() as u64;
            }
            facts.included += entry.contents.len() as u64;
            let redacted = fact.at(&["body", "redacted"]).and_then(Value::as_object);
            for (kind, count) in redacted.into_iter().flatten() {
                let count = count.as_i64().and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
                *facts.redactions.entry(kind.clone()).or_default() += count;
            }
        }
        Ok(facts)
    }
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
