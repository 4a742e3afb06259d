//! MCP transcripts: one JSON-RPC message a line, one fact a message.
//!
//! A line is an envelope with `direction` and `raw` or `message` (and `session`, `ts_unix_nano`,
//! `transport`, `seq`, `http`), or a bare JSON-RPC message. Both eras of the protocol are read: with a
//! handshake and a session (to 2025-11-25), and stateless (2026-07-28).
//!
//! The identity of a call is (session, direction of the request, JSON-RPC id): ids collide between
//! directions. Request and response are two facts that carry one call identity in their view
//! (mapping `mcp/1`), so that a call counts once, and a request that was never answered is seen.

use std::collections::BTreeMap;
use std::io::BufRead;

use redaction::Report;
use store_traits::{
    Actor, CommitForm, Committed, Draft, DraftMeta, FactKind, IdempotencyKey, Identity, Object,
    Origin, RunId, SourceDomain, StepClass, Timestamp, TraceId, Value,
};

use crate::any_value::Reason;
use crate::lines::{lines, malformed};
use crate::map::{Mapped, Mapper, bounded, put_report};
use crate::record::Stop;
use crate::{IntakeError, json_tree, json_value};

/// Requests that may wait for their response.
const MAX_PENDING: usize = 10_000;

/// Reads the messages of a transcript from a stream.
///
/// # Errors
/// A line is no JSON-RPC message (the error names it), the stream cannot be read, or `each` wanted no
/// more.
pub fn read_mcp(
    source: &mut dyn BufRead,
    file: &str,
    mapper: &Mapper,
    each: &mut dyn FnMut(Mapped) -> Result<(), Stop>,
) -> Result<(), IntakeError> {
    let stem = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = stem.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("transcript");
    let mut transcript = Transcript { stem: stem.to_owned(), pending: BTreeMap::new(), line: 0 };
    lines(source, file, &mut |number, line| {
        transcript.line = number;
        let mapped =
            transcript.message(line, mapper).map_err(|why| malformed(file, number, &why))?;
        Ok(each(mapped)?)
    })
}

struct Transcript {
    /// The session's name where the lines give none.
    stem: String,
    pending: BTreeMap<String, Request>,
    line: u64,
}

/// What a response needs to know of its request.
struct Request {
    method: String,
    tool: Option<String>,
    at: Option<Timestamp>,
}

/// A line, taken apart.
struct Envelope {
    session: String,
    direction: String,
    transport: Option<String>,
    at: Option<Timestamp>,
    http_status: Option<Value>,
    message: Value,
}

impl Transcript {
    fn message(&mut self, line: &str, mapper: &Mapper) -> Result<Mapped, Reason> {
        let envelope = self.envelope(line)?;
        let at = |path: &[&str]| envelope.message.at(path);
        let method = at(&["method"]).and_then(Value::as_str).map(str::to_owned);
        let id = at(&["id"]).filter(|id| **id != Value::Null).map(id_text).transpose()?;
        match (method, id) {
            (Some(method), Some(id)) => self.request(envelope, mapper, method, id),
            (Some(method), None) => Ok(notification(envelope, mapper, &method)),
            (None, Some(id)) => self.response(envelope, mapper, id),
            (None, None) => Ok(notification(envelope, mapper, "exchange without a message")),
        }
    }

