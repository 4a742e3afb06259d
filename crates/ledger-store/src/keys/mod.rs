//! Which idempotency keys are recorded, without an index over them.
//!
//! Keys come in no order. An index over them would change a page of its own for nearly every entry,
//! and write eight times the bytes of the entry itself. So a commit appends the *tags* of its keys (64
//! bits of a hash) as one row, and each process keeps in memory which tags there are: exactly for the
//! newest up to 65,536 entries, as filters of 5 bytes an entry for those before. Where a tag is
//! suspected the entry itself is read, and its key decides. When 65,536 entries are complete their
//! tags are written once more as one row, so that a process that begins reads few rows.
//!
//! The tags are derived from the keys of `blocks`. Where rows of tags are missing (a ledger that is older
//! than them, or rows that somebody removed) the keys are read from the entries.
//!
//! A key is unique because a commit that is not on the newest head is refused: between the look-up,
//! which has seen every entry below that head, and the commit, nobody else can have committed.

mod filter;
mod known;
mod rows;
mod tenant;

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store_traits::{IdempotencyKey, Known, SealedBatch, StoreError, TenantId};

use crate::reader::Reading;
use crate::{Reader, Row, sql};

use known::{KnownTags, SPAN};
use rows::{Rows, row, tags_of};
use tenant::TenantKeys;

/// Makes the tag of a key: 64 bits of a hash, always the same ones. Handed in by whoever knows a hash.
pub type KeyTag = fn(&IdempotencyKey) -> u64;

/// Entries whose tags are read at a time: more than are verified together.
const MOST_TAGS: u64 = 1 << 20;
/// What all tenants' tags may take in memory before those that were not asked for longest are
/// forgotten.
const MOST_BYTES: usize = 256 << 20;

/// The keys of all tenants.
pub(crate) struct Keys {
    tag: KeyTag,
    most_bytes: usize,
    tenants: Mutex<Tenants>,
}

#[derive(Default)]
struct Tenants {
    /// With the number of the last question about each. Whoever works with a tenant's tags holds them,
    /// also when they are forgotten here meanwhile.
    known: BTreeMap<TenantId, (u64, Arc<Mutex<KnownTags>>)>,
    questions: u64,
}

impl Keys {
    pub(crate) fn new(tag: KeyTag) -> Self {
        Self { tag, most_bytes: MOST_BYTES, tenants: Mutex::default() }
    }

    /// What is known of each key in entries `[0, size)` and perhaps in later ones, in the order of the
    /// keys. `None` is as far as there are entries now.
    pub(crate) async fn known(
        &self,
        reader: &Reader,
        tenant: &TenantId,
        keys: &[IdempotencyKey],
        size: Option<u64>,
    ) -> Result<Vec<Option<Known>>, StoreError> {
        let mut own = self.of(reader, tenant);
        if size.is_none_or(|size| own.size() < size) {
            own = self.caught_up(reader, tenant).await?;
        }
        let found = own.find(keys.iter().map(|key| (key, (self.tag)(key)))).await?;
        if found.is_empty() {
            return Ok(vec![None; keys.len()]);
        }
        Ok(keys.iter().map(|key| found.get(key.as_str()).cloned()).collect())
    }

    /// The tags of a batch's keys.
    ///
    /// # Errors
    /// A key is in the batch twice.
    pub(crate) fn tags_of(&self, batch: &SealedBatch) -> Result<Vec<u64>, StoreError> {
        let keys = || batch.entries.iter().map(|entry| &entry.key);
        let mut seen = HashSet::with_capacity(batch.entries.len());
        match keys().find(|key| !seen.insert(*key)) {
            Some(twice) => Err(recorded_already(twice.as_str())),
            None => Ok(keys().map(self.tag).collect()),
        }
    }

