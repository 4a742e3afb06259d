//! What every [`LedgerStore`] promises, as tests. The twin in memory and each database pass the same.
//!
//! Each law works on a tenant of its own, so that one store can be asked for all of them; what one law
//! leaves behind must not be seen by the next, which is a law itself.

use super::batches::{batch, entry, hash, head, id, key, run, tenant};
use crate::{
    Checkpoint, CheckpointPages, CheckpointsFrom, Commit, CommitOutcome, Content, ContentPlace,
    Head, IdempotencyKey, LedgerStore, SealedBatch, TenantId, TenantSecret, Timestamp,
};

/// Every law, on a store without facts.
pub async fn holds(store: &dyn LedgerStore) {
    assert!(store.tenants().await.unwrap().is_empty(), "the contract wants a store without facts");
    a_tenant_without_facts_has_the_empty_head(store, &tenant("empty")).await;
    what_was_committed_is_read_back(store, &tenant("read-back")).await;
    every_text_and_size_that_a_fact_may_have_is_kept(store, &tenant("texts")).await;
    a_stale_head_writes_nothing_and_tells_the_new_one(store, &tenant("stale")).await;
    a_batch_that_cannot_stand_writes_nothing(store, &tenant("refused")).await;
    keys_are_answered_in_their_order(store, &tenant("keys")).await;
    hashes_come_by_level_and_end_where_the_tree_ends(store, &tenant("tiles")).await;
    contents_are_erased_and_nothing_else(store, &tenant("erased"), &tenant("erased.2")).await;
    a_page_has_an_end(store, &tenant("pages")).await;
    the_first_secret_is_kept(store, &tenant("secret")).await;
    the_first_origin_is_kept(store).await;
    a_checkpoint_is_kept_once_and_a_fork_beside_it(store, &tenant("signed")).await;
    checkpoints_are_read_in_pages_that_neither_skip_nor_repeat(store, &tenant("paged")).await;
    one_tenant_does_not_see_another(store, &tenant("apart"), &tenant("apart.2")).await;
    let named = [
        "apart",
        "apart.2",
        "erased",
        "erased.2",
        "keys",
        "pages",
        "read-back",
        "refused",
        "stale",
        "texts",
        "tiles",
    ];
    assert_eq!(store.tenants().await.unwrap(), named.map(tenant), "by name, and only with facts");
    assert_eq!(store.missing_guards().await.unwrap(), [""; 0]);
}

async fn committed(store: &dyn LedgerStore, batch: &SealedBatch) {
    assert_eq!(store.commit(batch).await.unwrap(), CommitOutcome::Committed);
}

/// Size 0, no peaks, and the root of nothing.
pub async fn a_tenant_without_facts_has_the_empty_head(store: &dyn LedgerStore, tenant: &TenantId) {
    assert_eq!(store.head(tenant).await.unwrap(), Head::empty());
    assert_eq!(store.head_at(tenant, 0).await.unwrap(), None);
    assert!(store.commits(tenant, 0, 10).await.unwrap().is_empty());
    assert!(store.entries(tenant, 0..10).await.unwrap().is_empty());
}

