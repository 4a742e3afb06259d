//! Evidence classes of a run: observed, missing, failed to be captured, or captured after all.

use std::fmt;

use store_traits::{Object, RecordedFact, Value};

use crate::{Named, said};

/// What kind of evidence a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceClass {
    /// That the run was active at all: any fact of it that is not about the record itself.
    Activity,
    /// Decisions of others that were recorded: authorizations, tools allowed or denied.
    PolicyDecisions,
    /// Which provider and model answered.
    Provider,
    /// Where it ran: resources, measurements, events of the system.
    Environment,
    /// That the record is covered by a signed checkpoint.
    Integrity,
    /// Which trace the facts belong to.
    Trace,
    /// The steps.
    Steps,
}

impl EvidenceClass {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::Activity,
        Self::PolicyDecisions,
        Self::Provider,
        Self::Environment,
        Self::Integrity,
        Self::Trace,
        Self::Steps,
    ];

    /// The word that names it, in `body.class` of `audit.capture_failure` too.
    ///
    /// ```
    /// assert_eq!(completeness::EvidenceClass::PolicyDecisions.as_str(), "policy_decisions");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::PolicyDecisions => "policy_decisions",
            Self::Provider => "provider",
            Self::Environment => "environment",
            Self::Integrity => "integrity",
            Self::Trace => "trace",
            Self::Steps => "steps",
        }
    }

    /// Reads the word.
    ///
    /// ```
    /// use completeness::EvidenceClass;
    /// assert_eq!(EvidenceClass::parse("trace"), Some(EvidenceClass::Trace));
    /// assert_eq!(EvidenceClass::parse("mood"), None);
    /// ```
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }

    /// Is the fact evidence of this class? Integrity is not in any one fact.
    fn shown_by(self, fact: &RecordedFact) -> bool {
        let kind = fact.kind.as_str();
        let at = |path: &[&str]| fact.fact.at(path).is_some();
        match self {
            Self::Activity => kind.starts_with("run.") || kind == "audit.tool",
            Self::PolicyDecisions => {
                let event = || said::text(&fact.fact, &["event"]);
                kind == "audit.authorization"
                    || (kind == "audit.tool" && matches!(event(), Some("allowed" | "denied")))
            }
            Self::Provider => said::text(&fact.fact, &["provider"]).is_some(),
            Self::Environment => {
                kind.starts_with("system.")
                    || at(&["body", "source", "resource"])
                    || at(&["body", "environment"])
            }
            Self::Integrity => false,
            Self::Trace => said::meta(&fact.fact, "trace_id").is_some(),
            Self::Steps => said::class(kind, &fact.fact).is_some_and(|class| class != "event"),
        }
    }
}

impl fmt::Display for EvidenceClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known of one class of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClassState {
    /// It is there.
    Observed,
    /// Nothing of it was recorded, and nothing says why.
    Missing,
    /// A fact says that it could not be captured, and it was not captured afterwards.
    CaptureFailed {
        /// The entry that says so.
        seq: u64,
        /// Why.
        reason: String,
    },
    /// A fact says that it could not be captured; then it was.
    Superseded {
        /// The entry of the failure.
        seq: u64,
        /// The entry that came after all; `None` for a signed checkpoint, which is no entry.
        by_seq: Option<u64>,
    },
}

impl ClassState {
    /// The word that names it.
    ///
    /// ```
    /// assert_eq!(completeness::ClassState::Missing.as_str(), "missing");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Missing => "missing",
            Self::CaptureFailed { .. } => "capture_failed",
            Self::Superseded { .. } => "superseded",
        }
    }
}

/// A class of evidence in the record of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassEvidence {
    /// Which.
    pub class: EvidenceClass,
    /// What is known of it.
    pub state: ClassState,
    /// Entries that are evidence of it.
    pub entries: u64,
    /// The first of them.
    pub first_seq: Option<u64>,
}

impl ClassEvidence {
    pub(crate) fn to_object(&self) -> Object {
        let mut object = Object::from([
            ("class", self.class.as_str().into()),
            ("state", self.state.as_str().into()),
            ("entries", Value::unsigned(self.entries)),
        ]);
        if let Some(seq) = self.first_seq {
            object.insert("first_seq", Value::unsigned(seq));
        }
        match &self.state {
            ClassState::Observed | ClassState::Missing => {}
            ClassState::CaptureFailed { seq, reason } => {
                object.insert("failure_seq", Value::unsigned(*seq));
                object.insert("failure", reason.as_str().into());
            }
            ClassState::Superseded { seq, by_seq } => {
                object.insert("failure_seq", Value::unsigned(*seq));
                let by = by_seq.map_or("checkpoint".into(), Value::unsigned);
                object.insert("superseded_by", by);
            }
        }
        object
    }
}

#[derive(Debug, Clone, Default)]
struct Seen {
    entries: u64,
    first_seq: Option<u64>,
    /// The newest failure, and the first entry after it that shows the class.
    failure: Option<(u64, String, Option<u64>)>,
}

/// Takes facts in order of their entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Classes {
    seen: [Seen; EvidenceClass::ALL.len()],
    /// Capture failures that name no known class.
    pub(crate) unclassed: Named<(u64, String)>,
}

impl Classes {
    pub(crate) fn add(&mut self, fact: &RecordedFact) {
        if fact.kind == "audit.capture_failure" {
            return self.failure(fact);
        }
        for (class, seen) in EvidenceClass::ALL.into_iter().zip(&mut self.seen) {
            if !class.shown_by(fact) {
                continue;
            }
            seen.entries += 1;
            seen.first_seq.get_or_insert(fact.seq);
            if let Some((failed, _, by)) = &mut seen.failure
                && fact.seq > *failed
            {
                by.get_or_insert(fact.seq);
            }
        }
    }

    fn failure(&mut self, fact: &RecordedFact) {
        let reason = said::text(&fact.fact, &["reason"]).unwrap_or("no reason recorded");
        let named = said::text(&fact.fact, &["evidence_class"]).and_then(EvidenceClass::parse);
        let slot = EvidenceClass::ALL.into_iter().zip(&mut self.seen);
        match slot.into_iter().find(|(class, _)| Some(*class) == named) {
            Some((_, seen)) => seen.failure = Some((fact.seq, reason.to_owned(), None)),
            None => self.unclassed.push((fact.seq, reason.to_owned())),
        }
    }

    /// `signed`: does a signed checkpoint cover every entry of the run?
    pub(crate) fn finish(
        &self,
        entries: u64,
        first_seq: Option<u64>,
        signed: bool,
    ) -> Vec<ClassEvidence> {
        EvidenceClass::ALL
            .into_iter()
            .zip(&self.seen)
            .map(|(class, seen)| {
                let covered = class == EvidenceClass::Integrity && signed;
                let (count, first) =
                    if covered { (entries, first_seq) } else { (seen.entries, seen.first_seq) };
                let state = match &seen.failure {
                    // A checkpoint that covers the failure's own entry came after it.
                    Some((seq, _, by_seq)) if covered || by_seq.is_some() => {
                        ClassState::Superseded { seq: *seq, by_seq: *by_seq }
                    }
                    Some((seq, reason, _)) => {
                        ClassState::CaptureFailed { seq: *seq, reason: reason.clone() }
                    }
                    None if count > 0 => ClassState::Observed,
                    None => ClassState::Missing,
                };
                ClassEvidence { class, state, entries: count, first_seq: first }
            })
            .collect()
    }
}
