//! Recording runs as a platform says them: start, step, end, each with its acknowledgement.
//!
//! A fact is recorded first and acknowledged after: a crash in between leaves a fact without its
//! acknowledgement, which reconciliation names, and repeating the call makes good. A run whose ending
//! cannot be recorded is recorded as aborted, so that none is left dangling.

use std::sync::Arc;

use redaction::Redactor;
use store_traits::{
    FactId, IdempotencyKey, LedgerStore, RunId, StoreError, TenantId, TraceStore, Value,
};
use thiserror::Error;

use crate::recorded::facts_at;
use crate::recorder::{Outcome, RecordError, Recorder};
use crate::root_log::ROOT_LOG;
use crate::run_draft::{Ending, RunDraft, RunEnding, RunStart, RunStep, acknowledgement};

/// Records what a platform says of its runs.
pub struct RunRecorder {
    recorder: Arc<Recorder>,
    ledger: Arc<dyn LedgerStore>,
    traces: Arc<dyn TraceStore>,
    redactor: Redactor,
}

/// A fact about a run is recorded, durably, and so is its acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// Where the fact lies.
    pub seq: u64,
    /// Its id.
    pub id: FactId,
    /// Where its acknowledgement lies.
    pub ack_seq: u64,
    /// Was the same fact recorded before?
    pub duplicate: bool,
}

/// A fact about a run that was not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RunRecordError {
    /// The recorder failed.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The run is not there.
    #[error("run `{0}` was never started (record its start first)")]
    NoTrace(RunId),
    /// The run has ended.
    #[error("run `{run}` ended with entry {seq} (`{kind}`), and nothing follows an end")]
    Ended {
        /// Which run.
        run: RunId,
        /// The entry that ends it.
        seq: u64,
        /// Its kind.
        kind: String,
    },
    /// Something else was recorded in this place; it stands.
    #[error("`{key}` was recorded before with other content, as entry {seq}; that one stands")]
    Conflict {
        /// The place.
        key: IdempotencyKey,
        /// The entry that came first.
        seq: u64,
    },
    /// The fact cannot be an entry.
    #[error("the fact cannot be recorded: {0}")]
    Rejected(String),
    /// The ending could not be recorded, and so the run is recorded as aborted.
    #[error(
        "the run is recorded as aborted, with entry {aborted}, because its end could not be: {why}"
    )]
    Finalisation {
        /// The entry that says so.
        aborted: u64,
        /// Why.
        why: String,
    },
    /// A tenant's name that the log keeps for itself.
    #[error("`{0}` is the root log's own name: nothing can be recorded under it")]
    Reserved(TenantId),
}