/// Heads, entries, contents, subtrees, runs and ids.
pub async fn what_was_committed_is_read_back(store: &dyn LedgerStore, tenant: &TenantId) {
    committed(store, &batch(tenant, 0, 600)).await;
    committed(store, &batch(tenant, 600, 1)).await;
    assert_eq!(store.head(tenant).await.unwrap(), head(601));
    assert_eq!(store.head_at(tenant, 600).await.unwrap(), Some(head(600)));
    assert_eq!(store.head_at(tenant, 599).await.unwrap(), None);
    let commits =
        [(0, 600), (600, 601)].map(|(on_size, size)| Commit { on_size, head: head(size) });
    assert_eq!(store.commits(tenant, 0, 10).await.unwrap(), commits);
    assert_eq!(store.commits(tenant, 600, 10).await.unwrap(), commits[1..]);
    assert_eq!(store.commits(tenant, 0, 1).await.unwrap(), commits[..1]);

    let entries = store.entries(tenant, 255..258).await.unwrap();
    assert_eq!(entries.iter().map(|e| e.seq).collect::<Vec<_>>(), [255, 256, 257]);
    let (stored, wanted) = (&entries[1], entry(256));
    assert_eq!(stored.id, Some(wanted.id));
    assert_eq!(stored.leaf_hash, hash(256).as_bytes());
    assert_eq!(stored.bytes, wanted.bytes);
    assert_eq!(store.entries(tenant, 0..u64::MAX).await.unwrap().len(), 601);
    assert!(store.entries(tenant, 5..5).await.unwrap().is_empty());

    let seqs = store.run_seqs(tenant, &run()).await.unwrap();
    assert_eq!(seqs, (0..=600).step_by(2).collect::<Vec<_>>());
    assert_eq!(store.seq_of(tenant, &id(77)).await.unwrap(), Some(77));
    assert_eq!(store.seq_of(tenant, &id(7_777)).await.unwrap(), None);
    let contents = store.contents(tenant, 0..601).await.unwrap();
    assert_eq!(contents.iter().map(|c| c.seq).collect::<Vec<_>>(), [0, 600]);
    assert_eq!(contents[1], batch(tenant, 600, 1).contents[0]);
    let subtrees = store.subtrees(tenant, 1, 0..u64::MAX).await.unwrap();
    assert_eq!(subtrees, batch(tenant, 0, 600).subtrees);
    let facts: Vec<_> =
        batch(tenant, 0, 600).entries.into_iter().map(|entry| (entry.seq, entry.fact)).collect();
    assert_eq!(store.projection_differences(tenant, 0..600, &facts).await.unwrap(), []);
}

/// The longest key, the largest entry, names with U+0000 and beyond the Basic Multilingual Plane, an
/// empty content, and contents in order of (seq, pointer) by bytes.
pub async fn every_text_and_size_that_a_fact_may_have_is_kept(
    store: &dyn LedgerStore,
    tenant: &TenantId,
) {
    let longest = IdempotencyKey::parse(&"é".repeat(128)).unwrap();
    let mut batch = batch(tenant, 0, 2);
    batch.entries[0].bytes = vec![b'x'; crate::MAX_ENTRY_BYTES];
    batch.entries[0].key = longest.clone();
    let content = |pointer: &str, bytes: &[u8]| Content {
        seq: 1,
        pointer: pointer.into(),
        form: "sd".into(),
        salt: Vec::new(),
        bytes: bytes.to_vec(),
    };
    // Not in order: U+FF5E sorts before U+1F600 by bytes, and behind it by UTF-16.
    batch.contents = vec![
        content("/body/\u{1F600}", b""),
        content("/body/a\0b", &[0, 255, 0]),
        content("/body/Z", b"Z"),
        content("/body/\u{FF5E}", "\u{FF5E}".as_bytes()),
        content("/body/a", b"a"),
    ];
    committed(store, &batch).await;
    batch.contents.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    assert_eq!(store.contents(tenant, 0..2).await.unwrap(), batch.contents);
    let entries = store.entries(tenant, 0..2).await.unwrap();
    let bytes = |of: usize| (&entries[of].bytes, &batch.entries[of].bytes);
    assert!([bytes(0), bytes(1)].iter().all(|(stored, wanted)| stored == wanted));
    let known = store.known(tenant, &[longest]).await.unwrap();
    assert_eq!(known[0].as_ref().map(|known| known.seq), Some(0));
}

