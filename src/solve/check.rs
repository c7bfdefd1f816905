//! Whether an answer is what it says, worked out from the problem alone.
//!
//! This file shares no code with the solvers, and does its sums in 128 bits. [`feasible`] recounts a flow; [`optimal`]
//! verifies the certificate that comes with it. Why the certificate proves the optimum: take any feasible flow. Moving
//! each arc's price difference into its cost changes a flow's cost by the same constant, whatever the flow. In those
//! reduced costs, compared as vectors over the stages, no arc of the certified flow could be better off with more or
//! with less. So no other flow is cheaper in the first stage where the two differ.

use super::network::{Network, Step};
use super::outcome::{Flow, Prices, StagePrices};

/// At most so many violations are listed: one is enough to refuse an answer, a few to find the fault.
pub const MOST_LISTED: usize = 100;

/// Where an answer does not hold, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    #[error("the flow names pair {seen}, but there are {pairs}")]
    FlowBeyond { seen: u32, pairs: usize },
    #[error("source {source_position} sends {sent} units but holds {units}")]
    SourceOversent { source_position: usize, sent: u128, units: u64 },
    #[error("sink {sink} takes {taken} units but has {places} places")]
    SinkOverfull { sink: usize, taken: u128, places: u64 },
    #[error("limit {limit} lets {taken} units through; at most {capacity} are allowed")]
    LimitExceeded { limit: usize, taken: u128, capacity: u64 },
    #[error("pool {pool} holds {unsent} unsent units; at least {least} must stay")]
    PoolBelowLeast { pool: usize, unsent: u128, least: u64 },
    #[error("the cost of stage {stage} is {value}, more than 64 bits hold")]
    ValueTooGreat { stage: usize, value: i128 },
    #[error("prices certify a flow; this problem has side groups and is none")]
    NotANetwork,
    #[error("there are {seen} prices of {what} in stage {stage}; right are {wanted}")]
    PricesLength { stage: usize, what: &'static str, seen: usize, wanted: usize },
    #[error("there are prices for {seen} stages; right are {wanted}")]
    StagesLength { seen: usize, wanted: usize },
    #[error("{arc} should carry more: one unit more changes the stages by {reduced:?} at these prices")]
    ShouldCarryMore { arc: Arc, reduced: Vec<i128> },
    #[error("{arc} should carry less: its last unit costs {reduced:?} at these prices")]
    ShouldCarryLess { arc: Arc, reduced: Vec<i128> },
}

/// A place where units flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arc {
    Pair { source: usize, sink: usize },
    Unsent { source: usize },
    Sink(usize),
    Limit(usize),
    Pool(usize),
}

impl std::fmt::Display for Arc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Arc::Pair { source, sink } => write!(f, "the pair of source {source} and sink {sink}"),
            Arc::Unsent { source } => write!(f, "what source {source} leaves unsent"),
            Arc::Sink(sink) => write!(f, "the way out of sink {sink}"),
            Arc::Limit(limit) => write!(f, "the way out of limit {limit}"),
            Arc::Pool(pool) => write!(f, "the way out of pool {pool}"),
        }
    }
}

/// The values of a feasible flow, stage by stage; else what it breaks.
pub fn feasible(network: &Network, flow: &Flow) -> Result<Vec<i64>, Vec<Violation>> {
    let count = Count::of(network, flow)?;
    let mut violations = Violations::default();
    for (position, source) in network.sources().iter().enumerate() {
        if u128::from(source.units) < count.sent[position] {
            violations.push(Violation::SourceOversent {
                source_position: position,
                sent: count.sent[position],
                units: source.units,
            });
        }
    }
    for (sink, (places, taken)) in network.places().iter().zip(&count.sinks).enumerate() {
        if let Some(places) = places.filter(|places| u128::from(*places) < *taken) {
            violations.push(Violation::SinkOverfull { sink, taken: *taken, places });
        }
    }
    for (limit, (own, taken)) in network.limits().iter().zip(&count.limits).enumerate() {
        if u128::from(own.capacity) < *taken {
            violations.push(Violation::LimitExceeded { limit, taken: *taken, capacity: own.capacity });
        }
    }
    for (pool, (own, unsent)) in network.pools().iter().zip(&count.pools).enumerate() {
        if *unsent < u128::from(own.least) {
            violations.push(Violation::PoolBelowLeast { pool, unsent: *unsent, least: own.least });
        }
    }
    violations.none()?;
    let mut values = Vec::with_capacity(network.stages().len());
    for stage in 0..network.stages().len() {
        let value = count.value(network, flow, stage);
        match i64::try_from(value) {
            Ok(value) => values.push(value),
            Err(_) => violations.push(Violation::ValueTooGreat { stage, value }),
        }
    }
    violations.none()?;
    Ok(values)
}

