//! The text form: an envelope that goes through mail and tickets unharmed.
//!
//! ```text
//! -----BEGIN FACTLOG CERTIFICATE-----
//! <base64 of the envelope, 64 characters a line, the last line 1 to 64>
//! -----END FACTLOG CERTIFICATE-----
//! ```
//!
//! No header lines: they would stand outside the signature. Lines end in one newline, the last one too.

use base64::{DecodeError, Engine as _, engine::general_purpose::STANDARD};
use thiserror::Error;

/// The longest certificate, in bytes, in either form: 1 MiB.
pub const MAX_CERTIFICATE_BYTES: usize = 1 << 20;

pub(super) const BEGIN: &str = "-----BEGIN FACTLOG CERTIFICATE-----\n";
const END: &str = "-----END FACTLOG CERTIFICATE-----\n";
const COLUMNS: usize = 64;

/// A text that is no armoured certificate.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ArmourError {
    /// Longer than [`MAX_CERTIFICATE_BYTES`].
    #[error("a certificate has at most {MAX_CERTIFICATE_BYTES} bytes, this has more")]
    TooLong,
    /// It begins or ends in another way.
    #[error("it does not {0} (was it cut, or are there spaces or carriage returns around it?)")]
    Frame(&'static str),
    /// A line that is none of base64.
    #[error("line {line} {what} (lines have 64 characters of base64, the last one may have fewer)")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// Armours an envelope.
///
/// ```
/// use adapters::certificate::{read_armour, write_armour};
/// let text = write_armour(b"an envelope");
/// assert!(text.starts_with("-----BEGIN FACTLOG CERTIFICATE-----\n"));
/// assert_eq!(read_armour(&text)?, b"an envelope");
/// # Ok::<(), adapters::certificate::ArmourError>(())
/// ```
#[must_use]
pub fn write_armour(envelope: &[u8]) -> String {
    let encoded = STANDARD.encode(envelope);
    let mut text = String::with_capacity(encoded.len() + encoded.len() / COLUMNS + 80);
    text.push_str(BEGIN);
    for (at, character) in encoded.chars().enumerate() {
        if at > 0 && at % COLUMNS == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.push('\n');
    text.push_str(END);
    text
}

/// Reads an armoured envelope. Armouring it again gives the same text.
///
/// # Errors
/// The text is not an armoured certificate to the letter, or longer than [`MAX_CERTIFICATE_BYTES`].
pub fn read_armour(text: &str) -> Result<Vec<u8>, ArmourError> {
    if text.len() > MAX_CERTIFICATE_BYTES {
        return Err(ArmourError::TooLong);
    }
    let body = text.strip_prefix(BEGIN);
    let body = body.ok_or(ArmourError::Frame("begin with its BEGIN line"))?;
    let body = body.strip_suffix(END).ok_or(ArmourError::Frame("end with its END line"))?;
    let body = body.strip_suffix('\n').ok_or(ArmourError::Frame("hold a line of base64"))?;
    let mut encoded = String::with_capacity(body.len());
    let mut rest = body.split('\n').enumerate().peekable();
    while let Some((at, line)) = rest.next() {
        let whole = line.len() == COLUMNS || (rest.peek().is_none() && line.len() < COLUMNS);
        if line.is_empty() || !whole {
            return Err(ArmourError::Line { line: at + 2, what: "has another length" });
        }
        encoded.push_str(line);
    }
    STANDARD.decode(&encoded).map_err(|error| {
        let offset = match error {
            DecodeError::InvalidByte(offset, _) | DecodeError::InvalidLastSymbol { offset, .. } => {
                offset
            }
            DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => {
                encoded.len().saturating_sub(1)
            }
        };
        ArmourError::Line { line: offset / COLUMNS + 2, what: "is not padded base64" }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_have_64_columns_and_the_last_one_what_is_left() {
        let text = write_armour(&[7; 50]);
        let lengths: Vec<usize> = text.lines().map(str::len).collect();
        assert_eq!(lengths, [35, 64, 4, 33]);
    }

    #[test]
    fn another_spelling_is_refused_with_its_line() {
        let good = write_armour(&[7; 100]);
        let line = |text: &str| match read_armour(text).unwrap_err() {
            ArmourError::Line { line, .. } => line,
            error => panic!("{error}"),
        };
        assert_eq!(line(&good.replacen("Bw", "B w", 1)), 2);
        assert_eq!(line(&good.replacen("Bw", "\nBw", 1)), 2);
        assert_eq!(line(&good.replacen("Bw", "B-", 1)), 2);
        assert_eq!(line(&good.replace("Bw==\n", "Bx==\n")), 4, "bits that say nothing");
        assert_eq!(line(&good.replace("Bw==\n", "Bw=\n")), 4);
        let framed = |text: &str| assert!(matches!(read_armour(text), Err(ArmourError::Frame(_))));
        framed("");
        framed(BEGIN);
        framed(&format!("{BEGIN}{END}"));
        framed(&good.replace('\n', "\r\n"));
        framed(good.trim_end());
        framed(&format!(" {good}"));
        framed(&format!("{good}\n"));
        let long = "A".repeat(MAX_CERTIFICATE_BYTES + 1);
        assert_eq!(read_armour(&long), Err(ArmourError::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_armoured_reads_back(bytes in prop::collection::vec(any::<u8>(), 1..400)) {
            prop_assert_eq!(read_armour(&write_armour(&bytes)), Ok(bytes));
        }

        #[test]
        fn a_flipped_bit_gives_other_bytes_or_none(
            bytes in prop::collection::vec(any::<u8>(), 1..300),
            at: prop::sample::Index,
            bit in 0_u8..8,
        ) {
            let mut text = write_armour(&bytes).into_bytes();
            let at = at.index(text.len());
            text[at] ^= 1 << bit;
            if let Ok(text) = String::from_utf8(text) {
                prop_assert_ne!(read_armour(&text), Ok(bytes));
            }
        }

        #[test]
        fn what_reads_prints_as_it_was(text in "-----BEGIN FACTLOG CERTIFICATE-----\n([A-Za-z0-9+/=]{0,8}\n){0,3}-----END FACTLOG CERTIFICATE-----\n") {
            if let Ok(bytes) = read_armour(&text) {
                prop_assert_eq!(write_armour(&bytes), text);
            }
        }
    }
}
