//! Laws of the proofs: exhaustive for small trees, sampled for large ones.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use audit_evidence::{
    ProofError, ProveError, RangeProof, consistency_proof, inclusion_proof, range_proof, root_at,
    verify_consistency, verify_inclusion, verify_range,
};
use common::{MemoryTiles, leaves, now, reference_root, tenant};
use proptest::prelude::*;
use store_traits::Digest;

const SMALL: u64 = 64;

fn flip(digest: &Digest, bit: usize) -> Digest {
    let mut bytes = *digest.as_bytes();
    bytes[bit / 8 % 32] ^= 1 << (bit % 8);
    Digest::new(bytes)
}

fn at(size: u64) -> usize {
    usize::try_from(size).unwrap()
}

fn roots(leaves: &[Digest]) -> Vec<Digest> {
    (0..=leaves.len()).map(|size| reference_root(&leaves[..size])).collect()
}

#[test]
fn every_leaf_of_every_small_tree_is_included_where_it_lies_and_nowhere_else() {
    let leaves = leaves(at(SMALL));
    let (roots, tiles) = (roots(&leaves), MemoryTiles(leaves.clone()));
    for size in 1..=SMALL {
        for index in 0..size {
            let proof = now(inclusion_proof(&tiles, &tenant(), index, size)).unwrap();
            for claimed in 0..size {
                let verdict =
                    verify_inclusion(&leaves[at(index)], claimed, size, &proof, &roots[at(size)]);
                assert_eq!(verdict.is_ok(), claimed == index, "{index} as {claimed} of {size}");
            }
        }
    }
}

#[test]
fn every_small_tree_is_consistent_with_every_earlier_one_and_with_no_other() {
    let leaves = leaves(at(SMALL));
    let (roots, tiles) = (roots(&leaves), MemoryTiles(leaves));
    for size2 in 0..=SMALL {
        assert_eq!(now(root_at(&tiles, &tenant(), size2)).unwrap(), roots[at(size2)]);
        for size1 in 0..=size2 {
            let proof = now(consistency_proof(&tiles, &tenant(), size1, size2)).unwrap();
            let check = |size1: u64, root1: &Digest| {
                verify_consistency(size1, size2, root1, &roots[at(size2)], &proof)
            };
            assert_eq!(check(size1, &roots[at(size1)]), Ok(()), "{size1} to {size2}");
            let other = if size1 == 0 { 1 } else { size1 - 1 };
            assert!(check(size1, &roots[at(other)]).is_err(), "{size1} to {size2}");
        }
    }
}

#[test]
fn every_range_of_every_small_tree_is_complete_and_no_leaf_can_be_left_out() {
    let leaves = leaves(at(SMALL));
    let (roots, tiles) = (roots(&leaves), MemoryTiles(leaves.clone()));
    for size in 1..=SMALL {
        for end in 1..=size {
            for start in 0..end {
                let proof = now(range_proof(&tiles, &tenant(), start, end, size)).unwrap();
                let inside = &leaves[at(start)..at(end)];
                assert_eq!(verify_range(&proof, inside, &roots[at(size)]), Ok(()));
                assert_eq!(u32::try_from(proof.left.len()), Ok(start.count_ones()));
                let fewer = RangeProof { end: end - 1, ..proof.clone() };
                let fewer = verify_range(&fewer, &inside[..inside.len() - 1], &roots[at(size)]);
                assert!(fewer.is_err(), "[{start}, {end}) of {size} without its last leaf");
                let later = RangeProof { start: start + 1, ..proof };
                let later = verify_range(&later, &inside[1..], &roots[at(size)]);
                assert!(later.is_err(), "[{start}, {end}) of {size} without its first leaf");
            }
        }
    }
}

#[test]
fn a_proof_of_no_leaf_or_range_is_refused() {
    let (leaves, root) = (leaves(5), reference_root(&leaves(5)));
    let tiles = MemoryTiles(leaves.clone());
    assert!(matches!(
        now(inclusion_proof(&tiles, &tenant(), 5, 5)),
        Err(ProveError::Request(ProofError::NoSuchLeaf { index: 5, size: 5 }))
    ));
    assert!(matches!(
        now(consistency_proof(&tiles, &tenant(), 6, 5)),
        Err(ProveError::Request(ProofError::Shrunk { .. }))
    ));
    for (start, end) in [(0, 0), (3, 3), (4, 3), (0, 6)] {
        assert!(now(range_proof(&tiles, &tenant(), start, end, 5)).is_err(), "[{start}, {end})");
        let proof = RangeProof { start, end, size: 5, left: vec![], right: vec![] };
        assert!(verify_range(&proof, &[], &root).is_err());
    }
    let whole = RangeProof { start: 0, end: 5, size: 5, left: vec![], right: vec![] };
    assert_eq!(verify_range(&whole, &leaves, &root), Ok(()));
    for proof in [
        RangeProof { left: vec![root], ..whole.clone() },
        RangeProof { right: vec![root], ..whole.clone() },
        RangeProof { start: 1, ..whole.clone() },
    ] {
        let inside = &leaves[at(proof.start)..];
        assert!(matches!(verify_range(&proof, inside, &root), Err(ProofError::Length { .. })));
    }
    let many = vec![root; 64];
    assert!(verify_inclusion(&root, 0, u64::MAX, &many, &root).is_err());
    assert!(verify_consistency(1, u64::MAX, &root, &root, &many).is_err());
}

