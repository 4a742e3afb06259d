//! Statements side by side: made while the database works on the one before, or asked all at once.

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
        let made = || statements.next().transpose();
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

/// Waits for all of these, which go on side by side; gives what came out in their order.
pub(crate) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        let mut ready = true;
        for (future, done) in &mut waiting {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(output) => *done = Some(output),
                    Poll::Pending => ready = false,
                }
            }
        }
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}
