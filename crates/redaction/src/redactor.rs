//! The one who takes secrets and personal data out of texts and values.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use store_traits::{Object, Text, Value};

use crate::custom::Custom;
use crate::field::Rule;
use crate::member::{Around, NEIGHBOURS, member_rule, passed};
use crate::path::Path;
use crate::text::number;
use crate::{Report, RuleError, Rules};

/// Finds and replaces secrets and personal data.
///
/// ```
/// use redaction::{Redactor, Report};
/// let mut report = Report::default();
/// let text = Redactor::standard().text("ask dana@example.com about 10-4471", &mut report);
/// assert_eq!(text, "ask [redacted:email] about 10-4471");
/// assert_eq!(report.iter().collect::<Vec<_>>(), [("email", 1)]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redactor {
    depth: Depth,
    custom: Option<Arc<Custom>>,
}

/// What is left of the two depths; where one is used up, the rest is scanned as plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Depth {
    /// JSON texts within JSON texts.
    pub(crate) texts: usize,
    /// Containers within containers, across all texts.
    pub(crate) containers: usize,
}

impl Depth {
    pub(crate) fn in_text(self) -> Self {
        Self { texts: self.texts.saturating_sub(1), ..self }
    }

    pub(crate) fn in_container(self) -> Self {
        Self { containers: self.containers.saturating_sub(1), ..self }
    }
}

const TEXTS: usize = 32;
const CONTAINERS: usize = 128;

/// What is left of [`TEXTS`] where strings are still written in the usual way.
pub(crate) const SHALLOW_TEXTS: usize = TEXTS - 4;

impl Default for Redactor {
    fn default() -> Self {
        Self::standard()
    }
}

impl Redactor {
    /// The rules of this crate's documentation.
    ///
    /// ```
    /// use redaction::{Redactor, Report};
    /// let text = Redactor::standard().text("password=hunter2", &mut Report::default()).into_owned();
    /// assert_eq!(text, "password=[redacted:secret]");
    /// ```
    #[must_use]
    pub fn standard() -> Self {
        Self { depth: Depth { texts: TEXTS, containers: CONTAINERS }, custom: None }
    }

    /// The standard rules and a caller's own.
    ///
    /// ```
    /// use redaction::{FieldRule, Redactor, Report, Rules};
    /// let badge = FieldRule { name: "badge".into(), kind: "badge".into() };
    /// let rules = Rules { fields: vec![badge], patterns: Vec::new() };
    /// let text = r#"{"badge":4711,"email":"dana@example.com"}"#;
    /// let out = Redactor::with_rules(&rules)?.text(text, &mut Report::default()).into_owned();
    /// assert_eq!(out, r#"{"badge":"[redacted:badge]","email":"[redacted:email]"}"#);
    /// # Ok::<(), redaction::RuleError>(())
    /// ```
    ///
    /// # Errors
    /// There are too many rules, or one cannot be used; which and why is in the error.
    pub fn with_rules(rules: &Rules) -> Result<Self, RuleError> {
        let custom = Some(Arc::new(Custom::compile(rules)?));
        Ok(Self { custom, ..Self::standard() })
    }

    pub(crate) fn custom(&self) -> Option<&Custom> {
        self.custom.as_deref()
    }

