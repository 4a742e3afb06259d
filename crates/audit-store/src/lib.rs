//! Typed rows of audit facts, written in the ledger's transaction.
//!
//! Layer: L6
//! Audience: CUSTOMER
//! Intent: audit
//! Role: recorder
//!
//! [`PROJECTION`] writes a row for each `audit.*` fact; [`Audit`] lists them, newest first, as
//! [`store_traits::AuditStore`]. The rows are an index: who did what with which outcome, as the fact
//! says it. Nothing is judged.

mod audit_store;
mod projection;

pub use audit_store::Audit;
pub use projection::PROJECTION;

/// Every reading statement, for a look at its plan.
pub static STATEMENTS: [&ledger_store::Statement; 2] =
    [&audit_store::SELECT_PAGE, &projection::SELECT_ROWS];
