//! Gzip, inflated up to a limit.

use std::io::{BufRead, Read, Write};

use flate2::bufread::MultiGzDecoder;

use crate::IntakeError;

/// Do these first two bytes begin a gzip stream (RFC 1952 §2.3.1)?
#[must_use]
pub fn is_gzip(magic: &[u8; 2]) -> bool {
    *magic == [0x1f, 0x8b]
}

/// Inflates a gzip stream; says how many bytes came out.
///
/// # Errors
/// The stream is broken or cut, or inflates to more than `limit` bytes.
pub fn inflate(
    source: &mut dyn BufRead,
    into: &mut dyn Write,
    limit: u64,
    file: &str,
) -> Result<u64, IntakeError> {
    let broken =
        |error: std::io::Error| IntakeError::Gzip { file: file.to_owned(), why: error.to_string() };
    let mut plain = MultiGzDecoder::new(source).take(limit.saturating_add(1));
    let mut buffer = vec![0_u8; 64 * 1024];
    let mut total = 0_u64;
    loop {
        let read = plain.read(&mut buffer).map_err(broken)?;
        if read == 0 {
            return Ok(total);
        }
        total += read as u64;
        if total > limit {
            return Err(IntakeError::TooLarge {
                file: file.to_owned(),
                what: "what the gzip stream inflates to".to_owned(),
                limit: format!("{} MiB", limit / (1024 * 1024)),
                hint: "a larger one is let in with --max-inflated",
            });
        }
        into.write_all(buffer.get(..read).unwrap_or_default())
            .map_err(|source| IntakeError::Io { file: file.to_owned(), source })?;
    }
}
