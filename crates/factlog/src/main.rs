//! The command line: parse, call, print.
//!
//! Layer: L1
//! Audience: CUSTOMER
//! Intent: audit
//! Role: composition
fn main() {}
