//! A long common subsequence of two lists, in bounded time.
//!
//! What both begin and end with is taken off. What stands exactly once in each is an anchor (the
//! longest ascending chain of them is kept). Between anchors, the shortest edit is looked for
//! (Myers, "An O(ND) difference algorithm", 1986, §4) up to [`MOST_EDITS`] edits at a time: then the
//! furthest way is kept and the search begins anew from its end. Each search of d edits moves at
//! least d items on, so lists of n items take at most about 2 · `MOST_EDITS` · n comparisons, be
//! they as hostile as they like; and up to `MOST_EDITS` edits between two anchors are the fewest
//! there can be.

use std::cmp::Reverse;
use std::ops::Range;

/// Edits that one search looks at.
pub(super) const MOST_EDITS: usize = 128;

/// Pairs of places with equal items, ascending on both sides.
pub(super) fn common(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
    let head = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (rest_a, rest_b) = (tail(a, head), tail(b, head));
    let foot = rest_a.iter().rev().zip(rest_b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (end_a, end_b) = (a.len() - foot, b.len() - foot);
    let mut out: Vec<(usize, usize)> = (0..head).map(|at| (at, at)).collect();
    if head < end_a && head < end_b {
        Middle::new(a, b, head..end_a, head..end_b).pair(&mut out);
    }
    out.extend((end_a..a.len()).zip(end_b..b.len()));
    out
}

fn tail(items: &[u32], from: usize) -> &[u32] {
    items.get(from..).unwrap_or_default()
}

/// An item that stands on both sides, with its place.
#[derive(Clone, Copy)]
struct Item {
    name: u32,
    at: usize,
}

/// What is between the common head and foot, without items that only one side has.
struct Middle {
    a: Vec<Item>,
    b: Vec<Item>,
    /// For each name, how often it stands on either side.
    times: Vec<[u32; 2]>,
}

impl Middle {
    fn new(a: &[u32], b: &[u32], in_a: Range<usize>, in_b: Range<usize>) -> Self {
        let items = |items: &[u32], range: Range<usize>| -> Vec<Item> {
            let middle = items.get(range.clone()).unwrap_or_default();
            middle.iter().zip(range).map(|(name, at)| Item { name: *name, at }).collect()
        };
        let (mut a, mut b) = (items(a, in_a), items(b, in_b));
        let highest = a.iter().chain(&b).map(|item| item.name).max().unwrap_or(0);
        let mut times = vec![[0_u32; 2]; highest as usize + 1];
        for (side, items) in [&a, &b].into_iter().enumerate() {
            for item in items {
                if let Some(count) =
                    times.get_mut(item.name as usize).and_then(|both| both.get_mut(side))
                {
                    *count = count.saturating_add(1);
                }
            }
        }
        let shared = |item: &Item| !matches!(times.get(item.name as usize), Some([0, _] | [_, 0]));
        a.retain(shared);
        b.retain(shared);
        Self { a, b, times }
    }

    fn pair(&self, out: &mut Vec<(usize, usize)>) {
        let (mut at_a, mut at_b) = (0, 0);
        for (x, y) in self.anchors() {
            self.between(at_a..x, at_b..y, out);
            self.take(x, y, out);
            (at_a, at_b) = (x + 1, y + 1);
        }
        self.between(at_a..self.a.len(), at_b..self.b.len(), out);
    }

    fn take(&self, x: usize, y: usize, out: &mut Vec<(usize, usize)>) {
        if let (Some(a), Some(b)) = (self.a.get(x), self.b.get(y)) {
            out.push((a.at, b.at));
        }
    }

    /// The longest chain, ascending on both sides, of items that stand once on each.
    fn anchors(&self) -> Vec<(usize, usize)> {
        let once = |item: &Item| self.times.get(item.name as usize) == Some(&[1, 1]);
        let mut place_in_b = vec![usize::MAX; self.times.len()];
        for (y, item) in self.b.iter().enumerate().filter(|(_, item)| once(item)) {
            if let Some(place) = place_in_b.get_mut(item.name as usize) {
                *place = y;
            }
        }
        let pairs: Vec<(usize, usize)> = self
            .a
            .iter()
            .enumerate()
            .filter(|(_, item)| once(item))
            .filter_map(|(x, item)| Some((x, *place_in_b.get(item.name as usize)?)))
            .collect();
        longest_ascending(&pairs)
    }

    /// Items between two anchors.
    fn between(&self, in_a: Range<usize>, in_b: Range<usize>, out: &mut Vec<(usize, usize)>) {
        let (mut x, mut y) = (in_a.start, in_b.start);
        while x < in_a.end && y < in_b.end {
            let a = self.a.get(x..in_a.end).unwrap_or_default();
            let b = self.b.get(y..in_b.end).unwrap_or_default();
            let way = Search { a, b }.run();
            for (from_x, from_y, length) in way.runs {
                for at in 0..length {
                    self.take(x + from_x + at, y + from_y + at, out);
                }
            }
            (x, y) = (x + way.end.0, y + way.end.1);
        }
    }
}

/// The longest chain whose second places ascend; the first ones do already (patience sorting).
fn longest_ascending(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // The pair that ends the best chain of each length, and the pair before each pair in its chain.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    let second = |at: &usize| pairs.get(*at).map(|(_, y)| *y);
    for (at, (_, y)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| second(end) < Some(*y));
        before.push(length.checked_sub(1).and_then(|shorter| ends.get(shorter).copied()));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut chain = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some((place, pair)) = at.and_then(|at| Some((at, pairs.get(at)?))) {
        chain.push(*pair);
        at = before.get(place).copied().flatten();
    }
    chain.reverse();
    chain
}

/// One search from the beginning of two lists.
struct Search<'s> {
    a: &'s [Item],
    b: &'s [Item],
}

