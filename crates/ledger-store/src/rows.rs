//! Many rows in one statement.
//!
//! One statement a row reaches a tenth of what the disk and SQLite can do, because each statement
//! crosses to the connection's thread and back. Rows are therefore inserted in chunks of fixed sizes
//! (128, 64, … 1), whose texts never vary, so that each is prepared once per connection.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};
use store_traits::TenantId;

/// A statement that is being given its values.
pub type SqliteQuery = Query<'static, Sqlite, SqliteArguments>;

/// Chunk sizes, each the half of the one before. 128 rows of 20 columns stay well below SQLite's
/// 32,766 values a statement, and a batch of 1,000 rows has enough chunks for two threads.
const CHUNKS: [usize; 8] = [128, 64, 32, 16, 8, 4, 2, 1];

/// A multi-row `INSERT` into one table whose first column is the tenant.
#[derive(Debug)]
pub struct RowsInsert {
    head: &'static str,
    columns: usize,
    texts: OnceLock<Vec<Arc<str>>>,
}

impl RowsInsert {
    /// `head` is the statement up to and including `VALUES `; `columns` counts the tenant too.
    #[must_use]
    pub const fn new(head: &'static str, columns: usize) -> Self {
        Self { head, columns, texts: OnceLock::new() }
    }

    /// Inserts all rows. `bind` gives a row's values after the tenant, in column order.
    ///
    /// # Errors
    /// What the database said; the caller's transaction must then be given up.
    pub async fn insert<T: Sync>(
        &self,
        conn: &mut SqliteConnection,
        tenant: &TenantId,
        rows: &[T],
        bind: fn(SqliteQuery, &T) -> SqliteQuery,
    ) -> Result<(), sqlx::Error> {
        let mut rest = rows;
        let mut chunks = CHUNKS.into_iter().zip(self.texts()).flat_map(|(size, text)| {
            let mut cut = Vec::new();
            while rest.len() >= size {
                let (chunk, tail) = rest.split_at(size);
                rest = tail;
                cut.push((chunk, text));
            }
            cut
        });
        let build = |(chunk, text): (&[T], &Arc<str>)| {
            let query = sqlx::query(AssertSqlSafe(Arc::clone(text)));
            chunk.iter().fold(query, |query, row| bind(query.bind(tenant.as_str()), row))
        };
        let mut next = chunks.next().map(build);
        while let Some(query) = next {
            let mut running = pin!(query.execute(&mut *conn));
            // The first poll hands the statement to the connection's thread; while that one works,
            // this one builds the next statement.
            let begun = poll_fn(|context| Poll::Ready(running.as_mut().poll(context))).await;
            next = chunks.next().map(build);
            match begun {
                Poll::Ready(done) => done?,
                Poll::Pending => running.await?,
            };
        }
        Ok(())
    }

    fn texts(&self) -> &[Arc<str>] {
        self.texts.get_or_init(|| {
            let row = format!("({})", vec!["?"; self.columns].join(","));
            CHUNKS
                .iter()
                .map(|&n| (self.head.to_owned() + &vec![row.as_str(); n].join(",")).into())
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_is_cut_into_few_statements() {
        let insert = RowsInsert::new("INSERT INTO t (a, b) VALUES ", 2);
        assert_eq!(
            insert.texts().last().map(|text| &**text),
            Some("INSERT INTO t (a, b) VALUES (?,?)")
        );
        assert_eq!(insert.texts()[6].as_ref(), "INSERT INTO t (a, b) VALUES (?,?),(?,?)");
    }
}
