//! Typed rows that topic stores keep beside the entries.

use store_traits::{Value, in_parallel};

use crate::{Insert, Row, Statement};

/// A fact with its place.
#[derive(Debug, Clone, Copy)]
pub struct FactAt<'f> {
    /// Its place in the tree.
    pub seq: u64,
    /// The fact.
    pub fact: &'f Value,
    /// Its kind, by which most tables tell that a fact is none of theirs; empty where it says none.
    pub kind: &'f str,
}

impl<'f> FactAt<'f> {
    pub(crate) fn new(seq: u64, fact: &'f Value) -> Self {
        Self { seq, fact, kind: text_at(fact, &["kind"]).unwrap_or_default() }
    }
}

/// The tables of a topic, written in the ledger's transaction.
///
/// A projection is data: it says what a row is, and the ledger writes and compares it in either
/// database. It never decides whether a fact is recorded.
#[derive(Debug)]
pub struct Projection {
    /// The topic's name.
    pub name: &'static str,
    /// Its tables, in the order in which they are written.
    pub tables: &'static [Table],
}

/// A table of rows derived from entries.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Writes rows.
    pub insert: Insert,
    /// The rows of facts of one stretch, in order of `seq`: a function of the facts alone, so that
    /// they can be derived again and compared. A stretch never goes over a multiple of [`STRETCH`].
    pub rows: for<'f> fn(&[FactAt<'f>]) -> Vec<Row<'f>>,
    /// How its rows are compared with the entries.
    pub check: Check,
    /// The topic under which the migration that made the table notes what was recorded before it
    /// (`index_backlog`); `None` for a table of the first hour. Inserts of a topic's rows must leave
    /// rows that are there already.
    pub topic: Option<&'static str>,
}

/// How the rows of a table are compared with the entries of a range. In every statement `$1` is the
/// tenant, and the range is `$2` (included) to `$3` (not included). `select` is made by
/// [`rows_as_json!`](crate::rows_as_json).
#[derive(Debug)]
pub enum Check {
    /// One row an entry at most: the stored rows must be those that the entries give.
    Rows {
        /// The names of the columns after `(tenant, seq)`.
        columns: &'static [&'static str],
        /// Selects `seq` and these columns.
        select: Statement,
    },
    /// Any number of rows an entry: the stored rows must be those that the entries give. Of a table
    /// that keeps a row where it was first given, `earlier` selects `seq` and the columns of all rows
    /// whose first column is one of `$2`, a JSON array of texts; one from before the range will do.
    Set {
        /// The names of the columns after `(tenant, seq)`; texts all of them.
        columns: &'static [&'static str],
        /// Selects `seq` and these columns.
        select: Statement,
        /// Selects rows by their first column.
        earlier: Option<Statement>,
        /// Selects the `seq` of rows that lie where readers do not look for them.
        misplaced: Option<Statement>,
    },
    /// A row holds what several entries say, each as an item: the stored items must be those that
    /// the entries give, however they are spread over rows. Rows begin in the stretch that they are
    /// of, so that `$2` of this statement is where a stretch begins.
    Packed {
        /// Selects `seq` and two texts: what the items are about, and the items.
        select: Statement,
        /// What stands between the items of such a text.
        between: &'static str,
        /// The items of such a text. Readers look for a row at the entry of the first.
        items: for<'t> fn(&'t str) -> Vec<Item<'t>>,
    },
}

/// An item of a packed row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'t> {
    /// The entry that gives it; `None` where it names none.
    pub seq: Option<u64>,
    /// What it says.
    pub text: &'t str,
}

/// Entries of a stretch: rows of several entries are of one commit, and of entries between two
/// multiples of this.
pub const STRETCH: u64 = 256;

/// The rows of each of these tables as they are stored; a thread is worth starting for so many stretches.
pub(crate) fn stored<'f>(
    tables: &[&'static Table],
    facts: &[FactAt<'f>],
    worth: usize,
) -> Vec<(&'static Table, Vec<Row<'f>>)> {
    let of_stretch = |facts: &[FactAt<'f>]| -> Vec<Vec<Row<'f>>> {
        tables.iter().map(|table| (table.rows)(facts)).collect()
    };
    let mut rows: Vec<_> = tables.iter().map(|table| (*table, Vec::new())).collect();
    for stretch in in_parallel(facts.chunk_by(of_one_stretch).collect(), worth, of_stretch) {
        rows.iter_mut().zip(stretch).for_each(|((_, rows), more)| rows.extend(more));
    }
    rows
}

fn of_one_stretch(one: &FactAt<'_>, other: &FactAt<'_>) -> bool {
    one.seq / STRETCH == other.seq / STRETCH
}

/// The text at a path of a fact. An empty text says nothing.
#[must_use]
pub fn text_at<'a>(fact: &'a Value, path: &[&str]) -> Option<&'a str> {
    fact.at(path)?.as_str().filter(|text| !text.is_empty())
}
