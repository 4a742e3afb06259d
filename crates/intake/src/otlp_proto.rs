//! OTLP in protobuf. The three levels above the records are walked by hand on the wire
//! (<https://protobuf.dev/programming-guides/encoding/>); the field numbers are the same for all
//! signals: 1 is the resource or scope, 2 the level below, 3 the schema URL.

use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::IntakeError;
use crate::message::Context;
use crate::otlp::{Emit, Message, level_names};
use crate::record::Signal;

/// Longest message that is decoded as a whole.
const MAX_MESSAGE_BYTES: u64 = 16 * 1024 * 1024;

pub(crate) fn read<S: Read + Seek>(source: &mut S, emit: &mut Emit<'_>) -> Result<(), IntakeError> {
    let file = emit.file;
    let io = |source| IntakeError::Io { file: file.to_owned(), source };
    let length = source.seek(SeekFrom::End(0)).map_err(io)?;
    source.seek(SeekFrom::Start(0)).map_err(io)?;
    let mut wire = Wire::new(source, file);
    let [resources, ..] = level_names(emit.signal);
    let mut at = 0_u64;
    wire.fields(0..length, &mut |wire, field| {
        let Field::Bytes { number: 1, range } = field else { return Ok(()) };
        let path = format!("{resources}[{at}]");
        at += 1;
        resource(wire, range, emit, &path)
    })
}

fn resource<S: Read + Seek>(
    wire: &mut Wire<'_, S>,
    range: Range<u64>,
    emit: &mut Emit<'_>,
    path: &str,
) -> Result<(), IntakeError> {
    let [_, scopes, _] = level_names(emit.signal);
    let Skimmed { part, schema_url } = wire.skim(range.clone())?;
    let resource = match part {
        Some(bytes) => Some(wire.decode::<Resource>(&bytes, range.start)?),
        None => None,
    };
    let context = Context::with_resource(resource, schema_url)
        .map_err(|reason| wire.malformed(range.start, &reason))?;
    let mut at = 0_u64;
    wire.fields(range, &mut |wire, field| {
        let Field::Bytes { number: 2, range } = field else { return Ok(()) };
        let path = format!("{path}.{scopes}[{at}]");
        at += 1;
        scope(wire, range, emit, &context, &path)
    })
}

fn scope<S: Read + Seek>(
    wire: &mut Wire<'_, S>,
    range: Range<u64>,
    emit: &mut Emit<'_>,
    above: &Context,
    path: &str,
) -> Result<(), IntakeError> {
    let [_, _, records] = level_names(emit.signal);
    let Skimmed { part, schema_url } = wire.skim(range.clone())?;
    let scope = match part {
        Some(bytes) => Some(wire.decode::<InstrumentationScope>(&bytes, range.start)?),
        None => None,
    };
    let context = above
        .with_scope(scope, schema_url)
        .map_err(|reason| wire.malformed(range.start, &reason))?;
    let mut at = 0_u64;
    wire.fields(range, &mut |wire, field| {
        let Field::Bytes { number: 2, range } = field else { return Ok(()) };
        let start = range.start;
        let bytes = wire.bytes(range)?;
        let message = match emit.signal {
            Signal::Traces => Message::Span(wire.decode::<Span>(&bytes, start)?),
            Signal::Logs => Message::Log(wire.decode::<LogRecord>(&bytes, start)?),
            Signal::Metrics => Message::Metric(wire.decode::<Metric>(&bytes, start)?),
        };
        let path = format!("{path}.{records}[{at}]");
        at += 1;
        emit.message(&path, &context, Ok(message))
    })
}

/// A field on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    Varint { number: u64 },
    Fixed64 { number: u64 },
    Fixed32 { number: u64 },
    Bytes { number: u64, range: Range<u64> },
}

struct Skimmed {
    part: Option<Vec<u8>>,
    schema_url: String,
}

/// Walks fields by their offsets in the input.
pub(crate) struct Wire<'s, S> {
    reader: BufReader<&'s mut S>,
    at: u64,
    file: &'s str,
}

impl<'s, S: Read + Seek> Wire<'s, S> {
    /// Begins at the source's current position, which must be its start.
    pub(crate) fn new(source: &'s mut S, file: &'s str) -> Self {
        Self { reader: BufReader::with_capacity(256 * 1024, source), at: 0, file }
    }

