//! What was recorded: runs, the environment, and who did what.

use std::sync::Arc;

use audit_evidence::{
    LedgerReport, ReplayWindow, RunEnvironment, RunTelemetry, Trust, recorded_fact,
    recorded_fact_at, replay_window, run_environment, run_telemetry, verify_ledger,
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
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// use logs_facade::LogsFacade;
    /// let (stores, tenant, run) = stores();
    /// let logs = LogsFacade::new(stores);
    /// assert!(ready(logs.run(&tenant, &run))?.value.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(stores: Stores) -> Self {
        Self { stores }
    }

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

    /// The environment: a page of events, measurements and alerts.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, _) = logs();
    /// let warned = SystemFilter { severity: Some("warn".into()), ..SystemFilter::default() };
    /// let page = ready(logs.system(&ListRequest::new(&tenant, warned, 20, None)?))?.value;
    /// assert_eq!(page.items[0].event.as_deref(), Some("restarted"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// The environment: a page of what happened, without measurements and alerts.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, run) = logs();
    /// let of_run = SystemFilter { run: Some(run.to_string()), ..SystemFilter::default() };
    /// let page = ready(logs.events(&ListRequest::new(&tenant, of_run, 20, None)?))?.value;
    /// assert_eq!(page.items.len(), 1, "the measurement and the alert are no events");
    /// assert_eq!(page.items[0].kind, "system.event");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The store failed.
    pub async fn events(
        &self,
        request: &ListRequest<SystemFilter>,
    ) -> Result<Answer<Page<SystemRecord>>, StoreError> {
        let evidence = self.evidence(request.tenant(), None).await?;
        let events = request.of_kind(&FactKind::SystemEvent);
        let value = self.stores.system.system_records(&events).await?;
        Ok(Answer { value, evidence })
    }

    /// The environment: in what a run ran, as its own facts say it; empty where they say nothing.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, run) = logs();
    /// let found = ready(logs.snapshot(&tenant, &run))?.value;
    /// assert_eq!(found.recorded[0].resource["service.name"].as_str(), Some("support"));
    /// let other = ready(logs.snapshot(&tenant, &RunId::parse("nobody")?))?;
    /// assert!(other.value.recorded.is_empty(), "not recorded");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, run) = logs();
    /// let measured = ready(logs.telemetry(&tenant, &run))?.value;
    /// assert_eq!(measured.points[0].value.as_deref(), Some("7"));
    /// assert_eq!(measured.period, Some((at(0), at(6))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, _) = logs();
    /// let all = ListRequest::new(&tenant, AuditFilter::default(), 20, None)?;
    /// let page = ready(logs.system_audit(&all))?.value;
    /// assert!(page.items.iter().all(|record| record.actor_kind.as_deref() == Some("system")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (logs, tenant, _) = logs();
    /// let known = ready(logs.alert(&tenant, "cost", at(0), at(30)))?.value;
    /// assert_eq!((known.sent, known.suppressed), (1, 0));
    /// assert_eq!(known.last_sent.map(|alert| alert.occurred_at), Some(at(8)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    async fn evidence(
        &self,
        tenant: &TenantId,
        run: Option<&RunId>,
    ) -> Result<EvidenceMetadata, StoreError> {
        let as_of_size = self.stores.ledger.head(tenant).await?.size;
        Ok(EvidenceMetadata { tenant: tenant.clone(), run_id: run.cloned(), as_of_size })
    }
}
