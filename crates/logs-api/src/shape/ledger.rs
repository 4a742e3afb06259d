//! The ledger: its entries, and whether it holds.

use logs_domain::{ChainLink, LedgerReport};
use serde_json::{Value, json};

/// A link of a chain.
#[must_use]
pub fn chain_link(link: &ChainLink) -> Value {
    json!({
        "seq": link.seq,
        "kind": link.kind,
        "actor": link.actor,
        "occurred_at": link.occurred_at.to_string(),
        "recorded_at": link.recorded_at.to_string(),
        "leaf_hash": link.leaf_hash.to_string(),
    })
}

/// What a verification found.
#[must_use]
pub fn ledger_reports(reports: &[LedgerReport]) -> Value {
    json!({
        "holds": reports.iter().all(|report| report.findings.is_empty()),
        "entries": reports.iter().map(|report| report.entries).sum::<u64>(),
        "tenants": reports.iter().map(|report| json!({
            "tenant": report.tenant.as_str(),
            "since": report.since,
            "entries": report.entries,
            "bytes": report.bytes,
            "root": report.root.map(|root| root.to_string()),
            "checkpoints": report.checkpoints,
            "signed_size": report.signed_size,
            "more_findings": report.more_findings,
        })).collect::<Vec<_>>(),
        "findings": reports.iter().flat_map(|report| &report.findings).map(|finding| json!({
            "tenant": finding.tenant.as_str(),
            "seq": finding.seq,
            "what": finding.what,
            "meaning": finding.meaning,
        })).collect::<Vec<_>>(),
    })
}
