//! `factlog reconcile`: what was undertaken against what became of it, at the real binary.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use support::{Place, captures};

fn recorded(lines: &[(&str, &str)]) -> Place {
    let place = Place::new();
    let line = |(kind, body): &(&str, &str)| {
        format!(
            r#"{{"kind":"{kind}","run_id":"r1","occurred_at":"2026-01-01T00:00:00Z","body":{body}}}"#
        )
    };
    let lines: Vec<String> = lines.iter().map(line).collect();
    std::fs::write(place.path("facts.jsonl"), lines.join("\n")).unwrap();
    place.run(&["import", "--tenant", "acme", "--format", "jsonl", "facts.jsonl"]).expect(0);
    place
}

#[track_caller]
fn check(lines: &[(&str, &str)], exit: i32, status: &str, codes: &[&str]) {
    let found = recorded(lines).run(&["reconcile", "r1", "--json"]).expect(exit).json();
    let findings = found["findings"].as_array().unwrap();
    let told: Vec<&str> =
        findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    assert_eq!((found["status"].as_str().unwrap(), told.as_slice()), (status, codes));
}

// Recorded times are those of the test's own run: deadlines lie far before or behind it.
const AHEAD: &str =
    r#"{"domain":"POLICY","action":"policy.evaluate","deadline":"2999-01-01T00:00:00Z"}"#;
const PAST: &str =
    r#"{"domain":"POLICY","action":"policy.evaluate","deadline":"2001-01-01T00:00:00Z"}"#;
const DONE: &str = r#"{"expectation":"POLICY/policy.evaluate","outcome":"done"}"#;
const FAILED: &str =
    r#"{"expectation":"POLICY/policy.evaluate","outcome":"failed","error":"down"}"#;
const END: (&str, &str) = ("run.completed", "{}");

#[test]
fn each_outcome_is_told() {
    let expect = |body| ("audit.expectation", body);
    let ack = |body| ("audit.ack", body);
    check(&[expect(AHEAD), ack(DONE), END], 0, "COMPLETE", &[]);
    check(&[expect(AHEAD), END], 1, "INCOMPLETE", &["missing"]);
    check(&[expect(AHEAD), ack(FAILED), END], 1, "INCOMPLETE", &["failed"]);
    check(&[expect(PAST), ack(DONE), END], 1, "INCOMPLETE", &["past_deadline"]);
    let other = r#"{"domain":"BILLING","action":"bill.close","outcome":"done"}"#;
    check(&[expect(AHEAD), ack(DONE), ack(other), END], 1, "INCOMPLETE", &["drift"]);
    let endless = r#"{"domain":"POLICY","action":"policy.evaluate"}"#;
    check(&[expect(endless), ack(DONE), END], 1, "INCOMPLETE", &["invalid"]);
    check(&[expect(PAST), ack(DONE)], 1, "STALE", &["past_deadline", "unknown_run", "stale"]);
}

#[test]
fn nothing_expected_is_not_complete_and_an_unknown_run_is_refused() {
    check(&[END], 1, "INCOMPLETE", &["nothing_expected"]);
    let place = recorded(&[END]);
    place.run(&["reconcile", "nobody"]).expect(2).says("has no run `nobody`");
    place.run(&["reconcile"]).expect(2);
    Place::empty().run(&["reconcile", "r1"]).expect(3);
}

#[test]
fn the_answer_reads_as_it_should() {
    let place = recorded(&[
        ("run.started", "{}"),
        ("audit.expectation", AHEAD),
        (
            "audit.expectation",
            r#"{"domain":"LOGS","action":"trace.complete","deadline":"2001-01-01T00:00:00Z"}"#,
        ),
        ("audit.ack", DONE),
        ("audit.tool", r#"{"event":"denied","call":"c1","tool":"rm"}"#),
        ("audit.tool", r#"{"event":"started","call":"c1","tool":"rm"}"#),
    ]);
    let text = place.run(&["reconcile", "r1"]).expect(1).stdout;
    // What depends on the time of the test's run is left out.
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| {
            !line.contains("as of") && !line.contains("late") && !line.contains("goes on")
        })
        .collect();
    insta::assert_snapshot!(kept.join("\n"), @r"
    run r1, no fact ends it

      undertaken
        ✓ POLICY/policy.evaluate  by 2999-01-01 00:00:00  done, entry 3

      of the standard set, nobody undertook LOGS/trace.start, INCIDENTS/incident.record

      what does not agree
        ✗ `LOGS/trace.complete` (entry 2) was never acknowledged
        ✗ no fact ends the run, which was to be finalised by 2001-01-01T00:00:00Z

      tool events
        1 call, not linked by hash
        · entry 5: call c1 started after entry 4 denied it
    ");
}

#[test]
fn tool_calls_of_a_real_transcript_are_in_order_but_for_the_unanswered_one() {
    let place = Place::new();
    place.import(&[captures().join("mcp/stdio_2025-11-25.jsonl")]).expect(0);
    let found = place.run(&["reconcile", "stdio", "--json"]).expect(1).json();
    assert_eq!((&found["tools"]["calls"], &found["tools"]["linked"]), (&8.into(), &0.into()));
    let findings = found["tools"]["findings"].as_array().unwrap();
    let codes: Vec<&str> = findings.iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["unfinished"]);
}
