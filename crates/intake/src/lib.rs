//! What arrives: OTLP, MCP transcripts and native JSON Lines become draft facts.
//!
//! Layer: L3
//! Audience: CUSTOMER
//! Intent: telemetry
//! Role: recorder
//!
//! Reading ([`detect`], [`read_otlp`]) turns bytes into records and knows no meaning; mapping turns
//! records into drafts.

mod any_value;
mod detect;
mod disclose;
mod error;
mod gzip;
mod json_message;
mod json_scan;
mod json_tree;
mod json_value;
mod lines;
mod map;
mod mcp;
mod message;
mod metric;
mod native;
mod otlp;
mod otlp_json;
mod otlp_proto;
mod record;
mod rejection;
mod view;

pub use detect::{Format, FormatHint, Hint, detect};
pub use error::IntakeError;
pub use gzip::{inflate, is_gzip};
pub use map::{Mapped, Mapper};
pub use mcp::read_mcp;
pub use native::read_native;
pub use otlp::{Form, read_otlp};
pub use record::{Item, Position, Record, Rejection, Signal, Stop};
pub use rejection::rejection_draft;
