//! Proofs and verification of a tenant's ledger.

use std::ops::Range;

use audit_evidence::{
    Finding, LedgerReport, ProofText, Trust, VerifierKey, VerifyError, consistency_proof,
    inclusion_proof, range_proof, verify_ledger, verify_ledger_since,
};
use store_traits::{Checkpoint, CheckpointsFrom, FactId, StoreError, TenantId};

use crate::{DomainError, LogsDomain};

/// Sizes that an error names.
const SHOWN: u32 = 20;

/// The report of a check that met a row that cannot be read.
fn cut_short(tenant: &TenantId, what: String) -> LedgerReport {
    let meaning = "somebody wrote into the database: the check ended there, and does not tell what lies behind it";
    let finding = Finding { tenant: tenant.clone(), seq: None, what, meaning: meaning.to_owned() };
    LedgerReport { findings: vec![finding], ..LedgerReport::new(tenant) }
}

impl LogsDomain {
    /// Where a fact lies.
    ///
    /// # Errors
    /// The tenant has no fact with this id.
    pub async fn seq_of(&self, tenant: &TenantId, id: &str) -> Result<u64, DomainError> {
        let id = FactId::parse(id).map_err(|error| DomainError::NoSuchFact(error.to_string()))?;
        self.ledger.seq_of(tenant, &id).await?.ok_or_else(|| {
            DomainError::NoSuchFact(format!("tenant `{tenant}` has no fact with the id {id}"))
        })
    }

    /// A `.tlog-proof` text: this entry is in the signed tree. Carries the entry's bytes.
    ///
    /// # Errors
    /// The entry is not there, or the stored hashes do not give a proof.
    pub async fn prove_entry(&self, tenant: &TenantId, seq: u64) -> Result<String, DomainError> {
        self.known_range(tenant, &(seq..seq.saturating_add(1))).await?;
        let checkpoint = self.checkpoint_covering(tenant, seq.saturating_add(1)).await?;
        let entry = self.ledger.entries(tenant, seq..seq + 1).await?.pop().ok_or_else(|| {
            DomainError::Proof(format!("entry {seq} is missing from the database"))
        })?;
        let proof = inclusion_proof(self.ledger.as_ref(), tenant, seq, checkpoint.size)
            .await
            .map_err(|error| DomainError::Proof(error.to_string()))?;
        let entry = Some(entry.bytes);
        let text = ProofText::Inclusion { entry, index: seq, proof, checkpoint: checkpoint.note };
        Ok(text.to_string())
    }

