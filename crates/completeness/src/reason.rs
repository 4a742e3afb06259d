//! Why a record is not complete.

use std::fmt;

use store_traits::Object;

use crate::{CallKind, EvidenceClass, Field, Mode, Named, Need};

/// Is all of it there?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Completeness {
    /// Everything that the profile needs is there, and nothing is known to be missing.
    Complete,
    /// Everything required is there; something recommended is not, or two facts disagree.
    Partial,
    /// Something required is not there.
    Incomplete,
}

impl Completeness {
    /// The word that names it.
    ///
    /// ```
    /// assert_eq!(completeness::Completeness::Partial.as_str(), "PARTIAL");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "COMPLETE",
            Self::Partial => "PARTIAL",
            Self::Incomplete => "INCOMPLETE",
        }
    }

    /// What follows from these reasons: no weighing, the heaviest one tells.
    ///
    /// ```
    /// use completeness::{Completeness, Mode, Named, Reason};
    /// let reasons = [Reason::RepeatedEnds(Named { count: 2, first: vec![4, 9] })];
    /// assert_eq!(Completeness::of(&reasons, Mode::Usual), Completeness::Partial);
    /// assert_eq!(Completeness::of(&reasons, Mode::Strict), Completeness::Incomplete);
    /// assert_eq!(Completeness::of(&[], Mode::Strict), Completeness::Complete);
    /// ```
    #[must_use]
    pub fn of(reasons: &[Reason], mode: Mode) -> Self {
        match (reasons.iter().map(Reason::need).min(), mode) {
            (None, _) => Self::Complete,
            (Some(Need::Required), _) | (Some(_), Mode::Strict) => Self::Incomplete,
            (Some(Need::Recommended), Mode::Usual) => Self::Partial,
        }
    }
}

impl fmt::Display for Completeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a record is not complete. The text of each is a fact about the record, not a judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No fact speaks of the run.
    NothingRecorded,
    /// A field of the profile is nowhere.
    FieldMissing {
        /// Which.
        field: Field,
        /// How much the profile needs it.
        need: Need,
    },
    /// A field of the profile stands in some calls and not in others.
    FieldInPart {
        /// Which.
        field: Field,
        /// How much the profile needs it.
        need: Need,
        /// Where it is there.
        have: u64,
        /// Where it would have to be.
        of: u64,
    },
    /// No fact says that the run ended.
    Open,
    /// Terminal facts say different things of the run's end.
    ConflictingEnds {
        /// Entry and outcome of each.
        ends: Named<(u64, String)>,
    },
    /// Several terminal facts say the same of the run's end, by entry.
    RepeatedEnds(Named<u64>),
    /// The run was opened more than once, by entry.
    RepeatedOpenings(Named<u64>),
    /// Steps were numbered or declared and are not there.
    StepsMissing(Named<u64>),
    /// Several steps have the same number.
    StepsRepeated(Named<u64>),
    /// Steps were recorded behind one with a higher number.
    StepsOutOfOrder(Named<u64>),
    /// Steps name a parent that was never recorded.
    ParentsMissing(Named<String>),
    /// Calls were never answered.
    Unanswered {
        /// What was called.
        kind: CallKind,
        /// The calls, by what makes each one call.
        calls: Named<String>,
    },
    /// The run declares another total than its distinct calls give.
    TotalsDiffer {
        /// The entry that declares it.
        seq: u64,
        /// Of what.
        what: &'static str,
        /// What the run declares.
        declared: u64,
        /// What its calls give.
        summed: u64,
    },
    /// Evidence could not be captured, and was not captured afterwards.
    CaptureFailed {
        /// The entry that says so.
        seq: u64,
        /// Of which class, if it names one.
        class: Option<EvidenceClass>,
        /// Why.
        reason: String,
        /// How many more say so without naming a class.
        more: u64,
    },
}

impl Reason {
    /// Is something required missing, or something else to be said?
    ///
    /// ```
    /// use completeness::{Need, Reason};
    /// assert_eq!(Reason::Open.need(), Need::Required);
    /// ```
    #[must_use]
    pub fn need(&self) -> Need {
        match self {
            Self::FieldMissing { need, .. } | Self::FieldInPart { need, .. } => *need,
            Self::NothingRecorded
            | Self::Open
            | Self::ConflictingEnds { .. }
            | Self::StepsMissing(_)
            | Self::Unanswered { .. }
            | Self::TotalsDiffer { .. } => Need::Required,
            Self::RepeatedEnds(_)
            | Self::RepeatedOpenings { .. }
            | Self::StepsRepeated(_)
            | Self::StepsOutOfOrder(_)
            | Self::ParentsMissing(_)
            | Self::CaptureFailed { .. } => Need::Recommended,
        }
    }

