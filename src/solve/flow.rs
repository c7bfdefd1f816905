//! Least-cost flow, stage by stage, by the primal network simplex.
//!
//! The method is the textbook's (Dantzig 1951; Ahuja, Magnanti and Orlin 1993, chapter 11) with strongly feasible
//! trees (Cunningham 1976), which make it end in spite of ties. What is our own: the arrangement for few sinks and many
//! sources (see `tree`), and the stages. When a stage is optimal, every arc whose reduced cost is not zero carries the
//! same in all optima of the stage, so it is fixed where it is, and the next stage goes on from the same tree. In the
//! end the node prices of all stages together certify the lexicographic optimum.

mod arcs;
mod tree;

use self::arcs::{Layout, NONE, OnwardArcs, OpenArcs};
use self::tree::{Link, Tree};
use super::effort::{Effort, StopReason};
use super::network::{Network, Stage};
use super::outcome::{Flow, Outcome, Prices, Proof, StagePrices};

/// The best flow, with prices that prove it, or the best one found within the limits.
///
/// Exact in whole numbers, deterministic, on one thread. Memory: about 16 bytes a pair and 50 a source. Time has no
/// useful worst-case bound; it grows a little faster than the number of pairs in practice.
///
/// # Panics
///
/// On a network with side groups, which is none: see [`Network::is_network`] and `program`.
pub fn solve(network: &Network, effort: &Effort) -> Outcome {
    assert!(network.is_network(), "side groups do not fit in a flow; the program route takes them");
    let mut simplex = Simplex::nothing_sent(network);
    let mut prices = Prices::default();
    for stage in network.stages() {
        simplex.enter(stage);
        if let Err(reason) = simplex.run(stage.name, effort) {
            return simplex.stopped(prices.stages.len(), reason);
        }
        prices.stages.push(simplex.stage_prices());
        simplex.fix();
    }
    raise_closed(network, &simplex.closed, &mut prices);
    let flow = simplex.flow();
    let values = network.values(&flow);
    Outcome::Optimal { flow, values, proof: Proof::Prices(prices) }
}

/// The state between pivots: a flow that is always feasible, and a spanning tree of arcs that prices it.
struct Simplex<'a> {
    network: &'a Network,
    layout: Layout,
    stage: &'a Stage,
    open: OpenArcs,
    onward: OnwardArcs,
    tree: Tree,
    /// Sinks and limits that nothing can pass, by inner node: no places, or behind a limit of zero.
    closed: Vec<bool>,
    /// Where pricing goes on: a source, or past them an onward arc.
    cursor: u32,
}

