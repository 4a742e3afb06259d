//! The facades over both databases: what a platform records comes back, and nothing that it did not.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use logs_domain::{
    Access, AuditFilter, ChainSubject, DomainError, Ending, ExportFilter, Hint, Input, ListRequest,
    LogsDomain, Object, Period, Redactor, Rules, RunEnding, RunFilter, RunId, RunRecordError,
    RunScope, RunStart, RunStatus, RunStep, StepClass, SystemFilter, TenantId, Turn, Value,
};
use support::{at, domains, domains_with, tenant};

fn scope(run: &str) -> RunScope {
    let scope = RunScope::new(RunId::parse(run).unwrap(), "support");
    RunScope { policy_ids: vec!["p-1".into()], correlation_id: Some("talk-1".into()), ..scope }
}

fn start(run: &str) -> RunStart {
    RunStart {
        scope: scope(run),
        at: at(0),
        plan_hash: Some("plan-1".into()),
        seed: Some("42".into()),
        synthetic_scenario_id: None,
        environment: Object::from([("service.name", Value::from("support"))]),
    }
}

fn step(run: &str, index: u32, error: Option<&str>) -> RunStep {
    let begun = i64::from(index) * 10 + 1;
    RunStep {
        scope: scope(run),
        index,
        class: StepClass::Tool,
        skill: "lookup_order".into(),
        model: None,
        started_at: at(begun),
        ended_at: at(begun + 1),
        error: error.map(str::to_owned),
        retry_count: 0,
        tokens: None,
        cost_micros: None,
        params: Some(Value::from("the order of anna@example.com")),
        result: Some(Value::from("shipped")),
    }
}

fn call(run: &str, index: u32) -> RunStep {
    RunStep {
        class: StepClass::Llm,
        skill: "chat".into(),
        model: Some(("openai".into(), "gpt-4o".into())),
        tokens: Some((100, 20)),
        cost_micros: Some(1_500),
        ..step(run, index, None)
    }
}

fn end(run: &str, ending: Ending) -> RunEnding {
    RunEnding { scope: scope(run), at: at(100), ending }
}

fn list<F: logs_domain::Filter>(filter: F) -> ListRequest<F> {
    ListRequest::new(&tenant(), filter, 100, None).unwrap()
}

#[tokio::test]
async fn a_run_is_recorded_acknowledged_and_read_back() {
    let (_folder, domains) = domains().await;
    for domain in domains {
        let (traces, tenant) = (domain.traces(), tenant());
        let started = traces.start(&tenant, start("r")).await.unwrap();
        assert_eq!((started.value.seq, started.value.ack_seq), (0, 1));
        assert_eq!(started.evidence.as_of_size, 2);
        traces.step(&tenant, call("r", 0)).await.unwrap();
        let twice = traces.step(&tenant, call("r", 0)).await.unwrap();
        assert!(twice.value.duplicate && twice.evidence.as_of_size == 4, "nothing was written");
        traces.step(&tenant, step("r", 1, Some("timeout"))).await.unwrap();
        let ending = Ending::Completed { root_hash: Some("root-1".into()) };
        traces.complete(&tenant, end("r", ending.clone())).await.unwrap();
        let twice = traces.complete(&tenant, end("r", ending)).await.unwrap();
        assert!(twice.value.duplicate);

        let run = RunId::parse("r").unwrap();
        let logs = domain.logs();
        let one = logs.run(&tenant, &run).await.unwrap().value.unwrap();
        assert_eq!((one.status, one.llm_calls, one.tool_calls), (RunStatus::Completed, 1, 1));
        assert_eq!((one.input_tokens, one.output_tokens, one.cost_micros), (100, 20, Some(1_500)));
        for filter in [
            RunFilter { agent: Some("support".into()), ..RunFilter::default() },
            RunFilter { correlation: Some("talk-1".into()), ..RunFilter::default() },
            RunFilter { plan_hash: Some("plan-1".into()), ..RunFilter::default() },
            RunFilter { root_hash: Some("root-1".into()), ..RunFilter::default() },
            RunFilter { seed: Some("42".into()), ..RunFilter::default() },
            RunFilter { model: Some("gpt-4o".into()), ..RunFilter::default() },
        ] {
            let page = logs.runs(&list(filter)).await.unwrap().value;
            assert_eq!(page.items, std::slice::from_ref(&one));
        }
        let acks = AuditFilter { kind: Some("audit.ack".into()), ..AuditFilter::default() };
        assert_eq!(logs.audit(&list(acks)).await.unwrap().value.items.len(), 4);
        assert_eq!(logs.governance(&tenant, &run).await.unwrap().value.len(), 4);
        let usage = logs.usage(&tenant, Period::default()).await.unwrap().value;
        assert_eq!((usage.len(), usage[0].calls, usage[0].cost_micros), (1, 1, Some(1_500)));
        let snapshot = logs.snapshot(&tenant, &run).await.unwrap().value;
        assert_eq!(snapshot.recorded[0].resource.len(), 1);

        // What was said in the call is behind a commitment, and no address is anywhere.
        let fact = logs.entry(&tenant, &twice.value.id).await.unwrap().value.unwrap();
        assert_eq!(fact.seq, twice.value.seq);
        let report = domain.verify(&tenant, &[], &|_| {}).await.unwrap();
        assert_eq!(report.findings, []);
        domain.close().await.unwrap();
    }
}

