//! Callers of one tenant share commits: in every interleaving, with every caller dropped at every
//! point, and with a store that fails, each learns what became of its own drafts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use audit_evidence::{Outcome, RecordError, Recorder, Trust, verify_inclusion, verify_ledger};
use common::facts::{Counting, Noon, draft};
use common::stepping::{Failure, Hand, Stepping};
use common::{Strict, now, tenant};
use proptest::prelude::*;
use store_traits::{Draft, FactKind, LedgerStore, StoreError, TenantId};

type Result = std::result::Result<Vec<Outcome>, RecordError>;

fn store() -> (Arc<Stepping>, Recorder) {
    let store = Arc::new(Stepping::default());
    let recorder = recorder(&store, 0);
    (store, recorder)
}

fn recorder(store: &Arc<Stepping>, entropy: u64) -> Recorder {
    let ledger: Arc<dyn LedgerStore> = Arc::<Stepping>::clone(store);
    Recorder::new(ledger, Arc::new(Noon), Arc::new(Counting::from(entropy << 32)))
}

fn one(key: &str) -> Vec<Draft> {
    vec![draft(key, "text")]
}

/// What is in the ledger, by key: the sequence number.
fn places(store: &Stepping) -> BTreeMap<String, u64> {
    store
        .inner
        .tables(&tenant(), |t| t.keys.iter().map(|(k, known)| (k.clone(), known.seq)).collect())
}

#[track_caller]
fn holds(store: &Stepping) {
    let trust = Trust { keys: &[], verifier: &Strict, origin: "logs.test/tenant" };
    let report = now(verify_ledger(&store.inner, &tenant(), &trust, &|_| {})).unwrap();
    assert_eq!(report.findings, []);
}

fn run<F: Future>(future: F) -> F::Output {
    let mut hand = Hand::new();
    hand.add(future);
    hand.finish();
    hand.results.pop().flatten().unwrap()
}

#[test]
fn callers_that_come_at_once_or_while_a_commit_runs_share_one() {
    let (store, recorder) = store();
    let name = tenant();
    // The first call learns the secret, so that the others are in the lane at once.
    run(recorder.record(&name, &one("first"))).unwrap();
    let before = (store.commits.load(SeqCst), store.lookups.load(SeqCst), store.heads.load(SeqCst));
    store.shut.store(true, SeqCst);
    let mut hand = Hand::new();
    for n in 0..64 {
        hand.add(recorder.record_owned(&name, one(&format!("key-{n}"))));
    }
    // 32 are there when the first of them takes its group; the others come while it commits.
    hand.poll_each(0..32);
    for _ in 0..10 {
        hand.poll(0);
    }
    hand.poll_each(32..64);
    store.shut.store(false, SeqCst);
    hand.finish();
    for (at, result) in hand.results.iter().enumerate() {
        let seq = at as u64 + 1;
        let outcomes = result.as_ref().unwrap().as_ref().unwrap();
        assert!(matches!(outcomes[..], [Outcome::Recorded { seq: s, .. }] if s == seq));
    }
    let after = (store.commits.load(SeqCst), store.lookups.load(SeqCst), store.heads.load(SeqCst));
    // One for the first half and one for the second; the head is remembered.
    assert_eq!((after.0 - before.0, after.1 - before.1, after.2 - before.2), (2, 2, 0));
    assert_eq!(store.secrets.load(SeqCst), 1);
    holds(&store);
}

#[test]
fn callers_that_come_again_at_once_keep_sharing() {
    let (store, recorder) = store();
    let name = tenant();
    let (recorder, name) = (&recorder, &name);
    let mut hand = Hand::new();
    for caller in 0..64 {
        hand.add(async move {
            for n in 0..10 {
                recorder.record_owned(name, one(&format!("key-{caller}-{n}"))).await.unwrap();
            }
        });
    }
    hand.finish();
    let commits = store.commits.load(SeqCst);
    assert!((10..=12).contains(&commits), "{commits} commits for ten rounds of 64 callers");
    assert_eq!(places(&store).len(), 640);
    holds(&store);
}

