//! Several signing keys in one file: those that sign, and those that only verify what they signed.
//!
//! ```text
//! factlog-keys v2
//! active <time added, or -> <base64 of the 32 seed bytes>
//! retired <time added, or -> <time retired> <base64 of the 32 public key bytes>
//! ```
//!
//! One line a key, in the order in which they were added. A retired key's seed is gone: it cannot
//! sign again. A file of one key (`factlog-ed25519-key v1`) is read as a ring of one active key.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use store_traits::{Signer as _, Timestamp};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::key::{Ed25519Signer, KEY_FILE_HEADER, KeyFileError};

/// The first line of a file of several keys.
pub const KEY_RING_HEADER: &str = "factlog-keys v2";
/// More keys than a checkpoint may have signature lines make no sense.
const MAX_KEYS: usize = 64;

/// A key of a ring.
#[derive(Debug, Clone)]
pub struct RingKey {
    /// The public half.
    pub public_key: [u8; 32],
    /// When it was added; `None` for the key that the database was made with.
    pub added_at: Option<Timestamp>,
    /// Whether it signs.
    pub state: KeyState,
}

/// Whether a key signs.
#[derive(Debug, Clone)]
pub enum KeyState {
    /// It signs.
    Active(Arc<Ed25519Signer>),
    /// It verifies what it signed until then.
    Retired {
        /// When it signed for the last time, at the latest.
        at: Timestamp,
    },
}

/// A change that a ring does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyRingError {
    /// It is in the ring already.
    #[error("the key is in the key file already")]
    Known,
    /// It is not in the ring, or signs no more.
    #[error("no active key has this id (see `factlog keys show`)")]
    NotActive,
    /// Nothing could be signed any more.
    #[error("it is the only active key (add another first: `factlog keys add`)")]
    LastActive,
    /// Too many.
    #[error("a key file holds at most {MAX_KEYS} keys")]
    Full,
}

/// The keys of a log, in the order in which they were added; at least one signs.
#[derive(Debug, Clone)]
pub struct KeyRing {
    keys: Vec<RingKey>,
}

impl KeyRing {
    /// A ring of one key.
    #[must_use]
    pub fn of(signer: Ed25519Signer) -> Self {
        let key = RingKey {
            public_key: signer.public_key(),
            added_at: None,
            state: KeyState::Active(Arc::new(signer)),
        };
        Self { keys: vec![key] }
    }

    /// Parses a key file of either version.
    ///
    /// # Errors
    /// The bytes are not a key file; the error says why and never shows them.
    pub fn from_key_file(bytes: &[u8]) -> Result<Self, KeyFileError> {
        let text = std::str::from_utf8(bytes).map_err(|_| KeyFileError::NotText)?;
        let mut lines = text.lines();
        match lines.next() {
            Some(KEY_FILE_HEADER) => return Ok(Self::of(Ed25519Signer::from_key_file(bytes)?)),
            Some(KEY_RING_HEADER) => {}
            _ => return Err(KeyFileError::Header),
        }
        let mut ring = Self { keys: Vec::new() };
        for (at, line) in lines.enumerate() {
            let refuse = || KeyFileError::Line(at + 2);
            let key = parse_line(line).ok_or_else(refuse)?;
            if ring.find(&key.public_key).is_some() || ring.keys.len() == MAX_KEYS {
                return Err(refuse());
            }
            ring.keys.push(key);
        }
        if ring.signers().next().is_none() {
            return Err(KeyFileError::NoActive);
        }
        Ok(ring)
    }

    /// The key file's text. The caller writes it where only the owner reads (mode 0600).
    #[must_use]
    pub fn to_key_file(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(format!("{KEY_RING_HEADER}\n"));
        for key in &self.keys {
            let added = key.added_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
            match &key.state {
                KeyState::Active(signer) => {
                    let seed = signer.seed_line();
                    // Piece by piece: a formatted line would leave the seed behind in memory.
                    for piece in ["active ", &added, " ", seed.as_str(), "\n"] {
                        text.push_str(piece);
                    }
                }
                KeyState::Retired { at } => {
                    let public = STANDARD.encode(key.public_key);
                    text.push_str(&format!("retired {added} {at} {public}\n"));
                }
            }
        }
        text
    }

    /// All keys, in the order in which they were added.
    #[must_use]
    pub fn keys(&self) -> &[RingKey] {
        &self.keys
    }

    /// The keys that sign; the first one, which has signed for the longest, is the one that readers
    /// are likeliest to hold.
    pub fn signers(&self) -> impl Iterator<Item = &Arc<Ed25519Signer>> {
        self.keys.iter().filter_map(|key| match &key.state {
            KeyState::Active(signer) => Some(signer),
            KeyState::Retired { .. } => None,
        })
    }

    /// Takes up a new key; it signs beside the others from now on.
    ///
    /// # Errors
    /// The key is in the ring already, or the ring is full.
    pub fn add(&mut self, signer: Ed25519Signer, at: Timestamp) -> Result<(), KeyRingError> {
        let public_key = signer.public_key();
        if self.find(&public_key).is_some() {
            return Err(KeyRingError::Known);
        }
        if self.keys.len() == MAX_KEYS {
            return Err(KeyRingError::Full);
        }
        let state = KeyState::Active(Arc::new(signer));
        self.keys.push(RingKey { public_key, added_at: Some(at), state });
        Ok(())
    }

