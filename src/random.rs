//! The random source of everything that is made up: what is drawn from a seed is the same on every
//! machine and in every version. The demonstration shows the same people everywhere, and a replay
//! can be run again. Secrets and ids of the service come from the operating system instead.

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
/// Predictable, so useless for secrets.
#[derive(Debug)]
pub struct Random(u64);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Random {
    /// One sequence for the whole seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The sequence of one subject: the `n`-th of a `stream`. It does not depend on what was drawn
    /// for others.
    pub fn of(seed: u64, stream: u64, n: u32) -> Self {
        let stream = mix(seed.wrapping_add(stream.wrapping_mul(STEP)));
        Self(mix(stream ^ u64::from(n).wrapping_mul(STEP)))
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number in `0..n`; 0 if `n` is 0.
    pub fn below(&mut self, n: u32) -> u32 {
        let scaled = ((self.next_u64() >> 32) * u64::from(n)) >> 32;
        u32::try_from(scaled).unwrap_or(0)
    }

    /// True with this probability (0 to 1).
    pub fn chance(&mut self, probability: f64) -> bool {
        f64::from(self.below(u32::MAX)) < probability * f64::from(u32::MAX)
    }

    /// An index into a list of this length; 0 if the list is empty.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(u32::try_from(len).unwrap_or(u32::MAX))).unwrap_or(0)
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Draws indexes of a list in proportion to the weights of its members.
#[derive(Debug)]
pub struct Weights {
    up_to: Vec<u32>,
}

impl Weights {
    /// The sum of the weights must fit into 32 bits; members beyond that are never drawn.
    pub fn new(weights: impl Iterator<Item = u32>) -> Self {
        let up_to = weights.scan(0, |sum: &mut u32, weight| {
            *sum = sum.saturating_add(weight);
            Some(*sum)
        });
        Self { up_to: up_to.collect() }
    }

    /// An index; the length of the list if all weights are 0.
    pub fn draw(&self, random: &mut Random) -> usize {
        let drawn = random.below(self.up_to.last().copied().unwrap_or(0));
        self.up_to.partition_point(|&up_to| up_to <= drawn)
    }
}

/// Divides `total` in proportion to `weights` by the largest remainder, so that the parts add up
/// exactly. Every part is 0 if all weights are 0.
pub fn apportion(total: u32, weights: &[u64]) -> Vec<u32> {
    let sum: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let exact = |weight: u64| u128::from(total) * u128::from(weight);
    let floor = |weight: u64| u32::try_from(exact(weight) / sum).unwrap_or(u32::MAX);
    let mut shares: Vec<u32> = weights.iter().map(|&weight| floor(weight)).collect();
    let given: u32 = shares.iter().sum();
    let mut by_remainder: Vec<_> = shares
        .iter_mut()
        .zip(weights)
        .map(|(share, &weight)| (exact(weight) % sum, share))
        .collect();
    // Stable: of equal remainders the earlier member wins, so there is only one result.
    by_remainder.sort_by_key(|(remainder, _)| std::cmp::Reverse(*remainder));
    let left = usize::try_from(total - given).unwrap_or(0);
    by_remainder.into_iter().take(left).for_each(|(_, share)| *share += 1);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_published_generator() {
        let mut random = Random::new(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973];
        assert_eq!([random.next_u64(), random.next_u64()], expected);
    }

    #[test]
    fn the_same_subject_draws_the_same() {
        let draw = |seed, stream, n| Random::of(seed, stream, n).below(1_000_000);
        assert_eq!(draw(1, 1, 7), draw(1, 1, 7));
        assert_ne!(draw(1, 1, 7), draw(1, 1, 8));
        assert_ne!(draw(1, 1, 7), draw(1, 2, 7));
        assert_ne!(draw(1, 1, 7), draw(2, 1, 7));
    }

    #[test]
    fn draws_follow_the_weights() {
        let weights = Weights::new([1, 0, 3].into_iter());
        let mut counts = [0; 3];
        for n in 0..4_000 {
            counts[weights.draw(&mut Random::of(0, 0, n))] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((900..1_100).contains(&counts[0]), "{counts:?}");
    }

    #[test]
    fn shares_are_exact_and_proportional() {
        assert_eq!(apportion(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(apportion(7, &[0, 5, 2]), [0, 5, 2]);
        assert_eq!(apportion(3, &[]), [0; 0]);
        assert_eq!(apportion(3, &[0, 0]), [0, 0]);
        let weights: Vec<u64> = (1..=229).map(|n| n * n).collect();
        assert_eq!(apportion(8_064, &weights).iter().sum::<u32>(), 8_064);
    }
}
