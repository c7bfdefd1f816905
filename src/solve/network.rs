//! The problem: sources send whole units over pairs to sinks, or leave them unsent.
//!
//! ```text
//!            pair                          limit        limit
//!  source ---------> sink ( places ) ----> behind ----> behind ----> ground
//!     \                                                                ^
//!      \  unsent      pool         pool                                |
//!       `----------> before ----> before ------------------------------'
//! ```
//!
//! Every unit of a source leaves it once: over a pair to a sink, where places and a forest of limits behind the sinks
//! bound it, or unsent, through a forest of pools before the ground. A pool may ask for a least number of unsent units
//! (a limit on what its members may send) and may price them by a convex step function (floors, evenness). Because all
//! group terms sit on unsent units, leaving everything unsent is feasible whatever the limits, and is the start tree.
//!
//! The objective is a list of stages, each **minimised** subject to the stages before it.

mod validate;

use std::ops::Range;

use super::outcome::Flow;
pub(super) use validate::greatest_step_sum;

/// A problem, valid by construction.
///
/// Promised to every solver: positions are in range, parents come before their children, pairs rise within a source,
/// steps do not fall, leaving everything unsent is feasible, and no sum of costs that a solver forms along a path or
/// over a whole flow leaves [`Network::MOST`] in any stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    sources: Vec<Source>,
    starts: Vec<usize>,
    sinks: Vec<u32>,
    places: Vec<Option<u64>>,
    sink_limits: Vec<Option<u32>>,
    limits: Vec<Limit>,
    pools: Vec<Pool>,
    side: Vec<SideGroup>,
    stages: Vec<Stage>,
}

/// Units to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    pub units: u64,
    /// The pool that its unsent units flow into; None: straight to the ground.
    pub pool: Option<u32>,
}

/// A limit behind some sinks or other limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub capacity: u64,
    /// A limit with a smaller position; None: the ground.
    pub parent: Option<u32>,
}

/// Where unsent units of some sources or other pools meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// A pool with a smaller position; None: the ground.
    pub parent: Option<u32>,
    /// At least so many units must stay unsent; at most the sum of its members' units.
    pub least: u64,
}

/// A grouping of sources that does not nest with the pools: with one of these the problem is no network any more and
/// only the program route can solve it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideGroup {
    pub sources: Vec<u32>,
}

/// `units` unsent units that cost `cost` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub units: u64,
    pub cost: i64,
}

/// Cost of a unit on each pair of a network, stored in 32 bits where all fit: the pairs are by far the longest list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PairCosts {
    /// All zero.
    #[default]
    Zero,
    Narrow(Vec<i32>),
    Wide(Vec<i64>),
}

impl PairCosts {
    /// The narrowest form that holds all of these, one for each pair; none at all reads as all zero.
    pub fn new(costs: impl IntoIterator<Item = i64>) -> PairCosts {
        let costs = costs.into_iter();
        let mut narrow = Vec::with_capacity(costs.size_hint().0);
        let mut costs = costs.fuse();
        while let Some(cost) = costs.next() {
            match i32::try_from(cost) {
                Ok(cost) => narrow.push(cost),
                Err(_) => {
                    let mut wide: Vec<i64> = narrow.into_iter().map(i64::from).collect();
                    wide.push(cost);
                    wide.extend(costs);
                    return PairCosts::Wide(wide);
                }
            }
        }
        if narrow.is_empty() { PairCosts::Zero } else { PairCosts::Narrow(narrow) }
    }

    /// Cost of a unit on a pair.
    pub fn of(&self, pair: usize) -> i64 {
        match self {
            PairCosts::Zero => 0,
            PairCosts::Narrow(costs) => i64::from(costs[pair]),
            PairCosts::Wide(costs) => costs[pair],
        }
    }

    /// How many pairs have a cost of their own; None where all are zero.
    pub fn count(&self) -> Option<usize> {
        match self {
            PairCosts::Zero => None,
            PairCosts::Narrow(costs) => Some(costs.len()),
            PairCosts::Wide(costs) => Some(costs.len()),
        }
    }

