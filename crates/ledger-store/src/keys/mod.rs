//! Which idempotency keys are recorded, without an index over them.
//!
//! Keys come in no order. An index over them would change a page of its own for nearly every entry,
//! and write eight times the bytes of the entry itself. So a commit appends the *tags* of its keys (64
//! bits of a hash) as one row, and each process keeps in memory which tags there are: exactly for the
//! newest up to 65,536 entries, as a filter of 4 bytes an entry for those before. Where a tag is
//! suspected the entry itself is read, and its key decides. When 65,536 entries are complete their
//! tags are written once more as one row, so that a process that begins reads few rows.
//!
//! The tags are derived from `entries.key`. Where rows of tags are missing (a ledger that is older
//! than them, or rows that somebody removed) the keys are read from the entries.
//!
//! A key is unique because a commit that is not on the newest head is refused: between the look-up,
//! which has seen every entry below that head, and the commit, nobody else can have committed.

mod filter;
mod known;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use store_traits::{IdempotencyKey, Known, SealedBatch, StoreError, TenantId};

use crate::error::corrupt;
use crate::row::{HeadRow, KnownRow, from_i64};
use crate::{Cell, Reader, Row, sql};

use known::{KnownTags, SPAN, Suspects};

/// Makes the tag of a key: 64 bits of a hash, always the same ones. Handed in by whoever knows a hash.
pub type KeyTag = fn(&IdempotencyKey) -> u64;

/// What all tenants' tags may take in memory before those that were not asked for longest are
/// forgotten.
const MOST_BYTES: usize = 256 << 20;
/// Entries whose keys are read at a time where tags are missing.
const PAGE: u64 = 10_000;
/// Rows that are read at a time: of spans (half a megabyte each), of commits.
const SPANS_AT_ONCE: u64 = 16;
const COMMITS_AT_ONCE: u64 = 4_096;
/// Suspected entries that are read at a time.
const ENTRIES_AT_ONCE: usize = 500;

/// The keys of all tenants.
pub(crate) struct Keys {
    tag: KeyTag,
    tenants: Mutex<Tenants>,
}

#[derive(Default)]
struct Tenants {
    /// With the number of the last question about each.
    known: BTreeMap<TenantId, (u64, KnownTags)>,
    questions: u64,
}

impl Keys {
    pub(crate) fn new(tag: KeyTag) -> Self {
        Self { tag, tenants: Mutex::default() }
    }

    /// What is known of each key, in the order of the keys.
    pub(crate) async fn known(
        &self,
        reader: &Reader,
        tenant: &TenantId,
        keys: &[IdempotencyKey],
    ) -> Result<Vec<Option<Known>>, StoreError> {
        self.catch_up(reader, tenant).await?;
        let found = self.find(reader, tenant, keys.iter()).await?;
        Ok(keys.iter().map(|key| found.get(key.as_str()).cloned()).collect())
    }

