//! The record of one run: what it lacks, for each profile.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::fact;
use completeness::{
    CallKind, ClassState, Completeness, Coverage, EvidenceClass, Field, Mode, Profile, Reason,
    RunCompleteness, RunRecord,
};
use proptest::prelude::*;
use store_traits::RecordedFact;

const SIGNED: Coverage = Coverage { as_of_size: 1_000, signed_size: 1_000 };

fn check_as(facts: &[RecordedFact], profile: Profile, mode: Mode) -> RunCompleteness {
    let mut record = RunRecord::new("run-1");
    facts.iter().for_each(|fact| record.add(fact));
    record.check(profile, mode, SIGNED)
}

/// The reasons in words, for the profile of evidence.
fn reasons(facts: &[RecordedFact]) -> Vec<&'static str> {
    let found = check_as(facts, Profile::Executive, Mode::Usual);
    found.reasons.iter().map(Reason::code).collect()
}

/// A run that has everything that the profile `evidence` asks for.
fn whole() -> Vec<RecordedFact> {
    let view = r#""mapping":"native/1""#;
    let call = format!(
        r#"{{"prompt":"p","response":"r","view":{{{view},"class":"llm","step_index":0,"span_id":"s1","provider":"openai","model":"m","input_tokens":10,"output_tokens":5,"cost_micros":7,"response_id":"resp-1","ended_at":"2026-01-01T00:00:03Z"}}}}"#
    );
    let tool = format!(
        r#"{{"view":{{{view},"class":"tool","step_index":1,"span_id":"s2","parent_span_id":"s1","tool":"search","ended_at":"2026-01-01T00:00:04Z"}}}}"#
    );
    vec![
        fact(0, "run.started", r#"{"environment":{"service.name":"x"},"declared_steps":2}"#),
        fact(1, "audit.authorization", r#"{"decision":"allow"}"#),
        fact(2, "run.llm_call", &call),
        fact(3, "run.step", &tool),
        fact(
            4,
            "run.completed",
            r#"{"declared_steps":2,"input_tokens":10,"output_tokens":5,"cost_micros":7,"llm_calls":1}"#,
        ),
        fact(5, "certificate.issued", r#"{"type":"replay_proof"}"#),
    ]
}

fn without(seq: u64) -> Vec<RecordedFact> {
    whole().into_iter().filter(|fact| fact.seq != seq).collect()
}

#[test]
fn a_run_with_everything_is_complete_for_evidence_even_strictly() {
    let found = check_as(&whole(), Profile::Evidence, Mode::Strict);
    assert_eq!((found.completeness, found.reasons), (Completeness::Complete, vec![]));
    assert!(found.classes.iter().all(|class| class.state == ClassState::Observed));
}

#[test]
fn erasing_what_a_run_said_takes_nothing_from_how_it_was_recorded() {
    let mut facts = whole();
    let view = r#"{"seq":2,"pointer":"/body/prompt","view":{"name":"entry 2 /body/prompt"}}"#;
    facts.push(fact(6, "content.erased", view));
    let found = check_as(&facts, Profile::Evidence, Mode::Strict);
    assert_eq!((found.completeness, found.reasons), (Completeness::Complete, vec![]));
}

#[test]
fn what_is_recommended_makes_a_record_partial_and_strictly_incomplete() {
    let facts = without(5);
    let usual = check_as(&facts, Profile::Evidence, Mode::Usual);
    assert_eq!(usual.completeness, Completeness::Partial);
    assert_eq!(usual.reasons[0].to_string(), "`replay_proof` is recommended and was not recorded");
    let strict = check_as(&facts, Profile::Evidence, Mode::Strict);
    assert_eq!(strict.completeness, Completeness::Incomplete);
    assert_eq!(strict.reasons, usual.reasons, "the facts are the same");
}

/// As a run that is recorded step by step stands in the ledger.
#[test]
fn a_run_recorded_step_by_step_has_numbered_steps_and_boundaries_are_none() {
    let view =
        |class: &str| format!(r#""view":{{"mapping":"trace/1","class":"{class}","agent":"a"}}"#);
    let step = |seq, index: u64| {
        let body = format!(
            r#"{{"record":"trace","step":{{"index":{index},"class":"other"}},{}}}"#,
            view("other")
        );
        fact(seq, "run.step", &body)
    };
    let start = fact(0, "run.started", &format!("{{{}}}", view("agent")));
    let end = fact(9, "run.completed", &format!("{{{}}}", view("agent")));
    let found = check_as(
        &[start.clone(), step(1, 0), step(2, 1), end.clone()],
        Profile::Evidence,
        Mode::Usual,
    );
    assert_eq!((found.steps.steps, found.steps.range), (2, Some((0, 1))));
    let found = check_as(&[start, step(1, 0), step(2, 2), end], Profile::Evidence, Mode::Usual);
    assert_eq!(found.reasons[0].to_string(), "missing step 1");
}

#[test]
fn profiles_ask_for_different_things() {
    let facts = without(1);
    let of = |profile| check_as(&facts, profile, Mode::Usual).completeness;
    assert_eq!(of(Profile::Evidence), Completeness::Partial);
    assert_eq!(of(Profile::Soc2), Completeness::Incomplete, "a decision is required");
    assert_eq!(of(Profile::Executive), Completeness::Partial);
}

#[test]
fn nothing_recorded_is_incomplete_for_everybody() {
    for profile in Profile::ALL {
        let found = check_as(&[], profile, Mode::Usual);
        assert_eq!(found.completeness, Completeness::Incomplete);
        assert_eq!(found.reasons, [Reason::NothingRecorded]);
    }
}

#[test]
fn a_run_that_no_fact_ends_is_open() {
    assert_eq!(reasons(&without(4))[0], "open_run");
}

#[test]
fn two_terminal_facts_are_said_and_a_contradiction_is_incomplete() {
    let mut facts = whole();
    facts.push(fact(6, "run.completed", "{}"));
    let twice = check_as(&facts, Profile::Evidence, Mode::Usual);
    assert_eq!(twice.completeness, Completeness::Partial);
    assert_eq!(twice.reasons[0].to_string(), "2 terminal facts end the run (entries 4, 6)");
    facts.push(fact(7, "run.aborted", "{}"));
    let torn = check_as(&facts, Profile::Evidence, Mode::Usual);
    assert_eq!(torn.completeness, Completeness::Incomplete);
    assert_eq!(
        torn.reasons[0].to_string(),
        "terminal facts disagree on the run's end (entry 4: completed, entry 6: completed, entry 7: aborted)"
    );
}

#[test]
fn missing_repeated_and_disordered_steps_are_said() {
    let step = |seq, index: u64| fact(seq, "run.step", &format!(r#"{{"step_index":{index}}}"#));
    let end = fact(9, "run.completed", "{}");
    let missing = [step(0, 0), step(1, 2), end.clone()];
    assert_eq!(reasons(&missing)[0], "steps_missing");
    let repeated = [step(0, 0), step(1, 0), step(2, 1), end.clone()];
    assert_eq!(reasons(&repeated), ["steps_repeated", "field_missing"]);
    let disordered = [step(0, 1), step(1, 0), end.clone()];
    assert_eq!(reasons(&disordered), ["steps_out_of_order", "field_missing"]);
    let declared = [step(0, 0), fact(1, "run.completed", r#"{"declared_steps":3}"#)];
    let found = check_as(&declared, Profile::Executive, Mode::Usual);
    assert_eq!(found.reasons[0].to_string(), "missing 2 steps (1, 2)");
}

#[test]
fn calls_without_responses_and_tool_calls_without_results_are_said() {
    let facts = [
        fact(0, "run.llm_call", r#"{"call":"c1","model":"m"}"#),
        fact(1, "audit.tool", r#"{"event":"requested","call":"t1","tool":"x"}"#),
        fact(2, "audit.tool", r#"{"event":"started","call":"t1","tool":"x"}"#),
        fact(3, "audit.tool", r#"{"event":"requested","call":"t2","tool":"x"}"#),
        fact(4, "audit.tool", r#"{"event":"denied","call":"t2","tool":"x"}"#),
        fact(5, "run.completed", "{}"),
    ];
    let found = check_as(&facts, Profile::Executive, Mode::Usual);
    let said: Vec<String> = found.reasons.iter().take(2).map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["model call response c1 never answered", "tool call response t1 never answered"]
    );
    assert_eq!(found.calls_of(CallKind::Tool), (2, 1));
}

#[test]
fn reports_of_one_call_are_one_call_in_the_totals() {
    let report = |seq, span: &str| {
        let body = format!(
            r#"{{"view":{{"class":"llm","span_id":"{span}","response_id":"r1","input_tokens":10,"output_tokens":5,"model":"m"}}}}"#
        );
        fact(seq, "run.llm_call", &body)
    };
    let end = |total: u64| fact(9, "run.completed", &format!(r#"{{"input_tokens":{total}}}"#));
    let right = [report(0, "a"), report(1, "b"), end(10)];
    assert!(!reasons(&right).contains(&"totals_differ"));
    let wrong = [report(0, "a"), report(1, "b"), end(20)];
    let found = check_as(&wrong, Profile::Executive, Mode::Usual);
    assert_eq!(
        found.reasons[0].to_string(),
        "entry 9 declares 20 input tokens for the run, its distinct calls give 10"
    );
}

#[test]
fn sums_of_absurd_counts_stop_at_the_largest_number() {
    let call = |seq| {
        let body = r#"{"view":{"class":"llm","input_tokens":"18446744073709551615","ended_at":"2026-01-01T00:00:00Z"}}"#;
        fact(seq, "run.llm_call", body)
    };
    let facts = [call(0), call(1), fact(2, "run.completed", r#"{"input_tokens":1}"#)];
    assert_eq!(reasons(&facts)[0], "totals_differ");
}

#[test]
fn a_capture_failure_stands_until_the_thing_itself_comes() {
    let failure = |seq| {
        let body = r#"{"evidence_class":"policy_decisions","reason":"the gateway was down"}"#;
        fact(seq, "audit.capture_failure", body)
    };
    let decision = |seq| fact(seq, "audit.authorization", r#"{"decision":"deny"}"#);
    let state = |facts: &[RecordedFact]| {
        let found = check_as(facts, Profile::Evidence, Mode::Usual);
        let of = |class| found.classes.iter().find(|c| c.class == class).unwrap().clone();
        of(EvidenceClass::PolicyDecisions).state
    };
    let reason = "the gateway was down".to_owned();
    assert_eq!(state(&[]), ClassState::Missing);
    assert_eq!(state(&[decision(0)]), ClassState::Observed);
    assert_eq!(state(&[failure(0)]), ClassState::CaptureFailed { seq: 0, reason: reason.clone() });
    assert_eq!(
        state(&[failure(0), decision(3)]),
        ClassState::Superseded { seq: 0, by_seq: Some(3) }
    );
    let before = [decision(0), failure(1)];
    assert_eq!(state(&before), ClassState::CaptureFailed { seq: 1, reason });
    assert!(reasons(&before).contains(&"capture_failed"));
}

#[test]
fn an_unsigned_record_lacks_its_checkpoint() {
    let mut record = RunRecord::new("run-1");
    whole().iter().for_each(|fact| record.add(fact));
    let coverage = Coverage { as_of_size: 6, signed_size: 5 };
    let found = record.check(Profile::Evidence, Mode::Usual, coverage);
    assert_eq!(found.completeness, Completeness::Incomplete);
    let lacks = matches!(found.reasons[0], Reason::FieldMissing { field: Field::Checkpoint, .. });
    assert!(lacks, "the last entry is not signed");
}

#[test]
fn facts_that_say_nonsense_are_taken_without_a_panic() {
    let bodies = [
        "{}",
        r#"{"view":7}"#,
        r#"{"view":{"class":7,"root":"yes","started_at":"yesterday","input_tokens":-1}}"#,
        r#"{"step_index":"18446744073709551615","event":[],"source":[]}"#,
    ];
    let kinds =
        ["run.step", "run.llm_call", "audit.tool", "run.completed", "x", "audit.capture_failure"];
    let facts: Vec<RecordedFact> = kinds
        .iter()
        .flat_map(|kind| bodies.iter().map(move |body| (kind, body)))
        .zip(0..)
        .map(|((kind, body), seq)| fact(seq, kind, body))
        .collect();
    for profile in Profile::ALL {
        let found = check_as(&facts, profile, Mode::Strict);
        assert_eq!(found.completeness, Completeness::Incomplete);
        assert_eq!(found.to_object()["entries"].as_i64(), i64::try_from(facts.len()).ok());
    }
}

/// Bodies that sources may send, sound and unsound.
fn bodies() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just(r#""x""#),
        Just("7"),
        Just("null"),
        Just("[]"),
        Just("{}"),
        Just(r#""completed""#),
        Just(r#""llm""#),
        Just(r#""tool""#),
        Just(r#""mcp_tool""#),
        Just(r#""event""#),
        Just("true"),
        Just(r#""2026-01-01T00:00:00Z""#),
        Just(r#""18446744073709551615""#),
    ];
    let name = prop_oneof![
        Just("class"),
        Just("span_id"),
        Just("parent_span_id"),
        Just("response_id"),
        Just("root"),
        Just("started_at"),
        Just("ended_at"),
        Just("input_tokens"),
        Just("step_index"),
        Just("event"),
        Just("declared_steps"),
        Just("error"),
        Just("tool"),
        Just("call"),
        Just("evidence_class"),
    ];
    let members = proptest::collection::btree_map(name, word, 0..8);
    (members, any::<bool>()).prop_map(|(members, viewed)| {
        let members: Vec<String> = members.iter().map(|(n, w)| format!(r#""{n}":{w}"#)).collect();
        let body = format!("{{{}}}", members.join(","));
        if viewed { format!(r#"{{"view":{body}}}"#) } else { body }
    })
}

proptest! {
    #[test]
    fn any_record_is_read_without_a_panic_and_strictly_never_more_complete(
        facts in proptest::collection::vec((0_usize..7, bodies()), 0..30)
    ) {
        let kinds = ["run.started", "run.llm_call", "run.step", "run.completed", "run.aborted",
            "audit.tool", "audit.capture_failure"];
        let facts: Vec<RecordedFact> =
            facts.iter().zip(0..).map(|((kind, body), seq)| fact(seq, kinds[*kind], body)).collect();
        for profile in Profile::ALL {
            let usual = check_as(&facts, profile, Mode::Usual);
            let strict = check_as(&facts, profile, Mode::Strict);
            prop_assert!(strict.completeness >= usual.completeness);
            prop_assert_eq!(&strict.reasons, &usual.reasons);
            prop_assert_eq!(usual.completeness == Completeness::Complete, usual.reasons.is_empty());
            prop_assert!(usual.reasons.iter().all(|reason| reason.to_string().len() < 1_000));
            let calls: Vec<&str> = usual.calls.iter().map(|call| call.key.as_str()).collect();
            let mut distinct: Vec<_> = usual.calls.iter().map(|c| (c.kind, c.key.as_str())).collect();
            distinct.sort_unstable();
            distinct.dedup();
            prop_assert_eq!(calls.len(), distinct.len());
        }
    }
}
