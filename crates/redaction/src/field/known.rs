//! What a normal name says by itself.

use std::sync::LazyLock;

use super::persons::{PERSON_LIKE, PERSONS, PHONES};
use super::rule::Rule;
use super::secrets::{KEYS, NUMBERS, SECRETS, TOKENS};
use crate::Kind;

/// Names that stand in no list of their own.
const ALONE: &[&str] = &["name", "nom", "nome", "secret_access_key"];

/// The last three bytes of every name that [`plain_rule`] or a label knows, in order.
static ENDINGS: LazyLock<Vec<[u8; 3]>> = LazyLock::new(|| {
    let lists = [SECRETS, KEYS, TOKENS, PHONES, PERSONS, PERSON_LIKE, ALONE, NUMBERS];
    let mut endings: Vec<_> =
        lists.iter().flat_map(|list| list.iter().filter_map(|name| ending(name))).collect();
    endings.sort_unstable();
    endings.dedup();
    endings
});

fn ending(name: &str) -> Option<[u8; 3]> {
    name.as_bytes().last_chunk::<3>().map(|end| end.map(|b| b.to_ascii_lowercase()))
}

/// Whether a label may end in a known name. Nearly every `:` and `=` of a text stands behind a word
/// that does not, and reading it as a name costs much more than this.
pub(crate) fn may_be_known(label: &str) -> bool {
    let label = label.trim_end_matches([' ', '-', '_', '.']);
    // Capitals of other scripts have other bytes than the names; `Ｔ` and `K` are such.
    match ending(label) {
        // `phoneNo` and `phone no` end as `phone_no` does.
        Some(end) if end.is_ascii() => {
            let [_, before, last] = end;
            [end, [b'_', before, last]].iter().any(|end| ENDINGS.binary_search(end).is_ok())
        }
        _ => !label.is_empty(),
    }
}

/// What a normal name says by itself.
pub(crate) fn plain_rule(key: &str) -> Option<Rule> {
    let any = |names: &[&str]| names.contains(&key);
    // `customer_ssn`, `openai_api_key`: what is last decides.
    let ends = |names: &[&str]| {
        names.iter().any(|name| {
            // The last byte decides nearly always, and costs no call.
            key.as_bytes().last() == name.as_bytes().last()
                && key.strip_suffix(name).is_some_and(|head| head.is_empty() || head.ends_with('_'))
        })
    };
    if key.contains("aws") && ends(&["secret_access_key", "secret_key", "secret"])
        || key == "secret_access_key"
    {
        return Some(Rule::Whole(Kind::AwsSecretKey));
    }
    if ends(&["ssn", "social_security_number", "social_security"]) {
        return Some(Rule::Whole(Kind::Ssn));
    }
    if any(NUMBERS) || ends(&["card_number", "カード番号"]) {
        return Some(Rule::Digits(Kind::Card, 12));
    }
    if ends(KEYS) {
        return Some(Rule::Whole(Kind::ApiKey));
    }
    if ends(&["password", "passwd", "passphrase", "client_secret", "secret_key", "private_key"])
        || any(SECRETS)
    {
        return Some(Rule::Whole(Kind::Secret));
    }
    if any(TOKENS) {
        return Some(Rule::Text(Kind::ApiKey));
    }
    if any(PHONES) || ends(&["phone", "phone_number"]) {
        return Some(Rule::Digits(Kind::Phone, 7));
    }
    if any(PERSONS) {
        return Some(Rule::Person);
    }
    any(PERSON_LIKE).then_some(Rule::PersonLike)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camel(name: &str) -> String {
        let word = |word: &str| {
            let mut chars = word.chars();
            let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
            first + chars.as_str()
        };
        name.split('_').map(word).collect()
    }

    #[test]
    fn no_known_name_is_passed_over_by_its_ending() {
        for list in [SECRETS, KEYS, TOKENS, PHONES, PERSONS, PERSON_LIKE, ALONE, NUMBERS] {
            for name in list {
                for label in [
                    (*name).to_owned(),
                    format!("the {name} "),
                    name.to_uppercase().replace('_', " "),
                    name.replace('_', "-"),
                    camel(name),
                ] {
                    assert!(may_be_known(&label), "{label}");
                }
            }
        }
        for label in ["", "note", "  ", "step 4", "https"] {
            assert!(!may_be_known(label), "{label}");
        }
    }
}