/// A content that is named goes; its entry, its neighbours and those of other tenants stay, and a second
/// time there is nothing to erase.
pub async fn contents_are_erased_and_nothing_else(
    store: &dyn LedgerStore,
    tenant: &TenantId,
    other: &TenantId,
) {
    for tenant in [tenant, other] {
        let mut batch = batch(tenant, 0, 3);
        let content = |seq: u64, pointer: &str| Content {
            seq,
            pointer: pointer.into(),
            form: "sd".into(),
            salt: Vec::new(),
            bytes: b"told".to_vec(),
        };
        batch.contents =
            vec![content(0, "/body/a"), content(0, "/body/a\0"), content(2, "/body/a")];
        committed(store, &batch).await;
    }
    let place = |seq, pointer: &str| ContentPlace { seq, pointer: pointer.into() };
    let entries = store.entries(tenant, 0..3).await.unwrap();

    assert_eq!(store.erase(tenant, &[]).await.unwrap().contents, 0);
    let places = [place(0, "/body/a"), place(1, "/body/a"), place(9, "/body/a")];
    assert_eq!(store.erase(tenant, &places).await.unwrap().contents, 1);
    assert_eq!(store.erase(tenant, &places).await.unwrap().contents, 0);

    let left = store.contents(tenant, 0..3).await.unwrap();
    let left: Vec<_> = left.iter().map(|c| (c.seq, c.pointer.as_str())).collect();
    assert_eq!(left, [(0, "/body/a\0"), (2, "/body/a")]);
    assert_eq!(store.entries(tenant, 0..3).await.unwrap(), entries);
    assert_eq!(store.head(tenant).await.unwrap(), head(3));
    assert_eq!(store.contents(other, 0..3).await.unwrap().len(), 3);
}

/// Compare-and-swap: a batch on any other size than the head's, or another root, is answered with the head.
pub async fn a_stale_head_writes_nothing_and_tells_the_new_one(
    store: &dyn LedgerStore,
    tenant: &TenantId,
) {
    committed(store, &batch(tenant, 0, 3)).await;
    for on_size in [0, 2, 4, 1_000] {
        let outcome = store.commit(&batch(tenant, on_size, 2)).await.unwrap();
        assert_eq!(outcome, CommitOutcome::HeadMoved(head(3)), "on {on_size}");
    }
    // Another tree of the same size, as there may be in a database that was restored.
    let other = SealedBatch { on_root: head(5).root, ..batch(tenant, 3, 2) };
    let outcome = store.commit(&other).await.unwrap();
    assert_eq!(outcome, CommitOutcome::HeadMoved(head(3)), "on another root");
    assert_eq!(store.entries(tenant, 0..u64::MAX).await.unwrap().len(), 3);
    assert_eq!(store.contents(tenant, 0..u64::MAX).await.unwrap().len(), 1);
    committed(store, &batch(tenant, 3, 2)).await;
    let commits = [(0, 3), (3, 5)].map(|(on_size, size)| Commit { on_size, head: head(size) });
    assert_eq!(store.commits(tenant, 0, 10).await.unwrap(), commits);
}

/// A known key, a gap, no entry: an error, and no trace.
pub async fn a_batch_that_cannot_stand_writes_nothing(store: &dyn LedgerStore, tenant: &TenantId) {
    committed(store, &batch(tenant, 0, 2)).await;
    let forged = |forge: fn(&mut SealedBatch)| {
        let mut batch = batch(tenant, 2, 2);
        forge(&mut batch);
        batch
    };
    for (what, batch) in [
        ("a known key", forged(|batch| batch.entries[1].key = key(0))),
        ("a key twice", forged(|batch| batch.entries[1].key = key(2))),
        ("a gap", forged(|batch| batch.entries[1].seq = 9)),
        ("no entry", forged(|batch| batch.entries.clear())),
    ] {
        assert!(store.commit(&batch).await.is_err(), "{what}");
        assert_eq!(store.head(tenant).await.unwrap(), head(2), "{what}");
        assert_eq!(store.entries(tenant, 0..10).await.unwrap().len(), 2, "{what}");
        assert_eq!(store.contents(tenant, 0..10).await.unwrap().len(), 1, "{what}");
    }
    committed(store, &batch(tenant, 2, 2)).await;
}

