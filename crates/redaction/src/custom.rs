//! A caller's rules, checked and compiled.

use std::collections::BTreeMap;
use std::ops::Range;

use regex::{Regex, RegexBuilder};

use crate::field::{Rule, normal};
use crate::kind::markers;
use crate::rules::{
    LONGEST_FIELD, LONGEST_MATCH, LONGEST_PATTERN, MOST_FIELDS, MOST_PATTERNS, one_line,
};
use crate::scan::Finding;
use crate::shape::{Place, identifier, work};
use crate::{Kind, RuleError, Rules};

/// Bytes of a compiled pattern.
const LARGEST_PATTERN: usize = 1 << 20;

/// The longest identifier that a match must not cut, and the time before it.
const LONGEST_IDENTIFIER: usize = 128;

/// Rules ready for use.
#[derive(Debug)]
pub(crate) struct Custom {
    rules: Rules,
    fields: BTreeMap<String, Kind>,
    patterns: Vec<(Regex, Kind)>,
}

impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        self.rules == other.rules
    }
}

impl Eq for Custom {}

impl Custom {
    pub(crate) fn compile(rules: &Rules) -> Result<Self, RuleError> {
        let few = |what, given, most| {
            if given > most { Err(RuleError::TooMany { what, given, most }) } else { Ok(()) }
        };
        few("fields", rules.fields.len(), MOST_FIELDS)?;
        few("patterns", rules.patterns.len(), MOST_PATTERNS)?;
        let mut fields = BTreeMap::new();
        for field in &rules.fields {
            let name = normal(&field.name);
            if name.is_empty() || field.name.len() > LONGEST_FIELD {
                return Err(RuleError::Field { name: field.name.chars().take(80).collect() });
            }
            fields.entry(name).or_insert(Kind::parse(&field.kind)?);
        }
        let patterns = rules.patterns.iter().enumerate().map(|(at, pattern)| {
            let compiled = compile(&pattern.regex)
                .map_err(|reason| RuleError::Pattern { number: at + 1, reason })?;
            Ok((compiled, Kind::parse(&pattern.kind)?))
        });
        let patterns = patterns.collect::<Result<_, RuleError>>()?;
        Ok(Self { rules: rules.clone(), fields, patterns })
    }

    /// The rule of a normal name.
    pub(crate) fn field(&self, name: &str) -> Option<Rule> {
        self.fields.get(name).map(|kind| Rule::Whole(*kind))
    }

    pub(crate) fn has_fields(&self) -> bool {
        !self.fields.is_empty()
    }

    /// What the patterns match, by where it starts. Nothing of a marker is matched, so that
    /// redacting again finds nothing new in it.
    pub(crate) fn findings(&self, text: &str) -> Vec<Finding> {
        let mut found = Vec::new();
        if self.patterns.is_empty() {
            return found;
        }
        let markers = markers(text);
        for (pattern, kind) in &self.patterns {
            let mut at = 0;
            while let Some(range) = pattern.find_at(text, at).map(|m| m.range()) {
                work(range.end - at);
                let next = markers.partition_point(|marker| marker.end <= range.start);
                let after = markers.get(next..).unwrap_or_default();
                if let Some(inside) = after.first().filter(|m| m.start <= range.start) {
                    at = inside.end;
                    continue;
                }
                at = range.end;
                if cuts_identifier(text, &range) {
                    continue;
                }
                let mut start = range.start;
                for marker in after.iter().take_while(|marker| marker.start < range.end) {
                    found.push(Finding::new(start, marker.start, *kind));
                    start = marker.end;
                    at = at.max(marker.end);
                }
                found.push(Finding::new(start, range.end.max(start), *kind));
            }
        }
        found.retain(|finding| !finding.range.is_empty());
        // Stable: of two at one place the pattern that stands first.
        found.sort_by_key(|finding| finding.range.start);
        found
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(format!("it has {} bytes (at most {LONGEST_PATTERN})", pattern.len()));
    }
    let parsed = regex_syntax::parse(pattern).map_err(|error| one_line(&error.to_string()))?;
    let properties = parsed.properties();
    if properties.minimum_len().unwrap_or(0) == 0 {
        return Err("it matches the empty text (let it begin with something)".to_owned());
    }
    match properties.maximum_len() {
        Some(longest) if longest <= LONGEST_MATCH => {}
        Some(longest) => {
            return Err(format!("a match may have {longest} bytes (at most {LONGEST_MATCH})"));
        }
        None => {
            return Err(
                "its longest match has no bound (write `{0,40}` for `*`, `{1,40}` for `+`)"
                    .to_owned(),
            );
        }
    }
    RegexBuilder::new(pattern).size_limit(LARGEST_PATTERN).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => format!(
            "it needs more than {LARGEST_PATTERN} bytes when compiled (write `[0-9]` for `\\d`, `[A-Za-z]` for `\\w`)"
        ),
        other => one_line(&other.to_string()),
    })
}

