//! One walk over a text: each byte that may begin or mark something asks its detector.

use std::ops::Range;

use crate::custom::Custom;
use crate::shape::{Place, protected, work};
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

/// What a byte can be to the walk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Nothing,
    Letter,
    Digit,
    Mark,
    /// The lead byte of a character; the bytes that continue one never begin anything.
    Lead,
}

static CLASSES: [Class; 256] = {
    let mut classes = [Class::Nothing; 256];
    let mut byte = 0;
    while byte < 256 {
        #[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
        let class = &mut classes[byte];
        *class = match byte as u8 {
            b'0'..=b'9' => Class::Digit,
            b'A'..=b'Z' | b'a'..=b'z' => Class::Letter,
            b'+' | b'(' | b'@' | b':' | b'=' | b'-' | b'/' => Class::Mark,
            0xC0.. => Class::Lead,
            _ => Class::Nothing,
        };
        byte += 1;
    }
    classes
};

fn class(byte: u8) -> Class {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(Class::Nothing)
}

/// Everything to replace in a text, in order and without overlap.
pub(crate) fn findings(text: &str, custom: Option<&Custom>) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let wanted = custom.map(|custom| custom.findings(text)).unwrap_or_default();
    let mut wanted = wanted.into_iter().peekable();
    let mut place = Place { text, at: 0, floor: 0 };
    loop {
        // A caller's own match goes first; what a finding before it left of it goes too.
        while let Some(own) = wanted.next_if(|own| own.range.start <= place.at) {
            let start = own.range.start.max(place.floor);
            if start < own.range.end {
                let end = own.range.end;
                (place.at, place.floor) = (place.at.max(end), end);
                found.push(Finding::new(start, end, own.kind));
            }
        }
        let until = wanted.peek().map_or(text.len(), |own| own.range.start);
        match next(&place, until, &found, custom) {
            Step::To(at) => place.at = at,
            Step::Found(finding, trigger) => {
                // A name may end before the honorific that gave it away.
                place.at = finding.range.end.max(trigger + 1);
                place.floor = finding.range.end;
                found.push(finding);
            }
            Step::End if until < text.len() => place.at = until,
            Step::End => return found,
        }
    }
}

enum Step {
    To(usize),
    /// What was found, and the byte that gave it away.
    Found(Finding, usize),
    End,
}

/// Walks on from a place to the first finding; not past `until`.
fn next(place: &Place<'_>, until: usize, found: &[Finding], custom: Option<&Custom>) -> Step {
    let mut place = *place;
    let access_key = found.last().filter(|f| f.kind == Kind::AwsAccessKey).map(|f| f.range.end);
    let bytes = place.bytes().get(..until).unwrap_or_default();
    while let Some(byte) = bytes.get(place.at).copied() {
        work(1);
        let asked = match class(byte) {
            Class::Nothing => None,
            Class::Letter => {
                if let Some(end) = passed_over(&place) {
                    place.at = end;
                    continue;
                }
                if let Some(end) = protected(&place, place.at) {
                    return Step::To(end);
                }
                secret::find(&place, access_key)
                    .or_else(|| iban::find(&place))
                    .or_else(|| honorific::before_name(&place))
            }
            Class::Digit => {
                // A number begins with its first digit.
                if place.before(place.at).is_some_and(|b| b.is_ascii_digit()) {
                    place.at = place.run(place.at, usize::MAX, |b| b.is_ascii_digit());
                    continue;
                }
                if let Some(end) = protected(&place, place.at) {
                    return Step::To(end);
                }
                let number = if number::enough_digits(&place) {
                    number::find(&place).or_else(|| phone::national(&place))
                } else {
                    None
                };
                number.or_else(|| secret::find(&place, access_key))
            }
            Class::Mark => at_mark(&place, byte, access_key, custom),
            Class::Lead if honorific::may_begin(&place) => {
                honorific::after_name(&place).or_else(|| honorific::before_name(&place))
            }
            Class::Lead => None,
        };
        match asked {
            Some(finding) if finding.range.start >= place.floor && !finding.range.is_empty() => {
                return Step::Found(finding, place.at);
            }
            _ => place.at += 1,
        }
    }
    if place.at > until { Step::To(place.at) } else { Step::End }
}

/// The end of the letters at this place, if nothing can begin with them: inside a word nothing
/// does, and the first two letters of most words are those of no rule.
fn passed_over(place: &Place<'_>) -> Option<usize> {
    let end = place.run(place.at + 1, usize::MAX, |b| b.is_ascii_alphabetic());
    if !place.opens(place.at) {
        return Some(end);
    }
    let long = end - place.at >= 40
        || place.byte(end).is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'/'));
    let account = place.byte(place.at + 2).is_some_and(|b| b.is_ascii_digit());
    let uuid = place.byte(place.at + 8) == Some(b'-');
    let known = secret::may_begin(place) || honorific::may_begin(place);
    (!(long || account || uuid || known)).then_some(end)
}

fn at_mark(
    place: &Place<'_>,
    byte: u8,
    access_key: Option<usize>,
    custom: Option<&Custom>,
) -> Option<Finding> {
    match byte {
        b'+' => phone::international(place).or_else(|| secret::find(place, access_key)),
        b'(' => number::enough_digits(place).then(|| phone::national(place)).flatten(),
        b'@' => email::find(place),
        b':' => secret::userinfo(place).or_else(|| label::find(place, custom)),
        b'=' => label::find(place, custom),
        b'-' => secret::pem(place),
        b'/' => secret::find(place, access_key),
        _ => None,
    }
}
