//! Evidence: chains, their proofs, verification, and what was exported.

use audit_evidence::{
    ChainSubject, EvidenceChain, IntegrityFacts, ProveError, RangeProof, Trust, chain_proofs,
    evidence_chain, integrity_of,
};
use store_traits::{ExportFilter, ExportRecord, ListRequest, Page, StoreError, TenantId};

use crate::{Answer, EvidenceMetadata, Stores};

/// What can be proved of what was recorded.
pub struct EvidenceFacade {
    stores: Stores,
}

impl EvidenceFacade {
    /// A facade over these stores.
    #[must_use]
    pub fn new(stores: Stores) -> Self {
        Self { stores }
    }

    /// Everything recorded about a run, an incident, an actor or a period, in order of the entries.
    ///
    /// # Errors
    /// A store failed, or an entry is no fact.
    pub async fn chain(
        &self,
        tenant: &TenantId,
        subject: ChainSubject,
    ) -> Result<Answer<EvidenceChain>, StoreError> {
        let evidence = self.evidence(tenant).await?;
        let Stores { ledger, audit, .. } = &self.stores;
        let value = evidence_chain(ledger.as_ref(), audit.as_ref(), tenant, subject).await?;
        Ok(Answer { value, evidence })
    }

    /// A range proof for each stretch of a chain, in the tree of this size.
    ///
    /// # Errors
    /// A stretch lies outside the tree, or the stored hashes give no proof.
    pub async fn prove_chain(
        &self,
        tenant: &TenantId,
        chain: &EvidenceChain,
        size: u64,
    ) -> Result<Answer<Vec<RangeProof>>, ProveError> {
        let evidence = self.evidence(tenant).await?;
        let value = chain_proofs(self.stores.ledger.as_ref(), tenant, chain, size).await?;
        Ok(Answer { value, evidence })
    }

    /// The state of the ledger, computed now from its stored bytes.
    ///
    /// # Errors
    /// The store failed. What is wrong with the ledger is in the answer.
    pub async fn verification(
        &self,
        tenant: &TenantId,
        trust: &Trust<'_>,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Answer<IntegrityFacts>, StoreError> {
        let evidence = self.evidence(tenant).await?;
        let value = integrity_of(self.stores.ledger.as_ref(), tenant, trust, progress).await?;
        Ok(Answer { value, evidence })
    }

    /// A page of the exports that were made.
    ///
    /// # Errors
    /// The store failed.
    pub async fn exports(
        &self,
        request: &ListRequest<ExportFilter>,
    ) -> Result<Answer<Page<ExportRecord>>, StoreError> {
        let evidence = self.evidence(request.tenant()).await?;
        let value = self.stores.exports.exports(request).await?;
        Ok(Answer { value, evidence })
    }

    async fn evidence(&self, tenant: &TenantId) -> Result<EvidenceMetadata, StoreError> {
        let as_of_size = self.stores.ledger.head(tenant).await?.size;
        Ok(EvidenceMetadata { tenant: tenant.clone(), run_id: None, as_of_size })
    }
}
