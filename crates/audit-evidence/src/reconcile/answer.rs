//! What a reconciliation answers.

use store_traits::{Object, Timestamp, Value};

use super::ReconcileFinding;
use crate::expectation::{Ack, Expectation};

/// Does what was undertaken for a run agree with what became of it?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReconcileStatus {
    /// Everything that was expected was done in time, and nothing else was acknowledged.
    Complete,
    /// Something is missing, failed, late, invalid, or was never expected.
    Incomplete,
    /// The run was never finalised, and its deadline has passed.
    Stale,
}

impl ReconcileStatus {
    /// The word that names it.
    ///
    /// ```
    /// assert_eq!(audit_evidence::ReconcileStatus::Stale.as_str(), "STALE");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "COMPLETE",
            Self::Incomplete => "INCOMPLETE",
            Self::Stale => "STALE",
        }
    }
}

/// Where an expectation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Done, and recorded by the deadline.
    Done,
    /// Done, and recorded after the deadline.
    DoneLate,
    /// Acknowledged as failed.
    Failed,
    /// Not acknowledged; the deadline has not passed.
    Missing,
    /// Not acknowledged; the deadline has passed.
    Overdue,
    /// It has no deadline: when it would be late cannot be said.
    Invalid,
}

impl Standing {
    /// The word that names it.
    ///
    /// ```
    /// assert_eq!(audit_evidence::Standing::DoneLate.as_str(), "done_late");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::DoneLate => "done_late",
            Self::Failed => "failed",
            Self::Missing => "missing",
            Self::Overdue => "overdue",
            Self::Invalid => "invalid",
        }
    }
}

/// An expectation, its acknowledgement, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// What was undertaken.
    pub expectation: Expectation,
    /// What became of it: the newest acknowledgement.
    pub ack: Option<Ack>,
    /// Where it stands.
    pub standing: Standing,
}

/// What was undertaken for a run against what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// Which run.
    pub run_id: String,
    /// Does it agree?
    pub status: ReconcileStatus,
    /// The recorded time that deadlines were compared with.
    pub as_of: Timestamp,
    /// The entry that ends the run.
    pub ended_by: Option<u64>,
    /// The expectations in order of their entries.
    pub expectations: Vec<Reconciled>,
    /// Of the standard set, what nobody undertook for this run.
    pub not_expected: Vec<(&'static str, &'static str)>,
    /// Facts whose recorder writes a receipt for each, and how many have one.
    pub receipts: (u64, u64),
    /// What does not agree.
    pub findings: Vec<ReconcileFinding>,
}

impl Reconciliation {
    /// The same as an object of the restricted JSON that facts are made of.
    ///
    /// ```
    /// use audit_evidence::Undertakings;
    /// let found = Undertakings::new("run-1").reconcile(store_traits::Timestamp::UNIX_EPOCH);
    /// assert_eq!(found.to_object()["status"].as_str(), Some("INCOMPLETE"));
    /// ```
    #[must_use]
    pub fn to_object(&self) -> Object {
        let optional = |seq: Option<u64>| seq.map_or(Value::Null, Value::unsigned);
        let expectations = self.expectations.iter().map(|reconciled| {
            let Reconciled { expectation, ack, standing } = reconciled;
            let deadline = expectation.deadline.map(|at| at.to_string());
            Value::Object(Object::from([
                ("seq", Value::unsigned(expectation.seq)),
                ("expectation", expectation.id.as_str().into()),
                ("domain", expectation.domain.as_str().into()),
                ("action", expectation.action.as_str().into()),
                ("deadline", deadline.map_or(Value::Null, Value::from)),
                ("ack_seq", optional(ack.as_ref().map(|ack| ack.seq))),
                ("standing", standing.as_str().into()),
            ]))
        });
        let set = self.not_expected.iter().map(|(d, a)| Value::from(format!("{d}/{a}")));
        let findings = self.findings.iter().map(|f| Value::Object(f.to_object()));
        Object::from([
            ("run_id", self.run_id.as_str().into()),
            ("status", self.status.as_str().into()),
            ("as_of", self.as_of.to_string().into()),
            ("ended_by", optional(self.ended_by)),
            ("expectations", expectations.collect::<Vec<_>>().into()),
            ("not_expected", set.collect::<Vec<_>>().into()),
            ("recorded_facts", Value::unsigned(self.receipts.0)),
            ("receipts", Value::unsigned(self.receipts.1)),
            ("findings", findings.collect::<Vec<_>>().into()),
        ])
    }
}
