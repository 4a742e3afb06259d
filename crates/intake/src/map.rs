//! Records become drafts: redacted, classified, split into clear and committed.

use redaction::{Redactor, Report};
use store_traits::{
    Actor, Draft, DraftMeta, FactKind, IdempotencyKey, Identity, Object, Origin, RunId,
    SourceDomain, StepClass, Timestamp, TraceId, Value,
};

use crate::disclose::commitments;
use crate::record::{Record, Rejection, Signal};
use crate::view::{self, Attributes, MAPPING};

/// Turns records into drafts.
pub struct Mapper {
    pub(crate) redactor: Redactor,
}

/// A draft, and what was replaced in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// The draft.
    pub draft: Draft,
    /// Which secrets and personal values were replaced, and where.
    pub redacted: Report,
    /// The line that is this fact, from 1, where a line is a fact.
    pub line: Option<u64>,
}

impl Mapper {
    /// A mapper that redacts with these rules.
    #[must_use]
    pub fn new(redactor: Redactor) -> Self {
        Self { redactor }
    }

    /// Maps an OTLP record.
    ///
    /// # Errors
    /// The record cannot be a fact; its position and the reason are in the rejection.
    pub fn record(&self, record: Record) -> Result<Mapped, Rejection> {
        let Record { signal, position, source } = record;
        let (source, report) = self.redact_record(source);
        let mapped = match signal {
            Signal::Traces => span(source),
            Signal::Logs => Ok(log(source)),
            Signal::Metrics => Ok(metric(source)),
        };
        match mapped {
            Ok(mut draft) => {
                put_report(&mut draft.body, &report);
                Ok(Mapped { draft, redacted: report, line: None })
            }
            Err(reason) => Err(Rejection { signal, position, reason }),
        }
    }

    /// Redacts a record but for its ids and times: sixteen digits may be a span or a card, and only
    /// their place tells which.
    fn redact_record(&self, mut source: Object) -> (Object, Report) {
        let own = take_structure(&mut source);
        let mut lists: Vec<(&str, Vec<Object>)> = Vec::new();
        for name in ["events", "links", "exemplars"] {
            if let Some(Value::Array(items)) = source.get_mut(name) {
                lists.push((name, items.iter_mut().map(take_structure_of).collect()));
            }
        }
        let (mut source, report) = self.redact(source);
        source.extend(own);
        for (name, kept) in lists {
            if let Some(Value::Array(items)) = source.get_mut(name) {
                for (item, kept) in items.iter_mut().zip(kept) {
                    if let Value::Object(members) = item {
                        members.extend(kept);
                    }
                }
            }
        }
        (source, report)
    }

    pub(crate) fn redact(&self, source: Object) -> (Object, Report) {
        let mut report = Report::default();
        let mut value = Value::Object(source);
        self.redactor.value(&mut value, &mut report);
        let Value::Object(source) = value else { return (Object::new(), report) };
        (source, report)
    }
}

/// Ids and times of the protocol.
const STRUCTURE: [&str; 7] =
    ["trace_id", "span_id", "parent_span_id", "start", "end", "time", "observed_time"];

fn take_structure(members: &mut Object) -> Object {
    STRUCTURE.iter().filter_map(|name| Some((*name, members.remove(name)?))).collect()
}

fn take_structure_of(item: &mut Value) -> Object {
    match item {
        Value::Object(members) => take_structure(members),
        _ => Object::new(),
    }
}

/// That something was replaced is part of the fact: kinds and counts, never values.
pub(crate) fn put_report(body: &mut Object, report: &Report) {
    if report.is_empty() {
        return;
    }
    let counts: Object =
        report.iter().map(|(kind, count)| (kind.to_owned(), Value::unsigned(count))).collect();
    body.insert("redacted", counts.into());
}

fn span(source: Object) -> Result<Draft, String> {
    let text = |name: &str| source.get(name).and_then(Value::as_str);
    let trace = text("trace_id").ok_or("it has no trace id")?;
    let span = text("span_id").ok_or("it has no span id")?;
    let trace_id = TraceId::parse(trace).map_err(|error| error.to_string())?;
    let key = IdempotencyKey::parse(&format!("span:{trace}:{span}")).map_err(|e| e.to_string())?;
    let mut view = view::of_span(&source);
    let class = StepClass::parse(view.get("class").and_then(Value::as_str).unwrap_or_default());
    let root = !source.contains_key("parent_span_id");
    let kind = match (class, root) {
        (StepClass::Llm | StepClass::Embedding, _) => FactKind::RunLlmCall,
        (StepClass::Mcp | StepClass::McpTool, _) | (_, false) => FactKind::RunStep,
        (_, true) => FactKind::RunCompleted,
    };
    let occurred_at = time(&source, &["end", "start"], &mut view);
    if !view.contains_key("started_at") {
        view.insert("started_at", occurred_at.to_string().into());
    }
    let meta = DraftMeta { occurred_at, ..meta(&source, Some(trace_id), Origin::Agent) };
    Ok(draft(kind, meta, "span", source, view, Identity::Key(key)))
}

