//! A ledger in memory.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;

use async_trait::async_trait;

use crate::{
    Checkpoint, CheckpointsFrom, Commit, CommitOutcome, Content, ContentPlace, Differences, Digest,
    Durability, Entry, EntryRef, Erased, FactId, Head, IdempotencyKey, Known, Lacking, LedgerStore,
    Leftover, MOST_CHECKPOINTS, RunId, SealedBatch, StoreError, StoredRange, Subtree, TenantId,
    TenantSecret, TileStore, Value,
};

/// The most entries or subtrees that one call reads.
const PAGE: u64 = 10_000;

/// One tenant's tables, with everything open to be meddled with.
#[derive(Debug, Default)]
pub struct Tables {
    /// The leaves, by sequence number.
    pub entries: BTreeMap<u64, Entry>,
    /// The facts of the leaves, as they were committed.
    pub facts: BTreeMap<u64, Value>,
    /// What is known of each key.
    pub keys: BTreeMap<String, Known>,
    /// The heads, by size.
    pub commits: BTreeMap<u64, Head>,
    /// The size that each of them stands on.
    pub stands_on: BTreeMap<u64, u64>,
    /// Complete subtrees, by level and index.
    pub subtrees: Vec<Subtree>,
    /// What lies behind the commitments.
    pub contents: Vec<Content>,
    /// Signed notes.
    pub checkpoints: Vec<Checkpoint>,
    /// The secret of the fingerprints.
    pub secret: Option<TenantSecret>,
    /// Batches that a writer elsewhere commits right before the next commit, the last one first.
    pub faster: Vec<SealedBatch>,
}

/// The twin of the database stores: the same contract, nothing durable.
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<All>);

#[derive(Debug, Default)]
struct All {
    tenants: BTreeMap<TenantId, Tables>,
    origin: Option<String>,
}

impl MemoryLedger {
    /// Works on one tenant's tables.
    pub fn tables<T>(&self, tenant: &TenantId, work: impl FnOnce(&mut Tables) -> T) -> T {
        work(self.0.lock().unwrap().tenants.entry(tenant.clone()).or_default())
    }
}

impl Tables {
    /// The newest head.
    #[must_use]
    pub fn head(&self) -> Head {
        self.commits.values().next_back().cloned().unwrap_or_else(Head::empty)
    }

    fn commit(&mut self, batch: &SealedBatch) -> Result<CommitOutcome, StoreError> {
        let head = self.head();
        if (head.size, head.root) != (batch.on_size, batch.on_root) {
            return Ok(CommitOutcome::HeadMoved(head));
        }
        let refuse = |why: &str| {
            Err(StoreError::Database { doing: "committing a batch", why: why.to_owned() })
        };
        let seqs = batch.entries.iter().map(|entry| entry.seq);
        if batch.entries.is_empty() || !(batch.on_size..batch.head.size).eq(seqs) {
            return refuse("the entries are not numbered without a gap");
        }
        let mut keys = self.keys.clone();
        for entry in &batch.entries {
            let known =
                Known { seq: entry.seq, id: entry.id.clone(), fingerprint: entry.fingerprint };
            if keys.insert(entry.key.to_string(), known).is_some() {
                return refuse("a key stands twice");
            }
        }
        self.keys = keys;
        self.facts.extend(batch.entries.iter().map(|entry| (entry.seq, entry.fact.clone())));
        self.entries.extend(batch.entries.iter().map(|entry| {
            let row = Entry {
                seq: entry.seq,
                id: Some(entry.id.clone()),
                leaf_hash: entry.leaf_hash.as_bytes().to_vec(),
                bytes: entry.bytes.clone(),
            };
            (entry.seq, row)
        }));
        self.contents.extend(batch.contents.iter().cloned());
        self.contents.sort_by(|a, b| (a.seq, &a.pointer).cmp(&(b.seq, &b.pointer)));
        self.subtrees.extend(&batch.subtrees);
        self.subtrees.sort_by_key(|subtree| (subtree.level, subtree.index));
        self.commits.insert(batch.head.size, batch.head.clone());
        self.stands_on.insert(batch.head.size, batch.on_size);
        Ok(CommitOutcome::Committed)
    }
}

