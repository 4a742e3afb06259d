//! How two recorded runs compare, as a certificate states it.
//!
//! Where they differ is said to the JSON pointer, and never with the values: these lie behind salted
//! commitments, and a certificate goes to strangers. The entries commit to them.

use std::ops::Range;

use replay_determinism::{
    DeterminismLevel, Difference, DifferenceKind, ModelDrift, ReplayMatch, ReplayReport,
};
use store_traits::{Digest, Value};

use super::stretch::Leaves;
use crate::report::{as_u64, object};

/// The result of comparing two recorded runs. A failed replay is stated as failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayClaim {
    /// The run that was first.
    pub original: ReplayedRun,
    /// The run that should have done the same.
    pub replay: ReplayedRun,
    /// How alike they must be.
    pub required: DeterminismLevel,
    /// How alike they are.
    pub matched: ReplayMatch,
    /// Steps that are the same, changed, inserted, removed, and of which something is not recorded.
    pub steps: [u64; 5],
    /// Recorded decisions of the original and of the replay.
    pub decisions: [u64; 2],
    /// Other models under the same steps.
    pub model_drift: Vec<Drift>,
    /// The first difference that keeps the replay from passing; none where it passes.
    pub first_divergence: Option<Divergence>,
}

/// A run that was compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayedRun {
    /// Its id.
    pub run_id: String,
    /// Whose run, if it is recorded.
    pub agent: Option<String>,
    /// How many steps it has.
    pub steps: u64,
    /// Its entries: half-open ranges in order.
    pub entries: Vec<Range<u64>>,
}

/// A property of the model that differs, as [`ModelDrift`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// `provider`, `model`, `version`, `temperature` or `seed`.
    pub property: String,
    /// What the original says; none where nothing is recorded.
    pub original: Option<String>,
    /// What the replay says.
    pub replay: Option<String>,
    /// The first step that drifted so, by its number in the original.
    pub first_step: u64,
    /// How many steps drifted so.
    pub steps: u64,
}

/// Where two runs part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// In what they differ, as [`DifferenceKind::as_str`] says it.
    pub kind: String,
    /// In which step, by its number in the original; none for a decision.
    pub step: Option<u64>,
    /// Its name.
    pub name: String,
    /// Where in it.
    pub pointer: String,
}

const STEPS: [&str; 5] = ["same", "changed", "inserted", "removed", "not_recorded"];

impl ReplayClaim {
    /// What a comparison came to.
    #[must_use]
    pub fn of(report: &ReplayReport<'_>, original: ReplayedRun, replay: ReplayedRun) -> Self {
        let parity = &report.parity;
        Self {
            original,
            replay,
            required: report.required,
            matched: report.matched,
            steps: [
                parity.same,
                parity.changed,
                parity.inserted,
                parity.removed,
                parity.not_recorded,
            ],
            decisions: [report.decisions.original, report.decisions.replay],
            model_drift: parity.drift.iter().map(Drift::of).collect(),
            first_divergence: report.first_divergence().map(Divergence::of),
        }
    }

    /// Is the match as high as it must be?
    #[must_use]
    pub fn passed(&self) -> bool {
        self.matched >= self.required.wants()
    }

    pub(super) fn to_value(&self) -> Value {
        let steps = STEPS.iter().zip(self.steps).map(|(name, n)| (*name, Value::unsigned(n)));
        let [original, replay] = self.decisions.map(Value::unsigned);
        let divergence = self.first_divergence.as_ref().map_or(Value::Null, Divergence::to_value);
        object([
            ("required", self.required.as_str().into()),
            ("match", self.matched.as_str().into()),
            ("passed", self.passed().into()),
            ("original", self.original.to_value()),
            ("replay", self.replay.to_value()),
            ("steps", Value::Object(steps.collect())),
            ("decisions", object([("original", original), ("replay", replay)])),
            (
                "model_drift",
                self.model_drift.iter().map(Drift::to_value).collect::<Vec<_>>().into(),
            ),
            ("first_divergence", divergence),
        ])
    }

    pub(super) fn from_value(value: &Value) -> Option<Self> {
        let number = |path: &[&str]| as_u64(value.at(path));
        let text = |name: &str| value.member(name).and_then(Value::as_str);
        let matched = [
            ReplayMatch::Mismatch,
            ReplayMatch::Semantic,
            ReplayMatch::Logical,
            ReplayMatch::Exact,
        ];
        let [same, changed, inserted, removed, not_recorded] =
            STEPS.map(|name| number(&["steps", name]));
        let drifts = value.member("model_drift")?.as_array()?.iter().map(Drift::from_value);
        let divergence = match value.member("first_divergence")? {
            Value::Null => None,
            divergence => Some(Divergence::from_value(divergence)?),
        };
        Some(Self {
            original: ReplayedRun::from_value(value.member("original")?)?,
            replay: ReplayedRun::from_value(value.member("replay")?)?,
            required: DeterminismLevel::parse(text("required")?).ok()?,
            matched: matched.into_iter().find(|matched| Some(matched.as_str()) == text("match"))?,
            steps: [same?, changed?, inserted?, removed?, not_recorded?],
            decisions: [number(&["decisions", "original"])?, number(&["decisions", "replay"])?],
            model_drift: drifts.collect::<Option<_>>()?,
            first_divergence: divergence,
        })
    }

