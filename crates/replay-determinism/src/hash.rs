//! SHA-256, and the tree's two uses of it (RFC 6962 §2.1).

use sha2::{Digest as _, Sha256};
use store_traits::Digest;

/// SHA-256 of bytes.
///
/// ```
/// let digest = replay_determinism::sha256(b"abc").to_string();
/// assert_eq!(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
/// ```
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest::new(Sha256::digest(bytes).into())
}

/// The hash of a leaf: SHA-256(0x00 ‖ entry).
///
/// ```
/// use replay_determinism::leaf_hash;
/// assert_eq!(
///     leaf_hash(b"").to_string(),
///     "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
/// );
/// ```
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Digest {
    let mut hash = Sha256Stream::new();
    hash.update(&[0x00]);
    hash.update(entry);
    hash.finish()
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
///
/// ```
/// use replay_determinism::{leaf_hash, node_hash};
/// let (left, right) = (leaf_hash(b"a"), leaf_hash(b"b"));
/// assert_ne!(node_hash(&left, &right), node_hash(&right, &left));
/// ```
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut hash = Sha256Stream::new();
    hash.update(&[0x01]);
    hash.update(left.as_bytes());
    hash.update(right.as_bytes());
    hash.finish()
}

/// The root of the tree without leaves: SHA-256 of nothing.
///
/// ```
/// use replay_determinism::{empty_root, sha256};
/// assert_eq!(empty_root(), sha256(b""));
/// ```
#[must_use]
pub fn empty_root() -> Digest {
    sha256(b"")
}

/// SHA-256 of bytes that come in pieces, such as a file.
///
/// ```
/// use replay_determinism::{Sha256Stream, sha256};
/// let mut hash = Sha256Stream::new();
/// hash.update(b"a");
/// hash.update(b"bc");
/// assert_eq!(hash.finish(), sha256(b"abc"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Sha256Stream(Sha256);

impl Sha256Stream {
    /// Nothing hashed yet.
    ///
    /// ```
    /// use replay_determinism::{Sha256Stream, empty_root};
    /// assert_eq!(Sha256Stream::new().finish(), empty_root());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece.
    ///
    /// ```
    /// let mut hash = replay_determinism::Sha256Stream::new();
    /// hash.update(b"abc");
    /// assert_eq!(hash.finish(), replay_determinism::sha256(b"abc"));
    /// ```
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all pieces.
    ///
    /// ```
    /// let mut hash = replay_determinism::Sha256Stream::new();
    /// hash.update(b"a");
    /// assert_ne!(hash.clone().finish(), replay_determinism::empty_root());
    /// ```
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest::new(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_root_is_the_published_one() {
        assert_eq!(
            empty_root().to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn pieces_hash_like_the_whole() {
        let mut pieces = Sha256Stream::new();
        pieces.update(b"ab");
        pieces.update(b"");
        pieces.update(b"c");
        assert_eq!(pieces.finish(), sha256(b"abc"));
    }

    #[test]
    fn leaf_and_node_of_the_same_bytes_differ() {
        let (a, b) = (sha256(b"a"), sha256(b"b"));
        let joined = [*a.as_bytes(), *b.as_bytes()].concat();
        assert_ne!(leaf_hash(&joined), node_hash(&a, &b));
        assert_ne!(node_hash(&a, &b), node_hash(&b, &a));
    }
}
