//! The recorder: drafts in, durable entries out.
//!
//! Each caller seals its own drafts: it judges what they are, commits to contents, canonicalises and
//! hashes. Then one caller of the tenant commits for all who wait: it looks up the keys, places what
//! is new on the head it knows and asks the store to commit "on that head". When another process was
//! faster it looks up and places again on the new head: so the look-up of keys and the commit always
//! speak of the same tree, and the first truth wins, also among the callers of one commit.
//!
//! A commit takes whoever waits when the commit before it has returned. Nobody waits for a time to
//! pass or for a batch to fill, and there is no task beside the callers' own futures. Those who have
//! enough for a commit of their own look up, place and make ready while the one ahead is committed.

use std::sync::{Arc, OnceLock};

use store_traits::{
    Clock, CommitOutcome, Digest, Draft, Entropy, EntropyError, FactId, Head, IdempotencyKey,
    LedgerStore, StoreError, TenantId, TenantSecret,
};
use thiserror::Error;

use crate::ahead::{Ahead, Keys};
use crate::calls::Calls;
use crate::durability::{Enforcement, MayAcknowledge, NotDurable, may_acknowledge};
use crate::lanes::{Behind, ENOUGH, Lanes, Lead, Turn, give_way};
use crate::placing::{Call, Placing};
use crate::prover::{ProveError, inclusion_proof};
use crate::receipt::{Grown, LeafProof, Receipts};
use crate::remembered::Remembered;
use crate::seal::Sealing;
use crate::tree::HeadError;

/// Entries that calls may share a commit with: more would make the callers in it wait for each
/// other longer than a commit takes.
const GROUP_ENTRIES: usize = 1_000;
/// How often a commit is tried again on a head that has not moved: an engine that orders writers in another
/// way may give one up that way.
const MOST_STUCK: usize = 100;
/// Bytes of entries and contents that calls may share a commit with.
const GROUP_BYTES: usize = 4 << 20;

/// Records drafts in a tenant's ledger.
///
/// Share one recorder among all callers of a ledger: only then do they share commits.
pub struct Recorder {
    ledger: Arc<dyn LedgerStore>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    enforcement: Enforcement,
    group: usize,
    calls: Calls,
    lanes: RecorderLanes,
    remembered: Remembered,
}

type RecorderLanes = Lanes<Call, Result<Committed, RecordError>, Arc<Ahead>>;
type RecorderLead<'l> = Lead<'l, Call, Result<Committed, RecordError>, Arc<Ahead>>;
type RecorderBehind<'l> = Behind<'l, Call, Result<Committed, RecordError>, Arc<Ahead>>;

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
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store may lose what it was given.
    #[error(transparent)]
    NotDurable(#[from] NotDurable),
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
    /// Recorded, but not proved: the text says why.
    #[error("the facts are recorded, and the proof of entry {seq} cannot be made: {source}")]
    Proof {
        /// Which entry.
        seq: u64,
        /// Why.
        source: ProveError,
    },
}

/// What a commit made of one call.
#[derive(Clone)]
struct Committed {
    outcomes: Vec<Outcome>,
    /// The head behind the commit.
    head: Head,
    /// What it added for all its calls.
    added: Arc<Added>,
}

/// What a commit added to the tree.
struct Added {
    before: Head,
    leaves: Vec<Digest>,
    /// Made once, by the first of its callers that wants a proof.
    grown: OnceLock<Grown>,
}

impl Added {
    fn grown(&self) -> &Grown {
        self.grown.get_or_init(|| Grown::new(&self.before, self.leaves.clone()))
    }
}

impl Recorder {
    /// A recorder over a ledger. It records, and so acknowledges, nothing on a store that does not
    /// say that it survives power loss: every call then fails with [`RecordError::NotDurable`].
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let ledger = Arc::new(MemoryLedger::default());
    /// let recorder = Recorder::new(ledger, Arc::new(Noon), Arc::new(Counting::default()));
    /// let refused = ready(recorder.record(&tenant(), &[draft(FactKind::AuditEvent, "k", Object::new())]));
    /// assert!(matches!(refused, Err(RecordError::NotDurable(_))), "memory survives no power loss");
    /// ```
    #[must_use]
    pub fn new(
        ledger: Arc<dyn LedgerStore>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let (lanes, remembered) = (Lanes::new(), Remembered::new());
        let (enforcement, group) = (Enforcement::On, GROUP_ENTRIES);
        let calls = Calls::default();
        Self { ledger, clock, entropy, enforcement, group, calls, lanes, remembered }
    }

