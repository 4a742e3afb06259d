//! Expectations against acknowledgements: all outcomes, from recorded times alone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use audit_evidence::{
    ReconcileStatus, Reconciliation, STANDARD_SET, Standing, Undertakings, standard_set,
};
use common::words::{second, word, word_of};
use store_traits::RecordedFact;

/// An expectation recorded at `seq`, due so many seconds into the day.
fn expect(seq: u64, action: &str, due: u64) -> RecordedFact {
    let deadline = second(due);
    let body = format!(r#"{{"domain":"POLICY","action":"{action}","deadline":"{deadline}"}}"#);
    word(seq, "audit.expectation", &body)
}

fn ack(seq: u64, action: &str, outcome: &str) -> RecordedFact {
    word(seq, "audit.ack", &format!(r#"{{"expectation":"POLICY/{action}","outcome":"{outcome}"}}"#))
}

fn end(seq: u64) -> RecordedFact {
    word(seq, "run.completed", "{}")
}

fn reconcile(facts: &[RecordedFact], as_of: u64) -> Reconciliation {
    let mut run = Undertakings::new("run-1");
    facts.iter().for_each(|fact| run.add(fact));
    run.reconcile(second(as_of))
}

#[track_caller]
fn check(facts: &[RecordedFact], as_of: u64, status: ReconcileStatus, codes: &[&str]) {
    let found = reconcile(facts, as_of);
    let told: Vec<&str> = found.findings.iter().map(|finding| finding.code()).collect();
    assert_eq!((found.status, told.as_slice()), (status, codes), "{:?}", found.findings);
}

use ReconcileStatus::{Complete, Incomplete, Stale};

#[test]
fn what_was_undertaken_and_done_in_time_is_complete() {
    check(&[expect(0, "x", 10), ack(5, "x", "done"), end(6)], 99, Complete, &[]);
    check(&[expect(0, "x", 5), ack(5, "x", "done"), end(6)], 99, Complete, &[]);
}

#[test]
fn what_was_never_acknowledged_is_missing_and_after_its_deadline_late_too() {
    let facts = [expect(0, "x", 10), end(1)];
    check(&facts, 10, Incomplete, &["missing"]);
    check(&facts, 11, Incomplete, &["missing", "past_deadline"]);
    assert_eq!(reconcile(&facts, 10).expectations[0].standing, Standing::Missing);
    assert_eq!(reconcile(&facts, 11).expectations[0].standing, Standing::Overdue);
}

#[test]
fn what_nobody_undertook_and_somebody_acknowledged_is_drift() {
    let facts = [expect(0, "x", 10), ack(1, "x", "done"), ack(2, "y", "done"), end(3)];
    check(&facts, 99, Incomplete, &["drift"]);
}

#[test]
fn what_failed_is_failed_until_a_newer_word_says_otherwise() {
    let failed = [expect(0, "x", 10), ack(1, "x", "failed"), end(2)];
    check(&failed, 99, Incomplete, &["failed"]);
    let mended = [expect(0, "x", 10), ack(1, "x", "failed"), ack(3, "x", "done"), end(4)];
    check(&mended, 99, Complete, &[]);
}

#[test]
fn an_acknowledgement_recorded_after_the_deadline_is_past_it() {
    let facts = [expect(0, "x", 10), ack(11, "x", "done"), end(12)];
    check(&facts, 12, Incomplete, &["past_deadline"]);
    assert_eq!(reconcile(&facts, 12).expectations[0].standing, Standing::DoneLate);
}

#[test]
fn an_expectation_without_a_deadline_is_invalid() {
    let bodies = [
        r#"{"domain":"POLICY","action":"x"}"#,
        r#"{"domain":"POLICY","action":"x","deadline":"soon"}"#,
    ];
    for body in bodies {
        let facts = [word(0, "audit.expectation", body), ack(1, "x", "done"), end(2)];
        check(&facts, 99, Incomplete, &["invalid"]);
    }
    let nameless = [word(0, "audit.expectation", "{}"), end(2)];
    check(&nameless, 99, Incomplete, &["invalid", "nothing_expected"]);
}

#[test]
fn a_run_that_was_never_finalised_is_stale_once_its_time_has_passed() {
    let open = [word(0, "run.started", "{}"), expect(1, "trace.complete", 10), expect(2, "x", 50)];
    check(&open, 10, Incomplete, &["missing", "missing"]);
    check(&open, 11, Stale, &["missing", "past_deadline", "missing", "stale"]);
    let claimed =
        [open[0].clone(), expect(1, "trace.complete", 10), ack(5, "trace.complete", "done")];
    let found = reconcile(&claimed, 11);
    assert_eq!(found.status, Stale);
    assert!(found.findings[0].to_string().ends_with("(entry 5 says that it was)"));
    let other = [open[0].clone(), expect(1, "x", 10), ack(2, "x", "done")];
    check(&other, 11, Stale, &["stale"]);
}

#[test]
fn acknowledgements_of_an_unknown_run_and_unreadable_ones_are_told() {
    check(&[ack(0, "x", "done")], 1, Incomplete, &["drift", "nothing_expected", "unknown_run"]);
    let vague = word(1, "audit.ack", r#"{"expectation":"POLICY/x","outcome":"maybe"}"#);
    let nameless = word(2, "audit.ack", r#"{"outcome":"done"}"#);
    let unread = [vague.clone()];
    check(&unread, 5, Incomplete, &["unreadable_ack", "nothing_expected", "unknown_run"]);
    let facts = [expect(0, "x", 10), vague, nameless, end(3)];
    check(&facts, 5, Incomplete, &["unreadable_ack", "unreadable_ack", "missing"]);
}

#[test]
fn the_first_statement_of_an_expectation_counts() {
    let facts = [expect(0, "x", 10), expect(1, "x", 10), ack(2, "x", "done"), end(3)];
    check(&facts, 99, Complete, &[]);
    let facts = [expect(0, "x", 10), expect(1, "x", 99), ack(20, "x", "done"), end(21)];
    check(&facts, 99, Incomplete, &["restated", "past_deadline"]);
}

#[test]
fn receipts_of_recorded_facts_are_no_drift_and_a_missing_one_is_told() {
    let trace = |seq, kind: &str| word(seq, kind, r#"{"record":"trace"}"#);
    let receipt = |seq, of: u64, action: &str| {
        let body = format!(
            r#"{{"record":"trace","domain":"LOGS","action":"{action}","outcome":"recorded","fact_seq":{of}}}"#
        );
        word(seq, "audit.ack", &body)
    };
    let due = second(9);
    let body = format!(r#"{{"domain":"LOGS","action":"trace.complete","deadline":"{due}"}}"#);
    let whole = [
        word(0, "audit.expectation", &body),
        trace(1, "run.started"),
        receipt(2, 1, "trace.start"),
        trace(3, "run.aborted"),
        receipt(4, 3, "trace.abort"),
    ];
    check(&whole, 99, Complete, &[]);
    check(&whole[1..], 99, Complete, &[]);
    assert_eq!(reconcile(&whole, 99).receipts, (2, 2));
    check(&whole[..4], 5, Incomplete, &["missing", "no_receipt"]);
    let stray = [whole[1].clone(), whole[2].clone(), receipt(5, 4, "trace.step")];
    check(&stray, 99, Incomplete, &["receipt_of_nothing"]);
}

#[test]
fn facts_of_other_runs_are_left_out() {
    let facts = [
        expect(0, "x", 10),
        word_of(1, "run-2", "audit.ack", r#"{"expectation":"POLICY/x","outcome":"done"}"#),
        end(2),
    ];
    check(&facts, 5, Incomplete, &["missing"]);
}

#[test]
fn the_standard_set_reconciles_and_what_of_it_nobody_undertook_is_named() {
    let bodies = standard_set(second(0), 60_000).unwrap();
    let mut facts = vec![word(0, "run.started", "{}")];
    for (body, seq) in bodies.iter().zip(1..) {
        let mut fact = word(seq, "audit.expectation", "{}");
        if let store_traits::Value::Object(members) = &mut fact.fact {
            members.insert("body", body.clone().into());
        }
        facts.push(fact);
    }
    for ((domain, action), seq) in STANDARD_SET.iter().zip(10..) {
        let body = format!(r#"{{"domain":"{domain}","action":"{action}","outcome":"done"}}"#);
        facts.push(word(seq, "audit.ack", &body));
    }
    facts.push(end(20));
    let found = reconcile(&facts, 99);
    assert_eq!((found.status, found.not_expected.len()), (Complete, 0));
    assert_eq!(reconcile(&[expect(0, "policy.evaluate", 9)], 1).not_expected.len(), 3);
    assert_eq!(standard_set(second(0), u64::MAX), None);
}
