//! Facts that this log records about itself.
//!
//! What counts of them is written by this log alone: `record` in their body is a word that no import can
//! say, and where one must be found again its key is made with the tenant's secret, so that nobody who
//! sends facts can take the key before.

use audit_evidence::{Outcome, recorded_fact_at};
use replay_determinism::fingerprint;
use store_traits::{
    Actor, Draft, DraftMeta, FactKind, IdempotencyKey, Origin, RecordedFact, SourceDomain,
    TenantId, TenantSecret, Timestamp, Value,
};

use crate::{DomainError, LogsDomain};

/// The longest reason, in characters.
const MOST_WORDS: usize = 1_000;

/// The metadata of a fact that this log records about itself.
pub(crate) fn own_meta(component: &str, at: Timestamp) -> DraftMeta {
    DraftMeta {
        run_id: None,
        trace_id: None,
        correlation_id: None,
        policy_ids: Vec::new(),
        incident_ids: Vec::new(),
        actor: Actor::System { component: "factlog".to_owned() },
        occurred_at: at,
        source_domain: SourceDomain::Logs,
        source_component: component.to_owned(),
        origin: Origin::System,
    }
}

/// A text of the body.
pub(crate) fn said<'f>(fact: &'f RecordedFact, name: &str) -> Option<&'f str> {
    fact.fact.at(&["body", name]).and_then(Value::as_str)
}

/// Is it a fact of this kind that this log wrote as `record`?
pub(crate) fn is_own(fact: &RecordedFact, kind: &FactKind, record: &str) -> bool {
    fact.kind == kind.as_str() && said(fact, "record") == Some(record)
}

/// Why a fact of its own stands nowhere, in words.
pub(crate) fn unrecorded(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Rejected { reason } => reason.clone(),
        Outcome::Conflict { seq, .. } => format!("entry {seq} stands in its place"),
        Outcome::Recorded { seq, .. } | Outcome::Duplicate { seq, .. } => {
            format!("entry {seq} cannot be read back (run `factlog ledger verify`)")
        }
    }
}

impl LogsDomain {
    /// What a person gives as a reason or an authority, as it is recorded: redacted as any text is.
    pub(crate) fn own_words(&self, name: &str, text: &str) -> Result<String, String> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MOST_WORDS {
            return Err(format!("the {name} has 1 to {MOST_WORDS} characters"));
        }
        Ok(self.redactor.text(text, &mut redaction::Report::default()).into_owned())
    }

    /// The key of the one fact of a kind about something.
    pub(crate) async fn own_key(
        &self,
        tenant: &TenantId,
        kind: &FactKind,
        about: &str,
    ) -> Result<IdempotencyKey, DomainError> {
        let secret = self.secret(tenant).await?;
        sealed_key(&secret, kind, about)
    }

    /// The tenant's secret, which is made where there is none.
    pub(crate) async fn secret(&self, tenant: &TenantId) -> Result<TenantSecret, DomainError> {
        let mut fresh = [0_u8; 32];
        self.entropy.fill(&mut fresh)?;
        Ok(self.ledger.tenant_secret(tenant, &TenantSecret(fresh)).await?)
    }

    /// The fact with a key, if there is one.
    pub(crate) async fn own_fact(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
    ) -> Result<Option<RecordedFact>, DomainError> {
        let known = self.ledger.known(tenant, std::slice::from_ref(key)).await?.pop().flatten();
        match known {
            Some(known) => Ok(recorded_fact_at(self.ledger.as_ref(), tenant, known.seq).await?),
            None => Ok(None),
        }
    }

    /// Records one fact.
    pub(crate) async fn record_own(
        &self,
        tenant: &TenantId,
        draft: Draft,
    ) -> Result<Outcome, DomainError> {
        let outcome = self.recorder.record(tenant, &[draft]).await?.pop();
        outcome.ok_or_else(|| DomainError::Task("the recorder answered nothing".to_owned()))
    }
}

/// As [`LogsDomain::own_key`], with the secret at hand.
pub(crate) fn sealed_key(
    secret: &TenantSecret,
    kind: &FactKind,
    about: &str,
) -> Result<IdempotencyKey, DomainError> {
    let mark = fingerprint(secret, &format!("{kind}:{about}").into());
    // A kind and 64 hexadecimal digits: no key is refused for them.
    IdempotencyKey::parse(&format!("{kind}:{mark}"))
        .map_err(|error| DomainError::Task(format!("making a key: {error}")))
}
