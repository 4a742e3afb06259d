//! From a value to its one spelling (RFC 8785 §3.2).

use super::Json;
use crate::canonical::write_string;

/// Writes the canonical bytes of a value.
///
/// ```
/// use replay_determinism::canonical::full;
/// let value = full::parse(br#"{"b":[0.50],"a":null}"#)?;
/// assert_eq!(full::write(&value), br#"{"a":null,"b":[0.5]}"#);
/// # Ok::<(), full::JsonError>(())
/// ```
#[must_use]
pub fn write(value: &Json<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    write_value(&mut out, value);
    out
}

pub(crate) fn write_value(out: &mut Vec<u8>, value: &Json<'_>) {
    match value {
        Json::Null => out.extend_from_slice(b"null"),
        Json::Bool(true) => out.extend_from_slice(b"true"),
        Json::Bool(false) => out.extend_from_slice(b"false"),
        Json::Number(number) => number.write(out),
        Json::String(text) => write_string(out, text),
        Json::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_value(out, item);
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
                write_value(out, value);
            }
            out.push(b'}');
        }
    }
}
