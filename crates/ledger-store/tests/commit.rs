//! The ledger's contract on both databases, and what only two writers can break.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use ledger_store::test_support::PostgresServer;
use ledger_store::{Ledger, OpenMode};
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use store_traits::test_support::contract;
use store_traits::{CommitOutcome, Content, LedgerStore, SealedBatch, TenantId, Timestamp};
use support::{Fresh, batch, batch_of, head, tenant};

async fn open(url: &str) -> Ledger {
    support::open(url, OpenMode::ReadWrite).await.unwrap()
}

/// A fresh database on a PostgreSQL server, if there is one.
async fn postgres() -> Option<String> {
    let url = PostgresServer::shared()?.database().await;
    Ledger::create(&url, "log.example").await.unwrap();
    Some(url)
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    contract::holds(&Fresh::new().await.open().await).await;
}

#[tokio::test]
async fn postgresql_keeps_the_contract() {
    let Some(url) = postgres().await else { return };
    contract::holds(&open(&url).await).await;
}

/// Closing and opening again stands for another process; nothing is kept in memory alone.
async fn is_there_after_reopening(url: &str) {
    let ledger = open(url).await;
    assert_eq!(ledger.commit(&batch(0, 600)).await.unwrap(), CommitOutcome::Committed);
    ledger.close().await;
    let ledger = support::open(url, OpenMode::ReadOnly).await.unwrap();
    assert_eq!(ledger.head(&tenant()).await.unwrap(), head(600));
    assert_eq!(ledger.entries(&tenant(), 0..u64::MAX).await.unwrap().len(), 600);
    assert_eq!(ledger.origin("another").await.unwrap(), "log.example");
    assert!(ledger.commit(&batch(600, 1)).await.is_err(), "it was opened for reading");
}

/// Two processes are two pools: only the database stands between them.
async fn two_writers_on_one_head_leave_one_commit(url: &str) {
    let (one, two) = (open(url).await, open(url).await);
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

/// Processes that begin at once, on a database that nobody has opened, and on one whose tables are older.
async fn several_open_at_once(url: &str) {
    for _ in 0..2 {
        let opening = (0..6).map(|_| {
            let url = url.to_owned();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.unwrap().block_on(async {
                    let ledger = open(&url).await;
                    let head = ledger.head(&tenant()).await.unwrap();
                    ledger.close().await;
                    head.size
                })
            })
        });
        let opening: Vec<_> = opening.collect();
        let seen: Vec<_> = opening.into_iter().map(|thread| thread.join().unwrap()).collect();
        let ledger = open(url).await;
        let size = ledger.head(&tenant()).await.unwrap().size;
        assert_eq!(seen, [size; 6]);
        assert_eq!(ledger.commit(&batch(size, 300)).await.unwrap(), CommitOutcome::Committed);
        ledger.close().await;
        forget_the_newest_migration(url).await;
    }
}

/// What it dropped is there again, so that nothing stands in its way when it is made again.
async fn forget_the_newest_migration(url: &str) {
    const FORGET: &str = "CREATE TABLE run_steps (tenant TEXT);
        DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    let forgotten = if url.starts_with("postgres") {
        PgConnection::connect(url).await.unwrap().execute(FORGET).await.unwrap().rows_affected()
    } else {
        SqliteConnection::connect(url).await.unwrap().execute(FORGET).await.unwrap().rows_affected()
    };
    assert_eq!(forgotten, 1);
}

