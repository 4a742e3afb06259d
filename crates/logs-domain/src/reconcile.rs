//! What was undertaken for a run against what became of it, as of the newest entry of the ledger.

use audit_evidence::{Reconciliation, ToolAudit, Undertakings, fact_of, tool_audit};
use store_traits::{RunId, TenantId};

use crate::{DomainError, LogsDomain};

/// Expectations, acknowledgements and tool events of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReconciliation {
    /// Expectations against acknowledgements.
    pub undertakings: Reconciliation,
    /// The tool events of the run, in order.
    pub tools: ToolAudit,
}

impl LogsDomain {
    /// Reconciles a run. "Now" is the recorded time of the newest entry: the same ledger gives the
    /// same answer on any day.
    ///
    /// # Errors
    /// The store failed, or nothing speaks of the run.
    pub async fn reconcile_run(
        &self,
        tenant: &TenantId,
        run: &RunId,
    ) -> Result<RunReconciliation, DomainError> {
        let size = self.ledger.head(tenant).await?.size;
        let newest = self.ledger.entries(tenant, size.saturating_sub(1)..size).await?.pop();
        let newest = newest.ok_or_else(|| DomainError::EmptyLedger(tenant.clone()))?;
        let as_of = fact_of(&newest)?.recorded_at;
        let mut undertakings = Undertakings::new(run.as_str());
        let mut tool_facts = Vec::new();
        let mut facts = 0_u64;
        self.each_entry_of(tenant, run, &mut |entry| {
            let fact = fact_of(entry)?;
            undertakings.add(&fact);
            facts += 1;
            if fact.kind == "audit.tool" {
                tool_facts.push(fact);
            }
            Ok(())
        })
        .await?;
        if facts == 0 {
            return Err(DomainError::NoSuchRun(format!("tenant `{tenant}` has no run `{run}`")));
        }
        let tools = tool_audit(&tool_facts);
        Ok(RunReconciliation { undertakings: undertakings.reconcile(as_of), tools })
    }
}
