//! What can go wrong, sorted by who can mend it.

use std::path::PathBuf;

use audit_evidence::RecordError;
use store_traits::{EntropyError, HighWaterError, SignError, StoreError, TenantId};
use thiserror::Error;

/// Whose turn it is when something failed; the command line maps it to its exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Checked, and it does not hold.
    DoesNotHold,
    /// The caller gave something that cannot be used.
    Input,
    /// The machine, the disk or the database failed.
    Environment,
}

/// An operation of the domain failed.
#[derive(Debug, Error)]
pub enum DomainError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Recording failed.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A page cannot be asked for.
    #[error(transparent)]
    List(#[from] store_traits::ListError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The input cannot be read.
    #[error(transparent)]
    Intake(#[from] intake::IntakeError),
    /// Signing failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The key file cannot be used.
    #[error("`{path}` cannot be used as the signing key: {source}")]
    Key {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: adapters::KeyFileError,
    },
    /// A file cannot be read or written.
    #[error("cannot {doing} `{path}`: {source}")]
    File {
        /// What was being done: `read`, `write`, `create`.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something is there that would be overwritten.
    #[error("`{path}` is already there, and nothing was changed (name another file)")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// A tenant was not named and cannot be guessed.
    #[error("the database holds {} tenants: {} (say which with --tenant)", .0.len(), list(.0))]
    WhichTenant(Vec<TenantId>),
    /// Nothing was recorded yet by anybody.
    #[error("the database holds no facts yet (see `factlog import`)")]
    NothingRecorded,
    /// The log cannot have this name.
    #[error("`{origin}` cannot be a log's origin: {source}")]
    Origin {
        /// The name.
        origin: String,
        /// What is wrong with it.
        source: audit_evidence::VkeyError,
    },
    /// The signing key is not there.
    #[error(
        "there is no signing key at `{path}` (name it with --key-file; `factlog init` makes one)"
    )]
    NoKey {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The tenant has no facts.
    #[error("tenant `{0}` has no facts (see `factlog import`)")]
    EmptyLedger(TenantId),
    /// A request that cannot be answered as it is.
    #[error("{0}")]
    Request(String),
    /// The run is unknown, or the text fits several.
    #[error("{0}")]
    NoSuchRun(String),
    /// A fact or range that is not in the ledger.
    #[error("{0}")]
    NoSuchFact(String),
    /// A proof could not be made from what is stored.
    #[error("no proof can be made: {0} (run `factlog ledger verify`)")]
    Proof(String),
    /// The stored head must not be signed.
    #[error(
        "not signed: the ledger of `{tenant}` has {size} entries with root {root}, but {signed_size} entries with root {signed_root} were signed before ({why}; bring back the newest database, or begin a new log under another origin: a log that signs two histories is believed by nobody)"
    )]
    WouldFork {
        /// Whose ledger.
        tenant: TenantId,
        /// Its size now.
        size: u64,
        /// Its root now.
        root: String,
        /// What was signed.
        signed_size: u64,
        /// Its root.
        signed_root: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The high-water marks cannot be read or moved.
    #[error("not signed: {0}")]
    HighWater(#[from] HighWaterError),
    /// The key ring does not allow a change.
    #[error("the keys were not changed: {0}")]
    KeyRing(#[from] adapters::KeyRingError),
    /// Other processes sign the same log without a pause.
    #[error(
        "not signed: other processes moved the high-water mark of `{tenant}` again and again (repeat it)"
    )]
    Busy {
        /// Whose ledger.
        tenant: TenantId,
    },
    /// The root log was not cosigned by enough witnesses.
    #[error("the root log is signed, and not cosigned: {error} ({why})")]
    Witnesses {
        /// What the policy lacks.
        error: String,
        /// What each witness that failed said.
        why: String,
    },
    /// The root log was cosigned, and not time-stamped.
    #[error("the root log is cosigned, and not time-stamped: {error}")]
    Timestamp {
        /// Why.
        error: crate::TimestampFailure,
    },
    /// An object store failed, or its address cannot be used.
    #[error("cannot {doing} `{object}`: {why}")]
    ObjectStore {
        /// What was being done.
        doing: &'static str,
        /// Which object or address.
        object: String,
        /// What the store said.
        why: String,
    },
    /// What lies in a place for tiles is of another log, or of another history.
    #[error("not exported: `{object}` {why} (it was left alone; name another place)")]
    OtherTiles {
        /// Which object.
        object: String,
        /// What is wrong with it.
        why: String,
    },
    /// The other database holds another record than the one that is to be brought there.
    #[error("nothing was brought into `{url}`: {why} (it was left alone; name another database)")]
    OtherRecord {
        /// Its address, without a password.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// A tenant's name that this log keeps for itself.
    #[error("`{0}` is the root log's own name: nothing can be recorded under it")]
    Reserved(TenantId),
    /// An evidence bundle could not be made.
    #[error("the bundle could not be made: {0}")]
    Bundle(String),
    /// A certificate cannot be issued or revoked.
    #[error("no certificate was issued or revoked: {0}")]
    Certificate(String),
    /// A legal hold cannot be placed or released.
    #[error("no legal hold was placed or released: {0}")]
    Hold(String),
    /// Contents cannot be erased as asked.
    #[error("nothing was erased: {0}")]
    Erasure(String),
    /// Legal holds are in force.
    #[error(
        "`{tenant}` is under legal hold: {} ({}; `factlog hold list` says why, `factlog hold release` ends one)",
        holds.join(", "),
        erased_before(*erased)
    )]
    Held {
        /// Whose contents.
        tenant: TenantId,
        /// The names of the holds.
        holds: Vec<String>,
        /// Contents that were erased before one of them was placed.
        erased: u64,
    },
    /// A background task ended without an answer.
    #[error("an internal task ended early: {0}")]
    Task(String),
}

