//! Completeness and reconciliation over both databases, of runs that a platform records.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use logs_domain::{
    Completeness, DomainError, Ending, Mode, Object, Period, Profile, ReconcileStatus, RunEnding,
    RunScope, RunStart, RunStep, StepClass, TenantId, Value,
};
use support::{at, domains, run_id, tenant};

fn scope(run: &str) -> RunScope {
    RunScope::new(run_id(run), "support")
}

fn start(run: &str) -> RunStart {
    RunStart {
        scope: scope(run),
        at: at(0),
        plan_hash: None,
        seed: None,
        synthetic_scenario_id: None,
        environment: Object::from([("region", Value::from("eu"))]),
    }
}

fn step(run: &str, index: u32) -> RunStep {
    let begun = i64::from(index) * 10 + 1;
    RunStep {
        scope: scope(run),
        index,
        class: StepClass::Llm,
        skill: "chat".into(),
        model: Some(("openai".into(), "gpt-4o".into())),
        started_at: at(begun),
        ended_at: at(begun + 1),
        error: None,
        retry_count: 0,
        tokens: Some((100, 20)),
        cost_micros: Some(1_500),
        params: Some(Value::from("a question")),
        result: Some(Value::from("an answer")),
    }
}

fn end(run: &str) -> RunEnding {
    RunEnding { scope: scope(run), at: at(100), ending: Ending::Completed { root_hash: None } }
}

fn year() -> Period {
    Period { since: Some(at(0)), until: Some(at(31_536_000)) }
}

#[tokio::test]
async fn a_run_recorded_step_by_step_lacks_nothing_required_and_has_all_its_receipts() {
    let (_folder, domains) = domains().await;
    let mut seen: Vec<(Object, Object)> = Vec::new();
    for domain in domains {
        let (tenant, traces) = (tenant(), domain.traces());
        traces.start(&tenant, start("r")).await.unwrap();
        for index in 0..3 {
            traces.step(&tenant, step("r", index)).await.unwrap();
        }
        traces.complete(&tenant, end("r")).await.unwrap();
        let check = async |profile| {
            domain.check_run(&tenant, &run_id("r"), profile, Mode::Usual).await.unwrap()
        };
        assert_eq!(
            check(Profile::Evidence).await.completeness,
            Completeness::Incomplete,
            "unsigned"
        );
        domain.checkpoint(&tenant).await.unwrap();
        let found = check(Profile::Evidence).await;
        assert_eq!(found.completeness, Completeness::Partial, "{:?}", found.reasons);
        assert_eq!((found.steps.steps, found.steps.range), (3, Some((0, 2))));
        let reconciled = domain.reconcile_run(&tenant, &run_id("r")).await.unwrap().undertakings;
        assert_eq!(reconciled.status, ReconcileStatus::Complete, "{:?}", reconciled.findings);
        assert_eq!(reconciled.receipts, (5, 5));
        let period = domain
            .check_period(&tenant, year(), Profile::Evidence, Mode::Usual, &|_| {})
            .await
            .unwrap();
        assert_eq!((period.population.runs.len(), period.completeness), (1, Completeness::Partial));
        assert!(period.population.whole());
        // Ids, times and salts differ from database to database, what is there does not.
        let mut population = period.to_object();
        population.remove("population");
        seen.push((found.to_object(), population));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
}

#[tokio::test]
async fn runs_that_lie_in_each_other_are_proved_by_tiles_and_named_when_open() {
    let (_folder, domains) = domains().await;
    let domain = &domains[0];
    let (tenant, traces) = (tenant(), domain.traces());
    let runs: Vec<String> = (0..40).map(|n| format!("run-{n:02}")).collect();
    for run in &runs {
        traces.start(&tenant, start(run)).await.unwrap();
    }
    for index in 0..3 {
        for run in &runs {
            traces.step(&tenant, step(run, index)).await.unwrap();
        }
    }
    for run in &runs[1..] {
        traces.complete(&tenant, end(run)).await.unwrap();
    }
    domain.checkpoint(&tenant).await.unwrap();
    // 398 entries; those of a run lie in both tiles.
    let (profile, mode) = (Profile::Evidence, Mode::Usual);
    let open = domain.check_run(&tenant, &run_id("run-00"), profile, mode).await.unwrap();
    assert_eq!(open.completeness, Completeness::Incomplete);
    let heard = std::sync::atomic::AtomicU64::new(0);
    let hear = |entries| heard.store(entries, std::sync::atomic::Ordering::Relaxed);
    let period = domain.check_period(&tenant, year(), profile, mode, &hear).await.unwrap();
    assert_eq!(heard.into_inner(), 398);
    let named: Vec<_> = period.population.open().map(|run| run.run_id.as_str()).collect();
    assert_eq!((period.population.runs.len(), named), (40, vec!["run-00"]));
    assert_eq!(period.counts[&Completeness::Partial], 39);
    let closed = domain.check_run(&tenant, &run_id("run-39"), profile, mode).await.unwrap();
    assert_eq!(closed.completeness, Completeness::Partial, "{:?}", closed.reasons);
}

#[tokio::test]
async fn what_is_not_there_is_an_error_and_no_answer() {
    let (_folder, domains) = domains().await;
    for domain in domains {
        let tenant = tenant();
        let (profile, mode) = (Profile::Soc2, Mode::Strict);
        let none = domain.check_run(&tenant, &run_id("nobody"), profile, mode).await;
        assert!(matches!(none, Err(DomainError::NoSuchRun(_))));
        let empty = domain.check_period(&tenant, year(), profile, mode, &|_| {}).await;
        assert!(matches!(empty, Err(DomainError::EmptyLedger(_))));
        let empty = domain.reconcile_run(&tenant, &run_id("nobody")).await;
        assert!(matches!(empty, Err(DomainError::EmptyLedger(_))));
        domain.traces().start(&tenant, start("r")).await.unwrap();
        let none = domain.reconcile_run(&tenant, &run_id("nobody")).await;
        assert!(matches!(none, Err(DomainError::NoSuchRun(_))));
        let other = TenantId::parse("globex").unwrap();
        let theirs = domain.check_run(&other, &run_id("r"), profile, mode).await;
        assert!(matches!(theirs, Err(DomainError::NoSuchRun(_))), "another tenant's run");
    }
}
