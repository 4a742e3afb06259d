//! What facts say of steps, and rows as lists give them.

use std::borrow::Cow;

use ledger_store::{from_i64, text_at};
use sqlx::FromRow;
use store_traits::{Place, RunSummary, StoreError, Timestamp, Value};

use crate::summary::Summed;

/// Kinds that say something of a run's beginning or end even where no mapping gave them a view.
const LIFECYCLE: [&str; 3] = ["run.started", "run.completed", "run.aborted"];

pub(crate) fn kind_of(fact: &Value) -> Option<&str> {
    text_at(fact, &["kind"])
}

/// The run that a fact belongs to, if it makes a step.
pub(crate) fn run_of(fact: &Value) -> Option<&str> {
    let run = text_at(fact, &["meta", "run_id"])?;
    let is_step = text_at(fact, &["body", "view", "class"]).is_some();
    let is_lifecycle = kind_of(fact).is_some_and(|kind| LIFECYCLE.contains(&kind));
    (is_step || is_lifecycle).then_some(run)
}

/// When a step began: as the view says, else when the fact happened.
pub(crate) fn started_at(fact: &Value) -> Option<Cow<'_, str>> {
    let occurred_at = time(text_at(fact, &["meta", "occurred_at"]))?;
    Some(time(text_at(fact, &["body", "view", "started_at"])).unwrap_or(occurred_at))
}

/// The one spelling of a time, whose text order is time order.
pub(crate) fn time(text: Option<&str>) -> Option<Cow<'_, str>> {
    let text = text?;
    if Timestamp::is_spelling(text) {
        return Some(Cow::Borrowed(text));
    }
    Timestamp::parse(text).ok().map(|at| Cow::Owned(at.to_string()))
}

/// A run as lists show it.
pub(crate) fn summary(run_id: String, of: Summed, entries: u64) -> Result<RunSummary, StoreError> {
    let Summed { agent, started_at, ended_at, status, llm_calls, tool_calls, .. } = of;
    let what = format!("the summary of run `{run_id}`");
    let ended_at = ended_at.map(|at| stored_time(&at, &what)).transpose()?;
    Ok(RunSummary {
        agent,
        started_at: stored_time(&started_at, &what)?,
        ended_at,
        status,
        llm_calls,
        tool_calls,
        input_tokens: of.input_tokens,
        output_tokens: of.output_tokens,
        cost_micros: of.cost_micros,
        errors: of.errors,
        entries,
        run_id,
    })
}

/// A run that was looked at for a page.
#[derive(FromRow)]
pub(crate) struct CandidateRow {
    ordering: String,
    seq: i64,
    pub(crate) run_id: String,
    /// Do its labels fit?
    pub(crate) fits: bool,
    /// Do its steps decide?
    pub(crate) unsure: bool,
    pub(crate) at_end: bool,
}

impl CandidateRow {
    pub(crate) fn place(&self) -> Result<Place, StoreError> {
        let seq = from_i64(self.seq, "run_labels.seq")?;
        Ok(Place { value: self.ordering.clone(), seq })
    }
}

pub(crate) fn stored_time(text: &str, what: &str) -> Result<Timestamp, StoreError> {
    Timestamp::parse(text).map_err(|error| StoreError::Corrupt { what: format!("{what}: {error}") })
}
