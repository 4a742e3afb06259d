//! Evidence chains read from a ledger, and the proofs that go with them.

use store_traits::{AuditStore, LedgerStore, RunId, StoreError, TenantId};

use crate::recorded::{facts_at, facts_in};
use crate::{ChainSubject, EvidenceChain, ProveError, RangeProof, range_proof};

/// Facts that are read at once: only their links are kept.
const PAGE: usize = 1_000;

/// The chain of a subject. That of a run or an incident is led by an index; for an actor or a period
/// the whole ledger is read, because only its order leaves nothing out.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let (ledger, tenant) = (ledger(), tenant());
/// let audit = MemoryTopics(ledger.clone());
/// let subject = ChainSubject::Run("run-1".into());
/// let chain = ready(evidence_chain(ledger.as_ref(), &audit, &tenant, subject))?;
/// let seqs: Vec<u64> = chain.links.iter().map(|link| link.seq).collect();
/// assert_eq!(seqs, [0, 1, 2, 3, 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A store failed, or an entry is no fact.
pub async fn evidence_chain(
    ledger: &dyn LedgerStore,
    audit: &dyn AuditStore,
    tenant: &TenantId,
    subject: ChainSubject,
) -> Result<EvidenceChain, StoreError> {
    let seqs = match &subject {
        // What is no run id is no run's.
        ChainSubject::Run(run) => match RunId::parse(run) {
            Ok(run) => ledger.run_seqs(tenant, &run).await?,
            Err(_) => Vec::new(),
        },
        ChainSubject::Incident(incident) => audit.seqs_of_incident(tenant, incident).await?,
        ChainSubject::Actor(_) | ChainSubject::Period(_) => {
            return whole_ledger(ledger, tenant, subject).await;
        }
    };
    let mut chain = EvidenceChain::collect(subject.clone(), &[]);
    for page in seqs.chunks(PAGE) {
        let facts = facts_at(ledger, tenant, page).await?;
        chain.links.extend(EvidenceChain::collect(subject.clone(), &facts).links);
    }
    Ok(chain)
}

async fn whole_ledger(
    ledger: &dyn LedgerStore,
    tenant: &TenantId,
    subject: ChainSubject,
) -> Result<EvidenceChain, StoreError> {
    let size = ledger.head(tenant).await?.size;
    let mut chain = EvidenceChain::collect(subject.clone(), &[]);
    let mut start = 0;
    while start < size {
        let end = size.min(start + PAGE as u64);
        let facts = facts_in(ledger, tenant, start..end).await?;
        chain.links.extend(EvidenceChain::collect(subject.clone(), &facts).links);
        start = end;
    }
    Ok(chain)
}

/// A range proof for each stretch of a chain, in the tree of this size.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let (ledger, tenant) = (ledger(), tenant());
/// let audit = MemoryTopics(ledger.clone());
/// let subject = ChainSubject::Actor("test".into());
/// let chain = ready(evidence_chain(ledger.as_ref(), &audit, &tenant, subject))?;
/// let proofs = ready(chain_proofs(ledger.as_ref(), &tenant, &chain, 5))?;
/// assert_eq!(proofs.len(), 1, "one stretch of five entries");
/// chain.verify(&proofs, 5, &ready(ledger.head(&tenant))?.root)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A stretch lies outside the tree, or the stored hashes give no proof.
pub async fn chain_proofs(
    ledger: &dyn LedgerStore,
    tenant: &TenantId,
    chain: &EvidenceChain,
    size: u64,
) -> Result<Vec<RangeProof>, ProveError> {
    let mut proofs = Vec::new();
    for stretch in chain.stretches() {
        proofs.push(range_proof(ledger, tenant, stretch.start, stretch.end, size).await?);
    }
    Ok(proofs)
}

/// Recomputes a ledger, and says what follows.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let ledger = ledger();
/// let trust = Trust { keys: &[key()], verifier: &ToyVerifier, origin: ORIGIN };
/// let facts = ready(integrity_of(ledger.as_ref(), &tenant(), &trust, &|_| {}))?;
/// assert_eq!((facts.entries, facts.signed_size), (5, 0));
/// assert_eq!(facts.state(), IntegrityState::VerifiedInPart, "nobody has signed it yet");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The store failed. What is wrong with the ledger is in the facts.
pub async fn integrity_of(
    ledger: &dyn LedgerStore,
    tenant: &TenantId,
    trust: &crate::Trust<'_>,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<crate::IntegrityFacts, StoreError> {
    let head = ledger.head(tenant).await?;
    let report = crate::verify_ledger(ledger, tenant, trust, progress).await?;
    Ok(crate::IntegrityFacts::of(&report, &head))
}