fn page(range: Range<u64>) -> Range<u64> {
    range.start..range.end.min(range.start.saturating_add(PAGE)).max(range.start)
}

#[async_trait]
impl TileStore for MemoryLedger {
    async fn hashes(
        &self,
        tenant: &TenantId,
        level: u8,
        range: Range<u64>,
    ) -> Result<Vec<Digest>, StoreError> {
        let wanted = |s: &&Subtree| s.level == level && range.contains(&s.index);
        Ok(self.tables(tenant, |t| {
            let found: Vec<(u64, Digest)> = if level == 0 {
                let leaf = |e: &Entry| Digest::try_from(e.leaf_hash.as_slice()).unwrap();
                t.entries.range(range.clone()).map(|(seq, e)| (*seq, leaf(e))).collect()
            } else {
                t.subtrees.iter().filter(wanted).map(|s| (s.index, s.root)).collect()
            };
            let in_place = found.into_iter().zip(range.clone()).take_while(|((i, _), at)| i == at);
            in_place.map(|((_, hash), _)| hash).collect()
        }))
    }
}

#[async_trait]
impl LedgerStore for MemoryLedger {
    fn durability(&self) -> Durability {
        Durability::Volatile
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let all = self.0.lock().unwrap();
        let with_facts = all.tenants.iter().filter(|(_, tables)| !tables.commits.is_empty());
        Ok(with_facts.map(|(tenant, _)| tenant.clone()).collect())
    }

    async fn head(&self, tenant: &TenantId) -> Result<Head, StoreError> {
        Ok(self.tables(tenant, |t| t.head()))
    }

    async fn head_at(&self, tenant: &TenantId, size: u64) -> Result<Option<Head>, StoreError> {
        Ok(self.tables(tenant, |t| t.commits.get(&size).cloned()))
    }

