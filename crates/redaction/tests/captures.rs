//! Captured telemetry of agents: what must go is gone, what must stay has stayed.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use redaction::{Redactor, Report};
use serde_json::Value as Json;
use store_traits::{Object, Value};

struct Capture {
    key: String,
    text: String,
}

fn captures() -> Vec<Capture> {
    include_str!("data/strings.jsonl")
        .lines()
        .map(|line| {
            let json: Json = serde_json::from_str(line).expect("a line of JSON");
            let text = |name: &str| json[name].as_str().expect("a string").to_owned();
            Capture { key: text("key"), text: text("text") }
        })
        .collect()
}

fn list(name: &str) -> Vec<String> {
    let json: Json = serde_json::from_str(include_str!("data/lists.json")).expect("JSON");
    json[name]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item["value"].as_str().expect("a string").to_owned())
        .collect()
}

/// A text with every escape that may be in it undone, however deep.
fn unescaped(text: &str) -> String {
    let mut out = text.to_owned();
    for _ in 0..8 {
        let mut next = String::new();
        let mut rest = out.as_str();
        while let Some(at) = rest.find("\\u") {
            next.push_str(&rest[..at]);
            let unit = rest.get(at + 2..at + 6).and_then(|d| u32::from_str_radix(d, 16).ok());
            match unit.and_then(char::from_u32) {
                Some(c) => next.push(c),
                None => next.push('\u{FFFD}'),
            }
            rest = rest.get(at + 6..).unwrap_or_default();
        }
        next.push_str(rest);
        out = next;
    }
    out
}

#[test]
fn nothing_that_must_go_survives_in_text_or_value() {
    let redactor = Redactor::standard();
    let gone = list("must_redact");
    let mut seen = vec![0; gone.len()];
    for capture in captures() {
        for (value, count) in gone.iter().zip(&mut seen) {
            *count += usize::from(unescaped(&capture.text).contains(value));
        }
        let mut report = Report::default();
        let text = redactor.text(&capture.text, &mut report).into_owned();
        let mut value = Value::Object(Object::from([(
            capture.key.clone(),
            Value::from(capture.text.as_str()),
        )]));
        redactor.value(&mut value, &mut report);
        let wire = serde_json::json!({ "attributes": [{ "key": capture.key, "value": { "stringValue": capture.text } }] }).to_string();
        let wire = redactor.text(&wire, &mut report).into_owned();
        for secret in &gone {
            for out in [&text, &wire, &format!("{value:?}")] {
                assert!(!unescaped(out).contains(secret), "{secret} in {} {out}", capture.key);
            }
        }
    }
    assert!(
        seen.iter().all(|count| *count > 0),
        "each of the list occurs in the captures: {seen:?}"
    );
}

#[test]
fn all_that_must_stay_stays() {
    let redactor = Redactor::standard();
    let kept = list("must_keep");
    let mut seen = vec![0; kept.len()];
    for capture in captures() {
        let out = redactor.text(&capture.text, &mut Report::default()).into_owned();
        for (value, count) in kept.iter().zip(&mut seen) {
            let before = capture.text.matches(value.as_str()).count();
            *count += before;
            assert_eq!(
                before,
                out.matches(value.as_str()).count(),
                "{value} in {} {}",
                capture.key,
                capture.text
            );
        }
    }
    assert!(
        seen.iter().all(|count| *count > 0),
        "each of the list occurs in the captures: {seen:?}"
    );
}

/// Only texts that hold something of the list are changed: ids, times, versions, model and tool
/// names, finish reasons, prose in five scripts come out as they went in.
#[test]
fn nothing_else_is_touched() {
    let redactor = Redactor::standard();
    let gone = list("must_redact");
    let mut untouched = 0;
    for capture in captures() {
        if gone.iter().any(|secret| unescaped(&capture.text).contains(secret)) {
            continue;
        }
        let mut report = Report::default();
        assert_eq!(redactor.text(&capture.text, &mut report), capture.text, "{}", capture.key);
        let mut value = Value::Object(Object::from([(
            capture.key.clone(),
            Value::from(capture.text.as_str()),
        )]));
        let before = value.clone();
        redactor.value(&mut value, &mut report);
        assert_eq!(value, before, "{}", capture.key);
        assert!(report.is_empty());
        untouched += 1;
    }
    assert!(untouched > 500, "{untouched}");
}
