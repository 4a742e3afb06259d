//! The same record in another database, with its index derived anew.
//!
//! Nothing that was written is ever changed, rows of the index neither: one that somebody edited is
//! evidence. So an index is made anew beside the old one, from the entries alone; and because both
//! databases take the same commits, this is also the way from SQLite to PostgreSQL and back.

use ledger_store::{Ledger, OpenMode, PastCommit};
use store_traits::{
    CheckpointPages, CommitOutcome, Content, Digest, Entry, LedgerStore as _, SealedBatch,
    SealedEntry, StoreError, Subtree, TenantId, in_parallel,
};

use crate::domain::projections;
use crate::{DomainError, LogsDomain, backlog};

/// Commits that are looked up at a time, and entries that are read at a time (of one commit all).
const COMMITS: u32 = 1_000;
const ENTRIES: u64 = 2_000;
/// Starting a thread takes longer than reading fewer facts.
const WORTH_A_THREAD: usize = 64;

/// What is in the other database now of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reindexed {
    /// Whose.
    pub tenant: TenantId,
    /// How many entries were there before.
    pub before: u64,
    /// How many there are.
    pub entries: u64,
    /// Contents and checkpoints that were brought.
    pub contents: u64,
    /// Signed checkpoints.
    pub checkpoints: u64,
}

impl LogsDomain {
    /// Brings the record of one tenant or of all into the database at `url`, byte for byte, and derives the
    /// index there: a new SQLite file, an empty PostgreSQL database, or one that an earlier call filled in
    /// part or in whole, which is completed. Trees, proofs, checkpoints and keys are the same in both.
    /// Contents that were erased here since an earlier call stay there. `progress` is told how many entries
    /// of a tenant are done.
    ///
    /// # Errors
    /// An entry is damaged (named; what was brought before it stays, and a call after it was restored goes
    /// on from there), the other database holds another history or another origin, or one of the two failed.
    pub async fn reindex_into(
        &self,
        url: &str,
        tenant: Option<&TenantId>,
        progress: &(dyn Fn(&TenantId, u64) + Send + Sync),
    ) -> Result<Vec<Reindexed>, DomainError> {
        let tenants = match tenant {
            Some(tenant) if self.ledger.head(tenant).await?.size == 0 => {
                return Err(DomainError::EmptyLedger(tenant.clone()));
            }
            Some(tenant) => vec![tenant.clone()],
            None => self.ledger.tenants().await?,
        };
        if ledger_store::same_database(url, &self.place.url) {
            let why = "it is the database itself".to_owned();
            return Err(DomainError::OtherRecord { url: ledger_store::shown(url), why });
        }
        let to = open_or_create(url, &self.origin).await?;
        // One that an older version began may lack rows of later tables.
        backlog::work_off(&to).await?;
        let copied = self.bring(&tenants, url, &to, progress).await;
        to.close().await;
        copied
    }

    async fn bring(
        &self,
        tenants: &[TenantId],
        url: &str,
        to: &Ledger,
        progress: &(dyn Fn(&TenantId, u64) + Send + Sync),
    ) -> Result<Vec<Reindexed>, DomainError> {
        let other = |why: String| DomainError::OtherRecord { url: ledger_store::shown(url), why };
        let origin = to.origin(&self.origin).await?;
        if origin != self.origin {
            return Err(other(format!("its origin is `{origin}`, not `{}`", self.origin)));
        }
        let mut all = Vec::new();
        for tenant in tenants {
            let copy = Copy { from: self.database(), to, tenant };
            let before = copy.begun().await?.map_err(|why| other(format!("{tenant}: {why}")))?;
            let (entries, contents) = copy.commits(before, progress).await?;
            let checkpoints = copy.checkpoints(entries).await?;
            let tenant = tenant.clone();
            all.push(Reindexed { tenant, before, entries, contents, checkpoints });
        }
        Ok(all)
    }
}

async fn open_or_create(url: &str, origin: &str) -> Result<Ledger, StoreError> {
    let open =
        || Ledger::open(url, OpenMode::ReadWrite, projections(), replay_determinism::key_tag);
    match open().await {
        Err(StoreError::Open { .. }) => {
            Ledger::create(url, origin).await?;
            open().await
        }
        opened => opened,
    }
}

/// One tenant on its way from one ledger into another.
struct Copy<'c> {
    from: &'c Ledger,
    to: &'c Ledger,
    tenant: &'c TenantId,
}

