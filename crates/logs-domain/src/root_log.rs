//! The root log: the tenants' checkpoints as leaves of one log, which alone is shown to witnesses.
//!
//! It is a ledger like any other, under a name that no tenant can have. A root checkpoint that the
//! quorum cosigned is kept as a fact of it (`log.cosigned`), so it takes no table of its own; that
//! fact is covered by the next root checkpoint.

use std::path::Path;

use audit_evidence::{
    ProofText, ROOT_LOG, SignedNote, TrustPolicy, WitnessClient, WitnessedCheckpoint,
    add_checkpoint, inclusion_proof, root_entry, verify_root_proof,
};
use replay_determinism::canonical;
use store_traits::{
    Checkpoint, CheckpointPages, CheckpointsFrom, Draft, FactKind, IdempotencyKey, Identity,
    Object, TenantId, Value,
};

use crate::offline::{OfflineError, read_proof_file};
use crate::own_facts::own_meta;
use crate::{DomainError, LogsDomain};

/// Leaves of the root log in which a cosigned checkpoint is looked for first.
const STEP: u64 = 1_000;

/// A root checkpoint that was cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootPublished {
    /// Number of leaves of the root log under it.
    pub size: u64,
    /// The whole note, with the witnesses' lines.
    pub note: String,
    /// Checkpoints that became leaves now.
    pub added: u64,
    /// Tenants whose newest state was not signed, and witnesses that did not cosign, each with its
    /// reason.
    pub failed: Vec<(String, String)>,
}

impl LogsDomain {
    /// The root log's name among the tenants.
    ///
    /// # Errors
    /// Never; the name is a constant.
    pub fn root_log() -> Result<TenantId, DomainError> {
        TenantId::parse(ROOT_LOG).map_err(|error| DomainError::Proof(error.to_string()))
    }

    /// Signs every tenant's newest state, makes all signed checkpoints leaves of the root log, signs
    /// that, and asks the policy's witnesses. What was cosigned before and has no new leaf is given
    /// back as it was.
    ///
    /// One tenant that cannot be signed for and one witness that is away keep the others from
    /// nothing; they are named in the answer.
    ///
    /// # Errors
    /// Nothing was recorded, the root log itself cannot be signed, or the quorum is not met. Then
    /// doing it again goes on from what is there.
    pub async fn publish_root(
        &self,
        policy: &TrustPolicy,
        client: &dyn WitnessClient,
    ) -> Result<RootPublished, DomainError> {
        let root = Self::root_log()?;
        let (mut failed, mut added, mut needed) = (Vec::new(), 0, 0);
        for tenant in self.tenants().await? {
            if let Err(error) = self.checkpoint(&tenant).await {
                failed.push((tenant.to_string(), error.to_string()));
                continue;
            }
            let (new, size) = self.add_leaves(&root, &tenant).await?;
            added += new;
            needed = needed.max(size);
        }
        if needed == 0 {
            return Err(DomainError::NothingRecorded);
        }
        let checkpoint = match self.ledger.newest_checkpoint(&root).await? {
            // What is above it are only the witnesses' own lines.
            Some(last) if last.size >= needed => last,
            _ => self.checkpoint(&root).await?,
        };
        let (size, keys) = (checkpoint.size, self.verifier_keys(&root)?);
        let before = self.cosigned(&root, 0).await?;
        if let Some((at, note)) = &before
            && *at == size
            && policy.open_of(&keys, note, &Self::verifier()).is_ok()
        {
            return Ok(RootPublished { size, note: note.clone(), added, failed });
        }
        let known = before.map_or(0, |(size, _)| size);
        let note =
            self.ask_witnesses(&root, &checkpoint, known, policy, client, &mut failed).await?;
        policy.open_of(&keys, &note, &Self::verifier()).map_err(|error| {
            let why: Vec<_> = failed.iter().map(|(who, why)| format!("{who}: {why}")).collect();
            DomainError::Witnesses { error: error.to_string(), why: why.join("; ") }
        })?;
        self.keep_cosigned(&root, &checkpoint, &note).await?;
        Ok(RootPublished { size, note, added, failed })
    }

