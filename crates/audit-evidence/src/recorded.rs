//! Entries read back as facts.

use std::ops::Range;

use replay_determinism::{canonical, leaf_hash};
use store_traits::{
    Digest, Entry, FactId, LedgerStore, RecordedFact, RunId, StoreError, TenantId, Timestamp, Value,
};

/// Entries that are read at once.
const PAGE: u64 = 1_000;

/// An entry as a fact, read from its bytes and from nothing else: columns are an index.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let mut entry = ready(ledger().entries(&tenant(), 2..3))?.remove(0);
/// assert_eq!(fact_of(&entry)?.kind, "system.event");
/// entry.bytes.truncate(9);
/// assert!(fact_of(&entry).is_err(), "the bytes are no fact");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The bytes are not those that were recorded, or no fact.
pub fn fact_of(entry: &Entry) -> Result<RecordedFact, StoreError> {
    let corrupt = |why: String| StoreError::Corrupt { what: format!("entry {}: {why}", entry.seq) };
    let recorded =
        Digest::try_from(entry.leaf_hash.as_slice()).map_err(|error| corrupt(error.to_string()))?;
    if leaf_hash(&entry.bytes) != recorded {
        return Err(corrupt("it is not there as it was recorded".to_owned()));
    }
    let fact = canonical::parse(&entry.bytes).map_err(|error| corrupt(error.to_string()))?;
    let text = |path: &[&str]| fact.at(path).and_then(Value::as_str);
    let time = |name: &str| {
        let text = text(&["meta", name]).ok_or_else(|| corrupt(format!("it has no {name}")))?;
        Timestamp::parse(text).map_err(|error| corrupt(error.to_string()))
    };
    Ok(RecordedFact {
        seq: entry.seq,
        kind: text(&["kind"]).ok_or_else(|| corrupt("it has no kind".to_owned()))?.to_owned(),
        run_id: text(&["meta", "run_id"]).map(str::to_owned),
        occurred_at: time("occurred_at")?,
        recorded_at: time("recorded_at")?,
        leaf_hash: recorded,
        fact,
    })
}

/// The fact with an id; `None` when nothing has it.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let (ledger, tenant) = (ledger(), tenant());
/// let id = ready(ledger.entries(&tenant, 2..3))?[0].id.clone().ok_or("no id")?;
/// let fact = ready(recorded_fact(ledger.as_ref(), &tenant, &id))?;
/// assert_eq!(fact.map(|fact| fact.seq), Some(2));
/// let other = TenantId::parse("other")?;
/// assert_eq!(ready(recorded_fact(ledger.as_ref(), &other, &id))?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The store failed, or the entry is no fact.
pub async fn recorded_fact(
    ledger: &dyn LedgerStore,
    tenant: &TenantId,
    id: &FactId,
) -> Result<Option<RecordedFact>, StoreError> {
    let Some(seq) = ledger.seq_of(tenant, id).await? else { return Ok(None) };
    let found = recorded_fact_at(ledger, tenant, seq).await?;
    let own = found.as_ref().and_then(|found| found.fact.member("id")?.as_str());
    if own.is_some_and(|own| own != id.as_str()) {
        let what = format!("the ids of entries: {id} leads to entry {seq}, which has another");
        return Err(StoreError::Corrupt { what });
    }
    Ok(found)
}

/// The fact with a sequence number; `None` where the ledger has not grown so far.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let fact = ready(recorded_fact_at(ledger().as_ref(), &tenant(), 4))?;
/// assert_eq!(fact.map(|fact| fact.kind), Some("run.completed".to_owned()));
/// assert_eq!(ready(recorded_fact_at(ledger().as_ref(), &tenant(), 5))?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The store failed, or the entry is no fact.
pub async fn recorded_fact_at(
    ledger: &dyn LedgerStore,
    tenant: &TenantId,
    seq: u64,
) -> Result<Option<RecordedFact>, StoreError> {
    if seq >= ledger.head(tenant).await?.size {
        // What may lie there is no entry: no commit speaks of it.
        return Ok(None);
    }
    let entries = ledger.entries(tenant, seq..seq.saturating_add(1)).await?;
    entries.first().map(fact_of).transpose()
}

/// The facts of a run in order, at most `most` of them.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let facts = ready(facts_of_run(ledger().as_ref(), &tenant(), &run(), 2))?;
/// let kinds: Vec<_> = facts.iter().map(|fact| fact.kind.as_str()).collect();
/// assert_eq!(kinds, ["run.step", "audit.tool"], "the first two of five");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The store failed, or an entry is no fact.
pub async fn facts_of_run(
    ledger: &dyn LedgerStore,
    tenant: &TenantId,
    run: &RunId,
    most: usize,
) -> Result<Vec<RecordedFact>, StoreError> {
    let mut seqs = ledger.run_seqs(tenant, run).await?;
    seqs.truncate(most);
    facts_at(ledger, tenant, &seqs).await
}

/// The facts at these places, which are in order.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let facts = ready(facts_at(ledger().as_ref(), &tenant(), &[0, 3, 4]))?;
/// let seqs: Vec<u64> = facts.iter().map(|fact| fact.seq).collect();
/// assert_eq!(seqs, [0, 3, 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The store failed, or an entry is no fact.
pub async fn facts_at(
    ledger: &dyn LedgerStore,
    tenant: &TenantId,
    seqs: &[u64],
) -> Result<Vec<RecordedFact>, StoreError> {
    let mut facts = Vec::with_capacity(seqs.len());
    for Range { start, end } in stretches(seqs) {
        facts.extend(facts_in(ledger, tenant, start..end).await?);
    }
    Ok(facts)
}

/// The facts of a range, all of them.
///
/// # Errors
/// The store failed, or an entry is gone or is not there as it was recorded: nobody should take what is left
/// for all of it.
pub(crate) async fn facts_in(
    ledger: &dyn LedgerStore,
    tenant: &TenantId,
    range: Range<u64>,
) -> Result<Vec<RecordedFact>, StoreError> {
    let entries = ledger.entries(tenant, range.clone()).await?;
    let mut there = entries.iter();
    let fact = |seq| match there.next().filter(|entry| entry.seq == seq) {
        Some(entry) => fact_of(entry),
        None => Err(StoreError::Corrupt { what: format!("entry {seq} of `{tenant}` is gone") }),
    };
    range.map(fact).collect()
}

/// Stretches without a gap, none longer than a page.
fn stretches(seqs: &[u64]) -> Vec<Range<u64>> {
    let mut stretches: Vec<Range<u64>> = Vec::new();
    for seq in seqs {
        match stretches.last_mut() {
            Some(last) if last.end == *seq && last.end - last.start < PAGE => last.end = seq + 1,
            _ => stretches.push(*seq..seq.saturating_add(1)),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_end_at_gaps() {
        assert_eq!(stretches(&[0, 1, 2, 5, 7, 8]), [0..3, 5..6, 7..9]);
        assert!(stretches(&[]).is_empty());
    }
}
