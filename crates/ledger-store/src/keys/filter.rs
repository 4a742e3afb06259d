//! Which tags a complete span of entries holds, at 32 bits a tag.

/// Blocks of a filter: 2^13, so that a span of 2^16 tags puts 8 tags into a block on average.
const BLOCKS: usize = 1 << 13;
/// A block is eight words, half a cache line: a question reads one place of memory.
const WORDS: usize = 8;

/// A split block Bloom filter (as in the Apache Parquet format) over tags, which are uniform already:
/// 13 bits of a tag choose the block, 5 bits each choose one bit in each of its words. About one
/// absent tag in 100,000 is answered with "maybe".
pub(super) struct Filter(Box<[[u32; WORDS]]>);

impl Filter {
    pub(super) fn of(tags: impl IntoIterator<Item = u64>) -> Self {
        let mut filter = Self(vec![[0; WORDS]; BLOCKS].into_boxed_slice());
        for tag in tags {
            if let Some(block) = filter.0.get_mut(block_of(tag)) {
                block.iter_mut().zip(bits_of(tag)).for_each(|(word, bit)| *word |= bit);
            }
        }
        filter
    }

    /// `false` is certain.
    pub(super) fn may_hold(&self, tag: u64) -> bool {
        let block = self.0.get(block_of(tag));
        block.is_some_and(|block| block.iter().zip(bits_of(tag)).all(|(word, bit)| word & bit != 0))
    }
}

fn block_of(tag: u64) -> usize {
    usize::try_from(tag >> 51).unwrap_or_default()
}

fn bits_of(tag: u64) -> impl Iterator<Item = u32> {
    (0..WORDS).map(move |word| 1 << ((tag >> (5 * word)) & 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tags are hashes; these are as far apart.
    fn tag(n: u64) -> u64 {
        let mixed = (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ (mixed >> 32)
    }

    #[test]
    fn what_was_put_in_is_held_and_almost_nothing_else() {
        let filter = Filter::of((0..65_536).map(tag));
        assert!((0..65_536).all(|n| filter.may_hold(tag(n))));
        let wrong = (65_536..1_065_536).filter(|n| filter.may_hold(tag(*n))).count();
        assert!(wrong < 200, "{wrong} of 1,000,000");
    }
}
