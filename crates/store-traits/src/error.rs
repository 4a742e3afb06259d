//! What can go wrong in a store.

use thiserror::Error;

/// A store could not do what it was asked. "Absent" is never an error: it is `None`.
/// A clone tells each of several callers whose facts shared a commit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The database cannot be reached or opened.
    #[error("cannot open the database `{url}`: {why}")]
    Open {
        /// Its address, without credentials.
        url: String,
        /// What the database said, and what to do.
        why: String,
    },
    /// The text names no database.
    #[error("`{url}` is no address of a database: {why}")]
    Address {
        /// The address, without credentials.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// Where a ledger was to be made, something is.
    #[error("`{url}` is already there, and is never overwritten (open it, or name another one)")]
    Exists {
        /// Its address, without credentials.
        url: String,
    },
    /// A file that is a database, but not one of ours.
    #[error(
        "`{url}` is a database of another program (factlog found no ledger tables in it and will not add any; name another file)"
    )]
    Foreign {
        /// Its address, without credentials.
        url: String,
    },
    /// The database refused to write.
    #[error("the database cannot be written: {why}")]
    ReadOnly {
        /// What the database said.
        why: String,
    },
    /// No space left.
    #[error("the disk is full: nothing of this batch was recorded (free some space and repeat)")]
    Full,
    /// A stored row breaks the schema's own rules.
    #[error("a stored row cannot be read: {what} (run `factlog ledger verify`)")]
    Corrupt {
        /// Which row, which column, what is wrong.
        what: String,
    },
    /// The connection broke while the database was committing.
    #[error(
        "whether the batch was recorded is unknown, because the connection was lost while it was committed: {why} (repeat it: what was recorded is then a duplicate)"
    )]
    Unknown {
        /// What the connection said.
        why: String,
    },
    /// Anything else the database said.
    #[error("the database failed while {doing}: {why}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        why: String,
    },
}
