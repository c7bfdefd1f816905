//! Lengths of paths: vectors over the stages, and the same in one word, where the numbers allow it.
//!
//! A search adds and compares lengths by the tens of thousands, so it takes as long as that does. A *packed* length is the
//! sum of its stages' numbers, each times a power of two so great that all later stages together cannot make up for one
//! of it: then sums are sums of words, and words compare as the vectors do.

use crate::solve::costs::{Costs, add, subtract};

/// How lengths are reckoned.
pub(super) trait Lengths<const S: usize>: Copy + Sync {
    type Length: Copy + Ord + Sync;
    /// Longer than any path.
    const ENDLESS: Self::Length;
    fn of(&self, costs: &Costs<S>) -> Self::Length;
    fn costs(&self, length: Self::Length) -> Costs<S>;
    fn add(a: Self::Length, b: Self::Length) -> Self::Length;
    fn subtract(a: Self::Length, b: Self::Length) -> Self::Length;
    /// Whether a + b < c.
    fn is_less(a: Self::Length, b: Self::Length, c: Self::Length) -> bool;
    /// So many times as long that searches seldom go as far.
    fn many_times(length: Self::Length) -> Self::Length;
    /// The price of a node: only differences mean something.
    fn price(&self, prices: &NodePrices<S>, node: u32) -> Self::Length;
    /// The prices of all nodes, at most the same for all of them apart.
    fn prices(&self, prices: &NodePrices<S>, ground: u32) -> Vec<Self::Length>;
    /// A list of changes as lengths; None where it is kept in the other way.
    fn all<'a>(&self, changes: &'a Changes<S>) -> Option<&'a [Self::Length]>;
}

/// See [`Lengths::many_times`].
const MANY: i64 = 128;

/// Farther than any path, dearer than any unit.
pub(super) const ENDLESS: i64 = 1 << 60;

/// Lengths as they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain;

impl<const S: usize> Lengths<S> for Plain {
    type Length = Costs<S>;
    const ENDLESS: Costs<S> = [ENDLESS; S];

    fn of(&self, costs: &Costs<S>) -> Costs<S> {
        *costs
    }

    fn costs(&self, length: Costs<S>) -> Costs<S> {
        length
    }

    fn add(a: Costs<S>, b: Costs<S>) -> Costs<S> {
        add(a, b)
    }

    fn subtract(a: Costs<S>, b: Costs<S>) -> Costs<S> {
        subtract(a, b)
    }

    fn is_less(a: Costs<S>, b: Costs<S>, c: Costs<S>) -> bool {
        // No branch here could be foretold: so there is none, and later stages are compared even where an earlier one
        // decides.
        let mut less = false;
        for stage in (0..S).rev() {
            // Costs of paths are far from the ends of 64 bits, so nothing wraps: this only spares the check.
            let sum = a[stage].wrapping_add(b[stage]);
            less = (sum < c[stage]) | ((sum == c[stage]) & less);
        }
        less
    }

    fn many_times(length: Costs<S>) -> Costs<S> {
        length.map(|number| number.saturating_mul(MANY))
    }

    fn price(&self, prices: &NodePrices<S>, node: u32) -> Costs<S> {
        prices.all[node as usize]
    }

    fn prices(&self, prices: &NodePrices<S>, _ground: u32) -> Vec<Costs<S>> {
        prices.all.clone()
    }

    fn all<'a>(&self, changes: &'a Changes<S>) -> Option<&'a [Costs<S>]> {
        match changes {
            Changes::Plain(changes) => Some(changes),
            Changes::Packed(..) => None,
        }
    }
}

/// What lengths in a network are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ranges<const S: usize> {
    /// The least and the greatest cost of a unit in one of its containers; zero is always within.
    pub least: Costs<S>,
    pub most: Costs<S>,
    /// The greatest absolute cost of a unit in a pool.
    pub steps: Costs<S>,
    pub n_nodes: usize,
    /// Nodes right behind pools.
    pub n_behind: usize,
}

impl<const S: usize> Ranges<S> {
    pub fn see(&mut self, cost: &Costs<S>) {
        for (stage, cost) in cost.iter().enumerate() {
            self.least[stage] = self.least[stage].min(*cost);
            self.most[stage] = self.most[stage].max(*cost);
        }
    }

