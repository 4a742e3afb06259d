//! The certificates of time-stamping authorities (RFC 5280), as far as they are looked at.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use replay_determinism::sha256;
use store_traits::{Digest, Timestamp};

use super::TimestampError;
use super::der::{
    BIT_STRING, CONTEXT_0, GENERALIZED_TIME, INTEGER, OCTET_STRING, OID, SEQUENCE, SET, Tlv, UTF8,
    Values, dotted,
};
use super::signature::verify;

const UTC_TIME: u8 = 0x17;
const BOOLEAN: u8 = 0x01;
const CONTEXT_3: u8 = 0xA3;
const TRUE: &[u8] = &[0xFF];
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const COMMON_NAME: &str = "2.5.4.3";
const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
const MOST_CERTIFICATES: usize = 64;

/// The certificates that are trusted: authorities' own, or those that issue them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampTrust {
    /// DER.
    certificates: Vec<Vec<u8>>,
}

impl TimestampTrust {
    /// Reads the `CERTIFICATE` blocks of a PEM text (RFC 7468 §5); what stands between is passed
    /// over.
    ///
    /// # Errors
    /// There is no block, there are more than 64, or one is no certificate.
    pub fn parse(pem: &str) -> Result<Self, TimestampError> {
        let wrong = |why: String| TimestampError::Trust(why);
        let mut certificates = Vec::new();
        for block in pem.split("-----BEGIN CERTIFICATE-----").skip(1) {
            let number = certificates.len() + 1;
            let broken = || wrong(format!("block {number} is no certificate"));
            let (body, _) = block.split_once("-----END CERTIFICATE-----").ok_or_else(broken)?;
            let text: String = body.split_whitespace().collect();
            let der = STANDARD.decode(text).map_err(|_| broken())?;
            Certificate::parse(&der).map_err(|_| broken())?;
            certificates.push(der);
        }
        match certificates.len() {
            0 => Err(wrong("there is no `-----BEGIN CERTIFICATE-----`".to_owned())),
            1..=MOST_CERTIFICATES => Ok(Self { certificates }),
            many => Err(wrong(format!("there are {many} (at most {MOST_CERTIFICATES})"))),
        }
    }

    /// Those that are trusted, for a signer that did not send its own.
    pub(super) fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().map(Vec::as_slice)
    }

    /// Whether a certificate may have signed a time-stamp at this time.
    pub(super) fn check(
        &self,
        signer: &Certificate<'_>,
        at: Timestamp,
    ) -> Result<(), TimestampError> {
        let refuse = |why| Err(TimestampError::Certificate { subject: signer.name(), why });
        if !signer.stamps_time_only()? {
            return refuse("is not for time-stamping alone (RFC 3161 §2.3)");
        }
        if !signer.valid(at) {
            return refuse("was not valid at the time that it gives");
        }
        if self.certificates().any(|trusted| trusted == signer.whole) {
            return Ok(());
        }
        for trusted in self.certificates() {
            let issuer = Certificate::parse(trusted)?;
            if issuer.subject == signer.issuer && issuer.issues()? && issuer.valid(at) {
                let issued = verify(
                    "the signer's certificate",
                    issuer.public_key,
                    &signer.algorithm,
                    signer.signed,
                    signer.signature,
                );
                // Several authorities may have one name.
                if !matches!(issued, Err(TimestampError::Signature(_))) {
                    return issued;
                }
            }
        }
        refuse("is neither trusted nor issued by a trusted one")
    }
}

/// A certificate, read.
#[derive(Debug)]
pub(super) struct Certificate<'a> {
    whole: &'a [u8],
    signed: &'a [u8],
    algorithm: String,
    signature: &'a [u8],
    pub(super) serial: &'a [u8],
    pub(super) issuer: &'a [u8],
    subject: &'a [u8],
    not_before: Timestamp,
    not_after: Timestamp,
    pub(super) public_key: &'a [u8],
    /// The list of extensions, if there is one.
    extensions: Option<Tlv<'a>>,
}

const WHAT: &str = "a certificate";

