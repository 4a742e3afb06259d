//! One entry against itself: its bytes, what it is looked up by, its contents.

use replay_determinism::{blob_commitment, canonical, disclosure_digest, leaf_hash};
use store_traits::{Content, Digest, EntryRef, FactId, TenantId, Value};

/// What the check of an entry gave.
pub(crate) struct EntryCheck {
    /// The leaf hash of the bytes that are there.
    pub(crate) leaf: Digest,
    /// What the bytes say, where they are a fact.
    pub(crate) fact: Option<Value>,
    /// The content that this entry says was erased: entry and pointer.
    pub(crate) erases: Option<(u64, String)>,
    /// Pointers of committed contents that are not there; an erasure fact may explain them.
    pub(crate) gone: Vec<String>,
    /// `(what differs, what it means)`.
    pub(crate) findings: Vec<(String, String)>,
}

/// Checks the bytes of an entry against what it is looked up by, and against its commitments. `contents`
/// are those that the store keeps for this entry.
pub(crate) fn check_entry(
    tenant: &TenantId,
    entry: &EntryRef<'_>,
    contents: &[Content],
) -> EntryCheck {
    let leaf = leaf_hash(entry.bytes);
    let mut check =
        EntryCheck { leaf, fact: None, erases: None, gone: Vec::new(), findings: Vec::new() };
    if leaf.as_bytes().as_slice() != entry.leaf_hash {
        check.finding(
            format!("the entry's bytes hash to {leaf}, the ledger recorded another leaf hash"),
            "the entry was edited after it was recorded, or its stored hash was",
        );
    }
    let fact = match canonical::parse(entry.bytes) {
        Ok(fact) => fact,
        Err(error) => {
            check.finding(format!("the bytes are not a fact: {error}"), "the entry was damaged");
            return check;
        }
    };
    check.names(tenant, entry, &fact);
    check.commitments(&fact, contents);
    if fact.member("kind").and_then(Value::as_str) == Some("content.erased") {
        let at = |name| fact.at(&["body", name]);
        if let (Some(seq), Some(pointer)) =
            (at("seq").and_then(Value::as_i64), at("pointer").and_then(Value::as_str))
        {
            check.erases = u64::try_from(seq).ok().map(|seq| (seq, pointer.to_owned()));
        }
    }
    check.fact = Some(fact);
    check
}

impl EntryCheck {
    fn finding(&mut self, what: String, meaning: &str) {
        self.findings.push((what, meaning.to_owned()));
    }

    fn names(&mut self, tenant: &TenantId, entry: &EntryRef<'_>, fact: &Value) {
        let text = |path: &[&str]| fact.at(path).and_then(Value::as_str);
        let stored = [
            ("tenant", text(&["tenant"]), Some(tenant.as_str())),
            ("id", text(&["id"]), entry.id.as_ref().map(FactId::as_str)),
        ];
        for (name, fact, stored) in stored {
            if fact != stored {
                let show = |text: Option<&str>| text.map_or("nothing".into(), |t| format!("`{t}`"));
                self.finding(
                    format!("the stored {name} is {}, the fact says {}", show(stored), show(fact)),
                    "what a fact is looked up by was edited: it would not be found, or another would",
                );
            }
        }
    }

    fn commitments(&mut self, fact: &Value, contents: &[Content]) {
        let committed = |member: &str, form: &str| {
            fact.member(member)
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .map(|(pointer, promise)| (pointer.to_string(), form.to_owned(), promise.clone()))
                .collect::<Vec<_>>()
        };
        let promises: Vec<_> =
            committed("_sd", "sd").into_iter().chain(committed("_blob", "blob")).collect();
        for (pointer, form, promise) in &promises {
            match contents.iter().find(|c| &c.pointer == pointer && &c.form == form) {
                None => self.gone.push(pointer.clone()),
                Some(content) if keeps(promise, content) => {}
                Some(_) => self.finding(
                    format!("the content at {pointer} does not match its commitment"),
                    "the content was edited after it was recorded",
                ),
            }
        }
        // They come in order of their places.
        for two in contents.array_windows() {
            let [one, other]: &[Content; 2] = two;
            if one.pointer == other.pointer {
                self.finding(
                    format!("several contents lie at {}", one.pointer),
                    "somebody put a content beside the ledger",
                );
            }
        }
        for content in contents {
            let promised = |(pointer, form, _): &(String, String, Value)| {
                pointer == &content.pointer && form == &content.form
            };
            if !promises.iter().any(promised) {
                self.finding(
                    format!(
                        "a content lies at {} that the entry never committed to",
                        content.pointer
                    ),
                    "somebody put a content beside the ledger",
                );
            }
        }
    }
}

/// Does the content keep what the entry promised?
fn keeps(promise: &Value, content: &Content) -> bool {
    if content.form == "sd" {
        return std::str::from_utf8(&content.bytes)
            .is_ok_and(|text| Some(disclosure_digest(text).as_str()) == promise.as_str());
    }
    let Ok(salt) = <&[u8; 32]>::try_from(content.salt.as_slice()) else { return false };
    let commitment = blob_commitment(salt, &content.bytes).to_string();
    promise.member("c").and_then(Value::as_str) == Some(commitment.as_str())
        && promise.member("len").and_then(Value::as_i64) == i64::try_from(content.bytes.len()).ok()
}
