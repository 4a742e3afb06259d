//! The members of a JSON object.

use std::collections::BTreeMap;
use std::collections::btree_map::{Entry, IntoIter, Iter};
use std::ops::Index;

use compact_str::CompactString;

use crate::Value;

/// The name of a member. Most are short: those of up to 24 bytes take no memory of their own.
pub type Name = CompactString;

/// A JSON object. Members are unique by construction, and in order of their names.
///
/// The order is that of UTF-8 bytes; the canonical writer sorts by UTF-16 code units, because RFC 8785
/// §3.2.3 orders so and the two orders differ above U+FFFF.
///
/// ```
/// use store_traits::{Object, Value};
/// let mut object = Object::from([("b", Value::from("second")), ("a", Value::Bool(true))]);
/// assert_eq!(object.keys().collect::<Vec<_>>(), ["a", "b"]);
/// assert_eq!(object.insert("b", Value::Null), Some(Value::from("second")));
/// assert_eq!((object.get("b"), object.get("c")), (Some(&Value::Null), None));
/// assert_eq!(object["c"], Value::Null, "not there");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object(BTreeMap<Name, Value>);

impl Object {
    /// An object without members.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The value of a member, to be changed.
    #[must_use]
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.get_mut(name)
    }

    /// Is there a member of this name?
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Sets a member; gives the value that it had.
    pub fn insert(&mut self, name: impl Into<Name>, value: Value) -> Option<Value> {
        self.0.insert(name.into(), value)
    }

    /// The place of a member, to be filled or looked at.
    pub fn entry(&mut self, name: impl Into<Name>) -> Entry<'_, Name, Value> {
        self.0.entry(name.into())
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// The members in order.
    pub fn iter(&self) -> Iter<'_, Name, Value> {
        self.0.iter()
    }

    /// The members in order, their values to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Name, &mut Value)> {
        self.0.iter_mut()
    }

    /// The names in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Name> + ExactSizeIterator {
        self.0.keys()
    }

    /// The values in order of their names.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.0.values()
    }
}

impl<'o> IntoIterator for &'o Object {
    type Item = (&'o Name, &'o Value);
    type IntoIter = Iter<'o, Name, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl IntoIterator for Object {
    type Item = (Name, Value);
    type IntoIter = IntoIter<Name, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<N: Into<Name>> Extend<(N, Value)> for Object {
    fn extend<T: IntoIterator<Item = (N, Value)>>(&mut self, members: T) {
        self.0.extend(members.into_iter().map(|(name, value)| (name.into(), value)));
    }
}

/// Of two members with one name the last one stays.
impl<N: Into<Name>> FromIterator<(N, Value)> for Object {
    fn from_iter<T: IntoIterator<Item = (N, Value)>>(members: T) -> Self {
        Self(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl<N: Into<Name>, const COUNT: usize> From<[(N, Value); COUNT]> for Object {
    fn from(members: [(N, Value); COUNT]) -> Self {
        members.into_iter().collect()
    }
}

/// A member; `null` where there is none.
impl Index<&str> for Object {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }
}
