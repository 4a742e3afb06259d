//! Making and opening a database.

use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteExecutor, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Connection, SqliteConnection};
use store_traits::StoreError;

use super::location::{APPLICATION_ID, Location};
use super::{Writer, sql};
use crate::error::sqlite_code;
use crate::{OpenMode, database};

/// How long a connection waits for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Reads of one process that go on at the same time.
const READERS: u32 = 4;
/// Rows that may wait between the connection's thread and its reader.
const ROW_BUFFER: usize = 512;

/// The connections of an open file. One writes, because SQLite has one writer and callers of one
/// process then queue fairly; a few others read, and cannot write.
pub(crate) struct Opened {
    pub(crate) readers: SqlitePool,
    pub(crate) writer: Option<Writer>,
}

/// Makes an empty database at `sqlite://path`, `sqlite:path` or a plain path, with its origin.
pub(crate) async fn create(url: &str, origin: &str) -> Result<(), StoreError> {
    let location = Location::parse(url)?;
    claim(&location)?;
    let made = initialise(&location, origin).await;
    if made.is_err() {
        // The file is ours and holds nothing: leaving it would only block the next attempt.
        let _ = std::fs::remove_file(&location.path);
    }
    made
}

/// Opens a database that is there.
pub(crate) async fn open(url: &str, mode: OpenMode) -> Result<Opened, StoreError> {
    let location = Location::parse(url)?;
    location.recognise()?;
    Ok(match mode {
        OpenMode::ReadWrite => {
            location.writable()?;
            let writer = writer(&location).await?;
            Opened { readers: readers(options(&location).read_only(true)), writer: Some(writer) }
        }
        OpenMode::ReadOnly => Opened { readers: read_only(&location).await?, writer: None },
    })
}

fn options(location: &Location) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(&location.path)
        .create_if_missing(false)
        // Some tables still refer to one that is gone (migration 0010).
        .foreign_keys(false)
        .busy_timeout(BUSY_TIMEOUT)
        .row_buffer_size(ROW_BUFFER)
        // Without it, REPLACE removes rows without firing the triggers that refuse a removal.
        .pragma("recursive_triggers", "ON")
        .pragma("trusted_schema", "OFF")
        // In KiB: indexes are written at random places, and should be found in memory.
        .pragma("cache_size", "-32768")
        // In pages: the log is moved into the file every 64 MiB and not every few commits, so that a
        // page that many commits change is moved once.
        .pragma("wal_autocheckpoint", "16384")
}

fn readers(options: SqliteConnectOptions) -> SqlitePool {
    // A connection that is closed while idle loses its prepared statements for nothing.
    // And a file of this process does not go away: asking first would cost a way to the connection's
    // thread and back, for every statement.
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

/// Takes the name, so that two that initialise at once cannot share a file. The contents behind the
/// commitments are personal: nobody but the owner reads the file.
fn claim(location: &Location) -> Result<(), StoreError> {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&location.path).map(drop).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => StoreError::Exists { url: location.url.clone() },
        std::io::ErrorKind::StorageFull => StoreError::Full,
        _ => location.refuse(error.to_string()),
    })
}

async fn initialise(location: &Location, origin: &str) -> Result<(), StoreError> {
    // With a rollback journal the header is in the file itself as soon as a statement ends.
    let options = options(location)
        .page_size(4_096)
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Full)
        .pragma("application_id", APPLICATION_ID.to_string());
    let doing = "making the tables";
    let mut conn = SqliteConnection::connect_with(&options).await.map_err(database(doing))?;
    migrate(location, &mut conn).await?;
    sqlx::query(crate::sql::INSERT_ORIGIN)
        .bind(origin)
        .execute(&mut conn)
        .await
        .map_err(database(doing))?;
    // The write-ahead log comes last, and before anybody opens the file: of several that open it at once,
    // only one could change to it, and the others would be told that it is locked.
    sqlx::query("PRAGMA journal_mode = 'wal'").execute(&mut conn).await.map_err(database(doing))?;
    conn.close().await.map_err(database(doing))
}

