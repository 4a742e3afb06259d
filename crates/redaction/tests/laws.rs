//! Laws that hold for every text.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use redaction::{Redactor, Report};

fn redact(text: &str) -> String {
    Redactor::standard().text(text, &mut Report::default()).into_owned()
}

/// Identifiers as they occur: with a letter, since sixteen decimal digits may truly be a card.
fn identifier() -> impl Strategy<Value = String> {
    let hex = |n: usize| {
        proptest::string::string_regex(&format!("[0-9a-f]{{{n}}}"))
            .expect("a regex")
            .prop_filter("a hex id has a letter", |id| id.bytes().any(|b| b.is_ascii_lowercase()))
    };
    prop_oneof![
        hex(16),
        hex(32),
        hex(40),
        hex(64),
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "[0-9]{8}-[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{12}",
        "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9])T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-][01][0-9]:00)",
        "1[0-9]{18}",
        "1[0-9]{12}",
    ]
}

/// Text that holds anything but a label that would itself name the identifier a secret.
fn surrounding() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "[ 0-9+().,-]{0,40}",
        "[a-z ,.0-9@/+-]{0,40}",
        Just("commit ".to_owned()),
        Just("request+1 202 ".to_owned()),
        Just("AKIAIOSFODNN7EXAMPLE ".to_owned()),
        Just("田中宏さん ".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn identifiers_and_times_survive_any_surroundings(
        before in surrounding(), after in surrounding(), id in identifier(),
        (open, close) in prop_oneof![Just((" ", " ")), Just(("\"", "\"")), Just(("(", ")")), Just(("\n", "\n")), Just((",", ","))],
    ) {
        let text = format!("{before}{open}{id}{close}{after}");
        let out = redact(&text);
        prop_assert!(out.contains(&id), "{text:?} became {out:?}");
    }

    #[test]
    fn redacting_twice_changes_nothing(parts in proptest::collection::vec(prop_oneof![
        ".{0,12}".boxed(),
        "[0-9 .+()-]{0,24}".boxed(),
        proptest::sample::select(vec![
            "dana@example.com", "4111 1111 1111 1111", "4111111111111111", "078-05-1120", "GB82WEST12345698765432", "+1-202-555-0143",
            "090-1234-5678", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "Bearer ", "password=", "Name: ", "Jane Doe",
            "田中宏", "様", "さん", "Mr. ", "token: ", "\\u7530", "://u:p@", "sk-abcdefghij0123456789", "\"", "{", "}", "[", "]", "氏名：",
            "{\"password\":\"x\"}", "{\"name\":\"a\",\"email\":\"b@example.com\"}", "-----BEGIN PRIVATE KEY-----", "phone: ", "ssn=", " ",
        ]).prop_map(str::to_owned).boxed(),
    ], 0..8)) {
        let once = redact(&parts.concat());
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn nothing_panics_and_an_empty_report_means_the_same_text(text in "\\PC{0,200}|(\\\\|u|[0-9a-f]|\"|\\[|\\{|:|@){0,200}") {
        let mut report = Report::default();
        let out = Redactor::standard().text(&text, &mut report);
        prop_assert_eq!(report.is_empty(), out == text);
    }
}