/// How far it came, and the runs of equal items on its way: (in a, in b, length).
struct Way {
    end: (usize, usize),
    runs: Vec<(usize, usize, usize)>,
}

/// For each diagonal (place in a − place in b) the furthest place in `a`, −1 where there is no way.
type Furthest = Vec<i64>;

impl Search<'_> {
    fn run(&self) -> Way {
        let (n, m) = (length(self.a), length(self.b));
        let mut rounds: Vec<Furthest> = Vec::new();
        for edits in 0..=length_of(MOST_EDITS) {
            let round = self.round(edits, rounds.last());
            let end = (-edits..=edits).step_by(2).find(|diagonal| {
                let x = at(&round, edits, *diagonal);
                x == n && x - diagonal == m
            });
            rounds.push(round);
            if let Some(diagonal) = end {
                return self.way(&rounds, diagonal);
            }
        }
        let edits = length_of(MOST_EDITS);
        let last = rounds.last().map(Vec::as_slice).unwrap_or_default();
        // The way that came furthest; of several the one that took from both sides alike.
        let furthest = (-edits..=edits)
            .step_by(2)
            .filter(|diagonal| at(last, edits, *diagonal) >= 0)
            .max_by_key(|k| (2 * at(last, edits, *k) - k, Reverse(k.abs())));
        self.way(&rounds, furthest.unwrap_or(0))
    }

    /// The furthest places with so many edits.
    fn round(&self, edits: i64, before: Option<&Furthest>) -> Furthest {
        let (n, m) = (length(self.a), length(self.b));
        (-edits..=edits)
            .map(|diagonal| {
                if (diagonal + edits) % 2 != 0 {
                    return -1;
                }
                let mut x = match before {
                    None => 0,
                    Some(before) => {
                        let (x, _) = step_to(before, edits - 1, diagonal, n, m);
                        x
                    }
                };
                if x < 0 {
                    return -1;
                }
                while self.equal(x, x - diagonal) {
                    x += 1;
                }
                x
            })
            .collect()
    }

    fn equal(&self, x: i64, y: i64) -> bool {
        let item = |items: &[Item], at: i64| {
            usize::try_from(at).ok().and_then(|at| items.get(at)).map(|item| item.name)
        };
        let name = item(self.a, x);
        name.is_some() && name == item(self.b, y)
    }

    /// Walks back from the end of the last round.
    fn way(&self, rounds: &[Furthest], end: i64) -> Way {
        let (n, m) = (length(self.a), length(self.b));
        let mut runs = Vec::new();
        let mut diagonal = end;
        let mut last = (0, 0);
        for (edits, round) in rounds.iter().enumerate().rev() {
            let edits = length_of(edits);
            let x = at(round, edits, diagonal);
            if edits + 1 == length_of(rounds.len()) {
                last = (x, x - diagonal);
            }
            let before = usize::try_from(edits - 1).ok().and_then(|edits| rounds.get(edits));
            let (from, from_diagonal) = match before {
                None => (0, 0),
                Some(before) => step_to(before, edits - 1, diagonal, n, m),
            };
            if x > from {
                runs.push((place(from), place(from - diagonal), place(x - from)));
            }
            diagonal = from_diagonal;
        }
        runs.reverse();
        Way { end: (place(last.0), place(last.1)), runs }
    }
}

