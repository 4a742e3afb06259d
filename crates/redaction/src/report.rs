//! How many of what were replaced, and where.

use std::collections::BTreeMap;

use crate::Kind;

/// Places that a report tells apart; replacements beyond them are counted only.
const MOST_PLACES: usize = 1_000;

/// What was replaced: counts by kind, and a table of places. Never a value.
///
/// A place is a JSON Pointer (RFC 6901) into what was redacted. Where a string is itself a JSON
/// text, the pointer goes on inside it. A member name is shown as it came out, so that one which was
/// personal data is not told either.
///
/// ```
/// use redaction::{Redactor, Report};
/// let mut report = Report::default();
/// let text = r#"{"to":[{"password":"x"}],"body":"write to dana@example.com or joe@example.com"}"#;
/// Redactor::standard().text(text, &mut report);
/// let table: Vec<_> = report.places().map(|at| (at.pointer, at.kind, at.count)).collect();
/// assert_eq!(table, [("/body", "email", 2), ("/to/0/password", "secret", 1)]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    counts: BTreeMap<String, u64>,
    places: BTreeMap<(String, String), u64>,
    unplaced: u64,
}

/// One line of a report's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced<'r> {
    /// Where, as a JSON Pointer; empty for a text that is no JSON.
    pub pointer: &'r str,
    /// The kind's name.
    pub kind: &'r str,
    /// How many.
    pub count: u64,
}

impl Report {
    pub(crate) fn add(&mut self, kind: Kind, pointer: impl FnOnce() -> String) {
        count(&mut self.counts, kind.as_str(), 1);
        if self.places.len() < MOST_PLACES {
            self.place((pointer(), kind.as_str().to_owned()), 1);
        } else {
            self.unplaced = self.unplaced.saturating_add(1);
        }
    }

    fn place(&mut self, place: (String, String), more: u64) {
        if self.places.len() < MOST_PLACES || self.places.contains_key(&place) {
            let sum = self.places.entry(place).or_default();
            *sum = sum.saturating_add(more);
        } else {
            self.unplaced = self.unplaced.saturating_add(more);
        }
    }

    /// Replacements of all kinds.
    ///
    /// ```
    /// use redaction::{Redactor, Report};
    /// let mut report = Report::default();
    /// Redactor::standard().text("a@example.com, b@example.com, 078-05-1120", &mut report);
    /// assert_eq!(report.total(), 3);
    /// ```
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Replacements of one kind.
    ///
    /// ```
    /// use redaction::{Kind, Redactor, Report};
    /// let mut report = Report::default();
    /// Redactor::standard().text("a@example.com, b@example.com, 078-05-1120", &mut report);
    /// assert_eq!((report.count(Kind::Email), report.count(Kind::Card)), (2, 0));
    /// ```
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        self.counts.get(kind.as_str()).copied().unwrap_or(0)
    }

    /// Kinds with their counts, in the order of their names; no kind with zero.
    ///
    /// ```
    /// use redaction::{Redactor, Report};
    /// let mut report = Report::default();
    /// Redactor::standard().text("078-05-1120 a@example.com", &mut report);
    /// assert_eq!(report.iter().collect::<Vec<_>>(), [("email", 1), ("ssn", 1)]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> + '_ {
        self.counts.iter().map(|(kind, count)| (kind.as_str(), *count))
    }

    /// The table of what was replaced where, in the order of the pointers; of at most 1,000 places.
    ///
    /// ```
    /// use redaction::{Redactor, Report};
    /// let mut report = Report::default();
    /// Redactor::standard().text(r#"{"ssn":78051120}"#, &mut report);
    /// let at = report.places().next();
    /// assert_eq!(at.map(|at| (at.pointer, at.kind, at.count)), Some(("/ssn", "ssn", 1)));
    /// ```
    pub fn places(&self) -> impl Iterator<Item = Replaced<'_>> + '_ {
        self.places.iter().map(|((pointer, kind), count)| Replaced { pointer, kind, count: *count })
    }

    /// Replacements that are counted and not in the table, which was full.
    ///
    /// ```
    /// use redaction::{Redactor, Report};
    /// let text = format!("[{}]", vec![r#""a@example.com""#; 1_500].join(","));
    /// let mut report = Report::default();
    /// Redactor::standard().text(&text, &mut report);
    /// assert_eq!((report.places().count(), report.unplaced(), report.total()), (1_000, 500, 1_500));
    /// ```
    #[must_use]
    pub fn unplaced(&self) -> u64 {
        self.unplaced
    }

    /// Adds another report: counts, and places, of which the same pointer counts as one.
    ///
    /// ```
    /// use redaction::{Redactor, Report};
    /// let (redactor, mut all, mut one) = (Redactor::standard(), Report::default(), Report::default());
    /// redactor.text("a@example.com", &mut one);
    /// all.merge(&one);
    /// all.merge(&one);
    /// assert_eq!(all.total(), 2);
    /// ```
    pub fn merge(&mut self, other: &Self) {
        for (kind, more) in &other.counts {
            count(&mut self.counts, kind, *more);
        }
        for (place, more) in &other.places {
            self.place(place.clone(), *more);
        }
        self.unplaced = self.unplaced.saturating_add(other.unplaced);
    }

    /// Whether nothing was replaced.
    ///
    /// ```
    /// assert!(redaction::Report::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

fn count(counts: &mut BTreeMap<String, u64>, kind: &str, more: u64) {
    match counts.get_mut(kind) {
        Some(sum) => *sum = sum.saturating_add(more),
        None => {
            counts.insert(kind.to_owned(), more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_adds_counts_kind_by_kind_and_place_by_place() {
        let at = |pointer: &str| {
            let pointer = pointer.to_owned();
            move || pointer
        };
        let mut left = Report::default();
        assert!(left.is_empty());
        left.add(Kind::Email, at("/a"));
        let mut right = Report::default();
        right.add(Kind::Email, at("/a"));
        right.add(Kind::Card, at("/b"));
        left.merge(&right);
        assert_eq!(left.total(), 3);
        assert_eq!(left.count(Kind::Email), 2);
        assert_eq!(left.iter().collect::<Vec<_>>(), [("card", 1), ("email", 2)]);
        let places: Vec<_> = left.places().map(|at| (at.pointer, at.kind, at.count)).collect();
        assert_eq!(places, [("/a", "email", 2), ("/b", "card", 1)]);
    }

    #[test]
    fn every_replacement_is_in_the_table_or_counted_beside_it() {
        let mut report = Report::default();
        for n in 0..MOST_PLACES + 7 {
            report.add(Kind::Email, || format!("/{n}"));
        }
        let mut other = report.clone();
        other.merge(&report);
        for report in [&report, &other] {
            let placed: u64 = report.places().map(|at| at.count).sum();
            assert_eq!(placed + report.unplaced(), report.total());
        }
    }
}
