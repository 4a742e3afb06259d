//! The keys of one tenant, while somebody works with them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use store_traits::{Digest, Head, IdempotencyKey, Known, StoreError, TenantId, in_parallel};

use super::KeyTag;
use super::known::{KnownTags, SPAN, Suspects, span_of};
use super::rows::{Rows, keys, read};
use crate::block::KnownRow;
use crate::error::corrupt;
use crate::row::HeadRow;
use crate::{Reader, sql};

/// Entries whose keys are read at a time where tags are missing.
const PAGE: u64 = 10_000;
/// Rows that are read at a time: of spans (half a megabyte each), of commits.
const SPANS_AT_ONCE: u64 = 16;
const COMMITS_AT_ONCE: u64 = 4_096;
/// Suspected entries that are read at a time.
const ENTRIES_AT_ONCE: usize = 500;

/// What is known of a tenant's keys. What was learnt stays, as long as this is held.
pub(super) struct TenantKeys<'a> {
    pub(super) tag: KeyTag,
    pub(super) reader: &'a Reader,
    pub(super) tenant: &'a TenantId,
    pub(super) known: Arc<Mutex<KnownTags>>,
}

impl TenantKeys<'_> {
    /// How many entries are known of.
    pub(super) fn size(&self) -> u64 {
        self.with(|known| known.size())
    }

    /// The tags of the span that grows, in order of its entries.
    pub(super) fn growing(&self) -> Vec<u64> {
        self.with(|known| known.growing().to_vec())
    }

    /// Learns the tags of entries that were committed.
    pub(super) fn learn(&self, first: u64, tags: &[u64]) {
        self.with(|known| known.learn(first, tags));
    }

    /// Are just the entries below this head known of?
    pub(super) fn are_below(&self, size: u64, root: &Digest) -> bool {
        self.with(|known| match known.head() {
            None => size == 0 && known.size() == 0,
            Some(head) => head == (size, *root) && known.size() == size,
        })
    }

    /// All entries below this head are known of.
    pub(super) fn stands_on(&self, head: &Head) {
        self.with(|known| known.stands_on(head.size, head.root));
    }

    /// Learns what was committed since the last time, by whichever process. `false` where what is known
    /// already is not there any more: the database was restored, or its standby took over.
    pub(super) async fn catch_up(&self) -> Result<bool, StoreError> {
        if let Some((size, root)) = self.with(|known| known.head()) {
            let values = [size.into()];
            let there: Option<HeadRow> =
                self.reader.first(&sql::SELECT_HEAD_AT, self.tenant, &values).await?;
            let there = there.map(|row| row.into_head(self.tenant)).transpose()?;
            if there.is_none_or(|there| there.root != root) {
                return Ok(false);
            }
        }
        loop {
            let at = self.size();
            let mut rows = Vec::new();
            if at.is_multiple_of(SPAN) {
                rows = read(self.reader, self.tenant, Rows::Span, at, SPANS_AT_ONCE).await?;
            }
            if rows.is_empty() {
                rows = read(self.reader, self.tenant, Rows::Commit, at, COMMITS_AT_ONCE).await?;
            }
            if rows.is_empty() {
                break;
            }
            let ready = in_parallel(rows, 1, |(first, tags)| {
                let span = (tags.len() as u64 == SPAN).then(|| span_of(&tags));
                (first, tags, span)
            });
            for (first, tags, span) in ready {
                self.fill(first).await?;
                self.with(|known| known.learn_ready(first, &tags, span));
            }
            if self.size() <= at {
                return Err(corrupt(format!(
                    "the row of key_tags of `{}` at entry {at}",
                    self.tenant
                )));
            }
        }
        let known = self.size();
        let head: Option<HeadRow> = self.reader.first(&sql::SELECT_HEAD, self.tenant, &[]).await?;
        let head = HeadRow::head_or_empty(head, self.tenant)?;
        self.fill(head.size).await?;
        self.stands_on(&head);
        Ok(known <= head.size)
    }

    /// Learns the tags below `end` that no row gave, from the entries themselves.
    async fn fill(&self, end: u64) -> Result<(), StoreError> {
        loop {
            let at = self.size();
            if at >= end {
                return Ok(());
            }
            let tags = self.tags_of_entries(at..end.min(at + PAGE)).await?;
            self.with(|known| known.learn(at, &tags));
        }
    }

    async fn tags_of_entries(&self, range: Range<u64>) -> Result<Vec<u64>, StoreError> {
        let keys = keys(self.reader, self.tenant, &range).await?;
        if !keys.iter().map(|(seq, _)| *seq).eq(range.clone()) {
            return Err(corrupt(format!(
                "entries of `{}` between {} and {} are gone",
                self.tenant, range.start, range.end
            )));
        }
        let tag = |(seq, key): &(u64, String)| {
            let key = IdempotencyKey::parse(key);
            key.map(|key| (self.tag)(&key))
                .map_err(|error| corrupt(format!("entry {seq}: {error}")))
        };
        keys.iter().map(tag).collect()
    }

    /// Entries with one of these keys, each beside its tag, by key; the first, where there are several.
    pub(super) async fn find<'k>(
        &self,
        tagged: impl Iterator<Item = (&'k IdempotencyKey, u64)>,
    ) -> Result<BTreeMap<String, Known>, StoreError> {
        let (mut suspects, mut wanted) = (Suspects::default(), BTreeMap::new());
        self.with(|known| {
            let suspected = tagged.filter(|(_, tag)| known.suspect(*tag, &mut suspects));
            wanted.extend(suspected.map(|(key, tag)| (key.as_str(), tag)));
        });
        let Suspects { mut entries, spans } = suspects;
        if !spans.is_empty() {
            let tags: BTreeSet<u64> = wanted.values().copied().collect();
            for span in spans {
                let held = self.tags_of_span(span).await?;
                let with = (span * SPAN..).zip(held).filter(|(_, tag)| tags.contains(tag));
                entries.extend(with.map(|(seq, _)| seq));
            }
        }
        entries.sort_unstable();
        let mut found = BTreeMap::new();
        for entries in entries.chunks(ENTRIES_AT_ONCE) {
            let list: Vec<String> = entries.iter().map(u64::to_string).collect();
            let rows: Vec<KnownRow> =
                self.reader.rows(&sql::SELECT_KNOWN, self.tenant, &[list.join(",").into()]).await?;
            for row in rows {
                let asked = |seq, key: &str| {
                    entries.binary_search(&seq).is_ok() && wanted.contains_key(key)
                };
                for (key, known) in row.into_known(asked)? {
                    found.entry(key).or_insert(known);
                }
            }
        }
        Ok(found)
    }

    async fn tags_of_span(&self, span: u64) -> Result<Vec<u64>, StoreError> {
        let start = span * SPAN;
        let row = read(self.reader, self.tenant, Rows::Span, start, 1).await?.into_iter().next();
        if let Some((_, tags)) = row.filter(|(first, _)| *first == start) {
            return Ok(tags);
        }
        let mut tags = Vec::new();
        for from in (start..start + SPAN).step_by(PAGE as usize) {
            let range = from..(start + SPAN).min(from + PAGE);
            tags.extend(self.tags_of_entries(range).await?);
        }
        Ok(tags)
    }

    fn with<R>(&self, ask: impl FnOnce(&mut KnownTags) -> R) -> R {
        // Each change is whole: what a panicking thread left is what it held.
        ask(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
