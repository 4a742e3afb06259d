//! The environment: what happened, what was measured, in what a run ran.

use audit_evidence::{RunEnvironment, RunTelemetry, run_environment, run_telemetry};
use store_traits::{
    AlertFacts, AuditFilter, AuditRecord, FactKind, ListRequest, Page, RunId, StoreError,
    SystemFilter, SystemRecord, TenantId, Timestamp,
};

use crate::{Answer, LogsFacade, Stores};

impl LogsFacade {
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
}
