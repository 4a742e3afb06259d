//! From a JSON text (RFC 8259) to a value, refusing what has two readings.

use std::borrow::Cow;

use thiserror::Error;

use super::members::Members;
use super::{Json, Number};
use crate::canonical::MAX_DEPTH;
use crate::canonical::plain;

/// The longest text, in bytes.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A text that is no JSON value with one reading.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum JsonError {
    /// It breaks the grammar.
    #[error("not a JSON text: {why} at byte {offset}")]
    Syntax {
        /// What is wrong.
        why: &'static str,
        /// Where, from 0.
        offset: usize,
    },
    /// One object has a member twice.
    #[error("the member `{name}` stands twice in the object that begins at byte {offset}")]
    DuplicateMember {
        /// The member's name, cut to 80 characters.
        name: String,
        /// Where the object begins, from 0.
        offset: usize,
    },
    /// A number that no double stands for.
    #[error("the number at byte {offset} {why} (write it as a string)")]
    Number {
        /// What is wrong with it.
        why: &'static str,
        /// Where it begins, from 0.
        offset: usize,
    },
    /// Arrays and objects lie too deep in each other.
    #[error("arrays and objects lie more than {MAX_DEPTH} deep in each other at byte {offset}")]
    TooDeep {
        /// Where, from 0.
        offset: usize,
    },
    /// The text is too long.
    #[error("the text has {length} bytes, at most {MAX_BYTES} are read")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
}

