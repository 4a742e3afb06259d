//! Pages, and objects as they were recorded.

use logs_domain::{Answer, Object, Page, Unreadable, Value};
use serde_json::{Value as Json, json};

/// A page, with the size of the ledger that it was read at.
#[must_use]
pub fn page<T>(answer: &Answer<Page<T>>, item: fn(&T) -> Json) -> Json {
    let Answer { value: page, evidence } = answer;
    let mut document = json!({
        "as_of_size": evidence.as_of_size,
        "items": page.items.iter().map(item).collect::<Vec<_>>(),
        "has_more": page.has_more(),
        "next_cursor": page.next,
    });
    if !page.unreadable.is_empty()
        && let Some(members) = document.as_object_mut()
    {
        members.insert("unreadable".into(), page.unreadable.iter().map(unreadable).collect());
    }
    document
}

fn unreadable(Unreadable { run_id, seq }: &Unreadable) -> Json {
    json!({"run_id": run_id, "seq": seq})
}

/// A recorded object.
#[must_use]
pub fn object(object: &Object) -> Json {
    Json::Object(object.iter().map(|(name, member)| (name.to_string(), value(member))).collect())
}

fn value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(bool) => (*bool).into(),
        Value::Int(number) => number.get().into(),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(self::value).collect(),
        Value::Object(members) => object(members),
    }
}
