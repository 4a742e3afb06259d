//! A breach, and what was looked at.

use serde::{Deserialize, Serialize};

/// One breach of one rule.
///
/// The derived order (file, line, column, rule, …) is the order of every report.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// File, relative to the audited root, with `/` between folders.
    pub file: String,
    /// Line, from 1; 0 where the finding is about the whole file.
    pub line: usize,
    /// Column in characters, from 1; 0 where unknown.
    pub column: usize,
    /// Rule id without prefix, for example `D003`.
    pub rule: String,
    /// Layer of the crate, or empty.
    pub layer: String,
    /// Crate, or empty.
    pub krate: String,
    /// The crate's declared intent, or empty.
    pub intent: String,
    /// What it is about: crate, file, name. With rule, crate and file it is the fingerprint, which
    /// survives a shift of lines.
    pub subject: String,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The way through the graph or the code, first to last; may be empty.
    pub path: Vec<String>,
    /// What stands behind `path`, for example how to see further paths; may be empty.
    pub path_note: String,
    /// The line of the file itself; empty where there is none to show.
    pub frame: String,
    /// How many characters from `column` the breach covers; 0 where unknown.
    pub width: usize,
}

impl Finding {
    /// What stays the same when lines above the breach come or go.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{}:{}:{}:{}", self.rule, self.krate, self.file, self.subject)
    }
}

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Workspace crates with a layer.
    pub crates: usize,
    /// Source files.
    pub files: usize,
    /// Rules that were applied.
    pub rules_run: usize,
    /// Rules that the declaration asks for and that can match nothing (each is a `T008` as well).
    pub rules_without_subject: Vec<String>,
    /// Exceptions that silenced a finding.
    pub exceptions_in_force: usize,
}