    /// The word that names it, for machines.
    ///
    /// ```
    /// assert_eq!(completeness::Reason::Open.code(), "open_run");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NothingRecorded => "nothing_recorded",
            Self::FieldMissing { .. } => "field_missing",
            Self::FieldInPart { .. } => "field_in_part",
            Self::Open => "open_run",
            Self::ConflictingEnds { .. } => "conflicting_ends",
            Self::RepeatedEnds(_) => "repeated_ends",
            Self::RepeatedOpenings(_) => "repeated_openings",
            Self::StepsMissing(_) => "steps_missing",
            Self::StepsRepeated(_) => "steps_repeated",
            Self::StepsOutOfOrder(_) => "steps_out_of_order",
            Self::ParentsMissing(_) => "parents_missing",
            Self::Unanswered { .. } => "unanswered",
            Self::TotalsDiffer { .. } => "totals_differ",
            Self::CaptureFailed { .. } => "capture_failed",
        }
    }

    pub(crate) fn to_object(&self) -> Object {
        Object::from([
            ("code", self.code().into()),
            ("need", self.need().as_str().into()),
            ("text", self.to_string().into()),
        ])
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingRecorded => f.write_str("no fact speaks of this run"),
            Self::FieldMissing { field, need } => {
                write!(f, "`{}` is {} and was not recorded", field.as_str(), need.as_str())
            }
            Self::FieldInPart { field, need, have, of } => {
                write!(f, "`{}` is {} and stands in {have} of {of}", field.as_str(), need.as_str())
            }
            Self::Open => f.write_str("no fact says that the run ended"),
            Self::ConflictingEnds { ends } => {
                let said = |(seq, outcome): &(u64, String)| format!("entry {seq}: {outcome}");
                let said: Vec<String> = ends.first.iter().map(said).collect();
                let (said, more) = (said.join(", "), more(ends));
                write!(f, "terminal facts disagree on the run's end ({said}{more})")
            }
            Self::RepeatedEnds(seqs) => {
                let (count, list, more) = (seqs.count, list(&seqs.first), more(seqs));
                write!(f, "{count} terminal facts end the run (entries {list}{more})")
            }
            Self::RepeatedOpenings(seqs) => {
                let (count, list, more) = (seqs.count, list(&seqs.first), more(seqs));
                write!(f, "the run was opened {count} times (entries {list}{more})")
            }
            Self::StepsMissing(Named { count, first }) if first.is_empty() => {
                write!(
                    f,
                    "{}, which ones is not known",
                    many(*count, "declared step is missing", "declared steps are missing")
                )
            }
            Self::StepsMissing(steps) => write!(f, "missing {}", numbers("step", steps)),
            Self::StepsRepeated(steps) => {
                write!(f, "{} recorded more than once", numbers("step", steps))
            }
            Self::StepsOutOfOrder(steps) => {
                write!(f, "{} recorded out of order", numbers("entry", steps))
            }
            Self::ParentsMissing(parents) => {
                write!(f, "{} never recorded", numbers("parent span", parents))
            }
            Self::Unanswered { kind, calls } => {
                let name = format!("{} call", kind.as_str());
                write!(f, "{} never answered", numbers(&name, calls))
            }
            Self::TotalsDiffer { seq, what, declared, summed } => write!(
                f,
                "entry {seq} declares {declared} {what} for the run, its distinct calls give {summed}"
            ),
            Self::CaptureFailed { seq, class, reason, more } => {
                let what = class.map_or("evidence", EvidenceClass::as_str);
                write!(f, "{what} could not be captured (entry {seq}): {reason}")?;
                match more {
                    0 => Ok(()),
                    more => write!(f, " (and {more} more times)"),
                }
            }
        }
    }
}

fn many(count: u64, one: &str, several: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {several}") }
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

/// Where not all are named.
fn more<T>(named: &Named<T>) -> &'static str {
    if u64::try_from(named.first.len()) == Ok(named.count) { "" } else { ", …" }
}

/// `step 4`, `3 steps (4, 5, 9)`, `40 steps (4, 5, …)`.
fn numbers<T: fmt::Display>(one: &str, named: &Named<T>) -> String {
    let first = list(&named.first);
    if named.count == 1 {
        return format!("{one} {first}");
    }
    let several = if let Some(stem) = one.strip_suffix('y') {
        format!("{stem}ies")
    } else {
        format!("{one}s")
    };
    let more = more(named);
    format!("{} {several} ({first}{more})", named.count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(items: &[u64], count: u64) -> Named<u64> {
        Named { count, first: items.to_vec() }
    }

    #[test]
    fn reasons_read_as_sentences_of_facts() {
        let check = |reason: Reason, text: &str| assert_eq!(reason.to_string(), text);
        check(Reason::StepsMissing(named(&[4], 1)), "missing step 4");
        check(Reason::StepsMissing(named(&[4, 5], 40)), "missing 40 steps (4, 5, …)");
        check(
            Reason::StepsMissing(named(&[], 3)),
            "3 declared steps are missing, which ones is not known",
        );
        check(Reason::StepsOutOfOrder(named(&[7, 9], 2)), "2 entries (7, 9) recorded out of order");
        let calls = Named { count: 1, first: vec!["span a".to_owned()] };
        check(
            Reason::Unanswered { kind: CallKind::Tool, calls },
            "tool call span a never answered",
        );
    }
}