    /// A `.tlog-proof` that a tenant's checkpoint lies in the cosigned root log: of this size, else
    /// the newest one. Carries the checkpoint.
    ///
    /// # Errors
    /// No such checkpoint was signed, or it is not under a cosigned root checkpoint yet.
    pub async fn prove_in_root(
        &self,
        tenant: &TenantId,
        size: Option<u64>,
    ) -> Result<String, DomainError> {
        let root = Self::root_log()?;
        let meant = match size {
            Some(size) => {
                let from = CheckpointsFrom::Size(size);
                let signed = self.ledger.checkpoints(tenant, from, 1).await?;
                signed.into_iter().find(|checkpoint| checkpoint.size == size)
            }
            None => self.ledger.newest_checkpoint(tenant).await?,
        };
        let meant = meant.ok_or_else(|| {
            DomainError::NoSuchFact(format!(
                "tenant `{tenant}` has no such checkpoint (see `factlog ledger checkpoint`)"
            ))
        })?;
        let not_yet = || {
            DomainError::NoSuchFact(format!(
                "the checkpoint of {} entries of `{tenant}` is not under a cosigned root checkpoint yet (see `factlog root publish`)",
                meant.size
            ))
        };
        let known = self.ledger.known(&root, &[leaf_key(tenant, meant.size)?]).await?;
        let index = known.into_iter().flatten().next().ok_or_else(not_yet)?.seq;
        let mut covering = CheckpointPages::new(self.ledger.as_ref(), &root, index + 1);
        let mut found = None;
        while let (None, Some(page)) = (&found, covering.next().await?) {
            found = self.first_cosigned(&root, page.iter().map(|signed| signed.size)).await?;
        }
        let (size, note) = found.ok_or_else(not_yet)?;
        let proof = inclusion_proof(self.ledger.as_ref(), &root, index, size)
            .await
            .map_err(|error| DomainError::Proof(error.to_string()))?;
        let entry = Some(self.entry_bytes(&root, index).await?);
        Ok(ProofText::Inclusion { entry, index, proof, checkpoint: note }.to_string())
    }

    /// Makes all signed checkpoints of a tenant leaves; gives how many are new, and the size of the
    /// root log that covers them all.
    async fn add_leaves(
        &self,
        root: &TenantId,
        tenant: &TenantId,
    ) -> Result<(u64, u64), DomainError> {
        let (mut new, mut needed) = (0, 0);
        let mut signed = CheckpointPages::new(self.ledger.as_ref(), tenant, 0);
        while let Some(page) = signed.next().await? {
            let keys: Result<Vec<_>, _> =
                page.iter().map(|checkpoint| leaf_key(tenant, checkpoint.size)).collect();
            let keys = keys?;
            let there = self.ledger.known(root, &keys).await?;
            let missing = page.iter().zip(&keys).zip(&there).filter(|(_, there)| there.is_none());
            let drafts: Vec<Draft> =
                missing.map(|((checkpoint, key), _)| leaf(tenant, checkpoint, key)).collect();
            new += drafts.len() as u64;
            self.recorder.record(root, &drafts).await?;
            let there = self.ledger.known(root, &keys).await?;
            let last = there.iter().flatten().map(|known| known.seq + 1).max();
            needed = needed.max(last.unwrap_or(0));
        }
        Ok((new, needed))
    }

    async fn ask_witnesses(
        &self,
        root: &TenantId,
        checkpoint: &Checkpoint,
        known: u64,
        policy: &TrustPolicy,
        client: &dyn WitnessClient,
        failed: &mut Vec<(String, String)>,
    ) -> Result<String, DomainError> {
        let unreadable = |error: audit_evidence::NoteError| DomainError::Proof(error.to_string());
        let mut note = SignedNote::parse(&checkpoint.note).map_err(unreadable)?;
        for witness in policy.witnesses() {
            let about = (root, checkpoint.note.as_str());
            let store = self.ledger.as_ref();
            match add_checkpoint(client, witness, store, about, known, &Self::verifier()).await {
                Ok(line) => note = note.with_line(line).map_err(unreadable)?,
                Err(error) => failed.push((witness.name.clone(), error.to_string())),
            }
        }
        Ok(note.to_string())
    }

    async fn keep_cosigned(
        &self,
        root: &TenantId,
        checkpoint: &Checkpoint,
        note: &str,
    ) -> Result<(), DomainError> {
        // The same size again, with other witnesses: a fact of its own, numbered.
        let mut attempt = 0;
        let key = loop {
            let key = cosigned_key(checkpoint.size, attempt)?;
            if self
                .ledger
                .known(root, std::slice::from_ref(&key))
                .await?
                .iter()
                .all(Option::is_none)
            {
                break key;
            }
            attempt += 1;
        };
        let body = Object::from([("record", "cosigned".into()), ("note", note.into())]);
        let draft = Draft {
            kind: FactKind::LogCosigned,
            meta: own_meta("root-log", self.clock.now()),
            body,
            committed: Vec::new(),
            identity: Identity::Key(key),
        };
        self.recorder.record(root, &[draft]).await?;
        Ok(())
    }

