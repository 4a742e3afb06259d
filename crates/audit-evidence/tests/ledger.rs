//! Recording over a ledger in memory: what is the same, and what conflicts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::sync::Arc;

use audit_evidence::Outcome;
use common::facts::{Noon, draft};
use common::recorded::{recorded, recorder, verify};
use common::{now, tenant};
use store_traits::test_support::MemoryLedger;
use store_traits::{Clock, Digest, Head, IdempotencyKey, SealedBatch, Value};

#[test]
fn what_was_recorded_holds() {
    let memory = recorded();
    let report = verify(&memory);
    assert_eq!(report.findings, []);
    assert_eq!((report.entries, report.checkpoints, report.signed_size), (600, 1, 400));
    assert_eq!(report.root, Some(memory.tables(&tenant(), |t| t.head().root)));
    assert_eq!(
        memory.tables(&tenant(), |t| t.subtrees.len()),
        2,
        "600 leaves have two complete subtrees"
    );
}

#[test]
fn the_same_fact_is_a_duplicate_and_another_with_its_key_a_conflict() {
    let memory = recorded();
    let recorder = recorder(&memory);
    let drafts = [
        draft("key-5", "text"),
        draft("key-5", "other"),
        draft("new", "a"),
        draft("new", "a"),
        draft("new", "b"),
    ];
    let outcomes = now(recorder.record(&tenant(), &drafts)).unwrap();
    assert!(matches!(outcomes[0], Outcome::Duplicate { seq: 5, .. }));
    assert!(matches!(outcomes[1], Outcome::Conflict { seq: 5, .. }));
    assert!(matches!(outcomes[2], Outcome::Recorded { seq: 600, .. }));
    assert!(matches!(outcomes[3], Outcome::Duplicate { seq: 600, .. }));
    assert!(matches!(outcomes[4], Outcome::Conflict { seq: 600, .. }));
    assert_eq!(verify(&memory).findings, []);
}

#[test]
fn a_newer_view_of_the_same_record_is_the_same_fact() {
    let memory = Arc::new(MemoryLedger::default());
    let recorder = recorder(&memory);
    let viewed = |mapping: &str| {
        let mut draft = draft("k", "text");
        draft.body.insert("view", mapping.into());
        draft
    };
    now(recorder.record(&tenant(), &[viewed("genai/1")])).unwrap();
    let outcomes = now(recorder.record(&tenant(), &[viewed("genai/2")])).unwrap();
    assert!(matches!(outcomes[0], Outcome::Duplicate { .. }));
}

#[test]
fn a_batch_on_a_stale_head_is_sealed_again_and_the_first_truth_wins() {
    // The faster writer's batch, sealed on the same head, holds the same key.
    let elsewhere = Arc::new(MemoryLedger::default());
    now(recorder(&elsewhere).record(&tenant(), &[draft("shared", "first")])).unwrap();
    let memory = Arc::new(MemoryLedger::default());
    let faster = elsewhere.tables(&tenant(), |t| {
        let entry = t.entries[&0].clone();
        let known = t.keys["shared"].clone();
        SealedBatch {
            tenant: tenant(),
            on_size: 0,
            on_root: Head::empty().root,
            entries: vec![store_traits::SealedEntry {
                seq: 0,
                id: known.id,
                key: IdempotencyKey::parse("shared").unwrap(),
                fingerprint: known.fingerprint,
                leaf_hash: Digest::try_from(entry.leaf_hash.as_slice()).unwrap(),
                bytes: entry.bytes,
                fact: Value::Null,
            }],
            contents: t.contents.clone(),
            subtrees: Vec::new(),
            head: t.head(),
            recorded_at: Noon.now(),
        }
    });
    memory.tables(&tenant(), |t| t.faster.push(faster));
    let drafts = [draft("shared", "second"), draft("own", "x")];
    let outcomes = now(recorder(&memory).record(&tenant(), &drafts)).unwrap();
    assert!(matches!(outcomes[0], Outcome::Conflict { seq: 0, .. }));
    assert!(matches!(outcomes[1], Outcome::Recorded { seq: 1, .. }));
    assert_eq!(verify(&memory).findings, []);
}

#[test]
fn a_fact_that_is_too_large_is_rejected_and_the_others_are_recorded() {
    let memory = Arc::new(MemoryLedger::default());
    let large = draft("large", &"x".repeat(70_000));
    let outcomes = now(recorder(&memory).record(&tenant(), &[large, draft("small", "x")])).unwrap();
    assert!(matches!(&outcomes[0], Outcome::Rejected { reason } if reason.contains("65535")));
    assert!(matches!(outcomes[1], Outcome::Recorded { seq: 0, .. }));
}
