//! One way to write, read back and compare typed rows, whatever their columns.

use std::collections::BTreeMap;
use std::ops::Range;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use store_traits::{StoreError, TenantId};

use crate::read::{from_i64, to_i64};
use crate::{RowsInsert, SqliteQuery, database};

/// A column's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Text, or nothing.
    Text(Option<String>),
    /// An integer, or nothing.
    Int(Option<i64>),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<Option<i64>> for Cell {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

/// A row of a typed table, without the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedRow {
    /// The entry that it is derived from.
    pub seq: u64,
    /// The values after `(tenant, seq)`, in column order.
    pub cells: Vec<Cell>,
}

/// A table of rows derived from entries, keyed by `(tenant, seq)`.
#[derive(Debug)]
pub struct TypedTable {
    /// Its name.
    pub name: &'static str,
    /// The columns after `(tenant, seq)`.
    pub columns: &'static [&'static str],
    /// Inserts `(tenant, seq, columns…)`.
    pub insert: RowsInsert,
    /// Selects `seq, columns…` of `tenant = ?1 AND seq >= ?2 AND seq < ?3` in order of `seq`.
    pub select: &'static str,
}

impl TypedTable {
    /// Inserts rows.
    ///
    /// # Errors
    /// The database failed.
    pub async fn insert(
        &self,
        conn: &mut SqliteConnection,
        tenant: &TenantId,
        rows: &[TypedRow],
    ) -> Result<(), StoreError> {
        self.insert
            .insert(conn, tenant, rows, bind)
            .await
            .map_err(database("writing a projection's rows"))
    }

    /// Compares the stored rows of a range with the expected ones: a row too many, one too few, a
    /// column that differs.
    ///
    /// # Errors
    /// The database failed.
    pub async fn differences(
        &self,
        conn: &mut SqliteConnection,
        tenant: &TenantId,
        range: Range<u64>,
        expected: Vec<TypedRow>,
    ) -> Result<Vec<(u64, String)>, StoreError> {
        let mut expected: BTreeMap<u64, TypedRow> =
            expected.into_iter().map(|row| (row.seq, row)).collect();
        let mut found = Vec::new();
        for stored in self.load(conn, tenant, range).await? {
            match expected.remove(&stored.seq) {
                None => found.push((
                    stored.seq,
                    format!("`{}` has a row that its entry does not give", self.name),
                )),
                Some(wanted) => found.extend(self.differing(&stored, &wanted).map(|column| {
                    (stored.seq, format!("`{}.{column}` differs from its entry", self.name))
                })),
            }
        }
        found.extend(
            expected
                .into_keys()
                .map(|seq| (seq, format!("`{}` lacks the row of its entry", self.name))),
        );
        found.sort();
        Ok(found)
    }

    async fn load(
        &self,
        conn: &mut SqliteConnection,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Vec<TypedRow>, StoreError> {
        let reading = database("reading a projection's rows");
        let rows = sqlx::query(self.select)
            .bind(tenant.as_str())
            .bind(to_i64(range.start))
            .bind(to_i64(range.end))
            .fetch_all(conn)
            .await
            .map_err(&reading)?;
        rows.iter().map(|row| self.typed(row)).collect()
    }

    fn typed(&self, row: &SqliteRow) -> Result<TypedRow, StoreError> {
        let reading = database("reading a projection's rows");
        let seq = from_i64(row.try_get(0).map_err(&reading)?, self.name)?;
        let cell = |at: usize| {
            // STRICT tables hold the declared type or NULL, so one of the two fits.
            row.try_get::<Option<String>, _>(at)
                .map(Cell::Text)
                .or_else(|_| row.try_get::<Option<i64>, _>(at).map(Cell::Int))
                .map_err(&reading)
        };
        let cells = (1..=self.columns.len()).map(cell).collect::<Result<_, _>>()?;
        Ok(TypedRow { seq, cells })
    }

    fn differing<'a>(
        &'a self,
        stored: &'a TypedRow,
        wanted: &'a TypedRow,
    ) -> impl Iterator<Item = &'static str> + 'a {
        let cells = stored.cells.iter().zip(&wanted.cells);
        self.columns.iter().zip(cells).filter(|(_, (a, b))| !same(a, b)).map(|(column, _)| *column)
    }
}

/// Nothing is nothing, whatever type it would have had.
fn same(a: &Cell, b: &Cell) -> bool {
    match (a, b) {
        (Cell::Text(None) | Cell::Int(None), Cell::Text(None) | Cell::Int(None)) => true,
        (a, b) => a == b,
    }
}

fn bind(query: SqliteQuery, row: &TypedRow) -> SqliteQuery {
    row.cells.iter().fold(query.bind(to_i64(row.seq)), |query, cell| match cell {
        Cell::Text(text) => query.bind(text.clone()),
        Cell::Int(number) => query.bind(*number),
    })
}
