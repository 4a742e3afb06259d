//! The commits of a ledger, read alongside its entries.

use std::collections::VecDeque;

use store_traits::{Head, LedgerStore, StoreError, TenantId};

const PAGE: u32 = 1_000;

/// Commits that are still to be met, in order of size.
pub(super) struct Commits {
    ahead: VecDeque<Head>,
    read_to: u64,
    all_read: bool,
}

impl Commits {
    /// Those above a size.
    pub(super) fn above(size: u64) -> Self {
        Self { ahead: VecDeque::new(), read_to: size, all_read: false }
    }

    /// Reads on until those up to `size` are here.
    pub(super) async fn read_to(
        &mut self,
        ledger: &dyn LedgerStore,
        tenant: &TenantId,
        size: u64,
    ) -> Result<(), StoreError> {
        while !self.all_read && self.read_to < size {
            let page = ledger.commits(tenant, self.read_to, PAGE).await?;
            match page.last() {
                Some(last) => self.read_to = last.size,
                None => self.all_read = true,
            }
            self.ahead.extend(page);
        }
        Ok(())
    }

    /// The commit that made the tree so large; those before it are left behind.
    pub(super) fn at(&mut self, size: u64) -> Option<Head> {
        while self.ahead.front().is_some_and(|head| head.size < size) {
            self.ahead.pop_front();
        }
        self.ahead.pop_front_if(|head| head.size == size)
    }
}
