//! What was recorded: runs, the environment, and who did what.

use std::sync::Arc;

use audit_evidence::{
    LedgerReport, ReplayWindow, RunEnvironment, RunTelemetry, Trust, recorded_fact, replay_window,
    run_environment, run_telemetry, verify_ledger,
};
use store_traits::{
    ActorFacts, AlertFacts, AuditFilter, AuditRecord, AuditStore, ExportFilter, ExportRecord,
    ExportStore, FactId, FactKind, LedgerStore, ListRequest, Page, Period, RecordedFact, RunFilter,
    RunId, RunSummary, Step, StepOutcome, StoreError, SystemFilter, SystemRecord, SystemStore,
    TenantId, Timestamp, TraceStore, Usage,
};

use crate::{Answer, EvidenceMetadata};

/// The stores that a facade reads.
#[derive(Clone)]
pub struct Stores {
    /// The ledger.
    pub ledger: Arc<dyn LedgerStore>,
    /// Runs and steps.
    pub traces: Arc<dyn TraceStore>,
    /// Audit facts.
    pub audit: Arc<dyn AuditStore>,
    /// Facts of the environment.
    pub system: Arc<dyn SystemStore>,
    /// Exports.
    pub exports: Arc<dyn ExportStore>,
}

/// Reads what was recorded. Three topics (runs, the environment, audit), each from the list down to
/// the evidence. What was not recorded is `None` or an empty list, never a guess.
pub struct LogsFacade {
    stores: Stores,
}

impl LogsFacade {
    /// A facade over these stores.
    #[must_use]
    pub fn new(stores: Stores) -> Self {
        Self { stores }
    }

    /// Runs: a page of the list.
    ///
    /// # Errors
    /// The store failed.
    pub async fn runs(
        &self,
        request: &ListRequest<RunFilter>,
    ) -> Result<Answer<Page<RunSummary>>, StoreError> {
        let evidence = self.evidence(request.tenant(), None).await?;
        let value = self.stores.traces.runs(request).await?;
        Ok(Answer { value, evidence })
    }