    /// The rows of tags that go with a batch. Without any, the batch does not stand on the newest head
    /// that there is, and its commit will find out.
    ///
    /// # Errors
    /// A key of the batch is recorded already, or is in it twice; or the database failed.
    pub(crate) async fn rows_for(
        &self,
        reader: &Reader,
        batch: &SealedBatch,
    ) -> Result<Vec<Row<'static>>, StoreError> {
        let tenant = &batch.tenant;
        if self.size(tenant) != batch.on_size {
            self.catch_up(reader, tenant).await?;
        }
        if self.size(tenant) != batch.on_size {
            return Ok(Vec::new());
        }
        self.refuse_known(reader, batch).await?;
        let mut rows = Vec::new();
        let (mut first, mut fresh) = (batch.on_size, Vec::new());
        for (seq, entry) in (batch.on_size..).zip(&batch.entries) {
            fresh.push((self.tag)(&entry.key));
            if (seq + 1).is_multiple_of(SPAN) {
                let begun = self.with(tenant, |known| known.growing());
                let known = if first == batch.on_size { begun } else { Vec::new() };
                rows.push(row(Rows::Commit, first, &fresh));
                rows.push(row(Rows::Span, seq + 1 - SPAN, &[known, fresh].concat()));
                (first, fresh) = (seq + 1, Vec::new());
            }
        }
        if !fresh.is_empty() {
            rows.push(row(Rows::Commit, first, &fresh));
        }
        Ok(rows)
    }

    async fn refuse_known(&self, reader: &Reader, batch: &SealedBatch) -> Result<(), StoreError> {
        let keys = || batch.entries.iter().map(|entry| &entry.key);
        let mut seen = BTreeSet::new();
        let twice = keys().find(|key| !seen.insert(*key)).map(|key| key.to_string());
        let found = self.find(reader, &batch.tenant, keys()).await?;
        match twice.or_else(|| found.into_keys().next()) {
            None => Ok(()),
            Some(key) => Err(StoreError::Database {
                doing: "committing a batch",
                why: format!("the key `{key}` is recorded already"),
            }),
        }
    }

    /// Entries of a range whose tag is not that of their key. A row that is missing is none: it is read
    /// from the entries.
    pub(crate) async fn differences(
        &self,
        reader: &Reader,
        tenant: &TenantId,
        range: &Range<u64>,
    ) -> Result<Vec<(u64, String)>, StoreError> {
        let bounds = [range.start.into(), range.end.into()];
        let keys: Vec<(i64, String)> = reader.rows(&sql::SELECT_KEYS, tenant, &bounds).await?;
        let keys: BTreeMap<u64, String> =
            keys.into_iter().map(|(seq, key)| (seq.unsigned_abs(), key)).collect();
        let tag_of = |seq: u64| {
            let key = IdempotencyKey::parse(keys.get(&seq)?).ok()?;
            Some((self.tag)(&key))
        };
        let mut found = Vec::new();
        for which in [Rows::Commit, Rows::Span] {
            let values = [which.column().into(), range.start.into(), range.end.into()];
            let rows = reader.rows(&sql::SELECT_KEY_TAGS_OF, tenant, &values).await?;
            for (first, tags) in rows.into_iter().map(tags_of).collect::<Result<Vec<_>, _>>()? {
                let stored = (first..).zip(tags).filter(|(seq, _)| range.contains(seq));
                let differs = stored.filter(|(seq, tag)| tag_of(*seq).is_some_and(|t| t != *tag));
                found.extend(
                    differs.map(|(seq, _)| (seq, "`key_tags` differs from its entry".to_owned())),
                );
            }
        }
        Ok(found)
    }

    /// Learns what was committed since the last time, by whichever process.
    async fn catch_up(&self, reader: &Reader, tenant: &TenantId) -> Result<(), StoreError> {
        let begins = self.size(tenant) == 0;
        loop {
            let at = self.size(tenant);
            let mut rows = Vec::new();
            if at.is_multiple_of(SPAN) {
                rows = read(reader, tenant, Rows::Span, at, SPANS_AT_ONCE).await?;
            }
            if rows.is_empty() {
                rows = read(reader, tenant, Rows::Commit, at, COMMITS_AT_ONCE).await?;
            }
            if rows.is_empty() {
                break;
            }
            for (first, tags) in rows {
                self.fill(reader, tenant, first).await?;
                self.with(tenant, |known| known.learn(first, &tags));
            }
            if self.size(tenant) <= at {
                return Err(corrupt(format!("the row of key_tags of `{tenant}` at entry {at}")));
            }
        }
        if begins {
            let head: Option<HeadRow> = reader.first(&sql::SELECT_HEAD, tenant, &[]).await?;
            let head = HeadRow::head_or_empty(head, tenant)?;
            self.fill(reader, tenant, head.size).await?;
        }
        Ok(())
    }

    /// Learns the tags below `end` that no row gave, from the entries themselves.
    async fn fill(&self, reader: &Reader, tenant: &TenantId, end: u64) -> Result<(), StoreError> {
        loop {
            let at = self.size(tenant);
            if at >= end {
                return Ok(());
            }
            let tags = self.tags_of_entries(reader, tenant, at..end.min(at + PAGE)).await?;
            self.with(tenant, |known| known.learn(at, &tags));
        }
    }

    async fn tags_of_entries(
        &self,
        reader: &Reader,
        tenant: &TenantId,
        range: Range<u64>,
    ) -> Result<Vec<u64>, StoreError> {
        let bounds = [range.start.into(), range.end.into()];
        let rows: Vec<(i64, String)> = reader.rows(&sql::SELECT_KEYS, tenant, &bounds).await?;
        let stored: Vec<u64> = rows.iter().map(|(seq, _)| seq.unsigned_abs()).collect();
        if !stored.iter().copied().eq(range.clone()) {
            return Err(corrupt(format!(
                "entries of `{tenant}` between {} and {} are gone",
                range.start, range.end
            )));
        }
        let tag = |(seq, key): &(i64, String)| {
            let key = IdempotencyKey::parse(key);
            key.map(|key| (self.tag)(&key))
                .map_err(|error| corrupt(format!("entry {seq}: {error}")))
        };
        rows.iter().map(tag).collect()
    }

    /// Entries with one of these keys, by key; the first, where there are several.
    async fn find(
        &self,
        reader: &Reader,
        tenant: &TenantId,
        keys: impl Iterator<Item = &IdempotencyKey>,
    ) -> Result<BTreeMap<String, Known>, StoreError> {
        let wanted: BTreeMap<&str, u64> = keys.map(|key| (key.as_str(), (self.tag)(key))).collect();
        let Suspects { mut entries, spans } = self.with(tenant, |known| {
            let mut suspects = Suspects::default();
            wanted.values().for_each(|tag| known.suspect(*tag, &mut suspects));
            suspects
        });
        if !spans.is_empty() {
            let tags: BTreeSet<u64> = wanted.values().copied().collect();
            for span in spans {
                let held = self.tags_of_span(reader, tenant, span).await?;
                let with = (span * SPAN..).zip(held).filter(|(_, tag)| tags.contains(tag));
                entries.extend(with.map(|(seq, _)| seq));
            }
        }
        entries.sort_unstable();
        let mut found = BTreeMap::new();
        for entries in entries.chunks(ENTRIES_AT_ONCE) {
            let list: Vec<String> = entries.iter().map(u64::to_string).collect();
            let rows: Vec<KnownRow> =
                reader.rows(&sql::SELECT_KNOWN, tenant, &[list.join(",").into()]).await?;
            for row in rows.into_iter().filter(|row| wanted.contains_key(row.key.as_str())) {
                let key = row.key.clone();
                let known = row.into_known()?;
                found.entry(key).or_insert(known);
            }
        }
        Ok(found)
    }

    async fn tags_of_span(
        &self,
        reader: &Reader,
        tenant: &TenantId,
        span: u64,
    ) -> Result<Vec<u64>, StoreError> {
        let start = span * SPAN;
        let row = read(reader, tenant, Rows::Span, start, 1).await?.into_iter().next();
        if let Some((_, tags)) = row.filter(|(first, _)| *first == start) {
            return Ok(tags);
        }
        let mut tags = Vec::new();
        for from in (start..start + SPAN).step_by(PAGE as usize) {
            let range = from..(start + SPAN).min(from + PAGE);
            tags.extend(self.tags_of_entries(reader, tenant, range).await?);
        }
        Ok(tags)
    }

    fn size(&self, tenant: &TenantId) -> u64 {
        self.with(tenant, |known| known.size())
    }

    fn with<R>(&self, tenant: &TenantId, ask: impl FnOnce(&mut KnownTags) -> R) -> R {
        // Each change below is whole: what a panicking thread left is what it held.
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.questions += 1;
        let now = tenants.questions;
        if !tenants.known.contains_key(tenant) {
            tenants.make_room();
        }
        let (asked, known) = tenants.known.entry(tenant.clone()).or_default();
        *asked = now;
        ask(known)
    }
}

