//! Values behind a label in running text: `password=…`, `Name: …`, `"api_key": "…"`, `氏名：…`.

use crate::Kind;
use crate::custom::Custom;
use crate::field::{Rule, may_be_known, normal, plain_rule};
use crate::kind::MARKER_START;
use crate::name::{Words, reading};
use crate::scan::Finding;
use crate::shape::{Place, work};

const LONGEST_LABEL: usize = 48;
const LONGEST_VALUE: usize = 512;

/// The value behind the `:` or `=` at this place, if the words before it say what it is.
pub(crate) fn find(place: &Place<'_>, custom: Option<&Custom>) -> Option<Finding> {
    if matches!(place.byte(place.at + 1), Some(b'=' | b'/' | b':')) {
        return None;
    }
    let label = label(place.left(place.at));
    let own = custom.filter(|custom| custom.has_fields()).and_then(|c| own_rule(label, c));
    let rule = own.or_else(|| may_be_known(label).then(|| label_rule(label)).flatten())?;
    let (start, quote) = value_start(place);
    if place.starts_with(start, MARKER_START) {
        return None;
    }
    match rule {
        Rule::Person => person(place, start, quote, Words::One),
        Rule::PersonLike => person(place, start, quote, Words::Many),
        Rule::Digits(kind, least) => {
            let end = place.run(start, 40, |b| {
                b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'.' | b'+' | b'(' | b')')
            });
            let value = place.text.get(start..end)?.trim_end_matches([' ', '-', '.', '(', '+']);
            let judged = Rule::Digits(kind, least).judge(value)?;
            Some(Finding::new(start, start + value.len(), judged))
        }
        Rule::Whole(Kind::Ssn) => {
            let end = place.run(start, 11, |b| b.is_ascii_digit() || matches!(b, b' ' | b'-'));
            let value = place.text.get(start..end)?.trim_end();
            let nine = value.bytes().filter(u8::is_ascii_digit).count() == 9;
            (nine && place.closes(start + value.len()))
                .then(|| Finding::new(start, start + value.len(), Kind::Ssn))
        }
        Rule::Whole(kind) => secret(place, start, quote, kind, Doubt::None),
        Rule::Text(kind) => secret(place, start, quote, kind, Doubt::Some),
    }
}

/// The words on this line before a separator, without quotes.
fn label(left: &str) -> &str {
    let whole = left.len();
    let left = left.trim_end_matches([' ', '"', '\'', '`', '*', '\\']);
    work(whole - left.len() + LONGEST_LABEL);
    let start = left
        .char_indices()
        .rev()
        .take(LONGEST_LABEL)
        .take_while(|(_, c)| {
            c.is_alphanumeric()
                || matches!(c, '_' | '-' | ' ' | '.')
                || !c.is_ascii() && !"。、（）「」・，！？；".contains(*c)
        })
        .last()
        .map_or(left.len(), |(at, _)| at);
    left.get(start..).unwrap_or_default().trim_start()
}

/// The caller's rule of the longest tail of the words that has one.
fn own_rule(label: &str, custom: &Custom) -> Option<Rule> {
    let words: Vec<&str> = label.split([' ', '.']).filter(|w| !w.is_empty()).collect();
    (0..words.len()).find_map(|from| custom.field(&normal(&words.get(from..)?.join("_"))))
}

/// The rule of the longest tail of the words that has one.
fn label_rule(label: &str) -> Option<Rule> {
    let words: Vec<&str> = label.split([' ', '.']).filter(|w| !w.is_empty()).collect();
    let tail =
        |count: usize| words.get(words.len().checked_sub(count)?..).map(|w| normal(&w.join("_")));
    for count in (1..=4).rev() {
        let Some(words) = tail(count) else { continue };
        match plain_rule(&words) {
            // `the user: …` opens what the user says; as a label these words are members only.
            Some(Rule::PersonLike)
                if count == 1
                    && words.is_ascii()
                    && !matches!(
                        words.as_str(),
                        "customer" | "patient" | "holder" | "recipient" | "passenger" | "claimant"
                    ) => {}
            Some(rule) => return Some(rule),
            None => {}
        }
    }
    // `Name:` alone on its side of the line; `Tool name:` is something else.
    (words.len() == 1 && matches!(normal(label).as_str(), "name" | "nom" | "nome"))
        .then_some(Rule::PersonLike)
}

