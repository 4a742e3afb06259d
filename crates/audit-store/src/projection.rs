//! Rows of audit facts, written with the entries that they are derived from.

use std::ops::Range;

use async_trait::async_trait;
use ledger_store::{Cell, FactAt, Projection, RowsInsert, TypedRow, TypedTable, text_at};
use sqlx::SqliteConnection;
use store_traits::{SealedEntry, StoreError, TenantId, Value};

static AUDIT_EVENTS: TypedTable = TypedTable {
    name: "audit_events",
    columns: &[
        "kind",
        "event",
        "actor_kind",
        "actor",
        "tool",
        "outcome",
        "policy_id",
        "run_id",
        "occurred_at",
    ],
    insert: RowsInsert::new(
        "INSERT INTO audit_events (tenant, seq, kind, event, actor_kind, actor, tool, outcome, policy_id, run_id, occurred_at) VALUES ",
        11,
    ),
    select: "SELECT seq, kind, event, actor_kind, actor, tool, outcome, policy_id, run_id, occurred_at FROM audit_events WHERE tenant = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq",
};

/// Writes `audit_events`.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditProjection;

#[async_trait]
impl Projection for AuditProjection {
    fn name(&self) -> &'static str {
        "audit"
    }

    async fn apply(
        &self,
        conn: &mut SqliteConnection,
        tenant: &TenantId,
        entries: &[SealedEntry],
    ) -> Result<(), StoreError> {
        let rows: Vec<_> =
            entries.iter().filter_map(|entry| audit_row(entry.seq, &entry.fact)).collect();
        AUDIT_EVENTS.insert(conn, tenant, &rows).await
    }

    async fn differences(
        &self,
        conn: &mut SqliteConnection,
        tenant: &TenantId,
        range: Range<u64>,
        facts: &[FactAt],
    ) -> Result<Vec<(u64, String)>, StoreError> {
        let expected = facts.iter().filter_map(|at| audit_row(at.seq, &at.fact)).collect();
        AUDIT_EVENTS.differences(conn, tenant, range, expected).await
    }
}

/// The row of an audit fact: a function of the fact alone, so that it can be derived again.
fn audit_row(seq: u64, fact: &Value) -> Option<TypedRow> {
    let kind = text_at(fact, &["kind"]).filter(|kind| kind.starts_with("audit."))?;
    let occurred_at = text_at(fact, &["meta", "occurred_at"])?;
    let cell = |text: Option<&str>| Cell::Text(text.map(str::to_owned));
    // The mapping's view first; a fact of our own says it in the body, a native one in its source.
    let said = |names: &[&str]| {
        let places: [&[&str]; 3] = [&["body", "view"], &["body"], &["body", "source"]];
        places.iter().find_map(|place| {
            names.iter().find_map(|name| text_at(fact, &[place, &[*name][..]].concat()))
        })
    };
    let actor = ["subject", "name", "component"]
        .iter()
        .find_map(|name| text_at(fact, &["meta", "actor", name]));
    let policies = fact.at(&["meta", "policy_ids"]).and_then(Value::as_array);
    let policy = policies.and_then(|ids| ids.first()).and_then(Value::as_str);
    let cells = vec![
        Cell::from(kind),
        cell(said(&["event", "name", "action"])),
        cell(text_at(fact, &["meta", "actor", "kind"])),
        cell(actor),
        cell(said(&["tool"])),
        cell(said(&["outcome", "decision"])),
        cell(policy.or_else(|| said(&["policy_id"]))),
        cell(text_at(fact, &["meta", "run_id"])),
        Cell::from(occurred_at),
    ];
    Some(TypedRow { seq, cells })
}
