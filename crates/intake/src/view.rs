//! The normalised view of a span: what kind of step it is, by which of the GenAI dialects.
//!
//! Mapping `genai/1`. The view is derived and may be derived again by a newer mapping; the evidence is
//! the attributes as they arrived, which stand beside it. Dialects, by what identifies them:
//!
//! | dialect | identified by |
//! |---|---|
//! | `mcp` | `mcp.method.name` |
//! | `openinference` | `openinference.span.kind` |
//! | `traceloop` | `traceloop.span.kind`, `llm.request.type` |
//! | `genai` | `gen_ai.provider.name` or another name of semantic conventions 1.37 and later |
//! | `genai-legacy` | `gen_ai.system` (1.36 and earlier) |
//! | `otel` | anything else |

use store_traits::{Object, StepClass, Value};

/// The mapping that this file is.
pub(crate) const MAPPING: &str = "genai/1";

/// Attributes with the accessors that dialects need.
pub(crate) struct Attributes<'a>(pub(crate) Option<&'a Object>);

impl<'a> Attributes<'a> {
    pub(crate) fn of(source: &'a Object) -> Self {
        Self(source.get("attributes").and_then(Value::as_object))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.0?.get(key)
    }

    /// The first of these keys that has a text that is not empty.
    pub(crate) fn text(&self, keys: &[&str]) -> Option<&'a str> {
        keys.iter().find_map(|key| self.get(key)?.as_str()).filter(|text| !text.is_empty())
    }

    fn has_prefix(&self, prefix: &str) -> bool {
        self.0.is_some_and(|members| members.keys().any(|key| key.starts_with(prefix)))
    }

    /// The first of these keys that has a count: an integer, or a text or double that is one.
    fn count(&self, keys: &[&str]) -> Option<i64> {
        let number = |value: &Value| match value {
            Value::Int(value) => Some(value.get()),
            Value::String(text) => text.parse().ok(),
            Value::Object(_) => value.member("f64")?.as_str()?.strip_suffix(".0")?.parse().ok(),
            _ => None,
        };
        keys.iter().find_map(|key| number(self.get(key)?)).filter(|count| *count >= 0)
    }
}

/// What a dialect makes of a span.
struct Reading {
    dialect: &'static str,
    class: StepClass,
}

/// The view of a redacted span.
pub(crate) fn of_span(source: &Object) -> Object {
    let attributes = Attributes::of(source);
    let Reading { dialect, class } = read(&attributes, source);
    let mut view = Object::from([
        ("mapping", MAPPING.into()),
        ("dialect", dialect.into()),
        ("class", class.as_str().into()),
        ("root", (!source.contains_key("parent_span_id")).into()),
    ]);
    for (from, to) in [
        ("name", "name"),
        ("span_id", "span_id"),
        ("parent_span_id", "parent_span_id"),
        ("start", "started_at"),
        ("end", "ended_at"),
    ] {
        if let Some(value) = source.get(from) {
            view.insert(to.to_owned(), short(value));
        }
    }
    put(&mut view, "agent", agent(&attributes, source, class));
    put(&mut view, "service", service(source));
    put(&mut view, "error", error(&attributes, source));
    match class {
        StepClass::Llm | StepClass::Embedding => model(&mut view, &attributes, class),
        StepClass::Tool => {
            put(
                &mut view,
                "tool",
                attributes.text(&["gen_ai.tool.name", "tool.name", "traceloop.entity.name"]),
            );
            put(
                &mut view,
                "tool_call_id",
                attributes.text(&["gen_ai.tool.call.id", "tool_call.id"]),
            );
        }
        StepClass::McpTool => put(&mut view, "tool", mcp_tool(&attributes, source)),
        StepClass::Mcp
        | StepClass::Agent
        | StepClass::Retrieval
        | StepClass::Event
        | StepClass::Other => {}
    }
    view
}

