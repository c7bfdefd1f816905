//! Prices where levers are only partly chosen.
//!
//! At a fractional point the inner problem is a flow over parts of units: a source has its units in so many parts each, a
//! sink behind a gate that is open by a share has that share of its places, and **each pair into it carries no more than
//! that share of its source's units**. Those bounds on pairs are what makes the cuts strong. With bounds on pairs, too,
//! the sets of parts that can be sent together are the independent sets of a gammoid (a bounded pair is a node of its
//! own), so sending by falling weight, along any path with room, is exact; and what cannot reach the ground any more is
//! full for good, at the price of the weight that found it so. The prices so found are optimal, but nothing rests on
//! that: see `ceiling`.
//!
//! Paths are found by distance labels (Ahuja and Orlin 1991) over sinks and limits alone: a step from a sink to another
//! moves parts of a source that has some in the one and room on its pair with the other. A label is never above the
//! number of steps to the ground, and only rises. Where no label of some number is left, nothing above it can reach the
//! ground, and all of that is sealed at once (the gap of Cherkassky and Goldberg 1997). That a push keeps the labels
//! valid needs a line more than usual, for it makes new steps: parts of i moved from j to k let k move them on to any m
//! that i has a pair with; but so could j before, and d(k) = d(j) - 1 <= d(m).

use super::model::{Model, Shape};
use crate::solve::effort::{Effort, StopReason};

/// Parts of a unit.
const PARTS: f64 = 4096.0;

/// Optimal prices at a point: of the sources, and of the limits (the least worth of a unit there).
pub(super) struct Prices {
    pub sources: Vec<i64>,
    pub limits: Vec<i64>,
}

/// O(pairs x greatest label of a sink) and what the pushes walk.
pub(super) fn prices(model: &Model, weights: &[i64], point: &[f64], effort: &Effort) -> Result<Prices, StopReason> {
    let mut stretch = Stretch::of(model, point);
    let network = model.network();
    let mut order: Vec<u32> = (0..network.n_sources() as u32)
        .filter(|source| 0 < weights[*source as usize] && 0 < network.sources()[*source as usize].units)
        .collect();
    order.sort_by_key(|source| std::cmp::Reverse(weights[*source as usize]));
    let mut sources = vec![0; network.n_sources()];
    for source in order {
        let weight = weights[source as usize];
        if !stretch.send(source, weight, effort)? {
            sources[source as usize] = weight;
        }
    }
    // What was sent is worth what it would make room for, in whatever it sits.
    for (pair, _) in stretch.carried.iter().enumerate().filter(|(_, carried)| 0 < **carried) {
        let source = stretch.source_of[pair] as usize;
        sources[source] = sources[source].max(stretch.price[network.sinks()[pair] as usize]);
    }
    Ok(Prices { sources, limits: stretch.price[network.n_sinks()..].to_vec() })
}

/// Nodes are sinks, then limits.
struct Stretch<'a> {
    model: &'a Model<'a>,
    n_sinks: usize,
    source_of: Vec<u32>,
    /// Parts that each node can take, and has taken.
    room: Vec<u64>,
    through: Vec<u64>,
    /// The limit right behind each node, as a node.
    ahead: Vec<Option<u32>>,
    /// Nodes right before each limit.
    behind: Vec<Vec<u32>>,
    /// Share of a source's units that a pair into each sink carries at most, in parts.
    open: Vec<u64>,
    /// Parts on each pair.
    carried: Vec<u64>,
    label: Vec<u32>,
    /// How many nodes that are not sealed have each label.
    count: Vec<u32>,
    sealed: Vec<bool>,
    price: Vec<i64>,
    /// Where the search for a step of each node goes on: position among what comes into it, and of the pair.
    next: Vec<(u32, u32)>,
    path: Vec<Step>,
}

/// A step of a path and the node it leads to.
#[derive(Clone, Copy)]
enum Step {
    /// Through the node's own way out.
    Ahead(u32),
    /// Parts that came into a limit from this node go elsewhere.
    Back(u32),
    /// Parts of a source leave one pair for another.
    Move { out: u32, into: u32 },
}