#[test]
fn a_shared_commit_has_bounds_that_one_call_may_pass() {
    let (store, recorder) = store();
    let name = tenant();
    run(recorder.record(&name, &one("first"))).unwrap();
    let commits = store.commits.load(SeqCst);
    let many = |from: usize, to: usize| {
        (from..to).map(|n| draft(&format!("key-{n}"), "text")).collect::<Vec<_>>()
    };
    let mut hand = Hand::new();
    store.shut.store(true, SeqCst);
    for (from, to) in [(0, 1), (1, 601), (601, 1_001), (1_001, 1_002), (1_002, 2_500)] {
        hand.add(recorder.record_owned(&name, many(from, to)));
        hand.poll(hand.len() - 1);
    }
    for _ in 0..10 {
        hand.poll(0);
    }
    store.shut.store(false, SeqCst);
    hand.finish();
    // 1 and 600 together; 400 and 1; the last is larger than the bound and goes alone.
    assert_eq!(store.commits.load(SeqCst) - commits, 3);
    assert_eq!(places(&store).len(), 2_501);
    holds(&store);
}

#[test]
fn the_first_truth_wins_among_the_callers_of_one_commit() {
    let (store, recorder) = store();
    let name = tenant();
    run(recorder.record(&name, &one("first"))).unwrap();
    store.shut.store(true, SeqCst);
    let calls = [
        one("leader"),
        vec![draft("a", "1"), draft("b", "1")],
        vec![draft("b", "2"), draft("a", "1"), draft("c", "1")],
        vec![draft("large", &"x".repeat(70_000)), draft("d", "1")],
        vec![Draft { kind: FactKind::parse(""), ..draft("kindless", "1") }, draft("c", "1")],
    ];
    let mut hand = Hand::new();
    for call in calls {
        hand.add(recorder.record_owned(&name, call));
        hand.poll(hand.len() - 1);
    }
    store.shut.store(false, SeqCst);
    hand.finish();
    let seqs: Vec<Vec<(char, u64)>> = hand
        .results
        .iter()
        .map(|result| {
            let short = |outcome: &Outcome| match outcome {
                Outcome::Recorded { seq, .. } => ('r', *seq),
                Outcome::Duplicate { seq, .. } => ('d', *seq),
                Outcome::Conflict { seq, .. } => ('c', *seq),
                Outcome::Rejected { .. } => ('x', 0),
            };
            result.as_ref().unwrap().as_ref().unwrap().iter().map(short).collect()
        })
        .collect();
    let expect: [&[(char, u64)]; 5] = [
        &[('r', 1)],
        &[('r', 2), ('r', 3)],
        &[('c', 3), ('d', 2), ('r', 4)],
        &[('x', 0), ('r', 5)],
        &[('x', 0), ('d', 4)],
    ];
    assert_eq!(seqs, expect);
    holds(&store);
}

#[test]
fn one_tenants_callers_do_not_wait_for_anothers() {
    let (store, recorder) = store();
    let other = TenantId::parse("other").unwrap();
    let name = tenant();
    let mut hand: Hand<'_, Result> = Hand::new();
    // The first tenant's leader goes no further than its first step.
    hand.add(recorder.record_owned(&name, one("a")));
    hand.poll(0);
    hand.add(recorder.record_owned(&other, one("a")));
    while hand.results[1].is_none() {
        assert!(hand.poll(1), "the other tenant's caller waits");
    }
    hand.finish();
    holds(&store);
}

#[test]
fn an_error_of_the_store_is_told_to_each_caller_and_repeating_finds_the_truth() {
    for failure in [Failure::FailAndLose, Failure::FailButKeep] {
        let (store, recorder) = store();
        let name = tenant();
        run(recorder.record(&name, &one("first"))).unwrap();
        store.failures.lock().unwrap().insert(1, failure);
        store.shut.store(true, SeqCst);
        let mut hand = Hand::new();
        for n in 0..5 {
            hand.add(recorder.record_owned(&name, one(&format!("key-{n}"))));
            hand.poll(n);
        }
        store.shut.store(false, SeqCst);
        hand.finish();
        let error: RecordError = match failure {
            Failure::FailAndLose => StoreError::Full.into(),
            Failure::FailButKeep => StoreError::Unknown { why: "the wire was cut".into() }.into(),
        };
        assert!(hand.results.iter().all(|r| r.as_ref().unwrap().as_ref() == Err(&error)));
        for n in 0..5 {
            let again = run(recorder.record(&name, &one(&format!("key-{n}")))).unwrap();
            let kept = matches!(again[0], Outcome::Duplicate { .. });
            assert_eq!(kept, failure == Failure::FailButKeep);
        }
        assert_eq!(places(&store).len(), 6);
        holds(&store);
    }
}

