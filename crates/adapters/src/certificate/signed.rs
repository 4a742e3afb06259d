//! From a proved statement to the bytes that are handed out.

use audit_evidence::VerifierKey;
use replay_determinism::canonical;
use store_traits::{SignError, Signer};
use thiserror::Error;

use super::armour::{MAX_CERTIFICATE_BYTES, write_armour};
use super::id::CertificateId;
use super::statement::ProvenCertificate;
use crate::dsse;

/// A certificate that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCertificate {
    /// Its id.
    pub id: CertificateId,
    /// The DSSE envelope, canonical JSON.
    pub envelope: Vec<u8>,
}

/// A certificate could not be signed.
#[derive(Debug, Error)]
pub enum CertificateSignError {
    /// Its armour would be longer than [`MAX_CERTIFICATE_BYTES`].
    #[error(
        "it would have {bytes} bytes, and a certificate has at most {MAX_CERTIFICATE_BYTES} (it rests on too many entries: name a run or a shorter period, or export a bundle)"
    )]
    TooLong {
        /// How many it would have.
        bytes: usize,
    },
    /// The signer is not the key that the statement names.
    #[error("the statement names the key `{0}`, and another one was to sign it")]
    OtherKey(String),
    /// The key could not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl ProvenCertificate {
    /// Signs it. The same statement gives the same bytes: Ed25519 takes no randomness.
    ///
    /// # Errors
    /// It would be longer than a certificate may be, or the signer is not the key that it was proved for.
    pub fn sign(&self, signer: &dyn Signer) -> Result<SignedCertificate, CertificateSignError> {
        let named = &self.statement.key;
        let own = VerifierKey::ed25519(self.key.name(), signer.public_key());
        if own.ok().as_ref() != Some(&self.key) {
            return Err(CertificateSignError::OtherKey(named.clone()));
        }
        let payload = canonical::write(&self.statement.to_value());
        let envelope = dsse::sign_payload(&payload, named, signer)?;
        let certificate = SignedCertificate { id: CertificateId::of_payload(&payload), envelope };
        match certificate.armoured().len() {
            bytes if bytes > MAX_CERTIFICATE_BYTES => Err(CertificateSignError::TooLong { bytes }),
            _ => Ok(certificate),
        }
    }
}

impl SignedCertificate {
    /// The text form.
    #[must_use]
    pub fn armoured(&self) -> String {
        write_armour(&self.envelope)
    }
}
