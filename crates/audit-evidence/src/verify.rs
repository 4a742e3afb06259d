//! Verification of a tenant's ledger: everything is recomputed from the stored bytes.
//!
//! A finding never ends the check. Where the recomputed tree differs from what a commit says, the
//! check goes on from that commit's own peaks, so that one edited entry gives one finding and not
//! one for every commit after it.
//!
//! The memory does not grow with the ledger: entries are read in chunks, of which a few are read,
//! checked and compared at the same time; commits and subtrees are read alongside.
//!
//! Others may write meanwhile: what is checked is the ledger up to the head that it had when the check
//! began, and that nothing lies behind its last commit.

mod chunk;
mod commits;
mod side_by_side;
mod signed;
mod subtrees;
mod walk;
mod workers;

use store_traits::{Digest, LedgerStore, SignatureVerifier, StoreError, TenantId, processors};
use thiserror::Error;

use crate::vkey::VerifierKey;
use chunk::{Looked, look};
use side_by_side::SideBySide;
use signed::Signed;
use walk::Walk;
use workers::Workers;

/// Entries read and checked at a time: of large ones fewer, in steps, so that a chunk has few megabytes
/// with the contents behind them. A chunk costs a dozen statements beside its entries: in those of two
/// thousand that is a tenth of all work, in those of eight hardly less than in those of four.
const CHUNK: u64 = 4_096;
const CHUNK_STEP: u64 = 256;
const CHUNK_BYTES: u64 = 4 << 20;
/// Chunks that are looked at side by side: three for each processor, since one is being read, one checked
/// and one waits for those before it.
const MOST_CHUNKS: usize = 8;
/// Findings that a report holds: a ledger that is wrong everywhere must not fill the memory.
const MAX_FINDINGS: usize = 10_000;

/// Something in the ledger that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whose ledger.
    pub tenant: TenantId,
    /// Which entry, where one can be named.
    pub seq: Option<u64>,
    /// What differs.
    pub what: String,
    /// What it means.
    pub meaning: String,
}

/// What a verification saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerReport {
    /// Whose ledger.
    pub tenant: TenantId,
    /// Where the check began: 0, or the size of the checkpoint that was trusted.
    pub since: u64,
    /// Entries checked.
    pub entries: u64,
    /// Bytes of entries checked.
    pub bytes: u64,
    /// The root recomputed from the bytes, `None` where entries are missing or edited.
    pub root: Option<Digest>,
    /// Signed checkpoints checked.
    pub checkpoints: u64,
    /// The largest size that a valid checkpoint covers.
    pub signed_size: u64,
    /// What is wrong; empty when it holds.
    pub findings: Vec<Finding>,
    /// How many more findings there were than the report holds.
    pub more_findings: u64,
}

/// What signatures and states are checked with.
pub struct Trust<'t> {
    /// Keys that may sign this tenant's checkpoints.
    pub keys: &'t [VerifierKey],
    /// The arithmetic.
    pub verifier: &'t dyn SignatureVerifier,
    /// The origin that the checkpoints must carry.
    pub origin: &'t str,
}

/// The check could not look.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is nothing to begin from.
    #[error(
        "no checkpoint that verifies was signed at size {size} (signed: {signed}; verify in full to see why)"
    )]
    NoSuchCheckpoint {
        /// The size that was asked for.
        size: u64,
        /// The newest sizes that were signed.
        signed: String,
    },
}

/// Recomputes a tenant's whole ledger. `progress` is told how many entries are checked.
///
/// # Errors
/// The store failed: the check could not look. What it finds is in the report.
pub async fn verify_ledger(
    ledger: &dyn LedgerStore,
    tenant: &TenantId,
    trust: &Trust<'_>,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<LedgerReport, StoreError> {
    let (mut walk, signed) = opened(ledger, tenant, trust).await?;
    walk.expect(signed);
    through(walk, 0, progress).await
}

