//! Which nodes a proof needs, and how to get them from tiles.
//!
//! A node of the RFC 6962 tree is named by the leaves `[from, to)` that it covers. A perfect one of
//! 2^k leaves is folded from 2^(k mod 8) hashes of tile level k / 8, which all lie in one tile of
//! 256; an incomplete one, at the right edge, is folded from the perfect ones that it consists of.
//! A tile is read once a proof, so a proof in a tree of 10⁹ leaves costs at most eight reads.

use std::collections::BTreeMap;
use std::ops::Range;

use replay_determinism::{empty_root, node_hash};
use store_traits::{Digest, StoreError, TenantId, TileStore};
use thiserror::Error;

use crate::proof::ProofError;
use crate::range::{RangeProof, split};

const TILE_WIDTH: u64 = 256;

/// A proof cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProveError {
    /// No such leaf, range or older tree.
    #[error(transparent)]
    Request(#[from] ProofError),
    /// The store could not read.
    #[error("cannot read the tree's hashes")]
    Store(#[from] StoreError),
    /// The store has no such hash: the tree is smaller than asked for, or its hashes are damaged.
    #[error(
        "hash {index} of tile level {level} is missing (is the tree that large? else run `factlog ledger verify`)"
    )]
    Missing {
        /// Tile level: 0 for leaves, 1 for subtrees of 256 leaves, …
        level: u8,
        /// Index in that level.
        index: u64,
    },
}

/// The root of the tree over the first `size` leaves.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let ledger = ledger();
/// let head = ready(ledger.head(&tenant()))?;
/// assert_eq!(ready(root_at(ledger.as_ref(), &tenant(), 5))?, head.root);
/// assert!(ready(root_at(ledger.as_ref(), &tenant(), 6)).is_err(), "the tree is not that large");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The store failed or lacks a hash.
pub async fn root_at(
    store: &dyn TileStore,
    tenant: &TenantId,
    size: u64,
) -> Result<Digest, ProveError> {
    if size == 0 {
        return Ok(empty_root());
    }
    TileReader::new(store, tenant).node(0..size).await
}

/// The inclusion proof of a leaf in the tree over the first `size` leaves, the leaf's sibling first.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let (ledger, tenant) = (ledger(), tenant());
/// let proof = ready(inclusion_proof(ledger.as_ref(), &tenant, 2, 5))?;
/// let leaf = ready(ledger.hashes(&tenant, 0, 2..3))?[0];
/// verify_inclusion(&leaf, 2, 5, &proof, &ready(ledger.head(&tenant))?.root)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// There is no such leaf, or the store failed or lacks a hash.
pub async fn inclusion_proof(
    store: &dyn TileStore,
    tenant: &TenantId,
    index: u64,
    size: u64,
) -> Result<Vec<Digest>, ProveError> {
    TileReader::new(store, tenant).nodes(inclusion_nodes(index, size)?).await
}

/// The consistency proof from the tree over the first `size1` leaves to the one over `size2`.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let (ledger, tenant) = (ledger(), tenant());
/// let proof = ready(consistency_proof(ledger.as_ref(), &tenant, 3, 5))?;
/// let older = ready(root_at(ledger.as_ref(), &tenant, 3))?;
/// let newer = ready(root_at(ledger.as_ref(), &tenant, 5))?;
/// verify_consistency(3, 5, &older, &newer, &proof)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `size1` is larger than `size2`, or the store failed or lacks a hash.
pub async fn consistency_proof(
    store: &dyn TileStore,
    tenant: &TenantId,
    size1: u64,
    size2: u64,
) -> Result<Vec<Digest>, ProveError> {
    TileReader::new(store, tenant).nodes(consistency_nodes(size1, size2)?).await
}

/// The proof that the leaves of `[start, end)` are complete in the tree over the first `size` leaves.
///
/// ```
/// # mod recorded { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/mod.rs")); }
/// # use recorded::*;
/// let (ledger, tenant) = (ledger(), tenant());
/// let proof = ready(range_proof(ledger.as_ref(), &tenant, 1, 4, 5))?;
/// let leaves = ready(ledger.hashes(&tenant, 0, 1..4))?;
/// let root = ready(ledger.head(&tenant))?.root;
/// verify_range(&proof, &leaves, &root)?;
/// assert!(verify_range(&proof, &leaves[1..], &root).is_err(), "one was left out");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The range is empty or leaves the tree, or the store failed or lacks a hash.
pub async fn range_proof(
    store: &dyn TileStore,
    tenant: &TenantId,
    start: u64,
    end: u64,
    size: u64,
) -> Result<RangeProof, ProveError> {
    let (left, right) = range_nodes(start, end, size)?;
    let mut tiles = TileReader::new(store, tenant);
    let (left, right) = (tiles.nodes(left).await?, tiles.nodes(right).await?);
    Ok(RangeProof { start, end, size, left, right })
}

