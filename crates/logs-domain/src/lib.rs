//! The composition root: opens stores, wires engines, gives the facades.
//!
//! Layer: L2
//! Audience: CUSTOMER
//! Intent: audit
//! Role: composition
//!
//! What a platform backend links. A database is opened with [`LogsDomain::builder`]; facts come in
//! through [`LogsDomain::import`], answers through [`LogsDomain::logs`], evidence through
//! [`LogsDomain::export`].
//!
//! ```no_run
//! use logs_domain::{Access, Hint, Input, LogsDomain, TenantId};
//!
//! # async fn record() -> Result<(), Box<dyn std::error::Error>> {
//! let domain = LogsDomain::builder("sqlite://factlog.db").open(Access::Write).await?;
//! let tenant = TenantId::parse("acme")?;
//! let input = Input::open("traces.pb".as_ref(), 64 << 20)?;
//! let summary = domain.import(&tenant, input, Hint::default()).await?;
//! let report = domain.verify(&tenant, &[], &|_| {}).await?;
//! # Ok(())
//! # }
//! ```

mod backlog;
mod builder;
mod certificate;
mod checkpoint;
mod completeness;
mod domain;
mod edge;
mod erase;
mod error;
mod export;
mod high_water;
mod hold;
mod import;
mod input;
mod key_file;
mod keys;
mod ledger;
mod log_read;
mod offline;
mod own_facts;
mod receipt;
mod reconcile;
mod reindex;
mod replay;
mod report;
mod root_check;
mod root_log;
mod run_entries;
mod small_file;
mod tiles;
#[cfg(feature = "object-store")]
mod tiles_bucket;
mod timestamp;
#[cfg(feature = "witness")]
mod timestamp_http;
#[cfg(feature = "witness")]
mod witness_http;

#[cfg(feature = "test-support")]
pub mod test_support;

pub use self::completeness::{LackingRun, MOST_RUNS_NAMED, PeriodCompleteness};
pub use builder::{CheckpointPolicy, DomainBuilder};
pub use certificate::{
    CertificateForm, CertificatePage, CertificateRecord, CertificateRequest, Certified,
    IssuedCertificate, Revocation, Revoked, verify_certificate_file,
};
pub use domain::{Access, DEFAULT_ORIGIN, LogsDomain, Place, default_key_file};
pub use edge::{OsEntropy, SystemClock};
pub use erase::{Erasable, ErasableContents, ErasureOrder, ErasureOutcome};
pub use error::{DomainError, Fault};
pub use export::{ExportRequest, ExportSubject, Exported, ExportedEvents, WholeFile, Withhold};
pub use high_water::HighWaterFile;
pub use hold::{Hold, HoldChange, HoldFact, HoldOrder};
pub use import::{FactReceipt, ImportSummary, Receipts, RefusedFact};
pub use input::{Input, InputProgress};
pub use keys::{ShownKey, ShownState};
pub use log_read::{LogRead, LogReader, ReadOutcome};
pub use offline::{
    OfflineError, bundle_members, sample_bundle_file, verify_bundle_file, verify_proof_file,
};
pub use reconcile::RunReconciliation;
pub use reindex::Reindexed;
pub use replay::CapturedTrace;
pub use root_log::{RootPublished, verify_root_proof_file};
pub use small_file::read_small_text;
pub use tiles::TilesExported;
pub use timestamp::{
    MAX_TIMESTAMP_BYTES, RootTimestamp, TimestampAuthority, TimestampClient, TimestampFailure,
    TimestampUnreachable, verify_root_timestamp_file,
};
#[cfg(feature = "witness")]
pub use timestamp_http::HttpTimestamps;
#[cfg(feature = "witness")]
pub use witness_http::HttpWitnesses;

// What callers need to speak with the domain.
pub use ::completeness::{
    CallKind, ClassState, Completeness, FieldState, Found, Gap, Mode, Need, Nested, Population,
    Profile, Reason, RunCompleteness, gaps_of_run, nest,
};
pub use adapters::certificate::{
    CertificateId, CertificateIdError, CertificateReport, CertificateSummary, PolicyScope, ValidAt,
};
pub use adapters::timestamp::{TimestampError, TimestampToken, TimestampTrust};
pub use adapters::{BundleReport, Finding as BundleFinding, MAX_SAMPLE, Sample, SampleOf, Sampled};
pub use audit_evidence::{
    Acknowledged, ChainLink, ChainSubject, Ending, Environment, EvidenceChain, Finding, Inflection,
    LeafProof, LedgerReport, Linkage, PolicyError, ROOT_LOG, ReconcileFinding, ReconcileStatus,
    Reconciled, Reconciliation, ReplayWindow, RunEnding, RunEnvironment, RunRecordError, RunScope,
    RunStart, RunStep, RunTelemetry, SpanEvent, Standing, Tile, ToolAudit, ToolCall, ToolDisorder,
    ToolEvent, ToolFinding, TrustPolicy, Turn, VerifierKey, WitnessClient, WitnessedCheckpoint,
};
pub use intake::{FormatHint, Hint, IntakeError, Signal};
pub use logs_facade::{Answer, EvidenceFacade, EvidenceMetadata, LogsFacade, TraceFacade};
pub use redaction::{FieldRule, PatternRule, Redactor, Replaced, Report, RuleError, Rules};
pub use replay_determinism::{
    Aligned, DecisionParity, DeterminismLevel, Difference, DifferenceKind, Differs, ModelDrift,
    Parity, ReplayError, ReplayMatch, ReplayReport, ReplayValidator, Side, StepRecord,
    TraceFinding, TraceRecord,
};
pub use store_traits::{
    ActorFacts, AlertFacts, AuditFilter, AuditRecord, Checkpoint, Clock, Entropy, EntropyError,
    ExportFilter, ExportRecord, FactId, Filter, Leftover, ListError, ListRequest, Object, Page,
    Period, RecordedFact, RunFilter, RunId, RunStatus, RunSummary, Step, StepClass, StepOutcome,
    StoreError, SystemFilter, SystemRecord, TenantId, Timestamp, Unreadable, Usage, Value,
};
