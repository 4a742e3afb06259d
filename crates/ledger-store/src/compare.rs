//! Compares typed rows with the entries that they are derived from.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use store_traits::{Lacking, StoreError, TenantId};

use crate::cell::{StoredRow, stored_rows};
use crate::error::corrupt;
use crate::reader::Reading;
use crate::{Cell, Check, Item, Reader, Row, STRETCH, Statement, Table};

/// The rows of a table in a range, as they were read.
pub(crate) struct Stored {
    json: Option<String>,
    /// Numbers of those that readers do not find.
    lost: Vec<(i64,)>,
}

impl Stored {
    /// PostgreSQL gives nothing where no rows are.
    fn of(json: Vec<(Option<String>,)>) -> Self {
        Self { json: json.into_iter().find_map(|(json,)| json), lost: Vec::new() }
    }

    /// The rows, in order of their numbers.
    pub(crate) fn rows(&self, table: &Table) -> Result<Vec<StoredRow<'_>>, StoreError> {
        let rows = stored_rows(self.json.as_deref().unwrap_or("[]"));
        rows.map_err(|error| corrupt(format!("the rows of `{}`: {error}", table.name)))
    }

    /// What is told of rows that readers do not find.
    pub(crate) fn lost(&self, table: &Table) -> impl Iterator<Item = (u64, String)> {
        self.lost.iter().map(|(seq,)| not_found(table, seq.cast_unsigned()))
    }
}

/// Those of a stretch.
pub(crate) fn of_stretch<'r, 's>(rows: &'r [StoredRow<'s>], stretch: u64) -> &'r [StoredRow<'s>] {
    let from = rows.partition_point(|row| row.seq / STRETCH < stretch);
    let to = rows.partition_point(|row| row.seq / STRETCH <= stretch);
    rows.get(from..to).unwrap_or_default()
}

/// Reads the rows of a table that are compared with the entries of a range.
pub(crate) async fn read(
    reading: &mut Reading,
    table: &'static Table,
    tenant: &TenantId,
    range: &Range<u64>,
) -> Result<Stored, StoreError> {
    // Rows before the first entry are looked at with it.
    let from = |start: u64| if start == 0 { Cell::Int(Some(i64::MIN)) } else { Cell::from(start) };
    let (select, start, misplaced) = match &table.check {
        Check::Rows { select, .. } => (select, range.start, None),
        Check::Set { select, misplaced, .. } => (select, range.start, misplaced.as_ref()),
        Check::Packed { select, .. } => (select, range.start / STRETCH * STRETCH, None),
    };
    let bounds = [from(start), Cell::from(range.end)];
    let mut stored = Stored::of(reading.rows(select, tenant, &bounds).await?);
    if let Some(misplaced) = misplaced {
        stored.lost = reading.rows(misplaced, tenant, &bounds).await?;
    }
    Ok(stored)
}

/// What the rows of a table say other than what is expected of the facts of a stretch.
pub(crate) struct Compared {
    /// A row too many, one too few, a column that differs.
    pub(crate) found: Vec<(u64, String)>,
    /// Rows that may lie before the range.
    pub(crate) lacking: Vec<Lacking>,
}

