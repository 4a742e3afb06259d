//! Telephone numbers: international with `+`, and national forms that are nothing else.

use crate::Kind;
use crate::scan::Finding;
use crate::shape::{Place, protected};

/// A `+`, a country code, and 8 to 15 digits in all (ITU-T E.164).
pub(crate) fn international(place: &Place<'_>) -> Option<Finding> {
    let before = place.before(place.at);
    if before.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')) {
        return None;
    }
    let number = groups(place, place.at + 1, 15)?;
    let country = number.digits.first().copied()?;
    let plain = number.separators.is_empty();
    // A group of nine and more beside another one is an identifier behind somebody's sum.
    let groups_fit = plain || number.sizes.iter().all(|size| *size <= 8);
    let one_point = number.separators == [b'.'];
    let enough = if country == b'1' {
        number.digits.len() == 11
    } else if plain {
        number.digits.len() >= 10
    } else {
        number.digits.len() >= 8 && !one_point
    };
    (country != b'0'
        && enough
        && groups_fit
        && number.digits.len() <= 15
        && place.closes(number.end))
    .then(|| Finding::new(place.at, number.end, Kind::Phone))
}

/// A national number that starts at this place with a digit or `(`.
pub(crate) fn national(place: &Place<'_>) -> Option<Finding> {
    let before = place.before(place.at);
    let part = before.is_some_and(|b| {
        b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'+' | b'/' | b'#')
    });
    if part {
        return None;
    }
    if names_reference(place.left(place.at)) {
        return None;
    }
    let number = groups(place, place.at, 11)?;
    let continues = matches!(place.byte(number.end), Some(b'-' | b'.' | b'_' | b'/' | b':'))
        && place.byte(number.end + 1).is_some_and(|b| b.is_ascii_alphanumeric());
    let fits = match place.byte(place.at)? {
        b'0' => trunk(&number),
        b'1'..=b'9' | b'(' => north_american(&number),
        _ => false,
    };
    (fits && !continues && place.closes(number.end))
        .then(|| Finding::new(place.at, number.end, Kind::Phone))
}

/// Words behind which a number refers to a thing, even one shaped like a telephone's.
const REFERENCES: &[&str] = &[
    "order",
    "ticket",
    "invoice",
    "case",
    "claim",
    "tracking",
    "sku",
    "serial",
    "ref",
    "reference",
    "part",
    "policy",
    "注文",
    "注文番号",
    "伝票番号",
    "受付番号",
];

/// Whether a text ends with `order`, `order number`, `Ticket #`, `注文番号：` or their like.
fn names_reference(left: &str) -> bool {
    let at = (left.len().saturating_sub(40)..=left.len()).find(|at| left.is_char_boundary(*at));
    let near = at.and_then(|at| left.get(at..)).unwrap_or_default();
    let mut words = near.rsplit(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let reference = |word: &str| REFERENCES.iter().any(|r| word.eq_ignore_ascii_case(r));
    match words.next() {
        Some(word)
            if matches!(
                word.to_ascii_lowercase().as_str(),
                "number" | "no" | "id" | "nr" | "num"
            ) =>
        {
            words.next().is_some_and(reference)
        }
        Some(word) => reference(word),
        None => false,
    }
}

struct Number {
    digits: Vec<u8>,
    sizes: Vec<usize>,
    separators: Vec<u8>,
    end: usize,
}

/// Groups of digits between single spaces, hyphens, points or parentheses, up to `limit` digits.
fn groups(place: &Place<'_>, from: usize, limit: usize) -> Option<Number> {
    let mut number =
        Number { digits: Vec::new(), sizes: Vec::new(), separators: Vec::new(), end: from };
    let mut at = from;
    loop {
        let gap = at;
        while matches!(place.byte(at), Some(b' ' | b'-' | b'.' | b'(' | b')')) && at - gap < 3 {
            at += 1;
        }
        let group = place.run(at, limit + 5, |b| b.is_ascii_digit());
        let size = group - at;
        if size == 0 || protected(place, at).is_some() {
            break;
        }
        let separator = place
            .text
            .get(gap..at)
            .and_then(|g| g.bytes().find(|b| *b != b'(').or(g.bytes().next()));
        let first = number.sizes.is_empty();
        // A complete number followed by a space and more digits is two numbers.
        let complete = |digits: &[u8]| {
            digits.len() >= 10
                && (limit < 15 || digits.first() != Some(&b'1') || digits.len() == 11)
        };
        let changes =
            separator == Some(b' ') && number.separators.iter().any(|s| matches!(s, b'-' | b'.'));
        if !first && (number.digits.len() + size > limit || changes && complete(&number.digits)) {
            break;
        }
        number.digits.extend_from_slice(place.bytes().get(at..group)?);
        number.sizes.push(size);
        if !first {
            number.separators.extend(separator);
        }
        number.end = group;
        at = group;
        if limit == 15 && number.digits.first() == Some(&b'1') && number.digits.len() >= 11 {
            break;
        }
        if limit == 11 && number.digits.len() >= 11 {
            break;
        }
    }
    (!number.sizes.is_empty()).then_some(number)
}

/// Numbers with the trunk prefix 0, grouped as Japan, the United Kingdom and France group them.
fn trunk(number: &Number) -> bool {
    let digits = number.digits.as_slice();
    let same = number.separators.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    if !same || digits.get(1) == Some(&b'0') {
        return false;
    }
    let hyphens = number.separators.first() == Some(&b'-');
    match number.sizes.as_slice() {
        [3, 4, 4] | [5, 3, 3] | [4, 3, 4] | [2, 2, 2, 2, 2] => true,
        [2..=5, 1..=4, 4] => digits.len() == 10,
        [4, 3, 3] => {
            digits.starts_with(b"0120")
                || digits.starts_with(b"0800")
                || digits.starts_with(b"0570")
        }
        [5, 6] => !hyphens && digits.starts_with(b"07"),
        _ => false,
    }
}

/// `202-555-0143`, `(202) 555-0143`, `1-202-555-0143` with valid area and exchange.
fn north_american(number: &Number) -> bool {
    let (sizes, digits) = match (number.sizes.as_slice(), number.digits.as_slice()) {
        ([1, rest @ ..], [b'1', digits @ ..]) => (rest, digits),
        other => other,
    };
    let code = |at: usize| {
        digits.get(at).is_some_and(|d| (b'2'..=b'9').contains(d))
            && !(digits.get(at + 1) == Some(&b'1') && digits.get(at + 2) == Some(&b'1'))
    };
    sizes == [3, 3, 4] && code(0) && code(3)
}
