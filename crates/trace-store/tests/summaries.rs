//! What a run's summary counts: calls, not reports of calls.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ledger_store::test_support::{Recorder, at, read_fact, tenant};
use serde_json::{Value as Json, json};
use store_traits::{RunId, RunStatus, RunSummary, StepClass, Timestamp, TraceStore};
use trace_store::{PROJECTION, Traces};

type Fact<'a> = (&'a str, Option<&'a str>, Json);

/// A step of the run `r` from `start` to `end`; `more` overrides and adds.
fn step(class: &str, span: &str, start: u64, end: u64, more: Json) -> Fact<'static> {
    let mut view = json!({
        "mapping": "genai/1", "class": class, "name": class, "span_id": span,
        "started_at": at(start), "ended_at": at(end), "root": false,
    });
    for (name, item) in more.as_object().unwrap() {
        view[name] = item.clone();
    }
    ("run.step", Some("r"), json!({"record": "span", "view": view}))
}

async fn summary(facts: &[Fact<'_>]) -> RunSummary {
    let recorder = Recorder::new(&PROJECTION).await;
    recorder.record(facts).await;
    let mut said = Vec::new();
    for ledger in recorder.ledgers() {
        assert_eq!(recorder.differences_in(ledger).await, []);
        let traces = Traces::new(ledger.reader(), read_fact);
        let one = traces.run(&tenant(), &RunId::parse("r").unwrap()).await.unwrap().unwrap();
        let page = traces
            .runs(
                &store_traits::ListRequest::new(
                    &tenant(),
                    store_traits::RunFilter::default(),
                    10,
                    None,
                )
                .unwrap(),
            )
            .await
            .unwrap();
        let listed = page.items.iter().find(|run| run.run_id == "r");
        assert_eq!(listed, Some(&one), "list and one agree");
        said.push(one);
    }
    let one = said.remove(0);
    assert!(said.iter().all(|other| *other == one), "both databases agree: {one:?} {said:?}");
    one
}

fn time(ms: u64) -> Timestamp {
    Timestamp::parse(&at(ms)).unwrap()
}

#[tokio::test]
async fn a_plain_run_is_counted() {
    let run = summary(&[
        step("llm", "a1", 10, 20, json!({"parent_span_id": "f0", "response_id": "resp-1", "input_tokens": 12, "output_tokens": 3, "model": "m"})),
        step("tool", "b1", 20, 30, json!({"parent_span_id": "f0", "tool": "search"})),
        step("llm", "a2", 30, 40, json!({"parent_span_id": "f0", "error": "rate_limit"})),
        step("agent", "f0", 5, 50, json!({"root": true, "agent": "planner"})),
    ])
    .await;
    assert_eq!(
        run,
        RunSummary {
            run_id: "r".into(),
            agent: Some("planner".into()),
            started_at: time(5),
            ended_at: Some(time(50)),
            status: RunStatus::Completed,
            llm_calls: 2,
            tool_calls: 1,
            input_tokens: 12,
            output_tokens: 3,
            cost_micros: None,
            errors: 1,
            entries: 4,
        }
    );
}

#[tokio::test]
async fn a_call_reported_by_two_instrumentations_is_one_call() {
    let run = summary(&[
        step(
            "llm",
            "a1",
            10,
            20,
            json!({"response_id": "resp-1", "input_tokens": 12, "output_tokens": 3}),
        ),
        step("llm", "a2", 9, 21, json!({"response_id": "resp-1", "input_tokens": 12})),
        // A log record of the span, which has no response id of its own.
        step("event", "a1", 15, 15, json!({"error": "ValueError"})),
        step("llm", "a1", 15, 15, json!({"error": "ValueError"})),
    ])
    .await;
    assert_eq!((run.llm_calls, run.input_tokens, run.output_tokens), (1, 12, 3));
    assert_eq!(run.errors, 1, "an exception and its span are one error");
}

#[tokio::test]
async fn client_and_server_of_an_mcp_call_are_one_tool_call() {
    let run = summary(&[
        step("mcp_tool", "c1", 10, 30, json!({"tool": "weather"})),
        step(
            "mcp_tool",
            "d1",
            15,
            25,
            json!({"tool": "weather", "parent_span_id": "c1", "error": "tool_error"}),
        ),
        step("mcp_tool", "c2", 40, 50, json!({"tool": "weather", "error": "tool_error"})),
    ])
    .await;
    assert_eq!((run.tool_calls, run.errors), (2, 2));
}

#[tokio::test]
async fn a_tool_span_and_the_mcp_spans_inside_it_are_one_tool_call() {
    let run = summary(&[
        step("tool", "b1", 10, 40, json!({"tool": "mcp__maps__weather", "error": "tool_error"})),
        step(
            "mcp_tool",
            "c1",
            15,
            35,
            json!({"tool": "weather", "parent_span_id": "b1", "error": "tool_error"}),
        ),
        step(
            "mcp_tool",
            "d1",
            20,
            30,
            json!({"tool": "weather", "parent_span_id": "c1", "error": "tool_error"}),
        ),
        // No parent, but the same name and enclosed in time.
        step("tool", "b2", 50, 60, json!({"tool": "route"})),
        step("mcp_tool", "c2", 52, 58, json!({"tool": "route"})),
    ])
    .await;
    assert_eq!((run.tool_calls, run.errors), (2, 1));
}

#[tokio::test]
async fn a_tool_that_calls_an_mcp_tool_of_another_name_makes_two_calls() {
    let run = summary(&[
        step("tool", "b1", 10, 40, json!({"tool": "research"})),
        step("mcp_tool", "c1", 15, 20, json!({"tool": "fetch", "parent_span_id": "b1"})),
        step("mcp_tool", "c2", 25, 30, json!({"tool": "fetch", "parent_span_id": "b1"})),
    ])
    .await;
    assert_eq!(run.tool_calls, 3);
}

#[tokio::test]
async fn request_and_response_of_a_transcript_are_one_call() {
    let message = |seq: u64, more: Json| {
        let mut fact = step("mcp_tool", "", seq, seq, more);
        fact.2["record"] = json!("mcp");
        fact
    };
    let run = summary(&[
        message(1, json!({"tool": "weather", "response_id": "s/client/1"})),
        message(2, json!({"response_id": "s/client/1"})),
        message(3, json!({"tool": "weather", "response_id": "s/client/2"})),
    ])
    .await;
    assert_eq!((run.tool_calls, run.status), (2, RunStatus::Running));
    assert_eq!(run.ended_at, None);
    assert_eq!(run.agent.as_deref(), Some("service-x"), "no agent is named: the actor");
}

#[tokio::test]
async fn the_status_is_the_last_word_about_the_end() {
    let root = |more| step("agent", "f0", 5, 50, more);
    let ended = |kind| (kind, Some("r"), json!({"outcome": "done"}));
    for (facts, status) in [
        (vec![step("llm", "a1", 10, 20, json!({}))], RunStatus::Running),
        (vec![root(json!({"root": true}))], RunStatus::Completed),
        (vec![root(json!({"root": true, "error": "Boom"}))], RunStatus::Failed),
        (vec![root(json!({"root": true, "ended_at": null}))], RunStatus::Running),
        (vec![step("llm", "a1", 10, 20, json!({})), ended("run.completed")], RunStatus::Completed),
        (vec![step("llm", "a1", 10, 20, json!({})), ended("run.aborted")], RunStatus::Aborted),
    ] {
        assert_eq!(summary(&facts).await.status, status, "{facts:?}");
    }
}

#[tokio::test]
async fn native_facts_say_in_their_body_what_they_are() {
    let native = |kind: &'static str, body: Json| (kind, Some("r"), body);
    let run = summary(&[
        native("run.started", json!({"declared_steps": 3})),
        native("run.step", json!({"index": 0, "skill": "look_up", "class": "tool", "tool": "look_up"})),
        native(
            "run.llm_call",
            json!({"index": 1, "provider": "p", "model": "m", "input_tokens": 7, "output_tokens": 2}),
        ),
        native("run.step", json!({"index": 2, "step": {"skill": "answer", "error": "too long"}})),
        native("run.completed", json!({"outcome": "failed"})),
        // Not of a run's kinds: its body says nothing of a step.
        native("audit.event", json!({"class": "llm", "input_tokens": 99})),
    ])
    .await;
    assert_eq!((run.llm_calls, run.tool_calls, run.entries), (1, 1, 6));
    assert_eq!((run.input_tokens, run.output_tokens, run.errors), (7, 2, 2));
    assert_eq!(run.status, RunStatus::Failed);
}

#[tokio::test]
async fn counts_that_no_integer_holds_are_cut_and_do_not_stop_the_list() {
    let most = 9_007_199_254_740_991_u64;
    let steps: Vec<_> = (0..1_100)
        .map(|n| {
            let more = json!({"response_id": n.to_string(), "input_tokens": most});
            step("llm", &format!("{n:016x}"), 1, 2, more)
        })
        .collect();
    let run = summary(&steps).await;
    assert_eq!((run.llm_calls, run.input_tokens), (1_100, 9_000_000_000_000_000_000));
}

#[tokio::test]
async fn names_with_a_character_that_postgresql_cannot_hold_are_shown_with_its_symbol() {
    let recorder = Recorder::new(&PROJECTION).await;
    let more = json!({"name": "a\0b", "tool": "\0", "error": "\0\0", "agent": "x\0"});
    recorder.record(&[step("tool", "b1", 1, 2, more)]).await;
    for ledger in recorder.ledgers() {
        assert_eq!(recorder.differences_in(ledger).await, []);
        let traces = Traces::new(ledger.reader(), read_fact);
        let run = RunId::parse("r").unwrap();
        let steps = traces.steps(&tenant(), &run).await.unwrap();
        assert_eq!(steps[0].name, "a\u{2400}b");
        assert_eq!(steps[0].error.as_deref(), Some("\u{2400}\u{2400}"));
        let summary = traces.run(&tenant(), &run).await.unwrap().unwrap();
        assert_eq!(summary.agent.as_deref(), Some("x\u{2400}"));
        assert!(traces.runs_starting_with(&tenant(), "r\0").await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn absurd_views_are_recorded_and_do_not_stop_the_ledger() {
    let run = summary(&[
        step(
            "llm",
            "a1",
            1,
            2,
            json!({"input_tokens": -5, "started_at": "yesterday", "ended_at": 7, "root": "yes"}),
        ),
        step("nonsense", "a2", 1, 2, json!({"name": 3, "agent": ["x"]})),
    ])
    .await;
    assert_eq!((run.llm_calls, run.input_tokens, run.entries), (1, 0, 2));
}

#[tokio::test]
async fn steps_come_in_order_of_start_and_say_what_the_view_said() {
    let recorder = Recorder::new(&PROJECTION).await;
    recorder
        .record(&[
            step("tool", "b1", 30, 40, json!({"tool": "search", "error": "Boom"})),
            step(
                "llm",
                "a1",
                10,
                20,
                json!({"provider": "p", "model": "m", "response_id": "x", "input_tokens": 5}),
            ),
            ("system.event", None, json!({"view": {"class": "event"}})),
        ])
        .await;
    let traces = Traces::new(recorder.ledgers().next().unwrap().reader(), read_fact);
    let steps = traces.steps(&tenant(), &RunId::parse("r").unwrap()).await.unwrap();
    assert_eq!(steps.iter().map(|step| step.seq).collect::<Vec<_>>(), [1, 0]);
    let llm = &steps[0];
    assert_eq!(
        (llm.class, llm.provider.as_deref(), llm.input_tokens),
        (StepClass::Llm, Some("p"), Some(5))
    );
    assert_eq!((llm.started_at, llm.ended_at), (time(10), Some(time(20))));
    assert_eq!(
        (steps[1].tool.as_deref(), steps[1].error.as_deref()),
        (Some("search"), Some("Boom"))
    );
}
