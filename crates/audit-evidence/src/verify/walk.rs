//! The walk along the ledger: what the entries give, beside what commits and signatures say.

use std::collections::BTreeSet;

use store_traits::{ContentPlace, Digest, LedgerStore, StoreError, TenantId};

use super::chunk::{CheckedEntry, Looked, look};
use super::commits::{Break, Commits};
use super::signed::Signed;
use super::subtrees::Subtrees;
use super::workers::Workers;
use super::{CHUNK_STEP, LedgerReport, VerifyError};
use crate::entry_check::check_entry;
use crate::proof::verify_consistency;
use crate::prover::consistency_proof;
use crate::tree::CompactRange;

/// Leaves of a commit that is not met yet that are kept, to name two that were exchanged.
const MAX_LEAVES: usize = 1_000;
/// Up to so many leaves every pair is tried; with more, neighbours alone.
const MAX_PAIRS_OF: usize = 64;

pub(super) struct Walk<'l> {
    ledger: &'l dyn LedgerStore,
    pub(super) report: LedgerReport,
    tree: Option<CompactRange>,
    /// The tree at the last commit, and the leaves since.
    before: Option<CompactRange>,
    leaves: Vec<Digest>,
    next: u64,
    /// Do the bytes of some entry hash to another leaf than the one recorded?
    edited: bool,
    commits: Commits,
    /// The size of the last commit that was met.
    met: u64,
    /// States to be met, the smallest last.
    signed: Vec<Signed>,
    subtrees: Subtrees,
    /// Committed contents that are not there, until the fact that erased them comes.
    gone: BTreeSet<(u64, String)>,
    /// Contents that were there when an entry, the number, had already said that they were erased.
    kept: Vec<(u64, ContentPlace)>,
}

impl<'l> Walk<'l> {
    pub(super) fn new(ledger: &'l dyn LedgerStore, tenant: &TenantId) -> Self {
        Self {
            ledger,
            report: LedgerReport::new(tenant),
            tree: Some(CompactRange::new()),
            before: Some(CompactRange::new()),
            leaves: Vec::new(),
            next: 0,
            edited: false,
            commits: Commits::above(0),
            met: 0,
            signed: Vec::new(),
            subtrees: Subtrees::default(),
            gone: BTreeSet::new(),
            kept: Vec::new(),
        }
    }

    pub(super) async fn guards(&mut self) -> Result<(), StoreError> {
        for missing in self.ledger.missing_guards().await? {
            self.report.finding(
                None,
                missing,
                "the database no longer refuses changes: somebody took a guard away",
            );
        }
        Ok(())
    }

    /// Puts itself behind a signed checkpoint, and gives the ones that are still to be met.
    pub(super) async fn begin_at(
        &mut self,
        mut signed: Vec<Signed>,
        size: u64,
    ) -> Result<Vec<Signed>, VerifyError> {
        let at = signed.iter().position(|signed| signed.size == size);
        let ahead = at.map(|at| signed.split_off(at)).unwrap_or_default();
        let Some(trusted) = ahead.first() else {
            let newest = signed.iter().rev().take(5).map(|signed| signed.size.to_string());
            let signed = newest.collect::<Vec<_>>().join(", ");
            return Err(VerifyError::NoSuchCheckpoint { size, signed });
        };
        self.resume_behind(*trusted).await?;
        self.consistent(&signed, trusted).await?;
        Ok(ahead)
    }

    /// The states that the tree must have on the way.
    pub(super) fn expect(&mut self, mut signed: Vec<Signed>) {
        signed.reverse();
        self.signed = signed;
        self.meet_signed();
    }

