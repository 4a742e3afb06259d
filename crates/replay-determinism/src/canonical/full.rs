//! Canonical JSON in full (RFC 8785), for comparing contents: any JSON, doubles included.
//!
//! Facts are of the restricted form ([`canonical`](super)). What agents say to models and tools is
//! not: it holds fractions, exponents, any white space. Two such texts are the same JSON value when
//! their canonical bytes are the same.
//!
//! | refused | because |
//! |---|---|
//! | a member twice in one object | readers differ in which one they take |
//! | a lone surrogate | no Unicode text holds it (RFC 8785 §3.2.2.2) |
//! | a number beyond the doubles (`1e400`), `NaN`, `Infinity` | it has no form (RFC 8785 §3.2.2.3) |
//! | an integer that no double holds exactly (`9007199254740993`) | two numbers would get one form |
//! | more than [`MAX_DEPTH`](super::MAX_DEPTH) levels, more than [`MAX_BYTES`] bytes | a reader's stack and memory are finite |
//! | a byte order mark, bytes behind the value, bad UTF-8 | RFC 8259 |
//!
//! A fraction is rounded to the nearest double, as RFC 8785 has it: `333333333.33333329` is
//! `333333333.3333333`.
//!
//! Numbers are laid out by `ryu-js`, because the form is ECMAScript's to the digit: of two shortest
//! digit strings that are as near, the even one (`1424953923781206.2`, where the standard library's
//! `{:e}` has `.3`). The published sequences of 10,000 and 100,000 numbers are tests. The reader
//! borrows from the text, which pays for the sorting; how the two together compare with `serde_json`
//! and its own tree is measured by `cargo
//! bench -p replay-determinism`.
//!
//! ```
//! use replay_determinism::canonical::full;
//! let text = r#"{ "rate": 157.010, "to": "JPY", "at": 1E2 }"#;
//! assert_eq!(full::canonicalize(text.as_bytes())?, br#"{"at":100,"rate":157.01,"to":"JPY"}"#);
//! # Ok::<(), full::JsonError>(())
//! ```

mod members;
mod number;
mod parse;
mod write;

use std::borrow::Cow;

use store_traits::Value;

pub use members::Members;
pub use number::Number;
pub use parse::{JsonError, MAX_BYTES, parse};
pub use write::write;

/// A JSON value with its members in canonical order, borrowed from its text where it can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'t> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(Cow<'t, str>),
    /// An array.
    Array(Vec<Json<'t>>),
    /// An object.
    Object(Members<'t>),
}

/// The canonical bytes of a JSON text.
///
/// # Errors
/// The text is refused; the error says where and by which rule.
///
/// ```
/// use replay_determinism::canonical::full;
/// assert_eq!(full::canonicalize(b"[1.0, -0, 1e21]")?, b"[1,0,1e+21]");
/// assert!(full::canonicalize(br#"{"a":1,"a":2}"#).is_err());
/// # Ok::<(), full::JsonError>(())
/// ```
pub fn canonicalize(text: &[u8]) -> Result<Vec<u8>, JsonError> {
    parse(text).map(|value| write(&value))
}

/// A value of a fact as JSON in full: `{"f64":"0.7"}` is the number again, so that `1.0` and `1` are
/// one value. What no double holds exactly (`{"u64":…}`, `NaN`) stays the tagged text that it is.
///
/// ```
/// use replay_determinism::canonical::full;
/// use store_traits::Value;
/// let fact = Value::Array(vec![Value::f64(1.0), Value::integer(1), Value::unsigned(u64::MAX)]);
/// assert_eq!(full::write(&full::of_fact(&fact)), br#"[1,1,{"u64":"18446744073709551615"}]"#);
/// ```
#[must_use]
pub fn of_fact(value: &Value) -> Json<'_> {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(number) => Json::Number((*number).into()),
        Value::String(text) => Json::String(Cow::Borrowed(text)),
        Value::Array(items) => Json::Array(items.iter().map(of_fact).collect()),
        Value::Object(members) => match tagged_double(value).filter(|_| members.len() == 1) {
            Some(number) => Json::Number(number),
            None => Json::Object(Members::of_map(
                members.iter().map(|(name, value)| (name.as_str(), of_fact(value))),
            )),
        },
    }
}

fn tagged_double(value: &Value) -> Option<Number> {
    let text = value.member("f64")?.as_str()?;
    let number = text.parse().ok()?;
    // Only what `Value::f64` writes is a tag; any other text is the source's own.
    (Value::f64(number) == Value::tagged("f64", text.to_owned())).then(|| Number::new(number))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_of_a_fact_is_a_number_and_a_likeness_of_one_is_not() {
        #[track_caller]
        fn check(value: &Value, expect: &str) {
            assert_eq!(String::from_utf8(write(&of_fact(value))).unwrap(), expect);
        }
        check(&Value::f64(0.7), "0.7");
        check(&Value::f64(-0.0), "0");
        check(&Value::f64(f64::NAN), r#"{"f64":"NaN"}"#);
        check(&Value::tagged("f64", "0.70".to_owned()), r#"{"f64":"0.70"}"#);
        check(&Value::unsigned(u64::MAX), r#"{"u64":"18446744073709551615"}"#);
    }
}
