//! Who may acknowledge: an acknowledged fact survives a crash (INV-LOGS-008), so a store that does
//! not is no ground for an acknowledgement.

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

/// Facts may be acknowledged here. Made by [`may_acknowledge`] alone.
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
/// use audit_evidence::{Enforcement, durability_of_sqlite, may_acknowledge};
/// use store_traits::Durability;
/// assert!(may_acknowledge(Durability::PowerLoss, Enforcement::On).is_ok());
/// let memory = durability_of_sqlite("sqlite::memory:");
/// assert!(may_acknowledge(memory, Enforcement::On).is_err());
/// assert!(may_acknowledge(memory, Enforcement::Off).is_ok());
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

/// What the address of a SQLite database alone says of its durability: one in memory keeps nothing,
/// for a file the store that opened it must say.
///
/// ```
/// use audit_evidence::durability_of_sqlite;
/// use store_traits::Durability;
/// assert_eq!(durability_of_sqlite("sqlite://:memory:"), Durability::Volatile);
/// assert_eq!(durability_of_sqlite("sqlite://x.db?mode=memory&cache=shared"), Durability::Volatile);
/// assert_eq!(durability_of_sqlite("sqlite://facts.db"), Durability::Undeclared);
/// ```
#[must_use]
pub fn durability_of_sqlite(url: &str) -> Durability {
    let rest = url.strip_prefix("sqlite:").unwrap_or(url);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
    let in_memory = options.split('&').any(|option| option == "mode=memory");
    // SQLite makes a temporary database of an empty name.
    if in_memory || path.is_empty() || path == ":memory:" || path == "file::memory:" {
        Durability::Volatile
    } else {
        Durability::Undeclared
    }
}
