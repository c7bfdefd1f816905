//! Nodes and arcs of the simplex, numbered, and the onward arcs with their amounts.
//!
//! Inner nodes come first (sinks, limits, pools, then the ground), the sources after them: there are few inner nodes
//! and many sources, and only inner nodes store prices. Arcs are pairs, then one unsent arc for each source, then one
//! *onward* arc for each inner node but the ground. Source arcs have no end of room (what a source holds and what lies
//! behind a sink bound them), so outside the tree they carry nothing. Onward arcs carry an amount along a convex cost.

use super::costs::{Cost, Objective};
use crate::solve::Network;

/// No node, no arc.
pub(super) const NONE: u32 = u32::MAX;

/// A bound that no amount reaches: all units together are at most [`Network::MOST`].
const ENDLESS: u64 = u64::MAX;

/// Which numbers stand for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub n_sources: u32,
    pub n_sinks: u32,
    pub n_limits: u32,
    pub n_pools: u32,
    pub n_pairs: u32,
}

impl Layout {
    /// The casts hold: `Network::new` refuses what 32 bits cannot number.
    pub fn of(network: &Network) -> Layout {
        Layout {
            n_sources: network.n_sources() as u32,
            n_sinks: network.n_sinks() as u32,
            n_limits: network.limits().len() as u32,
            n_pools: network.pools().len() as u32,
            n_pairs: network.n_pairs() as u32,
        }
    }

    pub fn limit(self, limit: u32) -> u32 {
        self.n_sinks + limit
    }

    pub fn pool(self, pool: u32) -> u32 {
        self.n_sinks + self.n_limits + pool
    }

    pub fn ground(self) -> u32 {
        self.n_sinks + self.n_limits + self.n_pools
    }

    pub fn n_inner(self) -> u32 {
        self.ground() + 1
    }

    pub fn is_pool(self, node: u32) -> bool {
        (self.pool(0)..self.ground()).contains(&node)
    }

    pub fn unsent(self, source: u32) -> u32 {
        self.n_pairs + source
    }

    /// The onward arc of an inner node.
    pub fn onward(self, node: u32) -> u32 {
        self.n_pairs + self.n_sources + node
    }

    /// The inner node whose onward arc this is; None for source arcs.
    pub fn as_onward(self, arc: u32) -> Option<u32> {
        arc.checked_sub(self.n_pairs + self.n_sources)
    }

    /// Where a source's unsent units arrive.
    pub fn unsent_head(self, network: &Network, source: u32) -> u32 {
        network.sources()[source as usize].pool.map_or(self.ground(), |pool| self.pool(pool))
    }

    /// Cost of a source's arc.
    pub fn source_cost<O: Objective>(self, objective: &O, arc: u32) -> O::Cost {
        debug_assert!(self.as_onward(arc).is_none(), "onward arcs have no cost of their own");
        match arc.checked_sub(self.n_pairs) {
            None => objective.pair(arc as usize),
            Some(source) => objective.unsent(source as usize),
        }
    }
}

/// Onward arcs: an amount between two bounds along a convex cost, in segments of one cost each. Segments fill in order,
/// so only the last and the next unit of an arc can be worth pricing. A sink's or limit's arc has one segment, a pool's
/// has one for each cost of its unsent units. The last one of a pool has no end, so that a tree in which pools hang over
/// their onward arcs has room; what a pool can hold bounds it anyway.
pub(super) struct OnwardArcs<C> {
    /// Where each arc leads.
    pub heads: Vec<u32>,
    pub amounts: Vec<u64>,
    /// The least that each arc carries.
    least: Vec<u64>,
    /// Segments of arc k are `first[k]..first[k + 1]`; at least one.
    first: Vec<u32>,
    ends: Vec<u64>,
    costs: Vec<C>,
    /// What the least amount of each costs by itself, where costs are one number.
    base: Vec<i128>,
    /// A segment with the amount within it or at one of its ends; in the tree, the one whose cost counts.
    segments: Vec<u32>,
}

