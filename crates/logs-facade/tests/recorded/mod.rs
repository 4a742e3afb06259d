// What the examples of this crate read: a run with its surroundings, over stores in memory. An example
// takes this file in whole, so that it stands for itself and shows what it is about.

use std::sync::Arc;

pub use audit_evidence::*;
pub use logs_facade::*;
pub use store_traits::test_support::{
    Counting, MemoryLedger, MemoryTopics, Noon, ToyVerifier, draft, ready,
};
pub use store_traits::*;

/// A time in the hour of the run.
pub fn at(second: u32) -> Timestamp {
    Timestamp::parse(&format!("2026-01-01T11:00:{second:02}Z")).unwrap()
}

/// The run that was recorded.
pub fn scope() -> RunScope {
    RunScope::new(RunId::parse("run-1").unwrap(), "support")
}

fn recorder(ledger: &Arc<MemoryLedger>) -> Arc<Recorder> {
    let ledger: Arc<dyn LedgerStore> = Arc::<MemoryLedger>::clone(ledger);
    let recorder = Recorder::new(ledger, Arc::new(Noon), Arc::new(Counting::default()));
    Arc::new(recorder.enforcing(Enforcement::Off))
}

fn traces_of(ledger: &Arc<MemoryLedger>, recorder: &Arc<Recorder>) -> TraceFacade {
    let (ledger, topics) = (Arc::clone(ledger), MemoryTopics(Arc::clone(ledger)));
    let redactor = redaction::Redactor::default();
    let runs = RunRecorder::new(recorder.clone(), ledger.clone(), Arc::new(topics), redactor);
    TraceFacade::new(runs, ledger)
}

/// Over an empty ledger.
pub fn traces() -> (TraceFacade, TenantId) {
    let ledger = Arc::new(MemoryLedger::default());
    (traces_of(&ledger, &recorder(&ledger)), TenantId::parse("acme").unwrap())
}

fn said(kind: FactKind, key: &str, second: u32, body: &[(&str, Value)]) -> Draft {
    let body = body.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let mut draft = draft(kind, key, body);
    draft.meta.occurred_at = at(second);
    draft.meta.incident_ids = vec!["inc-1".into()];
    draft
}

/// A run of two steps, the second of which failed, and what was recorded beside it.
pub fn stores() -> (Stores, TenantId, RunId) {
    let ledger = Arc::new(MemoryLedger::default());
    let (recorder, tenant) = (recorder(&ledger), TenantId::parse("acme").unwrap());
    let traces = traces_of(&ledger, &recorder);
    let environment = Object::from([("service.name", "support".into())]);
    let start = RunStart { environment, ..RunStart::new(scope(), at(0)) };
    ready(traces.start(&tenant, start)).unwrap();
    let call = RunStep::new(scope(), 0, StepClass::Llm, "chat", at(1), at(2));
    let model = Some(("openai".to_owned(), "gpt-4o".to_owned()));
    let call = RunStep { model, tokens: Some((100, 20)), cost_micros: Some(1_500), ..call };
    ready(traces.step(&tenant, call)).unwrap();
    let tool = RunStep::new(scope(), 1, StepClass::Tool, "refund", at(4), at(5));
    ready(traces.step(&tenant, RunStep { error: Some("timeout".into()), ..tool })).unwrap();
    let ending = Ending::Failed { error: "timeout".into() };
    ready(traces.complete(&tenant, RunEnding { scope: scope(), at: at(6), ending })).unwrap();
    let digest = "00".repeat(32);
    let beside = [
        said(FactKind::AuditAuthorization, "d", 3, &[("action", "refund".into()), ("decision", "deny".into())]),
        said(FactKind::AuditAccess, "r", 7, &[("event", "read".into())]),
        said(FactKind::SystemEvent, "s", 3, &[("event", "restarted".into()), ("severity", "warn".into())]),
        said(FactKind::SystemTelemetry, "m", 4, &[("name", "latency".into()), ("value", 7.into()), ("component", "support".into())]),
        said(FactKind::AlertSent, "a", 8, &[("name", "cost".into())]),
        said(FactKind::ExportCompleted, "e", 9, &[("profile", "evidence".into()), ("sha256", digest.into())]),
    ];
    ready(recorder.record(&tenant, &beside)).unwrap();
    let topics = Arc::new(MemoryTopics(Arc::clone(&ledger)));
    let (traces, audit, system) = (topics.clone(), topics.clone(), topics.clone());
    let stores = Stores { ledger, traces, audit, system, exports: topics };
    (stores, tenant, scope().run_id)
}

/// The facade that reads it.
pub fn logs() -> (LogsFacade, TenantId, RunId) {
    let (stores, tenant, run) = stores();
    (LogsFacade::new(stores), tenant, run)
}

/// The facade that proves it.
pub fn evidence() -> (EvidenceFacade, TenantId, RunId) {
    let (stores, tenant, run) = stores();
    (EvidenceFacade::new(stores), tenant, run)
}
