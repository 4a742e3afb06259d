//! What a certificate rests on: entries hashed from their bytes, and what leads from them to a
//! checkpoint.

use std::ops::Range;

use adapters::certificate::{Claim, Stretch};
use audit_evidence::{fact_of, range_proof};
use replay_determinism::leaf_hash;
use store_traits::{Checkpoint, Digest, Entry, TenantId, Timestamp};

use crate::run_entries::{ranges, stretches};
use crate::{DomainError, LogsDomain};

/// Entries and hashes of proofs that fit into a certificate of 1 MiB, but for a few.
const MOST_HASHES: usize = 8_500;

/// All that a certificate is made from.
pub(super) struct Rests {
    pub(super) claim: Claim,
    pub(super) checkpoint: Checkpoint,
    pub(super) stretches: Vec<Stretch>,
    pub(super) issued_at: Timestamp,
}

/// Entries that were read.
pub(super) struct Read {
    /// Their leaf hashes, computed from their bytes.
    leaves: Vec<(u64, Digest)>,
    /// When the newest was recorded.
    pub(super) newest: Timestamp,
}

impl LogsDomain {
    /// Reads entries, which are named in order.
    ///
    /// # Errors
    /// There are none or too many, one is missing or no fact, or the store failed.
    pub(super) async fn read_entries(
        &self,
        tenant: &TenantId,
        seqs: &[u64],
        each: &mut (dyn FnMut(Entry) -> Result<(), DomainError> + Send),
    ) -> Result<Read, DomainError> {
        fits(seqs.len())?;
        let mut read =
            Read { leaves: Vec::with_capacity(seqs.len()), newest: Timestamp::UNIX_EPOCH };
        for stretch in stretches(seqs) {
            for entry in self.entries_of(tenant, stretch).await? {
                read.leaves.push((entry.seq, leaf_hash(&entry.bytes)));
                read.newest = fact_of(&entry)?.recorded_at;
                each(entry)?;
            }
        }
        Ok(read)
    }

    /// Makes a certificate's ground of entries that were read: the smallest checkpoint that covers them,
    /// and a range proof for each stretch.
    pub(super) async fn rest_on(
        &self,
        tenant: &TenantId,
        read: Read,
        claim: Claim,
    ) -> Result<Rests, DomainError> {
        let Read { leaves, newest } = read;
        let end = leaves.last().map_or(0, |(seq, _)| seq.saturating_add(1));
        let checkpoint = self.checkpoint_covering(tenant, end).await?;
        let seqs: Vec<u64> = leaves.iter().map(|(seq, _)| *seq).collect();
        let mut hashes = leaves.len();
        let mut leaves = leaves.into_iter().map(|(_, leaf)| leaf);
        let mut stretches = Vec::new();
        for Range { start, end } in ranges(&seqs) {
            let proof = range_proof(self.ledger.as_ref(), tenant, start, end, checkpoint.size)
                .await
                .map_err(|error| DomainError::Proof(error.to_string()))?;
            hashes += proof.left.len() + proof.right.len();
            fits(hashes)?;
            let many = usize::try_from(end - start).unwrap_or(usize::MAX);
            stretches.push(Stretch {
                first: start,
                leaf_hashes: leaves.by_ref().take(many).collect(),
                left: proof.left,
                right: proof.right,
            });
        }
        Ok(Rests { claim, checkpoint, stretches, issued_at: newest })
    }
}

fn fits(hashes: usize) -> Result<(), DomainError> {
    match hashes {
        ..=MOST_HASHES => Ok(()),
        _ => Err(DomainError::Certificate(
            "it would rest on more entries than fit into one of 1 MiB (name a run or a shorter period, or export a bundle: `factlog export evidence`)"
                .to_owned(),
        )),
    }
}