    pub fn is_zero(&self) -> bool {
        *self == PairCosts::Zero
    }

    /// The greatest of the costs in a range, whatever their signs; 0 where there is none.
    fn dearest(&self, pairs: Range<usize>) -> u64 {
        match self {
            PairCosts::Zero => 0,
            PairCosts::Narrow(costs) => costs[pairs].iter().map(|cost| cost.unsigned_abs()).max().unwrap_or(0).into(),
            PairCosts::Wide(costs) => costs[pairs].iter().map(|cost| cost.unsigned_abs()).max().unwrap_or(0),
        }
    }
}

/// One objective, minimised. Empty vectors are all zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    pub name: &'static str,
    /// Cost of a unit on each pair.
    pub pair_cost: PairCosts,
    /// Cost of an unsent unit of each source.
    pub unsent_cost: Vec<i64>,
    /// For each pool, the cost of its unsent units in order: not falling, and covering every unit it can hold (no
    /// steps: zero).
    pub pool_steps: Vec<Vec<Step>>,
    /// The same for each side group.
    pub side_steps: Vec<Vec<Step>>,
}

/// The parts do not make a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NetworkError(pub String);

/// The parts of a [`Network`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkParts {
    pub sources: Vec<Source>,
    /// Pairs of source i are `starts[i]..starts[i + 1]`; `starts.len() == sources.len() + 1`.
    pub starts: Vec<usize>,
    /// The sink of each pair, rising within a source, none twice.
    pub sinks: Vec<u32>,
    /// Places of each sink; None: no end.
    pub places: Vec<Option<u64>>,
    /// The limit right behind each sink.
    pub sink_limits: Vec<Option<u32>>,
    pub limits: Vec<Limit>,
    pub pools: Vec<Pool>,
    pub side: Vec<SideGroup>,
    pub stages: Vec<Stage>,
}

impl Network {
    /// Greatest sum: whole numbers up to here survive a trip through a double, which the program route needs.
    pub const MOST: u64 = 1 << 53;

    /// Stages are carried as fixed-size vectors where they are compared lexicographically.
    pub const MOST_STAGES: usize = 8;

    pub fn new(parts: NetworkParts) -> Result<Network, NetworkError> {
        validate::parts(&parts)?;
        let NetworkParts { sources, starts, sinks, places, sink_limits, limits, pools, side, stages } = parts;
        Ok(Network { sources, starts, sinks, places, sink_limits, limits, pools, side, stages })
    }

    /// The parts again, to change one and make another network.
    pub fn into_parts(self) -> NetworkParts {
        let Network { sources, starts, sinks, places, sink_limits, limits, pools, side, stages } = self;
        NetworkParts { sources, starts, sinks, places, sink_limits, limits, pools, side, stages }
    }

    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The sink of each pair.
    pub fn sinks(&self) -> &[u32] {
        &self.sinks
    }

    /// Where each source's pairs start; one more entry than there are sources.
    pub fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// The pairs of a source, as positions in [`Network::sinks`].
    pub fn pairs_of(&self, source: usize) -> Range<usize> {
        self.starts[source]..self.starts[source + 1]
    }

    pub fn places(&self) -> &[Option<u64>] {
        &self.places
    }

    pub fn sink_limits(&self) -> &[Option<u32>] {
        &self.sink_limits
    }

    pub fn limits(&self) -> &[Limit] {
        &self.limits
    }

    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    pub fn side(&self) -> &[SideGroup] {
        &self.side
    }

    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    pub fn n_sources(&self) -> usize {
        self.sources.len()
    }

    pub fn n_sinks(&self) -> usize {
        self.places.len()
    }

    pub fn n_pairs(&self) -> usize {
        self.sinks.len()
    }

    /// Whether the flow solver can take it: nothing lies outside the forests.
    pub fn is_network(&self) -> bool {
        self.side.is_empty()
    }

    /// Units that each pool would hold if nothing were sent: the most it can hold.
    pub fn pool_holds(&self) -> Vec<u64> {
        let units: Vec<u64> = self.sources.iter().map(|source| source.units).collect();
        held(&self.sources, &self.pools, &units)
    }

