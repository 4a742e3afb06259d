//! What a step was given and what came out: as recorded, or that it is not.

use std::borrow::Cow;

use store_traits::Value;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use crate::canonical::full::{self, Json, Number};
use crate::canonical::{self, write_string};

/// How often a text within a text is read as JSON; what is wrapped more often is a text.
const MAX_WRAPS: u32 = 3;

/// A content of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Content {
    /// The step has none.
    #[default]
    None,
    /// It had one that cannot be read; what it was is never guessed.
    NotRecorded(Missing),
    /// The text, or the canonical JSON of a value that is no text: as blobs hold them.
    Recorded(String),
}

/// Why a content is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The source did not send it.
    NotCaptured,
    /// Its commitment stands in the ledger; the value was erased or withheld.
    Erased,
    /// What lies beside the ledger is not what the entry commits to.
    Altered,
}

impl Missing {
    /// The words for it.
    ///
    /// ```
    /// use replay_determinism::Missing;
    /// assert_eq!(Missing::Erased.as_str(), "erased or withheld");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotCaptured => "not captured",
            Self::Erased => "erased or withheld",
            Self::Altered => "altered",
        }
    }
}

impl Content {
    /// The content that a value of a fact is: a text as it is, anything else as canonical JSON.
    ///
    /// ```
    /// use replay_determinism::Content;
    /// use store_traits::Value;
    /// assert_eq!(Content::of_value(&Value::from("hi")), Content::Recorded("hi".into()));
    /// assert_eq!(Content::of_value(&Value::integer(7)), Content::Recorded("7".into()));
    /// ```
    #[must_use]
    pub fn of_value(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Recorded(text.to_string()),
            other => Self::Recorded(String::from_utf8(canonical::write(other)).unwrap_or_default()),
        }
    }

    /// The text, if it is recorded.
    ///
    /// ```
    /// use replay_determinism::{Content, Missing};
    /// assert_eq!(Content::Recorded("hi".into()).text(), Some("hi"));
    /// assert_eq!(Content::NotRecorded(Missing::Erased).text(), None);
    /// ```
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Recorded(text) => Some(text),
            Self::None | Self::NotRecorded(_) => None,
        }
    }

    /// Its canonical form: two contents mean the same where these bytes are the same.
    ///
    /// A text that is a JSON object or array counts as that value, whatever its formatting (RFC
    /// 8785), and so does such a text within it; the double `{"f64":"0.5"}` of a fact is the number.
    /// Any other text counts after Unicode normalisation (NFC) and with every stretch of white space
    /// as one space, none at the ends. Names of members count as they are.
    ///
    /// ```
    /// use replay_determinism::Content;
    /// let of = |text: &str| Content::Recorded(text.into()).canonical();
    /// assert_eq!(of("{\"rate\": 157.010, \"to\": \"JPY\"}"), of("{\"to\":\"JPY\",\"rate\":157.01}"));
    /// assert_eq!(of("Caf\u{e9}  au\nlait "), of("Cafe\u{301} au lait"));
    /// assert_ne!(of("157.01"), of("157.010"), "a lone number is a text: it may be a version");
    /// ```
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::None => {}
            // No JSON text begins with a space, so that no content is taken for a missing one.
            Self::NotRecorded(_) => out.push(b' '),
            Self::Recorded(text) => write_text(&mut out, text, 0),
        }
        out
    }
}

fn write_text(out: &mut Vec<u8>, text: &str, wraps: u32) {
    match json_of(text, wraps) {
        Some(json) => write_json(out, &json, wraps + 1),
        None => write_string(out, &plain_text(text)),
    }
}

fn write_json(out: &mut Vec<u8>, json: &Json<'_>, wraps: u32) {
    if let Some(number) = number_of(json) {
        return out.extend_from_slice(&full::write(&Json::Number(number)));
    }
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => out.extend_from_slice(&full::write(json)),
        Json::String(text) => write_text(out, text, wraps),
        Json::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_json(out, item, wraps);
            }
            out.push(b']');
        }
        Json::Object(members) => {
            out.push(b'{');
            for (at, (name, value)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_string(out, name);
                out.push(b':');
                write_json(out, value, wraps);
            }
            out.push(b'}');
        }
    }
}

