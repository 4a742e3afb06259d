//! The ledger: what a store keeps of each tenant's Merkle tree, and the traits over it.

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;

use async_trait::async_trait;

use crate::{
    CheckpointsFrom, Digest, Durability, FactId, IdempotencyKey, RunId, StoreError, TenantId,
    Timestamp, Value,
};

/// The longest entry, in bytes: C2SP tlog-tiles gives an entry a 16-bit length.
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// The state of a tenant's tree: size, and the roots of its perfect subtrees from left to right
/// (the compact range of `[0, size)`; one peak for each 1 bit of the size, the largest first).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of leaves.
    pub size: u64,
    /// Roots of the perfect subtrees, the largest (leftmost) first.
    pub peaks: Vec<Digest>,
    /// RFC 6962 root hash.
    pub root: Digest,
}

/// A commit as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Size of the head that it stands on.
    pub on_size: u64,
    /// The head that it made.
    pub head: Head,
}

impl Head {
    /// The head of a tree without leaves. Its root is SHA-256 of nothing (RFC 6962 §2.1), written
    /// out, because hashes are computed in one crate and this is not it.
    #[must_use]
    pub const fn empty() -> Self {
        let root = Digest::new([
            0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f,
            0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b,
            0x78, 0x52, 0xb8, 0x55,
        ]);
        Self { size: 0, peaks: Vec::new(), root }
    }
}

/// The root of a complete subtree of 256^level leaves, `index` counting such subtrees from the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subtree {
    /// 1 for 256 leaves, 2 for 65,536, …
    pub level: u8,
    /// Which of them.
    pub index: u64,
    /// Its root.
    pub root: Digest,
}

/// An entry, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedEntry {
    /// Its place in the tree.
    pub seq: u64,
    /// Its id.
    pub id: FactId,
    /// What makes it the same fact when it is sent again.
    pub key: IdempotencyKey,
    /// HMAC-SHA-256 over its content before salting.
    pub fingerprint: Digest,
    /// SHA-256(0x00 ‖ bytes).
    pub leaf_hash: Digest,
    /// The canonical bytes, exactly as hashed.
    pub bytes: Vec<u8>,
    /// The same fact as a value, for the projections.
    pub fact: Value,
}

/// A value that lies beside the ledger, behind a commitment in the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The entry that commits to it.
    pub seq: u64,
    /// JSON pointer (RFC 6901) of the place in the fact.
    pub pointer: String,
    /// `"sd"` for a disclosure, `"blob"` for a blob.
    pub form: String,
    /// 32 random bytes for a blob; empty for a disclosure, which carries its salt.
    pub salt: Vec<u8>,
    /// The blob's bytes, or the disclosure text.
    pub bytes: Vec<u8>,
}

/// A batch sealed on a head: everything that one commit writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBatch {
    /// Whose tree.
    pub tenant: TenantId,
    /// The size that the tree must have for this batch to fit.
    pub on_size: u64,
    /// The root that it must have. A database that was restored or whose standby took over may have lost what
    /// a process remembers, and have another tree of the same size by now.
    pub on_root: Digest,
    /// New entries in order; the first has `seq == on_size`.
    pub entries: Vec<SealedEntry>,
    /// What lies behind their commitments.
    pub contents: Vec<Content>,
    /// Subtrees that this batch completed.
    pub subtrees: Vec<Subtree>,
    /// The head after the batch.
    pub head: Head,
    /// When the batch was sealed.
    pub recorded_at: Timestamp,
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// All of it is durable.
    Committed,
    /// Somebody else committed first; nothing was written. Seal again on this head.
    HeadMoved(Head),
}

/// Waits for the turn of a batch, and says whether it is to be committed then.
pub type CommitTurn<'t> = Pin<Box<dyn Future<Output = bool> + Send + 't>>;

/// What is known of an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Where the first fact with this key lies.
    pub seq: u64,
    /// Its id.
    pub id: FactId,
    /// Its fingerprint.
    pub fingerprint: Digest,
}

