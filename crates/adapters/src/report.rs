//! The report: what a person reads, as plain data. The PDF draws it, `report.json` carries it.

use std::collections::BTreeMap;
use std::ops::Range;

use store_traits::{Digest, Object, Timestamp, Value};
use thiserror::Error;

use crate::overview::Overview;
use crate::soc2::Soc2Package;

/// What a report says. All of it comes from facts and from the signed checkpoint, none of it from
/// the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it is about, in a few words.
    pub title: String,
    /// Whose facts.
    pub tenant: String,
    /// The log's origin, as the checkpoint names it.
    pub origin: String,
    /// The program that made it.
    pub generator: String,
    /// Its version.
    pub version: String,
    /// When the newest fact under the checkpoint was recorded.
    pub as_of: Timestamp,
    /// The runs that are shown step by step.
    pub runs: Vec<RunReport>,
    /// The counts of an export that is not of one run. What a bundle's report says here is counted from
    /// its entries, whatever stands there.
    pub overview: Option<Overview>,
    /// The criteria of a SOC 2 package; of a bundle, found in its entries, whatever stands there.
    pub soc2: Option<Soc2Package>,
    /// What is proved, by what, and what is not.
    pub integrity: Integrity,
}

/// A run: its summary and its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport {
    /// Its id.
    pub run_id: String,
    /// The agent's name.
    pub agent: Option<String>,
    /// First start.
    pub started_at: Timestamp,
    /// Last end, if it ended.
    pub ended_at: Option<Timestamp>,
    /// What is known of its end.
    pub status: String,
    /// Distinct model calls.
    pub llm_calls: u64,
    /// Distinct tool calls.
    pub tool_calls: u64,
    /// Tokens in.
    pub input_tokens: u64,
    /// Tokens out.
    pub output_tokens: u64,
    /// Steps that ended in an error.
    pub errors: u64,
    /// Models that answered.
    pub models: Vec<String>,
    /// Its steps in order of start.
    pub steps: Vec<StepRow>,
}

/// A line of the step table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRow {
    /// 1, 2, 3 … within the run.
    pub number: u64,
    /// The entry that says so.
    pub seq: u64,
    /// How deep it lies under the run's root.
    pub depth: u32,
    /// Its class.
    pub class: String,
    /// Its name.
    pub name: String,
    /// Milliseconds from the run's start.
    pub offset_ms: u64,
    /// Milliseconds it took, if it ended.
    pub duration_ms: Option<u64>,
    /// Tokens in.
    pub input_tokens: Option<u64>,
    /// Tokens out.
    pub output_tokens: Option<u64>,
    /// What went wrong, as the source said it.
    pub error: Option<String>,
}

/// What is proved, by what, and what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integrity {
    /// The tree's size under the checkpoint.
    pub size: u64,
    /// Its root.
    pub root: Digest,
    /// The public key in C2SP vkey form.
    pub vkey: String,
    /// Entry ranges in the bundle, half open, in order.
    pub ranges: Vec<Range<u64>>,
    /// How many entries that is.
    pub entries: u64,
    /// How they are proved, in a few words.
    pub proof_kind: String,
    /// What the bundle proves, a sentence each.
    pub proved: Vec<String>,
    /// What it does not, a sentence each.
    pub not_proved: Vec<String>,
    /// Contents that lie in the bundle.
    pub contents_included: u64,
    /// Contents that entries commit to and that are not in the bundle.
    pub contents_withheld: u64,
    /// Contents that a fact in the bundle says were erased.
    pub contents_erased: u64,
    /// Values that were redacted before recording, by kind.
    pub redactions: BTreeMap<String, u64>,
}

/// Draws a report.
pub trait ReportRenderer {
    /// The file's bytes: the same report gives the same bytes.
    ///
    /// # Errors
    /// The report cannot be drawn.
    fn render(&self, report: &Report) -> Result<Vec<u8>, RenderError>;
}

/// A report that cannot be drawn.
#[derive(Debug, Error)]
#[error("the report cannot be drawn: {0}")]
pub struct RenderError(pub String);

