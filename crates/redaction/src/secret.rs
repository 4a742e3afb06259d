//! Keys and tokens by their prefixes, AWS keys, private key blocks, passwords in addresses.

use std::sync::LazyLock;

use crate::Kind;
use crate::scan::Finding;
use crate::shape::{Pairs, Place};

/// What is read of a token before it is judged: judging must not cost the length of the text.
const JUDGED: usize = 256;
const AWS_SECRET_LENGTH: usize = 40;

/// Token prefixes with the least number of characters behind them.
const PREFIXES: &[(&str, usize)] = &[
    ("sk-", 20),
    ("sk_live_", 16),
    ("sk_test_", 16),
    ("rk_live_", 16),
    ("rk_test_", 16),
    ("whsec_", 24),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("gldt-", 16),
    ("xoxa-", 10),
    ("xoxb-", 10),
    ("xoxe-", 10),
    ("xoxo-", 10),
    ("xoxp-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("xapp-", 10),
    ("AIza", 30),
    ("ya29.", 20),
    ("hf_", 24),
    ("gsk_", 24),
    ("xai-", 24),
    ("pplx-", 24),
    ("r8_", 24),
    ("npm_", 24),
    ("pypi-AgEI", 20),
    ("dop_v1_", 32),
    ("shpat_", 24),
    ("SG.", 30),
    ("hvs.", 20),
    ("AGE-SECRET-KEY-1", 20),
];

/// The key or token that starts at this place.
pub(crate) fn find(place: &Place<'_>, access_key: Option<usize>) -> Option<Finding> {
    if !place.opens(place.at) {
        return None;
    }
    access_key_id(place)
        .or_else(|| prefixed(place))
        .or_else(|| jwt(place))
        .or_else(|| bearer(place))
        .or_else(|| aws_secret(place, access_key))
}

/// The first two bytes of all that [`find`] knows by its beginning.
static BEGINNINGS: LazyLock<Pairs> = LazyLock::new(|| {
    let words = ["AKIA", "ASIA", "eyJ", "be", "Be", "bE", "BE"];
    Pairs::of(PREFIXES.iter().map(|(prefix, _)| *prefix).chain(words))
});

/// Whether a key or token may begin at this place, but for one that only looks drawn at random.
pub(crate) fn may_begin(place: &Place<'_>) -> bool {
    BEGINNINGS.has(place)
}

fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')
}

fn access_key_id(place: &Place<'_>) -> Option<Finding> {
    if !["AKIA", "ASIA"].iter().any(|prefix| place.starts_with(place.at, prefix)) {
        return None;
    }
    let end = place.run(place.at, JUDGED, |b| b.is_ascii_uppercase() || b.is_ascii_digit());
    (end - place.at == 20 && place.closes(end))
        .then(|| Finding::new(place.at, end, Kind::AwsAccessKey))
}

fn prefixed(place: &Place<'_>) -> Option<Finding> {
    let rest = place.bytes().get(place.at..)?;
    let (prefix, least) = PREFIXES.iter().find(|(prefix, _)| {
        // The first byte decides nearly always, and costs no call.
        prefix.as_bytes().first() == rest.first() && rest.starts_with(prefix.as_bytes())
    })?;
    let body = place.at + prefix.len();
    let dotted = prefix.ends_with('.');
    let token = |b: u8| is_token(b) || dotted && b == b'.';
    let judged = place.run(body, JUDGED, token);
    let digits = place.bytes().get(body..judged)?.iter().any(u8::is_ascii_digit);
    // Hyphenated prose (`sk-learn-…`) has no digits; a key of this length always has.
    (judged - body >= *least && digits)
        .then(|| Finding::new(place.at, place.run(judged, usize::MAX, token), Kind::ApiKey))
}

fn jwt(place: &Place<'_>) -> Option<Finding> {
    if !place.starts_with(place.at, "eyJ") {
        return None;
    }
    let part = |b: u8| is_token(b);
    let header = place.run(place.at, 4 * JUDGED, part);
    let long = header - place.at >= 12;
    let payload = place.run(header + 1, 8, part);
    (long && place.byte(header) == Some(b'.') && payload - header >= 6).then(|| {
        let all = place.run(header, usize::MAX, |b| is_token(b) || b == b'.');
        Finding::new(place.at, all, Kind::ApiKey)
    })
}

