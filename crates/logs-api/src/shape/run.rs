//! Runs and their steps.

use logs_domain::{Answer, AuditRecord, EvidenceChain, Gap, RunId, RunSummary, Step};
use serde_json::{Value, json};

use super::{audit_record, chain_link};

/// A run in a list.
#[must_use]
pub fn run_summary(run: &RunSummary) -> Value {
    json!({
        "run_id": run.run_id,
        "agent": run.agent,
        "started_at": run.started_at.to_string(),
        "ended_at": run.ended_at.map(|at| at.to_string()),
        "status": run.status.as_str(),
        "llm_calls": run.llm_calls,
        "tool_calls": run.tool_calls,
        "input_tokens": run.input_tokens,
        "output_tokens": run.output_tokens,
        "cost_micros_usd": run.cost_micros,
        "errors": run.errors,
        "entries": run.entries,
    })
}

/// A run with its steps, and what its steps lack.
#[must_use]
pub fn run(summary: &RunSummary, steps: &[Step], gaps: &[Gap]) -> Value {
    let mut document = run_summary(summary);
    if let Some(members) = document.as_object_mut() {
        members.insert("steps".into(), steps.iter().map(step).collect());
        members.insert("gaps".into(), gaps.iter().map(|gap| gap.to_string()).collect());
    }
    document
}

/// A step.
#[must_use]
pub fn step(step: &Step) -> Value {
    json!({
        "seq": step.seq,
        "class": step.class.as_str(),
        "name": step.name,
        "span_id": step.span_id,
        "parent_span_id": step.parent_span_id,
        "agent": step.agent,
        "provider": step.provider,
        "model": step.model,
        "response_id": step.response_id,
        "tool": step.tool,
        "started_at": step.started_at.to_string(),
        "ended_at": step.ended_at.map(|at| at.to_string()),
        "input_tokens": step.input_tokens,
        "output_tokens": step.output_tokens,
        "cost_micros_usd": step.cost_micros,
        "error": step.error,
        "root": step.root,
    })
}

/// Everything that was recorded for a run, entry by entry, and its steps.
#[must_use]
pub fn trace(run: &RunId, steps: &[Step], chain: &Answer<EvidenceChain>) -> Value {
    json!({
        "run_id": run.as_str(),
        "as_of_size": chain.evidence.as_of_size,
        "steps": steps.iter().map(step).collect::<Vec<_>>(),
        "entries": chain.value.links.iter().map(chain_link).collect::<Vec<_>>(),
    })
}

/// What was decided and done about a run.
#[must_use]
pub fn governance(run: &RunId, answer: &Answer<Vec<AuditRecord>>) -> Value {
    json!({
        "run_id": run.as_str(),
        "as_of_size": answer.evidence.as_of_size,
        "items": answer.value.iter().map(audit_record).collect::<Vec<_>>(),
    })
}
