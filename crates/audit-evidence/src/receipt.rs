//! Receipts: the proof that an entry is in the tree, in the acknowledgement itself.

use std::ops::Range;

use replay_determinism::node_hash;
use store_traits::{Digest, Head};

use crate::prover::inclusion_nodes;
use crate::recorder::Outcome;

/// What became of the drafts of a call, each with the proof of where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipts {
    /// In the order of the drafts.
    pub outcomes: Vec<Outcome>,
    /// In the order of the drafts: the proof of an entry that is recorded or was recorded before;
    /// `None` for a conflict or a rejection.
    pub proofs: Vec<Option<LeafProof>>,
    /// The tree that the proofs end at. Signing it as a checkpoint makes each proof complete.
    pub head: Head,
}

/// A leaf is in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafProof {
    /// Its place.
    pub seq: u64,
    /// SHA-256(0x00 ‖ entry).
    pub leaf_hash: Digest,
    /// The inclusion proof (RFC 6962 §2.1.1), the leaf's sibling first.
    pub hashes: Vec<Digest>,
}

/// What a commit added to a tree: enough to prove each of its leaves without reading anything.
#[derive(Debug)]
pub(crate) struct Grown {
    on_size: u64,
    size: u64,
    /// Peaks of the tree before, with the leaves that they cover.
    peaks: Vec<(Range<u64>, Digest)>,
    /// By height: the index of the first perfect node that holds a new leaf, and the nodes from it on.
    levels: Vec<(u64, Vec<Digest>)>,
}

impl Grown {
    /// `leaves` are the new ones, right behind the tree of `before`.
    pub(crate) fn new(before: &Head, leaves: Vec<Digest>) -> Self {
        let on_size = before.size;
        let size = on_size + u64::try_from(leaves.len()).unwrap_or(0);
        let mut from = 0;
        let peaks = before.peaks.iter().map(|peak| {
            // One peak for each 1 bit of the size, the largest first.
            let to = from + (1 << (on_size - from).max(1).ilog2());
            (std::mem::replace(&mut from, to)..to, *peak)
        });
        let peaks = peaks.collect();
        let mut grown = Self { on_size, size, peaks, levels: vec![(on_size, leaves)] };
        for height in 1..u64::BITS {
            let (first, end) = (on_size >> height, size >> height);
            let nodes: Option<Vec<_>> = (first..end)
                .map(|index| {
                    let left = grown.perfect(index * 2, height - 1)?;
                    let right = grown.perfect(index * 2 + 1, height - 1)?;
                    Some(node_hash(&left, &right))
                })
                .collect();
            match nodes {
                Some(nodes) if !nodes.is_empty() => grown.levels.push((first, nodes)),
                _ => break,
            }
        }
        grown
    }

    /// The root of the perfect subtree of 2^height leaves with this index: a new one, or a peak of
    /// the tree before, which is all of the old tree that a new leaf's path can meet.
    fn perfect(&self, index: u64, height: u32) -> Option<Digest> {
        let level = usize::try_from(height).ok().and_then(|height| self.levels.get(height));
        if let Some((first, nodes)) = level
            && let Some(at) = index.checked_sub(*first)
        {
            return nodes.get(usize::try_from(at).ok()?).copied();
        }
        let leaves = index << height..(index + 1) << height;
        self.peaks.iter().find(|(covered, _)| *covered == leaves).map(|(_, peak)| *peak)
    }

    /// The proof of a leaf that this commit added.
    pub(crate) fn prove(&self, seq: u64) -> Option<LeafProof> {
        let (_, leaves) = self.levels.first()?;
        let at = usize::try_from(seq.checked_sub(self.on_size)?).ok()?;
        let leaf_hash = *leaves.get(at)?;
        let nodes = inclusion_nodes(seq, self.size).ok()?;
        let hashes = nodes.into_iter().map(|node| self.node(node)).collect::<Option<_>>()?;
        Some(LeafProof { seq, leaf_hash, hashes })
    }

    fn node(&self, leaves: Range<u64>) -> Option<Digest> {
        let mut from = leaves.start;
        let mut perfect = Vec::new();
        while from < leaves.end {
            let height = (leaves.end - from).ilog2();
            perfect.push(self.perfect(from >> height, height)?);
            from += 1 << height;
        }
        perfect.into_iter().rev().reduce(|right, left| node_hash(&left, &right))
    }
}

#[cfg(test)]
mod tests {
    use replay_determinism::leaf_hash;

    use super::*;
    use crate::{CompactRange, verify_inclusion};

    #[test]
    fn every_new_leaf_is_proved_whatever_the_tree_was_before() {
        let leaves: Vec<_> = (0_u32..90).map(|at| leaf_hash(&at.to_be_bytes())).collect();
        for on in 0..70_usize {
            for new in 1..20_usize {
                let mut tree = CompactRange::new();
                leaves[..on].iter().for_each(|leaf| tree.append(*leaf, &mut |_| {}));
                let grown = Grown::new(&tree.head(), leaves[on..on + new].to_vec());
                leaves[on..on + new].iter().for_each(|leaf| tree.append(*leaf, &mut |_| {}));
                let root = tree.root();
                for (at, leaf) in leaves.iter().enumerate().take(on + new).skip(on) {
                    let (seq, size) = (at as u64, (on + new) as u64);
                    let proof = grown.prove(seq).unwrap();
                    assert_eq!(proof.leaf_hash, *leaf);
                    verify_inclusion(leaf, seq, size, &proof.hashes, &root).unwrap();
                }
                assert_eq!(grown.prove((on + new) as u64), None);
                assert_eq!(on.checked_sub(1).and_then(|at| grown.prove(at as u64)), None);
            }
        }
    }
}
