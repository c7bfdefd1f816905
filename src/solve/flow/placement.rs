//! From prices to a feasible flow in which each source is in one place: at a sink with all its units, or unsent.

use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSliceMut};

use super::arcs::{Layout, NONE};
use super::costs::{Objective, Scalar};
use crate::solve::Network;
use crate::solve::effort::{Effort, StopReason};

/// Where each source is.
pub(super) struct Placement {
    /// The pair that each source uses; NONE: all its units stay unsent.
    pub pair: Vec<u32>,
    /// Units at each sink, limit and pool.
    pub amounts: Vec<u64>,
    /// Sources that would rather be sent at the prices, but for which there was no room.
    pub spilled: Vec<u32>,
}

impl Placement {
    /// The sink that a source uses.
    pub fn sink(&self, network: &Network, source: usize) -> Option<u32> {
        network.sinks().get(self.pair[source] as usize).copied()
    }
}

/// Each source at its cheapest arc.
pub(super) fn place(
    network: &Network,
    layout: Layout,
    objective: &Scalar,
    prices: &[i64],
    effort: &Effort,
) -> Result<Placement, StopReason> {
    let pair = choose(network, layout, objective, prices, effort)?;
    let mut placement = Placement { pair, amounts: vec![0; layout.ground() as usize], spilled: Vec::new() };
    placement.count(network, layout);
    Ok(placement)
}

fn choose(
    network: &Network,
    layout: Layout,
    objective: &Scalar,
    prices: &[i64],
    effort: &Effort,
) -> Result<Vec<u32>, StopReason> {
    const CHUNK: usize = 1 << 12;
    let mut chosen = vec![NONE; network.n_sources()];
    let one = |(chunk, chosen): (usize, &mut [u32])| {
        let mut reduced = Vec::new();
        let from = chunk * CHUNK;
        let seen = network.starts()[from + chosen.len()] - network.starts()[from];
        effort.tick(seen as u64)?;
        for (source, chosen) in (from..).zip(chosen) {
            let pairs = network.pairs_of(source);
            let sinks = &network.sinks()[pairs.clone()];
            let Some(least) = objective.reduced(pairs.clone(), sinks, prices, &mut reduced) else { continue };
            let unsent = objective.unsent(source) + prices[layout.unsent_head(network, source as u32) as usize];
            if least < unsent
                && let Some(at) = reduced.iter().position(|value| *value == least)
            {
                *chosen = (pairs.start + at) as u32;
            }
        }
        Ok(())
    };
    match effort.threads() {
        Some(threads) => threads.install(|| chosen.par_chunks_mut(CHUNK).enumerate().try_for_each(one))?,
        None => chosen.chunks_mut(CHUNK).enumerate().try_for_each(one)?,
    }
    Ok(chosen)
}

impl Placement {
    /// Takes away what is too much, where that costs least.
    pub fn make_feasible(
        &mut self,
        network: &Network,
        layout: Layout,
        objective: &Scalar,
        prices: &[i64],
        effort: &Effort,
    ) -> Result<(), StopReason> {
        self.count(network, layout);
        effort.look()?;
        self.relieve_sinks(network, layout, objective, prices, effort)?;
        self.relieve_limits(network, layout, objective, prices);
        self.fill_pools(network, layout, objective, prices);
        Ok(())
    }

    pub fn count(&mut self, network: &Network, layout: Layout) {
        self.amounts.fill(0);
        for source in 0..network.n_sources() {
            let head = self.sink(network, source).unwrap_or_else(|| layout.unsent_head(network, source as u32));
            if head < layout.ground() {
                self.amounts[head as usize] += network.sources()[source].units;
            }
        }
        for (sink, limit) in network.sink_limits().iter().enumerate() {
            if let Some(limit) = limit {
                self.amounts[layout.limit(*limit) as usize] += self.amounts[sink];
            }
        }
        for (position, limit) in network.limits().iter().enumerate().rev() {
            if let Some(parent) = limit.parent {
                self.amounts[layout.limit(parent) as usize] += self.amounts[layout.limit(position as u32) as usize];
            }
        }
        for (position, pool) in network.pools().iter().enumerate().rev() {
            if let Some(parent) = pool.parent {
                self.amounts[layout.pool(parent) as usize] += self.amounts[layout.pool(position as u32) as usize];
            }
        }
    }

