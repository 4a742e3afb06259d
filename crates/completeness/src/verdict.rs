//! What the check of a run's record gave, as a value and as a fact-like object.

use store_traits::{Object, Timestamp, Value};

use crate::ends::End;
use crate::{
    Call, CallKind, ClassEvidence, Completeness, Coverage, Field, Mode, Need, Profile, Reason,
    StepNumbers,
};

/// Where a field was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is there.
    Present {
        /// How many entries or calls show it.
        entries: u64,
        /// The first entry that shows it, where one does.
        first_seq: Option<u64>,
    },
    /// It is there in some of the calls (or views) that should have it.
    InPart {
        /// Where it is there.
        have: u64,
        /// Where it would have to be.
        of: u64,
    },
    /// It is nowhere.
    Absent,
    /// The run has nothing that could have it.
    NotApplicable,
}

impl Found {
    pub(crate) fn share(have: u64, of: u64) -> Self {
        match (have, of) {
            (_, 0) => Self::NotApplicable,
            (0, _) => Self::Absent,
            (have, of) if have < of => Self::InPart { have, of },
            (have, _) => Self::Present { entries: have, first_seq: None },
        }
    }

    /// The word that names it.
    ///
    /// ```
    /// assert_eq!(completeness::Found::Absent.as_str(), "absent");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Present { .. } => "present",
            Self::InPart { .. } => "in_part",
            Self::Absent => "absent",
            Self::NotApplicable => "not_applicable",
        }
    }
}

/// A field of a profile in the record of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldState {
    /// Which.
    pub field: Field,
    /// How much the profile needs it.
    pub need: Need,
    /// Where it was found.
    pub found: Found,
}

impl FieldState {
    pub(crate) fn lack(&self) -> Option<Reason> {
        let Self { field, need, found } = self;
        let (field, need) = (*field, *need);
        match found {
            Found::Present { .. } | Found::NotApplicable => None,
            Found::Absent => Some(Reason::FieldMissing { field, need }),
            Found::InPart { have, of } => {
                Some(Reason::FieldInPart { field, need, have: *have, of: *of })
            }
        }
    }

    fn to_object(&self) -> Object {
        let mut object = Object::from([
            ("field", self.field.as_str().into()),
            ("need", self.need.as_str().into()),
            ("found", self.found.as_str().into()),
        ]);
        match &self.found {
            Found::Present { entries, first_seq } => {
                object.insert("entries", Value::unsigned(*entries));
                if let Some(seq) = first_seq {
                    object.insert("first_seq", Value::unsigned(*seq));
                }
            }
            Found::InPart { have, of } => {
                object.insert("have", Value::unsigned(*have));
                object.insert("of", Value::unsigned(*of));
            }
            Found::Absent | Found::NotApplicable => {}
        }
        object
    }
}

/// What the record of a run holds and lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCompleteness {
    /// Which run.
    pub run_id: String,
    /// For whom it was checked.
    pub profile: Profile,
    /// What recommended fields counted for.
    pub mode: Mode,
    /// Is all of it there?
    pub completeness: Completeness,
    /// Entries of the run.
    pub entries: u64,
    /// Its first and last entry.
    pub seqs: Option<(u64, u64)>,
    /// When it began, as far as its facts say.
    pub started_at: Option<Timestamp>,
    /// What ends it.
    pub ends: Vec<End>,
    /// How much of the ledger is signed.
    pub coverage: Coverage,
    /// The profile's fields.
    pub fields: Vec<FieldState>,
    /// The classes of evidence.
    pub classes: Vec<ClassEvidence>,
    /// The numbers of its steps.
    pub steps: StepNumbers,
    /// Its distinct calls.
    pub calls: Vec<Call>,
    /// Why it is not complete, the heaviest first; empty when it is.
    pub reasons: Vec<Reason>,
}

