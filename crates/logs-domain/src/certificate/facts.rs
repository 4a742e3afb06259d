//! The facts that certificates leave: that one was issued, that one was revoked.
//!
//! Their keys are made with the tenant's secret, so that nobody who sends facts can take the key of a
//! revocation before it is needed; and what counts is written by this log itself (`record`), which no
//! import can say. They name no run and no incident: what a certificate rests on must not grow by it.

use adapters::Finding;
use adapters::certificate::{
    CertificateId, CertificateStatement, Claim, PolicyScope, SignedCertificate,
};
use audit_evidence::Outcome;
use replay_determinism::sha256;
use store_traits::{Draft, FactKind, Identity, Object, RecordedFact, TenantId, Timestamp, Value};

use crate::own_facts::{is_own, own_meta, said, unrecorded};
use crate::{DomainError, LogsDomain};

/// `body.record` of these facts.
pub(super) const RECORD: &str = "certificate";

/// A certificate as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRecord {
    /// Its id.
    pub id: CertificateId,
    /// Of which kind, as [`adapters::certificate::CertificateKind::as_str`] says it.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// SHA-256 of its envelope, in hexadecimal.
    pub sha256: String,
    /// Its end, if it has one.
    pub valid_until: Option<Timestamp>,
    /// The entry that records that it was issued.
    pub seq: u64,
    /// When that entry was recorded.
    pub recorded_at: Timestamp,
    /// That it was revoked, if it was.
    pub revoked: Option<Revocation>,
}

/// That a certificate holds no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The entry that records it.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// Why, in the words of whoever revoked it.
    pub reason: String,
}

/// A certificate that was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// What is recorded of it.
    pub revocation: Revocation,
    /// Whether that is new; it may have been revoked before.
    pub recorded: bool,
}

impl LogsDomain {
    /// A certificate of a tenant by its id, and whether it was revoked; `None` where none was issued.
    ///
    /// # Errors
    /// The store failed, or an entry is no fact.
    pub async fn certificate(
        &self,
        tenant: &TenantId,
        id: CertificateId,
    ) -> Result<Option<CertificateRecord>, DomainError> {
        // Where nothing was recorded there is no secret either, and a reader makes none.
        if self.ledger.head(tenant).await?.size == 0 {
            return Ok(None);
        }
        let key = self.own_key(tenant, &FactKind::CertificateIssued, &id.to_string()).await?;
        let issued = self.own_fact(tenant, &key).await?;
        let Some(record) = issued.as_ref().and_then(record_of) else { return Ok(None) };
        let revoked = self.revocation(tenant, id).await?;
        Ok(Some(CertificateRecord { revoked, ..record }))
    }

    /// Records that a certificate holds no more. Whoever checks it offline cannot know; whoever asks the
    /// log does.
    ///
    /// # Errors
    /// No such certificate was issued, it was revoked before for another reason, the reason is empty or
    /// too long, or the store failed.
    pub async fn revoke_certificate(
        &self,
        tenant: &TenantId,
        id: CertificateId,
        reason: &str,
    ) -> Result<Revoked, DomainError> {
        let refuse = |why: String| Err(DomainError::Certificate(why));
        let reason = self.own_words("reason", reason).map_err(DomainError::Certificate)?;
        let Some(record) = self.certificate(tenant, id).await? else {
            return refuse(format!(
                "tenant `{tenant}` issued no certificate {id} (see `factlog certificate list`)"
            ));
        };
        let body = [("reason", Value::from(reason.as_str()))];
        let kind = FactKind::CertificateRevoked;
        let outcome = self.record_certificate(tenant, kind, id, &record.kind, &body).await?;
        let revoked = self.revocation(tenant, id).await?;
        match (outcome, revoked) {
            (Outcome::Recorded { .. }, Some(revocation)) => {
                Ok(Revoked { revocation, recorded: true })
            }
            (Outcome::Duplicate { .. }, Some(revocation)) => {
                Ok(Revoked { revocation, recorded: false })
            }
            (Outcome::Conflict { .. }, Some(Revocation { seq, at, reason })) => refuse(format!(
                "{id} was revoked before, at {at} (entry {seq}), for another reason: {reason}"
            )),
            (outcome, _) => refuse(unrecorded(&outcome)),
        }
    }

