//! Rows of export facts, written with the entries that they are derived from.

use std::ops::Range;

use async_trait::async_trait;
use ledger_store::{Cell, FactAt, Projection, RowsInsert, TypedRow, TypedTable, text_at};
use sqlx::SqliteConnection;
use store_traits::{Digest, FactKind, SealedEntry, StoreError, TenantId, Value};

static EXPORTS: TypedTable = TypedTable {
    name: "exports",
    columns: &["export_id", "profile", "run_id", "sha256", "occurred_at"],
    insert: RowsInsert::new(
        "INSERT INTO exports (tenant, seq, export_id, profile, run_id, sha256, occurred_at) VALUES ",
        7,
    ),
    select: "SELECT seq, export_id, profile, run_id, sha256, occurred_at FROM exports WHERE tenant = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq",
};

/// Writes `exports`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExportProjection;

#[async_trait]
impl Projection for ExportProjection {
    fn name(&self) -> &'static str {
        "exports"
    }

    async fn apply(
        &self,
        conn: &mut SqliteConnection,
        tenant: &TenantId,
        entries: &[SealedEntry],
    ) -> Result<(), StoreError> {
        let rows: Vec<_> =
            entries.iter().filter_map(|entry| export_row(entry.seq, &entry.fact)).collect();
        EXPORTS.insert(conn, tenant, &rows).await
    }

    async fn differences(
        &self,
        conn: &mut SqliteConnection,
        tenant: &TenantId,
        range: Range<u64>,
        facts: &[FactAt],
    ) -> Result<Vec<(u64, String)>, StoreError> {
        let expected = facts.iter().filter_map(|at| export_row(at.seq, &at.fact)).collect();
        EXPORTS.differences(conn, tenant, range, expected).await
    }
}

/// The row of an export fact: a function of the fact alone, so that it can be derived again.
fn export_row(seq: u64, fact: &Value) -> Option<TypedRow> {
    text_at(fact, &["kind"]).filter(|kind| *kind == FactKind::ExportCompleted.as_str())?;
    let occurred_at = text_at(fact, &["meta", "occurred_at"])?;
    let cell = |text: Option<&str>| Cell::Text(text.map(str::to_owned));
    let body = |name: &str| text_at(fact, &["body", name]);
    let cells = vec![
        cell(body("export_id").or_else(|| text_at(fact, &["meta", "export_id"]))),
        cell(body("profile")),
        cell(text_at(fact, &["meta", "run_id"]).or_else(|| body("run_id"))),
        // A text that is no digest is kept in the fact and would only mislead here.
        cell(body("sha256").filter(|text| Digest::from_hex(text).is_ok())),
        Cell::from(occurred_at),
    ];
    Some(TypedRow { seq, cells })
}
