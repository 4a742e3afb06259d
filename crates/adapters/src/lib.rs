//! What leaves: evidence bundles, PDF reports, signatures and certificates.
//!
//! Layer: L3
//! Audience: CUSTOMER
//! Intent: compliance
//! Role: exporter