impl<C: Cost> OnwardArcs<C> {
    /// All arcs with these amounts, which respect all bounds.
    pub fn new<O: Objective<Cost = C>>(
        network: &Network,
        layout: Layout,
        objective: &O,
        amounts: Vec<u64>,
    ) -> OnwardArcs<C> {
        let n_arcs = layout.ground() as usize;
        let mut arcs = OnwardArcs {
            heads: Vec::with_capacity(n_arcs),
            amounts,
            least: vec![0; n_arcs],
            first: vec![0],
            ends: Vec::with_capacity(n_arcs),
            costs: Vec::with_capacity(n_arcs),
            base: vec![0; n_arcs],
            segments: Vec::with_capacity(n_arcs),
        };
        for (places, limit) in network.places().iter().zip(network.sink_limits()) {
            arcs.push_flat(limit.map_or(layout.ground(), |limit| layout.limit(limit)), places.unwrap_or(ENDLESS));
        }
        for limit in network.limits() {
            arcs.push_flat(limit.parent.map_or(layout.ground(), |parent| layout.limit(parent)), limit.capacity);
        }
        for (position, pool) in network.pools().iter().enumerate() {
            arcs.heads.push(pool.parent.map_or(layout.ground(), |parent| layout.pool(parent)));
            let at = layout.pool(position as u32) as usize;
            arcs.least[at] = pool.least;
            let mut end = 0u64;
            for (units, cost) in objective.steps(position) {
                let below = pool.least.min(end.saturating_add(units)).saturating_sub(end);
                arcs.base[at] += cost.first() * i128::from(below);
                end = end.saturating_add(units);
                if pool.least < end {
                    arcs.ends.push(end);
                    arcs.costs.push(cost);
                }
            }
            arcs.first.push(arcs.ends.len() as u32);
        }
        for arc in 0..layout.ground() {
            let amount = arcs.amounts[arc as usize];
            let segments = arcs.first[arc as usize]..arcs.first[arc as usize + 1];
            let with_room = segments.clone().find(|segment| amount < arcs.ends[*segment as usize]);
            arcs.segments.push(with_room.unwrap_or(segments.end - 1));
        }
        arcs
    }

    fn push_flat(&mut self, head: u32, capacity: u64) {
        self.heads.push(head);
        self.ends.push(capacity);
        self.costs.push(C::ZERO);
        self.first.push(self.ends.len() as u32);
    }

    fn begin(&self, arc: u32, segment: u32) -> u64 {
        if segment == self.first[arc as usize] { self.least[arc as usize] } else { self.ends[segment as usize - 1] }
    }

    /// Cost of a unit on an arc in the tree.
    pub fn tree_cost(&self, arc: u32) -> C {
        self.costs[self.segments[arc as usize] as usize]
    }

    /// Changes the cost of a sink's or limit's arc, which has one segment.
    pub fn set_flat_cost(&mut self, arc: u32, cost: C) {
        let segment = self.first[arc as usize];
        self.costs[segment as usize] = cost;
    }

    /// An arc in the tree with its head below takes the segment of its last unit into use: it must be able to carry
    /// less.
    pub fn hang_down(&mut self, arc: u32) {
        if let Some(segment) = self.last_segment(arc) {
            self.segments[arc as usize] = segment;
        }
    }

    /// How much more an arc in the tree can carry before its cost changes.
    pub fn room_forward(&self, arc: u32) -> u64 {
        self.ends[self.segments[arc as usize] as usize] - self.amounts[arc as usize]
    }

    /// How much less an arc in the tree can carry before its cost changes.
    pub fn room_backward(&self, arc: u32) -> u64 {
        self.amounts[arc as usize] - self.begin(arc, self.segments[arc as usize])
    }

    /// The segment that one unit more would be in; None where there is no room.
    fn next_segment(&self, arc: u32) -> Option<u32> {
        let segment = self.segments[arc as usize];
        if 0 < self.room_forward(arc) {
            return Some(segment);
        }
        Some(segment + 1).filter(|next| *next < self.first[arc as usize + 1])
    }

    /// The segment that the last unit is in; None where none can be taken back.
    fn last_segment(&self, arc: u32) -> Option<u32> {
        let segment = self.segments[arc as usize];
        if 0 < self.room_backward(arc) {
            return Some(segment);
        }
        segment.checked_sub(1).filter(|last| self.first[arc as usize] <= *last)
    }

    /// What one unit more would cost; None where there is no room.
    pub fn next(&self, arc: u32) -> Option<C> {
        self.next_segment(arc).map(|segment| self.costs[segment as usize])
    }

    /// What the last unit costs; None where none can be taken back.
    pub fn last(&self, arc: u32) -> Option<C> {
        self.last_segment(arc).map(|segment| self.costs[segment as usize])
    }

    /// The arc is about to carry more, or less, and takes the segment for that into use. Not asked where there is none.
    pub fn enter(&mut self, arc: u32, forward: bool) {
        let segment = if forward { self.next_segment(arc) } else { self.last_segment(arc) };
        if let Some(segment) = segment {
            self.segments[arc as usize] = segment;
        }
    }
}

impl OnwardArcs<i64> {
    /// Least that an arc can cost, over all amounts it can carry, where a unit at its head costs `gap` more than at its
    /// tail; `most` bounds what an endless segment could carry. What a pool's least amount costs by itself is counted.
    pub fn least_cost(&self, arc: u32, gap: i64, most: u64) -> i128 {
        let least = self.least[arc as usize];
        let mut sum = self.base[arc as usize] + i128::from(least) * i128::from(gap);
        for segment in self.first[arc as usize]..self.first[arc as usize + 1] {
            let reduced = self.costs[segment as usize] + gap;
            if reduced < 0 {
                let begin = self.begin(arc, segment);
                let units = self.ends[segment as usize].min(most.max(begin)) - begin;
                sum += i128::from(reduced) * i128::from(units);
            }
        }
        sum
    }
}
