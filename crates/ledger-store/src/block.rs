//! Entries in blocks: a few dozen in a row, compressed.
//!
//! A row an entry took most of the time of a commit and of a verification, and half of the file. A
//! block is cut where it has enough entries or bytes, so that one entry is still read quickly, and
//! where the ids' times drift apart, so that the last id of a block leads to all of them.

use std::ops::Range;

use sqlx::FromRow;
use store_traits::{
    Entry, EntryRef, FactId, Known, MAX_ENTRY_BYTES, SealedEntry, StoreError, Subtree,
};

use crate::error::corrupt;
use crate::row::{digest, from_i64};
use crate::{Cell, Row};

/// A block is full with so many entries, or with so many bytes of them.
const MOST_ENTRIES: usize = 64;
const MOST_BYTES: usize = 32 << 10;
/// A block of fewer bytes is left as it is: it would hardly lie in fewer pages, and anybody can read it.
const WORTH_PACKING: usize = 16 << 10;
/// Ids of a block lie within so many milliseconds of its last one.
const MOST_MS: u64 = 15;
/// The length before each entry.
const LENGTH: usize = 2;
/// No block is larger when it is unpacked: one that says so was not written here.
const MOST_UNPACKED: usize = MOST_ENTRIES * (LENGTH + MAX_ENTRY_BYTES);
/// Bytes of a hash, of an id.
const HASH: usize = 32;
const ID: usize = 16;

/// The rows of the entries of a commit.
pub(crate) fn rows(entries: &[SealedEntry]) -> Vec<Row<'static>> {
    cut(entries).into_iter().filter_map(row).collect()
}

fn cut(mut entries: &[SealedEntry]) -> Vec<&[SealedEntry]> {
    let mut blocks = Vec::new();
    while let Some(first) = entries.first() {
        let (mut bytes, mut earliest, mut latest) = (0, unix_ms(&first.id), unix_ms(&first.id));
        let fits = |entry: &&SealedEntry| {
            bytes += LENGTH + entry.bytes.len();
            let at = unix_ms(&entry.id);
            (earliest, latest) = (earliest.min(at), latest.max(at));
            bytes <= MOST_BYTES && latest - earliest <= MOST_MS
        };
        let fitting = entries.iter().take(MOST_ENTRIES).take_while(fits).count();
        let (block, rest) = entries.split_at(fitting.clamp(1, entries.len()));
        blocks.push(block);
        entries = rest;
    }
    blocks
}

fn row(entries: &[SealedEntry]) -> Option<Row<'static>> {
    let (seq, last) = (entries.first()?.seq, entries.last()?);
    let size = entries.iter().map(|entry| LENGTH + entry.bytes.len()).sum();
    let mut facts = Vec::with_capacity(size);
    for entry in entries {
        // An entry is never longer: its sealing refuses it.
        let length = u16::try_from(entry.bytes.len()).unwrap_or(u16::MAX);
        facts.extend_from_slice(&length.to_be_bytes());
        facts.extend_from_slice(&entry.bytes);
    }
    if facts.len() >= WORTH_PACKING {
        let packed = lz4_flex::block::compress(&facts);
        if packed.len() < facts.len() {
            facts = packed;
        }
    }
    let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    let cells = vec![
        Cell::Bytes(last.id.to_bytes().to_vec().into()),
        one_behind_the_other(entries, |entry| *entry.leaf_hash.as_bytes()),
        one_behind_the_other(entries, |entry| entry.id.to_bytes()),
        one_behind_the_other(entries, |entry| *entry.fingerprint.as_bytes()),
        keys.join("\n").into(),
        (size as u64).into(),
        Cell::Bytes(facts.into()),
    ];
    Some(Row { seq, cells })
}

fn one_behind_the_other<const N: usize>(
    entries: &[SealedEntry],
    part: impl Fn(&SealedEntry) -> [u8; N],
) -> Cell<'static> {
    let mut bytes = Vec::with_capacity(entries.len() * N);
    for entry in entries {
        bytes.extend_from_slice(&part(entry));
    }
    Cell::Bytes(bytes.into())
}

