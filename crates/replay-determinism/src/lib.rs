//! The one home of hashed bytes: canonical JSON, leaf and node hashes, commitments, fingerprints.
//!
//! Layer: L4
//! Audience: INTERNAL
//! Intent: determinism
//! Role: verifier
//!
//! Whoever wants the bytes that are hashed, or a hash of bytes, comes here; no other crate knows
//! SHA-256. Everything is a pure function of its arguments.

pub mod canonical;
mod commitment;
mod fingerprint;
mod hash;

pub use canonical::CanonicalError;
pub use commitment::{
    Disclosure, DisclosureError, blob_commitment, disclosure, disclosure_digest, parse_disclosure,
};
pub use fingerprint::{draft_fingerprint, fingerprint, key_tag};
pub use hash::{Sha256Stream, empty_root, leaf_hash, node_hash, sha256};
