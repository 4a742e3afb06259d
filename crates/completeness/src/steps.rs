//! Steps: are their numbers contiguous, and were their parents recorded?

use std::collections::{BTreeMap, BTreeSet};

use store_traits::RecordedFact;

use crate::said;

/// How many numbers or spans a summary names; the counts are exact.
pub const MOST_NAMED: usize = 10;

/// The numbers that sources gave to the steps of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepNumbers {
    /// Facts that are steps.
    pub steps: u64,
    /// Steps that have a number.
    pub numbered: u64,
    /// The lowest and the highest number.
    pub range: Option<(u64, u64)>,
    /// How many steps the run's opening or end declares, and the entry that does.
    pub declared: Option<(u64, u64)>,
    /// How many numbers are missing, and the first of them.
    pub missing: Named<u64>,
    /// Numbers that several steps have: how many, and the first of them.
    pub repeated: Named<u64>,
    /// Steps recorded behind one with a higher number: how many, and the first of them by entry.
    pub out_of_order: Named<u64>,
    /// Spans that steps name as their parent and that were never recorded.
    pub lost_parents: Named<String>,
}

/// Some things by name, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<T> {
    /// How many there are.
    pub count: u64,
    /// The first of them, at most [`MOST_NAMED`].
    pub first: Vec<T>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self { count: 0, first: Vec::new() }
    }
}

impl<T> Named<T> {
    pub(crate) fn of(items: impl Iterator<Item = T>) -> Self {
        let mut named = Self::default();
        items.for_each(|item| named.push(item));
        named
    }

    pub(crate) fn push(&mut self, item: T) {
        self.push_many(item, 1);
    }

    fn push_many(&mut self, item: T, count: u64) {
        self.count = self.count.saturating_add(count);
        if self.first.len() < MOST_NAMED {
            self.first.push(item);
        }
    }
}

/// Takes facts in order of their entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps {
    steps: u64,
    numbers: BTreeMap<u64, u64>,
    highest: Option<u64>,
    declared: Option<(u64, u64)>,
    out_of_order: Named<u64>,
    repeated: Named<u64>,
    spans: BTreeSet<String>,
    parents: BTreeSet<String>,
}

impl Steps {
    pub(crate) fn add(&mut self, fact: &RecordedFact) {
        let kind = fact.kind.as_str();
        if matches!(kind, "run.started" | "run.completed" | "run.aborted") {
            let declared = said::count(&fact.fact, &["declared_steps", "step_count", "steps"]);
            // What the end declares is what was done; an opening may have planned otherwise.
            if declared.is_some() && (kind != "run.started" || self.declared.is_none()) {
                self.declared = declared.map(|declared| (declared, fact.seq));
            }
        }
        let class = said::class(kind, &fact.fact).filter(|class| *class != "event");
        if class.is_none() {
            return;
        }
        self.steps += 1;
        if let Some(span) = said::text(&fact.fact, &["span_id"]) {
            self.spans.insert(span.to_owned());
        }
        if let Some(parent) = said::text(&fact.fact, &["parent_span_id"]) {
            self.parents.insert(parent.to_owned());
        }
        if let Some(number) = said::count(&fact.fact, &["step_index", "index"]) {
            self.number(number, fact.seq);
        }
    }

    fn number(&mut self, number: u64, seq: u64) {
        let times = self.numbers.entry(number).or_insert(0);
        *times += 1;
        if *times == 2 {
            self.repeated.push(number);
        }
        if self.highest.is_some_and(|highest| number < highest) {
            self.out_of_order.push(seq);
        }
        self.highest = self.highest.max(Some(number));
    }

    pub(crate) fn finish(&self) -> StepNumbers {
        let mut lost_parents = Named::default();
        for parent in self.parents.difference(&self.spans) {
            lost_parents.push(parent.clone());
        }
        let range = self.numbers.keys().next().copied().zip(self.highest);
        StepNumbers {
            steps: self.steps,
            numbered: self.numbers.values().fold(0, |sum, n| sum.saturating_add(*n)),
            range,
            declared: self.declared,
            missing: self.missing(range),
            repeated: self.repeated.clone(),
            out_of_order: self.out_of_order.clone(),
            lost_parents,
        }
    }

    /// Counting begins at 0 or at 1; what comes first tells which. A declared count tells where it
    /// ends, whether the steps are numbered or not.
    fn missing(&self, range: Option<(u64, u64)>) -> Named<u64> {
        let mut missing = Named::default();
        let Some((lowest, highest)) = range else {
            let declared = self.declared.map_or(0, |(declared, _)| declared);
            let recorded = self.steps.min(declared);
            if recorded < declared {
                missing.push_many(recorded, declared - recorded);
                // Which of them is missing is not known.
                missing.first.clear();
            }
            return missing;
        };
        let start = lowest.min(1);
        let mut expected = start;
        for number in self.numbers.keys() {
            gap(&mut missing, expected, *number);
            expected = number.saturating_add(1);
        }
        let end = self.declared.map_or(0, |(declared, _)| start.saturating_add(declared));
        gap(&mut missing, highest.saturating_add(1), end);
        missing
    }
}

/// Notes the numbers `[from, to)`, without walking through all of them: a source may write any.
fn gap(missing: &mut Named<u64>, from: u64, to: u64) {
    if from >= to {
        return;
    }
    let room = MOST_NAMED.saturating_sub(missing.first.len());
    missing.first.extend((from..to).take(room));
    missing.count = missing.count.saturating_add(to - from);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(numbers: &[u64], declared: Option<u64>, missing: &[u64], repeated: &[u64]) {
        let declared = declared.map(|declared| (declared, 99));
        let mut steps = Steps { declared, ..Steps::default() };
        for (number, seq) in numbers.iter().zip(0..) {
            steps.steps += 1;
            steps.number(*number, seq);
        }
        let found = steps.finish();
        assert_eq!(found.missing.first, missing, "missing of {numbers:?}");
        assert_eq!(found.repeated.first, repeated, "repeated of {numbers:?}");
    }

    #[test]
    fn counting_begins_at_zero_or_one_and_has_no_holes() {
        check(&[], None, &[], &[]);
        check(&[0, 1, 2], None, &[], &[]);
        check(&[1, 2, 3], None, &[], &[]);
        check(&[2, 3], None, &[1], &[]);
        check(&[0, 2, 5], None, &[1, 3, 4], &[]);
        check(&[1, 1, 2], None, &[], &[1]);
    }

    #[test]
    fn a_declared_count_tells_where_the_steps_end() {
        check(&[0, 1], Some(4), &[2, 3], &[]);
        check(&[1, 2], Some(2), &[], &[]);
        check(&[1, 2], Some(3), &[3], &[]);
        let unnumbered = Steps { steps: 2, declared: Some((5, 99)), ..Steps::default() }.finish();
        assert_eq!((unnumbered.missing.count, unnumbered.missing.first.len()), (3, 0));
    }

    #[test]
    fn absurd_numbers_are_counted_and_not_walked() {
        let mut steps = Steps::default();
        for number in [0, u64::MAX] {
            steps.number(number, number);
        }
        let missing = steps.finish().missing;
        assert_eq!((missing.count, missing.first.len()), (u64::MAX - 1, MOST_NAMED));
    }

    #[test]
    fn what_comes_behind_a_higher_number_is_out_of_order() {
        let mut steps = Steps::default();
        for (number, seq) in [(0, 10), (2, 11), (1, 12), (3, 13)] {
            steps.number(number, seq);
        }
        let found = steps.finish();
        assert_eq!(found.out_of_order.first, [12]);
        assert_eq!(found.missing.count, 0);
    }
}
