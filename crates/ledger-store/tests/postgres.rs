//! The same on PostgreSQL, and what only PostgreSQL does.

mod support;

use ledger_store::test_support::PostgresServer;
use ledger_store::{Ledger, OpenMode};
use store_traits::{CommitOutcome, LedgerStore};
use support::{batch, head, tenant};

#[tokio::test]
async fn what_was_committed_is_read_back_after_reopening() {
    let Some(server) = PostgresServer::shared() else { return };
    let url = server.database().await;
    Ledger::create(&url, "log.example").await.unwrap();
    let ledger = Ledger::open(&url, OpenMode::ReadWrite, Vec::new()).await.unwrap();
    assert_eq!(ledger.commit(&batch(0, 600)).await.unwrap(), CommitOutcome::Committed);
    assert_eq!(ledger.commit(&batch(0, 1)).await.unwrap(), CommitOutcome::HeadMoved(head(600)));
    assert_eq!(ledger.commit(&batch(600, 1)).await.unwrap(), CommitOutcome::Committed);
    ledger.close().await;

    let ledger = Ledger::open(&url, OpenMode::ReadOnly, Vec::new()).await.unwrap();
    assert_eq!(ledger.head(&tenant()).await.unwrap(), head(601));
    assert_eq!(ledger.entries(&tenant(), 0..1_000).await.unwrap().len(), 601);
    assert_eq!(ledger.tenants().await.unwrap(), [tenant()]);
}
