//! What a certificate states, read from the ledger.

use std::collections::BTreeSet;

use adapters::certificate::{
    Claim, Decision, IncidentClaim, MAX_CERTIFICATE_BYTES, PolicyClaim, PolicyScope, ReplayClaim,
    ReplayedRun,
};
use audit_evidence::{ChainSubject, fact_of, open_checkpoint, recorded_fact_at};
use replay_determinism::{DeterminismLevel, ReplayValidator, TraceRecord};
use store_traits::{
    AuditFilter, Checkpoint, Entry, FactKind, ListRequest, MOST_ITEMS, Period, RunId, TenantId,
};

use super::rests::Rests;
use super::{Certified, facts};
use crate::import::blocking;
use crate::own_facts::is_own;
use crate::run_entries::ranges;
use crate::{DomainError, LogsDomain};

/// Entries behind the newest checkpoint that are looked at for whether they are certificates' own.
const OWN_TAIL: u64 = 1_000;

impl LogsDomain {
    /// What a certificate of this rests on.
    pub(super) async fn rests(
        &self,
        tenant: &TenantId,
        of: &Certified,
    ) -> Result<Rests, DomainError> {
        match of {
            Certified::LedgerCheckpoint => self.on_the_ledger(tenant).await,
            Certified::ReplayProof { original, replay, level } => {
                self.on_two_runs(tenant, original, replay, *level).await
            }
            Certified::PolicyAudit(scope) => self.on_decisions(tenant, scope).await,
            Certified::IncidentExport(incident) => self.on_an_incident(tenant, incident).await,
        }
    }

    async fn on_the_ledger(&self, tenant: &TenantId) -> Result<Rests, DomainError> {
        let checkpoint = self.newest_state(tenant).await?;
        let newest = checkpoint.size.saturating_sub(1);
        let newest = recorded_fact_at(self.ledger.as_ref(), tenant, newest).await?;
        let newest = newest.ok_or_else(|| DomainError::EmptyLedger(tenant.clone()))?;
        let (claim, issued_at) = (Claim::LedgerCheckpoint, newest.recorded_at);
        Ok(Rests { claim, checkpoint, stretches: Vec::new(), issued_at })
    }

    /// The signed checkpoint of the newest state. What certificates themselves left behind it counts for
    /// nothing: else a certificate of the ledger could never be issued twice.
    async fn newest_state(&self, tenant: &TenantId) -> Result<Checkpoint, DomainError> {
        let head = self.ledger.head(tenant).await?;
        let last = self.ledger.newest_checkpoint(tenant).await?;
        let key = [self.verifier_key(tenant)?];
        let ours = |last: &Checkpoint| open_checkpoint(&last.note, &key, &Self::verifier()).is_ok();
        let Some(last) = last.filter(|last| last.size <= head.size).filter(ours) else {
            return self.checkpoint(tenant).await;
        };
        if head.size - last.size <= OWN_TAIL {
            let tail = self.ledger.entries(tenant, last.size..head.size).await?;
            if tail.iter().all(is_of_a_certificate) {
                return Ok(last);
            }
        }
        self.checkpoint(tenant).await
    }

    async fn on_two_runs(
        &self,
        tenant: &TenantId,
        original: &RunId,
        replay: &RunId,
        level: DeterminismLevel,
    ) -> Result<Rests, DomainError> {
        let ours = self.ledger.run_seqs(tenant, original).await?;
        let theirs = self.ledger.run_seqs(tenant, replay).await?;
        let first = self.trace_record(tenant, original).await?;
        let second = self.trace_record(tenant, replay).await?;
        let both: BTreeSet<u64> = ours.iter().chain(&theirs).copied().collect();
        let both: Vec<u64> = both.into_iter().collect();
        let read = self.read_entries(tenant, &both, &mut |_| Ok(())).await?;
        let run = |id: &RunId, trace: &TraceRecord, seqs: &[u64]| ReplayedRun {
            run_id: id.as_str().to_owned(),
            agent: trace.agent.clone(),
            steps: trace.steps.len() as u64,
            entries: ranges(seqs),
        };
        let (ours, theirs) = (run(original, &first, &ours), run(replay, &second, &theirs));
        let claim = blocking(move || {
            let report = ReplayValidator::new(level).validate(&first, &second);
            let report = report.map_err(|error| DomainError::Certificate(error.to_string()))?;
            Ok(ReplayClaim::of(&report, ours, theirs))
        })
        .await?;
        self.rest_on(tenant, read, Claim::ReplayProof(Box::new(claim))).await
    }

