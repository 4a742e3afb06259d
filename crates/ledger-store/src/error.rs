//! What SQLite says, in the vocabulary's words.

use store_traits::StoreError;

/// Primary result codes of SQLite (<https://www.sqlite.org/rescode.html>).
const READONLY: i32 = 8;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const NOTADB: i32 = 26;
/// Extended code: the shared-memory file of the WAL could not grow, which a full disk causes.
const IOERR_SHMSIZE: i32 = 4874;

/// Turns a database error that occurred while `doing` into a [`StoreError`].
///
/// ```
/// # async fn f(conn: &mut sqlx::SqliteConnection) -> Result<(), store_traits::StoreError> {
/// use ledger_store::database;
/// sqlx::query("SELECT 1").execute(conn).await.map_err(database("asking for one"))?;
/// # Ok(())
/// # }
/// ```
pub fn database(doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| {
        let Some(code) = code(&error) else {
            return StoreError::Database { doing, why: error.to_string() };
        };
        match code & 0xff {
            FULL => StoreError::Full,
            _ if code == IOERR_SHMSIZE => StoreError::Full,
            READONLY => StoreError::ReadOnly { why: error.to_string() },
            CORRUPT | NOTADB => StoreError::Corrupt { what: format!("{error}, while {doing}") },
            _ => StoreError::Database { doing, why: error.to_string() },
        }
    }
}

/// Could a database not be opened because nothing can be written beside it (a read-only mount)?
pub(crate) fn wants_to_write(error: &sqlx::Error) -> bool {
    matches!(code(error).map(|code| code & 0xff), Some(READONLY | CANTOPEN))
}

pub(crate) fn corrupt(what: impl Into<String>) -> StoreError {
    StoreError::Corrupt { what: what.into() }
}

fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}
