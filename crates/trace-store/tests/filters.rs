//! What lists of runs are filtered by, in both databases.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use ledger_store::test_support::{Recorder, at, read_fact, tenant};
use serde_json::{Value as Json, json};
use sqlx::Executor;
use store_traits::{ListRequest, Period, RunFilter, RunId, RunStatus, Timestamp, TraceStore};
use trace_store::{PROJECTION, Traces};

fn view(class: &str, ms: u64, more: Json) -> Json {
    let mut view = json!({"class": class, "name": class, "started_at": at(ms)});
    view.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"view": view})
}

/// An hour in milliseconds.
const HOUR: u64 = 3_600_000;

/// Runs `a` to `e`, an hour apart.
async fn five_runs() -> Recorder {
    let recorder = Recorder::new(&PROJECTION).await;
    let long = "x".repeat(300);
    let chat = |model: &str| json!({"agent": "support", "provider": "openai", "model": model});
    let mut started = view("agent", 0, json!({"agent": "support"}));
    started["plan_hash"] = json!("plan-1");
    started["seed"] = json!(42);
    started["is_synthetic"] = json!(true);
    started["synthetic_scenario_id"] = json!("refund");
    started["$meta"] = json!({"correlation_id": "talk-1"});
    let ended = |ms, more: Json| {
        let mut ended = view("agent", ms, more);
        ended["view"]["root"] = json!(true);
        ended["view"]["ended_at"] = json!(at(ms + 10));
        ended
    };
    let mut closing = ended(100, json!({}));
    closing["root_hash"] = json!("root-1");
    recorder
        .record(&[
            ("run.started", Some("a"), started),
            ("run.llm_call", Some("a"), view("llm", 1, chat("gpt-4o"))),
            ("run.completed", Some("a"), closing),
            ("run.llm_call", Some("b"), view("llm", HOUR, chat("gpt-4o"))),
            ("run.completed", Some("b"), ended(HOUR + 5, json!({"error": "timeout"}))),
        ])
        .await;
    let service = json!({"service": "billing", "provider": "mistral", "model": long});
    recorder
        .record(&[
            ("run.llm_call", Some("c"), view("llm", 2 * HOUR, service)),
            ("run.aborted", Some("c"), view("event", 2 * HOUR + 9, json!({}))),
            ("run.llm_call", Some("d"), view("llm", 3 * HOUR, chat("gpt-4o"))),
            ("run.llm_call", Some("d"), view("llm", 5 * HOUR, chat("gpt-5"))),
            // Once failed, and then completed: the last word counts.
            ("run.step", Some("e"), ended(4 * HOUR, json!({"error": "again", "model": "gpt-5"}))),
            ("run.completed", Some("e"), ended(4 * HOUR + 100, json!({}))),
        ])
        .await;
    recorder
}

