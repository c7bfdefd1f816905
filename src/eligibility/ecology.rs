//! How needs, offers and providers hang together: what is independent, what rests on one provider, which layers are
//! served, and what drives a kind of need here.
//!
//! The graph is built on demand. Needs of one kind with the same admitted offers are one node, so its size follows the
//! different situations children are in and not their number. Types are left out: no question here asks for them, and
//! [`Profiles`](super::Profiles) holds that index.

use std::collections::{BTreeMap, VecDeque};

use petgraph::Direction;
use petgraph::algo::dominators;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::unionfind::UnionFind;
use petgraph::visit::{EdgeFiltered, EdgeRef};

use super::pairs::Pairs;
use crate::domain::{KindIx, Layer, Locality, NeedIx, OfferIx, ProviderIx, ServiceIx, Stated, Supply};
use crate::solve::{Effort, StopReason};

/// Child-needs of some rows. Rows outside the authority and rows that the policy does not count enter no total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildNeeds {
    pub known: u64,
    /// Rows whose number of children is not known.
    pub unknown_rows: u64,
}

impl ChildNeeds {
    fn add(&mut self, locality: &Locality, need: NeedIx) {
        let row = &locality.needs()[need.ix()];
        if !row.counts || !locality.areas()[locality.holder(need).area.ix()].inside {
            return;
        }
        match row.children {
            Stated::Known(children) => self.known = self.known.saturating_add(children),
            Stated::Unknown(_) => self.unknown_rows += 1,
        }
    }

    fn of(locality: &Locality, needs: &[NeedIx]) -> ChildNeeds {
        let mut sum = ChildNeeds::default();
        for &need in needs {
            sum.add(locality, need);
        }
        sum
    }

    fn is_any(self) -> bool {
        self != ChildNeeds::default()
    }
}

/// Needs and offers that share nothing with any other: no pair, no provider's limit, no holder's limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Rising.
    pub needs: Vec<NeedIx>,
    /// Rising.
    pub offers: Vec<OfferIx>,
    pub child_needs: ChildNeeds,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Components {
    /// Most child-needs first, then by first need. Each has a need and an offer.
    pub components: Vec<Component>,
    /// Needs that no offer may take.
    pub without_offer: Vec<NeedIx>,
    /// Offers that may take no need.
    pub without_need: Vec<OfferIx>,
}

/// A provider without whom some needs have no offer left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinglePoint {
    pub provider: ProviderIx,
    /// Rising.
    pub needs: Vec<NeedIx>,
    pub child_needs: ChildNeeds,
    /// Kinds of which no need would have any offer left, rising.
    pub whole_kinds: Vec<KindIx>,
}

/// A kind that drives another here, by assertion (`drives.csv`). A statement about populations, never one child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Driver {
    pub kind: KindIx,
    /// A shortest chain from the driver to the kind asked about, both ends in it. Kinds between them need not have
    /// child-needs here: what nobody measured may still be there. Strengths are never multiplied along it.
    pub path: Vec<KindIx>,
    pub child_needs: ChildNeeds,
}

/// What is on offer in one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnOffer {
    /// Services with at least one offer counted here.
    pub services: u64,
    pub offers: u64,
    /// Children that the offers whose places are known can take in the period.
    pub places: u64,
    pub offers_with_places_unknown: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerRow {
    /// None: not coded.
    pub layer: Option<Layer>,
    pub child_needs: ChildNeeds,
    /// By the layer where services work.
    pub setting: OnOffer,
    /// By the layer whose change services seek.
    pub target: OnOffer,
}

/// Needs beside supply, by layer: one row for each layer in their order, then one for what is not coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerProfile {
    pub rows: Vec<LayerRow>,
}

pub struct Ecology<'a> {
    locality: &'a Locality,
    graph: DiGraph<Node, Link>,
    first: FirstNodes,
    classes: Vec<Class>,
}

/// Needs of one kind that the same offers may take.
struct Class {
    needs: Vec<NeedIx>,
    has_offers: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Locality,
    Provider(ProviderIx),
    Service,
    Offer(OfferIx),
    Kind(KindIx),
    /// Position in [`Ecology::classes`].
    Class(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// Locality to provider to service to offer, and class to kind.
    Holds,
    /// Offer to class.
    Takes,
    /// Kind to kind.
    Drives,
}

/// Where the nodes of each sort begin; within a sort they follow the locality's order.
struct FirstNodes {
    providers: usize,
    services: usize,
    offers: usize,
    kinds: usize,
}

impl FirstNodes {
    const LOCALITY: usize = 0;

