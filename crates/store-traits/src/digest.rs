//! A SHA-256 digest. Computed in `replay-determinism` alone; carried everywhere.

use std::fmt;

use thiserror::Error;

/// 32 bytes of SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// Text or bytes that are not a digest.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DigestError {
    /// Not 32 bytes.
    #[error("a digest has 32 bytes, this has {0}")]
    Length(usize),
    /// Not lower-case hexadecimal.
    #[error("not lower-case hexadecimal at character {0}")]
    Hex(usize),
}

impl Digest {
    /// Wraps 32 bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Parses 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// Another length, or a character that is not a lower-case hexadecimal digit.
    pub fn from_hex(text: &str) -> Result<Self, DigestError> {
        if text.len() != 64 {
            return Err(DigestError::Length(text.len() / 2));
        }
        let mut bytes = [0_u8; 32];
        let nibble = |at: usize, c: u8| match c {
            b'0'..=b'9' => Ok(c - b'0'),
            b'a'..=b'f' => Ok(c - b'a' + 10),
            _ => Err(DigestError::Hex(at)),
        };
        for (at, (slot, pair)) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)).enumerate()
        {
            if let [high, low] = pair {
                *slot = nibble(at * 2, *high)? << 4 | nibble(at * 2 + 1, *low)?;
            }
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<&[u8]> for Digest {
    type Error = DigestError;

    fn try_from(bytes: &[u8]) -> Result<Self, DigestError> {
        bytes.try_into().map(Self).map_err(|_| DigestError::Length(bytes.len()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_what_was_parsed_gives_the_input_back() {
        let text = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(Digest::from_hex(text).unwrap().to_string(), text);
    }

    #[test]
    fn upper_case_and_short_text_are_refused() {
        assert_eq!(Digest::from_hex(&"A".repeat(64)), Err(DigestError::Hex(0)));
        assert_eq!(Digest::from_hex("00"), Err(DigestError::Length(1)));
        assert_eq!(Digest::try_from(&[0_u8; 31][..]), Err(DigestError::Length(31)));
    }
}
