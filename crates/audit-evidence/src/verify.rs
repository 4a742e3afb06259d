//! Verification of a tenant's whole ledger: everything is recomputed from the stored bytes.
//!
//! A finding never ends the check. Where the recomputed tree differs from what a commit says, the
//! check goes on from that commit's own peaks, so that one edited entry gives one finding and not
//! one for every commit after it.

use std::collections::{BTreeMap, BTreeSet};

use store_traits::{
    Content, Digest, Entry, Head, LedgerStore, SignatureVerifier, StoreError, Subtree, TenantId,
};

use crate::checkpoint::open_checkpoint;
use crate::entry_check::{EntryCheck, check_entry};
use crate::tree::CompactRange;
use crate::vkey::VerifierKey;

/// Entries read and checked at a time: bounds the memory, not the ledger.
const CHUNK: u64 = 500;

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
}

/// What signatures are checked with.
pub struct Trust<'t> {
    /// Keys that may sign this tenant's checkpoints.
    pub keys: &'t [VerifierKey],
    /// The arithmetic.
    pub verifier: &'t dyn SignatureVerifier,
    /// The origin that the checkpoints must carry.
    pub origin: &'t str,
}

/// Recomputes everything of a tenant's ledger. `progress` is told the number of entries checked.
///
/// # Errors
/// The store failed: the check could not look. What it finds is in the report.
pub async fn verify_ledger(
    ledger: &dyn LedgerStore,
    tenant: &TenantId,
    trust: &Trust<'_>,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<LedgerReport, StoreError> {
    let mut check = Check::new(ledger, tenant);
    let signed = check.checkpoints(trust).await?;
    check.guards().await?;
    let end = check.commits().await?;
    check.expect_signed(signed);

    let mut start = 0;
    loop {
        let entries = ledger.entries(tenant, start..start.saturating_add(CHUNK)).await?;
        if entries.is_empty() && start >= end {
            break;
        }
        let contents = ledger.contents(tenant, start..start.saturating_add(CHUNK)).await?;
        for (seq, what) in ledger.projection_differences(tenant, &entries).await? {
            check.finding(Some(seq), what, "a typed row was edited: lists and counts would lie");
        }
        check.chunk(start..start.saturating_add(CHUNK), end, &entries, contents);
        start = start.saturating_add(CHUNK);
        progress(check.report.entries);
    }
    check.subtrees().await?;
    check.finish();
    Ok(check.report)
}

struct Check<'l> {
    ledger: &'l dyn LedgerStore,
    report: LedgerReport,
    tree: Option<CompactRange>,
    next: u64,
    /// Do the bytes of some entry hash to another leaf than the one recorded?
    edited: bool,
    /// Heads to meet on the way: by size, the commit's.
    commits: BTreeMap<u64, Head>,
    /// Roots that were signed, by size.
    signed: Vec<(u64, Digest)>,
    subtrees: Vec<Subtree>,
    /// Contents that a `content.erased` fact names.
    erased: BTreeSet<(u64, String)>,
    /// Committed contents that are not there; the fact that erased them comes later in the ledger.
    gone: Vec<(u64, String)>,
}

impl<'l> Check<'l> {
    fn new(ledger: &'l dyn LedgerStore, tenant: &TenantId) -> Self {
        Self {
            ledger,
            report: LedgerReport {
                tenant: tenant.clone(),
                entries: 0,
                bytes: 0,
                root: None,
                checkpoints: 0,
                signed_size: 0,
                findings: Vec::new(),
            },
            tree: Some(CompactRange::new()),
            next: 0,
            edited: false,
            commits: BTreeMap::new(),
            signed: Vec::new(),
            subtrees: Vec::new(),
            erased: BTreeSet::new(),
            gone: Vec::new(),
        }
    }

    fn finding(&mut self, seq: Option<u64>, what: String, meaning: &str) {
        let tenant = self.report.tenant.clone();
        self.report.findings.push(Finding { tenant, seq, what, meaning: meaning.to_owned() });
    }

