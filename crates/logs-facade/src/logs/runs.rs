//! Runs: the list, and of each the envelope, the trace, governance, the replay window, exports.

use audit_evidence::{ReplayWindow, replay_window};
use store_traits::{
    AuditRecord, ExportFilter, ExportRecord, ListRequest, Page, Period, RunFilter, RunId,
    RunSummary, Step, StepOutcome, StoreError, TenantId, Usage,
};

use crate::{Answer, LogsFacade, Stores};

impl LogsFacade {
    /// Runs: a page of the list.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, run) = logs();
    /// let failed = RunFilter { status: Some(RunStatus::Failed), ..RunFilter::default() };
    /// let answer = ready(logs.runs(&ListRequest::new(&tenant, failed, 20, None)?))?;
    /// assert_eq!(answer.value.items[0].run_id, run.as_str());
    /// assert!(!answer.value.has_more());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, run) = logs();
    /// let answer = ready(logs.run(&tenant, &run))?;
    /// let found = answer.value.ok_or("not recorded")?;
    /// assert_eq!((found.llm_calls, found.tool_calls, found.errors), (1, 1, 2));
    /// assert_eq!(answer.evidence.run_id, Some(run));
    /// assert_eq!(ready(logs.run(&tenant, &RunId::parse("nobody")?))?.value, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, run) = logs();
    /// let steps = ready(logs.steps(&tenant, &run))?.value;
    /// let names: Vec<_> = steps.iter().map(|step| step.name.as_str()).collect();
    /// assert_eq!(names, ["start", "chat", "refund", "end"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, run) = logs();
    /// let records = ready(logs.governance(&tenant, &run))?.value;
    /// let denied = records.iter().find(|record| record.kind == "audit.authorization");
    /// assert_eq!(denied.and_then(|record| record.outcome.as_deref()), Some("deny"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, run) = logs();
    /// let window = ready(logs.replay_window(&tenant, &run))?.value.ok_or("nothing went wrong")?;
    /// assert_eq!((window.inflection.turn, window.inflection.at), (Turn::Denial, at(3)));
    /// assert_eq!(window.to.nanos_since(window.from), 60_000_000_000);
    /// assert!(window.steps.iter().any(|step| step.error.is_some()));
    /// assert_eq!(window.system[0].event.as_deref(), Some("restarted"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, run) = logs();
    /// let of_run = ExportFilter { run: Some(run.to_string()), ..ExportFilter::default() };
    /// let page = ready(logs.exports(&ListRequest::new(&tenant, of_run, 20, None)?))?.value;
    /// assert_eq!(page.items[0].profile.as_deref(), Some("evidence"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, _) = logs();
    /// assert_eq!(ready(logs.runs_starting_with(&tenant, "ru"))?.value, ["run-1"]);
    /// assert!(ready(logs.runs_starting_with(&tenant, "x"))?.value.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, run) = logs();
    /// let outcomes = ready(logs.outcomes(&tenant, &run))?.value;
    /// let errors: Vec<_> = outcomes.iter().map(|step| step.error.as_deref()).collect();
    /// assert_eq!(errors, [None, None, Some("timeout"), Some("timeout")]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, _) = logs();
    /// let used = ready(logs.usage(&tenant, Period::default()))?.value;
    /// assert_eq!((used[0].day.as_str(), used[0].model.as_deref()), ("2026-01-01", Some("gpt-4o")));
    /// assert_eq!((used[0].input_tokens, used[0].cost_micros), (100, Some(1_500)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
}