fn log(source: Object) -> Draft {
    let attributes = Attributes::of(&source);
    let event = source
        .get("event_name")
        .and_then(Value::as_str)
        .or_else(|| attributes.text(&["event.name"]))
        .unwrap_or_default()
        .to_owned();
    let trace_id = trace_of(&source);
    let mut view = Object::from([("mapping", MAPPING.into())]);
    let (kind, domain, origin) = match event.as_str() {
        name if name.starts_with("policy.") => {
            (FactKind::AuditAuthorization, SourceDomain::Policy, Origin::System)
        }
        name if name.starts_with("human.") => {
            (FactKind::AuditEvent, SourceDomain::Activity, Origin::Human)
        }
        name if name.starts_with("audit.") => {
            (FactKind::AuditEvent, SourceDomain::Activity, Origin::System)
        }
        name if name.starts_with("gen_ai.") || trace_id.is_some() => {
            (FactKind::RunEvent, SourceDomain::Activity, Origin::Agent)
        }
        _ => (FactKind::SystemEvent, SourceDomain::System, Origin::System),
    };
    let occurred_at = time(&source, &["time", "observed_time"], &mut view);
    if trace_id.is_some() {
        view.insert("class", StepClass::Event.as_str().into());
        view.insert("started_at", occurred_at.to_string().into());
        if let Some(span) = source.get("span_id") {
            view.insert("span_id", span.clone());
        }
    }
    if !event.is_empty() {
        view.insert("name", view::short(&event.into()));
    }
    let meta = DraftMeta { occurred_at, source_domain: domain, ..meta(&source, trace_id, origin) };
    draft(kind, meta, "log", source, view, Identity::Content)
}

fn metric(source: Object) -> Draft {
    let mut view = Object::from([("mapping", MAPPING.into())]);
    if let Some(name) = source.get("metric").and_then(|metric| metric.member("name")) {
        view.insert("name", view::short(name));
    }
    let occurred_at = time(&source, &["time", "start"], &mut view);
    let meta = DraftMeta {
        occurred_at,
        source_domain: SourceDomain::System,
        ..meta(&source, None, Origin::System)
    };
    draft(FactKind::SystemTelemetry, meta, "metric", source, view, Identity::Content)
}

fn draft(
    kind: FactKind,
    meta: DraftMeta,
    record: &str,
    source: Object,
    view: Object,
    identity: Identity,
) -> Draft {
    let committed = commitments(&source);
    let body =
        Object::from([("record", record.into()), ("source", source.into()), ("view", view.into())]);
    Draft { kind, meta, body, committed, identity }
}

fn trace_of(source: &Object) -> Option<TraceId> {
    TraceId::parse(source.get("trace_id")?.as_str()?).ok()
}

/// The first of these times. Where the source says none, the epoch stands in the envelope, which
/// must have a time, and the view says that it was not recorded.
fn time(source: &Object, members: &[&str], view: &mut Object) -> Timestamp {
    let said = members.iter().find_map(|name| Timestamp::parse(source.get(name)?.as_str()?).ok());
    said.unwrap_or_else(|| {
        view.insert("time", "not_recorded".into());
        Timestamp::UNIX_EPOCH
    })
}

fn meta(source: &Object, trace_id: Option<TraceId>, origin: Origin) -> DraftMeta {
    let attributes = Attributes::of(source);
    let ids = |keys: &[&str]| attributes.text(keys).map(bounded).into_iter().collect::<Vec<_>>();
    let agent = attributes
        .text(&["gen_ai.agent.name", "agent.name"])
        .or_else(|| view::service(source))
        .map(bounded);
    let actor = match (origin, agent) {
        (Origin::Agent, Some(name)) => Actor::Agent { name },
        _ => Actor::System {
            component: view::service(source).map_or_else(|| "otlp".to_owned(), bounded),
        },
    };
    let scope = source.get("scope").and_then(|scope| scope.member("name")).and_then(Value::as_str);
    DraftMeta {
        run_id: trace_id.as_ref().map(RunId::from),
        trace_id,
        correlation_id: attributes
            .text(&["gen_ai.conversation.id", "mcp.session.id", "session.id"])
            .map(bounded),
        policy_ids: ids(&["policy.id"]),
        incident_ids: ids(&["incident.id"]),
        actor,
        occurred_at: Timestamp::UNIX_EPOCH,
        source_domain: SourceDomain::Activity,
        source_component: scope.map_or_else(|| "otlp".to_owned(), bounded),
        origin,
    }
}

/// An id or name in the envelope has at most 256 bytes; the whole stands in the source.
pub(crate) fn bounded(text: &str) -> String {
    match view::short(&text.into()) {
        Value::String(text) => text.into(),
        _ => String::new(),
    }
}
