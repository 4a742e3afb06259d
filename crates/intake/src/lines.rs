//! Reading lines of bounded length.

use std::io::{BufRead, Read};

use crate::IntakeError;

/// Longest line.
const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// Calls `each` with every line that is not blank, and its number from 1.
pub(crate) fn lines(
    source: &mut dyn BufRead,
    file: &str,
    each: &mut dyn FnMut(u64, &str) -> Result<(), IntakeError>,
) -> Result<(), IntakeError> {
    let io = |source| IntakeError::Io { file: file.to_owned(), source };
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        let most = MAX_LINE_BYTES as u64 + 1;
        Read::take(&mut *source, most).read_until(b'\n', &mut bytes).map_err(io)?;
        if bytes.len() > MAX_LINE_BYTES {
            return Err(IntakeError::TooLarge {
                file: file.to_owned(),
                what: format!("line {number}"),
                limit: "16 MiB".to_owned(),
                hint: "split it where it is made",
            });
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| malformed(file, number, "the line is not UTF-8"))?;
        if !text.trim().is_empty() {
            each(number, text.trim())?;
        }
    }
    Ok(())
}

pub(crate) fn malformed(file: &str, line: u64, why: &str) -> IntakeError {
    IntakeError::Malformed {
        file: file.to_owned(),
        at: format!("line {line}"),
        why: why.to_owned(),
    }
}