/// Drops the leader after each number of polls: the others' outcomes are as if it had lived.
#[test]
fn a_leader_that_is_dropped_at_any_point_strands_nobody() {
    for polls in 0..20 {
        let (store, recorder) = store();
        let name = tenant();
        run(recorder.record(&name, &one("first"))).unwrap();
        let mut hand = Hand::new();
        for n in 0..4 {
            hand.add(recorder.record_owned(&name, one(&format!("key-{n}"))));
        }
        // The first leads for the second; the others come while it commits.
        hand.poll_each(0..2);
        for at in 0..polls {
            hand.poll(0);
            if at == 1 {
                hand.poll_each(2..4);
            }
        }
        let lived = hand.results[0].is_some();
        hand.cancel(0);
        hand.finish();
        for (at, result) in hand.results.iter().enumerate().skip(usize::from(!lived)) {
            let outcomes = result.as_ref().unwrap().as_ref().unwrap();
            let key = format!("key-{at}");
            assert!(
                matches!(&outcomes[..], [Outcome::Recorded { seq, .. }] if places(&store)[&key] == *seq),
                "{polls} polls: {outcomes:?}"
            );
        }
        holds(&store);
        assert!(polls < 19 || lived, "the walk did not reach the end");
    }
}

/// Drops a caller that waits, at each moment of the commit before it and of its own.
#[test]
fn a_waiting_caller_that_is_dropped_takes_only_its_own_drafts_along() {
    for polls in 0..20 {
        let (store, recorder) = store();
        let name = tenant();
        run(recorder.record(&name, &one("first"))).unwrap();
        let mut hand = Hand::new();
        for n in 0..4 {
            hand.add(recorder.record_owned(&name, one(&format!("key-{n}"))));
        }
        hand.poll_each(0..4);
        for _ in 0..polls {
            // The one that waits is never polled again, also when it is woken.
            hand.poll_each([0, 1, 3]);
        }
        hand.cancel(2);
        hand.finish();
        for at in [0, 1, 3] {
            let outcomes = hand.results[at].as_ref().unwrap().as_ref().unwrap();
            assert!(matches!(outcomes[..], [Outcome::Recorded { .. }]), "{outcomes:?}");
        }
        let again = run(recorder.record(&name, &one("key-2"))).unwrap();
        assert!(matches!(again[..], [Outcome::Recorded { .. } | Outcome::Duplicate { .. }]));
        assert_eq!(places(&store).len(), 5);
        holds(&store);
    }
}

#[test]
fn a_full_commit_is_made_ready_behind_the_one_ahead_and_knows_its_keys() {
    let (store, recorder) = store();
    let (name, recorder) = (tenant(), recorder.sharing(2));
    run(recorder.record(&name, &one("first"))).unwrap();
    let before = (store.commits.load(SeqCst), store.lookups.load(SeqCst), store.heads.load(SeqCst));
    let done = |store: &Stepping| {
        (store.commits.load(SeqCst) - before.0, store.lookups.load(SeqCst) - before.1)
    };
    store.shut.store(true, SeqCst);
    let mut hand = Hand::new();
    hand.add(recorder.record_owned(&name, vec![draft("a", "1"), draft("b", "1")]));
    hand.add(recorder.record_owned(&name, one("c")));
    hand.add(recorder.record_owned(&name, vec![draft("b", "1"), draft("a", "2")]));
    hand.add(recorder.record_owned(&name, vec![draft("d", "1"), draft("c", "2"), draft("b", "1")]));
    for _ in 0..10 {
        hand.poll_each(0..2);
    }
    assert_eq!(done(&store), (1, 1), "one draft alone waits for others to share a commit with");
    for _ in 0..10 {
        hand.poll_each(0..4);
    }
    assert_eq!(done(&store), (1, 2), "enough wait: the next commit is made ready");
    store.shut.store(false, SeqCst);
    hand.finish();
    let outcomes: Vec<_> =
        hand.results.iter().map(|result| result.as_ref().unwrap().as_ref().unwrap()).collect();
    assert!(matches!(
        outcomes[0][..],
        [Outcome::Recorded { seq: 1, .. }, Outcome::Recorded { seq: 2, .. }]
    ));
    assert!(matches!(outcomes[1][..], [Outcome::Recorded { seq: 3, .. }]));
    assert!(matches!(
        outcomes[2][..],
        [Outcome::Duplicate { seq: 2, .. }, Outcome::Conflict { seq: 1, .. }]
    ));
    assert!(matches!(
        outcomes[3][..],
        [
            Outcome::Recorded { seq: 4, .. },
            Outcome::Conflict { seq: 3, .. },
            Outcome::Duplicate { seq: 2, .. }
        ]
    ));
    assert_eq!(store.heads.load(SeqCst), before.2, "the head ahead is known");
    holds(&store);
}

