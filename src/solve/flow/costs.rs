//! What a unit costs: as one number, or as one number for each stage, compared in the order of the stages.
//!
//! The simplex works with either. One number is fast, and exact where there is one stage. Of several stages a weighted
//! sum makes one number that is close to their order; vectors make it exact.

use std::ops::Range;

use crate::solve::network::PairCosts;
use crate::solve::{Network, Step};

/// A cost, or a price. Sums stay in range by [`Network`]'s promise on every sum along a path.
pub(super) trait Cost: Copy + Ord + Send + Sync + std::fmt::Debug + 'static {
    const ZERO: Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    /// The number of the first stage, or the only one.
    fn first(self) -> i128;
}

impl Cost for i64 {
    const ZERO: i64 = 0;

    fn plus(self, other: i64) -> i64 {
        self + other
    }

    fn minus(self, other: i64) -> i64 {
        self - other
    }

    fn first(self) -> i128 {
        i128::from(self)
    }
}

impl<const S: usize> Cost for [i64; S] {
    const ZERO: [i64; S] = [0; S];

    fn plus(self, other: [i64; S]) -> [i64; S] {
        std::array::from_fn(|stage| self[stage] + other[stage])
    }

    fn minus(self, other: [i64; S]) -> [i64; S] {
        std::array::from_fn(|stage| self[stage] - other[stage])
    }

    fn first(self) -> i128 {
        self.as_slice().first().map_or(0, |first| i128::from(*first))
    }
}

/// Costs of all arcs of a network in one form.
pub(super) trait Objective: Sync {
    type Cost: Cost;

    fn pair(&self, pair: usize) -> Self::Cost;

    fn unsent(&self, source: usize) -> Self::Cost;

    /// Cost of each pair in a range, plus the price of its sink, into `into`, whose least is given back.
    fn reduced(
        &self,
        pairs: Range<usize>,
        sinks: &[u32],
        prices: &[Self::Cost],
        into: &mut Vec<Self::Cost>,
    ) -> Option<Self::Cost>;

    /// The unsent units of a pool that cost the same, in order: not falling, the last one without end.
    fn steps(&self, pool: usize) -> Vec<(u64, Self::Cost)>;
}

/// All stages at once: exact.
pub(super) struct Vectors<'a, const S: usize> {
    network: &'a Network,
    pairs: [&'a PairCosts; S],
}

impl<'a, const S: usize> Vectors<'a, S> {
    pub fn new(network: &'a Network) -> Vectors<'a, S> {
        Vectors { network, pairs: std::array::from_fn(|stage| &network.stages()[stage].pair_cost) }
    }
}

impl<const S: usize> Objective for Vectors<'_, S> {
    type Cost = [i64; S];

    fn pair(&self, pair: usize) -> [i64; S] {
        std::array::from_fn(|stage| self.pairs[stage].of(pair))
    }

    fn unsent(&self, source: usize) -> [i64; S] {
        std::array::from_fn(|stage| self.network.stages()[stage].unsent_cost.get(source).copied().unwrap_or(0))
    }

    fn reduced(
        &self,
        pairs: Range<usize>,
        sinks: &[u32],
        prices: &[[i64; S]],
        into: &mut Vec<[i64; S]>,
    ) -> Option<[i64; S]> {
        into.clear();
        into.extend(pairs.zip(sinks).map(|(pair, sink)| self.pair(pair).plus(prices[*sink as usize])));
        into.iter().copied().min()
    }

    fn steps(&self, pool: usize) -> Vec<(u64, [i64; S])> {
        let lists: Vec<&[Step]> = self.network.stages().iter().map(|stage| pool_steps(stage, pool)).collect();
        refined(&lists, |costs| std::array::from_fn(|stage| costs[stage]))
    }
}

/// A weighted sum of the stages.
pub(super) struct Scalar<'a> {
    network: &'a Network,
    factors: Vec<i64>,
    pairs: ScalarPairs<'a>,
    pub unsent: Vec<i64>,
}

