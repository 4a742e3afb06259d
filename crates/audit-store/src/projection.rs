//! Rows of audit facts, written with the entries that they are derived from.

use ledger_store::{
    Cell, Check, FactAt, Insert, Projection, Row, Statement, Table, Type, repeated, rows_as_json,
    text_at,
};
use store_traits::Value;

use crate::labels::AUDIT_LABELS;
use crate::system_projection::{FACT_REFS, SYSTEM_EVENTS};

use Type::Text;

const INSERT: Insert = Insert {
    sqlite: repeated!(
        "INSERT OR FAIL INTO audit_events (tenant, seq, kind, event, actor_kind, actor, tool, outcome, policy_id, run_id, occurred_at)",
        "(?,?,?,?,?,?,?,?,?,?,?)",
        ""
    ),
    postgres: "INSERT INTO audit_events (tenant, seq, kind, event, actor_kind, actor, tool, outcome, policy_id, run_id, occurred_at) SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])",
    columns: &[Text, Text, Text, Text, Text, Text, Text, Text, Text],
};

pub(crate) const SELECT_ROWS: Statement = rows_as_json!(
    "reading the rows of audit facts",
    "audit_events",
    "kind, event, actor_kind, actor, tool, outcome, policy_id, run_id, occurred_at"
);

/// `audit_events`, `system_events`, `fact_refs` and `audit_labels`.
pub static PROJECTION: Projection =
    Projection { name: "audit", tables: &[AUDIT_EVENTS, SYSTEM_EVENTS, FACT_REFS, AUDIT_LABELS] };

const AUDIT_EVENTS: Table = Table {
    name: "audit_events",
    insert: INSERT,
    rows: |facts| facts.iter().filter_map(audit_row).collect(),
    check: Check::Rows {
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
        select: SELECT_ROWS,
    },
    topic: None,
};

/// The row of an audit fact: a function of the fact alone, so that it can be derived again.
fn audit_row<'f>(at: &FactAt<'f>) -> Option<Row<'f>> {
    let fact = at.fact;
    if !at.kind.starts_with("audit.") {
        return None;
    }
    let occurred_at = text_at(fact, &["meta", "occurred_at"])?;
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
        Cell::searchable(Some(at.kind)),
        Cell::searchable(said(&["event", "name", "action"])),
        Cell::searchable(text_at(fact, &["meta", "actor", "kind"])),
        Cell::searchable(actor),
        Cell::searchable(said(&["tool"])),
        Cell::searchable(said(&["outcome", "decision"])),
        Cell::searchable(policy.or_else(|| said(&["policy_id"]))),
        Cell::searchable(text_at(fact, &["meta", "run_id"])),
        Cell::from(occurred_at),
    ];
    Some(Row { seq: at.seq, cells })
}
