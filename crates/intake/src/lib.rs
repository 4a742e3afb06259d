//! What arrives: OTLP, MCP transcripts and native JSON Lines become draft facts.
//!
//! Layer: L3
//! Audience: CUSTOMER
//! Intent: telemetry
//! Role: recorder

mod error;
mod record;

pub use error::IntakeError;
pub use record::{Item, Position, Record, Rejection, Signal, Stop};
