//! Facts about runs that others need in order to decide.

use crate::{StepClass, Timestamp};

/// What runs of one agent used of one model on one day, over distinct calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The day in UTC, `2026-11-23`.
    pub day: String,
    /// The agent's name, else the service's.
    pub agent: Option<String>,
    /// The model's provider.
    pub provider: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// Runs that called it.
    pub runs: u64,
    /// Distinct calls, failed ones included.
    pub calls: u64,
    /// Calls that failed.
    pub errors: u64,
    /// Tokens in.
    pub input_tokens: u64,
    /// Tokens out.
    pub output_tokens: u64,
    /// What the calls cost in millionths of a US dollar, as far as sources said so; `None` where
    /// none did.
    pub cost_micros: Option<u64>,
}

/// What became of a step, in the order of a run's steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOutcome {
    /// The entry that records it.
    pub seq: u64,
    /// What it is.
    pub class: StepClass,
    /// Its tool, else its name.
    pub name: String,
    /// What went wrong, if the source said so.
    pub error: Option<String>,
    /// When it ended, else when it began.
    pub at: Timestamp,
}

/// How far the facts of a run go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunExtent {
    /// The first start of a step.
    pub started_at: Timestamp,
    /// The last time that a step names.
    pub last_at: Timestamp,
    /// The services that took part, at most 20, in order of name.
    pub services: Vec<String>,
    /// Terminal facts, in order of their entries, at most 20.
    pub ends: Vec<RunEnd>,
}

/// A fact that ends a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// Its entry.
    pub seq: u64,
    /// Its kind.
    pub kind: String,
}
