//! The members of a JSON object.

use std::collections::{BTreeMap, btree_map};
use std::{fmt, ops, slice, vec};

use crate::{Text, Value};

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
#[derive(Clone)]
pub struct Object(Members);

/// A few members are found, walked and given back faster where they lie in a row. Putting one more into
/// a row moves those behind it, so that many lie in a tree: what arrives has any number, in any order.
#[derive(Clone)]
enum Members {
    Row(Vec<(Text, Value)>),
    Tree(BTreeMap<Text, Value>),
}

/// The longest row.
const ROW: usize = 32;

impl Object {
    /// An object without members.
    #[must_use]
    pub const fn new() -> Self {
        Self(Members::Row(Vec::new()))
    }

    /// An object of members that stand in ascending order of their names, as in canonical JSON they mostly
    /// do; `None` where they do not, or where one stands twice.
    ///
    /// ```
    /// use store_traits::{Object, Value};
    /// let members = |names: [&str; 2]| names.map(|name| (name.into(), Value::Null)).to_vec();
    /// assert_eq!(Object::of_ascending(members(["a", "b"])).map(|object| object.len()), Some(2));
    /// assert_eq!(Object::of_ascending(members(["b", "a"])), None);
    /// assert_eq!(Object::of_ascending(members(["a", "a"])), None);
    /// ```
    #[must_use]
    pub fn of_ascending(members: Vec<(Text, Value)>) -> Option<Self> {
        if !members.is_sorted_by(|(one, _), (next, _)| ascends(one, next)) {
            return None;
        }
        Some(Self(if members.len() <= ROW {
            Members::Row(members)
        } else {
            Members::Tree(members.into_iter().collect())
        }))
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Members::Row(row) => row.len(),
            Members::Tree(tree) => tree.len(),
        }
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        match &self.0 {
            Members::Row(row) => row.iter().find(|(own, _)| own == name).map(|(_, value)| value),
            Members::Tree(tree) => tree.get(name),
        }
    }

    /// The value of a member, to be changed.
    #[must_use]
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        match &mut self.0 {
            Members::Row(row) => {
                row.iter_mut().find(|(own, _)| own == name).map(|(_, value)| value)
            }
            Members::Tree(tree) => tree.get_mut(name),
        }
    }

    /// Is there a member of this name?
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets a member; gives the value that it had.
    pub fn insert(&mut self, name: impl Into<Text>, value: Value) -> Option<Value> {
        let name = name.into();
        let row = match &mut self.0 {
            Members::Row(row) => row,
            Members::Tree(tree) => return tree.insert(name, value),
        };
        // Members mostly come in order.
        let place = match row.last() {
            Some((last, _)) if *last >= name => row.binary_search_by(|(own, _)| own.cmp(&name)),
            _ => Err(row.len()),
        };
        match place {
            Ok(place) => row.get_mut(place).map(|(_, before)| std::mem::replace(before, value)),
            Err(_) if row.len() == ROW => {
                let mut tree: BTreeMap<_, _> = std::mem::take(row).into_iter().collect();
                tree.insert(name, value);
                self.0 = Members::Tree(tree);
                None
            }
            Err(place) => {
                row.insert(place, (name, value));
                None
            }
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        match &mut self.0 {
            Members::Row(row) => {
                let place = row.iter().position(|(own, _)| own == name)?;
                Some(row.remove(place).1)
            }
            Members::Tree(tree) => tree.remove(name),
        }
    }

    /// The members in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(match &self.0 {
            Members::Row(row) => Walk::Row(row.iter()),
            Members::Tree(tree) => Walk::Tree(tree.iter()),
        })
    }

    /// The members in order, their values to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Text, &mut Value)> {
        let (row, tree) = match &mut self.0 {
            Members::Row(row) => (Some(row), None),
            Members::Tree(tree) => (None, Some(tree)),
        };
        let row = row.into_iter().flatten().map(|(name, value)| (&*name, value));
        row.chain(tree.into_iter().flatten())
    }

    /// The names in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Text> + ExactSizeIterator {
        self.iter().map(|(name, _)| name)
    }

    /// The values in order of their names.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.iter().map(|(_, value)| value)
    }
}

/// Does one name stand before the other? Most differ in their first byte.
fn ascends(one: &str, next: &str) -> bool {
    match (one.as_bytes().first(), next.as_bytes().first()) {
        (Some(a), Some(b)) if a != b => a < b,
        _ => one < next,
    }
}

/// The members of an object in order.
#[derive(Debug, Clone)]
pub struct Iter<'o>(Walk<'o>);