impl<'a> Certificate<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, TimestampError> {
        let mut outer = Values::of(bytes, WHAT);
        let whole = outer.take(SEQUENCE)?;
        outer.end()?;
        let mut parts = whole.inside(WHAT);
        let signed = parts.take(SEQUENCE)?;
        let algorithm = dotted(parts.take(SEQUENCE)?.inside(WHAT).take(OID)?.value);
        let Some((0, signature)) = parts.take(BIT_STRING)?.value.split_first() else {
            return parts.malformed();
        };
        let mut body = signed.inside(WHAT);
        body.take_if(CONTEXT_0)?;
        let serial = body.take(INTEGER)?.value;
        body.take(SEQUENCE)?;
        let issuer = body.take(SEQUENCE)?.whole;
        let mut validity = body.take(SEQUENCE)?.inside(WHAT);
        let subject = body.take(SEQUENCE)?.whole;
        let public_key = body.take(SEQUENCE)?.whole;
        let mut extensions = None;
        while let Some(part) = body.next()? {
            if part.tag == CONTEXT_3 {
                extensions = Some(part.inside(WHAT).take(SEQUENCE)?);
            }
        }
        Ok(Self {
            whole: whole.whole,
            signed: signed.whole,
            algorithm,
            signature,
            serial,
            issuer,
            subject,
            not_before: time(&mut validity)?,
            not_after: time(&mut validity)?,
            public_key,
            extensions,
        })
    }

    pub(super) fn digest(&self) -> Digest {
        sha256(self.whole)
    }

    fn valid(&self, at: Timestamp) -> bool {
        // The last second counts to its end.
        self.not_before <= at && at.nanos_since(self.not_after) < 1_000_000_000
    }

    /// The common name, else nothing that could be shown.
    pub(super) fn name(&self) -> String {
        self.common_name().ok().flatten().unwrap_or_else(|| "a subject without a name".to_owned())
    }

    fn common_name(&self) -> Result<Option<String>, TimestampError> {
        let mut found = None;
        let mut names = Values::of(self.subject, WHAT).take(SEQUENCE)?.inside(WHAT);
        while names.peek().is_some() {
            let mut set = names.take(SET)?.inside(WHAT);
            while set.peek().is_some() {
                let mut pair = set.take(SEQUENCE)?.inside(WHAT);
                let kind = dotted(pair.take(OID)?.value);
                let text = pair.next()?.filter(|text| matches!(text.tag, UTF8 | 0x13 | 0x16));
                let text = text.and_then(|text| std::str::from_utf8(text.value).ok());
                if kind == COMMON_NAME {
                    found = text.map(str::to_owned).or(found);
                }
            }
        }
        Ok(found)
    }

    /// An extension's criticality and value.
    fn extension(&self, wanted: &str) -> Result<Option<(bool, &'a [u8])>, TimestampError> {
        let Some(list) = self.extensions else { return Ok(None) };
        let mut list = list.inside(WHAT);
        while list.peek().is_some() {
            let mut parts = list.take(SEQUENCE)?.inside(WHAT);
            let name = dotted(parts.take(OID)?.value);
            let critical = parts.take_if(BOOLEAN)?.is_some_and(|b| b.value == TRUE);
            let value = parts.take(OCTET_STRING)?.value;
            if name == wanted {
                return Ok(Some((critical, value)));
            }
        }
        Ok(None)
    }

    /// RFC 3161 §2.3: one purpose, time-stamping, in a critical extension.
    fn stamps_time_only(&self) -> Result<bool, TimestampError> {
        let Some((true, value)) = self.extension(EXTENDED_KEY_USAGE)? else { return Ok(false) };
        let mut purposes = Values::of(value, WHAT).take(SEQUENCE)?.inside(WHAT);
        let only = dotted(purposes.take(OID)?.value) == TIME_STAMPING;
        Ok(only && purposes.peek().is_none())
    }

    /// Whether this is an authority's, which may issue others (RFC 5280 §4.2.1.9).
    fn issues(&self) -> Result<bool, TimestampError> {
        let Some((_, value)) = self.extension(BASIC_CONSTRAINTS)? else { return Ok(false) };
        let mut parts = Values::of(value, WHAT).take(SEQUENCE)?.inside(WHAT);
        Ok(parts.take_if(BOOLEAN)?.is_some_and(|b| b.value == TRUE))
    }
}

/// A `Time` (RFC 5280 §4.1.2.5).
fn time(values: &mut Values<'_>) -> Result<Timestamp, TimestampError> {
    let value = values.next()?;
    let time = value.and_then(|value| match value.tag {
        UTC_TIME => {
            let text = std::str::from_utf8(value.value).ok()?;
            let century = if text.get(..2)?.parse::<u32>().ok()? < 50 { "20" } else { "19" };
            point(&format!("{century}{text}"))
        }
        GENERALIZED_TIME => point(std::str::from_utf8(value.value).ok()?),
        _ => None,
    });
    time.ok_or(TimestampError::Malformed { what: "a certificate's time" })
}

/// `YYYYMMDDhhmmss[.f…]Z`.
pub(super) fn point(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let part = |from: usize, to: usize| whole.get(from..to);
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    let text = format!(
        "{}-{}-{}T{}:{}:{}{fraction}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    );
    Timestamp::parse(&text).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_one_spelling() {
        assert_eq!(point("20261123080102Z").unwrap().to_string(), "2026-11-23T08:01:02.000000000Z");
        assert_eq!(
            point("20261123080102.25Z").unwrap().to_string(),
            "2026-11-23T08:01:02.250000000Z"
        );
        for bad in [
            "",
            "Z",
            "20261123080102",
            "202611230801Z",
            "20261323080102Z",
            "2026112308010２Z",
            "20261123080102+01",
        ] {
            assert_eq!(point(bad), None, "{bad}");
        }
    }

    #[test]
    fn trust_needs_certificates() {
        for (pem, says) in [
            ("", "there is no"),
            ("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----", "block 1"),
            ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----", "block 1"),
            ("-----BEGIN CERTIFICATE-----\n", "block 1"),
        ] {
            let error = TimestampTrust::parse(pem).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
