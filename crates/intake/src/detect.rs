//! What an input is, told from its bytes; never guessed.

use std::io::{Read, Seek, SeekFrom};

use crate::IntakeError;
use crate::json_scan::JsonScan;
use crate::otlp::{Form, level_names};
use crate::otlp_proto::{Field, Wire};
use crate::record::{SIGNALS, Signal};

/// What the caller says of an input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hint {
    /// The format, if the caller says so.
    pub format: Option<FormatHint>,
    /// The OTLP signal, if the caller says so.
    pub signal: Option<Signal>,
}

/// Formats that a caller can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatHint {
    /// OTLP/JSON.
    OtlpJson,
    /// OTLP in protobuf.
    OtlpProtobuf,
    /// An MCP transcript.
    Mcp,
    /// Native JSON Lines.
    Native,
}

/// What an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An OTLP post.
    Otlp {
        /// Its encoding.
        form: Form,
        /// Its signal.
        signal: Signal,
    },
    /// An MCP transcript.
    Mcp,
    /// Native JSON Lines.
    Native,
}

/// Recognises the format and the signal of an input, and leaves it at its start.
///
/// # Errors
/// Nothing fits, or more than one thing does; or the input cannot be read.
pub fn detect<S: Read + Seek>(
    source: &mut S,
    hint: Hint,
    file: &str,
) -> Result<Format, IntakeError> {
    let mut start = [0_u8; 4096];
    let length = head(source, &mut start, file)?;
    let start = start.get(..length).unwrap_or_default();
    let form = match hint.format {
        Some(FormatHint::Mcp) => return Ok(Format::Mcp),
        Some(FormatHint::Native) => return Ok(Format::Native),
        Some(FormatHint::OtlpJson) => Form::Json,
        Some(FormatHint::OtlpProtobuf) => Form::Protobuf,
        None if start.is_empty() => return Err(IntakeError::Empty { file: file.to_owned() }),
        None => match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
            // A protobuf request begins with its field 1 (0x0a, a line feed) and a length; a text
            // that begins with a line feed goes on with white space or a brace.
            Some(b'{') if !is_protobuf(start) => return detect_json(source, hint.signal, file),
            _ if is_protobuf(start) => Form::Protobuf,
            _ => return Err(unknown(file, start)),
        },
    };
    let signal = match (hint.signal, form) {
        (Some(signal), _) => signal,
        (None, Form::Protobuf) => protobuf_signal(source, file)?,
        (None, Form::Json) => return detect_json(source, None, file),
    };
    rewind(source, file)?;
    Ok(Format::Otlp { form, signal })
}

/// Field 1 with a length (0x0a) is how every OTLP request that is not empty begins.
fn is_protobuf(start: &[u8]) -> bool {
    match start {
        // JSON after a line feed: `\n{"`, or more white space.
        [0x0a, b'{', rest @ ..] => {
            !matches!(rest.first(), Some(b'"' | b' ' | b'\n' | b'\r' | b'}'))
        }
        [0x0a, b' ' | b'\t' | b'\r', rest @ ..] => {
            !matches!(rest.iter().find(|b| !b.is_ascii_whitespace()), Some(b'{'))
        }
        [0x0a, ..] => true,
        _ => false,
    }
}

fn detect_json<S: Read + Seek>(
    source: &mut S,
    signal: Option<Signal>,
    file: &str,
) -> Result<Format, IntakeError> {
    rewind(source, file)?;
    let mut scan = JsonScan::new(source, file);
    let mut names: Vec<String> = Vec::new();
    // Only the first object is looked at; its members tell the format.
    let walked = scan.object(&mut |scan, name| {
        if names.len() < 64 {
            names.push(name.to_owned());
        }
        scan.skip()
    });
    rewind(source, file)?;
    let has = |name: &str| names.iter().any(|n| n == name);
    let signals: Vec<Signal> =
        SIGNALS.into_iter().filter(|signal| has(level_names(*signal)[0])).collect();
    match (signals.as_slice(), signal) {
        ([only], None) => return Ok(Format::Otlp { form: Form::Json, signal: *only }),
        ([_, ..], Some(signal)) => return Ok(Format::Otlp { form: Form::Json, signal }),
        ([_, _, ..], None) => {
            return Err(ambiguous(file, "it has the members of more than one OTLP signal"));
        }
        ([], _) => {}
    }
    if has("jsonrpc") || (has("direction") && (has("raw") || has("message"))) {
        return Ok(Format::Mcp);
    }
    if has("kind") && (has("body") || has("occurred_at")) {
        return Ok(Format::Native);
    }
    // What could not be walked to its end is best explained by where it broke.
    walked?;
    match signal {
        Some(signal) => Ok(Format::Otlp { form: Form::Json, signal }),
        None if names.is_empty() => Err(ambiguous(file, "it is an empty JSON object")),
        None => Err(IntakeError::Unknown {
            file: file.to_owned(),
            why: format!("it is JSON with the members {}", names.join(", ")),
        }),
    }
}

