//! Shortest paths in the residual graph over inner nodes, by reduced cost (Dijkstra 1959).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

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

/// What a search found.
pub(super) struct Found<const S: usize> {
    /// Length of the shortest path to the target; None where there is none, or none short enough.
    pub length: Option<Costs<S>>,
    /// Settled nodes: those nearer than the target (or than the longest path allowed), with some that are as near.
    pub settled: Vec<u32>,
    lengths: Vec<Costs<S>>,
    by: Vec<(u32, Step)>,
}

impl<const S: usize> Found<S> {
    pub fn length_to(&self, node: u32) -> Costs<S> {
        self.lengths[node as usize]
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
        let n_nodes = self.nodes.len();
        let mut search = Search {
            lengths: vec![[0; S]; n_nodes],
            by: vec![(NONE, Step::Start); n_nodes],
            seen: vec![Seen::Not; n_nodes],
            heap: BinaryHeap::new(),
        };
        let mut settled = Vec::new();
        for &(node, length) in starts {
            search.reach(node, length, NONE, Step::Start);
        }
        let mut length = None;
        while let Some(Reverse((nearest, node))) = search.heap.pop() {
            if search.seen[node as usize] == Seen::Settled {
                continue;
            }
            if shorter_than.is_some_and(|longest| longest <= nearest) {
                break;
            }
            search.seen[node as usize] = Seen::Settled;
            settled.push(node);
            if node == target {
                length = Some(nearest);
                break;
            }
            effort.tick(self.pass_on(node, nearest, &mut search))?;
        }
        Ok(Found { length, settled, lengths: search.lengths, by: search.by })
    }

    /// Labels what a settled node leads to; gives the number of arcs looked at.
    fn pass_on(&self, node: u32, length: Costs<S>, search: &mut Search<S>) -> u64 {
        let row = self.node(node);
        // Length less the price here; adding a cost and the price there makes it the length there.
        let from = subtract(length, self.prices[node as usize]);
        let mut arcs = 1 + row.children.len() as u64;
        if !row.holders.is_empty() {
            let exchanges = self.exchanges(node);
            arcs += exchanges.len() as u64;
            for exchange in exchanges {
                let there = add(add(from, exchange.change), self.prices[exchange.to as usize]);
                search.reach(exchange.to, there, node, Step::Exchange(exchange.source));
            }
        }
        if let Some(next) = row.next.filter(|_| row.head != NONE) {
            search.reach(row.head, add(add(from, next), self.prices[row.head as usize]), node, Step::More);
        }
        for &child in row.children.iter() {
            if let Some(last) = self.node(child).last {
                search.reach(child, add(subtract(from, last), self.prices[child as usize]), node, Step::Less);
            }
        }
        arcs
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Not,
    Labelled,
    Settled,
}

struct Search<const S: usize> {
    lengths: Vec<Costs<S>>,
    by: Vec<(u32, Step)>,
    seen: Vec<Seen>,
    heap: BinaryHeap<Reverse<(Costs<S>, u32)>>,
}

impl<const S: usize> Search<S> {
    fn reach(&mut self, node: u32, length: Costs<S>, before: u32, step: Step) {
        let at = node as usize;
        match self.seen[at] {
            Seen::Settled => return,
            Seen::Labelled if self.lengths[at] <= length => return,
            Seen::Labelled | Seen::Not => {}
        }
        self.seen[at] = Seen::Labelled;
        self.lengths[at] = length;
        self.by[at] = (before, step);
        self.heap.push(Reverse((length, node)));
    }
}
