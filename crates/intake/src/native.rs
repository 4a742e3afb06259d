//! Native JSON Lines: one fact a line, for platforms that record without OpenTelemetry.
//!
//! ```text
//! {"kind":"audit.event","occurred_at":"2026-11-23T08:00:00Z","body":{"event":"login"}}
//! ```
//! Also known: `key` (makes the same key with other content a conflict), `run_id`, `trace_id`,
//! `correlation_id`, `policy_ids`, `incident_ids`, `actor` (`{"kind":"agent","name":…}`,
//! `{"kind":"human","subject":…}`, `{"kind":"system","component":…}`), `source_domain`,
//! `source_component`, `origin`, and `commit`: a list of JSON pointers into the body whose members
//! are moved behind a commitment. An unknown member is an error, and so is any bad line: nothing of
//! the input is recorded then.

use std::io::BufRead;

use store_traits::{
    Actor, CommitForm, Committed, Draft, DraftMeta, FactKind, IdempotencyKey, Identity, Object,
    Origin, RunId, SourceDomain, Timestamp, TraceId, Value, in_parallel,
};

use crate::any_value::Reason;
use crate::lines::{lines, malformed};
use crate::map::{Mapped, Mapper, put_report};
use crate::record::Stop;
use crate::{IntakeError, json_tree, json_value};

/// The longest kind, in characters: as the stores keep it.
const MAX_KIND: usize = 128;

/// Lines that are read at once, on all processors: as many, or as many bytes.
const LINES_AT_ONCE: usize = 256;
const BYTES_AT_ONCE: usize = 1 << 20;
/// Starting a thread takes longer than reading fewer.
const WORTH_A_THREAD: usize = 32;

/// Reads native facts from a stream.
///
/// # Errors
/// A line is no fact (the error names it), the stream cannot be read, or `each` wanted no more.
pub fn read_native(
    source: &mut dyn BufRead,
    file: &str,
    mapper: &Mapper,
    each: &mut dyn FnMut(Mapped) -> Result<(), Stop>,
) -> Result<(), IntakeError> {
    let (mut waiting, mut bytes) = (Vec::new(), 0);
    let read = lines(source, file, &mut |number, line| {
        bytes += line.len();
        waiting.push((number, line.to_owned()));
        if waiting.len() < LINES_AT_ONCE && bytes < BYTES_AT_ONCE {
            return Ok(());
        }
        bytes = 0;
        facts(std::mem::take(&mut waiting), file, mapper, each)
    });
    // Those before a line that cannot be read: one of them may be wrong too, and came first.
    facts(waiting, file, mapper, each)?;
    read
}

fn facts(
    lines: Vec<(u64, String)>,
    file: &str,
    mapper: &Mapper,
    each: &mut dyn FnMut(Mapped) -> Result<(), Stop>,
) -> Result<(), IntakeError> {
    let read = |(number, line): (u64, String)| {
        let mapped = fact(&line, mapper).map(|mapped| Mapped { line: Some(number), ..mapped });
        mapped.map_err(|why| malformed(file, number, &why))
    };
    for mapped in in_parallel(lines, WORTH_A_THREAD, read) {
        each(mapped?)?;
    }
    Ok(())
}

fn fact(line: &str, mapper: &Mapper) -> Result<Mapped, Reason> {
    json_tree::exact(line)?;
    let Value::Object(mut members) = json_value::value(json_tree::parse(line.as_bytes())?, 0)?
    else {
        return Err("a fact is a JSON object".to_owned());
    };
    let kind = kind(&text(&mut members, "kind")?.ok_or("`kind` is missing")?)?;
    let occurred_at = text(&mut members, "occurred_at")?.ok_or("`occurred_at` is missing")?;
    let body = match members.remove("body") {
        Some(Value::Object(body)) => body,
        Some(_) => return Err("`body` is not an object".to_owned()),
        None => return Err("`body` is missing".to_owned()),
    };
    synthetic(&body)?;
    let committed = commitments(members.remove("commit"), &body)?;
    let (mut body, report) = mapper.redact(body);
    if body.contains_key("record") || body.contains_key("redacted") {
        return Err("`record` and `redacted` in `body` are written by the recorder".to_owned());
    }
    body.insert("record", "native".into());
    put_report(&mut body, &report);
    let identity = match text(&mut members, "key")? {
        Some(key) => Identity::Key(IdempotencyKey::parse(&key).map_err(|e| e.to_string())?),
        None => Identity::Content,
    };
    let component = text(&mut members, "source_component")?.unwrap_or_else(|| "native".to_owned());
    let meta = DraftMeta {
        run_id: parsed(&mut members, "run_id", RunId::parse)?,
        trace_id: parsed(&mut members, "trace_id", TraceId::parse)?,
        correlation_id: text(&mut members, "correlation_id")?,
        policy_ids: texts(&mut members, "policy_ids")?,
        incident_ids: texts(&mut members, "incident_ids")?,
        actor: actor(members.remove("actor"), &component)?,
        occurred_at: Timestamp::parse(&occurred_at).map_err(|error| error.to_string())?,
        source_domain: word(&mut members, "source_domain", SourceDomain::parse)?
            .unwrap_or(SourceDomain::Activity),
        source_component: component,
        origin: word(&mut members, "origin", Origin::parse)?.unwrap_or(Origin::System),
    };
    if let Some(unknown) = members.keys().next() {
        return Err(format!("the member `{unknown}` is unknown"));
    }
    let draft = Draft { kind, meta, body, committed, identity };
    Ok(Mapped { draft, redacted: report, line: None })
}

