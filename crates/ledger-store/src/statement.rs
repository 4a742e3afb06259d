//! A statement in the words of each database.

/// A reading statement. `$1` is the tenant, the other values follow.
///
/// Most texts are the same in both databases. Placeholders are numbered (`$1`) everywhere: SQLite
/// would count bare `?` apart from them.
#[derive(Debug)]
pub struct Statement {
    /// What is being done, for the error that says what failed: "listing runs".
    pub doing: &'static str,
    /// The text for SQLite.
    pub sqlite: &'static str,
    /// The text for PostgreSQL.
    pub postgres: &'static str,
}

impl Statement {
    /// A text that both databases understand alike.
    #[must_use]
    pub const fn both(doing: &'static str, text: &'static str) -> Self {
        Self { doing, sqlite: text, postgres: text }
    }
}

/// The statement by which the rows of a table are compared with entries: those with a number from `$2` to
/// below `$3`, as one JSON array that holds an array a row, its number first. One text takes a fraction of
/// the way to the caller that as many rows take; they are in no order.
///
/// ```
/// let statement = ledger_store::rows_as_json!("reading rows", "t", "a, b");
/// assert_eq!(
///     statement.sqlite,
///     "SELECT json_group_array(json_array(seq, a, b)) FROM t WHERE tenant = $1 AND seq >= $2 AND seq < $3"
/// );
/// ```
#[macro_export]
macro_rules! rows_as_json {
    ($doing:literal, $table:literal, $columns:literal) => {
        $crate::Statement {
            doing: $doing,
            sqlite: concat!(
                "SELECT json_group_array(json_array(seq, ",
                $columns,
                ")) FROM ",
                $table,
                " WHERE tenant = $1 AND seq >= $2 AND seq < $3"
            ),
            postgres: concat!(
                "SELECT CAST(json_agg(json_build_array(seq, ",
                $columns,
                ")) AS TEXT) FROM ",
                $table,
                " WHERE tenant = $1 AND seq >= $2 AND seq < $3"
            ),
        }
    };
}

/// What a column holds, as an `INSERT` has to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Text.
    Text,
    /// A 64-bit integer.
    Int,
    /// Bytes.
    Bytes,
    /// Text that may hold U+0000: a `TEXT` in SQLite, its UTF-8 bytes in PostgreSQL.
    Utf8,
}

/// A multi-row `INSERT` into one table.
#[derive(Debug)]
pub struct Insert {
    /// Inserts up to 128, 64, 16, 4 rows, or one, made by [`repeated!`](crate::repeated); the columns are
    /// the tenant, a number, and `columns`.
    pub sqlite: Repeated,
    /// Selects the same from arrays: `$1` is the tenant, `$2` the numbers, then one a column.
    pub postgres: &'static str,
    /// What the columns after the tenant and the number hold.
    pub columns: &'static [Type],
}

/// An `INSERT` in five lengths: for up to 128, 64, 16 and 4 rows, and for one. A row whose first value is
/// null is passed over: so any few rows are one statement, which is one way to the connection's thread
/// and back, and not one for each power of two in their number.
///
/// 128 rows of 20 columns stay well below SQLite's 32,766 values a statement, and a batch of 1,000 rows
/// has enough chunks for two threads. The texts are fixed, so that each is prepared once per connection,
/// and can be read where they are written.
pub type Repeated = [&'static str; 5];

/// How many rows each of the [`Repeated`] texts has.
pub(crate) const LENGTHS: [usize; 5] = [128, 64, 16, 4, 1];

/// Repeats the row of an `INSERT` for SQLite.
///
/// ```
/// let texts = ledger_store::repeated!("INSERT INTO t (a, b)", "(?,?)", "");
/// let rows = "(?,?),(?,?),(?,?),(?,?)";
/// assert_eq!(
///     texts[3],
///     format!("INSERT INTO t (a, b) SELECT * FROM (VALUES {rows}) WHERE column1 IS NOT NULL")
/// );
/// assert_eq!(texts[4], "INSERT INTO t (a, b) VALUES (?,?)");
/// ```
///
/// What is written of a row may be computed from its values: `column1` and what follows.
///
/// ```
/// let texts = ledger_store::repeated!("INSERT INTO t (a)", "column1 + 1", "(?)", "");
/// assert_eq!(
///     texts[4],
///     "INSERT INTO t (a) SELECT column1 + 1 FROM (VALUES (?)) WHERE column1 IS NOT NULL"
/// );
/// ```
#[macro_export]
macro_rules! repeated {
    ($insert:literal, $select:literal, $row:literal, $end:literal) => {
        [
            $crate::repeated!(@some $insert, $select, $crate::repeated!(@128 $row), $end),
            $crate::repeated!(@some $insert, $select, $crate::repeated!(@64 $row), $end),
            $crate::repeated!(@some $insert, $select, $crate::repeated!(@16 $row), $end),
            $crate::repeated!(@some $insert, $select, $crate::repeated!(@4 $row), $end),
            $crate::repeated!(@some $insert, $select, $row, $end),
        ]
    };
    ($insert:literal, $row:literal, $end:literal) => {
        [
            $crate::repeated!(@some $insert, "*", $crate::repeated!(@128 $row), $end),
            $crate::repeated!(@some $insert, "*", $crate::repeated!(@64 $row), $end),
            $crate::repeated!(@some $insert, "*", $crate::repeated!(@16 $row), $end),
            $crate::repeated!(@some $insert, "*", $crate::repeated!(@4 $row), $end),
            concat!($insert, " VALUES ", $row, $end),
        ]
    };
    (@some $insert:literal, $select:literal, $rows:expr, $end:literal) => {
        concat!(
            $insert, " SELECT ", $select, " FROM (VALUES ", $rows, ") WHERE column1 IS NOT NULL", $end
        )
    };
    (@128 $row:literal) => { concat!($crate::repeated!(@64 $row), ",", $crate::repeated!(@64 $row)) };
    (@64 $row:literal) => { $crate::repeated!(@four $crate::repeated!(@16 $row)) };
    (@16 $row:literal) => { $crate::repeated!(@four $crate::repeated!(@4 $row)) };
    (@4 $row:literal) => { $crate::repeated!(@four $row) };
    (@four $rows:expr) => { concat!($rows, ",", $rows, ",", $rows, ",", $rows) };
}

/// The tables that a migration drops.
pub(crate) fn dropped_tables(migration: &str) -> impl Iterator<Item = &str> {
    let statements = migration.lines().filter_map(|line| line.strip_prefix("DROP TABLE "));
    statements.filter_map(|rest| rest.strip_suffix(';'))
}
