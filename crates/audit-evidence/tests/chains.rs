//! Chains of evidence, jobs, and what follows from a verification.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use audit_evidence::{
    ChainError, ChainSubject, EvidenceChain, IntegrityFacts, IntegrityState, JobDisorder, JobState,
    jobs, range_proof,
};
use common::words::{second, word, word_of};
use common::{MemoryTiles, now, recorded, reference_root, tenant};
use proptest::prelude::*;
use store_traits::{Durability, LedgerStore, Period, RecordedFact};

fn ledger() -> Vec<RecordedFact> {
    (0..40).map(|seq| word_of(seq, if seq % 7 < 3 { "a" } else { "b" }, "run.step", "{}")).collect()
}

fn proofs(chain: &EvidenceChain, tiles: &MemoryTiles) -> Vec<audit_evidence::RangeProof> {
    let size = tiles.0.len() as u64;
    let prove = |stretch: std::ops::Range<u64>| {
        now(range_proof(tiles, &tenant(), stretch.start, stretch.end, size)).unwrap()
    };
    chain.stretches().into_iter().map(prove).collect()
}

#[test]
fn a_chain_is_proved_by_one_range_proof_a_stretch() {
    let facts = ledger();
    let tiles = MemoryTiles(facts.iter().map(|fact| fact.leaf_hash).collect());
    let root = reference_root(&tiles.0);
    let period = Period { since: Some(second(5)), until: Some(second(9)) };
    let subjects = [
        (ChainSubject::Run("a".into()), 18),
        (ChainSubject::Incident("inc-b".into()), 22),
        (ChainSubject::Actor("agent-a".into()), 18),
        (ChainSubject::Period(period), 4),
        (ChainSubject::Run("nobody".into()), 0),
    ];
    for (subject, links) in subjects {
        let chain = EvidenceChain::collect(subject, facts.iter().rev());
        assert_eq!(chain.links.len(), links, "{}", chain.subject);
        assert!(chain.links.is_sorted_by_key(|link| link.seq));
        chain.verify(&proofs(&chain, &tiles), 40, &root).unwrap();
    }
}

#[test]
fn a_link_that_was_changed_taken_away_or_moved_is_not_proved() {
    let facts = ledger();
    let tiles = MemoryTiles(facts.iter().map(|fact| fact.leaf_hash).collect());
    let root = reference_root(&tiles.0);
    let chain = EvidenceChain::collect(ChainSubject::Run("a".into()), &facts);
    let proofs = proofs(&chain, &tiles);
    let mut changed = chain.clone();
    changed.links[1].leaf_hash = changed.links[0].leaf_hash;
    assert!(matches!(changed.verify(&proofs, 40, &root), Err(ChainError::NotProved { .. })));
    let mut shorter = chain.clone();
    shorter.links.pop();
    assert!(matches!(shorter.verify(&proofs, 40, &root), Err(ChainError::OtherEntries { .. })));
    assert!(matches!(chain.verify(&proofs[1..], 40, &root), Err(ChainError::Count { .. })));
    assert!(chain.verify(&proofs, 41, &root).is_err(), "another tree");
}

#[test]
fn integrity_is_what_the_verification_found() {
    let memory = recorded::recorded();
    let head = now(memory.head(&tenant())).unwrap();
    let report = recorded::verify(&memory);
    let facts = IntegrityFacts::of(&report, &head);
    assert_eq!((facts.entries, facts.size, facts.signed_size), (600, 600, 400));
    assert_eq!(facts.state(), IntegrityState::VerifiedInPart, "the tail is not signed");
    memory.tables(&tenant(), |t| t.entries.get_mut(&7).unwrap().bytes[20] ^= 1);
    let facts = IntegrityFacts::of(&recorded::verify(&memory), &head);
    assert_eq!(facts.state(), IntegrityState::Differs);
    assert!(facts.findings > 0);
    assert_eq!(memory.durability(), Durability::Volatile);
}

fn job(seq: u64, event: &str, rest: &str) -> RecordedFact {
    word(seq, &format!("job.{event}"), &format!(r#"{{"job":"j"{rest}}}"#))
}

#[test]
fn progress_and_estimate_come_from_recorded_times() {
    let mut facts = vec![
        job(0, "queued", ""),
        job(10, "started", ""),
        job(20, "progress", r#","done":1,"total":4"#),
    ];
    let (found, _) = jobs(&facts);
    let found = &found["j"];
    assert_eq!((found.state, found.thousandths()), (JobState::Running, Some(250)));
    assert_eq!(found.done_at(), Some(second(50)));
    facts.push(job(30, "retried", ""));
    assert_eq!(jobs(&facts).0["j"].done_at(), None, "it waits");
    facts.push(job(40, "started", ""));
    assert_eq!(jobs(&facts).0["j"].done_of, Some((0, 4)));
    facts.push(job(50, "completed", ""));
    let (found, _) = jobs(&facts);
    let found = &found["j"];
    assert_eq!((found.state, found.attempts), (JobState::Completed, 2));
    assert_eq!((found.thousandths(), found.findings.len()), (Some(1_000), 0));
}

#[test]
fn what_does_not_fit_in_a_job_is_told() {
    let facts = [
        job(0, "progress", r#","done":1,"total":4"#),
        job(1, "started", ""),
        job(2, "progress", r#","done":3"#),
        job(3, "progress", r#","done":2"#),
        job(4, "progress", r#","done":9"#),
        job(5, "progress", ""),
        job(6, "cancelled", ""),
        job(7, "completed", ""),
        word(8, "job.started", "{}"),
    ];
    let (found, nameless) = jobs(&facts);
    let told: Vec<_> =
        found["j"].findings.iter().map(|finding| (finding.seq, finding.what)).collect();
    let expect = [
        (0, JobDisorder::NotStarted),
        (3, JobDisorder::Backwards),
        (4, JobDisorder::MoreThanAll),
        (5, JobDisorder::NoCount),
        (7, JobDisorder::AlreadyEnded),
    ];
    assert_eq!(told, expect);
    assert_eq!(found["j"].state, JobState::Cancelled);
    assert_eq!(nameless[0].to_string(), "entry 8 names no job");
}

proptest! {
    #[test]
    fn no_count_makes_an_estimate_panic(
        done in any::<u64>(), total in any::<u64>(), from in 0_u64..1_000_000, to in 0_u64..1_000_000
    ) {
        let facts = [
            job(from, "started", ""),
            job(to, "progress", &format!(r#","done":"{done}","total":"{total}""#)),
        ];
        let (found, _) = jobs(&facts);
        let found = &found["j"];
        prop_assert_eq!(found.done_of, Some((done, total)));
        prop_assert!(found.thousandths().is_none_or(|part| part <= 1_000));
        prop_assert!(found.done_at().is_none_or(|at| at >= found.last_at));
    }
}
