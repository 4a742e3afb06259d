//! The entries that a certificate rests on, and what leads from them to the signed root.

use std::collections::BTreeMap;

use audit_evidence::{OpenedCheckpoint, ProofError, RangeProof, verify_range};
use store_traits::{Digest, Value};

use crate::report::{as_u64, object};

/// Leaf hashes by sequence number.
pub(super) type Leaves = BTreeMap<u64, Digest>;

/// Entries that follow each other without a gap, with their range proof: `left` and `right` as in
/// [`RangeProof`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The sequence number of the first.
    pub first: u64,
    /// Leaf hashes of the entries, in order; at least one.
    pub leaf_hashes: Vec<Digest>,
    /// Hashes of what lies before them.
    pub left: Vec<Digest>,
    /// Hashes of what lies behind them.
    pub right: Vec<Digest>,
}

impl Stretch {
    /// One behind the last entry.
    pub(super) fn end(&self) -> u64 {
        self.first.saturating_add(self.leaf_hashes.len() as u64)
    }

    pub(super) fn verify(&self, checkpoint: &OpenedCheckpoint) -> Result<(), ProofError> {
        let proof = RangeProof {
            start: self.first,
            end: self.end(),
            size: checkpoint.size,
            left: self.left.clone(),
            right: self.right.clone(),
        };
        verify_range(&proof, &self.leaf_hashes, &checkpoint.root)
    }

    pub(super) fn to_value(&self) -> Value {
        let Self { first, leaf_hashes, left, right } = self;
        object([
            ("first", Value::unsigned(*first)),
            ("leaf_hashes", digests(leaf_hashes)),
            ("left", digests(left)),
            ("right", digests(right)),
        ])
    }

    pub(super) fn from_value(value: &Value) -> Option<Self> {
        let list = |name: &str| {
            let items = value.member(name)?.as_array()?.iter();
            items.map(|item| Digest::from_hex(item.as_str()?).ok()).collect::<Option<Vec<_>>>()
        };
        Some(Self {
            first: as_u64(value.member("first"))?,
            leaf_hashes: list("leaf_hashes")?,
            left: list("left")?,
            right: list("right")?,
        })
    }
}

fn digests(list: &[Digest]) -> Value {
    list.iter().map(|digest| Value::from(digest.to_string())).collect::<Vec<_>>().into()
}

/// The leaves of all stretches.
pub(super) fn leaves(stretches: &[Stretch]) -> Leaves {
    let numbered = |stretch: &Stretch| {
        let numbers = stretch.first..stretch.end();
        numbers.zip(stretch.leaf_hashes.clone()).collect::<Vec<_>>()
    };
    stretches.iter().flat_map(numbered).collect()
}

/// Do stretches stand in order with a gap between, none of them empty? One set of entries then has one
/// spelling.
pub(super) fn in_order(stretches: &[Stretch]) -> bool {
    let apart = stretches.windows(2).all(|pair| match pair {
        [one, next] => one.end() < next.first,
        _ => true,
    });
    apart && stretches.iter().all(|stretch| !stretch.leaf_hashes.is_empty())
}
