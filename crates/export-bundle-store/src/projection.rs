//! Rows of export facts, written with the entries that they are derived from.

use ledger_store::{
    Cell, Check, FactAt, Insert, Projection, Row, Statement, Table, Type, repeated, rows_as_json,
    text_at,
};
use store_traits::{Digest, FactKind, RunId};

use Type::Text;

const INSERT: Insert = Insert {
    sqlite: repeated!(
        "INSERT OR FAIL INTO exports (tenant, seq, export_id, profile, run_id, sha256, occurred_at)",
        "(?,?,?,?,?,?,?)",
        ""
    ),
    postgres: "INSERT INTO exports (tenant, seq, export_id, profile, run_id, sha256, occurred_at) SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])",
    columns: &[Text, Text, Text, Text, Text],
};

pub(crate) const SELECT_ROWS: Statement = rows_as_json!(
    "reading the rows of exports",
    "exports",
    "export_id, profile, run_id, sha256, occurred_at"
);

/// `exports`.
pub static PROJECTION: Projection = Projection {
    name: "exports",
    tables: &[Table {
        name: "exports",
        insert: INSERT,
        rows: |facts| facts.iter().filter_map(export_row).collect(),
        check: Check::Rows {
            columns: &["export_id", "profile", "run_id", "sha256", "occurred_at"],
            select: SELECT_ROWS,
        },
        topic: None,
    }],
};

/// The row of an export fact: a function of the fact alone, so that it can be derived again.
fn export_row<'f>(at: &FactAt<'f>) -> Option<Row<'f>> {
    let fact = at.fact;
    if at.kind != FactKind::ExportCompleted.as_str() {
        return None;
    }
    let occurred_at = text_at(fact, &["meta", "occurred_at"])?;
    let body = |name: &str| text_at(fact, &["body", name]);
    // A text that is no run id or no digest is kept in the fact and would only mislead here.
    let run_id = text_at(fact, &["meta", "run_id"]).or_else(|| body("run_id"));
    let cells = vec![
        Cell::searchable(body("export_id").or_else(|| text_at(fact, &["meta", "export_id"]))),
        Cell::searchable(body("profile")),
        Cell::searchable(run_id.filter(|text| RunId::parse(text).is_ok())),
        Cell::searchable(body("sha256").filter(|text| Digest::from_hex(text).is_ok())),
        Cell::from(occurred_at),
    ];
    Some(Row { seq: at.seq, cells })
}