/// RFC 6962 §2.1.1, PATH(m, D[n]), as a walk from the root.
pub(crate) fn inclusion_nodes(index: u64, size: u64) -> Result<Vec<Range<u64>>, ProofError> {
    if index >= size {
        return Err(ProofError::NoSuchLeaf { index, size });
    }
    let (mut from, mut to) = (0, size);
    let mut siblings = Vec::new();
    while to - from > 1 {
        let middle = split(from, to);
        if index < middle {
            siblings.push(middle..to);
            to = middle;
        } else {
            siblings.push(from..middle);
            from = middle;
        }
    }
    siblings.reverse();
    Ok(siblings)
}

/// RFC 6962 §2.1.2, PROOF(m, D[n]), as a walk from the root.
fn consistency_nodes(size1: u64, size2: u64) -> Result<Vec<Range<u64>>, ProofError> {
    if size1 > size2 {
        return Err(ProofError::Shrunk { size1, size2 });
    }
    if size1 == 0 || size1 == size2 {
        return Ok(Vec::new());
    }
    let (mut from, mut to) = (0, size2);
    let mut nodes = Vec::new();
    while to != size1 {
        let middle = split(from, to);
        if size1 <= middle {
            nodes.push(middle..to);
            to = middle;
        } else {
            nodes.push(from..middle);
            from = middle;
        }
    }
    // The older tree itself needs no naming where it is a node: the verifier has its root.
    if from != 0 {
        nodes.push(from..to);
    }
    nodes.reverse();
    Ok(nodes)
}

type Nodes = Vec<Range<u64>>;

fn range_nodes(start: u64, end: u64, size: u64) -> Result<(Nodes, Nodes), ProofError> {
    if start >= end || end > size {
        return Err(ProofError::NoSuchRange { start, end, size });
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    // The left border lies on the way to leaf `start`, the right border on the way to `end - 1`.
    let (mut from, mut to) = (0, size);
    while from != start {
        let middle = split(from, to);
        if start < middle {
            to = middle;
        } else {
            left.push(from..middle);
            from = middle;
        }
    }
    let (mut from, mut to) = (0, size);
    while to != end {
        let middle = split(from, to);
        if end <= middle {
            right.push(middle..to);
            to = middle;
        } else {
            from = middle;
        }
    }
    right.reverse();
    Ok((left, right))
}

/// Reads tiles, each at most once.
struct TileReader<'s> {
    store: &'s dyn TileStore,
    tenant: &'s TenantId,
    tiles: BTreeMap<(u8, u64), Vec<Digest>>,
}

impl<'s> TileReader<'s> {
    fn new(store: &'s dyn TileStore, tenant: &'s TenantId) -> Self {
        Self { store, tenant, tiles: BTreeMap::new() }
    }

    async fn nodes(&mut self, nodes: Nodes) -> Result<Vec<Digest>, ProveError> {
        let mut hashes = Vec::with_capacity(nodes.len());
        for node in nodes {
            hashes.push(self.node(node).await?);
        }
        Ok(hashes)
    }

    /// The hash of an RFC 6962 node. Its start is a multiple of the smallest power of two that
    /// holds it, so that cutting off the largest perfect subtree again and again stays aligned.
    async fn node(&mut self, leaves: Range<u64>) -> Result<Digest, ProveError> {
        let mut from = leaves.start;
        let mut perfect = Vec::new();
        while from < leaves.end {
            let height = (leaves.end - from).ilog2();
            perfect.push(self.perfect(from, height).await?);
            from += 1 << height;
        }
        let from_right = perfect.into_iter().rev();
        Ok(from_right.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root))
    }

    /// The root of the perfect subtree of 2^height leaves that starts at `from`.
    async fn perfect(&mut self, from: u64, height: u32) -> Result<Digest, ProveError> {
        // Heights are below 64, so levels are below 8.
        let level = u8::try_from(height / 8).unwrap_or(u8::MAX);
        let (first, count) = (from >> (8 * u32::from(level)), 1_u64 << (height % 8));
        let tile = self.tile(level, first / TILE_WIDTH).await?;
        let offset = first % TILE_WIDTH;
        let have = u64::try_from(tile.len()).unwrap_or(u64::MAX);
        let missing = ProveError::Missing { level, index: first.max(first - offset + have) };
        let wanted = usize::try_from(offset).ok().zip(usize::try_from(offset + count).ok());
        let hashes = wanted.and_then(|(from, to)| tile.get(from..to)).ok_or(missing)?;
        let mut row = hashes.to_vec();
        while row.len() > 1 {
            row = row.chunks_exact(2).filter_map(pair_hash).collect();
        }
        row.first().copied().ok_or(ProveError::Missing { level, index: first })
    }

    async fn tile(&mut self, level: u8, index: u64) -> Result<&[Digest], ProveError> {
        use std::collections::btree_map::Entry;
        Ok(match self.tiles.entry((level, index)) {
            Entry::Occupied(kept) => kept.into_mut(),
            Entry::Vacant(slot) => {
                let range = index * TILE_WIDTH..(index + 1) * TILE_WIDTH;
                slot.insert(self.store.hashes(self.tenant, level, range).await?)
            }
        })
    }
}

fn pair_hash(pair: &[Digest]) -> Option<Digest> {
    match pair {
        [left, right] => Some(node_hash(left, right)),
        _ => None,
    }
}
