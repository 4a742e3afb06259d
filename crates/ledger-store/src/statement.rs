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
    /// Up to and including `VALUES `; the columns are the tenant, a number, and `columns`.
    pub sqlite: &'static str,
    /// Selects the same from arrays: `$1` is the tenant, `$2` the numbers, then one a column.
    pub postgres: &'static str,
    /// What the columns after the tenant and the number hold.
    pub columns: &'static [Type],
}
