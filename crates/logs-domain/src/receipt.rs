//! The proof text of a receipt: what somebody keeps who recorded a fact.

use audit_evidence::{LeafProof, ProofText, inclusion_proof};
use store_traits::{CheckpointPages, TenantId};

use crate::{DomainError, LogsDomain};

impl LogsDomain {
    /// The `.tlog-proof` text of a receipt ([`audit_evidence::Receipts::proofs`]) under the smallest
    /// signed checkpoint that covers it; `None` as long as none does. Nothing is signed for it: a
    /// policy or [`LogsDomain::checkpoint`] does that, once for many receipts.
    ///
    /// # Errors
    /// The ledger holds another leaf in its place than was acknowledged, or the stored hashes do not
    /// give a proof.
    pub async fn receipt_text(
        &self,
        tenant: &TenantId,
        receipt: &LeafProof,
    ) -> Result<Option<String>, DomainError> {
        let seq = receipt.seq;
        let stands = self.ledger.hashes(tenant, 0, seq..seq.saturating_add(1)).await?;
        if stands.first() != Some(&receipt.leaf_hash) {
            return Err(DomainError::Proof(format!(
                "entry {seq} of `{tenant}` is not the one that was acknowledged (run `factlog ledger verify`)"
            )));
        }
        self.receipt(tenant, seq).await
    }

    /// The `.tlog-proof` text of an entry under the smallest signed checkpoint that covers it; `None` as
    /// long as none does, or there is no such entry. Nothing is signed for it.
    ///
    /// # Errors
    /// The stored hashes do not give a proof.
    pub async fn receipt(
        &self,
        tenant: &TenantId,
        seq: u64,
    ) -> Result<Option<String>, DomainError> {
        let end = seq.saturating_add(1);
        let mut covering = CheckpointPages::new(self.ledger.as_ref(), tenant, end);
        let Some(checkpoint) = covering.next().await?.and_then(|page| page.into_iter().next())
        else {
            return Ok(None);
        };
        let proof = inclusion_proof(self.ledger.as_ref(), tenant, seq, checkpoint.size)
            .await
            .map_err(|error| DomainError::Proof(error.to_string()))?;
        let entry = Some(self.entry_bytes(tenant, seq).await?);
        let text = ProofText::Inclusion { entry, index: seq, proof, checkpoint: checkpoint.note };
        Ok(Some(text.to_string()))
    }
}
