//! Typed rows of audit facts and of facts of the environment, written in the ledger's transaction.
//!
//! Layer: L6
//! Audience: CUSTOMER
//! Intent: audit
//! Role: recorder
//!
//! [`PROJECTION`] writes a row for each `audit.*` fact, for each `system.*` and `alert.*` fact, and for
//! each policy and incident that a fact names. [`Audit`] lists the first as
//! [`store_traits::AuditStore`], [`System`] the second as [`store_traits::SystemStore`]. The rows are an
//! index: who did what with which outcome, as the fact says it. Nothing is judged.

mod audit_store;
mod labels;
mod projection;
mod scan;
mod sql;
mod system_projection;
mod system_store;

pub use audit_store::Audit;
pub use projection::PROJECTION;
pub use system_store::System;

/// Every reading statement, for a look at its plan.
pub static STATEMENTS: [&ledger_store::Statement; 28] = [
    &sql::AUDIT_BY_ENTRY,
    &sql::AUDIT_BY_KIND,
    &sql::AUDIT_BY_TIME,
    &sql::AUDIT_BY_RUN,
    &sql::AUDIT_BY_ACTOR,
    &sql::AUDIT_BY_EVENT,
    &sql::AUDIT_BY_TOOL,
    &sql::AUDIT_BY_OUTCOME,
    &sql::AUDIT_BY_POLICY,
    &sql::AUDIT_BY_INCIDENT,
    &sql::AUDIT_OF_RUN,
    &sql::ACTORS,
    &sql::SEQS_OF_INCIDENT,
    &sql::SEQS_OF_ACTOR,
    &sql::SYSTEM_BY_ENTRY,
    &sql::SYSTEM_BY_KIND,
    &sql::SYSTEM_BY_TIME,
    &sql::SYSTEM_BY_RUN,
    &sql::SYSTEM_BY_COMPONENT,
    &sql::SYSTEM_BY_SEVERITY,
    &sql::SYSTEM_BY_EVENT,
    &sql::SYSTEM_BETWEEN,
    &sql::LAST_ALERT,
    &sql::COUNT_ALERTS,
    &projection::SELECT_ROWS,
    &labels::SELECT_ROWS,
    &system_projection::SELECT_SYSTEM_ROWS,
    &system_projection::SELECT_REF_ROWS,
];
