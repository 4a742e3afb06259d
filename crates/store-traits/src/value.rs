//! The restricted JSON of facts: no floats, integers within ±(2^53 − 1), unique members.

use compact_str::CompactString;
use thiserror::Error;

use crate::Object;

/// The text of a string, or the name of a member. Most are short: those of up to 24 bytes take no memory of their own.
pub type Text = CompactString;

/// A restricted JSON value. A double that arrived is `{"f64":"0.7"}`, see [`Value::f64`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer that every JSON reader keeps exactly.
    Int(SafeInt),
    /// A string, kept as it arrived (no Unicode normalisation).
    String(Text),
    /// An array.
    Array(Vec<Value>),
    /// An object.
    Object(Object),
}

impl Value {
    /// An integer of any size: a plain integer where JSON is exact, else `{"i64":"…"}`.
    #[must_use]
    pub fn integer(value: i64) -> Self {
        match SafeInt::try_from(value) {
            Ok(safe) => Self::Int(safe),
            Err(_) => Self::tagged("i64", value.to_string()),
        }
    }

    /// An unsigned integer of any size: a plain integer where JSON is exact, else `{"u64":"…"}`.
    #[must_use]
    pub fn unsigned(value: u64) -> Self {
        match i64::try_from(value).ok().and_then(|v| SafeInt::try_from(v).ok()) {
            Some(safe) => Self::Int(safe),
            None => Self::tagged("u64", value.to_string()),
        }
    }

    /// A double as `{"f64":"<shortest round-trip decimal, NaN, Infinity or -Infinity>"}`.
    ///
    /// ```
    /// use store_traits::Value;
    /// assert_eq!(Value::f64(0.7).member("f64").and_then(Value::as_str), Some("0.7"));
    /// assert_eq!(Value::f64(f64::NAN).member("f64").and_then(Value::as_str), Some("NaN"));
    /// ```
    #[must_use]
    pub fn f64(value: f64) -> Self {
        let text = if value.is_nan() {
            "NaN".to_owned()
        } else if value == f64::INFINITY {
            "Infinity".to_owned()
        } else if value == f64::NEG_INFINITY {
            "-Infinity".to_owned()
        } else {
            // `{:?}` is the shortest text that reads back as the same double.
            format!("{value:?}")
        };
        Self::tagged("f64", text)
    }

    /// A single-member object `{tag: text}`.
    #[must_use]
    pub fn tagged(tag: &str, text: String) -> Self {
        Self::Object(Object::from([(tag, Self::from(text))]))
    }

    /// The text, if this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is an integer.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(value.get()),
            _ => None,
        }
    }

    /// The members, if this is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The items, if this is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// A member of an object, `None` for anything else.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.as_object()?.get(name)
    }

    /// Follows member names down nested objects.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, name| value.member(name))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Object> for Value {
    fn from(members: Object) -> Self {
        Self::Object(members)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::Array(items)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(SafeInt(i64::from(value)))
    }
}

/// An integer within ±(2^53 − 1), which a double holds exactly (RFC 7493 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeInt(i64);

impl SafeInt {
    /// 2^53 − 1
    pub const MAX: i64 = 9_007_199_254_740_991;

    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

/// An integer that JSON readers would round.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("integer `{0}` is outside ±(2^53 − 1) (write it as a decimal string)")]
pub struct SafeIntError(pub i64);

impl TryFrom<i64> for SafeInt {
    type Error = SafeIntError;

    fn try_from(value: i64) -> Result<Self, SafeIntError> {
        if value.unsigned_abs() <= Self::MAX.unsigned_abs() {
            Ok(Self(value))
        } else {
            Err(SafeIntError(value))
        }
    }
}
