//! The members of an object, in their one order.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::Json;

/// The members of an object: distinct names in the order of RFC 8785 §3.2.3.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Members<'t>(Vec<(Cow<'t, str>, Json<'t>)>);

impl<'t> Members<'t> {
    /// Members in any order.
    ///
    /// # Errors
    /// A name stands twice; it is given back.
    ///
    /// ```
    /// use replay_determinism::canonical::full::{Json, Members};
    /// let members = Members::new(vec![("b".into(), Json::Null), ("a".into(), Json::Bool(true))])?;
    /// assert_eq!(members.get("a"), Some(&Json::Bool(true)));
    /// assert!(Members::new(vec![("b".into(), Json::Null), ("b".into(), Json::Null)]).is_err());
    /// # Ok::<(), String>(())
    /// ```
    pub fn new(mut members: Vec<(Cow<'t, str>, Json<'t>)>) -> Result<Self, String> {
        let ascending = members.is_sorted_by(|(a, _), (b, _)| order(a, b) == Ordering::Less);
        if !ascending {
            members.sort_by(|(a, _), (b, _)| order(a, b));
            let mut neighbours = members.iter().zip(members.iter().skip(1));
            if let Some(((name, _), _)) = neighbours.find(|((a, _), (b, _))| a == b) {
                return Err(name.clone().into_owned());
            }
        }
        Ok(Self(members))
    }

    /// The members in canonical order.
    ///
    /// ```
    /// use replay_determinism::canonical::full::{Json, Members};
    /// let members = Members::new(vec![("b".into(), Json::Null), ("a".into(), Json::Null)])?;
    /// let names: Vec<_> = members.iter().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["a", "b"]);
    /// # Ok::<(), String>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'t>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// The member of this name.
    ///
    /// ```
    /// use replay_determinism::canonical::full::Members;
    /// assert_eq!(Members::default().get("a"), None);
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json<'t>> {
        let at = self.0.binary_search_by(|(own, _)| order(own, name)).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }
}

/// The order of names: by UTF-16 code units, which differs from that of the UTF-8 bytes only where a
/// surrogate pair meets a character above U+DFFF.
pub(crate) fn order(a: &str, b: &str) -> Ordering {
    let high = |text: &str| text.bytes().any(|byte| byte >= 0xEE);
    match a.cmp(b) {
        Ordering::Equal => Ordering::Equal,
        bytes if !high(a) && !high(b) => bytes,
        _ => a.encode_utf16().cmp(b.encode_utf16()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_by_their_utf_16_code_units() {
        assert_eq!(order("\u{e000}", "\u{10000}"), Ordering::Greater);
        assert_eq!(order("a", "b"), Ordering::Less);
        assert_eq!(order("\u{ffff}", "\u{ffff}"), Ordering::Equal);
    }

    #[test]
    fn a_name_twice_is_found_wherever_it_stands() {
        for names in [["a", "a", "b"], ["b", "a", "b"], ["b", "a", "a"]] {
            let members = names.map(|name| (Cow::Borrowed(name), Json::Null));
            assert!(Members::new(members.into()).is_err(), "{names:?}");
        }
    }
}
