//! From text to a proof.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use store_traits::Digest;

use super::{CONSISTENCY, INCLUSION, ProofFormatError, ProofText, RANGE};
use crate::checkpoint::{parse_decimal, parse_digest};
use crate::proof::MAX_PROOF_HASHES;

pub(super) fn parse(text: &str) -> Result<ProofText, ProofFormatError> {
    let mut lines = Lines { rest: text, line: 0 };
    match lines.next() {
        Some(INCLUSION) => inclusion(lines),
        Some(RANGE) => range(lines),
        Some(CONSISTENCY) => consistency(lines),
        other => {
            let first = other.or_else(|| text.lines().next()).unwrap_or_default();
            Err(ProofFormatError::Unknown(first.chars().take(80).collect()))
        }
    }
}

fn inclusion(mut lines: Lines<'_>) -> Result<ProofText, ProofFormatError> {
    let mut line = lines.wanted("`index <decimal>`")?;
    let mut entry = None;
    if let Some(encoded) = line.strip_prefix("extra ") {
        let decoded = STANDARD.decode(encoded);
        entry = Some(decoded.map_err(|_| lines.not("`extra <padded base64>`"))?);
        line = lines.wanted("`index <decimal>`")?;
    }
    let index = line.strip_prefix("index ").and_then(parse_decimal);
    let index = index.ok_or_else(|| lines.not("`index <decimal>`"))?;
    let proof = lines.hashes_to_blank()?;
    let checkpoint = lines.rest.to_owned();
    Ok(ProofText::Inclusion { entry, index, proof, checkpoint })
}

fn range(mut lines: Lines<'_>) -> Result<ProofText, ProofFormatError> {
    let bounds = lines.wanted("`range <start> <end>`")?.strip_prefix("range ");
    let bounds = bounds.and_then(|bounds| bounds.split_once(' '));
    let (start, end) = bounds
        .and_then(|(start, end)| parse_decimal(start).zip(parse_decimal(end)))
        .filter(|(start, end)| start < end)
        .ok_or_else(|| lines.not("`range <start> <end>` with start below end"))?;
    let mut line = lines.wanted("`left <count>`")?;
    let mut leaves = None;
    if let Some(count) = line.strip_prefix("leaves ") {
        let count = parse_decimal(count).filter(|count| *count == end - start);
        let count = count.ok_or_else(|| lines.not("`leaves <end − start>`"))?;
        leaves = Some(lines.hashes(count)?);
        line = lines.wanted("`left <count>`")?;
    }
    let left = lines.counted(line, "left ", "`left <count>`, count at most 63")?;
    let line = lines.wanted("`right <count>`")?;
    let right = lines.counted(line, "right ", "`right <count>`, count at most 63")?;
    if lines.next() != Some("") {
        return Err(lines.not("the blank line before the checkpoint"));
    }
    let checkpoint = lines.rest.to_owned();
    Ok(ProofText::Range { start, end, leaves, left, right, checkpoint })
}

fn consistency(mut lines: Lines<'_>) -> Result<ProofText, ProofFormatError> {
    let proof = lines.hashes_to_blank()?;
    // A checkpoint has one blank line of its own, between its text and its signatures.
    let second = lines.rest.match_indices("\n\n").nth(1);
    let (older, newer) = second
        .map(|(at, _)| lines.rest.split_at(at + 1))
        .and_then(|(older, rest)| Some((older, rest.strip_prefix('\n')?)))
        .ok_or_else(|| lines.not("followed by two checkpoints with a blank line between them"))?;
    Ok(ProofText::Consistency { proof, older: older.to_owned(), newer: newer.to_owned() })
}

/// Lines that end in a newline, counted.
struct Lines<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Lines<'t> {
    fn next(&mut self) -> Option<&'t str> {
        let (line, rest) = self.rest.split_once('\n')?;
        self.rest = rest;
        self.line += 1;
        Some(line)
    }

    fn wanted(&mut self, wanted: &'static str) -> Result<&'t str, ProofFormatError> {
        let line = self.line + 1;
        self.next().ok_or(ProofFormatError::Line { line, wanted })
    }

    fn not(&self, wanted: &'static str) -> ProofFormatError {
        ProofFormatError::Line { line: self.line, wanted }
    }

    fn hash(&self, line: &str) -> Result<Digest, ProofFormatError> {
        parse_digest(line).ok_or_else(|| self.not("a hash: 32 bytes in padded base64"))
    }

    fn hashes_to_blank(&mut self) -> Result<Vec<Digest>, ProofFormatError> {
        let mut hashes = Vec::new();
        loop {
            match self.wanted("a hash or the blank line before the checkpoint")? {
                "" => return Ok(hashes),
                _ if hashes.len() == MAX_PROOF_HASHES => {
                    return Err(ProofFormatError::TooManyHashes { line: self.line });
                }
                line => hashes.push(self.hash(line)?),
            }
        }
    }

    fn counted(
        &mut self,
        line: &str,
        word: &str,
        wanted: &'static str,
    ) -> Result<Vec<Digest>, ProofFormatError> {
        let count = line.strip_prefix(word).and_then(parse_decimal);
        // 63, as above: a count is believed for nothing but the number of lines to read.
        let count = count.filter(|count| *count <= 63).ok_or_else(|| self.not(wanted))?;
        self.hashes(count)
    }

    fn hashes(&mut self, count: u64) -> Result<Vec<Digest>, ProofFormatError> {
        let mut hashes = Vec::new();
        for _ in 0..count {
            let line = self.wanted("a hash: 32 bytes in padded base64")?;
            hashes.push(self.hash(line)?);
        }
        Ok(hashes)
    }
}
