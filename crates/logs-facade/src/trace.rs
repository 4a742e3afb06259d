//! Runs as a platform records them.

use std::sync::Arc;

use audit_evidence::{
    Acknowledged, Ending, RunEnding, RunRecordError, RunRecorder, RunScope, RunStart, RunStep,
};
use store_traits::{LedgerStore, RunId, TenantId, Timestamp};

use crate::{Answer, EvidenceMetadata};

/// Records runs: start, steps, end, each with its acknowledgement fact.
pub struct TraceFacade {
    runs: RunRecorder,
    ledger: Arc<dyn LedgerStore>,
}

impl TraceFacade {
    /// A facade over a recorder of runs and the ledger that it records in.
    #[must_use]
    pub fn new(runs: RunRecorder, ledger: Arc<dyn LedgerStore>) -> Self {
        Self { runs, ledger }
    }

    /// A run begins.
    ///
    /// # Errors
    /// The run was started otherwise before, or a store failed.
    pub async fn start(
        &self,
        tenant: &TenantId,
        start: RunStart,
    ) -> Result<Answer<Acknowledged>, RunRecordError> {
        let run = start.scope.run_id.clone();
        let value = self.runs.start(tenant, start).await?;
        self.answer(tenant, run, value).await
    }

    /// A step is done.
    ///
    /// # Errors
    /// The run was never started or has ended; another step has this index; or a store failed.
    pub async fn step(
        &self,
        tenant: &TenantId,
        step: RunStep,
    ) -> Result<Answer<Acknowledged>, RunRecordError> {
        let run = step.scope.run_id.clone();
        let value = self.runs.step(tenant, step).await?;
        self.answer(tenant, run, value).await
    }

    /// A run ends, with or without an error.
    ///
    /// # Errors
    /// The run was never started or ended otherwise; its end could not be recorded, and so it is
    /// aborted; or a store failed.
    pub async fn complete(
        &self,
        tenant: &TenantId,
        ending: RunEnding,
    ) -> Result<Answer<Acknowledged>, RunRecordError> {
        let run = ending.scope.run_id.clone();
        let value = self.runs.end(tenant, ending).await?;
        self.answer(tenant, run, value).await
    }

    /// A run is given up.
    ///
    /// # Errors
    /// The run was never started or has ended, or a store failed.
    pub async fn abort(
        &self,
        tenant: &TenantId,
        scope: RunScope,
        at: Timestamp,
        reason: String,
    ) -> Result<Answer<Acknowledged>, RunRecordError> {
        self.complete(tenant, RunEnding { scope, at, ending: Ending::Aborted { reason } }).await
    }

    async fn answer(
        &self,
        tenant: &TenantId,
        run: RunId,
        value: Acknowledged,
    ) -> Result<Answer<Acknowledged>, RunRecordError> {
        let as_of_size = self.ledger.head(tenant).await?.size;
        let evidence = EvidenceMetadata { tenant: tenant.clone(), run_id: Some(run), as_of_size };
        Ok(Answer { value, evidence })
    }
}
