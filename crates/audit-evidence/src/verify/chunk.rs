//! Entries in chunks: read here, checked and compared with their typed rows on another thread.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use store_traits::{
    Content, Differences, Digest, EntryRef, LedgerStore, StoreError, StoredRange, TenantId,
};

use super::workers::Workers;
use crate::entry_check::check_entry;

/// A chunk with all that can be said of it without those before it.
pub(super) struct Looked {
    pub(super) range: Range<u64>,
    pub(super) entries: Vec<CheckedEntry>,
    /// Bytes of the entries and of the contents behind them.
    pub(super) weight: u64,
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
    workers: &Workers,
    tenant: &TenantId,
    range: Range<u64>,
) -> Result<Looked, StoreError> {
    let (stored, of) = (ledger.stored(tenant, range.clone()).await?, tenant.clone());
    let (entries, weight, typed) = workers.aside(move || checked(&of, stored)).await?;
    let Differences { found: mut differing, lacking } = typed;
    if !lacking.is_empty() {
        differing.extend(ledger.still_lacking(tenant, lacking).await?);
    }
    differing.sort();
    Ok(Looked { range, entries, weight, differing })
}

/// The entries, each checked on its own, and what is compared with them.
fn checked(
    tenant: &TenantId,
    mut stored: Box<dyn StoredRange>,
) -> Result<(Vec<CheckedEntry>, u64, Differences), StoreError> {
    let mut contents: BTreeMap<u64, Vec<Content>> = BTreeMap::new();
    let mut weight = 0;
    for content in stored.contents()? {
        weight += content.bytes.len() as u64;
        contents.entry(content.seq).or_default().push(content);
    }
    let mut entries = Vec::new();
    let mut unreadable = BTreeSet::new();
    let Differences { mut found, mut lacking } = stored.compare(&mut |entry: EntryRef<'_>| {
        let contents = contents.remove(&entry.seq).unwrap_or_default();
        let check = check_entry(tenant, &entry, &contents);
        let recorded = Digest::try_from(entry.leaf_hash).unwrap_or(check.leaf);
        if check.fact.is_none() {
            unreadable.insert(entry.seq);
        }
        weight += entry.bytes.len() as u64;
        entries.push(CheckedEntry {
            seq: entry.seq,
            bytes: entry.bytes.len() as u64,
            recorded_leaf: recorded,
            edited: recorded != check.leaf,
            erases: check.erases,
            gone: check.gone,
            findings: check.findings,
        });
        check.fact
    })?;
    // An entry that cannot be read gives no rows, and is found as such.
    found.retain(|(seq, _)| !unreadable.contains(seq));
    lacking.retain(|lacking| !unreadable.contains(&lacking.seq));
    Ok((entries, weight, Differences { found, lacking }))
}
