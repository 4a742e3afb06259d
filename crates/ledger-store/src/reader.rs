//! The connections that read: what every store queries through.

use std::fmt;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqliteRow};
use sqlx::{FromRow, Postgres, Sqlite};
use store_traits::{StoreError, TenantId};

use crate::postgres::{Connections, Scope};
use crate::{Cell, Statement, database};

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
        let values: Vec<_> =
            std::iter::once(Cell::from(tenant.as_str())).chain(values.iter().cloned()).collect();
        self.fetch(statement, Scope::Tenant(tenant), &values).await
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
        let failed = database(statement.doing);
        match &self.0 {
            Pool::Sqlite(pool) => {
                let query = sqlx::query_as(statement.sqlite);
                values.iter().fold(query, bind_sqlite).fetch_all(pool).await.map_err(failed)
            }
            Pool::Postgres(connections) => {
                let mut tx = connections.read(scope).await.map_err(&failed)?;
                let query = sqlx::query_as(statement.postgres);
                let rows = values.iter().fold(query, bind_postgres).fetch_all(&mut *tx).await;
                let rows = rows.map_err(&failed)?;
                tx.commit().await.map_err(failed)?;
                Ok(rows)
            }
        }
    }
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
