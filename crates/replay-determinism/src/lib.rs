//! The one home of hashed bytes: canonical JSON, leaf and node hashes, commitments, fingerprints.
//!
//! Layer: L4
//! Audience: INTERNAL
//! Intent: determinism
//! Role: verifier