/// The milliseconds in an id.
fn unix_ms(id: &FactId) -> u64 {
    let [a, b, c, d, e, f, ..] = id.to_bytes();
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

/// The last ids that a block with this id may have: from, and to below.
pub(crate) fn last_ids(id: &FactId) -> Range<Vec<u8>> {
    let bound = |ms: u64| {
        let milliseconds = ms.to_be_bytes().into_iter().skip(2);
        milliseconds.chain(std::iter::repeat_n(0, ID - 6)).collect::<Vec<u8>>()
    };
    let at = unix_ms(id);
    bound(at.saturating_sub(MOST_MS))..bound(at + MOST_MS + 1)
}

/// A block without what it is looked up by.
#[derive(FromRow)]
pub(crate) struct FactsRow {
    first_seq: i64,
    last_id: Vec<u8>,
    leaves: Vec<u8>,
    ids: Vec<u8>,
    size: i64,
    facts: Vec<u8>,
}

impl FactsRow {
    /// Its entries that lie in the range, as [`FactsRow::each_entry`] shows them.
    pub(crate) fn entries(&self, range: &Range<u64>) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        let mut push = |entry: EntryRef<'_>| entries.push(entry.into_owned());
        self.each_entry(range, &mut Vec::new(), &mut push)?;
        Ok(entries)
    }

    /// Shows its entries that lie in the range. Where somebody damaged the block, an entry has what is left
    /// of it, and verification goes on: one that says nothing is no fact. A last id that the block is
    /// not looked up by is none. What is unpacked lies in `room`.
    pub(crate) fn each_entry(
        &self,
        range: &Range<u64>,
        room: &mut Vec<u8>,
        show: &mut dyn FnMut(EntryRef<'_>),
    ) -> Result<(), StoreError> {
        let Self { first_seq, last_id, leaves, ids, size, facts } = self;
        let facts = unpacked(facts, *size, room);
        let led_to = last_id.len() == ID && ids.ends_with(last_id);
        let ids_led_to = if led_to { ids.len() } else { ids.len().saturating_sub(ID) };
        let mut ids = ids.get(..ids_led_to).unwrap_or_default().chunks(ID);
        let mut leaves = leaves.chunks(HASH);
        let mut rest = facts;
        for seq in from_i64(*first_seq, "blocks.first_seq")?.. {
            let (leaf, id, bytes) = (leaves.next(), ids.next(), first_of(&mut rest));
            if leaf.is_none() && bytes.is_none() {
                break;
            }
            if range.contains(&seq) {
                let id = id.and_then(|id| FactId::from_bytes(id.try_into().ok()?).ok());
                let (leaf_hash, bytes) = (leaf.unwrap_or_default(), bytes.unwrap_or_default());
                show(EntryRef { seq, id, leaf_hash, bytes });
            }
        }
        Ok(())
    }
}

/// The bytes of a block's entries; nothing where they cannot be had.
fn unpacked<'b>(facts: &'b [u8], size: i64, room: &'b mut Vec<u8>) -> &'b [u8] {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if facts.len() >= size || size > MOST_UNPACKED {
        return facts;
    }
    room.resize(size, 0);
    match lz4_flex::block::decompress_into(facts, room) {
        Ok(length) if length == size => room,
        Ok(_) | Err(_) => &[],
    }
}

/// Takes the first entry off a bundle; all that is left, where it is damaged.
fn first_of<'b>(bundle: &mut &'b [u8]) -> Option<&'b [u8]> {
    let whole = |bundle: &'b [u8]| {
        let (length, after) = bundle.split_first_chunk::<LENGTH>()?;
        after.split_at_checked(usize::from(u16::from_be_bytes(*length)))
    };
    if bundle.is_empty() {
        return None;
    }
    let (entry, rest) = whole(bundle).unwrap_or((bundle, &[]));
    *bundle = rest;
    Some(entry)
}

/// What a block holds of entries, and their leaf hashes.
#[derive(FromRow)]
pub(crate) struct BytesRow {
    first_seq: i64,
    leaves: Vec<u8>,
    size: i64,
    facts: Vec<u8>,
}