impl RunCompleteness {
    /// Distinct calls of a kind, and how many of them were answered.
    ///
    /// ```
    /// use completeness::{CallKind, Coverage, Mode, Profile, RunRecord};
    /// let coverage = Coverage { as_of_size: 0, signed_size: 0 };
    /// let found = RunRecord::new("run-1").check(Profile::Evidence, Mode::Usual, coverage);
    /// assert_eq!(found.calls_of(CallKind::Model), (0, 0));
    /// ```
    #[must_use]
    pub fn calls_of(&self, kind: CallKind) -> (u64, u64) {
        let calls = self.calls.iter().filter(|call| call.kind == kind);
        calls.fold((0, 0), |(all, answered), call| (all + 1, answered + u64::from(call.answered)))
    }

    /// The same as an object of the restricted JSON that facts are made of: no score, only what is
    /// there, what is not, and which entries say so.
    ///
    /// ```
    /// use completeness::{Coverage, Mode, Profile, RunRecord};
    /// let coverage = Coverage { as_of_size: 0, signed_size: 0 };
    /// let found = RunRecord::new("run-1").check(Profile::Evidence, Mode::Usual, coverage);
    /// assert_eq!(found.to_object()["completeness"].as_str(), Some("INCOMPLETE"));
    /// ```
    #[must_use]
    pub fn to_object(&self) -> Object {
        let ends = self.ends.iter().map(|end| {
            Value::Object(Object::from([
                ("seq", Value::unsigned(end.seq)),
                ("outcome", end.outcome.as_str().into()),
                ("at", end.at.to_string().into()),
            ]))
        });
        let mut object = Object::from([
            ("run_id", self.run_id.as_str().into()),
            ("profile", self.profile.as_str().into()),
            ("strict", (self.mode == Mode::Strict).into()),
            ("completeness", self.completeness.as_str().into()),
            ("entries", Value::unsigned(self.entries)),
            ("as_of_size", Value::unsigned(self.coverage.as_of_size)),
            ("signed_size", Value::unsigned(self.coverage.signed_size)),
            ("ends", ends.collect::<Vec<_>>().into()),
            ("fields", objects(self.fields.iter().map(FieldState::to_object))),
            ("evidence", objects(self.classes.iter().map(ClassEvidence::to_object))),
            ("steps", self.steps_object().into()),
            ("calls", self.calls_object().into()),
            ("reasons", objects(self.reasons.iter().map(Reason::to_object))),
        ]);
        if let Some((first, last)) = self.seqs {
            object.insert("first_seq", Value::unsigned(first));
            object.insert("last_seq", Value::unsigned(last));
        }
        if let Some(at) = self.started_at {
            object.insert("started_at", at.to_string().into());
        }
        object
    }

    fn steps_object(&self) -> Object {
        let steps = &self.steps;
        let mut object = Object::from([
            ("steps", Value::unsigned(steps.steps)),
            ("numbered", Value::unsigned(steps.numbered)),
            ("missing", Value::unsigned(steps.missing.count)),
            ("repeated", Value::unsigned(steps.repeated.count)),
            ("out_of_order", Value::unsigned(steps.out_of_order.count)),
            ("lost_parents", Value::unsigned(steps.lost_parents.count)),
        ]);
        if let Some((declared, seq)) = steps.declared {
            object.insert("declared_by", Value::unsigned(seq));
            object.insert("declared", Value::unsigned(declared));
        }
        object
    }

    fn calls_object(&self) -> Object {
        let kinds = [CallKind::Model, CallKind::Tool, CallKind::Exchange];
        let of = |kind: CallKind| {
            let (calls, answered) = self.calls_of(kind);
            let counts = Object::from([
                ("calls", Value::unsigned(calls)),
                ("answered", Value::unsigned(answered)),
            ]);
            (kind.as_str().to_owned(), counts.into())
        };
        kinds.into_iter().map(of).collect()
    }
}

fn objects(items: impl Iterator<Item = Object>) -> Value {
    items.map(Value::Object).collect::<Vec<_>>().into()
}