impl<'a> Stretch<'a> {
    fn of(model: &'a Model<'a>, point: &[f64]) -> Stretch<'a> {
        let network = model.network();
        let (n_sinks, n_limits) = (network.n_sinks(), network.limits().len());
        let n_nodes = n_sinks + n_limits;
        let room = |shape: &Shape| {
            let added: f64 =
                shape.adds.iter().map(|(lever, places)| model.steps_at(*lever, point) * *places as f64).sum();
            let places = shape.base.map_or(f64::INFINITY, |base| base as f64) + added;
            // No end of places behind a closed gate is not a number; it is closed.
            let open = model.openness(shape, point);
            if open <= 0.0 { 0 } else { (places * open * PARTS) as u64 }
        };
        let limit_node = |limit: &Option<u32>| limit.map(|limit| n_sinks as u32 + limit);
        let ahead: Vec<Option<u32>> = (network.sink_limits().iter().map(limit_node))
            .chain(network.limits().iter().map(|limit| limit_node(&limit.parent)))
            .collect();
        let mut behind = vec![Vec::new(); n_limits];
        for (node, ahead) in (0u32..).zip(&ahead) {
            if let Some(ahead) = ahead {
                behind[*ahead as usize - n_sinks].push(node);
            }
        }
        let mut source_of = vec![0; network.n_pairs()];
        for source in 0..network.n_sources() {
            source_of[network.pairs_of(source)].fill(source as u32);
        }
        let mut count = vec![0; n_nodes + 2];
        count[1] = n_nodes as u32;
        Stretch {
            model,
            n_sinks,
            source_of,
            room: model.sinks.iter().chain(&model.limits).map(room).collect(),
            through: vec![0; n_nodes],
            ahead,
            behind,
            open: model.sinks.iter().map(|shape| (model.openness(shape, point) * PARTS) as u64).collect(),
            carried: vec![0; network.n_pairs()],
            label: vec![1; n_nodes],
            count,
            sealed: vec![false; n_nodes],
            price: vec![0; n_nodes],
            next: vec![(0, 0); n_nodes],
            path: Vec::new(),
        }
    }

    fn pair_room(&self, pair: usize, source: usize, sink: usize) -> u64 {
        let units = self.model.network().sources()[source].units;
        self.open[sink].saturating_mul(units).saturating_sub(self.carried[pair])
    }

    /// Sends all of a source's parts; false if some find no room.
    fn send(&mut self, source: u32, weight: i64, effort: &Effort) -> Result<bool, StopReason> {
        let network = self.model.network();
        let mut left = network.sources()[source as usize].units.saturating_mul(PARTS as u64);
        while 0 < left {
            effort.tick(network.pairs_of(source as usize).len() as u64 + 1)?;
            // The nearest sink: its label is not above any other's, which keeps the labels valid.
            let nearest = (network.pairs_of(source as usize))
                .filter(|pair| {
                    let sink = network.sinks()[*pair] as usize;
                    !self.sealed[sink] && 0 < self.pair_room(*pair, source as usize, sink)
                })
                .min_by_key(|pair| self.label[network.sinks()[*pair] as usize]);
            let Some(pair) = nearest else {
                return Ok(false);
            };
            let sink = network.sinks()[pair];
            if self.walk(sink, weight, effort)? {
                left -= self.push(sink, pair, left.min(self.pair_room(pair, source as usize, sink as usize)));
            }
        }
        Ok(true)
    }

    /// Looks for a path from a sink to the ground, and keeps it; false if the sink was relabelled or sealed meanwhile.
    fn walk(&mut self, sink: u32, weight: i64, effort: &Effort) -> Result<bool, StopReason> {
        self.path.clear();
        let mut node = sink;
        loop {
            match self.step(node, effort)? {
                Some(Step::Ahead(_)) if self.ahead[node as usize].is_none() => return Ok(true),
                Some(step) => {
                    self.path.push(step);
                    node = self.head(step);
                }
                None => {
                    self.relabel(node, weight, effort)?;
                    // The step that led here does not hold any more.
                    match self.path.pop() {
                        Some(step) if !self.sealed[node as usize] => node = self.tail(step),
                        _ => return Ok(false),
                    }
                    if self.sealed[node as usize] {
                        return Ok(false);
                    }
                }
            }
        }
    }

    fn head(&self, step: Step) -> u32 {
        match step {
            // Of a node without one the path ends.
            Step::Ahead(node) => self.ahead[node as usize].unwrap_or(node),
            Step::Back(node) => node,
            Step::Move { into, .. } => self.model.network().sinks()[into as usize],
        }
    }

    fn tail(&self, step: Step) -> u32 {
        match step {
            Step::Ahead(node) => node,
            Step::Back(node) => self.ahead[node as usize].unwrap_or(node),
            Step::Move { out, .. } => self.model.network().sinks()[out as usize],
        }
    }

    /// The next step from a node to one whose label is one less, going on from where the last search left off.
    fn step(&mut self, node: u32, effort: &Effort) -> Result<Option<Step>, StopReason> {
        let own = node as usize;
        if self.through[own] < self.room[own] {
            let after = self.ahead[own].map_or(0, |ahead| self.label[ahead as usize]);
            let sealed = self.ahead[own].is_some_and(|ahead| self.sealed[ahead as usize]);
            if !sealed && self.label[own] == after + 1 {
                return Ok(Some(Step::Ahead(node)));
            }
        }
        let wanted = self.label[own] - 1;
        let (mut at, mut pair_at) = self.next[own];
        let mut looked = 1;
        let found = 'found: {
            if self.n_sinks <= own {
                let members = &self.behind[own - self.n_sinks];
                while (at as usize) < members.len() {
                    let member = members[at as usize] as usize;
                    looked += 1;
                    if !self.sealed[member] && 0 < self.through[member] && self.label[member] == wanted {
                        break 'found Some(Step::Back(member as u32));
                    }
                    at += 1;
                }
                break 'found None;
            }
            let network = self.model.network();
            let into = &self.model.into[self.model.into_starts[own]..self.model.into_starts[own + 1]];
            while (at as usize) < into.len() {
                let (out, source) = into[at as usize];
                looked += 1;
                if 0 < self.carried[out as usize] {
                    let pairs = network.pairs_of(source as usize);
                    while (pair_at as usize) < pairs.len() {
                        let pair = pairs.start + pair_at as usize;
                        let sink = network.sinks()[pair] as usize;
                        looked += 1;
                        if self.label[sink] == wanted
                            && !self.sealed[sink]
                            && 0 < self.pair_room(pair, source as usize, sink)
                        {
                            break 'found Some(Step::Move { out, into: pair as u32 });
                        }
                        pair_at += 1;
                    }
                }
                (at, pair_at) = (at + 1, 0);
            }
            None
        };
        self.next[own] = (at, pair_at);
        effort.tick(looked)?;
        Ok(found)
    }

    /// Raises a node's label to what its steps allow; seals what a gap cuts off.
    fn relabel(&mut self, node: u32, weight: i64, effort: &Effort) -> Result<(), StopReason> {
        let own = node as usize;
        let mut least = u32::MAX;
        let mut looked = 1;
        let network = self.model.network();
        if self.through[own] < self.room[own] {
            match self.ahead[own] {
                None => least = 0,
                Some(ahead) if !self.sealed[ahead as usize] => least = self.label[ahead as usize],
                Some(_) => {}
            }
        }
        if self.n_sinks <= own {
            for member in &self.behind[own - self.n_sinks] {
                let member = *member as usize;
                looked += 1;
                if !self.sealed[member] && 0 < self.through[member] {
                    least = least.min(self.label[member]);
                }
            }
        } else {
            for (out, source) in &self.model.into[self.model.into_starts[own]..self.model.into_starts[own + 1]] {
                looked += 1;
                if 0 < self.carried[*out as usize] {
                    for pair in network.pairs_of(*source as usize) {
                        let sink = network.sinks()[pair] as usize;
                        looked += 1;
                        if sink != own
                            && self.label[sink] < least
                            && !self.sealed[sink]
                            && 0 < self.pair_room(pair, *source as usize, sink)
                        {
                            least = self.label[sink];
                        }
                    }
                }
            }
        }
        effort.tick(looked)?;
        let old = self.label[own];
        self.count[old as usize] -= 1;
        self.next[own] = (0, 0);
        let new = least.saturating_add(1).max(old);
        // A path visits each node once, so a greater label than there are nodes is none.
        if (new as usize) < self.count.len() {
            self.label[own] = new;
            self.count[new as usize] += 1;
        } else {
            self.seal(own, weight);
        }
        if self.count[old as usize] == 0 {
            for other in 0..self.label.len() {
                if old < self.label[other] && !self.sealed[other] {
                    self.count[self.label[other] as usize] -= 1;
                    self.seal(other, weight);
                }
            }
        }
        Ok(())
    }

    fn seal(&mut self, node: usize, weight: i64) {
        self.sealed[node] = true;
        self.price[node] = weight;
    }

    /// Sends along the path, which ends at the ground, as much as goes.
    fn push(&mut self, first: u32, pair: usize, most: u64) -> u64 {
        let mut most = most;
        let mut last = first;
        for step in &self.path {
            most = most.min(match *step {
                Step::Ahead(node) => self.room[node as usize] - self.through[node as usize],
                Step::Back(node) => self.through[node as usize],
                Step::Move { out, into } => {
                    let (source, sink) = (self.source_of[into as usize], self.model.network().sinks()[into as usize]);
                    self.carried[out as usize].min(self.pair_room(into as usize, source as usize, sink as usize))
                }
            });
            last = self.head(*step);
        }
        most = most.min(self.room[last as usize] - self.through[last as usize]);
        self.carried[pair] += most;
        for at in 0..self.path.len() {
            match self.path[at] {
                Step::Ahead(node) => self.through[node as usize] += most,
                Step::Back(node) => self.through[node as usize] -= most,
                Step::Move { out, into } => {
                    self.carried[out as usize] -= most;
                    self.carried[into as usize] += most;
                }
            }
        }
        self.through[last as usize] += most;
        most
    }
}