impl BytesRow {
    /// What is made of its entries that are wanted, in order: of the bytes and the leaf hash of each.
    pub(crate) fn read<T>(
        &self,
        wanted: &[u64],
        read: &impl Fn(u64, &[u8], &[u8]) -> T,
    ) -> Result<Vec<(u64, T)>, StoreError> {
        let mut room = Vec::new();
        let facts = unpacked(&self.facts, self.size, &mut room);
        let first = from_i64(self.first_seq, "blocks.first_seq")?;
        let wanted = wanted.get(wanted.partition_point(|seq| *seq < first)..).unwrap_or_default();
        let (mut wanted, mut made) = (wanted.iter().peekable(), Vec::new());
        let (mut rest, mut leaves) = (facts, self.leaves.chunks(HASH));
        for seq in first.. {
            let (Some(_), Some(bytes)) = (wanted.peek(), first_of(&mut rest)) else { break };
            let leaf = leaves.next().unwrap_or_default();
            if wanted.next_if_eq(&&seq).is_some() {
                made.push((seq, read(seq, bytes, leaf)));
            }
        }
        Ok(made)
    }
}

/// All that a block is verified with.
#[derive(FromRow)]
pub(crate) struct BlockRow {
    #[sqlx(flatten)]
    facts: FactsRow,
    #[sqlx(flatten)]
    keys: KeysRow,
    /// Bytes of fingerprints.
    prints: i64,
}

impl BlockRow {
    /// What it holds beside its entries without there being one of it for each, and its first entry.
    pub(crate) fn uneven(&self) -> Result<Option<(u64, String)>, StoreError> {
        let (FactsRow { first_seq, leaves, ids, .. }, keys) = (&self.facts, &self.keys.keys);
        let entries = leaves.len() / HASH;
        let columns = [
            ("leaves", leaves.len() == entries * HASH),
            ("ids", ids.len() == entries * ID),
            ("fingerprints", usize::try_from(self.prints) == Ok(entries * HASH)),
            ("keys", keys.split('\n').count() == entries),
        ];
        let Some((column, _)) = columns.into_iter().find(|(_, even)| !even) else {
            return Ok(None);
        };
        let first = from_i64(*first_seq, "blocks.first_seq")?;
        Ok(Some((
            first,
            format!("`blocks` has other {column} than one for each of {entries} entries"),
        )))
    }

