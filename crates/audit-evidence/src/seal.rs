//! Sealing: a draft becomes an entry, a batch of entries becomes a commit.

use replay_determinism::{blob_commitment, canonical, disclosure, leaf_hash};
use store_traits::{
    Actor, CommitForm, Committed, Content, Digest, Draft, DraftMeta, Entropy, EntropyError, FactId,
    Head, IdempotencyKey, MAX_ENTRY_BYTES, Object, SealedBatch, SealedEntry, Subtree, TenantId,
    Timestamp, Value,
};
use thiserror::Error;

use crate::tree::{CompactRange, HeadError};

/// A draft that is not recorded yet.
pub(crate) struct Fresh<'d> {
    pub(crate) draft: &'d Draft,
    pub(crate) key: &'d IdempotencyKey,
    pub(crate) fingerprint: Digest,
}

/// Why a draft was not sealed.
#[derive(Debug, Error)]
pub(crate) enum SealError {
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    #[error(transparent)]
    Fact(#[from] FactError),
}

/// A draft that cannot be an entry.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum FactError {
    #[error(
        "the fact would have {size} bytes, an entry has at most {MAX_ENTRY_BYTES} (move large members behind a commitment)"
    )]
    TooLarge { size: usize },
    #[error("there is no member `{pointer}` to commit to (paths go through objects only)")]
    NoSuchMember { pointer: String },
}

/// Seals drafts, one after the other, on a head.
pub(crate) struct Sealer<'s> {
    tenant: &'s TenantId,
    on_size: u64,
    recorded_at: Timestamp,
    entropy: &'s dyn Entropy,
    tree: CompactRange,
    entries: Vec<SealedEntry>,
    contents: Vec<Content>,
    subtrees: Vec<Subtree>,
}

impl<'s> Sealer<'s> {
    pub(crate) fn on(
        tenant: &'s TenantId,
        head: &Head,
        recorded_at: Timestamp,
        entropy: &'s dyn Entropy,
    ) -> Result<Self, HeadError> {
        Ok(Self {
            tenant,
            on_size: head.size,
            recorded_at,
            entropy,
            tree: CompactRange::from_head(head.size, head.peaks.clone())?,
            entries: Vec::new(),
            contents: Vec::new(),
            subtrees: Vec::new(),
        })
    }

    pub(crate) fn add(&mut self, fresh: Fresh<'_>) -> Result<(u64, FactId), SealError> {
        let seq = self.tree.size();
        let mut random = [0_u8; 10];
        self.entropy.fill(&mut random)?;
        let id = FactId::from_parts(self.recorded_at.as_unix_ms(), &random);

        let draft = fresh.draft;
        let mut body = draft.body.clone();
        let commitments = self.commit_members(seq, &mut body, &draft.committed)?;
        let fact = self.fact(&id, draft, body, &commitments);
        let bytes = canonical::write(&fact);
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(FactError::TooLarge { size: bytes.len() }.into());
        }

