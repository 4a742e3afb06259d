//! RFC 3161 time-stamp tokens: an authority's word that some bytes existed at a time.
//!
//! What is asked is the SHA-256 of the bytes; what comes back is a CMS `SignedData` (RFC 5652) over a
//! `TSTInfo`. A token is believed only if all of this holds: it is of those bytes; the signature over
//! its signed attributes is right, and those name the content and the certificate (RFC 5816); that
//! certificate may sign time-stamps and nothing else (RFC 3161 §2.3), was valid then, and is one of
//! the configured ones or issued by one of them.
//!
//! Known: SHA-256 with RSA (PKCS #1 v1.5) or ECDSA on P-256. Anything else is refused by name, not
//! passed over. Revocation is not looked at: no list is at hand offline.

mod certificate;
mod der;
mod request;
mod signature;
mod token;

pub use certificate::TimestampTrust;
pub use request::TimestampRequest;
pub use token::{TimestampToken, open_timestamp, open_timestamp_response};

use thiserror::Error;

/// A time-stamp that is not believed, or certificates that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TimestampError {
    /// The bytes are not what they should be.
    #[error("{what} is malformed")]
    Malformed {
        /// Which part.
        what: &'static str,
    },
    /// The authority refused.
    #[error("the authority refused: status {status}{}", said(.text))]
    Refused {
        /// Its `PKIStatus`.
        status: u64,
        /// What it said.
        text: String,
    },
    /// The token is not about what was asked.
    #[error("the token {0}")]
    Other(&'static str),
    /// An algorithm that is not known here.
    #[error(
        "{what} uses the algorithm {oid}, which is not supported (SHA-256 with RSA or P-256 is)"
    )]
    Algorithm {
        /// What was to be verified.
        what: &'static str,
        /// Which algorithm.
        oid: String,
    },
    /// A signature is wrong.
    #[error("the signature of {0} is wrong")]
    Signature(&'static str),
    /// The signer's certificate is not to be believed.
    #[error("the certificate of `{subject}` {why}")]
    Certificate {
        /// Whose.
        subject: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The trusted certificates cannot be used.
    #[error("the trusted certificates cannot be used: {0}")]
    Trust(String),
}

fn said(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(", \"{text}\"") }
}