/// Whether `flow` is feasible and `prices` prove that it is optimal, stage by stage (vector complementary slackness):
/// the reduced cost of an arc is not negative where it has room, and not positive where it carries more than it must.
pub fn optimal(network: &Network, flow: &Flow, prices: &Prices) -> Result<(), Vec<Violation>> {
    feasible(network, flow)?;
    if !network.side().is_empty() {
        return Err(vec![Violation::NotANetwork]);
    }
    complete(network, prices)?;
    let count = Count::of(network, flow)?;
    let mut violations = Violations::default();
    let each =
        |cost: &dyn Fn(usize) -> i128, head: &dyn Fn(&StagePrices) -> i64, tail: &dyn Fn(&StagePrices) -> i64| {
            let stages = prices.stages.iter().enumerate();
            stages
                .map(|(stage, prices)| cost(stage) + i128::from(head(prices)) - i128::from(tail(prices)))
                .collect::<Vec<i128>>()
        };
    let mut carried = flow.carried().iter().map(|(pair, _)| *pair as usize).peekable();
    for (position, source) in network.sources().iter().enumerate() {
        for pair in network.starts()[position]..network.starts()[position + 1] {
            let sink = network.sinks()[pair] as usize;
            let cost = |stage: usize| i128::from(network.stages()[stage].pair_cost.of(pair));
            let reduced = each(&cost, &|stage| stage.sinks[sink], &|stage| stage.sources[position]);
            let arc = Arc::Pair { source: position, sink };
            let carries = carried.next_if(|carrying| *carrying == pair).is_some();
            violations.slackness(arc, Some(reduced.clone()), Some(reduced).filter(|_| carries));
        }
        let cost = |stage: usize| i128::from(of(&network.stages()[stage].unsent_cost, position));
        let head = |stage: &StagePrices| source.pool.map_or(0, |pool| stage.pools[pool as usize]);
        let reduced = each(&cost, &head, &|stage| stage.sources[position]);
        let left = count.sent[position] < u128::from(source.units);
        let arc = Arc::Unsent { source: position };
        violations.slackness(arc, Some(reduced.clone()), Some(reduced).filter(|_| left));
    }
    let behind =
        |limit: Option<u32>| move |stage: &StagePrices| limit.map_or(0, |limit: u32| stage.limits[limit as usize]);
    for (sink, taken) in count.sinks.iter().enumerate() {
        let reduced = each(&|_| 0, &behind(network.sink_limits()[sink]), &|stage| stage.sinks[sink]);
        let room = network.places()[sink].is_none_or(|places| *taken < u128::from(places));
        let more = Some(reduced.clone()).filter(|_| room);
        violations.slackness(Arc::Sink(sink), more, Some(reduced).filter(|_| 0 < *taken));
    }
    for (limit, taken) in count.limits.iter().enumerate() {
        let own = network.limits()[limit];
        let reduced = each(&|_| 0, &behind(own.parent), &|stage| stage.limits[limit]);
        let more = Some(reduced.clone()).filter(|_| *taken < u128::from(own.capacity));
        violations.slackness(Arc::Limit(limit), more, Some(reduced).filter(|_| 0 < *taken));
    }
    for (pool, unsent) in count.pools.iter().enumerate() {
        let own = network.pools()[pool];
        let head = |stage: &StagePrices| own.parent.map_or(0, |parent| stage.pools[parent as usize]);
        let at = |unit: u128| {
            let cost = |stage: usize| {
                let steps = network.stages()[stage].pool_steps.get(pool);
                steps.map_or(0, |steps| i128::from(cost_of_unit(steps, unit)))
            };
            each(&cost, &head, &|stage| stage.pools[pool])
        };
        // Nothing more can come into a pool that holds all its members' units, so nothing is asked of the next one.
        let more = (*unsent < count.most_in_pools[pool]).then(|| at(*unsent + 1));
        let less = (u128::from(own.least) < *unsent).then(|| at(*unsent));
        violations.slackness(Arc::Pool(pool), more, less);
    }
    violations.none()
}

/// Whether every node of every stage has a price.
fn complete(network: &Network, prices: &Prices) -> Result<(), Vec<Violation>> {
    let (seen, wanted) = (prices.stages.len(), network.stages().len());
    if seen != wanted {
        return Err(vec![Violation::StagesLength { seen, wanted }]);
    }
    let mut violations = Violations::default();
    for (stage, own) in prices.stages.iter().enumerate() {
        for (what, seen, wanted) in [
            ("sources", own.sources.len(), network.sources().len()),
            ("sinks", own.sinks.len(), network.places().len()),
            ("limits", own.limits.len(), network.limits().len()),
            ("pools", own.pools.len(), network.pools().len()),
        ] {
            if seen != wanted {
                violations.push(Violation::PricesLength { stage, what, seen, wanted });
            }
        }
    }
    violations.none()
}