/// `Bearer <token>` (RFC 6750 §2.1); the scheme stays, the token goes.
fn bearer(place: &Place<'_>) -> Option<Finding> {
    let scheme = place.bytes().get(place.at..place.at + 7)?;
    if !scheme.eq_ignore_ascii_case(b"bearer ") {
        return None;
    }
    let start = place.at + 7;
    let token = |b: u8| is_token(b) || matches!(b, b'.' | b'~' | b'+' | b'/' | b'=');
    let judged = place.run(start, JUDGED, token);
    let digits = place.bytes().get(start..judged)?.iter().any(u8::is_ascii_digit);
    let length = judged - start;
    (length >= 8 && digits || length >= 20)
        .then(|| Finding::new(start, place.run(judged, usize::MAX, token), Kind::ApiKey))
}

/// Exactly 40 characters of base64 that look drawn at random: a commit id is hex, a path has words.
fn aws_secret(place: &Place<'_>, access_key: Option<usize>) -> Option<Finding> {
    let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let joined = |b: u8| base64(b) || matches!(b, b'_' | b'-' | b'.');
    let end = place.run(place.at, AWS_SECRET_LENGTH + 1, base64);
    if end - place.at != AWS_SECRET_LENGTH
        || place.before(place.at).is_some_and(joined)
        || place.byte(end).is_some_and(|b| matches!(b, b'_' | b'-' | b'='))
    {
        return None;
    }
    let token = place.bytes().get(place.at..end)?;
    let beside_key = access_key.is_some_and(|key| place.at.saturating_sub(key) <= 200);
    let random =
        if beside_key { !token.iter().all(u8::is_ascii_hexdigit) } else { looks_random(token) };
    random.then(|| Finding::new(place.at, end, Kind::AwsSecretKey))
}

fn looks_random(token: &[u8]) -> bool {
    let class = |b: u8| match b {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    // Slashes do not count: between them a path changes class at most once or twice a word.
    let differ = |a: u8, b: u8| class(a) != class(b) && class(a) != 3 && class(b) != 3;
    let changes = token.windows(2).filter(|pair| matches!(pair, [a, b] if differ(*a, *b))).count();
    let classes = (0..3).all(|wanted| token.iter().any(|b| class(*b) == wanted));
    let mut seen = [false; 128];
    for b in token {
        if let Some(slot) = seen.get_mut(usize::from(*b)) {
            *slot = true;
        }
    }
    classes && changes >= 8 && seen.iter().filter(|s| **s).count() >= 18
}

/// A private key in its armour (RFC 7468); without its end line, all that follows.
pub(crate) fn pem(place: &Place<'_>) -> Option<Finding> {
    if place.before(place.at) == Some(b'-') || !place.starts_with(place.at, "-----BEGIN ") {
        return None;
    }
    let label =
        place.run(place.at + 11, 64, |b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ');
    if !place.text.get(place.at + 11..label)?.contains("PRIVATE KEY") {
        return None;
    }
    let rest = place.right(label);
    let end = match rest.find("-----END ") {
        Some(last) => {
            let line = label + last + 9;
            let name = place.run(line, 64, |b| b != b'-' && b != b'\n' && b.is_ascii());
            place.run(name, 5, |b| b == b'-')
        }
        None => place.text.len(),
    };
    Some(Finding::new(place.at, end, Kind::ApiKey))
}

/// The password in `scheme://user:password@host`, seen from the colon before it.
pub(crate) fn userinfo(place: &Place<'_>) -> Option<Finding> {
    let left = place.left(place.at);
    let user = left
        .bytes()
        .rev()
        .take(64)
        .take_while(|b| is_token(*b) || matches!(b, b'.' | b'+' | b'%' | b'@'))
        .count();
    let before = left.get(..left.len().checked_sub(user)?)?;
    if !before.ends_with("://") {
        return None;
    }
    let start = place.at + 1;
    let end = place.run(start, JUDGED, |b| {
        b.is_ascii_graphic() && !matches!(b, b'/' | b'@' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>')
    });
    // `user:[redacted:secret]@host` has been here before.
    (end > start && place.byte(end) == Some(b'@') && place.byte(start) != Some(b'['))
        .then(|| Finding::new(start, end, Kind::Secret))
}
