//! Time and randomness are arguments: the real ones live at the edge.

use thiserror::Error;

use crate::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Gives unpredictable bytes (salts, ids, keys).
pub trait Entropy: Send + Sync {
    /// Fills the slice.
    ///
    /// # Errors
    /// The source of randomness failed; nothing may be recorded without it.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;

    /// Fills each of these, in order.
    ///
    /// # Errors
    /// As [`Entropy::fill`].
    fn fill_each(&self, parts: &mut [&mut [u8]]) -> Result<(), EntropyError> {
        parts.iter_mut().try_for_each(|part| self.fill(part))
    }
}

/// The source of randomness failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the operating system's source of randomness failed: {0}")]
pub struct EntropyError(pub String);
