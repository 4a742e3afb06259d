//! The one transaction that records.

use sqlx::{Connection, SqliteConnection};
use store_traits::{CommitOutcome, Content, SealedBatch, SealedEntry, StoreError, Subtree};

use crate::read::{head, to_i64};
use crate::{SqliteLedger, SqliteQuery, database, sql};

const DOING: &str = "committing a batch";

/// Commits a batch, or leaves no trace of it.
pub(crate) async fn commit(
    ledger: &SqliteLedger,
    batch: &SealedBatch,
) -> Result<CommitOutcome, StoreError> {
    fits_together(batch)?;
    let mut conn = ledger.writer()?.acquire().await.map_err(database(DOING))?;
    // IMMEDIATE takes the write lock before the head is read: between the two, nobody can commit.
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(database(DOING))?;
    let outcome = write(ledger, &mut tx, batch).await;
    let ended = match outcome {
        Ok(CommitOutcome::Committed) => tx.commit().await,
        Ok(CommitOutcome::HeadMoved(_)) | Err(_) => tx.rollback().await,
    };
    match (outcome, ended) {
        (outcome @ (Err(_) | Ok(CommitOutcome::HeadMoved(_))), Ok(())) => outcome,
        (Ok(CommitOutcome::Committed), Ok(())) => Ok(CommitOutcome::Committed),
        (outcome, Err(ended)) => {
            // On a full disk SQLite rolls back by itself, and the connection no longer knows whether
            // it is in a transaction. It is closed: the pool makes a fresh one.
            drop(conn.close().await);
            outcome.and(Err(database(DOING)(ended)))
        }
    }
}

async fn write(
    ledger: &SqliteLedger,
    conn: &mut SqliteConnection,
    batch: &SealedBatch,
) -> Result<CommitOutcome, StoreError> {
    let tenant = &batch.tenant;
    let now = head(conn, tenant).await?;
    if now.size != batch.on_size {
        return Ok(CommitOutcome::HeadMoved(now));
    }
    let failed = database(DOING);
    let insert = &sql::INSERT_ENTRIES;
    insert.insert(conn, tenant, &batch.entries, bind_entry).await.map_err(&failed)?;
    let insert = &sql::INSERT_CONTENTS;
    insert.insert(conn, tenant, &batch.contents, bind_content).await.map_err(&failed)?;
    let insert = &sql::INSERT_SUBTREES;
    insert.insert(conn, tenant, &batch.subtrees, bind_subtree).await.map_err(&failed)?;
    let peaks: Vec<u8> = batch.head.peaks.iter().flat_map(|peak| *peak.as_bytes()).collect();
    sqlx::query(sql::INSERT_COMMIT)
        .bind(tenant.as_str())
        .bind(to_i64(batch.head.size))
        .bind(to_i64(batch.on_size))
        .bind(peaks)
        .bind(&batch.head.root.as_bytes()[..])
        .bind(batch.recorded_at.to_string())
        .execute(&mut *conn)
        .await
        .map_err(&failed)?;
    for projection in &ledger.projections {
        projection.apply(conn, tenant, &batch.entries).await?;
    }
    Ok(CommitOutcome::Committed)
}

/// A gap would be refused by nobody else: the keys only say that a number is not taken twice.
fn fits_together(batch: &SealedBatch) -> Result<(), StoreError> {
    let numbered = (batch.on_size..batch.head.size).eq(batch.entries.iter().map(|entry| entry.seq));
    if numbered && !batch.entries.is_empty() {
        return Ok(());
    }
    Err(StoreError::Database {
        doing: DOING,
        why: format!(
            "the batch on {} does not number its {} entries up to {}",
            batch.on_size,
            batch.entries.len(),
            batch.head.size
        ),
    })
}

fn bind_entry(query: SqliteQuery, entry: &SealedEntry) -> SqliteQuery {
    query
        .bind(to_i64(entry.seq))
        .bind(entry.kind.as_str())
        .bind(entry.id.as_str())
        .bind(entry.key.as_str())
        .bind(&entry.fingerprint.as_bytes()[..])
        .bind(entry.run_id.as_ref().map(|run| run.as_str()))
        .bind(entry.trace_id.as_ref().map(|trace| trace.as_str()))
        .bind(entry.occurred_at.to_string())
        .bind(entry.recorded_at.to_string())
        .bind(&entry.leaf_hash.as_bytes()[..])
        .bind(&entry.bytes[..])
}

fn bind_content(query: SqliteQuery, content: &Content) -> SqliteQuery {
    query
        .bind(to_i64(content.seq))
        .bind(content.pointer.as_str())
        .bind(content.form.as_str())
        .bind(&content.salt[..])
        .bind(&content.bytes[..])
}

fn bind_subtree(query: SqliteQuery, subtree: &Subtree) -> SqliteQuery {
    query
        .bind(i64::from(subtree.level))
        .bind(to_i64(subtree.index))
        .bind(&subtree.root.as_bytes()[..])
}

#[cfg(test)]
mod tests {
    use store_traits::{CommitOutcome, LedgerStore, StoreError};

    use crate::support::{Fresh, batch, head, tenant};

    #[tokio::test]
    async fn a_full_disk_records_nothing_and_the_next_commit_works() {
        let fresh = Fresh::new().await;
        let ledger = fresh.open().await;
        ledger.commit(&batch(0, 1)).await.unwrap();
        // The limit is the connection's own, and goes with it.
        let limit = "PRAGMA max_page_count = 60";
        sqlx::query(limit).execute(ledger.writer().unwrap()).await.unwrap();
        let error = ledger.commit(&batch(1, 20_000)).await.unwrap_err();
        assert!(matches!(error, StoreError::Full), "{error}");
        assert_eq!(ledger.head(&tenant()).await.unwrap(), head(1));
        assert_eq!(ledger.entries(&tenant(), 0..10).await.unwrap().len(), 1);
        assert_eq!(ledger.commit(&batch(1, 2)).await.unwrap(), CommitOutcome::Committed);
    }
}
