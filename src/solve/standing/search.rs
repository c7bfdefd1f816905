//! Shortest paths in the residual graph over inner nodes, by reduced cost (Dijkstra 1959).

use super::exchange::Exchanges;
use super::nearest::Nearest;
use super::packed::Changes;
use super::state::{ENDLESS, NONE, Optimum};
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
    /// Settled nodes: those nearer than the target (or than the longest path allowed), with some that are as near.
    pub settled: Vec<u32>,
    /// See [`Search::ways`].
    ways: Vec<Costs<S>>,
    by: Vec<(u32, Step)>,
}

impl<const S: usize> Found<S> {
    /// What the path to a settled node costs by itself.
    pub fn way_to(&self, node: u32) -> Costs<S> {
        self.ways[node as usize]
    }

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
        let mut search = Search::new(&self.prices, target, shorter_than.unwrap_or([ENDLESS; S]));
        for &(node, length) in starts {
            let way = subtract(length, self.prices[node as usize]);
            search.reach(&self.prices, node, way, NONE, Step::Start);
        }
        let mut settled = Vec::new();
        let mut length = None;
        while let Some((node, nearest)) = search.nearest.take() {
            settled.push(node);
            if node == target {
                length = Some(nearest);
                break;
            }
            let way = search.ways[node as usize];
            effort.tick(self.pass_on(node, way, &mut search))?;
        }
        Ok(Found { length, settled, ways: search.ways, by: search.by })
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
        add(way, self.prices[to as usize]) == self.prices[from as usize]
    }

    /// Labels what a settled node leads to; gives the number of arcs looked at.
    pub fn pass_on(&self, node: u32, way: Costs<S>, search: &mut Search<S>) -> u64 {
        let row = self.node(node);
        let mut arcs = 1 + row.children.len() as u64;
        if !row.holders.is_empty() {
            let Exchanges { to, changes, sources } = self.exchanges(node);
            arcs += to.len() as u64;
            let reach = |search: &mut Search<S>, at: usize, change: Costs<S>| {
                search.reach(&self.prices, to[at], add(way, change), node, Step::Exchange(sources[at]));
            };
            match changes {
                Changes::Packed(packing, words) => {
                    for (at, word) in words.iter().enumerate() {
                        if less_sum(&way, |stage| packing.stage(*word, stage), &search.ways[to[at] as usize]) {
                            reach(search, at, packing.unpack(*word));
                        }
                    }
                }
                Changes::Wide(changes) => {
                    for (at, change) in changes.iter().enumerate() {
                        if less_sum(&way, |stage| change[stage], &search.ways[to[at] as usize]) {
                            reach(search, at, *change);
                        }
                    }
                }
            }
        }
        if let Some(next) = row.next.filter(|_| row.head != NONE) {
            search.reach(&self.prices, row.head, add(way, next), node, Step::More);
        }
        for &child in row.children.iter() {
            if less_sum(&way, |stage| -self.lasts[child as usize][stage], &search.ways[child as usize]) {
                let way = subtract(way, self.lasts[child as usize]);
                search.reach(&self.prices, child, way, node, Step::Less);
            }
        }
        arcs
    }
}

/// Whether a + b < c. Nearly all of the work is here, and no branch could be foretold: so there is none, and later
/// stages are compared even where an earlier one decides.
#[inline(always)]
fn less_sum<const S: usize>(a: &Costs<S>, b: impl Fn(usize) -> i64, c: &Costs<S>) -> bool {
    let mut less = false;
    for stage in (0..S).rev() {
        // Costs of paths are far from the ends of 64 bits, so nothing wraps: this only spares the check.
        let sum = a[stage].wrapping_add(b(stage));
        less = (sum < c[stage]) | ((sum == c[stage]) & less);
    }
    less
}

/// Labels and what is still to be settled.
///
/// A label is kept as the *way* to its node: what the path costs by itself. With the price of the node it makes the
/// path's length, its sum of reduced costs. So an arc is added and compared without reading a price.
pub(super) struct Search<const S: usize> {
    target: u32,
    pub ways: Vec<Costs<S>>,
    by: Vec<(u32, Step)>,
    nearest: Nearest<S>,
    /// Nothing that is as long or longer is of use.
    shorter_than: Costs<S>,
}

impl<const S: usize> Search<S> {
    pub fn new(prices: &[Costs<S>], target: u32, shorter_than: Costs<S>) -> Search<S> {
        Search {
            target,
            ways: prices.iter().map(|price| subtract(shorter_than, *price)).collect(),
            by: vec![(NONE, Step::Start); prices.len()],
            nearest: Nearest::new(prices.len()),
            shorter_than,
        }
    }

    /// Labels where the search begins.
    pub fn start(&mut self, prices: &[Costs<S>], node: u32, way: Costs<S>) {
        self.reach(prices, node, way, NONE, Step::Start);
    }

    /// Labels a node, where how it is come to does not matter.
    pub fn label(&mut self, prices: &[Costs<S>], node: u32, way: Costs<S>) {
        self.reach(prices, node, way, NONE, Step::Start);
    }

    /// Settles the nearest node.
    pub fn take(&mut self) -> Option<u32> {
        self.nearest.take().map(|(node, _)| node)
    }

    fn reach(&mut self, prices: &[Costs<S>], node: u32, way: Costs<S>, before: u32, step: Step) {
        if self.ways[node as usize] <= way {
            return;
        }
        let length = add(way, prices[node as usize]);
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
