//! Audit: who did, decided, read and exported what, and whether the record still holds.

use audit_evidence::{LedgerReport, Trust, recorded_fact, recorded_fact_at, verify_ledger};
use store_traits::{
    ActorFacts, AuditFilter, AuditRecord, FactId, FactKind, ListRequest, Page, RecordedFact,
    StoreError, TenantId,
};

use crate::{Answer, LogsFacade};

impl LogsFacade {
    /// Audit: a page of the list.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, _) = logs();
    /// let of_incident = AuditFilter { incident: Some("inc-1".into()), ..AuditFilter::default() };
    /// let page = ready(logs.audit(&ListRequest::new(&tenant, of_incident, 20, None)?))?.value;
    /// let kinds: Vec<_> = page.items.iter().map(|record| record.kind.as_str()).collect();
    /// assert_eq!(kinds, ["audit.access", "audit.authorization"], "newest first");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The store failed.
    pub async fn audit(
        &self,
        request: &ListRequest<AuditFilter>,
    ) -> Result<Answer<Page<AuditRecord>>, StoreError> {
        let evidence = self.evidence(request.tenant(), None).await?;
        let value = self.stores.audit.audit_records(request).await?;
        Ok(Answer { value, evidence })
    }

    /// Audit: one fact, whole; `None` when nothing has this id.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, _) = logs();
    /// let reads = ListRequest::new(&tenant, AuditFilter::default(), 1, None)?;
    /// let seq = ready(logs.access(&reads))?.value.items[0].seq;
    /// let first = ready(logs.entry_at(&tenant, seq))?.value.ok_or("not recorded")?;
    /// let id = FactId::parse(first.fact.member("id").and_then(Value::as_str).unwrap_or_default())?;
    /// let fact = ready(logs.entry(&tenant, &id))?.value.ok_or("nothing has this id")?;
    /// assert_eq!((fact.seq, fact.kind.as_str()), (seq, "audit.access"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The store failed, or the entry is no fact.
    pub async fn entry(
        &self,
        tenant: &TenantId,
        id: &FactId,
    ) -> Result<Answer<Option<RecordedFact>>, StoreError> {
        let evidence = self.evidence(tenant, None).await?;
        let value = recorded_fact(self.stores.ledger.as_ref(), tenant, id).await?;
        Ok(Answer { value, evidence })
    }

    /// Audit: the fact with a sequence number, whole, as lists name it; `None` where the ledger has not
    /// grown so far.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, _) = logs();
    /// let fact = ready(logs.entry_at(&tenant, 0))?.value.ok_or("not recorded")?;
    /// assert_eq!(fact.fact.at(&["body", "view", "name"]).and_then(Value::as_str), Some("start"));
    /// assert_eq!(ready(logs.entry_at(&tenant, 1_000))?.value, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The store failed, or the entry is no fact.
    pub async fn entry_at(
        &self,
        tenant: &TenantId,
        seq: u64,
    ) -> Result<Answer<Option<RecordedFact>>, StoreError> {
        let evidence = self.evidence(tenant, None).await?;
        let value = recorded_fact_at(self.stores.ledger.as_ref(), tenant, seq).await?;
        Ok(Answer { value, evidence })
    }

    /// Audit: who acted, by name, from the name after `after` on, at most 500.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, _) = logs();
    /// let actors = ready(logs.identity(&tenant, ""))?.value;
    /// let last = actors.last().ok_or("nobody acted")?;
    /// assert_eq!((last.actor.as_str(), last.facts), ("trace-facade", 4), "four acknowledgements");
    /// assert!(ready(logs.identity(&tenant, &last.actor))?.value.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The store failed.
    pub async fn identity(
        &self,
        tenant: &TenantId,
        after: &str,
    ) -> Result<Answer<Vec<ActorFacts>>, StoreError> {
        let evidence = self.evidence(tenant, None).await?;
        let value = self.stores.audit.identities(tenant, after).await?;
        Ok(Answer { value, evidence })
    }

    /// Audit: a page of the decisions that were recorded. Where none was, the page is empty: nobody
    /// is said to have allowed anything.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, _) = logs();
    /// let all = ListRequest::new(&tenant, AuditFilter::default(), 20, None)?;
    /// let decisions = ready(logs.authorization(&all))?.value;
    /// assert_eq!(decisions.items.len(), 1);
    /// assert_eq!(decisions.items[0].outcome.as_deref(), Some("deny"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The store failed.
    pub async fn authorization(
        &self,
        request: &ListRequest<AuditFilter>,
    ) -> Result<Answer<Page<AuditRecord>>, StoreError> {
        let evidence = self.evidence(request.tenant(), None).await?;
        let decisions = request.of_kind(&FactKind::AuditAuthorization);
        let value = self.stores.audit.audit_records(&decisions).await?;
        Ok(Answer { value, evidence })
    }

    /// Audit: a page of who read the log.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, _) = logs();
    /// let all = ListRequest::new(&tenant, AuditFilter::default(), 20, None)?;
    /// let reads = ready(logs.access(&all))?.value;
    /// assert_eq!(reads.items[0].event.as_deref(), Some("read"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The store failed.
    pub async fn access(
        &self,
        request: &ListRequest<AuditFilter>,
    ) -> Result<Answer<Page<AuditRecord>>, StoreError> {
        let evidence = self.evidence(request.tenant(), None).await?;
        let reads = request.of_kind(&FactKind::AuditAccess);
        let value = self.stores.audit.audit_records(&reads).await?;
        Ok(Answer { value, evidence })
    }

    /// Audit: integrity, computed now from the stored bytes of the whole ledger.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, _) = logs();
    /// let trust = Trust { keys: &[], verifier: &ToyVerifier, origin: "logs.example.com/acme" };
    /// let report = ready(logs.integrity(&tenant, &trust, &|_| {}))?.value;
    /// assert_eq!((report.entries, report.findings.len()), (14, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The store failed. What is wrong with the ledger is in the report.
    pub async fn integrity(
        &self,
        tenant: &TenantId,
        trust: &Trust<'_>,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Answer<LedgerReport>, StoreError> {
        let evidence = self.evidence(tenant, None).await?;
        let value = verify_ledger(self.stores.ledger.as_ref(), tenant, trust, progress).await?;
        Ok(Answer { value, evidence })
    }
}
