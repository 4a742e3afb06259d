//! Which tags a stretch of entries holds.

/// A split block Bloom filter (as in the Apache Parquet format) over tags, which are uniform already:
/// the first bits of a tag choose the block, 5 bits each choose one bit in each of its words. A block is
/// a cache line at most, so that a question reads one place of memory.
pub(super) struct Filter<const WORDS: usize> {
    blocks: Box<[[u32; WORDS]]>,
    /// How far a tag is shifted to leave the bits that choose the block.
    shift: u32,
}

impl<const WORDS: usize> Filter<WORDS> {
    /// An empty filter of 2^`bits` blocks.
    pub(super) fn new(bits: u32) -> Self {
        Self { blocks: vec![[0; WORDS]; 1 << bits].into_boxed_slice(), shift: u64::BITS - bits }
    }

    pub(super) fn insert(&mut self, tag: u64) {
        let block = self.block_of(tag);
        if let Some(block) = self.blocks.get_mut(block) {
            block.iter_mut().zip(bits_of::<WORDS>(tag)).for_each(|(word, bit)| *word |= bit);
        }
    }

    /// `false` is certain.
    pub(super) fn may_hold(&self, tag: u64) -> bool {
        let block = self.blocks.get(self.block_of(tag));
        block.is_some_and(|block| {
            block.iter().zip(bits_of::<WORDS>(tag)).all(|(word, bit)| word & bit != 0)
        })
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        size_of_val::<[_]>(&self.blocks)
    }

    fn block_of(&self, tag: u64) -> usize {
        usize::try_from(tag >> self.shift).unwrap_or_default()
    }
}

/// The bit of each word. A tag has bits for eight words; the next ones are those of a multiple of it.
fn bits_of<const WORDS: usize>(tag: u64) -> [u32; WORDS] {
    let more = tag.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 24;
    std::array::from_fn(|word| {
        let (of, word) = if word < 8 { (tag, word) } else { (more, word - 8) };
        1 << ((of >> (5 * word)) & 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tags are hashes; these are as far apart.
    fn tag(n: u64) -> u64 {
        let mixed = (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ (mixed >> 32)
    }

    fn wrong_of_a_million<const WORDS: usize>(bits: u32, tags: u64) -> usize {
        let mut filter = Filter::<WORDS>::new(bits);
        (0..tags).for_each(|n| filter.insert(tag(n)));
        assert!((0..tags).all(|n| filter.may_hold(tag(n))));
        (tags..tags + 1_000_000).filter(|n| filter.may_hold(tag(*n))).count()
    }

    #[test]
    fn what_was_put_in_is_held_and_little_else() {
        assert!(wrong_of_a_million::<16>(12, 1 << 16) < 20, "32 bits a tag");
        assert!(wrong_of_a_million::<8>(14, 1 << 19) < 60_000, "8 bits a tag");
        assert_eq!(Filter::<16>::new(12).bytes(), 4 << 16);
    }
}
