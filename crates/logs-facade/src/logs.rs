//! What was recorded: runs, the environment, and who did what.

mod audit;
mod environment;
mod runs;

use std::sync::Arc;

use store_traits::{
    AuditStore, ExportStore, LedgerStore, RunId, StoreError, SystemStore, TenantId, TraceStore,
};

use crate::EvidenceMetadata;

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

    async fn evidence(
        &self,
        tenant: &TenantId,
        run: Option<&RunId>,
    ) -> Result<EvidenceMetadata, StoreError> {
        let as_of_size = self.stores.ledger.head(tenant).await?.size;
        Ok(EvidenceMetadata { tenant: tenant.clone(), run_id: run.cloned(), as_of_size })
    }
}
