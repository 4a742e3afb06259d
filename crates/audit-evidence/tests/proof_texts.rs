//! Proofs as text: what is written reads back and verifies; what is bent does not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use audit_evidence::{
    CompactRange, ProofFormatError, ProofText, ProofTextError, VerifiedProof, consistency_proof,
    inclusion_proof, range_proof, sign_checkpoint,
};
use common::{MemoryTiles, Strict, TestKey, now, tenant};
use proptest::prelude::*;
use replay_determinism::leaf_hash;
use store_traits::Digest;

const ORIGIN: &str = "logs.example/acme";

fn entry(index: u64) -> Vec<u8> {
    format!("{{\"n\":{index}}}").into_bytes()
}

fn hashes(range: std::ops::Range<u64>) -> Vec<Digest> {
    range.map(|index| leaf_hash(&entry(index))).collect()
}

fn tiles() -> MemoryTiles {
    MemoryTiles(hashes(0..21))
}

fn checkpoint(origin: &str, size: u64) -> String {
    let mut range = CompactRange::new();
    hashes(0..size).into_iter().for_each(|hash| range.append(hash, &mut |_| {}));
    sign_checkpoint(origin, &range.head(), &TestKey::new(1)).unwrap()
}

fn inclusion() -> ProofText {
    let proof = now(inclusion_proof(&tiles(), &tenant(), 5, 21)).unwrap();
    let checkpoint = checkpoint(ORIGIN, 21);
    ProofText::Inclusion { entry: Some(entry(5)), index: 5, proof, checkpoint }
}

fn range() -> ProofText {
    let proof = now(range_proof(&tiles(), &tenant(), 3, 18, 21)).unwrap();
    ProofText::range(proof, Some(hashes(3..18)), checkpoint(ORIGIN, 21))
}

fn consistency() -> ProofText {
    let proof = now(consistency_proof(&tiles(), &tenant(), 13, 21)).unwrap();
    ProofText::Consistency { proof, older: checkpoint(ORIGIN, 13), newer: checkpoint(ORIGIN, 21) }
}

fn verify(proof: &ProofText) -> Result<VerifiedProof, ProofTextError> {
    proof.verify(&[TestKey::new(1).named(ORIGIN)], &Strict)
}

#[test]
fn every_kind_reads_back_verifies_and_says_what_it_proves() {
    for (proof, says) in [
        (inclusion(), "entry 5 is in the log `logs.example/acme` of 21 entries"),
        (range(), "entries 3 to 17 (15) of the log `logs.example/acme` of 21 entries are complete"),
        (
            consistency(),
            "the log `logs.example/acme` of 21 entries continues its state of 13 entries: nothing was changed or removed",
        ),
    ] {
        assert_eq!(ProofText::parse(&proof.to_string()), Ok(proof.clone()));
        assert_eq!(verify(&proof).unwrap().to_string(), says);
        let stranger = [TestKey::new(2).named(ORIGIN)];
        assert!(matches!(proof.verify(&stranger, &Strict), Err(ProofTextError::Checkpoint(_))));
    }
}

#[test]
fn no_flipped_bit_of_any_kind_verifies_as_something_else() {
    for proof in [inclusion(), range(), consistency()] {
        let (text, proved) = (proof.to_string(), verify(&proof).unwrap());
        for at in 0..text.len() * 8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at / 8] ^= 1 << (at % 8);
            let Ok(bent) = String::from_utf8(bytes) else { continue };
            if let Ok(bent) = ProofText::parse(&bent) {
                assert!(verify(&bent).is_err(), "bit {at}, proved: {proved}");
            }
        }
    }
}

/// The bytes that were handed out must be read for ever: a change here is a new version.
#[test]
fn the_texts_are_the_golden_ones() {
    for (proof, golden) in [
        (inclusion(), include_str!("vectors/proof_texts/inclusion.tlog-proof")),
        (range(), include_str!("vectors/proof_texts/range.txt")),
        (consistency(), include_str!("vectors/proof_texts/consistency.txt")),
    ] {
        assert_eq!(proof.to_string(), golden);
    }
}

