//! The one transaction that records.

use sqlx::{PgConnection, Postgres};
use store_traits::{CommitOutcome, Head, SealedBatch, StoreError, TenantId};

use super::connections::{Connections, Scope, is_gone};
use super::insert::{self, PgQuery, Statements};
use crate::batch::Parts;
use crate::error::sqlstate;
use crate::row::HeadRow;
use crate::{database, overlap, sql};

const DOING: &str = "committing a batch";

/// Commits a batch, or leaves no trace of it; or loses the connection while it commits, and says so.
pub(crate) async fn commit(
    connections: &Connections,
    batch: &SealedBatch,
    mut parts: Parts<'_>,
) -> Result<CommitOutcome, StoreError> {
    let begin = connections.write(&batch.tenant);
    let (tx, own) = overlap::during(begin, || insert::commit(batch, &mut parts)).await;
    let mut tx = tx.map_err(database(DOING))?;
    let own = own.map_err(database(DOING))?;
    match write(&mut tx, &batch.tenant, own, parts).await {
        Ok(true) => return tx.commit().await.map(|()| CommitOutcome::Committed).map_err(ended),
        Ok(false) => {}
        // serialization_failure, deadlock_detected: an engine that orders writers in another way gave
        // this one up. Nothing was written, and the caller tries again on the head that there is.
        Err(error) if matches!(sqlstate(&error), Some("40001" | "40P01")) => {}
        Err(error) => return Err(database(DOING)(error)),
    }
    tx.rollback().await.map_err(database(DOING))?;
    head(connections, &batch.tenant).await.map(CommitOutcome::HeadMoved)
}

/// Writes everything if the head is the one that the batch was sealed on.
///
/// The head's row goes first. A second writer on the same head waits at its unique key until the
/// first has committed or given up, and has written nothing by then that could be in anybody's way.
async fn write(
    conn: &mut PgConnection,
    tenant: &TenantId,
    own: PgQuery,
    parts: Parts<'_>,
) -> Result<bool, sqlx::Error> {
    let own = own.execute(&mut *conn);
    let (heads, derived) = overlap::during(own, || Statements::new(tenant, parts)).await;
    if heads?.rows_affected() == 0 {
        return Ok(false);
    }
    overlap::run::<Postgres, _>(conn, derived, || {}).await?;
    Ok(true)
}

async fn head(connections: &Connections, tenant: &TenantId) -> Result<Head, StoreError> {
    let failed = database(sql::SELECT_HEAD.doing);
    let mut tx = connections.read(Scope::Tenant(tenant)).await.map_err(&failed)?;
    let row: Option<HeadRow> = sqlx::query_as(sql::SELECT_HEAD.postgres)
        .bind(tenant.as_str())
        .fetch_optional(&mut *tx)
        .await
        .map_err(&failed)?;
    tx.commit().await.map_err(&failed)?;
    HeadRow::head_or_empty(row, tenant)
}

/// The commit was asked for and not confirmed. Where the server itself says why it refused, nothing
/// happened; where the connection broke, it may have happened or not.
fn ended(error: sqlx::Error) -> StoreError {
    let refused = sqlstate(&error).is_some_and(|state| state != "40003") && !is_gone(&error);
    if refused { database(DOING)(error) } else { StoreError::Unknown { why: error.to_string() } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_connection_leaves_the_outcome_unknown() {
        let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert!(matches!(ended(sqlx::Error::Io(cut)), StoreError::Unknown { .. }));
    }
}
