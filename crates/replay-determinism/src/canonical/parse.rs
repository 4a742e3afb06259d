//! From bytes to a restricted value, refusing what has two readings.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use store_traits::{Object, SafeInt, Value};
use thiserror::Error;

/// How deep arrays and objects may lie in each other.
pub const MAX_DEPTH: usize = 127;

/// Bytes that are not a restricted JSON value.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CanonicalError {
    /// Not JSON, or nested more than [`MAX_DEPTH`] deep, or a lone surrogate, or bytes behind the end.
    #[error("not a JSON text at line {line}, column {column}: {why}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
        /// Which rule it breaks.
        why: String,
    },
    /// One object has a member twice: readers differ in which one they take.
    #[error("the member `{name}` stands twice in one object (line {line}, column {column})")]
    DuplicateMember {
        /// The member's name, cut to 80 characters.
        name: String,
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
    },
    /// A number that readers may round.
    #[error(
        "the number at line {line}, column {column} is not an integer within ±(2^53 − 1) (write a larger one as a decimal string, a double as {{\"f64\":\"0.7\"}})"
    )]
    Number {
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
    },
    /// A restricted value in another spelling than the canonical one.
    #[error("the text leaves its canonical form (RFC 8785) at byte {offset}")]
    NotCanonical {
        /// The first byte that differs, from 0.
        offset: usize,
    },
}

/// Parses a JSON text into a restricted value. Any white space and any member order will do; what
/// has two readings is refused: duplicate members, fractions and exponents, integers beyond
/// ±(2^53 − 1), `-0`, lone surrogates, more than [`MAX_DEPTH`] levels, bytes behind the value.
///
/// # Errors
/// The text is refused; the error says where and by which rule.
///
/// ```
/// use replay_determinism::canonical::{CanonicalError, parse};
/// assert_eq!(parse(b" [1, 2] ")?, vec![1_u32.into(), 2_u32.into()].into());
/// assert!(matches!(parse(b"0.5"), Err(CanonicalError::Number { line: 1, .. })));
/// # Ok::<(), CanonicalError>(())
/// ```
pub fn parse(bytes: &[u8]) -> Result<Value, CanonicalError> {
    super::fast::parse(bytes).map_or_else(|| parse_fully(bytes), Ok)
}

/// Judges any text.
pub(super) fn parse_fully(bytes: &[u8]) -> Result<Value, CanonicalError> {
    let fault = RefCell::new(None);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    Restricted { fault: &fault }
        .deserialize(&mut json)
        .and_then(|value| json.end().map(|()| value))
        .map_err(|error| explain(&error, fault.take()))
}

/// Parses a text that must be canonical to the byte, as stored facts are.
///
/// # Errors
/// As [`parse`], and [`CanonicalError::NotCanonical`] for any other spelling of the value.
///
/// ```
/// use replay_determinism::canonical::{CanonicalError, parse_canonical};
/// assert!(parse_canonical(b"[1,2]").is_ok());
/// assert_eq!(parse_canonical(b"[1, 2]"), Err(CanonicalError::NotCanonical { offset: 3 }));
/// ```
pub fn parse_canonical(bytes: &[u8]) -> Result<Value, CanonicalError> {
    let value = parse(bytes)?;
    let canonical = super::write(&value);
    if canonical == bytes {
        return Ok(value);
    }
    let same = canonical.iter().zip(bytes).take_while(|(a, b)| a == b).count();
    Err(CanonicalError::NotCanonical { offset: same })
}

/// A rule of ours that was broken; serde's errors carry only text.
enum Fault {
    Duplicate(String),
    Number,
}

fn explain(error: &serde_json::Error, fault: Option<Fault>) -> CanonicalError {
    let (line, column) = (error.line(), error.column());
    match fault {
        Some(Fault::Duplicate(name)) => CanonicalError::DuplicateMember { name, line, column },
        Some(Fault::Number) => CanonicalError::Number { line, column },
        None => {
            let text = error.to_string();
            let why = text.split(" at line ").next().unwrap_or_default().to_owned();
            CanonicalError::Syntax { line, column, why }
        }
    }
}

#[derive(Clone, Copy)]
struct Restricted<'f> {
    fault: &'f RefCell<Option<Fault>>,
}

impl Restricted<'_> {
    fn refuse<T, E: serde::de::Error>(self, fault: Fault) -> Result<T, E> {
        self.fault.replace(Some(fault));
        Err(E::custom("refused"))
    }
}

impl<'de> DeserializeSeed<'de> for Restricted<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Restricted<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value without fractions")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        match SafeInt::try_from(value) {
            Ok(safe) => Ok(Value::Int(safe)),
            Err(_) => self.refuse(Fault::Number),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => self.refuse(Fault::Number),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Value, E> {
        self.refuse(Fault::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                let shown = name.chars().take(80).collect();
                return self.refuse(Fault::Duplicate(shown));
            }
            let value = members.next_value_seed(self)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str) -> CanonicalError {
        parse(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn a_member_twice_is_refused_and_named() {
        let nested = r#"{"x":[{"a":1,"\u0061":2}]}"#;
        assert!(
            matches!(refused(nested), CanonicalError::DuplicateMember { name, .. } if name == "a")
        );
    }

    #[test]
    fn numbers_that_readers_round_are_refused() {
        for text in ["0.7", "1e2", "1.0", "-0", "1e400", "9007199254740992", "-9007199254740992"] {
            let error = refused(text);
            assert!(
                matches!(error, CanonicalError::Number { .. } | CanonicalError::Syntax { .. }),
                "{text}: {error}"
            );
        }
        assert!(matches!(refused("9007199254740992"), CanonicalError::Number { line: 1, .. }));
        for text in ["9007199254740991", "-9007199254740991", "0"] {
            assert_eq!(super::super::write(&parse(text.as_bytes()).unwrap()), text.as_bytes());
        }
    }

    #[test]
    fn lone_surrogates_trailing_bytes_and_bad_utf8_are_refused() {
        for text in [r#""\ud800""#, r#""\udc00""#, r#""\ud800x""#, "1 2", "{}x", "", "[1,]", "nul"]
        {
            assert!(matches!(refused(text), CanonicalError::Syntax { .. }), "{text}");
        }
        assert!(parse(b"\"\xff\"").is_err());
        assert!(parse(b"\xef\xbb\xbf1").is_err(), "byte order mark");
    }

    #[test]
    fn depth_ends_at_its_limit() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(parse(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(parse("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn only_the_canonical_spelling_is_canonical() {
        assert!(parse_canonical(br#"{"a":"\n","b":1}"#).is_ok());
        for (text, offset) in [
            (r#"{"b":1,"a":2}"#, 2),
            (r#"{"a": 1}"#, 5),
            (r#"{"a":"\u000a"}"#, 7),
            (r#"{"a":1} "#, 7),
            (r#""\/""#, 1),
        ] {
            assert_eq!(
                parse_canonical(text.as_bytes()),
                Err(CanonicalError::NotCanonical { offset }),
                "{text}"
            );
        }
    }
}
