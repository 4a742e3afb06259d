//! The facts of a run as one trace.

use replay_determinism::{StepRecord, TraceRecord};
use store_traits::Timestamp;

use super::decision::decision_of;
use super::native::native_step;
use super::part::Part;
use super::span::Spans;
use super::transcript::Calls;

/// A step on its way: when it began, its place in the record, and the number that its source gave it.
pub(super) struct Found {
    pub(super) began_at: Timestamp,
    pub(super) seq: u64,
    pub(super) number: Option<u64>,
    pub(super) step: StepRecord,
}

/// The trace of a run.
///
/// A span, a tool call of a transcript (request and response together) and a native step are steps.
/// The root of a trace is the run itself, and a step only where there is no other. Steps that their
/// source numbered keep their numbers and the order of the record; else they are numbered from 1 in
/// the order in which they began.
pub(super) fn trace_of(parts: &[Part]) -> TraceRecord {
    let mut found = Spans::of(parts).steps();
    found.extend(Calls::of(parts).steps());
    found.extend(parts.iter().filter_map(native_step));
    if found.iter().all(|found| found.number.is_some()) {
        found.sort_by_key(|found| found.seq);
    } else {
        found.sort_by_key(|found| (found.began_at, found.seq));
        found.iter_mut().for_each(|found| found.number = None);
    }
    let steps = (1..)
        .zip(found)
        .map(|(place, found)| StepRecord { index: found.number.unwrap_or(place), ..found.step })
        .collect();
    let mut decided: Vec<&Part> = parts.iter().collect();
    decided.sort_by_key(|part| (part.occurred_at, part.seq));
    let decisions = decided.into_iter().filter_map(decision_of).collect();
    TraceRecord { agent: agent_of(parts), steps, decisions }
}

/// Whose run: as the root says, else any step, else who recorded it, else the service.
fn agent_of(parts: &[Part]) -> Option<String> {
    let root = parts.iter().filter(|part| part.is_root()).find_map(|part| part.view("agent"));
    let named = || parts.iter().find_map(|part| part.view("agent"));
    let actor = || parts.iter().find_map(|part| part.agent.as_deref());
    let service = || parts.iter().find_map(|part| part.view("service"));
    root.or_else(named).or_else(actor).or_else(service).map(str::to_owned)
}
