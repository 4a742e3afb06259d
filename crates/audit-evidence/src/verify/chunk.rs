//! Entries in chunks: read here, checked by another thread, and their typed rows compared.

use std::collections::BTreeMap;
use std::ops::Range;

use store_traits::{Content, Digest, Entry, LedgerStore, StoreError, TenantId, Value};

use super::side_by_side::aside;
use crate::entry_check::check_entry;

/// A stretch of the ledger as the store gave it.
struct Chunk {
    entries: Vec<Entry>,
    contents: Vec<Content>,
}

/// A chunk whose entries were each checked on its own.
struct Checked {
    entries: Vec<CheckedEntry>,
    /// The facts of those entries that hold one, in order: typed rows are compared with them.
    facts: Vec<(u64, Value)>,
}

/// A chunk with all that can be said of it without those before it.
pub(super) struct Looked {
    pub(super) range: Range<u64>,
    pub(super) entries: Vec<CheckedEntry>,
    /// Where typed rows differ from entries that are there, or have none.
    pub(super) differing: Vec<(u64, String)>,
}

pub(super) struct CheckedEntry {
    pub(super) seq: u64,
    pub(super) bytes: u64,
    /// The leaf hash that the ledger recorded; that of the bytes where there is none.
    pub(super) recorded_leaf: Digest,
    /// Do the bytes hash to another leaf than the recorded one?
    pub(super) edited: bool,
    pub(super) erases: Option<(u64, String)>,
    pub(super) gone: Vec<String>,
    pub(super) findings: Vec<(String, String)>,
}

/// Reads, checks and compares the entries of a range, which were all there when this began.
pub(super) async fn look(
    ledger: &dyn LedgerStore,
    tenant: &TenantId,
    range: Range<u64>,
) -> Result<Looked, StoreError> {
    let entries = ledger.entries(tenant, range.clone()).await?;
    let contents = ledger.contents(tenant, range.clone()).await?;
    let (chunk, of) = (Chunk { entries, contents }, tenant.clone());
    // A thread for each chunk: starting one costs less than a hundredth of checking 500 entries.
    let Checked { entries, facts } = aside(move || chunk.checked(&of)).await;
    let mut differing = ledger.projection_differences(tenant, range.clone(), &facts).await?;
    // An entry that cannot be read gives no rows, and is found as such.
    differing.retain(|(seq, _)| {
        let here = entries.binary_search_by_key(seq, |entry| entry.seq).is_ok();
        !here || facts.binary_search_by_key(seq, |(seq, _)| *seq).is_ok()
    });
    // Giving back the memory of a thousand facts takes a while.
    std::thread::spawn(move || drop(facts));
    Ok(Looked { range, entries, differing })
}

impl Chunk {
    fn checked(self, tenant: &TenantId) -> Checked {
        let Self { entries, contents } = self;
        let mut of: BTreeMap<u64, Vec<Content>> = BTreeMap::new();
        for content in contents {
            of.entry(content.seq).or_default().push(content);
        }
        let mut facts = Vec::with_capacity(entries.len());
        let check = |entry: Entry| {
            let contents = of.remove(&entry.seq).unwrap_or_default();
            let check = check_entry(tenant, &entry, &contents);
            facts.extend(check.fact.map(|fact| (entry.seq, fact)));
            let recorded = Digest::try_from(entry.leaf_hash.as_slice()).unwrap_or(check.leaf);
            CheckedEntry {
                seq: entry.seq,
                bytes: entry.bytes.len() as u64,
                recorded_leaf: recorded,
                edited: recorded != check.leaf,
                erases: check.erases,
                gone: check.gone,
                findings: check.findings,
            }
        };
        let entries = entries.into_iter().map(check).collect();
        Checked { entries, facts }
    }
}
