//! Typed rows of runs, calls and steps, written in the ledger's transaction.
//!
//! Layer: L6
//! Audience: CUSTOMER
//! Intent: telemetry
//! Role: recorder
