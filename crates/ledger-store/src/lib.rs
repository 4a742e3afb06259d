//! The append-only ledger tables on SQLite: pool, migrations, commit by compare-and-swap.
//!
//! Layer: L6
//! Audience: INTERNAL
//! Intent: audit
//! Role: recorder
//!
//! [`SqliteLedger`] implements [`store_traits::LedgerStore`] on one SQLite file in WAL mode with
//! `synchronous = FULL`: what is acknowledged survives a power loss. A commit is one transaction
//! that holds the entries, what lies behind their commitments, the subtrees, the new head and the
//! rows of every registered [`Projection`].
//!
//! **Invariants.** No statement here changes or removes a row. `commits` has a unique
//! `(tenant, on_size)`, so two commits cannot stand on one head whatever the callers do. A file that
//! does not carry our application id is never written, not even by a pragma.
//!
//! Somebody who can write the file around this crate can drop a trigger ([`store_traits::LedgerStore::missing_guards`]
//! names it) and change anything; signed checkpoints and their proofs expose what was changed.

#[cfg(test)]
extern crate self as ledger_store;

mod commit;
mod error;
mod fact;
mod guards;
mod location;
mod open;
mod projection;
mod read;
mod rows;
mod sql;
mod store;
mod typed;

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;

pub use error::database;
pub use open::{OpenMode, SqliteLedger};
pub use projection::{FactAt, Projection, text_at};
pub use read::{from_i64, to_i64};
pub use rows::{RowsInsert, SqliteQuery};
pub use typed::{Cell, TypedRow, TypedTable};
