//! What a time-stamping authority answers, and what a token says once it is believed.

use replay_determinism::sha256;
use store_traits::{Digest, Timestamp};

use super::certificate::{Certificate, TimestampTrust, point};
use super::der::{
    CONTEXT_0, GENERALIZED_TIME, INTEGER, OCTET_STRING, OID, SEQUENCE, SET, Tlv, UTF8, Values,
    dotted,
};
use super::signature::{SHA_256, verify};
use super::{TimestampError, TimestampRequest};

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";
const BOOLEAN: u8 = 0x01;
const TOKEN: &str = "the token";

/// What a believed token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampToken {
    /// When the authority saw the bytes.
    pub at: Timestamp,
    /// The token's number at the authority, in hex.
    pub serial: String,
    /// The authority's policy, an object identifier.
    pub policy: String,
    /// The common name in the signer's certificate.
    pub signer: String,
}

/// Opens the answer to a request (RFC 3161 §2.4.2): the token's bytes, to be kept, and what it says.
///
/// # Errors
/// The authority refused, or the token is not to be believed, or it is the answer to another request.
pub fn open_timestamp_response(
    response: &[u8],
    request: &TimestampRequest,
    trust: &TimestampTrust,
) -> Result<(Vec<u8>, TimestampToken), TimestampError> {
    let what = "the authority's answer";
    let mut outer = Values::of(response, what);
    let mut parts = outer.take(SEQUENCE)?.inside(what);
    outer.end()?;
    let mut status = parts.take(SEQUENCE)?.inside(what);
    let Some(number) = status.take(INTEGER)?.unsigned() else { return status.malformed() };
    if number > 1 {
        let mut text = String::new();
        if let Some(said) = status.take_if(SEQUENCE)? {
            let mut said = said.inside(what);
            while let Some(line) = said.take_if(UTF8)? {
                text.extend(String::from_utf8_lossy(line.value).chars().take(200));
            }
        }
        return Err(TimestampError::Refused { status: number, text });
    }
    let token = parts.take(SEQUENCE)?.whole;
    parts.end()?;
    let opened = open(token, &request.imprint, trust, Some(request.nonce))?;
    Ok((token.to_vec(), opened))
}

/// Opens a kept token over these bytes.
///
/// # Errors
/// It is not to be believed, or is about other bytes.
pub fn open_timestamp(
    token: &[u8],
    message: &[u8],
    trust: &TimestampTrust,
) -> Result<TimestampToken, TimestampError> {
    open(token, &sha256(message), trust, None)
}

fn open(
    token: &[u8],
    imprint: &Digest,
    trust: &TimestampTrust,
    nonce: Option<u64>,
) -> Result<TimestampToken, TimestampError> {
    let signed = SignedData::parse(token)?;
    let info = Info::parse(signed.content)?;
    if info.imprint != imprint.as_bytes() {
        return Err(TimestampError::Other("is about other bytes"));
    }
    if nonce.is_some() && info.nonce != nonce {
        return Err(TimestampError::Other("answers another request: its nonce is not ours"));
    }
    let certificate = signed.certificate(trust)?;
    signed.check_attributes(&certificate)?;
    let attributes = signed.signed_attributes();
    verify("the token", certificate.public_key, &signed.algorithm, &attributes, signed.signature)?;
    trust.check(&certificate, info.at)?;
    Ok(TimestampToken {
        at: info.at,
        serial: info.serial.iter().map(|b| format!("{b:02x}")).collect(),
        policy: info.policy,
        signer: certificate.name(),
    })
}

/// A CMS `SignedData` with one signer (RFC 5652 §5).
struct SignedData<'a> {
    content: &'a [u8],
    certificates: Vec<&'a [u8]>,
    /// The issuer's name and the serial number of the signer's certificate.
    signer: (&'a [u8], &'a [u8]),
    attributes: Tlv<'a>,
    algorithm: String,
    signature: &'a [u8],
}

impl<'a> SignedData<'a> {
    fn parse(token: &'a [u8]) -> Result<Self, TimestampError> {
        let mut outer = Values::of(token, TOKEN);
        let mut info = outer.take(SEQUENCE)?.inside(TOKEN);
        outer.end()?;
        if dotted(info.take(OID)?.value) != SIGNED_DATA {
            return Err(TimestampError::Other("is no signed data"));
        }
        let mut parts = info.take(CONTEXT_0)?.inside(TOKEN).take(SEQUENCE)?.inside(TOKEN);
        parts.take(INTEGER)?;
        parts.take(SET)?;
        let mut content = parts.take(SEQUENCE)?.inside(TOKEN);
        if dotted(content.take(OID)?.value) != TST_INFO {
            return Err(TimestampError::Other("is over something else than a time-stamp"));
        }
        let content = content.take(CONTEXT_0)?.inside(TOKEN).take(OCTET_STRING)?.value;
        let mut certificates = Vec::new();
        if let Some(list) = parts.take_if(CONTEXT_0)? {
            let mut list = list.inside(TOKEN);
            while let Some(one) = list.next()? {
                // Attribute certificates and other choices are nobody's who signs time-stamps.
                if one.tag == SEQUENCE {
                    certificates.push(one.whole);
                }
            }
        }
        parts.take_if(CONTEXT_0 + 1)?;
        let mut signers = parts.take(SET)?.inside(TOKEN);
        let mut signer = signers.take(SEQUENCE)?.inside(TOKEN);
        if signers.peek().is_some() {
            return Err(TimestampError::Other("has several signers (RFC 3161 §2.4.2 allows one)"));
        }
        signer.take(INTEGER)?;
        let mut identity = signer.take(SEQUENCE)?.inside(TOKEN);
        let identity = (identity.take(SEQUENCE)?.whole, identity.take(INTEGER)?.value);
        let digest = dotted(signer.take(SEQUENCE)?.inside(TOKEN).take(OID)?.value);
        if digest != SHA_256 {
            return Err(TimestampError::Algorithm { what: "the token's signature", oid: digest });
        }
        let attributes = signer.take(CONTEXT_0)?;
        let algorithm = dotted(signer.take(SEQUENCE)?.inside(TOKEN).take(OID)?.value);
        let signature = signer.take(OCTET_STRING)?.value;
        Ok(Self { content, certificates, signer: identity, attributes, algorithm, signature })
    }

