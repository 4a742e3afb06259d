//! Inputs that cannot be read.

use std::io;

use thiserror::Error;

use crate::Stop;

/// An input cannot be read; nothing of it should be recorded.
#[derive(Debug, Error)]
pub enum IntakeError {
    /// No bytes.
    #[error(
        "`{file}` is empty: there is nothing to import (if it is an empty OTLP post, say --format)"
    )]
    Empty {
        /// Which input.
        file: String,
    },
    /// More than one reading fits.
    #[error("`{file}` is ambiguous: {why} (say --format and --signal)")]
    Ambiguous {
        /// Which input.
        file: String,
        /// What fits.
        why: String,
    },
    /// Nothing fits.
    #[error(
        "`{file}` is in no format that factlog reads: {why} (OTLP protobuf or JSON, MCP transcripts and native JSON Lines are read)"
    )]
    Unknown {
        /// Which input.
        file: String,
        /// What was seen.
        why: String,
    },
    /// The gzip stream is broken.
    #[error("`{file}` cannot be inflated: {why}")]
    Gzip {
        /// Which input.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something is larger than allowed.
    #[error("`{file}`: {what} is larger than {limit} ({hint})")]
    TooLarge {
        /// Which input.
        file: String,
        /// What is too large.
        what: String,
        /// The limit with its unit.
        limit: String,
        /// What to do.
        hint: &'static str,
    },
    /// The bytes break their format.
    #[error("`{file}` is malformed at {at}: {why}")]
    Malformed {
        /// Which input.
        file: String,
        /// Byte offset, line, or path.
        at: String,
        /// What is wrong there.
        why: String,
    },
    /// The system could not read.
    #[error("cannot read `{file}`: {source}")]
    Io {
        /// Which input.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The consumer wanted no more.
    #[error("reading was stopped")]
    Stopped,
}

impl IntakeError {
    /// Did the system fail, and not the input?
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(self, Self::Io { .. })
    }
}

impl From<Stop> for IntakeError {
    fn from(_: Stop) -> Self {
        Self::Stopped
    }
}
