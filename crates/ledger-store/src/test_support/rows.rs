//! A ledger as it was before its entries lay in blocks (migration 0010): for tests of what is older.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
use store_traits::{LedgerStore, TenantId, Value};

use super::fact;
use crate::Ledger;

const SQLITE: &str = include_str!("../../../../migrations/sqlite/0001_ledger.sql");
const POSTGRES: &str = include_str!("../../../../migrations/postgres/0001_ledger.sql");
const SQLITE_LISTS: &str = include_str!("../../../../migrations/sqlite/0006_lists.sql");
const POSTGRES_LISTS: &str = include_str!("../../../../migrations/postgres/0006_lists.sql");
/// Numbered as SQLite and PostgreSQL both understand it.
const INSERT: &str = "INSERT INTO entries (tenant, seq, kind, id, key, fingerprint, run_id, occurred_at, recorded_at, leaf_hash, bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// What makes a table.
fn table<'m>(migration: &'m str, name: &str) -> &'m str {
    let begins = migration.find(&format!("CREATE TABLE {name} ")).unwrap();
    let ends = begins + migration[begins..].find(';').unwrap() + 1;
    &migration[begins..ends]
}

/// Puts a tenant's entries back into rows, and forgets the migration. Guards of the table are not made:
/// the migration takes it away.
pub async fn rows_instead_of_blocks(ledger: &Ledger, url: &str, tenant: &TenantId) {
    let known = ledger.known_in(tenant, 0..u64::MAX).await.unwrap();
    let entries = ledger.entries(tenant, 0..u64::MAX).await.unwrap();
    let postgres = url.starts_with("postgres");
    let first = if postgres { POSTGRES } else { SQLITE };
    let made = format!(
        "DROP TABLE blocks; DROP TABLE labels_of_runs; DELETE FROM _sqlx_migrations WHERE version >= 10; {} {}
         CREATE TABLE run_steps (tenant TEXT);
         CREATE INDEX entries_by_run ON entries (tenant, run_id, seq);",
        table(first, "entries"),
        table(if postgres { POSTGRES_LISTS } else { SQLITE_LISTS }, "run_labels"),
    );
    macro_rules! fill {
        ($conn:expr) => {{
            let mut conn = $conn;
            conn.execute(AssertSqlSafe(made)).await.unwrap();
            for (entry, (key, known)) in entries.iter().zip(&known) {
                let fact = fact::read_fact(&entry.bytes, &entry.leaf_hash).unwrap();
                let text = |path: &[&str]| fact.at(path).and_then(Value::as_str).map(str::to_owned);
                let at = text(&["meta", "occurred_at"]).unwrap();
                sqlx::query(INSERT)
                    .bind(tenant.as_str())
                    .bind(entry.seq.cast_signed())
                    .bind(text(&["kind"]))
                    .bind(known.id.as_str())
                    .bind(key.as_str())
                    .bind(&known.fingerprint.as_bytes()[..])
                    .bind(text(&["meta", "run_id"]))
                    .bind(at.clone())
                    .bind(at)
                    .bind(entry.leaf_hash.as_slice())
                    .bind(entry.bytes.as_slice())
                    .execute(&mut conn)
                    .await
                    .unwrap();
            }
        }};
    }
    if postgres {
        fill!(PgConnection::connect(url).await.unwrap());
    } else {
        fill!(SqliteConnection::connect(url).await.unwrap());
    }
}