async fn many_tenants_commit_at_once(url: &str, tenants: usize) {
    let ledger = Arc::new(open(url).await);
    let tasks: Vec<_> = (0..tenants)
        .map(|n| {
            let ledger = ledger.clone();
            let tenant = TenantId::parse(&format!("t{n:04}")).unwrap();
            tokio::spawn(async move { ledger.commit(&batch_of(&tenant, 0, 2)).await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), CommitOutcome::Committed);
    }
    assert_eq!(ledger.tenants().await.unwrap().len(), tenants);
}

/// Of more blocks and more bytes of contents than one statement takes, a commit still has all, and a
/// second one on the same head nothing.
async fn a_commit_of_many_statements_is_whole(url: &str) {
    let ledger = open(url).await;
    let mut large = batch(0, 40_000);
    let content = large.contents.remove(0);
    large.contents = (0..3)
        .map(|seq| Content { seq, bytes: vec![seq as u8; 5 << 20], ..content.clone() })
        .collect();
    assert_eq!(ledger.commit(&large).await.unwrap(), CommitOutcome::Committed);
    let moved = CommitOutcome::HeadMoved(head(40_000));
    let (other, again) = (open(url).await, SealedBatch { recorded_at: later(), ..large.clone() });
    assert_eq!(other.commit(&again).await.unwrap(), moved);
    assert_eq!(ledger.head(&tenant()).await.unwrap(), head(40_000));
    assert_eq!(ledger.contents(&tenant(), 0..u64::MAX).await.unwrap(), large.contents);
    for from in (0..40_000).step_by(10_000) {
        let there = ledger.entries(&tenant(), from..from + 10_000).await.unwrap();
        let told = there.iter().map(|entry| (entry.seq, entry.bytes.as_slice()));
        let sent = large.entries.iter().skip(from as usize).take(10_000);
        assert!(told.eq(sent.map(|entry| (entry.seq, entry.bytes.as_slice()))));
    }
    let subtrees = ledger.subtrees(&tenant(), 1, 0..u64::MAX).await.unwrap();
    assert_eq!(subtrees, large.subtrees);
}

fn later() -> Timestamp {
    Timestamp::from_unix_nanos(1_795_422_722_910_083_340).unwrap()
}

#[tokio::test]
async fn sqlite_writes_a_commit_of_many_statements_whole() {
    a_commit_of_many_statements_is_whole(&Fresh::new().await.url).await;
}

#[tokio::test]
async fn postgresql_writes_a_commit_of_many_statements_whole() {
    let Some(url) = postgres().await else { return };
    a_commit_of_many_statements_is_whole(&url).await;
}

#[tokio::test]
async fn sqlite_is_opened_by_several_at_once() {
    let fresh = Fresh::new().await;
    several_open_at_once(&fresh.url).await;
}

#[tokio::test]
async fn postgresql_is_opened_by_several_at_once() {
    let Some(url) = postgres().await else { return };
    several_open_at_once(&url).await;
}

/// After so many polls the caller goes away, in whatever the commit was doing.
async fn dropped_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), polls);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Whoever comes next can write, and finds all of the dropped commit or nothing of it.
async fn a_dropped_commit_is_there_or_is_not(url: &str) {
    let ledger = open(url).await;
    for polls in 0.. {
        let before = ledger.head(&tenant()).await.unwrap().size;
        let done = dropped_after(polls, ledger.commit(&batch(before, 3))).await;
        let size = loop {
            let size = ledger.head(&tenant()).await.unwrap().size;
            if ledger.commit(&batch(size, 1)).await.unwrap() == CommitOutcome::Committed {
                break size;
            }
        };
        assert!(size == before || size == before + 3, "{polls}: {before} to {size}");
        if let Some(done) = done {
            assert_eq!((done.unwrap(), size), (CommitOutcome::Committed, before + 3));
            break;
        }
    }
    let size = ledger.head(&tenant()).await.unwrap().size;
    let entries = ledger.entries(&tenant(), 0..size).await.unwrap();
    assert!(entries.iter().map(|entry| entry.seq).eq(0..size));
}

#[tokio::test]
async fn sqlite_is_there_after_reopening() {
    is_there_after_reopening(&Fresh::new().await.url).await;
}

#[tokio::test]
async fn postgresql_is_there_after_reopening() {
    let Some(url) = postgres().await else { return };
    is_there_after_reopening(&url).await;
}

#[tokio::test]
async fn sqlite_survives_callers_that_go_away() {
    a_dropped_commit_is_there_or_is_not(&Fresh::new().await.url).await;
}

#[tokio::test]
async fn postgresql_survives_callers_that_go_away() {
    let Some(url) = postgres().await else { return };
    a_dropped_commit_is_there_or_is_not(&url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_leaves_one_commit_of_two_writers() {
    two_writers_on_one_head_leave_one_commit(&Fresh::new().await.url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_leaves_one_commit_of_two_writers() {
    let Some(url) = postgres().await else { return };
    two_writers_on_one_head_leave_one_commit(&url).await;
}

#[tokio::test]
async fn sqlite_lets_callers_queue_for_the_writer() {
    many_tenants_commit_at_once(&Fresh::new().await.url, 16).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_takes_a_thousand_tenants_at_once() {
    let Some(url) = postgres().await else { return };
    many_tenants_commit_at_once(&url, 1_000).await;
}