/// A synthetic run that names no scenario could never be told from a real one that was mislabelled.
fn synthetic(body: &Object) -> Result<(), Reason> {
    let is_synthetic = body.get("is_synthetic") == Some(&Value::Bool(true));
    let scenario = body.get("synthetic_scenario_id").and_then(Value::as_str);
    if is_synthetic && scenario.is_none_or(str::is_empty) {
        return Err("`is_synthetic` needs a `synthetic_scenario_id` beside it".to_owned());
    }
    Ok(())
}

/// A kind that this version does not know is kept; one that no column could hold is refused here, where
/// the line can be named.
fn kind(text: &str) -> Result<FactKind, Reason> {
    let fits =
        (1..=MAX_KIND).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits {
        return match FactKind::parse(text) {
            // What they say of the record, its keeper does: nobody else can have erased a content.
            FactKind::ContentErased => {
                Err("`content.erased` is written by `factlog erase` alone".to_owned())
            }
            FactKind::AuditHold => {
                Err("`audit.hold` is written by `factlog hold` alone".to_owned())
            }
            FactKind::ExportCompleted => {
                Err("`export.completed` is written by `factlog export` alone".to_owned())
            }
            FactKind::KeyAdded | FactKind::KeyRetired => {
                Err(format!("`{text}` is written by `factlog keys` alone"))
            }
            kind => Ok(kind),
        };
    }
    Err(format!("`kind` has 1 to {MAX_KIND} characters and no control character"))
}

fn text(members: &mut Object, name: &str) -> Result<Option<String>, Reason> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.into())),
        Some(_) => Err(format!("`{name}` is not a string")),
    }
}

fn parsed<T, E: std::fmt::Display>(
    members: &mut Object,
    name: &str,
    parse: fn(&str) -> Result<T, E>,
) -> Result<Option<T>, Reason> {
    text(members, name)?.map(|text| parse(&text).map_err(|error| error.to_string())).transpose()
}

fn word<T>(
    members: &mut Object,
    name: &str,
    parse: fn(&str) -> Option<T>,
) -> Result<Option<T>, Reason> {
    match text(members, name)? {
        None => Ok(None),
        Some(text) => match parse(&text) {
            Some(word) => Ok(Some(word)),
            None => Err(format!("`{text}` is not a {name}")),
        },
    }
}

fn texts(members: &mut Object, name: &str) -> Result<Vec<String>, Reason> {
    let wrong = || format!("`{name}` is not a list of strings");
    match members.remove(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => items
            .into_iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect(),
        Some(_) => Err(wrong()),
    }
}

fn actor(value: Option<Value>, component: &str) -> Result<Actor, Reason> {
    let Some(value) = value else {
        return Ok(Actor::System { component: component.to_owned() });
    };
    let wanted = "`actor` is none of {\"kind\":\"agent\",\"name\":…}, {\"kind\":\"human\",\"subject\":…}, {\"kind\":\"system\",\"component\":…}";
    if value.as_object().is_some_and(|members| members.len() > 2) {
        return Err(format!("{wanted}, with nothing beside"));
    }
    let member = |name| {
        let text = value.member(name).and_then(Value::as_str).map(str::to_owned);
        text.filter(|text| !text.is_empty() && !text.chars().any(char::is_control))
    };
    match member("kind").as_deref() {
        Some("agent") => member("name").map(|name| Actor::Agent { name }),
        Some("human") => member("subject").map(|subject| Actor::Human { subject }),
        Some("system") => member("component").map(|component| Actor::System { component }),
        _ => None,
    }
    .ok_or_else(|| wanted.to_owned())
}

fn commitments(value: Option<Value>, body: &Object) -> Result<Vec<Committed>, Reason> {
    let mut committed: Vec<Committed> = Vec::new();
    let Some(value) = value else { return Ok(committed) };
    let pointers = value.as_array().ok_or("`commit` is not a list of JSON pointers")?;
    for pointer in pointers {
        let pointer = pointer.as_str().ok_or("`commit` is not a list of JSON pointers")?;
        let path = pointer
            .strip_prefix('/')
            .map(|rest| rest.split('/').map(|t| t.replace("~1", "/").replace("~0", "~")))
            .map(Iterator::collect::<Vec<_>>)
            .ok_or_else(|| format!("`{pointer}` in `commit` is not a JSON pointer"))?;
        let overlaps =
            committed.iter().any(|c| c.path.starts_with(&path) || path.starts_with(&c.path));
        let (first, rest) = path.split_first().ok_or("an empty pointer stands in `commit`")?;
        let there =
            rest.iter().try_fold(body.get(first), |value, name| value.map(|v| v.member(name)));
        if overlaps || !matches!(there, Some(Some(_))) {
            return Err(format!(
                "`{pointer}` in `commit` names no member of the body, or one twice"
            ));
        }
        committed.push(Committed { path, form: CommitForm::Blob });
    }
    Ok(committed)
}
