//! Parity of two traces: which step is which, and where they differ.

use crate::align::{Pairing, align};
use crate::difference::{Detail, Difference, DifferenceKind, Differences, text};
use crate::drift::{Drifts, ModelDrift};
use crate::step::StepRecord;
use crate::trace::TraceRecord;

/// Differences that are told; counts are exact.
const MAX_DIFFERENCES: usize = 1_000;

/// A step of the original, of the replay, or of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aligned<'t> {
    /// One step, in both traces.
    Both {
        /// As it was.
        original: &'t StepRecord,
        /// As it is in the replay.
        replay: &'t StepRecord,
        /// How many of its differences are of which kind; none where it is the same.
        differs: Differs,
    },
    /// The replay does not have it.
    Removed(&'t StepRecord),
    /// The original does not have it.
    Inserted(&'t StepRecord),
}

/// In what a pair of steps differs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Differs {
    /// In a determinism field.
    pub fields: bool,
    /// In the meaning of what was given or came out.
    pub contents: bool,
    /// In bytes alone.
    pub bytes: bool,
    /// Something is not recorded, so that it cannot be told.
    pub not_recorded: bool,
}

impl Differs {
    /// Is it the same to the byte, as far as replay looks?
    ///
    /// ```
    /// assert!(replay_determinism::Differs::default().nowhere());
    /// ```
    #[must_use]
    pub fn nowhere(self) -> bool {
        self == Self::default()
    }

    pub(crate) fn take(&mut self, kind: DifferenceKind) {
        match kind {
            DifferenceKind::Field => self.fields = true,
            DifferenceKind::Content => self.contents = true,
            DifferenceKind::Bytes => self.bytes = true,
            DifferenceKind::NotRecorded => self.not_recorded = true,
            DifferenceKind::Inserted | DifferenceKind::Removed | DifferenceKind::Decision => {}
        }
    }
}

/// How two traces compare, step by step. Findings only: what it means is a matter of the level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parity<'t> {
    /// All steps in order.
    pub steps: Vec<Aligned<'t>>,
    /// The first 1,000 differences, in order of the steps, and in any case the first in meaning.
    pub differences: Vec<Difference>,
    /// Steps that are the same to the byte.
    pub same: u64,
    /// Steps of both traces that differ in some way.
    pub changed: u64,
    /// Steps that only the replay has.
    pub inserted: u64,
    /// Steps that only the original has.
    pub removed: u64,
    /// Steps of which something is not recorded.
    pub not_recorded: u64,
    /// Other models under the same steps.
    pub drift: Vec<ModelDrift>,
    /// Does something differ in more than formatting, or cannot be told?
    pub(crate) meaning: bool,
}

/// Compares two traces: in order of the steps' numbers, in time linear in the traces but for a
/// logarithm, in linear memory, whatever they hold.
///
/// ```
/// use replay_determinism::{DifferenceKind, StepRecord, TraceRecord, parity};
/// let of = |skills: &[&str]| TraceRecord {
///     steps: (1..).zip(skills).map(|(index, skill)| StepRecord::new(index, *skill)).collect(),
///     ..TraceRecord::default()
/// };
/// let (original, replay) = (of(&["plan", "look", "pay", "say"]), of(&["plan", "look", "pay", "wait", "say"]));
/// let parity = parity(&original, &replay);
/// assert_eq!((parity.same, parity.inserted, parity.changed), (4, 1, 0));
/// let first = parity.differences.first().map(|d| (d.kind, d.step));
/// assert_eq!(first, Some((DifferenceKind::Inserted, Some(4))));
/// ```
#[must_use]
pub fn parity<'t>(original: &'t TraceRecord, replay: &'t TraceRecord) -> Parity<'t> {
    let (ours, theirs) = (original.in_order(), replay.in_order());
    let mut parity = Parity {
        steps: Vec::with_capacity(ours.len().max(theirs.len())),
        differences: Vec::new(),
        same: 0,
        changed: 0,
        inserted: 0,
        removed: 0,
        not_recorded: 0,
        drift: Vec::new(),
        meaning: false,
    };
    let mut drifts = Drifts::default();
    for pairing in align(&ours, &theirs) {
        match pairing {
            Pairing::Both(a, b) => {
                if let (Some(original), Some(replay)) = (ours.get(a), theirs.get(b)) {
                    drifts.compare(original.index, original.model.as_ref(), replay.model.as_ref());
                    parity.both(original, replay);
                }
            }
            Pairing::Removed(a) => {
                if let Some(step) = ours.get(a) {
                    parity.alone(step, DifferenceKind::Removed);
                }
            }
            Pairing::Inserted(b) => {
                if let Some(step) = theirs.get(b) {
                    parity.alone(step, DifferenceKind::Inserted);
                }
            }
        }
    }
    parity.drift = drifts.take();
    parity
}

impl<'t> Parity<'t> {
    fn both(&mut self, original: &'t StepRecord, replay: &'t StepRecord) {
        let shift = i128::from(self.inserted) - i128::from(self.removed);
        let detail = match self.differences.len() {
            MAX_DIFFERENCES.. if self.meaning => Detail::Kinds,
            _ => Detail::Told,
        };
        let Differences { found, differs, .. } = Differences::of(original, replay, shift, detail);
        found.into_iter().for_each(|difference| self.tell(difference));
        self.not_recorded += u64::from(differs.not_recorded);
        if differs.nowhere() {
            self.same += 1;
        } else {
            self.changed += 1;
        }
        self.steps.push(Aligned::Both { original, replay, differs });
    }

    fn alone(&mut self, step: &'t StepRecord, kind: DifferenceKind) {
        let whole = Some(text(&step.skill));
        let (original, replay) = if kind == DifferenceKind::Inserted {
            self.inserted += 1;
            self.steps.push(Aligned::Inserted(step));
            (None, whole)
        } else {
            self.removed += 1;
            self.steps.push(Aligned::Removed(step));
            (whole, None)
        };
        let name = step.skill.clone();
        let pointer = String::new();
        self.tell(Difference { kind, step: Some(step.index), name, pointer, original, replay });
    }

    /// Beyond the bound only the first difference in meaning is told, if formatting filled the list.
    fn tell(&mut self, difference: Difference) {
        let first = difference.kind != DifferenceKind::Bytes && !self.meaning;
        self.meaning |= first;
        if first || self.differences.len() < MAX_DIFFERENCES {
            self.differences.push(difference);
        }
    }

    /// The same bytes, as far as replay looks?
    pub(crate) fn exact(&self) -> bool {
        self.changed == 0 && self.inserted == 0 && self.removed == 0
    }

    /// The same canonical content, all of it recorded?
    pub(crate) fn semantic(&self) -> bool {
        !self.meaning
    }
}
