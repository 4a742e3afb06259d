//! Reads an entry's bytes as a value again, so that a test can compare projections with the entries.
//!
//! The product's own reader is in a crate that stores cannot see.

use serde_json::Value as Json;
use store_traits::{Entry, Object, Value};

/// The facts of entries whose bytes are JSON objects, each with its place.
#[must_use]
pub fn facts(entries: &[Entry]) -> Vec<(u64, Value)> {
    entries
        .iter()
        .filter_map(|entry| Some((entry.seq, read_fact(&entry.bytes, &entry.leaf_hash)?)))
        .collect()
}

/// The fact in these bytes, `None` if they are not a JSON object.
#[must_use]
pub fn read_fact(bytes: &[u8], _: &[u8]) -> Option<Value> {
    let json: Json = serde_json::from_slice(bytes).ok()?;
    json.is_object().then(|| value(json))
}

/// The same, of JSON that was read.
pub(crate) fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(bool),
        Json::Number(number) => {
            if let Some(int) = number.as_i64() {
                Value::integer(int)
            } else if let Some(unsigned) = number.as_u64() {
                Value::unsigned(unsigned)
            } else {
                number.as_f64().map_or(Value::Null, Value::f64)
            }
        }
        Json::String(text) => Value::from(text),
        Json::Array(items) => Value::Array(items.into_iter().map(value).collect()),
        Json::Object(members) => Value::Object(
            members.into_iter().map(|(name, item)| (name, value(item))).collect::<Object>(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_and_anything_else_is_not() {
        let fact =
            read_fact(br#"{"body":{"view":{"class":"llm","input_tokens":12,"root":true}}}"#, b"");
        let fact = fact.unwrap();
        assert_eq!(fact.at(&["body", "view", "class"]).and_then(Value::as_str), Some("llm"));
        assert_eq!(fact.at(&["body", "view", "input_tokens"]).and_then(Value::as_i64), Some(12));
        assert_eq!(read_fact(b"[1]", b""), None);
        assert_eq!(read_fact(b"{\"a\":", b""), None);
    }
}
