//! What every answer carries.

use store_traits::{RunId, TenantId};

/// On what an answer rests (INV-LOGS-007).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceMetadata {
    /// Whose facts were read.
    pub tenant: TenantId,
    /// The run that was asked for, if one was.
    pub run_id: Option<RunId>,
    /// The size of the ledger when the answer was read: entries `[0, as_of_size)` were there.
    pub as_of_size: u64,
}

/// An answer and on what it rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// On what it rests.
    pub evidence: EvidenceMetadata,
}
