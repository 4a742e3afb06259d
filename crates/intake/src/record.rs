//! OTLP records as they come out of the reader: the same for the protobuf and the JSON form.

use store_traits::Object;

/// Which OTLP signal a post carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
    /// Metric data points.
    Metrics,
}

/// All signals.
pub(crate) const SIGNALS: [Signal; 3] = [Signal::Traces, Signal::Logs, Signal::Metrics];

impl Signal {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
        }
    }
}

/// Where in its input a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The input's name.
    pub file: String,
    /// Which record of the input, from 0.
    pub record: u64,
    /// The way to it, like `resourceSpans[0].scopeSpans[1].spans[3]`.
    pub path: String,
}

/// One OTLP record (span, log record, metric data point) in restricted JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which signal.
    pub signal: Signal,
    /// Where it stood.
    pub position: Position,
    /// What arrived.
    pub source: Object,
}

/// A record that cannot be a fact, of an otherwise good input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Which signal.
    pub signal: Signal,
    /// Where it stood.
    pub position: Position,
    /// Why.
    pub reason: String,
}

/// What the reader hands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A good record.
    Record(Record),
    /// A rejected one.
    Rejected(Rejection),
}

/// Returned by a consumer that wants no more items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop;
