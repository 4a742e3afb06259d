//! DSSE envelopes around in-toto Statements v1: what a bundle's manifest is signed with, and what
//! common supply-chain tools check.

use audit_evidence::VerifierKey;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use replay_determinism::canonical;
use store_traits::{Digest, SignError, SignatureVerifier, Signer, Value};
use thiserror::Error;

use crate::report::object;

/// The payload type of in-toto statements.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The type of a statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// An envelope that does not hold.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DsseError {
    /// Not an envelope as this crate writes it.
    #[error("not a DSSE envelope with one signature: {0}")]
    Malformed(String),
    /// Signed by another key.
    #[error("it is signed with the key `{found}`, not with `{expected}`")]
    OtherKey {
        /// The key it names.
        found: String,
        /// The key that was expected.
        expected: String,
    },
    /// The signature is not the key's over these bytes.
    #[error("the signature does not fit the statement (one of them was changed)")]
    Signature,
}

/// The bytes that are signed: DSSE's pre-authentication encoding.
#[must_use]
pub fn pre_authentication(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out =
        format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

/// A statement about one file.
#[must_use]
pub fn statement(name: &str, sha256: &Digest, predicate_type: &str, predicate: Value) -> Value {
    statement_about(&[(name.to_owned(), *sha256)], predicate_type, predicate)
}

/// A statement about several things, each with its digest.
pub(crate) fn statement_about(
    subjects: &[(String, Digest)],
    predicate_type: &str,
    predicate: Value,
) -> Value {
    let subject = |(name, sha256): &(String, Digest)| {
        let digest = object([("sha256", sha256.to_string().into())]);
        object([("name", name.as_str().into()), ("digest", digest)])
    };
    object([
        ("_type", STATEMENT_TYPE.into()),
        ("subject", subjects.iter().map(subject).collect::<Vec<_>>().into()),
        ("predicateType", predicate_type.into()),
        ("predicate", predicate),
    ])
}

/// Signs a statement and gives the envelope's bytes, canonical JSON.
///
/// # Errors
/// The key cannot sign.
pub fn sign(statement: &Value, key_id: &str, signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
    sign_payload(&canonical::write(statement), key_id, signer)
}

/// Signs a statement's bytes, and gives the envelope's.
pub(crate) fn sign_payload(
    payload: &[u8],
    key_id: &str,
    signer: &dyn Signer,
) -> Result<Vec<u8>, SignError> {
    let signature = signer.sign(&pre_authentication(PAYLOAD_TYPE, payload))?;
    Ok(envelope(payload, key_id, &signature))
}

/// Checks an envelope and gives its statement.
///
/// # Errors
/// It is not an envelope, another key signed, or the signature does not fit.
pub fn open(
    bytes: &[u8],
    key: &VerifierKey,
    verifier: &dyn SignatureVerifier,
) -> Result<Value, DsseError> {
    let payload = open_payload(bytes, key, verifier)?;
    canonical::parse(&payload).map_err(|error| DsseError::Malformed(error.to_string()))
}

/// Checks an envelope and gives the bytes that are signed in it.
pub(crate) fn open_payload(
    bytes: &[u8],
    key: &VerifierKey,
    verifier: &dyn SignatureVerifier,
) -> Result<Vec<u8>, DsseError> {
    let malformed = |what: &str| DsseError::Malformed(what.to_owned());
    let value = canonical::parse(bytes).map_err(|error| DsseError::Malformed(error.to_string()))?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let payload = text(value.member("payload")).ok_or_else(|| malformed("no payload"))?;
    let payload = STANDARD.decode(payload).map_err(|_| malformed("the payload is not base64"))?;
    let [signature] = value.member("signatures").and_then(Value::as_array).unwrap_or_default()
    else {
        return Err(malformed("not one signature"));
    };
    let found = text(signature.member("keyid")).ok_or_else(|| malformed("no keyid"))?;
    let signature = text(signature.member("sig")).ok_or_else(|| malformed("no signature"))?;
    let signature: [u8; 64] = STANDARD
        .decode(signature)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| malformed("the signature is not 64 bytes in base64"))?;
    let expected = key_id(key);
    if found != expected {
        return Err(DsseError::OtherKey { found, expected });
    }
    // One spelling: no byte of the file may stand outside what was checked.
    if envelope(&payload, &found, &signature) != bytes {
        return Err(malformed("other members or another spelling"));
    }
    if !verifier.verify(key.public_key(), &pre_authentication(PAYLOAD_TYPE, &payload), &signature) {
        return Err(DsseError::Signature);
    }
    Ok(payload)
}

/// How an envelope names a key: `<name>+<8 hexadecimal digits>`, the beginning of its vkey.
#[must_use]
pub fn key_id(key: &VerifierKey) -> String {
    key_id_of(&key.to_string())
}

pub(crate) fn key_id_of(vkey: &str) -> String {
    vkey.splitn(3, '+').take(2).collect::<Vec<_>>().join("+")
}

fn envelope(payload: &[u8], key_id: &str, signature: &[u8; 64]) -> Vec<u8> {
    let signature = object([("keyid", key_id.into()), ("sig", STANDARD.encode(signature).into())]);
    canonical::write(&object([
        ("payload", STANDARD.encode(payload).into()),
        ("payloadType", PAYLOAD_TYPE.into()),
        ("signatures", vec![signature].into()),
    ]))
}
