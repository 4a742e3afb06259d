//! Spans as steps, with the messages that stand in their log records.

use std::collections::BTreeMap;

use replay_determinism::{Content, Missing, ModelUsed, Outcome, StepRecord, StepStatus};
use store_traits::{Object, StepClass, Value};

use super::part::Part;
use super::trace::Found;

/// What a step was given, by dialect: attributes that hold it whole.
const INPUT: [&str; 4] = [
    "gen_ai.input.messages",
    "gen_ai.tool.call.arguments",
    "input.value",
    "traceloop.entity.input",
];
/// The same in pieces, one attribute each.
const INPUT_PIECES: [&str; 3] = ["gen_ai.prompt.", "llm.input_messages.", "llm.prompts."];
/// What came out.
const OUTPUT: [&str; 4] = [
    "gen_ai.output.messages",
    "gen_ai.tool.call.result",
    "output.value",
    "traceloop.entity.output",
];
const OUTPUT_PIECES: [&str; 2] = ["gen_ai.completion.", "llm.output_messages."];
/// What goes with the messages.
const BESIDE: [(&str, &str); 2] =
    [("gen_ai.system_instructions", "instructions"), ("gen_ai.tool.definitions", "tools")];

/// The spans of a run and the log records of each.
pub(super) struct Spans<'p> {
    spans: Vec<&'p Part>,
    logs: BTreeMap<&'p str, Vec<&'p Part>>,
}

impl<'p> Spans<'p> {
    pub(super) fn of(parts: &'p [Part]) -> Self {
        let mut logs: BTreeMap<&str, Vec<&Part>> = BTreeMap::new();
        let mut spans = Vec::new();
        for part in parts {
            match part.record() {
                "span" => spans.push(part),
                "log" => {
                    if let Some(span) = part.view("span_id") {
                        logs.entry(span).or_default().push(part);
                    }
                }
                _ => {}
            }
        }
        for logs in logs.values_mut() {
            logs.sort_by_key(|log| (log.occurred_at, log.seq));
        }
        if spans.iter().any(|span| !is_run(span)) {
            spans.retain(|span| !is_run(span));
        }
        Self { spans, logs }
    }

    pub(super) fn steps(&self) -> Vec<Found> {
        self.spans.iter().map(|span| self.step(span)).collect()
    }

    fn step(&self, span: &Part) -> Found {
        let class = class(span);
        let nothing = Vec::new();
        let logs = span.view("span_id").and_then(|span| self.logs.get(span)).unwrap_or(&nothing);
        let calls = matches!(class, StepClass::Llm | StepClass::Tool | StepClass::McpTool);
        // A call has something in and out; where nothing is said of it, it was not captured. One that
        // failed has come to its error.
        let known = |content: Content, wanted: bool| match content {
            Content::None if wanted => Content::NotRecorded(Missing::NotCaptured),
            content => content,
        };
        let given = input(span, class, logs);
        let came = output(span, class, logs);
        let (status, outcome) = ending(span.view("error"), span.view("ended_at").is_some());
        let resent = span.attribute(&["http.request.resend_count"]).and_then(Value::as_i64);
        let step = StepRecord {
            params: known(given, calls || class == StepClass::Embedding),
            result: known(came, calls && status != StepStatus::Failed),
            status,
            outcome,
            retry_count: resent.and_then(|count| u32::try_from(count).ok()).unwrap_or(0),
            model: model(span, class),
            ..StepRecord::new(0, skill(span, class))
        };
        Found { began_at: span.began_at(), seq: span.seq, number: None, step }
    }
}

/// Is this span the run itself, and not something that it did?
fn is_run(span: &Part) -> bool {
    span.is_root() && matches!(class(span), StepClass::Agent | StepClass::Other)
}

fn class(part: &Part) -> StepClass {
    StepClass::parse(part.view("class").unwrap_or_default())
}

/// A tool's name, an agent's, what a model was asked to do; names of spans often hold the model's.
fn skill(span: &Part, class: StepClass) -> String {
    let operation = || span.attribute(&["gen_ai.operation.name", "llm.request.type"]);
    let named = match class {
        StepClass::Tool | StepClass::McpTool => span.view("tool"),
        StepClass::Agent => span.view("agent"),
        StepClass::Llm => operation().and_then(Value::as_str).or(Some("chat")),
        StepClass::Embedding => Some("embeddings"),
        StepClass::Mcp | StepClass::Retrieval | StepClass::Event | StepClass::Other => None,
    };
    named.or_else(|| span.view("name")).unwrap_or("unnamed").to_owned()
}

