//! A tenant copied from one ledger into another, commit by commit.

use std::collections::BTreeMap;
use std::ops::Range;

use store_traits::{
    CheckpointPages, Content, Digest, Entry, IdempotencyKey, Known, LedgerStore, SealedBatch,
    SealedEntry, Subtree, TenantId, TenantSecret, Timestamp, Value,
};

use super::fact;
use crate::Ledger;

/// What is known of the entries of a range, and their keys.
pub(super) async fn keys(
    ledger: &Ledger,
    tenant: &TenantId,
    range: &Range<u64>,
) -> BTreeMap<u64, (IdempotencyKey, Known)> {
    let known = ledger.known_in(tenant, range.clone()).await.unwrap();
    known.into_iter().map(|(key, known)| (known.seq, (key, known))).collect()
}

/// Copies entries, contents, subtrees, heads, checkpoints and the secret, all through the store's
/// trait: the copy has the same leaves, and so the same proofs.
pub async fn copy_tenant(from: &Ledger, to: &Ledger, tenant: &TenantId) {
    let fresh = TenantSecret([0; 32]);
    let secret = from.tenant_secret(tenant, &fresh).await.unwrap();
    to.tenant_secret(tenant, &secret).await.unwrap();
    let mut on_size = 0;
    for head in from.commits(tenant, 0, u32::MAX).await.unwrap() {
        let range = on_size..head.size;
        let keys = keys(from, tenant, &range).await;
        let entries = from.entries(tenant, range.clone()).await.unwrap();
        let contents: Vec<Content> = from.contents(tenant, range.clone()).await.unwrap();
        let mut subtrees: Vec<Subtree> = Vec::new();
        for level in 1..=8_u8 {
            let leaves = 256_u64.saturating_pow(u32::from(level));
            let complete = range.start / leaves..range.end / leaves;
            subtrees.extend(from.subtrees(tenant, level, complete).await.unwrap());
        }
        let last = fact::read_fact(&entries.last().unwrap().bytes).unwrap();
        let recorded_at = last.at(&["meta", "recorded_at"]).and_then(Value::as_str).unwrap();
        let batch = SealedBatch {
            tenant: tenant.clone(),
            on_size,
            entries: entries.into_iter().map(|entry| sealed(entry, &keys)).collect(),
            contents,
            subtrees,
            recorded_at: Timestamp::parse(recorded_at).unwrap(),
            head: head.clone(),
        };
        to.commit(&batch).await.unwrap();
        on_size = head.size;
    }
    let mut signed = CheckpointPages::new(from, tenant, 0);
    while let Some(page) = signed.next().await.unwrap() {
        for checkpoint in page {
            to.add_checkpoint(tenant, &checkpoint).await.unwrap();
        }
    }
    assert_eq!(to.head(tenant).await.unwrap(), from.head(tenant).await.unwrap());
}

fn sealed(entry: Entry, keys: &BTreeMap<u64, (IdempotencyKey, Known)>) -> SealedEntry {
    let (key, known) = &keys[&entry.seq];
    SealedEntry {
        seq: entry.seq,
        id: entry.id.unwrap(),
        key: key.clone(),
        fingerprint: known.fingerprint,
        leaf_hash: Digest::try_from(entry.leaf_hash.as_slice()).unwrap(),
        fact: fact::read_fact(&entry.bytes).unwrap(),
        bytes: entry.bytes,
    }
}
