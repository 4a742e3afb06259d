//! Typed rows of export facts, written in the ledger's transaction.
//!
//! Layer: L6
//! Audience: CUSTOMER
//! Intent: compliance
//! Role: recorder