/// Compares the rows of a table in a stretch. Of a stretch that the range has in part, rows may speak of
/// entries before it.
pub(crate) fn differences(
    table: &'static Table,
    stored: &[StoredRow<'_>],
    range: &Range<u64>,
    expected: Vec<Row<'_>>,
) -> Compared {
    match &table.check {
        Check::Rows { columns, .. } => {
            let found = compared(table.name, columns, stored, expected);
            Compared { found, lacking: Vec::new() }
        }
        Check::Set { columns, earlier, .. } => {
            sets(table, columns, earlier.is_some(), stored, expected)
        }
        Check::Packed { between, items, .. } => {
            let rows: Vec<_> = stored.iter().filter_map(|row| texts(row.seq, &row.cells)).collect();
            let mut found = packed(table.name, between, *items, &rows, range, &expected);
            let lost = rows.iter().filter(|(seq, _, text)| {
                range.contains(seq) && items(text).first().and_then(|item| item.seq) != Some(*seq)
            });
            found.extend(lost.map(|(seq, _, _)| not_found(table, *seq)));
            Compared { found, lacking: Vec::new() }
        }
    }
}

fn not_found(table: &Table, seq: u64) -> (u64, String) {
    (seq, format!("`{}` has a row that readers do not find", table.name))
}

/// Rows of any number. Of a table that keeps a row where it was first given, those that are lacking may
/// lie before.
fn sets(
    table: &'static Table,
    columns: &[&str],
    first_given: bool,
    stored: &[StoredRow<'_>],
    mut expected: Vec<Row<'_>>,
) -> Compared {
    let too_many = differing_rows(stored, &mut expected).into_iter().map(|row| {
        let what = said(columns, row.cells.iter());
        (row.seq, format!("`{}` has a row that its entry does not give: {what}", table.name))
    });
    let mut found: Vec<_> = too_many.collect();
    if first_given {
        let lacking = expected.iter().map(|row| lacks(table, row)).collect();
        return Compared { found, lacking };
    }
    let too_few = |row: &Row<'_>| (row.seq, said_lacking(table.name, columns, &row.cells));
    found.extend(expected.iter().map(too_few));
    Compared { found, lacking: Vec::new() }
}

/// Rows that hold items. Item by item only where something differs: whole texts are compared much faster.
fn packed(
    table: &str,
    between: &str,
    items: for<'t> fn(&'t str) -> Vec<Item<'t>>,
    rows: &[Texts<'_>],
    range: &Range<u64>,
    expected: &[Row<'_>],
) -> Vec<(u64, String)> {
    if joined(rows.iter().copied(), between) == joined(expected_texts(expected), between) {
        return Vec::new();
    }
    let mut there = Vec::new();
    for (first, about, text) in rows {
        let of_row = placed(*first, about, items(text));
        there.extend(of_row.filter(|item| range.contains(&item.seq)));
    }
    let wanted = expected_texts(expected);
    let wanted = wanted.flat_map(|(seq, about, text)| placed(seq, about, items(text)));
    differing_items(table, there, wanted.collect())
}

fn lacks(table: &'static Table, row: &Row<'_>) -> Lacking {
    let text = |cell: &Cell<'_>| match cell {
        Cell::Text(Some(text)) => text.to_string(),
        Cell::Text(None) | Cell::Int(_) | Cell::Bytes(_) => String::new(),
    };
    Lacking { seq: row.seq, table: table.name, row: row.cells.iter().map(text).collect() }
}

fn said_lacking(table: &str, columns: &[&str], row: &[Cell<'_>]) -> String {
    format!("`{table}` lacks a row: {}", said(columns, row.iter()))
}

/// What is left of the rows that a table lacks in a range, when those that were given before are known.
pub(crate) async fn still_lacking(
    reader: &Reader,
    table: &'static Table,
    tenant: &TenantId,
    lacking: &[Lacking],
) -> Result<Vec<(u64, String)>, StoreError> {
    let Check::Set { columns, earlier: Some(earlier), .. } = &table.check else {
        return Ok(Vec::new());
    };
    let before = first_given(reader, earlier, tenant, (table, columns), lacking).await?;
    let mut found = Vec::new();
    for Lacking { seq, row, .. } in lacking {
        let row: Vec<_> = row.iter().map(|text| Cell::from(text.as_str())).collect();
        if before.get(&said(columns, row.iter())).is_none_or(|first| first >= seq) {
            found.push((*seq, said_lacking(table.name, columns, &row)));
        }
    }
    Ok(found)
}

/// Leaves of the expected rows those that are not stored, and gives those that are stored and not
/// expected; each as often as it is there.
fn differing_rows<'r, 's>(
    stored: &'r [StoredRow<'s>],
    expected: &mut Vec<Row<'_>>,
) -> Vec<&'r StoredRow<'s>> {
    let mut stored: Vec<_> = stored.iter().collect();
    stored.sort_unstable_by(|a, b| (a.seq, &a.cells).cmp(&(b.seq, &b.cells)));
    expected.sort_unstable_by(|a, b| (a.seq, &a.cells).cmp(&(b.seq, &b.cells)));
    let mut stored = stored.into_iter().peekable();
    let mut more = Vec::new();
    expected.retain(|row| {
        let place = |there: &&StoredRow| (there.seq, &there.cells).cmp(&(row.seq, &row.cells));
        while let Some(extra) = stored.next_if(|there| place(there) == Ordering::Less) {
            more.push(extra);
        }
        stored.next_if(|there| place(there) == Ordering::Equal).is_none()
    });
    more.extend(stored);
    more
}

/// Packed rows: a number, what each is about, what it says.
type Texts<'t> = (u64, &'t str, &'t str);

fn texts<'t>(seq: u64, cells: &'t [Cell<'_>]) -> Option<Texts<'t>> {
    match cells {
        [Cell::Text(Some(about)), Cell::Text(Some(text))] => {
            Some((seq, about.as_ref(), text.as_ref()))
        }
        _ => None,
    }
}

fn expected_texts<'t>(rows: &'t [Row<'_>]) -> impl Iterator<Item = Texts<'t>> {
    rows.iter().filter_map(|row| texts(row.seq, &row.cells))
}

/// What is said in a stretch, however many commits said it.
fn joined<'t>(
    rows: impl Iterator<Item = Texts<'t>>,
    between: &str,
) -> BTreeMap<(u64, &'t str), Cow<'t, str>> {
    let mut said: BTreeMap<_, Cow<'_, str>> = BTreeMap::new();
    for (seq, about, text) in rows {
        match said.entry((seq / STRETCH, about)) {
            Entry::Vacant(first) => drop(first.insert(Cow::Borrowed(text))),
            Entry::Occupied(before) => {
                let before = before.into_mut().to_mut();
                before.push_str(between);
                before.push_str(text);
            }
        }
    }
    said
}

/// What a packed row says of one entry.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Said<'t> {
    seq: u64,
    about: &'t str,
    text: &'t str,
}

/// The items of a row that begins at `first`. One of no entry of its stretch is the row's own: it would
/// be looked for nowhere else.
fn placed<'t>(first: u64, about: &'t str, items: Vec<Item<'t>>) -> impl Iterator<Item = Said<'t>> {
    items.into_iter().map(move |Item { seq, text }| {
        let seq = seq.filter(|seq| seq / STRETCH == first / STRETCH).unwrap_or(first);
        Said { seq, about, text }
    })
}

/// What two lists of items have not in common, each item as often as it is there.
fn differing_items(
    table: &str,
    mut there: Vec<Said<'_>>,
    mut wanted: Vec<Said<'_>>,
) -> Vec<(u64, String)> {
    there.sort_unstable();
    wanted.sort_unstable();
    let (mut there, mut wanted) = (there.into_iter().peekable(), wanted.into_iter().peekable());
    // Of an entry and what it is about: is something too much, is something missing?
    let mut differing: BTreeMap<(u64, &str), (bool, bool)> = BTreeMap::new();
    loop {
        let side = match (there.peek(), wanted.peek()) {
            (Some(there), Some(wanted)) => there.cmp(wanted),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => break,
        };
        let extra = if side == Ordering::Greater { None } else { there.next() };
        let lacking = if side == Ordering::Less { None } else { wanted.next() };
        match (extra, lacking) {
            (Some(extra), None) => differing.entry((extra.seq, extra.about)).or_default().0 = true,
            (None, Some(lack)) => differing.entry((lack.seq, lack.about)).or_default().1 = true,
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    let told = |((seq, about), sides)| {
        let what = match sides {
            (true, true) => format!("`{table}` says of `{about}` other than its entry"),
            (true, false) => format!("`{table}` says of `{about}` what its entry does not"),
            (false, _) => format!("`{table}` lacks what its entry says of `{about}`"),
        };
        (seq, what)
    };
    differing.into_iter().map(told).collect()
}

/// Where each row was first given, in words, of all rows that share a first column with these.
async fn first_given(
    reader: &Reader,
    statement: &'static Statement,
    tenant: &TenantId,
    (table, columns): (&Table, &[&str]),
    lacking: &[Lacking],
) -> Result<BTreeMap<String, u64>, StoreError> {
    let wanted: BTreeSet<&str> =
        lacking.iter().filter_map(|lacking| lacking.row.first().map(String::as_str)).collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let wanted: serde_json::Value = wanted.into_iter().collect();
    let json = reader.rows(statement, tenant, &[wanted.to_string().into()]).await?;
    let stored = Stored::of(json);
    let mut given = BTreeMap::new();
    for row in stored.rows(table)? {
        let at = given.entry(said(columns, row.cells.iter())).or_insert(row.seq);
        *at = row.seq.min(*at);
    }
    Ok(given)
}

/// A row in words.
fn said<'c>(columns: &[&str], cells: impl Iterator<Item = &'c Cell<'c>>) -> String {
    let text = |cell: &Cell<'_>| match cell {
        Cell::Text(text) => format!("{:?}", text.as_deref().unwrap_or_default()),
        Cell::Int(number) => format!("{number:?}"),
        Cell::Bytes(bytes) => format!("{} bytes", bytes.len()),
    };
    let members = columns.iter().zip(cells).map(|(name, cell)| format!("{name} {}", text(cell)));
    members.collect::<Vec<_>>().join(", ")
}

fn compared(
    table: &str,
    columns: &[&str],
    stored: &[StoredRow<'_>],
    expected: Vec<Row<'_>>,
) -> Vec<(u64, String)> {
    let mut expected: BTreeMap<u64, Row<'_>> =
        expected.into_iter().map(|row| (row.seq, row)).collect();
    let mut found = Vec::new();
    for row in stored {
        let Some(wanted) = expected.remove(&row.seq) else {
            found.push((row.seq, format!("`{table}` has a row that its entry does not give")));
            continue;
        };
        let cells = row.cells.iter().zip(&wanted.cells);
        let differing = columns.iter().zip(cells).filter(|(_, (a, b))| !same(a, b));
        found
            .extend(differing.map(|(column, _)| {
                (row.seq, format!("`{table}.{column}` differs from its entry"))
            }));
    }
    let missing = expected.into_keys();
    found.extend(missing.map(|seq| (seq, format!("`{table}` lacks the row of its entry"))));
    found
}

/// Nothing is nothing, whatever type it would have had.
fn same(a: &Cell<'_>, b: &Cell<'_>) -> bool {
    match (a, b) {
        (Cell::Text(None) | Cell::Int(None), Cell::Text(None) | Cell::Int(None)) => true,
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_differ_as_often_as_they_are_there_more_often() {
        let cells = |text: &'static str| vec![Cell::from("run"), Cell::from(text)];
        let stored = [(3, "b"), (1, "a"), (1, "a"), (7, "z"), (1, "c")];
        let stored = stored.map(|(seq, text)| StoredRow { seq, cells: cells(text) });
        let expected = [(1, "a"), (1, "c"), (2, "b"), (3, "b"), (3, "b")];
        let mut expected = expected.map(|(seq, text)| Row { seq, cells: cells(text) }).to_vec();
        let extra = differing_rows(&stored, &mut expected);
        let extra: Vec<_> = extra.into_iter().map(|row| (row.seq, row.cells.clone())).collect();
        assert_eq!(extra, [(1, cells("a")), (7, cells("z"))]);
        let lacking: Vec<_> = expected.into_iter().map(|row| (row.seq, row.cells)).collect();
        assert_eq!(lacking, [(2, cells("b")), (3, cells("b"))]);
    }
}
