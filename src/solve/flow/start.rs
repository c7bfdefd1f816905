//! Where the simplex starts: a flow and prices that are nearly right, or right already.

use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSliceMut};

use super::arcs::{Layout, NONE};
use super::costs::{Objective, Scalar};
use super::descent::Spread;
use super::placement::Placement;
use super::{FAR, SoFar, balance, descent, placement, settle, weights, with_far};
use crate::solve::Network;
use crate::solve::effort::{Effort, StopReason};
use crate::solve::outcome::{Flow, Outcome, Prices, Proof, StagePrices};

/// A feasible flow in which each source is in one place, with prices.
pub(super) struct Start<'a> {
    pub scalar: Scalar<'a>,
    pub spread: Spread,
    pub placement: Placement,
    /// Of all inner nodes; closed ones are out of reach.
    pub prices: Vec<i64>,
    /// Each unit was settled.
    settled: bool,
}

impl<'a> Start<'a> {
    pub fn find(
        network: &'a Network,
        layout: Layout,
        closed: &[bool],
        effort: &Effort,
    ) -> Result<Start<'a>, StopReason> {
        effort.report("weights", 0, None);
        effort.look()?;
        let scalar = Scalar::new(network, weights::factors(network));
        effort.look()?;
        let spread = Spread::of(network, &scalar);
        effort.report("descent", 0, None);
        let prices = descent::descend(network, layout, &scalar, closed, spread, effort)?;
        let mut prices = with_far(prices, closed, FAR);
        effort.report("placement", 0, None);
        let mut placement = placement::place(network, layout, &scalar, &prices, effort)?;
        effort.report("near", 0, None);
        let width = (0.1 * spread.pairs).clamp(2.0, 1e9) as i32;
        balance::balance(network, layout, &scalar, &mut placement, &mut prices, width, effort)?;
        effort.report("feasible", 0, None);
        effort.look()?;
        placement.make_feasible(network, layout, &scalar, &prices, effort)?;
        Ok(Start { scalar, spread, placement, prices, settled: false })
    }

    /// Settles each unit, where single units can be settled. A stop leaves a feasible flow.
    pub fn settle(&mut self, network: &Network, layout: Layout, effort: &Effort) -> Result<(), StopReason> {
        effort.look()?;
        if settle::fits(network, &self.scalar) {
            effort.report("settle", 0, None);
            let Start { scalar, placement, prices, .. } = self;
            self.settled = settle::settle(network, layout, scalar, placement, prices, effort)?;
        }
        Ok(())
    }

    /// The flow at this moment, with the prices at hand.
    pub fn so_far(&self, network: &Network) -> SoFar {
        // A price of the weighted sum is about so many times the first stage's.
        let first = |price: &i64| price.checked_div(self.scalar.factors()[0]).unwrap_or(0);
        SoFar { flow: self.flow(network), prices: self.prices.iter().map(first).collect() }
    }

    fn flow(&self, network: &Network) -> Flow {
        let used = self.placement.pair.iter().zip(network.sources());
        let used = used.filter(|(pair, source)| **pair != NONE && 0 < source.units);
        Flow::new(used.map(|(pair, source)| (*pair, source.units)).collect())
    }

    /// The outcome, where there is one stage, all units were settled, and no source has a cheaper place than its own. Then
    /// the prices prove the flow, and no tree is needed.
    pub fn outcome(
        &self,
        network: &Network,
        layout: Layout,
        closed: &[bool],
        effort: &Effort,
    ) -> Result<Option<Outcome>, StopReason> {
        if !self.settled || self.scalar.factors() != [1] {
            return Ok(None);
        }
        // A price is that of a full sink, and none is below zero.
        let is_right = |sink: usize, is_full: bool| match self.prices[sink] {
            0 => true,
            price => closed[sink] || 0 < price && is_full,
        };
        let places = network.places().iter().zip(&self.placement.amounts);
        if !places.zip(0..).all(|((places, amount), sink)| is_right(sink, *places == Some(*amount))) {
            return Ok(None);
        }
        effort.report("proof", 0, None);
        let Some(sources) = self.prices_of_sources(network, layout, effort)? else { return Ok(None) };
        let own = |nodes: std::ops::Range<u32>| {
            let price = |node: usize| if closed.get(node) == Some(&true) { 0 } else { self.prices[node] };
            nodes.map(|node| price(node as usize)).collect()
        };
        let mut prices = Prices {
            stages: vec![StagePrices {
                sources,
                sinks: own(0..layout.limit(0)),
                limits: Vec::new(),
                pools: own(layout.pool(0)..layout.ground()),
            }],
        };
        super::raise_closed(network, closed, &mut prices);
        let flow = self.flow(network);
        let values = network.values(&flow);
        Ok(Some(Outcome::Optimal { flow, values, proof: Proof::Prices(prices) }))
    }

    /// What a unit of each source costs where it is cheapest; None if one with units is elsewhere.
    fn prices_of_sources(
        &self,
        network: &Network,
        layout: Layout,
        effort: &Effort,
    ) -> Result<Option<Vec<i64>>, StopReason> {
        const CHUNK: usize = 1 << 12;
        let mut least = vec![0; network.n_sources()];
        let one = |(chunk, least): (usize, &mut [i64])| {
            let from = chunk * CHUNK;
            effort.tick((network.starts()[from + least.len()] - network.starts()[from]) as u64)?;
            let mut all_at_home = true;
            for (source, least) in (from..).zip(least) {
                let unsent =
                    self.scalar.unsent(source) + self.prices[layout.unsent_head(network, source as u32) as usize];
                let pairs = network.pairs_of(source);
                let sinks = &network.sinks()[pairs.clone()];
                *least = self.scalar.least(pairs, sinks, &self.prices).map_or(unsent, |least| least.min(unsent));
                let present = match self.placement.pair[source] as usize {
                    pair if pair < network.n_pairs() => {
                        self.scalar.pair(pair) + self.prices[network.sinks()[pair] as usize]
                    }
                    _ => unsent,
                };
                all_at_home &= present == *least || network.sources()[source].units == 0;
            }
            Ok(all_at_home)
        };
        let at_home: Result<Vec<bool>, StopReason> = match effort.threads() {
            Some(threads) => threads.install(|| least.par_chunks_mut(CHUNK).enumerate().map(one).collect()),
            None => least.chunks_mut(CHUNK).enumerate().map(one).collect(),
        };
        Ok(at_home?.iter().all(|at_home| *at_home).then_some(least))
    }
}
