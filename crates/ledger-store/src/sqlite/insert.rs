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
use crate::{Cell, Row};

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
            let texts = LENGTHS.into_iter().zip(part.insert.sqlite);
            if let Some((length, text)) = texts.into_iter().find(|(n, _)| *n <= rest.len()) {
                self.done += length;
                let rows = rest.iter().take(length);
                let query = rows.fold(sqlx::query(text), |query, row| {
                    bind(query.bind(self.tenant.as_str().to_owned()), row)
                });
                return Some(Ok(query));
            }
            (self.part, self.done) = (self.parts.next(), 0);
        }
    }
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
    use crate::support::batch;

    #[test]
    fn any_number_of_rows_is_cut_into_few_statements() {
        let batch = batch(0, 301);
        let statements = Statements::new(&batch.tenant, Parts::of(&batch, Vec::new(), &[], None));
        // 4 + 1 blocks, one content, one subtree.
        assert_eq!(statements.count(), 4);
    }
}
