//! Who may acknowledge: an acknowledged fact survives a crash (INV-LOGS-008), so a store that does
//! not is no ground for an acknowledgement.
//!
//! [`Recorder`](crate::Recorder) asks before it writes, and hands the answer to the one place that
//! gives outcomes away: no outcome, receipt or acknowledgement fact comes from anywhere else.

use store_traits::Durability;
use thiserror::Error;

/// Is durability demanded?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforcement {
    /// Facts are acknowledged only on a store that survives power loss.
    On,
    /// Facts are acknowledged on any store: tests and trials.
    Off,
}

/// Facts may be acknowledged here. Made by [`may_acknowledge`] alone, and wanted wherever an outcome
/// is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MayAcknowledge(());

/// A store on which nothing may be acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "facts cannot be acknowledged on a store whose durability is `{}` (a database that survives power loss is wanted: a SQLite file, or PostgreSQL with synchronous_commit)",
    .declared.as_str()
)]
pub struct NotDurable {
    /// What the store declares.
    pub declared: Durability,
}

/// May facts be acknowledged on a store that declares this?
///
/// ```
/// use audit_evidence::{Enforcement, may_acknowledge};
/// use store_traits::Durability;
/// assert!(may_acknowledge(Durability::PowerLoss, Enforcement::On).is_ok());
/// assert!(may_acknowledge(Durability::Volatile, Enforcement::On).is_err());
/// assert!(may_acknowledge(Durability::Volatile, Enforcement::Off).is_ok());
/// ```
///
/// # Errors
/// Durability is demanded and the store does not survive power loss, or does not say so.
pub fn may_acknowledge(
    declared: Durability,
    enforcement: Enforcement,
) -> Result<MayAcknowledge, NotDurable> {
    match (enforcement, declared) {
        (Enforcement::Off, _) | (Enforcement::On, Durability::PowerLoss) => Ok(MayAcknowledge(())),
        (
            Enforcement::On,
            Durability::ProcessCrash | Durability::Volatile | Durability::Undeclared,
        ) => Err(NotDurable { declared }),
    }
}
