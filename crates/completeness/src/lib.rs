//! Is all of it there: what a run recorded, what is missing.
//!
//! Layer: L4
//! Audience: CUSTOMER
//! Intent: compliance
//! Role: verifier
