//! The append-only ledger tables on SQLite: pool, migrations, commit by compare-and-swap.
//!
//! Layer: L6
//! Audience: INTERNAL
//! Intent: audit
//! Role: recorder
