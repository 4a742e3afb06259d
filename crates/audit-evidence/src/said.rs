//! What a fact says, wherever its writer put it: a mapping's view first, then the body itself (a
//! native fact), then what arrived.

use store_traits::{RecordedFact, Timestamp, Value};

/// The first of these members that is a text and not empty.
pub(crate) fn text<'f>(fact: &'f RecordedFact, names: &[&str]) -> Option<&'f str> {
    let places: [&[&str]; 3] = [&["body", "view"], &["body"], &["body", "source"]];
    let members = places.iter().filter_map(|place| fact.fact.at(place)?.as_object());
    let mut texts = members.filter_map(|members| {
        let mut named = names.iter().filter_map(|name| members.get(name)?.as_str());
        named.find(|text| !text.is_empty())
    });
    texts.next()
}

/// A member of the body that is a count.
pub(crate) fn count(fact: &RecordedFact, name: &str) -> Option<u64> {
    match fact.fact.at(&["body", name])? {
        Value::Int(number) => u64::try_from(number.get()).ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A member of the body that is a time.
pub(crate) fn time(fact: &RecordedFact, name: &str) -> Option<Timestamp> {
    Timestamp::parse(fact.fact.at(&["body", name])?.as_str()?).ok()
}

/// Who acted, by name.
pub(crate) fn actor(fact: &RecordedFact) -> Option<&str> {
    let names = ["subject", "name", "component"];
    names.iter().find_map(|name| fact.fact.at(&["meta", "actor", name])?.as_str())
}