impl Tenants {
    /// Forgets those that were not asked for longest: they are learnt again when they are.
    fn make_room(&mut self) {
        let mut bytes: usize = self.known.values().map(|(_, known)| known.bytes()).sum();
        while bytes > MOST_BYTES {
            let oldest = self.known.iter().min_by_key(|(_, (asked, _))| *asked);
            let Some(oldest) = oldest.map(|(tenant, _)| tenant.clone()) else { return };
            let forgotten = self.known.remove(&oldest);
            bytes -= forgotten.map_or(0, |(_, known)| known.bytes());
        }
    }
}

/// Which rows of tags: one a commit, or one a complete span.
#[derive(Clone, Copy)]
enum Rows {
    Commit,
    Span,
}

impl Rows {
    fn column(self) -> u64 {
        match self {
            Self::Commit => 0,
            Self::Span => 1,
        }
    }
}

/// Rows of tags from an entry on, each with its first entry.
async fn read(
    reader: &Reader,
    tenant: &TenantId,
    which: Rows,
    from: u64,
    limit: u64,
) -> Result<Vec<(u64, Vec<u64>)>, StoreError> {
    let values = [which.column().into(), from.into(), limit.into()];
    let rows: Vec<(i64, Vec<u8>)> = reader.rows(&sql::SELECT_KEY_TAGS, tenant, &values).await?;
    rows.into_iter().map(tags_of).collect()
}

fn tags_of((first, bytes): (i64, Vec<u8>)) -> Result<(u64, Vec<u64>), StoreError> {
    let (tags, _) = bytes.as_chunks::<8>();
    let tags = tags.iter().map(|tag| u64::from_be_bytes(*tag)).collect();
    Ok((from_i64(first, "key_tags.first_seq")?, tags))
}

fn row(which: Rows, first: u64, tags: &[u64]) -> Row<'static> {
    let bytes: Vec<u8> = tags.iter().flat_map(|tag| tag.to_be_bytes()).collect();
    Row { seq: first, cells: vec![which.column().into(), Cell::Bytes(bytes.into())] }
}
