//! Asking witnesses for their cosignatures (C2SP tlog-witness, `add-checkpoint`).
//!
//! ```text
//! POST <url>/add-checkpoint
//!
//! old <size that the witness cosigned last>
//! <consistency proof from there, one base64 hash a line>
//! <blank line>
//! <checkpoint>
//! ```
//!
//! The answer to 200 is the witness's signature lines; 409 says which size it knows, and the log asks
//! again from there. A witness that knows a larger tree has seen another state of this log: then
//! this one is behind, and must not go on.

use std::fmt::Write as _;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use store_traits::{SignatureVerifier, TenantId, TileStore};
use thiserror::Error;

use crate::checkpoint::{CheckpointBody, CheckpointError, parse_decimal};
use crate::cosignature::cosignatures;
use crate::note::{NoteError, SignatureLine, SignedNote};
use crate::policy::PolicyWitness;
use crate::prover::{ProveError, consistency_proof};

/// The longest answer that is read, in bytes: a hundred signature lines.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Other processes may submit too, so the size may move while the proof is made.
const MAX_TRIES: u32 = 4;

/// An answer over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The body, at most [`MAX_ANSWER_BYTES`].
    pub body: String,
}

/// No answer came.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{url}` cannot be reached: {why}")]
pub struct WitnessUnreachable {
    /// Where it was looked for.
    pub url: String,
    /// What the connection said.
    pub why: String,
}

/// Carries requests to witnesses. [`add_checkpoint`] has an example of one.
#[async_trait]
pub trait WitnessClient: Send + Sync {
    /// Posts a body and gives the answer, whatever its status.
    ///
    /// # Errors
    /// No answer came.
    async fn post(&self, url: &str, body: String) -> Result<HttpAnswer, WitnessUnreachable>;
}

