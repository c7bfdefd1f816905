//! Shortest paths in the residual graph over inner nodes, by reduced cost (Dijkstra 1959).

use super::exchange::Exchanges;
use super::lengths::{Lengths, Plain};
use super::nearest::Nearest;
use super::state::{NONE, Optimum};
use crate::solve::costs::{Costs, add, subtract};
use crate::solve::{Effort, StopReason};

/// How a path comes to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The path starts here.
    Start,
    /// A unit of this source moves here from the container before.
    Exchange(u32),
    /// One unit more on the onward arc of the node before.
    More,
    /// One unit less on the onward arc of this node.
    Less,
}

/// A path from one node to another, its steps from the end backwards: see [`Found::path`].
#[derive(Debug)]
pub(super) struct Path {
    pub start: u32,
    pub end: u32,
    pub steps: Vec<(u32, u32, Step)>,
}

/// What a search found.
pub(super) struct Found<const S: usize> {
    /// Length of the shortest path to the target; None where there is none, or none short enough.
    pub length: Option<Costs<S>>,
    /// Settled nodes with their lengths: those nearer than the target (or than the longest path allowed), with some that
    /// are as near.
    pub settled: Vec<(u32, Costs<S>)>,
    /// How each labelled node is come to.
    by: Vec<(u32, Step)>,
}

impl<const S: usize> Found<S> {
    /// The path to a settled node, backwards: each node with the one before it and how it is come to, the start last.
    pub fn path(&self, to: u32) -> impl Iterator<Item = (u32, u32, Step)> {
        let step = |node: u32| (self.by[node as usize].0, node, self.by[node as usize].1);
        std::iter::successors(Some(step(to)), move |(before, ..)| (*before != NONE).then(|| step(*before)))
    }
}

impl<const S: usize> Optimum<S> {
    /// Searches from labelled nodes for the target, and ends as soon as it is settled or nothing shorter than
    /// `shorter_than` is left.
    pub fn search(
        &self,
        starts: &[(u32, Costs<S>)],
        target: u32,
        shorter_than: Option<Costs<S>>,
        effort: &Effort,
    ) -> Result<Found<S>, StopReason> {
        match self.packing {
            Some(packing) => self.search_by(packing, starts, target, shorter_than, effort),
            None => self.search_by(Plain, starts, target, shorter_than, effort),
        }
    }

    fn search_by<L: Lengths<S>>(
        &self,
        lengths: L,
        starts: &[(u32, Costs<S>)],
        target: u32,
        shorter_than: Option<Costs<S>>,
        effort: &Effort,
    ) -> Result<Found<S>, StopReason> {
        let prices = lengths.prices(&self.prices, self.ground);
        let mut search = Search::new(lengths, prices, shorter_than.as_ref());
        search.target = target;
        for (node, length) in starts {
            search.start(*node, lengths.of(length));
        }
        let mut settled = Vec::new();
        let mut length = None;
        while let Some((node, nearest)) = search.take() {
            settled.push((node, lengths.costs(nearest)));
            if node != target {
                effort.tick(self.pass_on(node, &mut search))?;
            }
            if search.shorter_than <= nearest {
                // The target is labelled, and nothing is nearer.
                length = Some(lengths.costs(nearest));
                break;
            }
        }
        Ok(Found { length, settled, by: search.by })
    }

    /// Whether there is a path of length zero from one node to another, for a reason that needs no search: the last
    /// path that units took led the other way, and they could still go back. (There may be one if this says no.)
    pub fn leads_back(&self, from: u32, to: u32) -> bool {
        let Some(path) = self.last_path.as_ref().filter(|path| path.start == to && path.end == from) else {
            return false;
        };
        let mut way = [0; S];
        for &(before, node, by) in &path.steps {
            let cost = match by {
                Step::Start => Some([0; S]),
                Step::Exchange(source) if self.held_in(source, node) == 0 => None,
                Step::Exchange(source) => Some(subtract(self.cost_in(source, before), self.cost_in(source, node))),
                Step::More => self.node(before).last.map(|last| subtract([0; S], last)),
                Step::Less => self.node(node).next,
            };
            match cost {
                Some(cost) => way = add(way, cost),
                None => return false,
            }
        }
        add(way, *self.prices.of(to)) == *self.prices.of(from)
    }

