//! The simplex itself: pricing, pivots, and what a tree says.

use super::arcs::{Layout, NONE, OnwardArcs};
use super::costs::{Cost, Objective, Scalar};
use super::tree::{Link, Tree};
use super::window::Window;
use crate::solve::Network;
use crate::solve::effort::{Effort, StopReason};
use crate::solve::outcome::Flow;

/// The state between pivots: a flow that is always feasible, and a spanning tree of arcs that prices it.
pub(super) struct Simplex<'a, O: Objective> {
    pub network: &'a Network,
    pub layout: Layout,
    pub objective: O,
    pub onward: OnwardArcs<O::Cost>,
    pub tree: Tree<O::Cost>,
    pub window: Window<O::Cost>,
    /// Where pricing goes on: a part of the window.
    cursor: usize,
    candidates: Vec<(O::Cost, u32, u32)>,
}

/// An arc that is worth bringing into the tree.
#[derive(Clone, Copy)]
struct Entering<C> {
    arc: u32,
    tail: u32,
    head: u32,
    cost: C,
    /// Cost less the gain in price. Negative: the arc should carry more; positive: less.
    reduced: C,
}

/// Where the cycle of an entering arc is blocked.
enum Blocked {
    /// The entering arc itself is filled or emptied.
    Entering,
    /// The link of this node, on the side of the cycle where the flow comes from.
    Before(u32),
    /// The link of this node, on the side where it goes.
    After(u32),
}

/// In the list of candidates: the part that stands for the onward arcs.
const ONWARD: u32 = u32::MAX;

impl<'a, O: Objective> Simplex<'a, O> {
    pub fn new(network: &'a Network, objective: O, onward: OnwardArcs<O::Cost>, tree: Tree<O::Cost>) -> Self {
        let layout = Layout::of(network);
        let window = Window::new(layout.n_sources);
        Simplex { network, layout, objective, onward, tree, window, cursor: 0, candidates: Vec::new() }
    }

    /// Goes on with a tree that was made for other costs.
    pub fn from_tree<C: Cost>(network: &'a Network, objective: O, amounts: Vec<u64>, tree: Tree<C>) -> Self {
        let layout = Layout::of(network);
        let mut onward = OnwardArcs::new(network, layout, &objective, amounts);
        for node in 0..layout.ground() {
            // A node that hangs from its child must be able to take back what comes from there.
            if let Some(arc) = layout.as_onward(tree.link[node as usize]).filter(|arc| *arc != node) {
                onward.hang_down(arc);
            }
        }
        let tree = tree.with_costs(|_, arc| match layout.as_onward(arc) {
            Some(node) => onward.tree_cost(node),
            None => layout.source_cost(&objective, arc),
        });
        Simplex::new(network, objective, onward, tree)
    }

    /// Pivots until nothing in the window and no onward arc is worth more. Gives the number of pivots.
    pub fn run(&mut self, effort: &Effort) -> Result<u64, StopReason> {
        // The onward arcs are one more part.
        let n_parts = self.window.parts.len() + 1;
        let mut pivots = 0;
        let mut clean = 0;
        while clean < n_parts {
            self.price(self.cursor, effort)?;
            if self.candidates.is_empty() {
                clean += 1;
                self.cursor = if self.cursor + 1 < n_parts { self.cursor + 1 } else { 0 };
                continue;
            }
            clean = 0;
            let candidates = std::mem::take(&mut self.candidates);
            for &(_, position, part) in &candidates {
                // Earlier pivots have moved prices, so each is looked at again.
                let entering =
                    if part == ONWARD { self.enter_onward(position) } else { self.enter_source(part, position) };
                if let Some(entering) = entering {
                    let steps = self.pivot(entering);
                    effort.tick(steps)?;
                    pivots += 1;
                }
            }
            self.candidates = candidates;
            self.cursor = if self.cursor + 1 < n_parts { self.cursor + 1 } else { 0 };
        }
        Ok(pivots)
    }

