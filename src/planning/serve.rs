//! Whom a plan serves: the most weighted need that can be met once its candidates are there.
//!
//! Where several needs weigh the same, those inside come first, then the order of the lottery. Served so, who is served by
//! fewer places is served by more of them too, each need for itself: taking needs by rank and turning away only those for
//! whom no exchange makes room gives the greedy basis of a gammoid, and those of a gammoid and of its quotient (some places
//! kept for others who never come) are nested (Oxley 2011, section 7.3). So what a candidate closes is never a mixture of
//! gains and losses that only the order of ties explains.

use super::cases::{Case, CaseOf, met_by_source};
use super::market::{Market, NoMarket};
use super::plan::Travelled;
use crate::domain::{Locality, NeedIx};
use crate::solve::need::{self, NeedOutcome};
use crate::solve::{Effort, Flow, Limit, Network, NetworkParts, Outcome, PairCosts, Source, Stage, flow};

/// How much a child-need counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighing {
    /// By its weight.
    ByWeight,
    /// Each as much as any other.
    Equally,
}

/// A market as it serves.
pub(super) struct Server<'a> {
    locality: &'a Locality,
    market: &'a Market,
    /// By source: rank of the weight, and of those inside before the others.
    ranks: [Vec<i64>; 2],
}

/// Who is served.
#[derive(Clone, Debug)]
pub(super) struct Served {
    /// Child-needs met, by source.
    pub met: Vec<u64>,
    /// Over the market's pairs.
    pub flow: Flow,
}

/// The part of a market's network that some steps open.
pub(super) struct Part {
    pub network: Network,
    /// Each pair's position in the market's network.
    pub pairs: Vec<u32>,
}

impl Part {
    /// A flow of the part, by the pairs of the market.
    fn flow_of_market(&self, flow: &Flow) -> Flow {
        Flow::new(flow.carried().iter().map(|(pair, units)| (self.pairs[*pair as usize], *units)).collect())
    }

    /// A flow of the market, by the pairs of the part; what goes elsewhere is left out.
    pub fn flow_of_part(&self, flow: &Flow) -> Flow {
        let position = |pair: u32| self.pairs.binary_search(&pair).ok().map(|at| at as u32);
        Flow::new(flow.carried().iter().filter_map(|(pair, units)| Some((position(*pair)?, *units))).collect())
    }
}

