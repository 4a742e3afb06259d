//! Making and opening the tables of a ledger in a PostgreSQL database.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{Connection, Executor, FromRow};
use store_traits::StoreError;

use super::connections::Connections;
use super::{sql, without_password};
use crate::{OpenMode, database, sql as shared};

/// Transactions of one process that go on at the same time.
const CONNECTIONS: u32 = 16;
/// How long a caller waits for a connection, also while the server is being restarted.
const WAIT: Duration = Duration::from_secs(15);

/// What lies in the schema.
#[derive(FromRow)]
struct State {
    ours: bool,
    anything: bool,
    encoding: String,
}

/// An address, and how it is shown.
struct Server {
    options: PgConnectOptions,
    shown: String,
}

/// Makes the tables in an empty database, and fixes the origin.
pub(crate) async fn create(url: &str, origin: &str) -> Result<(), StoreError> {
    let server = Server::parse(url)?;
    let mut conn = server.connect().await?;
    let state = server.state(&mut conn).await?;
    if !state.ours && state.anything {
        return Err(StoreError::Foreign { url: server.shown });
    }
    if state.encoding != "UTF8" {
        return Err(server.refuse(format!(
            "its encoding is {}, and a ledger needs UTF8 (CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0)",
            state.encoding
        )));
    }
    server.migrate(&mut conn).await?;
    // The origin is what makes it a ledger: of two that initialise at once, one has made it.
    let made = sqlx::query(shared::INSERT_ORIGIN)
        .bind(origin)
        .execute(&mut conn)
        .await
        .map_err(database("keeping the origin"))?
        .rows_affected();
    if made == 0 {
        return Err(StoreError::Exists { url: server.shown });
    }
    conn.close().await.map_err(database("making the tables"))
}

/// Opens a ledger that is there.
pub(crate) async fn open(url: &str, mode: OpenMode) -> Result<Connections, StoreError> {
    let server = Server::parse(url)?;
    let mut conn = server.connect().await?;
    let state = server.state(&mut conn).await?;
    match state {
        State { ours: true, .. } => {}
        State { anything: true, .. } => return Err(StoreError::Foreign { url: server.shown }),
        State { .. } => {
            return Err(server.refuse("there is no ledger in it (run `factlog init` to make one)"));
        }
    }
    server.bring_up_to_date(&mut conn, mode).await?;
    drop(conn.close().await);
    server.pool().await
}

impl Server {
    fn parse(url: &str) -> Result<Self, StoreError> {
        let shown = without_password(url);
        match PgConnectOptions::from_str(url) {
            Ok(options) => Ok(Self { options: options.application_name("factlog"), shown }),
            Err(error) => Err(StoreError::Address { url: shown, why: error.to_string() }),
        }
    }

    fn refuse(&self, why: impl Into<String>) -> StoreError {
        StoreError::Open { url: self.shown.clone(), why: why.into() }
    }

    /// One connection with the rights of whoever logs in: only those may make tables.
    async fn connect(&self) -> Result<PgConnection, StoreError> {
        PgConnection::connect_with(&self.options)
            .await
            .map_err(|error| self.refuse(format!("{error} ({})", hint(&error))))
    }

    async fn state(&self, conn: &mut PgConnection) -> Result<State, StoreError> {
        sqlx::query_as(sql::SELECT_STATE)
            .fetch_one(conn)
            .await
            .map_err(database("looking at the database"))
    }

    async fn migrate(&self, conn: &mut PgConnection) -> Result<(), StoreError> {
        sql::MIGRATOR.run(conn).await.map_err(|error| {
            self.refuse(format!(
                "the tables cannot be brought up to date: {error} (this takes a login that owns them; it may need CREATEROLE)"
            ))
        })
    }

    async fn bring_up_to_date(
        &self,
        conn: &mut PgConnection,
        mode: OpenMode,
    ) -> Result<(), StoreError> {
        let known = sql::MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0);
        let version: i64 = sqlx::query_scalar(sql::SELECT_SCHEMA_VERSION)
            .fetch_one(&mut *conn)
            .await
            .map_err(|error| {
                self.refuse(format!("{error} (the login must be a member of the role factlog_app)"))
            })?;
        match (version.cmp(&known), mode) {
            (std::cmp::Ordering::Equal, _) => Ok(()),
            (std::cmp::Ordering::Less, OpenMode::ReadWrite) => self.migrate(conn).await,
            (std::cmp::Ordering::Less, OpenMode::ReadOnly) => Err(self.refuse(format!(
                "its schema has version {version}, this program needs {known} (any command that writes brings it up to date, for example `factlog ledger checkpoint`)"
            ))),
            (std::cmp::Ordering::Greater, _) => Err(self.refuse(format!(
                "its schema has version {version}, this program knows {known} (use a newer factlog)"
            ))),
        }
    }

    async fn pool(&self) -> Result<Connections, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(WAIT)
            // Asking each time whether a connection is alive is a journey; whoever begins a
            // transaction finds out anyway.
            .test_before_acquire(false)
            .after_connect(|conn, _| {
                Box::pin(async move { conn.execute(sql::PREPARE_SESSION).await.map(drop) })
            })
            .connect_lazy_with(self.options.clone());
        // The first connection shows whether the role may be taken.
        match pool.acquire().await {
            Ok(_) => Ok(Connections::new(pool)),
            Err(error) => Err(self.refuse(format!(
                "{error} (the login must be a member of the role factlog_app: GRANT factlog_app TO …)"
            ))),
        }
    }
}

/// What to look at first, after a connection was refused.
fn hint(error: &sqlx::Error) -> &'static str {
    let said = error.to_string();
    if said.contains("certificate") {
        // The TLS library's own words, which reach this crate as text alone.
        return "the server cannot show that it is this host: is `sslrootcert` the CA that signed its certificate, and is the host in it?";
    }
    match error {
        sqlx::Error::Tls(_) => "is TLS switched on at the server (`ssl = on`)?",
        sqlx::Error::Configuration(_) => "is the address right?",
        _ => "is the server running, does the database exist?",
    }
}
