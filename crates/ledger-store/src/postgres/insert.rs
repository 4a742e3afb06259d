//! Many rows in one statement: an array a column, unnested by the server.
//!
//! One text for any number of rows, so that it is prepared once per connection; measured at 0.75 to
//! 0.95 of what COPY reaches, and unlike COPY it is a plain statement, which triggers, policies and
//! engines of PostgreSQL's family treat as such.

use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Arguments, Postgres};
use store_traits::{SealedBatch, TenantId};

use super::sql::INSERT_COMMIT;
use crate::batch::{Part, Parts, peaks};
use crate::row::to_i64;
use crate::{Cell, Insert, Row, Type, run_entries, sql};

/// A statement is cut when it has so many rows, so that the next is made while the server works on
/// it; or so many bytes of values, because the server holds the whole of it in memory.
const MOST_ROWS: usize = 500;
const MOST_BYTES: usize = 8 << 20;

pub(crate) type PgQuery = Query<'static, Postgres, PgArguments>;

/// The statements that insert everything of a batch.
pub(crate) struct Statements<'a> {
    tenant: &'a TenantId,
    parts: Parts<'a>,
    part: Option<Part<'a>>,
    done: usize,
}

/// The statement that writes the head of a batch with what the ledger itself keeps of it. Rows that do
/// not fit into it stay in front of the other parts.
pub(crate) fn commit(batch: &SealedBatch, parts: &mut Parts<'_>) -> Result<PgQuery, sqlx::Error> {
    // In the order of the statement.
    let tables = [
        &sql::INSERT_KEY_TAGS,
        &sql::INSERT_BLOCKS,
        &sql::INSERT_CONTENTS,
        &sql::INSERT_SUBTREES,
        run_entries::insert(),
    ];
    let mut own = parts.own();
    let mut arguments = PgArguments::default();
    let mut add_all = || {
        arguments.add(batch.tenant.as_str())?;
        arguments.add(to_i64(batch.head.size))?;
        arguments.add(to_i64(batch.on_size))?;
        arguments.add(peaks(&batch.head))?;
        arguments.add(&batch.head.root.as_bytes()[..])?;
        arguments.add(batch.recorded_at.to_string())?;
        for insert in tables {
            let part = own.iter().position(|part| std::ptr::eq(part.insert, insert));
            let mut rows = part.map(|at| own.swap_remove(at).rows).unwrap_or_default();
            let rest = rows.split_off(fitting(&rows).min(rows.len()));
            add(&mut arguments, insert, &rows)?;
            if !rest.is_empty() {
                parts.put_first(insert, rest);
            }
        }
        arguments.add(&batch.on_root.as_bytes()[..])
    };
    add_all().map_err(sqlx::Error::Encode)?;
    Ok(sqlx::query_with(INSERT_COMMIT, arguments))
}

impl<'a> Statements<'a> {
    pub(crate) fn new(tenant: &'a TenantId, mut parts: Parts<'a>) -> Self {
        let part = parts.next();
        Self { tenant, parts, part, done: 0 }
    }
}

impl Iterator for Statements<'_> {
    type Item = Result<PgQuery, sqlx::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let part = self.part.as_ref()?;
            let rest = part.rows.get(self.done..).unwrap_or_default();
            if !rest.is_empty() {
                let rows = rest.get(..fitting(rest)).unwrap_or(rest);
                self.done += rows.len();
                let mut arguments = PgArguments::default();
                let added = arguments.add(self.tenant.as_str());
                let added = added.and_then(|()| add(&mut arguments, part.insert, rows));
                let query = |()| sqlx::query_with(part.insert.postgres, arguments);
                return Some(added.map(query).map_err(sqlx::Error::Encode));
            }
            (self.part, self.done) = (self.parts.next(), 0);
        }
    }
}

/// How many of the rows go into the next statement: at least one.
fn fitting(rows: &[Row<'_>]) -> usize {
    let mut bytes = 0;
    let fit = rows.iter().take(MOST_ROWS).take_while(|row| {
        bytes += row.cells.iter().map(size).sum::<usize>();
        bytes <= MOST_BYTES
    });
    fit.count().max(1)
}

fn size(cell: &Cell<'_>) -> usize {
    match cell {
        Cell::Text(text) => text.as_deref().map_or(0, str::len),
        Cell::Int(_) => size_of::<i64>(),
        Cell::Bytes(bytes) => bytes.len(),
    }
}

/// Adds an array a column.
fn add(arguments: &mut PgArguments, table: &Insert, rows: &[Row<'_>]) -> Result<(), BoxDynError> {
    arguments.add(rows.iter().map(|row| to_i64(row.seq)).collect::<Vec<i64>>())?;
    for (at, column) in table.columns.iter().enumerate() {
        let cells = rows.iter().map(|row| row.cells.get(at));
        match column {
            Type::Text => arguments.add(cells.map(text).collect::<Vec<_>>())?,
            Type::Int => arguments.add(cells.map(int).collect::<Vec<_>>())?,
            Type::Bytes => arguments.add(cells.map(bytes).collect::<Vec<_>>())?,
            Type::Utf8 => {
                let utf8 = |cell| text(cell).map(str::as_bytes);
                arguments.add(cells.map(utf8).collect::<Vec<_>>())?;
            }
        }
    }
    Ok(())
}

fn text<'q>(cell: Option<&'q Cell<'_>>) -> Option<&'q str> {
    match cell {
        Some(Cell::Text(text)) => text.as_deref(),
        Some(Cell::Int(_) | Cell::Bytes(_)) | None => None,
    }
}

fn int(cell: Option<&Cell<'_>>) -> Option<i64> {
    match cell {
        Some(Cell::Int(number)) => *number,
        Some(Cell::Text(_) | Cell::Bytes(_)) | None => None,
    }
}

fn bytes<'q>(cell: Option<&'q Cell<'_>>) -> Option<&'q [u8]> {
    match cell {
        Some(Cell::Bytes(bytes)) => Some(bytes),
        Some(Cell::Text(_) | Cell::Int(_)) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_cut_by_rows_and_by_bytes_and_never_empty() {
        let row = |size| Row { seq: 0, cells: vec![Cell::Bytes(vec![0; size].into())] };
        assert_eq!(fitting(&vec![row(10); 2_500]), 500);
        assert_eq!(fitting(&[row(MOST_BYTES - 1), row(1), row(1)]), 2);
        assert_eq!(fitting(&[row(MOST_BYTES + 1), row(1)]), 1);
    }
}
