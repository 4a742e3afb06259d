//! Cosignatures (C2SP tlog-cosignature): a witness says when it saw a checkpoint, and that it extends
//! every earlier one that it saw.
//!
//! ```text
//! signed:    cosignature/v1\ntime <POSIX seconds>\n<the checkpoint's text>
//! signature: <the seconds, 8 bytes big-endian> ‖ <Ed25519 signature, 64 bytes>
//! ```
//!
//! The line stands below the log's own in the same note; its key has the type 0x04.

use std::fmt;
use std::str::FromStr;

use store_traits::{SignatureVerifier, Signer};

use crate::note::{NoteError, SignatureLine, SignedNote};
use crate::vkey::{self, COSIGNATURE_V1, VkeyError};

/// A witness's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    public_key: [u8; 32],
}

impl WitnessKey {
    /// Names a public key.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let witness = WitnessKey::ed25519("witness.example", ToyKey(9).public_key())?;
    /// assert_eq!(witness.to_string().parse::<WitnessKey>()?, witness);
    /// assert!(WitnessKey::ed25519("two words", [0; 32]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The name is empty, or has white space or `+`.
    pub fn ed25519(name: &str, public_key: [u8; 32]) -> Result<Self, VkeyError> {
        vkey::check_name(name)?;
        Ok(Self { name: name.to_owned(), public_key })
    }

    /// The key's name.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// assert_eq!(WitnessKey::ed25519("witness.example", [9; 32])?.name(), "witness.example");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key id, see [`crate::VerifierKey::id`].
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let (witness, log) = (WitnessKey::ed25519("a", [9; 32])?, VerifierKey::ed25519("a", [9; 32])?);
    /// assert_ne!(witness.id(), log.id(), "the type of a key is part of its id");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> u32 {
        vkey::key_id(&self.name, COSIGNATURE_V1, &self.public_key)
    }

    /// The 32 bytes of the public key.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// assert_eq!(WitnessKey::ed25519("witness.example", [9; 32])?.public_key(), &[9; 32]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }
}

impl FromStr for WitnessKey {
    type Err = VkeyError;

    /// Reads a verifier key of the type 0x04. Printing it gives the same text back.
    fn from_str(text: &str) -> Result<Self, VkeyError> {
        let (name, public_key) = vkey::parse(text, COSIGNATURE_V1)?;
        Ok(Self { name, public_key })
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        vkey::print(f, &self.name, COSIGNATURE_V1, &self.public_key)
    }
}

/// A cosignature that holds. Made by [`cosignatures`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cosignature {
    /// Who cosigned.
    pub witness: WitnessKey,
    /// When, in POSIX seconds, by the witness's clock.
    pub at: u64,
}

/// The cosignatures of known witnesses below a note, each witness's latest.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let note = SignedNote::parse(&checkpoint(&ledger()))?;
/// let witness = WitnessKey::ed25519("witness.example", ToyKey(9).public_key())?;
/// let line = cosign(note.text(), "witness.example", 1_767_268_800, &ToyKey(9))?;
/// let note = note.with_line(line)?;
/// let found = cosignatures(&note, &[witness], &ToyVerifier)?;
/// assert_eq!(found[0].at, 1_767_268_800);
/// assert!(cosignatures(&note, &[], &ToyVerifier)?.is_empty(), "nobody is known");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A known witness's line does not hold: then nothing of the note is to be believed.
pub fn cosignatures(
    note: &SignedNote,
    known: &[WitnessKey],
    verifier: &dyn SignatureVerifier,
) -> Result<Vec<Cosignature>, NoteError> {
    let mut found: Vec<Cosignature> = Vec::new();
    for line in note.signatures() {
        let named = known.iter().find(|key| key.name == line.key_name && key.id() == line.key_id);
        let Some(witness) = named else { continue };
        let at = time_of(line, note.text(), witness, verifier)
            .ok_or_else(|| NoteError::BadSignature(line.key_name.clone()))?;
        match found.iter_mut().find(|earlier| earlier.witness == *witness) {
            Some(earlier) => earlier.at = earlier.at.max(at),
            None => found.push(Cosignature { witness: witness.clone(), at }),
        }
    }
    Ok(found)
}

/// What a witness does: its line below a checkpoint's text, at a time in POSIX seconds.
///
/// Whether the checkpoint extends what the witness saw before is the caller's to know.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let note = SignedNote::parse(&checkpoint(&ledger()))?;
/// let line = cosign(note.text(), "witness.example", 1_767_268_800, &ToyKey(9))?;
/// assert_eq!(line.signature.len(), 8 + 64, "the time, then the signature");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The name cannot name a key, or the key cannot sign.
pub fn cosign(
    text: &str,
    name: &str,
    at: u64,
    signer: &dyn Signer,
) -> Result<SignatureLine, NoteError> {
    let key = WitnessKey::ed25519(name, signer.public_key())
        .map_err(|_| NoteError::KeyName(name.to_owned()))?;
    let signature = signer.sign(&message(at, text)).map_err(NoteError::Sign)?;
    let signature = [&at.to_be_bytes()[..], &signature].concat();
    Ok(SignatureLine { key_name: name.to_owned(), key_id: key.id(), signature })
}

fn time_of(
    line: &SignatureLine,
    text: &str,
    witness: &WitnessKey,
    verifier: &dyn SignatureVerifier,
) -> Option<u64> {
    let (at, signature) = line.signature.split_first_chunk::<8>()?;
    let at = u64::from_be_bytes(*at);
    let signature = <&[u8; 64]>::try_from(signature).ok()?;
    verifier.verify(&witness.public_key, &message(at, text), signature).then_some(at)
}

fn message(at: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {at}\n{text}").into_bytes()
}