/// Parses a JSON text. Strings are borrowed from it where they hold no escape.
///
/// # Errors
/// The text is refused; the error says where and by which rule.
///
/// ```
/// use replay_determinism::canonical::full::{self, Json, JsonError};
/// assert_eq!(full::parse(b" [null] ")?, Json::Array(vec![Json::Null]));
/// assert!(matches!(full::parse(b"1e400"), Err(JsonError::Number { offset: 0, .. })));
/// assert!(matches!(full::parse(br#""\ud800""#), Err(JsonError::Syntax { offset: 1, .. })));
/// # Ok::<(), JsonError>(())
/// ```
pub fn parse(text: &[u8]) -> Result<Json<'_>, JsonError> {
    if text.len() > MAX_BYTES {
        return Err(JsonError::TooLong { length: text.len() });
    }
    let text = std::str::from_utf8(text).map_err(|error| JsonError::Syntax {
        why: "bytes that are not UTF-8",
        offset: error.valid_up_to(),
    })?;
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.syntax("something stands behind the value")),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn syntax(&self, why: &'static str) -> JsonError {
        JsonError::Syntax { why, offset: self.at }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Result<Json<'t>, JsonError> {
        self.space();
        match self.peek() {
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b't') => self.word(b"true", Json::Bool(true)),
            Some(b'f') => self.word(b"false", Json::Bool(false)),
            Some(b'n') => self.word(b"null", Json::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => Err(self.syntax("no value begins with this character")),
            None => Err(self.syntax("the text ends where a value is wanted")),
        }
    }

    fn word(&mut self, word: &[u8], value: Json<'t>) -> Result<Json<'t>, JsonError> {
        if !self.rest().starts_with(word) {
            return Err(self.syntax("no value is written so"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn enter(&mut self, depth: usize) -> Result<usize, JsonError> {
        let begin = self.at;
        if depth > MAX_DEPTH {
            return Err(JsonError::TooDeep { offset: begin });
        }
        self.at += 1;
        self.space();
        Ok(begin)
    }

    fn array(&mut self, depth: usize) -> Result<Json<'t>, JsonError> {
        self.enter(depth)?;
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.space();
            if self.take(b']') {
                return Ok(Json::Array(items));
            }
            if !self.take(b',') {
                return Err(self.syntax("`,` or `]` is wanted"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'t>, JsonError> {
        let offset = self.enter(depth)?;
        let mut members = Vec::new();
        if self.take(b'}') {
            return Ok(Json::Object(Members::default()));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.syntax("a member's name is wanted"));
            }
            let name = self.string()?;
            self.space();
            if !self.take(b':') {
                return Err(self.syntax("`:` is wanted"));
            }
            members.push((name, self.value(depth)?));
            self.space();
            if self.take(b'}') {
                let members = Members::new(members).map_err(|name| {
                    let name = name.chars().take(80).collect();
                    JsonError::DuplicateMember { name, offset }
                })?;
                return Ok(Json::Object(members));
            }
            if !self.take(b',') {
                return Err(self.syntax("`,` or `}` is wanted"));
            }
            self.space();
        }
    }

    fn string(&mut self) -> Result<Cow<'t, str>, JsonError> {
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let from = self.at;
            self.at += plain(self.rest());
            let run = self.text.get(from..self.at).unwrap_or_default();
            if text.is_empty() {
                text = Cow::Borrowed(run);
            } else {
                text.to_mut().push_str(run);
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.to_mut().push(self.escape()?),
                Some(_) => return Err(self.syntax("a control character in a string")),
                None => return Err(self.syntax("the text ends within a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let begin = self.at;
        let wrong = |why| JsonError::Syntax { why, offset: begin };
        let escaped = self.rest().get(1).copied();
        self.at += 2;
        Ok(match escaped {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b't') => '\t',
            Some(b'n') => '\n',
            Some(b'f') => '\u{c}',
            Some(b'r') => '\r',
            Some(b'u') => {
                let unit = self.unit().ok_or_else(|| wrong("an escape that is not `\\uXXXX`"))?;
                let second = match unit {
                    0xD800..=0xDBFF if self.rest().starts_with(b"\\u") => {
                        self.at += 2;
                        self.unit()
                    }
                    _ => None,
                };
                let units = [Some(unit), second].into_iter().flatten();
                let mut read = char::decode_utf16(units);
                match (read.next(), read.next()) {
                    (Some(Ok(character)), None) => character,
                    _ => return Err(wrong("a lone surrogate")),
                }
            }
            _ => return Err(wrong("an escape that JSON does not have")),
        })
    }

    fn unit(&mut self) -> Option<u16> {
        let digits = self.rest().get(..4)?;
        let unit = digits.iter().try_fold(0_u32, |unit, digit| {
            char::from(*digit).to_digit(16).map(|digit| unit << 4 | digit)
        })?;
        self.at += 4;
        u16::try_from(unit).ok()
    }

    fn number(&mut self) -> Result<Json<'t>, JsonError> {
        let offset = self.at;
        self.take(b'-');
        let whole = self.digits();
        if whole == 0 {
            return Err(self.syntax("a digit is wanted"));
        }
        let digits = self.text.get(self.at - whole..self.at).unwrap_or_default();
        if whole > 1 && digits.starts_with('0') {
            return Err(JsonError::Syntax { why: "a number begins with `0`", offset });
        }
        let mut integer = true;
        if self.take(b'.') {
            integer = false;
            if self.digits() == 0 {
                return Err(self.syntax("a digit is wanted behind the point"));
            }
        }
        if self.take(b'e') || self.take(b'E') {
            integer = false;
            let _signed = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return Err(self.syntax("a digit is wanted in the exponent"));
            }
        }
        let text = self.text.get(offset..self.at).unwrap_or_default();
        let wrong = |why| JsonError::Number { why, offset };
        let number: f64 = text.parse().map_err(|_| wrong("cannot be read"))?;
        let number = Number::new(number).ok_or_else(|| wrong("is beyond the doubles"))?;
        // Up to 15 digits fit any double.
        if integer && whole > 15 && !exact(digits, number) {
            return Err(wrong("is an integer that no double holds exactly"));
        }
        Ok(Json::Number(number))
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }
}

/// Is the double exactly what the digits say, or are they its canonical form (RFC 8785 §3.2.2.3 writes
/// doubles below 10^21 without an exponent, and zeros behind the digits that count)?
fn exact(digits: &str, number: Number) -> bool {
    let magnitude = number.get().abs();
    ryu_js::Buffer::new().format_finite(magnitude) == digits || format!("{magnitude:.0}") == digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str) -> JsonError {
        parse(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn a_member_twice_is_refused_and_named() {
        let twice = r#" [{"x":{"a":1,"\u0061":2}}]"#;
        assert_eq!(refused(twice), JsonError::DuplicateMember { name: "a".to_owned(), offset: 7 });
    }

    #[test]
    fn integers_are_exact_or_refused() {
        for text in ["9007199254740993", "-9007199254740993", "18446744073709551615"] {
            assert!(matches!(refused(text), JsonError::Number { offset: 0, .. }), "{text}");
        }
        for text in ["9007199254740994", "18446744073709551616", "18446744073709552000"] {
            assert!(parse(text.as_bytes()).is_ok(), "{text}");
        }
        for text in ["1e400", "-1e400", &"9".repeat(400)] {
            assert!(matches!(refused(text), JsonError::Number { .. }), "{text}");
        }
    }

    #[test]
    fn what_the_grammar_does_not_have_is_refused_where_it_stands() {
        for (text, at) in [
            ("", 0),
            (" ", 1),
            ("nul", 0),
            ("NaN", 0),
            ("Infinity", 0),
            ("-Infinity", 1),
            ("01", 0),
            ("1.", 2),
            (".5", 0),
            ("+1", 0),
            ("1e", 2),
            ("[1,]", 3),
            ("[1 2]", 3),
            ("{\"a\"}", 4),
            ("{a:1}", 1),
            ("{\"a\":1,}", 7),
            ("'a'", 0),
            ("\"\n\"", 1),
            ("\"abc", 4),
            ("\"\\x\"", 1),
            ("\"\\u12\"", 1),
            ("\"\\u+123\"", 1),
            ("\"\\ud800\"", 1),
            ("\"\\udc00\"", 1),
            ("\"\\ud800\\u0041\"", 1),
            ("\"\\", 1),
            ("1 2", 2),
            ("\u{feff}1", 0),
            ("/**/1", 0),
        ] {
            let error = refused(text);
            let JsonError::Syntax { offset, .. } = error else { panic!("{text}: {error}") };
            assert_eq!(offset, at, "{text}: {error}");
        }
        assert!(matches!(parse(b"\"\xff\""), Err(JsonError::Syntax { offset: 1, .. })));
    }

    #[test]
    fn depth_and_length_end_at_their_limits() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(refused(&nested(MAX_DEPTH + 1)), JsonError::TooDeep { offset: MAX_DEPTH });
        assert!(matches!(refused(&"{\"a\":".repeat(1_000_000)), JsonError::TooDeep { .. }));
        let long = vec![b' '; MAX_BYTES + 1];
        assert_eq!(parse(&long), Err(JsonError::TooLong { length: MAX_BYTES + 1 }));
    }

    #[test]
    fn strings_are_borrowed_unless_they_hold_an_escape() {
        let Ok(Json::Array(items)) = parse(br#"["plain \u00e9", "plain", "\n"]"#) else {
            panic!("an array is wanted");
        };
        let borrowed: Vec<bool> =
            items.iter().map(|item| matches!(item, Json::String(Cow::Borrowed(_)))).collect();
        assert_eq!(borrowed, [false, true, false]);
        assert_eq!(items.first(), Some(&Json::String("plain é".into())));
    }
}
