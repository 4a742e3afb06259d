//! Statements that are made while the database works on the one before.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use sqlx::query::Query;
use sqlx::{Database, Executor, IntoArguments};

/// Runs every statement, and ends at the first that fails or cannot be made. Behind each that was handed
/// over, `handed` is called.
pub(crate) async fn run<DB, S>(
    conn: &mut DB::Connection,
    mut statements: S,
    handed: fn(),
) -> Result<(), sqlx::Error>
where
    DB: Database,
    DB::Arguments: IntoArguments<DB>,
    S: Iterator<Item = Result<Query<'static, DB, DB::Arguments>, sqlx::Error>>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    let mut next = statements.next().transpose()?;
    while let Some(query) = next {
        let made = || {
            handed();
            statements.next().transpose()
        };
        let (done, made) = during(query.execute(&mut *conn), made).await;
        done?;
        next = made?;
    }
    Ok(())
}

/// Makes something while the future goes on: its first poll hands it over to the connection's thread, or
/// to the wire.
pub(crate) async fn during<F: Future, T>(future: F, make: impl FnOnce() -> T) -> (F::Output, T) {
    let mut running = pin!(future);
    let begun = poll_fn(|context| Poll::Ready(running.as_mut().poll(context))).await;
    let made = make();
    match begun {
        Poll::Ready(output) => (output, made),
        Poll::Pending => (running.await, made),
    }
}