async fn writer(location: &Location) -> Result<Writer, StoreError> {
    // A CHECK that calls a function makes SQLite keep a journal of each statement, in a file. What is
    // written here was made here; the checks hold for everybody else, and where this is tested.
    let checks = if cfg!(debug_assertions) { "OFF" } else { "ON" };
    let options = options(location)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("ignore_check_constraints", checks);
    let writer = Writer::connect(options).await.map_err(|error| match error {
        error if wants_to_write(&error) => StoreError::ReadOnly {
            why: format!(
                "{error} (SQLite writes `-wal` and `-shm` files beside `{}`)",
                location.path.display()
            ),
        },
        error => database("opening the database")(error),
    })?;
    let mut turn = writer.turn().await;
    let conn = turn.connection().await.map_err(database("opening the database"))?;
    migrate(location, conn).await?;
    turn.give_back();
    Ok(writer)
}

/// Where something is to be done, it is done by one: others that open the file wait, and find it done.
async fn migrate(location: &Location, conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let doing = "bringing the tables up to date";
    let version = schema_version(&mut *conn).await;
    if matches!(version, Ok(version) if version >= known_version()) {
        return migrated(location, sql::MIGRATOR.run(conn).await);
    }
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(database(doing))?;
    migrated(location, sql::MIGRATOR.run(&mut *tx).await)?;
    tx.commit().await.map_err(database(doing))
}

fn migrated(
    location: &Location,
    outcome: Result<(), sqlx::migrate::MigrateError>,
) -> Result<(), StoreError> {
    outcome.map_err(|error| match error {
        sqlx::migrate::MigrateError::Execute(error)
        | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => {
            database("bringing the tables up to date")(error)
        }
        sqlx::migrate::MigrateError::VersionMissing(version) => location.refuse(format!(
            "its schema has version {version}, which this program does not know (use a newer factlog)"
        )),
        other => location.refuse(format!("the tables cannot be brought up to date: {other}")),
    })
}

fn known_version() -> i64 {
    sql::MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// On a read-only mount SQLite cannot make the `-shm` file that a write-ahead log needs. Where there
/// is no log, nothing can be missing, and the file may be read as immutable.
async fn read_only(location: &Location) -> Result<SqlitePool, StoreError> {
    let plain = options(location).read_only(true);
    let pool = readers(plain.clone());
    let version = match schema_version(&pool).await {
        Err(error) if wants_to_write(&error) && !location.has_wal() => {
            let pool = readers(plain.immutable(true));
            let version = schema_version(&pool).await;
            return checked(location, pool, version);
        }
        other => other,
    };
    checked(location, pool, version)
}

async fn schema_version(executor: impl SqliteExecutor<'_>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(sql::SELECT_SCHEMA_VERSION).fetch_one(executor).await
}

fn checked(
    location: &Location,
    pool: SqlitePool,
    version: Result<i64, sqlx::Error>,
) -> Result<SqlitePool, StoreError> {
    let known = known_version();
    match version {
        Ok(version) if version == known => Ok(pool),
        Ok(version) if version > known => Err(location.refuse(format!(
            "its schema has version {version}, this program knows {known} (use a newer factlog)"
        ))),
        Ok(version) => Err(location.refuse(format!(
            "its schema has version {version}, this program needs {known} (any command that writes brings it up to date, for example `factlog ledger checkpoint`)"
        ))),
        Err(error) if wants_to_write(&error) => Err(location.refuse(format!(
            "{error} (there is a write-ahead log beside it, which cannot be read from a read-only directory: open it once for writing, or copy it to a writable place)"
        ))),
        Err(error) => Err(database("opening the database")(error)),
    }
}

/// Could a database not be opened because nothing can be written beside it (a read-only mount)?
fn wants_to_write(error: &sqlx::Error) -> bool {
    /// Primary result codes of SQLite (<https://www.sqlite.org/rescode.html>).
    const READONLY: i32 = 8;
    const CANTOPEN: i32 = 14;
    matches!(sqlite_code(error).map(|code| code & 0xff), Some(READONLY | CANTOPEN))
}
