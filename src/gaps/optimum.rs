//! The most need that can be met, and what it becomes when a pair is added or an offer closes: solved again each time.
//!
//! As for the deficient sets, floors, evenness, travel and costs are set aside: they choose whose needs are met, not for
//! how many there are places. What stays are places, limits of providers and limits per holder. Of all ways to meet the
//! most weight the one that meets most inside counts, so that totals over the areas that are inside do not rest on the
//! lottery.
//!
//! Where all limits lie behind the offers, greedy by weight finds the most weight, and then as many child-needs are met
//! as can be: every largest weight is a basis (see [`need`](crate::solve::need)). And what is met after a provider closes
//! was met before, each need for itself: that is a quotient of the matroid (the provider's places are kept for others who
//! never come), and greedy bases of quotients are nested (Oxley 2011, section 7.3).

use crate::domain::{Locality, NeedIx, OfferIx};
use crate::matching::{Formulation, Matching, NotFormulated, PoolKey, Refused};
use crate::solve::{Effort, Network, NetworkParts, Outcome, Pool, Source, Stage, StopReason, flow};

/// What is met at most, over the areas that are inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Optimum {
    /// Where placements per holder are limited: at the most weight.
    pub child_needs: u64,
    pub weight: u64,
    /// Areas outside included: what is greatest of all. It never falls when a rule is relaxed, and never rises when an
    /// offer closes; the part of it that lies inside may, where children from outside take part.
    pub weight_of_all: u64,
}

impl Optimum {
    /// What changes from `self` to `after`.
    pub fn change_to(&self, after: &Optimum) -> Change {
        // Sums are below 2^53.
        let less = |after: u64, before: u64| after as i64 - before as i64;
        Change {
            child_needs: less(after.child_needs, self.child_needs),
            weight: less(after.weight, self.weight),
            weight_of_all: less(after.weight_of_all, self.weight_of_all),
        }
    }
}

/// A change of [`Optimum`], field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    pub child_needs: i64,
    pub weight: i64,
    pub weight_of_all: i64,
}

/// The optimum as things stand, which others are compared with.
pub struct Today<'a> {
    pub(super) network: NeedNetwork<'a>,
    pub(super) best: Best,
}

impl<'a> Today<'a> {
    /// Of a matching that was not stopped before its network was built. O(pairs), and one solve of the need stage.
    pub fn solve(locality: &Locality, matching: &'a Matching, effort: &Effort) -> Result<Today<'a>, NotFormulated> {
        let network = NeedNetwork::of(locality, &matching.formulation, effort)?;
        let best = network.as_it_is(effort)?;
        Ok(Today { network, best })
    }

    pub fn optimum(&self) -> Optimum {
        self.best.optimum
    }
}

/// An optimum and who is met in it.
pub(super) struct Best {
    pub(super) optimum: Optimum,
    /// Child-needs met, by source.
    pub(super) met: Vec<u64>,
}

/// The network of a matching, as far as it says who can be met.
pub(super) struct NeedNetwork<'a> {
    formulation: &'a Formulation,
    /// Of each source: its weight, and whether it is inside.
    weights: Vec<Weight>,
    /// Sources with the pools of their holders alone.
    sources: Vec<Source>,
    pools: Vec<Pool>,
    source_of: Vec<u32>,
    sink_of: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Weight {
    weight: u32,
    inside: bool,
}

const NONE: u32 = u32::MAX;

impl<'a> NeedNetwork<'a> {
    /// O(needs + offers + pools).
    pub(super) fn of(locality: &Locality, formulation: &'a Formulation, effort: &Effort) -> Result<Self, StopReason> {
        let network = &formulation.network;
        let mut pools = Vec::new();
        let mut pool_of = vec![None; network.pools().len()];
        for (at, (pool, key)) in network.pools().iter().zip(&formulation.pools).enumerate() {
            if let PoolKey::Holder(_) = key {
                // What lies behind a holder's pool is a group, which is set aside.
                pool_of[at] = Some(pools.len() as u32);
                pools.push(Pool { parent: None, least: pool.least });
            }
        }
        let mut source_of = vec![NONE; locality.needs().len()];
        let mut weights = Vec::with_capacity(formulation.needs.len());
        let mut sources = Vec::with_capacity(formulation.needs.len());
        for ((need, source), position) in formulation.needs.iter().zip(network.sources()).zip(0..) {
            effort.tick(1)?;
            source_of[need.ix()] = position;
            let inside = locality.areas()[locality.holder(*need).area.ix()].inside;
            weights.push(Weight { weight: locality.needs()[need.ix()].weight, inside });
            sources.push(Source { units: source.units, pool: source.pool.and_then(|pool| pool_of[pool as usize]) });
        }
        let mut sink_of = vec![NONE; locality.offers().len()];
        for (offer, position) in formulation.offers.iter().zip(0..) {
            sink_of[offer.ix()] = position;
        }
        Ok(NeedNetwork { formulation, weights, sources, pools, source_of, sink_of })
    }

    pub(super) fn n_pairs(&self) -> u64 {
        self.formulation.network.n_pairs() as u64
    }

    pub(super) fn source_of(&self, need: NeedIx) -> Option<u32> {
        Some(self.source_of[need.ix()]).filter(|&source| source != NONE)
    }

    /// None where the places are not known, so that the offer takes no part.
    pub(super) fn sink_of(&self, offer: OfferIx) -> Option<u32> {
        Some(self.sink_of[offer.ix()]).filter(|&sink| sink != NONE)
    }

    /// The need behind each source.
    pub(super) fn needs(&self) -> &[NeedIx] {
        &self.formulation.needs
    }

    pub(super) fn is_inside(&self, source: u32) -> bool {
        self.weights[source as usize].inside
    }