/// Where a diagonal is entered by one more edit, and from which diagonal: an item of `a` left out
/// (from the diagonal below), or one of `b` (from the one above). −1 where neither can be.
fn step_to(before: &[i64], edits: i64, diagonal: i64, n: i64, m: i64) -> (i64, i64) {
    let left_a = at(before, edits, diagonal - 1);
    let left_a = if left_a >= 0 && left_a < n { left_a + 1 } else { -1 };
    let left_b = at(before, edits, diagonal + 1);
    let left_b = if left_b >= 0 && left_b - diagonal <= m { left_b } else { -1 };
    if left_a > left_b { (left_a, diagonal - 1) } else { (left_b, diagonal + 1) }
}

/// The place that a round with so many edits has for a diagonal.
fn at(round: &[i64], edits: i64, diagonal: i64) -> i64 {
    let place = usize::try_from(diagonal + edits).ok();
    place.and_then(|place| round.get(place)).copied().unwrap_or(-1)
}

fn length(items: &[Item]) -> i64 {
    length_of(items.len())
}

fn length_of(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn place(at: i64) -> usize {
    usize::try_from(at).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The length of the longest common subsequence, the slow way.
    fn longest(a: &[u32], b: &[u32]) -> usize {
        let mut row = vec![0_usize; b.len() + 1];
        for x in a {
            let mut corner = 0;
            for (at, y) in b.iter().enumerate() {
                let above = row[at + 1];
                row[at + 1] = if x == y { corner + 1 } else { above.max(row[at]) };
                corner = above;
            }
        }
        row[b.len()]
    }

    #[track_caller]
    fn sound(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
        let pairs = common(a, b);
        assert!(pairs.iter().all(|(x, y)| a[*x] == b[*y]));
        assert!(pairs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1));
        pairs
    }

    proptest! {
        #[test]
        fn pairs_are_equal_and_ascend(a in prop::collection::vec(0_u32..6, 0..300), b in prop::collection::vec(0_u32..6, 0..300)) {
            sound(&a, &b);
        }

        #[test]
        fn one_search_finds_the_longest_that_there_is(
            a in prop::collection::vec(0_u32..3, 0..60),
            b in prop::collection::vec(0_u32..3, 0..60),
        ) {
            let items = |names: &[u32]| -> Vec<Item> {
                names.iter().enumerate().map(|(at, name)| Item { name: *name, at }).collect()
            };
            let (in_a, in_b) = (items(&a), items(&b));
            let way = Search { a: &in_a, b: &in_b }.run();
            prop_assert_eq!(way.end, (a.len(), b.len()));
            let found: usize = way.runs.iter().map(|(.., length)| length).sum();
            prop_assert_eq!(found, longest(&a, &b));
        }

        #[test]
        fn a_list_with_items_put_in_keeps_all_of_its_own(a in prop::collection::vec(0_u32..1_000, 0..200), at in prop::collection::vec(any::<prop::sample::Index>(), 0..40)) {
            let mut b = a.clone();
            for (n, place) in at.iter().enumerate() {
                b.insert(place.index(b.len() + 1), 5_000 + u32::try_from(n).unwrap());
            }
            prop_assert_eq!(sound(&a, &b).len(), a.len());
        }
    }

    #[test]
    fn hostile_lists_end() {
        // Two symbols, no anchors, no common head or foot, many more edits than one search looks at.
        let mut state = 1_u32;
        let mut bits = |count: usize, first: u32| -> Vec<u32> {
            let mut list = vec![first];
            list.extend((0..count).map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state >> 31
            }));
            list.push(first);
            list
        };
        let (a, b) = (bits(20_000, 0), bits(20_000, 1));
        assert!(sound(&a, &b).len() > 10_000);
        let (zeros, ones) = (vec![0; 5_000], vec![1; 5_000]);
        sound(&[zeros.clone(), ones.clone()].concat(), &[ones, zeros].concat());
        let reversed: Vec<u32> = (0..5_000).rev().collect();
        assert_eq!(sound(&(0..5_000).collect::<Vec<_>>(), &reversed).len(), 1);
    }
}
