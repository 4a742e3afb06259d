//! Range proofs: entries `[start, end)` of a tree are exactly these, nothing left out.
//!
//! Take the RFC 6962 tree over `size` leaves: a node over `n > 1` leaves splits into its first `k`
//! leaves and the rest, `k` the largest power of two below `n`. Walk it from the root. A node that
//! lies wholly before `start` is not entered; its hash is the next one of `left`. A node wholly at
//! or behind `end` is not entered; its hash is the next one of `right`. A leaf in the range is
//! hashed from its entry, any other node from its two halves. The walk must use up both lists and
//! end at the signed root.
//!
//! `left` thus holds the peaks of `[0, start)`, largest first, and `right` the right border from
//! `end` on, from left to right, where a border node may cover an incomplete subtree. With
//! `end == size` the proof also shows that the tail is not cut.

use replay_determinism::node_hash;
use store_traits::Digest;

use crate::proof::{MAX_PROOF_HASHES, ProofError, same_root};

/// Proves that the leaves of `[start, end)` are complete in a tree of `size` leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeProof {
    /// First leaf.
    pub start: u64,
    /// One behind the last leaf.
    pub end: u64,
    /// Leaves of the tree.
    pub size: u64,
    /// Hashes of what lies before the range, left to right.
    pub left: Vec<Digest>,
    /// Hashes of what lies behind the range, left to right.
    pub right: Vec<Digest>,
}

/// Verifies that these leaf hashes, in order, are the leaves `[start, end)` of the tree with this
/// root.
///
/// ```
/// use audit_evidence::{RangeProof, verify_range};
/// use replay_determinism::{leaf_hash, node_hash};
/// let leaves = [leaf_hash(b"0"), leaf_hash(b"1"), leaf_hash(b"2")];
/// let root = node_hash(&node_hash(&leaves[0], &leaves[1]), &leaves[2]);
/// let proof = RangeProof { start: 1, end: 3, size: 3, left: vec![leaves[0]], right: vec![] };
/// assert!(verify_range(&proof, &leaves[1..], &root).is_ok());
/// ```
///
/// # Errors
/// The range is empty or leaves the tree, a count does not fit, or the walk ends at another root.
pub fn verify_range(
    proof: &RangeProof,
    leaf_hashes: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    let &RangeProof { start, end, size, .. } = proof;
    if start >= end || end > size {
        return Err(ProofError::NoSuchRange { start, end, size });
    }
    if u64::try_from(leaf_hashes.len()) != Ok(end - start) {
        let actual = leaf_hashes.len();
        return Err(ProofError::LeafCount { expected: end - start, actual });
    }
    let wrong_length = || ProofError::Length { actual: proof.left.len() + proof.right.len() };
    if proof.left.len() > MAX_PROOF_HASHES || proof.right.len() > MAX_PROOF_HASHES {
        return Err(wrong_length());
    }
    let mut walk = Walk {
        start,
        end,
        left: proof.left.iter(),
        leaves: leaf_hashes.iter(),
        right: proof.right.iter(),
    };
    let computed = walk.node(0, size).ok_or_else(wrong_length)?;
    if walk.left.next().is_some() || walk.right.next().is_some() {
        return Err(wrong_length());
    }
    same_root(size, computed, root)
}

/// Where an RFC 6962 node over `[start, end)`, at least two leaves, splits.
pub(crate) fn split(start: u64, end: u64) -> u64 {
    // The largest power of two below n is the top bit of n − 1.
    start + (1 << (end - start - 1).ilog2())
}

struct Walk<'p> {
    start: u64,
    end: u64,
    left: std::slice::Iter<'p, Digest>,
    leaves: std::slice::Iter<'p, Digest>,
    right: std::slice::Iter<'p, Digest>,
}

impl Walk<'_> {
    /// The hash of the node over `[from, to)`; `None` when a list runs dry. At most 64 calls deep.
    fn node(&mut self, from: u64, to: u64) -> Option<Digest> {
        if to <= self.start {
            self.left.next().copied()
        } else if from >= self.end {
            self.right.next().copied()
        } else if to - from == 1 {
            self.leaves.next().copied()
        } else {
            let middle = split(from, to);
            let left = self.node(from, middle)?;
            let right = self.node(middle, to)?;
            Some(node_hash(&left, &right))
        }
    }
}