#[derive(Debug, Clone)]
enum Walk<'o> {
    Row(slice::Iter<'o, (Text, Value)>),
    Tree(btree_map::Iter<'o, Text, Value>),
}

fn apart((name, value): &(Text, Value)) -> (&Text, &Value) {
    (name, value)
}

impl<'o> Iterator for Iter<'o> {
    type Item = (&'o Text, &'o Value);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Walk::Row(row) => row.next().map(apart),
            Walk::Tree(tree) => tree.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Walk::Row(row) => row.size_hint(),
            Walk::Tree(tree) => tree.size_hint(),
        }
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Walk::Row(row) => row.next_back().map(apart),
            Walk::Tree(tree) => tree.next_back(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// The members of an object in order, given away.
#[derive(Debug)]
pub struct IntoIter(Given);

#[derive(Debug)]
enum Given {
    Row(vec::IntoIter<(Text, Value)>),
    Tree(btree_map::IntoIter<Text, Value>),
}

impl Iterator for IntoIter {
    type Item = (Text, Value);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Given::Row(row) => row.next(),
            Given::Tree(tree) => tree.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Given::Row(row) => row.size_hint(),
            Given::Tree(tree) => tree.size_hint(),
        }
    }
}

impl ExactSizeIterator for IntoIter {}

impl<'o> IntoIterator for &'o Object {
    type Item = (&'o Text, &'o Value);
    type IntoIter = Iter<'o>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Object {
    type Item = (Text, Value);
    type IntoIter = IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        IntoIter(match self.0 {
            Members::Row(row) => Given::Row(row.into_iter()),
            Members::Tree(tree) => Given::Tree(tree.into_iter()),
        })
    }
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_map().entries(self).finish()
    }
}

/// Members decide, however they lie.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl Eq for Object {}

impl<N: Into<Text>> Extend<(N, Value)> for Object {
    fn extend<T: IntoIterator<Item = (N, Value)>>(&mut self, members: T) {
        members.into_iter().for_each(|(name, value)| drop(self.insert(name, value)));
    }
}

/// Of two members with one name the last one stays.
impl<N: Into<Text>> FromIterator<(N, Value)> for Object {
    fn from_iter<T: IntoIterator<Item = (N, Value)>>(members: T) -> Self {
        let members = members.into_iter();
        let few = members.size_hint().0.min(ROW);
        let mut object = Self(Members::Row(Vec::with_capacity(few)));
        object.extend(members);
        object
    }
}

impl<N: Into<Text>, const COUNT: usize> From<[(N, Value); COUNT]> for Object {
    fn from(members: [(N, Value); COUNT]) -> Self {
        members.into_iter().collect()
    }
}

/// A member; `null` where there is none.
impl ops::Index<&str> for Object {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Deed {
        Insert(u8, i64),
        Remove(u8),
        Change(u8, i64),
    }

    fn deed() -> impl Strategy<Value = Deed> {
        let (name, number) = (0_u8..60, -5_i64..5);
        prop_oneof![
            4 => (name.clone(), number.clone()).prop_map(|(name, n)| Deed::Insert(name, n)),
            1 => name.clone().prop_map(Deed::Remove),
            1 => (name, number).prop_map(|(name, n)| Deed::Change(name, n)),
        ]
    }

    proptest! {
        /// Beside a map, and so whether its members lie in a row or in a tree.
        #[test]
        fn it_is_a_map_in_order(deeds in prop::collection::vec(deed(), 0..200), swapped: usize) {
            let (mut object, mut map) = (Object::new(), BTreeMap::new());
            for deed in deeds {
                let name = |n: u8| Text::from(format!("name {n}"));
                match deed {
                    Deed::Insert(n, value) => {
                        let value = Value::integer(value);
                        prop_assert_eq!(object.insert(name(n), value.clone()), map.insert(name(n), value));
                    }
                    Deed::Remove(n) => prop_assert_eq!(object.remove(&name(n)), map.remove(&name(n))),
                    Deed::Change(n, value) => {
                        if let Some(there) = object.get_mut(&name(n)) {
                            *there = Value::integer(value);
                        }
                        map.entry(name(n)).and_modify(|there| *there = Value::integer(value));
                    }
                }
                prop_assert_eq!((object.len(), object.is_empty()), (map.len(), map.is_empty()));
            }
            prop_assert!(object.iter().eq(&map) && object.iter().rev().eq(map.iter().rev()));
            prop_assert!(object.iter_mut().map(|(name, value)| (name, &*value)).eq(&map));
            for n in 0..60 {
                let name = format!("name {n}");
                prop_assert_eq!(object.get(&name), map.get(name.as_str()));
            }
            let again: Object = map.clone().into_iter().rev().collect();
            prop_assert_eq!(&again, &object);
            let mut members: Vec<_> = map.clone().into_iter().collect();
            let ascending = Object::of_ascending(members.clone());
            prop_assert_eq!(ascending.as_ref(), Some(&object));
            if members.len() > 1 {
                let last = members.len() - 1;
                members.swap(swapped % last, last);
                prop_assert_eq!(Object::of_ascending(members), None);
            }
            prop_assert!(object.into_iter().eq(map));
        }
    }
}
