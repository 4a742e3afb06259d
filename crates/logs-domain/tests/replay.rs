//! Runs as replay compares them: recorded through the facade in both databases, and mapped from captures.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::path::{Path, PathBuf};

use logs_domain::{
    DeterminismLevel, Hint, Input, LogsDomain, Object, ReplayMatch, ReplayValidator, RunId,
    RunScope, RunStart, RunStep, StepClass, StepRecord, Timestamp, TraceRecord, Value,
};
use replay_determinism::{Content, Missing};
use support::{domains, tenant};

fn start(run: &str) -> RunStart {
    RunStart {
        scope: RunScope::new(RunId::parse(run).unwrap(), "support"),
        at: Timestamp::UNIX_EPOCH,
        plan_hash: None,
        seed: None,
        synthetic_scenario_id: None,
        environment: Object::new(),
    }
}

fn step(run: &str, index: u32, result: &str) -> RunStep {
    let at = |seconds: i128| Timestamp::from_unix_nanos(seconds * 1_000_000_000).unwrap();
    RunStep {
        scope: RunScope::new(RunId::parse(run).unwrap(), "support"),
        index,
        class: StepClass::Tool,
        skill: "lookup_order".into(),
        model: None,
        started_at: at(i128::from(index) * 10),
        ended_at: at(i128::from(index) * 10 + 1),
        error: (index == 1).then(|| "timeout".to_owned()),
        retry_count: index,
        tokens: None,
        cost_micros: None,
        params: Some(Value::Array(vec![Value::f64(0.5), Value::from("10-4471")])),
        result: (index != 2).then(|| Value::from(result)),
    }
}

#[tokio::test]
async fn runs_recorded_step_by_step_are_the_same_trace_in_both_databases() {
    let (_folder, domains) = domains().await;
    let mut traces: Vec<TraceRecord> = Vec::new();
    for domain in domains {
        for (run, result) in [("r1", "shipped"), ("r2", "lost")] {
            domain.traces().start(&tenant(), start(run)).await.unwrap();
            for index in 0..3 {
                domain.traces().step(&tenant(), step(run, index, result)).await.unwrap();
            }
        }
        let trace = |run: &str| RunId::parse(run).unwrap();
        let original = domain.trace_record(&tenant(), &trace("r1")).await.unwrap();
        let replay = domain.trace_record(&tenant(), &trace("r2")).await.unwrap();
        assert_eq!(original.agent.as_deref(), Some("support"));
        let [first, second, third] = original.steps.as_slice() else { panic!("{original:?}") };
        assert_eq!(
            (first.index, first.skill.as_str(), first.status.as_str()),
            (0, "lookup_order", "completed")
        );
        assert_eq!(first.params, Content::Recorded(r#"[{"f64":"0.5"},"10-4471"]"#.into()));
        assert_eq!(first.result, Content::Recorded("shipped".into()));
        assert_eq!(
            (second.status.as_str(), second.outcome.code.as_deref()),
            ("failed", Some("timeout"))
        );
        assert_eq!((second.retry_count, second.outcome.category.as_str()), (1, "error"));
        assert_eq!(third.result, Content::NotRecorded(Missing::NotCaptured));

        let semantic = ReplayValidator::new(DeterminismLevel::Semantic);
        let report = semantic.validate(&original, &replay).unwrap();
        assert_eq!(report.matched, ReplayMatch::Mismatch);
        let found = report.first_divergence().unwrap();
        assert_eq!((found.step, found.pointer.as_str()), (Some(0), "/result"));
        assert_eq!(report.parity.not_recorded, 1);
        traces.push(original);
        let nobody = RunId::parse("nobody").unwrap();
        assert!(domain.trace_record(&tenant(), &nobody).await.is_err());
    }
    assert!(traces.windows(2).all(|two| two[0] == two[1]));
}

fn capture(folder: &str, part: &str) -> Vec<Input> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../intake/tests/data/otel").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(home).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap().to_str().unwrap();
        name.starts_with(part) && !name.contains("metrics")
    });
    files.sort();
    files.iter().map(|file| Input::open(file, 64 << 20).unwrap()).collect()
}

