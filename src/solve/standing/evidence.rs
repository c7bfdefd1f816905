//! What an optimum says of itself: worths, and the problem with flow and prices for whoever wants to check.

use super::state::{NONE, Optimum, Sort};
use super::{Evidence, PairParts, SourceParts};
use crate::solve::costs::{Costs, add, subtract};
use crate::solve::{
    Effort, Flow, Limit, Network, NetworkError, NetworkParts, PairCosts, Pool, Prices, Source, Stage, StagePrices,
    StopReason, Worth,
};

impl<const S: usize> Optimum<S> {
    /// See [`worth`](mod@crate::solve::worth) for why these are shortest paths.
    pub fn worth(&self, sink: u32, effort: &Effort) -> Result<Worth, StopReason> {
        let node = self.sink_nodes[sink as usize];
        let row = self.node(node);
        let one_more = match row.most {
            u64::MAX => None,
            most if row.amount < most => Some(vec![0; S]),
            _ => Some(self.one_more(node, effort)?.to_vec()),
        };
        Ok(Worth { one_more, one_less: self.loss(sink, effort)? })
    }

    /// What one place less would change.
    pub fn loss(&self, sink: u32, effort: &Effort) -> Result<Option<Vec<i64>>, StopReason> {
        let node = self.sink_nodes[sink as usize];
        let row = self.node(node);
        match row.most {
            u64::MAX | 0 => Ok(None),
            most if row.amount < most => Ok(Some(vec![0; S])),
            _ => Ok(self.one_less(node, effort)?.map(|loss| loss.to_vec())),
        }
    }

    fn one_more(&self, node: u32, effort: &Effort) -> Result<Costs<S>, StopReason> {
        let (zero, head) = ([0; S], self.node(node).head);
        let price = subtract(*self.prices.of(node), *self.prices.of(head));
        let length = match self.leads_back(head, node) {
            true => Some(zero),
            // A path longer than the price difference would not pay.
            false => self.search(&[(head, zero)], node, Some(price), effort)?.length,
        };
        Ok(length.map_or(zero, |length| subtract(length, price).min(zero)))
    }

    /// There is always a way: a unit in the sink can stay unsent, and take back what the sink itself sent on.
    fn one_less(&self, node: u32, effort: &Effort) -> Result<Option<Costs<S>>, StopReason> {
        let (zero, head) = ([0; S], self.node(node).head);
        let price = subtract(*self.prices.of(node), *self.prices.of(head));
        let length = match self.leads_back(node, head) {
            true => Some(zero),
            false => self.search(&[(node, zero)], head, None, effort)?.length,
        };
        Ok(length.map(|length| add(length, price)))
    }

    pub fn parts(&self, source: u32) -> SourceParts {
        let row = self.source(source);
        let pool = match self.node(row.home).sort {
            Sort::Pool(pool) => Some(pool),
            Sort::Sink(_) | Sort::Limit(_) | Sort::Ground => None,
        };
        let mut parts = SourceParts { units: row.units, pool, ..SourceParts::default() };
        self.each_container(source, |node, cost| match self.node(node).sort {
            Sort::Sink(sink) => parts.pairs.push(PairParts { sink, cost: cost.to_vec() }),
            Sort::Limit(_) | Sort::Pool(_) | Sort::Ground => parts.unsent_cost = cost.to_vec(),
        });
        parts
    }

