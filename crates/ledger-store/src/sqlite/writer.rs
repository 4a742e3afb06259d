//! The connection that writes.

use sqlx::sqlite::{SqliteConnectOptions, SqliteQueryResult};
use sqlx::{Connection, Sqlite, SqliteConnection};
use tokio::sync::{Mutex, MutexGuard};

/// SQLite has one writer, so that there is one connection, and callers of one process queue for it fairly.
///
/// A pool of one would give it back in a task of its own, which waits until a processor has time for
/// it: the next commit would be ready, the database idle, and both would wait for that.
#[derive(Debug)]
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    place: Mutex<Place>,
}

#[derive(Debug)]
enum Place {
    Open(SqliteConnection),
    /// It was in a state that nobody knows: the next caller opens another one.
    Empty,
    /// The ledger is closed.
    Closed,
}

/// The connection, as long as this caller has it. Dropped in the middle of a transaction, that is rolled
/// back before the next caller's begins: its thread does one thing after the other.
pub(crate) struct Turn<'w> {
    options: &'w SqliteConnectOptions,
    place: MutexGuard<'w, Place>,
}

impl Writer {
    pub(crate) async fn connect(options: SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        let conn = SqliteConnection::connect_with(&options).await?;
        Ok(Self { options, place: Mutex::new(Place::Open(conn)) })
    }

    /// Waits until nobody else writes.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        Turn { options: &self.options, place: self.place.lock().await }
    }

    /// Runs one statement, in a transaction of its own.
    pub(crate) async fn execute(
        &self,
        query: sqlx::query::Query<'_, Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<SqliteQueryResult, sqlx::Error> {
        let mut turn = self.turn().await;
        query.execute(turn.connection().await?).await
    }

    /// Closes the connection; nothing is written afterwards.
    pub(crate) async fn close(&self) {
        let mut place = self.place.lock().await;
        if let Place::Open(conn) = std::mem::replace(&mut *place, Place::Closed) {
            drop(conn.close().await);
        }
    }
}

impl Turn<'_> {
    /// The connection, opened again where it was given up.
    pub(crate) async fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        if let Place::Empty = *self.place {
            *self.place = Place::Open(SqliteConnection::connect_with(self.options).await?);
        }
        match &mut *self.place {
            Place::Open(conn) => Ok(conn),
            Place::Empty | Place::Closed => Err(sqlx::Error::PoolClosed),
        }
    }

    /// Gives the connection up, whose state is unknown.
    pub(crate) async fn give_up(mut self) {
        if let Place::Open(conn) = std::mem::replace(&mut *self.place, Place::Empty) {
            drop(conn.close().await);
        }
    }
}
