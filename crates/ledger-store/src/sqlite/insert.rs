//! Many rows in one statement.
//!
//! One statement a row reaches a tenth of what the disk and SQLite can do, because each statement
//! crosses to the connection's thread and back.

use std::sync::Arc;
use std::vec::IntoIter;

use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use store_traits::TenantId;

use crate::batch::{Part, Parts};
use crate::row::to_i64;
use crate::statement::LENGTHS;
use crate::{Cell, Insert, Repeated, Row};

type SqliteQuery = Query<'static, Sqlite, SqliteArguments>;

/// The statements that insert everything of a batch.
pub(crate) struct Statements<'a> {
    tenant: &'a TenantId,
    parts: Parts<'a>,
    part: Option<Begun<'a>>,
}

/// A part whose rows are given away as they are bound: most are made for the database alone.
struct Begun<'a> {
    insert: &'static Insert,
    rows: IntoIter<Row<'a>>,
}

impl<'a> Begun<'a> {
    fn of(part: Part<'a>) -> Self {
        Self { insert: part.insert, rows: part.rows.into_iter() }
    }
}

impl<'a> Statements<'a> {
    pub(crate) fn new(tenant: &'a TenantId, mut parts: Parts<'a>) -> Self {
        let part = parts.next().map(Begun::of);
        Self { tenant, parts, part }
    }
}

impl Iterator for Statements<'_> {
    type Item = Result<SqliteQuery, sqlx::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let part = self.part.as_mut()?;
            let [most, ..] = LENGTHS;
            let rows: Vec<_> = part.rows.by_ref().take(most).collect();
            if !rows.is_empty() {
                return Some(Ok(statement(self.tenant, &part.insert.sqlite, rows)));
            }
            self.part = self.parts.next().map(Begun::of);
        }
    }
}

/// The shortest text that holds the rows. What is left unbound is null: rows that it passes over.
fn statement(tenant: &TenantId, texts: &Repeated, rows: Vec<Row<'_>>) -> SqliteQuery {
    let [longest, ..] = texts;
    let texts = LENGTHS.into_iter().zip(texts).rev();
    let text = texts.into_iter().find(|(length, _)| rows.len() <= *length);
    let query = sqlx::query(text.map_or(*longest, |(_, text)| *text));
    let (tenant, mut texts) = (Arc::<str>::from(tenant.as_str()), Texts::default());
    rows.into_iter().fold(query, |query, row| {
        bind(query.bind(Arc::clone(&tenant)).bind(to_i64(row.seq)), row.cells, &mut texts)
    })
}

fn bind(query: SqliteQuery, cells: Vec<Cell<'_>>, texts: &mut Texts) -> SqliteQuery {
    cells.into_iter().enumerate().fold(query, |query, (column, cell)| match cell {
        Cell::Text(text) => query.bind(text.map(|text| texts.shared(column, &text))),
        Cell::Int(number) => query.bind(number),
        Cell::Bytes(bytes) => query.bind(bytes.into_owned()),
    })
}

/// The last text of each column: rows mostly repeat some, and share them then.
#[derive(Default)]
struct Texts(Vec<Arc<str>>);

impl Texts {
    fn shared(&mut self, column: usize, text: &str) -> Arc<str> {
        if self.0.len() <= column {
            self.0.resize_with(column + 1, Arc::default);
        }
        match self.0.get_mut(column) {
            Some(last) if **last == *text => Arc::clone(last),
            Some(last) => {
                *last = Arc::from(text);
                Arc::clone(last)
            }
            None => Arc::from(text),
        }
    }
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
            let text = Execute::<Sqlite>::sql(statement(&batch.tenant, &TEXTS, rows(count)));
            text.as_str().matches("(?)").count()
        };
        assert_eq!([1, 2, 4, 5, 64, 65, 128].map(held), [1, 4, 4, 16, 64, 128, 128]);
    }
}
