//! What a time-stamping authority is asked.

use replay_determinism::sha256;
use store_traits::Digest;

use super::der::{OCTET_STRING, SEQUENCE, unsigned, write};

/// SHA-256 as an `AlgorithmIdentifier`: its identifier, and NULL.
const SHA_256: [u8; 15] =
    [0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00];

/// A `TimeStampReq` (RFC 3161 §2.4.1): the digest of some bytes, a nonce, and the wish that the
/// certificate comes with the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampRequest {
    pub(super) imprint: Digest,
    pub(super) nonce: u64,
}

impl TimestampRequest {
    /// Asks for these bytes. The nonce is to be drawn at random: by it an answer to an earlier
    /// question is told from the answer to this one.
    #[must_use]
    pub fn new(message: &[u8], nonce: u64) -> Self {
        Self { imprint: sha256(message), nonce }
    }

    /// The request's bytes, sent as `application/timestamp-query`.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let digest = write(OCTET_STRING, &[self.imprint.as_bytes()]);
        let imprint = write(SEQUENCE, &[&SHA_256, &digest]);
        let certificate_wanted = [0x01, 0x01, 0xFF];
        write(SEQUENCE, &[&unsigned(1), &imprint, &unsigned(self.nonce), &certificate_wanted])
    }
}
