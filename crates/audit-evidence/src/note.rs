//! Signed notes (C2SP signed-note): a text and signature lines below it.
//!
//! ```text
//! <text, ends in a newline>
//!
//! — <key name> <base64(key id as u32, big-endian ‖ signature)>
//! ```
//!
//! The text is split off at the last blank line and keeps its final newline; the blank line is not
//! signed. Lines of unknown keys are ignored; a line of a known key that does not verify refuses
//! the whole note, and so does a note without any line of a known key.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use store_traits::{SignError, SignatureVerifier, Signer};
use thiserror::Error;

use crate::vkey::{VerifierKey, is_key_name};

/// The longest note, in bytes.
pub const MAX_NOTE_BYTES: usize = 1_000_000;
/// The most signature lines of a note.
pub const MAX_SIGNATURES: usize = 100;

const MARK: &str = "— ";

/// A note that cannot be read, signed or believed.
#[derive(Debug, Error)]
pub enum NoteError {
    /// Longer than [`MAX_NOTE_BYTES`].
    #[error("a signed note has at most {MAX_NOTE_BYTES} bytes, this has {0}")]
    TooLong(usize),
    /// A control character other than the newline.
    #[error("the note has a control character at byte {0}")]
    ControlCharacter(usize),
    /// No blank line between text and signatures, or no newline at the end.
    #[error("the note is not a text, a blank line and signature lines that end in a newline")]
    Shape,
    /// A signature line that is none.
    #[error("signature line {line} is not `— <key name> <base64>`")]
    SignatureLine {
        /// Which of the signature lines, from 1.
        line: usize,
    },
    /// More than [`MAX_SIGNATURES`].
    #[error("a note has at most {MAX_SIGNATURES} signature lines")]
    TooManySignatures,
    /// A text that cannot be signed.
    #[error("a text to be signed is not empty and ends in a newline")]
    Text,
    /// A name that cannot name a key.
    #[error("`{0}` cannot name a key (no white space, no `+`, not empty)")]
    KeyName(String),
    /// The key could not sign.
    #[error("the note could not be signed")]
    Sign(#[source] SignError),
    /// A known key's signature does not hold.
    #[error(
        "the signature of `{0}` does not hold: the note was changed, or was never signed by it"
    )]
    BadSignature(String),
    /// Two different known keys have the same name and id.
    #[error("two of the given keys are named `{0}` and have the same id")]
    AmbiguousKey(String),
    /// No known key signed it.
    #[error("none of the {known} given keys signed the note (signed by: {signers})")]
    NoKnownSignature {
        /// How many keys were given.
        known: usize,
        /// Names and ids on the signature lines.
        signers: String,
    },
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// Name of the key.
    pub key_name: String,
    /// First four bytes of a hash of name and key, see [`VerifierKey::id`].
    pub key_id: u32,
    /// The signature bytes; 64 for Ed25519.
    pub signature: Vec<u8>,
}

