//! Texts: JSON ones by their members, others by one walk; what is found is cut out.

use std::borrow::Cow;
use std::ops::Range;

use crate::field::Rule;
use crate::json::{self, Node};
use crate::member::{Around, NEIGHBOURS, member_rule, passed};
use crate::number::is_card;
use crate::path::Path;
use crate::redactor::{Depth, SHALLOW_TEXTS};
use crate::scan::findings;
use crate::view::View;
use crate::{Kind, Redactor, Report};

/// Rounds after which a text is taken as it is. Cutting one finding out can lay open another at
/// its edge; the second round nearly always finds nothing.
const ROUNDS: usize = 4;

impl Redactor {
    /// A text at a place, in as many rounds as it needs; `None` when nothing was found.
    pub(crate) fn rounds(
        &self,
        text: &str,
        depth: Depth,
        path: Path<'_>,
        report: &mut Report,
    ) -> Option<String> {
        let mut redacted = self.pass(text, depth, path, report)?;
        for _ in 1..ROUNDS {
            match self.pass(&redacted, depth, path, report) {
                Some(again) => redacted = again,
                None => break,
            }
        }
        Some(redacted)
    }

    /// One pass over a text; `None` when nothing was found.
    fn pass(
        &self,
        text: &str,
        depth: Depth,
        path: Path<'_>,
        report: &mut Report,
    ) -> Option<String> {
        if depth.texts > 0
            && let Some(node) = json::parse(text, depth.containers)
        {
            let mut edits = Vec::new();
            let around = Around::NOTHING;
            self.walk_text(text, &node, around, depth.in_text(), path, &mut edits, report);
            return apply(text, &edits);
        }
        self.plain(text, path, report)
    }

    /// One pass over a text that is not JSON.
    pub(crate) fn plain(&self, text: &str, path: Path<'_>, report: &mut Report) -> Option<String> {
        let view = View::of(text);
        let edits: Vec<Edit> = findings(view.text(), self.custom())
            .into_iter()
            .map(|finding| {
                let marker = self.marked(finding.kind, path, report);
                (view.source(&finding.range), marker)
            })
            .collect();
        apply(text, &edits)
    }

    /// Counts a replacement and gives the text for it.
    pub(crate) fn marked(
        &self,
        kind: Kind,
        path: Path<'_>,
        report: &mut Report,
    ) -> Cow<'static, str> {
        report.add(kind, || path.pointer(&|name| self.shown(name)));
        kind.marker()
    }

    /// A member name as it comes out.
    fn shown(&self, name: &str) -> String {
        // A name as long as a text is cut anyway, and must not be read again for each finding.
        let cut = name.char_indices().nth(1_000).map_or(name.len(), |(at, _)| at);
        let name = name.get(..cut).unwrap_or_default();
        let root = Path::Member(&Path::Root, "");
        self.plain(name, root, &mut Report::default()).unwrap_or_else(|| name.to_owned())
    }

    #[allow(clippy::too_many_arguments, reason = "what a walk carries, each of its own kind")]
    fn walk_text(
        &self,
        text: &str,
        node: &Node<'_>,
        around: Around<'_>,
        depth: Depth,
        path: Path<'_>,
        edits: &mut Vec<Edit>,
        report: &mut Report,
    ) {
        match node {
            Node::Text(range, string) => {
                let replaced = match around.rule.and_then(|r| r.judge(string)) {
                    Some(kind) => Some(self.marked(kind, path, report)),
                    None => self.pass(string, depth, path, report).map(Cow::Owned),
                };
                edits.extend(replaced.map(|new| (range.clone(), quoted(&new, depth))));
            }
            Node::Scalar(range) => {
                let kind = text.get(range.clone()).and_then(|n| number(n, around.rule));
                let marker = kind.map(|kind| self.marked(kind, path, report));
                edits.extend(marker.map(|marker| (range.clone(), quoted(&marker, depth))));
            }
            Node::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = Path::Item(&path, index);
                    self.walk_text(text, item, around, depth.in_container(), path, edits, report);
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
                    let path = Path::Member(&path, &member.key);
                    if let Some(key) = self.plain(&member.key, path, report) {
                        edits.push((member.key_range.clone(), quoted(&key, depth)));
                    }
                    let rule = member_rule(&member.key, around, texts, self.custom());
                    let rule = match &member.value {
                        Node::Object(inner) => {
                            passed(rule, matches!(inner.as_slice(), [m] if m.key == "stringValue"))
                        }
                        Node::Array(_) => passed(rule, false),
                        Node::Text(..) | Node::Scalar(_) => rule,
                    };
                    let around = Around { name: Some(&member.key), rule };
                    let depth = depth.in_container();
                    self.walk_text(text, &member.value, around, depth, path, edits, report);
                }
            }
        }
    }
}

/// What a number is, written as JSON writes it.
pub(crate) fn number(text: &str, rule: Option<Rule>) -> Option<Kind> {
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