fn list(tenants: &[TenantId]) -> String {
    tenants.iter().map(TenantId::as_str).collect::<Vec<_>>().join(", ")
}

fn erased_before(contents: u64) -> String {
    match contents {
        0 => "nothing was erased".to_owned(),
        some => format!("{some} contents were erased before, and no others"),
    }
}

impl DomainError {
    /// Whose turn it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Store(error) | Self::Record(RecordError::Store(error)) => store_fault(error),
            Self::Intake(error) => {
                if error.is_io() {
                    Fault::Environment
                } else {
                    Fault::Input
                }
            }
            Self::Key { .. }
            | Self::Exists { .. }
            | Self::NothingRecorded
            | Self::NoKey { .. }
            | Self::KeyRing(_)
            | Self::Certificate(_)
            | Self::Hold(_)
            | Self::Erasure(_)
            | Self::Held { .. }
            | Self::Reserved(_)
            | Self::List(_)
            | Self::Origin { .. }
            | Self::WhichTenant(_)
            | Self::EmptyLedger(_)
            | Self::Request(_)
            | Self::NoSuchRun(_)
            | Self::NoSuchFact(_)
            | Self::OtherRecord { .. } => Fault::Input,
            Self::File { doing: "read", .. } | Self::ObjectStore { doing: "use", .. } => {
                Fault::Input
            }
            Self::Record(RecordError::Proof {
                source: audit_evidence::ProveError::Store(error),
                ..
            }) => store_fault(error),
            Self::WouldFork { .. }
            | Self::Proof(_)
            | Self::OtherTiles { .. }
            | Self::Record(RecordError::Head { .. } | RecordError::Proof { .. }) => {
                Fault::DoesNotHold
            }
            Self::File { .. }
            | Self::Record(RecordError::Entropy(_) | RecordError::NotDurable(_))
            | Self::Entropy(_)
            | Self::Sign(_)
            | Self::HighWater(_)
            | Self::Busy { .. }
            | Self::Witnesses { .. }
            | Self::Timestamp { .. }
            | Self::ObjectStore { .. }
            | Self::Bundle(_)
            | Self::Task(_) => Fault::Environment,
        }
    }
}

fn store_fault(error: &StoreError) -> Fault {
    match error {
        StoreError::Address { .. } | StoreError::Exists { .. } | StoreError::Foreign { .. } => {
            Fault::Input
        }
        StoreError::Corrupt { .. } => Fault::DoesNotHold,
        StoreError::Open { .. }
        | StoreError::ReadOnly { .. }
        | StoreError::Full
        | StoreError::Unknown { .. }
        | StoreError::Database { .. } => Fault::Environment,
    }
}
