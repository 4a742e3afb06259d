//! Secrets and personal data out before anything is stored.
//!
//! Layer: L4
//! Audience: CUSTOMER
//! Intent: compliance
//! Role: recorder