    async fn commits(
        &self,
        tenant: &TenantId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Commit>, StoreError> {
        let limit = usize::try_from(limit).unwrap();
        Ok(self.tables(tenant, |t| {
            let of = |head: &Head| Commit { on_size: t.stands_on[&head.size], head: head.clone() };
            t.commits.values().filter(|head| head.size > after).take(limit).map(of).collect()
        }))
    }

    async fn known(
        &self,
        tenant: &TenantId,
        keys: &[IdempotencyKey],
    ) -> Result<Vec<Option<Known>>, StoreError> {
        Ok(self
            .tables(tenant, |t| keys.iter().map(|key| t.keys.get(key.as_str()).cloned()).collect()))
    }

    async fn commit(&self, batch: &SealedBatch) -> Result<CommitOutcome, StoreError> {
        self.tables(&batch.tenant, |t| {
            if let Some(faster) = t.faster.pop() {
                assert_eq!(t.commit(&faster).unwrap(), CommitOutcome::Committed);
            }
            t.commit(batch)
        })
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Vec<Entry>, StoreError> {
        Ok(self.tables(tenant, |t| t.entries.range(page(range)).map(|(_, e)| e.clone()).collect()))
    }

    async fn run_seqs(&self, tenant: &TenantId, run: &RunId) -> Result<Vec<u64>, StoreError> {
        let named = |fact: &Value| fact.at(&["meta", "run_id"])?.as_str().map(str::to_owned);
        let of_run = |(_, fact): &(&u64, &Value)| named(fact).as_deref() == Some(run.as_str());
        Ok(self.tables(tenant, |t| t.facts.iter().filter(of_run).map(|(seq, _)| *seq).collect()))
    }

    async fn seq_of(&self, tenant: &TenantId, id: &FactId) -> Result<Option<u64>, StoreError> {
        Ok(self.tables(tenant, |t| {
            t.entries.values().find(|e| e.id.as_ref() == Some(id)).map(|e| e.seq)
        }))
    }

    async fn contents(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Vec<Content>, StoreError> {
        let wanted = |c: &&Content| range.contains(&c.seq);
        Ok(self.tables(tenant, |t| t.contents.iter().filter(wanted).cloned().collect()))
    }

    async fn erase(
        &self,
        tenant: &TenantId,
        places: &[ContentPlace],
    ) -> Result<Erased, StoreError> {
        let contents = self.tables(tenant, |t| {
            let before = t.contents.len();
            t.contents.retain(|content| {
                !places.iter().any(|p| (p.seq, &p.pointer) == (content.seq, &content.pointer))
            });
            before - t.contents.len()
        });
        Ok(Erased { contents: contents as u64, leftover: Leftover::Nothing })
    }

    async fn subtrees(
        &self,
        tenant: &TenantId,
        level: u8,
        range: Range<u64>,
    ) -> Result<Vec<Subtree>, StoreError> {
        let range = page(range);
        let wanted = |s: &&Subtree| s.level == level && range.contains(&s.index);
        Ok(self.tables(tenant, |t| t.subtrees.iter().filter(wanted).copied().collect()))
    }

    async fn newest_checkpoint(&self, tenant: &TenantId) -> Result<Option<Checkpoint>, StoreError> {
        Ok(self.tables(tenant, |t| t.checkpoints.last().cloned()))
    }

    async fn checkpoints(
        &self,
        tenant: &TenantId,
        from: CheckpointsFrom<'_>,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, StoreError> {
        let place = |c: &Checkpoint| (c.size, c.signed_at, c.root);
        let wanted = |c: &&Checkpoint| match from {
            CheckpointsFrom::Size(size) => c.size >= size,
            CheckpointsFrom::After(last) => place(c) > place(last),
        };
        let limit = limit.min(MOST_CHECKPOINTS) as usize;
        Ok(self
            .tables(tenant, |t| t.checkpoints.iter().filter(wanted).take(limit).cloned().collect()))
    }

    async fn add_checkpoint(&self, tenant: &TenantId, new: &Checkpoint) -> Result<(), StoreError> {
        self.tables(tenant, |t| {
            let kept = |old: &Checkpoint| (old.size, old.root) == (new.size, new.root);
            if !t.checkpoints.iter().any(kept) {
                t.checkpoints.push(new.clone());
                t.checkpoints.sort_by_key(|c| (c.size, c.signed_at, c.root));
            }
        });
        Ok(())
    }

    async fn tenant_secret(
        &self,
        tenant: &TenantId,
        fresh: &TenantSecret,
    ) -> Result<TenantSecret, StoreError> {
        Ok(self.tables(tenant, |t| t.secret.get_or_insert_with(|| fresh.clone()).clone()))
    }

    async fn origin(&self, fresh: &str) -> Result<String, StoreError> {
        let mut all = self.0.lock().unwrap();
        Ok(all.origin.get_or_insert_with(|| fresh.to_owned()).clone())
    }

    async fn missing_guards(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    async fn stored(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Box<dyn StoredRange>, StoreError> {
        let entries = self.entries(tenant, range.clone()).await?;
        Ok(Box::new(MemoryRange { entries, contents: self.contents(tenant, range).await? }))
    }

    async fn still_lacking(
        &self,
        _: &TenantId,
        _: Vec<Lacking>,
    ) -> Result<Vec<(u64, String)>, StoreError> {
        Ok(Vec::new())
    }
}

/// A range of entries of a store that keeps no typed rows.
struct MemoryRange {
    entries: Vec<Entry>,
    contents: Vec<Content>,
}

impl StoredRange for MemoryRange {
    fn contents(&mut self) -> Result<Vec<Content>, StoreError> {
        Ok(std::mem::take(&mut self.contents))
    }

    fn compare(
        &self,
        fact: &mut dyn FnMut(EntryRef<'_>) -> Option<Value>,
    ) -> Result<Differences, StoreError> {
        for entry in &self.entries {
            fact(entry.as_ref());
        }
        Ok(Differences::default())
    }
}