    /// The newest cosigned root checkpoint above a size.
    async fn cosigned(
        &self,
        root: &TenantId,
        above: u64,
    ) -> Result<Option<(u64, String)>, DomainError> {
        // From the end in steps that grow, because one of the last is cosigned as a rule.
        let newest = self.ledger.newest_checkpoint(root).await?.map_or(0, |newest| newest.size);
        let (mut end, mut width) = (newest.saturating_add(1), STEP);
        while end > above.saturating_add(1) {
            let start = end.saturating_sub(width).max(above.saturating_add(1));
            let (mut pages, mut sizes) =
                (CheckpointPages::new(self.ledger.as_ref(), root, start), Vec::new());
            while let Some(page) = pages.next().await? {
                let before = sizes.len();
                sizes.extend(page.iter().map(|signed| signed.size).take_while(|at| *at < end));
                if sizes.len() - before < page.len() {
                    break;
                }
            }
            let found = self.first_cosigned(root, sizes.into_iter().rev()).await?;
            if found.is_some() {
                return Ok(found);
            }
            (end, width) = (start, width.saturating_mul(2));
        }
        Ok(None)
    }

    /// The first of these sizes at which the root log was cosigned, and its latest note there.
    async fn first_cosigned(
        &self,
        root: &TenantId,
        sizes: impl Iterator<Item = u64> + Send,
    ) -> Result<Option<(u64, String)>, DomainError> {
        for size in sizes {
            let (mut attempt, mut found) = (0, None);
            loop {
                let key = cosigned_key(size, attempt)?;
                let known = self.ledger.known(root, &[key]).await?;
                let Some(known) = known.into_iter().flatten().next() else { break };
                found = Some(known.seq);
                attempt += 1;
            }
            if let Some(seq) = found {
                let entry = canonical::parse(&self.entry_bytes(root, seq).await?);
                let note = entry.ok().and_then(|fact| {
                    Some(fact.member("body")?.member("note").and_then(Value::as_str)?.to_owned())
                });
                let note = note.ok_or_else(|| {
                    DomainError::Proof(format!("entry {seq} of the root log holds no checkpoint"))
                })?;
                return Ok(Some((size, note)));
            }
        }
        Ok(None)
    }

    pub(crate) async fn entry_bytes(
        &self,
        tenant: &TenantId,
        seq: u64,
    ) -> Result<Vec<u8>, DomainError> {
        let entry = self.ledger.entries(tenant, seq..seq.saturating_add(1)).await?.pop();
        entry.map(|entry| entry.bytes).ok_or_else(|| {
            DomainError::Proof(format!("entry {seq} of `{tenant}` is missing from the database"))
        })
    }
}

/// Checks a proof of a tenant's checkpoint in the cosigned root log: what it proves, or why it does
/// not hold.
///
/// # Errors
/// The file cannot be read or is no proof text.
pub fn verify_root_proof_file(
    path: &Path,
    policy: &TrustPolicy,
) -> Result<Result<WitnessedCheckpoint, String>, OfflineError> {
    let proof = read_proof_file(path)?;
    Ok(verify_root_proof(&proof, policy, &LogsDomain::verifier())
        .map_err(|error| error.to_string()))
}

fn leaf(tenant: &TenantId, checkpoint: &Checkpoint, key: &IdempotencyKey) -> Draft {
    Draft {
        kind: FactKind::LogCheckpoint,
        meta: own_meta("root-log", checkpoint.signed_at),
        body: root_entry(tenant, &checkpoint.note),
        committed: Vec::new(),
        identity: Identity::Key(key.clone()),
    }
}

fn leaf_key(tenant: &TenantId, size: u64) -> Result<IdempotencyKey, DomainError> {
    key(&format!("log.checkpoint:{tenant}:{size}"))
}

fn cosigned_key(size: u64, attempt: u32) -> Result<IdempotencyKey, DomainError> {
    key(&format!("log.cosigned:{size}:{attempt}"))
}

fn key(text: &str) -> Result<IdempotencyKey, DomainError> {
    IdempotencyKey::parse(text).map_err(|error| DomainError::Proof(error.to_string()))
}
