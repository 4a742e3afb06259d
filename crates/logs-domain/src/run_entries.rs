//! Entries by their numbers: as ranges, and in pieces that are worth a read.

use std::ops::Range;

use store_traits::{Entry, RunId, TenantId};

use crate::{DomainError, LogsDomain};

/// The widest stretch that is read at once.
const PAGE: u64 = 1_000;
/// The widest gap between entries of a run that is read over.
const READ_OVER: u64 = 8;

impl LogsDomain {
    pub(crate) async fn each_entry_of(
        &self,
        tenant: &TenantId,
        run: &RunId,
        each: &mut (dyn FnMut(&Entry) -> Result<(), DomainError> + Send),
    ) -> Result<(), DomainError> {
        let seqs = self.ledger.run_seqs(tenant, run).await?;
        for stretch in stretches(&seqs) {
            for entry in self.entries_of(tenant, stretch).await? {
                each(&entry)?;
            }
        }
        Ok(())
    }

    /// The entries of one stretch.
    ///
    /// # Errors
    /// The store failed, or one of them is not there any more.
    pub(crate) async fn entries_of(
        &self,
        tenant: &TenantId,
        stretch: &[u64],
    ) -> Result<Vec<Entry>, DomainError> {
        let mut entries = self.ledger.entries(tenant, around(stretch)).await?;
        entries.retain(|entry| stretch.binary_search(&entry.seq).is_ok());
        let found = |seq: &u64| entries.binary_search_by_key(seq, |entry| entry.seq).is_ok();
        match stretch.iter().find(|seq| !found(seq)) {
            Some(seq) => {
                Err(DomainError::Proof(format!("entry {seq} is missing from the database")))
            }
            None => Ok(entries),
        }
    }
}

/// What is read for a stretch: from its first entry to its last.
pub(crate) fn around(stretch: &[u64]) -> Range<u64> {
    let first = stretch.first().copied().unwrap_or(0);
    first..stretch.last().map_or(first, |last| last.saturating_add(1))
}

/// Stretches of a run's entries, each at most a page wide. A gap of a few entries of other runs is
/// read over: that costs less than asking again.
pub(crate) fn stretches(seqs: &[u64]) -> impl Iterator<Item = &[u64]> {
    let mut rest = seqs;
    std::iter::from_fn(move || {
        let first = *rest.first()?;
        let fits = |pair: &[u64]| match pair {
            [one, next] => next - one <= READ_OVER && next - first < PAGE,
            _ => false,
        };
        let further = rest.windows(2).take_while(|pair| fits(pair)).count();
        let (stretch, after) = rest.split_at_checked(further + 1)?;
        rest = after;
        Some(stretch)
    })
}

/// Stretches without a gap, half-open.
pub(crate) fn ranges(seqs: &[u64]) -> Vec<Range<u64>> {
    let follow = |one: &u64, next: &u64| next.checked_sub(*one) == Some(1);
    let range = |stretch: &[u64]| Some(*stretch.first()?..stretch.last()?.saturating_add(1));
    seqs.chunk_by(follow).filter_map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_at_gaps() {
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), [0..3, 5..6, 7..9]);
        assert!(ranges(&[]).is_empty());
    }

    #[test]
    fn stretches_read_over_small_gaps_and_are_no_wider_than_a_page() {
        let check = |seqs: &[u64], expect: &[&[u64]]| {
            assert_eq!(stretches(seqs).collect::<Vec<_>>(), expect);
        };
        check(&[], &[]);
        check(&[7], &[&[7]]);
        check(&[1, 3, 11, 20, 21], &[&[1, 3, 11], &[20, 21]]);
        let long: Vec<u64> = (0..1_500).map(|n| n * 2).collect();
        let widths: Vec<usize> = stretches(&long).map(<[u64]>::len).collect();
        assert_eq!(widths, [500, 500, 500]);
    }
}
