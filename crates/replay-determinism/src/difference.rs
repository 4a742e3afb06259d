//! Where two steps differ, to the JSON pointer.

use std::cmp::Ordering;

use crate::canonical::full::{self, Json, Members, order};
use crate::content::{Content, json_of, number_of, plain_text};
use crate::parity::Differs;
use crate::step::StepRecord;

/// Differences of one step that are told; where there are more, the first ones stand for them.
const MAX_PER_STEP: usize = 32;
/// The longest value that is shown, in bytes; of a longer one its beginning is.
const MAX_SHOWN: usize = 4_096;

/// Which sameness a difference breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// The replay has a step that the original does not have.
    Inserted,
    /// The original has a step that the replay does not have.
    Removed,
    /// A determinism field differs.
    Field,
    /// What was given or came out differs in meaning.
    Content,
    /// What was given or came out is not recorded on a side: whether it differs cannot be told.
    NotRecorded,
    /// Only the bytes differ: formatting, Unicode form, white space.
    Bytes,
    /// A policy decision differs.
    Decision,
}

impl DifferenceKind {
    /// The word for it.
    ///
    /// ```
    /// assert_eq!(replay_determinism::DifferenceKind::NotRecorded.as_str(), "not recorded");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inserted => "inserted",
            Self::Removed => "removed",
            Self::Field => "field",
            Self::Content => "content",
            Self::NotRecorded => "not recorded",
            Self::Bytes => "bytes",
            Self::Decision => "decision",
        }
    }
}

/// One difference between an original and its replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which sameness it breaks.
    pub kind: DifferenceKind,
    /// The step's number: in the original, or in the replay for an inserted one; none for a policy
    /// decision.
    pub step: Option<u64>,
    /// What the step does, or the guardrail.
    pub name: String,
    /// JSON pointer (RFC 6901) from the step to what differs: `/result/rate`. Within a text that is
    /// JSON, it goes on into that.
    pub pointer: String,
    /// What the original has there: canonical JSON, cut to 4,096 bytes. None: nothing.
    pub original: Option<String>,
    /// What the replay has there.
    pub replay: Option<String>,
}

/// Whether differences are told or only which kinds there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    Told,
    Kinds,
}

/// Gathers the differences of one step.
pub(crate) struct Differences<'o> {
    step: u64,
    name: &'o str,
    detail: Detail,
    pub(crate) found: Vec<Difference>,
    pub(crate) differs: Differs,
}

impl<'o> Differences<'o> {
    /// The differences of two steps that belong together; `shift` is by how many places the steps
    /// before them moved.
    pub(crate) fn of(
        original: &'o StepRecord,
        replay: &StepRecord,
        shift: i128,
        detail: Detail,
    ) -> Self {
        let mut all = Differences {
            step: original.index,
            name: &original.skill,
            detail,
            found: Vec::new(),
            differs: Differs::default(),
        };
        if i128::from(replay.index) - i128::from(original.index) != shift {
            all.number("/index", original.index, replay.index);
        }
        all.field("/skill", Some(&original.skill), Some(&replay.skill));
        all.field("/status", Some(original.status.as_str()), Some(replay.status.as_str()));
        let (ours, theirs) = (&original.outcome, &replay.outcome);
        all.field("/outcome/category", Some(&ours.category), Some(&theirs.category));
        all.field("/outcome/code", ours.code.as_deref(), theirs.code.as_deref());
        if original.retry_count != replay.retry_count {
            all.number("/retry_count", original.retry_count.into(), replay.retry_count.into());
        }
        all.contents("/params", &original.params, &replay.params);
        all.contents("/result", &original.result, &replay.result);
        all
    }

    fn field(&mut self, pointer: &str, original: Option<&str>, replay: Option<&str>) {
        if original != replay {
            self.add(DifferenceKind::Field, pointer, || (original.map(text), replay.map(text)));
        }
    }

    fn number(&mut self, pointer: &str, original: u64, replay: u64) {
        let shown = || (Some(original.to_string()), Some(replay.to_string()));
        self.add(DifferenceKind::Field, pointer, shown);
    }

    fn add(
        &mut self,
        kind: DifferenceKind,
        pointer: &str,
        values: impl FnOnce() -> (Option<String>, Option<String>),
    ) {
        self.differs.take(kind);
        if self.detail == Detail::Told && self.found.len() < MAX_PER_STEP {
            let (original, replay) = values();
            self.found.push(Difference {
                kind,
                step: Some(self.step),
                name: self.name.to_owned(),
                pointer: pointer.to_owned(),
                original: original.map(cut),
                replay: replay.map(cut),
            });
        }
    }

    /// Is there nothing more to be learnt by looking further into contents?
    fn enough(&self) -> bool {
        match self.detail {
            Detail::Told => self.found.len() >= MAX_PER_STEP,
            Detail::Kinds => self.differs.contents,
        }
    }

