//! What facts say of steps, and rows as lists give them.

use std::borrow::Cow;

use ledger_store::from_i64;
use sqlx::FromRow;
use store_traits::{Object, Place, RunSummary, StepClass, StoreError, Timestamp, Value};

use crate::summary::Summed;

/// Kinds that say something of a run's beginning or end even where no mapping gave them a view.
const LIFECYCLE: [&str; 3] = ["run.started", "run.completed", "run.aborted"];

/// A fact that makes a step of its run, taken apart once.
pub(crate) struct StepFact<'f> {
    pub(crate) run: &'f str,
    pub(crate) kind: &'f str,
    pub(crate) meta: &'f Object,
    pub(crate) body: Option<&'f Object>,
    /// Where it says what it is: the mapping's view; of a native fact about a run, which has none, the
    /// body and the step in it.
    places: [Option<&'f Object>; 2],
    native: bool,
}

impl<'f> StepFact<'f> {
    /// `None` of a fact that makes no step.
    pub(crate) fn of(fact: &'f Value) -> Option<Self> {
        let fact = fact.as_object()?;
        let meta = fact.get("meta")?.as_object()?;
        let (run, kind) = (text(meta.get("run_id"))?, text(fact.get("kind"))?);
        let body = fact.get("body").and_then(Value::as_object);
        let member = |name| body.and_then(|body| body.get(name)?.as_object());
        let (native, places) = match member("view") {
            Some(view) => (false, [Some(view), None]),
            None if kind.starts_with("run.") => (true, [body, member("step")]),
            None => (false, [None, None]),
        };
        let fact = Self { run, kind, meta, body, places, native };
        (fact.class().is_some() || LIFECYCLE.contains(&kind)).then_some(fact)
    }

    /// Where it says what it is, in the order in which one speaks before the other.
    pub(crate) fn places(&self) -> impl Iterator<Item = &'f Object> {
        self.places.into_iter().flatten()
    }

    pub(crate) fn member(&self, name: &str) -> Option<&'f Value> {
        self.places().find_map(|place| place.get(name))
    }

    /// A text that it says of itself.
    pub(crate) fn said(&self, name: &str) -> Option<&'f str> {
        text(self.member(name))
    }

    /// What kind of step it is, as far as it or its kind says.
    pub(crate) fn class(&self) -> Option<&'f str> {
        self.said("class").or(match self.kind {
            "run.llm_call" => Some(StepClass::Llm.as_str()),
            "run.step" => Some(StepClass::Other.as_str()),
            _ => None,
        })
    }

    /// What went wrong; a native fact may say no more than that something did.
    pub(crate) fn error(&self) -> Option<&'f str> {
        let failed = |name| self.said(name).filter(|said| self.native && *said == "failed");
        self.said("error").or_else(|| failed("outcome")).or_else(|| failed("status"))
    }

    /// Who did it, by name.
    pub(crate) fn actor(&self) -> Option<&'f str> {
        text(self.meta.get("actor")?.member("name"))
    }

    /// When the step began: as it says, else when the fact happened.
    pub(crate) fn started_at(&self, said: Option<&'f Value>) -> Option<Cow<'f, str>> {
        time(text(said)).or_else(|| time(text(self.meta.get("occurred_at"))))
    }
}

/// An empty text says nothing.
pub(crate) fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_str().filter(|text| !text.is_empty())
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
        let seq = from_i64(self.seq, "labels_of_runs.seq")?;
        Ok(Place { value: self.ordering.clone(), seq })
    }
}

pub(crate) fn stored_time(text: &str, what: &str) -> Result<Timestamp, StoreError> {
    Timestamp::parse(text).map_err(|error| StoreError::Corrupt { what: format!("{what}: {error}") })
}