    /// A range proof text: the entries `[start, end)` are in the signed tree and none is left out.
    ///
    /// # Errors
    /// The range is empty or not there, or the stored hashes do not give a proof.
    pub async fn prove_range(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<String, DomainError> {
        self.known_range(tenant, &range).await?;
        let checkpoint = self.checkpoint_covering(tenant, range.end).await?;
        let proof =
            range_proof(self.ledger.as_ref(), tenant, range.start, range.end, checkpoint.size)
                .await
                .map_err(|error| DomainError::Proof(error.to_string()))?;
        let leaves = self.ledger.hashes(tenant, 0, range).await?;
        Ok(ProofText::range(proof, Some(leaves), checkpoint.note).to_string())
    }

    /// A consistency proof text: the tree of size `newer` extends the tree of size `older`.
    ///
    /// # Errors
    /// No checkpoint was signed at one of the sizes, or the stored hashes do not give a proof.
    pub async fn prove_consistency(
        &self,
        tenant: &TenantId,
        older: u64,
        newer: u64,
    ) -> Result<String, DomainError> {
        let old = self.checkpoint_at(tenant, older).await?;
        let new = self.checkpoint_at(tenant, newer).await?;
        let proof = consistency_proof(self.ledger.as_ref(), tenant, older, newer)
            .await
            .map_err(|error| DomainError::Proof(error.to_string()))?;
        Ok(ProofText::Consistency { proof, older: old.note, newer: new.note }.to_string())
    }

    async fn checkpoint_at(&self, tenant: &TenantId, size: u64) -> Result<Checkpoint, DomainError> {
        let signed = self.ledger.checkpoints(tenant, CheckpointsFrom::Size(size), 1).await?;
        if let Some(signed) = signed.into_iter().find(|signed| signed.size == size) {
            return Ok(signed);
        }
        let first = self.ledger.checkpoints(tenant, CheckpointsFrom::Size(0), SHOWN + 1).await?;
        let sizes = first.iter().map(|signed| signed.size.to_string());
        let mut sizes: Vec<_> = sizes.take(SHOWN as usize).collect();
        if first.len() > sizes.len() {
            sizes.push("…".to_owned());
        }
        Err(DomainError::NoSuchFact(format!(
            "no checkpoint was signed at size {size} (signed: {})",
            sizes.join(", ")
        )))
    }

    async fn known_range(&self, tenant: &TenantId, range: &Range<u64>) -> Result<(), DomainError> {
        let size = self.ledger.head(tenant).await?.size;
        if range.start < range.end && range.end <= size {
            return Ok(());
        }
        Err(DomainError::NoSuchFact(format!(
            "entries {}..{} are not in the ledger of `{tenant}`, which has {size} (0 to {})",
            range.start,
            range.end,
            size.saturating_sub(1)
        )))
    }

    /// Recomputes everything of a tenant's ledger from the stored bytes.
    ///
    /// # Errors
    /// The store failed or there is no key to check signatures with. What is wrong with the ledger
    /// is in the report.
    pub async fn verify(
        &self,
        tenant: &TenantId,
        keys: &[VerifierKey],
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<LedgerReport, DomainError> {
        let (keys, origin) = (self.trusted(tenant, keys)?, self.log_origin(tenant));
        let trust = Trust { keys: &keys, verifier: &Self::verifier(), origin: &origin };
        let report = match verify_ledger(self.ledger.as_ref(), tenant, &trust, progress).await {
            Err(StoreError::Corrupt { what }) => cut_short(tenant, what),
            // What somebody took away may be what the check goes by.
            Err(error) => match self.ledger.missing_guards().await {
                Ok(gone) if !gone.is_empty() => {
                    cut_short(tenant, format!("{}; then: {error}", gone.join("; ")))
                }
                Ok(_) | Err(_) => return Err(error.into()),
            },
            Ok(report) => report,
        };
        self.beside_high_water(report).await
    }

    /// What the database itself finds wrong with its files: a damaged page, an index that does not lead to
    /// every row.
    ///
    /// # Errors
    /// The store failed.
    pub async fn damage(&self) -> Result<Vec<Finding>, DomainError> {
        let finding = |what| {
            Ok(Finding {
                tenant: Self::root_log()?,
                seq: None,
                what: format!("the whole database: {what}"),
                meaning: "its file is damaged, or somebody wrote into it around the ledger: lists would hide what is recorded (`factlog ledger reindex` derives them anew)".to_owned(),
            })
        };
        let damage = match self.ledger.damage().await {
            // So damaged that it is not told how.
            Err(StoreError::Corrupt { what }) => vec![what],
            damage => damage?,
        };
        damage.into_iter().map(finding).collect()
    }

    /// Recomputes what follows a signed checkpoint of this size, whose tree is trusted.
    ///
    /// # Errors
    /// As [`LogsDomain::verify`], and where no checkpoint of this size verifies.
    pub async fn verify_since(
        &self,
        tenant: &TenantId,
        keys: &[VerifierKey],
        size: u64,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<LedgerReport, DomainError> {
        let (keys, origin) = (self.trusted(tenant, keys)?, self.log_origin(tenant));
        let trust = Trust { keys: &keys, verifier: &Self::verifier(), origin: &origin };
        let report = verify_ledger_since(self.ledger.as_ref(), tenant, &trust, size, progress);
        let report = report.await.map_err(|error| match error {
            VerifyError::Store(error) => error.into(),
            VerifyError::NoSuchCheckpoint { .. } => DomainError::NoSuchFact(error.to_string()),
        })?;
        self.beside_high_water(report).await
    }

    /// The given keys, or else those that sign here.
    fn trusted(
        &self,
        tenant: &TenantId,
        keys: &[VerifierKey],
    ) -> Result<Vec<VerifierKey>, DomainError> {
        if keys.is_empty() { Ok(self.verifier_keys(tenant)?) } else { Ok(keys.to_vec()) }
    }

    async fn beside_high_water(
        &self,
        mut report: LedgerReport,
    ) -> Result<LedgerReport, DomainError> {
        if report.tenant == Self::root_log()? {
            report.findings.extend(self.root_findings(&report.tenant).await?);
        }
        if let Some(what) = self.behind_high_water(&report.tenant).await? {
            report.findings.push(Finding {
                tenant: report.tenant.clone(),
                seq: None,
                what,
                meaning: "the database was rolled back to an older state, or holds another history than the one that was signed".to_owned(),
            });
        }
        Ok(report)
    }

    /// Number of entries of a tenant.
    ///
    /// # Errors
    /// The store failed.
    pub async fn size(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        Ok(self.ledger.head(tenant).await?.size)
    }
}
