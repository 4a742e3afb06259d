//! A store that gives way at every call, and fails where it is told to; and an executor that polls
//! by hand.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use async_trait::async_trait;
use store_traits::test_support::MemoryLedger;
use store_traits::{
    Checkpoint, CheckpointsFrom, Commit, CommitOutcome, Content, ContentPlace, Differences, Digest,
    Durability, Entry, EntryRef, Erased, FactId, Head, IdempotencyKey, Known, Lacking, LedgerStore,
    RunId, SealedBatch, StoreError, StoredRange, Subtree, TenantId, TenantSecret, TileStore, Value,
};

/// How a commit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing is written.
    FailAndLose,
    /// Everything is written, and nobody learns of it.
    FailButKeep,
}

/// The ledger in memory, with a step before and after each call: there a future may be dropped.
#[derive(Default)]
pub struct Stepping {
    pub inner: MemoryLedger,
    /// Which commits fail, counted from 0.
    pub failures: Mutex<BTreeMap<usize, Failure>>,
    /// As long as it is shut no commit begins.
    pub shut: AtomicBool,
    /// What the store says is missing, and where typed rows differ.
    pub missing: Mutex<Vec<String>>,
    pub typed: Mutex<Vec<(u64, String)>>,
    pub commits: AtomicUsize,
    pub lookups: AtomicUsize,
    pub heads: AtomicUsize,
    pub secrets: AtomicUsize,
}