/// One answer a key, in the order of the keys, whether known or not, also for a key asked for twice.
pub async fn keys_are_answered_in_their_order(store: &dyn LedgerStore, tenant: &TenantId) {
    committed(store, &batch(tenant, 0, 300)).await;
    let keys: Vec<_> = [299, 5_000, 0, 0].into_iter().chain(1..300).map(key).collect();
    let known = store.known(tenant, &keys).await.unwrap();
    assert_eq!(known.len(), keys.len());
    let first = known[0].as_ref().unwrap();
    assert_eq!((first.seq, &first.id, first.fingerprint), (299, &id(299), hash(1_000_299)));
    assert_eq!(known[1], None);
    assert_eq!(known[2].as_ref().unwrap().seq, 0);
    assert_eq!(known[2], known[3]);
    assert_eq!(known.last().unwrap().as_ref().unwrap().seq, 299);
    assert!(store.known(tenant, &[]).await.unwrap().is_empty());
}

/// What a tile reads: fewer hashes come back where the tree ends, and none out of place.
pub async fn hashes_come_by_level_and_end_where_the_tree_ends(
    store: &dyn LedgerStore,
    tenant: &TenantId,
) {
    committed(store, &batch(tenant, 0, 520)).await;
    let leaves = store.hashes(tenant, 0, 254..257).await.unwrap();
    assert_eq!(leaves, [hash(254), hash(255), hash(256)]);
    assert_eq!(store.hashes(tenant, 0, 518..768).await.unwrap().len(), 2);
    assert!(store.hashes(tenant, 0, 520..768).await.unwrap().is_empty());
    let roots = store.hashes(tenant, 1, 0..256).await.unwrap();
    assert_eq!(roots, [hash(3_000_000), hash(3_000_001)]);
    assert!(store.hashes(tenant, 2, 0..256).await.unwrap().is_empty());
    let subtrees = store.subtrees(tenant, 1, 1..9).await.unwrap();
    assert_eq!(subtrees.iter().map(|s| s.index).collect::<Vec<_>>(), [1]);
    assert!(store.subtrees(tenant, 0, 0..9).await.unwrap().is_empty(), "leaves are no subtrees");
}

/// At most 10,000 entries a call.
pub async fn a_page_has_an_end(store: &dyn LedgerStore, tenant: &TenantId) {
    committed(store, &batch(tenant, 0, 10_001)).await;
    let page = store.entries(tenant, 0..u64::MAX).await.unwrap();
    assert_eq!((page.len(), page.last().map(|e| e.seq)), (10_000, Some(9_999)));
    let rest = store.entries(tenant, 10_000..u64::MAX).await.unwrap();
    assert_eq!(rest.iter().map(|e| e.seq).collect::<Vec<_>>(), [10_000]);
}

/// The first truth wins.
pub async fn the_first_secret_is_kept(store: &dyn LedgerStore, tenant: &TenantId) {
    let (a, b) = (TenantSecret([1; 32]), TenantSecret([2; 32]));
    assert_eq!(store.tenant_secret(tenant, &a).await.unwrap(), a);
    assert_eq!(store.tenant_secret(tenant, &b).await.unwrap(), a);
}

/// The first truth wins, also where the database was made with one.
pub async fn the_first_origin_is_kept(store: &dyn LedgerStore) {
    let kept = store.origin("log.example").await.unwrap();
    assert_eq!(store.origin("other.example").await.unwrap(), kept);
}

/// The same (size, root) again changes nothing; another root of the same size is evidence.
pub async fn a_checkpoint_is_kept_once_and_a_fork_beside_it(
    store: &dyn LedgerStore,
    tenant: &TenantId,
) {
    let signed_at = Timestamp::from_unix_nanos(0).unwrap();
    let first = Checkpoint { size: 3, root: hash(1), note: "note\n".into(), signed_at };
    store.add_checkpoint(tenant, &first).await.unwrap();
    let again = Checkpoint { note: "another\n".into(), ..first.clone() };
    store.add_checkpoint(tenant, &again).await.unwrap();
    assert_eq!(signed(store, tenant).await, std::slice::from_ref(&first));
    let fork = Checkpoint { root: hash(2), ..first.clone() };
    store.add_checkpoint(tenant, &fork).await.unwrap();
    let smaller = Checkpoint { size: 2, ..first.clone() };
    store.add_checkpoint(tenant, &smaller).await.unwrap();
    assert_eq!(store.newest_checkpoint(tenant).await.unwrap().as_ref(), Some(&fork));
    assert_eq!(signed(store, tenant).await, [smaller, first, fork]);
}