    fn envelope(&self, line: &str) -> Result<Envelope, Reason> {
        let value = json_value::value(json_tree::parse(line.as_bytes())?, 0)?;
        if value.as_object().is_none() {
            return Err("a message is a JSON object".to_owned());
        }
        let text = |name: &str| value.member(name).and_then(Value::as_str).map(str::to_owned);
        let bare = value.member("jsonrpc").is_some();
        let message = match (bare, text("raw").as_deref(), value.member("message")) {
            (true, ..) => value.clone(),
            // The raw text is what was on the wire; the parsed copy beside it is a convenience.
            (false, Some(raw), _) if !raw.is_empty() => {
                json_value::value(json_tree::parse(raw.as_bytes())?, 0)?
            }
            (false, Some(_), _) => Value::Null,
            (false, None, Some(message)) => message.clone(),
            (false, None, None) => {
                return Err("the line has neither `raw` nor `message`".to_owned());
            }
        };
        let nanos = match value.member("ts_unix_nano") {
            Some(Value::String(text)) => text.parse().ok(),
            Some(Value::Int(nanos)) => Some(i128::from(nanos.get())),
            // Beyond 2^53 an integer stands as `{"i64":"…"}` or `{"u64":"…"}`.
            Some(Value::Object(tagged)) => {
                tagged.values().next().and_then(Value::as_str).and_then(|text| text.parse().ok())
            }
            _ => None,
        };
        Ok(Envelope {
            session: text("session").unwrap_or_else(|| self.stem.clone()),
            direction: text("direction").unwrap_or_else(|| "unknown".to_owned()),
            transport: text("transport"),
            at: nanos
                .and_then(|nanos| Timestamp::from_unix_nanos(nanos).ok())
                .or_else(|| Timestamp::parse(&text("ts")?).ok()),
            http_status: value.at(&["http", "status"]).cloned(),
            message,
        })
    }

    fn request(
        &mut self,
        envelope: Envelope,
        mapper: &Mapper,
        method: String,
        id: String,
    ) -> Result<Mapped, Reason> {
        let tool = (method == "tools/call")
            .then(|| envelope.message.at(&["params", "name"]).and_then(Value::as_str))
            .flatten()
            .map(bounded);
        let call = call_identity(&envelope.session, &envelope.direction, &id);
        let view = call_view(&call, &method, tool.as_deref(), envelope.at);
        let fact = Fact {
            kind: kind_of(&method),
            event: (method == "tools/call").then_some("requested"),
            key: key(&call, "request"),
            method: Some(method.clone()),
            id: Some(id),
            view,
        };
        if self.pending.len() >= MAX_PENDING {
            return Err(format!("more than {MAX_PENDING} requests wait for a response"));
        }
        self.pending.insert(call, Request { method, tool, at: envelope.at });
        Ok(fact.mapped(envelope, mapper))
    }

    fn response(
        &mut self,
        envelope: Envelope,
        mapper: &Mapper,
        id: String,
    ) -> Result<Mapped, Reason> {
        let asked = match envelope.direction.as_str() {
            "server_to_client" => "client_to_server",
            "client_to_server" => "server_to_client",
            other => other,
        };
        let call = call_identity(&envelope.session, asked, &id);
        let request = self.pending.remove(&call);
        let method = request.as_ref().map(|request| request.method.clone());
        let named = method.clone().unwrap_or_else(|| "response without a request".to_owned());
        let tool = request.as_ref().and_then(|request| request.tool.as_deref());
        let started = request.as_ref().and_then(|request| request.at).or(envelope.at);
        let mut view = call_view(&call, &named, tool, started);
        if let Some(at) = envelope.at {
            view.insert("ended_at", at.to_string().into());
        }
        let failed = error_of(&envelope.message);
        if let Some(error) = &failed {
            view.insert("error", error.as_str().into());
        }
        let outcome = if failed.is_some() { "failed" } else { "completed" };
        let fact = Fact {
            kind: kind_of(&named),
            event: (named == "tools/call").then_some(outcome),
            key: key(&call, "response"),
            method,
            id: Some(id),
            view,
        };
        Ok(fact.mapped(envelope, mapper))
    }
}

fn notification(envelope: Envelope, mapper: &Mapper, method: &str) -> Mapped {
    let mut view = Object::from([
        ("mapping", "mcp/1".into()),
        ("class", StepClass::Event.as_str().into()),
        ("name", bounded(method).into()),
    ]);
    if let Some(at) = envelope.at {
        view.insert("started_at", at.to_string().into());
    }
    let fact = Fact {
        kind: FactKind::RunEvent,
        event: None,
        key: Identity::Content,
        method: Some(method.to_owned()),
        id: None,
        view,
    };
    fact.mapped(envelope, mapper)
}

fn kind_of(method: &str) -> FactKind {
    if method == "tools/call" { FactKind::AuditTool } else { FactKind::RunStep }
}

