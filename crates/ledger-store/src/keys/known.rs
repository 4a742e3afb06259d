//! The tags of one tenant's keys that this process has seen.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use store_traits::Digest;

use super::filter::Filter;

/// Entries of a span, whose tags one row holds once it is complete.
pub(super) const SPAN: u64 = 1 << 16;
/// Spans of a group, which is asked before they are: else each question would be one to each span of a
/// ledger, however many there are.
const GROUP: usize = 8;

/// 32 bits a tag: of a million absent ones, a few are answered with "maybe".
pub(super) type OfSpan = Filter<16>;
const SPAN_BITS: u32 = 12;
/// 8 bits a tag: about one absent one in thirty.
type OfGroup = Filter<8>;
const GROUP_BITS: u32 = 14;

/// The tags of entries `[0, size)`: exactly of the span that grows, as a filter of each before it.
#[derive(Default)]
pub(super) struct KnownTags {
    complete: Vec<OfSpan>,
    groups: Vec<OfGroup>,
    /// Of the span that grows, in order of its entries.
    growing: Vec<u64>,
    /// Where in it each tag stands first.
    first: HashMap<u64, usize>,
    /// Tags that stand in it again, and where: two keys share one in 2^64, or somebody made them.
    again: Vec<(u64, usize)>,
    /// The newest head below which all of it was seen: size and root.
    head: Option<(u64, Digest)>,
}

/// Where a key may have been recorded.
#[derive(Default)]
pub(super) struct Suspects {
    /// Entries with the tag.
    pub(super) entries: Vec<u64>,
    /// Spans that may hold such entries.
    pub(super) spans: BTreeSet<u64>,
}

/// The filter of a span, which can be made ahead.
pub(super) fn span_of(tags: &[u64]) -> OfSpan {
    let mut span = Filter::new(SPAN_BITS);
    tags.iter().for_each(|tag| span.insert(*tag));
    span
}

impl KnownTags {
    /// The newest head below which all of it was seen.
    pub(super) fn head(&self) -> Option<(u64, Digest)> {
        self.head
    }

    /// All entries below this head are known of.
    pub(super) fn stands_on(&mut self, size: u64, root: Digest) {
        if self.size() >= size && self.head.is_none_or(|(before, _)| before <= size) {
            self.head = Some((size, root));
        }
    }

    /// How many entries are known of.
    pub(super) fn size(&self) -> u64 {
        self.before() + self.growing.len() as u64
    }

    /// Entries of the complete spans.
    fn before(&self) -> u64 {
        self.complete.len() as u64 * SPAN
    }

