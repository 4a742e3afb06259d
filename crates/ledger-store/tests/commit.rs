//! The ledger's contract on SQLite: compare-and-swap, durability, what is read back.

mod support;

use store_traits::{
    Checkpoint, CommitOutcome, LedgerStore, TenantId, TenantSecret, TileStore, Timestamp,
};
use support::{Fresh, batch, batch_of, hash, head, id, key, run, tenant};

#[tokio::test]
async fn a_tenant_without_facts_has_the_empty_head() {
    let fresh = Fresh::new().await;
    let ledger = fresh.open().await;
    let head = ledger.head(&tenant()).await.unwrap();
    assert_eq!((head.size, head.peaks.len()), (0, 0));
    assert!(head.root.to_string().starts_with("e3b0c442"));
    assert!(ledger.tenants().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_committed_is_read_back_after_reopening() {
    let fresh = Fresh::new().await;
    let ledger = fresh.open().await;
    assert_eq!(ledger.commit(&batch(0, 600)).await.unwrap(), CommitOutcome::Committed);
    assert_eq!(ledger.commit(&batch(600, 1)).await.unwrap(), CommitOutcome::Committed);
    ledger.close().await;

    let ledger = fresh.open().await;
    let tenant = tenant();
    assert_eq!(ledger.head(&tenant).await.unwrap(), head(601));
    assert_eq!(ledger.head_at(&tenant, 600).await.unwrap(), Some(head(600)));
    assert_eq!(ledger.head_at(&tenant, 599).await.unwrap(), None);
    assert_eq!(ledger.commits(&tenant, 0, 10).await.unwrap(), [head(600), head(601)]);
    assert_eq!(ledger.commits(&tenant, 600, 10).await.unwrap(), [head(601)]);

    let entries = ledger.entries(&tenant, 255..258).await.unwrap();
    assert_eq!(entries.iter().map(|e| e.seq).collect::<Vec<_>>(), [255, 256, 257]);
    assert_eq!(entries[0].bytes, support::entry(255).bytes);
    assert_eq!(entries[0].leaf_hash, hash(255).as_bytes());
    assert_eq!(ledger.entries(&tenant, 0..u64::MAX).await.unwrap().len(), 601);

    assert_eq!(ledger.run_seqs(&tenant, &run()).await.unwrap().len(), 301);
    assert_eq!(ledger.seq_of(&tenant, &id(77)).await.unwrap(), Some(77));
    assert_eq!(ledger.seq_of(&tenant, &id(7_777)).await.unwrap(), None);
    let contents = ledger.contents(&tenant, 0..601).await.unwrap();
    assert_eq!(contents.iter().map(|c| c.seq).collect::<Vec<_>>(), [0, 600]);
}

#[tokio::test]
async fn two_writers_on_one_head_leave_one_commit() {
    let fresh = Fresh::new().await;
    // Two processes are two pools: only the database stands between them.
    let (one, two) = (fresh.open().await, fresh.open().await);
    let (first, second) = (batch(0, 5), batch(0, 3));
    let outcomes = tokio::join!(one.commit(&first), two.commit(&second));
    match (outcomes.0.unwrap(), outcomes.1.unwrap()) {
        (CommitOutcome::Committed, CommitOutcome::HeadMoved(seen)) => assert_eq!(seen, head(5)),
        (CommitOutcome::HeadMoved(seen), CommitOutcome::Committed) => assert_eq!(seen, head(3)),
        both => panic!("{both:?}"),
    }
    let size = one.head(&tenant()).await.unwrap().size;
    assert_eq!(one.entries(&tenant(), 0..10).await.unwrap().len() as u64, size);
}

#[tokio::test]
async fn a_known_key_on_a_forged_batch_writes_nothing() {
    let fresh = Fresh::new().await;
    let ledger = fresh.open().await;
    ledger.commit(&batch(0, 2)).await.unwrap();
    let mut forged = batch(2, 2);
    forged.entries[1].key = key(0);
    assert!(ledger.commit(&forged).await.is_err());
    let mut gap = batch(2, 2);
    gap.entries[1].seq = 9;
    assert!(ledger.commit(&gap).await.is_err());
    assert_eq!(ledger.head(&tenant()).await.unwrap(), head(2));
    assert_eq!(ledger.entries(&tenant(), 0..10).await.unwrap().len(), 2);
    assert_eq!(ledger.commit(&batch(2, 2)).await.unwrap(), CommitOutcome::Committed);
}

#[tokio::test]
async fn keys_are_answered_in_their_order() {
    let fresh = Fresh::new().await;
    let ledger = fresh.open().await;
    ledger.commit(&batch(0, 300)).await.unwrap();
    let keys: Vec<_> = [299, 5_000, 0].into_iter().chain(1..300).map(key).collect();
    let known = ledger.known(&tenant(), &keys).await.unwrap();
    assert_eq!(known.len(), keys.len());
    let first = known[0].as_ref().unwrap();
    assert_eq!((first.seq, &first.id, first.fingerprint), (299, &id(299), hash(1_000_299)));
    assert_eq!(known[1], None);
    assert_eq!(known[2].as_ref().unwrap().seq, 0);
    assert_eq!(known.last().unwrap().as_ref().unwrap().seq, 299);
    assert!(ledger.known(&tenant(), &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn hashes_come_by_level_and_end_where_the_tree_ends() {
    let fresh = Fresh::new().await;
    let ledger = fresh.open().await;
    ledger.commit(&batch(0, 520)).await.unwrap();
    let tenant = tenant();
    assert_eq!(
        ledger.hashes(&tenant, 0, 254..257).await.unwrap(),
        [hash(254), hash(255), hash(256)]
    );
    assert_eq!(ledger.hashes(&tenant, 0, 518..768).await.unwrap().len(), 2);
    assert_eq!(
        ledger.hashes(&tenant, 1, 0..256).await.unwrap(),
        [hash(3_000_000), hash(3_000_001)]
    );
    assert!(ledger.hashes(&tenant, 2, 0..256).await.unwrap().is_empty());
    let subtrees = ledger.subtrees(&tenant, 1, 1..9).await.unwrap();
    assert_eq!(subtrees.iter().map(|s| s.index).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn one_tenant_does_not_see_another() {
    let fresh = Fresh::new().await;
    let ledger = fresh.open().await;
    let other = TenantId::parse("other").unwrap();
    ledger.commit(&batch(0, 3)).await.unwrap();
    ledger.commit(&batch_of(&other, 0, 2)).await.unwrap();
    assert_eq!(ledger.tenants().await.unwrap(), [tenant(), other.clone()]);
    assert_eq!(ledger.head(&other).await.unwrap().size, 2);
    assert_eq!(ledger.entries(&other, 0..10).await.unwrap().len(), 2);
    assert_eq!(ledger.seq_of(&other, &id(2)).await.unwrap(), None);
}

#[tokio::test]
async fn the_first_secret_origin_and_checkpoint_are_kept() {
    let fresh = Fresh::new().await;
    let ledger = fresh.open().await;
    let (a, b) = (TenantSecret([1; 32]), TenantSecret([2; 32]));
    assert_eq!(ledger.tenant_secret(&tenant(), &a).await.unwrap(), a);
    assert_eq!(ledger.tenant_secret(&tenant(), &b).await.unwrap(), a);
    assert_eq!(ledger.origin("log.example").await.unwrap(), "log.example");
    assert_eq!(ledger.origin("other.example").await.unwrap(), "log.example");

    let signed_at = Timestamp::from_unix_nanos(0).unwrap();
    let checkpoint = Checkpoint { size: 3, root: hash(1), note: "note\n".into(), signed_at };
    ledger.add_checkpoint(&tenant(), &checkpoint).await.unwrap();
    let again = Checkpoint { note: "another\n".into(), ..checkpoint.clone() };
    ledger.add_checkpoint(&tenant(), &again).await.unwrap();
    assert_eq!(ledger.checkpoints(&tenant()).await.unwrap(), std::slice::from_ref(&checkpoint));
    let fork = Checkpoint { root: hash(2), ..checkpoint.clone() };
    ledger.add_checkpoint(&tenant(), &fork).await.unwrap();
    assert_eq!(ledger.checkpoints(&tenant()).await.unwrap(), [checkpoint, fork]);
}

#[tokio::test]
async fn many_callers_of_one_process_queue_for_the_writer() {
    let fresh = Fresh::new().await;
    let ledger = std::sync::Arc::new(fresh.open().await);
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let ledger = ledger.clone();
            let tenant = TenantId::parse(&format!("t{n:02}")).unwrap();
            tokio::spawn(async move { ledger.commit(&batch_of(&tenant, 0, 2)).await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), CommitOutcome::Committed);
    }
    assert_eq!(ledger.tenants().await.unwrap().len(), 16);
}