async fn found(recorder: &Recorder, filter: &RunFilter) -> String {
    let mut answers = Vec::new();
    for ledger in recorder.ledgers() {
        let traces = Traces::new(ledger.reader(), read_fact);
        // By pages of two, so that the cursor of each order is used.
        let (mut ids, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let asked = ListRequest::new(&tenant(), filter.clone(), 2, cursor.as_deref()).unwrap();
            let page = traces.runs(&asked).await.unwrap();
            ids.extend(page.items.into_iter().map(|run| run.run_id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        answers.push(ids.concat());
    }
    let one = answers.remove(0);
    assert!(answers.iter().all(|other| *other == one), "{filter:?}: {one} {answers:?}");
    one
}

#[tokio::test]
async fn each_filter_finds_its_runs_and_no_others() {
    let recorder = five_runs().await;
    for ledger in recorder.ledgers() {
        assert_eq!(recorder.differences_in(ledger).await, []);
    }
    let check = async |expect: &str, change: &dyn Fn(&mut RunFilter)| {
        let mut filter = RunFilter::default();
        change(&mut filter);
        assert_eq!(found(&recorder, &filter).await, expect, "{filter:?}");
    };
    let some = |text: &str| Some(text.to_owned());
    check("edcba", &|_| {}).await;
    check("b", &|f| f.run = some("b")).await;
    check("", &|f| f.run = some("nobody")).await;
    check("dba", &|f| f.agent = some("support")).await;
    check("c", &|f| f.agent = some("billing")).await;
    check("c", &|f| f.provider = some("mistral")).await;
    check("dba", &|f| f.model = some("gpt-4o")).await;
    check("ed", &|f| f.model = some("gpt-5")).await;
    check("c", &|f| f.model = Some("x".repeat(300))).await;
    check("a", &|f| f.correlation = some("talk-1")).await;
    check("a", &|f| f.seed = some("42")).await;
    check("a", &|f| f.plan_hash = some("plan-1")).await;
    check("a", &|f| f.root_hash = some("root-1")).await;
    check("a", &|f| f.scenario = some("refund")).await;
    check("a", &|f| f.synthetic = Some(true)).await;
    check("edcb", &|f| f.synthetic = Some(false)).await;
    check("d", &|f| f.status = Some(RunStatus::Running)).await;
    check("ea", &|f| f.status = Some(RunStatus::Completed)).await;
    check("b", &|f| f.status = Some(RunStatus::Failed)).await;
    check("c", &|f| f.status = Some(RunStatus::Aborted)).await;
    let both = |f: &mut RunFilter| {
        f.model = some("gpt-4o");
        f.status = Some(RunStatus::Failed);
    };
    check("b", &both).await;
    check("", &|f| {
        f.model = some("gpt-4o");
        f.provider = some("mistral");
    })
    .await;
    check("", &|f| f.model = some("\0")).await;
}

#[tokio::test]
async fn a_run_that_natively_completed_and_failed_is_a_failed_one() {
    let recorder = Recorder::new(&PROJECTION).await;
    let body = json!({"outcome": "failed", "seed": 7});
    recorder
        .record(&[
            ("run.step", Some("a"), json!({"skill": "look_up"})),
            ("run.completed", Some("a"), body),
            ("run.completed", Some("b"), json!({"outcome": "done"})),
        ])
        .await;
    for (status, expect) in [(RunStatus::Failed, "a"), (RunStatus::Completed, "b")] {
        let filter = RunFilter { status: Some(status), ..RunFilter::default() };
        assert_eq!(found(&recorder, &filter).await, expect);
    }
    let seeded = RunFilter { seed: Some("7".into()), ..RunFilter::default() };
    assert_eq!(found(&recorder, &seeded).await, "a");
    for ledger in recorder.ledgers() {
        assert_eq!(recorder.differences_in(ledger).await, []);
    }
}

#[tokio::test]
async fn a_period_lists_each_run_once_by_its_first_hour_in_it() {
    let recorder = five_runs().await;
    let time = |ms| Some(Timestamp::parse(&at(ms)).unwrap());
    let check = async |since, until, expect: &str| {
        let period = Period { since, until };
        let filter = RunFilter { period, ..RunFilter::default() };
        assert_eq!(found(&recorder, &filter).await, expect, "{period:?}");
        let filter = RunFilter { agent: Some("support".into()), ..filter };
        let named: String = expect.chars().filter(|id| "abd".contains(*id)).collect();
        assert_eq!(found(&recorder, &filter).await, named, "{period:?}");
    };
    check(time(0), None, "edcba").await;
    check(time(0), time(2 * HOUR), "ba").await;
    // `d` began steps at three and at five.
    check(time(3 * HOUR), time(6 * HOUR), "ed").await;
    check(time(3 * HOUR + 1), time(6 * HOUR), "ed").await;
    check(time(5 * HOUR), time(6 * HOUR), "d").await;
    check(time(HOUR + 1), time(HOUR + 2), "").await;
    check(None, time(1), "a").await;
    check(time(9 * HOUR), None, "").await;
}

#[tokio::test]
async fn many_runs_that_only_their_steps_can_judge_are_looked_at_page_by_page() {
    let recorder = Recorder::new(&PROJECTION).await;
    // All in one hour, of which the period takes the very first moment.
    let runs: Vec<String> = (0..150).map(|n| format!("{n:03} ")).collect();
    let mut facts = Vec::new();
    for (n, run) in (0..).zip(&runs) {
        let view = view("llm", n * 1_000, json!({"agent": "support"}));
        facts.push(("run.llm_call", Some(run.as_str()), view));
    }
    recorder.record(&facts).await;
    let until = Timestamp::parse(&at(1_500)).ok();
    let period = Period { since: None, until };
    let filter = RunFilter { period, agent: Some("support".into()), ..RunFilter::default() };
    assert_eq!(found(&recorder, &filter).await, "001 000 ");
    let first = ListRequest::new(&tenant(), filter, 2, None).unwrap();
    for ledger in recorder.ledgers() {
        let page = Traces::new(ledger.reader(), read_fact).runs(&first).await.unwrap();
        assert!(page.items.is_empty() && page.next.is_some(), "64 were looked at");
    }
}

#[tokio::test]
async fn facts_for_others_are_the_same_in_both_databases() {
    let recorder = five_runs().await;
    let mut answers = Vec::new();
    for ledger in recorder.ledgers() {
        let traces = Traces::new(ledger.reader(), read_fact);
        let usage = traces.usage(&tenant(), Period::default()).await.unwrap();
        let run = |id| RunId::parse(id).unwrap();
        let outcomes = traces.outcomes(&tenant(), &run("b")).await.unwrap();
        let extent = traces.extent(&tenant(), &run("c")).await.unwrap().unwrap();
        assert_eq!(traces.extent(&tenant(), &run("nobody")).await.unwrap(), None);
        answers.push((usage, outcomes, extent));
    }
    for (usage, outcomes, extent) in &answers {
        assert_eq!((usage, outcomes, extent), (&answers[0].0, &answers[0].1, &answers[0].2));
    }
    let (usage, outcomes, extent) = &answers[0];
    let lines: Vec<_> = usage
        .iter()
        .map(|u| {
            let model = u.model.clone().unwrap_or_default();
            (
                u.agent.clone().unwrap_or_default(),
                model.chars().take(6).collect::<String>(),
                u.runs,
                u.calls,
            )
        })
        .collect();
    let line = |agent: &str, model: &str, runs, calls| (agent.into(), model.into(), runs, calls);
    assert_eq!(
        lines,
        [
            line("billing", "xxxxxx", 1, 1),
            line("support", "gpt-4o", 3, 3),
            line("support", "gpt-5", 1, 1)
        ]
    );
    assert!(usage.iter().all(|u| u.day == "2026-01-01" && u.cost_micros.is_none()));
    let said: Vec<_> = outcomes.iter().map(|o| (o.name.as_str(), o.error.as_deref())).collect();
    assert_eq!(said, [("llm", None), ("agent", Some("timeout"))]);
    assert_eq!(extent.services, ["billing", "service-x"]);
    assert_eq!(
        extent.ends.iter().map(|end| end.kind.as_str()).collect::<Vec<_>>(),
        ["run.aborted"]
    );
}

#[tokio::test]
async fn labels_that_differ_from_their_entries_are_found() {
    let recorder = five_runs().await;
    let mut intruder = recorder.intruder().await;
    for statement in [
        "DROP TRIGGER labels_of_runs_no_update",
        "DROP TRIGGER labels_of_runs_no_delete",
        "DELETE FROM labels_of_runs WHERE run_id = 'a' AND name = 'seed'",
        "UPDATE labels_of_runs SET value = 'gpt-6' WHERE run_id = 'b' AND name = 'model'",
        "UPDATE labels_of_runs SET seq = 8 WHERE run_id = 'd' AND value = 'gpt-4o'",
        // Readers look for the labels of a run where it began.
        "UPDATE labels_of_runs SET first_seq = 1 WHERE run_id = 'e' AND name = 'agent'",
    ] {
        intruder.execute(statement).await.unwrap();
    }
    let found = recorder.differences().await;
    let about: Vec<_> = found.iter().map(|(seq, what)| (*seq, what.as_str())).collect();
    assert_eq!(
        about,
        [
            (0, "`labels_of_runs` lacks a row: run_id \"a\", name \"seed\", value \"42\""),
            (
                3,
                "`labels_of_runs` has a row that its entry does not give: run_id \"b\", name \"model\", value \"gpt-6\""
            ),
            (3, "`labels_of_runs` lacks a row: run_id \"b\", name \"model\", value \"gpt-4o\""),
            (7, "`labels_of_runs` lacks a row: run_id \"d\", name \"model\", value \"gpt-4o\""),
            (
                8,
                "`labels_of_runs` has a row that its entry does not give: run_id \"d\", name \"model\", value \"gpt-4o\""
            ),
            (9, "`labels_of_runs` has a row that readers do not find"),
        ]
    );
}