impl<'a> Server<'a> {
    pub fn of(locality: &'a Locality, market: &'a Market) -> Server<'a> {
        let inside = |source: usize| {
            let area = locality.holder(market.needs[source]).area;
            i64::from(locality.areas()[area.ix()].inside)
        };
        let weight = |source: usize| i64::from(locality.needs()[market.needs[source].ix()].weight);
        let n = market.needs.len();
        // Only the order of ranks counts for who is served.
        let mut all: Vec<(i64, i64)> = (0..n).map(|source| (weight(source), inside(source))).collect();
        let own = all.clone();
        all.sort_unstable();
        all.dedup();
        let rank = |of: &(i64, i64)| 1 + all.partition_point(|other| other < of) as i64;
        let by_weight = own.iter().map(rank).collect();
        let equally = own.iter().map(|(_, inside)| 1 + inside).collect();
        Server { locality, market, ranks: [by_weight, equally] }
    }

    pub fn locality(&self) -> &'a Locality {
        self.locality
    }

    pub fn market(&self) -> &'a Market {
        self.market
    }

    pub fn case(&self, of: &CaseOf) -> Case {
        Case::of(self.locality, self.market, of)
    }

    /// Child-needs of the areas that are inside.
    pub fn inside(&self, by_source: &[u64]) -> u64 {
        let is_inside = |need: NeedIx| self.locality.areas()[self.locality.holder(need).area.ix()].inside;
        let own = self.market.needs.iter().zip(by_source).filter(|(need, _)| is_inside(**need));
        own.map(|(_, children)| children).sum()
    }

    /// How far those go whom a flow serves inside; None where the market does not know distances.
    pub fn travelled(&self, flow: &Flow) -> Option<Travelled> {
        let network = self.market.choices.network();
        let far = &network.stages().get(1)?.pair_cost;
        let mut travelled = Travelled { children: 0, all: 0, farthest: 0 };
        for (source, pair, units) in network.carried(flow) {
            let area = self.locality.holder(self.market.needs[source]).area;
            if self.locality.areas()[area.ix()].inside {
                let far = far.of(pair);
                travelled.children += units;
                // The network keeps the sum of a stage small enough.
                travelled.all += far * units as i64;
                travelled.farthest = travelled.farthest.max(far);
            }
        }
        Some(travelled)
    }

    /// The network after these steps in a case, without the pairs of what was not chosen. O(pairs).
    pub fn part(&self, case: &Case, steps: &[u32], costs: Costs, effort: &Effort) -> Result<Part, NoMarket> {
        let network = self.market.choices.network();
        let (mut places, limits) = self.market.choices.capacities_after(steps);
        for (places, sink) in places.iter_mut().zip(&self.market.sinks) {
            if case.is_lost(self.locality, *sink) {
                *places = Some(0);
            }
        }
        let is_there = |sink: u32| (sink as usize) < self.market.n_today || places[sink as usize] != Some(0);
        let mut starts = Vec::with_capacity(network.n_sources() + 1);
        starts.push(0);
        let mut sinks = Vec::with_capacity(network.n_pairs());
        let mut pairs = Vec::with_capacity(network.n_pairs());
        for source in 0..network.n_sources() {
            let own = network.pairs_of(source);
            effort.tick(1 + own.len() as u64)?;
            for pair in own {
                let sink = network.sinks()[pair];
                if is_there(sink) {
                    sinks.push(sink);
                    pairs.push(pair as u32);
                }
            }
            starts.push(sinks.len());
        }
        let (units, stages): (&[u64], Vec<Stage>) = match costs {
            Costs::Need(weighing) => {
                let ranks = self.ranks[weighing as usize].clone();
                (&case.units, vec![Stage { name: "need", unsent_cost: ranks, ..Stage::default() }])
            }
            Costs::Travel(met) => {
                let all = Stage { name: "need", unsent_cost: vec![1; met.len()], ..Stage::default() };
                let far = network.stages().get(1).map(|stage| &stage.pair_cost);
                let far: Vec<i64> = pairs.iter().map(|pair| far.map_or(0, |far| far.of(*pair as usize))).collect();
                let travel = Stage {
                    name: "travel",
                    unsent_cost: vec![0; met.len()],
                    pair_cost: PairCosts::new(far),
                    ..Stage::default()
                };
                (met, vec![all, travel])
            }
        };
        let parts = NetworkParts {
            sources: units.iter().map(|&units| Source { units, pool: None }).collect(),
            starts,
            sinks,
            places,
            sink_limits: network.sink_limits().to_vec(),
            limits: network.limits().iter().zip(limits).map(|(own, capacity)| Limit { capacity, ..*own }).collect(),
            stages,
            ..NetworkParts::default()
        };
        let network = Network::new(parts).map_err(|error| NoMarket::TooLarge(error.to_string()))?;
        Ok(Part { network, pairs })
    }

    /// Whom these steps serve in a case. O(pairs), and one solve of the need stage.
    pub fn serve(&self, case: &Case, steps: &[u32], weighing: Weighing, effort: &Effort) -> Result<Served, NoMarket> {
        let part = self.part(case, steps, Costs::Need(weighing), effort)?;
        self.served(&part, effort)
    }

    /// The same over a part that was built before.
    pub fn served(&self, part: &Part, effort: &Effort) -> Result<Served, NoMarket> {
        match need::solve(&part.network, 0, effort) {
            NeedOutcome::Optimal { flow, .. } => {
                let flow = part.flow_of_market(&flow);
                Ok(Served { met: met_by_source(self.market.choices.network(), &flow), flow })
            }
            NeedOutcome::Stopped { reason, .. } => Err(reason.into()),
        }
    }

    /// The same children served with the least travel; None where the market does not know distances.
    pub fn nearest(&self, case: &Case, steps: &[u32], met: &[u64], effort: &Effort) -> Result<Option<Flow>, NoMarket> {
        if self.market.choices.network().stages().len() < 2 {
            return Ok(None);
        }
        let part = self.part(case, steps, Costs::Travel(met), effort)?;
        match flow::solve(&part.network, effort) {
            Outcome::Optimal { flow, .. } => Ok(Some(part.flow_of_market(&flow))),
            Outcome::Stopped { reason, .. } => Err(reason.into()),
        }
    }
}

/// Does pieces of work over the effort's threads; what they give comes back in their order.
pub(super) fn each<P: Send, R: Send>(
    effort: &Effort,
    pieces: Vec<P>,
    work: impl Fn(P) -> Result<R, NoMarket> + Sync + Send,
) -> Result<Vec<R>, NoMarket> {
    let done = effort.each(pieces, |piece| match work(piece) {
        Err(NoMarket::Stopped(reason)) => Err(reason),
        done => Ok(done),
    })?;
    done.into_iter().collect()
}

/// What a part of the network counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Costs<'m> {
    /// Need that goes unmet.
    Need(Weighing),
    /// Travel of those who are served: so many of each source.
    Travel(&'m [u64]),
}
