//! Salted commitments: what stands in the entry for a value that lies beside it.
//!
//! - A **disclosure** (RFC 9901 §4.2) is the base64url text (no padding) of the canonical JSON
//!   `[salt, pointer, value]`; the entry holds the base64url SHA-256 of that text, hashed as carried.
//! - A **blob commitment** is SHA-256(`"factlog/blob/v1"` ‖ 0x00 ‖ salt ‖ bytes).
//!
//! Salts are 32 random bytes. Erasing salt and value leaves the entry and every proof as they were.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store_traits::{Digest, Value};
use thiserror::Error;

use crate::canonical::{self, CanonicalError};
use crate::hash::{Sha256Stream, sha256};

const BLOB_DOMAIN: &[u8] = b"factlog/blob/v1\0";

/// A value with its salt, ready to lie beside the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// What lies beside the ledger and is handed out.
    pub text: String,
    /// What stands in the entry.
    pub digest: String,
}

/// A text that is not a disclosure.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DisclosureError {
    /// Not base64url without padding.
    #[error("a disclosure is base64url text without padding, this is not: {0}")]
    Base64(#[from] base64::DecodeError),
    /// Not restricted JSON.
    #[error("a disclosure holds restricted JSON, this does not")]
    Json(#[from] CanonicalError),
    /// Not `[salt, pointer, value]`.
    #[error("a disclosure holds [salt, pointer, value], this does not: {0}")]
    Shape(&'static str),
}

/// Makes the disclosure of a value that is taken out of a fact at a JSON pointer (RFC 6901).
///
/// ```
/// use replay_determinism::{disclosure, disclosure_digest};
/// let made = disclosure(&[9; 32], "/body/name", &"Ada".into());
/// assert_eq!(made.digest, disclosure_digest(&made.text));
/// ```
#[must_use]
pub fn disclosure(salt: &[u8; 32], pointer: &str, value: &Value) -> Disclosure {
    let parts = [URL_SAFE_NO_PAD.encode(salt).into(), pointer.into(), value.clone()];
    let text = URL_SAFE_NO_PAD.encode(canonical::write(&Value::Array(parts.into())));
    Disclosure { digest: disclosure_digest(&text), text }
}

/// Reads a disclosure: the pointer and the value.
///
/// # Errors
/// The text is not base64url, not restricted JSON, or not `[salt of 32 bytes, pointer, value]`.
///
/// ```
/// use replay_determinism::{disclosure, parse_disclosure};
/// let made = disclosure(&[9; 32], "/body/name", &"Ada".into());
/// assert_eq!(parse_disclosure(&made.text)?, ("/body/name".to_owned(), "Ada".into()));
/// # Ok::<(), replay_determinism::DisclosureError>(())
/// ```
pub fn parse_disclosure(text: &str) -> Result<(String, Value), DisclosureError> {
    let value = canonical::parse(&URL_SAFE_NO_PAD.decode(text)?)?;
    let Value::Array(parts) = value else {
        return Err(DisclosureError::Shape("it is not an array"));
    };
    let [salt, pointer, value] = <[Value; 3]>::try_from(parts)
        .map_err(|_| DisclosureError::Shape("it does not have three items"))?;
    let salt = salt.as_str().and_then(|salt| URL_SAFE_NO_PAD.decode(salt).ok());
    if salt.is_none_or(|salt| salt.len() != 32) {
        return Err(DisclosureError::Shape("the salt is not 32 bytes in base64url"));
    }
    match pointer {
        Value::String(pointer) if pointer.starts_with('/') => Ok((pointer.into(), value)),
        _ => Err(DisclosureError::Shape("the second item is not a JSON pointer")),
    }
}

/// What stands in the entry for a disclosure: base64url SHA-256 of the text as carried.
///
/// ```
/// let digest = replay_determinism::disclosure_digest("WyJzYWx0Il0");
/// assert_eq!(digest.len(), 43);
/// ```
#[must_use]
pub fn disclosure_digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(text.as_bytes()).as_bytes())
}

/// What stands in the entry for a blob.
///
/// ```
/// use replay_determinism::blob_commitment;
/// assert_ne!(blob_commitment(&[1; 32], b"yes"), blob_commitment(&[2; 32], b"yes"));
/// ```
#[must_use]
pub fn blob_commitment(salt: &[u8; 32], bytes: &[u8]) -> Digest {
    let mut hash = Sha256Stream::new();
    hash.update(BLOB_DOMAIN);
    hash.update(salt);
    hash.update(bytes);
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_disclosed_reads_back() {
        let value = Value::Array(vec![Value::integer(7), Value::from("é\n")]);
        let made = disclosure(&[9; 32], "/body/source/a~1b", &value);
        assert_eq!(made.digest, disclosure_digest(&made.text));
        assert_eq!(parse_disclosure(&made.text), Ok(("/body/source/a~1b".to_owned(), value)));
    }

    #[test]
    fn texts_of_another_shape_are_refused() {
        let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let salt = URL_SAFE_NO_PAD.encode([0; 32]);
        for text in [
            "=".to_owned(),
            encode("1"),
            encode(&format!(r#"["{salt}","/a"]"#)),
            encode(&format!(r#"["{salt}","a",1]"#)),
            encode(r#"["AAAA","/a",1]"#),
            encode(&format!(r#"["{salt}","/a",0.5]"#)),
            encode(&format!(r#"["{salt}","/a",1]"#)) + "=",
        ] {
            assert!(parse_disclosure(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn another_salt_gives_another_commitment() {
        assert_ne!(blob_commitment(&[0; 32], b"x"), blob_commitment(&[1; 32], b"x"));
        let value = Value::from("x");
        assert_ne!(disclosure(&[0; 32], "/a", &value), disclosure(&[1; 32], "/a", &value));
    }
}