    /// Takes sources away from sinks that hold too much: to where there is room, or unsent, the cheapest first.
    fn relieve_sinks(
        &mut self,
        network: &Network,
        layout: Layout,
        objective: &Scalar,
        prices: &[i64],
        effort: &Effort,
    ) -> Result<(), StopReason> {
        let places = |sink: u32| network.places()[sink as usize].unwrap_or(u64::MAX);
        let room = |amounts: &[u64], sink: u32| places(sink).saturating_sub(amounts[sink as usize]);
        let mut ways: Vec<(i64, u32, u32)> = Vec::new();
        for source in 0..network.n_sources() {
            let Some(sink) = self.sink(network, source).filter(|sink| places(*sink) < self.amounts[*sink as usize])
            else {
                continue;
            };
            let units = network.sources()[source].units;
            let own = objective.pair(self.pair[source] as usize) + prices[sink as usize];
            let unsent = objective.unsent(source) + prices[layout.unsent_head(network, source as u32) as usize];
            let mut best = (unsent - own, NONE);
            let pairs = network.pairs_of(source);
            effort.tick(pairs.len() as u64)?;
            for pair in pairs {
                let other = network.sinks()[pair];
                if other != sink && units <= room(&self.amounts, other) {
                    let loss = objective.pair(pair).wrapping_add(prices[other as usize]) - own;
                    best = best.min((loss, pair as u32));
                }
            }
            ways.push((best.0, source as u32, best.1));
        }
        ways.sort_unstable();
        for &(_, source, way) in ways.iter().filter(|(_, _, way)| *way != NONE) {
            let units = network.sources()[source as usize].units;
            let (Some(sink), other) = (self.sink(network, source as usize), network.sinks()[way as usize]) else {
                continue;
            };
            if places(sink) < self.amounts[sink as usize] && units <= room(&self.amounts, other) {
                self.pair[source as usize] = way;
                self.amounts[sink as usize] -= units;
                self.amounts[other as usize] += units;
            }
        }
        for &(_, source, _) in &ways {
            if let Some(sink) = self.sink(network, source as usize)
                && places(sink) < self.amounts[sink as usize]
            {
                self.amounts[sink as usize] -= network.sources()[source as usize].units;
                self.pair[source as usize] = NONE;
                self.spilled.push(source);
            }
        }
        self.count(network, layout);
        Ok(())
    }

    /// The same for limits, outermost first: sources behind them that lose least go unsent.
    fn relieve_limits(&mut self, network: &Network, layout: Layout, objective: &Scalar, prices: &[i64]) {
        let over = |amounts: &[u64], limit: usize| {
            network.limits()[limit].capacity < amounts[layout.limit(limit as u32) as usize]
        };
        if !(0..network.limits().len()).any(|limit| over(&self.amounts, limit)) {
            return;
        }
        let mut ways = self.sent_by_loss(network, layout, objective, prices, |_| true);
        ways.retain(|(_, source)| {
            let mut at = self.sink(network, *source as usize).and_then(|sink| network.sink_limits()[sink as usize]);
            let (mut too_much, first) = (false, at);
            while let Some(limit) = at {
                too_much |= over(&self.amounts, limit as usize);
                at = network.limits()[limit as usize].parent;
            }
            if too_much && let Some(sink) = self.sink(network, *source as usize) {
                let units = network.sources()[*source as usize].units;
                self.amounts[sink as usize] -= units;
                let mut at = first;
                while let Some(limit) = at {
                    self.amounts[layout.limit(limit) as usize] -= units;
                    at = network.limits()[limit as usize].parent;
                }
                self.pair[*source as usize] = NONE;
                self.spilled.push(*source);
            }
            false
        });
        self.count(network, layout);
    }

    /// The same for pools that ask for more unsent units than they have.
    fn fill_pools(&mut self, network: &Network, layout: Layout, objective: &Scalar, prices: &[i64]) {
        let short =
            |amounts: &[u64], pool: u32| amounts[layout.pool(pool) as usize] < network.pools()[pool as usize].least;
        if !(0..layout.n_pools).any(|pool| short(&self.amounts, pool)) {
            return;
        }
        let ways =
            self.sent_by_loss(network, layout, objective, prices, |source| network.sources()[source].pool.is_some());
        for (_, source) in ways {
            let first = network.sources()[source as usize].pool;
            let (mut at, mut too_few) = (first, false);
            while let Some(pool) = at {
                too_few |= short(&self.amounts, pool);
                at = network.pools()[pool as usize].parent;
            }
            if too_few {
                let mut at = first;
                while let Some(pool) = at {
                    self.amounts[layout.pool(pool) as usize] += network.sources()[source as usize].units;
                    at = network.pools()[pool as usize].parent;
                }
                self.pair[source as usize] = NONE;
                self.spilled.push(source);
            }
        }
        self.count(network, layout);
    }

    /// Sources that are sent, those that lose least by staying unsent first.
    fn sent_by_loss(
        &self,
        network: &Network,
        layout: Layout,
        objective: &Scalar,
        prices: &[i64],
        wanted: impl Fn(usize) -> bool,
    ) -> Vec<(i64, u32)> {
        let sent = (0..network.n_sources()).filter(|source| wanted(*source)).filter_map(|source| {
            let sink = self.sink(network, source)?;
            let own = objective.pair(self.pair[source] as usize) + prices[sink as usize];
            let unsent = objective.unsent(source) + prices[layout.unsent_head(network, source as u32) as usize];
            Some((unsent - own, source as u32))
        });
        let mut ways: Vec<(i64, u32)> = sent.collect();
        ways.sort_unstable();
        ways
    }
}