    /// The signer's certificate, of those that came or those that are trusted.
    fn certificate<'t>(
        &'t self,
        trust: &'t TimestampTrust,
    ) -> Result<Certificate<'t>, TimestampError> {
        for bytes in self.certificates.iter().copied().chain(trust.certificates()) {
            let certificate = Certificate::parse(bytes)?;
            if (certificate.issuer, certificate.serial) == self.signer {
                return Ok(certificate);
            }
        }
        Err(TimestampError::Other("comes without its signer's certificate"))
    }

    /// What the signature is over: the attributes as a set (RFC 5652 §5.4), not under the tag that
    /// they are sent with.
    fn signed_attributes(&self) -> Vec<u8> {
        let (_, rest) = self.attributes.whole.split_first().unwrap_or((&0, &[]));
        [&[SET], rest].concat()
    }

    /// The signed attributes speak of this content and of this certificate; without the second,
    /// another certificate of the same key could be put in its place (RFC 5816).
    fn check_attributes(&self, certificate: &Certificate<'_>) -> Result<(), TimestampError> {
        let one = |wanted: &str| self.attribute(wanted);
        let kind = one(CONTENT_TYPE)?.take(OID)?.value;
        let digest = one(MESSAGE_DIGEST)?.take(OCTET_STRING)?.value;
        if dotted(kind) != TST_INFO || digest != sha256(self.content).as_bytes() {
            return Err(TimestampError::Other(
                "was changed: its signature is over another content",
            ));
        }
        let mut list = one(SIGNING_CERTIFICATE_V2)?.take(SEQUENCE)?.inside(TOKEN);
        let mut first = list.take(SEQUENCE)?.inside(TOKEN).take(SEQUENCE)?.inside(TOKEN);
        if let Some(algorithm) = first.take_if(SEQUENCE)? {
            let oid = dotted(algorithm.inside(TOKEN).take(OID)?.value);
            if oid != SHA_256 {
                return Err(TimestampError::Algorithm { what: "the signer's identity", oid });
            }
        }
        if first.take(OCTET_STRING)?.value != certificate.digest().as_bytes() {
            return Err(TimestampError::Other(
                "names another certificate than the one it comes with",
            ));
        }
        Ok(())
    }

    /// The value of an attribute that must be there once.
    fn attribute(&self, wanted: &str) -> Result<Values<'a>, TimestampError> {
        let mut list = self.attributes.inside(TOKEN);
        let mut found = None;
        while list.peek().is_some() {
            let mut parts = list.take(SEQUENCE)?.inside(TOKEN);
            if dotted(parts.take(OID)?.value) != wanted {
                continue;
            }
            let values = parts.take(SET)?.inside(TOKEN);
            if found.replace(values).is_some() {
                return Err(TimestampError::Other("has an attribute twice"));
            }
        }
        found.ok_or(match wanted {
            SIGNING_CERTIFICATE_V2 => {
                TimestampError::Other("does not name its certificate by SHA-256 (RFC 5816)")
            }
            _ => TimestampError::Other("lacks a signed attribute (RFC 5652 §5.3)"),
        })
    }
}

/// A `TSTInfo` (RFC 3161 §2.4.2).
struct Info<'a> {
    policy: String,
    imprint: &'a [u8],
    serial: &'a [u8],
    at: Timestamp,
    nonce: Option<u64>,
}

impl<'a> Info<'a> {
    fn parse(content: &'a [u8]) -> Result<Self, TimestampError> {
        let what = "the token's statement";
        let mut outer = Values::of(content, what);
        let mut parts = outer.take(SEQUENCE)?.inside(what);
        outer.end()?;
        if parts.take(INTEGER)?.unsigned() != Some(1) {
            return parts.malformed();
        }
        let policy = dotted(parts.take(OID)?.value);
        let mut imprint = parts.take(SEQUENCE)?.inside(what);
        let algorithm = dotted(imprint.take(SEQUENCE)?.inside(what).take(OID)?.value);
        if algorithm != SHA_256 {
            return Err(TimestampError::Algorithm { what: "the token's digest", oid: algorithm });
        }
        let imprint = imprint.take(OCTET_STRING)?.value;
        let serial = parts.take(INTEGER)?.value;
        let at = parts.take(GENERALIZED_TIME)?;
        let at = std::str::from_utf8(at.value).ok().and_then(point);
        let Some(at) = at else { return parts.malformed() };
        parts.take_if(SEQUENCE)?;
        parts.take_if(BOOLEAN)?;
        let nonce = parts.take_if(INTEGER)?.and_then(|nonce| nonce.unsigned());
        Ok(Self { policy, imprint, serial, at, nonce })
    }
}
