//! The high-water mark: the last state of each log that was signed, kept outside the data.

use async_trait::async_trait;
use thiserror::Error;

use crate::Digest;

/// A state of a log that was, or is about to be, signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedState {
    /// Number of leaves.
    pub size: u64,
    /// RFC 6962 root hash.
    pub root: Digest,
}

/// What became of moving a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// The mark stands at the new state, durably.
    Moved,
    /// It did not stand where the caller thought; nothing was changed. It stands here.
    Elsewhere(Option<SignedState>),
}

/// The marks cannot be read or moved. Nothing may be signed then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the high-water mark in `{place}` cannot be {doing}: {why}")]
pub struct HighWaterError {
    /// Where the marks are.
    pub place: String,
    /// `read` or `moved`.
    pub doing: &'static str,
    /// What is wrong, and what to do.
    pub why: String,
}

/// Remembers the last signed state of each log.
///
/// A log that signs two histories has lied. A database that was restored from a backup does not
/// know what was signed after the backup was taken, so the mark is kept **outside the database and
/// its backups**, and a state is signed only after the mark stands at it.
///
/// Contract: `advance` compares and swaps atomically among all processes that use the same marks,
/// and is durable when it answers [`Advance::Moved`]. A crash after it and before the checkpoint is
/// stored is harmless: the same state may be signed again. Somebody who can write the marks can make
/// the log sign a second history; whoever holds the first one can show both.
#[async_trait]
pub trait HighWater: Send + Sync {
    /// Where a log's mark stands; `None` for a log that never signed.
    ///
    /// # Errors
    /// The marks cannot be read. That is never the same as "never signed".
    async fn read(&self, origin: &str) -> Result<Option<SignedState>, HighWaterError>;

    /// The origins of all logs that have a mark, in order.
    ///
    /// # Errors
    /// As [`HighWater::read`].
    async fn origins(&self) -> Result<Vec<String>, HighWaterError>;

    /// Moves a log's mark if it stands at `from`.
    ///
    /// # Errors
    /// The marks cannot be read or written; the mark may or may not have moved.
    async fn advance(
        &self,
        origin: &str,
        from: Option<SignedState>,
        to: SignedState,
    ) -> Result<Advance, HighWaterError>;
}
