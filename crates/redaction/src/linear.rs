//! The work of the walk grows with the text and not faster, whatever the text: counted, not timed.

use crate::shape::counted;
use crate::{Redactor, Report};

/// What nearly is something, again and again.
const NEAR_MATCHES: &[&str] = &[
    "[",
    "{\"a\":",
    "\\",
    "\\u",
    "\\\\u7530",
    "sk-",
    "eyJ-",
    "a/",
    "@",
    "a@",
    "a@b.",
    "1 ",
    "1-",
    "4111 ",
    "4111-1111-1111-",
    "411111111111111",
    "+1",
    "+1 202 ",
    "(202) ",
    "078-05-",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY ",
    "\"",
    "password:",
    "password ",
    "password = = ",
    "さん",
    "aさん",
    "田中 ",
    "name: ",
    "Name: J. ",
    ": ",
    "= ",
    " \" ",
    "田",
    "😀",
    "%4",
    "%40",
    "((",
    "a:",
    "://a:",
    "Bearer ",
    "GB82 WEST ",
    "Mr. ",
    "Mr. A ",
    "AKIA",
    "AKIAIOSFODNN7EXAMPL",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE",
    "0199f3a4-1111-7222-",
    "2026-11-23T",
    "[redacted:",
    "\u{200B}",
    "a&b&",
    "a=b&",
];

fn work_of(text: &str) -> u64 {
    counted::take();
    let _ = Redactor::standard().text(text, &mut Report::default());
    counted::take()
}

#[track_caller]
fn scales(unit: &str, bytes: usize) {
    let small = unit.repeat(bytes / 10 / unit.len());
    let large = small.repeat(10);
    let (less, more) = (work_of(&small), work_of(&large));
    // A constant is allowed on top: what is read beyond the end of a short text is cut off.
    assert!(more <= 11 * less + 100_000, "{unit:?}: {less} steps, then {more}");
    let each = more / large.len() as u64;
    assert!(each <= 1_500, "{unit:?}: {each} steps a byte");
}

#[test]
fn near_matches_cost_as_much_as_their_length() {
    for unit in NEAR_MATCHES {
        scales(unit, 400_000);
    }
}

#[test]
fn a_line_of_ten_megabytes_costs_ten_times_one_of_one() {
    for unit in
        ["a@", "4111-1111-1111-", "password:", "eyJ-", "aさん", "\\u", "{\"a\":", "word and "]
    {
        scales(unit, 10 << 20);
    }
}

#[test]
fn texts_in_texts_and_members_cost_as_much_as_their_length() {
    let list = |n: usize| {
        let member = r#"{"name":"a","password":"x","mail a@example.com":"[\"b@example.com\"]"}"#;
        format!("[{}]", vec![member; n].join(","))
    };
    let (less, more) = (work_of(&list(1_000)), work_of(&list(10_000)));
    assert!(more <= 11 * less, "{less} steps, then {more}");
}
