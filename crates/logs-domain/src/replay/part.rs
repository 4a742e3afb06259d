//! A fact of a run with its contents back in their places.

use std::collections::BTreeMap;

use replay_determinism::{
    Content, Missing, blob_commitment, canonical, disclosure_digest, parse_disclosure,
};
use store_traits::{Actor, Content as Stored, Draft, Object, RecordedFact, Timestamp, Value};

/// Members that are objects or lists, so that a blob of one is read as JSON again.
const STRUCTURED: [&str; 6] = ["attributes", "resource", "scope", "message", "body", "events"];

/// One fact of a run, recorded or captured.
pub(super) struct Part {
    /// Its place in the record.
    pub(super) seq: u64,
    pub(super) kind: String,
    pub(super) occurred_at: Timestamp,
    pub(super) agent: Option<String>,
    pub(super) policy: Option<String>,
    body: Value,
    /// What the entry commits to and cannot be read, by pointer from the body.
    missing: BTreeMap<String, Missing>,
}

impl Part {
    /// A fact of the ledger with what lies beside it.
    pub(super) fn recorded(fact: RecordedFact, contents: Vec<Stored>) -> Self {
        let text = |path: &[&str]| fact.fact.at(path).and_then(Value::as_str).map(str::to_owned);
        let agent = match text(&["meta", "actor", "kind"]).as_deref() {
            Some("agent") => text(&["meta", "actor", "name"]),
            _ => None,
        };
        let policies = fact.fact.at(&["meta", "policy_ids"]).and_then(Value::as_array);
        let policy = policies.and_then(|ids| ids.first()?.as_str().map(str::to_owned));
        let mut body = fact.fact.member("body").cloned().unwrap_or(Value::Null);
        let mut missing = BTreeMap::new();
        for (pointer, promise) in promises(&fact.fact) {
            let Some(place) = pointer.strip_prefix("/body") else { continue };
            let stored = contents.iter().find(|content| content.pointer == pointer);
            match stored.map(|content| promise.kept(&pointer, content)) {
                Some(Some(value)) => put(&mut body, place, value),
                Some(None) => {
                    missing.insert(place.to_owned(), Missing::Altered);
                }
                None => {
                    missing.insert(place.to_owned(), Missing::Erased);
                }
            }
        }
        let RecordedFact { seq, kind, occurred_at, .. } = fact;
        Self { seq, kind, occurred_at, agent, policy, body, missing }
    }

    /// A draft, of which nothing is missing.
    pub(super) fn captured(draft: Draft, seq: u64) -> Self {
        let agent = match draft.meta.actor {
            Actor::Agent { name } => Some(name),
            Actor::Human { .. } | Actor::System { .. } => None,
        };
        Self {
            seq,
            kind: draft.kind.as_str().to_owned(),
            occurred_at: draft.meta.occurred_at,
            agent,
            policy: draft.meta.policy_ids.into_iter().next(),
            body: Value::Object(draft.body),
            missing: BTreeMap::new(),
        }
    }