    /// The same recorder, whose calls share a commit as long as they have no more than so many entries
    /// together (1,000 where nothing is said). Calls that have as many are made ready while the commit
    /// ahead of theirs goes on.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let ledger = Arc::new(MemoryLedger::default());
    /// let recorder = recorder(&ledger).sharing(20);
    /// let facts = (0..50).map(|n| draft(FactKind::AuditEvent, &format!("k-{n}"), Object::new()));
    /// let outcomes = ready(recorder.record_owned(&tenant(), facts.collect()))?;
    /// assert_eq!(outcomes.len(), 50, "one call is one commit, however large");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sharing(self, entries: usize) -> Self {
        Self { group: entries.max(1), ..self }
    }

    /// The same recorder, that demands durability or does not. One that does not is for tests and
    /// trials on a store in memory: what it acknowledges is gone with the process.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let ledger = Arc::new(MemoryLedger::default());
    /// let recorder = Recorder::new(ledger, Arc::new(Noon), Arc::new(Counting::default()))
    ///     .enforcing(Enforcement::Off);
    /// let fact = draft(FactKind::AuditEvent, "k", Object::new());
    /// assert_eq!(ready(recorder.record(&tenant(), &[fact]))?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn enforcing(self, enforcement: Enforcement) -> Self {
        Self { enforcement, ..self }
    }

    /// Records the drafts in one commit, in their order, and says what became of each.
    ///
    /// Calls on one tenant that wait at the same time share a commit. Dropping the future is safe:
    /// whether its drafts are recorded is then unknown, and repeating them finds out; other callers
    /// notice nothing.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let ledger = Arc::new(MemoryLedger::default());
    /// let recorder = recorder(&ledger);
    /// let fact = |event: &str| {
    ///     draft(FactKind::AuditEvent, "key-1", Object::from([("event", event.into())]))
    /// };
    /// let first = ready(recorder.record(&tenant(), &[fact("login")]))?;
    /// assert!(matches!(first[0], Outcome::Recorded { seq: 0, .. }));
    /// let again = ready(recorder.record(&tenant(), &[fact("login"), fact("logout")]))?;
    /// assert!(matches!(again[0], Outcome::Duplicate { seq: 0, .. }));
    /// assert!(matches!(again[1], Outcome::Conflict { seq: 0, .. }), "the first one stands");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The store or the source of randomness failed: then nothing of this call is recorded, or,
    /// where the store lost the answer, repeating the call finds it recorded (as duplicates). An
    /// error of the store is told to every caller whose drafts shared the commit.
    pub async fn record(
        &self,
        tenant: &TenantId,
        drafts: &[Draft],
    ) -> Result<Vec<Outcome>, RecordError> {
        self.record_owned(tenant, drafts.to_vec()).await
    }

    /// As [`Recorder::record`], of drafts that nobody else needs: their bodies are not copied.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let recorder = recorder(&Arc::new(MemoryLedger::default()));
    /// let facts = ["a", "b"].map(|key| draft(FactKind::AuditEvent, key, Object::new()));
    /// let outcomes = ready(recorder.record_owned(&tenant(), facts.to_vec()))?;
    /// assert!(matches!(outcomes[1], Outcome::Recorded { seq: 1, .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recorder::record`].
    pub async fn record_owned(
        &self,
        tenant: &TenantId,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Outcome>, RecordError> {
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.committed(tenant, drafts).await?.outcomes)
    }

    /// As [`Recorder::record`], with a proof of each entry: new ones are proved from the commit
    /// itself, without a read; those of duplicates are read from the tree.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let ledger = Arc::new(MemoryLedger::default());
    /// let facts = ["a", "b"].map(|key| draft(FactKind::AuditEvent, key, Object::new()));
    /// let receipts = ready(recorder(&ledger).record_with_proofs(&tenant(), facts.to_vec()))?;
    /// let proof = receipts.proofs[1].as_ref().ok_or("not recorded")?;
    /// let (size, root) = (receipts.head.size, receipts.head.root);
    /// verify_inclusion(&proof.leaf_hash, proof.seq, size, &proof.hashes, &root)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recorder::record`]; [`RecordError::Proof`] when the drafts are recorded and an older
    /// entry's proof cannot be made.
    pub async fn record_with_proofs(
        &self,
        tenant: &TenantId,
        drafts: Vec<Draft>,
    ) -> Result<Receipts, RecordError> {
        if drafts.is_empty() {
            let head = self.ledger.head(tenant).await?;
            return Ok(Receipts { outcomes: Vec::new(), proofs: Vec::new(), head });
        }
        let Committed { outcomes, head, added } = self.committed(tenant, drafts).await?;
        let mut proofs = Vec::with_capacity(outcomes.len());
        for outcome in &outcomes {
            proofs.push(match outcome {
                Outcome::Recorded { seq, .. } | Outcome::Duplicate { seq, .. } => {
                    Some(match added.grown().prove(*seq) {
                        Some(proof) => proof,
                        None => self.read_proof(tenant, *seq, head.size).await?,
                    })
                }
                Outcome::Conflict { .. } | Outcome::Rejected { .. } => None,
            });
        }
        Ok(Receipts { outcomes, proofs, head })
    }

    async fn committed(
        &self,
        tenant: &TenantId,
        drafts: Vec<Draft>,
    ) -> Result<Committed, RecordError> {
        // Before anything is written: an entry that was refused its acknowledgement would be there.
        let may_acknowledge = may_acknowledge(self.ledger.durability(), self.enforcement)?;
        let secret = self.secret(tenant).await?;
        let _call = self.calls.enter();
        let (recorded_at, calls) = (self.clock.now(), &self.calls);
        let recorded = &recorded_at.to_string();
        let sealing = Sealing { tenant, secret: &secret, recorded_at, recorded, calls };
        let call = Call::new(sealing.seal_all(drafts, self.entropy.as_ref()).await?);
        let (entries, bytes) = call.size();
        let weight = (entries.saturating_mul(ENOUGH) / self.group)
            .max(bytes.saturating_mul(ENOUGH) / GROUP_BYTES);
        match self.lanes.turn(tenant, call, weight).await {
            Turn::Told(told) => told,
            Turn::Lead(lead) => self.lead(tenant, lead, may_acknowledge).await,
        }
    }

    /// Commits for all who wait, and tells them.
    async fn lead(
        &self,
        tenant: &TenantId,
        mut lead: RecorderLead<'_>,
        may_acknowledge: MayAcknowledge,
    ) -> Result<Committed, RecordError> {
        let (ahead, behind) = (lead.ahead(), lead.behind());
        if ahead.is_none() {
            lead.give_way().await;
        } else {
            // The one ahead has just woken this one, and goes on with its commit; another thread may take
            // this one up.
            give_way().await;
        }
        let (mut entries, mut bytes) = (0, 0);
        lead.take(|call| {
            let (more_entries, more_bytes) = call.size();
            entries += more_entries;
            bytes += more_bytes;
            entries <= self.group && bytes <= GROUP_BYTES
        });
        let mut calls = lead.work();
        let callers = calls.len();
        let committed = self.commit(tenant, &mut calls, ahead, behind, may_acknowledge).await;
        drop(calls);
        let told = match committed {
            Ok(all) => lead.tell(all.into_iter().map(Ok)),
            Err(error) => {
                self.remembered.forget_head(tenant);
                lead.tell(std::iter::repeat_n(Err(error), callers))
            }
        };
        told.unwrap_or_else(|| {
            let why = "the commit answered for fewer callers than it had".to_owned();
            Err(StoreError::Unknown { why }.into())
        })
    }

    async fn commit(
        &self,
        tenant: &TenantId,
        calls: &mut [&mut Call],
        mut ahead: Option<Arc<Ahead>>,
        behind: RecorderBehind<'_>,
        may_acknowledge: MayAcknowledge,
    ) -> Result<Vec<Committed>, RecordError> {
        let (mut behind, none, mut stuck) = (Some(behind), Keys::new(), 0);
        let mut head = match &ahead {
            Some(ahead) => ahead.after.clone(),
            None => match self.remembered.head(tenant) {
                Some(head) => head,
                None => self.ledger.head(tenant).await?,
            },
        };
        loop {
            let below = ahead.as_ref().map_or(head.size, |ahead| ahead.before.size);
            let keys: Vec<_> = calls.iter().flat_map(|call| call.keys()).cloned().collect();
            let known = match keys.is_empty() {
                true => Vec::new(),
                false => self.ledger.known_below(tenant, below, &keys).await?,
            };
            if known.iter().flatten().any(|known| known.seq >= head.size) {
                // Another process committed behind the head that is remembered.
                (head, ahead) = (self.ledger.head(tenant).await?, None);
            }
            let calls = calls.iter_mut().map(|call| &mut **call).collect();
            let ahead_keys = ahead.as_ref().map_or(&none, |ahead| &ahead.keys);
            let mut placing =
                Placing::on(&head, tenant, calls, known, ahead_keys, self.clock.now())
                    .map_err(|source| RecordError::Head { tenant: tenant.clone(), source })?;
            let keys = placing.take_keys();
            let batch = placing.batch();
            let (own, committing) = Ahead::new(head.clone(), batch.head.clone(), keys);
            let outcome = match &ahead {
                None if batch.entries.is_empty() => Some(CommitOutcome::Committed),
                None => {
                    if let Some(behind) = behind.take() {
                        behind.open(own);
                    }
                    Some(self.ledger.commit(batch).await?)
                }
                Some(ahead) if batch.entries.is_empty() => {
                    ahead.committed().await.then_some(CommitOutcome::Committed)
                }
                Some(ahead) => {
                    let behind = behind.take();
                    let turn = async move {
                        let committed = ahead.committed().await;
                        if let Some(behind) = behind.filter(|_| committed) {
                            behind.open(own);
                        }
                        committed
                    };
                    self.ledger.commit_in_turn(batch, Box::pin(turn)).await?
                }
            };
            ahead = None;
            head = match outcome {
                Some(CommitOutcome::Committed) => head,
                Some(CommitOutcome::HeadMoved(moved)) => {
                    if (moved.size, moved.root) == (head.size, head.root) {
                        stuck += 1;
                    }
                    if stuck >= MOST_STUCK {
                        let why = "the database does not take it, and the head that it stands on is still there (a trigger or a rule may be in the way)".to_owned();
                        return Err(
                            StoreError::Database { doing: "committing a batch", why }.into()
                        );
                    }
                    head = moved;
                    continue;
                }
                // What is ahead is not there as it was placed.
                None => {
                    head = self.ledger.head(tenant).await?;
                    continue;
                }
            };
            self.remembered.keep_head(tenant, &batch.head);
            committing.done();
            // Whoever waited for this goes on first: it has only to hand its batch over, and this caller
            // has a thousand facts to give back and its next ones to seal.
            give_way().await;
            let (outcomes, leaves, after) = placing.done(&self.calls, may_acknowledge);
            let added = Arc::new(Added { before: head, leaves, grown: OnceLock::new() });
            let of_call =
                |outcomes| Committed { outcomes, head: after.clone(), added: Arc::clone(&added) };
            return Ok(outcomes.into_iter().map(of_call).collect());
        }
    }

    async fn secret(&self, tenant: &TenantId) -> Result<TenantSecret, RecordError> {
        if let Some(secret) = self.remembered.secret(tenant) {
            return Ok(secret);
        }
        let mut fresh = [0_u8; 32];
        self.entropy.fill(&mut fresh)?;
        let secret = self.ledger.tenant_secret(tenant, &TenantSecret(fresh)).await?;
        self.remembered.keep_secret(tenant, &secret);
        Ok(secret)
    }

    async fn read_proof(
        &self,
        tenant: &TenantId,
        seq: u64,
        size: u64,
    ) -> Result<LeafProof, RecordError> {
        let failed = |source| RecordError::Proof { seq, source };
        let ledger = self.ledger.as_ref();
        let leaf = ledger.hashes(tenant, 0, seq..seq.saturating_add(1)).await;
        let leaf = leaf.map_err(|error| failed(error.into()))?.pop();
        let leaf_hash = leaf.ok_or_else(|| failed(ProveError::Missing { level: 0, index: seq }))?;
        let hashes = inclusion_proof(ledger, tenant, seq, size).await.map_err(failed)?;
        Ok(LeafProof { seq, leaf_hash, hashes })
    }
}
