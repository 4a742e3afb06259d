//! The one home of hashed bytes, and of what it means that two runs did the same.
//!
//! Layer: L4
//! Audience: INTERNAL
//! Intent: determinism
//! Role: verifier
//!
//! Whoever wants the bytes that are hashed, or a hash of bytes, comes here; no other crate knows
//! SHA-256. Everything is a pure function of its arguments.
//!
//! **Replay.** A run is a [`TraceRecord`] of [`StepRecord`]s. [`parity()`] says which step of a replay is
//! which of the original and where they differ; a [`ReplayValidator`] says how alike they are
//! ([`ReplayMatch`]) and whether that is enough ([`DeterminismLevel`]); [`replay()`] runs a trace again
//! with an executor of the caller's. Nothing is guessed: no score, no threshold, and what is not
//! recorded is said not to be.

mod align;
mod behaviour;
pub mod canonical;
mod commitment;
mod content;
mod decisions;
mod difference;
mod drift;
mod fingerprint;
mod hash;
mod idempotency;
mod level;
mod parity;
mod step;
mod trace;
mod validator;

pub use behaviour::{
    ExecuteError, OnDivergence, Replay, ReplayBehaviour, ReplayStopped, Replayed, StepExecutor,
    replay,
};
pub use canonical::CanonicalError;
pub use commitment::{
    Disclosure, DisclosureError, blob_commitment, disclosure, disclosure_digest, parse_disclosure,
};
pub use content::{Content, Missing};
pub use decisions::{DecisionParity, decision_parity};
pub use difference::{Difference, DifferenceKind};
pub use drift::ModelDrift;
pub use fingerprint::{draft_fingerprint, fingerprint, key_tag};
pub use hash::{Sha256Stream, empty_root, leaf_hash, node_hash, sha256};
pub use idempotency::{Idempotency, idempotency};
pub use level::{DeterminismLevel, LevelError, ReplayMatch};
pub use parity::{Aligned, Differs, Parity, parity};
pub use step::{ModelUsed, Outcome, StepRecord, StepStatus};
pub use trace::{PolicyDecision, TraceFinding, TraceRecord};
pub use validator::{ReplayError, ReplayReport, ReplayValidator, Side};
