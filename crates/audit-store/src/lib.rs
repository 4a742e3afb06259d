//! Typed rows of audit facts, written in the ledger's transaction.
//!
//! Layer: L6
//! Audience: CUSTOMER
//! Intent: audit
//! Role: recorder
//!
//! [`AuditProjection`] writes a row for each `audit.*` fact; [`SqliteAudit`] lists them, newest first.
//! The rows are an index: who did what with which outcome, as the fact says it. Nothing is judged.

mod list;
mod projection;

pub use list::{AuditPage, AuditRecord, SqliteAudit};
pub use projection::AuditProjection;
