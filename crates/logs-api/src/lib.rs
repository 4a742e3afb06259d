//! The HTTP edge: how the outcome of an intake becomes an OTLP answer.
//!
//! Layer: L2
//! Audience: CUSTOMER
//! Intent: telemetry
//! Role: recorder
//!
//! There is no server here yet, only what it will answer: OTLP/HTTP says which failure has which
//! status, and clients retry or drop data by it.

mod otlp_status;

pub use otlp_status::{Refusal, accept};
