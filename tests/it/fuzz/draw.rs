//! What is drawn: from a seed, so that the same is asked each time.

/// Another one is asked for with DOSEBOOK_FUZZ_SEED.
pub const SEED: u64 = 20_210_712;

/// SplitMix64: well mixed, and the same on every machine.
pub struct Draw(u64);

impl Draw {
    pub fn new() -> Self {
        let asked = std::env::var("DOSEBOOK_FUZZ_SEED").ok();
        Self(asked.map_or(SEED, |seed| seed.parse().expect("a number")))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// So many of them, each at most once.
    pub fn some<T>(&mut self, mut of: Vec<T>, n: usize) -> Vec<T> {
        let mut some = Vec::new();
        while some.len() < n && !of.is_empty() {
            some.push(of.swap_remove(self.below(of.len())));
        }
        some
    }
}
