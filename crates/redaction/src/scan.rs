//! One walk over a text: each byte that may begin or mark something asks its detector.

use std::ops::Range;

use crate::shape::{Place, protected};
use crate::{Kind, email, honorific, iban, label, number, phone, secret};

/// A stretch of text to replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) range: Range<usize>,
    pub(crate) kind: Kind,
}

impl Finding {
    pub(crate) fn new(start: usize, end: usize, kind: Kind) -> Self {
        Self { range: start..end, kind }
    }
}

/// Everything to replace in a text, in order and without overlap.
pub(crate) fn findings(text: &str) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let mut place = Place { text, at: 0, floor: 0 };
    while let Some(byte) = place.byte(place.at) {
        if (byte.is_ascii_digit() || matches!(byte, b'a'..=b'f' | b'A'..=b'F'))
            && let Some(end) = protected(&place, place.at)
        {
            place.at = end;
            continue;
        }
        let last = found.last().filter(|f| f.kind == Kind::AwsAccessKey).map(|f| f.range.end);
        match at_byte(&place, byte, last) {
            Some(finding) if finding.range.start >= place.floor && !finding.range.is_empty() => {
                // A name may end before the honorific that gave it away.
                place.at = finding.range.end.max(place.at + 1);
                place.floor = finding.range.end;
                found.push(finding);
            }
            _ => place.at += 1,
        }
    }
    found
}

fn at_byte(place: &Place<'_>, byte: u8, access_key: Option<usize>) -> Option<Finding> {
    match byte {
        b'0'..=b'9' => number::find(place)
            .or_else(|| phone::national(place))
            .or_else(|| secret::find(place, access_key)),
        b'+' => phone::international(place).or_else(|| secret::find(place, access_key)),
        b'(' => phone::national(place),
        b'@' => email::find(place),
        b':' => secret::userinfo(place).or_else(|| label::find(place)),
        b'=' => label::find(place),
        b'-' => secret::pem(place),
        b'/' => secret::find(place, access_key),
        // Inside a word nothing begins.
        b'A'..=b'Z' | b'a'..=b'z' if !place.opens(place.at) => None,
        b'A'..=b'Z' | b'a'..=b'z' => secret::find(place, access_key)
            .or_else(|| iban::find(place))
            .or_else(|| honorific::before_name(place)),
        // The lead byte of a character; the bytes that continue one never begin anything.
        0xC0.. => honorific::after_name(place).or_else(|| honorific::before_name(place)),
        _ => None,
    }
}
