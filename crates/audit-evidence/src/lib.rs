//! The arithmetic of the ledger: seal a batch on a head, prove, verify, sign checkpoints.
//!
//! Layer: L4
//! Audience: CUSTOMER
//! Intent: audit
//! Role: verifier
//!
//! One Merkle tree per tenant (RFC 6962): [`CompactRange`] grows it, the functions of its proofs
//! make them from tiles and verify them, [`sign_checkpoint`] and [`open_checkpoint`] turn a head into
//! a signed note and back, [`ProofText`] is what is handed to somebody outside.
//!
//! Over recorded facts: [`EvidenceChain`] by run, incident, actor or period, [`tool_audit`] of MCP
//! tool events, [`Undertakings`] against their acknowledgements, [`jobs`], [`IntegrityFacts`] of a
//! verification, [`RetryPolicy`], and who [`may_acknowledge`]. They report and judge nothing.
//!
//! A ledger is recomputed from its stored bytes: all of it ([`verify_ledger`]), or what follows a
//! checkpoint that is trusted ([`verify_ledger_since`]).
//!
//! ```
//! # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
//! # use recorded::*;
//! let (ledger, tenant) = (ledger(), tenant());
//! let note = checkpoint(&ledger);
//! let Head { size, root, .. } = ready(ledger.head(&tenant))?;
//! let signed = Checkpoint { size, root, note, signed_at: at(30) };
//! ready(ledger.add_checkpoint(&tenant, &signed))?;
//!
//! let trust = Trust { keys: &[key()], verifier: &ToyVerifier, origin: ORIGIN };
//! let whole = ready(verify_ledger(ledger.as_ref(), &tenant, &trust, &|_| {}))?;
//! assert_eq!((whole.entries, whole.findings.len()), (5, 0));
//! let rest = ready(verify_ledger_since(ledger.as_ref(), &tenant, &trust, 5, &|_| {}))?;
//! assert_eq!((rest.entries, rest.findings.len()), (0, 0));
//!
//! // Whoever edits an entry behind the triggers' back is found, with the entry's place.
//! ledger.tables(&tenant, |tables| {
//!     let entry = tables.entries.get_mut(&2).ok_or("entry 2")?;
//!     entry.bytes = String::from_utf8_lossy(&entry.bytes).replace("restarted", "was fine").into();
//!     Ok::<(), &str>(())
//! })?;
//! let edited = ready(verify_ledger(ledger.as_ref(), &tenant, &trust, &|_| {}))?;
//! assert!(edited.findings.iter().any(|finding| finding.seq == Some(2)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ahead;
mod calls;
mod chain_loader;
mod checkpoint;
mod cosignature;
mod durability;
mod entry_check;
mod environment;
mod evidence_chain;
mod expectation;
mod integrity;
mod jobs;
mod lanes;
mod note;
mod placing;
mod policy;
mod proof;
mod proof_text;
mod prover;
mod range;
mod receipt;
mod reconcile;
mod recorded;
mod recorder;
mod remembered;
mod retry;
mod root_log;
mod run_draft;
mod run_recorder;
mod said;
mod seal;
mod tiles;
mod tool_events;
mod tree;
mod verify;
mod vkey;
mod window;
mod witness;

pub use chain_loader::{chain_proofs, evidence_chain, integrity_of};
pub use checkpoint::{
    CheckpointBody, CheckpointError, OpenedCheckpoint, open_checkpoint, sign_checkpoint,
    sign_checkpoint_also,
};
pub use cosignature::{Cosignature, WitnessKey, cosign, cosignatures};
pub use durability::{Enforcement, MayAcknowledge, NotDurable, may_acknowledge};
pub use environment::{
    Environment, RunEnvironment, RunTelemetry, SpanEvent, environments, run_environment,
    run_telemetry, span_events,
};
pub use evidence_chain::{ChainError, ChainLink, ChainSubject, EvidenceChain};
pub use expectation::{Ack, Expectation, STANDARD_SET, standard_set};
pub use integrity::{IntegrityFacts, IntegrityState};
pub use jobs::{JobDisorder, JobFinding, JobProgress, JobState, jobs};
pub use note::{MAX_NOTE_BYTES, MAX_SIGNATURES, NoteError, SignatureLine, SignedNote};
pub use policy::{
    CosignedCheckpoint, CosignedError, MAX_POLICY_BYTES, PolicyError, PolicyWitness, TrustPolicy,
};
pub use proof::{MAX_PROOF_HASHES, ProofError, verify_consistency, verify_inclusion};
pub use proof_text::{ProofFormatError, ProofText, ProofTextError, VerifiedProof};
pub use prover::{ProveError, consistency_proof, inclusion_proof, range_proof, root_at};
pub use range::{RangeProof, verify_range};
pub use receipt::{LeafProof, Receipts};
pub use reconcile::{
    ReconcileFinding, ReconcileStatus, Reconciled, Reconciliation, Standing, Undertakings,
};
pub use recorded::{fact_of, facts_at, facts_of_run, recorded_fact, recorded_fact_at};
pub use recorder::{Outcome, RecordError, Recorder};
pub use retry::{Growth, Jitter, RetryPolicy};
pub use root_log::{ROOT_LOG, RootProofError, WitnessedCheckpoint, root_entry, verify_root_proof};
pub use run_draft::{Ending, RunEnding, RunScope, RunStart, RunStep};
pub use run_recorder::{Acknowledged, RunRecordError, RunRecorder};
pub use tiles::{
    TILE_WIDTH, Tile, TileError, TilePathError, entry_bundle, hash_tile, read_entry_bundle,
    tiles_between,
};
pub use tool_events::{
    Linkage, ToolAudit, ToolCall, ToolDisorder, ToolEvent, ToolFinding, ToolMoment, link_to,
    tool_audit,
};
pub use tree::{CompactRange, HeadError, MAX_TREE_SIZE};
pub use verify::{Finding, LedgerReport, Trust, VerifyError, verify_ledger, verify_ledger_since};
pub use vkey::{VerifierKey, VkeyError};
pub use window::{Inflection, ReplayWindow, Turn, inflection, replay_window};
pub use witness::{
    HttpAnswer, MAX_ANSWER_BYTES, WitnessClient, WitnessError, WitnessUnreachable, add_checkpoint,
};