    /// Drops a key's seed; its public half stays.
    ///
    /// # Errors
    /// The key is not active, or it is the only one that is.
    pub fn retire(&mut self, public_key: &[u8; 32], at: Timestamp) -> Result<(), KeyRingError> {
        let active = self.signers().count();
        let key = self.keys.iter_mut().find(|key| key.public_key == *public_key);
        let key = key.filter(|key| matches!(key.state, KeyState::Active(_)));
        let key = key.ok_or(KeyRingError::NotActive)?;
        if active == 1 {
            return Err(KeyRingError::LastActive);
        }
        key.state = KeyState::Retired { at };
        Ok(())
    }

    fn find(&self, public_key: &[u8; 32]) -> Option<&RingKey> {
        self.keys.iter().find(|key| key.public_key == *public_key)
    }
}

fn parse_line(line: &str) -> Option<RingKey> {
    let words: Vec<&str> = line.split(' ').collect();
    let added = |word: &str| match word {
        "-" => Some(None),
        time => Timestamp::parse(time).ok().map(Some),
    };
    match words.as_slice() {
        ["active", time, seed] => {
            let seed = Zeroizing::new(STANDARD.decode(seed).ok()?);
            let seed: Zeroizing<[u8; 32]> = Zeroizing::new(seed.as_slice().try_into().ok()?);
            let signer = Ed25519Signer::from_seed(&seed);
            Some(RingKey {
                public_key: signer.public_key(),
                added_at: added(time)?,
                state: KeyState::Active(Arc::new(signer)),
            })
        }
        ["retired", time, until, public] => Some(RingKey {
            public_key: STANDARD.decode(public).ok()?.try_into().ok()?,
            added_at: added(time)?,
            state: KeyState::Retired { at: Timestamp::parse(until).ok()? },
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(second: u8) -> Timestamp {
        Timestamp::parse(&format!("2026-01-01T00:00:{second:02}Z")).unwrap()
    }

    fn ring() -> KeyRing {
        KeyRing::of(Ed25519Signer::from_seed(&[1; 32]))
    }

    #[test]
    fn a_file_of_one_key_is_a_ring_of_one() {
        let one = Ed25519Signer::from_seed(&[1; 32]).to_key_file();
        let ring = KeyRing::from_key_file(one.as_bytes()).unwrap();
        assert_eq!(ring.keys().len(), 1);
        assert_eq!(ring.signers().count(), 1);
    }

    #[test]
    fn a_rotated_ring_read_back_is_the_same_ring_and_holds_no_retired_seed() {
        let mut ring = ring();
        let old = ring.keys()[0].public_key;
        ring.add(Ed25519Signer::from_seed(&[2; 32]), time(1)).unwrap();
        ring.retire(&old, time(2)).unwrap();
        let file = ring.to_key_file();
        let again = KeyRing::from_key_file(file.as_bytes()).unwrap();
        assert_eq!(again.to_key_file(), file);
        assert!(!file.contains(&STANDARD.encode([1; 32])));
        assert!(file.contains(&STANDARD.encode([2; 32])));
        assert!(!format!("{ring:?}").contains(&STANDARD.encode([2; 32])));
        assert_eq!(again.signers().count(), 1);
        assert_eq!(again.keys()[0].public_key, old);
    }

    #[test]
    fn a_ring_never_loses_its_last_signer_and_takes_no_key_twice() {
        let mut ring = ring();
        let old = ring.keys()[0].public_key;
        let same = Ed25519Signer::from_seed(&[1; 32]);
        assert_eq!(ring.add(same, time(1)), Err(KeyRingError::Known));
        assert_eq!(ring.retire(&old, time(1)), Err(KeyRingError::LastActive));
        assert_eq!(ring.retire(&[9; 32], time(1)), Err(KeyRingError::NotActive));
        ring.add(Ed25519Signer::from_seed(&[2; 32]), time(1)).unwrap();
        ring.retire(&old, time(2)).unwrap();
        assert_eq!(ring.retire(&old, time(3)), Err(KeyRingError::NotActive));
    }

    #[test]
    fn what_is_not_a_key_file_is_refused_with_its_line() {
        let refuse = |text: &str| KeyRing::from_key_file(text.as_bytes()).unwrap_err();
        assert_eq!(refuse("factlog-keys v3\n"), KeyFileError::Header);
        assert_eq!(refuse("factlog-keys v2\n"), KeyFileError::NoActive);
        assert_eq!(refuse("factlog-keys v2\nactive - AAAA\n"), KeyFileError::Line(2));
        let seed = STANDARD.encode([1; 32]);
        let twice = format!("factlog-keys v2\nactive - {seed}\nactive - {seed}\n");
        assert_eq!(refuse(&twice), KeyFileError::Line(3));
        assert_eq!(refuse(&format!("factlog-keys v2\nactive  - {seed}\n")), KeyFileError::Line(2));
    }
}
