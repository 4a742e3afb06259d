//! The arithmetic of the ledger: seal a batch on a head, prove, verify, sign checkpoints.
//!
//! Layer: L4
//! Audience: CUSTOMER
//! Intent: audit
//! Role: verifier

mod proof;
mod prover;
mod range;
mod tree;

pub use proof::{MAX_PROOF_HASHES, ProofError, verify_consistency, verify_inclusion};
pub use prover::{ProveError, consistency_proof, inclusion_proof, range_proof, root_at};
pub use range::{RangeProof, verify_range};
pub use tree::{CompactRange, HeadError, MAX_TREE_SIZE};
