//! The signing key: its file, the signer, and the strict verifier.
//!
//! ```text
//! factlog-ed25519-key v1
//! <base64 of the 32 seed bytes>
//! ```
//!
//! The file names no origin: the same key signs for every tenant's log, and the note's key name
//! says which.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use store_traits::{SignError, SignatureVerifier, Signer};
use thiserror::Error;
use zeroize::Zeroizing;

/// The first line of a key file.
pub const KEY_FILE_HEADER: &str = "factlog-ed25519-key v1";

/// Bytes that are not a key file.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KeyFileError {
    /// Not UTF-8 text.
    #[error("the key file is not text (is it a key of another program?)")]
    NotText,
    /// The first line is another.
    #[error(
        "not a factlog key file: its first line is not `{KEY_FILE_HEADER}` (`factlog init` makes one)"
    )]
    Header,
    /// The second line is not base64.
    #[error("the key file's second line is not base64 (was the file edited or cut?)")]
    Base64,
    /// Another number of bytes.
    #[error(
        "the key file holds {0} bytes of key where 32 are wanted (was the file edited or cut?)"
    )]
    Length(usize),
    /// Something stands after the key.
    #[error("the key file goes on after its second line (it holds one key)")]
    Trailing,
    /// A line of a file of several keys is no key, or a key that stood before.
    #[error("line {0} of the key file is not a key of its own (was the file edited or cut?)")]
    Line(usize),
    /// None of several keys signs.
    #[error("the key file holds no active key (was the file cut?)")]
    NoActive,
}

/// An Ed25519 key (RFC 8032) that can sign. The seed is wiped from memory on drop.
pub struct Ed25519Signer(SigningKey);

impl Ed25519Signer {
    /// Makes the key from 32 unpredictable bytes, which the caller gives: nothing here is random.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Parses a key file.
    ///
    /// # Errors
    /// The bytes are not a key file; the error says why and never shows them.
    pub fn from_key_file(bytes: &[u8]) -> Result<Self, KeyFileError> {
        let text = std::str::from_utf8(bytes).map_err(|_| KeyFileError::NotText)?;
        let mut lines = text.lines();
        if lines.next() != Some(KEY_FILE_HEADER) {
            return Err(KeyFileError::Header);
        }
        let line = lines.next().unwrap_or_default();
        let seed = Zeroizing::new(STANDARD.decode(line).map_err(|_| KeyFileError::Base64)?);
        if lines.next().is_some() {
            return Err(KeyFileError::Trailing);
        }
        let length = seed.len();
        let seed: Zeroizing<[u8; 32]> =
            Zeroizing::new(seed.as_slice().try_into().map_err(|_| KeyFileError::Length(length))?);
        Ok(Self::from_seed(&seed))
    }

    /// The key file's text. The caller writes it where only the owner reads (mode 0600).
    #[must_use]
    pub fn to_key_file(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{KEY_FILE_HEADER}\n{}\n", self.seed_line().as_str()))
    }

    /// The seed as a key file spells it.
    pub(crate) fn seed_line(&self) -> Zeroizing<String> {
        let seed = Zeroizing::new(self.0.to_bytes());
        Zeroizing::new(STANDARD.encode(seed.as_slice()))
    }
}

impl std::fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ed25519Signer(…)")
    }
}

impl Signer for Ed25519Signer {
    fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        self.0
            .try_sign(message)
            .map(|signature| signature.to_bytes())
            .map_err(|error| SignError(error.to_string()))
    }
}

/// Checks Ed25519 signatures as `verify_strict` does: a small-order or non-canonical key, under
/// which one signature fits many messages, never passes.
#[derive(Debug, Clone, Copy, Default)]
pub struct StrictVerifier;

impl SignatureVerifier for StrictVerifier {
    fn verify(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(public_key)
            .and_then(|key| key.verify_strict(message, &Signature::from_bytes(signature)))
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_read_back_is_the_same_key() {
        let key = Ed25519Signer::from_seed(&[7; 32]);
        let file = key.to_key_file();
        let again = Ed25519Signer::from_key_file(file.as_bytes()).unwrap();
        assert_eq!(again.public_key(), key.public_key());
        assert_eq!(again.to_key_file(), file);
        assert!(!format!("{key:?}").contains("Bwc"));
    }

    #[test]
    fn what_is_not_a_key_file_is_refused_with_its_reason() {
        let refuse = |bytes: &[u8]| Ed25519Signer::from_key_file(bytes).unwrap_err();
        assert_eq!(refuse(b"\xff\xfe"), KeyFileError::NotText);
        assert_eq!(refuse(b""), KeyFileError::Header);
        assert_eq!(refuse(b"-----BEGIN PRIVATE KEY-----\n"), KeyFileError::Header);
        assert_eq!(refuse(b"factlog-ed25519-key v1\n!\n"), KeyFileError::Base64);
        assert_eq!(refuse(b"factlog-ed25519-key v1\nAAAA\n"), KeyFileError::Length(3));
        assert_eq!(refuse(b"factlog-ed25519-key v1\n"), KeyFileError::Length(0));
        assert_eq!(refuse(b"factlog-ed25519-key v1\nAAAA\nAAAA\n"), KeyFileError::Trailing);
    }

    /// RFC 8032 §7.1, test 1.
    #[test]
    fn the_rfc_vector_signs_and_verifies() {
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len() / 2)
                .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
                .collect()
        };
        let seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let key = Ed25519Signer::from_seed(&seed.try_into().unwrap());
        let public = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert_eq!(key.public_key().to_vec(), public);
        let mut signature = key.sign(b"").unwrap();
        assert!(StrictVerifier.verify(&key.public_key(), b"", &signature));
        assert!(!StrictVerifier.verify(&key.public_key(), b"x", &signature));
        signature[0] ^= 1;
        assert!(!StrictVerifier.verify(&key.public_key(), b"", &signature));
    }

    /// With the identity as key, `R = identity, S = 0` fits every message in lax verifiers.
    #[test]
    fn a_small_order_key_never_passes() {
        let mut identity = [0_u8; 32];
        identity[0] = 1;
        let mut signature = [0_u8; 64];
        signature[0] = 1;
        assert!(!StrictVerifier.verify(&identity, b"anything", &signature));
    }
}