    pub fn evidence(&self, sources: &[u32], sinks: &[u32]) -> Result<Evidence, NetworkError> {
        let mut new_sink = vec![NONE; self.nodes.len()];
        for (position, sink) in sinks.iter().enumerate() {
            new_sink[self.sink_nodes[*sink as usize] as usize] = position as u32;
        }
        let mut parts = self.inner_parts(sinks);
        let mut pair_costs: Vec<Vec<i64>> = vec![Vec::new(); S];
        let mut prices = self.inner_prices(sinks);
        let mut carried = Vec::new();
        let mut own: Vec<(u32, u32)> = Vec::new();
        let mut costs = Vec::new();
        for &source in sources {
            let row = self.source(source);
            let pool = match self.node(row.home).sort {
                Sort::Pool(pool) => Some(pool),
                Sort::Sink(_) | Sort::Limit(_) | Sort::Ground => None,
            };
            parts.sources.push(Source { units: row.units, pool });
            own.clear();
            costs.clear();
            // The least cost at which a unit of the source reaches the ground.
            let mut price = None;
            self.each_container(source, |node, cost| {
                let ways_on = if node == row.home { 0 } else { new_sink[node as usize] };
                if ways_on != NONE {
                    let all = add(cost, *self.prices.of(node));
                    price = Some(price.map_or(all, |price| all.min(price)));
                }
                if node != row.home && ways_on != NONE {
                    own.push((ways_on, costs.len() as u32));
                }
                costs.push((node, cost));
            });
            let price = subtract(price.unwrap_or([0; S]), *self.prices.of(self.ground));
            for (stage, own) in prices.stages.iter_mut().enumerate() {
                own.sources.push(price[stage]);
            }
            own.sort_unstable();
            for &(sink, at) in &own {
                let (node, cost) = costs[at as usize];
                if let Some((_, units)) = row.held(row.units).find(|(held, _)| *held == node) {
                    carried.push((parts.sinks.len() as u32, units));
                }
                parts.sinks.push(sink);
                pair_costs.iter_mut().zip(cost).for_each(|(costs, cost)| costs.push(cost));
            }
            parts.starts.push(parts.sinks.len());
            // A source's home comes last of its containers.
            if let Some((_, unsent)) = costs.last() {
                parts.stages.iter_mut().zip(unsent).for_each(|(stage, cost)| stage.unsent_cost.push(*cost));
            }
        }
        for (stage, costs) in parts.stages.iter_mut().zip(pair_costs) {
            // All zero is written as nothing, as those write it who build a network.
            stage.pair_cost = if costs.iter().all(|cost| *cost == 0) { PairCosts::Zero } else { PairCosts::new(costs) };
            if stage.unsent_cost.iter().all(|cost| *cost == 0) {
                stage.unsent_cost.clear();
            }
        }
        Ok(Evidence { network: Network::new(parts)?, flow: Flow::new(carried), prices })
    }

    /// Everything but the sources and their pairs.
    fn inner_parts(&self, sinks: &[u32]) -> NetworkParts {
        let mut parts = NetworkParts { starts: vec![0], ..NetworkParts::default() };
        let limit = |node: u32| match self.node(node).sort {
            Sort::Limit(limit) => Some(limit),
            Sort::Sink(_) | Sort::Pool(_) | Sort::Ground => None,
        };
        for sink in sinks {
            let row = self.node(self.sink_nodes[*sink as usize]);
            parts.places.push(Some(row.most).filter(|places| *places != u64::MAX));
            parts.sink_limits.push(limit(row.head));
        }
        let mut pool_steps = vec![Vec::new(); S];
        for row in self.nodes.iter() {
            match row.sort {
                Sort::Limit(_) => parts.limits.push(Limit { capacity: row.most, parent: limit(row.head) }),
                Sort::Pool(_) => {
                    let parent = match self.node(row.head).sort {
                        Sort::Pool(pool) => Some(pool),
                        Sort::Sink(_) | Sort::Limit(_) | Sort::Ground => None,
                    };
                    parts.pools.push(Pool { parent, least: row.least });
                    for (stage, steps) in pool_steps.iter_mut().enumerate() {
                        steps.push(row.steps.as_ref().map_or_else(Vec::new, |stages| stages[stage].clone()));
                    }
                }
                Sort::Sink(_) | Sort::Ground => {}
            }
        }
        let names = self.first.stages().iter().map(|stage| stage.name);
        parts.stages = (names.zip(pool_steps))
            .map(|(name, pool_steps)| {
                let pool_steps = if pool_steps.iter().all(Vec::is_empty) { Vec::new() } else { pool_steps };
                Stage { name, pool_steps, ..Stage::default() }
            })
            .collect();
        parts
    }

    /// Prices of sinks, limits and pools, the ground's being zero.
    fn inner_prices(&self, sinks: &[u32]) -> Prices {
        let price = |node: u32| subtract(*self.prices.of(node), *self.prices.of(self.ground));
        let (n_limits, n_pools) = (self.first.limits().len() as u32, self.first.pools().len() as u32);
        let first_limit = self.first.n_sinks() as u32;
        let of = |nodes: &mut dyn Iterator<Item = u32>, stage: usize| nodes.map(|node| price(node)[stage]).collect();
        let stages = (0..S).map(|stage| StagePrices {
            sources: Vec::new(),
            sinks: of(&mut sinks.iter().map(|sink| self.sink_nodes[*sink as usize]), stage),
            limits: of(&mut (first_limit..first_limit + n_limits), stage),
            pools: of(&mut (first_limit + n_limits..first_limit + n_limits + n_pools), stage),
        });
        Prices { stages: stages.collect() }
    }
}