/// A domain without facts: what maps and redacts a capture.
async fn reader() -> (tempfile::TempDir, LogsDomain) {
    let home = tempfile::tempdir().unwrap();
    let builder = LogsDomain::builder(home.path().join("factlog.db").display().to_string());
    let domain = builder.init("logs.test").await.unwrap();
    (home, domain)
}

async fn captured(folder: &str, part: &str) -> TraceRecord {
    let (_home, domain) = reader().await;
    domain.captured_trace(capture(folder, part), Hint::default(), None).await.unwrap().trace
}

fn told(step: &StepRecord) -> (u64, &str, &str, bool, bool) {
    let there = |content: &Content| content.text().is_some();
    (step.index, &step.skill, step.status.as_str(), there(&step.params), there(&step.result))
}

#[tokio::test]
async fn a_captured_agent_is_its_calls_in_order_with_what_they_were_given() {
    let trace = captured("01_proto_plain", "o1").await;
    assert_eq!(trace.agent.as_deref(), Some("refund-agent"));
    let steps: Vec<_> = trace.steps.iter().map(told).collect();
    assert_eq!(
        steps,
        [
            (1, "chat", "completed", true, true),
            (2, "chat", "completed", true, true),
            (3, "lookup_order", "completed", true, true),
            (4, "search_policy", "completed", true, true),
            (5, "chat", "completed", true, true),
            (6, "create_refund", "completed", true, true),
            (7, "chat", "completed", true, true),
        ]
    );
    let model = trace.steps[0].model.as_ref().unwrap();
    assert_eq!(
        [&model.provider, &model.model, &model.version, &model.temperature, &model.seed]
            .map(|said| said.as_deref().unwrap()),
        ["openai", "gpt-4o", "gpt-4o-2026-01-01", "0.0", "7"]
    );
    assert_eq!(trace.steps[2].params.text(), Some(r#"{"order_id":"10-4471"}"#));
}

#[tokio::test]
async fn other_dialects_give_contents_too_and_what_was_not_captured_is_said() {
    let agents = captured("10_openai_agents", "o6a").await;
    let calls: Vec<_> =
        agents.steps.iter().filter(|step| step.result != Content::None).map(told).collect();
    assert!(calls.len() >= 5, "{calls:?}");
    assert!(calls.iter().all(|(.., params, result)| *params && *result), "{calls:?}");
    let bare = captured("07_no_content", "o6n").await;
    let missing = Content::NotRecorded(Missing::NotCaptured);
    assert!(bare.steps.iter().all(|step| step.params == missing && step.result == missing));
}

#[tokio::test]
async fn messages_in_log_records_are_what_the_call_was_given() {
    let inputs = capture("03_proto_gzip_stream_pii_legacy", "o3");
    let (_home, domain) = reader().await;
    let error = domain.captured_trace(inputs, Hint::default(), None).await.unwrap_err();
    assert!(error.to_string().contains("holds 3 runs"), "{error}");
    let runs = error.to_string();
    let runs = runs.split("runs: ").nth(1).unwrap().split(" (").next().unwrap();
    for run in runs.split(", ") {
        let inputs = capture("03_proto_gzip_stream_pii_legacy", "o3");
        let trace = domain.captured_trace(inputs, Hint::default(), Some(run)).await.unwrap().trace;
        for step in trace.steps.iter().filter(|step| step.model.is_some()) {
            assert!(
                step.params.text().is_some_and(|text| text.contains("gen_ai.user.message")),
                "{step:?}"
            );
            assert!(
                step.result.text().is_some_and(|text| text.contains("gen_ai.choice")),
                "{step:?}"
            );
        }
    }
}
