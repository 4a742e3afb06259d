//! Counting calls and not reports: from the steps of a run to its summary.
//!
//! One call is often reported several times. Steps with the same response id are reports of one call;
//! a span whose call has a response id lends it to the log records of that span. An MCP tool call seen
//! inside another report of the same call is that call: its parent is the client's side of it or the
//! tool span around it, or a tool span of the same name encloses it in time. A tool that calls an MCP
//! tool of another name makes a second call.

use std::collections::{BTreeMap, BTreeSet};

use store_traits::RunStatus;

use crate::line::Line;

/// A summary in the columns' own types.
pub(crate) struct Summed {
    pub(crate) agent: Option<String>,
    pub(crate) started_at: String,
    pub(crate) ended_at: Option<String>,
    pub(crate) status: RunStatus,
    pub(crate) llm_calls: u64,
    pub(crate) tool_calls: u64,
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) cost_micros: Option<u64>,
    pub(crate) errors: u64,
}

fn may_report(step: &Line) -> bool {
    matches!(step.class.as_str(), "llm" | "tool" | "mcp_tool" | "event")
}

fn is_tool(step: &Line) -> bool {
    matches!(step.class.as_str(), "tool" | "mcp_tool")
}

/// The response id that a span lends to the records of the same span that have none.
pub(crate) fn lent(steps: &[Line]) -> BTreeMap<&str, &str> {
    let mut lent: BTreeMap<&str, &str> = BTreeMap::new();
    for step in steps.iter().filter(|step| may_report(step)) {
        if let (Some(span), Some(response)) = (&step.span_id, &step.response_id) {
            let least = lent.entry(span).or_insert(response);
            *least = (*least).min(response);
        }
    }
    lent
}

/// Which call a step reports.
pub(crate) fn key(step: &Line, lent: &BTreeMap<&str, &str>) -> String {
    let own = step.response_id.as_deref();
    let response = own.or_else(|| lent.get(step.span_id.as_deref()?).copied());
    match (response.filter(|_| may_report(step)), &step.span_id) {
        (Some(response), _) => format!("response {response}"),
        (None, Some(span)) => format!("span {span}"),
        (None, None) => format!("entry {}", step.seq),
    }
}

/// The summary of a run's steps, in any order; `None` of no steps.
pub(crate) fn summed(steps: &[Line]) -> Option<Summed> {
    let lent = lent(steps);
    let keyed: Vec<(&Line, String)> = steps.iter().map(|step| (step, key(step, &lent))).collect();
    let outer = outer_keys(&keyed);
    // Server inside client inside tool: two steps outwards reach the outermost report.
    let call = |key: &str| -> String {
        let one = outer.get(key).map(String::as_str);
        let two = one.and_then(|one| outer.get(one)).map(String::as_str);
        two.or(one).unwrap_or(key).to_owned()
    };
    let mut llm: BTreeMap<String, [Option<u64>; 3]> = BTreeMap::new();
    let (mut tools, mut errors) = (BTreeSet::new(), BTreeSet::new());
    for (step, key) in &keyed {
        if step.class == "llm" {
            let counts = [step.input_tokens, step.output_tokens, step.cost_micros];
            let most = llm.entry(call(key)).or_default();
            for (most, count) in most.iter_mut().zip(counts) {
                *most = (*most).max(count);
            }
        }
        if is_tool(step) {
            tools.insert(call(key));
        }
        if step.error.is_some() {
            errors.insert(call(key));
        }
    }
    let (agent, status) = (agent(steps), status(steps));
    let started_at = steps.iter().map(|step| step.started_at.as_str()).min()?.to_owned();
    let ended = steps.iter().filter_map(|step| match step.is_end() {
        true => Some(step.last_time()),
        false => step.ended_at.as_deref(),
    });
    let ended_at = ended.max().filter(|_| status != RunStatus::Running).map(str::to_owned);
    let [input_tokens, output_tokens, cost_micros] =
        [0, 1, 2].map(|at: usize| total(llm.values().filter_map(|counts| *counts.get(at)?)));
    Some(Summed {
        agent,
        started_at,
        ended_at,
        status,
        llm_calls: llm.len() as u64,
        tool_calls: tools.len() as u64,
        input_tokens: input_tokens.unwrap_or(0),
        output_tokens: output_tokens.unwrap_or(0),
        cost_micros,
        errors: errors.len() as u64,
    })
}