/// A response that reports a failure: a JSON-RPC error, or a tool's error inside a success.
fn error_of(message: &Value) -> Option<String> {
    if let Some(error) = message.member("error") {
        let code = error.member("code").and_then(Value::as_i64);
        return Some(code.map_or_else(|| "error".to_owned(), |code| code.to_string()));
    }
    let is_error = message.at(&["result", "isError"]) == Some(&Value::Bool(true));
    is_error.then(|| "tool_error".to_owned())
}

fn id_text(id: &Value) -> Result<String, Reason> {
    match id {
        Value::Int(id) => Ok(id.get().to_string()),
        // `"1"` and `1` are two ids.
        Value::String(id) if id.len() <= 128 => Ok(format!("\"{id}\"")),
        _ => {
            Err("the JSON-RPC id is neither an integer nor a string of at most 128 bytes"
                .to_owned())
        }
    }
}

fn call_identity(session: &str, direction: &str, id: &str) -> String {
    format!("mcp:{session}:{direction}:{id}")
}

fn key(call: &str, side: &str) -> Identity {
    IdempotencyKey::parse(&format!("{call}:{side}")).map_or(Identity::Content, Identity::Key)
}

fn call_view(call: &str, method: &str, tool: Option<&str>, started: Option<Timestamp>) -> Object {
    let class = if method == "tools/call" { StepClass::McpTool } else { StepClass::Mcp };
    let name = tool.map_or_else(|| method.to_owned(), |tool| format!("{method} {tool}"));
    let mut view = Object::from([
        ("mapping", "mcp/1".into()),
        ("class", class.as_str().into()),
        ("name", bounded(&name).into()),
        ("response_id", call.into()),
    ]);
    if let Some(tool) = tool {
        view.insert("tool", tool.into());
    }
    if let Some(at) = started {
        view.insert("started_at", at.to_string().into());
    }
    view
}

/// The parts in which the messages differ.
struct Fact {
    kind: FactKind,
    event: Option<&'static str>,
    key: Identity,
    method: Option<String>,
    id: Option<String>,
    view: Object,
}

impl Fact {
    fn mapped(self, envelope: Envelope, mapper: &Mapper) -> Mapped {
        let trace =
            envelope.message.at(&["params", "_meta", "traceparent"]).and_then(Value::as_str);
        let trace_id = trace.and_then(|text| TraceId::parse(text.split('-').nth(1)?).ok());
        let mut source = Object::from([("direction", envelope.direction.into())]);
        let clear = [
            ("method", self.method.map(|method| bounded(&method).into())),
            ("id", self.id.map(Value::from)),
            ("transport", envelope.transport.map(Value::from)),
            ("session", Some(envelope.session.as_str().into())),
            ("http_status", envelope.http_status),
            ("at", envelope.at.map(|at| at.to_string().into())),
        ];
        for (name, value) in clear {
            if let Some(value) = value {
                source.insert(name, value);
            }
        }
        let mut report = Report::default();
        let mut committed = Vec::new();
        if envelope.message != Value::Null {
            let mut message = envelope.message;
            mapper.redactor.value(&mut message, &mut report);
            source.insert("message", message);
            let path = ["source".to_owned(), "message".to_owned()].to_vec();
            committed.push(Committed { path, form: CommitForm::Blob });
        }
        let mut view = self.view;
        let occurred_at = envelope.at.unwrap_or_else(|| {
            view.insert("time", "not_recorded".into());
            Timestamp::UNIX_EPOCH
        });
        if !view.contains_key("started_at") {
            view.insert("started_at", occurred_at.to_string().into());
        }
        let mut body = Object::from([
            ("record", "mcp".into()),
            ("source", source.into()),
            ("view", view.into()),
        ]);
        if let Some(event) = self.event {
            body.insert("event", event.into());
        }
        put_report(&mut body, &report);
        let meta = DraftMeta {
            run_id: RunId::parse(&envelope.session).ok(),
            trace_id,
            correlation_id: None,
            policy_ids: Vec::new(),
            incident_ids: Vec::new(),
            actor: Actor::System { component: "mcp".to_owned() },
            occurred_at,
            source_domain: SourceDomain::Activity,
            source_component: "mcp".to_owned(),
            origin: Origin::Agent,
        };
        let draft = Draft { kind: self.kind, meta, body, committed, identity: self.key };
        Mapped { draft, redacted: report, line: None }
    }
}