/// A stored entry, as the database gives it: what is not in the bytes may have been edited, and
/// verification compares it with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the tree.
    pub seq: u64,
    /// Its id; `None` where what is stored is none.
    pub id: Option<FactId>,
    /// Its leaf hash.
    pub leaf_hash: Vec<u8>,
    /// The canonical bytes.
    pub bytes: Vec<u8>,
}

/// An [`Entry`] where it was read: looked at and left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRef<'e> {
    /// Its place in the tree.
    pub seq: u64,
    /// Its id; `None` where what is stored is none.
    pub id: Option<FactId>,
    /// Its leaf hash.
    pub leaf_hash: &'e [u8],
    /// The canonical bytes.
    pub bytes: &'e [u8],
}

impl Entry {
    /// The same, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> EntryRef<'_> {
        let Self { seq, id, leaf_hash, bytes } = self;
        EntryRef { seq: *seq, id: id.clone(), leaf_hash, bytes }
    }
}

impl EntryRef<'_> {
    /// The same, owned.
    #[must_use]
    pub fn into_owned(self) -> Entry {
        let Self { seq, id, leaf_hash, bytes } = self;
        Entry { seq, id, leaf_hash: leaf_hash.to_vec(), bytes: bytes.to_vec() }
    }
}

/// What a store holds of a range of entries, as it was read: neither unpacked nor compared, so that
/// another thread can do both.
pub trait StoredRange: Send {
    /// What lies behind their commitments, in order of (seq, pointer). It is given away: a second call
    /// gives none.
    ///
    /// # Errors
    /// What is stored cannot be contents.
    fn contents(&mut self) -> Result<Vec<Content>, StoreError>;

    /// Shows each entry to `fact`, in order, and tells where rows of projections differ from what the facts
    /// say that it makes of them; an entry whose bytes are no fact gives no rows. A fact is compared while
    /// it is in the processor's cache, and dropped.
    ///
    /// # Errors
    /// What is stored cannot be entries, or rows.
    fn compare(
        &self,
        fact: &mut dyn FnMut(EntryRef<'_>) -> Option<Value>,
    ) -> Result<Differences, StoreError>;
}

/// Where rows of projections differ from what the facts of a range say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// What differs, each with its sequence number.
    pub found: Vec<(u64, String)>,
    /// Rows that are not there, of tables that keep a row where it was first given: it may lie before the
    /// range, which [`LedgerStore::still_lacking`] looks up.
    pub lacking: Vec<Lacking>,
}

/// A row that an entry gives and that is not stored among those of its range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The entry.
    pub seq: u64,
    /// The table.
    pub table: &'static str,
    /// The row's columns after its number; all of them are texts.
    pub row: Vec<String>,
}

/// Where a content lies: behind which commitment of which entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContentPlace {
    /// The entry.
    pub seq: u64,
    /// JSON pointer of the commitment, from the fact's root.
    pub pointer: String,
}

/// What became of contents that were to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// How many were there, and are there no more.
    pub contents: u64,
    /// What a reader of the database's own files may still find.
    pub leftover: Leftover,
}

/// Where bytes of erased contents may still lie in a database's own files. Of copies and backups no store
/// knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leftover {
    /// Nowhere: they were overwritten.
    Nothing,
    /// In the write-ahead log, which others were still reading; it is overwritten when it next moves into
    /// the file.
    WriteAheadLog,
    /// In space that is free and was not overwritten, until the table is rewritten.
    FreedSpace,
}

/// A signed checkpoint as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Tree size.
    pub size: u64,
    /// Root hash.
    pub root: Digest,
    /// The whole signed note.
    pub note: String,
    /// When it was signed.
    pub signed_at: Timestamp,
}

/// A per-tenant secret for fingerprints; it lies with the contents, not in the ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct TenantSecret(pub [u8; 32]);

impl std::fmt::Debug for TenantSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TenantSecret(…)")
    }
}

