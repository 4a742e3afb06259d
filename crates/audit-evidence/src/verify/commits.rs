//! The commits of a ledger, read alongside its entries.

use std::collections::VecDeque;

use store_traits::{Commit, Head, LedgerStore, StoreError, TenantId};

const PAGE: u32 = 1_000;

/// Commits that are still to be met, in order of size.
pub(super) struct Commits {
    ahead: VecDeque<Head>,
    read_to: u64,
    all_read: bool,
    /// Where one does not stand on the one before it.
    broken: Vec<Break>,
}

/// A commit that does not stand on the one before it.
pub(super) struct Break {
    pub(super) before: u64,
    pub(super) on_size: u64,
    pub(super) size: u64,
}

impl Commits {
    /// Those above a size.
    pub(super) fn above(size: u64) -> Self {
        Self { ahead: VecDeque::new(), read_to: size, all_read: false, broken: Vec::new() }
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
            self.all_read = page.is_empty();
            for Commit { on_size, head } in page {
                let (before, size) = (self.read_to, head.size);
                if on_size != before {
                    self.broken.push(Break { before, on_size, size });
                }
                self.read_to = size;
                self.ahead.push_back(head);
            }
        }
        Ok(())
    }

    /// The breaks in what was read since this was asked last.
    pub(super) fn take_broken(&mut self) -> Vec<Break> {
        std::mem::take(&mut self.broken)
    }

    /// The commit that made the tree so large; those before it are left behind.
    pub(super) fn at(&mut self, size: u64) -> Option<Head> {
        while self.ahead.front().is_some_and(|head| head.size < size) {
            self.ahead.pop_front();
        }
        self.ahead.pop_front_if(|head| head.size == size)
    }
}
