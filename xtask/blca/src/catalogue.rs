//! The catalogue: what each rule is called, why it exists, and the ways out.
//!
//! The texts are in `rules.toml` beside the manifest.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::OnceLock;

use serde::Deserialize;

const TEXT: &str = include_str!("../rules.toml");
const ESCALATE: &str = "escalate: an exception with reason, owner and expiry, or another topology, in a review of its own";
/// Columns of a page.
const WIDTH: usize = 80;

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Id without `BLCA-`.
    pub id: String,
    /// A few words.
    pub title: String,
    /// What breaks where the rule is broken.
    pub why: String,
    /// How a breach is found, in one sentence.
    pub how: String,
    /// The ways out; the last is always escalation.
    pub options: [String; 3],
    /// A small breach.
    pub bad: String,
    /// The same without one.
    pub good: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    title: String,
    why: String,
    how: String,
    a: String,
    b: String,
    bad: String,
    good: String,
}

/// All rules, in order of their ids.
#[must_use]
pub fn all() -> &'static [Rule] {
    static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
    RULES.get_or_init(|| {
        // The text is a part of the program; a test reads every rule of it.
        let entries: BTreeMap<String, Entry> = toml::from_str(TEXT).unwrap_or_default();
        let rule = |(id, entry): (String, Entry)| {
            let Entry { title, why, how, a, b, bad, good } = entry;
            // Single-quoted TOML keeps backslashes: `\n` stands for a line's end there.
            let lines = |text: String| text.replace("\\n", "\n");
            let options = [a, b, ESCALATE.to_owned()];
            Rule { id, title, why, how, options, bad: lines(bad), good: lines(good) }
        };
        entries.into_iter().map(rule).collect()
    })
}

/// The rule with this id, given with or without `BLCA-`, in any case.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    let id = id.to_ascii_uppercase();
    let bare = id.strip_prefix("BLCA-").unwrap_or(&id);
    all().iter().find(|rule| rule.id == bare)
}

/// The page of a rule.
#[must_use]
pub fn explain(id: &str) -> Option<String> {
    let rule = find(id)?;
    let mut out = format!("BLCA-{}  {}\n\n", rule.id, rule.title);
    for text in [&rule.why, &rule.how] {
        out.push_str(&wrapped(text, ""));
        out.push('\n');
    }
    for (heading, code) in [("Bad", &rule.bad), ("Good", &rule.good)] {
        let _ = writeln!(out, "{heading}:");
        for line in code.lines() {
            let _ = writeln!(out, "    {line}");
        }
        out.push('\n');
    }
    out.push_str("Options:\n");
    for (letter, option) in ["A", "B", "C"].iter().zip(&rule.options) {
        let text = wrapped(option, "   ");
        let _ = write!(out, "{letter}) {}", text.trim_start());
    }
    Some(out)
}

/// Lines of at most [`WIDTH`] columns, each behind `indent`.
fn wrapped(text: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > WIDTH {
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            out.push_str(indent);
            column = indent.len();
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::{all, explain, find};

    const IDS: [&str; 54] = [
        "C001", "C002", "C003", "C004", "C005", "D001", "D002", "D003", "D004", "D005", "D007",
        "D008", "F001", "F002", "F003", "G001", "G002", "H001", "H002", "H003", "K001", "K002",
        "K003", "K004", "K005", "M001", "M002", "N001", "N002", "N003", "N004", "R001", "R002",
        "R003", "R004", "R005", "R006", "S001", "S002", "S003", "S004", "S005", "S006", "S007",
        "S008", "T001", "T002", "T005", "T006", "T007", "T008", "T009", "X001", "X002",
    ];

    #[test]
    fn every_rule_is_there_and_says_everything() {
        let ids: Vec<&str> = all().iter().map(|rule| rule.id.as_str()).collect();
        let more = ["X003", "X004", "X005", "X006"];
        assert_eq!(ids, [IDS.as_slice(), more.as_slice()].concat());
        for rule in all() {
            for text in [&rule.title, &rule.why, &rule.how, &rule.bad, &rule.good]
                .into_iter()
                .chain(&rule.options)
            {
                assert!(!text.trim().is_empty(), "{} lacks a text", rule.id);
            }
            let page = explain(&rule.id).unwrap();
            let widest = page.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(110), "{} is {widest:?} columns wide", rule.id);
        }
        assert_eq!(find("blca-d003").unwrap().id, "D003");
        assert!(find("D999").is_none());
    }
}
