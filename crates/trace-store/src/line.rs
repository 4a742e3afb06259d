//! A step, as it is taken from its entry.

use std::borrow::Cow;

use ledger_store::Cell;
use store_traits::{Step, StepClass, StoreError, Value};

use crate::row::{StepFact, stored_time, time};

/// A step with its times as text.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) seq: u64,
    pub(crate) kind: String,
    pub(crate) class: String,
    pub(crate) name: String,
    pub(crate) span_id: Option<String>,
    pub(crate) parent_span_id: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) response_id: Option<String>,
    pub(crate) tool: Option<String>,
    pub(crate) started_at: String,
    pub(crate) ended_at: Option<String>,
    pub(crate) input_tokens: Option<u64>,
    pub(crate) output_tokens: Option<u64>,
    pub(crate) cost_micros: Option<u64>,
    pub(crate) error: Option<String>,
    pub(crate) root: bool,
}

impl Line {
    /// The step of the fact at an entry: a function of the fact and its place alone. `None` of a fact that
    /// says no time.
    pub(crate) fn of(seq: u64, fact: &StepFact<'_>) -> Option<Self> {
        let started_at = fact.started_at(fact.member("started_at"))?.into_owned();
        let said = |name| fact.said(name).map(shown);
        // A negative count is nonsense of the source: the fact keeps it, a sum must not.
        let count = |name: &str| {
            let count = fact.member(name).and_then(Value::as_i64);
            count.and_then(|count| u64::try_from(count).ok())
        };
        let name = ["name", "skill", "tool"].into_iter().find_map(|name| fact.said(name));
        Some(Self {
            seq,
            kind: shown(fact.kind),
            class: shown(fact.class().unwrap_or(StepClass::Event.as_str())),
            name: shown(name.unwrap_or(fact.kind)),
            span_id: said("span_id"),
            parent_span_id: said("parent_span_id"),
            agent: said("agent"),
            service: fact.said("service").or_else(|| fact.actor()).map(shown),
            provider: said("provider"),
            model: said("model"),
            response_id: said("response_id"),
            tool: said("tool"),
            started_at,
            ended_at: time(fact.said("ended_at")).map(Cow::into_owned),
            input_tokens: count("input_tokens"),
            output_tokens: count("output_tokens"),
            cost_micros: count("cost_micros"),
            error: fact.error().map(shown),
            root: fact.member("root") == Some(&Value::Bool(true)),
        })
    }

    /// When the step was over, as far as it says.
    pub(crate) fn last_time(&self) -> &str {
        self.ended_at.as_deref().unwrap_or(&self.started_at)
    }

    /// Does it say that its run is over?
    pub(crate) fn is_end(&self) -> bool {
        matches!(self.kind.as_str(), "run.completed" | "run.aborted")
    }

    pub(crate) fn into_step(self, run_id: &str) -> Result<Step, StoreError> {
        let what = format!("step {} of run `{run_id}`", self.seq);
        Ok(Step {
            seq: self.seq,
            run_id: run_id.to_owned(),
            span_id: self.span_id,
            parent_span_id: self.parent_span_id,
            class: StepClass::parse(&self.class),
            name: self.name,
            agent: self.agent.or(self.service),
            provider: self.provider,
            model: self.model,
            response_id: self.response_id,
            tool: self.tool,
            started_at: stored_time(&self.started_at, &what)?,
            ended_at: self.ended_at.map(|at| stored_time(&at, &what)).transpose()?,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost_micros: self.cost_micros,
            error: self.error,
            root: self.root,
        })
    }
}

/// A text as the columns that people search spell it.
fn shown(text: &str) -> String {
    match Cell::searchable(Some(text)) {
        Cell::Text(Some(text)) => text.into_owned(),
        Cell::Text(None) | Cell::Int(_) | Cell::Bytes(_) => text.to_owned(),
    }
}
