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
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// use logs_facade::EvidenceFacade;
    /// let (stores, tenant, run) = stores();
    /// let evidence = EvidenceFacade::new(stores);
    /// let chain = ready(evidence.chain(&tenant, ChainSubject::Run(run.to_string())))?.value;
    /// assert_eq!(chain.links.len(), 14);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(stores: Stores) -> Self {
        Self { stores }
    }

    /// Everything recorded about a run, an incident, an actor or a period, in order of the entries.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (evidence, tenant, _) = evidence();
    /// let chain = ready(evidence.chain(&tenant, ChainSubject::Incident("inc-1".into())))?.value;
    /// let kinds: Vec<_> = chain.links.iter().map(|link| link.kind.as_str()).collect();
    /// assert_eq!(kinds[..2], ["audit.authorization", "audit.access"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (evidence, tenant, run) = evidence();
    /// let chain = ready(evidence.chain(&tenant, ChainSubject::Actor("support".into())))?;
    /// let size = chain.evidence.as_of_size;
    /// let proofs = ready(evidence.prove_chain(&tenant, &chain.value, size))?.value;
    /// # let (stores, ..) = stores();
    /// let root = ready(stores.ledger.head(&tenant))?.root;
    /// chain.value.verify(&proofs, size, &root)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (evidence, tenant, _) = evidence();
    /// let trust = Trust { keys: &[], verifier: &ToyVerifier, origin: "logs.example.com/acme" };
    /// let facts = ready(evidence.verification(&tenant, &trust, &|_| {}))?.value;
    /// assert_eq!(facts.state(), IntegrityState::VerifiedInPart, "nobody signed it");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (evidence, tenant, _) = evidence();
    /// let all = ListRequest::new(&tenant, ExportFilter::default(), 20, None)?;
    /// assert_eq!(ready(evidence.exports(&all))?.value.items.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