    /// What a flow carries: source, pair and units, in the order of pairs. O(sources + carried).
    pub fn carried<'a>(&'a self, flow: &'a Flow) -> impl Iterator<Item = (usize, usize, u64)> + 'a {
        let mut source = 0;
        flow.carried().iter().map(move |&(pair, units)| {
            // Pairs rise from source to source, so one walk along the sources finds all.
            while self.starts[source + 1] <= pair as usize {
                source += 1;
            }
            (source, pair as usize, units)
        })
    }

    /// Units that each sink takes.
    pub fn taken(&self, flow: &Flow) -> Vec<u64> {
        let mut taken = vec![0; self.n_sinks()];
        for &(pair, units) in flow.carried() {
            taken[self.sinks[pair as usize] as usize] += units;
        }
        taken
    }

    /// What `flow` leaves unsent of each source. The flow is taken to be feasible; too much sent counts as all sent.
    pub fn unsent(&self, flow: &Flow) -> Vec<u64> {
        let mut carried = flow.carried().iter().peekable();
        let mut left_of = |source: usize| {
            let mut left = self.sources[source].units;
            while let Some((_, units)) = carried.next_if(|(pair, _)| (*pair as usize) < self.starts[source + 1]) {
                left = left.saturating_sub(*units);
            }
            left
        };
        (0..self.n_sources()).map(&mut left_of).collect()
    }

    /// Cost of a feasible flow in one stage.
    pub fn value(&self, stage: usize, flow: &Flow) -> i64 {
        self.value_of_unsent(&self.stages[stage], flow, &self.unsent(flow))
    }

    /// Cost of a feasible flow in every stage.
    pub fn values(&self, flow: &Flow) -> Vec<i64> {
        let unsent = self.unsent(flow);
        self.stages.iter().map(|stage| self.value_of_unsent(stage, flow, &unsent)).collect()
    }

    fn value_of_unsent(&self, stage: &Stage, flow: &Flow, unsent: &[u64]) -> i64 {
        let mut value = 0i128;
        for (pair, units) in flow.carried() {
            value += i128::from(stage.pair_cost.of(*pair as usize)) * i128::from(*units);
        }
        for (cost, units) in stage.unsent_cost.iter().zip(unsent) {
            value += i128::from(*cost) * i128::from(*units);
        }
        if !stage.pool_steps.is_empty() {
            let amounts = held(&self.sources, &self.pools, unsent);
            for (steps, amount) in stage.pool_steps.iter().zip(amounts) {
                value += step_cost(steps, amount);
            }
        }
        for (steps, group) in stage.side_steps.iter().zip(&self.side) {
            value += step_cost(steps, group.sources.iter().map(|i| unsent[*i as usize]).sum());
        }
        // `new` made sure that every feasible flow stays within `MOST`.
        value.clamp(-i128::from(Network::MOST), i128::from(Network::MOST)) as i64
    }
}

/// What each pool holds when each source leaves so much unsent.
fn held(sources: &[Source], pools: &[Pool], unsent: &[u64]) -> Vec<u64> {
    let mut amounts = vec![0u64; pools.len()];
    for (source, units) in sources.iter().zip(unsent) {
        if let Some(pool) = source.pool {
            amounts[pool as usize] = amounts[pool as usize].saturating_add(*units);
        }
    }
    // Children have greater positions than their parents, so one pass from the back carries all upwards.
    for position in (0..pools.len()).rev() {
        if let Some(parent) = pools[position].parent {
            amounts[parent as usize] = amounts[parent as usize].saturating_add(amounts[position]);
        }
    }
    amounts
}

/// Cost of the first `amount` units of a step list.
pub(super) fn step_cost(steps: &[Step], amount: u64) -> i128 {
    let mut left = amount;
    let mut cost = 0i128;
    for step in steps {
        let units = step.units.min(left);
        cost += i128::from(step.cost) * i128::from(units);
        left -= units;
        if left == 0 {
            break;
        }
    }
    cost
}

#[cfg(test)]
mod tests;