/// Each of three callers with a commit of its own is dropped after each number of rounds, and the commit
/// ahead fails or not: those behind it go on from what is really there.
#[test]
fn a_commit_behind_one_that_fails_or_is_dropped_stands_on_what_is_there() {
    for (gone, rounds) in (0..3).flat_map(|gone| (0..24).map(move |rounds| (gone, rounds))) {
        for failure in [None, Some(Failure::FailAndLose), Some(Failure::FailButKeep)] {
            let (store, recorder) = store();
            let (name, recorder) = (tenant(), recorder.sharing(1));
            run(recorder.record(&name, &one("first"))).unwrap();
            store.failures.lock().unwrap().extend(failure.map(|failure| (1, failure)));
            let mut hand = Hand::new();
            for n in 0..4 {
                let drafts = vec![draft(&format!("key-{n}"), "text"), draft("shared", "text")];
                hand.add(recorder.record_owned(&name, drafts));
            }
            for _ in 0..rounds {
                hand.poll_each(0..4);
            }
            let lived = hand.results[gone].is_some();
            hand.cancel(gone);
            hand.finish();
            for (at, result) in hand.results.iter().enumerate() {
                let told = result.as_ref().and_then(|told| told.as_ref().ok());
                assert!(told.is_some() || at == gone && !lived || failure.is_some());
                let Some([Outcome::Recorded { seq, .. }, _]) = told.map(|told| &told[..]) else {
                    continue;
                };
                assert_eq!(places(&store)[&format!("key-{at}")], *seq);
            }
            for n in 0..4 {
                run(recorder.record(&name, &one(&format!("key-{n}")))).unwrap();
            }
            assert_eq!(places(&store).len(), 6);
            holds(&store);
        }
    }
}

#[test]
fn a_receipt_proves_new_and_old_entries_in_the_tree_of_its_commit() {
    let (store, recorder) = store();
    let name = tenant();
    let old: Vec<_> = (0..300).map(|n| draft(&format!("old-{n}"), "text")).collect();
    run(recorder.record(&name, &old)).unwrap();
    let drafts = vec![
        draft("new-0", "text"),
        draft("old-7", "text"),
        draft("old-7", "other"),
        draft("new-1", "text"),
        draft("new-0", "text"),
    ];
    let receipts = run(recorder.record_with_proofs(&name, drafts)).unwrap();
    assert_eq!(receipts.head, store.inner.tables(&name, |t| t.head()));
    let seqs: Vec<_> = receipts.proofs.iter().map(|p| p.as_ref().map(|p| p.seq)).collect();
    assert_eq!(seqs, [Some(300), Some(7), None, Some(301), Some(300)]);
    for proof in receipts.proofs.iter().flatten() {
        let leaf = store.inner.tables(&name, |t| t.entries[&proof.seq].leaf_hash.clone());
        assert_eq!(proof.leaf_hash.as_bytes()[..], leaf[..]);
        let (size, root) = (receipts.head.size, &receipts.head.root);
        verify_inclusion(&proof.leaf_hash, proof.seq, size, &proof.hashes, root).unwrap();
    }
    // Another process commits; a recorder that remembers the head before still proves duplicates.
    run(self::recorder(&store, 1).record(&name, &one("elsewhere"))).unwrap();
    let receipts = run(recorder.record_with_proofs(&name, one("elsewhere"))).unwrap();
    assert!(matches!(receipts.outcomes[..], [Outcome::Duplicate { seq: 302, .. }]));
    assert_eq!((receipts.head.size, receipts.proofs[0].as_ref().unwrap().seq), (303, 302));
}

