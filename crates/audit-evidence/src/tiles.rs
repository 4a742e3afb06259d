//! Tiles: the tree cut into files that never change (C2SP tlog-tiles).
//!
//! A log that is published as tiles is read, mirrored and proved from without its database. Full tiles
//! are immutable; a partial tile has its width in its name, so that it never changes either.
//!
//! ```text
//! tile/0/000            leaf hashes 0 to 255
//! tile/0/001.p/10       leaf hashes 256 to 265, while the tree has 266 leaves
//! tile/1/000.p/1        the root of the first 256 leaves
//! tile/entries/000      the entries 0 to 255, each behind its length in 16 bits
//! ```

mod path;

use store_traits::{Digest, Entry, MAX_ENTRY_BYTES, StoreError, TenantId, TileStore};
use thiserror::Error;

pub use path::{Tile, TilePathError};

/// Hashes of a full tile, and leaves of a subtree one level up (tlog-tiles: tile height 8).
pub const TILE_WIDTH: u64 = 256;

/// The tiles of a tree of `size` leaves that a tree of `known` leaves did not have: full ones, and on
/// the right border one partial tile a level. In order of level, entry bundles first.
///
/// ```
/// use audit_evidence::tiles_between;
///
/// let tiles: Vec<String> = tiles_between(0, 300).map(|tile| tile.to_string()).collect();
/// assert_eq!(tiles, [
///     "tile/entries/000", "tile/entries/001.p/44",
///     "tile/0/000", "tile/0/001.p/44",
///     "tile/1/000.p/1",
/// ]);
/// assert_eq!(tiles_between(256, 300).next().unwrap().to_string(), "tile/entries/001.p/44");
/// ```
pub fn tiles_between(known: u64, size: u64) -> impl Iterator<Item = Tile> {
    let levels = std::iter::once(None).chain((0..8).map(Some));
    levels.flat_map(move |level| {
        // Elements of the level: complete subtrees of 256^level leaves.
        let shift = 8 * u32::from(level.unwrap_or(0));
        let (had, has) = (known >> shift, size >> shift);
        let first = had / TILE_WIDTH;
        let partial = has % TILE_WIDTH;
        let full =
            (first..has / TILE_WIDTH).map(move |index| Tile { level, index, width: TILE_WIDTH });
        let border = Tile { level, index: has / TILE_WIDTH, width: partial };
        full.chain((partial > 0 && has > had).then_some(border))
    })
}

/// The bytes of a tile of hashes: each 32 bytes, in order.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let tile = "tile/0/000.p/5".parse::<Tile>()?;
/// let bytes = ready(hash_tile(ledger().as_ref(), &tenant(), 0, &tile))?;
/// assert_eq!(bytes.len(), 5 * 32);
/// let full = "tile/0/000".parse::<Tile>()?;
/// assert!(ready(hash_tile(ledger().as_ref(), &tenant(), 0, &full)).is_err(), "five leaves are there");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The store failed, or it has fewer hashes than the tile.
pub async fn hash_tile(
    store: &dyn TileStore,
    tenant: &TenantId,
    level: u8,
    tile: &Tile,
) -> Result<Vec<u8>, TileError> {
    let start = tile.index.saturating_mul(TILE_WIDTH);
    let range = start..start.saturating_add(tile.width);
    let hashes = store.hashes(tenant, level, range).await?;
    if hashes.len() as u64 != tile.width {
        return Err(TileError::Incomplete { tile: *tile, there: hashes.len() });
    }
    Ok(hashes.iter().flat_map(|hash: &Digest| *hash.as_bytes()).collect())
}

/// The bytes of an entry bundle: each entry behind its length as a big-endian `u16`.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let entries = ready(ledger().entries(&tenant(), 0..5))?;
/// let tile = "tile/entries/000.p/5".parse::<Tile>()?;
/// let bundle = entry_bundle(&tile, &entries)?;
/// assert_eq!(read_entry_bundle(&bundle)?[4], entries[4].bytes);
/// assert!(entry_bundle(&tile, &entries[1..]).is_err(), "one is missing");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// An entry is missing, or longer than its length can say.
pub fn entry_bundle(tile: &Tile, entries: &[Entry]) -> Result<Vec<u8>, TileError> {
    let start = tile.index.saturating_mul(TILE_WIDTH);
    let in_place = entries.iter().zip(start..).take_while(|(entry, seq)| entry.seq == *seq);
    let there = in_place.count();
    if there as u64 != tile.width || entries.len() != there {
        return Err(TileError::Incomplete { tile: *tile, there });
    }
    let mut out = Vec::with_capacity(entries.iter().map(|entry| entry.bytes.len() + 2).sum());
    for entry in entries {
        let length = u16::try_from(entry.bytes.len())
            .map_err(|_| TileError::TooLong { seq: entry.seq, size: entry.bytes.len() })?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&entry.bytes);
    }
    Ok(out)
}

/// The entries of a bundle.
///
/// # Errors
/// The bytes end in the middle of an entry.
///
/// ```
/// use audit_evidence::read_entry_bundle;
///
/// assert_eq!(read_entry_bundle(b"\x00\x02ab\x00\x00").unwrap(), [&b"ab"[..], b""]);
/// assert!(read_entry_bundle(b"\x00\x03ab").is_err());
/// ```
pub fn read_entry_bundle(bytes: &[u8]) -> Result<Vec<&[u8]>, TileError> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let offset = bytes.len() - rest.len();
        let cut = TileError::Cut { offset };
        let Some((length, behind)) = rest.split_first_chunk::<2>() else { return Err(cut) };
        let length = usize::from(u16::from_be_bytes(*length));
        let Some((entry, behind)) = behind.split_at_checked(length) else { return Err(cut) };
        entries.push(entry);
        rest = behind;
    }
    Ok(entries)
}

/// Why a tile could not be made or read.
#[derive(Debug, Error)]
pub enum TileError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database lacks what the tree needs.
    #[error("`{tile}` takes {} elements, the database has {there} (run `factlog ledger verify`)", tile.width)]
    Incomplete {
        /// Which tile.
        tile: Tile,
        /// How many are there.
        there: usize,
    },
    /// An entry of more bytes than 16 bits can say.
    #[error("entry {seq} has {size} bytes, an entry has at most {MAX_ENTRY_BYTES}")]
    TooLong {
        /// Its place.
        seq: u64,
        /// Its length.
        size: usize,
    },
    /// A bundle ends in the middle of an entry.
    #[error("the entry bundle is cut off in the entry that begins at byte {offset}")]
    Cut {
        /// Where that entry begins.
        offset: usize,
    },
}