    /// Labels what a settled node leads to; gives the number of arcs looked at.
    pub fn pass_on<L: Lengths<S>>(&self, node: u32, search: &mut Search<S, L>) -> u64 {
        let row = self.node(node);
        let way = search.ways[node as usize];
        let mut arcs = 1 + row.children.len() as u64;
        if !row.holders.is_empty() {
            let Exchanges { to, changes, sources } = self.exchanges(node);
            arcs += to.len() as u64;
            match search.lengths.all(changes) {
                Some(changes) => {
                    for ((to, change), source) in to.iter().zip(changes).zip(sources) {
                        if L::is_less(way, *change, search.ways[*to as usize]) {
                            search.reach(*to, L::add(way, *change), node, Step::Exchange(*source));
                        }
                    }
                }
                None => {
                    for (at, (to, source)) in to.iter().zip(sources).enumerate() {
                        let change = search.lengths.of(&changes.at(at));
                        search.reach(*to, L::add(way, change), node, Step::Exchange(*source));
                    }
                }
            }
        }
        if let Some(next) = row.next.filter(|_| row.head != NONE) {
            search.reach(row.head, L::add(way, search.lengths.of(&next)), node, Step::More);
        }
        for &child in row.children.iter() {
            if let Some(last) = &self.lasts[child as usize] {
                search.reach(child, L::subtract(way, search.lengths.of(last)), node, Step::Less);
            }
        }
        arcs
    }
}

/// Labels and what is still to be settled.
///
/// A label is kept as the *way* to its node: what the path costs by itself. With the price of the node it makes the
/// path's length, its sum of reduced costs. So an arc is added and compared without reading a price.
pub(super) struct Search<const S: usize, L: Lengths<S>> {
    pub lengths: L,
    target: u32,
    /// Ways to the nodes, so long where there is none that none could be of use.
    pub ways: Vec<L::Length>,
    pub prices: Vec<L::Length>,
    by: Vec<(u32, Step)>,
    nearest: Nearest<L::Length>,
    /// Nothing that is as long or longer is of use.
    shorter_than: L::Length,
}

impl<const S: usize, L: Lengths<S>> Search<S, L> {
    pub fn new(lengths: L, prices: Vec<L::Length>, shorter_than: Option<&Costs<S>>) -> Search<S, L> {
        let shorter_than = shorter_than.map_or(L::ENDLESS, |costs| lengths.of(costs));
        Search {
            lengths,
            target: NONE,
            ways: prices.iter().map(|price| L::subtract(shorter_than, *price)).collect(),
            by: vec![(NONE, Step::Start); prices.len()],
            nearest: Nearest::new(prices.len()),
            shorter_than,
            prices,
        }
    }

    /// Labels a node where the search begins, with the length that it begins with.
    pub fn start(&mut self, node: u32, length: L::Length) {
        self.label(node, L::subtract(length, self.prices[node as usize]));
    }

    /// Labels a node, where how it is come to does not matter.
    pub fn label(&mut self, node: u32, way: L::Length) {
        self.reach(node, way, NONE, Step::Start);
    }

    /// Length of the path to a node; where it has no label, that of the longest one allowed.
    pub fn length_to(&self, node: u32) -> Costs<S> {
        self.lengths.costs(L::add(self.ways[node as usize], self.prices[node as usize]))
    }

    /// Settles the nearest node.
    pub fn take(&mut self) -> Option<(u32, L::Length)> {
        self.nearest.take()
    }

    fn reach(&mut self, node: u32, way: L::Length, before: u32, step: Step) {
        if self.ways[node as usize] <= way {
            return;
        }
        let length = L::add(way, self.prices[node as usize]);
        if self.shorter_than <= length {
            return;
        }
        if node == self.target {
            // What is as far as the target need not be looked at: it would be settled after it.
            self.shorter_than = length;
        }
        self.ways[node as usize] = way;
        self.by[node as usize] = (before, step);
        self.nearest.put(node, length);
    }
}