    /// Shows its entries that lie in the range, as [`FactsRow::each_entry`].
    pub(crate) fn each_entry(
        &self,
        range: &Range<u64>,
        room: &mut Vec<u8>,
        show: &mut dyn FnMut(EntryRef<'_>),
    ) -> Result<(), StoreError> {
        self.facts.each_entry(range, room, show)
    }

    /// The keys of the entries in the range, each with its entry.
    pub(crate) fn keys(
        &self,
        range: &Range<u64>,
    ) -> Result<impl Iterator<Item = (u64, &str)>, StoreError> {
        self.keys.keys(range)
    }
}

/// The leaf hashes of a block.
#[derive(FromRow)]
pub(crate) struct LeavesRow {
    first_seq: i64,
    leaves: Vec<u8>,
}

impl LeavesRow {
    /// Those of the entries in the range.
    pub(crate) fn into_hashes(self, range: &Range<u64>) -> Result<Vec<Subtree>, StoreError> {
        let first = from_i64(self.first_seq, "blocks.first_seq")?;
        let placed = (first..).zip(self.leaves.chunks(HASH));
        let hash = |(index, leaf): (u64, &[u8])| {
            Ok(Subtree { level: 0, index, root: digest(leaf, &format!("leaf {index}"))? })
        };
        placed.filter(|(seq, _)| range.contains(seq)).map(hash).collect()
    }
}

/// The keys of a block.
#[derive(FromRow)]
pub(crate) struct KeysRow {
    first_seq: i64,
    entries: i64,
    keys: String,
}

impl KeysRow {
    /// The keys of the entries in the range, each with its entry. One that somebody took away is empty,
    /// which no key is.
    pub(crate) fn keys(
        &self,
        range: &Range<u64>,
    ) -> Result<impl Iterator<Item = (u64, &str)>, StoreError> {
        let first = from_i64(self.first_seq, "blocks.first_seq")?;
        let end = first.saturating_add(from_i64(self.entries, "the leaves of a block")?);
        let keys = self.keys.split('\n').chain(std::iter::repeat(""));
        let range = range.clone();
        Ok((first..end).zip(keys).filter(move |(seq, _)| range.contains(seq)))
    }
}

/// What a block is looked up by.
#[derive(FromRow)]
pub(crate) struct KnownRow {
    first_seq: i64,
    ids: Vec<u8>,
    fingerprints: Vec<u8>,
    keys: String,
}

impl KnownRow {
    /// What is known of its entries at the places that are asked for, with the key of each.
    pub(crate) fn into_known(
        self,
        wanted: impl Fn(u64, &str) -> bool,
    ) -> Result<Vec<(String, Known)>, StoreError> {
        let first = from_i64(self.first_seq, "blocks.first_seq")?;
        let (mut ids, mut prints) = (self.ids.chunks(ID), self.fingerprints.chunks(HASH));
        let mut known = Vec::new();
        for (seq, key) in (first..).zip(self.keys.split('\n')) {
            let (id, print) = (ids.next().unwrap_or_default(), prints.next().unwrap_or_default());
            if !wanted(seq, key) {
                continue;
            }
            let what = format!("entry {seq} (key `{key}`)");
            let id = id.try_into().map_err(|_| corrupt(format!("{what}: its id")))?;
            let id = FactId::from_bytes(id).map_err(|error| corrupt(format!("{what}: {error}")))?;
            let fingerprint = digest(print, &what)?;
            known.push((key.to_owned(), Known { seq, id, fingerprint }));
        }
        Ok(known)
    }
}

/// The ids of a block.
#[derive(FromRow)]
pub(crate) struct IdsRow {
    first_seq: i64,
    ids: Vec<u8>,
}

impl IdsRow {
    /// The entry with an id.
    pub(crate) fn seq_of(&self, id: &FactId) -> Result<Option<u64>, StoreError> {
        let first = from_i64(self.first_seq, "blocks.first_seq")?;
        let mut placed = (first..).zip(self.ids.chunks(ID));
        Ok(placed.find(|(_, there)| *there == id.to_bytes()).map(|(seq, _)| seq))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use store_traits::test_support::batches::entry;

    use super::*;

    fn facts_row(row: &Row<'_>) -> FactsRow {
        match row.cells.as_slice() {
            [
                Cell::Bytes(last_id),
                Cell::Bytes(leaves),
                Cell::Bytes(ids),
                _,
                _,
                Cell::Int(Some(size)),
                Cell::Bytes(facts),
            ] => FactsRow {
                first_seq: row.seq.cast_signed(),
                last_id: last_id.to_vec(),
                leaves: leaves.to_vec(),
                ids: ids.to_vec(),
                size: *size,
                facts: facts.to_vec(),
            },
            other => panic!("{other:?}"),
        }
    }

    fn sealed(seq: u64, ms: u64, bytes: Vec<u8>) -> SealedEntry {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&seq.to_be_bytes());
        SealedEntry { id: FactId::from_parts(ms, &random), bytes, ..entry(seq) }
    }

