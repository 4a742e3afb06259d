//! What a ledger is measured beside: the same bytes in one plain table with one index.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, Row as _, SqliteConnection};

/// Rows of one statement.
const CHUNK: usize = 125;

async fn connect(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(8_192)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", "-32768")
        .pragma("wal_autocheckpoint", "4096");
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// A SQLite file with one table, to be filled in durable transactions.
pub struct PlainTable(SqliteConnection, i64);

impl PlainTable {
    /// Makes the file.
    pub async fn create(path: &Path) -> Self {
        let mut conn = connect(path).await;
        for statement in [
            "CREATE TABLE plain (tenant TEXT NOT NULL, seq INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT",
            "CREATE UNIQUE INDEX plain_by_seq ON plain (tenant, seq)",
        ] {
            sqlx::query(statement).execute(&mut conn).await.unwrap();
        }
        Self(conn, 0)
    }

    /// Inserts rows in one durable transaction, many a statement.
    pub async fn insert(&mut self, rows: &[Vec<u8>]) {
        let mut tx = self.0.begin_with("BEGIN IMMEDIATE").await.unwrap();
        for chunk in rows.chunks(CHUNK) {
            let places = vec!["(?,?,?)"; chunk.len()].join(",");
            let text = format!("INSERT INTO plain (tenant, seq, bytes) VALUES {places}");
            let mut query = sqlx::query(AssertSqlSafe(text));
            for bytes in chunk {
                query = query.bind("acme").bind(self.1).bind(bytes.as_slice());
                self.1 += 1;
            }
            query.execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

/// How long it takes to read every entry of a ledger's file through the driver, and nothing else.
pub async fn read_entries(path: &Path) -> (u64, Duration) {
    let mut conn = connect(path).await;
    let (mut next, mut read) = (0_i64, 0_u64);
    let start = Instant::now();
    loop {
        let rows = sqlx::query(
            "SELECT seq, id, kind, run_id, trace_id, occurred_at, recorded_at, leaf_hash, bytes FROM entries WHERE tenant = $1 AND seq >= $2 AND seq < $3 ORDER BY seq",
        )
        .bind("acme")
        .bind(next)
        .bind(next + 5_000)
        .fetch_all(&mut conn)
        .await
        .unwrap();
        let Some(last) = rows.last() else { return (read, start.elapsed()) };
        next = last.get::<i64, _>(0) + 1;
        read += rows.len() as u64;
        for row in &rows {
            let bytes: Vec<u8> = row.get(8);
            std::hint::black_box(bytes);
        }
    }
}