#[test]
fn the_lines_are_those_of_the_documentation() {
    let first = |proof: &ProofText, count: usize| -> Vec<String> {
        proof.to_string().lines().take(count).map(str::to_owned).collect()
    };
    let lines = first(&inclusion(), 3);
    assert_eq!(lines, ["c2sp.org/tlog-proof@v1", "extra eyJuIjo1fQ==", "index 5"]);
    let lines = first(&range(), 3);
    assert_eq!(lines, ["factlog/range-proof@v1", "range 3 18", "leaves 15"]);
    assert_eq!(range().to_string().lines().nth(18), Some("left 2"));
    assert_eq!(range().to_string().lines().nth(21), Some("right 2"));
    assert_eq!(first(&consistency(), 1), ["factlog/consistency-proof@v1"]);
}

#[test]
fn proofs_without_their_leaves_want_them_given() {
    let known = [TestKey::new(1).named(ORIGIN)];
    let ProofText::Range { start, end, left, right, checkpoint, .. } = range() else { panic!() };
    let bare = ProofText::Range { start, end, leaves: None, left, right, checkpoint };
    assert_eq!(ProofText::parse(&bare.to_string()), Ok(bare.clone()));
    assert!(matches!(verify(&bare), Err(ProofTextError::NothingCarried(_))));
    assert!(bare.verify_leaves(&hashes(3..18), &known, &Strict).is_ok());
    assert!(bare.verify_leaves(&hashes(4..18), &known, &Strict).is_err());
    assert!(matches!(
        range().verify_leaves(&hashes(2..17), &known, &Strict),
        Err(ProofTextError::OtherLeaves)
    ));
    let ProofText::Inclusion { index, proof, checkpoint, .. } = inclusion() else { panic!() };
    let bare = ProofText::Inclusion { entry: None, index, proof, checkpoint };
    assert_eq!(ProofText::parse(&bare.to_string()), Ok(bare.clone()));
    assert!(verify(&bare).is_err());
    assert!(bare.verify_leaves(&hashes(5..6), &known, &Strict).is_ok());
    assert!(bare.verify_leaves(&hashes(6..7), &known, &Strict).is_err());
}

#[test]
fn checkpoints_of_two_logs_are_never_consistent() {
    let ProofText::Consistency { proof, newer, .. } = consistency() else { panic!() };
    let mixed = ProofText::Consistency { proof, older: checkpoint("other.example/x", 13), newer };
    let key = TestKey::new(1);
    let known = [key.named(ORIGIN), key.named("other.example/x")];
    assert!(matches!(mixed.verify(&known, &Strict), Err(ProofTextError::OtherLog { .. })));
}

#[test]
fn other_spellings_are_refused_with_their_line() {
    let text = range().to_string();
    for (from, to, line) in [
        ("range 3 18", "range 03 18", 2),
        ("range 3 18", "range 18 3", 2),
        ("leaves 15", "leaves 14", 3),
        ("left 2", "left 64", 19),
        ("left 2", "left 3", 22),
        ("right 2", "right 1", 24),
    ] {
        let error = ProofText::parse(&text.replace(from, to)).unwrap_err();
        assert!(
            matches!(error, ProofFormatError::Line { line: at, .. } if at == line),
            "{to}: {error}"
        );
    }
    assert!(matches!(ProofText::parse("PK\u{3}"), Err(ProofFormatError::Unknown(_))));
    let many = "A".repeat(43) + "=\n";
    let text = format!("c2sp.org/tlog-proof@v1\nindex 0\n{}\n", many.repeat(64));
    assert_eq!(ProofText::parse(&text), Err(ProofFormatError::TooManyHashes { line: 66 }));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_fall(text in "(c2sp.org/tlog-proof@v1\n|factlog/range-proof@v1\n|factlog/consistency-proof@v1\n)?(range 0 1\n|left 0\n|right 0\n|index 1\n|\n|x|—){0,8}") {
        if let Ok(proof) = ProofText::parse(&text) {
            prop_assert_eq!(proof.to_string(), text);
        }
    }
}
