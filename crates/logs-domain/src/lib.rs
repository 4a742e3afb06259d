//! The composition root: opens stores, wires engines, gives the facades.
//!
//! Layer: L2
//! Audience: CUSTOMER
//! Intent: audit
//! Role: composition
