//! Prices where levers are only partly chosen.
//!
//! At a fractional point the inner problem is a flow over parts of units: a source has its units in so many parts each, a
//! sink behind a gate that is open by a share has that share of its places, and **each pair into it carries no more than
//! that share of its source's units**. Those bounds on pairs are what makes the cuts strong. With bounds on pairs, too,
//! the sets of parts that can be sent together are the independent sets of a gammoid (a bounded pair is a node of its
//! own), so sending by falling weight, along any path with room, is exact; and what a search that found no room has
//! reached is full for good, at the price of the weight it was made for. The prices so found are optimal, but nothing
//! rests on that: see `ceiling`.

use super::model::{Model, Shape};
use crate::solve::effort::{Effort, StopReason};

/// Parts of a unit.
const PARTS: f64 = 4096.0;

/// Optimal prices at a point: of the sources, and of the limits (the least worth of a unit there).
pub(super) struct Prices {
    pub sources: Vec<i64>,
    pub limits: Vec<i64>,
}

/// O(searches x pairs that are not sealed).
pub(super) fn prices(model: &Model, weights: &[i64], point: &[f64], effort: &Effort) -> Result<Prices, StopReason> {
    let mut stretch = Stretch::of(model, point);
    let mut order: Vec<u32> = (0..model.network().n_sources() as u32)
        .filter(|source| 0 < weights[*source as usize] && 0 < model.network().sources()[*source as usize].units)
        .collect();
    order.sort_by_key(|source| std::cmp::Reverse(weights[*source as usize]));
    for source in order {
        stretch.send(source, weights[source as usize], effort)?;
    }
    let (sources, rest) = stretch.price.split_at(stretch.n_sources);
    Ok(Prices { sources: sources.to_vec(), limits: rest[model.network().n_sinks()..].to_vec() })
}