/// Gives way once.
async fn step() {
    let mut stepped = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut stepped, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl Stepping {
    async fn opened(&self) {
        while self.shut.load(Ordering::SeqCst) {
            step().await;
        }
    }
}

#[async_trait]
impl TileStore for Stepping {
    async fn hashes(
        &self,
        tenant: &TenantId,
        level: u8,
        range: Range<u64>,
    ) -> Result<Vec<Digest>, StoreError> {
        step().await;
        self.inner.hashes(tenant, level, range).await
    }
}

#[async_trait]
impl LedgerStore for Stepping {
    fn durability(&self) -> Durability {
        Durability::PowerLoss
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.inner.tenants().await
    }

    async fn head(&self, tenant: &TenantId) -> Result<Head, StoreError> {
        self.heads.fetch_add(1, Ordering::SeqCst);
        step().await;
        let head = self.inner.head(tenant).await;
        step().await;
        head
    }

    async fn head_at(&self, tenant: &TenantId, size: u64) -> Result<Option<Head>, StoreError> {
        self.inner.head_at(tenant, size).await
    }

    async fn commits(
        &self,
        tenant: &TenantId,
        after: u64,
        n: u32,
    ) -> Result<Vec<Commit>, StoreError> {
        self.inner.commits(tenant, after, n).await
    }

    async fn known(
        &self,
        tenant: &TenantId,
        keys: &[IdempotencyKey],
    ) -> Result<Vec<Option<Known>>, StoreError> {
        self.lookups.fetch_add(1, Ordering::SeqCst);
        step().await;
        let known = self.inner.known(tenant, keys).await;
        step().await;
        known
    }

    async fn commit(&self, batch: &SealedBatch) -> Result<CommitOutcome, StoreError> {
        let at = self.commits.fetch_add(1, Ordering::SeqCst);
        self.opened().await;
        step().await;
        let failure = self.failures.lock().unwrap().get(&at).copied();
        if failure == Some(Failure::FailAndLose) {
            return Err(StoreError::Full);
        }
        let committed = self.inner.commit(batch).await;
        step().await;
        if failure == Some(Failure::FailButKeep) {
            return Err(StoreError::Unknown { why: "the wire was cut".into() });
        }
        committed
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Vec<Entry>, StoreError> {
        self.inner.entries(tenant, range).await
    }

    async fn run_seqs(&self, tenant: &TenantId, run: &RunId) -> Result<Vec<u64>, StoreError> {
        self.inner.run_seqs(tenant, run).await
    }

    async fn seq_of(&self, tenant: &TenantId, id: &FactId) -> Result<Option<u64>, StoreError> {
        self.inner.seq_of(tenant, id).await
    }

    async fn contents(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Vec<Content>, StoreError> {
        self.inner.contents(tenant, range).await
    }

    async fn erase(
        &self,
        tenant: &TenantId,
        places: &[ContentPlace],
    ) -> Result<Erased, StoreError> {
        self.inner.erase(tenant, places).await
    }

    async fn subtrees(
        &self,
        tenant: &TenantId,
        level: u8,
        range: Range<u64>,
    ) -> Result<Vec<Subtree>, StoreError> {
        self.inner.subtrees(tenant, level, range).await
    }

    async fn newest_checkpoint(&self, tenant: &TenantId) -> Result<Option<Checkpoint>, StoreError> {
        self.inner.newest_checkpoint(tenant).await
    }

    async fn checkpoints(
        &self,
        tenant: &TenantId,
        from: CheckpointsFrom<'_>,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, StoreError> {
        self.inner.checkpoints(tenant, from, limit).await
    }

    async fn add_checkpoint(&self, tenant: &TenantId, new: &Checkpoint) -> Result<(), StoreError> {
        self.inner.add_checkpoint(tenant, new).await
    }

    async fn tenant_secret(
        &self,
        tenant: &TenantId,
        fresh: &TenantSecret,
    ) -> Result<TenantSecret, StoreError> {
        self.secrets.fetch_add(1, Ordering::SeqCst);
        step().await;
        self.inner.tenant_secret(tenant, fresh).await
    }

    async fn origin(&self, fresh: &str) -> Result<String, StoreError> {
        self.inner.origin(fresh).await
    }

    async fn missing_guards(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.missing.lock().unwrap().clone())
    }

    async fn stored(
        &self,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Box<dyn StoredRange>, StoreError> {
        let typed = self.typed.lock().unwrap().clone();
        let typed = typed.into_iter().filter(|(seq, _)| range.contains(seq)).collect();
        Ok(Box::new(Typed { inner: self.inner.stored(tenant, range.clone()).await?, range, typed }))
    }

    async fn still_lacking(
        &self,
        tenant: &TenantId,
        lacking: Vec<Lacking>,
    ) -> Result<Vec<(u64, String)>, StoreError> {
        self.inner.still_lacking(tenant, lacking).await
    }
}

/// A range whose typed rows differ where they are told to.
struct Typed {
    inner: Box<dyn StoredRange>,
    range: Range<u64>,
    typed: Vec<(u64, String)>,
}

impl StoredRange for Typed {
    fn contents(&mut self) -> Result<Vec<Content>, StoreError> {
        self.inner.contents()
    }

    fn compare(
        &self,
        fact: &mut dyn FnMut(EntryRef<'_>) -> Option<Value>,
    ) -> Result<Differences, StoreError> {
        self.inner.compare(&mut |entry| {
            assert!(self.range.contains(&entry.seq));
            let fact = fact(entry);
            assert!(fact.as_ref().is_none_or(|fact| fact.as_object().is_some()));
            fact
        })?;
        Ok(Differences { found: self.typed.clone(), lacking: Vec::new() })
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Futures that are polled by hand, and only when somebody woke them.
pub struct Hand<'f, T> {
    tasks: Vec<Option<Pin<Box<dyn Future<Output = T> + 'f>>>>,
    woken: Vec<Arc<Flag>>,
    pub results: Vec<Option<T>>,
}

impl<'f, T> Hand<'f, T> {
    pub fn new() -> Self {
        Self { tasks: Vec::new(), woken: Vec::new(), results: Vec::new() }
    }

    pub fn add(&mut self, future: impl Future<Output = T> + 'f) {
        self.tasks.push(Some(Box::pin(future)));
        self.woken.push(Arc::new(Flag(AtomicBool::new(true))));
        self.results.push(None);
    }

    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Polls one task if it is woken; says whether it was.
    pub fn poll(&mut self, at: usize) -> bool {
        let (Some(task), flag) = (&mut self.tasks[at], &self.woken[at]) else { return false };
        if !flag.0.swap(false, Ordering::SeqCst) {
            return false;
        }
        let waker = Waker::from(Arc::clone(flag));
        if let Poll::Ready(result) = task.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.results[at] = Some(result);
            self.tasks[at] = None;
        }
        true
    }

    /// Polls those of them that are woken, once.
    pub fn poll_each(&mut self, tasks: impl IntoIterator<Item = usize>) {
        for at in tasks {
            self.poll(at);
        }
    }

    pub fn cancel(&mut self, at: usize) {
        self.tasks[at] = None;
    }

    /// Polls whoever is woken until all are done.
    #[track_caller]
    pub fn finish(&mut self) {
        while self.tasks.iter().any(Option::is_some) {
            let polled = (0..self.len()).filter(|at| self.poll(*at)).count();
            assert!(polled > 0, "callers wait and nobody will wake them");
        }
    }
}
