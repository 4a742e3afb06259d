//! Typed rows that topic stores keep beside the entries.

use std::ops::Range;

use async_trait::async_trait;
use sqlx::SqliteConnection;
use store_traits::{SealedEntry, StoreError, TenantId, Value};

/// A stored fact with its place, as read back from the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactAt {
    /// Its place in the tree.
    pub seq: u64,
    /// The fact.
    pub fact: Value,
}

/// Writes typed rows in the ledger's transaction.
///
/// Contract: the rows are a function of `(seq, fact)` alone, so that they can be derived again from
/// the entries and compared. A projection only inserts. It never decides whether a fact is recorded:
/// an error means that the database failed, not that the fact displeases.
#[async_trait]
pub trait Projection: Send + Sync {
    /// The name that findings carry.
    fn name(&self) -> &'static str;

    /// Writes the rows of new entries. The same transaction holds the entries, so a crash leaves
    /// both or neither.
    async fn apply(
        &self,
        conn: &mut SqliteConnection,
        tenant: &TenantId,
        entries: &[SealedEntry],
    ) -> Result<(), StoreError>;

    /// Rows in the range that differ from what these facts say, one line each.
    async fn differences(
        &self,
        conn: &mut SqliteConnection,
        tenant: &TenantId,
        range: Range<u64>,
        facts: &[FactAt],
    ) -> Result<Vec<(u64, String)>, StoreError>;
}

/// The text at a path of a fact. An empty text says nothing.
#[must_use]
pub fn text_at<'a>(fact: &'a Value, path: &[&str]) -> Option<&'a str> {
    fact.at(path)?.as_str().filter(|text| !text.is_empty())
}
