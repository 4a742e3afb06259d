//! Signing and checking signatures; `adapters` implements both.

use thiserror::Error;

/// Signs with an Ed25519 key (RFC 8032) whose name is the log's origin.
pub trait Signer: Send + Sync {
    /// The 32 bytes of the public key.
    fn public_key(&self) -> [u8; 32];
    /// Signs the message.
    ///
    /// # Errors
    /// The key cannot sign.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;
}

/// Checks Ed25519 signatures strictly: small-order and non-canonical keys do not pass.
pub trait SignatureVerifier: Send + Sync {
    /// Does the signature hold?
    fn verify(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool;
}

/// A key that cannot sign.
#[derive(Debug, Error)]
#[error("cannot sign: {0}")]
pub struct SignError(pub String);
