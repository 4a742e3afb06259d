//! How many of what were replaced.

use std::collections::BTreeMap;

use crate::Kind;

/// Counts of replacements by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    counts: BTreeMap<&'static str, u64>,
}

impl Report {
    pub(crate) fn add(&mut self, kind: Kind) {
        let count = self.counts.entry(kind.as_str()).or_default();
        *count = count.saturating_add(1);
    }

    /// Replacements of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Replacements of one kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        self.counts.get(kind.as_str()).copied().unwrap_or(0)
    }

    /// Kinds with their counts, in the order of their names; no kind with zero.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.counts.iter().map(|(kind, count)| (*kind, *count))
    }

    /// Adds the counts of another report.
    pub fn merge(&mut self, other: &Self) {
        for (kind, count) in &other.counts {
            let sum = self.counts.entry(kind).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// Whether nothing was replaced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_adds_counts_kind_by_kind() {
        let mut left = Report::default();
        assert!(left.is_empty());
        left.add(Kind::Email);
        let mut right = Report::default();
        right.add(Kind::Email);
        right.add(Kind::Card);
        left.merge(&right);
        assert_eq!(left.total(), 3);
        assert_eq!(left.count(Kind::Email), 2);
        assert_eq!(left.iter().collect::<Vec<_>>(), [("card", 1), ("email", 2)]);
    }
}
