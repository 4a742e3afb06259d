//! Time-stamps of root checkpoints by authorities of RFC 3161.
//!
//! Witnesses say that a checkpoint is of the one history that they know; a time-stamp says when it
//! existed, by somebody whose word courts know. The token is over the whole cosigned note and is kept
//! as a fact of the root log (`log.timestamped`), which the next root checkpoint covers.

use std::path::Path;

use adapters::timestamp::{
    TimestampError, TimestampRequest, TimestampToken, TimestampTrust, open_timestamp,
    open_timestamp_response,
};
use async_trait::async_trait;
use audit_evidence::{CheckpointBody, ProofText, SignedNote};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use replay_determinism::canonical;
use store_traits::{Draft, FactKind, IdempotencyKey, Identity, Object, Value};
use thiserror::Error;

use crate::offline::{OfflineError, read_proof_file, read_token_file};
use crate::own_facts::own_meta;
use crate::{DomainError, LogsDomain};

/// The most bytes of an answer: a token with a chain of certificates has under ten thousand, and its
/// fact must fit into an entry.
pub const MAX_TIMESTAMP_BYTES: usize = 32 * 1024;

/// The way to a time-stamping authority.
#[async_trait]
pub trait TimestampClient: Send + Sync {
    /// Posts a query (`application/timestamp-query`) and gives the answer's body.
    ///
    /// # Errors
    /// The authority cannot be reached, or its answer is no time-stamp reply.
    async fn post(&self, url: &str, query: Vec<u8>) -> Result<Vec<u8>, TimestampUnreachable>;
}

/// A time-stamping authority gave no answer that could be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{url}` gave no time-stamp: {why}")]
pub struct TimestampUnreachable {
    /// Where it was asked.
    pub url: String,
    /// Why.
    pub why: String,
}

/// Why a root checkpoint has no time-stamp.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TimestampFailure {
    /// The authority gave no answer.
    #[error(transparent)]
    Unreachable(#[from] TimestampUnreachable),
    /// Its answer is not to be believed.
    #[error(transparent)]
    Token(#[from] TimestampError),
}

/// An authority, and how its tokens are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampAuthority {
    /// Where it is asked.
    pub url: String,
    /// The certificates that are trusted.
    pub trust: TimestampTrust,
}

/// A time-stamp of a root checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootTimestamp {
    /// The token's bytes (CMS, DER).
    pub token: Vec<u8>,
    /// What it says.
    pub stated: TimestampToken,
}

impl LogsDomain {
    /// Has a cosigned root checkpoint time-stamped, and keeps the token. A note that has one which
    /// this trust believes is not asked for again.
    ///
    /// # Errors
    /// The note is no checkpoint; the authority gave no token that is to be believed; the store
    /// failed. Doing it again asks again.
    pub async fn timestamp_root(
        &self,
        note: &str,
        authority: &TimestampAuthority,
        client: &dyn TimestampClient,
    ) -> Result<RootTimestamp, DomainError> {
        let size = size_of(note)?;
        let (kept, next) = self.kept_timestamps(note, size).await?;
        for token in kept {
            if let Ok(stated) = open_timestamp(&token, note.as_bytes(), &authority.trust) {
                return Ok(RootTimestamp { token, stated });
            }
        }
        let mut nonce = [0; 8];
        self.entropy.fill(&mut nonce)?;
        let request = TimestampRequest::new(note.as_bytes(), u64::from_be_bytes(nonce));
        let failed = |error| DomainError::Timestamp { error };
        let answer = client
            .post(&authority.url, request.to_der())
            .await
            .map_err(|error| failed(error.into()))?;
        let (token, stated) = open_timestamp_response(&answer, &request, &authority.trust)
            .map_err(|error| failed(error.into()))?;
        let body = Object::from([
            ("record", "timestamped".into()),
            ("note", note.into()),
            ("token", STANDARD.encode(&token).as_str().into()),
            ("at", stated.at.to_string().as_str().into()),
        ]);
        let draft = Draft {
            kind: FactKind::LogTimestamped,
            meta: own_meta("root-log", self.clock.now()),
            body,
            committed: Vec::new(),
            identity: Identity::Key(next),
        };
        self.recorder.record(&Self::root_log()?, &[draft]).await?;
        Ok(RootTimestamp { token, stated })
    }

