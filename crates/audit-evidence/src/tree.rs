//! The growing tree: a compact range that takes leaves and gives heads.
//!
//! A tree of `size` leaves is, from left to right, one perfect subtree for each 1 bit of `size`.
//! Their roots, the peaks, are all that is needed to append and to compute the root; a tree of 10⁹
//! leaves has at most 30 of them.

use replay_determinism::{empty_root, node_hash};
use store_traits::{Digest, Head, Subtree};
use thiserror::Error;

/// The largest tree: sequence numbers are signed 64-bit integers in databases.
pub const MAX_TREE_SIZE: u64 = i64::MAX.unsigned_abs();

/// A head that no tree has.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum HeadError {
    /// The number of peaks does not fit the size.
    #[error(
        "a tree of {size} leaves has {expected} peaks, this head has {actual} (run `factlog ledger verify`)"
    )]
    PeakCount {
        /// Number of leaves.
        size: u64,
        /// One for each 1 bit of the size.
        expected: u32,
        /// Peaks given.
        actual: usize,
    },
    /// Larger than [`MAX_TREE_SIZE`].
    #[error("a tree of {size} leaves is larger than 2^63 − 1")]
    TooLarge {
        /// Number of leaves.
        size: u64,
    },
}

/// The peaks of the tree over leaves `[0, size)`.
///
/// ```
/// use audit_evidence::CompactRange;
/// use replay_determinism::leaf_hash;
/// let mut range = CompactRange::new();
/// range.append(leaf_hash(b""), &mut |_| {});
/// range.append(leaf_hash(&[0]), &mut |_| {});
/// assert_eq!(
///     range.head().root.to_string(),
///     "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompactRange {
    size: u64,
    /// The largest (leftmost) first.
    peaks: Vec<Digest>,
}

impl CompactRange {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a tree where a stored head left it.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let head = ready(ledger().head(&tenant()))?;
    /// let mut tree = CompactRange::from_head(head.size, head.peaks)?;
    /// tree.append(leaf_hash(b"the sixth"), &mut |_| {});
    /// assert_eq!(tree.size(), 6);
    /// assert!(CompactRange::from_head(5, Vec::new()).is_err(), "a tree of five has two peaks");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// No tree of that size has that many peaks.
    pub fn from_head(size: u64, peaks: Vec<Digest>) -> Result<Self, HeadError> {
        if size > MAX_TREE_SIZE {
            return Err(HeadError::TooLarge { size });
        }
        let expected = size.count_ones();
        if u32::try_from(peaks.len()) != Ok(expected) {
            return Err(HeadError::PeakCount { size, expected, actual: peaks.len() });
        }
        Ok(Self { size, peaks })
    }

    /// Number of leaves.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// assert_eq!(CompactRange::new().size(), 0);
    /// ```
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf on the right, and reports each subtree of 256, 65,536, … leaves that it completes,
    /// the smallest first.
    pub fn append(&mut self, leaf: Digest, on_subtree: &mut impl FnMut(Subtree)) {
        let mut node = leaf;
        let mut height = 0_u8;
        // Each trailing 1 bit of the size is a perfect subtree as large as the node to its right.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(&left, &node);
            height += 1;
            if height.is_multiple_of(8) {
                let index = self.size >> height;
                on_subtree(Subtree { level: height / 8, index, root: node });
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root hash (RFC 6962 §2.1).
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let mut tree = CompactRange::new();
    /// assert_eq!(tree.root(), replay_determinism::empty_root());
    /// tree.append(leaf_hash(b"one"), &mut |_| {});
    /// assert_eq!(tree.root(), leaf_hash(b"one"), "a tree of one leaf is that leaf");
    /// ```
    #[must_use]
    pub fn root(&self) -> Digest {
        let from_right = self.peaks.iter().rev().copied();
        from_right.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }

    /// Size, peaks and root, as a store keeps them.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { size: self.size, peaks: self.peaks.clone(), root: self.root() }
    }
}

#[cfg(test)]
mod tests {
    use replay_determinism::leaf_hash;

    use super::*;

    /// RFC 6962 §2.1, word by word.
    fn reference_root(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&reference_root(left), &reference_root(right))
            }
        }
    }

    fn leaves(count: u32) -> Vec<Digest> {
        (0..count).map(|at| leaf_hash(&at.to_be_bytes())).collect()
    }

    #[test]
    fn every_size_has_the_root_of_the_definition_and_can_be_taken_up_again() {
        let leaves = leaves(300);
        let mut range = CompactRange::new();
        for (at, leaf) in leaves.iter().enumerate() {
            assert_eq!(range.root(), reference_root(&leaves[..at]), "size {at}");
            let head = range.head();
            assert_eq!(CompactRange::from_head(head.size, head.peaks), Ok(range.clone()));
            range.append(*leaf, &mut |_| {});
        }
    }

    #[test]
    fn every_completed_subtree_is_reported_once_with_its_root() {
        let leaves = leaves(65_536 + 512 + 1);
        let mut range = CompactRange::new();
        let mut seen = Vec::new();
        for leaf in &leaves {
            range.append(*leaf, &mut |subtree| seen.push(subtree));
        }
        let (ones, twos): (Vec<Subtree>, Vec<Subtree>) =
            seen.iter().copied().partition(|subtree| subtree.level == 1);
        assert_eq!(ones.len(), 258);
        for (at, subtree) in ones.iter().enumerate() {
            assert_eq!(subtree.index, u64::try_from(at).unwrap());
            assert_eq!(subtree.root, reference_root(&leaves[at * 256..(at + 1) * 256]));
        }
        assert_eq!(twos.len(), 1);
        assert_eq!((twos[0].level, twos[0].index), (2, 0));
        assert_eq!(twos[0].root, reference_root(&leaves[..65_536]));
    }

    #[test]
    fn heads_of_no_tree_are_refused() {
        let peak = leaf_hash(b"");
        assert!(CompactRange::from_head(3, vec![peak]).is_err());
        assert!(CompactRange::from_head(0, vec![peak]).is_err());
        assert!(CompactRange::from_head(1 << 63, vec![peak]).is_err());
    }
}
