//! Payment cards and social security numbers: groups of digits that pass a check.

use crate::Kind;
use crate::scan::Finding;
use crate::shape::{Place, protected};

const LONGEST_CARD: usize = 19;

/// One group of digits.
#[derive(Debug, Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
    /// The single byte between this group and the next.
    separator: Option<u8>,
}

impl Group {
    fn len(&self) -> usize {
        self.end - self.start
    }
}

/// The least digits of anything that is found by its digits.
const FEWEST_DIGITS: usize = 9;

/// Whether enough digits for a number begin here; most have two or three.
pub(crate) fn enough_digits(place: &Place<'_>) -> bool {
    let end = place
        .run(place.at, 40, |b| b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'.' | b'(' | b')'));
    let digits = place.bytes().get(place.at..end).unwrap_or_default();
    digits.iter().filter(|b| b.is_ascii_digit()).count() >= FEWEST_DIGITS
}

/// The card or social security number whose first group starts at this place.
pub(crate) fn find(place: &Place<'_>) -> Option<Finding> {
    if !begins(place) {
        return None;
    }
    let groups = groups(place);
    ssn(place, &groups).or_else(|| card(place, &groups))
}

/// A number begins where no digit stands before. Letters may stand before it (`PAN4111…`) if they
/// are a word of their own and not the start of a hex digest.
fn begins(place: &Place<'_>) -> bool {
    let left = place.left(place.at).as_bytes();
    match left.last() {
        Some(b) if b.is_ascii_digit() => false,
        Some(b'.') => !left.iter().rev().nth(1).is_some_and(u8::is_ascii_digit),
        Some(b) if b.is_ascii_alphabetic() => {
            let word = left.iter().rev().take(16).take_while(|b| b.is_ascii_alphanumeric());
            word.clone().all(u8::is_ascii_alphabetic)
                && word.clone().any(|b| !b.is_ascii_hexdigit())
        }
        _ => true,
    }
}

fn groups(place: &Place<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut start = place.at;
    let mut digits = 0;
    while digits <= LONGEST_CARD {
        if protected(place, start).is_some() {
            break;
        }
        let end = place.run(start, LONGEST_CARD + 1, |b| b.is_ascii_digit());
        if end == start {
            break;
        }
        digits += end - start;
        let separator = place.byte(end).filter(|b| matches!(b, b' ' | b'-' | b'.'));
        groups.push(Group { start, end, separator });
        if separator.is_none() {
            break;
        }
        start = end + 1;
    }
    groups
}

fn ssn(place: &Place<'_>, groups: &[Group]) -> Option<Finding> {
    let [area, group, serial, ..] = groups else { return None };
    let hyphens = area.separator == Some(b'-') && group.separator == Some(b'-');
    // A fourth group makes it some other number; a hyphen or a point before makes it a part of one.
    let longer = serial.separator.is_some_and(|s| s != b' ')
        && place.byte(serial.end + 1).is_some_and(|b| b.is_ascii_alphanumeric());
    let part = matches!(place.before(place.at), Some(b'-' | b'.'))
        && place.at.checked_sub(2).is_some_and(|i| !place.opens(i + 1));
    if !hyphens || longer || part || (area.len(), group.len(), serial.len()) != (3, 2, 4) {
        return None;
    }
    let digits = |g: &Group| place.text.get(g.start..g.end);
    let area_fits = !matches!(digits(area)?, "000" | "666") && !digits(area)?.starts_with('9');
    (area_fits && digits(group)? != "00" && digits(serial)? != "0000" && place.closes(serial.end))
        .then(|| Finding::new(area.start, serial.end, Kind::Ssn))
}

fn card(place: &Place<'_>, groups: &[Group]) -> Option<Finding> {
    // The longest reading first, so that no digits of a 19-digit number are left behind.
    (1..=groups.len()).rev().find_map(|count| {
        let window = groups.get(..count)?;
        let (first, last) = (window.first()?, window.last()?);
        let ends = place.closes(last.end) && !decimals(place, last);
        (ends && grouping(window) && is_card(place.text.get(first.start..last.end)?))
            .then(|| Finding::new(first.start, last.end, Kind::Card))
    })
}

/// Whether a decimal fraction other than `.0` follows: then it is an amount.
fn decimals(place: &Place<'_>, last: &Group) -> bool {
    place.byte(last.end) == Some(b'.')
        && place.byte(last.end + 1).is_some_and(|b| b.is_ascii_digit())
        && !(place.byte(last.end + 1) == Some(b'0') && place.closes(last.end + 2))
}

/// The ways in which cards are printed: one block, fours, 4-6-5, 4-6-4.
fn grouping(window: &[Group]) -> bool {
    let Some((last, init)) = window.split_last() else { return false };
    let separator = init.first().and_then(|g| g.separator);
    if init.iter().any(|g| g.separator != separator) {
        return false;
    }
    let fours =
        init.iter().all(|g| g.len() == 4) && (1..=4).contains(&last.len()) && init.len() >= 3;
    match init {
        [] => true,
        [a, b] => a.len() == 4 && b.len() == 6 && matches!(last.len(), 4 | 5),
        [a] => a.len() == 8 && last.len() == 8 || a.len() == 6 && matches!(last.len(), 10 | 13),
        _ => fours,
    }
}

/// Whether the digits of a text pass Luhn and begin as a known issuer's cards do.
pub(crate) fn is_card(text: &str) -> bool {
    let mut digits = [0_u32; LONGEST_CARD];
    let mut count = 0;
    for digit in text.bytes().filter(u8::is_ascii_digit) {
        match digits.get_mut(count) {
            Some(slot) => *slot = u32::from(digit - b'0'),
            None => return false,
        }
        count += 1;
    }
    let digits = digits.get(..count).unwrap_or_default();
    let same = digits.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    !same && issuer(digits) && luhn(digits)
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| match (i % 2, *d) {
            (1, d) if d > 4 => d * 2 - 9,
            (1, d) => d * 2,
            (_, d) => d,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Issuer prefixes with the lengths that the issuer gives out (ISO/IEC 7812 assignments).
fn issuer(digits: &[u32]) -> bool {
    let Some(head) = digits.get(..6) else { return false };
    let six = head.iter().fold(0, |n, d| n * 10 + d);
    let length = digits.len();
    match six {
        400_000..=499_999 => matches!(length, 13 | 16 | 19),
        510_000..=559_999 | 222_100..=272_099 => length == 16,
        340_000..=349_999 | 370_000..=379_999 => length == 15,
        300_000..=305_999 | 309_500..=309_599 | 360_000..=369_999 | 380_000..=399_999 => {
            length == 14 || length == 16 || length == 19
        }
        352_800..=358_999
        | 601_100..=601_199
        | 620_000..=629_999
        | 644_000..=659_999
        | 810_000..=817_199 => (16..=19).contains(&length),
        220_000..=220_499 => (16..=19).contains(&length),
        500_000..=509_999 | 560_000..=589_999 | 600_000..=699_999 => {
            matches!(six / 100, 5018 | 5020 | 5038 | 5081..=5089 | 5612 | 5893 | 6304 | 6759 | 6761..=6763 | 6037 | 6360)
                && (13..=19).contains(&length)
                || matches!(six / 10_000, 60 | 65) && length == 16
        }
        979_200..=979_299 => length == 16,
        _ => false,
    }
}
