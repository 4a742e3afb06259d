//! What was refused is a fact too: senders of OTLP do not hear a partial success.

use store_traits::{
    Actor, Draft, DraftMeta, FactKind, Identity, Object, Origin, SourceDomain, Timestamp,
};

use crate::record::Rejection;

/// The fact that something offered was not recorded, with its position and the reason. The same
/// refusal of the same record is one fact however often it is offered.
#[must_use]
pub fn rejection_draft(rejection: &Rejection, now: Timestamp) -> Draft {
    let file = rejection.position.file.rsplit(['/', '\\']).next().unwrap_or_default();
    let source = Object::from([
        ("input", file.into()),
        ("signal", rejection.signal.as_str().into()),
        ("position", rejection.position.path.as_str().into()),
        ("reason", rejection.reason.chars().take(1_000).collect::<String>().into()),
    ]);
    Draft {
        kind: FactKind::AuditCaptureFailure,
        meta: DraftMeta {
            run_id: None,
            trace_id: None,
            correlation_id: None,
            policy_ids: Vec::new(),
            incident_ids: Vec::new(),
            actor: Actor::System { component: "intake".to_owned() },
            occurred_at: now,
            source_domain: SourceDomain::Logs,
            source_component: "intake".to_owned(),
            origin: Origin::System,
        },
        body: Object::from([
            ("record", "rejection".into()),
            ("source", source.into()),
            // A view takes the time of refusal out of the fact's identity.
            ("view", Object::from([("mapping", "intake/1".into())]).into()),
        ]),
        committed: Vec::new(),
        identity: Identity::Content,
    }
}
