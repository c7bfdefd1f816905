//! Cheapest exchanges: of all units in a container, which could best move to which other container.
//!
//! They are found when a search first asks for them, in one look at all pairs of the container's holders, and kept in
//! step from then on: a holder that comes can only make some cheaper, and one that goes takes with it only those that
//! rested on it. For searches that go backwards they are kept a second time, by where they lead.

use std::sync::Arc;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::lengths::{Changes, Packing};
use super::shortlist::{End, Shortlist};
use super::state::{Holder, NONE, Optimum};
use crate::solve::costs::{Costs, subtract};
use crate::solve::{Effort, StopReason};

/// The cheapest moves of a unit between one container and others, at most one to or from each. Parallel lists, those to
/// look at first at the front (see `shortlist`), else in no order.
#[derive(Clone, Debug)]
pub(super) struct Moves<const S: usize> {
    /// The other containers.
    pub nodes: Vec<u32>,
    /// What a unit costs where it would go less what it costs where it is.
    pub changes: Changes<S>,
    /// Whose unit would move; empty where it is not kept: by where moves lead, it is looked up for the few on a path.
    pub sources: Vec<u32>,
    pub shortlist: Option<Shortlist<S>>,
}

impl<const S: usize> Moves<S> {
    pub fn none(packing: Option<Packing<S>>) -> Moves<S> {
        Moves { nodes: Vec::new(), changes: Changes::new(packing), sources: Vec::new(), shortlist: None }
    }

    /// O(moves), of which many are looked at in one step: there is no order to keep when they come and go.
    fn position(&self, node: u32) -> Option<usize> {
        self.nodes.iter().position(|listed| *listed == node)
    }

    /// Whose unit would move to a container to which one can.
    pub fn source_to(&self, to: u32) -> u32 {
        self.position(to).map_or(NONE, |at| self.sources[at])
    }

    fn push(&mut self, node: u32, change: &Costs<S>, source: Option<u32>) {
        self.changes.insert(self.nodes.len(), change);
        self.nodes.push(node);
        self.sources.extend(source);
    }

    pub fn swap(&mut self, one: usize, other: usize) {
        self.nodes.swap(one, other);
        self.changes.swap(one, other);
        if !self.sources.is_empty() {
            self.sources.swap(one, other);
        }
    }

    /// Takes one out. The last comes in its place, so that nothing else moves.
    fn remove(&mut self, at: usize) -> u32 {
        let at = self.leave_shortlist(at);
        self.swap(at, self.nodes.len() - 1);
        self.changes.remove(self.nodes.len() - 1);
        self.sources.pop();
        self.nodes.remove(self.nodes.len() - 1)
    }

    /// There is such a move now, or none.
    fn put(&mut self, node: u32, change: Option<&Costs<S>>, source: Option<u32>) {
        if let Some(at) = self.position(node) {
            self.remove(at);
        }
        if let Some(change) = change {
            self.push(node, change, source);
            self.join_shortlist(self.nodes.len() - 1);
        }
    }

    /// Whether this is cheaper than what was known.
    fn offer(&mut self, to: u32, source: u32, change: &Costs<S>) -> bool {
        let known = self.position(to);
        let lower = known.is_none_or(|at| self.changes.is_lower(at, change));
        if lower {
            self.put(to, Some(change), Some(source));
        }
        lower
    }

    /// Takes out what rests on a source; gives where that led.
    fn lose(&mut self, source: u32) -> Vec<u32> {
        let mut lost = Vec::new();
        while let Some(at) = self.sources.iter().position(|own| *own == source) {
            lost.push(self.remove(at));
        }
        lost
    }
}

impl<const S: usize> Optimum<S> {
    /// The cheapest exchanges out of a container.
    pub fn exchanges(&self, node: u32) -> &Moves<S> {
        self.node(node).exchanges.get_or_init(|| {
            let found = self.found_exchanges(node, &Effort::unlimited());
            Arc::new(found.expect("nothing stops an unlimited effort"))
        })
    }

    /// The only part that looks at pairs: O(pairs), over the threads of `effort`.
    pub fn find_all_exchanges(&self, effort: &Effort) -> Result<(), StopReason> {
        let containers: Vec<u32> =
            (0..self.nodes.len() as u32).filter(|node| !self.node(*node).holders.is_empty()).collect();
        let find = |node: &u32| {
            let known = &self.node(*node).exchanges;
            if known.get().is_none() {
                // Where another search found them at the same time, they are the same.
                let _ = known.set(Arc::new(self.found_exchanges(*node, effort)?));
            }
            Ok(())
        };
        match effort.threads() {
            Some(threads) => threads.install(|| containers.par_iter().try_for_each(find)),
            None => containers.iter().try_for_each(find),
        }
    }

    /// For each container the exchanges that lead there. O(pairs) when this is first asked for.
    pub fn arrivals(&self, effort: &Effort) -> Result<&[Arc<Moves<S>>], StopReason> {
        if let Some(arrivals) = self.arrivals.get() {
            return Ok(arrivals);
        }
        self.find_all_exchanges(effort)?;
        let mut arrivals = vec![Moves::none(self.packing); self.nodes.len()];
        for from in (0..self.nodes.len() as u32).filter(|node| !self.node(*node).holders.is_empty()) {
            let exchanges = self.exchanges(from);
            effort.tick(exchanges.nodes.len() as u64)?;
            for (at, to) in exchanges.nodes.iter().enumerate() {
                arrivals[*to as usize].push(from, &exchanges.changes.at(at), None);
            }
        }
        for (node, arrivals) in arrivals.iter_mut().enumerate() {
            effort.tick(arrivals.nodes.len() as u64)?;
            self.first_shortlist(node as u32, End::To, arrivals);
        }
        Ok(self.arrivals.get_or_init(|| Arc::new(arrivals.into_iter().map(Arc::new).collect())))
    }

