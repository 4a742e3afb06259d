//! Typed rows of audit facts, written in the ledger's transaction.
//!
//! Layer: L6
//! Audience: CUSTOMER
//! Intent: audit
//! Role: recorder
//!
//! [`PROJECTION`] writes a row for each `audit.*` fact; [`Audit`] lists them, newest first.
//! The rows are an index: who did what with which outcome, as the fact says it. Nothing is judged.

mod list;
mod projection;

pub use list::{Audit, AuditPage, AuditRecord};
pub use projection::PROJECTION;

/// Every reading statement, for a look at its plan.
pub static STATEMENTS: [&ledger_store::Statement; 2] =
    [&list::SELECT_PAGE, &projection::SELECT_ROWS];
