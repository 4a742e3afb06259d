//! The same policy decisions?

use std::collections::{BTreeMap, BTreeSet};

use crate::difference::{Difference, DifferenceKind, text};
use crate::trace::{PolicyDecision, TraceRecord};

/// Differences of decisions that are told.
const MAX_DIFFERENCES: usize = 100;

/// How the policy decisions of two runs compare: each guardrail's decisions in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionParity {
    /// Decisions in the original.
    pub original: u64,
    /// Decisions in the replay.
    pub replay: u64,
    /// The first 100 differences, in order of the guardrails' names.
    pub differences: Vec<Difference>,
}

impl DecisionParity {
    /// Are they shown to be the same? Where none was recorded nothing is shown.
    ///
    /// ```
    /// use replay_determinism::{TraceRecord, decision_parity};
    /// let nothing = TraceRecord::default();
    /// assert!(!decision_parity(&nothing, &nothing).same());
    /// ```
    #[must_use]
    pub fn same(&self) -> bool {
        self.original > 0 && self.differences.is_empty()
    }
}

/// Compares what policies decided in two runs: the same guardrails, the same pass or fail, the same
/// action where it failed.
///
/// ```
/// use replay_determinism::{PolicyDecision, TraceRecord, decision_parity};
/// let decided = |passed, action: Option<&str>| TraceRecord {
///     decisions: vec![PolicyDecision {
///         guardrail: "POL-12".into(),
///         passed,
///         action: action.map(Into::into),
///     }],
///     ..TraceRecord::default()
/// };
/// let (denied, escalated) = (decided(false, Some("deny")), decided(false, Some("escalate")));
/// assert!(decision_parity(&denied, &denied).same());
/// let parity = decision_parity(&denied, &escalated);
/// assert_eq!(parity.differences.first().map(|d| d.pointer.as_str()), Some("/decisions/POL-12/0/action"));
/// // An action counts only where the guardrail failed.
/// assert!(decision_parity(&decided(true, None), &decided(true, Some("allow"))).same());
/// ```
#[must_use]
pub fn decision_parity(original: &TraceRecord, replay: &TraceRecord) -> DecisionParity {
    let (ours, theirs) = (by_guardrail(original), by_guardrail(replay));
    let mut differences = Vec::new();
    let guardrails: BTreeSet<&str> = ours.keys().chain(theirs.keys()).copied().collect();
    for guardrail in guardrails {
        let none = Vec::new();
        let (a, b) = (ours.get(guardrail).unwrap_or(&none), theirs.get(guardrail).unwrap_or(&none));
        for at in 0..a.len().max(b.len()) {
            if differences.len() < MAX_DIFFERENCES {
                differences.extend(between(guardrail, at, a.get(at).copied(), b.get(at).copied()));
            }
        }
    }
    let count = |trace: &TraceRecord| trace.decisions.len() as u64;
    DecisionParity { original: count(original), replay: count(replay), differences }
}

fn by_guardrail(trace: &TraceRecord) -> BTreeMap<&str, Vec<&PolicyDecision>> {
    let mut decisions: BTreeMap<&str, Vec<&PolicyDecision>> = BTreeMap::new();
    for decision in &trace.decisions {
        decisions.entry(&decision.guardrail).or_default().push(decision);
    }
    decisions
}

fn between(
    guardrail: &str,
    at: usize,
    original: Option<&PolicyDecision>,
    replay: Option<&PolicyDecision>,
) -> Option<Difference> {
    let (member, original, replay) = match (original, replay) {
        (Some(a), Some(b)) if a.passed != b.passed => {
            ("/passed", Some(a.passed.to_string()), Some(b.passed.to_string()))
        }
        (Some(a), Some(b)) if !a.passed && a.action != b.action => {
            let shown = |decision: &PolicyDecision| decision.action.as_deref().map(text);
            ("/action", shown(a), shown(b))
        }
        (Some(_), Some(_)) | (None, None) => return None,
        (a, b) => {
            let shown = |decision: &PolicyDecision| {
                text(decision.action.as_deref().unwrap_or(if decision.passed {
                    "passed"
                } else {
                    "failed"
                }))
            };
            ("", a.map(shown), b.map(shown))
        }
    };
    let name = guardrail.replace('~', "~0").replace('/', "~1");
    Some(Difference {
        kind: DifferenceKind::Decision,
        step: None,
        name: guardrail.to_owned(),
        pointer: format!("/decisions/{name}/{at}{member}"),
        original,
        replay,
    })
}