impl Copy<'_> {
    /// How many entries are there already. The inner error says how they are others than these.
    async fn begun(&self) -> Result<Result<u64, String>, StoreError> {
        let there = self.to.head(self.tenant).await?;
        if there.size > 0
            && self.from.head_at(self.tenant, there.size).await? != Some(there.clone())
        {
            return Ok(Err(format!("its {} entries are another history", there.size)));
        }
        if let Some(secret) = self.from.kept_secret(self.tenant).await?
            && self.to.tenant_secret(self.tenant, &secret).await? != secret
        {
            return Ok(Err("its fingerprints are made under another secret".to_owned()));
        }
        Ok(Ok(there.size))
    }

    /// Brings the commits from an entry on; gives how many entries there are then, and the contents
    /// brought.
    async fn commits(
        &self,
        mut size: u64,
        progress: &(dyn Fn(&TenantId, u64) + Send + Sync),
    ) -> Result<(u64, u64), StoreError> {
        let mut contents = 0;
        loop {
            let commits = self.from.past_commits(self.tenant, size, COMMITS).await?;
            let mut rest = commits.as_slice();
            if rest.is_empty() {
                return Ok((size, contents));
            }
            while let Some(first) = rest.first() {
                let fits = |commit: &&PastCommit| commit.head.size - size <= ENTRIES;
                let count = rest.iter().take_while(fits).count().max(1);
                let (some, after) = rest.split_at(count);
                let end = some.last().unwrap_or(first).head.size;
                contents += self.stretch(size, end, some).await?;
                (size, rest) = (end, after);
                progress(self.tenant, size);
            }
        }
    }

    /// Brings the commits of `[start, end)`, which were read together.
    async fn stretch(
        &self,
        start: u64,
        end: u64,
        commits: &[PastCommit],
    ) -> Result<u64, StoreError> {
        let mut known = self.from.known_in(self.tenant, start..end).await?.into_iter().peekable();
        let mut contents =
            self.from.contents(self.tenant, start..end).await?.into_iter().peekable();
        let mut entries = Vec::new();
        while start + (entries.len() as u64) < end {
            let from = start + entries.len() as u64;
            let page = self.from.entries(self.tenant, from..end).await?;
            if page.first().is_none_or(|entry| entry.seq != from) {
                return Err(corrupt(from, "it is gone"));
            }
            entries.extend(page);
        }
        let mut sealed = Vec::with_capacity(entries.len());
        for entry in entries {
            let key = known.next_if(|(_, known)| known.seq == entry.seq);
            let (key, known) = key.ok_or_else(|| corrupt(entry.seq, "its key is gone"))?;
            sealed.push((entry, key, known.fingerprint));
        }
        let sealed =
            in_parallel(sealed, WORTH_A_THREAD, |(entry, key, print)| seal(entry, key, print));
        let mut sealed = sealed.into_iter();
        let (mut on_size, mut brought) = (start, 0);
        let mut on_root = self.to.head(self.tenant).await?.root;
        for PastCommit { head, recorded_at } in commits {
            let count = usize::try_from(head.size - on_size).unwrap_or(usize::MAX);
            let of_batch: Vec<Content> =
                std::iter::from_fn(|| contents.next_if(|content| content.seq < head.size))
                    .collect();
            brought += of_batch.len() as u64;
            let batch = SealedBatch {
                tenant: self.tenant.clone(),
                on_size,
                on_root,
                entries: sealed.by_ref().take(count).collect::<Result<_, _>>()?,
                contents: of_batch,
                subtrees: self.subtrees(on_size, head.size).await?,
                recorded_at: *recorded_at,
                head: head.clone(),
            };
            if let CommitOutcome::HeadMoved(_) = self.to.commit(&batch).await? {
                let why = "somebody else writes into the other database".to_owned();
                return Err(StoreError::Database { doing: "bringing a commit", why });
            }
            (on_size, on_root) = (head.size, head.root);
        }
        Ok(brought)
    }

    /// The subtrees that a commit completed.
    async fn subtrees(&self, from: u64, to: u64) -> Result<Vec<Subtree>, StoreError> {
        let mut subtrees = Vec::new();
        for level in 1..=8_u8 {
            let leaves = 256_u64.saturating_pow(u32::from(level));
            if from / leaves == to / leaves {
                break;
            }
            let complete = from / leaves..to / leaves;
            subtrees.extend(self.from.subtrees(self.tenant, level, complete).await?);
        }
        Ok(subtrees)
    }

    async fn checkpoints(&self, size: u64) -> Result<u64, StoreError> {
        let (mut pages, mut count) = (CheckpointPages::new(self.from, self.tenant, 0), 0);
        while let Some(page) = pages.next().await? {
            // Those of entries that came since are brought with them.
            for checkpoint in page.iter().filter(|checkpoint| checkpoint.size <= size) {
                self.to.add_checkpoint(self.tenant, checkpoint).await?;
                count += 1;
            }
        }
        Ok(count)
    }
}

fn seal(
    entry: Entry,
    key: store_traits::IdempotencyKey,
    fingerprint: Digest,
) -> Result<SealedEntry, StoreError> {
    let wrong = |why: &str| corrupt(entry.seq, why);
    let leaf_hash = replay_determinism::leaf_hash(&entry.bytes);
    if entry.leaf_hash != leaf_hash.as_bytes() {
        return Err(wrong("its bytes are not those that its leaf hash was made of"));
    }
    let fact = replay_determinism::canonical::parse(&entry.bytes);
    let fact = fact.map_err(|error| wrong(&error.to_string()))?;
    let id = entry.id.ok_or_else(|| wrong("its id is gone"))?;
    Ok(SealedEntry { seq: entry.seq, id, key, fingerprint, leaf_hash, bytes: entry.bytes, fact })
}

fn corrupt(seq: u64, why: &str) -> StoreError {
    StoreError::Corrupt { what: format!("entry {seq}: {why}") }
}
