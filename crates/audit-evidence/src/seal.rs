//! Sealing: a draft becomes the bytes of an entry, with everything hashed that does not depend on
//! its place.
//!
//! Nothing here knows the tree, so callers seal on their own, at the same time, before one of them
//! commits for several.

use replay_determinism::{blob_commitment, canonical, disclosure, draft_fingerprint, leaf_hash};
use store_traits::{
    CommitForm, Committed, Content, Draft, DraftMeta, Entropy, EntropyError, FactId,
    IdempotencyKey, Identity, MAX_ENTRY_BYTES, Object, SealedEntry, TenantId, TenantSecret,
    Timestamp, Value, in_parallel,
};
use thiserror::Error;

use crate::calls::Calls;
use crate::lanes::give_way;

/// The longest kind that a ledger keeps, in characters.
const MAX_KIND_CHARS: usize = 128;

/// Facts that are sealed before others may run: a caller whose commit goes on should not wait for all
/// of somebody else's.
const AT_ONCE: usize = 256;

/// A draft that cannot be an entry.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum FactError {
    #[error(
        "the fact would have {size} bytes, an entry has at most {MAX_ENTRY_BYTES} (move large members behind a commitment)"
    )]
    TooLarge { size: usize },
    #[error("there is no member `{pointer}` to commit to (paths go through objects only)")]
    NoSuchMember { pointer: String },
    #[error("the kind is empty, longer than {MAX_KIND_CHARS} characters, or holds U+0000")]
    Kind,
}

/// An entry without a place: `seq` of the entry and of its contents is 0 until it has one.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) entry: SealedEntry,
    pub(crate) contents: Vec<Content>,
}

/// What all drafts of a call are sealed with.
pub(crate) struct Sealing<'s> {
    pub(crate) tenant: &'s TenantId,
    pub(crate) secret: &'s TenantSecret,
    pub(crate) recorded_at: Timestamp,
    /// The same as text.
    pub(crate) recorded: &'s str,
    pub(crate) calls: &'s Calls,
}

/// A draft with the random bytes that it needs. They are drawn in order, before the work is divided.
struct Drawn {
    draft: Draft,
    id: [u8; 10],
    salts: Vec<[u8; 32]>,
}

impl Drawn {
    fn draw(
        drafts: impl Iterator<Item = Draft>,
        entropy: &dyn Entropy,
    ) -> Result<Vec<Self>, EntropyError> {
        let undrawn = |draft: Draft| {
            let salts = vec![[0; 32]; draft.committed.len()];
            Self { draft, id: [0; 10], salts }
        };
        let mut drawn: Vec<Self> = drafts.map(undrawn).collect();
        let mut parts: Vec<&mut [u8]> = Vec::with_capacity(drawn.len());
        for Self { id, salts, .. } in &mut drawn {
            parts.push(id);
            parts.extend(salts.iter_mut().map(|salt| &mut salt[..]));
        }
        entropy.fill_each(&mut parts)?;
        Ok(drawn)
    }
}

