//! The one transaction that removes: contents, never an entry.

use store_traits::{ContentPlace, Erased, Leftover, StoreError, TenantId};

use super::connections::Connections;
use super::sql;
use crate::database;
use crate::row::to_i64;

const DOING: &str = "erasing contents";

/// Erases contents with the rights of whoever logged in: the role of the application has none to remove.
/// What was erased leaves the table's files when its space is used again or the table is rewritten.
pub(crate) async fn erase(
    connections: &Connections,
    tenant: &TenantId,
    places: &[ContentPlace],
) -> Result<Erased, StoreError> {
    let failed = database(DOING);
    let mut tx = connections.write(tenant).await.map_err(&failed)?;
    // Until the transaction ends; the policies of the tenant are asked all the same.
    sqlx::query(sql::AS_WHO_LOGGED_IN).execute(&mut *tx).await.map_err(&failed)?;
    let may: bool =
        sqlx::query_scalar(sql::MAY_ERASE).fetch_one(&mut *tx).await.map_err(&failed)?;
    if !may {
        return Err(StoreError::ReadOnly {
            why: "this login may not erase contents (log in as the owner of the tables: services only add)"
                .to_owned(),
        });
    }
    let seqs: Vec<i64> = places.iter().map(|place| to_i64(place.seq)).collect();
    let pointers: Vec<&[u8]> = places.iter().map(|place| place.pointer.as_bytes()).collect();
    let query = sqlx::query(sql::DELETE_CONTENTS).bind(tenant.as_str()).bind(seqs).bind(pointers);
    let contents = query.execute(&mut *tx).await.map_err(&failed)?.rows_affected();
    tx.commit().await.map_err(failed)?;
    let leftover = if contents == 0 { Leftover::Nothing } else { Leftover::FreedSpace };
    Ok(Erased { contents, leftover })
}
