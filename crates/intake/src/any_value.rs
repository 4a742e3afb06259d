//! OTLP's `AnyValue` and attribute lists as restricted JSON.
//!
//! | AnyValue | here |
//! |---|---|
//! | string, bool | as they are |
//! | int | an integer, beyond ±(2^53 − 1) `{"i64":"…"}` |
//! | double | `{"f64":"…"}`, always, so that 1.0 and 1 stay apart |
//! | bytes | `{"b64":"…"}` |
//! | array | an array |
//! | kvlist | an object; `{"kv":[[key, value], …]}` where an object would lose something or be taken for one of the tags above |
//! | empty | `null` |

use std::fmt::Write as _;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use store_traits::{Object, Value};

/// Deeper values are rejected: `prost` and the JSON reader bound nesting near here as well.
const MAX_DEPTH: u32 = 32;
/// Single-member objects with these names are tagged values.
const TAGS: [&str; 5] = ["f64", "i64", "u64", "b64", "kv"];

/// Why a record is rejected.
pub(crate) type Reason = String;

pub(crate) fn any_value(value: Option<AnyValue>, depth: u32) -> Result<Value, Reason> {
    if depth > MAX_DEPTH {
        return Err(format!("a value is nested more than {MAX_DEPTH} deep"));
    }
    Ok(match value.and_then(|value| value.value) {
        // A string-table index belongs to profiles only; elsewhere it is as good as absent.
        None | Some(any_value::Value::StringValueStrindex(_)) => Value::Null,
        Some(any_value::Value::StringValue(text)) => Value::from(text),
        Some(any_value::Value::BoolValue(value)) => Value::Bool(value),
        Some(any_value::Value::IntValue(value)) => Value::integer(value),
        Some(any_value::Value::DoubleValue(value)) => Value::f64(value),
        Some(any_value::Value::BytesValue(bytes)) => Value::tagged("b64", base64(&bytes)),
        Some(any_value::Value::ArrayValue(array)) => array
            .values
            .into_iter()
            .map(|item| any_value(Some(item), depth + 1))
            .collect::<Result<Vec<_>, _>>()?
            .into(),
        Some(any_value::Value::KvlistValue(list)) => key_values(list.values, depth + 1)?,
    })
}

fn key_values(list: Vec<KeyValue>, depth: u32) -> Result<Value, Reason> {
    let mut pairs = Vec::with_capacity(list.len());
    for pair in list {
        pairs.push((pair.key, any_value(pair.value, depth)?));
    }
    let mut object = Object::new();
    let unique =
        pairs.iter().all(|(key, value)| object.insert(key.clone(), value.clone()).is_none());
    let taken_for_a_tag =
        object.len() == 1 && object.keys().next().is_some_and(|key| TAGS.contains(&key.as_str()));
    if unique && !taken_for_a_tag {
        return Ok(object.into());
    }
    let pairs: Vec<Value> =
        pairs.into_iter().map(|(key, value)| Value::Array(vec![key.into(), value])).collect();
    Ok(Object::from([("kv", pairs.into())]).into())
}

/// Attributes as an object. OTLP calls the behaviour on duplicate keys unpredictable; here the first
/// one wins and the others are kept beside it.
pub(crate) struct Attributes {
    pub(crate) first: Object,
    pub(crate) duplicates: Vec<Value>,
}

pub(crate) fn attributes(list: Vec<KeyValue>) -> Result<Attributes, Reason> {
    let mut attributes = Attributes { first: Object::new(), duplicates: Vec::new() };
    for KeyValue { key, value, .. } in list {
        let value = any_value(value, 0)?;
        if attributes.first.contains_key(&key) {
            let pair = Object::from([("key", key.into()), ("value", value)]);
            attributes.duplicates.push(pair.into());
        } else {
            attributes.first.insert(key, value);
        }
    }
    Ok(attributes)
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