    /// O(pairs), and one solve of the need stage.
    pub(super) fn as_it_is(&self, effort: &Effort) -> Result<Best, NotFormulated> {
        let network = &self.formulation.network;
        self.solve(network.starts().to_vec(), network.sinks().to_vec(), network.places().to_vec(), effort)
    }

    /// With pairs of a source and a sink more; those that are there already change nothing. O(pairs + added x log added),
    /// and one solve of the need stage.
    pub(super) fn with_pairs(&self, mut added: Vec<(u32, u32)>, effort: &Effort) -> Result<Best, NotFormulated> {
        effort.sort(&mut added)?;
        added.dedup();
        let network = &self.formulation.network;
        let mut starts = Vec::with_capacity(network.starts().len());
        let mut sinks = Vec::with_capacity(network.sinks().len() + added.len());
        let mut rest = added.as_slice();
        starts.push(0);
        for (source, position) in (0..network.n_sources()).zip(0..) {
            let own = &network.sinks()[network.pairs_of(source)];
            // Few are added to each, so walking there is no longer than halving.
            let n_added = rest.iter().take_while(|&&(of, _)| of == position).count();
            let (of_source, later) = rest.split_at(n_added);
            rest = later;
            merge(own, of_source, &mut sinks);
            effort.tick(1 + (own.len() + of_source.len()) as u64)?;
            starts.push(sinks.len());
        }
        self.solve(starts, sinks, network.places().to_vec(), effort)
    }

    /// Without the offers for which `closes` holds. O(pairs), and one solve of the need stage.
    pub(super) fn without(&self, closes: impl Fn(OfferIx) -> bool, effort: &Effort) -> Result<Best, NotFormulated> {
        let network = &self.formulation.network;
        let left = |(offer, places): (&OfferIx, &Option<u64>)| if closes(*offer) { Some(0) } else { *places };
        let places = self.formulation.offers.iter().zip(network.places()).map(left).collect();
        self.solve(network.starts().to_vec(), network.sinks().to_vec(), places, effort)
    }

    fn solve(
        &self,
        starts: Vec<usize>,
        sinks: Vec<u32>,
        places: Vec<Option<u64>>,
        effort: &Effort,
    ) -> Result<Best, NotFormulated> {
        effort.look()?;
        let network = self.network(starts, sinks, places, self.stages())?;
        match flow::solve(&network, effort) {
            Outcome::Stopped { reason, .. } => Err(reason.into()),
            Outcome::Optimal { flow, .. } => {
                let mut met = network.unsent(&flow);
                for (met, source) in met.iter_mut().zip(&self.sources) {
                    *met = source.units - *met;
                }
                Ok(Best { optimum: self.optimum(&met), met })
            }
        }
    }

    fn network(
        &self,
        starts: Vec<usize>,
        sinks: Vec<u32>,
        places: Vec<Option<u64>>,
        stages: Vec<Stage>,
    ) -> Result<Network, Refused> {
        let parts = NetworkParts {
            sources: self.sources.clone(),
            starts,
            sinks,
            places,
            sink_limits: self.formulation.network.sink_limits().to_vec(),
            limits: self.formulation.network.limits().to_vec(),
            pools: self.pools.clone(),
            stages,
            ..NetworkParts::default()
        };
        Network::new(parts).map_err(|error| Refused::TooLarge(error.to_string()))
    }

    /// The network as it is, with the weight as its one stage. O(pairs).
    pub(super) fn by_weight(&self) -> Result<Network, Refused> {
        let network = &self.formulation.network;
        let stage = Stage { name: "need", unsent_cost: self.weights(), ..Stage::default() };
        self.network(network.starts().to_vec(), network.sinks().to_vec(), network.places().to_vec(), vec![stage])
    }

    fn weights(&self) -> Vec<i64> {
        self.weights.iter().map(|of| i64::from(of.weight)).collect()
    }

    /// Most weight, then most of it inside, then most child-needs inside. Without pools greedy takes them in one stage:
    /// only the order of the costs matters to it.
    fn stages(&self) -> Vec<Stage> {
        let stage = |name, cost: fn(Weight) -> i64| Stage {
            name,
            unsent_cost: self.weights.iter().map(|&of| cost(of)).collect(),
            ..Stage::default()
        };
        let twice: fn(Weight) -> i64 = |of| 2 * i64::from(of.weight) + i64::from(of.inside);
        let sums = self.sources.iter().zip(&self.weights);
        let greatest: u128 = sums.map(|(source, &of)| u128::from(source.units.max(1)) * twice(of) as u128).sum();
        if self.pools.is_empty() && greatest <= u128::from(Network::MOST) {
            return vec![stage("need", twice)];
        }
        vec![
            stage("need", |of| i64::from(of.weight)),
            stage("inside", |of| if of.inside { i64::from(of.weight) } else { 0 }),
            stage("child-needs", |of| i64::from(of.inside)),
        ]
    }

    fn optimum(&self, met: &[u64]) -> Optimum {
        let mut optimum = Optimum::default();
        for (&met, of) in met.iter().zip(&self.weights) {
            // The check keeps weighted sums below 2^53.
            let weight = met * u64::from(of.weight);
            optimum.weight_of_all += weight;
            if of.inside {
                optimum.child_needs += met;
                optimum.weight += weight;
            }
        }
        optimum
    }
}

/// Both lists rise; so does what they come to, each once.
fn merge(own: &[u32], added: &[(u32, u32)], into: &mut Vec<u32>) {
    let mut added = added.iter().map(|&(_, sink)| sink).peekable();
    for &sink in own {
        while let Some(earlier) = added.next_if(|&added| added <= sink) {
            if earlier != sink {
                into.push(earlier);
            }
        }
        into.push(sink);
    }
    into.extend(added);
}

#[cfg(test)]
mod tests;
