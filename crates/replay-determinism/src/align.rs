//! Which step of a replay is which step of the original.
//!
//! Steps that mean the same are brought together first; what lies between them is brought together
//! by skill and params, then by skill, then by place. So an inserted step is one inserted step, and
//! not a difference in everything after it.
//!
//! Bound: O(n log n) for names and anchors and O(n · 2·[`MOST_EDITS`](common)) for the rest, linear memory,
//! whatever the traces are.

mod common;

use std::ops::Range;

use store_traits::Digest;

use crate::step::StepRecord;

/// What became of a step, by places in the two traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairing {
    Both(usize, usize),
    Removed(usize),
    Inserted(usize),
}

/// Pairs up all steps of both traces, in order.
pub(crate) fn align(original: &[&StepRecord], replay: &[&StepRecord]) -> Vec<Pairing> {
    let like = |(a, b): &(&&StepRecord, &&StepRecord)| a.is_like(b);
    let head = original.iter().zip(replay).take_while(like).count();
    let shorter = original.len().min(replay.len()) - head;
    let foot = original.iter().rev().zip(replay.iter().rev()).take(shorter);
    let foot = foot.take_while(like).count();
    let (end_a, end_b) = (original.len() - foot, replay.len() - foot);
    let mut out = Vec::with_capacity(original.len().max(replay.len()));
    out.extend((0..head).map(|at| Pairing::Both(at, at)));
    let middle = |steps: &[&StepRecord], end: usize| -> Vec<[Digest; WAYS]> {
        let steps = steps.get(head..end).unwrap_or_default();
        steps.iter().map(|step| step.likeness()).collect()
    };
    let (ours, theirs) = (middle(original, end_a), middle(replay, end_b));
    let middle = Middle { before: head, original: &ours, replay: &theirs };
    middle.bring_together(0, 0..ours.len(), 0..theirs.len(), &mut out);
    out.extend((end_a..original.len()).zip(end_b..replay.len()).map(|(a, b)| Pairing::Both(a, b)));
    out
}

/// Ways in which steps may be alike.
const WAYS: usize = 3;

/// What lies between what both traces begin and end with.
struct Middle<'t> {
    /// How many steps lie before it, on either side.
    before: usize,
    original: &'t [[Digest; WAYS]],
    replay: &'t [[Digest; WAYS]],
}

impl Middle<'_> {
    /// Each step is looked at once in each way at most: what one way leaves over is cut into
    /// stretches that do not overlap.
    fn bring_together(
        &self,
        way: usize,
        original: Range<usize>,
        replay: Range<usize>,
        out: &mut Vec<Pairing>,
    ) {
        if way == WAYS || original.is_empty() || replay.is_empty() {
            return self.by_place(original, replay, out);
        }
        let (a, b) = self.named(way, &original, &replay);
        let (mut at_a, mut at_b) = (original.start, replay.start);
        for (x, y) in common::common(&a, &b) {
            let (x, y) = (original.start + x, replay.start + y);
            self.bring_together(way + 1, at_a..x, at_b..y, out);
            out.push(Pairing::Both(self.before + x, self.before + y));
            (at_a, at_b) = (x + 1, y + 1);
        }
        self.bring_together(way + 1, at_a..original.end, at_b..replay.end, out);
    }

    /// Small numbers for the likenesses of two stretches: the same number for the same likeness.
    fn named(
        &self,
        way: usize,
        original: &Range<usize>,
        replay: &Range<usize>,
    ) -> (Vec<u32>, Vec<u32>) {
        let ours = self.original.get(original.clone()).unwrap_or_default();
        let theirs = self.replay.get(replay.clone()).unwrap_or_default();
        let mut found: Vec<(Digest, usize)> = ours
            .iter()
            .chain(theirs)
            .enumerate()
            .filter_map(|(place, likeness)| Some((*likeness.get(way)?, place)))
            .collect();
        found.sort_unstable();
        let mut names = vec![0; found.len()];
        let mut name = 0_u32;
        let mut last: Option<Digest> = None;
        for (digest, place) in found {
            name = name.saturating_add(u32::from(last.is_some_and(|last| last != digest)));
            last = Some(digest);
            if let Some(slot) = names.get_mut(place) {
                *slot = name;
            }
        }
        let theirs = names.split_off(ours.len());
        (names, theirs)
    }

    /// What has nothing in common is paired in order; what is left over was removed or inserted.
    fn by_place(&self, original: Range<usize>, replay: Range<usize>, out: &mut Vec<Pairing>) {
        let pairs = original.len().min(replay.len());
        let (a, b) = (self.before + original.start, self.before + replay.start);
        out.extend((0..pairs).map(|at| Pairing::Both(a + at, b + at)));
        out.extend((a + pairs..self.before + original.end).map(Pairing::Removed));
        out.extend((b + pairs..self.before + replay.end).map(Pairing::Inserted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Content;

    /// `fetch(a)=1`: a skill, what it was given, what came out.
    fn steps(texts: &[&str]) -> Vec<StepRecord> {
        let step = |(index, text): (u64, &&str)| {
            let (skill, rest) = text.split_once('(').unwrap_or((text, ")="));
            let (params, result) = rest.split_once(")=").unwrap_or(("", ""));
            StepRecord {
                params: Content::Recorded(params.to_owned()),
                result: Content::Recorded(result.to_owned()),
                ..StepRecord::new(index, skill)
            }
        };
        (1..).zip(texts).map(step).collect()
    }

    #[track_caller]
    fn check(original: &[&str], replay: &[&str], expect: &str) {
        let (original, replay) = (steps(original), steps(replay));
        let pairings =
            align(&original.iter().collect::<Vec<_>>(), &replay.iter().collect::<Vec<_>>());
        let told: Vec<String> = pairings
            .iter()
            .map(|pairing| match pairing {
                Pairing::Both(a, b) => format!("{a}{b}"),
                Pairing::Removed(a) => format!("-{a}"),
                Pairing::Inserted(b) => format!("+{b}"),
            })
            .collect();
        assert_eq!(told.join(" "), expect);
    }

    #[test]
    fn an_inserted_step_is_one_inserted_step() {
        check(&["a", "b", "c"], &["a", "x", "b", "c"], "00 +1 12 23");
        check(&["a", "b", "c"], &["x", "a", "b", "c"], "+0 01 12 23");
        check(&["a", "b", "c"], &["a", "b", "c", "x"], "00 11 22 +3");
        check(&["a", "x", "b"], &["a", "b"], "00 -1 21");
    }

    #[test]
    fn a_changed_step_is_the_same_step_changed() {
        check(&["a", "f(x)=1", "c"], &["a", "f(x)=2", "c"], "00 11 22");
        check(&["a", "f(x)=1", "c"], &["a", "g(y)=2", "c"], "00 11 22");
        // By params before place, by skill before place.
        check(&["f(x)=1", "f(y)=1"], &["f(z)=2", "f(x)=2", "f(y)=2"], "+0 01 12");
        check(&["f(x)=1"], &["g(x)=2", "f(y)=2"], "+0 01");
    }

    #[test]
    fn traces_with_nothing_in_common_are_paired_by_place() {
        check(&["a", "b"], &["c", "d", "e"], "00 11 +2");
        check(&[], &["c"], "+0");
        check(&["c"], &[], "-0");
        check(&[], &[], "");
    }
}
