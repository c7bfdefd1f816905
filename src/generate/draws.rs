//! Random numbers by counting: draw `i` of a stream is the splitmix64 finaliser (Steele, Lea and Flood 2014) of a
//! counter, so any draw can be had on its own, in any order, in any language, with 64-bit integers alone.
//!
//! Both generators use it. It is for making examples and says nothing about secrecy.

/// 2^64 divided by the golden ratio, odd: the step of the counter.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The splitmix64 finaliser.
pub fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// An endless row of independent draws, named by a seed and a number.
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    base: u64,
}

impl Draws {
    pub fn new(seed: u64, stream: u64) -> Draws {
        Draws { base: mix(seed.wrapping_mul(GOLDEN).wrapping_add(stream)) }
    }

    /// Draw `i`: a whole number in `0..k`. By remainder, so uneven by less than k in 2^64. `k` is at least 1.
    pub fn below(&self, i: u64, k: u64) -> u64 {
        mix(self.base.wrapping_add(i.wrapping_mul(GOLDEN))) % k
    }

    /// True with chance `part` in `whole`. `whole` is at least 1.
    pub fn chance(&self, i: u64, part: u64, whole: u64) -> bool {
        self.below(i, whole) < part
    }

    /// A position in `weights`, each with a chance in proportion to its weight.
    pub fn pick(&self, i: u64, weights: &Weights) -> usize {
        let u = self.below(i, weights.total());
        weights.running.partition_point(|&running| running <= u)
    }
}

/// Weights for [`Draws::pick`], as running sums.
#[derive(Clone, Debug)]
pub struct Weights {
    running: Vec<u64>,
}

impl Weights {
    /// The sum of the weights is at least 1 and below 2^64.
    pub fn new(weights: impl IntoIterator<Item = u64>) -> Weights {
        let running = weights.into_iter().scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Weights { running: running.collect() }
    }

    pub fn total(&self) -> u64 {
        self.running.last().copied().unwrap_or(0)
    }

    /// What position `at` gets where `whole` is shared out in proportion to the weights; the parts sum to `whole`.
    pub fn part(&self, at: usize, whole: u64) -> u64 {
        let up_to = |running: u64| u128::from(running) * u128::from(whole) / u128::from(self.total());
        let before = if at == 0 { 0 } else { up_to(self.running[at - 1]) };
        // No more than `whole`, which is 64 bits.
        (up_to(self.running[at]) - before) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mix_gives_the_published_first_outputs_of_splitmix64() {
        // Seed 1234567, first three outputs, as the reference implementation prints them.
        let mut state = 1_234_567_u64;
        let mut next = || {
            state = state.wrapping_add(GOLDEN);
            mix(state)
        };
        assert_eq!([next(), next(), next()], [6457827717110365317, 3203168211198807973, 9817491932198370423]);
    }

    #[test]
    fn a_pick_follows_the_weights_and_never_takes_a_weight_of_zero() {
        let weights = Weights::new([1, 0, 3]);
        let draws = Draws::new(1, 1);
        let mut seen = [0_u32; 3];
        for i in 0..4000 {
            seen[draws.pick(i, &weights)] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!((900..1100).contains(&seen[0]), "{seen:?}");
    }

    #[test]
    fn parts_sum_to_the_whole_and_follow_the_weights() {
        let weights = Weights::new([1, 2, 0, 3]);
        let parts: Vec<u64> = (0..4).map(|at| weights.part(at, 100)).collect();
        assert_eq!(parts, [16, 34, 0, 50]);
    }

    #[test]
    fn streams_and_seeds_differ() {
        let row = |seed, stream| (0..8).map(|i| Draws::new(seed, stream).below(i, 1 << 40)).collect::<Vec<_>>();
        assert_ne!(row(1, 1), row(1, 2));
        assert_ne!(row(1, 1), row(2, 1));
        assert_eq!(row(3, 4), row(3, 4));
    }
}
