//! The auditor on a compliant sample workspace: every breach is found by its rule, every legal edit
//! passes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

mod support;

use serde_json::Value;
use support::{Said, over};

fn cases(file: &str, part: &str) -> Vec<Value> {
    let text =
        std::fs::read_to_string(format!("{}/tests/cases/{file}", env!("CARGO_MANIFEST_DIR")));
    let all: Value = serde_json::from_str(&text.unwrap()).unwrap();
    all[part].as_array().unwrap().clone()
}

fn breach(case: &Value, said: &Said) -> Option<String> {
    let rule = case["rule"].as_str().unwrap();
    let expected = match rule {
        "T007" => 2,
        "G001" => 3,
        _ => 1,
    };
    let found = said.status == expected && said.rules.iter().any(|r| r == rule);
    (!found).then(|| {
        format!(
            "{} {}: wanted {expected} by {rule}, got {} by {:?}\n{}",
            case["id"], case["title"], said.status, said.rules, said.text
        )
    })
}

fn legal(case: &Value, said: &Said) -> Option<String> {
    (said.status != 0).then(|| format!("{} {}\n{}", case["id"], case["title"], said.text))
}

#[test]
fn every_breach_is_found_by_its_rule() {
    let missed = over(&cases("cases.json", "mutations"), breach);
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn every_legal_edit_passes() {
    let blamed = over(&cases("cases.json", "traps"), legal);
    assert!(blamed.is_empty(), "{} blamed:\n{}", blamed.len(), blamed.join("\n"));
}

#[test]
fn every_breach_that_we_thought_of_is_found_by_its_rule() {
    let missed = over(&cases("own.json", "mutations"), breach);
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn every_look_alike_that_we_thought_of_passes() {
    let blamed = over(&cases("own.json", "traps"), legal);
    assert!(blamed.is_empty(), "{} blamed:\n{}", blamed.len(), blamed.join("\n"));
}

/// Taking a rule out of the code leaves at least two breaches that nobody finds.
#[test]
fn every_rule_has_two_breaches_of_our_own() {
    let cases = cases("own.json", "mutations");
    for rule in blca::catalogue::all() {
        let own = cases.iter().filter(|case| case["rule"] == rule.id.as_str()).count();
        assert!(own >= 2, "{} has {own}", rule.id);
    }
}