#[test]
fn a_hash_that_the_store_lacks_is_named() {
    let tiles = MemoryTiles(leaves(600));
    let error = now(root_at(&tiles, &tenant(), 601)).unwrap_err();
    assert!(matches!(error, ProveError::Missing { level: 0, index: 600 }), "{error}");
    let error = now(root_at(&tiles, &tenant(), 768)).unwrap_err();
    assert!(matches!(error, ProveError::Missing { level: 1, index: 2 }), "{error}");
}

#[test]
fn a_large_tree_needs_few_hashes() {
    let count = 70_000;
    let leaves = leaves(count);
    let root = reference_root(&leaves);
    let tiles = MemoryTiles(leaves.clone());
    let size = count.try_into().unwrap();
    assert_eq!(now(root_at(&tiles, &tenant(), size)).unwrap(), root);
    for index in [0, 255, 256, 65_535, 65_536, 69_999] {
        let proof = now(inclusion_proof(&tiles, &tenant(), index, size)).unwrap();
        assert_eq!(verify_inclusion(&leaves[at(index)], index, size, &proof, &root), Ok(()));
        assert!(proof.len() <= 17);
    }
    let older = reference_root(&leaves[..65_793]);
    let proof = now(consistency_proof(&tiles, &tenant(), 65_793, size)).unwrap();
    assert_eq!(verify_consistency(65_793, size, &older, &root, &proof), Ok(()));
    let proof = now(range_proof(&tiles, &tenant(), 255, 65_793, size)).unwrap();
    assert_eq!(verify_range(&proof, &leaves[255..65_793], &root), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_flipped_bit_anywhere_breaks_an_inclusion_proof(
        size in 1_u64..700, pick in any::<u64>(), hash in any::<usize>(), bit in 0_usize..256
    ) {
        let (index, leaves) = (pick % size, leaves(at(size)));
        let root = reference_root(&leaves);
        let tiles = MemoryTiles(leaves.clone());
        let proof = now(inclusion_proof(&tiles, &tenant(), index, size)).unwrap();
        let leaf = &leaves[at(index)];
        prop_assert_eq!(verify_inclusion(leaf, index, size, &proof, &root), Ok(()));
        prop_assert!(verify_inclusion(&flip(leaf, bit), index, size, &proof, &root).is_err());
        prop_assert!(verify_inclusion(leaf, index, size, &proof, &flip(&root, bit)).is_err());
        if !proof.is_empty() {
            let mut bent = proof.clone();
            let which = hash % bent.len();
            bent[which] = flip(&bent[which], bit);
            prop_assert!(verify_inclusion(leaf, index, size, &bent, &root).is_err());
            prop_assert!(verify_inclusion(leaf, index, size, &proof[1..], &root).is_err());
        }
        let longer = [proof, vec![root]].concat();
        prop_assert!(verify_inclusion(leaf, index, size, &longer, &root).is_err());
    }

    #[test]
    fn a_flipped_bit_anywhere_breaks_a_consistency_proof(
        size2 in 2_u64..700, pick in any::<u64>(), hash in any::<usize>(), bit in 0_usize..256
    ) {
        let (size1, leaves) = (1 + pick % (size2 - 1), leaves(at(size2)));
        let (root1, root2) = (reference_root(&leaves[..at(size1)]), reference_root(&leaves));
        let tiles = MemoryTiles(leaves);
        let proof = now(consistency_proof(&tiles, &tenant(), size1, size2)).unwrap();
        prop_assert_eq!(verify_consistency(size1, size2, &root1, &root2, &proof), Ok(()));
        prop_assert!(verify_consistency(size1, size2, &flip(&root1, bit), &root2, &proof).is_err());
        prop_assert!(verify_consistency(size1, size2, &root1, &flip(&root2, bit), &proof).is_err());
        let mut bent = proof;
        let which = hash % bent.len();
        bent[which] = flip(&bent[which], bit);
        prop_assert!(verify_consistency(size1, size2, &root1, &root2, &bent).is_err());
    }

    #[test]
    fn a_flipped_bit_anywhere_breaks_a_range_proof(
        size in 2_u64..700, a in any::<u64>(), b in any::<u64>(), hash in any::<usize>(), bit in 0_usize..256
    ) {
        let start = a % size;
        let end = start + 1 + b % (size - start);
        let leaves = leaves(at(size));
        let root = reference_root(&leaves);
        let tiles = MemoryTiles(leaves.clone());
        let proof = now(range_proof(&tiles, &tenant(), start, end, size)).unwrap();
        let inside = leaves[at(start)..at(end)].to_vec();
        prop_assert_eq!(verify_range(&proof, &inside, &root), Ok(()));
        let mut bent = inside.clone();
        let which = hash % bent.len();
        bent[which] = flip(&bent[which], bit);
        prop_assert!(verify_range(&proof, &bent, &root).is_err());
        let mut bent = proof;
        let border = bent.left.len() + bent.right.len();
        if border > 0 {
            let which = hash % border;
            let slot = bent.left.iter_mut().chain(&mut bent.right).nth(which).unwrap();
            *slot = flip(slot, bit);
            prop_assert!(verify_range(&bent, &inside, &root).is_err());
        }
    }
}