    pub(super) fn ledger(&self) -> &'l dyn LedgerStore {
        self.ledger
    }

    /// Takes the tree up at a trusted state: the commit there must have the root that was signed.
    async fn resume_behind(&mut self, trusted: Signed) -> Result<(), StoreError> {
        let head = self.ledger.head_at(&self.report.tenant, trusted.size).await?;
        let tree = head.and_then(|head| CompactRange::from_head(head.size, head.peaks).ok());
        let tree = tree.filter(|tree| tree.root() == trusted.root);
        if tree.is_none() {
            self.report.finding(
                trusted.size.checked_sub(1),
                format!(
                    "no commit gives the root {} that the checkpoint of size {} signed",
                    trusted.root, trusted.size
                ),
                "history was rewritten after it was signed",
            );
        }
        (self.before, self.tree) = (tree.clone(), tree);
        (self.next, self.met, self.report.since) = (trusted.size, trusted.size, trusted.size);
        self.commits = Commits::above(trusted.size);
        Ok(())
    }

    /// Older checkpoints are parts of the trusted one. In a full check the entries show it.
    async fn consistent(&mut self, older: &[Signed], trusted: &Signed) -> Result<(), StoreError> {
        for old in older {
            let proof =
                consistency_proof(self.ledger, &self.report.tenant, old.size, trusted.size).await;
            let holds = proof.is_ok_and(|proof| {
                let (sizes, roots) = ((old.size, trusted.size), (&old.root, &trusted.root));
                verify_consistency(sizes.0, sizes.1, roots.0, roots.1, &proof).is_ok()
            });
            if !holds {
                self.report.finding(
                    old.size.checked_sub(1),
                    format!(
                        "the checkpoint of size {} is not shown to be a part of that of size {}",
                        old.size, trusted.size
                    ),
                    "history was rewritten after it was signed, or stored hashes were changed",
                );
            }
        }
        Ok(())
    }

    /// Takes up the next chunk. `end` is where the commits say that the ledger ends.
    pub(super) async fn take(&mut self, looked: Looked, end: u64) -> Result<(), StoreError> {
        let Looked { range, entries, differing, .. } = looked;
        self.commits.read_to(self.ledger, &self.report.tenant, range.end).await?;
        for Break { before, on_size, size } in self.commits.take_broken() {
            let what = format!(
                "the commit that ends at {size} stands on {on_size} entries, and the one before it ends at {before}"
            );
            let meaning = "a commit between the two was deleted, or what one stands on was edited";
            self.report.finding(Some(before), what, meaning);
        }
        let mut unexplained = Vec::new();
        for entry in entries {
            if entry.seq < self.next {
                let what = format!("entry {} is there twice", entry.seq);
                self.report.finding(Some(entry.seq), what, "somebody put a fact into the past");
                continue;
            }
            self.step_to(entry.seq);
            // An erasure stands behind what it erases, so that this is where it is explained.
            if let Some((seq, pointer)) = entry.erases.clone().filter(|at| !self.gone.remove(at)) {
                unexplained.push((entry.seq, ContentPlace { seq, pointer }));
            }
            self.entry(entry);
        }
        // The ledger may end in missing entries; a gap before that ends with an entry.
        if range.end >= end {
            self.step_to(end.max(self.next));
        }
        // Last, because an edited entry makes its rows differ: the cause is told before what follows.
        self.typed_rows(differing);
        for (said, place) in unexplained {
            if self.lies_there(&place).await? {
                self.kept.push((said, place));
            }
        }
        self.subtrees.compare_many(self.ledger, &mut self.report).await
    }

    /// Does a content lie at this place now?
    async fn lies_there(&self, place: &ContentPlace) -> Result<bool, StoreError> {
        let range = place.seq..place.seq.saturating_add(1);
        let contents = self.ledger.contents(&self.report.tenant, range).await?;
        Ok(contents.iter().any(|content| content.pointer == place.pointer))
    }

    fn typed_rows(&mut self, differing: Vec<(u64, String)>) {
        for (seq, what) in differing {
            let meaning = "a typed row was edited: lists and counts would lie (`factlog ledger reindex` derives them anew)";
            self.report.finding(Some(seq), what, meaning);
        }
    }

    /// Looks at what lies behind the last commit that there was when the check began. What others
    /// commit meanwhile is not of this check.
    pub(super) async fn behind(&mut self, workers: &Workers, end: u64) -> Result<(), StoreError> {
        let (ledger, tenant) = (self.ledger, self.report.tenant.clone());
        let mut next = end.max(self.next);
        loop {
            let looked =
                look(ledger, workers, &tenant, next..next.saturating_add(CHUNK_STEP)).await?;
            // Read behind them: a commit of these entries would be seen.
            if looked.entries.is_empty() || ledger.head(&tenant).await?.size > end {
                break;
            }
            next = looked.range.end;
            self.take(looked, end).await?;
        }
        let strays = ledger.stray_rows(&tenant, next).await?;
        let size = ledger.head(&tenant).await?.size;
        for (table, number) in strays {
            let seq = u64::try_from(number).ok();
            if seq.is_none_or(|seq| seq >= size) {
                let what = format!("`{table}` has a row at {number}, where no entry is");
                self.report.finding(seq, what, "somebody put it beside the ledger");
            }
        }
        let beyond = next.max(size)..u64::MAX;
        let mut stray = ledger.projection_differences(&tenant, beyond, &[]).await?;
        if !stray.is_empty() {
            let size = ledger.head(&tenant).await?.size;
            stray.retain(|(seq, _)| *seq >= size);
            self.typed_rows(stray);
        }
        self.erased_since(end).await
    }

    /// A content that went since the check began is explained by a fact that came since.
    async fn erased_since(&mut self, end: u64) -> Result<(), StoreError> {
        let (ledger, tenant) = (self.ledger, self.report.tenant.clone());
        if self.gone.is_empty() {
            return Ok(());
        }
        // Such a fact is there by now: whoever goes on writing does not hold the check up.
        let (mut next, size) = (end, ledger.head(&tenant).await?.size);
        while next < size && !self.gone.is_empty() {
            let range = next..size.min(next.saturating_add(CHUNK_STEP));
            let entries = ledger.entries(&tenant, range).await?;
            let Some(last) = entries.last() else { break };
            next = last.seq + 1;
            for entry in &entries {
                if let Some(erased) = check_entry(&tenant, &entry.as_ref(), &[]).erases {
                    self.gone.remove(&erased);
                }
            }
        }
        Ok(())
    }

    /// Reports the entries between the last one seen and `seq`.
    fn step_to(&mut self, seq: u64) {
        if seq <= self.next {
            return;
        }
        let last = seq - 1;
        let what = if last == self.next {
            format!("entry {last} is missing")
        } else {
            format!("entries {} to {last} are missing", self.next)
        };
        self.report.finding(Some(self.next), what, "somebody deleted recorded facts");
        self.tree = None;
        self.next = seq;
        // The tree goes on behind the gap as soon as a commit says where it stood.
        self.meet_commit();
        self.meet_signed();
    }

    fn entry(&mut self, entry: CheckedEntry) {
        self.report.entries += 1;
        self.report.bytes += entry.bytes;
        for (what, meaning) in entry.findings {
            self.report.finding(Some(entry.seq), what, &meaning);
        }
        self.gone.extend(entry.gone.into_iter().map(|pointer| (entry.seq, pointer)));
        // The recorded leaf hash keeps the tree going where only the bytes were edited: the commit's
        // root then confirms which of the two was changed.
        self.edited |= entry.edited;
        let subtrees = &mut self.subtrees;
        if let Some(tree) = &mut self.tree {
            tree.append(entry.recorded_leaf, &mut |subtree| subtrees.push(subtree));
            if self.leaves.len() <= MAX_LEAVES {
                self.leaves.push(entry.recorded_leaf);
            }
        }
        self.next = entry.seq + 1;
        self.meet_commit();
        self.meet_signed();
    }

    fn meet_commit(&mut self) {
        let Some(stored) = self.commits.at(self.next) else { return };
        self.met = stored.size;
        let leaves = std::mem::take(&mut self.leaves);
        let before = self.before.take();
        if let Some(tree) = &self.tree {
            let head = tree.head();
            if head.root == stored.root && head.peaks == stored.peaks {
                self.before = Some(tree.clone());
                return;
            }
            let exchanged = before.and_then(|before| exchanged(&before, &leaves, &stored.root));
            match exchanged {
                Some((one, other)) => self.report.finding(
                    Some(one),
                    format!(
                        "entries {one} and {other} are swapped: exchanged, they give the root that their commit recorded"
                    ),
                    "somebody changed the order of recorded facts",
                ),
                None => self.report.finding(
                    Some(self.next - 1),
                    format!(
                        "the entries up to {} give the root {}, their commit recorded {}",
                        self.next - 1,
                        head.root,
                        stored.root
                    ),
                    "an entry of this commit was changed, inserted or swapped, or the commit itself was",
                ),
            }
        }
        self.tree = CompactRange::from_head(stored.size, stored.peaks).ok();
        self.before.clone_from(&self.tree);
    }

    fn meet_signed(&mut self) {
        while let Some(signed) = self.signed.last().copied()
            && signed.size <= self.next
        {
            self.signed.pop();
            let root = self.tree.as_ref().filter(|_| signed.size == self.next).map(|t| t.root());
            let (size, at) = (signed.size, signed.size.checked_sub(1));
            match root {
                Some(root) if root == signed.root => {
                    self.report.signed_size = self.report.signed_size.max(size);
                }
                Some(root) => self.report.finding(
                    at,
                    format!("the tree of size {size} has the root {root}, the checkpoint signed {}", signed.root),
                    "history was rewritten after it was signed",
                ),
                None => self.report.finding(
                    at,
                    format!(
                        "the tree of size {size} cannot be compared with its checkpoint, since entries before it are missing"
                    ),
                    "what was signed there is not shown to be what lies here",
                ),
            }
        }
    }

    pub(super) async fn finish(mut self) -> Result<LedgerReport, StoreError> {
        self.subtrees.compare(self.ledger, &mut self.report).await?;
        while let Some(Signed { size, .. }) = self.signed.pop() {
            self.report.finding(
                Some(self.next),
                format!(
                    "a checkpoint was signed for {size} entries, the ledger ends at {}",
                    self.next
                ),
                "the tail was cut, or the database was rolled back to an old copy",
            );
        }
        if self.met < self.next {
            let (from, to) = (self.met, self.next - 1);
            let which = if from == to {
                format!("entry {from} lies")
            } else {
                format!("entries {from} to {to} lie")
            };
            self.report.finding(
                Some(from),
                format!("{which} behind the last commit: no commit speaks of the ledger's end at {} entries", self.next),
                "entries were inserted around the ledger, or a commit was deleted",
            );
        }
        for (seq, pointer) in std::mem::take(&mut self.gone) {
            self.report.finding(
                Some(seq),
                format!("the content at {pointer} is gone, and no content.erased fact names it"),
                "somebody deleted a prompt, an answer or a payload without leaving a trace",
            );
        }
        for (said, place) in std::mem::take(&mut self.kept) {
            // Looked at again: it may have been erased since, right behind the fact that says so.
            if !self.lies_there(&place).await? {
                continue;
            }
            self.report.finding(
                Some(place.seq),
                format!(
                    "the content at {} is there, and entry {said} says that it was erased",
                    place.pointer
                ),
                "an erasure was cut short (repeat it), or somebody put the content back",
            );
        }
        let whole = self.tree.as_ref().filter(|_| !self.edited);
        self.report.root = whole.map(CompactRange::root);
        Ok(self.report)
    }
}

/// Two leaves behind `before` that, exchanged, give the root.
fn exchanged(before: &CompactRange, leaves: &[Digest], root: &Digest) -> Option<(u64, u64)> {
    if leaves.len() > MAX_LEAVES {
        return None;
    }
    let reach = if leaves.len() <= MAX_PAIRS_OF { leaves.len() } else { 2 };
    let mut leaves = leaves.to_vec();
    for one in 0..leaves.len() {
        for other in one + 1..leaves.len().min(one + reach) {
            leaves.swap(one, other);
            let mut tree = before.clone();
            leaves.iter().for_each(|leaf| tree.append(*leaf, &mut |_| {}));
            if tree.root() == *root {
                let at = |offset| Some(before.size() + u64::try_from(offset).ok()?);
                return at(one).zip(at(other));
            }
            leaves.swap(one, other);
        }
    }
    None
}
