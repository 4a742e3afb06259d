//! A caller's own rules at the real binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use support::Place;

const RULES: &str = r#"
[[field]]
name = "badge_no"
kind = "badge"

[[pattern]]
regex = 'CASE-[0-9]{4}'
kind = "case_no"
"#;

const FACT: &str = r#"{"kind":"audit.event","occurred_at":"2026-11-23T08:00:00Z","body":{"event":"note","badgeNo":"B-17","text":"see CASE-4711, mail dana@example.com"}}"#;

#[test]
fn what_a_callers_rules_name_is_never_stored() {
    let place = Place::new();
    let (rules, facts) = (place.path("rules.toml"), place.path("facts.jsonl"));
    std::fs::write(&rules, RULES).unwrap();
    std::fs::write(&facts, FACT).unwrap();
    let (rules, facts) = (rules.to_str().unwrap(), facts.to_str().unwrap());
    let done = place.run(&["import", "--json", "--redact", rules, facts]).expect(0).json();
    assert_eq!((&done["facts"], &done["redactions"]), (&1.into(), &3.into()));
    let place_of =
        |path: &str, kind: &str| serde_json::json!({ "path": path, "kind": kind, "count": 1 });
    assert_eq!(
        done["redacted"],
        serde_json::json!([
            place_of("/badgeNo", "badge"),
            place_of("/text", "case_no"),
            place_of("/text", "email"),
        ])
    );
    assert_eq!(done["redacted_elsewhere"], 0);
    let again = place.run(&["import", "--json", "--redact", rules, facts]).expect(0).json();
    assert_eq!(again["redacted"], serde_json::json!([]), "a duplicate replaces nothing anew");
    let stored: Vec<u8> = ["factlog.db", "factlog.db-wal"]
        .iter()
        .flat_map(|name| std::fs::read(place.path(name)).unwrap_or_default())
        .collect();
    let stored = String::from_utf8_lossy(&stored).into_owned();
    for secret in ["B-17", "CASE-4711", "dana@example.com"] {
        assert!(!stored.contains(secret), "{secret} was stored");
    }
    for marker in ["[redacted:badge]", "[redacted:case_no]", "[redacted:email]"] {
        assert!(stored.contains(marker), "{marker} is missing");
    }
}

#[test]
fn rules_that_cannot_be_used_are_refused_before_anything_is_read() {
    let place = Place::new();
    let (rules, facts) = (place.path("rules"), place.path("facts.jsonl"));
    std::fs::write(&facts, FACT).unwrap();
    for (text, says) in [
        ("[[pattern]]\nregex = 'a+'\nkind = 'x'", "pattern 1 cannot be used: its longest match"),
        ("[[pattern]]\nregex = '('\nkind = 'x'", "unclosed group"),
        ("[[field]]\nname = 'a'\nkind = 'No'", "`No` cannot name a kind"),
        ("{\"fields\":[]}", "the rules cannot be read"),
        ("hello", "the rules cannot be read"),
    ] {
        std::fs::write(&rules, text).unwrap();
        let (rules, facts) = (rules.to_str().unwrap(), facts.to_str().unwrap());
        place.run(&["import", "--redact", rules, facts]).expect(2).says(says);
    }
    place
        .run(&["import", "--redact", "nowhere.toml", "facts.jsonl"])
        .expect(2)
        .says("nowhere.toml");
}

#[test]
fn people_see_what_was_replaced_where_and_never_a_value() {
    let place = Place::new();
    let facts = place.path("facts.jsonl");
    std::fs::write(&facts, FACT).unwrap();
    let said = place.run(&["import", facts.to_str().unwrap()]).expect(0).stdout;
    assert_eq!(
        said,
        "tenant default: 1 fact, 0 duplicates, 0 conflicts, 0 rejected, 1 redaction\n  \
         /text  email       1\n"
    );
}