/// Nodes are sources, then sinks, then limits.
struct Stretch<'a> {
    model: &'a Model<'a>,
    n_sources: usize,
    n_sinks: usize,
    /// Parts that each sink, then each limit, can take.
    room: Vec<u64>,
    /// Share of a source's units that a pair into each sink carries at most, in parts.
    open: Vec<u64>,
    /// Parts on each pair.
    carried: Vec<u64>,
    /// Parts through each sink, then each limit.
    through: Vec<u64>,
    /// Sinks right behind each limit, and limits.
    behind: Vec<Vec<u32>>,
    sealed: Vec<bool>,
    price: Vec<i64>,
    /// The search that reached each node last, and how it came there: the node before, and the pair between them.
    reached: Vec<u32>,
    from: Vec<(u32, u32)>,
    search: u32,
    queue: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl<'a> Stretch<'a> {
    fn of(model: &'a Model<'a>, point: &[f64]) -> Stretch<'a> {
        let network = model.network();
        let (n_sources, n_sinks, n_limits) = (network.n_sources(), network.n_sinks(), network.limits().len());
        let room = |shape: &Shape| {
            let added: f64 =
                shape.adds.iter().map(|(lever, places)| model.steps_at(*lever, point) * *places as f64).sum();
            let places = shape.base.map_or(f64::INFINITY, |base| base as f64) + added;
            // A product with no end at a closed gate is not a number; it is closed.
            let open = model.openness(shape, point);
            if open <= 0.0 { 0 } else { (places * open * PARTS) as u64 }
        };
        let mut behind = vec![Vec::new(); n_limits];
        for (sink, limit) in (0u32..).zip(network.sink_limits()) {
            if let Some(limit) = limit {
                behind[*limit as usize].push(n_sources as u32 + sink);
            }
        }
        for (position, limit) in (0u32..).zip(network.limits()) {
            if let Some(parent) = limit.parent {
                behind[parent as usize].push((n_sources + n_sinks) as u32 + position);
            }
        }
        let n_nodes = n_sources + n_sinks + n_limits;
        Stretch {
            model,
            n_sources,
            n_sinks,
            room: model.sinks.iter().chain(&model.limits).map(room).collect(),
            open: model.sinks.iter().map(|shape| (model.openness(shape, point) * PARTS) as u64).collect(),
            carried: vec![0; network.n_pairs()],
            through: vec![0; n_sinks + n_limits],
            behind,
            sealed: vec![false; n_nodes],
            price: vec![0; n_nodes],
            reached: vec![0; n_nodes],
            from: vec![(NONE, NONE); n_nodes],
            search: 0,
            queue: Vec::new(),
        }
    }

    fn send(&mut self, source: u32, weight: i64, effort: &Effort) -> Result<(), StopReason> {
        let mut left = self.model.network().sources()[source as usize].units.saturating_mul(PARTS as u64);
        while 0 < left {
            match self.find(source, effort)? {
                Some(last) => left -= self.push(last, left),
                None => {
                    for node in std::mem::take(&mut self.queue) {
                        self.sealed[node as usize] = true;
                        self.price[node as usize] = weight;
                    }
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn pair_room(&self, pair: usize, source: usize, sink: usize) -> u64 {
        let units = self.model.network().sources()[source].units;
        self.open[sink].saturating_mul(units).saturating_sub(self.carried[pair])
    }

    fn reach(&mut self, node: u32, from: u32, pair: u32) {
        if !self.sealed[node as usize] && self.reached[node as usize] != self.search {
            self.reached[node as usize] = self.search;
            self.from[node as usize] = (from, pair);
            self.queue.push(node);
        }
    }

    /// The last node of a path with room to the ground; else the queue holds all that was reached.
    fn find(&mut self, source: u32, effort: &Effort) -> Result<Option<u32>, StopReason> {
        let network = self.model.network();
        self.search += 1;
        self.queue.clear();
        self.reach(source, NONE, NONE);
        let mut at = 0;
        while at < self.queue.len() {
            let node = self.queue[at];
            at += 1;
            let own = node as usize;
            if own < self.n_sources {
                let pairs = network.pairs_of(own);
                effort.tick(pairs.len() as u64 + 1)?;
                for pair in pairs {
                    let sink = network.sinks()[pair] as usize;
                    if !self.sealed[self.n_sources + sink] && 0 < self.pair_room(pair, own, sink) {
                        self.reach((self.n_sources + sink) as u32, node, pair as u32);
                    }
                }
                continue;
            }
            let gate = own - self.n_sources;
            if self.through[gate] < self.room[gate] {
                let limit = if gate < self.n_sinks {
                    network.sink_limits()[gate]
                } else {
                    network.limits()[gate - self.n_sinks].parent
                };
                match limit {
                    None => return Ok(Some(node)),
                    Some(limit) => self.reach((self.n_sources + self.n_sinks) as u32 + limit, node, NONE),
                }
            }
            if gate < self.n_sinks {
                let into = &self.model.into[self.model.into_starts[gate]..self.model.into_starts[gate + 1]];
                effort.tick(into.len() as u64 / 4 + 1)?;
                for (pair, other) in into {
                    if 0 < self.carried[*pair as usize] {
                        self.reach(*other, node, *pair);
                    }
                }
            } else {
                for member in self.behind[gate - self.n_sinks].clone() {
                    if 0 < self.through[member as usize - self.n_sources] {
                        self.reach(member, node, NONE);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Sends along the path that ends with `last`, as much as goes.
    fn push(&mut self, last: u32, left: u64) -> u64 {
        let gate = last as usize - self.n_sources;
        let mut most = left.min(self.room[gate] - self.through[gate]);
        let (mut node, mut steps) = (last, Vec::new());
        while self.from[node as usize].0 != NONE {
            let (before, pair) = self.from[node as usize];
            steps.push((before, node, pair));
            most = most.min(self.step_room(before, node, pair));
            node = before;
        }
        self.through[gate] += most;
        for (before, node, pair) in steps {
            let (one, other) = ((before as usize) < self.n_sources, (node as usize) < self.n_sources);
            match (one, other) {
                (true, _) => self.carried[pair as usize] += most,
                (false, true) => self.carried[pair as usize] -= most,
                // Upwards through the node before, or back out of the member.
                (false, false) if self.is_up(before, node) => self.through[before as usize - self.n_sources] += most,
                (false, false) => self.through[node as usize - self.n_sources] -= most,
            }
        }
        most
    }

    fn is_up(&self, before: u32, node: u32) -> bool {
        let network = self.model.network();
        let gate = before as usize - self.n_sources;
        let limit = if gate < self.n_sinks {
            network.sink_limits()[gate]
        } else {
            network.limits()[gate - self.n_sinks].parent
        };
        limit.is_some_and(|limit| limit as usize + self.n_sources + self.n_sinks == node as usize)
    }

    fn step_room(&self, before: u32, node: u32, pair: u32) -> u64 {
        let (one, other) = ((before as usize) < self.n_sources, (node as usize) < self.n_sources);
        match (one, other) {
            (true, _) => self.pair_room(pair as usize, before as usize, node as usize - self.n_sources),
            (false, true) => self.carried[pair as usize],
            (false, false) if self.is_up(before, node) => {
                let gate = before as usize - self.n_sources;
                self.room[gate] - self.through[gate]
            }
            (false, false) => self.through[node as usize - self.n_sources],
        }
    }
}
