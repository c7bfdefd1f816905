//! Nodes and arcs of the simplex, numbered, with their costs in the stage at hand.
//!
//! Inner nodes come first (sinks, limits, pools, then the ground), the sources after them: there are few inner nodes
//! and many sources, and only inner nodes store prices. Arcs are pairs, then one unsent arc for each source, then one
//! *onward* arc for each inner node but the ground. Source arcs have no end of room (what a source holds and what lies
//! behind a sink bound them), so outside the tree they carry nothing. Onward arcs carry an amount along a convex cost.

use crate::solve::network::step_cost;
use crate::solve::{Network, Stage, Step};

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

    pub fn source(self, source: u32) -> u32 {
        self.n_inner() + source
    }

    pub fn n_nodes(self) -> u32 {
        self.n_inner() + self.n_sources
    }

    pub fn is_source(self, node: u32) -> bool {
        self.n_inner() <= node
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

    pub fn source_cost(self, network: &Network, stage: &Stage, arc: u32) -> i64 {
        debug_assert!(self.as_onward(arc).is_none(), "onward arcs have no cost of their own");
        debug_assert!(arc < self.n_pairs || ((arc - self.n_pairs) as usize) < network.n_sources());
        match arc.checked_sub(self.n_pairs) {
            None => stage.pair_cost.of(arc as usize),
            Some(source) => stage.unsent_cost.get(source as usize).copied().unwrap_or(0),
        }
    }
}

/// The source arcs that pricing still looks at, source by source. An arc whose reduced cost was not zero at the end of
/// a stage is at its final flow, zero, and leaves the list.
pub(super) struct OpenArcs {
    /// Arcs of source i are `starts[i]..starts[i + 1]`.
    pub starts: Vec<u32>,
    pub arcs: Vec<u32>,
    pub heads: Vec<u32>,
    /// In the stage at hand.
    pub costs: Vec<i64>,
}

impl OpenArcs {
    /// All source arcs but those into `closed` sinks, which could never carry anything.
    pub fn new(network: &Network, layout: Layout, closed: &[bool]) -> OpenArcs {
        let n_arcs = network.n_pairs() + network.n_sources();
        let mut open = OpenArcs {
            starts: Vec::with_capacity(network.n_sources() + 1),
            arcs: Vec::with_capacity(n_arcs),
            heads: Vec::with_capacity(n_arcs),
            costs: Vec::new(),
        };
        open.starts.push(0);
        for source in 0..layout.n_sources {
            for pair in network.pairs_of(source as usize) {
                let sink = network.sinks()[pair];
                if !closed[sink as usize] {
                    open.arcs.push(pair as u32);
                    open.heads.push(sink);
                }
            }
            open.arcs.push(layout.unsent(source));
            open.heads.push(layout.unsent_head(network, source));
            open.starts.push(open.arcs.len() as u32);
        }
        open.costs = vec![0; open.arcs.len()];
        open
    }

    pub fn load(&mut self, network: &Network, layout: Layout, stage: &Stage) {
        for (cost, arc) in self.costs.iter_mut().zip(&self.arcs) {
            *cost = layout.source_cost(network, stage, *arc);
        }
    }

    /// Positions of a source's arcs in the lists.
    pub fn of(&self, source: u32) -> std::ops::Range<usize> {
        self.starts[source as usize] as usize..self.starts[source as usize + 1] as usize
    }

    /// Keeps only the arcs for which `keep(source, head, cost)` holds.
    pub fn retain(&mut self, keep: impl Fn(u32, u32, i64) -> bool) {
        let mut kept = 0;
        let mut from = 0;
        for source in 0..self.starts.len() - 1 {
            let to = self.starts[source + 1] as usize;
            for position in from..to {
                if keep(source as u32, self.heads[position], self.costs[position]) {
                    self.arcs[kept] = self.arcs[position];
                    self.heads[kept] = self.heads[position];
                    self.costs[kept] = self.costs[position];
                    kept += 1;
                }
            }
            from = to;
            self.starts[source + 1] = kept as u32;
        }
        self.arcs.truncate(kept);
        self.heads.truncate(kept);
        self.costs.truncate(kept);
    }
}

