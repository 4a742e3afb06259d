//! Facts that are older than a table of the lists get their rows when a ledger is opened for writing.

use audit_evidence::fact_of;
use ledger_store::Ledger;
use store_traits::{LedgerStore as _, StoreError};

/// Entries that are indexed in one transaction.
const PAGE: u64 = 1_000;

/// Indexes what was recorded before the tables were made; does nothing in a ledger that is up to date.
pub(crate) async fn work_off(ledger: &Ledger) -> Result<(), StoreError> {
    for backlog in ledger.backlog().await? {
        // There are no more entries than these, whatever somebody wrote into the backlog.
        let size = backlog.size.min(ledger.head(&backlog.tenant).await?.size);
        let mut start = 0;
        while start < size {
            let end = size.min(start + PAGE);
            let entries = ledger.entries(&backlog.tenant, start..end).await?;
            // An entry that is no fact has no rows; `ledger verify` names it.
            let facts = entries.iter().filter_map(|entry| fact_of(entry).ok());
            let facts: Vec<_> = facts.map(|fact| (fact.seq, fact.fact)).collect();
            ledger.index(&backlog.tenant, &backlog.topic, &facts).await?;
            start = end;
        }
        ledger.indexed(&backlog).await?;
    }
    Ok(())
}
