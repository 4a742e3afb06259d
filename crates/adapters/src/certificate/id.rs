//! What a certificate is called.

use std::fmt;

use replay_determinism::sha256;
use store_traits::Digest;
use thiserror::Error;

/// The id of a certificate: the SHA-256 of its signed payload. It does not stand in the payload; whoever
/// has the certificate computes it.
///
/// ```
/// use adapters::certificate::CertificateId;
/// let id = CertificateId::of_payload(b"{}");
/// assert_eq!(CertificateId::parse(&id.to_string())?, id);
/// assert!(CertificateId::parse("44136FA3").is_err());
/// # Ok::<(), adapters::certificate::CertificateIdError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CertificateId(Digest);

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no certificate's id (64 lower-case hexadecimal digits; see `factlog certificate list`)"
)]
pub struct CertificateIdError(String);

impl CertificateId {
    /// The id of the certificate with this payload.
    #[must_use]
    pub fn of_payload(payload: &[u8]) -> Self {
        Self(sha256(payload))
    }

    /// Reads an id.
    ///
    /// # Errors
    /// The text is not 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, CertificateIdError> {
        let wrong = |_| CertificateIdError(text.chars().take(80).collect());
        Digest::from_hex(text).map(Self).map_err(wrong)
    }
}

impl fmt::Display for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for CertificateId {
    type Err = CertificateIdError;

    fn from_str(text: &str) -> Result<Self, CertificateIdError> {
        Self::parse(text)
    }
}
