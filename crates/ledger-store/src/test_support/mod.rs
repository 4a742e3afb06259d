//! For tests alone: a PostgreSQL server that begins and ends with the test process, a recorder of
//! facts written as JSON.

// A test that cannot have its server has failed, and says why.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod fact;
mod plain;
mod recorder;
mod rows;
mod server;
mod statements;

/// A tag for tests that know no hash: the last eight bytes, so that some keys share one.
#[must_use]
pub fn key_tag(key: &store_traits::IdempotencyKey) -> u64 {
    key.as_str().bytes().fold(0, |tag, byte| (tag << 8) | u64::from(byte))
}

pub use fact::{facts, read_fact};
pub use plain::{PlainTable, SharedTable};
pub use recorder::{Recorder, at, tenant};
pub use rows::rows_instead_of_blocks;
pub use server::PostgresServer;
pub use statements::{Plan, plan, prepare_all};