    /// About how much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        const GROWING: usize = 40;
        let spans: usize = self.complete.iter().map(Filter::bytes).sum();
        let groups: usize = self.groups.iter().map(Filter::bytes).sum();
        spans + groups + self.growing.len() * GROWING
    }

    /// Learns the tags of the entries from `first` on; those that are known already are passed over.
    /// Tags that would leave a gap are not learnt.
    pub(super) fn learn(&mut self, first: u64, tags: &[u64]) {
        self.learn_ready(first, tags, None);
    }

    /// The same, where the tags may be a span that was made ready.
    pub(super) fn learn_ready(&mut self, first: u64, tags: &[u64], ready: Option<OfSpan>) {
        if first == self.size() && self.growing.is_empty() && tags.len() as u64 == SPAN {
            self.complete(tags, ready);
            return;
        }
        for (seq, tag) in (first..).zip(tags) {
            if seq != self.size() {
                continue;
            }
            match self.first.entry(*tag) {
                Entry::Vacant(place) => drop(place.insert(self.growing.len())),
                Entry::Occupied(_) => self.again.push((*tag, self.growing.len())),
            }
            self.growing.push(*tag);
            if self.growing.len() as u64 == SPAN {
                let mut tags = std::mem::take(&mut self.growing);
                self.complete(&tags, None);
                tags.clear();
                self.growing = tags;
                self.first.clear();
                self.again.clear();
            }
        }
    }

    fn complete(&mut self, tags: &[u64], ready: Option<OfSpan>) {
        if self.complete.len().is_multiple_of(GROUP) {
            self.groups.push(Filter::new(GROUP_BITS));
        }
        self.complete.push(ready.unwrap_or_else(|| span_of(tags)));
        if let Some(group) = self.groups.last_mut() {
            tags.iter().for_each(|tag| group.insert(*tag));
        }
    }

    /// Adds where a tag may have been recorded. Says whether there is such a place.
    pub(super) fn suspect(&self, tag: u64, suspects: &mut Suspects) -> bool {
        let mut suspected = false;
        if let Some(first) = self.first.get(&tag) {
            let again = self.again.iter().filter(|(same, _)| *same == tag).map(|(_, place)| place);
            let places = std::iter::once(first).chain(again);
            suspects.entries.extend(places.map(|place| self.before() + *place as u64));
            suspected = true;
        }
        for ((group, spans), first) in
            self.groups.iter().zip(self.complete.chunks(GROUP)).zip((0..).step_by(GROUP))
        {
            if !group.may_hold(tag) {
                continue;
            }
            for (span, _) in (first..).zip(spans).filter(|(_, span)| span.may_hold(tag)) {
                suspects.spans.insert(span);
                suspected = true;
            }
        }
        suspected
    }

    /// The tags of the growing span in order of their entries.
    pub(super) fn growing(&self) -> &[u64] {
        &self.growing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(n: u64) -> u64 {
        (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    #[test]
    fn every_tag_is_suspected_where_it_lies_also_across_spans() {
        let mut known = KnownTags::default();
        let total = SPAN + 1_000;
        for first in (0..total).step_by(700) {
            let tags: Vec<u64> = (first..total.min(first + 700)).map(tag).collect();
            known.learn(first, &tags);
        }
        assert_eq!(known.size(), total);
        for seq in 0..total {
            let mut suspects = Suspects::default();
            known.suspect(tag(seq), &mut suspects);
            if seq < SPAN {
                assert!(suspects.spans.contains(&0), "{seq}");
            } else {
                assert_eq!(suspects.entries, [seq]);
            }
        }
        assert_eq!(known.growing(), (SPAN..total).map(tag).collect::<Vec<_>>());

        let mut at_once = KnownTags::default();
        at_once.learn(0, &(0..SPAN).map(tag).collect::<Vec<_>>());
        assert_eq!((at_once.size(), at_once.growing()), (SPAN, &[][..]));
        let mut suspects = Suspects::default();
        at_once.suspect(tag(SPAN - 1), &mut suspects);
        assert!(suspects.spans.contains(&0));
    }

    #[test]
    fn a_tag_leads_to_its_span_among_many() {
        let mut known = KnownTags::default();
        for span in 0..2 * GROUP as u64 + 1 {
            let first = span * SPAN;
            known.learn(first, &(first..first + SPAN).map(tag).collect::<Vec<_>>());
        }
        assert_eq!((known.groups.len(), known.complete.len()), (3, 2 * GROUP + 1));
        for span in 0..2 * GROUP as u64 + 1 {
            let mut suspects = Suspects::default();
            assert!(known.suspect(tag(span * SPAN + 77), &mut suspects));
            assert!(suspects.spans.contains(&span) && suspects.spans.len() < 3, "{span}");
        }
        let absent = (1..10_000).filter(|n| known.suspect(tag(n << 40), &mut Suspects::default()));
        assert!(absent.count() < 10);
        assert_eq!(known.bytes(), (2 * GROUP + 1) * (4 << 16) + 3 * (1 << 19));
    }

    #[test]
    fn a_gap_is_not_learnt_and_what_is_known_is_passed_over() {
        let mut known = KnownTags::default();
        known.learn(1, &[tag(1)]);
        assert_eq!(known.size(), 0);
        known.learn(0, &[tag(0), tag(1)]);
        known.learn(1, &[tag(1), tag(2)]);
        assert_eq!(known.size(), 3);
        assert_eq!(known.growing(), [tag(0), tag(1), tag(2)]);
    }
}