    /// Calls `each` with every field of a message; it may read elsewhere, the walk goes on behind
    /// the field.
    pub(crate) fn fields(
        &mut self,
        range: Range<u64>,
        each: &mut dyn FnMut(&mut Self, Field) -> Result<(), IntakeError>,
    ) -> Result<(), IntakeError> {
        let mut at = range.start;
        while at < range.end {
            self.seek(at)?;
            let (field, next) = self.field(range.end)?;
            each(self, field)?;
            at = next;
        }
        Ok(())
    }

    fn field(&mut self, end: u64) -> Result<(Field, u64), IntakeError> {
        let start = self.at;
        let tag = self.varint(end)?;
        let number = tag >> 3;
        if number == 0 || number > 0x1fff_ffff {
            return Err(
                self.malformed(start, "a field has no valid number: this is no OTLP message")
            );
        }
        let (field, next) = match tag & 7 {
            0 => {
                self.varint(end)?;
                (Field::Varint { number }, self.at)
            }
            1 => (Field::Fixed64 { number }, self.at + 8),
            2 => {
                let length = self.varint(end)?;
                let next = self.at.saturating_add(length);
                (Field::Bytes { number, range: self.at..next }, next)
            }
            5 => (Field::Fixed32 { number }, self.at + 4),
            kind => {
                return Err(self.malformed(start, &format!("a field has the wire type {kind}")));
            }
        };
        if next > end {
            return Err(
                self.malformed(start, "a field reaches beyond its message: the input is cut")
            );
        }
        Ok((field, next))
    }

    fn varint(&mut self, end: u64) -> Result<u64, IntakeError> {
        let start = self.at;
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            if self.at >= end {
                return Err(self.malformed(start, "the input ends inside a number"));
            }
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.malformed(start, "a number is longer than 64 bits"))
    }

    /// The resource or scope and the schema URL of a message.
    fn skim(&mut self, range: Range<u64>) -> Result<Skimmed, IntakeError> {
        let mut skimmed = Skimmed { part: None, schema_url: String::new() };
        self.fields(range, &mut |wire, field| {
            match field {
                // Protobuf merges a message that stands twice; concatenated bytes decode to that.
                Field::Bytes { number: 1, range } => {
                    let bytes = wire.bytes(range)?;
                    skimmed.part.get_or_insert_default().extend(bytes);
                }
                Field::Bytes { number: 3, range } => {
                    let start = range.start;
                    let bytes = wire.bytes(range)?;
                    skimmed.schema_url = String::from_utf8(bytes)
                        .map_err(|_| wire.malformed(start, "the schema URL is not UTF-8"))?;
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(skimmed)
    }

    pub(crate) fn bytes(&mut self, range: Range<u64>) -> Result<Vec<u8>, IntakeError> {
        let length = range.end - range.start;
        if length > MAX_MESSAGE_BYTES {
            return Err(IntakeError::TooLarge {
                file: self.file.to_owned(),
                what: format!("the message at byte {}", range.start),
                limit: "16 MiB".to_owned(),
                hint: "split it where it is made",
            });
        }
        self.seek(range.start)?;
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(length).read_to_end(&mut bytes);
        read.map_err(|source| IntakeError::Io { file: self.file.to_owned(), source })?;
        self.at += bytes.len() as u64;
        if bytes.len() as u64 != length {
            return Err(self.malformed(range.start, "the input is cut"));
        }
        Ok(bytes)
    }

    fn decode<M: prost::Message + Default>(&self, bytes: &[u8], at: u64) -> Result<M, IntakeError> {
        M::decode(bytes).map_err(|error| self.malformed(at, &error.to_string()))
    }

    fn byte(&mut self) -> Result<u8, IntakeError> {
        let first = match self.reader.fill_buf() {
            Ok(buffer) => buffer.first().copied(),
            Err(error) if error.kind() == ErrorKind::Interrupted => None,
            Err(source) => return Err(IntakeError::Io { file: self.file.to_owned(), source }),
        };
        let byte = first.ok_or_else(|| self.malformed(self.at, "the input is cut"))?;
        self.reader.consume(1);
        self.at += 1;
        Ok(byte)
    }

    fn seek(&mut self, at: u64) -> Result<(), IntakeError> {
        let by = i64::try_from(i128::from(at) - i128::from(self.at))
            .map_err(|_| self.malformed(self.at, "an offset is out of range"))?;
        self.reader
            .seek_relative(by)
            .map_err(|source| IntakeError::Io { file: self.file.to_owned(), source })?;
        self.at = at;
        Ok(())
    }

    fn malformed(&self, at: u64, why: &str) -> IntakeError {
        IntakeError::Malformed {
            file: self.file.to_owned(),
            at: format!("byte {at}"),
            why: why.to_owned(),
        }
    }
}
