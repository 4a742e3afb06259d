//! What a ledger is measured beside: the same bytes in one plain table with one index, in batches or
//! from callers who share commits, and nothing but reading the rows.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row as _, SqliteConnection};

/// Rows of one statement on SQLite; more were not faster.
const CHUNK: usize = 125;
/// Rows that PostgreSQL takes as arrays: `COPY` waits for acknowledgements of the network where little is
/// sent.
const FEW: usize = 100;
/// Rows that are read at a time.
const PAGE: i64 = 5_000;

const READ: &str =
    "SELECT seq, bytes FROM plain WHERE tenant = $1 AND seq >= $2 AND seq < $3 ORDER BY seq";

async fn file(path: &Path) -> SqliteConnection {
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

/// One table, to be filled in durable transactions by the fastest way that its database has.
pub struct PlainTable {
    database: Database,
    next: i64,
}

enum Database {
    /// Many rows a statement.
    Sqlite(SqliteConnection),
    /// `COPY` in its binary form.
    Postgres(PgConnection),
}

impl PlainTable {
    /// Makes a SQLite file with the table.
    pub async fn in_file(path: &Path) -> Self {
        let mut conn = file(path).await;
        for statement in [
            "CREATE TABLE plain (tenant TEXT NOT NULL, seq INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT",
            "CREATE UNIQUE INDEX plain_by_seq ON plain (tenant, seq)",
        ] {
            sqlx::query(statement).execute(&mut conn).await.unwrap();
        }
        Self { database: Database::Sqlite(conn), next: 0 }
    }

    /// Makes the table in an empty PostgreSQL database.
    pub async fn in_postgres(url: &str) -> Self {
        let mut conn = PgConnection::connect(url).await.unwrap();
        for statement in [
            "CREATE TABLE plain (tenant TEXT NOT NULL, seq BIGINT NOT NULL, bytes BYTEA NOT NULL)",
            "CREATE UNIQUE INDEX plain_by_seq ON plain (tenant, seq)",
        ] {
            sqlx::query(statement).execute(&mut conn).await.unwrap();
        }
        Self { database: Database::Postgres(conn), next: 0 }
    }

    /// Inserts rows in one durable transaction.
    pub async fn insert(&mut self, rows: &[Vec<u8>]) {
        match &mut self.database {
            Database::Sqlite(conn) => {
                let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.unwrap();
                for chunk in rows.chunks(CHUNK) {
                    let places = vec!["(?,?,?)"; chunk.len()].join(",");
                    let text = format!("INSERT INTO plain (tenant, seq, bytes) VALUES {places}");
                    let mut query = sqlx::query(AssertSqlSafe(text));
                    for bytes in chunk {
                        query = query.bind("acme").bind(self.next).bind(bytes.as_slice());
                        self.next += 1;
                    }
                    query.execute(&mut *tx).await.unwrap();
                }
                tx.commit().await.unwrap();
            }
            Database::Postgres(conn) if rows.len() <= FEW => {
                let seqs: Vec<i64> = (self.next..).take(rows.len()).collect();
                self.next += rows.len() as i64;
                let bytes: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
                let statement = "INSERT INTO plain (tenant, seq, bytes) SELECT 'acme', * FROM unnest($1::bigint[], $2::bytea[])";
                sqlx::query(statement).bind(seqs).bind(bytes).execute(conn).await.unwrap();
            }
            Database::Postgres(conn) => {
                let copied = copy(rows, self.next);
                self.next += rows.len() as i64;
                let statement = "COPY plain (tenant, seq, bytes) FROM STDIN (FORMAT binary)";
                let mut copy = conn.copy_in_raw(statement).await.unwrap();
                copy.send(copied).await.unwrap();
                copy.finish().await.unwrap();
            }
        }
    }

    /// How many rows there are, and how long it takes to read them all through the driver.
    pub async fn read(&mut self) -> (u64, Duration) {
        let start = Instant::now();
        let mut read = 0;
        self.each_row(&mut |row| {
            std::hint::black_box(row);
            read += 1;
        })
        .await;
        (read, start.elapsed())
    }

    /// Reads all rows through the driver, a page at a time.
    pub async fn each_row(&mut self, each: &mut dyn FnMut(Vec<u8>)) {
        let mut next = 0;
        macro_rules! read {
            ($conn:expr) => {
                while next < self.next {
                    let page = sqlx::query(READ).bind("acme").bind(next).bind(next + PAGE);
                    for row in page.fetch_all(&mut *$conn).await.unwrap() {
                        each(row.get(1));
                    }
                    next += PAGE;
                }
            };
        }
        match &mut self.database {
            Database::Sqlite(conn) => read!(conn),
            Database::Postgres(conn) => read!(conn),
        }
    }
}

/// A plain table that many callers write, a row each, in commits that they share: whoever is next takes
/// along what has come until then. The least that acknowledged rows of single callers can cost.
pub struct SharedTable {
    waiting: Mutex<Waiting>,
    table: tokio::sync::Mutex<PlainTable>,
}

#[derive(Default)]
struct Waiting {
    rows: Vec<Vec<u8>>,
    came: u64,
    /// Rows that are durable.
    done: u64,
}

impl SharedTable {
    /// Shares a table.
    #[must_use]
    pub fn new(table: PlainTable) -> Self {
        Self { waiting: Mutex::default(), table: tokio::sync::Mutex::new(table) }
    }

    /// Gives the table back.
    #[must_use]
    pub fn into_table(self) -> PlainTable {
        self.table.into_inner()
    }

    /// Inserts a row, and returns when it is durable.
    pub async fn insert(&self, row: Vec<u8>) {
        let own = {
            let mut waiting = self.waiting.lock().unwrap();
            waiting.rows.push(row);
            waiting.came += 1;
            waiting.came
        };
        let mut table = self.table.lock().await;
        let (rows, until) = {
            let mut waiting = self.waiting.lock().unwrap();
            if waiting.done >= own {
                return;
            }
            (std::mem::take(&mut waiting.rows), waiting.came)
        };
        table.insert(&rows).await;
        self.waiting.lock().unwrap().done = until;
    }
}

/// Rows as `COPY … (FORMAT binary)` takes them (PostgreSQL documentation, "COPY", "Binary Format").
fn copy(rows: &[Vec<u8>], first: i64) -> Vec<u8> {
    let mut out = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    let field = |out: &mut Vec<u8>, bytes: &[u8]| {
        out.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
        out.extend_from_slice(bytes);
    };
    for (seq, bytes) in (first..).zip(rows) {
        out.extend_from_slice(&3_i16.to_be_bytes());
        field(&mut out, b"acme");
        field(&mut out, &seq.to_be_bytes());
        field(&mut out, bytes);
    }
    out.extend_from_slice(&(-1_i16).to_be_bytes());
    out
}
