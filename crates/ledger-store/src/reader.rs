//! The connections that read: what every store queries through.

use std::fmt;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqliteRow};
use sqlx::{FromRow, Postgres, Sqlite, Transaction};
use store_traits::{StoreError, TenantId, in_parallel};

use crate::block::BytesRow;
use crate::postgres::{Connections, Scope};
use crate::row::to_i64;
use crate::{Cell, Statement, database, sql};

/// Fewer entries are read before another thread has begun.
const WORTH_A_THREAD: usize = 64;
/// Entries that are read at a time: their blocks have some 30 KB each, and one of an entry 64 KB at most.
const ENTRIES_AT_ONCE: usize = 1_000;

/// Reads of one database, whichever it is. Cheap to clone.
#[derive(Clone)]
pub struct Reader(pub(crate) Pool);

#[derive(Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(Connections),
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Pool::Sqlite(_) => "Reader(SQLite)",
            Pool::Postgres(_) => "Reader(PostgreSQL)",
        })
    }
}

/// A row type that can be read from either database; `#[derive(FromRow)]` makes one.
pub trait Snapshot:
    Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>
{
}

impl<T> Snapshot for T where
    T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>
{
}

impl Reader {
    /// Rows of one tenant: the statement's `$1` is the tenant, `values` are `$2` and what follows.
    ///
    /// # Errors
    /// The database failed, or a row has another shape.
    pub async fn rows<T: Snapshot>(
        &self,
        statement: &'static Statement,
        tenant: &TenantId,
        values: &[Cell<'_>],
    ) -> Result<Vec<T>, StoreError> {
        self.fetch(statement, Scope::Tenant(tenant), &of_tenant(tenant, values)).await
    }

    /// The first row of one tenant.
    ///
    /// # Errors
    /// The database failed, or the row has another shape.
    pub async fn first<T: Snapshot>(
        &self,
        statement: &'static Statement,
        tenant: &TenantId,
        values: &[Cell<'_>],
    ) -> Result<Option<T>, StoreError> {
        Ok(self.rows(statement, tenant, values).await?.into_iter().next())
    }

    /// What `read` makes of the bytes and the leaf hash of each of these entries, in their order; of many on
    /// all processors. `None` of an entry that is gone, or whose block is damaged.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_entries<T: Send>(
        &self,
        tenant: &TenantId,
        mut seqs: Vec<u64>,
        read: impl Fn(u64, &[u8], &[u8]) -> T + Send + Sync,
    ) -> Result<Vec<(u64, Option<T>)>, StoreError> {
        seqs.sort_unstable();
        seqs.dedup();
        let mut made = Vec::with_capacity(seqs.len());
        for seqs in seqs.chunks(ENTRIES_AT_ONCE) {
            let values = [ranges(seqs).into()];
            let blocks: Vec<BytesRow> = self.rows(&sql::SELECT_BYTES, tenant, &values).await?;
            let worth = if seqs.len() < WORTH_A_THREAD { blocks.len() } else { 1 };
            let mut found = Vec::with_capacity(seqs.len());
            for of_block in in_parallel(blocks, worth, |block| block.read(seqs, &read)) {
                found.extend(of_block?);
            }
            // They are in order, unless somebody put a block among others.
            found.sort_by_key(|(seq, _)| *seq);
            let mut found = found.into_iter().peekable();
            for seq in seqs {
                while found.next_if(|(at, _)| at < seq).is_some() {}
                made.push((*seq, found.next_if(|(at, _)| at == seq).map(|(_, one)| one)));
            }
        }
        Ok(made)
    }

    /// Rows that belong to no tenant, or the names of all.
    pub(crate) async fn rows_of_all<T: Snapshot>(
        &self,
        statement: &'static Statement,
    ) -> Result<Vec<T>, StoreError> {
        self.fetch(statement, Scope::Listing, &[]).await
    }

    async fn fetch<T: Snapshot>(
        &self,
        statement: &'static Statement,
        scope: Scope<'_>,
        values: &[Cell<'_>],
    ) -> Result<Vec<T>, StoreError> {
        let mut reading = self.begin(statement.doing, scope).await?;
        let rows = reading.fetch(statement, values).await?;
        reading.end(statement.doing).await?;
        Ok(rows)
    }

    /// Begins several reads of one tenant over one connection.
    pub(crate) async fn reading(
        &self,
        doing: &'static str,
        tenant: &TenantId,
    ) -> Result<Reading, StoreError> {
        self.begin(doing, Scope::Tenant(tenant)).await
    }

    async fn begin(&self, doing: &'static str, scope: Scope<'_>) -> Result<Reading, StoreError> {
        let failed = database(doing);
        Ok(match &self.0 {
            Pool::Sqlite(pool) => Reading::Sqlite(pool.acquire().await.map_err(failed)?),
            Pool::Postgres(connections) => {
                Reading::Postgres(connections.read(scope).await.map_err(failed)?)
            }
        })
    }
}

/// A connection that reads; on PostgreSQL in a transaction that is bound to whose rows it sees.
pub(crate) enum Reading {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Reading {
    /// Rows of the tenant, as [`Reader::rows`].
    pub(crate) async fn rows<T: Snapshot>(
        &mut self,
        statement: &'static Statement,
        tenant: &TenantId,
        values: &[Cell<'_>],
    ) -> Result<Vec<T>, StoreError> {
        self.fetch(statement, &of_tenant(tenant, values)).await
    }

    async fn fetch<T: Snapshot>(
        &mut self,
        statement: &'static Statement,
        values: &[Cell<'_>],
    ) -> Result<Vec<T>, StoreError> {
        let rows = match self {
            Self::Sqlite(conn) => {
                let query = sqlx::query_as(statement.sqlite);
                values.iter().fold(query, bind_sqlite).fetch_all(&mut **conn).await
            }
            Self::Postgres(tx) => {
                let query = sqlx::query_as(statement.postgres);
                values.iter().fold(query, bind_postgres).fetch_all(&mut **tx).await
            }
        };
        rows.map_err(database(statement.doing))
    }

    pub(crate) async fn end(self, doing: &'static str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(tx) => tx.commit().await.map_err(database(doing)),
        }
    }
}

/// Numbers as a JSON array of ranges, each with its first and its last.
fn ranges(seqs: &[u64]) -> String {
    let ranges = seqs.chunk_by(|one, next| one + 1 == *next);
    let ranges = ranges.filter_map(|range| Some((range.first()?, range.last()?)));
    let texts = ranges.map(|(first, last)| format!("[{},{}]", to_i64(*first), to_i64(*last)));
    format!("[{}]", texts.collect::<Vec<_>>().join(","))
}

/// The values of a statement whose first is the tenant.
fn of_tenant<'a>(tenant: &'a TenantId, values: &[Cell<'a>]) -> Vec<Cell<'a>> {
    std::iter::once(Cell::from(tenant.as_str())).chain(values.iter().cloned()).collect()
}

type QueryAs<DB, T, A> = sqlx::query::QueryAs<'static, DB, T, A>;

fn bind_sqlite<T>(
    query: QueryAs<Sqlite, T, SqliteArguments>,
    cell: &Cell<'_>,
) -> QueryAs<Sqlite, T, SqliteArguments> {
    match cell {
        Cell::Text(text) => query.bind(text.as_deref().map(str::to_owned)),
        Cell::Int(number) => query.bind(*number),
        Cell::Bytes(bytes) => query.bind(bytes.to_vec()),
    }
}

fn bind_postgres<T>(
    query: QueryAs<Postgres, T, PgArguments>,
    cell: &Cell<'_>,
) -> QueryAs<Postgres, T, PgArguments> {
    match cell {
        Cell::Text(text) => query.bind(text.as_deref().map(str::to_owned)),
        Cell::Int(number) => query.bind(*number),
        Cell::Bytes(bytes) => query.bind(bytes.to_vec()),
    }
}