/// Onward arcs: an amount between two bounds along a convex cost, in segments of one cost each. Segments fill in order,
/// so only the last and the next unit of an arc can be worth pricing. A sink's or limit's arc has one segment, a pool's
/// has one for each cost of its unsent units in the stage at hand. The last one of a pool has no end, so that the first
/// tree has room; what a pool can hold bounds it anyway.
///
/// An arc outside the tree may stand within a segment: when a stage puts several segments of the one before together.
/// That does no harm, since it is priced like any other until its reduced cost is zero.
pub(super) struct OnwardArcs {
    /// Where each arc leads.
    pub heads: Vec<u32>,
    pub amounts: Vec<u64>,
    /// The most that each pool can hold.
    holds: Vec<u64>,
    /// Bounds of each arc's amount; they narrow from stage to stage.
    bounds: Vec<(u64, u64)>,
    /// Segments of arc k, in the stage at hand and between its bounds, are `first[k]..first[k + 1]`; at least one.
    first: Vec<u32>,
    ends: Vec<u64>,
    costs: Vec<i64>,
    /// A segment with the amount within it or at one of its ends; in the tree, the one whose cost counts.
    segments: Vec<u32>,
    /// Cost of all lower bounds together in the stage at hand: no flow is without it.
    base_cost: i128,
}

impl OnwardArcs {
    /// All arcs with nothing sent; `load` must follow.
    pub fn new(network: &Network, layout: Layout) -> OnwardArcs {
        let n_arcs = layout.ground() as usize;
        let mut arcs = OnwardArcs {
            heads: Vec::with_capacity(n_arcs),
            amounts: Vec::with_capacity(n_arcs),
            holds: network.pool_holds(),
            bounds: Vec::with_capacity(n_arcs),
            first: Vec::new(),
            ends: Vec::new(),
            costs: Vec::new(),
            segments: vec![0; n_arcs],
            base_cost: 0,
        };
        for (places, limit) in network.places().iter().zip(network.sink_limits()) {
            arcs.push(limit.map_or(layout.ground(), |limit| layout.limit(limit)), 0, (0, places.unwrap_or(ENDLESS)));
        }
        for limit in network.limits() {
            let head = limit.parent.map_or(layout.ground(), |parent| layout.limit(parent));
            arcs.push(head, 0, (0, limit.capacity));
        }
        for (position, pool) in network.pools().iter().enumerate() {
            let head = pool.parent.map_or(layout.ground(), |parent| layout.pool(parent));
            arcs.push(head, arcs.holds[position], (pool.least, ENDLESS));
        }
        arcs
    }

    fn push(&mut self, head: u32, amount: u64, bounds: (u64, u64)) {
        self.heads.push(head);
        self.amounts.push(amount);
        self.bounds.push(bounds);
    }

    /// Takes up the costs of a stage. `is_down` says of an arc and its head that it is in the tree with the head below:
    /// then it must be able to carry less at its cost, and any other arc in the tree must be able to carry more.
    pub fn load(&mut self, stage: &Stage, layout: Layout, is_down: impl Fn(u32, u32) -> bool) {
        self.first.clear();
        self.first.push(0);
        self.ends.clear();
        self.costs.clear();
        self.base_cost = 0;
        for arc in 0..layout.ground() {
            match arc.checked_sub(layout.pool(0)).map(|pool| pool as usize) {
                None => self.push_segments(arc as usize, &[], 0),
                Some(pool) => {
                    let steps = stage.pool_steps.get(pool).map_or(&[][..], Vec::as_slice);
                    self.push_segments(arc as usize, steps, self.holds[pool]);
                }
            }
            let segments = self.first[arc as usize]..self.ends.len() as u32;
            let amount = self.amounts[arc as usize];
            let found = if is_down(arc, self.heads[arc as usize]) {
                segments.clone().find(|segment| amount <= self.ends[*segment as usize])
            } else {
                segments.clone().find(|segment| amount < self.ends[*segment as usize])
            };
            self.segments[arc as usize] = found.unwrap_or(segments.end - 1);
            self.first.push(segments.end);
        }
    }

