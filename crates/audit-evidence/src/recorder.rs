//! The recorder: drafts in, durable entries out.
//!
//! It judges sameness, commits to contents, canonicalises, hashes, seals the batch on the head it
//! knows and asks the store to commit "on that head". When somebody else was faster it does all of
//! it again on the new head: so the look-up of keys and the commit always speak of the same tree,
//! and the first truth wins.

use std::collections::BTreeMap;
use std::sync::Arc;

use replay_determinism::fingerprint;
use store_traits::{
    Clock, CommitOutcome, Digest, Draft, Entropy, EntropyError, FactId, Head, IdempotencyKey,
    Identity, LedgerStore, Object, SealedBatch, StoreError, TenantId, TenantSecret, Timestamp,
    Value,
};
use thiserror::Error;

use crate::seal::{Fresh, SealError, Sealer};
use crate::tree::HeadError;

/// Records drafts in a tenant's ledger.
pub struct Recorder {
    ledger: Arc<dyn LedgerStore>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is an entry now, durably.
    Recorded {
        /// Its place.
        seq: u64,
        /// Its id.
        id: FactId,
    },
    /// The same fact was recorded before; nothing was written.
    Duplicate {
        /// Where the first one lies.
        seq: u64,
        /// Its id.
        id: FactId,
    },
    /// Another fact has this key; nothing was written and nothing was overwritten.
    Conflict {
        /// The key.
        key: IdempotencyKey,
        /// Where the fact lies that came first.
        seq: u64,
    },
    /// The fact cannot be an entry.
    Rejected {
        /// Why.
        reason: String,
    },
}

/// Nothing of the batch was recorded, unless the text says otherwise.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness for salts and ids.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The stored head is not a tree.
    #[error(
        "the stored head of tenant `{tenant}` is damaged: {source} (run `factlog ledger verify`)"
    )]
    Head {
        /// Whose.
        tenant: TenantId,
        /// What is wrong with it.
        source: HeadError,
    },
}

/// A draft with what sameness is judged by.
struct Candidate<'d> {
    draft: &'d Draft,
    key: IdempotencyKey,
    fingerprint: Digest,
}

impl Recorder {
    /// A recorder over a ledger.
    #[must_use]
    pub fn new(
        ledger: Arc<dyn LedgerStore>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { ledger, clock, entropy }
    }

    /// Records the drafts as one commit, in their order, and says what became of each.
    ///
    /// # Errors
    /// The store or the source of randomness failed: then nothing of this batch is recorded, or,
    /// where the store lost the answer, repeating the call finds it recorded (as duplicates).
    pub async fn record(
        &self,
        tenant: &TenantId,
        drafts: &[Draft],
    ) -> Result<Vec<Outcome>, RecordError> {
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let candidates = self.candidates(tenant, drafts).await?;
        let keys: Vec<_> = candidates.iter().map(|c| c.key.clone()).collect();
        let mut head = self.ledger.head(tenant).await?;
        loop {
            let known = self.ledger.known(tenant, &keys).await?;
            let (batch, outcomes) = self.seal(tenant, &head, &candidates, &known)?;
            if batch.entries.is_empty() {
                return Ok(outcomes);
            }
            match self.ledger.commit(&batch).await? {
                CommitOutcome::Committed => return Ok(outcomes),
                CommitOutcome::HeadMoved(moved) => head = moved,
            }
        }
    }

    async fn candidates<'d>(
        &self,
        tenant: &TenantId,
        drafts: &'d [Draft],
    ) -> Result<Vec<Candidate<'d>>, RecordError> {
        let mut fresh = [0_u8; 32];
        self.entropy.fill(&mut fresh)?;
        let secret = self.ledger.tenant_secret(tenant, &TenantSecret(fresh)).await?;
        Ok(drafts
            .iter()
            .map(|draft| {
                let fingerprint = fingerprint(&secret, &identity_content(draft));
                let key = match &draft.identity {
                    Identity::Key(key) => key.clone(),
                    Identity::Content => IdempotencyKey::from_fingerprint(&fingerprint),
                };
                Candidate { draft, key, fingerprint }
            })
            .collect())
    }

    fn seal(
        &self,
        tenant: &TenantId,
        head: &Head,
        candidates: &[Candidate<'_>],
        known: &[Option<store_traits::Known>],
    ) -> Result<(SealedBatch, Vec<Outcome>), RecordError> {
        let recorded_at: Timestamp = self.clock.now();
        let mut sealer = Sealer::on(tenant, head, recorded_at, self.entropy.as_ref())
            .map_err(|source| RecordError::Head { tenant: tenant.clone(), source })?;
        // Keys of this very batch: a batch may hold the same fact twice.
        let mut here: BTreeMap<&IdempotencyKey, (Digest, u64, FactId)> = BTreeMap::new();
        let mut outcomes = Vec::with_capacity(candidates.len());
        for (at, candidate) in candidates.iter().enumerate() {
            let before = match known.get(at).and_then(Option::as_ref) {
                Some(known) => Some((known.fingerprint, known.seq, known.id.clone())),
                None => here.get(&candidate.key).cloned(),
            };
            let outcome = match before {
                Some((fingerprint, seq, id)) if fingerprint == candidate.fingerprint => {
                    Outcome::Duplicate { seq, id }
                }
                Some((_, seq, _)) => Outcome::Conflict { key: candidate.key.clone(), seq },
                None => match sealer.add(Fresh {
                    draft: candidate.draft,
                    key: &candidate.key,
                    fingerprint: candidate.fingerprint,
                }) {
                    Ok((seq, id)) => {
                        here.insert(&candidate.key, (candidate.fingerprint, seq, id.clone()));
                        Outcome::Recorded { seq, id }
                    }
                    Err(SealError::Entropy(error)) => return Err(error.into()),
                    Err(SealError::Fact(error)) => Outcome::Rejected { reason: error.to_string() },
                },
            };
            outcomes.push(outcome);
        }
        Ok((sealer.finish(), outcomes))
    }
}

/// What makes a fact the same fact: everything that arrived, and nothing that was derived from it
/// by a mapping, because a newer mapping must not turn a redelivery into a conflict. The kind is
/// derived too where there is a view.
fn identity_content(draft: &Draft) -> Value {
    let mut content = Object::new();
    let mut body = draft.body.clone();
    if body.remove("view").is_none() {
        content.insert("kind".to_owned(), draft.kind.as_str().into());
        content.insert("occurred_at".to_owned(), draft.meta.occurred_at.to_string().into());
        if let Some(run) = &draft.meta.run_id {
            content.insert("run_id".to_owned(), run.as_str().into());
        }
    }
    content.insert("body".to_owned(), body.into());
    content.into()
}
