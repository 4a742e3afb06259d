//! The steps of a run as the tree that caused them.

use std::collections::{BTreeMap, BTreeSet};

use store_traits::{Step, StepClass};

/// How deep nesting is told apart; deeper steps stand at this depth. It bounds what a hostile trace
/// of a million nested spans can make a reader draw.
pub const MAX_DEPTH: usize = 12;

/// A step in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested<'s> {
    /// The step.
    pub step: &'s Step,
    /// For each level from the root's children down to the step itself: is it the last of its
    /// siblings? Empty for a root; at most [`MAX_DEPTH`] long.
    pub last: Vec<bool>,
}

/// The steps of a run, parents before children, siblings in order of start.
///
/// What reports the same call twice (an MCP request and its response) is one step, the one that
/// knows the end. The messages of a span are left out: they belong to it. A step whose parent was
/// never recorded stands at the top, and a circle of parents is broken where it is entered.
///
/// ```
/// assert!(completeness::nest(&[]).is_empty());
/// ```
#[must_use]
pub fn nest(steps: &[Step]) -> Vec<Nested<'_>> {
    let shown = distinct(steps);
    let known: BTreeSet<&str> = shown.iter().filter_map(|step| step.span_id.as_deref()).collect();
    let mut children: BTreeMap<Option<&str>, Vec<&Step>> = BTreeMap::new();
    for step in &shown {
        let parent = step.parent_span_id.as_deref().filter(|parent| known.contains(parent));
        children.entry(parent).or_default().push(step);
    }
    let mut walk = Walk { children, stack: Vec::new(), seen: BTreeSet::new(), rows: Vec::new() };
    walk.below(None, &[]);
    walk.run();
    // What is left hangs on a circle of parents: enter it at its first step.
    for step in shown {
        if !walk.seen.contains(&step.seq) {
            walk.stack.push((step, Vec::new()));
            walk.run();
        }
    }
    walk.rows
}

struct Walk<'s> {
    children: BTreeMap<Option<&'s str>, Vec<&'s Step>>,
    // A stack of our own: a hostile trace may nest deeper than the call stack.
    stack: Vec<(&'s Step, Vec<bool>)>,
    seen: BTreeSet<u64>,
    rows: Vec<Nested<'s>>,
}

impl<'s> Walk<'s> {
    fn run(&mut self) {
        while let Some((step, last)) = self.stack.pop() {
            if !self.seen.insert(step.seq) {
                continue;
            }
            if let Some(id) = step.span_id.as_deref() {
                self.below(Some(id), &last);
            }
            self.rows.push(Nested { step, last });
        }
    }

    fn below(&mut self, parent: Option<&str>, above: &[bool]) {
        let Some(children) = self.children.get(&parent) else { return };
        for (from_end, step) in children.iter().rev().enumerate() {
            let mut last = above.to_vec();
            if parent.is_some() && last.len() < MAX_DEPTH {
                last.push(from_end == 0);
            }
            self.stack.push((step, last));
        }
    }
}

fn distinct(steps: &[Step]) -> Vec<&Step> {
    let mut shown: Vec<&Step> = Vec::new();
    let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
    for step in steps {
        if step.class == StepClass::Event && step.span_id.is_some() {
            continue;
        }
        let message =
            matches!(step.class, StepClass::Mcp | StepClass::McpTool) && step.span_id.is_none();
        let Some(call) = step.response_id.as_deref().filter(|_| message) else {
            shown.push(step);
            continue;
        };
        match calls.get(call).and_then(|at| shown.get_mut(*at)) {
            Some(slot) if step.ended_at.is_some() => *slot = step,
            Some(_) => {}
            None => {
                calls.insert(call, shown.len());
                shown.push(step);
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use store_traits::Timestamp;

    fn step(seq: u64, span: &str, parent: Option<&str>) -> Step {
        let started_at = Timestamp::from_unix_nanos(i128::from(seq)).unwrap();
        Step {
            seq,
            run_id: "r".into(),
            span_id: Some(span.into()),
            parent_span_id: parent.map(Into::into),
            class: StepClass::Other,
            name: span.into(),
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

    #[track_caller]
    fn check(steps: &[Step], expect: &[(&str, usize)]) {
        let rows = nest(steps);
        let rows: Vec<_> =
            rows.iter().map(|row| (row.step.name.as_str(), row.last.len())).collect();
        assert_eq!(rows, expect);
    }

    #[test]
    fn parents_come_before_children_and_siblings_in_order() {
        let steps = [step(0, "a", None), step(1, "c", Some("a")), step(2, "b", Some("a"))];
        check(&steps, &[("a", 0), ("c", 1), ("b", 1)]);
    }

    #[test]
    fn a_step_without_its_parent_stands_at_the_top() {
        check(&[step(0, "a", Some("gone"))], &[("a", 0)]);
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let steps = [step(0, "a", Some("b")), step(1, "b", Some("a"))];
        check(&steps, &[("a", 0), ("b", 1)]);
    }

    #[test]
    fn ten_thousand_levels_are_drawn_flat() {
        let mut steps = vec![step(0, "0", None)];
        for n in 1..10_000_u64 {
            steps.push(step(n, &n.to_string(), Some(&(n - 1).to_string())));
        }
        let rows = nest(&steps);
        assert_eq!(rows.len(), 10_000);
        assert_eq!(rows.last().unwrap().last.len(), MAX_DEPTH);
    }
}
