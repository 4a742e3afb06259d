//! Tool events: what does not fit in their order is told, and nothing is judged.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use audit_evidence::{Linkage, ToolEvent, link_to, tool_audit};
use common::words::{word, word_of};
use proptest::prelude::*;
use store_traits::RecordedFact;

fn event(seq: u64, event: &str) -> RecordedFact {
    word(seq, "audit.tool", &format!(r#"{{"event":"{event}","call":"c1","tool":"search"}}"#))
}

fn sequence(events: &[&str]) -> Vec<RecordedFact> {
    events.iter().zip(0..).map(|(name, seq)| event(seq, name)).collect()
}

#[track_caller]
fn check(events: &[&str], expect: &[&str]) {
    let audit = tool_audit(&sequence(events));
    let codes: Vec<&str> = audit.findings.iter().map(|finding| finding.what.code()).collect();
    assert_eq!(codes, expect, "{events:?}: {:?}", audit.findings);
}

#[test]
fn a_call_that_goes_its_way_has_no_finding() {
    check(&["requested", "allowed", "started", "completed"], &[]);
    check(&["requested", "allowed", "started", "failed"], &[]);
    check(&["requested", "denied"], &[]);
    check(&["requested", "denied", "failed"], &[]);
    check(&["started", "completed"], &[]);
}

#[test]
fn no_completion_without_a_start_and_no_start_after_a_denial() {
    check(&["requested", "completed"], &["end_without_start"]);
    check(&["failed"], &["end_without_start"]);
    check(&["requested", "denied", "started", "failed"], &["after_denial", "after_denial"]);
    check(&["requested", "denied", "completed"], &["after_denial"]);
}

#[test]
fn other_disorder_is_told_too() {
    check(&["requested", "started"], &["unfinished"]);
    check(&["started", "allowed", "completed"], &["after_start"]);
    check(&["started", "requested", "completed"], &["after_start"]);
    check(&["started", "completed", "failed"], &["after_end"]);
    check(&["started", "completed", "completed"], &["repeated"]);
    check(&["allowed", "denied"], &["decided_both_ways"]);
    check(&["liked"], &["unknown_event"]);
}

#[test]
fn findings_read_as_sentences() {
    let audit = tool_audit(&sequence(&["requested", "denied", "started", "completed"]));
    let said: Vec<String> = audit.findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "entry 2: call c1 started after entry 1 denied it",
            "entry 3: call c1 completed after entry 1 denied it"
        ]
    );
}

#[test]
fn a_request_on_the_wire_is_the_start() {
    let wire = |seq, event: &str| {
        let body = format!(
            r#"{{"record":"mcp","event":"{event}","view":{{"response_id":"mcp:s:c:1","tool":"search"}}}}"#
        );
        word(seq, "audit.tool", &body)
    };
    let audit = tool_audit(&[wire(0, "requested"), wire(1, "completed")]);
    assert_eq!(audit.findings, []);
    assert_eq!(audit.calls[0].outcome(), Some(ToolEvent::Completed));
    assert_eq!(audit.calls[0].tool.as_deref(), Some("search"));
}

#[test]
fn the_same_call_id_in_another_run_is_another_call() {
    let of = |seq, run: &str, event: &str| {
        word_of(seq, run, "audit.tool", &format!(r#"{{"event":"{event}","call":"1"}}"#))
    };
    let facts = [
        of(0, "a", "started"),
        of(1, "b", "started"),
        of(2, "a", "completed"),
        of(3, "b", "failed"),
    ];
    let audit = tool_audit(&facts);
    assert_eq!((audit.calls.len(), audit.findings.len()), (2, 0));
}

/// Events of a call, each naming the leaf hash of the one before.
fn linked(events: &[&str]) -> Vec<RecordedFact> {
    let mut facts: Vec<RecordedFact> = Vec::new();
    for (name, seq) in events.iter().zip(0..) {
        let link = facts.last().map(|last| link_to(&last.leaf_hash));
        let link = link
            .map_or(String::new(), |link| format!(r#","previous":"{}""#, link.as_str().unwrap()));
        let body = format!(r#"{{"event":"{name}","call":"c1"{link}}}"#);
        facts.push(word(seq, "audit.tool", &body));
    }
    facts
}

#[test]
fn linked_events_show_what_is_taken_away_or_unlinked() {
    let facts = linked(&["requested", "allowed", "started", "completed"]);
    let whole = tool_audit(&facts);
    assert_eq!((whole.calls[0].linkage, whole.findings.len()), (Linkage::Whole, 0));
    let cut: Vec<_> = facts.iter().filter(|fact| fact.seq != 1).cloned().collect();
    let audit = tool_audit(&cut);
    assert_eq!(audit.calls[0].linkage, Linkage::Broken);
    assert_eq!(audit.findings[0].what.code(), "wrong_link");
    let mut unlinked = facts.clone();
    unlinked[3] = event(3, "completed");
    assert_eq!(tool_audit(&unlinked).findings[0].what.code(), "missing_link");
    let plain = tool_audit(&sequence(&["requested", "started", "completed"]));
    assert_eq!((plain.calls[0].linkage, plain.findings.len()), (Linkage::None, 0));
}

#[test]
fn servers_that_are_gone_or_were_never_registered_are_told() {
    let server = |seq, event: &str, server: &str| {
        word(seq, "audit.tool", &format!(r#"{{"event":"{event}","server":"{server}"}}"#))
    };
    let call = |seq, event: &str, server: &str| {
        let body = format!(r#"{{"event":"{event}","call":"c{server}","server":"{server}"}}"#);
        word(seq, "audit.tool", &body)
    };
    let facts = [
        server(0, "server_registered", "a"),
        server(1, "health_changed", "a"),
        call(2, "started", "a"),
        call(3, "completed", "a"),
        server(4, "server_unregistered", "a"),
        server(5, "health_changed", "a"),
        server(6, "policy_updated", "b"),
    ];
    let audit = tool_audit(&facts);
    let codes: Vec<_> = audit.findings.iter().map(|f| (f.seq, f.what.code())).collect();
    assert_eq!(codes, [(5, "server_gone"), (6, "server_unknown")]);
    assert_eq!(audit.server_events.len(), 5);
}

proptest! {
    #[test]
    fn any_order_of_any_events_is_read_without_a_panic_and_told_the_same_way(
        events in proptest::collection::vec((0_usize..11, 0_u8..3), 0..40)
    ) {
        let names: Vec<&str> = ToolEvent::ALL.iter().map(|e| e.as_str()).chain(["?"]).collect();
        let facts: Vec<RecordedFact> = events
            .iter()
            .zip(0..)
            .map(|((name, call), seq)| {
                let body = format!(r#"{{"event":"{}","call":"{call}","server":"{call}"}}"#, names[*name]);
                word(seq, "audit.tool", &body)
            })
            .collect();
        let audit = tool_audit(&facts);
        prop_assert_eq!(&audit, &tool_audit(&facts));
        let told: usize = audit.calls.iter().map(|call| call.moments.len()).sum();
        let unknown = events.iter().filter(|(name, _)| *name == 10).count();
        prop_assert_eq!(told + audit.server_events.len() + unknown, facts.len());
        prop_assert!(audit.findings.is_sorted_by_key(|finding| finding.seq));
    }
}