/// A witness gave no cosignature.
#[derive(Debug, Error)]
pub enum WitnessError {
    /// The policy says no address.
    #[error("the policy gives no address for it (add its submission prefix as the last word)")]
    NoUrl,
    /// No answer came.
    #[error(transparent)]
    Unreachable(#[from] WitnessUnreachable),
    /// What is submitted is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The consistency proof cannot be made.
    #[error("no consistency proof can be made")]
    Prove(#[from] ProveError),
    /// It knows a larger tree.
    #[error(
        "it cosigned {theirs} entries of this log, and this log has {ours}: the database is behind what was published (is it an older backup?)"
    )]
    Ahead {
        /// The size that it knows.
        theirs: u64,
        /// The size of the checkpoint.
        ours: u64,
    },
    /// It knows another tree of this size, or its size moved too often.
    #[error("it answered again and again that it knows another state of {0} entries")]
    Conflict(u64),
    /// 404.
    #[error("it does not know this log (ask its operator to add the log's key)")]
    UnknownLog,
    /// 403.
    #[error("it trusts none of the keys that signed (give its operator the new key)")]
    UnknownKey,
    /// 422.
    #[error("it refused the consistency proof: it saw another history of this log")]
    Inconsistent,
    /// Another status, or an answer that cannot be read.
    #[error("it answered {status}, which cannot be used: `{said}`")]
    Answer {
        /// The status.
        status: u16,
        /// The beginning of the body.
        said: String,
    },
    /// Its signature does not hold.
    #[error("its cosignature does not hold (is its key in the policy right?)")]
    Signature(#[from] NoteError),
}

/// Asks a witness to cosign a checkpoint of a tenant's log; gives its line. `old` is the size that
/// it cosigned last, as far as is known; 0 is always right to begin with.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// struct Witness;
///
/// #[async_trait::async_trait]
/// impl WitnessClient for Witness {
///     async fn post(&self, _: &str, body: String) -> Result<HttpAnswer, WitnessUnreachable> {
///         // `old 0`, no proof from nothing, a blank line, the checkpoint.
///         let note = body.strip_prefix("old 0\n\n").and_then(|note| SignedNote::parse(note).ok());
///         let line = note.and_then(|note| {
///             let line = cosign(note.text(), "witness.example", 1_767_268_800, &ToyKey(9)).ok()?;
///             Some(SignedNote::sign(note.text(), "x", &ToyKey(9)).ok()?.with_line(line).ok()?)
///         });
///         let Some(answer) = line else { return Ok(HttpAnswer { status: 400, body: String::new() }) };
///         let text = answer.to_string();
///         let lines = text.split("\n\n").last().unwrap_or_default();
///         Ok(HttpAnswer { status: 200, body: lines.to_owned() })
///     }
/// }
///
/// let ledger = ledger();
/// let key = WitnessKey::ed25519("witness.example", ToyKey(9).public_key())?;
/// let url = Some("https://witness.example".to_owned());
/// let witness = PolicyWitness { name: "w".into(), key, url };
/// let (tenant, note) = (tenant(), checkpoint(&ledger));
/// let asked = add_checkpoint(&Witness, &witness, ledger.as_ref(), (&tenant, &note), 0, &ToyVerifier);
/// assert_eq!(ready(asked)?.key_name, "witness.example");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The witness gave no cosignature that holds.
pub async fn add_checkpoint(
    client: &dyn WitnessClient,
    witness: &PolicyWitness,
    store: &dyn TileStore,
    (tenant, checkpoint): (&TenantId, &str),
    mut old: u64,
    verifier: &dyn SignatureVerifier,
) -> Result<SignatureLine, WitnessError> {
    let prefix = witness.url.as_deref().ok_or(WitnessError::NoUrl)?;
    let url = format!("{}/add-checkpoint", prefix.trim_end_matches('/'));
    let note = SignedNote::parse(checkpoint).map_err(CheckpointError::Note)?;
    let size = CheckpointBody::parse(note.text())?.size;
    for _ in 0..MAX_TRIES {
        if old > size {
            return Err(WitnessError::Ahead { theirs: old, ours: size });
        }
        let body = request(store, tenant, checkpoint, old, size).await?;
        let HttpAnswer { status, body } = client.post(&url, body).await?;
        match status {
            200 => return line(&note, &body, witness, verifier),
            403 => return Err(WitnessError::UnknownKey),
            404 => return Err(WitnessError::UnknownLog),
            422 => return Err(WitnessError::Inconsistent),
            409 => {
                // The very same size again: it has another root at that size.
                let theirs = body.strip_suffix('\n').and_then(parse_decimal);
                match theirs {
                    Some(theirs) if theirs != old => old = theirs,
                    Some(theirs) => return Err(WitnessError::Conflict(theirs)),
                    None => return Err(unusable(status, &body)),
                }
            }
            _ => return Err(unusable(status, &body)),
        }
    }
    Err(WitnessError::Conflict(old))
}

async fn request(
    store: &dyn TileStore,
    tenant: &TenantId,
    checkpoint: &str,
    old: u64,
    size: u64,
) -> Result<String, ProveError> {
    let mut body = format!("old {old}\n");
    // From nothing, and to itself, a tree is proved by nothing.
    if old > 0 && old < size {
        for hash in consistency_proof(store, tenant, old, size).await? {
            // Writing to a string cannot fail.
            let _ = writeln!(body, "{}", STANDARD.encode(hash.as_bytes()));
        }
    }
    body.push('\n');
    body.push_str(checkpoint);
    Ok(body)
}

/// The witness's own line of the answer; lines of other keys are ignored.
fn line(
    note: &SignedNote,
    answer: &str,
    witness: &PolicyWitness,
    verifier: &dyn SignatureVerifier,
) -> Result<SignatureLine, WitnessError> {
    let answered = SignedNote::parse(&format!("{}\n{answer}", note.text()));
    let answered = answered.map_err(|_| unusable(200, answer))?;
    let known = std::slice::from_ref(&witness.key);
    if cosignatures(&answered, known, verifier)?.is_empty() {
        return Err(unusable(200, answer));
    }
    let own = |line: &&SignatureLine| {
        line.key_name == witness.key.name() && line.key_id == witness.key.id()
    };
    answered.signatures().iter().find(own).cloned().ok_or_else(|| unusable(200, answer))
}

fn unusable(status: u16, body: &str) -> WitnessError {
    WitnessError::Answer { status, said: body.chars().take(80).collect() }
}
