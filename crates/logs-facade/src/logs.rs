//! Questions about runs.

use std::sync::Arc;

use store_traits::{
    LedgerStore, Page, RunCursor, RunFilter, RunId, RunSummary, Step, StoreError, TenantId,
    TraceStore,
};

use crate::{Answer, EvidenceMetadata};

/// Reads what was recorded.
pub struct LogsFacade {
    ledger: Arc<dyn LedgerStore>,
    traces: Arc<dyn TraceStore>,
}

impl LogsFacade {
    /// A facade over a ledger and its runs.
    #[must_use]
    pub fn new(ledger: Arc<dyn LedgerStore>, traces: Arc<dyn TraceStore>) -> Self {
        Self { ledger, traces }
    }

    /// A page of runs, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn runs(
        &self,
        tenant: &TenantId,
        filter: &RunFilter,
        cursor: Option<RunCursor>,
        limit: u32,
    ) -> Result<Answer<Page<RunSummary>>, StoreError> {
        let evidence = self.evidence(tenant, None).await?;
        let value = self.traces.runs(tenant, filter, cursor, limit).await?;
        Ok(Answer { value, evidence })
    }

    /// The envelope of a run; `None` when no fact speaks of it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn run(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Answer<Option<RunSummary>>, StoreError> {
        let evidence = self.evidence(tenant, Some(run)).await?;
        let value = self.traces.run(tenant, run).await?;
        Ok(Answer { value, evidence })
    }

    /// The steps of a run in order of their start.
    ///
    /// # Errors
    /// The store failed.
    pub async fn steps(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<Answer<Vec<Step>>, StoreError> {
        let evidence = self.evidence(tenant, Some(run)).await?;
        let value = self.traces.steps(tenant, run).await?;
        Ok(Answer { value, evidence })
    }

    /// Run ids that begin with this text, at most 10.
    ///
    /// # Errors
    /// The store failed.
    pub async fn runs_starting_with(
        &self,
        tenant: &TenantId,
        prefix: &str,
    ) -> Result<Answer<Vec<String>>, StoreError> {
        let evidence = self.evidence(tenant, None).await?;
        let value = self.traces.runs_starting_with(tenant, prefix).await?;
        Ok(Answer { value, evidence })
    }

    async fn evidence(
        &self,
        tenant: &TenantId,
        run: Option<&RunId>,
    ) -> Result<EvidenceMetadata, StoreError> {
        let as_of_size = self.ledger.head(tenant).await?.size;
        Ok(EvidenceMetadata { tenant: tenant.clone(), run_id: run.cloned(), as_of_size })
    }
}
