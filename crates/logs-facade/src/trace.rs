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
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// use std::sync::Arc;
    ///
    /// use logs_facade::TraceFacade;
    /// use redaction::Redactor;
    /// use store_traits::test_support::{Counting, MemoryLedger, MemoryTopics, Noon};
    ///
    /// let ledger = Arc::new(MemoryLedger::default());
    /// let recorder = Recorder::new(ledger.clone(), Arc::new(Noon), Arc::new(Counting::default()));
    /// let recorder = Arc::new(recorder.enforcing(Enforcement::Off));
    /// let topics = Arc::new(MemoryTopics(ledger.clone()));
    /// let runs = RunRecorder::new(recorder, ledger.clone(), topics, Redactor::default());
    /// let traces = TraceFacade::new(runs, ledger);
    /// # let tenant = TenantId::parse("acme")?;
    /// assert_eq!(ready(traces.start(&tenant, RunStart::new(scope(), at(0))))?.value.seq, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(runs: RunRecorder, ledger: Arc<dyn LedgerStore>) -> Self {
        Self { runs, ledger }
    }

    /// A run begins.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (traces, tenant) = traces();
    /// let first = ready(traces.start(&tenant, RunStart::new(scope(), at(0))))?;
    /// assert_eq!((first.value.seq, first.value.ack_seq, first.evidence.as_of_size), (0, 1, 2));
    /// let again = ready(traces.start(&tenant, RunStart::new(scope(), at(0))))?;
    /// assert!(again.value.duplicate && again.evidence.as_of_size == 2, "nothing was written");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (traces, tenant) = traces();
    /// let step = RunStep::new(scope(), 0, StepClass::Tool, "refund", at(1), at(2));
    /// let refused = ready(traces.step(&tenant, step.clone()));
    /// assert!(matches!(refused, Err(RunRecordError::NoTrace(_))), "it was never started");
    /// ready(traces.start(&tenant, RunStart::new(scope(), at(0))))?;
    /// assert_eq!(ready(traces.step(&tenant, step))?.value.seq, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (traces, tenant) = traces();
    /// ready(traces.start(&tenant, RunStart::new(scope(), at(0))))?;
    /// let end = |ending| RunEnding { scope: scope(), at: at(9), ending };
    /// let completed = end(Ending::Completed { root_hash: None });
    /// assert_eq!(ready(traces.complete(&tenant, completed))?.value.seq, 2);
    /// let failed = end(Ending::Failed { error: "timeout".into() });
    /// let refused = ready(traces.complete(&tenant, failed));
    /// assert!(matches!(refused, Err(RunRecordError::Ended { seq: 2, .. })), "a run ends once");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (traces, tenant) = traces();
    /// ready(traces.start(&tenant, RunStart::new(scope(), at(0))))?;
    /// ready(traces.abort(&tenant, scope(), at(9), "the user left".into()))?;
    /// let step = RunStep::new(scope(), 0, StepClass::Tool, "refund", at(10), at(11));
    /// assert!(ready(traces.step(&tenant, step)).is_err(), "nothing follows an end");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
