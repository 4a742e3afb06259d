//! The vocabulary of factlog: facts, ids, snapshots, errors, and the traits that stores implement.
//!
//! Layer: L5
//! Audience: INTERNAL
//! Intent: audit
//! Role: vocabulary
//!
//! Nothing here computes a hash, opens a file or reads a clock. Engines are written against these
//! types; stores implement the traits; only the composition root sees both.

mod actor;
mod audit;
mod clock;
mod digest;
mod draft;
mod error;
mod export;
mod high_water;
mod id;
mod kind;
mod ledger;
mod meta;
mod recorded;
mod run;
mod sign;
mod tenant;
mod time;
mod value;

#[cfg(feature = "test-support")]
pub mod test_support;

pub use actor::Actor;
pub use audit::{AuditPage, AuditRecord, AuditStore};
pub use clock::{Clock, Entropy, EntropyError};
pub use digest::{Digest, DigestError};
pub use draft::{CommitForm, Committed, Draft, Identity};
pub use error::StoreError;
pub use export::{ExportPage, ExportRecord, ExportStore};
pub use high_water::{Advance, HighWater, HighWaterError, SignedState};
pub use id::{FactId, IdError, IdempotencyKey, RunId, SpanId, TraceId};
pub use kind::FactKind;
pub use ledger::{
    Checkpoint, CommitOutcome, Content, Entry, Head, Known, LedgerStore, MAX_ENTRY_BYTES,
    SealedBatch, SealedEntry, Subtree, TenantSecret, TileStore,
};
pub use meta::{DraftMeta, Origin, SourceDomain};
pub use recorded::RecordedFact;
pub use run::{Page, RunCursor, RunFilter, RunStatus, RunSummary, Step, StepClass, TraceStore};
pub use sign::{SignError, SignatureVerifier, Signer};
pub use tenant::{TenantError, TenantId};
pub use time::{Timestamp, TimestampError};
pub use value::{Object, SafeInt, SafeIntError, Value};