    fn provider(&self, provider: ProviderIx) -> NodeIndex {
        NodeIndex::new(self.providers + provider.ix())
    }

    fn service(&self, service: ServiceIx) -> NodeIndex {
        NodeIndex::new(self.services + service.ix())
    }

    fn offer(&self, offer: OfferIx) -> NodeIndex {
        NodeIndex::new(self.offers + offer.ix())
    }

    fn kind(&self, kind: KindIx) -> NodeIndex {
        NodeIndex::new(self.kinds + kind.ix())
    }
}

impl<'a> Ecology<'a> {
    /// The graph of needs that count. An offer takes a need where the pair is eligible (the unknown read as the policy
    /// says), in reach and not declined, whether or not it has places. O(pairs of classes x log classes).
    pub fn build(locality: &'a Locality, pairs: &Pairs, effort: &Effort) -> Result<Ecology<'a>, StopReason> {
        let mut graph = DiGraph::new();
        graph.add_node(Node::Locality);
        let first = FirstNodes {
            providers: 1,
            services: 1 + locality.providers().len(),
            offers: 1 + locality.providers().len() + locality.services().len(),
            kinds: 1 + locality.providers().len() + locality.services().len() + locality.offers().len(),
        };
        for provider in 0..locality.providers().len() {
            let node = graph.add_node(Node::Provider(ProviderIx::new(provider)));
            graph.add_edge(NodeIndex::new(FirstNodes::LOCALITY), node, Link::Holds);
        }
        for service in locality.services() {
            let node = graph.add_node(Node::Service);
            graph.add_edge(first.provider(service.provider), node, Link::Holds);
        }
        for (position, offer) in locality.offers().iter().enumerate() {
            let node = graph.add_node(Node::Offer(OfferIx::new(position)));
            graph.add_edge(first.service(offer.service), node, Link::Holds);
        }
        for kind in 0..locality.kinds().len() {
            graph.add_node(Node::Kind(KindIx::new(kind)));
        }
        for drive in locality.drives() {
            graph.add_edge(first.kind(drive.kind), first.kind(drive.drives), Link::Drives);
        }
        let mut classes = Vec::new();
        for ((kind, offers), needs) in alike(locality, pairs, effort)? {
            effort.tick(offers.len() as u64)?;
            let node = graph.add_node(Node::Class(classes.len()));
            for &offer in &offers {
                graph.add_edge(first.offer(offer), node, Link::Takes);
            }
            graph.add_edge(node, first.kind(kind), Link::Holds);
            classes.push(Class { needs, has_offers: !offers.is_empty() });
        }
        Ok(Ecology { locality, graph, first, classes })
    }

    /// What can be planned apart. O(edges + needs log needs).
    pub fn components(&self) -> Components {
        let joined = self.joined();
        let mut parts: BTreeMap<u32, (Vec<NeedIx>, Vec<OfferIx>)> = BTreeMap::new();
        let mut without_offer = Vec::new();
        for (node, weight) in self.graph.node_indices().zip(self.graph.node_weights()) {
            let Node::Class(class) = *weight else { continue };
            let Class { needs, has_offers } = &self.classes[class];
            if *has_offers {
                parts.entry(joined.find(number(node))).or_default().0.extend(needs);
            } else {
                without_offer.extend(needs);
            }
        }
        let mut without_need = Vec::new();
        for (node, weight) in self.graph.node_indices().zip(self.graph.node_weights()) {
            let Node::Offer(offer) = *weight else { continue };
            match self.graph.neighbors(node).next() {
                Some(_) => parts.entry(joined.find(number(node))).or_default().1.push(offer),
                None => without_need.push(offer),
            }
        }
        let component = |(mut needs, offers): (Vec<NeedIx>, Vec<OfferIx>)| {
            needs.sort_unstable();
            Component { child_needs: ChildNeeds::of(self.locality, &needs), needs, offers }
        };
        let mut components: Vec<Component> = parts.into_values().map(component).collect();
        components.sort_by_cached_key(|part| (std::cmp::Reverse(part.child_needs.known), part.needs.first().copied()));
        without_offer.sort_unstable();
        Components { components, without_offer, without_need }
    }

    /// Offers, classes and what limits them, joined into sets.
    fn joined(&self) -> UnionFind<u32> {
        let mut joined = UnionFind::new(self.graph.node_count());
        for edge in self.graph.edge_references().filter(|edge| *edge.weight() == Link::Takes) {
            joined.union(number(edge.source()), number(edge.target()));
        }
        let limits = &self.locality.policy().limits;
        for (position, offer) in self.locality.offers().iter().enumerate() {
            let provider = self.locality.services()[offer.service.ix()].provider;
            if limits.provider_places.iter().any(|&(limited, _)| limited == provider) {
                let offer = self.first.offer(OfferIx::new(position));
                joined.union(number(self.first.provider(provider)), number(offer));
            }
        }
        if limits.placements_per_holder != 0 {
            let mut class_of_holder: BTreeMap<usize, NodeIndex> = BTreeMap::new();
            for (node, weight) in self.graph.node_indices().zip(self.graph.node_weights()) {
                let Node::Class(class) = *weight else { continue };
                for need in self.classes[class].needs.iter().filter(|_| self.classes[class].has_offers) {
                    let holder = self.locality.needs()[need.ix()].holder.ix();
                    let other = *class_of_holder.entry(holder).or_insert(node);
                    joined.union(number(node), number(other));
                }
            }
        }
        joined
    }

    /// Providers on whom needs depend: every way from the locality to the need leads through them, which is to say that
    /// they dominate it in the graph (Cooper, Harvey and Kennedy 2001). Most child-needs first, then by provider.
    /// O(edges) for this graph, which has no cycles and is six nodes deep.
    pub fn single_points(&self) -> Vec<SinglePoint> {
        let supply = EdgeFiltered::from_fn(&self.graph, |edge| *edge.weight() != Link::Drives);
        let dominators = dominators::simple_fast(&supply, NodeIndex::new(FirstNodes::LOCALITY));
        let provider_above = |node: NodeIndex| {
            dominators.strict_dominators(node)?.find_map(|above| match self.graph[above] {
                Node::Provider(provider) => Some(provider),
                _ => None,
            })
        };
        let mut found: BTreeMap<ProviderIx, (Vec<NeedIx>, Vec<KindIx>)> = BTreeMap::new();
        for node in self.graph.node_indices() {
            match self.graph[node] {
                Node::Class(class) => {
                    if let Some(provider) = provider_above(node) {
                        found.entry(provider).or_default().0.extend(&self.classes[class].needs);
                    }
                }
                Node::Kind(kind) => {
                    if let Some(provider) = provider_above(node) {
                        found.entry(provider).or_default().1.push(kind);
                    }
                }
                Node::Locality | Node::Provider(_) | Node::Service | Node::Offer(_) => {}
            }
        }
        let point = |(provider, (mut needs, whole_kinds)): (ProviderIx, (Vec<NeedIx>, Vec<KindIx>))| {
            needs.sort_unstable();
            SinglePoint { provider, child_needs: ChildNeeds::of(self.locality, &needs), needs, whole_kinds }
        };
        let mut points: Vec<SinglePoint> = found.into_iter().map(point).collect();
        points.sort_by_key(|point| (std::cmp::Reverse(point.child_needs.known), point.provider));
        points
    }

    /// The kinds that drive `kind` and have child-needs here, nearest first, then by code. Chains that run in a circle
    /// are followed once. O(needs + drives).
    pub fn drivers(&self, kind: KindIx) -> Vec<Driver> {
        let mut of_kind = vec![ChildNeeds::default(); self.locality.kinds().len()];
        for (position, need) in self.locality.needs().iter().enumerate() {
            of_kind[need.kind.ix()].add(self.locality, NeedIx::new(position));
        }
        // For each kind seen, the next one on the way to `kind`.
        let mut toward: Vec<Option<KindIx>> = vec![None; self.locality.kinds().len()];
        toward[kind.ix()] = Some(kind);
        let mut queue = VecDeque::from([kind]);
        let mut drivers = Vec::new();
        while let Some(driven) = queue.pop_front() {
            let incoming = self.graph.edges_directed(self.first.kind(driven), Direction::Incoming);
            let mut causes: Vec<KindIx> = incoming
                .filter(|edge| *edge.weight() == Link::Drives)
                .map(|edge| KindIx::new(edge.source().index() - self.first.kinds))
                .collect();
            causes.sort_unstable();
            for cause in causes {
                if toward[cause.ix()].is_some() {
                    continue;
                }
                toward[cause.ix()] = Some(driven);
                queue.push_back(cause);
                if of_kind[cause.ix()].is_any() {
                    let path = path(&toward, cause, kind);
                    drivers.push(Driver { kind: cause, path, child_needs: of_kind[cause.ix()] });
                }
            }
        }
        drivers
    }
}

fn number(node: NodeIndex) -> u32 {
    // The graph's own indexes are 32 bits wide.
    node.index() as u32
}

fn path(toward: &[Option<KindIx>], from: KindIx, to: KindIx) -> Vec<KindIx> {
    let next = |&at: &KindIx| if at == to { None } else { toward[at.ix()] };
    std::iter::successors(Some(from), next).collect()
}

/// Needs of one kind with the same admitted offers.
type Alike = BTreeMap<(KindIx, Vec<OfferIx>), Vec<NeedIx>>;

fn alike(locality: &Locality, pairs: &Pairs, effort: &Effort) -> Result<Alike, StopReason> {
    let unknown = locality.policy().unknown.eligibility;
    let mut alike = Alike::new();
    for class in pairs.spots().classes() {
        let all: Vec<OfferIx> =
            pairs.of_class(class).filter(|pair| pair.grade.admits(unknown)).map(|pair| pair.offer).collect();
        let mut of_class = Vec::new();
        for &need in pairs.spots().needs_of(class) {
            effort.tick(1)?;
            let declined = pairs.declined_by(need);
            if !locality.needs()[need.ix()].counts {
                continue;
            }
            if declined.is_empty() {
                of_class.push(need);
                continue;
            }
            let left = all.iter().copied().filter(|&offer| declined.binary_search(&(need, offer)).is_err());
            let kind = locality.needs()[need.ix()].kind;
            alike.entry((kind, left.collect())).or_default().push(need);
        }
        effort.tick(all.len() as u64)?;
        if let Some(first) = of_class.first() {
            let kind = locality.needs()[first.ix()].kind;
            alike.entry((kind, all)).or_default().append(&mut of_class);
        }
    }
    Ok(alike)
}

/// Child-needs by the layer of their kind beside what is on offer by setting and by target. Offers in areas outside
/// enter no total. O(needs + offers).
pub fn layer_profile(locality: &Locality) -> LayerProfile {
    let layers = Layer::ALL.iter().map(|&layer| Some(layer)).chain([None]);
    let mut rows: Vec<LayerRow> = layers.map(|layer| LayerRow { layer, ..LayerRow::default() }).collect();
    let row_of = |layer: Option<Layer>| layer.map_or(Layer::ALL.len(), |layer| layer as usize);
    for (position, need) in locality.needs().iter().enumerate() {
        let layer = locality.kinds()[need.kind.ix()].layer;
        rows[row_of(layer)].child_needs.add(locality, NeedIx::new(position));
    }
    let mut of_service = vec![OnOffer::default(); locality.services().len()];
    for (position, offer) in locality.offers().iter().enumerate() {
        if offer.area.is_some_and(|area| !locality.areas()[area.ix()].inside) {
            continue;
        }
        let sum = &mut of_service[offer.service.ix()];
        sum.services = 1;
        sum.offers += 1;
        match locality.supply(OfferIx::new(position)) {
            Supply::Places(places) => sum.places = sum.places.saturating_add(places),
            Supply::Unknown(_) => sum.offers_with_places_unknown += 1,
        }
    }
    for (service, sum) in locality.services().iter().zip(of_service) {
        rows[row_of(service.setting)].setting.add(sum);
        rows[row_of(service.target)].target.add(sum);
    }
    LayerProfile { rows }
}

impl OnOffer {
    fn add(&mut self, other: OnOffer) {
        let OnOffer { services, offers, places, offers_with_places_unknown } = other;
        self.services += services;
        self.offers += offers;
        self.places = self.places.saturating_add(places);
        self.offers_with_places_unknown += offers_with_places_unknown;
    }
}

#[cfg(test)]
mod tests;
