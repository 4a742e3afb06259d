//! What runs used: calls, tokens and cost by day, agent, provider and model.

use std::collections::BTreeMap;

use store_traits::Usage;

use crate::line::Line;
use crate::summary::{MOST, agent, key, lent};

/// Lines of one answer.
const MOST_LINES: usize = 10_000;

/// Day, agent, provider, model. What is not named comes last.
type Group = (String, Named, Named, Named);
/// A name, or none; in that order.
type Named = (bool, Option<String>);

/// The sums of a period.
pub(crate) struct Sums<'p> {
    since: &'p str,
    until: &'p str,
    groups: BTreeMap<Group, Sum>,
}

#[derive(Default)]
struct Sum {
    runs: u64,
    calls: u64,
    errors: u64,
    input_tokens: u64,
    output_tokens: u64,
    cost_micros: Option<u64>,
}

/// One call to a model, of all its reports the most that any says.
struct Call<'l> {
    started_at: &'l str,
    provider: Option<&'l str>,
    model: Option<&'l str>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cost_micros: Option<u64>,
    failed: bool,
}

impl<'p> Sums<'p> {
    /// Times as text, half-open.
    pub(crate) fn of_period(since: &'p str, until: &'p str) -> Self {
        Self { since, until, groups: BTreeMap::new() }
    }

    /// Adds the calls of a run.
    pub(crate) fn add(&mut self, steps: &[Line]) {
        let agent = agent(steps);
        let mut of_run: BTreeMap<Group, Sum> = BTreeMap::new();
        for call in calls(steps).into_values() {
            if call.started_at < self.since || call.started_at >= self.until {
                continue;
            }
            let named = |name: Option<&str>| (name.is_none(), name.map(str::to_owned));
            let day = call.started_at.chars().take(10).collect();
            let group = (day, named(agent.as_deref()), named(call.provider), named(call.model));
            let sum = of_run.entry(group).or_default();
            sum.runs = 1;
            sum.calls += 1;
            sum.errors += u64::from(call.failed);
            sum.input_tokens = capped(sum.input_tokens, call.input_tokens);
            sum.output_tokens = capped(sum.output_tokens, call.output_tokens);
            sum.cost_micros = added(sum.cost_micros, call.cost_micros);
        }
        for (group, more) in of_run {
            let sum = self.groups.entry(group).or_default();
            sum.runs += more.runs;
            sum.calls += more.calls;
            sum.errors += more.errors;
            sum.input_tokens = capped(sum.input_tokens, Some(more.input_tokens));
            sum.output_tokens = capped(sum.output_tokens, Some(more.output_tokens));
            sum.cost_micros = added(sum.cost_micros, more.cost_micros);
        }
    }

    /// The sums in their order.
    pub(crate) fn lines(self) -> Vec<Usage> {
        let line = |((day, agent, provider, model), sum): (Group, Sum)| Usage {
            day,
            agent: agent.1,
            provider: provider.1,
            model: model.1,
            runs: sum.runs,
            calls: sum.calls,
            errors: sum.errors,
            input_tokens: sum.input_tokens,
            output_tokens: sum.output_tokens,
            cost_micros: sum.cost_micros,
        };
        self.groups.into_iter().take(MOST_LINES).map(line).collect()
    }
}

/// Counts of a source may be absurd, and must not take the sum with them.
fn capped(sum: u64, more: Option<u64>) -> u64 {
    sum.saturating_add(more.unwrap_or(0)).min(MOST)
}

/// Nothing recorded is not nothing spent.
fn added(sum: Option<u64>, more: Option<u64>) -> Option<u64> {
    match (sum, more) {
        (None, None) => None,
        (sum, more) => Some(capped(sum.unwrap_or(0), more)),
    }
}

fn calls(steps: &[Line]) -> BTreeMap<String, Call<'_>> {
    let lent = lent(steps);
    let mut calls: BTreeMap<String, Call<'_>> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.class == "llm") {
        let call = calls.entry(key(step, &lent)).or_insert_with(|| Call {
            started_at: &step.started_at,
            provider: None,
            model: None,
            input_tokens: None,
            output_tokens: None,
            cost_micros: None,
            failed: false,
        });
        call.started_at = call.started_at.min(&step.started_at);
        call.provider = least(call.provider, step.provider.as_deref());
        call.model = least(call.model, step.model.as_deref());
        call.input_tokens = call.input_tokens.max(step.input_tokens);
        call.output_tokens = call.output_tokens.max(step.output_tokens);
        call.cost_micros = call.cost_micros.max(step.cost_micros);
        call.failed |= step.error.is_some();
    }
    calls
}

/// The first in order of those that are there, whichever report came first.
fn least<'t>(one: Option<&'t str>, other: Option<&'t str>) -> Option<&'t str> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
