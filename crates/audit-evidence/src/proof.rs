//! Inclusion and consistency proofs (RFC 6962 §2.1), verified as RFC 9162 §2.1.3.2 and §2.1.4.2 do.

use replay_determinism::{empty_root, node_hash};
use store_traits::Digest;
use thiserror::Error;

/// The most hashes in an inclusion or consistency proof.
pub const MAX_PROOF_HASHES: usize = 63;

/// A proof that does not prove.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ProofError {
    /// The leaf lies outside the tree.
    #[error("leaf {index} does not exist in a tree of {size} leaves")]
    NoSuchLeaf {
        /// Index of the leaf.
        index: u64,
        /// Number of leaves.
        size: u64,
    },
    /// A range without leaves, or one that leaves the tree.
    #[error("[{start}, {end}) is not a range of leaves in a tree of {size} leaves")]
    NoSuchRange {
        /// First leaf.
        start: u64,
        /// One behind the last leaf.
        end: u64,
        /// Number of leaves.
        size: u64,
    },
    /// The older tree is larger than the newer one.
    #[error("a tree of {size1} leaves cannot be an earlier state of one of {size2} leaves")]
    Shrunk {
        /// Leaves of the older tree.
        size1: u64,
        /// Leaves of the newer tree.
        size2: u64,
    },
    /// Too many or too few hashes for these sizes.
    #[error("the proof has {actual} hashes, which does not fit the sizes that it is for")]
    Length {
        /// Hashes given.
        actual: usize,
    },
    /// The number of leaf hashes is not the number of leaves in the range.
    #[error("{actual} leaf hashes were given for a range of {expected} leaves")]
    LeafCount {
        /// Leaves in the range.
        expected: u64,
        /// Leaf hashes given.
        actual: usize,
    },
    /// The proof leads to another root: leaf, place, proof or root is not what it is said to be.
    #[error("the proof leads to root {computed}, the tree of {size} leaves has root {expected}")]
    Root {
        /// Leaves of the tree whose root differs.
        size: u64,
        /// Root that the proof leads to.
        computed: Digest,
        /// Root that was given.
        expected: Digest,
    },
}

/// Verifies that the leaf lies at `index` in the tree of `size` leaves with this root.
///
/// ```
/// use audit_evidence::verify_inclusion;
/// use replay_determinism::{leaf_hash, node_hash};
/// let (first, second) = (leaf_hash(b"first"), leaf_hash(b"second"));
/// let root = node_hash(&first, &second);
/// assert!(verify_inclusion(&second, 1, 2, &[first], &root).is_ok());
/// assert!(verify_inclusion(&second, 0, 2, &[first], &root).is_err());
/// ```
///
/// # Errors
/// The proof does not lead from the leaf at that index to the root.
pub fn verify_inclusion(
    leaf_hash: &Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::NoSuchLeaf { index, size });
    }
    let wrong_length = ProofError::Length { actual: proof.len() };
    if proof.len() > MAX_PROOF_HASHES {
        return Err(wrong_length);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf_hash;
    for sibling in proof {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            skip_levels_without_sibling(&mut node, &mut last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(wrong_length);
    }
    same_root(size, hash, root)
}

/// Verifies that the tree of `size1` leaves is the beginning of the tree of `size2` leaves: nothing
/// was changed, reordered or removed in between. From size 0 the proof is empty, and so it is
/// between equal sizes.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let (first, second) = (leaf_hash(b"first"), leaf_hash(b"second"));
/// let both = replay_determinism::node_hash(&first, &second);
/// assert!(verify_consistency(1, 2, &first, &both, &[second]).is_ok());
/// assert!(verify_consistency(1, 2, &second, &both, &[second]).is_err(), "it began otherwise");
/// ```
///
/// # Errors
/// The proof does not lead to both roots.
pub fn verify_consistency(
    size1: u64,
    size2: u64,
    root1: &Digest,
    root2: &Digest,
    proof: &[Digest],
) -> Result<(), ProofError> {
    if size1 > size2 {
        return Err(ProofError::Shrunk { size1, size2 });
    }
    let wrong_length = || ProofError::Length { actual: proof.len() };
    if size1 == 0 || size1 == size2 {
        if !proof.is_empty() {
            return Err(wrong_length());
        }
        return if size1 == 0 {
            same_root(0, empty_root(), root1)?;
            if size2 == 0 { same_root(0, empty_root(), root2) } else { Ok(()) }
        } else {
            same_root(size1, *root2, root1)
        };
    }
    if proof.len() > MAX_PROOF_HASHES {
        return Err(wrong_length());
    }
    // A perfect older tree is itself a node of the newer one, and its root is left out.
    let (seed, rest) = if size1.is_power_of_two() {
        (root1, proof)
    } else {
        proof.split_first().ok_or_else(wrong_length)?
    };
    let shift = (size1 - 1).trailing_ones();
    let (mut node, mut last) = ((size1 - 1) >> shift, (size2 - 1) >> shift);
    let (mut old, mut new) = (*seed, *seed);
    for hash in rest {
        if last == 0 {
            return Err(wrong_length());
        }
        if node & 1 == 1 || node == last {
            old = node_hash(hash, &old);
            new = node_hash(hash, &new);
            skip_levels_without_sibling(&mut node, &mut last);
        } else {
            new = node_hash(&new, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(wrong_length());
    }
    same_root(size1, old, root1)?;
    same_root(size2, new, root2)
}

/// On the right edge a node without right sibling stands for its parent as well.
fn skip_levels_without_sibling(node: &mut u64, last: &mut u64) {
    while *node & 1 == 0 && *node != 0 {
        *node >>= 1;
        *last >>= 1;
    }
}

pub(crate) fn same_root(size: u64, computed: Digest, expected: &Digest) -> Result<(), ProofError> {
    if computed == *expected {
        Ok(())
    } else {
        Err(ProofError::Root { size, computed, expected: *expected })
    }
}