/// The object or array that a text is.
pub(crate) fn json_of(text: &str, wraps: u32) -> Option<Json<'_>> {
    let begins = text.trim_start_matches([' ', '\t', '\n', '\r']).starts_with(['{', '[']);
    (begins && wraps <= MAX_WRAPS).then(|| full::parse(text.as_bytes()).ok())?
}

/// The number that a value is, in JSON's form or as facts tag it.
pub(crate) fn number_of(json: &Json<'_>) -> Option<Number> {
    let members = match json {
        Json::Number(number) => return Some(*number),
        Json::Object(members) => members,
        Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) => return None,
    };
    let mut members = members.iter();
    let (Some(("f64", Json::String(text))), None) = (members.next(), members.next()) else {
        return None;
    };
    let number: f64 = text.parse().ok()?;
    // Only what the vocabulary writes is a tag; any other text is the source's own.
    let written = Value::f64(number) == Value::tagged("f64", text.clone().into_owned());
    written.then(|| Number::new(number))?
}

/// A text after normalisation.
pub(crate) fn plain_text(text: &str) -> Cow<'_, str> {
    let text: Cow<'_, str> =
        if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) };
    let mut words = text.split_whitespace();
    let tidy = text.trim().len() == text.len()
        && !text.contains("  ")
        && !text.contains(|c: char| c.is_whitespace() && c != ' ');
    if tidy {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    out.push_str(words.next().unwrap_or_default());
    for word in words {
        out.push(' ');
        out.push_str(word);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(a: &str, b: &str) {
        let of = |text: &str| Content::Recorded(text.to_owned()).canonical();
        assert_eq!(of(a), of(b), "{a} | {b}");
    }

    #[track_caller]
    fn other(a: &str, b: &str) {
        let of = |text: &str| Content::Recorded(text.to_owned()).canonical();
        assert_ne!(of(a), of(b), "{a} | {b}");
    }

    #[test]
    fn formatting_is_no_content() {
        same(r#"{"a":1,"b":[1.0,2e1]}"#, "\n{ \"b\" : [1, 20], \"a\" : 1.00 }");
        same(r#"{"args":"{\"x\": 1, \"y\": 2}"}"#, r#"{"args":"{\"y\":2,\"x\":1}"}"#);
        same(r#"{"args":"{\"x\": 1}"}"#, r#"{"args":{"x":1}}"#);
        same(r#"{"t":0.5}"#, r#"{"t":{"f64":"0.5"}}"#);
        same(r#"{"t":"a  b\n"}"#, r#"{"t":"a b"}"#);
        same("  a\u{a0}b\tc ", "a b c");
        same("\u{212b}", "\u{c5}");
    }

    #[test]
    fn what_differs_in_meaning_differs() {
        other(r#"{"a":1}"#, r#"{"a":"1"}"#);
        other(r#"{"a":1}"#, r#"{"a":1,"b":null}"#);
        other(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#);
        other("ab", "a b");
        other("A", "a");
        other(r#"{"t":{"f64":"0.50"}}"#, r#"{"t":0.5}"#);
        // Not JSON with one reading, so a text: the digits count.
        other("[9007199254740993]", "[9007199254740992]");
        other(r#"{"a":1,"a":2}"#, r#"{"a":2}"#);
    }

    #[test]
    fn what_is_missing_is_like_nothing_that_is_there() {
        let missing = Content::NotRecorded(Missing::Erased).canonical();
        assert_ne!(missing, Content::None.canonical());
        assert_ne!(missing, Content::Recorded(" ".into()).canonical());
        assert_ne!(Content::None.canonical(), Content::Recorded(String::new()).canonical());
    }

    #[test]
    fn texts_in_texts_are_read_to_a_bounded_depth() {
        let mut text = "{\"a\": 1}".to_owned();
        for _ in 0..12 {
            text = serde_json::to_string(&[text]).unwrap();
        }
        same(&text, &text.clone());
        assert!(!Content::Recorded(text).canonical().is_empty());
    }
}
