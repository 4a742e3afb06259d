//! Laws that hold for every text.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::sync::LazyLock;

use proptest::prelude::*;
use redaction::{Redactor, Report, Rules};

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

/// A caller's rules change nothing of the laws: ids, digests and times are cut by no pattern.
static OWN: LazyLock<Redactor> = LazyLock::new(|| {
    let rules = Rules::parse(
        r#"
        [[field]]
        name = "badge_no"
        kind = "badge"
        [[pattern]]
        regex = '[0-9]{6,9}'
        kind = "long_number"
        [[pattern]]
        regex = '[A-F]{2}-?[0-9]{2}'
        kind = "seat"
        [[pattern]]
        regex = '\bcase.{1,20}'
        kind = "case"
        "#,
    );
    Redactor::with_rules(&rules.expect("rules")).expect("good rules")
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn identifiers_and_times_are_cut_by_no_pattern(
        before in "[0-9 +().,-]{0,40}|[a-z ,.0-9@/+-]{0,40}", after in "[0-9 +().,-]{0,40}", id in identifier(),
        (open, close) in prop_oneof![Just((" ", " ")), Just(("\"", "\"")), Just(("(", ")")), Just(("\n", "\n")), Just((",", ","))],
    ) {
        prop_assume!(!before.contains("case"));
        let text = format!("{before}{open}{id}{close}{after}");
        let out = OWN.text(&text, &mut Report::default()).into_owned();
        prop_assert!(out.contains(&id), "{text:?} became {out:?}");
    }

    #[test]
    fn ids_digests_and_times_survive_as_members(
        ids in proptest::collection::vec(identifier(), 1..6),
        names in proptest::collection::vec("trace_id|span_id|run_id|root_hash|sha256|time_unix_nano|occurred_at|id|parent|links", 6),
    ) {
        let members: Vec<String> = names.iter().zip(&ids).map(|(name, id)| format!("{name:?}:{id:?}")).collect();
        let text = format!("{{{}}}", members.join(","));
        for redactor in [Redactor::standard(), OWN.clone()] {
            let mut report = Report::default();
            prop_assert_eq!(redactor.text(&text, &mut report), text.as_str());
            prop_assert!(report.is_empty());
        }
    }

    #[test]
    fn a_callers_rules_applied_twice_change_nothing(parts in proptest::collection::vec(prop_oneof![
        ".{0,12}".boxed(),
        proptest::sample::select(vec![
            "1234567", "case", "case 12", "AB12", "AB-12", "badge no: ", "x1", "{\"badgeNo\":", "dana@example.com", "password=", "[redacted:case]",
            "[redacted:", "]", "4111 1111 1111 1111", "}", "\"", "2026-11-23", "0199f3a4-1111-7222-8333-444455556666", "\\u0041", " ",
        ]).prop_map(str::to_owned).boxed(),
    ], 0..8)) {
        let redactor = &*OWN;
        let once = redactor.text(&parts.concat(), &mut Report::default()).into_owned();
        prop_assert_eq!(redactor.text(&once, &mut Report::default()), once.as_str());
    }

    #[test]
    fn a_table_counts_every_replacement_and_tells_no_value(
        name in "[a-z]{1,8}", local in "[a-z]{12}", list in proptest::collection::vec("[a-z ]{0,10}", 0..4),
    ) {
        let mail = format!("{local}@example.com");
        let list: Vec<String> = list.iter().map(|text| format!("\"{text}{mail}\"")).collect();
        let text = format!("{{\"{name}\":[{}],\"{mail}\":{{\"password\":\"{local}\"}}}}", list.join(","));
        let mut report = Report::default();
        let out = Redactor::standard().text(&text, &mut report).into_owned();
        prop_assert!(!out.contains(&local));
        prop_assert_eq!(report.places().map(|at| at.count).sum::<u64>(), report.total());
        prop_assert_eq!(report.total(), list.len() as u64 + 2);
        for at in report.places() {
            prop_assert!(!at.pointer.contains(&local), "{}", at.pointer);
        }
        let inner = report.places().any(|at| at.pointer == "/[redacted:email]/password");
        prop_assert!(inner);
    }
}
