//! The same fact again, or another under its name?

use store_traits::{Digest, Known};

/// What a fact with an idempotency key is to what was recorded before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// The key was never seen: record it.
    New,
    /// Key and content were seen: the first receipt stands, nothing is written.
    Duplicate {
        /// The entry that records it.
        seq: u64,
    },
    /// The key was seen with other content: first truth wins, nothing is written.
    Conflict {
        /// The entry that has the key.
        seq: u64,
        /// The fingerprint of what is recorded.
        recorded: Digest,
        /// The fingerprint of what was offered.
        offered: Digest,
    },
}

/// Judges a fact by what is known of its key: a pure function, so that any store and any worker comes
/// to the same answer.
///
/// ```
/// use replay_determinism::{Idempotency, idempotency, sha256};
/// use store_traits::{FactId, Known};
/// let known = Known { seq: 7, id: FactId::from_parts(0, &[0; 10]), fingerprint: sha256(b"a") };
/// assert_eq!(idempotency(None, &sha256(b"a")), Idempotency::New);
/// assert_eq!(idempotency(Some(&known), &sha256(b"a")), Idempotency::Duplicate { seq: 7 });
/// assert!(matches!(idempotency(Some(&known), &sha256(b"b")), Idempotency::Conflict { seq: 7, .. }));
/// ```
#[must_use]
pub fn idempotency(known: Option<&Known>, offered: &Digest) -> Idempotency {
    match known {
        None => Idempotency::New,
        Some(known) if known.fingerprint == *offered => Idempotency::Duplicate { seq: known.seq },
        Some(known) => {
            Idempotency::Conflict { seq: known.seq, recorded: known.fingerprint, offered: *offered }
        }
    }
}
