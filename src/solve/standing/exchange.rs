//! Cheapest exchanges: of all units in a container, which could best move to which other container.
//!
//! They are found when a search first asks for them, in one look at all pairs of the container's holders, and kept in
//! step from then on: a holder that comes can only make some cheaper, and one that goes takes with it only those that
//! rested on it.

use std::sync::Arc;

use super::lengths::Changes;
use super::state::{NONE, Optimum};
use crate::solve::costs::{Costs, subtract};

/// The cheapest moves of a unit from one container to others, at most one to each. Parallel lists, rising by `to`.
#[derive(Clone, Debug)]
pub(super) struct Exchanges<const S: usize> {
    pub to: Vec<u32>,
    /// Cost of the unit there less its cost here.
    pub changes: Changes<S>,
    /// Whose unit would move.
    pub sources: Vec<u32>,
}

impl<const S: usize> Exchanges<S> {
    fn offer(&mut self, to: u32, source: u32, change: Costs<S>) {
        match self.to.binary_search(&to) {
            Ok(at) => {
                if self.changes.lower(at, &change) {
                    self.sources[at] = source;
                }
            }
            Err(at) => {
                self.to.insert(at, to);
                self.changes.insert(at, &change);
                self.sources.insert(at, source);
            }
        }
    }

    /// Takes out what rests on a source, and marks where that led.
    fn lose(&mut self, source: u32, lost: &mut [bool]) {
        for at in (0..self.to.len()).rev().filter(|at| self.sources[*at] == source).collect::<Vec<_>>() {
            lost[self.to.remove(at) as usize] = true;
            self.changes.remove(at);
            self.sources.remove(at);
        }
    }
}

impl<const S: usize> Optimum<S> {
    /// The cheapest exchanges out of a container.
    pub fn exchanges(&self, node: u32) -> &Exchanges<S> {
        self.node(node).exchanges.get_or_init(|| Arc::new(self.found_exchanges(node)))
    }

    /// O(pairs of the container's holders).
    fn found_exchanges(&self, node: u32) -> Exchanges<S> {
        let mut found: Vec<(u32, Costs<S>, u32)> = Vec::new();
        let mut position = vec![NONE; self.nodes.len()];
        for holder in self.node(node).holders.iter() {
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
        found.sort_unstable();
        let mut changes = Changes::new(self.packing);
        for (at, (_, change, _)) in found.iter().enumerate() {
            changes.insert(at, change);
        }
        Exchanges {
            to: found.iter().map(|(to, ..)| *to).collect(),
            changes,
            sources: found.iter().map(|(.., source)| *source).collect(),
        }
    }

    /// A source has units in a container now. O(pairs of the source).
    pub fn add_holder(&mut self, node: u32, source: u32) {
        let holder = self.holder(source, node);
        let row = self.nodes.get_mut(node as usize);
        Arc::make_mut(&mut row.holders).push(holder);
        let Some(mut exchanges) = row.exchanges.take() else { return };
        let here = self.cost_in(source, node);
        let own = Arc::make_mut(&mut exchanges);
        self.each_container(source, |to, there| {
            if to != node {
                own.offer(to, source, subtract(there, here));
            }
        });
        self.keep_exchanges(node, exchanges);
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
        if exchanges.sources.contains(&source) {
            let own = Arc::make_mut(&mut exchanges);
            let mut lost = vec![false; self.nodes.len()];
            own.lose(source, &mut lost);
            for holder in self.node(node).holders.iter() {
                self.each_container_of_among(holder, &lost, |to, there| {
                    if to != node {
                        own.offer(to, holder.source, subtract(there, self.cost_of_holder(holder, node)));
                    }
                });
            }
        }
        self.keep_exchanges(node, exchanges);
    }

    fn keep_exchanges(&mut self, node: u32, exchanges: Arc<Exchanges<S>>) {
        // It was taken out just before, so there is nothing that this could fail to replace.
        let _ = self.nodes.get_mut(node as usize).exchanges.set(exchanges);
    }
}
