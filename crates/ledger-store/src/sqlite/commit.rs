//! The one transaction that records.
//!
//! Each statement is handed to the connection's own thread, which is woken for it, often on this very
//! processor, where it would wait until the callers have sealed their next thousand facts. Giving up the
//! processor lets it go first: while the disk syncs what it wrote there is time for the facts.

use std::thread::yield_now;

use sqlx::{Connection, Sqlite, SqliteConnection};
use store_traits::{CommitOutcome, SealedBatch, StoreError};

use super::Writer;
use super::insert::Statements;
use crate::batch::{Parts, peaks};
use crate::row::{HeadRow, to_i64};
use crate::{database, overlap, sql, sqlite};

const DOING: &str = "committing a batch";

/// Commits a batch, or leaves no trace of it.
pub(crate) async fn commit(
    writer: &Writer,
    batch: &SealedBatch,
    parts: Parts<'_>,
) -> Result<CommitOutcome, StoreError> {
    let mut turn = writer.turn().await;
    let conn = turn.connection().await.map_err(database(DOING))?;
    // IMMEDIATE takes the write lock before the head is read: between the two, nobody can commit.
    let (tx, ()) = overlap::during(conn.begin_with("BEGIN IMMEDIATE"), yield_now).await;
    let mut tx = tx.map_err(database(DOING))?;
    let outcome = write(&mut tx, batch, parts).await;
    let ended = match outcome {
        Ok(CommitOutcome::Committed) => overlap::during(tx.commit(), yield_now).await.0,
        Ok(CommitOutcome::HeadMoved(_)) | Err(_) => tx.rollback().await,
    };
    match (outcome, ended) {
        (outcome, Ok(())) => {
            turn.give_back();
            outcome
        }
        // On a full disk SQLite rolls back by itself, and the connection no longer knows whether it is in
        // a transaction.
        (outcome, Err(ended)) => outcome.and(Err(database(DOING)(ended))),
    }
}

async fn write(
    conn: &mut SqliteConnection,
    batch: &SealedBatch,
    parts: Parts<'_>,
) -> Result<CommitOutcome, StoreError> {
    let tenant = &batch.tenant;
    let failed = database(DOING);
    let stands = sqlx::query(sqlite::INSERT_COMMIT)
        .bind(tenant.as_str())
        .bind(to_i64(batch.head.size))
        .bind(to_i64(batch.on_size))
        .bind(peaks(&batch.head))
        .bind(&batch.head.root.as_bytes()[..])
        .bind(batch.recorded_at.to_string())
        .bind(&batch.on_root.as_bytes()[..])
        .execute(&mut *conn);
    let (stands, ()) = overlap::during(stands, yield_now).await;
    if stands.map_err(&failed)?.rows_affected() == 0 {
        let now: Option<HeadRow> = sqlx::query_as(sql::SELECT_HEAD.sqlite)
            .bind(tenant.as_str())
            .fetch_optional(conn)
            .await
            .map_err(&failed)?;
        return HeadRow::head_or_empty(now, tenant).map(CommitOutcome::HeadMoved);
    }
    let statements = Statements::new(tenant, parts);
    overlap::run::<Sqlite, _>(conn, statements, yield_now).await.map_err(&failed)?;
    Ok(CommitOutcome::Committed)
}

#[cfg(test)]
mod tests {
    use store_traits::{CommitOutcome, LedgerStore, StoreError};

    use crate::ledger::Writer;
    use crate::sqlite;
    use crate::support::{Fresh, batch, head, tenant};

    fn writer(ledger: &crate::Ledger) -> &sqlite::Writer {
        match ledger.writer() {
            Ok(Writer::Sqlite(writer)) => writer,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_full_disk_records_nothing_and_the_next_commit_works() {
        let fresh = Fresh::new().await;
        let ledger = fresh.open().await;
        ledger.commit(&batch(0, 1)).await.unwrap();
        // The limit is the connection's own, and goes with it.
        let limit = "PRAGMA max_page_count = 60";
        writer(&ledger).execute(sqlx::query(limit)).await.unwrap();
        let error = ledger.commit(&batch(1, 20_000)).await.unwrap_err();
        assert!(matches!(error, StoreError::Full), "{error}");
        assert_eq!(ledger.head(&tenant()).await.unwrap(), head(1));
        assert_eq!(ledger.entries(&tenant(), 0..10).await.unwrap().len(), 1);
        assert_eq!(ledger.commit(&batch(1, 2)).await.unwrap(), CommitOutcome::Committed);
    }
}
