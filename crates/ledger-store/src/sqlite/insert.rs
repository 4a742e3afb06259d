//! Many rows in one statement.
//!
//! One statement a row reaches a tenth of what the disk and SQLite can do, because each statement
//! crosses to the connection's thread and back.

use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use store_traits::TenantId;

use crate::batch::{Part, Parts};
use crate::row::to_i64;
use crate::statement::LENGTHS;
use crate::{Cell, Repeated, Row};

type SqliteQuery = Query<'static, Sqlite, SqliteArguments>;

/// The statements that insert everything of a batch.
pub(crate) struct Statements<'a> {
    tenant: &'a TenantId,
    parts: Parts<'a>,
    part: Option<Part<'a>>,
    done: usize,
}

impl<'a> Statements<'a> {
    pub(crate) fn new(tenant: &'a TenantId, mut parts: Parts<'a>) -> Self {
        let part = parts.next();
        Self { tenant, parts, part, done: 0 }
    }
}

impl Iterator for Statements<'_> {
    type Item = Result<SqliteQuery, sqlx::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let part = self.part.as_ref()?;
            let rest = part.rows.get(self.done..).unwrap_or_default();
            if !rest.is_empty() {
                let [most, ..] = LENGTHS;
                let (rows, _) = rest.split_at(rest.len().min(most));
                self.done += rows.len();
                return Some(Ok(statement(self.tenant, &part.insert.sqlite, rows)));
            }
            (self.part, self.done) = (self.parts.next(), 0);
        }
    }
}

/// The shortest text that holds the rows. What is left unbound is null: rows that it passes over.
fn statement(tenant: &TenantId, texts: &Repeated, rows: &[Row<'_>]) -> SqliteQuery {
    let [longest, ..] = texts;
    let texts = LENGTHS.into_iter().zip(texts).rev();
    let text = texts.into_iter().find(|(length, _)| rows.len() <= *length);
    let query = sqlx::query(text.map_or(*longest, |(_, text)| *text));
    rows.iter().fold(query, |query, row| bind(query.bind(tenant.as_str().to_owned()), row))
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
    use sqlx::Execute;

    use super::*;
    use crate::support::batch;

    const TEXTS: Repeated = crate::repeated!("INSERT INTO t (a)", "(?)", "");

    #[test]
    fn any_number_of_rows_is_cut_into_few_statements() {
        let batch = batch(0, 301);
        let statements = Statements::new(&batch.tenant, Parts::of(&batch, &[], None));
        // Five blocks, one content, one subtree.
        assert_eq!(statements.count(), 3);
        let rows = |count| vec![Row { seq: 0, cells: Vec::new() }; count];
        let held = |count| {
            let text = Execute::<Sqlite>::sql(statement(&batch.tenant, &TEXTS, &rows(count)));
            text.as_str().matches("(?)").count()
        };
        assert_eq!([1, 2, 4, 5, 64, 65, 128].map(held), [1, 4, 4, 16, 64, 128, 128]);
    }
}