    async fn checkpoints(&mut self, trust: &Trust<'_>) -> Result<Vec<(u64, Digest)>, StoreError> {
        let mut signed = Vec::new();
        for checkpoint in self.ledger.checkpoints(&self.report.tenant).await? {
            self.report.checkpoints += 1;
            match open_checkpoint(&checkpoint.note, trust.keys, trust.verifier) {
                Ok(opened) if opened.origin != trust.origin => self.finding(
                    None,
                    format!(
                        "a checkpoint is signed for `{}`, not `{}`",
                        opened.origin, trust.origin
                    ),
                    "a checkpoint of another log was put here",
                ),
                Ok(opened) => {
                    if opened.size != checkpoint.size || opened.root != checkpoint.root {
                        self.finding(
                            None,
                            format!(
                                "the row of a checkpoint says size {}, its signed text says {}",
                                checkpoint.size, opened.size
                            ),
                            "the checkpoint's row was edited",
                        );
                    }
                    signed.push((opened.size, opened.root));
                }
                Err(error) => self.finding(
                    None,
                    format!("the checkpoint of size {} does not verify: {error}", checkpoint.size),
                    "the checkpoint was replaced or its signature forged",
                ),
            }
        }
        Ok(signed)
    }

    async fn guards(&mut self) -> Result<(), StoreError> {
        for missing in self.ledger.missing_guards().await? {
            self.finding(
                None,
                missing,
                "the database no longer refuses changes: somebody took a guard away",
            );
        }
        Ok(())
    }

    async fn commits(&mut self) -> Result<u64, StoreError> {
        let mut end = 0;
        loop {
            let page = self.ledger.commits(&self.report.tenant, end, 10_000).await?;
            let Some(last) = page.last() else { return Ok(end) };
            end = last.size;
            self.commits.extend(page.into_iter().map(|head| (head.size, head)));
        }
    }

    fn expect_signed(&mut self, mut signed: Vec<(u64, Digest)>) {
        signed.sort_by_key(|(size, _)| *size);
        self.signed = signed;
    }

    fn chunk(
        &mut self,
        range: std::ops::Range<u64>,
        end: u64,
        entries: &[Entry],
        contents: Vec<Content>,
    ) {
        let mut of: BTreeMap<u64, Vec<Content>> = BTreeMap::new();
        for content in contents {
            of.entry(content.seq).or_default().push(content);
        }
        let checks = check_in_parallel(&self.report.tenant, entries, &of);
        for (entry, check) in entries.iter().zip(checks) {
            self.step_to(entry.seq);
            self.entry(entry, check);
        }
        // The stretch may end in missing entries.
        self.step_to(range.end.min(end).max(self.next));
    }

    /// Reports the entries between the last one seen and `seq`.
    fn step_to(&mut self, seq: u64) {
        if seq > self.next {
            let last = seq - 1;
            let what = if last == self.next {
                format!("entry {last} is missing")
            } else {
                format!("entries {} to {last} are missing", self.next)
            };
            self.finding(Some(self.next), what, "somebody deleted recorded facts");
            self.tree = None;
            // Go on behind the gap as soon as a commit says where its tree stood.
            self.next = seq;
            self.resume_at(seq);
        }
    }

    fn resume_at(&mut self, size: u64) {
        if let Some(head) = self.commits.get(&size) {
            self.tree = CompactRange::from_head(head.size, head.peaks.clone()).ok();
        }
    }

    fn entry(&mut self, entry: &Entry, check: EntryCheck) {
        self.report.entries += 1;
        self.report.bytes += entry.bytes.len() as u64;
        for (what, meaning) in check.findings {
            self.finding(Some(entry.seq), what, &meaning);
        }
        self.erased.extend(check.erases);
        self.gone.extend(check.gone.into_iter().map(|pointer| (entry.seq, pointer)));
        // The recorded leaf hash keeps the tree going where only the bytes were edited: the commit's
        // root then confirms which of the two was changed.
        let leaf = Digest::try_from(entry.leaf_hash.as_slice()).unwrap_or(check.leaf);
        self.edited |= leaf != check.leaf;
        let subtrees = &mut self.subtrees;
        if let Some(tree) = &mut self.tree {
            tree.append(leaf, &mut |subtree| subtrees.push(subtree));
        }
        self.next = entry.seq + 1;
        self.meet_commit();
        self.meet_signed();
    }

