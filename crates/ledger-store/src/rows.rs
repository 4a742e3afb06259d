//! Many rows in one statement.
//!
//! One statement a row reaches a tenth of what the disk and SQLite can do, because each statement
//! crosses to the connection's thread and back. Rows are therefore inserted in chunks of fixed sizes
//! (256, 128, … 1), whose texts never vary, so that each is prepared once per connection.

use std::sync::{Arc, OnceLock};

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};
use store_traits::TenantId;

/// A statement that is being given its values.
pub type SqliteQuery = Query<'static, Sqlite, SqliteArguments>;

/// Chunk sizes, each the half of the one before. 256 rows of 20 columns stay well below SQLite's
/// 32,766 values a statement.
const CHUNKS: [usize; 9] = [256, 128, 64, 32, 16, 8, 4, 2, 1];

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
        for (size, text) in CHUNKS.into_iter().zip(self.texts()) {
            while rest.len() >= size {
                let (chunk, tail) = rest.split_at(size);
                rest = tail;
                let mut query = sqlx::query(AssertSqlSafe(Arc::clone(text)));
                for row in chunk {
                    query = bind(query.bind(tenant.as_str()), row);
                }
                query.execute(&mut *conn).await?;
            }
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
        assert_eq!(insert.texts()[7].as_ref(), "INSERT INTO t (a, b) VALUES (?,?),(?,?)");
    }
}