    pub fn see_step(&mut self, stage: usize, cost: i64) {
        self.steps[stage] = self.steps[stage].max(cost.saturating_abs());
    }

    pub fn doubled(mut self) -> Ranges<S> {
        for numbers in [&mut self.least, &mut self.most, &mut self.steps] {
            numbers.iter_mut().for_each(|number| *number = number.saturating_mul(2));
        }
        self.n_nodes *= 2;
        self
    }

    /// What a unit's one step costs at most in a stage.
    fn greatest(&self, stage: usize) -> u64 {
        self.most[stage].abs_diff(self.least[stage]).max(self.steps[stage].unsigned_abs())
    }

    /// For each stage, what no path costs more: it comes to each node once, by an exchange or past a pool's node, of
    /// which it comes to at most two for each node that is right behind pools.
    fn longest(&self) -> [i128; S] {
        std::array::from_fn(|stage| {
            let exchange = i128::from(self.most[stage]) - i128::from(self.least[stage]);
            self.n_nodes as i128 * exchange + 2 * self.n_behind as i128 * i128::from(self.steps[stage])
        })
    }
}

/// How lengths are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packing<const S: usize> {
    /// The power of two that a stage's number is taken times.
    shifts: [u32; S],
    bits: [u32; S],
    /// What no price may be farther from the ground's than: no less than twice the longest path.
    most: Costs<S>,
}

/// How near prices are to the ground's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nearness {
    Near,
    /// They can still be packed, but may soon not.
    Far,
    TooFar,
}

impl<const S: usize> Packing<S> {
    /// None where a word has too few bits.
    pub fn of(ranges: &Ranges<S>) -> Option<Packing<S>> {
        let length = |number: i128| i128::BITS - number.leading_zeros();
        // A search compares sums of at most a path, a bound that is a price difference and a cost, and two prices, each
        // no greater than twice the longest path: eight times that, and a sign.
        let mut bits = ranges.longest().map(|longest| length(longest) + 4);
        let mut left = i128::BITS.checked_sub(1 + bits.iter().sum::<u32>())?;
        // What is left goes to those stages whose prices would be too far apart after the fewest changes.
        let changes = |stage: usize| length(i128::from(ranges.greatest(stage)));
        while 0 < left {
            let stages = (0..S).filter(|stage| ranges.greatest(*stage) != 0 && bits[*stage] < i64::BITS - 4);
            let Some(stage) = stages.min_by_key(|stage| bits[*stage] - changes(*stage)) else { break };
            bits[stage] += 1;
            left -= 1;
        }
        if bits.iter().any(|bits| i64::BITS - 4 < *bits) {
            return None;
        }
        let mut packing = Packing { shifts: [0; S], bits, most: bits.map(|bits| (1 << (bits - 3)) - 1) };
        for stage in (1..S).rev() {
            packing.shifts[stage - 1] = packing.shifts[stage] + bits[stage];
        }
        Some(packing)
    }

    /// How near prices are to one of them. O(prices).
    pub fn nearness(&self, prices: &[Costs<S>], ground: &Costs<S>) -> Nearness {
        let mut farthest = [0; S];
        for price in prices {
            for stage in 0..S {
                farthest[stage] = price[stage].abs_diff(ground[stage]).max(farthest[stage]);
            }
        }
        let mut nearness = Nearness::Near;
        for (farthest, most) in farthest.iter().zip(self.most) {
            nearness = nearness.max(match *farthest {
                far if far <= most.unsigned_abs() / 4 => Nearness::Near,
                far if far <= most.unsigned_abs() => Nearness::Far,
                _ => Nearness::TooFar,
            });
        }
        nearness
    }

    /// Differences of packed prices are packed differences, even where a price by itself is beyond what a word holds.
    pub fn pack(&self, costs: &Costs<S>) -> i128 {
        let mut word = 0i128;
        for (cost, shift) in costs.iter().zip(self.shifts) {
            word = word.wrapping_add(i128::from(*cost).wrapping_shl(shift));
        }
        word
    }

