//! `population.csv`: one line an entry, for whoever tests the export's completeness in a
//! spreadsheet. Derived from the entries' bytes alone, so a verifier derives it again.

use replay_determinism::leaf_hash;
use store_traits::Value;

use crate::overview::actor;

/// The first line.
pub(crate) const HEADER: &str =
    "seq,recorded_at,occurred_at,kind,actor,subject,outcome,leaf_hash\n";

/// The line of an entry.
pub(crate) fn line(seq: u64, bytes: &[u8], fact: &Value) -> String {
    let text = |path: &[&str]| fact.at(path).and_then(Value::as_str).unwrap_or_default();
    let actor = actor(fact);
    let subject = ["tool", "model", "name"]
        .iter()
        .find_map(|member| fact.at(&["body", "view", member]).and_then(Value::as_str))
        .unwrap_or_default();
    let outcome = match fact.at(&["body", "view", "error"]).and_then(Value::as_str) {
        Some(error) => format!("error: {error}"),
        None => text(&["body", "outcome"]).to_owned(),
    };
    let fields = [
        text(&["meta", "recorded_at"]),
        text(&["meta", "occurred_at"]),
        text(&["kind"]),
        &actor,
        subject,
        &outcome,
    ];
    let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
    format!("{seq},{},{}\n", fields.join(","), leaf_hash(bytes))
}

/// RFC 4180, with two changes that keep a line a line and a cell a text: line breaks become spaces,
/// and a cell that a spreadsheet would run as a formula begins with an apostrophe.
fn quoted(field: &str) -> String {
    let mut text: String = field.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.starts_with(['=', '+', '-', '@']) {
        text.insert(0, '\'');
    }
    if text.contains([',', '"', ' ']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_never_two_lines() {
        assert_eq!(quoted("=HYPERLINK(\"http://x\")"), "\"'=HYPERLINK(\"\"http://x\"\")\"");
        assert_eq!(quoted("a\r\nb"), "\"a  b\"");
        assert_eq!(quoted("plain"), "plain");
    }

    #[test]
    fn an_entry_without_any_member_still_gives_a_whole_line() {
        let line = line(7, b"{}", &Value::Object(store_traits::Object::new()));
        assert!(line.starts_with("7,,,,,,,"));
        assert_eq!(line.matches(',').count(), HEADER.matches(',').count());
    }
}
