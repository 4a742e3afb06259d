//! Does a replay match its original as well as it must?

use std::fmt;

use store_traits::Digest;
use thiserror::Error;

use crate::decisions::{DecisionParity, decision_parity};
use crate::difference::{Difference, DifferenceKind};
use crate::level::{DeterminismLevel, ReplayMatch};
use crate::parity::{Parity, parity};
use crate::trace::{TraceFinding, TraceRecord};

/// One of two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The recorded run.
    Original,
    /// The run that should do the same.
    Replay,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Original => "original",
            Self::Replay => "replay",
        })
    }
}

/// Two records that cannot be an original and its replay.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// A trace without steps: nothing is the same as nothing, and proves nothing.
    #[error("the {0} has no steps, so there is nothing to compare")]
    EmptyTrace(Side),
    /// Two agents.
    #[error(
        "the original is a run of the agent `{original}`, the replay one of `{replay}` (a replay is a run of the same agent)"
    )]
    DifferentAgents {
        /// Whose the original is.
        original: String,
        /// Whose the replay is.
        replay: String,
    },
}

/// Judges replays at one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayValidator {
    required: DeterminismLevel,
}

/// What a replay is to its original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayReport<'t> {
    /// What was required.
    pub required: DeterminismLevel,
    /// How alike they are.
    pub matched: ReplayMatch,
    /// Step by step.
    pub parity: Parity<'t>,
    /// What policies decided.
    pub decisions: DecisionParity,
    /// Signature of the original trace.
    pub original_signature: Digest,
    /// Signature of the replayed trace.
    pub replay_signature: Digest,
    /// What is odd in the numbering of either.
    pub findings: Vec<(Side, TraceFinding)>,
}

impl ReplayValidator {
    /// A validator for a level.
    ///
    /// ```
    /// use replay_determinism::{DeterminismLevel, ReplayValidator};
    /// let validator = ReplayValidator::new(DeterminismLevel::Semantic);
    /// assert_eq!(validator, ReplayValidator::new(DeterminismLevel::Semantic));
    /// ```
    #[must_use]
    pub fn new(required: DeterminismLevel) -> Self {
        Self { required }
    }

    /// Compares a replay with its original.
    ///
    /// The match is the highest of these that is shown: EXACT (no step and no decision differs in a
    /// byte, and all is recorded), LOGICAL (policy decisions are recorded and the same), SEMANTIC (no
    /// step differs in meaning, and all is recorded), else MISMATCH.
    ///
    /// # Errors
    /// One of the two has no steps, or they are of different agents.
    ///
    /// ```
    /// use replay_determinism::{
    ///     Content, DeterminismLevel, ReplayMatch, ReplayValidator, StepRecord, TraceRecord,
    /// };
    /// let run = |result: &str| TraceRecord {
    ///     steps: vec![StepRecord {
    ///         result: Content::Recorded(result.into()),
    ///         ..StepRecord::new(1, "fx_rate")
    ///     }],
    ///     ..TraceRecord::default()
    /// };
    /// let (original, replay) = (run(r#"{"rate": 157.010}"#), run(r#"{"rate":157.01}"#));
    /// let strict = ReplayValidator::new(DeterminismLevel::Strict).validate(&original, &replay)?;
    /// assert_eq!((strict.matched, strict.passed()), (ReplayMatch::Semantic, false));
    /// let semantic = ReplayValidator::new(DeterminismLevel::Semantic).validate(&original, &replay)?;
    /// assert!(semantic.passed());
    /// # Ok::<(), replay_determinism::ReplayError>(())
    /// ```
    pub fn validate<'t>(
        self,
        original: &'t TraceRecord,
        replay: &'t TraceRecord,
    ) -> Result<ReplayReport<'t>, ReplayError> {
        for (side, trace) in [(Side::Original, original), (Side::Replay, replay)] {
            if trace.steps.is_empty() {
                return Err(ReplayError::EmptyTrace(side));
            }
        }
        if let (Some(ours), Some(theirs)) = (&original.agent, &replay.agent)
            && ours != theirs
        {
            let (original, replay) = (ours.clone(), theirs.clone());
            return Err(ReplayError::DifferentAgents { original, replay });
        }
        let parity = parity(original, replay);
        let decisions = decision_parity(original, replay);
        let matched = if parity.exact() && decisions.differences.is_empty() {
            ReplayMatch::Exact
        } else if decisions.same() {
            ReplayMatch::Logical
        } else if parity.semantic() {
            ReplayMatch::Semantic
        } else {
            ReplayMatch::Mismatch
        };
        let named = |side: Side, trace: &TraceRecord| {
            trace.findings().into_iter().map(move |finding| (side, finding))
        };
        let findings = named(Side::Original, original).chain(named(Side::Replay, replay)).collect();
        Ok(ReplayReport {
            required: self.required,
            matched,
            parity,
            decisions,
            original_signature: original.signature(),
            replay_signature: replay.signature(),
            findings,
        })
    }
}

impl ReplayReport<'_> {
    /// Is the match as high as it must be?
    ///
    /// ```
    /// use replay_determinism::{DeterminismLevel, ReplayValidator, StepRecord, TraceRecord};
    /// let run = TraceRecord { steps: vec![StepRecord::new(1, "s")], ..TraceRecord::default() };
    /// let report = ReplayValidator::new(DeterminismLevel::Strict).validate(&run, &run)?;
    /// assert!(report.passed());
    /// # Ok::<(), replay_determinism::ReplayError>(())
    /// ```
    #[must_use]
    pub fn passed(&self) -> bool {
        self.matched >= self.required.wants()
    }

    /// The first difference that keeps the replay from passing; none where it passes. At LOGICAL that
    /// is a decision, where decisions are recorded.
    ///
    /// ```
    /// use replay_determinism::{DeterminismLevel, ReplayValidator, StepRecord, TraceRecord};
    /// let run = |skill: &str| TraceRecord {
    ///     steps: vec![StepRecord::new(1, skill)],
    ///     ..TraceRecord::default()
    /// };
    /// let (original, replay) = (run("look"), run("pay"));
    /// let report = ReplayValidator::new(DeterminismLevel::Strict).validate(&original, &replay)?;
    /// assert_eq!(report.first_divergence().map(|d| d.pointer.as_str()), Some("/skill"));
    /// # Ok::<(), replay_determinism::ReplayError>(())
    /// ```
    #[must_use]
    pub fn first_divergence(&self) -> Option<&Difference> {
        if self.passed() {
            return None;
        }
        let decision = self.decisions.differences.first();
        let step = |wanted: fn(DifferenceKind) -> bool| {
            self.parity.differences.iter().find(|difference| wanted(difference.kind))
        };
        match self.required {
            DeterminismLevel::Strict => step(|_| true).or(decision),
            DeterminismLevel::Logical => decision.or_else(|| step(|_| true)),
            DeterminismLevel::Semantic => {
                step(|kind| kind != DifferenceKind::Bytes).or_else(|| step(|_| true)).or(decision)
            }
        }
    }
}