        let leaf_hash = leaf_hash(&bytes);
        let subtrees = &mut self.subtrees;
        self.tree.append(leaf_hash, &mut |subtree| subtrees.push(subtree));
        self.contents.extend(commitments.contents);
        self.entries.push(SealedEntry {
            seq,
            id: id.clone(),
            kind: draft.kind.clone(),
            run_id: draft.meta.run_id.clone(),
            trace_id: draft.meta.trace_id.clone(),
            occurred_at: draft.meta.occurred_at,
            recorded_at: self.recorded_at,
            key: fresh.key.clone(),
            fingerprint: fresh.fingerprint,
            leaf_hash,
            bytes,
            fact,
        });
        Ok((seq, id))
    }

    pub(crate) fn finish(self) -> SealedBatch {
        SealedBatch {
            tenant: self.tenant.clone(),
            on_size: self.on_size,
            head: self.tree.head(),
            entries: self.entries,
            contents: self.contents,
            subtrees: self.subtrees,
            recorded_at: self.recorded_at,
        }
    }

    /// Takes the members out of the body and commits to them under fresh salts.
    fn commit_members(
        &self,
        seq: u64,
        body: &mut Object,
        members: &[Committed],
    ) -> Result<Commitments, SealError> {
        let mut commitments = Commitments::default();
        for member in members {
            let pointer = pointer(&member.path);
            let Some(value) = take(body, &member.path) else {
                return Err(FactError::NoSuchMember { pointer }.into());
            };
            let mut salt = [0_u8; 32];
            self.entropy.fill(&mut salt)?;
            match member.form {
                CommitForm::Value => commitments.disclose(seq, pointer, &salt, &value),
                CommitForm::Blob => commitments.blob(seq, pointer, &salt, value),
            }
        }
        Ok(commitments)
    }

    fn fact(&self, id: &FactId, draft: &Draft, body: Object, commitments: &Commitments) -> Value {
        let mut fact = Object::from([
            ("v".to_owned(), Value::from(1_u32)),
            ("id".to_owned(), id.as_str().into()),
            ("kind".to_owned(), draft.kind.as_str().into()),
            ("tenant".to_owned(), self.tenant.as_str().into()),
            ("meta".to_owned(), meta(&draft.meta, self.recorded_at).into()),
            ("body".to_owned(), body.into()),
        ]);
        if !commitments.values.is_empty() {
            fact.insert("_sd_alg".to_owned(), "sha-256".into());
            fact.insert("_sd".to_owned(), commitments.values.clone().into());
        }
        if !commitments.blobs.is_empty() {
            fact.insert("_blob".to_owned(), commitments.blobs.clone().into());
        }
        fact.into()
    }
}

#[derive(Default)]
struct Commitments {
    values: Object,
    blobs: Object,
    contents: Vec<Content>,
}

impl Commitments {
    fn disclose(&mut self, seq: u64, pointer: String, salt: &[u8; 32], value: &Value) {
        let disclosure = disclosure(salt, &pointer, value);
        self.values.insert(pointer.clone(), disclosure.digest.into());
        self.contents.push(Content {
            seq,
            pointer,
            form: "sd".to_owned(),
            salt: Vec::new(),
            bytes: disclosure.text.into_bytes(),
        });
    }

    fn blob(&mut self, seq: u64, pointer: String, salt: &[u8; 32], value: Value) {
        let bytes = match value {
            Value::String(text) => text.into_bytes(),
            other => canonical::write(&other),
        };
        let commitment = blob_commitment(salt, &bytes);
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.blobs.insert(
            pointer.clone(),
            Object::from([
                ("alg".to_owned(), "sha-256".into()),
                ("c".to_owned(), commitment.to_string().into()),
                ("len".to_owned(), Value::integer(length)),
            ])
            .into(),
        );
        self.contents.push(Content {
            seq,
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

fn meta(draft: &DraftMeta, recorded_at: Timestamp) -> Object {
    let mut meta = Object::from([
        ("actor".to_owned(), actor(&draft.actor).into()),
        ("occurred_at".to_owned(), draft.occurred_at.to_string().into()),
        ("recorded_at".to_owned(), recorded_at.to_string().into()),
        ("source_domain".to_owned(), draft.source_domain.as_str().into()),
        ("source_component".to_owned(), draft.source_component.as_str().into()),
        ("origin".to_owned(), draft.origin.as_str().into()),
    ]);
    let texts = [
        ("run_id", draft.run_id.as_ref().map(|id| id.as_str())),
        ("trace_id", draft.trace_id.as_ref().map(|id| id.as_str())),
        ("correlation_id", draft.correlation_id.as_deref()),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            meta.insert(name.to_owned(), text.into());
        }
    }
    for (name, ids) in [("policy_ids", &draft.policy_ids), ("incident_ids", &draft.incident_ids)] {
        if !ids.is_empty() {
            let ids: Vec<Value> = ids.iter().map(|id| id.as_str().into()).collect();
            meta.insert(name.to_owned(), ids.into());
        }
    }
    meta
}

fn actor(actor: &Actor) -> Object {
    let (kind, member, text) = match actor {
        Actor::Human { subject } => ("human", "subject", subject),
        Actor::Agent { name } => ("agent", "name", name),
        Actor::System { component } => ("system", "component", component),
    };
    Object::from([("kind".to_owned(), kind.into()), (member.to_owned(), text.as_str().into())])
}
