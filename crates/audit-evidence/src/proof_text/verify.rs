//! From a proof and trusted keys to what is proved.

use std::fmt;

use replay_determinism::leaf_hash;
use store_traits::{Digest, SignatureVerifier};
use thiserror::Error;

use super::ProofText;
use crate::checkpoint::{CheckpointError, OpenedCheckpoint, open_checkpoint};
use crate::proof::{ProofError, verify_consistency, verify_inclusion};
use crate::range::{RangeProof, verify_range};
use crate::vkey::VerifierKey;

/// A proof that does not prove.
#[derive(Debug, Error)]
pub enum ProofTextError {
    /// The checkpoint is not believed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead to the signed root.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The proof does not carry what it is about.
    #[error(
        "the proof does not carry {0}, so there is nothing to check it against (give the entries as well)"
    )]
    NothingCarried(&'static str),
    /// What the proof carries is not what the caller has.
    #[error("the leaf hashes that the proof carries are not those of the given entries")]
    OtherLeaves,
    /// Two checkpoints of different logs.
    #[error("the checkpoints are of different logs, `{older}` and `{newer}`")]
    OtherLog {
        /// Origin of the older checkpoint.
        older: String,
        /// Origin of the newer checkpoint.
        newer: String,
    },
}

/// What a proof proved. Made by [`ProofText::verify`] and [`ProofText::verify_leaves`] alone;
/// printing it gives a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifiedProof {
    /// The entry is in the log.
    #[non_exhaustive]
    Inclusion {
        /// The log's signed state.
        checkpoint: OpenedCheckpoint,
        /// The entry's place.
        index: u64,
        /// Its leaf hash.
        leaf_hash: Digest,
        /// Its bytes, if the proof carried them.
        entry: Option<Vec<u8>>,
    },
    /// The range of entries is complete.
    #[non_exhaustive]
    Range {
        /// The log's signed state.
        checkpoint: OpenedCheckpoint,
        /// First entry.
        start: u64,
        /// One behind the last entry.
        end: u64,
        /// Leaf hashes of all entries, in order.
        leaf_hashes: Vec<Digest>,
    },
    /// The newer state continues the older one.
    #[non_exhaustive]
    Consistency {
        /// The older signed state.
        older: OpenedCheckpoint,
        /// The newer signed state.
        newer: OpenedCheckpoint,
    },
}

impl ProofText {
    /// Verifies the proof with what it carries itself.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (ledger, tenant) = (ledger(), tenant());
    /// let entry = ready(ledger.entries(&tenant, 2..3))?.remove(0).bytes;
    /// let proof = ready(inclusion_proof(ledger.as_ref(), &tenant, 2, 5))?;
    /// let checkpoint = checkpoint(&ledger);
    /// let text = ProofText::Inclusion { entry: Some(entry), index: 2, proof, checkpoint };
    /// assert!(text.verify(&[key()], &ToyVerifier).is_ok());
    /// assert!(text.verify(&[], &ToyVerifier).is_err(), "no key is trusted");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A checkpoint is not signed by one of these keys, the hashes do not lead to the signed root,
    /// or the proof carries neither entry nor leaf hashes.
    pub fn verify(
        &self,
        known: &[VerifierKey],
        verifier: &dyn SignatureVerifier,
    ) -> Result<VerifiedProof, ProofTextError> {
        match self {
            Self::Inclusion { entry, .. } => {
                let entry = entry.as_ref().ok_or(ProofTextError::NothingCarried("the entry"))?;
                self.verify_leaves(&[leaf_hash(entry)], known, verifier)
            }
            Self::Range { leaves, .. } => {
                let leaves =
                    leaves.as_ref().ok_or(ProofTextError::NothingCarried("the leaf hashes"))?;
                self.verify_leaves(leaves, known, verifier)
            }
            Self::Consistency { .. } => self.verify_leaves(&[], known, verifier),
        }
    }