    pub(super) fn at(&self, path: &[&str]) -> Option<&Value> {
        self.body.at(path)
    }

    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str().filter(|text| !text.is_empty())
    }

    pub(super) fn view(&self, name: &str) -> Option<&str> {
        self.text(&["view", name])
    }

    /// What wrote it: `span`, `log`, `mcp`, `native`, `trace`.
    pub(super) fn record(&self) -> &str {
        self.text(&["record"]).unwrap_or_default()
    }

    pub(super) fn is_root(&self) -> bool {
        self.at(&["view", "root"]) == Some(&Value::Bool(true))
    }

    pub(super) fn attributes(&self) -> Option<&Object> {
        self.at(&["source", "attributes"])?.as_object()
    }

    pub(super) fn attribute(&self, names: &[&str]) -> Option<&Value> {
        let attributes = self.attributes()?;
        names.iter().find_map(|name| attributes.get(name))
    }

    /// When it began, else when it happened.
    pub(super) fn began_at(&self) -> Timestamp {
        let began = self.view("started_at").and_then(|text| Timestamp::parse(text).ok());
        began.unwrap_or(self.occurred_at)
    }

    /// The content at a path: none where nothing was ever there.
    pub(super) fn content(&self, path: &[&str]) -> Content {
        match (self.at(path), self.missing(path)) {
            (Some(value), _) => Content::of_value(value),
            (None, Some(why)) => Content::NotRecorded(why),
            (None, None) => Content::None,
        }
    }

    /// Why nothing stands at a path, if the entry commits to it or to something around it.
    pub(super) fn missing(&self, path: &[&str]) -> Option<Missing> {
        let mut place = String::new();
        for name in path {
            place.push('/');
            place.push_str(&escaped(name));
            if let Some(why) = self.missing.get(&place) {
                return Some(*why);
            }
        }
        None
    }

    /// Why an attribute whose name begins so is gone.
    pub(super) fn missing_attribute(&self, prefix: &str) -> Option<Missing> {
        let whole = self.missing(&["source", "attributes"]);
        whole.or_else(|| {
            let place = format!("/source/attributes/{}", escaped(prefix));
            let found = self.missing.range(place.clone()..).next();
            found.filter(|(pointer, _)| pointer.starts_with(&place)).map(|(_, why)| *why)
        })
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// What an entry says of a value that lies beside it.
enum Promise {
    Value(String),
    Blob(String),
}

impl Promise {
    /// The value, if it is what was promised.
    fn kept(&self, pointer: &str, content: &Stored) -> Option<Value> {
        match self {
            Self::Value(digest) => {
                let text = std::str::from_utf8(&content.bytes).ok()?;
                let (place, value) = parse_disclosure(text).ok()?;
                (disclosure_digest(text) == *digest && place == pointer).then_some(value)
            }
            Self::Blob(commitment) => {
                let salt = <[u8; 32]>::try_from(content.salt.as_slice()).ok()?;
                if blob_commitment(&salt, &content.bytes).to_string() != *commitment {
                    return None;
                }
                let name = pointer.rsplit('/').next().unwrap_or_default();
                let structured = STRUCTURED.contains(&name);
                let parsed = structured.then(|| canonical::parse_canonical(&content.bytes).ok());
                match parsed.flatten() {
                    Some(value) => Some(value),
                    None => String::from_utf8(content.bytes.clone()).ok().map(Value::from),
                }
            }
        }
    }
}

fn promises(fact: &Value) -> Vec<(String, Promise)> {
    let list = |name| fact.member(name).and_then(Value::as_object).into_iter().flatten();
    let values = list("_sd").filter_map(|(pointer, digest)| {
        Some((pointer.to_string(), Promise::Value(digest.as_str()?.to_owned())))
    });
    let blobs = list("_blob").filter_map(|(pointer, blob)| {
        Some((pointer.to_string(), Promise::Blob(blob.member("c")?.as_str()?.to_owned())))
    });
    values.chain(blobs).collect()
}

/// Puts a value back to the place that it was taken from.
fn put(body: &mut Value, pointer: &str, value: Value) {
    let mut names =
        pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~"));
    let Some(mut name) = names.next() else { return };
    let mut place = body;
    for next in names {
        let Value::Object(members) = place else { return };
        if !members.contains_key(&name) {
            members.insert(name.clone(), Object::new().into());
        }
        let Some(inner) = members.get_mut(&name) else { return };
        place = inner;
        name = next;
    }
    if let Value::Object(members) = place {
        members.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replay_determinism::{disclosure, leaf_hash};

    fn fact(body: &str, commitments: &str) -> RecordedFact {
        let text = format!("{{\"body\":{body},\"meta\":{{}}{commitments}}}");
        RecordedFact {
            seq: 0,
            kind: "run.step".into(),
            run_id: Some("r".into()),
            occurred_at: Timestamp::UNIX_EPOCH,
            recorded_at: Timestamp::UNIX_EPOCH,
            leaf_hash: leaf_hash(b""),
            fact: canonical::parse(text.as_bytes()).unwrap(),
        }
    }

    fn stored(pointer: &str, form: &str, salt: Vec<u8>, bytes: &[u8]) -> Stored {
        Stored { seq: 0, pointer: pointer.into(), form: form.into(), salt, bytes: bytes.into() }
    }

    #[test]
    fn a_content_stands_in_its_place_again_if_it_is_what_the_entry_commits_to() {
        let pointer = "/body/source/attributes/a~1b";
        let made = disclosure(&[1; 32], pointer, &Value::integer(7));
        let blob = blob_commitment(&[2; 32], b"text").to_string();
        let promises = format!(
            r#","_sd":{{"{pointer}":"{}"}},"_blob":{{"/body/params":{{"c":"{blob}","len":4}}}}"#,
            made.digest
        );
        let path = ["source", "attributes", "a/b"];
        let contents = || {
            vec![
                stored(pointer, "sd", Vec::new(), made.text.as_bytes()),
                stored("/body/params", "blob", vec![2; 32], b"text"),
            ]
        };
        let whole = Part::recorded(fact("{}", &promises), contents());
        assert_eq!(whole.content(&path), Content::Recorded("7".into()));
        assert_eq!(whole.content(&["params"]), Content::Recorded("text".into()));
        assert_eq!(whole.content(&["result"]), Content::None);
        let erased = Part::recorded(fact("{}", &promises), Vec::new());
        assert_eq!(erased.content(&path), Content::NotRecorded(Missing::Erased));
        assert_eq!(erased.missing_attribute("a/"), Some(Missing::Erased));
        assert_eq!(erased.missing_attribute("b"), None);
        let mut other = contents();
        other[1].bytes = b"TEXT".to_vec();
        let altered = Part::recorded(fact("{}", &promises), other);
        assert_eq!(altered.content(&["params"]), Content::NotRecorded(Missing::Altered));
    }
}
