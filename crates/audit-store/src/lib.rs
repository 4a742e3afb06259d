//! Typed rows of audit facts, written in the ledger's transaction.
//!
//! Layer: L6
//! Audience: CUSTOMER
//! Intent: audit
//! Role: recorder
