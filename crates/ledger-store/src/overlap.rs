//! Runs statements one after the other, and makes each while the database works on the one before.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use sqlx::query::Query;
use sqlx::{Database, Executor, IntoArguments};

/// Runs every statement, and ends at the first that fails or cannot be made.
pub(crate) async fn run<DB, S>(
    conn: &mut DB::Connection,
    mut statements: S,
) -> Result<(), sqlx::Error>
where
    DB: Database,
    DB::Arguments: IntoArguments<DB>,
    S: Iterator<Item = Result<Query<'static, DB, DB::Arguments>, sqlx::Error>>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    let mut next = statements.next().transpose()?;
    while let Some(query) = next {
        let mut running = pin!(query.execute(&mut *conn));
        // The first poll hands the statement over: to the connection's thread, or to the wire.
        let begun = poll_fn(|context| Poll::Ready(running.as_mut().poll(context))).await;
        let made = statements.next().transpose();
        match begun {
            Poll::Ready(done) => done?,
            Poll::Pending => running.await?,
        };
        next = made?;
    }
    Ok(())
}
