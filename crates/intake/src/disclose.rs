//! What of a record may stand in clear in the ledger, and what lies behind a commitment.
//!
//! The default is committed; only known attributes that are short and name no content are clear.

use redaction::disclosure::{is_clear, is_content};
use store_traits::{CommitForm, Committed, Object, Value};

/// Longest clear value.
const MAX_CLEAR_BYTES: usize = 1024;
/// Longest value that is disclosed as a whole; longer ones are blobs.
const MAX_VALUE_BYTES: usize = 512;
/// Longest list of commitments of one record: each takes about 150 bytes of an entry, and an entry
/// has at most 65,535.
const MAX_COMMITTED: usize = 96;

/// Which members of `{"source": …}` are committed.
pub(crate) fn commitments(source: &Object) -> Vec<Committed> {
    let mut committed = Vec::new();
    for (name, value) in source {
        match (name.as_str(), value) {
            ("attributes", Value::Object(attributes)) => {
                in_attributes(&mut committed, &["source", "attributes"], attributes);
            }
            ("resource" | "scope", value) => {
                if let Some(attributes) = value.member("attributes").and_then(Value::as_object) {
                    in_attributes(&mut committed, &["source", name, "attributes"], attributes);
                }
                if let Some(list) = value.member("duplicate_attributes") {
                    put(&mut committed, &["source", name, "duplicate_attributes"], list);
                }
            }
            ("status", value) => {
                if let Some(message) = value.member("message") {
                    put(&mut committed, &["source", "status", "message"], message);
                }
            }
            // Lists are committed whole: a commitment's path goes through objects only.
            ("events" | "links" | "exemplars", list) if all_clear(list) => {}
            ("events" | "links" | "exemplars" | "duplicate_attributes" | "body", _) => {
                committed.push(path(&["source", name], CommitForm::Blob));
            }
            (_, value) if size(value) > MAX_CLEAR_BYTES => {
                committed.push(path(&["source", name], CommitForm::Blob));
            }
            _ => {}
        }
    }
    whole_where_many(source, committed)
}

fn in_attributes(committed: &mut Vec<Committed>, above: &[&str], attributes: &Object) {
    for (key, value) in attributes {
        let place: Vec<&str> = above.iter().copied().chain([key.as_str()]).collect();
        if is_content(key) {
            committed.push(path(&place, CommitForm::Blob));
        } else if !is_clear(key) || size(value) > MAX_CLEAR_BYTES {
            put(committed, &place, value);
        }
    }
}

/// A record with very many attributes commits to all of them as one.
fn whole_where_many(source: &Object, committed: Vec<Committed>) -> Vec<Committed> {
    let clear_bytes: usize = source.values().map(size).sum::<usize>()
        - committed.iter().filter_map(|c| at(source, &c.path)).map(size).sum::<usize>();
    if committed.len() <= MAX_COMMITTED && clear_bytes <= 32 * 1024 {
        return committed;
    }
    let mut whole: Vec<Committed> = committed
        .into_iter()
        .filter(|c| {
            !matches!(c.path.get(1).map(String::as_str), Some("attributes" | "resource" | "scope"))
        })
        .collect();
    for name in ["attributes", "resource", "scope"] {
        if source.contains_key(name) {
            whole.push(path(&["source", name], CommitForm::Blob));
        }
    }
    whole
}

fn at<'s>(source: &'s Object, path: &[String]) -> Option<&'s Value> {
    let (first, rest) = path.get(1..)?.split_first()?;
    rest.iter().try_fold(source.get(first)?, |value, name| value.member(name))
}

fn put(committed: &mut Vec<Committed>, place: &[&str], value: &Value) {
    let form = if size(value) > MAX_VALUE_BYTES { CommitForm::Blob } else { CommitForm::Value };
    committed.push(path(place, form));
}

fn path(place: &[&str], form: CommitForm) -> Committed {
    Committed { path: place.iter().map(|name| (*name).to_owned()).collect(), form }
}

/// Have all attributes of all items of a list clear keys and short values?
fn all_clear(list: &Value) -> bool {
    size(list) <= MAX_CLEAR_BYTES
        && list.as_array().unwrap_or_default().iter().all(|item| {
            item.member("duplicate_attributes").is_none()
                && item.member("attributes").and_then(Value::as_object).is_none_or(|attributes| {
                    attributes.keys().all(|key| is_clear(key) && !is_content(key))
                })
        })
}

/// About how many bytes a value takes as JSON.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Int(_) => 16,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| size(item) + 1).sum::<usize>() + 2,
        Value::Object(members) => {
            members.iter().map(|(name, value)| name.len() + size(value) + 4).sum::<usize>() + 2
        }
    }
}
