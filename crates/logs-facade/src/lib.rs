//! The facades: one straight line per question, composed from engines and stores.
//!
//! Layer: L4
//! Audience: CUSTOMER
//! Intent: audit
//! Role: composition
