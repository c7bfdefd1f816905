//! The least values of a network, by trying every flow. It shares no code with the solvers, nor with `solve::check`.

use suffice::solve::{Network, Step};

/// The values of the best flow, stage by stage; None where more than `most` flows would have to be looked at.
///
/// Goes through the pairs in order and gives each every number of units that its source, its sink and the limits behind
/// it still have. Time is the number of flows times the size of the network: for tiny networks only.
pub fn least_values(network: &Network, most: u64) -> Option<Vec<i64>> {
    let source_of: Vec<usize> =
        (0..network.n_sources()).flat_map(|source| network.pairs_of(source).map(move |_| source)).collect();
    let mut search = Search {
        network,
        source_of,
        unsent: network.sources().iter().map(|source| source.units).collect(),
        places: network.places().iter().map(|places| places.unwrap_or(u64::MAX)).collect(),
        limits: network.limits().iter().map(|limit| limit.capacity).collect(),
        units: vec![0; network.n_pairs()],
        least: None,
        left: most,
    };
    search.from(0)?;
    let least = search.least.expect("leaving everything unsent is feasible");
    Some(least.into_iter().map(|value| i64::try_from(value).expect("a network's sums fit")).collect())
}

struct Search<'a> {
    network: &'a Network,
    source_of: Vec<usize>,
    /// What each source, sink and limit has left.
    unsent: Vec<u64>,
    places: Vec<u64>,
    limits: Vec<u64>,
    units: Vec<u64>,
    least: Option<Vec<i128>>,
    /// Flows that may still be looked at.
    left: u64,
}

impl Search<'_> {
    /// Every flow that gives the pairs before `pair` what they have now; None once too many were looked at.
    fn from(&mut self, pair: usize) -> Option<()> {
        if pair == self.network.n_pairs() {
            self.left = self.left.checked_sub(1)?;
            self.look();
            return Some(());
        }
        let mut given = 0;
        loop {
            self.units[pair] = given;
            self.from(pair + 1)?;
            if !self.take(pair) {
                break;
            }
            given += 1;
        }
        self.give_back(pair, given);
        self.units[pair] = 0;
        Some(())
    }

    /// One unit more on a pair, if everything on its way has room.
    fn take(&mut self, pair: usize) -> bool {
        let (source, sink) = (self.source_of[pair], self.network.sinks()[pair] as usize);
        let behind = limits_behind(self.network, sink);
        if self.unsent[source] == 0 || self.places[sink] == 0 || behind.iter().any(|limit| self.limits[*limit] == 0) {
            return false;
        }
        self.unsent[source] -= 1;
        self.places[sink] -= 1;
        behind.iter().for_each(|limit| self.limits[*limit] -= 1);
        true
    }

    fn give_back(&mut self, pair: usize, units: u64) {
        let (source, sink) = (self.source_of[pair], self.network.sinks()[pair] as usize);
        self.unsent[source] += units;
        self.places[sink] += units;
        limits_behind(self.network, sink).iter().for_each(|limit| self.limits[*limit] += units);
    }

    /// Keeps the flow at hand if it is feasible and better than all before.
    fn look(&mut self) {
        let held = self.held();
        if self.network.pools().iter().zip(&held).any(|(pool, held)| *held < pool.least) {
            return;
        }
        let values = self.values(&held);
        if self.least.as_ref().is_none_or(|least| values < *least) {
            self.least = Some(values);
        }
    }

    /// Unsent units in each pool, those of the pools inside it included.
    fn held(&self) -> Vec<u64> {
        let mut held = vec![0; self.network.pools().len()];
        for (source, unsent) in self.network.sources().iter().zip(&self.unsent) {
            let mut pool = source.pool;
            while let Some(at) = pool {
                held[at as usize] += unsent;
                pool = self.network.pools()[at as usize].parent;
            }
        }
        held
    }

    fn values(&self, held: &[u64]) -> Vec<i128> {
        let value = |stage: &suffice::solve::Stage| {
            let mut value = 0_i128;
            for (pair, units) in self.units.iter().enumerate() {
                value += i128::from(stage.pair_cost.of(pair)) * i128::from(*units);
            }
            for (cost, unsent) in stage.unsent_cost.iter().zip(&self.unsent) {
                value += i128::from(*cost) * i128::from(*unsent);
            }
            for (steps, held) in stage.pool_steps.iter().zip(held) {
                value += steps_cost(steps, *held);
            }
            for (steps, group) in stage.side_steps.iter().zip(self.network.side()) {
                value += steps_cost(steps, group.sources.iter().map(|source| self.unsent[*source as usize]).sum());
            }
            value
        };
        self.network.stages().iter().map(value).collect()
    }
}

/// The limits that a unit passes behind a sink.
fn limits_behind(network: &Network, sink: usize) -> Vec<usize> {
    let mut behind = Vec::new();
    let mut at = network.sink_limits()[sink];
    while let Some(limit) = at {
        behind.push(limit as usize);
        at = network.limits()[limit as usize].parent;
    }
    behind
}

/// Each unit at the cost of its step, one after the other.
fn steps_cost(steps: &[Step], units: u64) -> i128 {
    let mut left = units;
    let mut cost = 0;
    for step in steps {
        let used = left.min(step.units);
        cost += i128::from(step.cost) * i128::from(used);
        left -= used;
    }
    cost
}
