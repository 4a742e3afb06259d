//! Reading an OTLP post of any size, record by record.
//!
//! A whole export request may be one file of gigabytes, so neither form is parsed as a whole: the
//! reader walks requests, resources and scopes, and decodes one record at a time. What belongs to a
//! resource or scope may stand behind its records, so each is skimmed first and then walked again.

use std::io::{Read, Seek, SeekFrom};

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use store_traits::Object;

use crate::any_value::Reason;
use crate::message::{self, Context};
use crate::metric::data_points;
use crate::record::{Item, Position, Record, Rejection, Signal, Stop};
use crate::{IntakeError, otlp_json, otlp_proto};

/// Which encoding a post has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// OTLP/JSON, one request or several one after the other (JSON Lines).
    Json,
    /// Protobuf, one request.
    Protobuf,
}

/// Reads every item of a post in order, from its start. To record nothing of a broken post, read it
/// once with a closure that does nothing, then again.
///
/// # Errors
/// The post breaks its format or cannot be read, or `each` wanted no more. A record that is bad on
/// its own is an item, not an error.
pub fn read_otlp<S: Read + Seek>(
    source: &mut S,
    form: Form,
    signal: Signal,
    file: &str,
    each: &mut dyn FnMut(Item) -> Result<(), Stop>,
) -> Result<(), IntakeError> {
    let rewind = |source: &mut S| {
        source
            .seek(SeekFrom::Start(0))
            .map_err(|source| IntakeError::Io { file: file.to_owned(), source })
    };
    rewind(source)?;
    let mut emit = Emit { signal, file, record: 0, each };
    match form {
        Form::Protobuf => otlp_proto::read(source, &mut emit),
        Form::Json => {
            otlp_json::check_utf8(source, file)?;
            rewind(source)?;
            otlp_json::read(source, &mut emit)
        }
    }
}

/// A decoded message of one of the three signals.
pub(crate) enum Message {
    Span(Span),
    Log(LogRecord),
    Metric(Metric),
}

/// Names records, turns them into items and hands them out.
pub(crate) struct Emit<'e> {
    pub(crate) signal: Signal,
    pub(crate) file: &'e str,
    record: u64,
    each: &'e mut dyn FnMut(Item) -> Result<(), Stop>,
}

impl Emit<'_> {
    /// A message that was decoded, or why it was not.
    pub(crate) fn message(
        &mut self,
        path: &str,
        context: &Context,
        message: Result<Message, Reason>,
    ) -> Result<(), IntakeError> {
        match message {
            Err(reason) => self.item(path.to_owned(), Err(reason)),
            Ok(Message::Span(span)) => self.item(path.to_owned(), message::span(span, context)),
            Ok(Message::Log(log)) => self.item(path.to_owned(), message::log(log, context)),
            Ok(Message::Metric(metric)) => data_points(metric, context)
                .into_iter()
                .enumerate()
                .try_for_each(|(at, point)| self.item(format!("{path}.dataPoints[{at}]"), point)),
        }
    }

    fn item(&mut self, path: String, source: Result<Object, Reason>) -> Result<(), IntakeError> {
        let position = Position { file: self.file.to_owned(), record: self.record, path };
        self.record += 1;
        let signal = self.signal;
        Ok((self.each)(match source {
            Ok(source) => Item::Record(Record { signal, position, source }),
            Err(reason) => Item::Rejected(Rejection { signal, position, reason }),
        })?)
    }
}

/// The JSON names of the levels of a signal, from the request down.
pub(crate) fn level_names(signal: Signal) -> [&'static str; 3] {
    match signal {
        Signal::Traces => ["resourceSpans", "scopeSpans", "spans"],
        Signal::Logs => ["resourceLogs", "scopeLogs", "logRecords"],
        Signal::Metrics => ["resourceMetrics", "scopeMetrics", "metrics"],
    }
}
