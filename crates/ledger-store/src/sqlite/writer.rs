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
    /// Whoever had it last gave it back.
    Open(SqliteConnection),
    /// Somebody has it, or went away or failed with it in the middle of something.
    Used(SqliteConnection),
    /// The next caller opens one.
    Empty,
    /// The ledger is closed.
    Closed,
}

/// The connection, as long as this caller has it. One that is not given back, because its caller failed or
/// was dropped in the middle of a transaction, is closed, which rolls it back, and the next caller opens
/// another: SQLite may have ended the transaction by itself (on a full disk), and a connection that does not
/// know it never begins one again.
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
        let done = query.execute(turn.connection().await?).await?;
        turn.give_back();
        Ok(done)
    }

    /// Closes the connection; nothing is written afterwards.
    pub(crate) async fn close(&self) {
        let mut place = self.place.lock().await;
        if let Place::Open(conn) | Place::Used(conn) = std::mem::replace(&mut *place, Place::Closed)
        {
            drop(conn.close().await);
        }
    }
}

impl Turn<'_> {
    /// The connection; another one where it was not given back.
    pub(crate) async fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        match std::mem::replace(&mut *self.place, Place::Empty) {
            Place::Open(conn) => *self.place = Place::Used(conn),
            Place::Used(conn) => {
                drop(conn.close().await);
                *self.place = Place::Used(SqliteConnection::connect_with(self.options).await?);
            }
            Place::Empty => {
                *self.place = Place::Used(SqliteConnection::connect_with(self.options).await?);
            }
            Place::Closed => *self.place = Place::Closed,
        }
        match &mut *self.place {
            Place::Used(conn) => Ok(conn),
            Place::Open(_) | Place::Empty | Place::Closed => Err(sqlx::Error::PoolClosed),
        }
    }

    /// Gives the connection back, in no transaction.
    pub(crate) fn give_back(mut self) {
        if let Place::Used(conn) = std::mem::replace(&mut *self.place, Place::Empty) {
            *self.place = Place::Open(conn);
        }
    }
}
