// What the examples of this crate work on: a ledger in memory with some facts of a run. An example takes
// this file in whole, so that it stands for itself and shows what it is about.

pub use std::sync::Arc;

pub use audit_evidence::*;
pub use replay_determinism::leaf_hash;
pub use store_traits::test_support::{
    Counting, MemoryLedger, MemoryTopics, Noon, ToyKey, ToyVerifier, draft, ready,
};
pub use store_traits::*;

/// The name of the log.
pub const ORIGIN: &str = "logs.example.com/acme";

/// Whose log it is.
pub fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

/// The run of the facts.
pub fn run() -> RunId {
    RunId::parse("run-1").unwrap()
}

/// A time in the hour of the run.
pub fn at(second: u32) -> Timestamp {
    Timestamp::parse(&format!("2026-01-01T11:00:{second:02}Z")).unwrap()
}

/// A recorder of a ledger in memory, where nothing is durable.
pub fn recorder(ledger: &Arc<MemoryLedger>) -> Recorder {
    let ledger: Arc<dyn LedgerStore> = Arc::<MemoryLedger>::clone(ledger);
    Recorder::new(ledger, Arc::new(Noon), Arc::new(Counting::default()))
        .enforcing(Enforcement::Off)
}

fn said(kind: FactKind, key: &str, body: &[(&str, Value)]) -> Draft {
    let body = body.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    draft(kind, key, body)
}

/// Five facts: a step that failed, a denial, what happened beside it, a measurement, the run's end.
pub fn ledger() -> Arc<MemoryLedger> {
    let ledger = Arc::new(MemoryLedger::default());
    let view = |name: &str, more: &[(&str, Value)]| {
        let own = [("class", "tool".into()), ("name", name.into()), ("agent", "test".into())];
        let members = own.into_iter().chain(more.iter().cloned());
        Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let failed = view("refund", &[("error", "timeout".into())]);
    let environment = Object::from([("host", "node-7".into())]);
    let drafts = [
        said(FactKind::RunStep, "step", &[("view", failed), ("environment", environment.into())]),
        said(FactKind::AuditTool, "deny", &[("event", "denied".into()), ("tool", "refund".into())]),
        said(FactKind::SystemEvent, "event", &[("event", "restarted".into())]),
        said(FactKind::SystemTelemetry, "measured", &[("name", "load".into()), ("value", 7.into())]),
        said(FactKind::RunCompleted, "end", &[("view", view("end", &[]))]),
    ];
    ready(recorder(&ledger).record(&tenant(), &drafts)).unwrap();
    ledger
}

/// The key that signs the log's checkpoints, as others know it.
pub fn key() -> VerifierKey {
    VerifierKey::ed25519(ORIGIN, ToyKey(7).public_key()).unwrap()
}

/// The signed checkpoint of a ledger's newest state.
pub fn checkpoint(ledger: &MemoryLedger) -> String {
    let head = ready(ledger.head(&tenant())).unwrap();
    sign_checkpoint(ORIGIN, &head, &ToyKey(7)).unwrap()
}