/// A note that was read; who signed it is not known before [`SignedNote::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl SignedNote {
    /// Reads a note. Printing it gives the same text back.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let note = checkpoint(&ledger());
    /// assert_eq!(SignedNote::parse(&note)?.to_string(), note);
    /// assert!(SignedNote::parse("a letter without a signature\n").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The text is not a signed note.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong(note.len()));
        }
        if let Some(at) = note.bytes().position(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::ControlCharacter(at));
        }
        let split = note.rfind("\n\n").ok_or(NoteError::Shape)?;
        let (text, below) = note.split_at(split + 1);
        let lines = below.strip_prefix('\n').and_then(|below| below.strip_suffix('\n'));
        let lines = lines.filter(|lines| !lines.is_empty()).ok_or(NoteError::Shape)?;
        let mut signatures = Vec::new();
        for (at, line) in lines.split('\n').enumerate() {
            if at == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(parse_line(line).ok_or(NoteError::SignatureLine { line: at + 1 })?);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Signs a text with a key of this name.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let note = SignedNote::sign("one line\n", "logs.example.com/acme", &ToyKey(7))?;
    /// assert!(note.to_string().starts_with("one line\n\n\u{2014} logs.example.com/acme "));
    /// assert!(SignedNote::sign("no newline", "logs.example.com/acme", &ToyKey(7)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The text is empty, does not end in a newline or has control characters; the name cannot name
    /// a key; the key cannot sign.
    pub fn sign(text: &str, key_name: &str, signer: &dyn Signer) -> Result<Self, NoteError> {
        if !text.ends_with('\n') {
            return Err(NoteError::Text);
        }
        if let Some(at) = text.bytes().position(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::ControlCharacter(at));
        }
        let key = VerifierKey::ed25519(key_name, signer.public_key())
            .map_err(|_| NoteError::KeyName(key_name.to_owned()))?;
        let signature = signer.sign(text.as_bytes()).map_err(NoteError::Sign)?.to_vec();
        let line = SignatureLine { key_name: key_name.to_owned(), key_id: key.id(), signature };
        Ok(Self { text: text.to_owned(), signatures: vec![line] })
    }

    /// The note with one more signature line, of another key or of a witness.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let note = SignedNote::sign("one line\n", "a.example", &ToyKey(7))?;
    /// let other = SignedNote::sign("one line\n", "b.example", &ToyKey(8))?;
    /// let both = note.with_line(other.signatures()[0].clone())?;
    /// assert_eq!(both.signatures().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The line's name cannot name a key, its signature is empty, or the note has
    /// [`MAX_SIGNATURES`] lines.
    pub fn with_line(mut self, line: SignatureLine) -> Result<Self, NoteError> {
        if !is_key_name(&line.key_name) {
            return Err(NoteError::KeyName(line.key_name));
        }
        if line.signature.is_empty() {
            return Err(NoteError::SignatureLine { line: self.signatures.len() + 1 });
        }
        if self.signatures.len() == MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        if !self.signatures.contains(&line) {
            self.signatures.push(line);
        }
        Ok(self)
    }

    /// The signed text, with its final newline. Not to be believed before [`SignedNote::verify`].
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let note = SignedNote::sign("one line\n", "a.example", &ToyKey(7))?;
    /// assert_eq!(note.text(), "one line\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let note = SignedNote::sign("one line\n", "a.example", &ToyKey(7))?;
    /// assert_eq!(note.signatures()[0].key_name, "a.example");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Checks every line of a known key, and gives the keys that signed, each once.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let note = SignedNote::parse(&checkpoint(&ledger()))?;
    /// assert_eq!(note.verify(&[key()], &ToyVerifier)?, [&key()]);
    /// let stranger = VerifierKey::ed25519("b.example", ToyKey(8).public_key())?;
    /// assert!(note.verify(&[stranger], &ToyVerifier).is_err(), "no known key signed it");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A known key's line does not verify, or no line is of a known key.
    pub fn verify<'k>(
        &self,
        known: &'k [VerifierKey],
        verifier: &dyn SignatureVerifier,
    ) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut signed_by: Vec<&VerifierKey> = Vec::new();
        for line in &self.signatures {
            let mut named = known.iter().filter(|key| key.is_of(line));
            let Some(key) = named.next() else { continue };
            if named.any(|other| other != key) {
                return Err(NoteError::AmbiguousKey(line.key_name.clone()));
            }
            let holds = <&[u8; 64]>::try_from(line.signature.as_slice())
                .is_ok_and(|bytes| verifier.verify(key.public_key(), self.text.as_bytes(), bytes));
            if !holds {
                return Err(NoteError::BadSignature(line.key_name.clone()));
            }
            if !signed_by.contains(&key) {
                signed_by.push(key);
            }
        }
        if signed_by.is_empty() {
            return Err(NoteError::NoKnownSignature {
                known: known.len(),
                signers: self.signers(),
            });
        }
        Ok(signed_by)
    }

    fn signers(&self) -> String {
        let named = self.signatures.iter().map(|l| format!("{}+{:08x}", l.key_name, l.key_id));
        named.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let bytes = [&line.key_id.to_be_bytes()[..], &line.signature].concat();
            writeln!(f, "{MARK}{} {}", line.key_name, STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

impl VerifierKey {
    fn is_of(&self, line: &SignatureLine) -> bool {
        self.id() == line.key_id && self.name() == line.key_name
    }
}

fn parse_line(line: &str) -> Option<SignatureLine> {
    let (key_name, encoded) = line.strip_prefix(MARK)?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (key_id, signature) = bytes.split_first_chunk::<4>()?;
    if !is_key_name(key_name) || signature.is_empty() {
        return None;
    }
    Some(SignatureLine {
        key_name: key_name.to_owned(),
        key_id: u32::from_be_bytes(*key_id),
        signature: signature.to_vec(),
    })
}
