//! Deficient sets: needs that share too few places, whatever the assignment.
//!
//! Take the flow that carries most child-needs when floors, holder limits and costs are set aside. What its unsent
//! needs reach in the residual graph is the least minimum cut, which is unique; its connected components are the blocks
//! (Hall 1935; Dulmage and Mendelsohn 1958, here with capacities). In each, the needs can use no offer outside the set,
//! and the set's places fall short by exactly the children who go without.

use super::residual::Residual;
use crate::domain::{NeedIx, OfferIx};
use crate::matching::{Formulation, Matching};
use crate::solve::{Effort, Flow, Network, NetworkParts, Source, Stage, flow};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeficientSet {
    /// By position.
    pub needs: Vec<NeedIx>,
    pub child_needs: u64,
    /// By position.
    pub offers: Vec<OfferIx>,
    /// Places of these offers, with provider limits that bind counted instead of the offers behind them.
    pub places: u64,
}

impl DeficientSet {
    pub fn short(&self) -> u64 {
        self.child_needs.saturating_sub(self.places)
    }
}

/// The deficient sets of a matching's network, largest shortage first, then by first need. Where `effort` stops the
/// extra solve they cannot be known, and there are none.
pub fn find(matching: &Matching, effort: &Effort) -> Vec<DeficientSet> {
    let formulation = &matching.formulation;
    let residual = Residual::new(formulation, &matching.flow);
    if carries_most(matching, &residual) {
        return blocks(formulation, &residual, &matching.flow);
    }
    let Some(most) = most_child_needs(&formulation.network, effort) else { return Vec::new() };
    blocks(formulation, &Residual::new(formulation, &most), &most)
}

fn unsent(formulation: &Formulation, flow: &Flow) -> Vec<usize> {
    let network = &formulation.network;
    (0..formulation.needs.len())
        .filter(|&source| {
            let pairs = network.pairs_of(source);
            !pairs.is_empty()
                && flow.within(pairs).iter().map(|(_, units)| units).sum::<u64>() < network.sources()[source].units
        })
        .collect()
}

/// No augmenting path: the flow carries as many child-needs as any (Ford and Fulkerson 1956).
fn carries_most(matching: &Matching, residual: &Residual) -> bool {
    let open = residual.sinks_that_reach(&residual.with_room(), &[]);
    let network = &matching.formulation.network;
    unsent(&matching.formulation, &matching.flow).iter().all(|&source| {
        let pairs = network.pairs_of(source);
        network.sinks()[pairs].iter().all(|&sink| !open[sink as usize])
    })
}

/// The flow of the network without pools (floors, evenness, holder limits) that sends most units.
fn most_child_needs(network: &Network, effort: &Effort) -> Option<Flow> {
    let parts = NetworkParts {
        sources: network.sources().iter().map(|source| Source { pool: None, ..*source }).collect(),
        starts: network.starts().to_vec(),
        sinks: network.sinks().to_vec(),
        places: network.places().to_vec(),
        sink_limits: network.sink_limits().to_vec(),
        limits: network.limits().to_vec(),
        stages: vec![Stage { name: "most", unsent_cost: vec![1; network.sources().len()], ..Stage::default() }],
        ..NetworkParts::default()
    };
    let network = Network::new(parts).ok()?;
    match flow::solve(&network, effort) {
        crate::solve::Outcome::Optimal { flow, .. } => Some(flow),
        crate::solve::Outcome::Stopped { .. } => None,
    }
}

fn blocks(formulation: &Formulation, residual: &Residual, flow: &Flow) -> Vec<DeficientSet> {
    let network = &formulation.network;
    let (sources, sinks, limits) = residual.reached_from(&unsent(formulation, flow));
    let mut union = Union::new(sources.len() + sinks.len() + limits.len());
    let (sink_node, limit_node) = (sources.len(), sources.len() + sinks.len());
    for source in (0..sources.len()).filter(|&source| sources[source]) {
        for &sink in &network.sinks()[network.pairs_of(source)] {
            union.join(source, sink_node + sink as usize);
        }
    }
    let mut places: Vec<u64> = vec![0; sources.len() + sinks.len() + limits.len()];
    for sink in (0..sinks.len()).filter(|&sink| sinks[sink]) {
        match network.sink_limits()[sink].map(|limit| limit as usize).filter(|&limit| limits[limit]) {
            Some(limit) => union.join(sink_node + sink, limit_node + limit),
            // A reached sink without end would have room, and then nobody would go without.
            None => places[sink_node + sink] = network.places()[sink].unwrap_or(0),
        }
    }
    for limit in (0..limits.len()).filter(|&limit| limits[limit]) {
        places[limit_node + limit] = network.limits()[limit].capacity;
    }
    let mut set_of = std::collections::BTreeMap::new();
    for source in (0..sources.len()).filter(|&source| sources[source]) {
        let set: &mut DeficientSet = set_of.entry(union.root(source)).or_insert_with(empty);
        set.needs.push(formulation.needs[source]);
        set.child_needs += network.sources()[source].units;
    }
    for sink in (0..sinks.len()).filter(|&sink| sinks[sink]) {
        let set = set_of.entry(union.root(sink_node + sink)).or_insert_with(empty);
        set.offers.push(formulation.offers[sink]);
    }
    for (node, &places) in places.iter().enumerate().filter(|&(_, &places)| 0 < places) {
        let set = set_of.entry(union.root(node)).or_insert_with(empty);
        set.places = set.places.saturating_add(places);
    }
    let mut sets: Vec<DeficientSet> = set_of.into_values().collect();
    for set in &mut sets {
        set.needs.sort_unstable();
        set.offers.sort_unstable();
    }
    sets.sort_by(|a, b| b.short().cmp(&a.short()).then_with(|| a.needs.cmp(&b.needs)));
    sets
}

fn empty() -> DeficientSet {
    DeficientSet { needs: Vec::new(), child_needs: 0, offers: Vec::new(), places: 0 }
}

/// Disjoint sets with path halving (Tarjan and van Leeuwen 1984).
struct Union {
    parent: Vec<usize>,
}

impl Union {
    fn new(n: usize) -> Union {
        Union { parent: (0..n).collect() }
    }

    fn root(&mut self, mut node: usize) -> usize {
        while self.parent[node] != node {
            self.parent[node] = self.parent[self.parent[node]];
            node = self.parent[node];
        }
        node
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b)] = a.min(b);
    }
}
