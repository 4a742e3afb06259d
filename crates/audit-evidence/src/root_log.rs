//! The root log: a log whose leaves are the tenants' checkpoints.
//!
//! Thousands of tenants' logs do not suit outside witnesses, one log does. Its entries are facts of
//! the kind `log.checkpoint` that carry a tenant's whole signed checkpoint. So a proof goes from an
//! entry to its tenant's checkpoint, from that through a leaf of the root log to the root log's
//! checkpoint, and that one was cosigned by witnesses who know nothing of tenants.

use replay_determinism::canonical;
use store_traits::{FactKind, Object, SignatureVerifier, TenantId, Value};
use thiserror::Error;

use crate::checkpoint::{CheckpointBody, CheckpointError};
use crate::note::SignedNote;
use crate::policy::{CosignedCheckpoint, CosignedError, TrustPolicy};
use crate::proof_text::{ProofText, ProofTextError, VerifiedProof};

/// The name of the root log among the tenants: nobody else can record under it.
pub const ROOT_LOG: &str = "root-log";

/// A proof of a tenant's checkpoint in the root log that does not prove it.
#[derive(Debug, Error)]
pub enum RootProofError {
    /// The witnesses' part.
    #[error(transparent)]
    Cosigned(#[from] CosignedError),
    /// The inclusion proof.
    #[error(transparent)]
    Proof(#[from] ProofTextError),
    /// The checkpoint in the entry.
    #[error("the entry's checkpoint cannot be read: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A proof of something else.
    #[error("it is not a proof of a tenant's checkpoint: {0}")]
    Other(&'static str),
}

/// A tenant's checkpoint that lies in a cosigned root log. Made by [`verify_root_proof`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WitnessedCheckpoint {
    /// The tenant's signed checkpoint. Whether its log's key is trusted was not looked at.
    pub note: String,
    /// What it says.
    pub body: CheckpointBody,
    /// Its place in the root log.
    pub index: u64,
    /// The root log's state, and who saw it when.
    pub root: CosignedCheckpoint,
}

/// The body of a `log.checkpoint` fact.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let entry = root_entry(&tenant(), &checkpoint(&ledger()));
/// assert_eq!(entry["log"].as_str(), Some("acme"));
/// ```
#[must_use]
pub fn root_entry(tenant: &TenantId, note: &str) -> Object {
    Object::from([
        ("record", "checkpoint".into()),
        ("log", tenant.as_str().into()),
        ("note", note.into()),
    ])
}

/// Verifies a `.tlog-proof` of the root log whose entry is a tenant's checkpoint.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let body = root_entry(&tenant(), &checkpoint(&ledger()));
/// let (roots, root_log) = (Arc::new(MemoryLedger::default()), TenantId::parse(ROOT_LOG)?);
/// let leaf = draft(FactKind::LogCheckpoint, "acme:5", body);
/// ready(recorder(&roots).record(&root_log, &[leaf]))?;
///
/// let origin = "logs.example.com/root-log";
/// let checkpoint = sign_checkpoint(origin, &ready(roots.head(&root_log))?, &ToyKey(7))?;
/// let entry = Some(ready(roots.entries(&root_log, 0..1))?.remove(0).bytes);
/// let proof = ProofText::Inclusion { entry, index: 0, proof: Vec::new(), checkpoint };
/// let root_key = VerifierKey::ed25519(origin, ToyKey(7).public_key())?;
/// let policy = TrustPolicy::parse(&format!("log {root_key}\nquorum none\n"))?;
/// let witnessed = verify_root_proof(&proof, &policy, &ToyVerifier)?;
/// assert_eq!((witnessed.body.origin.as_str(), witnessed.body.size), (ORIGIN, 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// It is no such proof, does not lead to the root log's checkpoint, or the policy does not accept
/// that one.
pub fn verify_root_proof(
    proof: &ProofText,
    policy: &TrustPolicy,
    verifier: &dyn SignatureVerifier,
) -> Result<WitnessedCheckpoint, RootProofError> {
    let ProofText::Inclusion { checkpoint, .. } = proof else {
        return Err(RootProofError::Other("it is a proof of another kind"));
    };
    let root = policy.open(checkpoint, verifier)?;
    let VerifiedProof::Inclusion { index, entry: Some(entry), .. } =
        proof.verify(policy.logs(), verifier)?
    else {
        return Err(RootProofError::Other("it carries no entry"));
    };
    let fact = canonical::parse(&entry)
        .map_err(|_| RootProofError::Other("its entry is not canonical JSON"))?;
    let text = |name: &str| fact.member(name).and_then(Value::as_str);
    if text("kind") != Some(FactKind::LogCheckpoint.as_str()) {
        return Err(RootProofError::Other("its entry is another fact"));
    }
    let body = fact.member("body").ok_or(RootProofError::Other("its entry has no body"))?;
    let of_body = |name: &str| body.member(name).and_then(Value::as_str);
    let note = of_body("note").ok_or(RootProofError::Other("its entry has no note"))?;
    let parsed = SignedNote::parse(note).map_err(CheckpointError::Note)?;
    let said = CheckpointBody::parse(parsed.text())?;
    // A log's origin ends in its tenant: a leaf cannot pass one tenant's checkpoint off for another's.
    if of_body("log") != said.origin.rsplit('/').next() {
        return Err(RootProofError::Other("its entry names another tenant than its checkpoint"));
    }
    Ok(WitnessedCheckpoint { note: note.to_owned(), body: said, index, root })
}
