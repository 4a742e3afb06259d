//! From a fact to its row, and from a row to a snapshot.

use ledger_store::{Cell, FactAt, Row, from_i64, text_at};
use sqlx::FromRow;
use store_traits::{
    Place, RunSummary, Scanned, Step, StepClass, StepOutcome, StoreError, Timestamp, Usage, Value,
};

use crate::summary::Summed;

/// The columns of `steps` after `(tenant, seq)`, in the order of [`step_row`].
pub(crate) const STEP_COLUMNS: [&str; 19] = [
    "run_id",
    "kind",
    "class",
    "name",
    "span_id",
    "parent_span_id",
    "agent",
    "service",
    "provider",
    "model",
    "response_id",
    "tool",
    "started_at",
    "ended_at",
    "input_tokens",
    "output_tokens",
    "cost_micros",
    "error",
    "root",
];

/// Kinds that say something of a run's beginning or end even where no mapping gave them a view.
const LIFECYCLE: [&str; 3] = ["run.started", "run.completed", "run.aborted"];

/// The run that a fact belongs to, if it makes a step.
pub(crate) fn run_of(fact: &Value) -> Option<&str> {
    let run = text_at(fact, &["meta", "run_id"])?;
    let is_step = text_at(fact, &["body", "view", "class"]).is_some();
    let is_lifecycle = text_at(fact, &["kind"]).is_some_and(|kind| LIFECYCLE.contains(&kind));
    (is_step || is_lifecycle).then_some(run)
}

/// The row of a fact: a function of the fact alone, so that it can be derived again.
pub(crate) fn step_row<'f>(at: &FactAt<'f>) -> Option<Row<'f>> {
    let fact = at.fact;
    let run = run_of(fact)?;
    let kind = text_at(fact, &["kind"])?;
    let view = |name: &str| text_at(fact, &["body", "view", name]);
    let count = |name: &str| {
        let count = fact.at(&["body", "view", name]).and_then(Value::as_i64);
        // A negative count is nonsense of the source: the fact keeps it, a sum must not.
        Cell::Int(count.filter(|count| *count >= 0))
    };
    let started_at = started_at(fact)?;
    let root = fact.at(&["body", "view", "root"]) == Some(&Value::Bool(true));
    let cells = vec![
        Cell::from(run),
        Cell::searchable(Some(kind)),
        Cell::searchable(Some(view("class").unwrap_or(StepClass::Event.as_str()))),
        Cell::searchable(Some(view("name").unwrap_or(kind))),
        Cell::searchable(view("span_id")),
        Cell::searchable(view("parent_span_id")),
        Cell::searchable(view("agent")),
        Cell::searchable(view("service").or_else(|| text_at(fact, &["meta", "actor", "name"]))),
        Cell::searchable(view("provider")),
        Cell::searchable(view("model")),
        Cell::searchable(view("response_id")),
        Cell::searchable(view("tool")),
        Cell::from(started_at),
        Cell::from(time(view("ended_at"))),
        count("input_tokens"),
        count("output_tokens"),
        count("cost_micros"),
        Cell::searchable(view("error")),
        Cell::Int(Some(i64::from(root))),
    ];
    Some(Row { seq: at.seq, cells })
}

/// When a step began: as the view says, else when the fact happened.
pub(crate) fn started_at(fact: &Value) -> Option<String> {
    let occurred_at = time(text_at(fact, &["meta", "occurred_at"]))?;
    Some(time(text_at(fact, &["body", "view", "started_at"])).unwrap_or(occurred_at))
}

/// The one spelling of a time, whose text order is time order.
fn time(text: Option<&str>) -> Option<String> {
    Timestamp::parse(text?).ok().map(|at| at.to_string())
}

#[derive(FromRow)]
pub(crate) struct StepRow {
    seq: i64,
    run_id: String,
    span_id: Option<String>,
    parent_span_id: Option<String>,
    class: String,
    name: String,
    agent: Option<String>,
    provider: Option<String>,
    model: Option<String>,
    response_id: Option<String>,
    tool: Option<String>,
    started_at: String,
    ended_at: Option<String>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cost_micros: Option<i64>,
    error: Option<String>,
    root: bool,
}

impl StepRow {
    pub(crate) fn into_step(self) -> Result<Step, StoreError> {
        let Self { seq, run_id, span_id, parent_span_id, class, name, agent, .. } = self;
        let Self { provider, model, response_id, tool, error, root, .. } = self;
        let what = format!("steps.{seq}");
        Ok(Step {
            seq: from_i64(seq, &what)?,
            run_id,
            span_id,
            parent_span_id,
            class: StepClass::parse(&class),
            name,
            agent,
            provider,
            model,
            response_id,
            tool,
            started_at: stored_time(&self.started_at, &what)?,
            ended_at: self.ended_at.map(|at| stored_time(&at, &what)).transpose()?,
            input_tokens: self.input_tokens.map(|n| from_i64(n, &what)).transpose()?,
            output_tokens: self.output_tokens.map(|n| from_i64(n, &what)).transpose()?,
            cost_micros: self.cost_micros.map(|n| from_i64(n, &what)).transpose()?,
            error,
            root,
        })
    }
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
    run_id: String,
    fits: bool,
    at_end: bool,
}

impl CandidateRow {
    pub(crate) fn into_scanned(self) -> Result<Scanned<String>, StoreError> {
        let Self { ordering, seq, run_id, fits, at_end } = self;
        let seq = from_i64(seq, "run_labels.seq")?;
        let place = Place { value: ordering, seq };
        Ok(Scanned { place, fits, last: at_end, item: run_id })
    }
}

#[derive(FromRow)]
pub(crate) struct OutcomeRow {
    seq: i64,
    class: String,
    name: String,
    error: Option<String>,
    at: String,
}

impl OutcomeRow {
    pub(crate) fn into_outcome(self) -> Result<StepOutcome, StoreError> {
        let Self { seq, class, name, error, at } = self;
        let what = format!("steps.{seq}");
        Ok(StepOutcome {
            seq: from_i64(seq, &what)?,
            class: StepClass::parse(&class),
            name,
            error,
            at: stored_time(&at, &what)?,
        })
    }
}

#[derive(FromRow)]
pub(crate) struct UsageRow {
    day: String,
    agent: Option<String>,
    provider: Option<String>,
    model: Option<String>,
    runs: i64,
    calls: i64,
    errors: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost_micros: Option<i64>,
}

impl UsageRow {
    pub(crate) fn into_usage(self) -> Result<Usage, StoreError> {
        let Self { day, agent, provider, model, runs, calls, errors, .. } = self;
        let what = format!("the usage of {day}");
        Ok(Usage {
            agent,
            provider,
            model,
            runs: from_i64(runs, &what)?,
            calls: from_i64(calls, &what)?,
            errors: from_i64(errors, &what)?,
            input_tokens: from_i64(self.input_tokens, &what)?,
            output_tokens: from_i64(self.output_tokens, &what)?,
            cost_micros: self.cost_micros.map(|n| from_i64(n, &what)).transpose()?,
            day,
        })
    }
}

pub(crate) fn stored_time(text: &str, what: &str) -> Result<Timestamp, StoreError> {
    Timestamp::parse(text).map_err(|error| StoreError::Corrupt { what: format!("{what}: {error}") })
}
