//! OTLP messages as the `source` of a record. Members with their proto3 default are left out, so
//! that the protobuf and the JSON form of one record are the same value.

use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{Span, Status, span};
use store_traits::{Object, Timestamp, Value};

use crate::any_value::{Reason, any_value, attributes, hex};

/// Resource and scope of a record, ready to be put into its `source`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    members: Object,
}

impl Context {
    pub(crate) fn with_resource(
        resource: Option<Resource>,
        schema_url: String,
    ) -> Result<Self, Reason> {
        let mut members = Object::new();
        if let Some(Resource { attributes, dropped_attributes_count, entity_refs: _ }) = resource {
            let mut resource = Object::new();
            put_attributes(&mut resource, attributes)?;
            put_count(&mut resource, "dropped_attributes_count", dropped_attributes_count);
            if !resource.is_empty() {
                members.insert("resource", resource.into());
            }
        }
        put_text(&mut members, "resource_schema_url", schema_url);
        Ok(Self { members })
    }

    pub(crate) fn with_scope(
        &self,
        scope: Option<InstrumentationScope>,
        schema_url: String,
    ) -> Result<Self, Reason> {
        let mut members = self.members.clone();
        if let Some(scope) = scope {
            let InstrumentationScope { name, version, attributes, dropped_attributes_count } =
                scope;
            let mut scope = Object::new();
            put_text(&mut scope, "name", name);
            put_text(&mut scope, "version", version);
            put_attributes(&mut scope, attributes)?;
            put_count(&mut scope, "dropped_attributes_count", dropped_attributes_count);
            if !scope.is_empty() {
                members.insert("scope", scope.into());
            }
        }
        put_text(&mut members, "schema_url", schema_url);
        Ok(Self { members })
    }

    pub(crate) fn members(&self) -> Object {
        self.members.clone()
    }
}

pub(crate) fn span(span: Span, context: &Context) -> Result<Object, Reason> {
    let mut source = context.members();
    source.insert("trace_id", id("trace id", &span.trace_id, 16)?.into());
    source.insert("span_id", id("span id", &span.span_id, 8)?.into());
    put_id(&mut source, "parent_span_id", &span.parent_span_id, 8)?;
    put_text(&mut source, "trace_state", span.trace_state);
    put_count(&mut source, "flags", span.flags);
    put_text(&mut source, "name", span.name);
    put_int(&mut source, "kind", i64::from(span.kind));
    put_time(&mut source, "start", span.start_time_unix_nano)?;
    put_time(&mut source, "end", span.end_time_unix_nano)?;
    put_attributes(&mut source, span.attributes)?;
    put_count(&mut source, "dropped_attributes_count", span.dropped_attributes_count);
    put_list(&mut source, "events", span.events, event)?;
    put_count(&mut source, "dropped_events_count", span.dropped_events_count);
    put_list(&mut source, "links", span.links, link)?;
    put_count(&mut source, "dropped_links_count", span.dropped_links_count);
    if let Some(Status { message, code }) = span.status {
        let mut status = Object::new();
        put_int(&mut status, "code", i64::from(code));
        put_text(&mut status, "message", message);
        if !status.is_empty() {
            source.insert("status", status.into());
        }
    }
    Ok(source)
}

fn event(event: span::Event) -> Result<Object, Reason> {
    let mut members = Object::new();
    put_time(&mut members, "time", event.time_unix_nano)?;
    put_text(&mut members, "name", event.name);
    put_attributes(&mut members, event.attributes)?;
    put_count(&mut members, "dropped_attributes_count", event.dropped_attributes_count);
    Ok(members)
}

fn link(link: span::Link) -> Result<Object, Reason> {
    let mut members = Object::new();
    put_id(&mut members, "trace_id", &link.trace_id, 16)?;
    put_id(&mut members, "span_id", &link.span_id, 8)?;
    put_text(&mut members, "trace_state", link.trace_state);
    put_attributes(&mut members, link.attributes)?;
    put_count(&mut members, "dropped_attributes_count", link.dropped_attributes_count);
    put_count(&mut members, "flags", link.flags);
    Ok(members)
}

pub(crate) fn log(log: LogRecord, context: &Context) -> Result<Object, Reason> {
    let mut source = context.members();
    put_time(&mut source, "time", log.time_unix_nano)?;
    put_time(&mut source, "observed_time", log.observed_time_unix_nano)?;
    put_int(&mut source, "severity_number", i64::from(log.severity_number));
    put_text(&mut source, "severity_text", log.severity_text);
    match any_value(log.body, 0)? {
        Value::Null => {}
        body => {
            source.insert("body", body);
        }
    }
    put_attributes(&mut source, log.attributes)?;
    put_count(&mut source, "dropped_attributes_count", log.dropped_attributes_count);
    put_count(&mut source, "flags", log.flags);
    put_id(&mut source, "trace_id", &log.trace_id, 16)?;
    put_id(&mut source, "span_id", &log.span_id, 8)?;
    put_text(&mut source, "event_name", log.event_name);
    Ok(source)
}

/// An id of the right length that is not all zeros (W3C Trace Context §3.2.2).
fn id(what: &str, bytes: &[u8], length: usize) -> Result<String, Reason> {
    match bytes {
        [] => Err(format!("it has no {what}")),
        _ if bytes.len() != length => {
            Err(format!("its {what} has {} bytes, {length} are wanted", bytes.len()))
        }
        _ if bytes.iter().all(|byte| *byte == 0) => Err(format!("its {what} is all zeros")),
        _ => Ok(hex(bytes)),
    }
}

/// An optional id: empty and all zeros mean absent.
pub(crate) fn put_id(
    into: &mut Object,
    name: &'static str,
    bytes: &[u8],
    length: usize,
) -> Result<(), Reason> {
    if bytes.iter().all(|byte| *byte == 0) && (bytes.is_empty() || bytes.len() == length) {
        return Ok(());
    }
    into.insert(name, id(name, bytes, length)?.into());
    Ok(())
}

pub(crate) fn put_text(into: &mut Object, name: &str, text: String) {
    if !text.is_empty() {
        into.insert(name, text.into());
    }
}

pub(crate) fn put_count(into: &mut Object, name: &str, count: u32) {
    put_int(into, name, i64::from(count));
}

pub(crate) fn put_int(into: &mut Object, name: &str, value: i64) {
    if value != 0 {
        into.insert(name, Value::integer(value));
    }
}

pub(crate) fn put_time(into: &mut Object, name: &str, unix_nanos: u64) -> Result<(), Reason> {
    if unix_nanos != 0 {
        let at = Timestamp::from_unix_nanos(i128::from(unix_nanos)).map_err(|e| e.to_string())?;
        into.insert(name, at.to_string().into());
    }
    Ok(())
}

pub(crate) fn put_attributes(into: &mut Object, list: Vec<KeyValue>) -> Result<(), Reason> {
    let attributes = attributes(list)?;
    if !attributes.first.is_empty() {
        into.insert("attributes", attributes.first.into());
    }
    if !attributes.duplicates.is_empty() {
        into.insert("duplicate_attributes", attributes.duplicates.into());
    }
    Ok(())
}

pub(crate) fn put_list<T>(
    into: &mut Object,
    name: &str,
    items: Vec<T>,
    one: fn(T) -> Result<Object, Reason>,
) -> Result<(), Reason> {
    if !items.is_empty() {
        let items = items.into_iter().map(|item| one(item).map(Value::from));
        into.insert(name, items.collect::<Result<Vec<_>, _>>()?.into());
    }
    Ok(())
}
