//! Checks a certificate offline, and says what follows and what does not.

use audit_evidence::VerifierKey;
use replay_determinism::canonical;
use store_traits::SignatureVerifier;
use thiserror::Error;

use super::armour::{ArmourError, BEGIN, MAX_CERTIFICATE_BYTES, read_armour};
use super::id::CertificateId;
use super::report::{CertificateReport, CertificateSummary, ValidAt};
use super::sentences::{not_proved, proved};
use super::statement::CertificateStatement;
use super::stretch::leaves;
use crate::Finding;
use crate::claims::never_proved;
use crate::dsse::{self, DsseError};

/// Bytes that are no certificate.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CertificateFormatError {
    /// Longer than [`MAX_CERTIFICATE_BYTES`].
    #[error("a certificate has at most {MAX_CERTIFICATE_BYTES} bytes, this has more")]
    TooLong,
    /// Its armour is broken.
    #[error(transparent)]
    Armour(#[from] ArmourError),
    /// It is no envelope.
    #[error(transparent)]
    Envelope(DsseError),
    /// Nobody is trusted.
    #[error("no key was given to check it with (the log's own: `factlog keys show`)")]
    NoKey,
}

/// Checks a certificate in either form against the keys that the reader trusts.
///
/// # Errors
/// The bytes are no certificate at all, or no key was given. One that was changed or that another key
/// signed is no error: its report has findings.
pub fn verify_certificate(
    bytes: &[u8],
    keys: &[VerifierKey],
    verifier: &dyn SignatureVerifier,
    at: ValidAt,
) -> Result<CertificateReport, CertificateFormatError> {
    let envelope = envelope(bytes)?;
    let (key, payload) = match opened(&envelope, keys, verifier)? {
        Ok(opened) => opened,
        Err(error) => {
            let meaning = "no trusted key signed this certificate";
            return Ok(refused("the signature", error.to_string(), meaning));
        }
    };
    let statement = canonical::parse(&payload).ok();
    let statement = statement.and_then(|value| CertificateStatement::from_value(&value));
    // One spelling: no member of the payload may stand outside what is checked.
    let whole = |said: &CertificateStatement| canonical::write(&said.to_value()) == payload;
    let Some(statement) = statement.filter(whole) else {
        let what = "it is not what a certificate of version 1 says, in its one spelling: its members, or what its subjects' digests are of";
        return Ok(refused(
            "the statement",
            what.to_owned(),
            "a newer or another program signed it",
        ));
    };
    let id = CertificateId::of_payload(&payload);
    let summary = Some(summary(&statement, id));
    let not_proved = not_proved(&statement, at);
    let out_of_time = out_of_time(&statement, at);
    let (mut findings, proved) = match statement.prove(key, keys, verifier) {
        Ok(proven) => (Vec::new(), proved(&proven, id, at)),
        Err(findings) => (findings, Vec::new()),
    };
    findings.extend(out_of_time);
    let holds = findings.is_empty();
    let proved = if holds { proved } else { Vec::new() };
    Ok(CertificateReport { holds, proved, not_proved, findings, summary })
}

/// The envelope in either form.
fn envelope(bytes: &[u8]) -> Result<Vec<u8>, CertificateFormatError> {
    if bytes.len() > MAX_CERTIFICATE_BYTES {
        return Err(CertificateFormatError::TooLong);
    }
    let armoured = bytes.starts_with(BEGIN.trim_end().as_bytes());
    match std::str::from_utf8(bytes) {
        Ok(text) if armoured => Ok(read_armour(text)?),
        Ok(_) | Err(_) => Ok(bytes.to_vec()),
    }
}

type Opened<'k> = Result<(&'k VerifierKey, Vec<u8>), DsseError>;

/// The key that signed an envelope, and what it signed; while keys are rotated several are trusted.
fn opened<'k>(
    envelope: &[u8],
    keys: &'k [VerifierKey],
    verifier: &dyn SignatureVerifier,
) -> Result<Opened<'k>, CertificateFormatError> {
    let mut other = None;
    for key in keys {
        match dsse::open_payload(envelope, key, verifier) {
            Ok(payload) => return Ok(Ok((key, payload))),
            Err(error @ DsseError::Malformed(_)) => {
                return Err(CertificateFormatError::Envelope(error));
            }
            Err(error @ DsseError::Signature) => return Ok(Err(error)),
            Err(error @ DsseError::OtherKey { .. }) => other = Some(error),
        }
    }
    other.map(Err).ok_or(CertificateFormatError::NoKey)
}

fn out_of_time(statement: &CertificateStatement, at: ValidAt) -> Option<Finding> {
    let ValidAt::Time(at) = at else { return None };
    let CertificateStatement { issued_at, valid_until, .. } = statement;
    let (place, what) = match valid_until {
        _ if at < *issued_at => ("issued_at", format!("it was issued at {issued_at}, after {at}")),
        Some(until) if at >= *until => ("valid_until", format!("it ended at {until}, before {at}")),
        Some(_) | None => return None,
    };
    let meaning = "it is not in force at the time that was asked for";
    Some(Finding { what, place: place.to_owned(), meaning })
}

fn refused(place: &str, what: String, meaning: &'static str) -> CertificateReport {
    CertificateReport {
        holds: false,
        proved: Vec::new(),
        not_proved: never_proved(),
        findings: vec![Finding { what, place: place.to_owned(), meaning }],
        summary: None,
    }
}

fn summary(statement: &CertificateStatement, id: CertificateId) -> CertificateSummary {
    CertificateSummary {
        id,
        kind: statement.claim.kind(),
        tenant: statement.tenant.clone(),
        origin: statement.origin.clone(),
        key: statement.key.clone(),
        issued_at: statement.issued_at,
        valid_until: statement.valid_until,
        entries: leaves(&statement.stretches).len() as u64,
        subjects: statement.subjects(),
    }
}