fn read(attributes: &Attributes<'_>, source: &Object) -> Reading {
    let operation = attributes.text(&["gen_ai.operation.name"]);
    if let Some(method) = attributes.text(&["mcp.method.name"]) {
        // A tool span of the agent may carry MCP attributes instead of having a second span below it.
        let client_or_server = matches!(source.get("kind").and_then(Value::as_i64), Some(2 | 3));
        let class = match (method, operation) {
            ("tools/call", Some("execute_tool")) if !client_or_server => StepClass::Tool,
            ("tools/call", _) => StepClass::McpTool,
            _ => StepClass::Mcp,
        };
        return Reading { dialect: "mcp", class };
    }
    if let Some(kind) = attributes.text(&["openinference.span.kind"]) {
        let class = match kind {
            "LLM" => StepClass::Llm,
            "EMBEDDING" => StepClass::Embedding,
            "TOOL" => StepClass::Tool,
            "AGENT" => StepClass::Agent,
            "RETRIEVER" => StepClass::Retrieval,
            _ => StepClass::Other,
        };
        return Reading { dialect: "openinference", class };
    }
    let traceloop = attributes.text(&["traceloop.span.kind"]);
    let request = attributes.text(&["llm.request.type"]);
    if traceloop.is_some() || request.is_some() {
        let class = match (traceloop, request) {
            (_, Some("chat" | "completion")) => StepClass::Llm,
            (_, Some("embedding")) => StepClass::Embedding,
            (Some("tool"), _) => StepClass::Tool,
            (Some("agent" | "workflow"), _) => StepClass::Agent,
            _ => operation.map_or(StepClass::Other, of_operation),
        };
        return Reading { dialect: "traceloop", class };
    }
    let class = operation.map_or(StepClass::Other, of_operation);
    let dialect = if attributes.get("gen_ai.system").is_some() {
        "genai-legacy"
    } else if attributes.has_prefix("gen_ai.") {
        "genai"
    } else {
        "otel"
    };
    Reading { dialect, class }
}

fn of_operation(operation: &str) -> StepClass {
    match operation {
        "chat" | "text_completion" | "generate_content" => StepClass::Llm,
        "embeddings" => StepClass::Embedding,
        "execute_tool" => StepClass::Tool,
        "invoke_agent" | "create_agent" | "invoke_workflow" | "plan" => StepClass::Agent,
        "retrieval" => StepClass::Retrieval,
        _ => StepClass::Other,
    }
}

fn model(view: &mut Object, attributes: &Attributes<'_>, class: StepClass) {
    put(
        view,
        "provider",
        attributes.text(&[
            "gen_ai.provider.name",
            "gen_ai.system",
            "llm.provider",
            "llm.system",
            "llm.vendor",
        ]),
    );
    put(
        view,
        "model",
        attributes.text(&[
            "gen_ai.response.model",
            "llm.response.model",
            "llm.model_name",
            "gen_ai.request.model",
            "llm.request.model",
            "embedding.model_name",
        ]),
    );
    let response = attributes.text(&["gen_ai.response.id", "llm.response.id"]);
    put(view, "response_id", response.map(str::to_owned).or_else(|| output_id(attributes)));
    let counts = [
        (
            "input_tokens",
            &[
                "gen_ai.usage.input_tokens",
                "gen_ai.usage.prompt_tokens",
                "llm.token_count.prompt",
                "llm.usage.prompt_tokens",
            ][..],
        ),
        (
            "output_tokens",
            &[
                "gen_ai.usage.output_tokens",
                "gen_ai.usage.completion_tokens",
                "llm.token_count.completion",
                "llm.usage.completion_tokens",
            ],
        ),
    ];
    for (name, keys) in counts {
        if let Some(count) = attributes.count(keys) {
            view.insert(name, Value::integer(count));
        }
    }
    let cost = ["gen_ai.usage.cost", "llm.cost.total", "gen_ai.cost.total_cost"];
    if let Some(micros) = cost.iter().find_map(|key| micros(attributes.get(key)?)) {
        view.insert("cost_micros", Value::integer(micros));
    }
    if class == StepClass::Llm {
        let captured = [
            "gen_ai.input.messages",
            "gen_ai.output.messages",
            "gen_ai.prompt",
            "gen_ai.completion",
            "llm.input_messages",
            "llm.output_messages",
            "llm.prompts",
            "input.value",
            "output.value",
            "traceloop.entity.input",
            "traceloop.entity.output",
        ]
        .iter()
        .any(|prefix| attributes.has_prefix(prefix));
        // That no content was captured is a recorded state, not an empty text.
        let content = if captured { "captured" } else { "not_captured" };
        view.insert("content", content.into());
    }
}

