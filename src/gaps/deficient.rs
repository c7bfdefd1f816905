//! Deficient sets: needs that share too few places, whatever the assignment.
//!
//! Take the flow that carries most child-needs when floors, holder limits and costs are set aside. What its unsent
//! needs reach in the residual graph is the least minimum cut, which is unique; its connected components are the blocks
//! (Hall 1935; Dulmage and Mendelsohn 1958, here with capacities). In each, the needs can use no offer outside the set,
//! and the set's places fall short by exactly the children who go without.

use super::most::best;
use super::residual::{Reached, Residual};
use crate::domain::{NeedIx, OfferIx};
use crate::matching::{Formulation, Matching};
use crate::solve::{Effort, Flow, Network, NetworkParts, Source, Stage, StopReason};

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

/// A deficient set in a network: positions of its sources and sinks, both rising.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub sources: Vec<u32>,
    pub units: u64,
    pub sinks: Vec<u32>,
    /// As [`DeficientSet::places`].
    pub places: u64,
}

/// The deficient sets of a matching's network, largest shortage first, then by first need. O(pairs), and one more solve
/// where the matching does not carry the most child-needs.
pub fn find(matching: &Matching, effort: &Effort) -> Result<Vec<DeficientSet>, StopReason> {
    let Formulation { network, needs, offers, .. } = &matching.formulation;
    let set = |block: Block| -> Result<DeficientSet, StopReason> {
        let mut needs: Vec<NeedIx> = block.sources.iter().map(|source| needs[*source as usize]).collect();
        let mut offers: Vec<OfferIx> = block.sinks.iter().map(|sink| offers[*sink as usize]).collect();
        effort.sort(&mut needs)?;
        effort.sort(&mut offers)?;
        Ok(DeficientSet { needs, child_needs: block.units, offers, places: block.places })
    };
    let mut sets: Vec<DeficientSet> =
        of_flow(network, &matching.flow, effort)?.into_iter().map(set).collect::<Result<_, _>>()?;
    sets.sort_by(|a, b| b.short().cmp(&a.short()).then_with(|| a.needs.cmp(&b.needs)));
    Ok(sets)
}

/// The deficient sets of a network, by first sink. `flow` is one of it, which is enough where it carries the most units.
pub fn of_flow(network: &Network, flow: &Flow, effort: &Effort) -> Result<Vec<Block>, StopReason> {
    effort.look()?;
    let residual = Residual::new(network, flow);
    effort.look()?;
    let reached = residual.reached_from(residual.unsent(), effort)?;
    // No augmenting path: the flow carries as many child-needs as any (Ford and Fulkerson 1956).
    let carries_most = (0..reached.sinks.len()).all(|sink| !reached.sinks[sink] || !residual.has_room(sink));
    if carries_most {
        return blocks(network, &reached, effort);
    }
    drop(residual);
    let most = most_child_needs(network, effort)?;
    let residual = Residual::new(network, &most);
    let reached = residual.reached_from(residual.unsent(), effort)?;
    blocks(network, &reached, effort)
}

/// The flow of the network without pools (floors, evenness, holder limits) that sends most units.
fn most_child_needs(network: &Network, effort: &Effort) -> Result<Flow, StopReason> {
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
    let network = Network::new(parts).expect("parts of a network, with a cost of one for each source");
    best(&network, effort)
}

/// Cuts what was reached into its components: sinks that share a source, and limits with the sinks behind them.
fn blocks(network: &Network, reached: &Reached, effort: &Effort) -> Result<Vec<Block>, StopReason> {
    let Reached { sources, sinks, limits } = reached;
    let those = |reached: &[bool]| -> Vec<usize> { (0..reached.len()).filter(|&at| reached[at]).collect() };
    // Nodes are sinks, then limits. A source stands with its first sink, and all its sinks were reached with it.
    let mut union = Union::new(sinks.len() + limits.len());
    let limit_node = sinks.len();
    let first_sink = |source: usize| network.sinks()[network.pairs_of(source).start] as usize;
    let sources = those(sources);
    for &source in &sources {
        let own = &network.sinks()[network.pairs_of(source)];
        effort.tick(1 + own.len() as u64)?;
        let mut root = union.root(first_sink(source));
        for &sink in own {
            // Mostly they were joined before, and hang from the root itself.
            if union.parent[sink as usize] != root {
                union.join(root, sink as usize);
                root = union.root(root);
            }
        }
    }
    let mut places: Vec<u64> = vec![0; sinks.len() + limits.len()];
    for sink in those(sinks) {
        match network.sink_limits()[sink].map(|limit| limit as usize).filter(|&limit| limits[limit]) {
            Some(limit) => union.join(sink, limit_node + limit),
            // A reached sink without end would have room, and then nobody would go without.
            None => places[sink] = network.places()[sink].unwrap_or(0),
        }
    }
    for limit in those(limits) {
        places[limit_node + limit] = network.limits()[limit].capacity;
    }
    let mut set_of = std::collections::BTreeMap::new();
    for &source in &sources {
        effort.tick(16)?;
        let set: &mut Block = set_of.entry(union.root(first_sink(source))).or_insert_with(empty);
        set.sources.push(source as u32);
        set.units += network.sources()[source].units;
    }
    for sink in those(sinks) {
        let set = set_of.entry(union.root(sink)).or_insert_with(empty);
        set.sinks.push(sink as u32);
    }
    for (node, &places) in places.iter().enumerate().filter(|&(_, &places)| 0 < places) {
        let set = set_of.entry(union.root(node)).or_insert_with(empty);
        set.places = set.places.saturating_add(places);
    }
    Ok(set_of.into_values().collect())
}

fn empty() -> Block {
    Block { sources: Vec::new(), units: 0, sinks: Vec::new(), places: 0 }
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
