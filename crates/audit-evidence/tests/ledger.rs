//! Recording and verifying over a ledger in memory: what is the same, what conflicts, and what is
//! found when somebody changes what was recorded.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::sync::Arc;

use audit_evidence::{LedgerReport, Outcome, Recorder, Trust, sign_checkpoint, verify_ledger};
use common::facts::{Counting, Noon, draft};
use common::{Strict, TestKey, now, tenant};
use replay_determinism::empty_root;
use store_traits::test_support::{MemoryLedger, Tables};
use store_traits::{
    Checkpoint, Clock, Digest, Draft, FactKind, Head, IdempotencyKey, LedgerStore, Object, RunId,
    SealedBatch, Timestamp, Value,
};

fn recorder(memory: &Arc<MemoryLedger>) -> Recorder {
    let ledger: Arc<dyn LedgerStore> = Arc::<MemoryLedger>::clone(memory);
    // Another recorder of the same ledger draws other bytes: an id stands once.
    let begun = memory.tables(&tenant(), |t| !t.entries.is_empty());
    let entropy = Counting::from(if begun { 1 << 20 } else { 0 });
    Recorder::new(ledger, Arc::new(Noon), Arc::new(entropy))
}

fn key() -> TestKey {
    TestKey::new(1)
}

const ORIGIN: &str = "logs.test/tenant";

/// 600 facts in three commits, the second of them signed.
fn recorded() -> Arc<MemoryLedger> {
    let memory = Arc::new(MemoryLedger::default());
    let recorder = recorder(&memory);
    for batch in 0..3 {
        let drafts: Vec<Draft> =
            (0..200).map(|n| draft(&format!("key-{}", batch * 200 + n), "text")).collect();
        let outcomes = now(recorder.record(&tenant(), &drafts)).unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Recorded { .. })));
        if batch == 1 {
            memory.tables(&tenant(), |t| {
                let head = t.head();
                let note = sign_checkpoint(ORIGIN, &head, &key()).unwrap();
                let (size, root) = (head.size, head.root);
                t.checkpoints.push(Checkpoint { size, root, note, signed_at: Noon.now() });
            });
        }
    }
    memory
}

fn verify(memory: &MemoryLedger) -> LedgerReport {
    let keys = [key().named(ORIGIN)];
    let trust = Trust { keys: &keys, verifier: &Strict, origin: ORIGIN };
    now(verify_ledger(memory, &tenant(), &trust, &|_| {})).unwrap()
}

/// After the meddling there is a finding that says this, and the check went on to the end.
#[track_caller]
fn finds(meddle: impl FnOnce(&mut Tables), says: &str) -> LedgerReport {
    let memory = recorded();
    memory.tables(&tenant(), meddle);
    let report = verify(&memory);
    assert!(
        report.findings.iter().any(|finding| finding.what.contains(says)),
        "wanted `{says}` in {:#?}",
        report.findings
    );
    report
}

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
        draft.body.insert("view".into(), mapping.into());
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
            entries: vec![store_traits::SealedEntry {
                seq: 0,
                id: known.id,
                kind: FactKind::parse(&entry.kind),
                run_id: entry.run_id.map(|id| RunId::parse(&id).unwrap()),
                trace_id: None,
                occurred_at: Timestamp::parse(&entry.occurred_at).unwrap(),
                recorded_at: Timestamp::parse(&entry.recorded_at).unwrap(),
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

#[test]
fn edited_bytes_are_found_and_only_their_entry_is_blamed() {
    let report = finds(
        |t| {
            let entry = t.entries.get_mut(&250).unwrap();
            let text = String::from_utf8(entry.bytes.clone()).unwrap();
            entry.bytes = text.replace("\"text\"", "\"tex7\"").into_bytes();
        },
        "the ledger recorded another leaf hash",
    );
    assert!(report.findings.iter().all(|finding| finding.seq == Some(250)));
    assert_eq!((report.entries, report.root), (600, None));
}

#[test]
fn an_edit_that_forges_the_leaf_hash_too_is_found_by_its_commit() {
    let report = finds(
        |t| {
            let entry = t.entries.get_mut(&250).unwrap();
            entry.bytes = String::from_utf8(entry.bytes.clone())
                .unwrap()
                .replace("text", "tex7")
                .into_bytes();
            entry.leaf_hash = replay_determinism::leaf_hash(&entry.bytes).as_bytes().to_vec();
        },
        "their commit recorded",
    );
    assert_eq!(report.entries, 600);
}

#[test]
fn swapped_entries_are_found() {
    finds(
        |t| {
            let (mut a, mut b) = (t.entries[&10].clone(), t.entries[&11].clone());
            (a.seq, b.seq) = (11, 10);
            t.entries.insert(11, a);
            t.entries.insert(10, b);
        },
        "their commit recorded",
    );
}

#[test]
fn a_missing_entry_and_a_cut_tail_are_found() {
    finds(|t| drop(t.entries.remove(&250)), "entry 250 is missing");
    finds(|t| t.entries.retain(|seq, _| *seq < 590), "entries 590 to 599 are missing");
    // With its commits cut as well, only the signature still knows.
    finds(
        |t| {
            t.entries.retain(|seq, _| *seq < 200);
            t.contents.retain(|content| content.seq < 200);
            t.commits.retain(|size, _| *size <= 200);
        },
        "a checkpoint was signed for 400 entries, the ledger ends at 200",
    );
}

#[test]
fn an_entry_put_behind_the_end_is_found() {
    finds(
        |t| {
            let mut entry = t.entries[&599].clone();
            entry.seq = 600;
            t.entries.insert(600, entry);
        },
        "no commit speaks of the ledger's end",
    );
}

#[test]
fn edited_columns_and_subtrees_are_found() {
    finds(|t| t.entries.get_mut(&3).unwrap().kind = "audit.event".into(), "index column kind");
    finds(|t| t.subtrees[1].root = empty_root(), "the stored subtree 1 of level 1");
}

#[test]
fn forged_and_foreign_checkpoints_are_found() {
    let signed = |t: &Tables, root: Digest, key: &TestKey, origin: &str| {
        let head = Head { root, ..t.commits[&400].clone() };
        let note = sign_checkpoint(origin, &head, key).unwrap();
        Checkpoint { size: 400, root, note, signed_at: Noon.now() }
    };
    finds(
        |t| t.checkpoints[0] = signed(t, empty_root(), &TestKey::new(2), ORIGIN),
        "does not verify",
    );
    finds(|t| t.checkpoints[0] = signed(t, empty_root(), &key(), ORIGIN), "the checkpoint signed");
    finds(|t| t.checkpoints[0].size = 399, "its signed text says 400");
}

#[test]
fn meddled_contents_are_found_unless_a_fact_says_they_were_erased() {
    finds(|t| t.contents[7].bytes = b"another plan".to_vec(), "does not match its commitment");
    finds(|t| drop(t.contents.remove(7)), "is gone, and no content.erased fact names it");
    finds(|t| t.contents[7].pointer = "/body/else".into(), "never committed to");

    let memory = recorded();
    let erased = Draft {
        kind: FactKind::ContentErased,
        body: Object::from([
            ("seq".to_owned(), Value::from(7_u32)),
            ("pointer".to_owned(), "/body/prompt".into()),
        ]),
        committed: Vec::new(),
        ..draft("erased", "")
    };
    now(recorder(&memory).record(&tenant(), &[erased])).unwrap();
    memory.tables(&tenant(), |t| t.contents.retain(|content| content.seq != 7));
    assert_eq!(verify(&memory).findings, []);
}
