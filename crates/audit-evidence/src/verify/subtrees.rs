//! The stored roots of complete subtrees, compared with those that come out of the entries.

use std::collections::BTreeMap;

use store_traits::{LedgerStore, StoreError, Subtree};

use super::LedgerReport;

/// Subtrees that are compared at a time.
const PAGE: usize = 4_000;

/// Subtrees that came out of the entries and are not compared yet.
#[derive(Default)]
pub(super) struct Subtrees(Vec<Subtree>);

impl Subtrees {
    pub(super) fn push(&mut self, subtree: Subtree) {
        self.0.push(subtree);
    }

    /// Compares, if there are enough to be worth the reading.
    pub(super) async fn compare_many(
        &mut self,
        ledger: &dyn LedgerStore,
        report: &mut LedgerReport,
    ) -> Result<(), StoreError> {
        if self.0.len() >= PAGE { self.compare(ledger, report).await } else { Ok(()) }
    }

    /// Compares all that are here.
    pub(super) async fn compare(
        &mut self,
        ledger: &dyn LedgerStore,
        report: &mut LedgerReport,
    ) -> Result<(), StoreError> {
        let mut levels: BTreeMap<u8, Vec<Subtree>> = BTreeMap::new();
        for subtree in std::mem::take(&mut self.0) {
            levels.entry(subtree.level).or_default().push(subtree);
        }
        for (level, computed) in levels {
            // One read gives at most 10,000, and a gap in the ledger leaves a gap here.
            for part in computed.chunks(PAGE) {
                let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
                let range = first.index..last.index + 1;
                let stored = ledger.subtrees(&report.tenant, level, range).await?;
                for subtree in part {
                    let same = stored.binary_search_by_key(&subtree.index, |s| s.index);
                    match same.ok().and_then(|at| stored.get(at)) {
                        Some(stored) if stored.root == subtree.root => {}
                        _ => report.finding(
                            Some(subtree.index << (8 * u32::from(level))),
                            format!(
                                "the stored subtree {} of level {level} is missing or differs",
                                subtree.index
                            ),
                            "proofs made from it would not verify",
                        ),
                    }
                }
            }
        }
        Ok(())
    }
}
