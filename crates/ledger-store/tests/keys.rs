//! Whatever is remembered of keys, and whoever remembers it: a key is recorded once.

#![allow(clippy::unwrap_used)]

mod support;

use ledger_store::test_support::{PostgresServer, key_tag};
use ledger_store::{Ledger, OpenMode};
use sqlx::{Connection, Executor};
use store_traits::test_support::batches::key;
use store_traits::{CommitOutcome, IdempotencyKey, Known, LedgerStore, SealedBatch};
use support::{Fresh, batch, tenant};

async fn open(url: &str) -> Ledger {
    Ledger::open(url, OpenMode::ReadWrite, Vec::new(), key_tag).await.unwrap()
}

async fn committed(ledger: &Ledger, batch: &SealedBatch) -> bool {
    ledger.commit(batch).await.unwrap() == CommitOutcome::Committed
}

async fn seqs(ledger: &Ledger, keys: &[u64]) -> Vec<Option<u64>> {
    let keys: Vec<IdempotencyKey> = keys.iter().copied().map(key).collect();
    let known = ledger.known(&tenant(), &keys).await.unwrap();
    known.into_iter().map(|known| known.map(|Known { seq, .. }| seq)).collect()
}

/// One file, and one PostgreSQL database where there is a server.
async fn databases() -> (Fresh, Vec<String>) {
    let fresh = Fresh::new().await;
    let mut urls = vec![fresh.url.clone()];
    if let Some(server) = PostgresServer::shared() {
        let url = server.database().await;
        Ledger::create(&url, "log.example").await.unwrap();
        urls.push(url);
    }
    (fresh, urls)
}

#[tokio::test]
async fn a_process_knows_what_others_committed_before_it_and_beside_it() {
    let (_fresh, urls) = databases().await;
    for url in urls {
        let (one, other) = (open(&url).await, open(&url).await);
        assert!(committed(&one, &batch(0, 10)).await);
        assert_eq!(seqs(&other, &[9, 10]).await, [Some(9), None]);
        assert!(committed(&one, &batch(10, 5)).await);
        assert_eq!(seqs(&other, &[14, 0, 15]).await, [Some(14), Some(0), None]);
        let third = open(&url).await;
        assert_eq!(seqs(&third, &[14, 0, 15]).await, [Some(14), Some(0), None]);
        for ledger in [one, other, third] {
            ledger.close().await;
        }
    }
}

#[tokio::test]
async fn a_key_is_found_and_refused_when_its_span_is_complete() {
    const SPAN: u64 = 65_536;
    let fresh = Fresh::new().await;
    let ledger = open(&fresh.url).await;
    let mut size = 0;
    while size < SPAN + 500 {
        assert!(committed(&ledger, &batch(size, 2_000)).await);
        size += 2_000;
    }
    let asked = [0, 1, SPAN - 1, SPAN, size - 1, size];
    let found = [Some(0), Some(1), Some(SPAN - 1), Some(SPAN), Some(size - 1), None];
    assert_eq!(seqs(&ledger, &asked).await, found);
    ledger.close().await;

    let again = open(&fresh.url).await;
    assert_eq!(seqs(&again, &asked).await, found);
    let mut repeated = batch(size, 1);
    repeated.entries[0].key = key(7);
    let refused = again.commit(&repeated).await.unwrap_err().to_string();
    assert!(refused.contains("is recorded already"), "{refused}");
    again.close().await;

    // Somebody who takes the rows of tags away takes no key away.
    let mut intruder = fresh.intruder().await;
    intruder.execute("DROP TRIGGER key_tags_no_delete").await.unwrap();
    for taken in [
        "DELETE FROM key_tags WHERE whole = 1",
        "DELETE FROM key_tags WHERE first_seq BETWEEN 1000 AND 40000",
        "DELETE FROM key_tags",
    ] {
        intruder.execute(taken).await.unwrap();
        let ledger = open(&fresh.url).await;
        assert_eq!(seqs(&ledger, &asked).await, found, "{taken}");
        ledger.close().await;
    }
    intruder.close().await.unwrap();
}

#[tokio::test]
async fn a_tag_that_is_not_of_its_key_is_found_by_verification() {
    let fresh = Fresh::new().await;
    let ledger = open(&fresh.url).await;
    assert!(committed(&ledger, &batch(0, 10)).await);
    assert!(committed(&ledger, &batch(10, 10)).await);
    let differences = || async {
        let facts = batch(0, 20).entries.into_iter().map(|entry| (entry.seq, entry.fact));
        let facts: Vec<_> = facts.skip(3).collect();
        let found = ledger.projection_differences(&tenant(), 3..20, &facts).await.unwrap();
        found.into_iter().map(|(seq, _)| seq).collect::<Vec<_>>()
    };
    assert_eq!(differences().await, Vec::<u64>::new());
    let mut intruder = fresh.intruder().await;
    intruder.execute("DROP TRIGGER key_tags_no_update").await.unwrap();
    let forged = "UPDATE key_tags SET tags = zeroblob(80) WHERE first_seq = 0";
    intruder.execute(forged).await.unwrap();
    assert_eq!(differences().await, (3..10).collect::<Vec<_>>());
    ledger.close().await;
}
