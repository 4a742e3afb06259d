//! Values on their way into either database, and out of it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Error as _, SeqAccess, Visitor};

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
pub(crate) struct StoredRow<'s> {
    /// One below 0 is that of no entry, as little as a very large one.
    pub(crate) seq: u64,
    pub(crate) cells: Vec<Cell<'s>>,
}

/// The rows that a statement of [`rows_as_json!`](crate::rows_as_json) gave, in order of their numbers.
pub(crate) fn stored_rows(json: &str) -> Result<Vec<StoredRow<'_>>, serde_json::Error> {
    let mut rows: Vec<StoredRow<'_>> = serde_json::from_str(json)?;
    rows.sort_by_key(|row| row.seq);
    Ok(rows)
}

impl<'de> Deserialize<'de> for StoredRow<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Array;

        impl<'de> Visitor<'de> for Array {
            type Value = StoredRow<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of a number and the columns of a row")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let seq =
                    items.next_element::<i64>()?.ok_or_else(|| A::Error::custom("no number"))?;
                let mut cells = Vec::with_capacity(COLUMNS);
                while let Some(cell) = items.next_element()? {
                    cells.push(cell);
                }
                Ok(StoredRow { seq: seq.cast_unsigned(), cells })
            }
        }

        from.deserialize_seq(Array)
    }
}

/// Most rows have no more.
const COLUMNS: usize = 4;

impl<'de> Deserialize<'de> for Cell<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Column;

        impl<'de> Visitor<'de> for Column {
            type Value = Cell<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, an integer or null")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Cell::Text(None))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Cell::Int(Some(number)))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                i64::try_from(number).map(|number| Cell::Int(Some(number))).map_err(E::custom)
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cell::from(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cell::from(text.to_owned()))
            }
        }

        from.deserialize_any(Column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_from_json_in_order_of_their_numbers() {
        let rows = stored_rows(r#"[[7,"a\n","b"],[-1,null,2],[3]]"#).unwrap();
        let rows: Vec<_> = rows.into_iter().map(|row| (row.seq, row.cells)).collect();
        let expected = [
            (3, vec![]),
            (7, vec![Cell::from("a\n"), Cell::from("b")]),
            (u64::MAX, vec![Cell::Text(None), Cell::Int(Some(2))]),
        ];
        assert_eq!(rows, expected);
        for wrong in [
            "",
            "[",
            "{}",
            "[[]]",
            r#"[["a"]]"#,
            "[[1,1.5]]",
            "[[1,true]]",
            "[[1,9223372036854775808]]",
        ] {
            assert!(stored_rows(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_postgresql_cannot_hold_is_shown_as_its_symbol() {
        assert_eq!(Cell::searchable(Some("a\0b")), Cell::from("a\u{2400}b"));
        assert_eq!(Cell::searchable(Some("ab")), Cell::from("ab"));
        assert_eq!(Cell::searchable(None), Cell::Text(None));
    }
}