impl Report {
    /// The report as `report.json` carries it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        // Destructured in full, so that a new field cannot be forgotten here.
        let Self { title, tenant, origin, generator, version, as_of, .. } = self;
        let Self { runs, overview, soc2, integrity, .. } = self;
        // What an export of one run does not have is not there: its bytes stay what they were.
        let of_many = [
            ("overview", overview.as_ref().map(Overview::to_value)),
            ("soc2", soc2.as_ref().map(Soc2Package::to_value)),
        ];
        let of_many = of_many.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let of_all = [
            ("format", Value::from("factlog/report/1")),
            ("title", title.as_str().into()),
            ("tenant", tenant.as_str().into()),
            ("origin", origin.as_str().into()),
            ("generator", generator.as_str().into()),
            ("version", version.as_str().into()),
            ("as_of", as_of.to_string().into()),
            ("runs", runs.iter().map(RunReport::to_value).collect::<Vec<_>>().into()),
            ("integrity", integrity.to_value()),
        ];
        Value::Object(of_all.into_iter().chain(of_many).collect())
    }
}

impl RunReport {
    fn to_value(&self) -> Value {
        let Self { run_id, agent, started_at, ended_at, status, models, steps, .. } = self;
        let Self { llm_calls, tool_calls, input_tokens, output_tokens, errors, .. } = self;
        object([
            ("run_id", run_id.as_str().into()),
            ("agent", text_or_null(agent.as_deref())),
            ("started_at", started_at.to_string().into()),
            ("ended_at", text_or_null(ended_at.map(|at| at.to_string()).as_deref())),
            ("status", status.as_str().into()),
            ("llm_calls", Value::unsigned(*llm_calls)),
            ("tool_calls", Value::unsigned(*tool_calls)),
            ("input_tokens", Value::unsigned(*input_tokens)),
            ("output_tokens", Value::unsigned(*output_tokens)),
            ("errors", Value::unsigned(*errors)),
            ("models", models.iter().map(|m| Value::from(m.as_str())).collect::<Vec<_>>().into()),
            ("steps", steps.iter().map(StepRow::to_value).collect::<Vec<_>>().into()),
        ])
    }
}

impl StepRow {
    fn to_value(&self) -> Value {
        let Self { number, seq, depth, class, name, offset_ms, duration_ms, .. } = self;
        let Self { input_tokens, output_tokens, error, .. } = self;
        object([
            ("number", Value::unsigned(*number)),
            ("seq", Value::unsigned(*seq)),
            ("depth", Value::from(*depth)),
            ("class", class.as_str().into()),
            ("name", name.as_str().into()),
            ("offset_ms", Value::unsigned(*offset_ms)),
            ("duration_ms", number_or_null(*duration_ms)),
            ("input_tokens", number_or_null(*input_tokens)),
            ("output_tokens", number_or_null(*output_tokens)),
            ("error", text_or_null(error.as_deref())),
        ])
    }
}

impl Integrity {
    pub(crate) fn to_value(&self) -> Value {
        let Self { size, root, vkey, ranges, entries, proof_kind, proved, not_proved, .. } = self;
        let Self { contents_included, contents_withheld, contents_erased, redactions, .. } = self;
        let texts = |list: &[String]| -> Value {
            list.iter().map(|text| Value::from(text.as_str())).collect::<Vec<_>>().into()
        };
        let range = |range: &Range<u64>| {
            object([("first", Value::unsigned(range.start)), ("end", Value::unsigned(range.end))])
        };
        object([
            ("size", Value::unsigned(*size)),
            ("root", root.to_string().into()),
            ("vkey", vkey.as_str().into()),
            ("ranges", ranges.iter().map(range).collect::<Vec<_>>().into()),
            ("entries", Value::unsigned(*entries)),
            ("proof_kind", proof_kind.as_str().into()),
            ("proved", texts(proved)),
            ("not_proved", texts(not_proved)),
            ("contents_included", Value::unsigned(*contents_included)),
            ("contents_withheld", Value::unsigned(*contents_withheld)),
            ("contents_erased", Value::unsigned(*contents_erased)),
            ("redactions", counts(redactions)),
        ])
    }
}

pub(crate) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
}

pub(crate) fn counts(counts: &BTreeMap<String, u64>) -> Value {
    let members: Object =
        counts.iter().map(|(name, n)| (name.clone(), Value::unsigned(*n))).collect();
    members.into()
}

/// The number, if the value is one that [`Value::unsigned`] writes plainly.
pub(crate) fn as_u64(value: Option<&Value>) -> Option<u64> {
    value.and_then(Value::as_i64).and_then(|n| u64::try_from(n).ok())
}

fn text_or_null(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}

fn number_or_null(number: Option<u64>) -> Value {
    number.map_or(Value::Null, Value::unsigned)
}
