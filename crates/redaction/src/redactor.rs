//! The one who takes secrets and personal data out of texts and values.

use std::borrow::Cow;
use std::ops::Range;

use store_traits::{Object, Value};

use crate::field::{self, Rule};
use crate::json::{self, Node};
use crate::number::is_card;
use crate::scan::findings;
use crate::view::View;
use crate::{Kind, Report};

/// Rounds after which a text is taken as it is. Cutting one finding out can lay open another at
/// its edge; the second round nearly always finds nothing.
const ROUNDS: usize = 4;

/// Finds and replaces secrets and personal data.
///
/// ```
/// use redaction::{Redactor, Report};
/// let mut report = Report::default();
/// let text = Redactor::standard().text("ask dana@example.com about 10-4471", &mut report);
/// assert_eq!(text, "ask [redacted:email] about 10-4471");
/// assert_eq!(report.iter().collect::<Vec<_>>(), [("email", 1)]);
/// ```
#[derive(Debug, Clone)]
pub struct Redactor {
    depth: Depth,
}

/// What is left of the two depths; where one is used up, the rest is scanned as plain text.
#[derive(Debug, Clone, Copy)]
struct Depth {
    /// JSON texts within JSON texts.
    texts: usize,
    /// Containers within containers, across all texts.
    containers: usize,
}

impl Depth {
    fn in_text(self) -> Self {
        Self { texts: self.texts.saturating_sub(1), ..self }
    }

    fn in_container(self) -> Self {
        Self { containers: self.containers.saturating_sub(1), ..self }
    }
}

const TEXTS: usize = 32;

/// What is left of [`TEXTS`] where strings are still written in the usual way.
const SHALLOW_TEXTS: usize = TEXTS - 4;

/// Members that are asked what their neighbour `name` is; more would cost their square.
const NEIGHBOURS: usize = 64;

/// What stands around a value.
#[derive(Debug, Clone, Copy)]
struct Around<'k> {
    /// The member that holds it, or that holds the array that holds it.
    name: Option<&'k str>,
    rule: Option<Rule>,
}

impl Redactor {
    /// The rules of this crate's documentation.
    #[must_use]
    pub fn standard() -> Self {
        Self { depth: Depth { texts: TEXTS, containers: 128 } }
    }

