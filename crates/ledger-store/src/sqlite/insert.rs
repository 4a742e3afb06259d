//! Many rows in one statement.
//!
//! One statement a row reaches a tenth of what the disk and SQLite can do, because each statement
//! crosses to the connection's thread and back. Rows are therefore inserted in chunks of fixed sizes
//! (128, 64, … 1), whose texts never vary, so that each is prepared once per connection.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection};
use store_traits::TenantId;

use crate::row::to_i64;
use crate::statement::LENGTHS;
use crate::{Cell, Insert, Row};

type SqliteQuery = Query<'static, Sqlite, SqliteArguments>;

/// Inserts all rows; when it fails, the caller's transaction must be given up.
pub(crate) async fn insert(
    conn: &mut SqliteConnection,
    table: &Insert,
    tenant: &TenantId,
    rows: &[Row<'_>],
) -> Result<(), sqlx::Error> {
    let chunks = chunks(table, rows);
    let mut left = chunks.iter();
    let mut next = left.next().map(|chunk| build(tenant, chunk));
    while let Some(query) = next {
        let mut running = pin!(query.execute(&mut *conn));
        // The first poll hands the statement to the connection's thread; while that one works, this
        // one builds the next statement.
        let begun = poll_fn(|context| Poll::Ready(running.as_mut().poll(context))).await;
        next = left.next().map(|chunk| build(tenant, chunk));
        match begun {
            Poll::Ready(done) => done?,
            Poll::Pending => running.await?,
        };
    }
    Ok(())
}

struct Chunk<'r> {
    text: &'static str,
    rows: &'r [Row<'r>],
}

fn chunks<'r>(table: &Insert, rows: &'r [Row<'r>]) -> Vec<Chunk<'r>> {
    let mut rest = rows;
    let mut chunks = Vec::new();
    for (size, text) in LENGTHS.into_iter().zip(table.sqlite) {
        while rest.len() >= size {
            let (rows, tail) = rest.split_at(size);
            rest = tail;
            chunks.push(Chunk { text, rows });
        }
    }
    chunks
}

fn build(tenant: &TenantId, chunk: &Chunk<'_>) -> SqliteQuery {
    let query = sqlx::query(chunk.text);
    chunk.rows.iter().fold(query, |query, row| bind(query.bind(tenant.as_str().to_owned()), row))
}

fn bind(query: SqliteQuery, row: &Row<'_>) -> SqliteQuery {
    row.cells.iter().fold(query.bind(to_i64(row.seq)), |query, cell| match cell {
        Cell::Text(text) => query.bind(text.as_deref().map(str::to_owned)),
        Cell::Int(number) => query.bind(*number),
        Cell::Bytes(bytes) => query.bind(bytes.to_vec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Type;

    #[test]
    fn any_number_of_rows_is_cut_into_few_statements() {
        let table = Insert {
            sqlite: crate::repeated!("INSERT INTO t (tenant, seq, a) VALUES ", "(?,?,?)", ""),
            postgres: "",
            columns: &[Type::Text],
        };
        let rows: Vec<_> = (0..301).map(|seq| Row { seq, cells: Vec::new() }).collect();
        let cut = chunks(&table, &rows);
        let sizes: Vec<_> = cut.iter().map(|chunk| chunk.rows.len()).collect();
        assert_eq!(sizes, [128, 128, 32, 8, 4, 1]);
        let fits = |chunk: &Chunk<'_>| chunk.text.matches('(').count() == chunk.rows.len() + 1;
        assert!(cut.iter().all(fits), "a text for each number of rows");
    }
}
