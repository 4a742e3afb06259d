//! Gaps in the record of one run.

use std::collections::BTreeSet;
use std::fmt;

use store_traits::{RunStatus, Step, StepClass};

/// Something that the record of a run does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// No fact says that the run ended.
    Open,
    /// Steps name a parent that was never recorded.
    MissingParents {
        /// How many distinct parents.
        parents: usize,
        /// The first of them, by span id.
        first: String,
    },
    /// Tool calls that were requested and never answered.
    Unanswered {
        /// How many.
        calls: usize,
        /// The first of them, by the call's id.
        first: String,
    },
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("no fact says that the run ended"),
            Self::MissingParents { parents: 1, first } => {
                write!(f, "the parent span {first} was never recorded")
            }
            Self::MissingParents { parents, first } => {
                write!(f, "{parents} parent spans were never recorded, the first is {first}")
            }
            Self::Unanswered { calls: 1, first } => write!(f, "the call {first} has no answer"),
            Self::Unanswered { calls, first } => {
                write!(f, "{calls} calls have no answer, the first is {first}")
            }
        }
    }
}

/// What the record of a run lacks, in a fixed order. Empty when nothing is known to be missing,
/// which is not a proof that everything was recorded.
///
/// ```
/// use completeness::{Gap, gaps_of_run};
/// use store_traits::RunStatus;
/// assert_eq!(gaps_of_run(RunStatus::Running, &[]), [Gap::Open]);
/// assert_eq!(gaps_of_run(RunStatus::Completed, &[]), []);
/// ```
#[must_use]
pub fn gaps_of_run(status: RunStatus, steps: &[Step]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    if status == RunStatus::Running {
        gaps.push(Gap::Open);
    }
    let spans: BTreeSet<&str> = steps
        .iter()
        .filter(|s| s.class != StepClass::Event)
        .filter_map(|s| s.span_id.as_deref())
        .collect();
    let missing: BTreeSet<&str> = steps
        .iter()
        .filter_map(|step| step.parent_span_id.as_deref())
        .filter(|parent| !spans.contains(parent))
        .collect();
    if let Some(first) = missing.first() {
        gaps.push(Gap::MissingParents { parents: missing.len(), first: (*first).to_owned() });
    }
    let answered: BTreeSet<&str> = calls(steps, |step| step.ended_at.is_some());
    let unanswered: Vec<&str> =
        calls(steps, |step| step.ended_at.is_none()).difference(&answered).copied().collect();
    if let Some(first) = unanswered.first() {
        gaps.push(Gap::Unanswered { calls: unanswered.len(), first: (*first).to_owned() });
    }
    gaps
}

fn calls(steps: &[Step], which: fn(&Step) -> bool) -> BTreeSet<&str> {
    steps
        .iter()
        .filter(|step| matches!(step.class, StepClass::McpTool | StepClass::Mcp) && which(step))
        .filter_map(|step| step.response_id.as_deref())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use store_traits::Timestamp;

    fn step(span: &str, parent: Option<&str>) -> Step {
        let started_at = Timestamp::from_unix_nanos(1).unwrap();
        Step {
            seq: 0,
            run_id: "r".into(),
            span_id: Some(span.into()),
            parent_span_id: parent.map(Into::into),
            class: StepClass::Other,
            name: "n".into(),
            agent: None,
            provider: None,
            model: None,
            response_id: None,
            tool: None,
            started_at,
            ended_at: Some(started_at),
            input_tokens: None,
            output_tokens: None,
            cost_micros: None,
            error: None,
            root: parent.is_none(),
        }
    }

    #[test]
    fn a_parent_that_was_never_recorded_is_a_gap_once() {
        let steps = [step("a", None), step("b", Some("x")), step("c", Some("x"))];
        let gaps = gaps_of_run(RunStatus::Completed, &steps);
        assert_eq!(gaps, [Gap::MissingParents { parents: 1, first: "x".into() }]);
        assert_eq!(gaps_of_run(RunStatus::Completed, &steps[..1]), []);
    }

    #[test]
    fn a_call_without_an_answer_is_a_gap_and_an_answered_one_is_not() {
        let call = |id: &str, ended: bool| Step {
            class: StepClass::McpTool,
            response_id: Some(id.into()),
            ended_at: ended.then_some(Timestamp::from_unix_nanos(2).unwrap()),
            ..step("s", None)
        };
        let steps = [call("1", false), call("1", true), call("2", false)];
        assert_eq!(
            gaps_of_run(RunStatus::Completed, &steps),
            [Gap::Unanswered { calls: 1, first: "2".into() }]
        );
    }
}
