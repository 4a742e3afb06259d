//! The levels as defined, on whole traces.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use proptest::prelude::*;
use replay_determinism::{
    Aligned, Content, DeterminismLevel, DifferenceKind, Missing, ModelUsed, PolicyDecision,
    ReplayError, ReplayMatch, ReplayValidator, Side, StepRecord, StepStatus, TraceRecord, parity,
};

fn step(index: u64, skill: &str, params: &str, result: &str) -> StepRecord {
    StepRecord {
        params: Content::Recorded(params.to_owned()),
        result: Content::Recorded(result.to_owned()),
        ..StepRecord::new(index, skill)
    }
}

fn trace() -> TraceRecord {
    let steps = vec![
        step(1, "chat", r#"[{"role":"user","content":"250 USD in JPY"}]"#, "use fx_rate"),
        step(2, "fx_rate", r#"{"base":"USD","quote":"JPY"}"#, r#"{"rate":156.42}"#),
        step(3, "chat", "[]", "At 156.42 it is 39,105 JPY."),
    ];
    TraceRecord { agent: Some("fx-agent".into()), steps, decisions: Vec::new() }
}

fn decided(trace: TraceRecord, passed: bool, action: &str) -> TraceRecord {
    let action = Some(action.to_owned());
    let decision = PolicyDecision { guardrail: "POL-12".into(), passed, action };
    TraceRecord { decisions: vec![decision], ..trace }
}

fn with_step(
    mut trace: TraceRecord,
    at: usize,
    change: impl FnOnce(&mut StepRecord),
) -> TraceRecord {
    change(trace.steps.get_mut(at).unwrap());
    trace
}

fn result(text: &str) -> impl FnOnce(&mut StepRecord) {
    let text = text.to_owned();
    move |step| step.result = Content::Recorded(text)
}

#[track_caller]
fn check(original: &TraceRecord, replay: &TraceRecord, expect: ReplayMatch) {
    for level in [DeterminismLevel::Strict, DeterminismLevel::Logical, DeterminismLevel::Semantic] {
        let report = ReplayValidator::new(level).validate(original, replay).unwrap();
        assert_eq!(report.matched, expect, "{level}");
        assert_eq!(report.passed(), expect >= level.wants(), "{level}");
        assert_eq!(report.first_divergence().is_none(), report.passed(), "{level}");
    }
}

#[test]
fn the_same_bytes_are_exact() {
    check(&trace(), &trace(), ReplayMatch::Exact);
    let denied = decided(trace(), false, "deny");
    check(&denied, &denied, ReplayMatch::Exact);
}

#[test]
fn formatting_alone_is_semantic() {
    let formatted = with_step(trace(), 1, result("{ \"rate\" : 156.420 }"));
    check(&trace(), &formatted, ReplayMatch::Semantic);
    let spaced = with_step(trace(), 2, result("At  156.42 it is\n39,105 JPY. "));
    check(&trace(), &spaced, ReplayMatch::Semantic);
}

#[test]
fn other_content_is_a_mismatch_with_its_place() {
    let other = with_step(trace(), 1, result(r#"{"rate":157.01}"#));
    check(&trace(), &other, ReplayMatch::Mismatch);
    let original = trace();
    let report =
        ReplayValidator::new(DeterminismLevel::Semantic).validate(&original, &other).unwrap();
    let first = report.first_divergence().unwrap();
    assert_eq!((first.step, first.pointer.as_str()), (Some(2), "/result/rate"));
    assert_eq!(
        (first.original.as_deref(), first.replay.as_deref()),
        (Some("156.42"), Some("157.01"))
    );
}

#[test]
fn the_same_decisions_are_logical_whatever_the_content() {
    let original = decided(trace(), false, "escalate");
    let other = with_step(original.clone(), 2, result("I cannot say."));
    check(&original, &other, ReplayMatch::Logical);
}

#[test]
fn another_decision_is_not_logical() {
    let original = decided(trace(), false, "escalate");
    // Contents are the same, so they are semantically the same, and policies decided otherwise.
    for other in [decided(trace(), true, "escalate"), decided(trace(), false, "deny"), trace()] {
        check(&original, &other, ReplayMatch::Semantic);
        let report =
            ReplayValidator::new(DeterminismLevel::Logical).validate(&original, &other).unwrap();
        assert_eq!(report.first_divergence().unwrap().kind, DifferenceKind::Decision);
    }
}

#[test]
fn no_decision_at_all_is_not_the_same_decision() {
    let other = with_step(trace(), 2, result("I cannot say."));
    check(&trace(), &other, ReplayMatch::Mismatch);
}

#[test]
fn what_is_not_recorded_is_never_the_same() {
    let erased = with_step(trace(), 1, |step| step.result = Content::NotRecorded(Missing::Erased));
    check(&trace(), &erased, ReplayMatch::Mismatch);
    check(&erased, &erased, ReplayMatch::Mismatch);
    let decided = decided(erased, true, "allow");
    check(&decided, &decided, ReplayMatch::Logical);
}

#[test]
fn every_determinism_field_counts_for_the_meaning() {
    let changes: [fn(&mut StepRecord); 6] = [
        |step| step.skill = "fx".into(),
        |step| step.status = StepStatus::Failed,
        |step| step.outcome.category = "error".into(),
        |step| step.outcome.code = Some("timeout".into()),
        |step| step.retry_count = 1,
        |step| step.index = 40,
    ];
    for change in changes {
        check(&trace(), &with_step(trace(), 1, change), ReplayMatch::Mismatch);
    }
}

#[test]
fn drift_is_told_beside_the_match() {
    let model = |seed: &str| {
        Some(ModelUsed {
            model: Some("gpt-4o".into()),
            seed: Some(seed.into()),
            ..ModelUsed::default()
        })
    };
    let ours =
        with_step(with_step(trace(), 0, |s| s.model = model("7")), 2, |s| s.model = model("7"));
    let theirs =
        with_step(with_step(trace(), 0, |s| s.model = model("8")), 2, |s| s.model = model("8"));
    check(&ours, &theirs, ReplayMatch::Exact);
    let parity = parity(&ours, &theirs);
    let [drift] = parity.drift.as_slice() else { panic!("{:?}", parity.drift) };
    assert_eq!((drift.property, drift.first_step, drift.steps), ("seed", 1, 2));
}

#[test]
fn a_step_put_in_is_one_difference() {
    let mut other = trace();
    other.steps.insert(2, step(3, "fx_fee", "{}", "0"));
    other.steps.last_mut().unwrap().index = 4;
    let original = trace();
    let parity = parity(&original, &other);
    assert_eq!((parity.same, parity.inserted, parity.removed, parity.changed), (3, 1, 0, 0));
    let [only] = parity.differences.as_slice() else { panic!("{:?}", parity.differences) };
    assert_eq!((only.kind, only.step), (DifferenceKind::Inserted, Some(3)));
    assert!(matches!(parity.steps.get(2), Some(Aligned::Inserted(step)) if step.skill == "fx_fee"));
    check(&original, &other, ReplayMatch::Mismatch);
}

#[test]
fn what_cannot_be_compared_is_an_error_and_what_is_odd_a_finding() {
    let strict = ReplayValidator::new(DeterminismLevel::Strict);
    let empty = TraceRecord { steps: Vec::new(), ..trace() };
    let full = trace();
    assert_eq!(strict.validate(&empty, &full), Err(ReplayError::EmptyTrace(Side::Original)));
    assert_eq!(strict.validate(&full, &empty), Err(ReplayError::EmptyTrace(Side::Replay)));
    let other = TraceRecord { agent: Some("tax-agent".into()), ..trace() };
    assert!(matches!(strict.validate(&full, &other), Err(ReplayError::DifferentAgents { .. })));
    let unnamed = TraceRecord { agent: None, ..trace() };
    assert!(strict.validate(&full, &unnamed).is_ok());
    let mut shuffled = trace();
    shuffled.steps.swap(0, 1);
    shuffled.steps.push(step(3, "again", "", ""));
    let report = strict.validate(&full, &shuffled).unwrap();
    let told: Vec<String> =
        report.findings.iter().map(|(side, finding)| format!("{side}: {finding}")).collect();
    assert_eq!(
        told,
        [
            "replay: step 1 stands behind step 2 (compared in order of number)",
            "replay: 2 steps are number 3",
        ]
    );
    // Compared in order of number, so that only the step put in differs.
    assert_eq!((report.parity.same, report.parity.inserted), (3, 1));
}

#[test]
fn the_first_difference_in_meaning_is_told_behind_any_number_in_formatting() {
    let of = |text: &str, last: &str| TraceRecord {
        steps: (0..2_000)
            .map(|index| step(index, "s", "", if index == 1_999 { last } else { text }))
            .collect(),
        ..TraceRecord::default()
    };
    let (original, other) = (of("{}", "[1]"), of("{ }", "[2]"));
    let report =
        ReplayValidator::new(DeterminismLevel::Semantic).validate(&original, &other).unwrap();
    let first = report.first_divergence().unwrap();
    assert_eq!((first.step, first.pointer.as_str()), (Some(1_999), "/result/0"));
    assert_eq!(report.parity.differences.len(), 1_001);
}

fn any_trace() -> impl Strategy<Value = TraceRecord> {
    let steps = prop::collection::vec((0_u64..30, 0_usize..4, "[ab{}\": ]{0,6}"), 1..40);
    steps.prop_map(|steps| TraceRecord {
        steps: steps
            .into_iter()
            .map(|(index, skill, text)| {
                step(index, ["a", "b", "c", "d"].get(skill).unwrap(), &text, "")
            })
            .collect(),
        ..TraceRecord::default()
    })
}

proptest! {
    #[test]
    fn every_step_of_both_is_told_once(a in any_trace(), b in any_trace()) {
        let parity = parity(&a, &b);
        let ours = parity.steps.iter().filter(|step| !matches!(step, Aligned::Inserted(_))).count();
        let theirs = parity.steps.iter().filter(|step| !matches!(step, Aligned::Removed(_))).count();
        prop_assert_eq!((ours, theirs), (a.steps.len(), b.steps.len()));
        prop_assert_eq!(parity.same + parity.changed + parity.inserted + parity.removed, parity.steps.len() as u64);
    }

    #[test]
    fn a_trace_is_exactly_itself_and_the_match_does_not_depend_on_the_side(a in any_trace(), b in any_trace()) {
        let strict = ReplayValidator::new(DeterminismLevel::Strict);
        prop_assert_eq!(strict.validate(&a, &a).unwrap().matched, ReplayMatch::Exact);
        let (there, back) = (strict.validate(&a, &b).unwrap(), strict.validate(&b, &a).unwrap());
        prop_assert_eq!(there.matched, back.matched);
        prop_assert!(there.matched != ReplayMatch::Exact || a.signature() == b.signature() || a.steps != b.steps);
    }
}
