//! A log that another implementation wrote: entries, tiles and checkpoints must agree here too.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::fs;
use std::path::PathBuf;

use audit_evidence::{
    CompactRange, OpenedCheckpoint, VerifierKey, consistency_proof, inclusion_proof,
    open_checkpoint, root_at, verify_consistency, verify_inclusion,
};
use common::{MemoryTiles, Strict, now, tenant};
use replay_determinism::leaf_hash;
use store_traits::Digest;

/// Published with the log.
const VKEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

fn log() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/tessera-testlog/testdata/log")
}

fn checkpoints() -> Vec<OpenedCheckpoint> {
    let key = VerifierKey::parse(VKEY).unwrap();
    (0..16)
        .map(|size| {
            let note = fs::read_to_string(log().join(format!("checkpoint.{size}"))).unwrap();
            let opened = open_checkpoint(&note, std::slice::from_ref(&key), &Strict).unwrap();
            assert_eq!(opened.size, size);
            opened
        })
        .collect()
}

/// Entry bundles (C2SP tlog-tiles): length as 16 bits, big-endian, then the entry.
fn entry_hashes(width: u64) -> Vec<Digest> {
    let bytes = fs::read(log().join(format!("tile/entries/000.p/{width}"))).unwrap();
    let mut rest = bytes.as_slice();
    let mut hashes = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (entry, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
        hashes.push(leaf_hash(entry));
        rest = after;
    }
    hashes
}

fn tile_hashes(width: u64) -> Vec<Digest> {
    let bytes = fs::read(log().join(format!("tile/0/000.p/{width}"))).unwrap();
    bytes.chunks_exact(32).map(|hash| Digest::try_from(hash).unwrap()).collect()
}

#[test]
fn every_checkpoint_has_the_root_of_its_entries_and_of_its_tile() {
    for checkpoint in checkpoints() {
        let size = checkpoint.size;
        let hashes = if size == 0 { Vec::new() } else { entry_hashes(size) };
        if size > 0 {
            assert_eq!(hashes, tile_hashes(size), "size {size}");
        }
        let mut range = CompactRange::new();
        hashes.iter().for_each(|hash| range.append(*hash, &mut |_| {}));
        assert_eq!(range.head().root, checkpoint.root, "size {size}");
        let tiles = MemoryTiles(hashes);
        assert_eq!(now(root_at(&tiles, &tenant(), size)).unwrap(), checkpoint.root);
    }
}

#[test]
fn every_pair_of_checkpoints_is_consistent_and_every_entry_is_in_each() {
    let checkpoints = checkpoints();
    let hashes = tile_hashes(15);
    let tiles = MemoryTiles(hashes.clone());
    for newer in &checkpoints {
        for older in &checkpoints[..=usize::try_from(newer.size).unwrap()] {
            let proof = now(consistency_proof(&tiles, &tenant(), older.size, newer.size)).unwrap();
            assert_eq!(
                verify_consistency(older.size, newer.size, &older.root, &newer.root, &proof),
                Ok(()),
                "{} to {}",
                older.size,
                newer.size
            );
        }
        for (index, hash) in (0..newer.size).zip(&hashes) {
            let proof = now(inclusion_proof(&tiles, &tenant(), index, newer.size)).unwrap();
            assert_eq!(verify_inclusion(hash, index, newer.size, &proof, &newer.root), Ok(()));
        }
    }
}

#[test]
fn the_newest_checkpoint_file_is_the_one_of_its_size() {
    let newest = fs::read_to_string(log().join("checkpoint")).unwrap();
    let key = [VerifierKey::parse(VKEY).unwrap()];
    let opened = open_checkpoint(&newest, &key, &Strict).unwrap();
    assert_eq!(Some(&opened), checkpoints().iter().find(|c| c.size == opened.size));
}