/// How a step ended, from its error and whether it ended at all.
pub(super) fn ending(error: Option<&str>, ended: bool) -> (StepStatus, Outcome) {
    let (status, category) = match (error, ended) {
        (Some(_), _) => (StepStatus::Failed, "error"),
        (None, true) => (StepStatus::Completed, "success"),
        (None, false) => (StepStatus::Open, "unknown"),
    };
    (status, Outcome { category: category.to_owned(), code: error.map(str::to_owned) })
}

fn input(span: &Part, class: StepClass, logs: &[&Part]) -> Content {
    let own = content(span, &INPUT, &INPUT_PIECES);
    if class != StepClass::Llm {
        return own;
    }
    let messages = match own {
        Content::None => from_logs(logs, &INPUT, |name| name != "gen_ai.choice"),
        own => own,
    };
    with_what_is_beside(span, messages)
}

fn output(span: &Part, class: StepClass, logs: &[&Part]) -> Content {
    match content(span, &OUTPUT, &OUTPUT_PIECES) {
        Content::None if class == StepClass::Llm => {
            from_logs(logs, &OUTPUT, |name| name == "gen_ai.choice")
        }
        own => own,
    }
}

/// Messages with the instructions and the tools that the model was given: all of it decides.
fn with_what_is_beside(span: &Part, messages: Content) -> Content {
    let Content::Recorded(text) = &messages else { return messages };
    let mut given = Object::from([("messages", text.as_str().into())]);
    for (attribute, name) in BESIDE {
        match span.content(&["source", "attributes", attribute]) {
            Content::Recorded(text) => {
                given.insert(name, text.into());
            }
            Content::NotRecorded(why) => return Content::NotRecorded(why),
            Content::None => {}
        }
    }
    Content::of_value(&given.into())
}

fn content(part: &Part, whole: &[&str], pieces: &[&str]) -> Content {
    for prefix in pieces {
        if let Some(why) = part.missing_attribute(prefix) {
            return Content::NotRecorded(why);
        }
        let found: Object = part
            .attributes()
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value)))
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        if !found.is_empty() {
            return Content::of_value(&found.into());
        }
    }
    let found = whole.iter().map(|name| part.content(&["source", "attributes", name]));
    found.into_iter().find(|content| *content != Content::None).unwrap_or_default()
}

/// The messages of a call that stand in log records: in one record as a whole, or one record each.
fn from_logs(logs: &[&Part], whole: &[&str], wanted: fn(&str) -> bool) -> Content {
    let found = logs.iter().map(|log| content(log, whole, &[]));
    if let Some(content) = found.into_iter().find(|content| *content != Content::None) {
        return content;
    }
    let mut messages = Vec::new();
    for log in logs {
        let name = log.view("name").unwrap_or_default();
        let message =
            name.starts_with("gen_ai.") && (name.ends_with(".message") || name == "gen_ai.choice");
        if !message || !wanted(name) {
            continue;
        }
        match log.content(&["source", "body"]) {
            Content::Recorded(text) => messages
                .push(Value::Object(Object::from([("event", name.into()), ("body", text.into())]))),
            Content::NotRecorded(why) => return Content::NotRecorded(why),
            Content::None => {}
        }
    }
    if messages.is_empty() { Content::None } else { Content::of_value(&messages.into()) }
}

fn model(span: &Part, class: StepClass) -> Option<ModelUsed> {
    if !matches!(class, StepClass::Llm | StepClass::Embedding) {
        return None;
    }
    let said = |names: &[&str]| span.attribute(names).and_then(scalar);
    Some(ModelUsed {
        provider: span.view("provider").map(str::to_owned),
        model: said(&["gen_ai.request.model", "llm.request.model", "llm.model_name"])
            .or_else(|| span.view("model").map(str::to_owned)),
        version: said(&["gen_ai.response.model", "llm.response.model"]),
        temperature: said(&["gen_ai.request.temperature", "llm.request.temperature"]),
        seed: said(&["gen_ai.request.seed", "gen_ai.openai.request.seed", "llm.request.seed"]),
    })
}

/// A number or text as text; a tagged number (`{"f64":"0.7"}`) as what its tag says.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Int(number) => Some(number.get().to_string()),
        Value::String(text) => Some(text.to_string()),
        Value::Object(tagged) => tagged.values().next()?.as_str().map(str::to_owned),
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}
