//! E-mail addresses.

use crate::Kind;
use crate::scan::Finding;
use crate::shape::Place;

const LONGEST_LOCAL: usize = 256;
const LONGEST_DOMAIN: usize = 255;

/// The address around the `@` at this place.
pub(crate) fn find(place: &Place<'_>) -> Option<Finding> {
    let start = local_start(place)?;
    let end = domain_end(place, place.at + 1)?;
    let local = place.text.get(start..place.at)?;
    // `git@host:path` names a repository, not a person.
    if local == "git" && place.byte(end) == Some(b':') {
        return None;
    }
    Some(Finding::new(start, end, Kind::Email))
}

fn local_start(place: &Place<'_>) -> Option<usize> {
    let left = place.left(place.at);
    let ascii = left
        .bytes()
        .rev()
        .take(LONGEST_LOCAL)
        .take_while(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'')
        })
        .count();
    let start = place.at - ascii;
    let trimmed = place.text.get(start..place.at)?.trim_start_matches(['.', '\'', '-', '%']);
    if !trimmed.is_empty() {
        return Some(place.at - trimmed.len());
    }
    // Addresses in other scripts (RFC 6531) only where nothing ASCII stands before the `@`: text
    // without spaces would otherwise be swallowed with the address.
    let other: usize = left
        .chars()
        .rev()
        .take(64)
        .take_while(|c| !c.is_ascii() && c.is_alphanumeric() || matches!(c, '.' | '_'))
        .map(char::len_utf8)
        .sum();
    (other > 0).then_some(place.at - other)
}

fn domain_end(place: &Place<'_>, from: usize) -> Option<usize> {
    let ascii =
        place.run(from, LONGEST_DOMAIN, |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    if let Some(end) = whole_domain(place, from, ascii) {
        return Some(end);
    }
    let any: usize = place
        .right(from)
        .chars()
        .take(LONGEST_DOMAIN)
        .take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
        .map(char::len_utf8)
        .sum();
    whole_domain(place, from, from + any)
}

fn whole_domain(place: &Place<'_>, from: usize, to: usize) -> Option<usize> {
    let domain = place.text.get(from..to)?.trim_end_matches(['.', '-']);
    let (name, top) = domain.rsplit_once('.')?;
    let named = name.chars().next().is_some_and(char::is_alphanumeric);
    let known = top.chars().count() >= 2
        && (top.chars().all(char::is_alphabetic) || top.starts_with("xn--"));
    (named && known).then_some(from + domain.len())
}