    /// Collects what is worth bringing in from a part of the window, or past its last part from the onward arcs; the most
    /// first.
    fn price(&mut self, part: usize, effort: &Effort) -> Result<(), StopReason> {
        self.candidates.clear();
        let mut seen = 0;
        if let Some(own) = self.window.parts.get(part) {
            seen += own.arcs.len() as u64;
            for (position, &source) in own.of.iter().enumerate() {
                let price = self.tree.price_of_source(source);
                let range = own.starts[position] as usize..own.starts[position + 1] as usize;
                let arcs = own.heads[range.clone()].iter().zip(&own.costs[range]);
                let mut least = price;
                for (head, cost) in arcs {
                    let value = cost.plus(self.tree.price_of_head(*head));
                    if value < least {
                        least = value;
                    }
                }
                if least < price {
                    self.candidates.push((least.minus(price), position as u32, part as u32));
                }
            }
        }
        if part == self.window.parts.len() {
            seen += u64::from(self.layout.ground());
            for node in 0..self.layout.ground() {
                if let Some(entering) = self.enter_onward(node) {
                    let size = entering.reduced.min(O::Cost::ZERO.minus(entering.reduced));
                    self.candidates.push((size, node, ONWARD));
                }
            }
        }
        effort.tick(seen)?;
        self.candidates.sort_unstable();
        Ok(())
    }

    /// The best arc of a source in the window, where it has one worth bringing in.
    fn enter_source(&self, part: u32, position: u32) -> Option<Entering<O::Cost>> {
        let own = &self.window.parts[part as usize];
        let position = position as usize;
        let source = own.of[position];
        let tail = self.layout.source(source);
        let price = self.tree.price_of_source(source);
        let mut best: Option<Entering<O::Cost>> = None;
        for at in own.starts[position] as usize..own.starts[position + 1] as usize {
            let (arc, head, cost) = (own.arcs[at], own.heads[at], own.costs[at]);
            let reduced = cost.plus(self.tree.price_of_head(head)).minus(price);
            if reduced < best.map_or(O::Cost::ZERO, |best| best.reduced) {
                best = Some(Entering { arc, tail, head, cost, reduced });
            }
        }
        best
    }

    /// The onward arc of an inner node, where it is worth bringing in, in either direction.
    fn enter_onward(&self, node: u32) -> Option<Entering<O::Cost>> {
        let head = self.onward.heads[node as usize];
        let gap = self.gap(node);
        // Tree arcs name themselves harmlessly: the segment they are in has reduced cost zero, the one before no more.
        let next = self.onward.next(node).filter(|cost| cost.plus(gap) < O::Cost::ZERO);
        let last = self.onward.last(node).filter(|cost| O::Cost::ZERO < cost.plus(gap));
        let cost = next.or(last)?;
        Some(Entering { arc: self.layout.onward(node), tail: node, head, cost, reduced: cost.plus(gap) })
    }

    /// Brings an arc into the tree and sends as much round its cycle as goes. Gives the nodes looked at.
    fn pivot(&mut self, entering: Entering<O::Cost>) -> u64 {
        let Entering { arc, tail, head, cost, reduced } = entering;
        let onward = self.layout.as_onward(arc);
        let forward = reduced < O::Cost::ZERO;
        let (from, to) = if forward { (tail, head) } else { (head, tail) };
        let own_room = match onward {
            None => u64::MAX,
            Some(node) => {
                self.onward.enter(node, forward);
                if forward { self.onward.room_forward(node) } else { self.onward.room_backward(node) }
            }
        };
        let (apex, units, blocked, steps) = self.blocking(from, to, own_room);
        if 0 < units {
            self.send(from, to, apex, units);
            if let Some(node) = onward {
                let amount = &mut self.onward.amounts[node as usize];
                *amount = if forward { *amount + units } else { *amount - units };
            }
        }
        let (top, node, parent) = match blocked {
            // Only onward arcs have an end of room. This one is at an end of its segment now, and stays out.
            Blocked::Entering => return steps,
            Blocked::Before(top) => (top, from, to),
            Blocked::After(top) => (top, to, from),
        };
        self.tree.rehang(top, node, parent, Link { arc, cost, sent: units });
        let shift = if node == tail { reduced } else { O::Cost::ZERO.minus(reduced) };
        steps + self.tree.shift_prices(node, shift)
    }

