//! The arithmetic of the ledger: seal a batch on a head, prove, verify, sign checkpoints.
//!
//! Layer: L4
//! Audience: CUSTOMER
//! Intent: audit
//! Role: verifier