    /// Redacts a text; borrowed when nothing was found.
    ///
    /// A text that is JSON is read first, strings within strings included, so that no escape can
    /// hide anything, and member names count. Only strings in which something was replaced are
    /// written anew; the rest of the text keeps its bytes. Any other text is read with its
    /// `\uXXXX` escapes, percent escapes and full-width characters undone.
    pub fn text<'t>(&self, text: &'t str, report: &mut Report) -> Cow<'t, str> {
        let Some(mut redacted) = pass(text, self.depth, report) else { return Cow::Borrowed(text) };
        for _ in 1..ROUNDS {
            match pass(&redacted, self.depth, report) {
                Some(again) => redacted = again,
                None => break,
            }
        }
        Cow::Owned(redacted)
    }

    /// Redacts all strings of a value in place, member names considered.
    ///
    /// A card number that is an integer becomes a string. A member name that holds personal data is
    /// replaced too; where two become the same, the later one gets a number.
    pub fn value(&self, value: &mut Value, report: &mut Report) {
        self.walk_value(value, Around { name: None, rule: None }, self.depth, report);
    }

    fn walk_value(&self, value: &mut Value, around: Around<'_>, depth: Depth, report: &mut Report) {
        if depth.containers == 0 {
            self.flat_value(value, report);
            return;
        }
        match value {
            Value::String(_) | Value::Int(_) => self.leaf(value, around.rule, report),
            Value::Null | Value::Bool(_) => {}
            Value::Array(items) => {
                for item in items {
                    self.walk_value(item, around, depth.in_container(), report);
                }
            }
            Value::Object(members) => {
                if let Some(kind) = tagged_number(members).and_then(|n| number(n, around.rule)) {
                    report.add(kind);
                    *value = Value::from(kind.marker());
                    return;
                }
                let rules: Vec<Option<Rule>> = {
                    let texts =
                        || members.iter().take(NEIGHBOURS).map(|(k, v)| (k.as_str(), v.as_str()));
                    members.keys().map(|key| member_rule(key, around, texts)).collect()
                };
                for ((key, member), rule) in members.iter_mut().zip(rules) {
                    let around = Around {
                        name: Some(key),
                        rule: passed(
                            rule,
                            matches!(member, Value::Object(o) if o.len() == 1 && o.contains_key("stringValue")),
                        ),
                    };
                    let around = match member {
                        Value::Array(_) | Value::Object(_) => around,
                        _ => Around { rule, ..around },
                    };
                    self.walk_value(member, around, depth.in_container(), report);
                }
                rename_keys(members, report);
            }
        }
    }

    /// What is too deep to be walked: every string alone, without recursion.
    fn flat_value(&self, value: &mut Value, report: &mut Report) {
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            match value {
                Value::String(_) | Value::Int(_) => self.leaf(value, None, report),
                Value::Null | Value::Bool(_) => {}
                Value::Array(items) => open.extend(items.iter_mut()),
                Value::Object(members) => {
                    rename_keys(members, report);
                    open.extend(members.values_mut());
                }
            }
        }
    }

    fn leaf(&self, value: &mut Value, rule: Option<Rule>, report: &mut Report) {
        let replaced = match &*value {
            Value::String(text) => match rule.and_then(|r| r.judge(text)) {
                Some(kind) => Some(marked(kind, report)),
                None => match self.text(text, report) {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(text) => Some(text),
                },
            },
            Value::Int(integer) => {
                number(&integer.get().to_string(), rule).map(|kind| marked(kind, report))
            }
            _ => None,
        };
        if let Some(text) = replaced {
            *value = Value::String(text);
        }
    }
}

fn marked(kind: Kind, report: &mut Report) -> String {
    report.add(kind);
    kind.marker().to_owned()
}

/// The digits of `{"i64":"…"}`, `{"u64":"…"}`, `{"f64":"…"}`.
fn tagged_number(members: &Object) -> Option<&str> {
    let (tag, value) = members.iter().next()?;
    (members.len() == 1 && matches!(tag.as_str(), "i64" | "u64" | "f64")).then(|| value.as_str())?
}

/// What a number is, written as JSON writes it.
fn number(text: &str, rule: Option<Rule>) -> Option<Kind> {
    let digits = text.strip_suffix(".0").unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match rule {
        Some(rule @ (Rule::Whole(_) | Rule::Digits(..))) => rule.judge(digits),
        _ => None,
    }
    .or_else(|| is_card(digits).then_some(Kind::Card))
}

/// Replaces personal data in member names.
fn rename_keys(members: &mut Object, report: &mut Report) {
    let renamed: Vec<(String, String)> =
        members.keys().filter_map(|key| Some((key.clone(), plain(key, report)?))).collect();
    for (old, new) in renamed {
        let Some(value) = members.remove(&old) else { continue };
        let mut name = new.clone();
        let mut count = 2_u32;
        while members.contains_key(&name) {
            name = format!("{new}~{count}");
            count += 1;
        }
        members.insert(name, value);
    }
}

/// The rule for a member, from its name, the object's name and its neighbours.
fn member_rule<'k, I>(key: &str, around: Around<'_>, members: impl Fn() -> I) -> Option<Rule>
where
    I: Iterator<Item = (&'k str, Option<&'k str>)> + Clone,
{
    // A container that is secret as a whole.
    if let Some(Rule::Whole(_)) = around.rule {
        return around.rule;
    }
    // `{"stringValue": …}` of an attribute: the rule was handed down for it.
    if around.rule.is_some() && key == "stringValue" {
        return around.rule;
    }
    // In a JSON Schema these names are those of parameters; their values are types.
    if around.name == Some("properties") {
        return None;
    }
    let has = |name: &str| members().any(|(key, _)| key == name);
    match key {
        // `{"key": "password", "value": …}`, as attributes and environments are written.
        "value" => {
            let named = members()
                .find(|(key, _)| matches!(*key, "key" | "name"))
                .and_then(|(_, text)| text);
            named.and_then(|name| field::rule(name, None))
        }
        "name" => field::rule(key, around.name)
            .filter(|_| !has("arguments") && !has("role"))
            .or_else(|| field::name_among(members().map(|(key, _)| key))),
        // The tokens of a model's log probabilities are words.
        "token" if has("logprob") => None,
        _ => field::rule(key, around.name),
    }
}