    /// The newest token that is kept for the root checkpoint of a proof that
    /// [`LogsDomain::prove_in_root`] gave.
    ///
    /// # Errors
    /// The proof is none of the root log, or its checkpoint has no time-stamp.
    pub async fn root_timestamp(&self, proof: &str) -> Result<Vec<u8>, DomainError> {
        let parsed = ProofText::parse(proof).map_err(|e| DomainError::Proof(e.to_string()))?;
        let note = checkpoint_of(&parsed)
            .ok_or_else(|| DomainError::Proof("it carries no checkpoint".to_owned()))?;
        let size = size_of(note)?;
        let (mut kept, _) = self.kept_timestamps(note, size).await?;
        kept.pop().ok_or_else(|| {
            DomainError::NoSuchFact(format!(
                "the root checkpoint of {size} entries has no time-stamp (see `factlog root publish --tsa`)"
            ))
        })
    }

    /// The tokens kept for a note, and the key of the next one at its size.
    async fn kept_timestamps(
        &self,
        note: &str,
        size: u64,
    ) -> Result<(Vec<Vec<u8>>, IdempotencyKey), DomainError> {
        let root = Self::root_log()?;
        let (mut tokens, mut attempt) = (Vec::new(), 0_u32);
        loop {
            let key = IdempotencyKey::parse(&format!("log.timestamped:{size}:{attempt}"))
                .map_err(|error| DomainError::Proof(error.to_string()))?;
            let known = self.ledger.known(&root, std::slice::from_ref(&key)).await?;
            let Some(known) = known.into_iter().flatten().next() else {
                return Ok((tokens, key));
            };
            let bytes = self.entry_bytes(&root, known.seq).await?;
            let (of, token) = read(&bytes).ok_or_else(|| {
                DomainError::Proof(format!("entry {} of the root log holds no token", known.seq))
            })?;
            if of == note {
                tokens.push(token);
            }
            attempt += 1;
        }
    }
}

/// Checks a token of the root checkpoint of a proof, offline: what it says, or why it does not hold.
///
/// # Errors
/// A file cannot be read, or the first is no proof text.
pub fn verify_root_timestamp_file(
    proof: &Path,
    token: &Path,
    trust: &TimestampTrust,
) -> Result<Result<TimestampToken, String>, OfflineError> {
    let proof = read_proof_file(proof)?;
    let token = read_token_file(token)?;
    let Some(note) = checkpoint_of(&proof) else {
        return Ok(Err("the proof carries no checkpoint".to_owned()));
    };
    Ok(open_timestamp(&token, note.as_bytes(), trust).map_err(|error| error.to_string()))
}

fn checkpoint_of(proof: &ProofText) -> Option<&str> {
    match proof {
        ProofText::Inclusion { checkpoint, .. } => Some(checkpoint),
        _ => None,
    }
}

fn size_of(note: &str) -> Result<u64, DomainError> {
    let parsed = SignedNote::parse(note).map_err(|e| DomainError::Proof(e.to_string()))?;
    let body =
        CheckpointBody::parse(parsed.text()).map_err(|e| DomainError::Proof(e.to_string()))?;
    Ok(body.size)
}

/// The note and the token of a `log.timestamped` fact.
fn read(entry: &[u8]) -> Option<(String, Vec<u8>)> {
    let fact = canonical::parse(entry).ok()?;
    let body = fact.member("body")?;
    let text = |name: &str| body.member(name).and_then(Value::as_str);
    Some((text("note")?.to_owned(), STANDARD.decode(text("token")?).ok()?))
}