    fn contents(&mut self, pointer: &str, original: &Content, replay: &Content) {
        match (original, replay) {
            (Content::None, Content::None) => {}
            (Content::Recorded(a), Content::Recorded(b)) if a == b => {}
            // That contents differ is known already, and where is not asked.
            (Content::Recorded(_), Content::Recorded(_))
                if self.detail == Detail::Kinds && self.differs.contents => {}
            (Content::Recorded(a), Content::Recorded(b)) => {
                // Judged by itself: what the other content found must not hide what this one has.
                let before = std::mem::take(&mut self.differs.contents);
                let mut place = pointer.to_owned();
                self.texts(&mut place, a, b, 0);
                if !self.differs.contents {
                    self.add(DifferenceKind::Bytes, pointer, || (Some(text(a)), Some(text(b))));
                }
                self.differs.contents |= before;
            }
            (Content::NotRecorded(_), _) | (_, Content::NotRecorded(_)) => {
                let values = || (shown(original), shown(replay));
                self.add(DifferenceKind::NotRecorded, pointer, values);
            }
            (Content::None, Content::Recorded(_)) | (Content::Recorded(_), Content::None) => {
                self.add(DifferenceKind::Content, pointer, || (shown(original), shown(replay)));
            }
        }
    }

    fn texts(&mut self, pointer: &mut String, a: &str, b: &str, wraps: u32) {
        match (json_of(a, wraps), json_of(b, wraps)) {
            (Some(a), Some(b)) => self.values(pointer, &a, &b, wraps + 1),
            (Some(a), None) => self.content(pointer, Some(&a), Some(&Json::String(b.into()))),
            (None, Some(b)) => self.content(pointer, Some(&Json::String(a.into())), Some(&b)),
            (None, None) if plain_text(a) == plain_text(b) => {}
            (None, None) => {
                self.add(DifferenceKind::Content, pointer, || (Some(text(a)), Some(text(b))));
            }
        }
    }

    /// By the same rules as [`Content::canonical`].
    fn values(&mut self, pointer: &mut String, a: &Json<'_>, b: &Json<'_>, wraps: u32) {
        if self.enough() || a == b {
            return;
        }
        if let (Some(x), Some(y)) = (number_of(a), number_of(b)) {
            if x != y {
                self.content(pointer, Some(a), Some(b));
            }
            return;
        }
        match (a, b) {
            (Json::Array(a), Json::Array(b)) => {
                for at in 0..a.len().max(b.len()) {
                    self.below(pointer, &at.to_string(), a.get(at), b.get(at), wraps);
                }
            }
            (Json::Object(a), Json::Object(b)) => self.members(pointer, a, b, wraps),
            (Json::String(a), Json::String(b)) => self.texts(pointer, a, b, wraps),
            (Json::String(a_text), b) => match json_of(a_text, wraps) {
                Some(a) => self.values(pointer, &a, b, wraps + 1),
                None => self.content(pointer, Some(a), Some(b)),
            },
            (a, Json::String(b_text)) => match json_of(b_text, wraps) {
                Some(b) => self.values(pointer, a, &b, wraps + 1),
                None => self.content(pointer, Some(a), Some(b)),
            },
            (
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_),
            ) => self.content(pointer, Some(a), Some(b)),
        }
    }

    fn members(&mut self, pointer: &mut String, a: &Members<'_>, b: &Members<'_>, wraps: u32) {
        let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
        loop {
            let next = match (a.peek(), b.peek()) {
                (None, None) => return,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((x, _)), Some((y, _))) => order(x, y),
            };
            let ours = if next == Ordering::Greater { None } else { a.next() };
            let theirs = if next == Ordering::Less { None } else { b.next() };
            let name = ours.or(theirs).map(|(name, _)| name).unwrap_or_default();
            let name = name.replace('~', "~0").replace('/', "~1");
            let (a_value, b_value) = (ours.map(|(_, value)| value), theirs.map(|(_, value)| value));
            self.below(pointer, &name, a_value, b_value, wraps);
        }
    }

    fn below(
        &mut self,
        pointer: &mut String,
        name: &str,
        a: Option<&Json<'_>>,
        b: Option<&Json<'_>>,
        wraps: u32,
    ) {
        let above = pointer.len();
        pointer.push('/');
        pointer.push_str(name);
        match (a, b) {
            (Some(a), Some(b)) => self.values(pointer, a, b, wraps),
            (a, b) => self.content(pointer, a, b),
        }
        pointer.truncate(above);
    }

    fn content(&mut self, pointer: &str, a: Option<&Json<'_>>, b: Option<&Json<'_>>) {
        let written = |json: &Json<'_>| String::from_utf8(full::write(json)).unwrap_or_default();
        self.add(DifferenceKind::Content, pointer, || (a.map(written), b.map(written)));
    }
}

