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

pub use members::Members;
pub(crate) use members::order;
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
