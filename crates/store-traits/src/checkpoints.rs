//! Signed checkpoints, a page at a time.

use crate::{Checkpoint, LedgerStore, StoreError, TenantId};

/// The most checkpoints that one call of [`LedgerStore::checkpoints`] reads.
pub const MOST_CHECKPOINTS: u32 = 1_000;

/// Where a page of checkpoints begins.
///
/// Checkpoints are in the order of (size, time of signing, root). Those of the past keep their order,
/// but a fork or an older state that is signed later lies among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointsFrom<'a> {
    /// With the first of at least this size.
    Size(u64),
    /// After this one.
    After(&'a Checkpoint),
}

/// All checkpoints of at least a size, read page by page: as many as a page holds are in memory, and
/// not as many as were ever signed.
///
/// ```
/// # use store_traits::{CheckpointPages, LedgerStore, StoreError, TenantId};
/// async fn count(ledger: &dyn LedgerStore, tenant: &TenantId) -> Result<usize, StoreError> {
///     let (mut pages, mut count) = (CheckpointPages::new(ledger, tenant, 0), 0);
///     while let Some(page) = pages.next().await? {
///         count += page.len();
///     }
///     Ok(count)
/// }
/// ```
pub struct CheckpointPages<'a> {
    ledger: &'a dyn LedgerStore,
    tenant: &'a TenantId,
    size: u64,
    last: Option<Checkpoint>,
}

impl<'a> CheckpointPages<'a> {
    /// Those of a tenant that are at least `size` large.
    pub fn new(ledger: &'a dyn LedgerStore, tenant: &'a TenantId, size: u64) -> Self {
        Self { ledger, tenant, size, last: None }
    }

    /// The next page, in order; `None` when there is none.
    ///
    /// # Errors
    /// The database failed, or a row is no checkpoint.
    pub async fn next(&mut self) -> Result<Option<Vec<Checkpoint>>, StoreError> {
        let from =
            self.last.as_ref().map_or(CheckpointsFrom::Size(self.size), CheckpointsFrom::After);
        let page = self.ledger.checkpoints(self.tenant, from, MOST_CHECKPOINTS).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.last = Some(last.clone());
        Ok(Some(page))
    }
}

impl std::fmt::Debug for CheckpointPages<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckpointPages").field("tenant", self.tenant).finish_non_exhaustive()
    }
}
