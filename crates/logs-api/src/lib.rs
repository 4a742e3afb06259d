//! The HTTP edge: how the outcome of an intake becomes an OTLP answer.
//!
//! Layer: L2
//! Audience: CUSTOMER
//! Intent: telemetry
//! Role: recorder
