//! A parsed JSON tree as restricted JSON.

use store_traits::{Object, Value};

use crate::any_value::Reason;
use crate::json_tree::Json;

/// Deeper values are refused.
const MAX_DEPTH: u32 = 96;

/// Integers stay exact, doubles become `{"f64":"…"}`.
pub(crate) fn value(json: Json, depth: u32) -> Result<Value, Reason> {
    if depth > MAX_DEPTH {
        return Err(format!("a value is nested more than {MAX_DEPTH} deep"));
    }
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Signed(value) => Value::integer(value),
        Json::Unsigned(value) => Value::unsigned(value),
        Json::Double(value) => Value::f64(value),
        Json::Text(text) => Value::from(text),
        Json::Array(items) => items
            .into_iter()
            .map(|item| value(item, depth + 1))
            .collect::<Result<Vec<_>, _>>()?
            .into(),
        Json::Object(members) => members
            .into_iter()
            .map(|(name, member)| Ok((name, value(member, depth + 1)?)))
            .collect::<Result<Object, Reason>>()?
            .into(),
    })
}