/// Reads of the tree's hashes, as tiles cut them.
#[async_trait]
pub trait TileStore: Send + Sync {
    /// Hashes of a tile level: level 0 are leaf hashes, level 1 roots of complete 256-leaf
    /// subtrees, level 2 of 65,536 leaves, and so on, in order. Fewer come back where the tree
    /// (or the store) ends earlier.
    ///
    /// # Errors
    /// The database failed, or a stored hash is not 32 bytes.
    async fn hashes(
        &self,
        tenant: &TenantId,
        level: u8,
        range: Range<u64>,
    ) -> Result<Vec<Digest>, StoreError>;
}

/// The append-only ledger of all tenants.
///
/// Contract: `commit` is atomic and durable when it answers `Committed`; the entries of one tenant
/// have the sequence numbers 0, 1, 2 … without a gap; a key is unique per tenant; nothing is ever
/// changed, and nothing removed but what lies behind commitments ([`LedgerStore::erase`]). Somebody who can write the database around this trait can do anything but stay unseen:
/// signed checkpoints and their proofs expose it.
#[async_trait]
pub trait LedgerStore: TileStore {
    /// What a committed batch survives. A store that says nothing declares nothing.
    fn durability(&self) -> Durability {
        Durability::Undeclared
    }

    /// All tenants that have a ledger, in order of name.
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError>;

    /// The newest head; size 0 for a tenant without facts. Its `root` is as stored (for size 0 the
    /// SHA-256 of nothing), never recomputed.
    async fn head(&self, tenant: &TenantId) -> Result<Head, StoreError>;

    /// The head right after the commit that made the tree `size` leaves large, if one did.
    async fn head_at(&self, tenant: &TenantId, size: u64) -> Result<Option<Head>, StoreError>;

    /// All commits in order of size, from the first with a size above `after_size`, at most `limit`. Each
    /// stands on the one before it, unless somebody meddled.
    async fn commits(
        &self,
        tenant: &TenantId,
        after_size: u64,
        limit: u32,
    ) -> Result<Vec<Commit>, StoreError>;

    /// What is known of each key, in the order of the keys.
    async fn known(
        &self,
        tenant: &TenantId,
        keys: &[IdempotencyKey],
    ) -> Result<Vec<Option<Known>>, StoreError>;

    /// What is known of each key in entries `[0, size)`, and perhaps in later ones. A store that
    /// remembers keys need not look for what others recorded since: whoever commits on a head of
    /// that size is told that it moved.
    async fn known_below(
        &self,
        tenant: &TenantId,
        size: u64,
        keys: &[IdempotencyKey],
    ) -> Result<Vec<Option<Known>>, StoreError> {
        let _ = size;
        self.known(tenant, keys).await
    }

    /// Commits a sealed batch if the tree still has the size that it was sealed on.
    async fn commit(&self, batch: &SealedBatch) -> Result<CommitOutcome, StoreError>;