    /// The apex of the cycle over an arc from `from` to `to`, how much goes round it, what blocks it, and how long it
    /// is. Of several blocking arcs the last one counts, seen in the cycle's direction from the apex: then every node of
    /// the next tree still has room up to the ground, and no sequence of trees comes round again (Cunningham 1976).
    fn blocking(&self, from: u32, to: u32, own_room: u64) -> (u32, u64, Blocked, u64) {
        let (mut before, mut after) = (from, to);
        let (mut units_before, mut top_before) = (u64::MAX, NONE);
        let (mut units_after, mut top_after) = (u64::MAX, NONE);
        let (mut depth_before, mut depth_after) = (self.tree.depth(before), self.tree.depth(after));
        let mut steps = 0;
        while before != after {
            steps += 1;
            let (down, up) = (depth_after <= depth_before, depth_before <= depth_after);
            if down {
                // The flow comes down here, so the arc nearest to `from`, seen first, is the cycle's last.
                let room = self.room(before, false);
                if room < units_before {
                    (units_before, top_before) = (room, before);
                }
                before = self.tree.parent[before as usize];
                depth_before -= 1;
            }
            if up {
                // The flow goes up here, so the arc nearest to the apex, seen last, is the cycle's last.
                let room = self.room(after, true);
                if room <= units_after {
                    (units_after, top_after) = (room, after);
                }
                after = self.tree.parent[after as usize];
                depth_after -= 1;
            }
        }
        let units = own_room.min(units_before).min(units_after);
        let blocked = if top_after != NONE && units_after == units {
            Blocked::After(top_after)
        } else if own_room == units {
            Blocked::Entering
        } else {
            Blocked::Before(top_before)
        };
        (before, units, blocked, steps)
    }

    /// How much more the link of a node could take, upwards or downwards.
    pub fn room(&self, node: u32, upwards: bool) -> u64 {
        let forward = upwards == self.tree.points_up(node);
        match (self.layout.as_onward(self.tree.link[node as usize]), forward) {
            (None, true) => u64::MAX,
            (None, false) => self.tree.sent[node as usize],
            (Some(arc), true) => self.onward.room_forward(arc),
            (Some(arc), false) => self.onward.room_backward(arc),
        }
    }

    /// Sends `units` from the apex down to `from`, and from `to` up to the apex.
    fn send(&mut self, from: u32, to: u32, apex: u32, units: u64) {
        for (bottom, upwards) in [(from, false), (to, true)] {
            let mut node = bottom;
            while node != apex {
                let forward = upwards == self.tree.points_up(node);
                let amount = match self.layout.as_onward(self.tree.link[node as usize]) {
                    None => &mut self.tree.sent[node as usize],
                    Some(arc) => &mut self.onward.amounts[arc as usize],
                };
                *amount = if forward { *amount + units } else { *amount - units };
                node = self.tree.parent[node as usize];
            }
        }
    }

    /// Price of an onward arc's head less that of its tail.
    pub fn gap(&self, node: u32) -> O::Cost {
        self.tree.price_of_head(self.onward.heads[node as usize]).minus(self.tree.price(node))
    }

    /// Prices of all inner nodes.
    pub fn prices(&self) -> Vec<O::Cost> {
        (0..self.layout.n_inner()).map(|node| self.tree.price(node)).collect()
    }

    /// The flow at this moment.
    pub fn flow(&self) -> Flow {
        flow(self.layout, &self.tree)
    }
}

impl Simplex<'_, Scalar<'_>> {
    /// Another cost of a sink's or limit's onward arc, wherever it is.
    pub fn set_flat_cost(&mut self, node: u32, cost: i64) {
        self.onward.set_flat_cost(node, cost);
        self.set_link_cost(self.layout.onward(node), node, self.onward.heads[node as usize], cost);
    }

    /// Another cost of a source's unsent arc, wherever it is.
    pub fn set_unsent_cost(&mut self, source: u32, cost: i64) {
        self.objective.unsent[source as usize] = cost;
        self.window.set_unsent_cost(self.layout, source, cost);
        let head = self.layout.unsent_head(self.network, source);
        self.set_link_cost(self.layout.unsent(source), self.layout.source(source), head, cost);
    }

    /// In the tree, an arc is the link of its tail or of its head.
    fn set_link_cost(&mut self, arc: u32, tail: u32, head: u32, cost: i64) {
        for node in [tail, head] {
            if self.tree.link[node as usize] == arc {
                self.tree.set_link_cost(node, cost);
            }
        }
    }
}

/// The flow that a tree carries: what is outside carries nothing if it is a pair.
pub(super) fn flow<C>(layout: Layout, tree: &Tree<C>) -> Flow {
    let links = tree.link.iter().zip(&tree.sent);
    Flow::new(links.filter(|(arc, _)| **arc < layout.n_pairs).map(|(arc, units)| (*arc, *units)).collect())
}
