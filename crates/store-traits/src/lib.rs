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
mod checkpoints;
mod clock;
mod digest;
mod draft;
mod durability;
mod error;
mod export;
mod high_water;
mod id;
mod kind;
mod ledger;
mod list;
mod meta;
mod object;
mod parallel;
mod recorded;
mod run;
mod run_facts;
mod run_filter;
mod sign;
mod system;
mod tenant;
mod time;
mod value;

#[cfg(feature = "test-support")]
pub mod test_support;

pub use actor::Actor;
pub use audit::{ActorFacts, AuditFilter, AuditOrder, AuditRecord, AuditStore};
pub use checkpoints::{CheckpointPages, CheckpointsFrom, MOST_CHECKPOINTS};
pub use clock::{Clock, Entropy, EntropyError};
pub use digest::{Digest, DigestError};
pub use draft::{CommitForm, Committed, Draft, Identity};
pub use durability::Durability;
pub use error::StoreError;
pub use export::{ExportFilter, ExportRecord, ExportStore};
pub use high_water::{Advance, HighWater, HighWaterError, SignedState};
pub use id::{FactId, IdError, IdempotencyKey, RunId, SpanId, TraceId};
pub use kind::FactKind;
pub use ledger::{
    Checkpoint, Commit, CommitOutcome, CommitTurn, Content, ContentPlace, Differences, Entry,
    EntryRef, Erased, Head, Known, Lacking, LedgerStore, Leftover, MAX_ENTRY_BYTES, SealedBatch,
    SealedEntry, StoredRange, Subtree, TenantSecret, TileStore,
};
pub use list::{
    Filter, ListError, ListRequest, MOST_INDEXED, MOST_ITEMS, Page, Period, Place, Scanned,
    Unreadable, indexed,
};
pub use meta::{DraftMeta, Origin, SourceDomain};
pub use object::Object;
pub use parallel::{in_parallel, processors};
pub use recorded::RecordedFact;
pub use run::{RunStatus, RunSummary, Step, StepClass, TraceStore};
pub use run_facts::{RunEnd, RunExtent, StepOutcome, Usage};
pub use run_filter::{RunFilter, RunOrder};
pub use sign::{SignError, SignatureVerifier, Signer};
pub use system::{AlertFacts, SystemFilter, SystemOrder, SystemRecord, SystemStore};
pub use tenant::{TenantError, TenantId};
pub use time::{Timestamp, TimestampError};
pub use value::{SafeInt, SafeIntError, Text, Value};