#[tokio::test]
async fn what_does_not_follow_is_refused_and_nothing_is_written() {
    let (_folder, domains) = domains().await;
    for domain in domains {
        let (traces, tenant) = (domain.traces(), tenant());
        let size = async || domain.size(&tenant).await.unwrap();
        let error = traces.step(&tenant, step("r", 0, None)).await.unwrap_err();
        assert!(matches!(error, RunRecordError::NoTrace(_)), "{error}");
        let completed = || Ending::Completed { root_hash: None };
        let error = traces.complete(&tenant, end("r", completed())).await.unwrap_err();
        assert!(matches!(error, RunRecordError::NoTrace(_)), "{error}");
        assert_eq!(size().await, 0);

        traces.start(&tenant, start("r")).await.unwrap();
        let other = RunStart { seed: Some("43".into()), ..start("r") };
        let error = traces.start(&tenant, other).await.unwrap_err();
        assert!(matches!(error, RunRecordError::Conflict { seq: 0, .. }), "{error}");
        traces.step(&tenant, step("r", 0, None)).await.unwrap();
        let error = traces.step(&tenant, step("r", 0, Some("timeout"))).await.unwrap_err();
        assert!(matches!(error, RunRecordError::Conflict { seq: 2, .. }), "{error}");

        traces.abort(&tenant, scope("r"), at(100), "by hand".into()).await.unwrap();
        let before = size().await;
        let error = traces.complete(&tenant, end("r", completed())).await.unwrap_err();
        assert!(matches!(error, RunRecordError::Ended { seq: 4, .. }), "{error}");
        let error = traces.step(&tenant, step("r", 1, None)).await.unwrap_err();
        assert!(matches!(error, RunRecordError::Ended { seq: 4, .. }), "{error}");
        assert_eq!(size().await, before);

        let error = traces.start(&LogsDomain::root_log().unwrap(), start("r")).await.unwrap_err();
        assert!(matches!(error, RunRecordError::Reserved(_)), "{error}");
        domain.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_run_whose_end_cannot_be_recorded_is_aborted() {
    let (_folder, domains) = domains().await;
    for domain in domains {
        let (traces, tenant) = (domain.traces(), tenant());
        traces.start(&tenant, start("r")).await.unwrap();
        let huge = Ending::Failed { error: "x".repeat(70_000) };
        let error = traces.complete(&tenant, end("r", huge)).await.unwrap_err();
        assert!(matches!(error, RunRecordError::Finalisation { aborted: 2, .. }), "{error}");
        let run = RunId::parse("r").unwrap();
        let one = domain.logs().run(&tenant, &run).await.unwrap().value.unwrap();
        assert_eq!(one.status, RunStatus::Aborted);
        domain.close().await.unwrap();
    }
}

/// What happened beside a run: native facts.
const BESIDE: &str = r#"
{"kind":"audit.authorization","occurred_at":"2026-01-01T00:00:05Z","run_id":"r","policy_ids":["p-1"],"incident_ids":["inc-1"],"body":{"action":"refund","decision":"deny"}}
{"kind":"audit.authorization","occurred_at":"2026-01-01T00:01:00Z","run_id":"r","body":{"action":"refund","decision":"allow"}}
{"kind":"audit.access","occurred_at":"2026-01-01T00:00:06Z","actor":{"kind":"human","subject":"u-17"},"body":{"event":"read"}}
{"kind":"system.event","occurred_at":"2026-01-01T00:00:20Z","source_component":"gateway","body":{"event":"restarted","severity":"WARN"}}
{"kind":"system.event","occurred_at":"2026-01-01T00:05:00Z","source_component":"gateway","body":{"event":"restarted"}}
{"kind":"alert.sent","occurred_at":"2026-01-01T00:00:30Z","body":{"name":"cost"}}
{"kind":"system.telemetry","occurred_at":"2026-01-01T00:00:15Z","source_component":"support","body":{"name":"latency","value":7,"unit":"ms"}}
"#;

#[tokio::test]
async fn each_topic_answers_from_recorded_facts_alone() {
    let (folder, domains) = domains().await;
    let file = folder.path().join("beside.jsonl");
    std::fs::write(&file, BESIDE.trim_start()).unwrap();
    let mut answers = Vec::new();
    for domain in domains {
        let (traces, logs, tenant) = (domain.traces(), domain.logs(), tenant());
        let (run, quiet) = (RunId::parse("r").unwrap(), RunId::parse("quiet").unwrap());
        traces.start(&tenant, start("quiet")).await.unwrap();
        traces.start(&tenant, start("r")).await.unwrap();
        traces.step(&tenant, step("r", 0, None)).await.unwrap();
        traces.step(&tenant, step("r", 1, Some("timeout"))).await.unwrap();
        traces.step(&tenant, step("r", 9, None)).await.unwrap();
        let input = Input::open(&file, 1 << 20).unwrap();
        assert_eq!(domain.import(&tenant, input, Hint::default()).await.unwrap().facts, 7);

        // The denial came before the error.
        let window = logs.replay_window(&tenant, &run).await.unwrap().value.unwrap();
        assert_eq!((window.inflection.turn, window.inflection.at), (Turn::Denial, at(5)));
        assert_eq!(window.inflection.what, "refund");
        assert_eq!((window.from, window.to), (at(-25), at(35)));
        let steps: Vec<_> = window.steps.iter().map(|step| step.started_at).collect();
        assert_eq!(steps, [at(0), at(1), at(11)]);
        let system: Vec<_> = window.system.iter().map(|e| e.kind.as_str()).collect();
        assert_eq!(system, ["system.telemetry", "system.event", "alert.sent"]);
        let governance: Vec<_> = window.governance.iter().map(|g| g.kind.as_str()).collect();
        let acks = ["audit.ack", "audit.ack", "audit.authorization", "audit.ack"];
        assert_eq!(governance, acks);
        assert_eq!(logs.replay_window(&tenant, &quiet).await.unwrap().value, None);

        let decisions = logs.authorization(&list(AuditFilter::default())).await.unwrap().value;
        let said: Vec<_> = decisions.items.iter().map(|d| d.outcome.as_deref()).collect();
        assert_eq!(said, [Some("allow"), Some("deny")]);
        let of_quiet = AuditFilter { run: Some("quiet".into()), ..AuditFilter::default() };
        let none = logs.authorization(&list(of_quiet)).await.unwrap().value;
        assert!(none.items.is_empty(), "not recorded, and not allowed");
        let reads = logs.access(&list(AuditFilter::default())).await.unwrap().value;
        assert_eq!(reads.items.len(), 1);
        let who = logs.identity(&tenant, "").await.unwrap().value;
        let who: Vec<_> = who.iter().map(|a| (a.actor.as_str(), a.facts)).collect();
        assert_eq!(who, [("native", 2), ("trace-facade", 5), ("u-17", 1)]);

        let warned = SystemFilter { severity: Some("warn".into()), ..SystemFilter::default() };
        assert_eq!(logs.system(&list(warned)).await.unwrap().value.items.len(), 1);
        let events = logs.events(&list(SystemFilter::default())).await.unwrap();
        assert_eq!(events.value.items.len(), 2, "neither the measurement nor the alert");
        let last = events.evidence.as_of_size - 1;
        assert_eq!(logs.entry_at(&tenant, last).await.unwrap().value.map(|f| f.seq), Some(last));
        assert_eq!(logs.entry_at(&tenant, last + 1).await.unwrap().value, None);
        let telemetry = logs.telemetry(&tenant, &run).await.unwrap().value;
        assert_eq!(telemetry.points.len(), 1);
        assert_eq!(telemetry.points[0].value.as_deref(), Some("7"));
        assert_eq!((telemetry.period, telemetry.committed), (Some((at(0), at(92))), 0));
        let alert = logs.alert(&tenant, "cost", at(0), at(60)).await.unwrap().value;
        assert_eq!((alert.sent, alert.suppressed, alert.last_sent.is_some()), (1, 0, true));
        let outcomes = logs.outcomes(&tenant, &run).await.unwrap().value;
        let outcomes: Vec<_> = outcomes.iter().filter_map(|o| o.error.as_deref()).collect();
        assert_eq!(outcomes, ["timeout"]);
        let exports = logs.exports(&list(ExportFilter::default())).await.unwrap().value;
        assert!(exports.items.is_empty());
        let system_audit = logs.system_audit(&list(AuditFilter::default())).await.unwrap().value;
        assert_eq!(system_audit.items.len(), 7);

        let evidence = domain.evidence();
        for (subject, links) in [
            (ChainSubject::Run("r".into()), 10),
            (ChainSubject::Incident("inc-1".into()), 1),
            (ChainSubject::Actor("support".into()), 6),
            (ChainSubject::Period(Period { since: Some(at(20)), until: Some(at(60)) }), 2),
            (ChainSubject::Run("nobody".into()), 0),
        ] {
            let chain = evidence.chain(&tenant, subject).await.unwrap().value;
            assert_eq!(chain.links.len(), links, "{}", chain.subject);
            let checkpoint = domain.checkpoint(&tenant).await.unwrap();
            let proofs = evidence.prove_chain(&tenant, &chain, checkpoint.size).await.unwrap();
            chain.verify(&proofs.value, checkpoint.size, &checkpoint.root).unwrap();
        }

        // Nothing of it is another tenant's.
        let other = TenantId::parse("other").unwrap();
        let page = ListRequest::new(&other, AuditFilter::default(), 9, None).unwrap();
        assert!(logs.audit(&page).await.unwrap().value.items.is_empty());
        assert_eq!(logs.run(&other, &run).await.unwrap().value, None);
        answers.push((window, telemetry));
        domain.close().await.unwrap();
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "both databases agree");
}

#[tokio::test]
async fn lists_of_one_kind_go_on_with_their_own_cursors() {
    let (folder, domains) = domains().await;
    let file = folder.path().join("kinds.jsonl");
    // Three of each kind, with hundreds of others after each.
    let lines: Vec<_> = (0..903)
        .flat_map(|n| {
            let few = ["audit.authorization", "audit.access", "system.event"];
            let many = ["audit.tool", "audit.tool", "system.telemetry"];
            if n % 301 == 0 { few } else { many }
        })
        .enumerate()
        .map(|(n, kind)| {
            format!(
                r#"{{"kind":"{kind}","occurred_at":"2026-01-01T00:00:00Z","body":{{"n":{n}}}}}"#
            )
        })
        .collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    for domain in domains {
        let (logs, tenant) = (domain.logs(), tenant());
        let input = Input::open(&file, 1 << 20).unwrap();
        domain.import(&tenant, input, Hint::default()).await.unwrap();
        macro_rules! pages {
            ($list:ident, $filter:expr) => {{
                let first = ListRequest::new(&tenant, $filter, 2, None).unwrap();
                let first = logs.$list(&first).await.unwrap().value;
                let rest = ListRequest::new(&tenant, $filter, 2, first.next.as_deref()).unwrap();
                let rest = logs.$list(&rest).await.unwrap().value;
                assert_eq!((first.items.len(), first.has_more()), (2, true));
                assert_eq!((rest.items.len(), rest.has_more()), (1, false));
                let mut seqs: Vec<_> = first.items.iter().map(|item| item.seq).collect();
                seqs.extend(rest.items.iter().map(|item| item.seq));
                assert!(seqs.is_sorted_by(|a, b| a > b), "{seqs:?}");
                first.next.unwrap()
            }};
        }
        let decisions = pages!(authorization, AuditFilter::default());
        pages!(access, AuditFilter::default());
        let events = pages!(events, SystemFilter::default());
        let of_run = AuditFilter { run: Some("r".into()), ..AuditFilter::default() };
        assert!(ListRequest::new(&tenant, of_run, 2, Some(&decisions)).is_err());
        assert!(ListRequest::new(&tenant, AuditFilter::default(), 2, Some(&events)).is_err());
        domain.close().await.unwrap();
    }
}

#[tokio::test]
async fn cursors_and_limits_that_cannot_be_are_the_callers_fault() {
    let other = TenantId::parse("other").unwrap();
    let cursor = list(RunFilter::default()).cursor("", 7);
    for (tenant, limit, cursor) in [
        (tenant(), 0, None),
        (tenant(), 1_000_000_000, None),
        (other, 20, Some(cursor.as_str())),
        (tenant(), 20, Some("not a cursor")),
    ] {
        let refused = ListRequest::new(&tenant, RunFilter::default(), limit, cursor).unwrap_err();
        let refused = DomainError::from(refused);
        assert_eq!(refused.fault(), logs_domain::Fault::Input, "{refused}");
    }
    let filter = RunFilter {
        period: Period { since: Some(at(1)), until: Some(at(0)) },
        ..RunFilter::default()
    };
    let refused = ListRequest::new(&tenant(), filter, 20, None).unwrap_err();
    assert_eq!(DomainError::from(refused).fault(), logs_domain::Fault::Input);
}

#[tokio::test]
async fn what_a_platform_says_freely_is_redacted_by_the_domains_own_rules() {
    let rules = "[[field]]\nname = 'badge_no'\nkind = 'badge'\n\
                 [[pattern]]\nregex = 'CASE-[0-9]{4}'\nkind = 'case_no'";
    let redactor = Redactor::with_rules(&Rules::parse(rules).unwrap()).unwrap();
    let (_folder, domains) = domains_with(|builder| builder.redactor(redactor.clone())).await;
    for domain in domains {
        let (traces, tenant) = (domain.traces(), tenant());
        traces.start(&tenant, start("r")).await.unwrap();
        let params = Object::from([
            ("badgeNo", Value::from("B-17")),
            ("note", Value::from("see CASE-4711 of dana@example.com")),
        ]);
        let failed = step("r", 0, Some("no order for dana@example.com in CASE-4711"));
        let failed = RunStep { params: Some(params.into()), result: None, ..failed };
        traces.step(&tenant, failed).await.unwrap();
        let reason = "CASE-4711 was withdrawn".to_owned();
        traces.complete(&tenant, end("r", Ending::Aborted { reason })).await.unwrap();

        let run = RunId::parse("r").unwrap();
        let trace = domain.trace_record(&tenant, &run).await.unwrap();
        let params = trace.steps[0].params.text().unwrap();
        assert_eq!(
            params,
            r#"{"badgeNo":"[redacted:badge]","note":"see [redacted:case_no] of [redacted:email]"}"#
        );
        let listed = domain.logs().outcomes(&tenant, &run).await.unwrap().value;
        assert_eq!(
            listed.iter().find_map(|step| step.error.as_deref()),
            Some("no order for [redacted:email] in [redacted:case_no]"),
            "an error is said freely too"
        );
        let chain = domain
            .evidence()
            .chain(&tenant, ChainSubject::Run(run.to_string()))
            .await
            .unwrap()
            .value;
        let facts = format!("{chain:?}");
        for secret in ["B-17", "CASE-4711", "dana@example.com"] {
            assert!(!facts.contains(secret), "{secret} was recorded");
        }
    }
}

#[tokio::test]
async fn a_database_that_keeps_nothing_is_not_opened_and_so_acknowledges_nothing() {
    let home = tempfile::tempdir().unwrap();
    for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite://"] {
        let builder = LogsDomain::builder(url).key_file(home.path().join("factlog.key"));
        let error = builder.clone().init("logs.test").await.err().unwrap();
        assert_eq!(error.fault(), logs_domain::Fault::Input, "{url}: {error}");
        assert!(!home.path().join("factlog.key").exists(), "{url}");
        assert!(builder.open(Access::Write).await.is_err(), "{url}");
    }
}