    /// As [`LedgerStore::commit`], when it is the batch's turn: a store may make ready before what
    /// can be. `turn` says whether to commit then; where it does not, nothing is written and the answer
    /// is `None`.
    async fn commit_in_turn<'t>(
        &self,
        batch: &SealedBatch,
        turn: CommitTurn<'t>,
    ) -> Result<Option<CommitOutcome>, StoreError> {
        Ok(if turn.await { Some(self.commit(batch).await?) } else { None })
    }

    /// Entries of a half-open range, in order, at most 10,000.
    async fn entries(&self, tenant: &TenantId, range: Range<u64>)
    -> Result<Vec<Entry>, StoreError>;

    /// Sequence numbers of a run's entries, in order.
    async fn run_seqs(&self, tenant: &TenantId, run: &RunId) -> Result<Vec<u64>, StoreError>;

    /// Where the fact with this id lies.
    async fn seq_of(&self, tenant: &TenantId, id: &FactId) -> Result<Option<u64>, StoreError>;

    /// Contents of a half-open range of entries, in order of (seq, pointer).
    async fn contents(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Vec<Content>, StoreError>;

    /// Erases contents; the commitments stay, and every proof with them. A place where nothing lies is
    /// passed over, so that an erasure that was cut short is repeated. Whoever calls this has recorded
    /// `content.erased` for each: a content that is gone without it is a finding of verification.
    ///
    /// All of them or none. Without places it only says whether this store may erase.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`] where whoever opened the store may not erase.
    async fn erase(&self, tenant: &TenantId, places: &[ContentPlace])
    -> Result<Erased, StoreError>;

    /// Stored complete subtrees of a level in order of index, at most 10,000.
    async fn subtrees(
        &self,
        tenant: &TenantId,
        level: u8,
        range: Range<u64>,
    ) -> Result<Vec<Subtree>, StoreError>;

    /// The signed checkpoint of the greatest size, the last of them in the order of
    /// [`LedgerStore::checkpoints`]; one row is read, however many there are.
    async fn newest_checkpoint(&self, tenant: &TenantId) -> Result<Option<Checkpoint>, StoreError>;

    /// Signed checkpoints in the order of (size, time of signing, root), at most `limit` and never
    /// more than [`crate::MOST_CHECKPOINTS`]; [`crate::CheckpointPages`] goes through all.
    async fn checkpoints(
        &self,
        tenant: &TenantId,
        from: CheckpointsFrom<'_>,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, StoreError>;

    /// Keeps a signed checkpoint. The same (size, root) again changes nothing.
    async fn add_checkpoint(
        &self,
        tenant: &TenantId,
        checkpoint: &Checkpoint,
    ) -> Result<(), StoreError>;

    /// The tenant's fingerprint secret; `fresh` is kept if there is none yet, and what is kept is
    /// returned.
    async fn tenant_secret(
        &self,
        tenant: &TenantId,
        fresh: &TenantSecret,
    ) -> Result<TenantSecret, StoreError>;

    /// The name before the tenant in every checkpoint's origin, fixed when the database was made;
    /// `fresh` is kept if there is none yet, and what is kept is returned.
    async fn origin(&self, fresh: &str) -> Result<String, StoreError>;

    /// What the append-only machinery of the database lacks (a trigger that is gone), one line each.
    async fn missing_guards(&self) -> Result<Vec<String>, StoreError>;

    /// What is wrong with the database as a whole and no tenant's alone, one line each: what it finds wrong
    /// with its files, where it looks, and rows of names that no tenant can have. For the operator.
    async fn damage(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    /// The number of the first entry at `from` or behind it; `from` itself from a store that does not look.
    async fn next_entry(&self, tenant: &TenantId, from: u64) -> Result<Option<u64>, StoreError> {
        let _ = tenant;
        Ok(Some(from))
    }

    /// Rows of the ledger's own tables that lie before the first entry, or at `from` and behind it: table and
    /// number, at most 100.
    async fn stray_rows(
        &self,
        tenant: &TenantId,
        from: u64,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let _ = (tenant, from);
        Ok(Vec::new())
    }

    /// Reads all that a range of entries is verified with, of up to 10,000 entries; typed rows that lie in
    /// the range are read also where there is no entry.
    async fn stored(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Box<dyn StoredRange>, StoreError>;

    /// What is left of these when rows that were given by earlier entries are known, one line each with
    /// its sequence number.
    async fn still_lacking(
        &self,
        tenant: &TenantId,
        lacking: Vec<Lacking>,
    ) -> Result<Vec<(u64, String)>, StoreError>;

    /// Rows of projections that differ from what the facts of a range of entries say, one line each
    /// with its sequence number, in order. `facts` are in order too.
    async fn projection_differences(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
        facts: &[(u64, Value)],
    ) -> Result<Vec<(u64, String)>, StoreError> {
        let stored = self.stored(tenant, range).await?;
        let fact = |seq: u64| {
            let at = facts.binary_search_by_key(&seq, |(seq, _)| *seq).ok()?;
            facts.get(at).map(|(_, fact)| fact.clone())
        };
        let Differences { mut found, lacking } = stored.compare(&mut |entry| fact(entry.seq))?;
        if !lacking.is_empty() {
            found.extend(self.still_lacking(tenant, lacking).await?);
        }
        found.sort();
        Ok(found)
    }
}