    /// Does the batch, with these tags, stand on the newest head that there is? If not, its commit is
    /// refused.
    ///
    /// # Errors
    /// A key of the batch is recorded already; or the database failed.
    pub(crate) async fn are_new(
        &self,
        reader: &Reader,
        batch: &SealedBatch,
        tags: &[u64],
    ) -> Result<bool, StoreError> {
        let mut own = self.of(reader, &batch.tenant);
        if !own.are_below(batch.on_size, &batch.on_root) {
            own = self.caught_up(reader, &batch.tenant).await?;
        }
        if !own.are_below(batch.on_size, &batch.on_root) {
            return Ok(false);
        }
        let keys = batch.entries.iter().map(|entry| &entry.key);
        let found = own.find(keys.zip(tags.iter().copied())).await?;
        found.into_keys().next().map_or(Ok(true), |key| Err(recorded_already(&key)))
    }

    /// The rows of tags that go with a batch on what is known.
    pub(crate) fn rows_of(
        &self,
        reader: &Reader,
        batch: &SealedBatch,
        tags: &[u64],
    ) -> Vec<Row<'static>> {
        let own = self.of(reader, &batch.tenant);
        let mut rows = Vec::new();
        let (mut first, mut fresh) = (batch.on_size, Vec::new());
        for (seq, tag) in (batch.on_size..).zip(tags) {
            fresh.push(*tag);
            if (seq + 1).is_multiple_of(SPAN) {
                let known = if first == batch.on_size { own.growing() } else { Vec::new() };
                rows.push(row(Rows::Commit, first, &fresh));
                rows.push(row(Rows::Span, seq + 1 - SPAN, &[known, fresh].concat()));
                (first, fresh) = (seq + 1, Vec::new());
            }
        }
        if !fresh.is_empty() {
            rows.push(row(Rows::Commit, first, &fresh));
        }
        rows
    }

    /// A batch with these tags was committed.
    pub(crate) fn learn(&self, reader: &Reader, batch: &SealedBatch, tags: &[u64]) {
        let own = self.of(reader, &batch.tenant);
        own.learn(batch.on_size, tags);
        own.stands_on(&batch.head);
    }

    /// What makes the tag of a key.
    pub(crate) fn tag(&self) -> KeyTag {
        self.tag
    }

    /// The tags of all entries that a tenant has now. Where the database is not the one that it was, they
    /// are learnt anew.
    async fn caught_up<'a>(
        &self,
        reader: &'a Reader,
        tenant: &'a TenantId,
    ) -> Result<TenantKeys<'a>, StoreError> {
        let own = self.of(reader, tenant);
        if own.catch_up().await? {
            return Ok(own);
        }
        self.locked().known.remove(tenant);
        let own = self.of(reader, tenant);
        own.catch_up().await?;
        Ok(own)
    }

    fn locked(&self) -> MutexGuard<'_, Tenants> {
        // Each change is whole: what a panicking thread left is what it held.
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tags of a tenant, to be worked with.
    fn of<'a>(&self, reader: &'a Reader, tenant: &'a TenantId) -> TenantKeys<'a> {
        let mut tenants = self.locked();
        tenants.questions += 1;
        let now = tenants.questions;
        if !tenants.known.contains_key(tenant) {
            tenants.make_room(self.most_bytes);
        }
        let (asked, known) = tenants.known.entry(tenant.clone()).or_default();
        *asked = now;
        TenantKeys { tag: self.tag, reader, tenant, known: Arc::clone(known) }
    }
}

impl Tenants {
    /// Forgets those that were not asked for longest: they are learnt again when they are.
    fn make_room(&mut self, most_bytes: usize) {
        let size =
            |known: &Mutex<KnownTags>| known.lock().unwrap_or_else(PoisonError::into_inner).bytes();
        let mut bytes: usize = self.known.values().map(|(_, known)| size(known)).sum();
        while bytes > most_bytes {
            let oldest = self.known.iter().min_by_key(|(_, (asked, _))| *asked);
            let Some(oldest) = oldest.map(|(tenant, _)| tenant.clone()) else { return };
            let forgotten = self.known.remove(&oldest);
            bytes = bytes.saturating_sub(forgotten.map_or(0, |(_, known)| size(&known)));
        }
    }
}

