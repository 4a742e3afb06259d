//! Values on their way into either database, and out of it.

use std::borrow::Cow;

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, FromRow, Row as _, TypeInfo, ValueRef};

use crate::row::to_i64;

/// A column's value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell<'a> {
    /// Text, or nothing.
    Text(Option<Cow<'a, str>>),
    /// An integer, or nothing.
    Int(Option<i64>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
}

impl<'a> Cell<'a> {
    /// Text of somebody else, for a column that people search.
    ///
    /// PostgreSQL cannot hold U+0000 in a text, and SQLite's `length()` ends there. The entry keeps
    /// the text as it came; here U+2400 (the symbol for it) stands in its place, in both databases.
    #[must_use]
    pub fn searchable(text: Option<&'a str>) -> Self {
        Self::Text(text.map(|text| {
            if text.contains('\0') {
                Cow::Owned(text.replace('\0', "\u{2400}"))
            } else {
                Cow::Borrowed(text)
            }
        }))
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(Cow::Borrowed(text)))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Some(Cow::Owned(text)))
    }
}

impl From<Option<String>> for Cell<'_> {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(Cow::Owned))
    }
}

impl From<Option<i64>> for Cell<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl From<u64> for Cell<'_> {
    fn from(number: u64) -> Self {
        Self::Int(Some(to_i64(number)))
    }
}

impl<'a> From<&'a [u8]> for Cell<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

/// A row that is to be written, without the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// The number after the tenant: of the entry that the row is derived from.
    pub seq: u64,
    /// The values after `(tenant, seq)`, in column order.
    pub cells: Vec<Cell<'a>>,
}

/// A row as stored: a number first, then whatever the columns hold.
pub(crate) struct StoredRow {
    pub(crate) seq: u64,
    pub(crate) cells: Vec<Cell<'static>>,
}

impl<'r> FromRow<'r, SqliteRow> for StoredRow {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        stored(row.try_get(0)?, row.len(), |at| {
            // The type of the value itself: a STRICT table holds the declared one or NULL.
            Ok(match row.try_get_raw(at)?.type_info().name() {
                "INTEGER" => Cell::Int(row.try_get(at)?),
                _ => Cell::from(row.try_get::<Option<String>, _>(at)?),
            })
        })
    }
}

impl<'r> FromRow<'r, PgRow> for StoredRow {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        stored(row.try_get(0)?, row.len(), |at| {
            Ok(match row.try_column(at)?.type_info().name() {
                "INT8" => Cell::Int(row.try_get(at)?),
                _ => Cell::from(row.try_get::<Option<String>, _>(at)?),
            })
        })
    }
}

fn stored(
    seq: i64,
    columns: usize,
    cell: impl Fn(usize) -> Result<Cell<'static>, sqlx::Error>,
) -> Result<StoredRow, sqlx::Error> {
    // One below 0 is that of no entry either way.
    let seq = seq.cast_unsigned();
    let cells = (1..columns).map(cell).collect::<Result<_, _>>()?;
    Ok(StoredRow { seq, cells })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_postgresql_cannot_hold_is_shown_as_its_symbol() {
        assert_eq!(Cell::searchable(Some("a\0b")), Cell::from("a\u{2400}b"));
        assert_eq!(Cell::searchable(Some("ab")), Cell::from("ab"));
        assert_eq!(Cell::searchable(None), Cell::Text(None));
    }
}