    pub fn unpack(&self, word: i128) -> Costs<S> {
        let mut costs = [0; S];
        let mut rest = word;
        for stage in (0..S).rev() {
            // A negative number borrows from the stages before, and gives back here.
            let others = i128::BITS - self.bits[stage];
            let number = rest.wrapping_shl(others).wrapping_shr(others);
            costs[stage] = number as i64;
            rest = rest.wrapping_sub(number).wrapping_shr(self.bits[stage]);
        }
        costs
    }
}

impl<const S: usize> Lengths<S> for Packing<S> {
    type Length = i128;
    const ENDLESS: i128 = i128::MAX / 4;

    fn of(&self, costs: &Costs<S>) -> i128 {
        self.pack(costs)
    }

    fn costs(&self, length: i128) -> Costs<S> {
        self.unpack(length)
    }

    fn add(a: i128, b: i128) -> i128 {
        a.wrapping_add(b)
    }

    fn subtract(a: i128, b: i128) -> i128 {
        a.wrapping_sub(b)
    }

    fn is_less(a: i128, b: i128, c: i128) -> bool {
        a.wrapping_add(b) < c
    }

    fn many_times(length: i128) -> i128 {
        length.saturating_mul(i128::from(MANY))
    }

    fn price(&self, prices: &NodePrices<S>, node: u32) -> i128 {
        prices.words[node as usize]
    }

    fn prices(&self, prices: &NodePrices<S>, ground: u32) -> Vec<i128> {
        let ground = prices.words[ground as usize];
        prices.words.iter().map(|word| word.wrapping_sub(ground)).collect()
    }

    fn all<'a>(&self, changes: &'a Changes<S>) -> Option<&'a [i128]> {
        match changes {
            Changes::Packed(_, words) => Some(words),
            Changes::Plain(_) => None,
        }
    }
}

/// The prices of all nodes, the ground's included: only differences mean something, so that a search need not touch what
/// it did not reach.
#[derive(Clone, Debug)]
pub(super) struct NodePrices<const S: usize> {
    all: Vec<Costs<S>>,
    /// The same packed; zeros where nothing is packed.
    words: Vec<i128>,
}

impl<const S: usize> NodePrices<S> {
    pub fn new(all: Vec<Costs<S>>, packing: Option<Packing<S>>) -> NodePrices<S> {
        let words = all.iter().map(|price| packing.map_or(0, |packing| packing.pack(price))).collect();
        NodePrices { all, words }
    }

    pub fn all(&self) -> &[Costs<S>] {
        &self.all
    }

    pub fn of(&self, node: u32) -> &Costs<S> {
        &self.all[node as usize]
    }

    pub fn push(&mut self, price: Costs<S>, packing: Option<Packing<S>>) {
        self.all.push(price);
        self.words.push(packing.map_or(0, |packing| packing.pack(&price)));
    }

    pub fn set(&mut self, node: u32, price: Costs<S>, packing: Option<Packing<S>>) {
        self.all[node as usize] = price;
        self.words[node as usize] = packing.map_or(0, |packing| packing.pack(&price));
    }
}

/// A list of differences of costs, packed or not.
#[derive(Clone, Debug)]
pub(super) enum Changes<const S: usize> {
    Packed(Packing<S>, Vec<i128>),
    Plain(Vec<Costs<S>>),
}

impl<const S: usize> Changes<S> {
    pub fn new(packing: Option<Packing<S>>) -> Changes<S> {
        packing.map_or(Changes::Plain(Vec::new()), |packing| Changes::Packed(packing, Vec::new()))
    }

    pub fn at(&self, at: usize) -> Costs<S> {
        match self {
            Changes::Packed(packing, words) => packing.unpack(words[at]),
            Changes::Plain(changes) => changes[at],
        }
    }

    pub fn insert(&mut self, at: usize, change: &Costs<S>) {
        match self {
            Changes::Packed(packing, words) => words.insert(at, packing.pack(change)),
            Changes::Plain(changes) => changes.insert(at, *change),
        }
    }