enum ScalarPairs<'a> {
    Zero,
    Narrow(&'a [i32]),
    Wide(&'a [i64]),
    Summed(Vec<i64>),
}

impl<'a> Scalar<'a> {
    /// The sum of the stages times these factors.
    pub fn new(network: &'a Network, factors: Vec<i64>) -> Scalar<'a> {
        let weighted = || network.stages().iter().zip(&factors).filter(|(_, factor)| **factor != 0);
        let priced: Vec<_> = weighted().filter(|(stage, _)| !stage.pair_cost.is_zero()).collect();
        let pairs = match priced[..] {
            [] => ScalarPairs::Zero,
            [(stage, 1)] => match &stage.pair_cost {
                PairCosts::Zero => ScalarPairs::Zero,
                PairCosts::Narrow(costs) => ScalarPairs::Narrow(costs),
                PairCosts::Wide(costs) => ScalarPairs::Wide(costs),
            },
            _ => ScalarPairs::Summed(
                (0..network.n_pairs())
                    .map(|pair| priced.iter().map(|(stage, factor)| stage.pair_cost.of(pair) * **factor).sum())
                    .collect(),
            ),
        };
        let mut unsent = vec![0; network.n_sources()];
        for (stage, factor) in weighted() {
            for (sum, cost) in unsent.iter_mut().zip(&stage.unsent_cost) {
                *sum += cost * factor;
            }
        }
        Scalar { network, factors, pairs, unsent }
    }
}

impl Objective for Scalar<'_> {
    type Cost = i64;

    fn pair(&self, pair: usize) -> i64 {
        match &self.pairs {
            ScalarPairs::Zero => 0,
            ScalarPairs::Narrow(costs) => i64::from(costs[pair]),
            ScalarPairs::Wide(costs) => costs[pair],
            ScalarPairs::Summed(costs) => costs[pair],
        }
    }

    fn unsent(&self, source: usize) -> i64 {
        self.unsent[source]
    }

    fn reduced(&self, pairs: Range<usize>, sinks: &[u32], prices: &[i64], into: &mut Vec<i64>) -> Option<i64> {
        into.clear();
        // Wrapping spares the check for overflow in the loop that looks at every pair; sums stay in range.
        match &self.pairs {
            ScalarPairs::Zero => into.extend(sinks.iter().map(|sink| prices[*sink as usize])),
            ScalarPairs::Narrow(costs) => into.extend(
                (costs[pairs].iter().zip(sinks))
                    .map(|(cost, sink)| i64::from(*cost).wrapping_add(prices[*sink as usize])),
            ),
            ScalarPairs::Wide(costs) => into
                .extend(costs[pairs].iter().zip(sinks).map(|(cost, sink)| cost.wrapping_add(prices[*sink as usize]))),
            ScalarPairs::Summed(costs) => into
                .extend(costs[pairs].iter().zip(sinks).map(|(cost, sink)| cost.wrapping_add(prices[*sink as usize]))),
        }
        into.iter().copied().min()
    }

    fn steps(&self, pool: usize) -> Vec<(u64, i64)> {
        let lists: Vec<&[Step]> = self.network.stages().iter().map(|stage| pool_steps(stage, pool)).collect();
        refined(&lists, |costs| costs.iter().zip(&self.factors).map(|(cost, factor)| cost * factor).sum())
    }
}

fn pool_steps(stage: &crate::solve::Stage, pool: usize) -> &[Step] {
    stage.pool_steps.get(pool).map_or(&[], Vec::as_slice)
}

/// The coarsest steps within which no list changes its cost; neighbours of one sum are one step, the last has no end.
fn refined<C: Cost>(lists: &[&[Step]], sum: impl Fn(&[i64]) -> C) -> Vec<(u64, C)> {
    let mut steps: Vec<(u64, C)> = Vec::new();
    let mut next = vec![0; lists.len()];
    let mut left: Vec<u64> = lists.iter().map(|list| list.first().map_or(u64::MAX, |step| step.units)).collect();
    let mut costs: Vec<i64> = lists.iter().map(|list| list.first().map_or(0, |step| step.cost)).collect();
    loop {
        for (list, steps) in lists.iter().enumerate() {
            while left[list] == 0 {
                next[list] += 1;
                // Past its last step a list has nothing to say; what a pool can hold ends before.
                left[list] = steps.get(next[list]).map_or(u64::MAX, |step| step.units);
                costs[list] = steps.get(next[list]).map_or(costs[list], |step| step.cost);
            }
        }
        let units = left.iter().copied().min().unwrap_or(u64::MAX);
        let cost = sum(&costs);
        match steps.last_mut() {
            Some((before, same)) if *same == cost => *before = before.saturating_add(units),
            _ => steps.push((units, cost)),
        }
        if units == u64::MAX {
            return steps;
        }
        for left in left.iter_mut().filter(|left| **left != u64::MAX) {
            *left -= units;
        }
    }
}

/// Bits of a scaled price that are zero, so that the position of a pair goes there: the least number then names its pair.
pub(super) const POSITION_BITS: u32 = 6;

impl Scalar<'_> {
    pub fn factors(&self) -> &[i64] {
        &self.factors
    }

    /// Appends the costs of the pairs in a range.
    pub fn copy_pairs(&self, pairs: Range<usize>, into: &mut Vec<i64>) {
        match &self.pairs {
            ScalarPairs::Zero => into.resize(into.len() + pairs.len(), 0),
            ScalarPairs::Narrow(costs) => into.extend(costs[pairs].iter().map(|cost| i64::from(*cost))),
            ScalarPairs::Wide(costs) => into.extend_from_slice(&costs[pairs]),
            ScalarPairs::Summed(costs) => into.extend_from_slice(&costs[pairs]),
        }
    }

    /// The least cost of a pair in a range, with the price of its sink.
    pub fn least(&self, pairs: Range<usize>, sinks: &[u32], prices: &[i64]) -> Option<i64> {
        // Wrapping spares the check for overflow in the loop that looks at every pair; sums stay in range.
        fn least<T: Copy + Into<i64>>(costs: &[T], sinks: &[u32], prices: &[i64]) -> Option<i64> {
            let pairs = costs.iter().zip(sinks);
            pairs.map(|(cost, sink)| (*cost).into().wrapping_add(prices[*sink as usize])).min()
        }
        match &self.pairs {
            ScalarPairs::Zero => sinks.iter().map(|sink| prices[*sink as usize]).min(),
            ScalarPairs::Narrow(costs) => least(&costs[pairs], sinks, prices),
            ScalarPairs::Wide(costs) => least(&costs[pairs], sinks, prices),
            ScalarPairs::Summed(costs) => least(&costs[pairs], sinks, prices),
        }
    }

    /// The sink of the cheapest pair, if it is cheaper than `unsent`; the first of several. All prices are scaled by two
    /// to the power of `bits`, at least [`POSITION_BITS`]; sums must stay in range.
    pub fn cheapest(&self, pairs: Range<usize>, sinks: &[u32], prices: &[i64], bits: u32, unsent: i64) -> Option<u32> {
        match &self.pairs {
            ScalarPairs::Zero => least(sinks, sinks, unsent, |_, sink| prices[sink]),
            ScalarPairs::Narrow(costs) => {
                least(&costs[pairs], sinks, unsent, |cost, sink| (i64::from(cost) << bits).wrapping_add(prices[sink]))
            }
            ScalarPairs::Wide(costs) => {
                least(&costs[pairs], sinks, unsent, |cost, sink| (cost << bits).wrapping_add(prices[sink]))
            }
            ScalarPairs::Summed(costs) => {
                least(&costs[pairs], sinks, unsent, |cost, sink| (cost << bits).wrapping_add(prices[sink]))
            }
        }
    }
}

/// The sink with the least value, if that is less than `unsent`. Without branches: which pair is cheapest nobody can
/// foresee, the processor no more than we.
#[inline(always)]
fn least<T: Copy>(costs: &[T], sinks: &[u32], unsent: i64, value: impl Fn(T, usize) -> i64) -> Option<u32> {
    const ABREAST: usize = 1 << POSITION_BITS;
    let (mut least, mut best) = (unsent, None);
    for (costs, sinks) in costs.chunks(ABREAST).zip(sinks.chunks(ABREAST)) {
        let (mut low, mut position) = (i64::MAX, 0i64);
        for (cost, sink) in costs.iter().zip(sinks) {
            low = low.min(value(*cost, *sink as usize) | position);
            position = position.wrapping_add(1);
        }
        let position = low & (ABREAST as i64 - 1);
        if low - position < least {
            least = low - position;
            best = sinks.get(position as usize).copied();
        }
    }
    best
}
