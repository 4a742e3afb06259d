//! What an audit fact says of its event and its outcome, wherever it says it.

use ledger_store::{
    Cell, Check, FactAt, Insert, Row, Statement, Table, Type, repeated, rows_as_json,
};
use store_traits::indexed;

use Type::Text;

const INSERT: Insert = Insert {
    sqlite: repeated!(
        "INSERT OR FAIL INTO audit_labels (tenant, seq, name, value)",
        "(?,?,?,?)",
        " ON CONFLICT (tenant, seq, name) DO NOTHING"
    ),
    postgres: "INSERT INTO audit_labels (tenant, seq, name, value) SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[]) ON CONFLICT (tenant, seq, name) DO NOTHING",
    columns: &[Text, Text],
};
pub(crate) const SELECT_ROWS: Statement =
    rows_as_json!("reading the labels of audit facts", "audit_labels", "name, value");

pub(crate) const AUDIT_LABELS: Table = Table {
    name: "audit_labels",
    insert: INSERT,
    rows: |facts| facts.iter().flat_map(labels).collect(),
    check: Check::Set {
        columns: &["name", "value"],
        select: SELECT_ROWS,
        earlier: None,
        misplaced: None,
    },
    topic: Some("audit_labels"),
};

/// At most one event and one outcome: a function of the fact alone.
fn labels<'f>(at: &FactAt<'f>) -> Vec<Row<'f>> {
    let fact = at.fact;
    if !at.kind.starts_with("audit.") {
        return Vec::new();
    }
    // The body's own word first: of an MCP message it is the tool event, and the view has its name.
    let places: [&[&str]; 4] =
        [&["body"], &["body", "view"], &["body", "source"], &["body", "source", "attributes"]];
    let said = |names: &[&str]| {
        let found = names.iter().flat_map(|name| places.iter().map(move |place| (*place, *name)));
        let mut texts = found.filter_map(|(place, name)| fact.at(place)?.member(name)?.as_str());
        texts.find(|text: &&'f str| !text.is_empty())
    };
    let event = said(&["event", "event_name", "name", "action"]);
    let outcome = said(&["outcome", "decision", "policy.outcome", "policy.decision"]);
    [("event", event), ("outcome", outcome)]
        .into_iter()
        .filter_map(|(name, value)| {
            let value = Cell::searchable(Some(indexed(value?)));
            Some(Row { seq: at.seq, cells: vec![Cell::from(name), value] })
        })
        .collect()
}