    /// Redacts a text; borrowed when nothing was found.
    ///
    /// A text that is JSON is read first, strings within strings included, so that no escape can
    /// hide anything, and member names count. Only strings in which something was replaced are
    /// written anew; the rest of the text keeps its bytes. Any other text is read with its
    /// `\uXXXX` escapes, percent escapes and full-width characters undone.
    ///
    /// ```
    /// use redaction::{Redactor, Report};
    /// let text = r#"{ "note": "{\"password\":\"x\"}", "n": 1.50 }"#;
    /// let out = Redactor::standard().text(text, &mut Report::default()).into_owned();
    /// assert_eq!(out, r#"{ "note": "{\"password\":\"[redacted:secret]\"}", "n": 1.50 }"#);
    /// ```
    pub fn text<'t>(&self, text: &'t str, report: &mut Report) -> Cow<'t, str> {
        match self.rounds(text, self.depth, Path::Root, report) {
            Some(redacted) => Cow::Owned(redacted),
            None => Cow::Borrowed(text),
        }
    }

    /// Redacts all strings of a value in place, member names considered.
    ///
    /// A card number that is an integer becomes a string. A member name that holds personal data is
    /// replaced too; where two become the same, the later one gets a number.
    ///
    /// ```
    /// use redaction::{Redactor, Report};
    /// use store_traits::{Object, Value};
    /// let members = Object::from([("pan", Value::integer(4_111_111_111_111_111))]);
    /// let (mut value, mut report) = (Value::Object(members), Report::default());
    /// Redactor::standard().value(&mut value, &mut report);
    /// assert_eq!(value.member("pan").and_then(Value::as_str), Some("[redacted:card]"));
    /// assert_eq!(report.places().next().map(|at| at.pointer), Some("/pan"));
    /// ```
    pub fn value(&self, value: &mut Value, report: &mut Report) {
        self.walk(value, Around::NOTHING, self.depth, Path::Root, report);
    }

    fn walk(
        &self,
        value: &mut Value,
        around: Around<'_>,
        depth: Depth,
        path: Path<'_>,
        report: &mut Report,
    ) {
        if depth.containers == 0 {
            self.flat(value, path, report);
            return;
        }
        match value {
            Value::String(_) | Value::Int(_) => self.leaf(value, around.rule, path, report),
            Value::Null | Value::Bool(_) => {}
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    let path = Path::Item(&path, index);
                    self.walk(item, around, depth.in_container(), path, report);
                }
            }
            Value::Object(members) => {
                if let Some(kind) = tagged_number(members).and_then(|n| number(n, around.rule)) {
                    *value = Value::from(self.marked(kind, path, report).into_owned());
                    return;
                }
                let rules: Vec<Option<Rule>> = {
                    let texts =
                        || members.iter().take(NEIGHBOURS).map(|(k, v)| (k.as_str(), v.as_str()));
                    let rule = |key: &Text| member_rule(key, around, texts, self.custom());
                    members.keys().map(rule).collect()
                };
                for ((key, member), rule) in members.iter_mut().zip(rules) {
                    let rule = match member {
                        Value::Array(_) => passed(rule, false),
                        Value::Object(inner) => {
                            passed(rule, inner.len() == 1 && inner.contains_key("stringValue"))
                        }
                        _ => rule,
                    };
                    let around = Around { name: Some(key), rule };
                    let path = Path::Member(&path, key);
                    self.walk(member, around, depth.in_container(), path, report);
                }
                self.rename_keys(members, path, report);
            }
        }
    }

    /// What is too deep to be walked: every string alone, without recursion. The report places it
    /// where the walk ended.
    fn flat(&self, value: &mut Value, path: Path<'_>, report: &mut Report) {
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            match value {
                Value::String(_) | Value::Int(_) => self.leaf(value, None, path, report),
                Value::Null | Value::Bool(_) => {}
                Value::Array(items) => open.extend(items.iter_mut()),
                Value::Object(members) => {
                    self.rename_keys(members, path, report);
                    open.extend(members.iter_mut().map(|(_, member)| member));
                }
            }
        }
    }

    fn leaf(&self, value: &mut Value, rule: Option<Rule>, path: Path<'_>, report: &mut Report) {
        let replaced = match &*value {
            Value::String(text) => match rule.and_then(|r| r.judge(text)) {
                Some(kind) => Some(self.marked(kind, path, report).into_owned()),
                None => self.rounds(text, self.depth, path, report),
            },
            Value::Int(integer) => number(&integer.get().to_string(), rule)
                .map(|kind| self.marked(kind, path, report).into_owned()),
            _ => None,
        };
        if let Some(text) = replaced {
            *value = Value::from(text);
        }
    }

    /// Replaces personal data in member names.
    fn rename_keys(&self, members: &mut Object, path: Path<'_>, report: &mut Report) {
        let renamed: Vec<(Text, String)> = members
            .keys()
            .filter_map(|key| {
                Some((key.clone(), self.plain(key, Path::Member(&path, key), report)?))
            })
            .collect();
        // The next number of a name: counting each time from 2 would cost the square of the members.
        let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
        for (old, new) in renamed {
            let Some(value) = members.remove(&old) else { continue };
            let mut name = new.clone();
            let next = numbers.entry(new.clone()).or_insert(2);
            while members.contains_key(&name) {
                name = format!("{new}~{next}");
                *next += 1;
            }
            members.insert(name, value);
        }
    }
}

/// The digits of `{"i64":"…"}`, `{"u64":"…"}`, `{"f64":"…"}`.
fn tagged_number(members: &Object) -> Option<&str> {
    let (tag, value) = members.iter().next()?;
    (members.len() == 1 && matches!(tag.as_str(), "i64" | "u64" | "f64")).then(|| value.as_str())?
}
