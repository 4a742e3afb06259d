//! The vocabulary of factlog: facts, ids, snapshots, errors, and the traits that stores implement.
//!
//! Layer: L5
//! Audience: INTERNAL
//! Intent: audit
//! Role: vocabulary