    /// Verifies the proof for these leaf hashes: one for an inclusion proof, those of all entries in
    /// order for a range proof, none for a consistency proof.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (ledger, tenant) = (ledger(), tenant());
    /// let leaf = ready(ledger.hashes(&tenant, 0, 2..3))?[0];
    /// let proof = ready(inclusion_proof(ledger.as_ref(), &tenant, 2, 5))?;
    /// let checkpoint = checkpoint(&ledger);
    /// let text = ProofText::Inclusion { entry: None, index: 2, proof, checkpoint };
    /// assert!(text.verify_leaves(&[leaf], &[key()], &ToyVerifier).is_ok());
    /// assert!(text.verify_leaves(&[leaf_hash(b"other")], &[key()], &ToyVerifier).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`ProofText::verify`], and where the proof carries other leaves than these.
    pub fn verify_leaves(
        &self,
        leaf_hashes: &[Digest],
        known: &[VerifierKey],
        verifier: &dyn SignatureVerifier,
    ) -> Result<VerifiedProof, ProofTextError> {
        match self {
            Self::Inclusion { entry, index, proof, checkpoint } => {
                let &[leaf] = leaf_hashes else {
                    let actual = leaf_hashes.len();
                    return Err(ProofError::LeafCount { expected: 1, actual }.into());
                };
                if entry.as_ref().is_some_and(|entry| leaf_hash(entry) != leaf) {
                    return Err(ProofTextError::OtherLeaves);
                }
                let checkpoint = open_checkpoint(checkpoint, known, verifier)?;
                verify_inclusion(&leaf, *index, checkpoint.size, proof, &checkpoint.root)?;
                let (index, entry) = (*index, entry.clone());
                Ok(VerifiedProof::Inclusion { checkpoint, index, leaf_hash: leaf, entry })
            }
            Self::Range { start, end, leaves, left, right, checkpoint } => {
                if leaves.as_ref().is_some_and(|carried| carried != leaf_hashes) {
                    return Err(ProofTextError::OtherLeaves);
                }
                let (start, end) = (*start, *end);
                let checkpoint = open_checkpoint(checkpoint, known, verifier)?;
                let (left, right) = (left.clone(), right.clone());
                let proof = RangeProof { start, end, size: checkpoint.size, left, right };
                verify_range(&proof, leaf_hashes, &checkpoint.root)?;
                let leaf_hashes = leaf_hashes.to_vec();
                Ok(VerifiedProof::Range { checkpoint, start, end, leaf_hashes })
            }
            Self::Consistency { proof, older, newer } => {
                if !leaf_hashes.is_empty() {
                    let actual = leaf_hashes.len();
                    return Err(ProofError::LeafCount { expected: 0, actual }.into());
                }
                let older = open_checkpoint(older, known, verifier)?;
                let newer = open_checkpoint(newer, known, verifier)?;
                if older.origin != newer.origin {
                    let (older, newer) = (older.origin, newer.origin);
                    return Err(ProofTextError::OtherLog { older, newer });
                }
                verify_consistency(older.size, newer.size, &older.root, &newer.root, proof)?;
                Ok(VerifiedProof::Consistency { older, newer })
            }
        }
    }
}

impl fmt::Display for VerifiedProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inclusion {
                checkpoint: OpenedCheckpoint { origin, size, .. }, index, ..
            } => {
                write!(f, "entry {index} is in the log `{origin}` of {size} entries")
            }
            Self::Range { checkpoint, start, end, .. } => {
                let OpenedCheckpoint { origin, size, .. } = checkpoint;
                let (count, last) = (end - start, end - 1);
                write!(
                    f,
                    "entries {start} to {last} ({count}) of the log `{origin}` of {size} entries are complete"
                )
            }
            Self::Consistency { older, newer } => write!(
                f,
                "the log `{}` of {} entries continues its state of {} entries: nothing was changed or removed",
                newer.origin, newer.size, older.size
            ),
        }
    }
}