impl RunRecorder {
    /// A recorder of runs, which takes out of what is said freely what these rules find. Share the
    /// recorder with all other callers of the ledger.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let ledger = Arc::new(MemoryLedger::default());
    /// let (shared, topics) = (Arc::new(recorder(&ledger)), Arc::new(MemoryTopics(ledger.clone())));
    /// let runs = RunRecorder::new(shared, ledger, topics, redaction::Redactor::default());
    /// let start = RunStart::new(RunScope::new(run(), "support"), at(0));
    /// assert_eq!(ready(runs.start(&tenant(), start))?.seq, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(
        recorder: Arc<Recorder>,
        ledger: Arc<dyn LedgerStore>,
        traces: Arc<dyn TraceStore>,
        redactor: Redactor,
    ) -> Self {
        Self { recorder, ledger, traces, redactor }
    }

    /// A run begins. The same start again is a duplicate, another one a conflict.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// # let ledger = Arc::new(MemoryLedger::default());
    /// # let (shared, topics) = (Arc::new(recorder(&ledger)), Arc::new(MemoryTopics(ledger.clone())));
    /// # let runs = RunRecorder::new(shared, ledger, topics, redaction::Redactor::default());
    /// let start = RunStart::new(RunScope::new(run(), "support"), at(0));
    /// let first = ready(runs.start(&tenant(), start.clone()))?;
    /// assert_eq!((first.seq, first.ack_seq, first.duplicate), (0, 1, false));
    /// assert!(ready(runs.start(&tenant(), start.clone()))?.duplicate);
    /// let other = RunStart { seed: Some("42".into()), ..start };
    /// let refused = ready(runs.start(&tenant(), other));
    /// assert!(matches!(refused, Err(RunRecordError::Conflict { seq: 0, .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The run was started otherwise, or a store failed.
    pub async fn start(
        &self,
        tenant: &TenantId,
        start: RunStart,
    ) -> Result<Acknowledged, RunRecordError> {
        self.record(tenant, start.draft(&self.redactor)).await
    }

    /// A step is done.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// # let ledger = Arc::new(MemoryLedger::default());
    /// # let (shared, topics) = (Arc::new(recorder(&ledger)), Arc::new(MemoryTopics(ledger.clone())));
    /// # let runs = RunRecorder::new(shared, ledger, topics, redaction::Redactor::default());
    /// let scope = RunScope::new(run(), "support");
    /// let step = RunStep::new(scope.clone(), 0, StepClass::Tool, "refund", at(1), at(2));
    /// let refused = ready(runs.step(&tenant(), step.clone()));
    /// assert!(matches!(refused, Err(RunRecordError::NoTrace(_))), "a step without its run");
    /// ready(runs.start(&tenant(), RunStart::new(scope, at(0))))?;
    /// assert_eq!(ready(runs.step(&tenant(), step))?.seq, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The run was never started or has ended; another step has this index; or a store failed.
    pub async fn step(
        &self,
        tenant: &TenantId,
        step: RunStep,
    ) -> Result<Acknowledged, RunRecordError> {
        let run = step.scope.run_id.clone();
        let extent = self.traces.extent(tenant, &run).await?;
        let extent = extent.ok_or_else(|| RunRecordError::NoTrace(run.clone()))?;
        if let Some(end) = extent.ends.into_iter().next() {
            return Err(RunRecordError::Ended { run, seq: end.seq, kind: end.kind });
        }
        self.record(tenant, step.draft(&self.redactor)).await
    }

    /// A run ends. The same end again is a duplicate; a second, other one is refused.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// # let ledger = Arc::new(MemoryLedger::default());
    /// # let (shared, topics) = (Arc::new(recorder(&ledger)), Arc::new(MemoryTopics(ledger.clone())));
    /// # let runs = RunRecorder::new(shared, ledger, topics, redaction::Redactor::default());
    /// let scope = RunScope::new(run(), "support");
    /// ready(runs.start(&tenant(), RunStart::new(scope.clone(), at(0))))?;
    /// let end = |error: &str| {
    ///     let ending = Ending::Failed { error: error.to_owned() };
    ///     RunEnding { scope: scope.clone(), at: at(9), ending }
    /// };
    /// // An end that no entry can hold is not an end that is left out.
    /// let refused = ready(runs.end(&tenant(), end(&"x".repeat(70_000))));
    /// assert!(matches!(refused, Err(RunRecordError::Finalisation { aborted: 2, .. })));
    /// let late = ready(runs.end(&tenant(), end("timeout")));
    /// assert!(matches!(late, Err(RunRecordError::Ended { seq: 2, .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The run was never started or ended otherwise, or a store failed;
    /// [`RunRecordError::Finalisation`] when the run is recorded as aborted because its end could not
    /// be recorded.
    pub async fn end(
        &self,
        tenant: &TenantId,
        ending: RunEnding,
    ) -> Result<Acknowledged, RunRecordError> {
        let run = ending.scope.run_id.clone();
        let extent = self.traces.extent(tenant, &run).await?;
        let extent = extent.ok_or_else(|| RunRecordError::NoTrace(run.clone()))?;
        let abort =
            RunEnding { ending: Ending::Aborted { reason: String::new() }, ..ending.clone() };
        let draft = ending.draft(&self.redactor);
        if let Some(end) = extent.ends.into_iter().next()
            && !self.says_the_same(tenant, end.seq, &draft).await?
        {
            return Err(RunRecordError::Ended { run, seq: end.seq, kind: end.kind });
        }
        let why = match self.record(tenant, draft).await {
            // Nothing was recorded, and something shorter may be.
            Err(error @ (RunRecordError::Rejected(_) | RunRecordError::Record(_))) => {
                error.to_string()
            }
            ended => return ended,
        };
        let reason = format!("its end could not be recorded: {why}");
        let abort = RunEnding { ending: Ending::Aborted { reason }, ..abort };
        let aborted = self.record(tenant, abort.draft(&self.redactor)).await?.seq;
        Err(RunRecordError::Finalisation { aborted, why })
    }

    /// Is the end that was recorded the one that is to be? Of endings by other ways (a root span),
    /// no key tells.
    async fn says_the_same(
        &self,
        tenant: &TenantId,
        seq: u64,
        draft: &RunDraft,
    ) -> Result<bool, RunRecordError> {
        let recorded = facts_at(self.ledger.as_ref(), tenant, &[seq]).await?;
        let end = |body: Option<&Value>| body.and_then(|body| body.member("end")).cloned();
        let ours = draft.draft.body.get("end").cloned();
        Ok(recorded.iter().any(|fact| ours.is_some() && end(fact.fact.member("body")) == ours))
    }

    async fn record(
        &self,
        tenant: &TenantId,
        draft: RunDraft,
    ) -> Result<Acknowledged, RunRecordError> {
        if tenant.as_str() == ROOT_LOG {
            return Err(RunRecordError::Reserved(tenant.clone()));
        }
        let outcomes = self.recorder.record(tenant, std::slice::from_ref(&draft.draft)).await?;
        let (seq, id, duplicate) = placed(outcomes)?;
        let ack = acknowledgement(&draft, seq, &id);
        let (ack_seq, _, _) = placed(self.recorder.record(tenant, &[ack]).await?)?;
        Ok(Acknowledged { seq, id, ack_seq, duplicate })
    }
}

/// Where the one draft of a call lies.
fn placed(outcomes: Vec<Outcome>) -> Result<(u64, FactId, bool), RunRecordError> {
    match outcomes.into_iter().next() {
        Some(Outcome::Recorded { seq, id }) => Ok((seq, id, false)),
        Some(Outcome::Duplicate { seq, id }) => Ok((seq, id, true)),
        Some(Outcome::Conflict { key, seq }) => Err(RunRecordError::Conflict { key, seq }),
        Some(Outcome::Rejected { reason }) => Err(RunRecordError::Rejected(reason)),
        None => Err(RunRecordError::Rejected("the recorder gave no answer".to_owned())),
    }
}
