//! The simplex itself: pricing, pivots, and what a tree says.

use super::arcs::{Layout, NONE, OnwardArcs};
use super::costs::{Cost, Objective, Scalar};
use super::tree::{Hang, Leaf, Tree};
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

/// A source's arc that is worth bringing into the tree.
#[derive(Clone, Copy)]
struct EnteringPair<C> {
    source: u32,
    arc: u32,
    head: u32,
    cost: C,
    /// Cost less the gain in price: negative.
    reduced: C,
}

/// An onward arc that is worth bringing into the tree.
#[derive(Clone, Copy)]
struct EnteringOnward<C> {
    node: u32,
    cost: C,
    /// Cost less the gain in price. Negative: the arc should carry more; positive: less.
    reduced: C,
}

/// The way round that an entering arc closes: down from the apex on one side, up to it on the other.
struct Cycle {
    /// How much can go round.
    units: u64,
    blocked: Blocked,
    /// The inner node at which both sides end.
    end: u32,
    /// A source below it where they end already; NONE for most.
    apex: u32,
    /// Nodes looked at.
    steps: u64,
}

/// Where a cycle is blocked.
#[derive(Clone, Copy)]
enum Blocked {
    /// The entering arc itself is filled or emptied.
    Entering,
    /// The arc over which the entering source hangs is emptied.
    Leaf,
    /// Above this node, on the side of the cycle where the flow comes from.
    Before(u32),
    /// Above this node, on the side where it goes.
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
            if let Some(arc) = layout.as_onward(tree.hang(node).arc).filter(|arc| *arc != node) {
                onward.hang_down(arc);
            }
        }
        let tree = tree.with_costs(|arc| match layout.as_onward(arc) {
            Some(node) => onward.tree_cost(node),
            None => layout.source_cost(&objective, arc),
        });
        Simplex::new(network, objective, onward, tree)
    }

    /// What another objective needs to go on: the amounts on onward arcs, and the tree.
    pub fn into_tree(self) -> (Vec<u64>, Tree<O::Cost>) {
        (self.onward.amounts, self.tree)
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
                let steps = if part == ONWARD {
                    self.enter_onward(position).map(|entering| self.pivot_onward(entering))
                } else {
                    self.enter_source(part, position).map(|entering| self.pivot_pair(entering))
                };
                if let Some(steps) = steps {
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
    fn enter_source(&self, part: u32, position: u32) -> Option<EnteringPair<O::Cost>> {
        let own = &self.window.parts[part as usize];
        let position = position as usize;
        let source = own.of[position];
        let price = self.tree.price_of_source(source);
        let mut best: Option<EnteringPair<O::Cost>> = None;
        for at in own.starts[position] as usize..own.starts[position + 1] as usize {
            let (arc, head, cost) = (own.arcs[at], own.heads[at], own.costs[at]);
            let reduced = cost.plus(self.tree.price_of_head(head)).minus(price);
            if reduced < best.map_or(O::Cost::ZERO, |best| best.reduced) {
                best = Some(EnteringPair { source, arc, head, cost, reduced });
            }
        }
        best
    }

    /// The onward arc of an inner node, where it is worth bringing in, in either direction.
    fn enter_onward(&self, node: u32) -> Option<EnteringOnward<O::Cost>> {
        let gap = self.gap(node);
        // Tree arcs name themselves harmlessly: the segment they are in has reduced cost zero, the one before no more.
        let next = self.onward.next(node).filter(|cost| cost.plus(gap) < O::Cost::ZERO);
        let last = self.onward.last(node).filter(|cost| O::Cost::ZERO < cost.plus(gap));
        let cost = next.or(last)?;
        Some(EnteringOnward { node, cost, reduced: cost.plus(gap) })
    }

    /// Brings a source's arc into the tree and sends as much round its cycle as goes. Gives the nodes looked at.
    fn pivot_pair(&mut self, entering: EnteringPair<O::Cost>) -> u64 {
        let EnteringPair { source, arc, head, cost, reduced } = entering;
        let from = self.tree.node_of(source);
        let cycle = self.cycle(source, from, head, u64::MAX);
        let units = cycle.units;
        if 0 < units {
            if cycle.apex != source {
                *self.tree.sent_up(source) -= units;
                self.send(from, false, &cycle, units);
            }
            self.send(head, true, &cycle, units);
        }
        let leaf = Leaf { at: head, arc, cost, sent: units };
        let moved = match cycle.blocked {
            Blocked::After(top) => {
                self.tree.reroot(top, false, head, Hang { up: from, via: source, arc, cost, sent: units });
                self.tree.shift_prices(head, O::Cost::ZERO.minus(reduced))
            }
            Blocked::Before(top) => {
                let old = self.tree.leaf(source);
                self.tree.move_source(source, leaf);
                let hang = Hang { up: head, via: source, arc: old.arc, cost: old.cost, sent: old.sent };
                self.tree.reroot(top, true, from, hang);
                self.tree.shift_below(source, reduced)
            }
            // A source's arc has no end of room, so it is never blocked itself.
            Blocked::Leaf | Blocked::Entering => {
                self.tree.move_source(source, leaf);
                self.tree.shift_below(source, reduced)
            }
        };
        cycle.steps + moved
    }

    /// The same for an onward arc.
    fn pivot_onward(&mut self, entering: EnteringOnward<O::Cost>) -> u64 {
        let EnteringOnward { node: tail, cost, reduced } = entering;
        let head = self.onward.heads[tail as usize];
        let forward = reduced < O::Cost::ZERO;
        let (from, to) = if forward { (tail, head) } else { (head, tail) };
        self.onward.enter(tail, forward);
        let own_room = if forward { self.onward.room_forward(tail) } else { self.onward.room_backward(tail) };
        let cycle = self.cycle(NONE, from, to, own_room);
        let units = cycle.units;
        if 0 < units {
            self.send(from, false, &cycle, units);
            self.send(to, true, &cycle, units);
            let amount = &mut self.onward.amounts[tail as usize];
            *amount = if forward { *amount + units } else { *amount - units };
        }
        let (top, with_source, node, up) = match cycle.blocked {
            Blocked::Before(top) => (top, true, from, to),
            Blocked::After(top) => (top, false, to, from),
            // It is at an end of its segment now, and stays out.
            Blocked::Entering | Blocked::Leaf => return cycle.steps,
        };
        let hang = Hang { up, via: NONE, arc: self.layout.onward(tail), cost, sent: 0 };
        self.tree.reroot(top, with_source, node, hang);
        let shift = if node == tail { reduced } else { O::Cost::ZERO.minus(reduced) };
        cycle.steps + self.tree.shift_prices(node, shift)
    }

    /// The cycle over an arc from `from` to `to`, or from a source that hangs from `from`. Of several blocking arcs the
    /// last one counts, seen in the cycle's direction from the apex: then every node of the next tree still has room up
    /// to the ground, and no sequence of trees comes round again (Cunningham 1976).
    fn cycle(&self, source: u32, from: u32, to: u32, own_room: u64) -> Cycle {
        let tree = &self.tree;
        let (mut before, mut after) = (from, to);
        let (mut depth_before, mut depth_after) = (tree.depth(before), tree.depth(after));
        // Where the flow comes down, the arc nearest to `from`, seen first, is the cycle's last.
        let mut first = match source {
            NONE => (u64::MAX, Blocked::Entering),
            source => (tree.sent_of(source), Blocked::Leaf),
        };
        // Where it goes up, the arc nearest to the apex, seen last, is the cycle's last.
        let mut last = (u64::MAX, Blocked::Entering);
        let (mut apex, mut steps) = (NONE, 0);
        while before != after {
            steps += 1;
            let (down, up) = (depth_after <= depth_before, depth_before <= depth_after);
            let over_before = tree.hang(before);
            let over_after = tree.hang(after);
            if up {
                let room = match over_after.via {
                    NONE => self.onward_room(over_after.arc, tree.is_onward(after)),
                    _ => over_after.sent,
                };
                if room <= last.0 {
                    last = (room, Blocked::After(after));
                }
                after = over_after.up;
                depth_after = depth_after.wrapping_sub(1);
                // Both sides may meet at a source: the entering one, or one from which both nodes hang.
                if over_after.via != NONE && over_after.via == source {
                    (apex, first) = (source, (u64::MAX, Blocked::Entering));
                    break;
                }
                if down && over_after.via != NONE && over_after.via == over_before.via {
                    apex = over_after.via;
                    break;
                }
            }
            if down {
                let room = match over_before.via {
                    NONE => self.onward_room(over_before.arc, !tree.is_onward(before)),
                    source => tree.sent_of(source),
                };
                if room < first.0 {
                    first = (room, Blocked::Before(before));
                }
                before = over_before.up;
                depth_before = depth_before.wrapping_sub(1);
            }
        }
        let units = own_room.min(first.0).min(last.0);
        let blocked = if last.0 == units {
            last.1
        } else if own_room == units {
            Blocked::Entering
        } else {
            first.1
        };
        Cycle { units, blocked, end: after, apex, steps }
    }

    /// How much more an onward arc in the tree could take, or less.
    pub fn onward_room(&self, arc: u32, forward: bool) -> u64 {
        let node = arc - self.layout.onward(0);
        if forward { self.onward.room_forward(node) } else { self.onward.room_backward(node) }
    }

    /// Sends `units` up one side of a cycle, or down, between a node and where the sides meet.
    fn send(&mut self, bottom: u32, upwards: bool, cycle: &Cycle, units: u64) {
        let add = |amount: &mut u64, more: bool| *amount = if more { *amount + units } else { *amount - units };
        let mut node = bottom;
        while node != cycle.end {
            let Hang { up, via, arc, .. } = *self.tree.hang(node);
            if via == NONE {
                let forward = upwards == self.tree.is_onward(node);
                add(&mut self.onward.amounts[(arc - self.layout.onward(0)) as usize], forward);
            } else {
                add(self.tree.sent_into(node), !upwards);
                if via != cycle.apex {
                    add(self.tree.sent_up(via), upwards);
                }
            }
            node = up;
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
        flow(&self.tree)
    }
}

impl Simplex<'_, Scalar<'_>> {
    /// Another cost of a sink's or limit's onward arc, wherever it is.
    pub fn set_flat_cost(&mut self, node: u32, cost: i64) {
        self.onward.set_flat_cost(node, cost);
        self.tree.set_onward_cost(self.layout.onward(node), node, self.onward.heads[node as usize], cost);
    }

    /// Another cost of a source's unsent arc, wherever it is.
    pub fn set_unsent_cost(&mut self, source: u32, cost: i64) {
        self.objective.unsent[source as usize] = cost;
        self.window.set_unsent_cost(self.layout, source, cost);
        let head = self.layout.unsent_head(self.network, source);
        self.tree.set_source_cost(self.layout.unsent(source), source, head, cost);
    }
}

/// The flow that a tree carries.
pub(super) fn flow<C>(tree: &Tree<C>) -> Flow {
    Flow::new(tree.sent_on_pairs().collect())
}
