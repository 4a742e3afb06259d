//! Placing: sealed drafts of several callers get their places in the tree and become one batch.

use store_traits::{
    Content, Digest, Head, IdempotencyKey, Known, SealedBatch, SealedEntry, TenantId, Timestamp,
    in_parallel,
};

use crate::ahead::Keys;
use crate::calls::Calls;
use crate::durability::MayAcknowledge;
use crate::recorder::Outcome;
use crate::seal::{FactError, Sealed};
use crate::tree::{CompactRange, HeadError};

/// What one caller wants recorded.
pub(crate) struct Call {
    slots: Vec<Slot>,
}

enum Slot {
    Ready(Box<Sealed>),
    /// Its entry lies in a batch that is being committed.
    Placed,
    Rejected(FactError),
}

impl Call {
    pub(crate) fn new(sealed: Vec<Result<Box<Sealed>, FactError>>) -> Self {
        let slot = |sealed| match sealed {
            Ok(sealed) => Slot::Ready(sealed),
            Err(error) => Slot::Rejected(error),
        };
        Self { slots: sealed.into_iter().map(slot).collect() }
    }

    fn ready(&self) -> impl Iterator<Item = &Sealed> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Ready(sealed) => Some(sealed.as_ref()),
            Slot::Placed | Slot::Rejected(_) => None,
        })
    }

    /// Entries, and bytes of entries and contents.
    pub(crate) fn size(&self) -> (usize, usize) {
        self.ready().fold((0, 0), |(entries, bytes), sealed| {
            let contents: usize = sealed.contents.iter().map(|content| content.bytes.len()).sum();
            (entries + 1, bytes + sealed.entry.bytes.len() + contents)
        })
    }

    /// The keys to look up, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &IdempotencyKey> {
        self.ready().map(|sealed| &sealed.entry.key)
    }
}

/// Calls placed on a head. Until [`Placing::done`], dropping it puts every entry back in its call:
/// the head may have moved, or the leader may have gone in the middle of the commit.
pub(crate) struct Placing<'c> {
    calls: Vec<&'c mut Call>,
    /// Which slot of which call each entry of the batch came from.
    from: Vec<(usize, usize)>,
    batch: SealedBatch,
    /// The keys of this very batch: several callers, or one, may bring the same fact twice.
    keys: Keys,
    outcomes: Vec<Vec<Outcome>>,
}

impl<'c> Placing<'c> {
    /// Places what is new. `known` is what the ledger knows of the calls' keys, in their order; `ahead`
    /// are the keys of a batch that is being committed below the head.
    ///
    /// A key that is known with the very id of the draft is this draft: an earlier attempt committed
    /// it, and whoever made that attempt did not live to say so.
    pub(crate) fn on(
        head: &Head,
        tenant: &TenantId,
        calls: Vec<&'c mut Call>,
        known: Vec<Option<Known>>,
        ahead: &Keys,
        recorded_at: Timestamp,
    ) -> Result<Self, HeadError> {
        let mut tree = CompactRange::from_head(head.size, head.peaks.clone())?;
        let drafts = known.len();
        let mut placing = Self {
            from: Vec::with_capacity(drafts),
            outcomes: Vec::with_capacity(calls.len()),
            calls,
            keys: Keys::new(),
            batch: SealedBatch {
                tenant: tenant.clone(),
                on_size: head.size,
                on_root: head.root,
                entries: Vec::with_capacity(drafts),
                contents: Vec::new(),
                subtrees: Vec::new(),
                head: head.clone(),
                recorded_at,
            },
        };
        let mut known = known.into_iter();
        for (at_call, call) in placing.calls.iter_mut().enumerate() {
            let mut outcomes = Vec::with_capacity(call.slots.len());
            for (at_slot, slot) in call.slots.iter_mut().enumerate() {
                let sealed = match slot {
                    Slot::Ready(sealed) => sealed,
                    // A call's entries are all back before it is placed again.
                    Slot::Placed => continue,
                    Slot::Rejected(error) => {
                        outcomes.push(Outcome::Rejected { reason: error.to_string() });
                        continue;
                    }
                };
                let entry = &mut sealed.entry;
                let before = match known.next().flatten() {
                    Some(Known { seq, id, fingerprint })
                        if id == entry.id && fingerprint == entry.fingerprint =>
                    {
                        outcomes.push(Outcome::Recorded { seq, id });
                        continue;
                    }
                    Some(Known { seq, id, fingerprint }) => Some((fingerprint, seq, id)),
                    None => placing.keys.get(&entry.key).or_else(|| ahead.get(&entry.key)).cloned(),
                };
                outcomes.push(match before {
                    Some((fingerprint, seq, id)) if fingerprint == entry.fingerprint => {
                        Outcome::Duplicate { seq, id }
                    }
                    Some((_, seq, _)) => Outcome::Conflict { key: entry.key.clone(), seq },
                    None => {
                        let (seq, id) = (tree.size(), entry.id.clone());
                        entry.seq = seq;
                        sealed.contents.iter_mut().for_each(|content| content.seq = seq);
                        let there = (entry.fingerprint, seq, id.clone());
                        placing.keys.insert(entry.key.clone(), there);
                        let subtrees = &mut placing.batch.subtrees;
                        tree.append(entry.leaf_hash, &mut |subtree| subtrees.push(subtree));
                        if let Slot::Ready(sealed) = std::mem::replace(slot, Slot::Placed) {
                            placing.batch.entries.push(sealed.entry);
                            placing.batch.contents.extend(sealed.contents);
                        }
                        placing.from.push((at_call, at_slot));
                        Outcome::Recorded { seq, id }
                    }
                });
            }
            placing.outcomes.push(outcomes);
        }
        if tree.size() > head.size {
            placing.batch.head = tree.head();
        }
        Ok(placing)
    }

    /// What is to be committed; without entries there is nothing to commit.
    pub(crate) fn batch(&self) -> &SealedBatch {
        &self.batch
    }

    /// Takes the keys of the batch: once it is placed, only whoever places behind it asks for them.
    pub(crate) fn take_keys(&mut self) -> Keys {
        std::mem::take(&mut self.keys)
    }

    /// The batch is committed: what became of each draft of each call, and the leaves that were new.
    /// Nobody learns an outcome without this, and so nobody without leave to acknowledge.
    pub(crate) fn done(
        mut self,
        calls: &Calls,
        _: MayAcknowledge,
    ) -> (Vec<Vec<Outcome>>, Vec<Digest>, Head) {
        let entries = std::mem::take(&mut self.batch.entries);
        // Giving back the memory of a thousand facts takes as long as hashing them.
        let leaves = in_parallel(entries, calls.worth_a_thread(), |entry| entry.leaf_hash);
        (std::mem::take(&mut self.outcomes), leaves, self.batch.head.clone())
    }
}

impl Drop for Placing<'_> {
    fn drop(&mut self) {
        let mut contents = std::mem::take(&mut self.batch.contents).into_iter().peekable();
        for (entry, (call, slot)) in self.batch.entries.drain(..).zip(&self.from) {
            let own: Vec<Content> =
                std::iter::from_fn(|| contents.next_if(|content| content.seq == entry.seq))
                    .collect();
            let slot = self.calls.get_mut(*call).and_then(|call| call.slots.get_mut(*slot));
            if let Some(slot) = slot {
                *slot = Slot::Ready(Box::new(back(entry, own)));
            }
        }
    }
}

fn back(entry: SealedEntry, contents: Vec<Content>) -> Sealed {
    Sealed { entry, contents }
}