    async fn on_decisions(
        &self,
        tenant: &TenantId,
        scope: &PolicyScope,
    ) -> Result<Rests, DomainError> {
        let seqs = self.decision_seqs(tenant, scope).await?;
        let (mut decisions, mut bytes) = (Vec::with_capacity(seqs.len()), 0);
        let read = self
            .read_entries(tenant, &seqs, &mut |entry: Entry| {
                bytes += entry.bytes.len();
                if bytes > MAX_CERTIFICATE_BYTES {
                    return Err(DomainError::Certificate(
                        "the entries of its decisions do not fit into one of 1 MiB (name a run or a shorter period)"
                            .to_owned(),
                    ));
                }
                let decision = String::from_utf8(entry.bytes)
                    .ok()
                    .and_then(|text| Decision::of_entry(entry.seq, text));
                decisions.push(decision.ok_or_else(|| {
                    DomainError::Proof(format!("entry {} is listed as a decision and is none", entry.seq))
                })?);
                Ok(())
            })
            .await?;
        let claim = PolicyClaim { scope: scope.clone(), decisions };
        self.rest_on(tenant, read, Claim::PolicyAudit(claim)).await
    }

    /// The entries of recorded decisions, in order. That nothing was decided is no fact, and nothing is
    /// issued for it.
    async fn decision_seqs(
        &self,
        tenant: &TenantId,
        scope: &PolicyScope,
    ) -> Result<Vec<u64>, DomainError> {
        let filter = match scope {
            PolicyScope::Run(run) => {
                AuditFilter { run: Some(run.clone()), ..AuditFilter::default() }
            }
            PolicyScope::Period { since, until } => AuditFilter {
                period: Period { since: Some(*since), until: Some(*until) },
                ..AuditFilter::default()
            },
        };
        let (mut seqs, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let limit = MOST_ITEMS.into();
            let request = ListRequest::new(tenant, filter.clone(), limit, cursor.as_deref())?;
            let page = self.logs().authorization(&request).await?.value;
            seqs.extend(page.items.iter().map(|decision| decision.seq));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        if seqs.is_empty() {
            let of = match scope {
                PolicyScope::Run(run) => format!("of the run `{run}`"),
                PolicyScope::Period { since, until } => {
                    format!("from {since} until before {until}")
                }
            };
            return Err(DomainError::Certificate(format!(
                "no decision is recorded {of} (`factlog audit authorization` lists those that are)"
            )));
        }
        seqs.sort_unstable();
        Ok(seqs)
    }

    async fn on_an_incident(
        &self,
        tenant: &TenantId,
        incident: &str,
    ) -> Result<Rests, DomainError> {
        let subject = ChainSubject::Incident(incident.to_owned());
        let chain = self.evidence().chain(tenant, subject).await?.value;
        let seqs: Vec<u64> = chain.links.iter().map(|link| link.seq).collect();
        if seqs.is_empty() {
            return Err(DomainError::Certificate(format!(
                "nothing recorded names the incident `{incident}` (`factlog audit chain --incident` shows what does)"
            )));
        }
        let read = self.read_entries(tenant, &seqs, &mut |_| Ok(())).await?;
        let claim = IncidentClaim { incident: incident.to_owned(), entries: seqs.len() as u64 };
        self.rest_on(tenant, read, Claim::IncidentExport(claim)).await
    }
}

/// Is it a fact that certificates leave behind?
fn is_of_a_certificate(entry: &Entry) -> bool {
    fact_of(entry).is_ok_and(|fact| {
        [FactKind::CertificateIssued, FactKind::CertificateRevoked]
            .iter()
            .any(|kind| is_own(&fact, kind, facts::RECORD))
    })
}
