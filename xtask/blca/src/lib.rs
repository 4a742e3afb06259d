//! BLCA, the Bidirectional Layer Consistency Auditor.
//!
//! It asks two questions: does the code keep what is declared, and does what is declared still
//! exist. The crate graph is the proof (an engine that can reach no driver cannot run SQL, whatever
//! strings it holds); the rules on source text are the readable second line.
//!
//! Nothing that could not be read is a pass: `Err(Stop::Incomplete)` ends with status 3.

mod across;
mod audit;
mod cache;
pub mod catalogue;
mod changed;
mod checks;
mod exceptions;
mod files;
mod finding;
mod graph;
pub mod lock;
mod migrations;
mod pattern;
mod report;

mod syntax;
mod topology;

use std::path::PathBuf;

pub use audit::{audit, picture, reached, sources, why};
pub use finding::{Coverage, Finding};
pub use graph::Picture;
pub use report::Report;

/// What to audit.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Folder with `blca.toml` and `Cargo.toml`.
    pub root: PathBuf,
    /// Only this rule's findings.
    pub rule: Option<String>,
    /// No network at all.
    pub offline: bool,
    /// The date that expiries are compared with, `YYYY-MM-DD`; without it nothing expires.
    pub as_of: Option<String>,
    /// Only findings in files that differ from the last commit.
    pub changed: bool,
}

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The declaration or the request makes no sense: status 2.
    Declaration(String),
    /// Something could not be read: status 3.
    Incomplete(String),
}
