//! Checkpoints (C2SP tlog-checkpoint): what a log says of its tree, as a signed note.
//!
//! ```text
//! <origin>
//! <number of leaves, decimal>
//! <root hash, base64>
//! ```
//!
//! No further lines. The log's key has the origin as its name.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use replay_determinism::empty_root;
use store_traits::{Digest, Head, SignatureVerifier, Signer};
use thiserror::Error;

use crate::note::{NoteError, SignedNote};
use crate::vkey::{VerifierKey, is_key_name};

/// A checkpoint that cannot be read or believed.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// Not a signed note, or one that no known key signed.
    #[error("the checkpoint's note is refused: {0}")]
    Note(#[from] NoteError),
    /// The text of the note is not a checkpoint.
    #[error("the note is not a checkpoint: {0}")]
    Body(&'static str),
    /// Signed, but not by the log that it speaks of.
    #[error(
        "the checkpoint speaks of `{origin}`, and no given key of that name signed it (a log's key is named like its origin)"
    )]
    NotTheLog {
        /// The origin in the checkpoint.
        origin: String,
    },
}

/// What a checkpoint says, before anybody signed or checked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointBody {
    /// The log's name: a URL without its scheme.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// RFC 6962 root hash.
    pub root: Digest,
}

impl CheckpointBody {
    /// Reads the text of a checkpoint. Printing it gives the same text back.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let text = "logs.example.com/acme\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    /// let body = CheckpointBody::parse(text)?;
    /// assert_eq!((body.origin.as_str(), body.size), ("logs.example.com/acme", 0));
    /// assert_eq!(body.to_string(), text);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The text is not the three lines of a checkpoint.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let refuse = |why| Err(CheckpointError::Body(why));
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root), Some(""), None) =
            (lines.next(), lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return refuse("it has not exactly three lines");
        };
        if !is_key_name(origin) {
            return refuse("its origin is empty, or has white space or `+`");
        }
        let Some(size) = parse_decimal(size) else {
            return refuse("its size is not a decimal number without leading zeros");
        };
        let Some(root) = parse_digest(root) else {
            return refuse("its root hash is not 32 bytes in padded base64");
        };
        if size == 0 && root != empty_root() {
            return refuse("its tree is empty, and its root hash is not that of the empty tree");
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

impl fmt::Display for CheckpointBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = STANDARD.encode(self.root.as_bytes());
        writeln!(f, "{}\n{}\n{root}", self.origin, self.size)
    }
}

/// A checkpoint that its log signed. Made by [`open_checkpoint`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenedCheckpoint {
    /// The log's name.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// RFC 6962 root hash.
    pub root: Digest,
    /// Which of the given keys signed it; one of them has the origin as its name.
    pub signed_by: Vec<VerifierKey>,
}

/// Signs a head as a checkpoint of this origin; gives the whole note.
///
/// Whether the head is consistent with everything that was signed before is the caller's to know.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let head = ready(ledger().head(&tenant()))?;
/// let note = sign_checkpoint(ORIGIN, &head, &ToyKey(7))?;
/// assert!(note.starts_with("logs.example.com/acme\n5\n"));
/// assert!(sign_checkpoint("two words", &head, &ToyKey(7)).is_err(), "that cannot name a key");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The origin cannot name a key, or the key cannot sign.
pub fn sign_checkpoint(
    origin: &str,
    head: &Head,
    signer: &dyn Signer,
) -> Result<String, NoteError> {
    let body = CheckpointBody { origin: origin.to_owned(), size: head.size, root: head.root };
    Ok(SignedNote::sign(&body.to_string(), origin, signer)?.to_string())
}

/// Adds the signature of another key of the same log to a checkpoint, while keys are rotated.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let note = checkpoint(&ledger());
/// let both = sign_checkpoint_also(&note, &ToyKey(8))?;
/// let next = VerifierKey::ed25519(ORIGIN, ToyKey(8).public_key())?;
/// assert_eq!(open_checkpoint(&both, &[key(), next], &ToyVerifier)?.signed_by.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The text is not a checkpoint, or the key cannot sign.
pub fn sign_checkpoint_also(note: &str, signer: &dyn Signer) -> Result<String, CheckpointError> {
    let note = SignedNote::parse(note)?;
    let origin = CheckpointBody::parse(note.text())?.origin;
    let own = SignedNote::sign(note.text(), &origin, signer)?;
    let added = own.signatures().iter().cloned().try_fold(note, SignedNote::with_line)?;
    Ok(added.to_string())
}

/// Reads a checkpoint and checks that the log that it speaks of signed it with one of these keys.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let note = checkpoint(&ledger());
/// assert_eq!(open_checkpoint(&note, &[key()], &ToyVerifier)?.size, 5);
/// let forged = note.replace("\n5\n", "\n6\n");
/// assert!(open_checkpoint(&forged, &[key()], &ToyVerifier).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The text is not a checkpoint, a known key's signature does not hold, or none of the keys that
/// signed has the checkpoint's origin as its name.
pub fn open_checkpoint(
    note: &str,
    known: &[VerifierKey],
    verifier: &dyn SignatureVerifier,
) -> Result<OpenedCheckpoint, CheckpointError> {
    let note = SignedNote::parse(note)?;
    let signed_by: Vec<_> = note.verify(known, verifier)?.into_iter().cloned().collect();
    let CheckpointBody { origin, size, root } = CheckpointBody::parse(note.text())?;
    if !signed_by.iter().any(|key| key.name() == origin) {
        return Err(CheckpointError::NotTheLog { origin });
    }
    Ok(OpenedCheckpoint { origin, size, root, signed_by })
}

/// Decimal, no sign, no leading zeros.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let one_spelling = plain && (text == "0" || !text.starts_with('0'));
    one_spelling.then(|| text.parse().ok()).flatten()
}

/// Exactly 32 bytes in padded base64.
pub(crate) fn parse_digest(text: &str) -> Option<Digest> {
    let bytes = STANDARD.decode(text).ok()?;
    Digest::try_from(bytes.as_slice()).ok()
}
