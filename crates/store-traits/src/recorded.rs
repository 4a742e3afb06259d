//! A fact as it was recorded: what engines reason over.

use crate::{Digest, Timestamp, Value};

/// One entry of the ledger, read back and parsed.
///
/// Engines take slices of these in order of `seq`; whoever reads them from a store has checked that
/// the bytes are a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedFact {
    /// Its place in the tree.
    pub seq: u64,
    /// Its kind, for example `audit.tool`.
    pub kind: String,
    /// Its run, if it belongs to one.
    pub run_id: Option<String>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// SHA-256(0x00 ‖ bytes) of the entry.
    pub leaf_hash: Digest,
    /// The whole fact: envelope, `meta` and `body`.
    pub fact: Value,
}
