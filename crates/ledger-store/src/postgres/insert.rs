//! Many rows in one statement: an array a column, unnested by the server.
//!
//! One text for any number of rows, so that it is prepared once per connection; measured at 0.75 to
//! 0.95 of what COPY reaches, and unlike COPY it is a plain statement, which triggers, policies and
//! engines of PostgreSQL's family treat as such.

use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Arguments, Postgres};
use store_traits::TenantId;

use crate::batch::{Part, Parts};
use crate::row::to_i64;
use crate::{Cell, Insert, Row, Type};

/// A statement is cut when it has so many rows, so that the next is made while the server works on
/// it; or so many bytes of values, because the server holds the whole of it in memory.
const MOST_ROWS: usize = 500;
const MOST_BYTES: usize = 8 << 20;

type PgQuery = Query<'static, Postgres, PgArguments>;

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
    type Item = Result<PgQuery, sqlx::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let part = self.part.as_ref()?;
            let rest = part.rows.get(self.done..).unwrap_or_default();
            if !rest.is_empty() {
                let rows = rest.get(..fitting(rest)).unwrap_or(rest);
                self.done += rows.len();
                let arguments = arguments(part.insert, self.tenant, rows);
                let query = |arguments| sqlx::query_with(part.insert.postgres, arguments);
                return Some(arguments.map(query).map_err(sqlx::Error::Encode));
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

fn arguments(
    table: &Insert,
    tenant: &TenantId,
    rows: &[Row<'_>],
) -> Result<PgArguments, BoxDynError> {
    let mut arguments = PgArguments::default();
    arguments.add(tenant.as_str())?;
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
    Ok(arguments)
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