    /// The segments of an arc with these step costs, of which `hold` units are the most that can ever come.
    fn push_segments(&mut self, arc: usize, steps: &[Step], hold: u64) {
        let (least, most) = self.bounds[arc];
        self.base_cost += step_cost(steps, least);
        let own = self.ends.len();
        let mut end = 0u64;
        for step in steps {
            end = end.saturating_add(step.units);
            let is_last = hold <= end || most <= end;
            let segment_end = if is_last { most } else { end };
            if segment_end <= least {
                continue;
            }
            // Neighbours of one cost are one segment.
            if own < self.ends.len() && self.costs.last() == Some(&step.cost) {
                self.ends.pop();
                self.costs.pop();
            }
            self.ends.push(segment_end);
            self.costs.push(step.cost);
            if is_last {
                break;
            }
        }
        // No steps cost nothing; between equal bounds, no cost matters.
        if self.ends.len() == own {
            self.ends.push(most);
            self.costs.push(0);
        }
    }

    fn begin(&self, arc: u32, segment: u32) -> u64 {
        if segment == self.first[arc as usize] { self.bounds[arc as usize].0 } else { self.ends[segment as usize - 1] }
    }

    /// Cost of a unit on an arc in the tree.
    pub fn tree_cost(&self, arc: u32) -> i64 {
        self.costs[self.segments[arc as usize] as usize]
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
    pub fn next(&self, arc: u32) -> Option<i64> {
        self.next_segment(arc).map(|segment| self.costs[segment as usize])
    }

    /// What the last unit costs; None where none can be taken back.
    pub fn last(&self, arc: u32) -> Option<i64> {
        self.last_segment(arc).map(|segment| self.costs[segment as usize])
    }

    /// The arc is about to carry more, or less, and takes the segment for that into use. Not asked where there is none.
    pub fn enter(&mut self, arc: u32, forward: bool) {
        let segment = if forward { self.next_segment(arc) } else { self.last_segment(arc) };
        if let Some(segment) = segment {
            self.segments[arc as usize] = segment;
        }
    }

    /// Narrows an arc's bounds to the amounts that cost the least, and the same; `gap` is the price of the head less
    /// that of the tail.
    pub fn fix(&mut self, arc: u32, gap: i64) {
        let (mut least, mut most) = self.bounds[arc as usize];
        let segments = self.first[arc as usize]..self.first[arc as usize + 1];
        for segment in segments.clone() {
            if self.costs[segment as usize] + gap < 0 {
                least = self.ends[segment as usize];
            }
        }
        for segment in segments.rev() {
            if 0 < self.costs[segment as usize] + gap {
                most = self.begin(arc, segment);
            }
        }
        self.bounds[arc as usize] = (least, most);
    }

    /// Cost of all lower bounds together in the stage at hand.
    pub fn base_cost(&self) -> i128 {
        self.base_cost
    }

    /// Least that an arc can add to the reduced cost beyond its base cost, given `gap` as above. `most` bounds what an
    /// endless segment could carry.
    pub fn least_cost(&self, arc: u32, gap: i64, most: u64) -> i128 {
        let mut sum = i128::from(self.bounds[arc as usize].0) * i128::from(gap);
        for segment in self.first[arc as usize]..self.first[arc as usize + 1] {
            let reduced = self.costs[segment as usize] + gap;
            if reduced < 0 {
                let width = self.ends[segment as usize].min(most).saturating_sub(self.begin(arc, segment));
                sum += i128::from(reduced) * i128::from(width);
            }
        }
        sum
    }
}
