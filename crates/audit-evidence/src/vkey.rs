//! Verifier keys (C2SP signed-note): `<name>+<key id, 8 hex digits>+<base64(type ‖ public key)>`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use replay_determinism::sha256;
use thiserror::Error;

/// The signature type of plain Ed25519.
const ED25519: u8 = 0x01;
/// The signature type of a witness's Ed25519 (C2SP tlog-cosignature).
pub(crate) const COSIGNATURE_V1: u8 = 0x04;

/// A text that is not a verifier key.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum VkeyError {
    /// Not three parts, or a part of a wrong alphabet.
    #[error(
        "a verifier key looks like `<name>+<8 hexadecimal digits>+<base64>`: {0} (copy the whole line, the `=` at its end included)"
    )]
    Shape(&'static str),
    /// Another type than is wanted.
    #[error(
        "the key has type {0:#04x}, which does not fit here (a log's key is Ed25519, 0x01; a witness's key is cosignature/v1, 0x04)"
    )]
    Type(u8),
    /// The id is not that of the name and key.
    #[error("the key's id is {expected:08x}, not {actual:08x} (was its name or a digit changed?)")]
    Id {
        /// Computed from name and key.
        expected: u32,
        /// As written.
        actual: u32,
    },
    /// A name that cannot name a key.
    #[error("`{0}` cannot name a key (no white space, no `+`, not empty)")]
    Name(String),
}

/// A named Ed25519 public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public_key: [u8; 32],
}

impl VerifierKey {
    /// Names a public key.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let key = VerifierKey::ed25519("logs.example.com/acme", [7; 32])?;
    /// assert_eq!(key.to_string().parse::<VerifierKey>()?, key);
    /// assert!(VerifierKey::ed25519("two words", [7; 32]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The name is empty, or has white space or `+`.
    pub fn ed25519(name: &str, public_key: [u8; 32]) -> Result<Self, VkeyError> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), public_key })
    }

    /// Reads a verifier key. Printing it gives the same text back.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let text = key().to_string();
    /// assert_eq!(VerifierKey::parse(&text)?, key());
    /// let renamed = text.replace("acme", "acne");
    /// assert!(VerifierKey::parse(&renamed).is_err(), "the id is not that of the name");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The text is not a verifier key, not Ed25519, or its id is not that of its name and key.
    pub fn parse(text: &str) -> Result<Self, VkeyError> {
        let (name, public_key) = parse(text, ED25519)?;
        Ok(Self { name, public_key })
    }

    /// The key's name: for a log, its origin.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// assert_eq!(VerifierKey::ed25519("logs.example.com/acme", [7; 32])?.name(), "logs.example.com/acme");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key id: the first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key).
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// let key = VerifierKey::ed25519("logs.example.com/acme", [7; 32])?;
    /// assert!(key.to_string().contains(&format!("+{:08x}+", key.id())));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> u32 {
        key_id(&self.name, ED25519, &self.public_key)
    }

    /// The 32 bytes of the public key.
    ///
    /// ```
    /// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
    /// # use recorded::*;
    /// assert_eq!(VerifierKey::ed25519("logs.example.com/acme", [7; 32])?.public_key(), &[7; 32]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(f, &self.name, ED25519, &self.public_key)
    }
}

impl std::str::FromStr for VerifierKey {
    type Err = VkeyError;

    fn from_str(text: &str) -> Result<Self, VkeyError> {
        Self::parse(text)
    }
}

/// Name and public key of a verifier key of this type, if its id is theirs.
pub(crate) fn parse(text: &str, wanted: u8) -> Result<(String, [u8; 32]), VkeyError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(VkeyError::Shape("it has fewer than two `+`"));
    };
    let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if id.len() != 8 || !id.bytes().all(lower_hex) {
        return Err(VkeyError::Shape("the second part is not 8 lower-case hexadecimal digits"));
    }
    let actual = u32::from_str_radix(id, 16)
        .map_err(|_| VkeyError::Shape("the second part is not a number"))?;
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|_| VkeyError::Shape("the third part is not padded base64"))?;
    let (kind, public_key) =
        bytes.split_first().ok_or(VkeyError::Shape("the third part is empty"))?;
    if *kind != wanted {
        return Err(VkeyError::Type(*kind));
    }
    let public_key: [u8; 32] = public_key
        .try_into()
        .map_err(|_| VkeyError::Shape("an Ed25519 public key has 32 bytes"))?;
    check_name(name)?;
    let expected = key_id(name, wanted, &public_key);
    if expected != actual {
        return Err(VkeyError::Id { expected, actual });
    }
    Ok((name.to_owned(), public_key))
}

/// First four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key).
pub(crate) fn key_id(name: &str, kind: u8, public_key: &[u8; 32]) -> u32 {
    let bytes = [name.as_bytes(), &[b'\n', kind], public_key].concat();
    let [a, b, c, d, ..] = *sha256(&bytes).as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// A verifier key as it is written.
pub(crate) fn print(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    kind: u8,
    public_key: &[u8; 32],
) -> fmt::Result {
    let encoded = STANDARD.encode([&[kind], &public_key[..]].concat());
    write!(f, "{name}+{:08x}+{encoded}", key_id(name, kind, public_key))
}

pub(crate) fn check_name(name: &str) -> Result<(), VkeyError> {
    if is_key_name(name) { Ok(()) } else { Err(VkeyError::Name(name.to_owned())) }
}

/// May this name a key? Control characters would break the line that it stands on.
pub(crate) fn is_key_name(name: &str) -> bool {
    let breaks = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    !name.is_empty() && !name.contains(breaks)
}
