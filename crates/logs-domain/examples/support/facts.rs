//! The facts that benches record.

use store_traits::{
    Actor, Draft, DraftMeta, FactKind, IdempotencyKey, Identity, Object, Origin, RunId,
    SourceDomain, Timestamp, Value,
};

/// A fact of about one kilobyte, twenty to a run. Keys and runs come in no order, as span and trace ids
/// do.
pub(crate) fn draft(n: u64) -> Draft {
    let text = "a fact is of about one kilobyte ".repeat(12);
    let view = [
        ("class", "llm"),
        ("name", "chat gpt-4o"),
        ("span_id", "39c984c96262725b"),
        ("provider", "openai"),
        ("model", "gpt-4o-mini"),
        ("started_at", "2026-01-01T00:00:00.000000000Z"),
        ("ended_at", "2026-01-01T00:00:01.000000000Z"),
    ];
    let view: Object =
        view.into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))).collect();
    Draft {
        kind: FactKind::RunLlmCall,
        meta: DraftMeta {
            run_id: RunId::parse(&run(n)).ok(),
            trace_id: None,
            correlation_id: None,
            policy_ids: Vec::new(),
            incident_ids: Vec::new(),
            actor: Actor::Agent { name: "agent".into() },
            occurred_at: Timestamp::UNIX_EPOCH,
            source_domain: SourceDomain::Activity,
            source_component: "example".into(),
            origin: Origin::System,
        },
        body: Object::from([("text", Value::from(text)), ("view", view.into())]),
        committed: Vec::new(),
        identity: Identity::Key(key(n)),
    }
}

/// The key of a fact.
#[allow(clippy::expect_used, reason = "sixteen digits are a key")]
pub(crate) fn key(n: u64) -> IdempotencyKey {
    IdempotencyKey::parse(&format!("span:{:016x}", scattered(n))).expect("a key")
}

/// The run of a fact.
pub(crate) fn run(n: u64) -> String {
    format!("run-{:016x}", scattered(n / 20))
}

/// Another number for each, in no order.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