fn of(costs: &[i64], position: usize) -> i64 {
    if costs.is_empty() { 0 } else { costs[position] }
}

/// Cost of the unit with this number, counted from 1. Past the last step there is nothing to cost.
fn cost_of_unit(steps: &[Step], unit: u128) -> i64 {
    let mut covered = 0u128;
    for step in steps {
        covered += u128::from(step.units);
        if unit <= covered {
            return step.cost;
        }
    }
    0
}

/// Units everywhere, recounted.
struct Count {
    sent: Vec<u128>,
    sinks: Vec<u128>,
    limits: Vec<u128>,
    /// Unsent units in each pool.
    pools: Vec<u128>,
    most_in_pools: Vec<u128>,
    unsent: Vec<u128>,
    side: Vec<u128>,
}

impl Count {
    fn of(network: &Network, flow: &Flow) -> Result<Count, Vec<Violation>> {
        let pairs = network.sinks().len();
        if let Some((seen, _)) = flow.carried().iter().find(|(pair, _)| pairs <= *pair as usize) {
            return Err(vec![Violation::FlowBeyond { seen: *seen, pairs }]);
        }
        let mut sent = vec![0u128; network.sources().len()];
        let mut sinks = vec![0u128; network.places().len()];
        let mut source = 0;
        for (pair, units) in flow.carried() {
            while network.starts()[source + 1] <= *pair as usize {
                source += 1;
            }
            sent[source] += u128::from(*units);
            sinks[network.sinks()[*pair as usize] as usize] += u128::from(*units);
        }
        // Each amount is carried to every group above it, one by one: slower than a pass in order, and independent of
        // the order.
        let mut limits = vec![0u128; network.limits().len()];
        for (taken, first) in sinks.iter().zip(network.sink_limits()) {
            let mut at = *first;
            while let Some(limit) = at {
                limits[limit as usize] += taken;
                at = network.limits()[limit as usize].parent;
            }
        }
        let mut pools = vec![0u128; network.pools().len()];
        let mut most_in_pools = vec![0u128; network.pools().len()];
        let mut unsent = Vec::with_capacity(sent.len());
        for (source, sent) in network.sources().iter().zip(&sent) {
            let left = u128::from(source.units).saturating_sub(*sent);
            unsent.push(left);
            let mut at = source.pool;
            while let Some(pool) = at {
                pools[pool as usize] += left;
                most_in_pools[pool as usize] += u128::from(source.units);
                at = network.pools()[pool as usize].parent;
            }
        }
        let side = (network.side().iter())
            .map(|group| group.sources.iter().map(|source| unsent[*source as usize]).sum())
            .collect();
        Ok(Count { sent, sinks, limits, pools, most_in_pools, unsent, side })
    }

    /// Cost of a feasible flow in a stage. Units and costs of a network keep every product and sum within 128 bits.
    fn value(&self, network: &Network, flow: &Flow, stage: usize) -> i128 {
        let stage = &network.stages()[stage];
        let mut value = 0i128;
        for (pair, units) in flow.carried() {
            value += i128::from(stage.pair_cost.of(*pair as usize)) * i128::from(*units);
        }
        for (source, units) in self.unsent.iter().enumerate() {
            value += i128::from(of(&stage.unsent_cost, source)) * *units as i128;
        }
        let pools = stage.pool_steps.iter().zip(&self.pools);
        let side = stage.side_steps.iter().zip(&self.side);
        for (steps, amount) in pools.chain(side) {
            let mut before = 0u128;
            for step in steps {
                let after = before + u128::from(step.units);
                let used = after.min(*amount).saturating_sub(before);
                value += i128::from(step.cost) * used as i128;
                before = after;
            }
        }
        value
    }
}

#[derive(Default)]
struct Violations(Vec<Violation>);

impl Violations {
    fn push(&mut self, violation: Violation) {
        if self.0.len() < MOST_LISTED {
            self.0.push(violation);
        }
    }

    /// `more`: reduced cost of one unit more, where there is room. `less`: of the last unit, where there is one.
    fn slackness(&mut self, arc: Arc, more: Option<Vec<i128>>, less: Option<Vec<i128>>) {
        let sign = |reduced: &Vec<i128>| reduced.iter().find(|part| **part != 0).map_or(0, |part| part.signum());
        if let Some(reduced) = more.filter(|reduced| sign(reduced) < 0) {
            self.push(Violation::ShouldCarryMore { arc, reduced });
        }
        if let Some(reduced) = less.filter(|reduced| 0 < sign(reduced)) {
            self.push(Violation::ShouldCarryLess { arc, reduced });
        }
    }

    fn none(&self) -> Result<(), Vec<Violation>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0.clone()) }
    }
}

#[cfg(test)]
mod tests;
