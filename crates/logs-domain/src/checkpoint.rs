//! Signing a tenant's newest state, on demand and by policy, behind the high-water guard.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use audit_evidence::{
    VerifierKey, consistency_proof, open_checkpoint, sign_checkpoint, sign_checkpoint_also,
    verify_consistency,
};
use store_traits::{Advance, Checkpoint, CheckpointPages, Head, SignedState, TenantId, Timestamp};

use crate::{CheckpointPolicy, DomainError, LogsDomain};

/// Another process moved the mark so often that something else must be wrong.
const MAX_TRIES: u32 = 100;

/// What the policy knows of the tenants that this domain recorded for: the last signed size, and
/// since when it is the last.
#[derive(Debug, Default)]
pub(crate) struct LastSigned(Mutex<BTreeMap<TenantId, (u64, Timestamp)>>);

impl LastSigned {
    fn of(&self, tenant: &TenantId) -> Option<(u64, Timestamp)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(tenant).copied()
    }

    fn set(&self, tenant: &TenantId, size: u64, at: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(tenant.clone(), (size, at));
    }

    fn tenants(&self) -> Vec<TenantId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

impl LogsDomain {
    /// The signed checkpoint of the newest head; signs it if nobody did yet.
    ///
    /// The high-water mark is moved to the head before it is signed. So whatever is lost or brought
    /// back afterwards, this log never signs two histories; and a crash in between only leaves a
    /// mark at a state that is signed again, with the same bytes.
    ///
    /// # Errors
    /// Nothing was recorded, there is no key, or the ledger does not extend what was signed before.
    pub async fn checkpoint(&self, tenant: &TenantId) -> Result<Checkpoint, DomainError> {
        let origin = self.log_origin(tenant);
        for _ in 0..MAX_TRIES {
            let head = self.ledger.head(tenant).await?;
            if head.size == 0 {
                return Err(DomainError::EmptyLedger(tenant.clone()));
            }
            let now = SignedState { size: head.size, root: head.root };
            let last = self.ledger.newest_checkpoint(tenant).await?;
            let mark = self.high_water.read(&origin).await?;
            if let Some(mark) = mark {
                self.extends(tenant, mark, &head).await?;
            }
            if let Some(last) = &last {
                let signed = SignedState { size: last.size, root: last.root };
                if mark != Some(signed) {
                    self.extends(tenant, signed, &head).await?;
                }
                // The database is believed, but only what this log signed: what is handed out again, and what
                // the next one stands behind. Another log's key has signed nothing here.
                self.opened(tenant, last)?;
                if signed == now && mark == Some(now) {
                    return Ok(last.clone());
                }
            }
            // Somebody without a key moves no mark.
            self.signer()?;
            if mark != Some(now)
                && let Advance::Elsewhere(_) = self.high_water.advance(&origin, mark, now).await?
            {
                continue;
            }
            if let Some(last) = last.filter(|last| last.size == now.size) {
                return Ok(last);
            }
            let checkpoint = Checkpoint {
                size: head.size,
                root: head.root,
                note: self.sign(&origin, &head)?,
                signed_at: self.clock.now(),
            };
            self.ledger.add_checkpoint(tenant, &checkpoint).await?;
            return Ok(checkpoint);
        }
        Err(DomainError::Busy { tenant: tenant.clone() })
    }

    /// Signs with every active key.
    fn sign(&self, origin: &str, head: &Head) -> Result<String, DomainError> {
        let failed = |error: &dyn std::fmt::Display| DomainError::Proof(error.to_string());
        let note = sign_checkpoint(origin, head, self.signer()?).map_err(|error| failed(&error))?;
        self.keys()?.signers().skip(1).try_fold(note, |note, signer| {
            sign_checkpoint_also(&note, signer.as_ref()).map_err(|error| failed(&error))
        })
    }

    /// A stored checkpoint is one of this log's own, and says what its columns say.
    fn opened(&self, tenant: &TenantId, stored: &Checkpoint) -> Result<(), DomainError> {
        let keys = self.verifier_keys(tenant)?;
        let opened = open_checkpoint(&stored.note, &keys, &Self::verifier()).map_err(|error| {
            DomainError::Proof(format!("the stored checkpoint of size {}: {error}", stored.size))
        })?;
        let says = (opened.origin.as_str(), opened.size, opened.root);
        if says == (self.log_origin(tenant).as_str(), stored.size, stored.root) {
            return Ok(());
        }
        Err(DomainError::Proof(format!(
            "the stored checkpoint of size {} does not say what its row says",
            stored.size
        )))
    }