fn recorded_already(key: &str) -> StoreError {
    let why = format!("the key `{key}` is recorded already");
    StoreError::Database { doing: "committing a batch", why }
}

/// Reads the rows of tags of a range: of commits, and of complete spans.
pub(crate) async fn read_tags(
    reading: &mut Reading,
    tenant: &TenantId,
    range: &Range<u64>,
) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let mut tags = Vec::new();
    // Where a range has no end there are few; the statement counts bytes up to it.
    let end = range.end.min(range.start.saturating_add(MOST_TAGS));
    for which in [Rows::Commit, Rows::Span] {
        let values = [which.column().into(), range.start.into(), end.into()];
        tags.append(&mut reading.rows(&sql::SELECT_KEY_TAGS_OF, tenant, &values).await?);
    }
    Ok(tags)
}

/// Entries whose tag is not that of their key. A row that is missing is none: it is read from the entries.
pub(crate) fn differences<'k>(
    tag: KeyTag,
    keys: impl Iterator<Item = (u64, &'k str)>,
    tags: &[(i64, Vec<u8>)],
) -> Result<Vec<(u64, String)>, StoreError> {
    // A key that was damaged has no tag.
    let own = |key| IdempotencyKey::parse(key).ok().map(|key| tag(&key));
    let mut keys: Vec<(u64, Option<u64>)> = keys.map(|(seq, key)| (seq, own(key))).collect();
    // They mostly are in order; of an entry that is there twice, which somebody made, either will do.
    keys.sort_by_key(|(seq, _)| *seq);
    let of = |seq: &u64| {
        let at = keys.binary_search_by_key(seq, |(seq, _)| *seq).ok()?;
        keys.get(at).map(|(_, tag)| *tag)
    };
    let mut found = Vec::new();
    for row in tags {
        let (first, tags) = tags_of(row)?;
        let differs =
            (first..).zip(tags).filter(|(seq, tag)| of(seq).is_some_and(|own| own != Some(*tag)));
        found.extend(differs.map(|(seq, _)| (seq, "`key_tags` differs from its entry".to_owned())));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use store_traits::test_support::batches::{hash, head, id, key};
    use store_traits::{CommitOutcome, LedgerStore};

    use super::*;
    use crate::Ledger;
    use crate::ledger::Writer;
    use crate::support::{Fresh, batch, tenant};

    async fn meddle(ledger: &Ledger, statements: &[&'static str]) {
        let Ok(Writer::Sqlite(writer)) = ledger.writer() else { panic!("not SQLite") };
        for statement in statements {
            writer.execute(sqlx::query(*statement)).await.unwrap();
        }
    }

    /// A batch with keys of other entries than its own.
    fn with_keys(mut batch: SealedBatch, keys: u64) -> SealedBatch {
        for (entry, of) in batch.entries.iter_mut().zip(keys..) {
            (entry.key, entry.id) = (key(of), id(of));
        }
        batch
    }

    fn places(known: Vec<Option<Known>>) -> Vec<Option<u64>> {
        known.into_iter().map(|known| known.map(|known| known.seq)).collect()
    }

    #[tokio::test]
    async fn keys_without_rows_of_tags_are_found_by_whoever_knows_those_before() {
        let fresh = Fresh::new().await;
        let (ledger, other) = (fresh.open().await, fresh.open().await);
        ledger.commit(&batch(0, 5)).await.unwrap();
        assert_eq!(places(other.known(&tenant(), &[key(1)]).await.unwrap()), [Some(1)]);
        ledger.commit(&batch(5, 5)).await.unwrap();
        let taken = "DELETE FROM key_tags WHERE first_seq = 5";
        meddle(&ledger, &["DROP TRIGGER key_tags_no_delete", taken]).await;
        let again = with_keys(batch(10, 1), 7);
        let refused = other.commit(&again).await.unwrap_err();
        assert!(refused.to_string().contains("`key-7` is recorded already"), "{refused}");
        assert_eq!(
            places(other.known(&tenant(), &[key(7), key(10)]).await.unwrap()),
            [Some(7), None]
        );
        assert_eq!(other.commit(&batch(10, 1)).await.unwrap(), CommitOutcome::Committed);
        assert_eq!(places(ledger.known(&tenant(), &[key(10)]).await.unwrap()), [Some(10)]);
    }

    #[tokio::test]
    async fn a_database_that_went_back_is_known_anew() {
        const BACK: [&str; 7] = [
            "DROP TRIGGER commits_no_delete",
            "DROP TRIGGER blocks_no_delete",
            "DROP TRIGGER key_tags_no_delete",
            "DELETE FROM commits WHERE size > 5",
            "DELETE FROM blocks WHERE first_seq >= 5",
            "DELETE FROM key_tags WHERE first_seq >= 5",
            "DELETE FROM contents WHERE seq >= 5",
        ];
        // Since then it grew by fewer, by as many and by more entries than were lost.
        for grown in [0, 2, 5, 8] {
            let fresh = Fresh::new().await;
            let (ledger, other) = (fresh.open().await, fresh.open().await);
            for on_size in [0, 5] {
                ledger.commit(&batch(on_size, 5)).await.unwrap();
            }
            meddle(&other, &BACK).await;
            let mut head = head(5);
            if grown > 0 {
                let mut since = with_keys(batch(5, grown), 100);
                since.head.root = hash(77);
                assert_eq!(other.commit(&since).await.unwrap(), CommitOutcome::Committed);
                head = since.head;
            }
            let outcome = ledger.commit(&batch(10, 1)).await.unwrap();
            assert_eq!(outcome, CommitOutcome::HeadMoved(head.clone()), "{grown}");
            let on = |count| SealedBatch {
                on_root: head.root,
                ..with_keys(batch(head.size, count), 200)
            };
            let mut twice = on(2);
            let old = if grown > 0 { key(100) } else { key(4) };
            twice.entries[1].key = old.clone();
            let refused = ledger.commit(&twice).await.unwrap_err();
            assert!(refused.to_string().contains("is recorded already"), "{grown}: {refused}");
            assert_eq!(ledger.commit(&on(3)).await.unwrap(), CommitOutcome::Committed);
            // What was lost is new, and what came since is known, to both.
            let asked = [old, key(7), key(201)];
            let at = if grown > 0 { 5 } else { 4 };
            for ledger in [&ledger, &other, &fresh.open().await] {
                let known = places(ledger.known(&tenant(), &asked).await.unwrap());
                assert_eq!(known, [Some(at), None, Some(head.size + 1)], "{grown}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_forgotten_while_somebody_works_with_it_is_still_found() {
        let (fresh, [ours, other]) = (Fresh::new().await, ["acme", "globex"].map(TenantId::parse));
        let (ours, other) = (ours.unwrap(), other.unwrap());
        let ledger = fresh.open().await;
        ledger.commit(&batch(0, 10)).await.unwrap();
        assert_eq!(tenant(), ours);
        let reader = ledger.reader();
        let keys = Keys { most_bytes: 0, ..Keys::new(crate::test_support::key_tag) };

        let own = keys.of(reader, &ours);
        own.catch_up().await.unwrap();
        keys.known(reader, &other, &[key(1)], None).await.unwrap();
        assert!(!keys.tenants.lock().unwrap().known.contains_key(&ours));
        assert_eq!(own.size(), 10);
        let tag = crate::test_support::key_tag(&key(3));
        assert_eq!(own.find(std::iter::once((&key(3), tag))).await.unwrap().len(), 1);
        assert_eq!(own.growing().len(), 10);
        let known = keys.known(reader, &ours, &[key(9), key(10)], None).await.unwrap();
        assert_eq!(
            known.into_iter().map(|known| known.map(|known| known.seq)).collect::<Vec<_>>(),
            [Some(9), None]
        );
    }
}
