//! Cheapest exchanges: of all units in a container, which could best move to which other container.
//!
//! They are found when a search first asks for them, in one look at all pairs of the container's holders, and kept in
//! step from then on: a holder that comes can only make some cheaper, and one that goes takes with it only those that
//! rested on it. For searches that go backwards they are kept a second time, by where they lead.

use std::sync::Arc;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::lengths::{Changes, Packing};
use super::state::{NONE, Optimum};
use crate::solve::costs::{Costs, subtract};
use crate::solve::{Effort, StopReason};

/// The cheapest moves of a unit from one container to others, at most one to each. Parallel lists, rising by `to`.
#[derive(Clone, Debug)]
pub(super) struct Exchanges<const S: usize> {
    pub to: Vec<u32>,
    /// Cost of the unit there less its cost here.
    pub changes: Changes<S>,
    /// Whose unit would move.
    pub sources: Vec<u32>,
}

/// The same exchanges by where they lead: the cheapest moves of a unit to one container from others. Parallel lists,
/// rising by `from`.
#[derive(Clone, Debug)]
pub(super) struct Arrivals<const S: usize> {
    pub from: Vec<u32>,
    pub changes: Changes<S>,
}

impl<const S: usize> Exchanges<S> {
    fn none(packing: Option<Packing<S>>) -> Exchanges<S> {
        Exchanges { to: Vec::new(), changes: Changes::new(packing), sources: Vec::new() }
    }

    /// Whose unit would move to a container to which one can.
    pub fn source_to(&self, to: u32) -> u32 {
        self.to.binary_search(&to).map_or(NONE, |at| self.sources[at])
    }

    /// Whether this is cheaper than what was known.
    fn offer(&mut self, to: u32, source: u32, change: Costs<S>) -> bool {
        match self.to.binary_search(&to) {
            Ok(at) => {
                let lower = self.changes.lower(at, &change);
                if lower {
                    self.sources[at] = source;
                }
                lower
            }
            Err(at) => {
                self.to.insert(at, to);
                self.changes.insert(at, &change);
                self.sources.insert(at, source);
                true
            }
        }
    }

    /// Takes out what rests on a source; gives where that led.
    fn lose(&mut self, source: u32) -> Vec<u32> {
        let lost: Vec<usize> = (0..self.to.len()).filter(|at| self.sources[*at] == source).collect();
        let remove = |at: &usize| {
            self.changes.remove(*at);
            self.sources.remove(*at);
            self.to.remove(*at)
        };
        lost.iter().rev().map(remove).collect()
    }
}

impl<const S: usize> Arrivals<S> {
    pub fn none(packing: Option<Packing<S>>) -> Arrivals<S> {
        Arrivals { from: Vec::new(), changes: Changes::new(packing) }
    }

    /// There is such an exchange from a container now, or none.
    fn put(&mut self, from: u32, change: Option<Costs<S>>) {
        let at = self.from.binary_search(&from);
        if let Ok(at) = at {
            self.from.remove(at);
            self.changes.remove(at);
        }
        if let Some(change) = change {
            let at = at.unwrap_or_else(|at| at);
            self.from.insert(at, from);
            self.changes.insert(at, &change);
        }
    }
}

impl<const S: usize> Optimum<S> {
    /// The cheapest exchanges out of a container.
    pub fn exchanges(&self, node: u32) -> &Exchanges<S> {
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
    pub fn arrivals(&self, effort: &Effort) -> Result<&[Arc<Arrivals<S>>], StopReason> {
        if let Some(arrivals) = self.arrivals.get() {
            return Ok(arrivals);
        }
        self.find_all_exchanges(effort)?;
        let mut arrivals = vec![Arrivals::none(self.packing); self.nodes.len()];
        for from in (0..self.nodes.len() as u32).filter(|node| !self.node(*node).holders.is_empty()) {
            let exchanges = self.exchanges(from);
            effort.tick(exchanges.to.len() as u64)?;
            for (at, to) in exchanges.to.iter().enumerate() {
                let arrivals = &mut arrivals[*to as usize];
                arrivals.from.push(from);
                arrivals.changes.insert(arrivals.from.len() - 1, &exchanges.changes.at(at));
            }
        }
        Ok(self.arrivals.get_or_init(|| Arc::new(arrivals.into_iter().map(Arc::new).collect())))
    }

    /// O(pairs of the container's holders).
    fn found_exchanges(&self, node: u32, effort: &Effort) -> Result<Exchanges<S>, StopReason> {
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
        let mut exchanges = Exchanges::none(self.packing);
        for (at, (to, change, source)) in found.iter().enumerate() {
            exchanges.to.push(*to);
            exchanges.changes.insert(at, change);
            exchanges.sources.push(*source);
        }
        Ok(exchanges)
    }

    /// A source has units in a container now. O(pairs of the source).
    pub fn add_holder(&mut self, node: u32, source: u32) {
        let holder = self.holder(source, node);
        let none = self.arrivals.get().map(|_| Arc::new(Exchanges::none(self.packing)));
        let row = self.nodes.get_mut(node as usize);
        Arc::make_mut(&mut row.holders).push(holder);
        let Some(mut exchanges) = row.exchanges.take().or(none) else { return };
        let here = self.cost_in(source, node);
        let own = Arc::make_mut(&mut exchanges);
        let mut changed = Vec::new();
        self.each_container(source, |to, there| {
            if to != node && own.offer(to, source, subtract(there, here)) {
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
            for holder in self.node(node).holders.iter() {
                self.each_container_of_among(holder, &lost, |to, there| {
                    if to != node {
                        own.offer(to, holder.source, subtract(there, self.cost_of_holder(holder, node)));
                    }
                });
            }
        }
        self.keep_exchanges(node, exchanges, &changed);
    }

    /// Keeps a container's exchanges, of which those to some containers have changed.
    fn keep_exchanges(&mut self, node: u32, exchanges: Arc<Exchanges<S>>, changed: &[u32]) {
        if let Some(arrivals) = self.arrivals.get_mut() {
            let arrivals = Arc::make_mut(arrivals);
            for to in changed {
                let change = exchanges.to.binary_search(to).ok().map(|at| exchanges.changes.at(at));
                Arc::make_mut(&mut arrivals[*to as usize]).put(node, change);
            }
        }
        // It was taken out just before, so there is nothing that this could fail to replace.
        let _ = self.nodes.get_mut(node as usize).exchanges.set(exchanges);
    }
}