/// The rule that a container hands on to its members.
fn passed(rule: Option<Rule>, attribute: bool) -> Option<Rule> {
    if attribute { rule } else { rule.and_then(Rule::inherited) }
}

/// One pass over a text; `None` when nothing was found.
fn pass(text: &str, depth: Depth, report: &mut Report) -> Option<String> {
    if depth.texts > 0
        && let Some(node) = json::parse(text, depth.containers)
    {
        let mut edits = Vec::new();
        walk(text, &node, Around { name: None, rule: None }, depth.in_text(), &mut edits, report);
        return apply(text, &edits);
    }
    plain(text, report)
}

/// One pass over a text that is not JSON.
fn plain(text: &str, report: &mut Report) -> Option<String> {
    let view = View::of(text);
    let edits: Vec<Edit> = findings(view.text())
        .into_iter()
        .map(|finding| {
            report.add(finding.kind);
            (view.source(&finding.range), Cow::Borrowed(finding.kind.marker()))
        })
        .collect();
    apply(text, &edits)
}

type Edit = (Range<usize>, Cow<'static, str>);

fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    if edits.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (range, replacement) in edits {
        out.push_str(text.get(copied..range.start).unwrap_or_default());
        out.push_str(replacement);
        copied = range.end;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Some(out)
}

/// A JSON string. Deep inside other strings its quotes are written `\u0022`: `\"` doubles its
/// backslashes with every string around it, and a small text could grow without bound.
fn quoted(text: &str, depth: Depth) -> Cow<'static, str> {
    if depth.texts >= SHALLOW_TEXTS {
        return Cow::Owned(serde_json::Value::from(text).to_string());
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if c < ' ' || matches!(c, '"' | '\\') {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out.push('"');
    Cow::Owned(out)
}

fn walk(
    text: &str,
    node: &Node<'_>,
    around: Around<'_>,
    depth: Depth,
    edits: &mut Vec<Edit>,
    report: &mut Report,
) {
    match node {
        Node::Text(range, string) => {
            let replaced = match around.rule.and_then(|r| r.judge(string)) {
                Some(kind) => Some(marked(kind, report)),
                None => pass(string, depth, report),
            };
            edits.extend(replaced.map(|new| (range.clone(), quoted(&new, depth))));
        }
        Node::Scalar(range) => {
            let kind = text.get(range.clone()).and_then(|n| number(n, around.rule));
            edits.extend(kind.map(|kind| (range.clone(), quoted(&marked(kind, report), depth))));
        }
        Node::Array(items) => {
            for item in items {
                walk(text, item, around, depth.in_container(), edits, report);
            }
        }
        Node::Object(members) => {
            let texts = || {
                members.iter().take(NEIGHBOURS).map(|m| match &m.value {
                    Node::Text(_, text) => (m.key.as_ref(), Some(text.as_ref())),
                    _ => (m.key.as_ref(), None),
                })
            };
            for member in members {
                if let Some(key) = plain(&member.key, report) {
                    edits.push((member.key_range.clone(), quoted(&key, depth)));
                }
                let rule = member_rule(&member.key, around, texts);
                let rule = match &member.value {
                    Node::Object(inner) => {
                        passed(rule, matches!(inner.as_slice(), [m] if m.key == "stringValue"))
                    }
                    Node::Array(_) => passed(rule, false),
                    Node::Text(..) | Node::Scalar(_) => rule,
                };
                let around = Around { name: Some(&member.key), rule };
                walk(text, &member.value, around, depth.in_container(), edits, report);
            }
        }
    }
}