    /// A log never signs what is inconsistent with what it signed before.
    async fn extends(
        &self,
        tenant: &TenantId,
        signed: SignedState,
        head: &Head,
    ) -> Result<(), DomainError> {
        let fork = |why| DomainError::WouldFork {
            tenant: tenant.clone(),
            size: head.size,
            root: head.root.to_string(),
            signed_size: signed.size,
            signed_root: signed.root.to_string(),
            why,
        };
        if head.size < signed.size {
            return Err(fork(
                "the database is behind it: it is an older backup, or its tail was cut",
            ));
        }
        let rewritten = "what was signed is not a part of it: history was rewritten, or an older backup was written to again";
        if head.size == signed.size {
            return if head.root == signed.root { Ok(()) } else { Err(fork(rewritten)) };
        }
        let proof = consistency_proof(self.ledger.as_ref(), tenant, signed.size, head.size)
            .await
            .map_err(|error| DomainError::Proof(error.to_string()))?;
        verify_consistency(signed.size, head.size, &signed.root, &head.root, &proof)
            .map_err(|_| fork(rewritten))
    }

    /// Where the database stands against its high-water mark, in words if that is wrong.
    ///
    /// # Errors
    /// The store failed, or the marks cannot be read.
    pub(crate) async fn behind_high_water(
        &self,
        tenant: &TenantId,
    ) -> Result<Option<String>, DomainError> {
        let Some(mark) = self.high_water.read(&self.log_origin(tenant)).await? else {
            return Ok(None);
        };
        let head = self.ledger.head(tenant).await?;
        match self.extends(tenant, mark, &head).await {
            Ok(()) => Ok(None),
            Err(error @ (DomainError::WouldFork { .. } | DomainError::Proof(_))) => {
                Ok(Some(error.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    /// The smallest checkpoint that covers the entries below `end` and that the log's first active
    /// key signed; signs one if none does.
    ///
    /// The smallest and not the newest, so that the same question is answered with the same bytes
    /// however much was recorded since. By the first active key, because that one signs the rest of
    /// a bundle too.
    pub(crate) async fn checkpoint_covering(
        &self,
        tenant: &TenantId,
        end: u64,
    ) -> Result<Checkpoint, DomainError> {
        let key: Option<[VerifierKey; 1]> = self.verifier_key(tenant).ok().map(|key| [key]);
        let ours = |checkpoint: &Checkpoint| match &key {
            Some(key) => open_checkpoint(&checkpoint.note, key, &Self::verifier()).is_ok(),
            // Whoever has no key can still hand on what was signed.
            None => true,
        };
        let mut signed = CheckpointPages::new(self.ledger.as_ref(), tenant, end);
        while let Some(page) = signed.next().await? {
            if let Some(checkpoint) = page.into_iter().find(ours) {
                return Ok(checkpoint);
            }
        }
        self.checkpoint(tenant).await
    }

    /// When checkpoints are signed without being asked for.
    #[must_use]
    pub fn checkpoint_policy(&self) -> CheckpointPolicy {
        self.policy
    }

    /// Signs where the policy asks for it; called after facts were recorded.
    ///
    /// # Errors
    /// As [`LogsDomain::checkpoint`]. What was recorded stays recorded.
    pub async fn checkpoint_if_due(&self, tenant: &TenantId) -> Result<(), DomainError> {
        let CheckpointPolicy { every_entries, every, at_close } = self.policy;
        if every_entries.is_none() && every.is_none() && !at_close {
            return Ok(());
        }
        let size = self.ledger.head(tenant).await?.size;
        if size == 0 {
            return Ok(());
        }
        let now = self.clock.now();
        let (signed, since) = match self.last_signed.of(tenant) {
            Some(last) => last,
            None => {
                let last = self.ledger.newest_checkpoint(tenant).await?;
                let last = last.map_or((0, now), |last| (last.size, last.signed_at));
                self.last_signed.set(tenant, last.0, last.1);
                last
            }
        };
        let unsigned = size.saturating_sub(signed);
        let many = every_entries.is_some_and(|n| unsigned >= n.get());
        // A time to come is none at which anything was signed: a clock was wrong, or somebody wrote it.
        let ago = now.nanos_since(since);
        let old = every.is_some_and(|every| {
            i128::try_from(every.as_nanos()).is_ok_and(|every| ago >= every || ago < 0)
        });
        if unsigned > 0 && (many || old) {
            let checkpoint = self.checkpoint(tenant).await?;
            self.last_signed.set(tenant, checkpoint.size, now);
        }
        Ok(())
    }

    /// Signs what this domain recorded and nobody signed yet, if the policy asks for it at close.
    pub(crate) async fn checkpoint_at_close(&self) -> Result<(), DomainError> {
        if self.policy.at_close {
            for tenant in self.last_signed.tenants() {
                self.checkpoint(&tenant).await?;
            }
        }
        Ok(())
    }
}