/// Which signals the first records of a request can be, by the wire types of their fields
/// (opentelemetry-proto 1.x: Span, LogRecord, Metric).
fn protobuf_signal<S: Read + Seek>(source: &mut S, file: &str) -> Result<Signal, IntakeError> {
    rewind(source, file)?;
    let length = source.seek(SeekFrom::End(0)).map_err(|e| io(file, e))?;
    rewind(source, file)?;
    let mut wire = Wire::new(source, file);
    let mut fits = [true; 3];
    let mut records = 0_u32;
    wire.fields(0..length, &mut |wire, field| {
        let Field::Bytes { number: 1, range } = field else { return Ok(()) };
        wire.fields(range, &mut |wire, field| {
            let Field::Bytes { number: 2, range } = field else { return Ok(()) };
            wire.fields(range, &mut |wire, field| {
                let Field::Bytes { number: 2, range } = field else { return Ok(()) };
                if records >= 64 {
                    return Ok(());
                }
                records += 1;
                let record = shape(wire, range)?;
                for (fits, signal) in fits.iter_mut().zip(SIGNALS) {
                    *fits &= record.fits(signal);
                }
                Ok(())
            })
        })
    })?;
    let mut left =
        SIGNALS.into_iter().zip(fits).filter(|(_, fits)| *fits).map(|(signal, _)| signal);
    match (records, left.next(), left.next()) {
        (0, _, _) => Err(ambiguous(file, "it is an OTLP request without records")),
        (_, Some(signal), None) => Ok(signal),
        (_, Some(_), Some(_)) => Err(ambiguous(file, "its records fit more than one OTLP signal")),
        (_, None, _) => Err(IntakeError::Unknown {
            file: file.to_owned(),
            why: "its records are neither spans nor log records nor metrics".to_owned(),
        }),
    }
}

/// The fields of a record that tell signals apart.
#[derive(Default)]
struct Shape {
    fields: Vec<Field>,
}

fn shape<S: Read + Seek>(
    wire: &mut Wire<'_, S>,
    range: std::ops::Range<u64>,
) -> Result<Shape, IntakeError> {
    let mut shape = Shape::default();
    wire.fields(range, &mut |_, field| {
        if shape.fields.len() < 256 {
            shape.fields.push(field);
        }
        Ok(())
    })?;
    Ok(shape)
}

impl Shape {
    fn fits(&self, signal: Signal) -> bool {
        let all = |allowed: fn(&Field) -> bool| self.fields.iter().all(allowed);
        let any = |wanted: fn(&Field) -> bool| self.fields.iter().any(wanted);
        match signal {
            Signal::Traces => {
                all(|field| match field {
                    Field::Bytes { number, range } => match number {
                        1 => range.end - range.start == 16,
                        2 | 4 => matches!(range.end - range.start, 8 | 0),
                        3 | 5 | 9 | 11 | 13 | 15 => true,
                        number => *number > 16,
                    },
                    Field::Varint { number } => matches!(number, 6 | 10 | 12 | 14 | 17..),
                    Field::Fixed64 { number } => matches!(number, 7 | 8 | 17..),
                    Field::Fixed32 { number } => *number >= 16,
                }) && any(|field| matches!(field, Field::Bytes { number: 1, .. }))
            }
            Signal::Logs => {
                all(|field| match field {
                    Field::Bytes { number, range } => match number {
                        9 => matches!(range.end - range.start, 16 | 0),
                        10 => matches!(range.end - range.start, 8 | 0),
                        3 | 5 | 6 | 12 => true,
                        number => *number > 12,
                    },
                    Field::Varint { number } => matches!(number, 2 | 7 | 13..),
                    Field::Fixed64 { number } => matches!(number, 1 | 11 | 13..),
                    Field::Fixed32 { number } => matches!(number, 8 | 13..),
                }) && any(|field| matches!(field, Field::Fixed64 { number: 1 | 11 }))
            }
            Signal::Metrics => {
                all(|field| match field {
                    Field::Bytes { number, .. } => matches!(number, 1..=3 | 5 | 7 | 9..),
                    Field::Varint { number }
                    | Field::Fixed64 { number }
                    | Field::Fixed32 { number } => *number > 12,
                }) && any(|field| matches!(field, Field::Bytes { number: 5 | 7 | 9 | 10 | 11, .. }))
                    && any(|field| matches!(field, Field::Bytes { number: 1, .. }))
            }
        }
    }
}

fn head<S: Read + Seek>(source: &mut S, into: &mut [u8], file: &str) -> Result<usize, IntakeError> {
    rewind(source, file)?;
    let mut filled = 0;
    while let Some(free) = into.get_mut(filled..).filter(|free| !free.is_empty()) {
        match source.read(free).map_err(|error| io(file, error))? {
            0 => break,
            read => filled += read,
        }
    }
    rewind(source, file)?;
    Ok(filled)
}

fn rewind<S: Seek>(source: &mut S, file: &str) -> Result<(), IntakeError> {
    source.seek(SeekFrom::Start(0)).map(|_| ()).map_err(|error| io(file, error))
}

fn io(file: &str, source: std::io::Error) -> IntakeError {
    IntakeError::Io { file: file.to_owned(), source }
}

fn ambiguous(file: &str, why: &str) -> IntakeError {
    IntakeError::Ambiguous { file: file.to_owned(), why: why.to_owned() }
}

fn unknown(file: &str, start: &[u8]) -> IntakeError {
    let shown: Vec<String> = start.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    IntakeError::Unknown {
        file: file.to_owned(),
        why: format!("it begins with the bytes {}", shown.join(" ")),
    }
}