    /// Records that a certificate was issued: where, and whether that is new.
    pub(super) async fn record_issued(
        &self,
        tenant: &TenantId,
        statement: &CertificateStatement,
        certificate: &SignedCertificate,
    ) -> Result<(u64, bool), DomainError> {
        let mut body = vec![
            ("subject", subject(statement).into()),
            ("sha256", sha256(&certificate.envelope).to_string().into()),
        ];
        body.extend(statement.valid_until.map(|at| ("valid_until", at.to_string().into())));
        let (kind, of) = (FactKind::CertificateIssued, statement.claim.kind().as_str());
        match self.record_certificate(tenant, kind, certificate.id, of, &body).await? {
            Outcome::Recorded { seq, .. } => Ok((seq, true)),
            Outcome::Duplicate { seq, .. } => Ok((seq, false)),
            outcome => Err(DomainError::Certificate(unrecorded(&outcome))),
        }
    }

    /// That a certificate was revoked, if it was.
    pub(super) async fn revocation(
        &self,
        tenant: &TenantId,
        id: CertificateId,
    ) -> Result<Option<Revocation>, DomainError> {
        let kind = FactKind::CertificateRevoked;
        let key = self.own_key(tenant, &kind, &id.to_string()).await?;
        let fact = self.own_fact(tenant, &key).await?.filter(|fact| is_own(fact, &kind, RECORD));
        Ok(fact.map(|fact| Revocation {
            seq: fact.seq,
            at: fact.recorded_at,
            reason: said(&fact, "reason").unwrap_or_default().to_owned(),
        }))
    }

    async fn record_certificate(
        &self,
        tenant: &TenantId,
        kind: FactKind,
        id: CertificateId,
        of: &str,
        more: &[(&'static str, Value)],
    ) -> Result<Outcome, DomainError> {
        let key = self.own_key(tenant, &kind, &id.to_string()).await?;
        let mut body = Object::from([
            ("record", RECORD.into()),
            ("id", id.to_string().into()),
            ("type", of.into()),
        ]);
        body.extend(more.iter().cloned());
        // Beside a view the time is no part of what the fact is: done again later it is the same fact.
        body.insert("view", Object::from([("name", of.into())]).into());
        let draft = Draft {
            kind,
            meta: own_meta(RECORD, self.clock.now()),
            body,
            committed: Vec::new(),
            identity: Identity::Key(key),
        };
        self.record_own(tenant, draft).await
    }
}

/// A certificate from the fact that it was issued; whether it was revoked is not looked up.
pub(super) fn record_of(fact: &RecordedFact) -> Option<CertificateRecord> {
    if !is_own(fact, &FactKind::CertificateIssued, RECORD) {
        return None;
    }
    let text = |name: &str| said(fact, name).map(str::to_owned);
    Some(CertificateRecord {
        id: CertificateId::parse(said(fact, "id")?).ok()?,
        kind: text("type")?,
        subject: text("subject")?,
        sha256: text("sha256")?,
        valid_until: said(fact, "valid_until").and_then(|at| Timestamp::parse(at).ok()),
        seq: fact.seq,
        recorded_at: fact.recorded_at,
        revoked: None,
    })
}

/// What a certificate is about, in a few words.
pub(super) fn subject(statement: &CertificateStatement) -> String {
    match &statement.claim {
        Claim::LedgerCheckpoint => {
            let size = statement.checkpoint.lines().nth(1).unwrap_or_default();
            format!("the ledger of {size} entries")
        }
        Claim::ReplayProof(claim) => {
            format!("the replay {} of the run {}", claim.replay.run_id, claim.original.run_id)
        }
        Claim::PolicyAudit(claim) => match &claim.scope {
            PolicyScope::Run(run) => format!("decisions of the run {run}"),
            PolicyScope::Period { since, until } => format!("decisions from {since} until {until}"),
        },
        Claim::IncidentExport(claim) => format!("the incident {}", claim.incident),
    }
}

/// Findings as one line.
pub(super) fn joined(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| format!("{}: {}", finding.place, finding.what));
    lines.collect::<Vec<_>>().join("; ")
}
