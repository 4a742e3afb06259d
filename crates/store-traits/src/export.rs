//! Completed exports in lists, and the trait that reads them.

use async_trait::async_trait;

use crate::{Digest, StoreError, TenantId, Timestamp};

/// A completed export in a list; the entry has the whole of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRecord {
    /// The entry that records it.
    pub seq: u64,
    /// Its id.
    pub export_id: Option<String>,
    /// Which profile: `evidence`, `soc2`, `executive`.
    pub profile: Option<String>,
    /// The run that was exported, if it was one run.
    pub run_id: Option<String>,
    /// The digest of the file.
    pub sha256: Option<Digest>,
    /// When it was made.
    pub occurred_at: Timestamp,
}

/// A page of exports, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportPage {
    /// The exports.
    pub items: Vec<ExportRecord>,
    /// The next page holds exports before this sequence number; `None` at the end.
    pub next_before_seq: Option<u64>,
}

/// Reads which evidence left the house.
#[async_trait]
pub trait ExportStore: Send + Sync {
    /// A page of at most `limit` (1 to 500) exports before `before_seq`, newest first.
    async fn exports(
        &self,
        tenant: &TenantId,
        limit: u32,
        before_seq: Option<u64>,
    ) -> Result<ExportPage, StoreError>;
}
