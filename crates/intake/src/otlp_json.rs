//! OTLP/JSON: one request, or several one after the other.

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use crate::any_value::Reason;
use crate::json_scan::JsonScan;
use crate::message::Context;
use crate::otlp::{Emit, Message, level_names};
use crate::record::{SIGNALS, Signal};
use crate::{IntakeError, json_message, json_tree};

/// JSON is UTF-8 (RFC 8259 §8.1), also where the scanner only skips.
pub(crate) fn check_utf8<S: Read>(source: &mut S, file: &str) -> Result<(), IntakeError> {
    let mut buffer = vec![0_u8; 256 * 1024];
    let (mut kept, mut offset) = (0, 0_u64);
    loop {
        let free = buffer.get_mut(kept..).unwrap_or_default();
        let read = source
            .read(free)
            .map_err(|source| IntakeError::Io { file: file.to_owned(), source })?;
        let filled = kept + read;
        let seen = buffer.get(..filled).unwrap_or_default();
        let valid = match std::str::from_utf8(seen) {
            Ok(_) => filled,
            // A character may be cut by the end of the buffer, but not by the end of the input.
            Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
            Err(error) => {
                return Err(IntakeError::Malformed {
                    file: file.to_owned(),
                    at: format!("byte {}", offset + error.valid_up_to() as u64),
                    why: "the text is not UTF-8".to_owned(),
                });
            }
        };
        if read == 0 {
            return Ok(());
        }
        buffer.copy_within(valid..filled, 0);
        kept = filled - valid;
        offset += valid as u64;
    }
}

pub(crate) fn read<S: Read + Seek>(source: &mut S, emit: &mut Emit<'_>) -> Result<(), IntakeError> {
    let file = emit.file;
    let mut scan = JsonScan::new(source, file);
    let mut requests = 0_u64;
    while scan.peek()?.is_some() {
        request(&mut scan, emit, requests)?;
        requests += 1;
    }
    // An empty body is an empty request, as in protobuf.
    Ok(())
}

fn request<S: Read + Seek>(
    scan: &mut JsonScan<'_, S>,
    emit: &mut Emit<'_>,
    request: u64,
) -> Result<(), IntakeError> {
    let [resources, ..] = level_names(emit.signal);
    let prefix = if request == 0 { String::new() } else { format!("[{request}].") };
    let mut seen = BTreeSet::new();
    scan.object(&mut |scan, name| {
        once(scan, &mut seen, name)?;
        if name != resources {
            // Unknown members are ignored, but records of another signal are not dropped in silence.
            let other = SIGNALS.iter().any(|signal| level_names(*signal)[0] == name);
            return match other {
                true => Err(scan.malformed(&format!(
                    "`{name}` stands among {resources}: import one signal at a time"
                ))),
                false => scan.skip(),
            };
        }
        scan.array(&mut |scan, at| resource(scan, emit, &format!("{prefix}{resources}[{at}]")))
    })
}

fn resource<S: Read + Seek>(
    scan: &mut JsonScan<'_, S>,
    emit: &mut Emit<'_>,
    path: &str,
) -> Result<(), IntakeError> {
    let [_, scopes, _] = level_names(emit.signal);
    let skimmed = skim(scan, "resource")?;
    let resource = part(scan, skimmed.part, json_message::resource)?;
    let context = Context::with_resource(resource, skimmed.schema_url)
        .map_err(|reason| scan.malformed(&reason))?;
    scan.object(&mut |scan, name| {
        if name != scopes {
            return scan.skip();
        }
        scan.array(&mut |scan, at| scope(scan, emit, &context, &format!("{path}.{scopes}[{at}]")))
    })
}

fn scope<S: Read + Seek>(
    scan: &mut JsonScan<'_, S>,
    emit: &mut Emit<'_>,
    above: &Context,
    path: &str,
) -> Result<(), IntakeError> {
    let [_, _, records] = level_names(emit.signal);
    let skimmed = skim(scan, "scope")?;
    let scope = part(scan, skimmed.part, json_message::scope)?;
    let context =
        above.with_scope(scope, skimmed.schema_url).map_err(|reason| scan.malformed(&reason))?;
    scan.object(&mut |scan, name| {
        if name != records {
            return scan.skip();
        }
        scan.array(&mut |scan, at| {
            let bytes = scan.capture()?;
            emit.message(&format!("{path}.{records}[{at}]"), &context, message(emit.signal, &bytes))
        })
    })
}

fn message(signal: Signal, bytes: &[u8]) -> Result<Message, Reason> {
    let json = json_tree::parse(bytes)?;
    Ok(match signal {
        Signal::Traces => Message::Span(json_message::span(json)?),
        Signal::Logs => Message::Log(json_message::log(json)?),
        Signal::Metrics => Message::Metric(json_message::metric(json)?),
    })
}

/// What an element says beside its records.
#[derive(Default)]
struct Skimmed {
    part: Option<Vec<u8>>,
    schema_url: String,
}

/// Looks through an object for `part` and `schemaUrl`, and comes back to its start.
fn skim<S: Read + Seek>(scan: &mut JsonScan<'_, S>, part: &str) -> Result<Skimmed, IntakeError> {
    let mut skimmed = Skimmed::default();
    let mut seen = BTreeSet::new();
    scan.peek()?;
    let start = scan.at();
    scan.object(&mut |scan, name| {
        once(scan, &mut seen, name)?;
        match name {
            name if name == part => skimmed.part = Some(scan.capture()?),
            "schemaUrl" => {
                let bytes = scan.capture()?;
                let url: Option<String> = serde_json::from_slice(&bytes)
                    .map_err(|error| scan.malformed(&format!("schemaUrl: {error}")))?;
                skimmed.schema_url = url.unwrap_or_default();
            }
            _ => scan.skip()?,
        }
        Ok(())
    })?;
    scan.seek(start)?;
    Ok(skimmed)
}

fn part<S: Read + Seek, T>(
    scan: &JsonScan<'_, S>,
    bytes: Option<Vec<u8>>,
    read: fn(json_tree::Json) -> Result<T, Reason>,
) -> Result<Option<T>, IntakeError> {
    bytes
        .map(|bytes| json_tree::parse(&bytes).and_then(read))
        .transpose()
        .map_err(|reason| scan.malformed(&reason))
}

/// Which of two members of one name counts is anybody's guess, so neither does.
fn once<S: Read + Seek>(
    scan: &JsonScan<'_, S>,
    seen: &mut BTreeSet<String>,
    name: &str,
) -> Result<(), IntakeError> {
    if seen.insert(name.to_owned()) {
        return Ok(());
    }
    Err(scan.malformed(&format!("the member `{name}` stands twice")))
}
