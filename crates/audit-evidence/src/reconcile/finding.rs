//! What does not agree between expectations and acknowledgements.

use std::fmt;

use store_traits::{Object, Timestamp, Value};

/// What does not agree. The first six are the outcomes of a reconciliation, the others say that it
/// could not be done in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReconcileFinding {
    /// Nobody acknowledged it.
    Missing {
        /// The entry of the expectation.
        seq: u64,
        /// Its name.
        id: String,
    },
    /// Acknowledged, and nobody had undertaken it.
    Drift {
        /// The entry of the acknowledgement.
        seq: u64,
        /// What it acknowledges.
        id: String,
    },
    /// Acknowledged as failed.
    Failed {
        /// The entry of the acknowledgement.
        seq: u64,
        /// The expectation's name.
        id: String,
        /// What went wrong, if it says so.
        error: Option<String>,
    },
    /// The run was never finalised, and its time has passed.
    Stale {
        /// By when it should have been.
        deadline: Timestamp,
        /// The entry that claims that it was, where one does.
        acked_seq: Option<u64>,
    },
    /// The deadline passed before it was acknowledged.
    PastDeadline {
        /// The entry of the expectation.
        seq: u64,
        /// Its name.
        id: String,
        /// Its deadline.
        deadline: Timestamp,
        /// The acknowledgement that came too late, if one came.
        ack_seq: Option<u64>,
        /// When that was recorded, else the newest recorded time.
        at: Timestamp,
    },
    /// An expectation that cannot be held against anything.
    Invalid {
        /// Its entry.
        seq: u64,
        /// Its name, if it has one.
        id: Option<String>,
        /// What it lacks.
        why: &'static str,
    },
    /// An acknowledgement that does not say what it acknowledges, or how it came out.
    UnreadableAck {
        /// Its entry.
        seq: u64,
        /// What it lacks.
        why: &'static str,
    },
    /// An expectation was stated again and says something else; the first one counts.
    Restated {
        /// The entry of the second.
        seq: u64,
        /// The name of both.
        id: String,
        /// The entry of the first.
        first_seq: u64,
    },
    /// A fact whose recorder writes receipts, and this one has none.
    NoReceipt {
        /// The fact's entry.
        seq: u64,
    },
    /// A receipt of a fact that the run does not have.
    ReceiptOfNothing {
        /// The receipt's entry.
        seq: u64,
        /// The entry that it names.
        fact_seq: u64,
    },
    /// No expectation was recorded for the run.
    NothingExpected,
    /// Acknowledgements, and no fact of the run itself.
    UnknownRun {
        /// The entry of the first acknowledgement.
        seq: u64,
    },
}

impl ReconcileFinding {
    /// The word that names it, for machines.
    ///
    /// ```
    /// assert_eq!(audit_evidence::ReconcileFinding::NothingExpected.code(), "nothing_expected");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::Drift { .. } => "drift",
            Self::Failed { .. } => "failed",
            Self::Stale { .. } => "stale",
            Self::PastDeadline { .. } => "past_deadline",
            Self::Invalid { .. } => "invalid",
            Self::UnreadableAck { .. } => "unreadable_ack",
            Self::Restated { .. } => "restated",
            Self::NoReceipt { .. } => "no_receipt",
            Self::ReceiptOfNothing { .. } => "receipt_of_nothing",
            Self::NothingExpected => "nothing_expected",
            Self::UnknownRun { .. } => "unknown_run",
        }
    }

    /// The entry that shows it, where one does.
    ///
    /// ```
    /// assert_eq!(audit_evidence::ReconcileFinding::UnknownRun { seq: 7 }.seq(), Some(7));
    /// ```
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        match self {
            Self::Missing { seq, .. }
            | Self::Drift { seq, .. }
            | Self::Failed { seq, .. }
            | Self::PastDeadline { seq, .. }
            | Self::Invalid { seq, .. }
            | Self::UnreadableAck { seq, .. }
            | Self::Restated { seq, .. }
            | Self::NoReceipt { seq }
            | Self::ReceiptOfNothing { seq, .. }
            | Self::UnknownRun { seq } => Some(*seq),
            Self::Stale { acked_seq, .. } => *acked_seq,
            Self::NothingExpected => None,
        }
    }

    pub(crate) fn to_object(&self) -> Object {
        let mut object =
            Object::from([("code", self.code().into()), ("text", self.to_string().into())]);
        if let Some(seq) = self.seq() {
            object.insert("seq", Value::unsigned(seq));
        }
        object
    }
}

impl fmt::Display for ReconcileFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { seq, id } => {
                write!(f, "`{id}` (entry {seq}) was never acknowledged")
            }
            Self::Drift { seq, id } => {
                write!(f, "entry {seq} acknowledges `{id}`, which nobody undertook for this run")
            }
            Self::Failed { seq, id, error } => {
                let why = error.as_ref().map_or(String::new(), |error| format!(": {error}"));
                write!(f, "`{id}` failed, says entry {seq}{why}")
            }
            Self::Stale { deadline, acked_seq } => {
                write!(
                    f,
                    "no fact ends the run, which was to be finalised by {}",
                    short(*deadline)
                )?;
                match acked_seq {
                    Some(seq) => write!(f, " (entry {seq} says that it was)"),
                    None => Ok(()),
                }
            }
            Self::PastDeadline { id, deadline, ack_seq: Some(seq), at, .. } => {
                let (by, at) = (short(*deadline), short(*at));
                write!(f, "`{id}` was to be done by {by}, entry {seq} was recorded at {at}")
            }
            Self::PastDeadline { id, deadline, ack_seq: None, at, .. } => {
                let (by, at) = (short(*deadline), short(*at));
                write!(f, "`{id}` was to be done by {by}, the ledger goes on to {at}")
            }
            Self::Invalid { seq, id: Some(id), why } => {
                write!(f, "the expectation `{id}` (entry {seq}) is invalid: {why}")
            }
            Self::Invalid { seq, id: None, why } => {
                write!(f, "the expectation in entry {seq} is invalid: {why}")
            }
            Self::UnreadableAck { seq, why } => {
                write!(f, "the acknowledgement in entry {seq} says nothing: {why}")
            }
            Self::Restated { seq, id, first_seq } => write!(
                f,
                "entry {seq} states `{id}` again and otherwise; entry {first_seq}, the first, counts"
            ),
            Self::NoReceipt { seq } => {
                write!(f, "entry {seq} was recorded and its recorder never said so")
            }
            Self::ReceiptOfNothing { seq, fact_seq } => {
                write!(
                    f,
                    "entry {seq} is the receipt of entry {fact_seq}, which is no fact of this run"
                )
            }
            Self::NothingExpected => f.write_str("no expectation was recorded for this run"),
            Self::UnknownRun { seq } => {
                write!(
                    f,
                    "entry {seq} acknowledges something of a run of which nothing was recorded"
                )
            }
        }
    }
}

/// A time without the zeros behind its last digit.
fn short(at: Timestamp) -> String {
    let text = at.to_string();
    let digits = text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
    // Whole minutes keep their seconds.
    let whole = digits.get(..19).unwrap_or(text.get(..19).unwrap_or_default());
    let fraction = digits.get(19..).unwrap_or_default();
    format!("{whole}{fraction}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_without_needless_zeros() {
        let check = |text: &str| assert_eq!(short(Timestamp::parse(text).unwrap()), text);
        check("2026-01-01T00:00:00Z");
        check("2026-01-01T10:20:30.5Z");
        check("2026-01-01T10:20:30.000000001Z");
    }
}
