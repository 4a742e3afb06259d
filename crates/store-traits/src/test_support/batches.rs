//! Batches made by hand. A store keeps hashes and never computes one, so any digest bytes will do.

use crate::{
    Content, Digest, FactId, Head, IdempotencyKey, Object, RunId, SealedBatch, SealedEntry,
    Subtree, TenantId, Timestamp, Value,
};

/// A tenant by its name.
#[must_use]
pub fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

/// A digest for each number.
#[must_use]
pub fn hash(seed: u64) -> Digest {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    Digest::new(bytes)
}

/// The key of an entry.
#[must_use]
pub fn key(seq: u64) -> IdempotencyKey {
    IdempotencyKey::parse(&format!("key-{seq}")).unwrap()
}

/// The id of an entry.
#[must_use]
pub fn id(seq: u64) -> FactId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&seq.to_be_bytes());
    FactId::from_parts(1_795_422_722_910, &random)
}

/// The run that every even entry belongs to.
#[must_use]
pub fn run() -> RunId {
    RunId::parse("run-1").unwrap()
}

/// An entry; every even one belongs to the run.
#[must_use]
pub fn entry(seq: u64) -> SealedEntry {
    let run_id = seq.is_multiple_of(2).then(run);
    let mut fact = Object::from([("seq", Value::unsigned(seq))]);
    let mut bytes = format!("{{\"seq\":{seq}}}");
    if let Some(run) = &run_id {
        let meta = Object::from([("run_id", run.as_str().into())]);
        fact.insert("meta", meta.into());
        bytes = format!("{{\"meta\":{{\"run_id\":\"{run}\"}},\"seq\":{seq}}}");
    }
    SealedEntry {
        seq,
        id: id(seq),
        key: key(seq),
        fingerprint: hash(seq + 1_000_000),
        leaf_hash: hash(seq),
        bytes: bytes.into_bytes(),
        fact: Value::Object(fact),
    }
}

/// The head of a tree of this size.
#[must_use]
pub fn head(size: u64) -> Head {
    let peaks = (0..size.count_ones()).map(|n| hash(u64::from(n) + size)).collect();
    Head { size, peaks, root: hash(size + 2_000_000) }
}

/// A batch of `count` entries on a tree of `on_size`, with one content and the subtrees that it
/// completes.
#[must_use]
pub fn batch(tenant: &TenantId, on_size: u64, count: u64) -> SealedBatch {
    let size = on_size + count;
    SealedBatch {
        tenant: tenant.clone(),
        on_size,
        on_root: if on_size == 0 { Head::empty().root } else { head(on_size).root },
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
