//! The append-only ledger tables on SQLite and PostgreSQL: pools, migrations, commit by
//! compare-and-swap.
//!
//! Layer: L6
//! Audience: INTERNAL
//! Intent: audit
//! Role: recorder
//!
//! [`Ledger`] implements [`store_traits::LedgerStore`] on one SQLite file (WAL, `synchronous = FULL`)
//! or one PostgreSQL database (`synchronous_commit`), chosen by the URL: what is acknowledged
//! survives a power loss. A commit is one transaction that holds the entries, what lies behind their
//! commitments, the subtrees, the new head and the rows of every registered [`Projection`].
//!
//! **One text where it can be one.** A [`Statement`] has a text for each database, mostly the same;
//! topic stores read through [`Reader`] and describe their tables as [`Table`]s, and do not know
//! which database it is.
//!
//! **Invariants.** No statement here changes a row, and none removes one but of `contents`, which may be
//! erased. `commits` has a unique
//! `(tenant, on_size)`, so two commits cannot stand on one head whatever the callers do. A file that
//! does not carry our application id is never written, not even by a pragma; a database that holds
//! tables of another program gets none of ours. On PostgreSQL every transaction is bound to one
//! tenant, and policies show it no other's rows.
//!
//! Somebody who can write the database around this crate can drop a trigger
//! ([`store_traits::LedgerStore::missing_guards`] names it) and change anything; signed checkpoints
//! and their proofs expose what was changed.

#[cfg(test)]
extern crate self as ledger_store;

mod backlog;
mod batch;
mod block;
mod cell;
mod compare;
mod error;
mod given;
mod keys;
mod ledger;
mod overlap;
mod past;
mod postgres;
mod projection;
mod reader;
mod row;
mod run_entries;
mod sql;
mod sqlite;
mod statement;
mod store;
mod stored;

#[cfg(feature = "test-support")]
pub mod test_support;

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;

pub use backlog::Backlog;
pub use cell::{Cell, Row};
pub(crate) use error::database;
pub use keys::KeyTag;
pub use ledger::{Ledger, OpenMode, same_database, shown};
pub use past::PastCommit;
pub use projection::{Check, FactAt, Item, Projection, STRETCH, Table, text_at};
pub use reader::{Reader, Snapshot};
pub use row::{from_i64, to_i64};
pub use sql::STATEMENTS;
pub use statement::{Insert, Repeated, Statement, Type};
