//! What a database says, in the vocabulary's words.

use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;
use store_traits::StoreError;

/// Turns a database error that occurred while `doing` into a [`StoreError`].
pub(crate) fn database(doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match judge(&error) {
        Said::Full => StoreError::Full,
        Said::ReadOnly => StoreError::ReadOnly { why: error.to_string() },
        Said::Corrupt => StoreError::Corrupt { what: format!("{error}, while {doing}") },
        Said::Other => StoreError::Database { doing, why: error.to_string() },
    }
}

enum Said {
    Full,
    ReadOnly,
    Corrupt,
    Other,
}

fn judge(error: &sqlx::Error) -> Said {
    // A value of another type than its column has, or text that is none: somebody wrote it.
    if matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) {
        return Said::Corrupt;
    }
    if let Some(code) = sqlite_code(error) {
        return judge_sqlite(code);
    }
    match sqlstate(error) {
        // disk_full
        Some("53100") => Said::Full,
        // read_only_sql_transaction (a standby server), insufficient_privilege
        Some("25006" | "42501") => Said::ReadOnly,
        // data_corrupted, index_corrupted
        Some("XX001" | "XX002") => Said::Corrupt,
        _ => Said::Other,
    }
}

fn judge_sqlite(code: i32) -> Said {
    /// Primary result codes of SQLite (<https://www.sqlite.org/rescode.html>).
    const READONLY: i32 = 8;
    const CORRUPT: i32 = 11;
    const FULL: i32 = 13;
    const NOTADB: i32 = 26;
    /// Extended code: the shared-memory file of the WAL could not grow, which a full disk causes.
    const IOERR_SHMSIZE: i32 = 4874;
    match code & 0xff {
        FULL => Said::Full,
        _ if code == IOERR_SHMSIZE => Said::Full,
        READONLY => Said::ReadOnly,
        CORRUPT | NOTADB => Said::Corrupt,
        _ => Said::Other,
    }
}

/// The extended result code, if SQLite said it.
pub(crate) fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    let said = error.as_database_error()?;
    said.try_downcast_ref::<SqliteError>()?;
    said.code()?.parse().ok()
}

/// The SQLSTATE, if PostgreSQL said it.
pub(crate) fn sqlstate(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::code)
}

pub(crate) fn corrupt(what: impl Into<String>) -> StoreError {
    StoreError::Corrupt { what: what.into() }
}
