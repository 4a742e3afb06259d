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
    /// Inserts 128, 64, … 1 rows, made by [`repeated!`](crate::repeated); the columns are the tenant, a
    /// number, and `columns`.
    pub sqlite: Repeated,
    /// Selects the same from arrays: `$1` is the tenant, `$2` the numbers, then one a column.
    pub postgres: &'static str,
    /// What the columns after the tenant and the number hold.
    pub columns: &'static [Type],
}

/// A statement in eight lengths: for 128, 64, 32, 16, 8, 4, 2 and 1 items.
///
/// 128 rows of 20 columns stay well below SQLite's 32,766 values a statement, and a batch of 1,000 rows
/// has enough chunks for two threads. The texts are fixed, so that each is prepared once per connection,
/// and can be read where they are written.
pub type Repeated = [&'static str; 8];

/// How many items each of the [`Repeated`] texts has.
pub(crate) const LENGTHS: [usize; 8] = [128, 64, 32, 16, 8, 4, 2, 1];

/// Repeats a part of a statement for SQLite, with commas between.
///
/// ```
/// let texts = ledger_store::repeated!("INSERT INTO t (a, b) VALUES ", "(?,?)", "");
/// assert_eq!(texts[6], "INSERT INTO t (a, b) VALUES (?,?),(?,?)");
/// assert_eq!(texts[7], "INSERT INTO t (a, b) VALUES (?,?)");
/// ```
#[macro_export]
macro_rules! repeated {
    ($begin:literal, $item:literal, $end:literal) => {
        [
            concat!($begin, $crate::repeated!(@7 $item), $end),
            concat!($begin, $crate::repeated!(@6 $item), $end),
            concat!($begin, $crate::repeated!(@5 $item), $end),
            concat!($begin, $crate::repeated!(@4 $item), $end),
            concat!($begin, $crate::repeated!(@3 $item), $end),
            concat!($begin, $crate::repeated!(@2 $item), $end),
            concat!($begin, $crate::repeated!(@1 $item), $end),
            concat!($begin, $item, $end),
        ]
    };
    (@7 $item:literal) => { concat!($crate::repeated!(@6 $item), ",", $crate::repeated!(@6 $item)) };
    (@6 $item:literal) => { concat!($crate::repeated!(@5 $item), ",", $crate::repeated!(@5 $item)) };
    (@5 $item:literal) => { concat!($crate::repeated!(@4 $item), ",", $crate::repeated!(@4 $item)) };
    (@4 $item:literal) => { concat!($crate::repeated!(@3 $item), ",", $crate::repeated!(@3 $item)) };
    (@3 $item:literal) => { concat!($crate::repeated!(@2 $item), ",", $crate::repeated!(@2 $item)) };
    (@2 $item:literal) => { concat!($crate::repeated!(@1 $item), ",", $crate::repeated!(@1 $item)) };
    (@1 $item:literal) => { concat!($item, ",", $item) };
}

/// The tables that a migration drops.
pub(crate) fn dropped_tables(migration: &str) -> impl Iterator<Item = &str> {
    let statements = migration.lines().filter_map(|line| line.strip_prefix("DROP TABLE "));
    statements.filter_map(|rest| rest.strip_suffix(';'))
}