    fn read(rows: &[Row<'_>], range: Range<u64>) -> Vec<Entry> {
        rows.iter().flat_map(|row| facts_row(row).entries(&range).unwrap()).collect()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_every_id_is_led_to(
            made in prop::collection::vec((0_u64..60, prop::collection::vec(any::<u8>(), 0..4_000), 1_usize..20), 1..80),
            from in 0_u64..100, count in 0_u64..100,
        ) {
            let entries: Vec<_> = (7..).zip(made).map(|(seq, (ms, bytes, times))| {
                sealed(seq, 1_795_422_722_910 + ms, bytes.repeat(times))
            }).filter(|entry| entry.bytes.len() <= MAX_ENTRY_BYTES).collect();
            let entries: Vec<_> = (7..).zip(entries).map(|(seq, entry)| SealedEntry { seq, ..entry }).collect();
            let rows = rows(&entries);
            let stored = |e: &SealedEntry| Entry {
                seq: e.seq,
                id: Some(e.id.clone()),
                leaf_hash: e.leaf_hash.as_bytes().to_vec(),
                bytes: e.bytes.clone(),
            };
            let within = entries.iter().filter(|e| (from..from + count).contains(&e.seq));
            prop_assert_eq!(read(&rows, from..from + count), within.map(stored).collect::<Vec<_>>());
            for (row, block) in rows.iter().zip(cut(&entries)) {
                let ids = facts_row(row).ids;
                let last = &ids[ids.len() - ID..];
                for entry in block {
                    let bounds = last_ids(&entry.id);
                    prop_assert!(*bounds.start <= *last && *last < *bounds.end);
                    let row = IdsRow { first_seq: row.seq.cast_signed(), ids: ids.clone() };
                    prop_assert_eq!(row.seq_of(&entry.id).unwrap(), Some(entry.seq));
                }
            }
        }

        #[test]
        fn a_damaged_block_gives_what_is_left_and_never_more_than_it_can_hold(
            leaves in prop::collection::vec(any::<u8>(), 0..200), ids in prop::collection::vec(any::<u8>(), 0..100),
            size in any::<i64>(), small in 0_i64..5_000, facts in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            for size in [size, small] {
                let (leaves, ids, facts) = (leaves.clone(), ids.clone(), facts.clone());
                let last_id = ids.clone();
                let row = FactsRow { first_seq: 3, last_id, leaves: leaves.clone(), ids, size, facts };
                let entries = row.entries(&(0..u64::MAX)).unwrap();
                prop_assert!(entries.len() >= leaves.len().div_ceil(HASH));
                prop_assert!(entries.iter().map(|e| e.bytes.len()).sum::<usize>() <= MOST_UNPACKED);
            }
        }
    }

    #[test]
    fn a_block_is_cut_by_entries_by_bytes_and_by_time() {
        let cuts =
            |entries: &[SealedEntry]| cut(entries).into_iter().map(<[_]>::len).collect::<Vec<_>>();
        let small: Vec<_> = (0..150).map(|seq| sealed(seq, 5, b"{}".to_vec())).collect();
        assert_eq!(cuts(&small), [64, 64, 22]);
        let large: Vec<_> = (0..5).map(|seq| sealed(seq, 5, vec![b'x'; 15_000])).collect();
        assert_eq!(cuts(&large), [2, 2, 1]);
        let largest: Vec<_> = (0..2).map(|seq| sealed(seq, 5, vec![b'x'; 65_535])).collect();
        assert_eq!(cuts(&largest), [1, 1]);
        // A clock that goes backwards, too.
        let drifting: Vec<_> = [100, 107, 115, 116, 101, 90]
            .into_iter()
            .zip(0..)
            .map(|(ms, seq)| sealed(seq, ms, b"{}".to_vec()))
            .collect();
        assert_eq!(cuts(&drifting), [3, 2, 1]);
        assert_eq!(cuts(&[]), [0; 0]);
    }

    #[test]
    fn a_block_is_compressed_where_that_is_worth_it() {
        let facts = |bytes: Vec<u8>| {
            let rows = rows(&[sealed(0, 5, bytes.clone())]);
            assert_eq!(read(&rows, 0..1)[0].bytes, bytes);
            facts_row(&rows[0]).facts.len()
        };
        assert_eq!(facts(vec![b'x'; WORTH_PACKING - 3]), WORTH_PACKING - 1, "small");
        assert!(facts(vec![b'x'; WORTH_PACKING - 2]) < 200, "all alike");
        // A linear congruential generator (Knuth's MMIX).
        let next = |state: &u64| {
            let multiplied = state.wrapping_mul(6_364_136_223_846_793_005);
            Some(multiplied.wrapping_add(1_442_695_040_888_963_407))
        };
        let noise = std::iter::successors(Some(7), next).map(|state| (state >> 56) as u8);
        assert_eq!(facts(noise.take(30_000).collect()), 30_002, "noise");
    }
}