/// The most that a sum says: counts of a source may be absurd, and must not take the list with them.
pub(crate) const MOST: u64 = 9_000_000_000_000_000_000;

/// `None` of nothing: nothing recorded is not nothing spent.
fn total(counts: impl Iterator<Item = u64>) -> Option<u64> {
    counts.fold(None, |sum: Option<u64>, n| Some(sum.unwrap_or(0).saturating_add(n).min(MOST)))
}

/// Of each call that is seen inside another report, that report.
fn outer_keys(keyed: &[(&Line, String)]) -> BTreeMap<String, String> {
    let mut outer: BTreeMap<String, String> = BTreeMap::new();
    let mut put = |key: &str, around: &str| {
        let least = outer.entry(key.to_owned()).or_insert_with(|| around.to_owned());
        if around < least.as_str() {
            around.clone_into(least);
        }
    };
    let mut by_span: BTreeMap<&str, Vec<&(&Line, String)>> = BTreeMap::new();
    for report in keyed.iter().filter(|(step, _)| is_tool(step)) {
        if let Some(span) = &report.0.span_id {
            by_span.entry(span).or_default().push(report);
        }
    }
    for (step, key) in keyed.iter().filter(|(step, _)| step.class == "mcp_tool") {
        let Some(parent) = step.parent_span_id.as_deref() else { continue };
        for (around, around_key) in by_span.get(parent).into_iter().flatten() {
            let same = match (&step.tool, &around.tool) {
                // Frameworks put the server's name before the tool's.
                (Some(inner), Some(outer)) => outer.ends_with(inner.as_str()),
                _ => true,
            };
            if same && around_key != key {
                put(key, around_key);
            }
        }
    }
    // For each step, the tool span of the same name that began no later and ends last. One pass in
    // order of time, where a comparison of each with each would take the square.
    let mut by_tool: Vec<(&str, &Line, &str)> = keyed
        .iter()
        .filter(|(step, _)| is_tool(step))
        .filter_map(|(step, key)| Some((step.tool.as_deref()?, *step, key.as_str())))
        .collect();
    by_tool.sort_by(|(a_tool, a, _), (b_tool, b, _)| {
        let place = |step: &Line| (step.class == "mcp_tool", step.seq);
        (a_tool, &a.started_at, place(a)).cmp(&(b_tool, &b.started_at, place(b)))
    });
    let mut longest: Option<(&str, &str, &str)> = None;
    for (tool, step, key) in by_tool {
        longest = longest.filter(|(of, ..)| *of == tool);
        match &step.ended_at {
            Some(end) if step.class == "tool" => {
                longest = longest.max(Some((tool, end, key)));
            }
            _ => {}
        }
        if let Some((_, end, around)) = longest
            && step.class == "mcp_tool"
            && end >= step.last_time()
        {
            put(key, around);
        }
    }
    outer
}

/// A name that a step gives to its agent before the name of a service, the root's before others'.
pub(crate) fn agent(steps: &[Line]) -> Option<String> {
    let best = steps.iter().min_by(|a, b| {
        let rank = |step: &Line| {
            (step.agent.is_none(), step.service.is_none(), !step.root, step.class != "agent")
        };
        (rank(a), &a.started_at, a.seq).cmp(&(rank(b), &b.started_at, b.seq))
    })?;
    best.agent.clone().or_else(|| best.service.clone())
}

/// What was said last about the run's end.
pub(crate) fn status(steps: &[Line]) -> RunStatus {
    let words = steps.iter().filter(|step| (step.root && step.ended_at.is_some()) || step.is_end());
    let last = words.max_by_key(|step| (step.last_time(), step.seq));
    match last {
        _ if steps.iter().any(|step| step.kind == "run.aborted") => RunStatus::Aborted,
        None => RunStatus::Running,
        Some(step) if step.error.is_some() => RunStatus::Failed,
        Some(_) => RunStatus::Completed,
    }
}
