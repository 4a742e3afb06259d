//! A fact before it is recorded.

use crate::{DraftMeta, FactKind, IdempotencyKey, Object};

/// A fact that somebody asks to be recorded. The recorder gives it an id and a recording time,
/// commits to what must not lie in the entry, and seals it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What it is about.
    pub kind: FactKind,
    /// Who, when, where, which run.
    pub meta: DraftMeta,
    /// The fact's own content, already redacted. The member `view`, if there, is derived by a
    /// versioned mapping and is not part of the fact's identity.
    pub body: Object,
    /// Which members of the body are moved out of the entry behind a salted commitment.
    pub committed: Vec<Committed>,
    /// When two drafts are the same fact.
    pub identity: Identity,
}

/// When two drafts are the same fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// By a key that the source gives (trace id and span id): the same key with other content is a
    /// conflict.
    Key(IdempotencyKey),
    /// By the content alone (a log record has no id): the same content twice is one fact.
    Content,
}

/// A member of the body that is moved behind a salted commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Member names from the body down to the value, for example
    /// `["source", "attributes", "gen_ai.input.messages"]`. Objects only.
    pub path: Vec<String>,
    /// How it is committed.
    pub form: CommitForm,
}

/// How a value is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitForm {
    /// A disclosure as in RFC 9901 (`_sd`): any JSON value, meant for short ones.
    Value,
    /// A blob (`_blob`): the UTF-8 bytes of a string, or the canonical JSON of any other value.
    Blob,
}
