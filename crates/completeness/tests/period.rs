//! The runs of a period: none left out, tied to the ledger's root.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use audit_evidence::{CompactRange, verify_range};
use common::{at, of_run};
use completeness::{Completeness, Population, PopulationCount};
use proptest::prelude::*;
use store_traits::{Head, Period, RecordedFact};

fn head(facts: &[RecordedFact]) -> Head {
    let mut tree = CompactRange::new();
    facts.iter().for_each(|fact| tree.append(fact.leaf_hash, &mut |_| {}));
    tree.head()
}

fn count(facts: &[RecordedFact], period: Period, head: &Head) -> Population {
    let mut count = PopulationCount::new(period);
    for fact in facts {
        count.leaf(fact.seq, fact.leaf_hash).unwrap();
        count.fact(fact);
    }
    count.finish(head)
}

fn facts() -> Vec<RecordedFact> {
    vec![
        of_run(0, "early", "run.started", "{}"),
        of_run(1, "early", "run.completed", "{}"),
        of_run(2, "open", "run.started", "{}"),
        of_run(3, "closed", "run.step", "{}"),
        of_run(4, "nobody", "audit.expectation", "{}"),
        of_run(5, "closed", "run.aborted", "{}"),
        // It began before its first entry.
        of_run(
            6,
            "late",
            "run.step",
            r#"{"view":{"class":"other","started_at":"2026-01-01T00:00:02Z"}}"#,
        ),
    ]
}

#[test]
fn every_run_that_began_in_the_period_is_closed_or_named_as_open() {
    let facts = facts();
    let period = Period { since: Some(at("00:00:02")), until: Some(at("00:00:04")) };
    let population = count(&facts, period, &head(&facts));
    let runs: Vec<_> = population.runs.iter().map(|run| run.run_id.as_str()).collect();
    assert_eq!(runs, ["open", "late", "closed"]);
    let entries: Vec<_> = population.runs.iter().map(|run| run.entries).collect();
    assert_eq!(entries, [1, 1, 2]);
    let open: Vec<_> = population.open().map(|run| run.run_id.as_str()).collect();
    assert_eq!(open, ["open", "late"]);
    assert!(population.whole());
    assert_eq!(population.completeness(), Completeness::Partial);
}

#[test]
fn an_entry_that_was_changed_or_left_out_shows_in_the_root() {
    let mut changed = facts();
    let head = head(&changed);
    changed[4] = of_run(4, "nobody", "audit.expectation", r#"{"x":1}"#);
    let population = count(&changed, Period::default(), &head);
    assert!(!population.whole());
    assert_eq!(population.completeness(), Completeness::Incomplete);
    let cut = count(&facts()[..6], Period::default(), &head);
    assert!(!cut.whole(), "the tail was cut");
    let mut gap = PopulationCount::new(Period::default());
    assert!(gap.leaf(1, changed[1].leaf_hash).is_err());
}

#[test]
fn a_run_that_says_no_time_is_in_no_period_and_is_named() {
    let body = r#"{"view":{"class":"mcp","time":"not_recorded"}}"#;
    let facts = [of_run(0, "timeless", "run.step", body)];
    let population = count(&facts, Period::default(), &head(&facts));
    assert_eq!((population.runs.len(), population.untimed.len()), (0, 1));
    assert_eq!(population.completeness(), Completeness::Partial);
}

#[test]
fn a_period_without_runs_is_known_to_have_none() {
    let facts = facts();
    let period = Period { since: Some(at("12:00:00")), until: None };
    let population = count(&facts, period, &head(&facts));
    assert_eq!((population.runs.len(), population.completeness()), (0, Completeness::Complete));
}

proptest! {
    #[test]
    fn the_range_proof_of_a_population_verifies_and_every_run_is_counted_once(
        runs in proptest::collection::vec(0_u8..6, 1..40)
    ) {
        let facts: Vec<RecordedFact> = runs
            .iter()
            .zip(0..)
            .map(|(run, seq)| of_run(seq, &format!("r{run}"), "run.step", "{}"))
            .collect();
        let population = count(&facts, Period::default(), &head(&facts));
        let leaves: Vec<_> = facts.iter().map(|fact| fact.leaf_hash).collect();
        let proof = population.range_proof().unwrap();
        prop_assert!(verify_range(&proof, &leaves, &population.root).is_ok());
        let mut distinct = runs.clone();
        distinct.sort_unstable();
        distinct.dedup();
        prop_assert_eq!(population.runs.len(), distinct.len());
    }
}
