//! Batches made by hand. A store keeps hashes and never computes one, so any digest bytes will do.

// Each test binary uses its part of this.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

use ledger_store::{Ledger, OpenMode};
use store_traits::{
    Content, Digest, FactId, FactKind, Head, IdempotencyKey, RunId, SealedBatch, SealedEntry,
    Subtree, TenantId, Timestamp, Value,
};

pub(crate) fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

pub(crate) fn hash(seed: u64) -> Digest {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    Digest::new(bytes)
}

pub(crate) fn key(seq: u64) -> IdempotencyKey {
    IdempotencyKey::parse(&format!("key-{seq}")).unwrap()
}

pub(crate) fn id(seq: u64) -> FactId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&seq.to_be_bytes());
    FactId::from_parts(1_795_422_722_910, &random)
}

pub(crate) fn run() -> RunId {
    RunId::parse("run-1").unwrap()
}

/// An entry; every even one belongs to the run.
pub(crate) fn entry(seq: u64) -> SealedEntry {
    let at = Timestamp::from_unix_nanos(1_795_422_722_910_083_339 + i128::from(seq)).unwrap();
    SealedEntry {
        seq,
        id: id(seq),
        kind: FactKind::RunStep,
        run_id: seq.is_multiple_of(2).then(run),
        trace_id: None,
        occurred_at: at,
        recorded_at: at,
        key: key(seq),
        fingerprint: hash(seq + 1_000_000),
        leaf_hash: hash(seq),
        bytes: format!("{{\"seq\":{seq}}}").into_bytes(),
        fact: Value::Object([("seq".to_owned(), Value::unsigned(seq))].into()),
    }
}

pub(crate) fn head(size: u64) -> Head {
    let peaks = (0..size.count_ones()).map(|n| hash(u64::from(n) + size)).collect();
    Head { size, peaks, root: hash(size + 2_000_000) }
}

pub(crate) fn batch_of(tenant: &TenantId, on_size: u64, count: u64) -> SealedBatch {
    let size = on_size + count;
    SealedBatch {
        tenant: tenant.clone(),
        on_size,
        entries: (on_size..size).map(entry).collect(),
        contents: vec![Content {
            seq: on_size,
            pointer: "/body/source/text".into(),
            form: "blob".into(),
            salt: vec![9; 32],
            bytes: b"hello".to_vec(),
        }],
        subtrees: (on_size / 256..size / 256)
            .map(|index| Subtree { level: 1, index, root: hash(index + 3_000_000) })
            .collect(),
        head: head(size),
        recorded_at: Timestamp::from_unix_nanos(1_795_422_722_910_083_339).unwrap(),
    }
}

pub(crate) fn batch(on_size: u64, count: u64) -> SealedBatch {
    batch_of(&tenant(), on_size, count)
}

/// A fresh database in a folder that goes with the test.
pub(crate) struct Fresh {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) url: String,
}

impl Fresh {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("factlog.db").display());
        Ledger::create(&url, "log.example").await.unwrap();
        Self { folder, url }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("factlog.db")
    }

    pub(crate) async fn open(&self) -> Ledger {
        Ledger::open(&self.url, OpenMode::ReadWrite, Vec::new()).await.unwrap()
    }

    /// A connection of somebody who goes around the store.
    pub(crate) async fn intruder(&self) -> sqlx::SqliteConnection {
        use sqlx::Connection;
        sqlx::SqliteConnection::connect(&self.url).await.unwrap()
    }
}