#[derive(Debug, Clone)]
enum Act {
    Poll(usize),
    Cancel(usize),
}

/// Drafts of a call: `(key, content)`.
type Calls = Vec<Vec<(u8, u8)>>;

/// With how many drafts share a commit.
fn scripts() -> impl Strategy<Value = (Calls, Vec<Act>, Vec<(usize, bool)>, usize)> {
    let calls = prop::collection::vec(prop::collection::vec((0..8_u8, 0..2_u8), 1..4), 1..10);
    let acts = prop::collection::vec(
        prop_oneof![9 => (0..10_usize).prop_map(Act::Poll), 1 => (0..10_usize).prop_map(Act::Cancel)],
        0..200,
    );
    let shared = prop::sample::select(vec![1, 2, 4, 1_000]);
    (calls, acts, prop::collection::vec((0..8_usize, any::<bool>()), 0..3), shared)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Two recorders stand for two processes; calls alternate between them. Where few drafts share a
    /// commit, the next one is made ready behind it.
    #[test]
    fn in_any_interleaving_each_caller_learns_the_truth((calls, acts, failures, shared) in scripts()) {
        let (store, first) = store();
        let (first, second) = (first.sharing(shared), recorder(&store, 1).sharing(shared));
        let name = tenant();
        store.failures.lock().unwrap().extend(failures.into_iter().map(|(at, keep)| {
            (at, if keep { Failure::FailButKeep } else { Failure::FailAndLose })
        }));
        let drafts = |call: &[(u8, u8)]| -> Vec<Draft> {
            call.iter().map(|(k, c)| draft(&format!("key-{k}"), &format!("text-{c}"))).collect()
        };
        let mut hand = Hand::new();
        for (at, call) in calls.iter().enumerate() {
            let recorder = if at % 3 == 2 { &second } else { &first };
            hand.add(recorder.record_owned(&name, drafts(call)));
        }
        for act in acts {
            match act {
                Act::Poll(at) if at < calls.len() => hand.poll_each([at]),
                Act::Cancel(at) if at < calls.len() => hand.cancel(at),
                Act::Poll(_) | Act::Cancel(_) => {}
            }
        }
        hand.finish();
        store.failures.lock().unwrap().clear();

        let mut recorded = BTreeMap::new();
        for (call, result) in calls.iter().zip(&hand.results) {
            let Some(Ok(outcomes)) = result else { continue };
            prop_assert_eq!(outcomes.len(), call.len());
            let mut last = None;
            for ((key, _), outcome) in call.iter().zip(outcomes) {
                let key = format!("key-{key}");
                let at = places(&store)[&key];
                match outcome {
                    Outcome::Recorded { seq, .. } => {
                        prop_assert_eq!(*seq, at);
                        prop_assert!(last.is_none_or(|last| last < *seq), "out of order");
                        last = Some(*seq);
                        prop_assert!(recorded.insert(key, *seq).is_none(), "recorded twice");
                    }
                    Outcome::Duplicate { seq, .. } | Outcome::Conflict { seq, .. } => {
                        prop_assert_eq!(*seq, at);
                    }
                    Outcome::Rejected { reason } => prop_assert!(false, "{}", reason),
                }
            }
        }
        // Who learnt nothing repeats, and then everything of everybody is there once.
        for call in &calls {
            let again = run(first.record(&name, &drafts(call))).unwrap();
            prop_assert_eq!(again.len(), call.len());
        }
        let keys: std::collections::BTreeSet<_> = calls.iter().flatten().map(|(key, _)| key).collect();
        prop_assert_eq!(places(&store).len(), keys.len());
        holds(&store);
    }
}