/// Recomputes what follows the signed checkpoint of a size, whose tree is trusted: edits of entries
/// before it are not seen. Older checkpoints are shown to be parts of it by consistency proofs.
///
/// # Errors
/// The store failed, or no checkpoint of that size verifies: the check could not look. What it finds
/// is in the report.
pub async fn verify_ledger_since(
    ledger: &dyn LedgerStore,
    tenant: &TenantId,
    trust: &Trust<'_>,
    size: u64,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<LedgerReport, VerifyError> {
    let (mut walk, signed) = opened(ledger, tenant, trust).await?;
    let signed = walk.begin_at(signed, size).await?;
    walk.expect(signed);
    Ok(through(walk, size, progress).await?)
}

async fn opened<'l>(
    ledger: &'l dyn LedgerStore,
    tenant: &TenantId,
    trust: &Trust<'_>,
) -> Result<(Walk<'l>, Vec<Signed>), StoreError> {
    let mut walk = Walk::new(ledger, tenant);
    walk.guards().await?;
    let signed = signed::opened(ledger, trust, &mut walk.report).await?;
    Ok((walk, signed))
}

async fn through(
    mut walk: Walk<'_>,
    start: u64,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<LedgerReport, StoreError> {
    let (ledger, tenant) = (walk.ledger(), walk.report.tenant.clone());
    let end = ledger.head(&tenant).await?.size;

    let workers = Workers::start(processors());
    let mut looking = SideBySide::new();
    let (mut next, mut chunk) = (start, CHUNK_STEP);
    loop {
        // Chunks come in the order of the ledger, and so do findings. While one is taken up, others are
        // read, checked and compared.
        while next < end && looking.len() < MOST_CHUNKS.min(3 * processors()) {
            let range = next..end.min(next.saturating_add(chunk));
            next = range.end;
            looking.begin(look(ledger, &workers, &tenant, range));
        }
        let Some(looked) = looking.next().await else { break };
        let looked = looked?;
        chunk = chunk_like(&looked, chunk);
        if looked.entries.is_empty() {
            // Somebody may have made a commit of more entries than anybody could look for: what is not there
            // is stepped over at once, up to the last before what is.
            let there = looking.beside(ledger.next_entry(&tenant, next)).await?;
            next = next.max(there.unwrap_or(end).min(end).saturating_sub(1));
        }
        looking.beside(walk.take(looked, end)).await?;
        progress(walk.report.entries);
    }
    walk.behind(&workers, end).await?;
    progress(walk.report.entries);
    walk.finish().await
}

/// How many entries to read at a time, going by the chunk that was read last: small ones may be followed by
/// large ones, so that it grows slowly.
fn chunk_like(looked: &Looked, before: u64) -> u64 {
    let average = looked.weight.checked_div(looked.entries.len() as u64).unwrap_or(0).max(1);
    let most = CHUNK.min(before.saturating_add(CHUNK_STEP));
    (CHUNK_BYTES / average / CHUNK_STEP * CHUNK_STEP).clamp(CHUNK_STEP, most)
}

impl LedgerReport {
    /// The report of a check that has seen nothing yet.
    ///
    /// ```
    /// let tenant = store_traits::TenantId::parse("acme")?;
    /// let report = audit_evidence::LedgerReport::new(&tenant);
    /// assert_eq!((report.entries, report.findings.len(), report.root), (0, 0, None));
    /// # Ok::<(), store_traits::TenantError>(())
    /// ```
    #[must_use]
    pub fn new(tenant: &TenantId) -> Self {
        Self {
            tenant: tenant.clone(),
            since: 0,
            entries: 0,
            bytes: 0,
            root: None,
            checkpoints: 0,
            signed_size: 0,
            findings: Vec::new(),
            more_findings: 0,
        }
    }

    fn finding(&mut self, seq: Option<u64>, what: String, meaning: &str) {
        if self.findings.len() >= MAX_FINDINGS {
            self.more_findings += 1;
            return;
        }
        let (tenant, meaning) = (self.tenant.clone(), meaning.to_owned());
        self.findings.push(Finding { tenant, seq, what, meaning });
    }
}