/// Where the value begins, and the quote that will end it.
fn value_start(place: &Place<'_>) -> (usize, Option<u8>) {
    let spaces = place.run(place.at + 1, 2, |b| b == b' ');
    let stars = place.run(spaces, 2, |b| b == b'*');
    let start = if stars > spaces { place.run(stars, 1, |b| b == b' ') } else { spaces };
    match place.byte(start) {
        Some(quote @ (b'"' | b'\'' | b'`')) => (start + 1, Some(quote)),
        _ => (start, None),
    }
}

fn person(place: &Place<'_>, start: usize, quote: Option<u8>, least: Words) -> Option<Finding> {
    let value = place.right(start);
    let length = reading(value, least)?;
    if let Some(quote) = quote
        && least == Words::Many
        && value.as_bytes().get(length) != Some(&quote)
    {
        return None;
    }
    Some(Finding::new(start, start + length, Kind::PersonName))
}

/// Whether the label could mean something else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    None,
    Some,
}

fn secret(
    place: &Place<'_>,
    start: usize,
    quote: Option<u8>,
    kind: Kind,
    doubt: Doubt,
) -> Option<Finding> {
    let scheme = ["Bearer ", "bearer ", "Basic ", "basic ", "Token ", "token ", "Digest "];
    let scheme = scheme.iter().find(|s| place.starts_with(start, s)).map_or(0, |s| s.len());
    let start = start + scheme;
    let inside = |b: u8| match quote {
        Some(quote) => b != quote && b != b'\n',
        None => {
            !b.is_ascii_whitespace()
                && !matches!(
                    b,
                    b'"' | b'\'' | b'`' | b',' | b';' | b'<' | b'>' | b')' | b'}' | b']'
                )
        }
    };
    let judged = place.run(start, LONGEST_VALUE, inside);
    let value = place.text.get(start..floor_char(place.text, judged))?;
    let value = if quote.is_none() {
        before_next_parameter(value).trim_end_matches(['.', '!', '?', '。', '、'])
    } else {
        value
    };
    let nothing = [
        "null",
        "none",
        "true",
        "false",
        "string",
        "required",
        "undefined",
        "nil",
        "no",
        "yes",
        "not",
        "is",
    ];
    let placeholder = value.starts_with(['[', '{', '<', '$', '*', '%', '('])
        || nothing.contains(&value.to_lowercase().as_str());
    let doubtful = doubt == Doubt::Some
        && scheme == 0
        && !(value.len() >= 8 && value.bytes().any(|b| b.is_ascii_digit()));
    let masked = value.chars().all(|c| matches!(c, '*' | 'x' | 'X' | '•'));
    // What is too long to be judged goes to its end.
    let end = if judged - start == LONGEST_VALUE {
        floor_char(place.text, place.run(judged, usize::MAX, inside))
    } else {
        start + value.len()
    };
    (!placeholder && !doubtful && !masked).then(|| Finding::new(start, end, kind))
}

/// `a&b=c` is `a` and another parameter of a query; `a&b` may be a password.
fn before_next_parameter(value: &str) -> &str {
    let named = |rest: &str| {
        let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let name = rest.bytes().take(64).take_while(part).count();
        name > 0 && rest.as_bytes().get(name) == Some(&b'=')
    };
    let next = value.match_indices('&').find(|(at, _)| value.get(at + 1..).is_some_and(named));
    next.and_then(|(at, _)| value.get(..at)).unwrap_or(value)
}

fn floor_char(text: &str, at: usize) -> usize {
    (at.saturating_sub(3)..=at.min(text.len()))
        .rev()
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(at)
}
