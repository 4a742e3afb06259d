//! A step as an item of a packed row: a JSON array that begins with the number of its entry.

use std::borrow::Cow;
use std::fmt;

use ledger_store::{Cell, FactAt, Item, unpacked_string};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use store_traits::{Step, StepClass, StoreError, Value};

use crate::row::{StepFact, stored_time, time};

/// What stands between the steps of a row. A line feed is escaped in JSON texts, so that it stands
/// nowhere else.
pub(crate) const BETWEEN: &str = ",\n";

/// A step, in the order in which it is written.
#[derive(Debug, Deserialize)]
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

#[derive(Serialize)]
#[serde(untagged)]
enum Member<'f> {
    Text(Option<Cow<'f, str>>),
    Count(Option<u64>),
    Flag(bool),
}

/// Appends the step of a fact, which is UTF-8: a function of the fact and its place alone, so that it can be derived
/// again.
pub(crate) fn write(at: &FactAt<'_>, steps: &mut Vec<u8>) {
    let Some(fact) = StepFact::of(at.fact) else { return };
    let Some(started_at) = fact.started_at() else { return };
    let text = |text: Option<_>| match Cell::searchable(text) {
        Cell::Text(text) => Member::Text(text),
        Cell::Int(_) | Cell::Bytes(_) => Member::Text(None),
    };
    let said = |name| text(fact.said(name));
    // A negative count is nonsense of the source: the fact keeps it, a sum must not.
    let count = |name: &str| {
        let count = fact.member(name).and_then(Value::as_i64);
        Member::Count(count.and_then(|count| u64::try_from(count).ok()))
    };
    let root = fact.member("root") == Some(&Value::Bool(true));
    let name = ["name", "skill", "tool"].into_iter().find_map(|name| fact.said(name));
    let members = [
        Member::Count(Some(at.seq)),
        text(Some(fact.kind)),
        text(Some(fact.class().unwrap_or(StepClass::Event.as_str()))),
        text(Some(name.unwrap_or(fact.kind))),
        said("span_id"),
        said("parent_span_id"),
        said("agent"),
        text(fact.said("service").or_else(|| fact.actor())),
        said("provider"),
        said("model"),
        said("response_id"),
        said("tool"),
        Member::Text(Some(started_at)),
        Member::Text(time(fact.said("ended_at"))),
        count("input_tokens"),
        count("output_tokens"),
        count("cost_micros"),
        text(fact.error()),
        Member::Flag(root),
    ];
    let before = steps.len();
    if before > 0 {
        steps.extend_from_slice(BETWEEN.as_bytes());
    }
    // Texts, numbers and flags are JSON whatever they hold, and memory takes them.
    if serde_json::to_writer(&mut *steps, &members).is_err() {
        steps.truncate(before);
    }
}

/// The steps of a packed row.
pub(crate) fn items(steps: &str) -> Vec<Item<'_>> {
    let seq = |item: &str| item.strip_prefix('[')?.split_once(',')?.0.parse().ok();
    steps.split(BETWEEN).map(|text| Item { seq: seq(text), text }).collect()
}

/// A value of a row as stored: a step, or several that were compressed.
enum Stored<'t> {
    Step(Box<Line>),
    Packed(&'t str),
}

impl<'t> Deserialize<'t> for Stored<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'t> Visitor<'t> for Either {
            type Value = Stored<'t>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a step, or compressed steps")
            }

            fn visit_seq<A: SeqAccess<'t>>(self, step: A) -> Result<Stored<'t>, A::Error> {
                let step = Line::deserialize(SeqAccessDeserializer::new(step))?;
                Ok(Stored::Step(Box::new(step)))
            }

            fn visit_borrowed_str<E: Error>(self, packed: &'t str) -> Result<Stored<'t>, E> {
                Ok(Stored::Packed(packed))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// The steps of one or several packed rows of a run, in order of (start, entry): a source may report
/// the end of a step before its beginning.
pub(crate) fn read(run: &str, steps: &str) -> Result<Vec<Line>, StoreError> {
    let corrupt = |why: &dyn fmt::Display| StoreError::Corrupt {
        what: format!("the steps of run `{run}`: {why}"),
    };
    let damaged = |error: serde_json::Error| corrupt(&error);
    let steps = format!("[{steps}]");
    let stored: Vec<Stored<'_>> = serde_json::from_str(&steps).map_err(damaged)?;
    let mut lines = Vec::with_capacity(stored.len());
    for stored in stored {
        match stored {
            Stored::Step(line) => lines.push(*line),
            Stored::Packed(string) => {
                let steps = unpacked_string(string);
                let steps = steps.ok_or_else(|| corrupt(&"a compressed part is damaged"))?;
                let more: Vec<Line> =
                    serde_json::from_str(&format!("[{steps}]")).map_err(damaged)?;
                lines.extend(more);
            }
        }
    }
    lines.sort_by(|a, b| (&a.started_at, a.seq).cmp(&(&b.started_at, b.seq)));
    Ok(lines)
}

impl Line {
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