/// Whether one end of a range lies inside an identifier, a digest or a time.
fn cuts_identifier(text: &str, range: &Range<usize>) -> bool {
    let place = Place { text, at: 0, floor: 0 };
    let inside = |edge: usize| {
        let bytes = text.as_bytes().get(..edge).unwrap_or_default().iter().rev();
        let part =
            |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'.' | b'+' | b' ');
        let back = bytes.take(LONGEST_IDENTIFIER).take_while(part).count();
        work(back);
        (edge - back..edge).any(|start| identifier(&place, start).is_some_and(|end| end > edge))
    };
    inside(range.start) || inside(range.end)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::{FieldRule, PatternRule, Redactor, Report};

    fn patterns(list: &[(&str, &str)]) -> Rules {
        let rule = |(regex, kind): &(&str, &str)| PatternRule {
            regex: (*regex).to_owned(),
            kind: (*kind).to_owned(),
        };
        Rules { fields: Vec::new(), patterns: list.iter().map(rule).collect() }
    }

    #[track_caller]
    fn refused(regex: &str, reason: &str) {
        match Custom::compile(&patterns(&[("ok", "x"), (regex, "x")])) {
            Err(RuleError::Pattern { number: 2, reason: given }) => {
                assert!(given.contains(reason), "{given}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_pattern_without_a_bound_is_refused_with_what_to_write() {
        refused("a+", "write `{0,40}` for `*`");
        refused("a.*b", "no bound");
        refused("a{0,5}", "matches the empty text");
        refused("^", "matches the empty text");
        refused("(", "unclosed group");
        refused("a{5000}", "5000 bytes");
        refused(r"\w{900}x", "[A-Za-z]");
        refused(&"a".repeat(1_001), "1001 bytes");
    }

    #[test]
    fn too_many_rules_and_bad_names_are_refused() {
        let many = patterns(&vec![("a", "x"); 65]);
        let error = Custom::compile(&many).unwrap_err();
        assert_eq!(error.to_string(), "there are 65 patterns (at most 64 are allowed)");
        let field = |name: &str, kind: &str| FieldRule { name: name.into(), kind: kind.into() };
        let one = |rule| Rules { fields: vec![rule], patterns: Vec::new() };
        assert!(matches!(Custom::compile(&one(field("", "x"))), Err(RuleError::Field { .. })));
        assert!(matches!(Custom::compile(&one(field("_.", "x"))), Err(RuleError::Field { .. })));
        assert!(matches!(Custom::compile(&one(field("a", "X y"))), Err(RuleError::Kind { .. })));
    }

    #[track_caller]
    fn check(rules: &Rules, before: &str, after: &str) {
        let redactor = Redactor::with_rules(rules).unwrap();
        let once = redactor.text(before, &mut Report::default()).into_owned();
        assert_eq!(once, after, "from {before:?}");
        assert_eq!(redactor.text(&once, &mut Report::default()), after, "twice");
    }

    #[test]
    fn a_match_that_would_cut_an_identifier_is_none() {
        let rules = patterns(&[("[0-9]{9}", "nine")]);
        check(&rules, "no 123456789.", "no [redacted:nine].");
        for kept in [
            "1795422705843350620",
            "at 2026-11-23T10:00:00.123456789Z on",
            "0199f3a4-1111-7222-8333-444455556666",
            "00000000-0000-0000-0000-123456789000",
            "4bf92f3577b34da6123456789a0e4736",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b123456789",
        ] {
            let kept = kept.get(..kept.len().min(64)).unwrap();
            check(&rules, kept, kept);
        }
        // Asked for as a whole, it goes.
        let whole = patterns(&[("[0-9]{4}-[0-9]{2}-[0-9]{2}", "day")]);
        check(&whole, "born 1980-02-03.", "born [redacted:day].");
    }

    #[test]
    fn markers_are_nobodys_match_and_overlaps_leave_nothing() {
        check(
            &patterns(&[("[a-z]{3}", "x")]),
            "a[redacted:email]bcd",
            "a[redacted:email][redacted:x]",
        );
        check(
            &patterns(&[("ab.{0,30}", "x")]),
            "ab[redacted:email]cd",
            "[redacted:x][redacted:email][redacted:x]",
        );
        check(
            &patterns(&[("com and [0-9]{3}", "x")]),
            "dana@example.com and 123",
            "[redacted:email][redacted:x]",
        );
        check(&patterns(&[("ab", "x"), ("abc", "y")]), "abcd", "[redacted:x][redacted:y]d");
    }

    #[test]
    fn a_match_is_found_behind_escapes_and_in_members() {
        let mut rules = patterns(&[("CASE-[0-9]{4}", "case_no")]);
        rules.fields.push(FieldRule { name: "badgeNo".into(), kind: "badge".into() });
        check(&rules, r"x\u0043ASE-1234", "x[redacted:case_no]");
        check(
            &rules,
            r#"{"badge_no":7,"Badge-No":"x","user.badge_no":{"a":"b"},"t":"CASE-1234 badge no: 12"}"#,
            r#"{"badge_no":"[redacted:badge]","Badge-No":"[redacted:badge]","user.badge_no":{"a":"[redacted:badge]"},"t":"[redacted:case_no] badge no: [redacted:badge]"}"#,
        );
        check(
            &rules,
            r#"[{"key":"badge_no","value":{"stringValue":"12"}}]"#,
            r#"[{"key":"badge_no","value":{"stringValue":"[redacted:badge]"}}]"#,
        );
    }
}
