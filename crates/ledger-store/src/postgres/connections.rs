//! Transactions: each is bound to one tenant before it does anything.

use sqlx::postgres::{PgArguments, PgPool};
use sqlx::query::Query;
use sqlx::{Postgres, Transaction};
use store_traits::TenantId;

use super::sql::{BEGIN_READ, BEGIN_WRITE, SET_TENANT};
use crate::error::sqlstate;

/// The connections of one process to a server; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    pool: PgPool,
}

/// Whose rows a transaction sees.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// Those of one tenant.
    Tenant(&'a TenantId),
    /// Those of none; of `commits` alone those of all, so that the tenants can be listed.
    Listing,
}

impl Scope<'_> {
    /// The name that the policies compare with; `*` is the name of no tenant.
    fn name(&self) -> &str {
        match self {
            Self::Tenant(tenant) => tenant.as_str(),
            Self::Listing => "*",
        }
    }
}

impl Connections {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    pub(crate) async fn read(
        &self,
        scope: Scope<'_>,
    ) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        self.begin(BEGIN_READ, scope).await
    }

    pub(crate) async fn write(
        &self,
        tenant: &TenantId,
    ) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        self.begin(BEGIN_WRITE, Scope::Tenant(tenant)).await
    }

    /// Runs one writing statement in a transaction of its own.
    pub(crate) async fn execute(
        &self,
        tenant: &TenantId,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.write(tenant).await?;
        query.execute(&mut *tx).await?;
        tx.commit().await
    }

    /// The same for what belongs to no tenant.
    pub(crate) async fn execute_for_all(
        &self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.begin(BEGIN_WRITE, Scope::Listing).await?;
        query.execute(&mut *tx).await?;
        tx.commit().await
    }

    async fn begin(
        &self,
        statement: &'static str,
        scope: Scope<'_>,
    ) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let mut lost = 0;
        loop {
            match self.begin_on_one(statement, scope).await {
                // The server was restarted while the connection lay idle. Nothing has been asked of
                // it, so the next one may be asked instead; each of those that lie idle may be dead.
                Err(error)
                    if is_gone(&error) && lost <= self.pool.options().get_max_connections() =>
                {
                    lost += 1;
                }
                begun => return begun,
            }
        }
    }

    /// The tenant's name is set for the transaction alone, so that a connection never carries it to
    /// the next caller.
    async fn begin_on_one(
        &self,
        statement: &'static str,
        scope: Scope<'_>,
    ) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let mut tx = self.pool.begin_with(statement).await?;
        sqlx::query(SET_TENANT).bind(scope.name()).execute(&mut *tx).await?;
        Ok(tx)
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

/// Did the connection end, or say that it is ending?
pub(crate) fn is_gone(error: &sqlx::Error) -> bool {
    match sqlstate(error) {
        // connection_exception, admin_shutdown, crash_shutdown, cannot_connect_now
        Some(state) => state.starts_with("08") || matches!(state, "57P01" | "57P02" | "57P03"),
        None => matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_)),
    }
}