    /// O(pairs of the container's holders).
    fn found_exchanges(&self, node: u32, effort: &Effort) -> Result<Moves<S>, StopReason> {
        let mut found: Vec<(u32, Costs<S>, u32)> = Vec::new();
        let mut position = vec![NONE; self.nodes.len()];
        // Those of the ground may be a third of all sources.
        for holders in self.node(node).holders.chunks(64) {
            effort.tick(holders.len() as u64 * 32)?;
            for holder in holders {
                let source = holder.source;
                let here = self.cost_of_holder(holder, node);
                self.each_container_of(holder, |to, there| {
                    let change = subtract(there, here);
                    match position[to as usize] {
                        _ if to == node => {}
                        NONE => {
                            position[to as usize] = found.len() as u32;
                            found.push((to, change, source));
                        }
                        at if change < found[at as usize].1 => found[at as usize] = (to, change, source),
                        _ => {}
                    }
                });
            }
        }
        found.sort_unstable();
        let mut exchanges = Moves::none(self.packing);
        for (to, change, source) in &found {
            exchanges.push(*to, change, Some(*source));
        }
        self.first_shortlist(node, End::From, &mut exchanges);
        Ok(exchanges)
    }

    /// A source has units in a container now. O(pairs of the source).
    pub fn add_holder(&mut self, node: u32, source: u32) {
        let holder = self.holder(source, node);
        let none = self.arrivals.get().map(|_| Arc::new(Moves::none(self.packing)));
        let row = self.nodes.get_mut(node as usize);
        Arc::make_mut(&mut row.holders).push(holder);
        let Some(mut exchanges) = row.exchanges.take().or(none) else { return };
        let here = self.cost_in(source, node);
        let own = Arc::make_mut(&mut exchanges);
        let mut changed = Vec::new();
        self.each_container(source, |to, there| {
            if to != node && own.offer(to, source, &subtract(there, here)) {
                changed.push(to);
            }
        });
        self.keep_exchanges(node, exchanges, &changed);
    }

    /// A source has no units in a container any more. O(pairs of the container's holders), if one of its exchanges
    /// rested on the source.
    pub fn drop_holder(&mut self, node: u32, source: u32) {
        let row = self.nodes.get_mut(node as usize);
        let holders = Arc::make_mut(&mut row.holders);
        if let Some(at) = holders.iter().position(|holder| holder.source == source) {
            holders.swap_remove(at);
        }
        let Some(mut exchanges) = row.exchanges.take() else { return };
        let mut changed = Vec::new();
        if exchanges.sources.contains(&source) {
            let own = Arc::make_mut(&mut exchanges);
            changed = own.lose(source);
            let mut lost = vec![false; self.nodes.len()];
            changed.iter().for_each(|to| lost[*to as usize] = true);
            self.each_move_among(node, &lost, |source, to, change| _ = own.offer(to, source, &change));
        }
        self.keep_exchanges(node, exchanges, &changed);
    }

    /// Every move of a unit from a container to others that are marked: whose, where to, and the change of its cost.
    fn each_move_among(&self, node: u32, marked: &[bool], mut visit: impl FnMut(u32, u32, Costs<S>)) {
        let (holders, sinks) = (&self.node(node).holders, self.first.sinks());
        // Pairs of different holders lie far apart in memory. Asked for one after the other they would be waited for one
        // after the other; so all are asked for before any is looked at, and costs are when it is known which.
        let ends = holders.iter().filter(|holder| holder.pairs.0 < holder.pairs.1);
        std::hint::black_box(
            ends.fold(0, |all, holder| all ^ sinks[holder.pairs.0 as usize] ^ sinks[holder.pairs.1 as usize - 1]),
        );
        let mut found: Vec<(&Holder, u32, u32)> = Vec::new();
        for holder in holders.iter() {
            if holder.pairs.0 == NONE {
                self.each_container(holder.source, |to, there| {
                    if marked[to as usize] && to != node {
                        visit(holder.source, to, subtract(there, self.cost_in(holder.source, node)));
                    }
                });
                continue;
            }
            let pairs = holder.pairs.0 as usize..holder.pairs.1 as usize;
            for (pair, to) in (holder.pairs.0..).zip(&sinks[pairs]) {
                if marked[*to as usize] {
                    found.push((holder, *to, pair));
                }
            }
            if marked[holder.home as usize] {
                found.push((holder, holder.home, NONE));
            }
        }
        for (holder, to, pair) in found.into_iter().filter(|(_, to, _)| *to != node) {
            let there = match pair {
                NONE => self.first_unsent(holder.source as usize),
                pair => self.pair_cost(pair as usize),
            };
            visit(holder.source, to, subtract(there, self.cost_of_holder(holder, node)));
        }
    }

    /// Keeps a container's exchanges, of which those to some containers have changed.
    fn keep_exchanges(&mut self, node: u32, exchanges: Arc<Moves<S>>, changed: &[u32]) {
        if let Some(arrivals) = self.arrivals.get_mut() {
            let arrivals = Arc::make_mut(arrivals);
            for to in changed {
                let change = exchanges.position(*to).map(|at| exchanges.changes.at(at));
                Arc::make_mut(&mut arrivals[*to as usize]).put(node, change.as_ref(), None);
            }
        }
        // It was taken out just before, so there is nothing that this could fail to replace.
        let _ = self.nodes.get_mut(node as usize).exchanges.set(exchanges);
    }
}
