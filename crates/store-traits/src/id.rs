//! Identifiers, each its own type.

use std::fmt;

use thiserror::Error;

use crate::Text;

/// A text that is not an identifier of its type.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{text}` is not a {what}: {why}")]
pub struct IdError {
    /// Which identifier was expected.
    pub what: &'static str,
    /// The text that was given, cut to 80 characters.
    pub text: String,
    /// Which rule it breaks.
    pub why: &'static str,
}

impl IdError {
    pub(crate) fn new(what: &'static str, text: &str, why: &'static str) -> Self {
        Self { what, text: text.chars().take(80).collect(), why }
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Text);

        impl $name {
            /// Checks the text.
            ///
            /// # Errors
            /// The text breaks a rule of this identifier; the error says which.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let check: fn(&str) -> Result<(), &'static str> = $check;
                check(text).map_err(|why| IdError::new($what, text, why))?;
                Ok(Self(Text::from(text)))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    };
}

fn lower_hex(text: &str, digits: usize, not: &'static str) -> Result<(), &'static str> {
    if text.len() != digits || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(not);
    }
    if text.bytes().all(|b| b == b'0') {
        return Err("it is all zeros");
    }
    Ok(())
}

fn plain(text: &str, max: usize) -> Result<(), &'static str> {
    match text {
        "" => Err("it is empty"),
        _ if text.len() > max => Err("it is too long"),
        _ if text.chars().any(char::is_control) => Err("it has control characters"),
        _ => Ok(()),
    }
}

/// A UUIDv7 (RFC 9562 §5.7) in lower-case hyphenated form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId([u8; 36]);

impl FactId {
    /// Checks the text.
    ///
    /// # Errors
    /// The text is no such id.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        match uuid::Uuid::try_parse(text).map(Self::of) {
            Ok(Some(id)) if id.as_str() == text => Ok(id),
            Ok(_) | Err(_) => {
                let why = "a UUIDv7 in lower-case hyphenated form is wanted";
                Err(IdError::new("fact id", text, why))
            }
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Hexadecimal digits and hyphens are ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Makes a UUIDv7 from milliseconds since 1970 and 10 random bytes.
    #[must_use]
    pub fn from_parts(unix_ms: u64, random: &[u8; 10]) -> Self {
        Self::spelled(uuid::Builder::from_unix_timestamp_millis(unix_ms, random).into_uuid())
    }

    /// The 16 bytes of an id.
    ///
    /// # Errors
    /// They are those of another kind of UUID.
    pub fn from_bytes(bytes: [u8; 16]) -> Result<Self, IdError> {
        let id = uuid::Uuid::from_bytes(bytes);
        Self::of(id).map_or_else(|| Self::parse(&id.hyphenated().to_string()), Ok)
    }

    /// Its 16 bytes, which sort as the text does: by the millisecond in the first six.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 16] {
        // The text was checked when the id was made.
        uuid::Uuid::try_parse_ascii(&self.0).unwrap_or_default().into_bytes()
    }

    fn of(id: uuid::Uuid) -> Option<Self> {
        (id.get_version_num() == 7).then(|| Self::spelled(id))
    }

    fn spelled(id: uuid::Uuid) -> Self {
        let mut text = [0; 36];
        id.hyphenated().encode_lower(&mut text);
        Self(text)
    }
}

impl fmt::Debug for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FactId").field(&self.as_str()).finish()
    }
}

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for FactId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

text_id!(
    /// A run: for OpenTelemetry the trace id, for an MCP transcript its session. 1 to 128 bytes.
    RunId, "run id", |text| plain(text, 128)
);
text_id!(
    /// A W3C trace id: 32 lower-case hexadecimal digits, not all zeros.
    TraceId, "trace id", |text| lower_hex(text, 32, "32 lower-case hexadecimal digits are wanted")
);
text_id!(
    /// A W3C span id: 16 lower-case hexadecimal digits, not all zeros.
    SpanId, "span id", |text| lower_hex(text, 16, "16 lower-case hexadecimal digits are wanted")
);
text_id!(
    /// What makes a fact the same fact when it is sent again; unique per tenant. 1 to 256 bytes.
    IdempotencyKey, "idempotency key", |text| plain(text, 256)
);

impl IdempotencyKey {
    /// The key of a fact that has no other identity than its content.
    #[must_use]
    pub fn from_fingerprint(fingerprint: &crate::Digest) -> Self {
        Self(compact_str::format_compact!("content:{fingerprint}"))
    }
}

impl From<&TraceId> for RunId {
    fn from(id: &TraceId) -> Self {
        Self(id.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_id_is_a_version_7_uuid_and_reads_back() {
        let id = FactId::from_parts(1_795_422_722_910, &[7; 10]);
        assert_eq!(FactId::parse(id.as_str()), Ok(id.clone()));
        assert_eq!(id.to_bytes()[..6], 1_795_422_722_910_u64.to_be_bytes()[2..]);
        assert_eq!(FactId::from_bytes(id.to_bytes()), Ok(id));
        assert!(FactId::from_bytes([0; 16]).is_err());
        assert!(FactId::parse("4c3f9a52-6d3c-4e1b-9a4e-0f6a3c1d2b7e").is_err(), "version 4");
    }

    #[test]
    fn ids_of_zeros_and_upper_case_are_refused() {
        assert!(TraceId::parse(&"0".repeat(32)).is_err());
        assert!(TraceId::parse(&"A".repeat(32)).is_err());
        assert!(SpanId::parse("39c984c96262725").is_err());
        assert!(SpanId::parse("39c984c96262725b").is_ok());
        assert!(RunId::parse("a\nb").is_err());
    }
}