    fn meet_commit(&mut self) {
        let Some(stored) = self.commits.get(&self.next) else { return };
        let Some(tree) = &self.tree else {
            self.tree = CompactRange::from_head(stored.size, stored.peaks.clone()).ok();
            return;
        };
        let head = tree.head();
        if head.root == stored.root && head.peaks == stored.peaks {
            return;
        }
        let what = format!(
            "the entries up to {} give the root {}, their commit recorded {}",
            self.next - 1,
            head.root,
            stored.root
        );
        self.tree = CompactRange::from_head(stored.size, stored.peaks.clone()).ok();
        self.finding(
            Some(self.next - 1),
            what,
            "an entry of this commit was changed, inserted or swapped, or the commit itself was",
        );
    }

    fn meet_signed(&mut self) {
        let Some(root) = self.tree.as_ref().filter(|_| !self.signed.is_empty()).map(|tree| {
            // Only computed where a checkpoint speaks of this size.
            self.signed.iter().any(|(size, _)| *size == self.next).then(|| tree.head().root)
        }) else {
            return;
        };
        let Some(root) = root else { return };
        let here: Vec<_> =
            self.signed.iter().filter(|(size, _)| *size == self.next).copied().collect();
        for (size, signed) in here {
            if signed == root {
                self.report.signed_size = self.report.signed_size.max(size);
            } else {
                self.finding(
                    Some(size - 1),
                    format!("the tree of size {size} has the root {root}, the checkpoint signed {signed}"),
                    "history was rewritten after it was signed",
                );
            }
        }
    }

    /// Compares the stored subtree roots with those that came out of the entries.
    async fn subtrees(&mut self) -> Result<(), StoreError> {
        let computed = std::mem::take(&mut self.subtrees);
        let mut levels: BTreeMap<u8, Vec<Subtree>> = BTreeMap::new();
        for subtree in computed {
            levels.entry(subtree.level).or_default().push(subtree);
        }
        for (level, computed) in levels {
            for part in computed.chunks(5_000) {
                let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
                let range = first.index..last.index + 1;
                let stored = self.ledger.subtrees(&self.report.tenant, level, range).await?;
                for subtree in part {
                    let same = stored.binary_search_by_key(&subtree.index, |s| s.index);
                    match same.ok().and_then(|at| stored.get(at)) {
                        Some(stored) if stored.root == subtree.root => {}
                        _ => self.finding(
                            Some(subtree.index << (8 * u32::from(level))),
                            format!(
                                "the stored subtree {} of level {level} is missing or differs",
                                subtree.index
                            ),
                            "proofs made from it would not verify",
                        ),
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self) {
        let beyond: Vec<_> =
            self.signed.iter().filter(|(size, _)| *size > self.next).copied().collect();
        for (size, _) in beyond {
            self.finding(
                Some(self.next),
                format!(
                    "a checkpoint was signed for {size} entries, the ledger ends at {}",
                    self.next
                ),
                "the tail was cut, or an old copy of the database was put in place",
            );
        }
        if self.next > 0 && !self.commits.contains_key(&self.next) {
            self.finding(
                Some(self.next - 1),
                format!("no commit speaks of the ledger's end at {} entries", self.next),
                "entries were inserted around the ledger, or a commit was deleted",
            );
        }
        for (seq, pointer) in std::mem::take(&mut self.gone) {
            if !self.erased.contains(&(seq, pointer.clone())) {
                self.finding(
                    Some(seq),
                    format!(
                        "the content at {pointer} is gone, and no content.erased fact names it"
                    ),
                    "somebody deleted a prompt, an answer or a payload without leaving a trace",
                );
            }
        }
        let whole = self.tree.as_ref().filter(|_| !self.edited);
        self.report.root = whole.map(|tree| tree.head().root);
    }
}

/// Checks each entry on its own, on as many threads as there are processors.
fn check_in_parallel(
    tenant: &TenantId,
    entries: &[Entry],
    contents: &BTreeMap<u64, Vec<Content>>,
) -> Vec<EntryCheck> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = entries.len().div_ceil(threads).max(1);
    let check_all = |part: &[Entry]| -> Vec<EntryCheck> {
        part.iter()
            .map(|entry| {
                let contents = contents.get(&entry.seq).map_or(&[][..], Vec::as_slice);
                check_entry(tenant, entry, contents)
            })
            .collect()
    };
    if entries.len() < 64 {
        return check_all(entries);
    }
    std::thread::scope(|scope| {
        let parts: Vec<_> =
            entries.chunks(share).map(|part| scope.spawn(move || check_all(part))).collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