    /// Whether a change is less than one in the list.
    pub fn is_lower(&self, at: usize, change: &Costs<S>) -> bool {
        match self {
            Changes::Packed(packing, words) => packing.pack(change) < words[at],
            Changes::Plain(changes) => *change < changes[at],
        }
    }

    pub fn swap(&mut self, one: usize, other: usize) {
        match self {
            Changes::Packed(_, words) => words.swap(one, other),
            Changes::Plain(changes) => changes.swap(one, other),
        }
    }

    pub fn remove(&mut self, at: usize) {
        match self {
            Changes::Packed(_, words) => _ = words.remove(at),
            Changes::Plain(changes) => _ = changes.remove(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Changes, Lengths, Nearness, Packing, Plain, Ranges};

    const RANGES: Ranges<3> =
        Ranges { least: [0, -100, 0], most: [0, 0, 1 << 40], steps: [7, 0, 0], n_nodes: 10, n_behind: 1 };

    #[test]
    fn what_is_packed_comes_out_as_it_went_in() {
        let packing = Packing::of(&RANGES).unwrap();
        for costs in [[0, 0, 0], [0, -100, 1 << 40], [14, 1000, -(10 << 40)], [-14, -1000, 10 << 40], [112, 8000, -1]] {
            assert_eq!(packing.unpack(packing.pack(&costs)), costs);
        }
    }

    #[test]
    fn packed_lengths_compare_and_add_as_plain_ones() {
        let packing = Packing::of(&RANGES).unwrap();
        let some = [[0, 0, 0], [0, 0, -1], [0, 1, -(10 << 40)], [-14, 1000, 10 << 40], [-13, -1000, -(10 << 40)]];
        for a in some {
            for b in some {
                let (of_a, of_b) = (packing.of(&a), packing.of(&b));
                assert_eq!(of_a.cmp(&of_b), a.cmp(&b));
                assert_eq!(packing.costs(Packing::<3>::add(of_a, of_b)), Plain::add(a, b));
                assert_eq!(Packing::<3>::is_less(of_a, of_a, of_b), Plain::is_less(a, a, b));
            }
        }
    }

    #[test]
    fn what_a_word_cannot_hold_is_not_packed() {
        let wide = |most: i64| Packing::of(&Ranges { most: [most; 3], ..RANGES });
        // Ten nodes, a sign and eight times as much take eight bits, three times.
        assert!(wide(1 << 34).is_some());
        assert!(wide(1 << 35).is_none());
        assert!(Packing::of(&Ranges { most: [i64::MAX, 0, 0], ..RANGES }).is_none());
    }

    #[test]
    fn prices_go_far_before_they_go_too_far() {
        let packing = Packing::of(&Ranges { most: [3, 0, 1 << 40], ..RANGES }).unwrap();
        let of = |price| packing.nearness(&[[5, 5, 5], price], &[5, 5, 5]);
        let far = packing.most[1] / 4 + 6;
        assert_eq!([of([5, 5, 5]), of([5, 5 - packing.most[1] / 4, 0])], [Nearness::Near; 2]);
        assert_eq!([of([5, far, 5]), of([5, 5 - packing.most[1], 0])], [Nearness::Far; 2]);
        assert_eq!([of([5, 4 - packing.most[1], 5]), of([5, i64::MIN, 0])], [Nearness::TooFar; 2]);
        // Each can be twice as long as a path.
        assert!(packing.most.iter().zip([44, 1000, 10 << 40]).all(|(most, longest)| 2 * longest <= *most));
    }

    #[test]
    fn a_list_tells_the_lower() {
        for packing in [None, Packing::of(&RANGES)] {
            let mut changes = Changes::new(packing);
            changes.insert(0, &[1, 2, 0]);
            changes.insert(0, &[-3, 4, 0]);
            assert_eq!(
                [[-3, 4, 1], [-3, 4, 0], [-4, 9, 9]].map(|change| changes.is_lower(0, &change)),
                [false, false, true]
            );
            changes.swap(0, 1);
            assert_eq!([changes.at(0), changes.at(1)], [[1, 2, 0], [-3, 4, 0]]);
            changes.swap(0, 1);
            changes.remove(0);
            assert_eq!(changes.at(0), [1, 2, 0]);
        }
    }
}
