//! What the tests of this crate share: leaves in memory as tiles, a key pair, a future's result.

#![allow(
    dead_code,
    clippy::indexing_slicing,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses a part; a test may panic"
)]

pub mod facts;
pub mod recorded;
pub mod stepping;
pub mod words;

use std::ops::Range;

use async_trait::async_trait;
use audit_evidence::VerifierKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use replay_determinism::{empty_root, leaf_hash, node_hash};
pub use store_traits::test_support::ready as now;
use store_traits::{Digest, SignError, SignatureVerifier, Signer, StoreError, TenantId, TileStore};

/// Leaf hashes in memory, cut into tiles as a store would.
pub struct MemoryTiles(pub Vec<Digest>);

#[async_trait]
impl TileStore for MemoryTiles {
    async fn hashes(
        &self,
        _: &TenantId,
        level: u8,
        range: Range<u64>,
    ) -> Result<Vec<Digest>, StoreError> {
        let width = 256_usize.pow(u32::from(level));
        let whole = self.0.chunks_exact(width).map(reference_root);
        let (start, end) = (range.start.try_into().unwrap(), range.end.try_into().unwrap());
        let end: usize = end;
        Ok(whole.take(end).skip(start).collect())
    }
}

/// RFC 6962 §2.1, word by word.
pub fn reference_root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&reference_root(left), &reference_root(right))
        }
    }
}

/// Distinct leaf hashes.
pub fn leaves(count: usize) -> Vec<Digest> {
    (0..count).map(|at| leaf_hash(&at.to_be_bytes())).collect()
}

/// The tenant of all tests.
pub fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

/// Ed25519, strict.
pub struct Strict;

impl SignatureVerifier for Strict {
    fn verify(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(public_key)
            .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
    }
}

/// A key pair from a seed.
pub struct TestKey(SigningKey);

impl TestKey {
    pub fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    pub fn named(&self, name: &str) -> VerifierKey {
        VerifierKey::ed25519(name, self.public_key()).unwrap()
    }
}

impl Signer for TestKey {
    fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(self.0.sign(message).to_bytes())
    }
}

/// A hash in base64; `None` where it is not 32 bytes, as a parser of proofs refuses it.
pub fn digest(text: &str) -> Option<Digest> {
    Digest::try_from(STANDARD.decode(text).ok()?.as_slice()).ok()
}
