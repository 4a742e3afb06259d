//! How a domain is run, where the defaults do not fit.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use redaction::Redactor;

/// How a domain is run. The default signs on demand, with its high-water marks beside the key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Where the high-water marks are kept; `None`: beside the key file, as `factlog.highwater`.
    pub high_water: Option<PathBuf>,
    /// When checkpoints are signed without being asked for.
    pub checkpoints: CheckpointPolicy,
    /// What is taken out of imported records before anything is stored; by default the standard
    /// rules, to which [`Redactor::with_rules`] adds a caller's own.
    pub redactor: Redactor,
}

/// When checkpoints are signed without being asked for.
///
/// Looked at after facts were recorded, and at close: there is no background task, so a log that
/// nothing is written to signs nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CheckpointPolicy {
    /// As soon as so many entries lie above the last signed one.
    pub every_entries: Option<NonZeroU64>,
    /// As soon as the last checkpoint is so old and entries lie above it.
    pub every: Option<Duration>,
    /// When the domain is closed, for each tenant that it recorded for.
    pub at_close: bool,
}
