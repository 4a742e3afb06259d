//! Entries in chunks: read here, checked by another thread.

use std::collections::BTreeMap;
use std::ops::Range;
use std::thread::JoinHandle;

use store_traits::{Content, Digest, Entry, LedgerStore, StoreError, TenantId, Value};

use crate::entry_check::check_entry;

/// A stretch of the ledger as the store gave it.
pub(super) struct Chunk {
    range: Range<u64>,
    entries: Vec<Entry>,
    contents: Vec<Content>,
}

/// A chunk in the hands of another thread.
pub(super) struct Checking(JoinHandle<Checked>);

/// A chunk whose entries were each checked on its own.
pub(super) struct Checked {
    pub(super) range: Range<u64>,
    pub(super) entries: Vec<CheckedEntry>,
    /// The facts of those entries that hold one, in order: typed rows are compared with them.
    pub(super) facts: Vec<(u64, Value)>,
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

impl Chunk {
    pub(super) async fn read(
        ledger: &dyn LedgerStore,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Self, StoreError> {
        let entries = ledger.entries(tenant, range.clone()).await?;
        let contents = ledger.contents(tenant, range.clone()).await?;
        Ok(Self { range, entries, contents })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A thread for each chunk: starting one costs less than a hundredth of checking 500 entries,
    /// and meanwhile this thread reads.
    pub(super) fn check(self, tenant: &TenantId) -> Checking {
        let tenant = tenant.clone();
        Checking(std::thread::spawn(move || self.checked(&tenant)))
    }

    fn checked(self, tenant: &TenantId) -> Checked {
        let Self { range, entries, contents } = self;
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
        Checked { range, entries, facts }
    }
}

impl Checking {
    pub(super) fn checked(self) -> Checked {
        self.0.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