    /// Where it says what the proved entries do not show, or contradicts itself.
    pub(super) fn difference(&self, leaves: &Leaves) -> Option<&'static str> {
        let runs = [&self.original, &self.replay];
        if runs.iter().any(|run| !run.lies_in(leaves)) {
            return Some("a run has entries that are not proved");
        }
        let of_a_run = |seq: &u64| runs.iter().any(|run| run.has(*seq));
        if !leaves.keys().all(of_a_run) {
            return Some("an entry is proved that is of neither run");
        }
        if self.passed() == self.first_divergence.is_some() {
            return Some("it passed and names where it diverged, or it did neither");
        }
        None
    }
}

impl ReplayedRun {
    /// The leaves of its entries.
    pub(super) fn leaves<'l>(&self, leaves: &'l Leaves) -> impl Iterator<Item = &'l Digest> {
        let ranges = self.entries.clone().into_iter().filter(|range| range.start < range.end);
        ranges.flat_map(move |range| leaves.range(range)).map(|(_, leaf)| leaf)
    }

    fn has(&self, seq: u64) -> bool {
        self.entries.iter().any(|range| range.contains(&seq))
    }

    /// Has it entries, are they in order, and is each of them proved?
    fn lies_in(&self, leaves: &Leaves) -> bool {
        let mut before = None;
        let in_order = self.entries.iter().all(|range| {
            let after = before.is_none_or(|end| end < range.start);
            before = Some(range.end);
            after && range.start < range.end
        });
        let all = |range: &Range<u64>| {
            leaves.range(range.clone()).count() as u64 == range.end - range.start
        };
        in_order && !self.entries.is_empty() && self.entries.iter().all(all)
    }

    fn to_value(&self) -> Value {
        let Self { run_id, agent, steps, entries } = self;
        let range = |range: &Range<u64>| {
            object([("first", Value::unsigned(range.start)), ("end", Value::unsigned(range.end))])
        };
        object([
            ("run_id", run_id.as_str().into()),
            ("agent", text_or_null(agent.as_deref())),
            ("steps", Value::unsigned(*steps)),
            ("entries", entries.iter().map(range).collect::<Vec<_>>().into()),
        ])
    }

    fn from_value(value: &Value) -> Option<Self> {
        let ranges = value.member("entries")?.as_array()?.iter();
        let range =
            |range: &Value| Some(as_u64(range.member("first"))?..as_u64(range.member("end"))?);
        Some(Self {
            run_id: value.member("run_id")?.as_str()?.to_owned(),
            agent: value.member("agent")?.as_str().map(str::to_owned),
            steps: as_u64(value.member("steps"))?,
            entries: ranges.map(range).collect::<Option<_>>()?,
        })
    }
}

impl Drift {
    fn of(drift: &ModelDrift) -> Self {
        let ModelDrift { property, original, replay, first_step, steps } = drift;
        Self {
            property: (*property).to_owned(),
            original: original.clone(),
            replay: replay.clone(),
            first_step: *first_step,
            steps: *steps,
        }
    }

    fn to_value(&self) -> Value {
        let Self { property, original, replay, first_step, steps } = self;
        object([
            ("property", property.as_str().into()),
            ("original", text_or_null(original.as_deref())),
            ("replay", text_or_null(replay.as_deref())),
            ("first_step", Value::unsigned(*first_step)),
            ("steps", Value::unsigned(*steps)),
        ])
    }

    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            property: value.member("property")?.as_str()?.to_owned(),
            original: value.member("original")?.as_str().map(str::to_owned),
            replay: value.member("replay")?.as_str().map(str::to_owned),
            first_step: as_u64(value.member("first_step"))?,
            steps: as_u64(value.member("steps"))?,
        })
    }
}

impl Divergence {
    fn of(difference: &Difference) -> Self {
        Self {
            kind: DifferenceKind::as_str(difference.kind).to_owned(),
            step: difference.step,
            name: difference.name.clone(),
            pointer: difference.pointer.clone(),
        }
    }

    fn to_value(&self) -> Value {
        let Self { kind, step, name, pointer } = self;
        object([
            ("kind", kind.as_str().into()),
            ("step", step.map_or(Value::Null, Value::unsigned)),
            ("name", name.as_str().into()),
            ("pointer", pointer.as_str().into()),
        ])
    }

    fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            kind: value.member("kind")?.as_str()?.to_owned(),
            step: as_u64(value.member("step")),
            name: value.member("name")?.as_str()?.to_owned(),
            pointer: value.member("pointer")?.as_str()?.to_owned(),
        })
    }
}

pub(super) fn text_or_null(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}
