//! Rows of tables that came later than the facts: made once, from the entries.
//!
//! A migration that adds a table to a ledger with facts notes each tenant's size in `index_backlog`.
//! Whoever opens the ledger for writing reads those entries, has their rows written, and notes that it
//! is done. Each part is idempotent: a crash in between repeats it and changes nothing.

use sqlx::{Connection, Postgres, Sqlite};
use store_traits::{StoreError, TenantId, Value};

use crate::batch::Parts;
use crate::ledger::Writer;
use crate::row::{from_i64, to_i64};
use crate::{FactAt, Ledger, Statement, Table, database, overlap, postgres, sql, sqlite};

const DOING: &str = "indexing older facts";

/// What is not done yet.
pub(crate) static SELECT_BACKLOG: Statement = Statement::both(
    "reading what is to be indexed",
    "SELECT b.tenant, b.topic, b.size FROM index_backlog b LEFT JOIN index_backlog d ON d.tenant = b.tenant AND d.topic = b.topic AND d.done = 1 WHERE b.done = 0 AND d.tenant IS NULL ORDER BY b.tenant, b.topic",
);
const INSERT_DONE: &str = "INSERT INTO index_backlog (tenant, topic, done, size) VALUES ($1, $2, 1, $3) ON CONFLICT (tenant, topic, done) DO NOTHING";

/// Entries of a tenant that a later table has no rows of yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// Whose.
    pub tenant: TenantId,
    /// The tables' topic ([`Table::topic`]).
    pub topic: String,
    /// The entries `[0, size)`.
    pub size: u64,
}

impl Ledger {
    /// Rows that are of no tenant, because nobody can be called so.
    pub(crate) async fn of_nobody(&self) -> Result<Vec<String>, StoreError> {
        let commits: Vec<(String,)> = self.reader.rows_of_all(&sql::SELECT_TENANTS).await?;
        let backlog: Vec<(String, String, i64)> = self.reader.rows_of_all(&SELECT_BACKLOG).await?;
        let commits = commits.into_iter().map(|(tenant,)| ("commits", tenant));
        let backlog = backlog.into_iter().map(|(tenant, ..)| ("index_backlog", tenant));
        let of_nobody = commits.chain(backlog).filter(|(_, name)| TenantId::parse(name).is_err());
        let say = |(table, name): (&str, String)| {
            let name: String = name.chars().take(64).collect();
            format!("`{table}` has a row of `{name}`, which is no tenant's name: somebody wrote it")
        };
        Ok(of_nobody.map(say).collect())
    }

    /// What is to be indexed once, of tables that are registered here.
    ///
    /// # Errors
    /// The database failed.
    pub async fn backlog(&self) -> Result<Vec<Backlog>, StoreError> {
        let rows: Vec<(String, String, i64)> = self.reader.rows_of_all(&SELECT_BACKLOG).await?;
        let mut backlog = Vec::new();
        for (tenant, topic, size) in rows {
            // A row that somebody wrote for no tenant must not stop those that there are: `damage` tells of
            // it.
            let Ok(tenant) = TenantId::parse(&tenant) else { continue };
            let size = from_i64(size, "index_backlog.size")?;
            if self.tables_of(&topic).next().is_some() {
                backlog.push(Backlog { tenant, topic, size });
            }
        }
        Ok(backlog)
    }

    /// Writes the rows that a topic's tables have of these facts, which are in order. Rows that are
    /// there already stay.
    ///
    /// # Errors
    /// The database failed; nothing of these facts was written then.
    pub async fn index(
        &self,
        tenant: &TenantId,
        topic: &str,
        facts: &[(u64, Value)],
    ) -> Result<(), StoreError> {
        let facts = facts.iter().map(|(seq, fact)| FactAt::new(*seq, fact)).collect();
        let parts = Parts::of_tables(facts, self.tables_of(topic));
        let failed = database(DOING);
        match self.writer()? {
            Writer::Sqlite(writer) => {
                let mut turn = writer.turn().await;
                let conn = turn.connection().await.map_err(&failed)?;
                let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(&failed)?;
                let statements = sqlite::Statements::new(tenant, parts);
                overlap::run::<Sqlite, _>(&mut tx, statements, || {}).await.map_err(&failed)?;
                tx.commit().await.map_err(failed)?;
                turn.give_back();
                Ok(())
            }
            Writer::Postgres(connections) => {
                let mut tx = connections.write(tenant).await.map_err(&failed)?;
                let statements = postgres::Statements::new(tenant, parts);
                overlap::run::<Postgres, _>(&mut tx, statements, || {}).await.map_err(&failed)?;
                tx.commit().await.map_err(failed)
            }
        }
    }

    /// Notes that a backlog is worked off.
    ///
    /// # Errors
    /// The database failed.
    pub async fn indexed(&self, done: &Backlog) -> Result<(), StoreError> {
        let Backlog { tenant, topic, size } = done;
        let noted = match self.writer()? {
            Writer::Sqlite(writer) => {
                let query = sqlx::query(INSERT_DONE)
                    .bind(tenant.as_str())
                    .bind(topic.as_str())
                    .bind(to_i64(*size));
                writer.execute(query).await.map(drop)
            }
            Writer::Postgres(connections) => {
                let query = sqlx::query(INSERT_DONE)
                    .bind(tenant.as_str())
                    .bind(topic.as_str())
                    .bind(to_i64(*size));
                connections.execute(tenant, query).await
            }
        };
        noted.map_err(database(DOING))
    }

    fn tables_of<'t>(&'t self, topic: &'t str) -> impl Iterator<Item = &'static Table> + 't {
        let tables = self.projections.iter().flat_map(|projection| projection.tables);
        tables.filter(move |table| table.topic == Some(topic))
    }
}
