//! Facts, a clock and random bytes for tests.

use std::sync::atomic::{AtomicU64, Ordering};

use store_traits::{
    Actor, Clock, CommitForm, Committed, Draft, DraftMeta, Entropy, EntropyError, FactKind,
    IdempotencyKey, Identity, Object, Origin, RunId, SourceDomain, Timestamp, Value,
};

/// A clock that stands.
pub struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-01-01T12:00:00Z").unwrap()
    }
}

/// Distinct bytes, the same in every run of the test.
pub struct Counting(AtomicU64);

impl Counting {
    pub fn from(first: u64) -> Self {
        Self(AtomicU64::new(first))
    }
}

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        bytes.fill(0);
        let end = bytes.len();
        bytes[end - 8..].copy_from_slice(&number.to_be_bytes());
        Ok(())
    }
}

/// A fact with a prompt behind a commitment.
pub fn draft(key: &str, text: &str) -> Draft {
    Draft {
        kind: FactKind::SystemEvent,
        meta: DraftMeta {
            run_id: Some(RunId::parse("run-1").unwrap()),
            trace_id: None,
            correlation_id: None,
            policy_ids: Vec::new(),
            incident_ids: Vec::new(),
            actor: Actor::System { component: "test".into() },
            occurred_at: Timestamp::parse("2026-01-01T11:00:00Z").unwrap(),
            source_domain: SourceDomain::System,
            source_component: "test".into(),
            origin: Origin::System,
        },
        body: Object::from([
            ("text".to_owned(), text.into()),
            ("prompt".to_owned(), Value::from("a secret plan")),
        ]),
        committed: vec![Committed { path: vec!["prompt".into()], form: CommitForm::Blob }],
        identity: Identity::Key(IdempotencyKey::parse(key).unwrap()),
    }
}