impl Sealing<'_> {
    /// Seals drafts in their order; says of each that cannot be an entry why.
    pub(crate) async fn seal_all(
        &self,
        drafts: Vec<Draft>,
        entropy: &dyn Entropy,
    ) -> Result<Vec<Result<Box<Sealed>, FactError>>, EntropyError> {
        let mut sealed = Vec::with_capacity(drafts.len());
        let mut drafts = drafts.into_iter();
        loop {
            let some = Drawn::draw(drafts.by_ref().take(AT_ONCE), entropy)?;
            sealed.extend(in_parallel(some, self.calls.worth_a_thread(), |drawn| self.seal(drawn)));
            if drafts.len() == 0 {
                return Ok(sealed);
            }
            give_way().await;
        }
    }

    fn seal(&self, drawn: Drawn) -> Result<Box<Sealed>, FactError> {
        let Drawn { draft, id, salts } = drawn;
        let kind = draft.kind.as_str();
        if kind.is_empty() || kind.contains('\0') || kind.chars().count() > MAX_KIND_CHARS {
            return Err(FactError::Kind);
        }
        let fingerprint = draft_fingerprint(self.secret, &draft);
        let Draft { kind, meta, mut body, committed, identity } = draft;
        let key = match identity {
            Identity::Key(key) => key,
            Identity::Content => IdempotencyKey::from_fingerprint(&fingerprint),
        };
        let commitments = Commitments::take_from(&mut body, &committed, &salts)?;

        let id = FactId::from_parts(self.recorded_at.as_unix_ms(), &id);
        let mut fact = Object::from([
            ("body", Value::from(body)),
            ("id", id.as_str().into()),
            ("kind", kind.as_str().into()),
            ("meta", recorded_meta(&meta, self.recorded).into()),
            ("tenant", self.tenant.as_str().into()),
            ("v", 1_u32.into()),
        ]);
        let contents = commitments.promise_in(&mut fact);
        let fact = Value::Object(fact);
        let bytes = canonical::write(&fact);
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(FactError::TooLarge { size: bytes.len() });
        }
        let entry =
            SealedEntry { seq: 0, id, key, fingerprint, leaf_hash: leaf_hash(&bytes), bytes, fact };
        Ok(Box::new(Sealed { entry, contents }))
    }
}

#[derive(Default)]
struct Commitments {
    values: Object,
    blobs: Object,
    contents: Vec<Content>,
}

impl Commitments {
    /// Takes the members out of the body and commits to them, each under its salt.
    fn take_from(
        body: &mut Object,
        members: &[Committed],
        salts: &[[u8; 32]],
    ) -> Result<Self, FactError> {
        let mut commitments = Self::default();
        for (member, salt) in members.iter().zip(salts) {
            let pointer = pointer(&member.path);
            let Some(value) = take(body, &member.path) else {
                return Err(FactError::NoSuchMember { pointer });
            };
            match member.form {
                CommitForm::Value => commitments.disclose(pointer, salt, &value),
                CommitForm::Blob => commitments.blob(pointer, salt, value),
            }
        }
        Ok(commitments)
    }

    /// Writes what was promised into the fact; gives what lies behind it.
    fn promise_in(self, fact: &mut Object) -> Vec<Content> {
        if !self.values.is_empty() {
            fact.insert("_sd_alg", "sha-256".into());
            fact.insert("_sd", self.values.into());
        }
        if !self.blobs.is_empty() {
            fact.insert("_blob", self.blobs.into());
        }
        self.contents
    }

    fn disclose(&mut self, pointer: String, salt: &[u8; 32], value: &Value) {
        let disclosure = disclosure(salt, &pointer, value);
        self.values.insert(pointer.clone(), disclosure.digest.into());
        self.contents.push(Content {
            seq: 0,
            pointer,
            form: "sd".to_owned(),
            salt: Vec::new(),
            bytes: disclosure.text.into_bytes(),
        });
    }

    fn blob(&mut self, pointer: String, salt: &[u8; 32], value: Value) {
        let bytes = match value {
            Value::String(text) => text.into_string().into_bytes(),
            other => canonical::write(&other),
        };
        let commitment = blob_commitment(salt, &bytes);
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.blobs.insert(
            pointer.clone(),
            Object::from([
                ("alg", "sha-256".into()),
                ("c", commitment.to_string().into()),
                ("len", Value::integer(length)),
            ])
            .into(),
        );
        self.contents.push(Content {
            seq: 0,
            pointer,
            form: "blob".to_owned(),
            salt: salt.to_vec(),
            bytes,
        });
    }
}

/// RFC 6901 pointer from the fact to a member of its body.
fn pointer(path: &[String]) -> String {
    path.iter().fold("/body".to_owned(), |mut pointer, name| {
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        pointer
    })
}

fn take(object: &mut Object, path: &[String]) -> Option<Value> {
    match path {
        [] => None,
        [name] => object.remove(name),
        [name, rest @ ..] => match object.get_mut(name) {
            Some(Value::Object(inner)) => take(inner, rest),
            _ => None,
        },
    }
}

fn recorded_meta(draft: &DraftMeta, recorded_at: &str) -> Object {
    let mut meta = draft.members();
    meta.insert("recorded_at", recorded_at.into());
    meta
}