/// An amount of US dollars in millionths, rounded to the nearest; negative and absurd ones are left
/// in the attributes alone.
fn micros(amount: &Value) -> Option<i64> {
    let text = match amount {
        Value::Int(whole) => return whole.get().checked_mul(1_000_000).filter(|m| *m >= 0),
        Value::String(text) => text,
        Value::Object(_) => amount.member("f64")?.as_str()?,
        _ => return None,
    };
    let micros = (text.parse::<f64>().ok()? * 1e6).round();
    #[allow(clippy::cast_possible_truncation, reason = "the range was checked")]
    (0.0..1e15).contains(&micros).then_some(micros as i64)
}

/// OpenInference has no attribute for the response's id; the raw output it carries often has.
fn output_id(attributes: &Attributes<'_>) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Output {
        id: Option<String>,
    }
    let output = attributes.text(&["output.value"])?;
    let output: Output = serde_json::from_str(output).ok()?;
    output.id.filter(|id| !id.is_empty() && id.len() <= 256)
}

fn agent<'a>(attributes: &Attributes<'a>, source: &'a Object, class: StepClass) -> Option<&'a str> {
    let named = attributes.text(&["gen_ai.agent.name", "agent.name", "traceloop.workflow.name"]);
    let span_name = || source.get("name").and_then(Value::as_str);
    match class {
        StepClass::Agent => named
            .or_else(|| attributes.text(&["gen_ai.workflow.name", "traceloop.entity.name"]))
            .or_else(span_name),
        _ => named,
    }
}

/// The service that reported a record.
pub(crate) fn service(source: &Object) -> Option<&str> {
    source.get("resource")?.at(&["attributes", "service.name"])?.as_str()
}

fn error(attributes: &Attributes<'_>, source: &Object) -> Option<String> {
    if let Some(kind) = attributes.text(&["error.type"]) {
        return Some(kind.to_owned());
    }
    let failed =
        source.get("status").and_then(|s| s.member("code")).and_then(Value::as_i64) == Some(2);
    if !failed {
        return None;
    }
    let events = source.get("events").and_then(Value::as_array).unwrap_or_default();
    let exception = events
        .iter()
        .filter(|event| event.member("name").and_then(Value::as_str) == Some("exception"))
        .find_map(|event| event.at(&["attributes", "exception.type"])?.as_str());
    Some(exception.unwrap_or("error").to_owned())
}

/// The MCP SDK's client spans carry the tool only in their name: `MCP send tools/call lookup_order`.
fn mcp_tool<'a>(attributes: &Attributes<'a>, source: &'a Object) -> Option<&'a str> {
    attributes.text(&["gen_ai.tool.name"]).or_else(|| {
        let (_, tool) = source.get("name")?.as_str()?.split_once("tools/call ")?;
        Some(tool).filter(|tool| !tool.is_empty())
    })
}

fn put(view: &mut Object, name: &str, text: Option<impl Into<Value>>) {
    if let Some(text) = text {
        view.insert(name, short(&text.into()));
    }
}

/// A text of at most 256 bytes: the view is an index, the whole text stands in the source.
pub(crate) fn short(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > 256 => {
            let mut cut: String = text
                .char_indices()
                .take_while(|(at, c)| at + c.len_utf8() <= 253)
                .map(|(_, c)| c)
                .collect();
            cut.push('…');
            cut.into()
        }
        other => other.clone(),
    }
}