async fn signed(store: &dyn LedgerStore, tenant: &TenantId) -> Vec<Checkpoint> {
    let (mut pages, mut all) = (CheckpointPages::new(store, tenant, 0), Vec::new());
    while let Some(page) = pages.next().await.unwrap() {
        all.extend(page);
    }
    all
}

/// Also where several of one size were signed, some in the same moment, and a page ends among them.
pub async fn checkpoints_are_read_in_pages_that_neither_skip_nor_repeat(
    store: &dyn LedgerStore,
    tenant: &TenantId,
) {
    let one = |n: u8| Checkpoint {
        size: u64::from(n / 4),
        root: hash(u64::from(n)),
        note: format!("note {n}\n"),
        signed_at: Timestamp::from_unix_nanos(i128::from(n / 2)).unwrap(),
    };
    let mut all: Vec<_> = (0..24).map(one).collect();
    for checkpoint in all.iter().rev() {
        store.add_checkpoint(tenant, checkpoint).await.unwrap();
    }
    all.sort_by_key(|c| (c.size, c.signed_at, c.root));
    for limit in [1, 3, 24, u32::MAX] {
        let (mut seen, mut last) = (Vec::new(), None::<Checkpoint>);
        loop {
            let from = last.as_ref().map_or(CheckpointsFrom::Size(0), CheckpointsFrom::After);
            let page = store.checkpoints(tenant, from, limit).await.unwrap();
            assert!(page.len() <= limit as usize);
            let Some(end) = page.last() else { break };
            last = Some(end.clone());
            seen.extend(page);
        }
        assert_eq!(seen, all, "in pages of {limit}");
    }
    let from = |size| store.checkpoints(tenant, CheckpointsFrom::Size(size), 5);
    assert_eq!(from(3).await.unwrap(), all[12..17]);
    assert_eq!(from(5).await.unwrap(), all[20..]);
    assert!(from(6).await.unwrap().is_empty());
    assert!(store.checkpoints(tenant, CheckpointsFrom::Size(0), 0).await.unwrap().is_empty());
}

/// The same keys, ids and runs under two names are two of everything.
pub async fn one_tenant_does_not_see_another(
    store: &dyn LedgerStore,
    one: &TenantId,
    other: &TenantId,
) {
    committed(store, &batch(one, 0, 300)).await;
    let signed_at = Timestamp::from_unix_nanos(0).unwrap();
    let note = Checkpoint { size: 300, root: hash(1), note: "note\n".into(), signed_at };
    store.add_checkpoint(one, &note).await.unwrap();
    let secret = store.tenant_secret(one, &TenantSecret([1; 32])).await.unwrap();

    assert_eq!(store.head(other).await.unwrap(), Head::empty());
    assert_eq!(store.head_at(other, 300).await.unwrap(), None);
    assert!(store.commits(other, 0, 10).await.unwrap().is_empty());
    assert_eq!(store.known(other, &[key(0)]).await.unwrap(), [None]);
    assert!(store.entries(other, 0..u64::MAX).await.unwrap().is_empty());
    assert!(store.run_seqs(other, &run()).await.unwrap().is_empty());
    assert_eq!(store.seq_of(other, &id(0)).await.unwrap(), None);
    assert!(store.contents(other, 0..u64::MAX).await.unwrap().is_empty());
    assert!(store.subtrees(other, 1, 0..u64::MAX).await.unwrap().is_empty());
    assert!(store.hashes(other, 0, 0..256).await.unwrap().is_empty());
    assert!(store.hashes(other, 1, 0..256).await.unwrap().is_empty());
    assert!(signed(store, other).await.is_empty());
    assert_eq!(store.newest_checkpoint(other).await.unwrap(), None);
    assert_ne!(store.tenant_secret(other, &TenantSecret([2; 32])).await.unwrap(), secret);

    committed(store, &batch(other, 0, 2)).await;
    assert_eq!(store.head(one).await.unwrap(), head(300));
    assert_eq!(store.seq_of(other, &id(2)).await.unwrap(), None);
}