/// A text as JSON.
pub(crate) fn text(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    crate::canonical::write_string(&mut out, text);
    String::from_utf8(out).unwrap_or_default()
}

fn shown(content: &Content) -> Option<String> {
    match content {
        Content::None => None,
        Content::NotRecorded(why) => Some(format!("not recorded ({})", why.as_str())),
        Content::Recorded(recorded) => Some(match json_of(recorded, 0) {
            Some(json) => String::from_utf8(full::write(&json)).unwrap_or_default(),
            None => text(recorded),
        }),
    }
}

fn cut(text: String) -> String {
    if text.len() <= MAX_SHOWN {
        return text;
    }
    let end = (0..=MAX_SHOWN - 3).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::content::Missing;

    fn with_result(result: Content) -> StepRecord {
        StepRecord { result, ..StepRecord::new(2, "fx_rate") }
    }

    fn between(
        a: Content,
        b: Content,
    ) -> Vec<(DifferenceKind, String, Option<String>, Option<String>)> {
        Differences::of(&with_result(a), &with_result(b), 0, Detail::Told)
            .found
            .into_iter()
            .map(|d| (d.kind, d.pointer, d.original, d.replay))
            .collect()
    }

    #[track_caller]
    fn check(a: &str, b: &str, expect: &[(DifferenceKind, &str, Option<&str>, Option<&str>)]) {
        let found = between(Content::Recorded(a.into()), Content::Recorded(b.into()));
        let found: Vec<_> = found
            .iter()
            .map(|(kind, pointer, a, b)| (*kind, pointer.as_str(), a.as_deref(), b.as_deref()))
            .collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn the_pointer_leads_to_the_value() {
        use DifferenceKind::{Bytes, Content};
        check(
            r#"{"rate":156.42,"to":"JPY"}"#,
            r#"{"rate": 157.01, "to":"JPY"}"#,
            &[(Content, "/result/rate", Some("156.42"), Some("157.01"))],
        );
        check(
            r#"[{"a/b~c":[1,2]}]"#,
            r#"[{"a/b~c":[1]},null]"#,
            &[
                (Content, "/result/0/a~1b~0c/1", Some("2"), None),
                (Content, "/result/1", None, Some("null")),
            ],
        );
        check(
            r#"{"args":"{\"x\": 1}"}"#,
            r#"{"args":"{\"x\":2}"}"#,
            &[(Content, "/result/args/x", Some("1"), Some("2"))],
        );
        check("a", "b", &[(Content, "/result", Some("\"a\""), Some("\"b\""))]);
        check("{}", "{ }", &[(Bytes, "/result", Some("\"{}\""), Some("\"{ }\""))]);
        check("{}", "x", &[(Content, "/result", Some("{}"), Some("\"x\""))]);
    }

    #[test]
    fn what_is_not_recorded_is_not_compared() {
        let missing = || Content::NotRecorded(Missing::Erased);
        let told = Some("not recorded (erased or withheld)".to_owned());
        for (a, b, ours, theirs) in [
            (missing(), missing(), told.clone(), told.clone()),
            (Content::Recorded("1".into()), missing(), Some("\"1\"".to_owned()), told.clone()),
            (missing(), Content::None, told.clone(), None),
        ] {
            let expect = (DifferenceKind::NotRecorded, "/result".to_owned(), ours, theirs);
            assert_eq!(between(a, b), [expect]);
        }
    }

    #[test]
    fn long_values_and_long_lists_are_cut() {
        let list = |n: u32| format!("[{}]", vec![n.to_string(); 1_000].join(","));
        assert_eq!(between(Content::Recorded(list(1)), Content::Recorded(list(2))).len(), 32);
        let long = |c: &str| Content::Recorded(c.repeat(10_000));
        let found = between(long("é"), long("è"));
        assert!(found.iter().all(|(.., a, _)| a.as_ref().is_some_and(|a| a.len() <= MAX_SHOWN)));
    }

    proptest! {
        /// Pointers are found by walking, sameness by canonical bytes: they must agree.
        #[test]
        fn walking_and_canonical_bytes_agree(a in r#"(\{"a":)?[ \[\]{}:,"\\ab01.e]{0,10}\}?"#, b in r#"(\{"a":)?[ \[\]{}:,"\\ab01.e]{0,10}\}?"#) {
            let same = Content::Recorded(a.clone()).canonical() == Content::Recorded(b.clone()).canonical();
            let found = between(Content::Recorded(a), Content::Recorded(b));
            let content = found.iter().any(|(kind, ..)| *kind == DifferenceKind::Content);
            prop_assert_eq!(same, !content);
        }
    }
}