/// An arc that is worth bringing into the tree.
#[derive(Clone, Copy)]
struct Entering {
    arc: u32,
    tail: u32,
    head: u32,
    /// Cost less the gain in price. Negative: the arc should carry more; positive: less.
    reduced: i64,
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

impl<'a> Simplex<'a> {
    fn nothing_sent(network: &'a Network) -> Simplex<'a> {
        let layout = Layout::of(network);
        let closed = closed(network, layout);
        let onward = OnwardArcs::new(network, layout);
        let sources = (0..layout.n_sources)
            .map(|source| (layout.unsent_head(network, source), network.sources()[source as usize].units));
        let tree = Tree::nothing_sent(layout, &onward.heads, sources);
        let open = OpenArcs::new(network, layout, &closed);
        // A network has at least one stage; `enter` is called before anything reads the costs.
        Simplex { network, layout, stage: &network.stages()[0], open, onward, tree, closed, cursor: 0 }
    }

    /// Takes up the costs of a stage.
    fn enter(&mut self, stage: &'a Stage) {
        self.stage = stage;
        self.open.load(self.network, self.layout, stage);
        let (layout, tree) = (self.layout, &self.tree);
        self.onward.load(stage, layout, |arc, head| tree.link[head as usize] == layout.onward(arc));
        let costs: Vec<i64> =
            self.tree.link.iter().map(|link| if *link == NONE { 0 } else { self.cost(*link) }).collect();
        self.tree.price_all(costs);
    }

    /// Pivots until nothing is worth more: the simplex method itself.
    fn run(&mut self, phase: &'static str, effort: &Effort) -> Result<(), StopReason> {
        const PIVOTS_PER_REPORT: u64 = 1 << 12;
        effort.look()?;
        effort.report(phase, 0, None);
        let mut pivots = 0u64;
        while let Some(entering) = self.price(effort)? {
            self.pivot(entering);
            pivots += 1;
            if pivots.is_multiple_of(PIVOTS_PER_REPORT) {
                effort.report(phase, pivots, None);
            }
        }
        effort.report(phase, pivots, Some(pivots));
        Ok(())
    }

    /// The best arc of the next block that has one worth bringing in; None when a full round finds none.
    fn price(&mut self, effort: &Effort) -> Result<Option<Entering>, StopReason> {
        let n_positions = self.layout.n_sources + self.layout.ground();
        // Looking further finds better arcs and takes longer. The usual square root of all arcs (Ahuja et al., section
        // 11.5) is too far here, where leaves are left out of the tree and a pivot is cheap: a quarter of it measured
        // best from 47 thousand to 1.3 million pairs.
        let block = ((self.open.arcs.len() as u64).isqrt() / 4).max(16);
        let mut best: Option<Entering> = None;
        let mut seen = 0u64;
        for _ in 0..n_positions {
            let position = self.cursor;
            self.cursor = if position + 1 == n_positions { 0 } else { position + 1 };
            seen += match position.checked_sub(self.layout.n_sources) {
                None => self.price_source(position, &mut best),
                Some(node) => self.price_onward(node, &mut best),
            };
            if block <= seen {
                effort.tick(seen)?;
                seen = 0;
                if best.is_some() {
                    return Ok(best);
                }
            }
        }
        effort.tick(seen)?;
        Ok(best)
    }

    /// Looks at a source's open arcs; gives their number.
    fn price_source(&self, source: u32, best: &mut Option<Entering>) -> u64 {
        let range = self.open.of(source);
        let node = self.layout.source(source);
        let own = self.tree.price(node);
        let arcs = self.open.heads[range.clone()].iter().zip(&self.open.costs[range.clone()]);
        let mut least = best.map_or(0, |best| -best.reduced.abs());
        let mut found = None;
        for (position, (head, cost)) in range.clone().zip(arcs) {
            let reduced = cost + self.tree.price_of_head(*head) - own;
            if reduced < least {
                least = reduced;
                found = Some(position);
            }
        }
        if let Some(position) = found {
            let (arc, head) = (self.open.arcs[position], self.open.heads[position]);
            *best = Some(Entering { arc, tail: node, head, reduced: least });
        }
        range.len() as u64
    }

    /// Looks at the onward arc of an inner node, in both directions.
    fn price_onward(&self, node: u32, best: &mut Option<Entering>) -> u64 {
        let head = self.onward.heads[node as usize];
        let gap = self.gap(node);
        let most = best.map_or(0, |best| best.reduced.abs());
        // Tree arcs name themselves harmlessly: the segment they are in has reduced cost zero, the one before no more.
        let next = self.onward.next(node).map(|cost| cost + gap).filter(|reduced| *reduced < -most);
        let last = self.onward.last(node).map(|cost| cost + gap).filter(|reduced| most < *reduced);
        if let Some(reduced) = next.or(last) {
            *best = Some(Entering { arc: self.layout.onward(node), tail: node, head, reduced });
        }
        1
    }

    /// Brings an arc into the tree and sends as much round its cycle as goes.
    fn pivot(&mut self, entering: Entering) {
        let Entering { arc, tail, head, reduced } = entering;
        let onward = self.layout.as_onward(arc);
        let forward = reduced < 0;
        let (from, to) = if forward { (tail, head) } else { (head, tail) };
        let own_room = match onward {
            None => u64::MAX,
            Some(node) => {
                self.onward.enter(node, forward);
                if forward { self.onward.room_forward(node) } else { self.onward.room_backward(node) }
            }
        };
        let (apex, units, blocked) = self.blocking(from, to, own_room);
        if 0 < units {
            self.send(from, to, apex, units);
            if let Some(node) = onward {
                let amount = &mut self.onward.amounts[node as usize];
                *amount = if forward { *amount + units } else { *amount - units };
            }
        }
        let (top, node, parent) = match blocked {
            // Only onward arcs have an end of room. This one is at an end of its segment now, and stays out.
            Blocked::Entering => return,
            Blocked::Before(top) => (top, from, to),
            Blocked::After(top) => (top, to, from),
        };
        self.tree.rehang(top, node, parent, Link { arc, cost: self.cost(arc), sent: units });
        self.tree.shift_prices(node, if node == tail { reduced } else { -reduced });
    }

    /// The apex of the cycle over an arc from `from` to `to`, how much goes round it, and what blocks it. Of several
    /// blocking arcs the last one counts, seen in the cycle's direction from the apex: then every node of the next tree
    /// still has room up to the ground, and no sequence of trees comes round again (Cunningham 1976).
    fn blocking(&self, from: u32, to: u32, own_room: u64) -> (u32, u64, Blocked) {
        let (mut before, mut after) = (from, to);
        let (mut units_before, mut top_before) = (u64::MAX, NONE);
        let (mut units_after, mut top_after) = (u64::MAX, NONE);
        while before != after {
            let (depth_before, depth_after) = (self.tree.depth(before), self.tree.depth(after));
            if depth_after <= depth_before {
                // The flow comes down here, so the arc nearest to `from`, seen first, is the cycle's last.
                let room = self.room(before, false);
                if room < units_before {
                    (units_before, top_before) = (room, before);
                }
                before = self.tree.parent[before as usize];
            }
            if depth_before <= depth_after {
                // The flow goes up here, so the arc nearest to the apex, seen last, is the cycle's last.
                let room = self.room(after, true);
                if room <= units_after {
                    (units_after, top_after) = (room, after);
                }
                after = self.tree.parent[after as usize];
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
        (before, units, blocked)
    }

    /// How much more the link of a node could take, upwards or downwards.
    fn room(&self, node: u32, upwards: bool) -> u64 {
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
    fn gap(&self, node: u32) -> i64 {
        self.tree.price_of_head(self.onward.heads[node as usize]) - self.tree.price(node)
    }

    /// Cost of a unit on an arc that is in the tree or about to be.
    fn cost(&self, arc: u32) -> i64 {
        match self.layout.as_onward(arc) {
            Some(node) => self.onward.tree_cost(node),
            None => self.layout.source_cost(self.network, self.stage, arc),
        }
    }

    fn stage_prices(&self) -> StagePrices {
        let layout = self.layout;
        let of = |nodes: std::ops::Range<u32>| nodes.map(|node| self.tree.price(node)).collect();
        StagePrices {
            sources: of(layout.source(0)..layout.n_nodes()),
            sinks: of(0..layout.limit(0)),
            limits: of(layout.limit(0)..layout.pool(0)),
            pools: of(layout.pool(0)..layout.ground()),
        }
    }

    /// Fixes what the stage decided.
    fn fix(&mut self) {
        let own: Vec<i64> =
            (0..self.layout.n_sources).map(|source| self.tree.price(self.layout.source(source))).collect();
        let tree = &self.tree;
        self.open.retain(|source, head, cost| cost + tree.price_of_head(head) == own[source as usize]);
        for node in 0..self.layout.ground() {
            self.onward.fix(node, self.gap(node));
        }
    }

    /// The flow at this moment.
    fn flow(&self) -> Flow {
        // What is outside the tree carries nothing if it is a pair.
        let links = self.tree.link.iter().zip(&self.tree.sent);
        Flow::new(links.filter(|(arc, _)| **arc < self.layout.n_pairs).map(|(arc, units)| (*arc, *units)).collect())
    }

    fn stopped(&self, finished: usize, reason: StopReason) -> Outcome {
        let flow = self.flow();
        let values = self.network.values(&flow);
        let mut bounds = vec![None; values.len()];
        for (bound, value) in bounds.iter_mut().zip(&values).take(finished) {
            *bound = Some(*value);
        }
        bounds[finished] = Some(self.bound().min(values[finished]));
        Outcome::Stopped { flow, values, bounds, reason }
    }

    /// What the stage must at least cost, whatever is done with the arcs that are not fixed: the Lagrangean bound at
    /// the prices of the moment. By weak duality no flow costs less than each source's units at its cheapest arc and
    /// each onward arc at its cheapest amount.
    fn bound(&self) -> i64 {
        let total: u64 = self.network.sources().iter().map(|source| source.units).sum();
        let mut bound = self.onward.base_cost();
        for source in 0..self.layout.n_sources {
            let range = self.open.of(source);
            let arcs = self.open.heads[range.clone()].iter().zip(&self.open.costs[range]);
            let cheapest = arcs.map(|(head, cost)| cost + self.tree.price_of_head(*head)).min().unwrap_or(0);
            bound += i128::from(cheapest) * i128::from(self.network.sources()[source as usize].units);
        }
        for node in 0..self.layout.ground() {
            bound += self.onward.least_cost(node, self.gap(node), total);
        }
        // No flow can lie beyond the network's greatest sum, so a weaker bound may be cut off there.
        bound.clamp(-i128::from(Network::MOST), i128::from(Network::MOST)) as i64
    }
}

/// The sinks and limits that nothing can pass. Their arcs would stand in a tree without room, so no arc into them is
/// ever priced.
fn closed(network: &Network, layout: Layout) -> Vec<bool> {
    let mut limits = vec![false; network.limits().len()];
    for (position, limit) in network.limits().iter().enumerate() {
        limits[position] = limit.capacity == 0 || limit.parent.is_some_and(|parent| limits[parent as usize]);
    }
    let mut closed: Vec<bool> = network
        .places()
        .iter()
        .zip(network.sink_limits())
        .map(|(places, limit)| *places == Some(0) || limit.is_some_and(|limit| limits[limit as usize]))
        .collect();
    closed.extend(limits);
    debug_assert_eq!(closed.len(), (layout.n_sinks + layout.n_limits) as usize);
    closed
}

/// Prices of closed nodes. Nothing constrains them from above (no unit gets through, at any price), so they are raised
/// until no way into them looks worth using: then the certificate needs no exceptions.
fn raise_closed(network: &Network, closed: &[bool], prices: &mut Prices) {
    let (closed_sinks, closed_limits) = closed.split_at(network.n_sinks());
    for source in 0..network.n_sources() {
        for pair in network.pairs_of(source) {
            let sink = network.sinks()[pair] as usize;
            if closed_sinks[sink] {
                let least: Vec<i64> = (prices.stages.iter().zip(network.stages()))
                    .map(|(own, stage)| own.sources[source] - stage.pair_cost.of(pair))
                    .collect();
                raise(prices, |stage| &mut stage.sinks[sink], &least);
            }
        }
    }
    for (sink, limit) in network.sink_limits().iter().enumerate() {
        if let Some(limit) = limit.filter(|_| closed_sinks[sink] && network.places()[sink] != Some(0)) {
            let least: Vec<i64> = prices.stages.iter().map(|stage| stage.sinks[sink]).collect();
            raise(prices, |stage| &mut stage.limits[limit as usize], &least);
        }
    }
    // Children have greater positions than their parents.
    for (position, limit) in network.limits().iter().enumerate().rev() {
        if let Some(parent) = limit.parent.filter(|_| closed_limits[position] && limit.capacity != 0) {
            let least: Vec<i64> = prices.stages.iter().map(|stage| stage.limits[position]).collect();
            raise(prices, |stage| &mut stage.limits[parent as usize], &least);
        }
    }
}

/// Raises one node's price, as a vector over the stages, to at least `least`.
fn raise(prices: &mut Prices, of: impl Fn(&mut StagePrices) -> &mut i64, least: &[i64]) {
    if prices.stages.iter_mut().map(|stage| *of(stage)).lt(least.iter().copied()) {
        for (stage, price) in prices.stages.iter_mut().zip(least) {
            *of(stage) = *price;
        }
    }
}

#[cfg(test)]
mod tests;
