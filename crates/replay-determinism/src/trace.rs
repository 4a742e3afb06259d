//! A run as replay sees it.

use std::collections::BTreeMap;
use std::fmt;

use store_traits::Digest;

use crate::hash::Sha256Stream;
use crate::step::StepRecord;

const TRACE_DOMAIN: &[u8] = b"factlog/trace/v1\0";
/// Findings of one trace that are told; a hostile trace has as many as steps.
const MAX_FINDINGS: usize = 100;

/// The steps of a run, and what policies said in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceRecord {
    /// Whose run, if it is recorded.
    pub agent: Option<String>,
    /// The steps in the order of the record.
    pub steps: Vec<StepRecord>,
    /// Policy decisions in the order of the record.
    pub decisions: Vec<PolicyDecision>,
}

/// What a guardrail said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDecision {
    /// Which guardrail or policy.
    pub guardrail: String,
    /// Did what it looked at pass?
    pub passed: bool,
    /// What was done where it did not: `deny`, `escalate`, a word of the source.
    pub action: Option<String>,
}

/// Something odd in the numbering of a trace's steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceFinding {
    /// Several steps have one number.
    DuplicateIndex {
        /// The number.
        index: u64,
        /// How many steps have it.
        steps: usize,
    },
    /// A step stands behind one with a higher number.
    OutOfOrder {
        /// Its number.
        index: u64,
        /// The highest number before it.
        after: u64,
    },
    /// Numbers that no step has, though higher ones are there.
    Missing {
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// There is more of this sort than is told.
    More {
        /// How many more.
        findings: usize,
    },
}

impl fmt::Display for TraceFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateIndex { index, steps } => write!(f, "{steps} steps are number {index}"),
            Self::OutOfOrder { index, after } => {
                write!(f, "step {index} stands behind step {after} (compared in order of number)")
            }
            Self::Missing { from, to } if from == to => write!(f, "step {from} is missing"),
            Self::Missing { from, to } => write!(f, "steps {from} to {to} are missing"),
            Self::More { findings } => write!(f, "and {findings} more of the kind"),
        }
    }
}

impl TraceRecord {
    /// The trace's signature: SHA-256(`"factlog/trace/v1"` ‖ 0x00 ‖ the steps' signatures in order).
    ///
    /// ```
    /// use replay_determinism::{StepRecord, TraceRecord};
    /// let of = |skills: &[&str]| TraceRecord {
    ///     steps: (1..).zip(skills).map(|(index, skill)| StepRecord::new(index, *skill)).collect(),
    ///     ..TraceRecord::default()
    /// };
    /// assert_eq!(of(&["plan", "pay"]).signature(), of(&["plan", "pay"]).signature());
    /// assert_ne!(of(&["plan", "pay"]).signature(), of(&["pay", "plan"]).signature());
    /// ```
    #[must_use]
    pub fn signature(&self) -> Digest {
        let mut hash = Sha256Stream::new();
        hash.update(TRACE_DOMAIN);
        for step in &self.steps {
            hash.update(step.signature().as_bytes());
        }
        hash.finish()
    }

    /// What is odd in the numbering: a number twice, steps out of order, numbers left out. Empty for
    /// numbers that ascend by one, wherever they begin.
    ///
    /// ```
    /// use replay_determinism::{StepRecord, TraceFinding, TraceRecord};
    /// let steps = [1, 2, 2, 5].map(|index| StepRecord::new(index, "s")).into();
    /// let trace = TraceRecord { steps, ..TraceRecord::default() };
    /// assert_eq!(trace.findings(), [
    ///     TraceFinding::DuplicateIndex { index: 2, steps: 2 },
    ///     TraceFinding::Missing { from: 3, to: 4 },
    /// ]);
    /// ```
    #[must_use]
    pub fn findings(&self) -> Vec<TraceFinding> {
        let mut findings = Vec::new();
        let mut highest: Option<u64> = None;
        let mut times: BTreeMap<u64, usize> = BTreeMap::new();
        for step in &self.steps {
            let index = step.index;
            match highest {
                Some(after) if index < after => {
                    findings.push(TraceFinding::OutOfOrder { index, after });
                }
                _ => highest = Some(index),
            }
            *times.entry(index).or_insert(0) += 1;
        }
        let mut next: Option<u64> = None;
        for (index, steps) in times {
            if let Some(from) = next.filter(|next| *next < index) {
                findings.push(TraceFinding::Missing { from, to: index - 1 });
            }
            if steps > 1 {
                findings.push(TraceFinding::DuplicateIndex { index, steps });
            }
            next = index.checked_add(1);
        }
        if findings.len() > MAX_FINDINGS {
            let more = findings.len() - MAX_FINDINGS;
            findings.truncate(MAX_FINDINGS);
            findings.push(TraceFinding::More { findings: more });
        }
        findings
    }

    /// The steps in order of their number, those of one number in the order of the record.
    pub(crate) fn in_order(&self) -> Vec<&StepRecord> {
        let mut steps: Vec<&StepRecord> = self.steps.iter().collect();
        steps.sort_by_key(|step| step.index);
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(indexes: &[u64]) -> TraceRecord {
        let steps = indexes.iter().map(|index| StepRecord::new(*index, "s")).collect();
        TraceRecord { steps, ..TraceRecord::default() }
    }

    #[test]
    fn numbers_that_ascend_by_one_are_no_finding() {
        for indexes in [&[][..], &[0, 1, 2], &[7, 8], &[u64::MAX]] {
            assert_eq!(numbered(indexes).findings(), [], "{indexes:?}");
        }
    }

    #[test]
    fn every_oddity_is_named() {
        let found = numbered(&[3, 1, 1, 9]).findings();
        let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "step 1 stands behind step 3 (compared in order of number)",
                "step 1 stands behind step 3 (compared in order of number)",
                "2 steps are number 1",
                "step 2 is missing",
                "steps 4 to 8 are missing",
            ]
        );
    }

    #[test]
    fn a_hostile_numbering_gives_a_bounded_list() {
        let indexes: Vec<u64> = (0..10_000).rev().collect();
        let found = numbered(&indexes).findings();
        assert_eq!(found.len(), MAX_FINDINGS + 1);
        assert_eq!(found.last(), Some(&TraceFinding::More { findings: 9_899 }));
    }
}