    /// Runs: the envelope of one; `None` when no fact speaks of it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn run(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Answer<Option<RunSummary>>, StoreError> {
        let evidence = self.evidence(tenant, Some(run)).await?;
        let value = self.stores.traces.run(tenant, run).await?;
        Ok(Answer { value, evidence })
    }

    /// Runs: the trace, steps in order of their start.
    ///
    /// # Errors
    /// The store failed.
    pub async fn steps(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Answer<Vec<Step>>, StoreError> {
        let evidence = self.evidence(tenant, Some(run)).await?;
        let value = self.stores.traces.steps(tenant, run).await?;
        Ok(Answer { value, evidence })
    }

    /// Runs: governance, what was decided and done about the run, in order of the entries.
    ///
    /// # Errors
    /// The store failed.
    pub async fn governance(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Answer<Vec<AuditRecord>>, StoreError> {
        let evidence = self.evidence(tenant, Some(run)).await?;
        let value = self.stores.audit.audit_of_run(tenant, run).await?;
        Ok(Answer { value, evidence })
    }

    /// Runs and the environment: everything around the first error, denial or abort of the run;
    /// `None` where none was recorded.
    ///
    /// # Errors
    /// The store failed.
    pub async fn replay_window(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Answer<Option<ReplayWindow>>, StoreError> {
        let evidence = self.evidence(tenant, Some(run)).await?;
        let Stores { traces, audit, system, .. } = &self.stores;
        let value =
            replay_window(traces.as_ref(), audit.as_ref(), system.as_ref(), tenant, run).await?;
        Ok(Answer { value, evidence })
    }

    /// Runs: which exports were made.
    ///
    /// # Errors
    /// The store failed.
    pub async fn exports(
        &self,
        request: &ListRequest<ExportFilter>,
    ) -> Result<Answer<Page<ExportRecord>>, StoreError> {
        let evidence = self.evidence(request.tenant(), None).await?;
        let value = self.stores.exports.exports(request).await?;
        Ok(Answer { value, evidence })
    }

    /// Runs: ids that begin with this text, at most 10.
    ///
    /// # Errors
    /// The store failed.
    pub async fn runs_starting_with(
        &self,
        tenant: &TenantId,
        prefix: &str,
    ) -> Result<Answer<Vec<String>>, StoreError> {
        let evidence = self.evidence(tenant, None).await?;
        let value = self.stores.traces.runs_starting_with(tenant, prefix).await?;
        Ok(Answer { value, evidence })
    }

    /// Runs: what became of each step, for whoever looks for patterns.
    ///
    /// # Errors
    /// The store failed.
    pub async fn outcomes(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Answer<Vec<StepOutcome>>, StoreError> {
        let evidence = self.evidence(tenant, Some(run)).await?;
        let value = self.stores.traces.outcomes(tenant, run).await?;
        Ok(Answer { value, evidence })
    }

    /// Runs: tokens and cost by day, agent and model, for whoever budgets.
    ///
    /// # Errors
    /// The store failed.
    pub async fn usage(
        &self,
        tenant: &TenantId,
        period: Period,
    ) -> Result<Answer<Vec<Usage>>, StoreError> {
        let evidence = self.evidence(tenant, None).await?;
        let value = self.stores.traces.usage(tenant, period).await?;
        Ok(Answer { value, evidence })
    }

    /// The environment: a page of events, measurements and alerts.
    ///
    /// # Errors
    /// The store failed.
    pub async fn system(
        &self,
        request: &ListRequest<SystemFilter>,
    ) -> Result<Answer<Page<SystemRecord>>, StoreError> {
        let evidence = self.evidence(request.tenant(), None).await?;
        let value = self.stores.system.system_records(request).await?;
        Ok(Answer { value, evidence })
    }

    /// The environment: in what a run ran, as its own facts say it; empty where they say nothing.
    ///
    /// # Errors
    /// The store failed, or an entry is no fact.
    pub async fn snapshot(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Answer<RunEnvironment>, StoreError> {
        let evidence = self.evidence(tenant, Some(run)).await?;
        let value = run_environment(self.stores.ledger.as_ref(), tenant, run).await?;
        Ok(Answer { value, evidence })
    }

    /// The environment: what the services of a run measured while it ran, and the events of its spans.
    ///
    /// # Errors
    /// The store failed, or an entry is no fact.
    pub async fn telemetry(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Answer<RunTelemetry>, StoreError> {
        let evidence = self.evidence(tenant, Some(run)).await?;
        let Stores { ledger, traces, system, .. } = &self.stores;
        let value =
            run_telemetry(ledger.as_ref(), traces.as_ref(), system.as_ref(), tenant, run).await?;
        Ok(Answer { value, evidence })
    }

    /// The environment: a page of what the platform itself did.
    ///
    /// # Errors
    /// The store failed.
    pub async fn system_audit(
        &self,
        request: &ListRequest<AuditFilter>,
    ) -> Result<Answer<Page<AuditRecord>>, StoreError> {
        let evidence = self.evidence(request.tenant(), None).await?;
        let value = self.stores.audit.audit_records(&request.of_the_system()).await?;
        Ok(Answer { value, evidence })
    }

    /// The environment: the last alert of a name, and how many there were in a window, for whoever
    /// decides whether to send one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn alert(
        &self,
        tenant: &TenantId,
        name: &str,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Answer<AlertFacts>, StoreError> {
        let evidence = self.evidence(tenant, None).await?;
        let value = self.stores.system.alert(tenant, name, since, until).await?;
        Ok(Answer { value, evidence })
    }

    /// Audit: a page of the list.
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

    /// Audit: who acted, by name, from the name after `after` on, at most 500.
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

    async fn evidence(
        &self,
        tenant: &TenantId,
        run: Option<&RunId>,
    ) -> Result<EvidenceMetadata, StoreError> {
        let as_of_size = self.stores.ledger.head(tenant).await?.size;
        Ok(EvidenceMetadata { tenant: tenant.clone(), run_id: run.cloned(), as_of_size })
    }
}
