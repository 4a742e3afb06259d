//! Audit facts.

use logs_domain::{ActorFacts, Answer, AuditRecord, ExportRecord, RecordedFact};
use serde_json::{Value, json};

use super::object;

/// An audit fact in a list.
#[must_use]
pub fn audit_record(record: &AuditRecord) -> Value {
    json!({
        "seq": record.seq,
        "kind": record.kind,
        "event": record.event,
        "actor_kind": record.actor_kind,
        "actor": record.actor,
        "tool": record.tool,
        "outcome": record.outcome,
        "policy_id": record.policy_id,
        "run_id": record.run_id,
        "occurred_at": record.occurred_at.to_string(),
    })
}

/// An export in a list.
#[must_use]
pub fn export_record(export: &ExportRecord) -> Value {
    json!({
        "seq": export.seq,
        "export_id": export.export_id,
        "profile": export.profile,
        "run_id": export.run_id,
        "sha256": export.sha256.map(|digest| digest.to_string()),
        "occurred_at": export.occurred_at.to_string(),
    })
}

/// Who acted, and how much was recorded of them.
#[must_use]
pub fn actor(actor: &ActorFacts) -> Value {
    json!({
        "actor": actor.actor,
        "actor_kind": actor.actor_kind,
        "facts": actor.facts,
        "first_seq": actor.first_seq,
        "last_seq": actor.last_seq,
    })
}

/// One fact, whole.
#[must_use]
pub fn entry(answer: &Answer<RecordedFact>) -> Value {
    let fact = &answer.value;
    json!({
        "as_of_size": answer.evidence.as_of_size,
        "seq": fact.seq,
        "leaf_hash": fact.leaf_hash.to_string(),
        "fact": fact.fact.as_object().map(object).unwrap_or_default(),
    })
}
