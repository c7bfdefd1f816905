//! Cheapest exchanges: of all units in a container, which could best move to which other container.

use std::sync::Arc;

use super::state::{NONE, Optimum};
use crate::solve::costs::{Costs, subtract};

/// The cheapest move of a unit from the container that this is kept with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange<const S: usize> {
    pub to: u32,
    /// Whose unit would move.
    pub source: u32,
    /// Cost of the unit there less its cost here.
    pub change: Costs<S>,
}

impl<const S: usize> Optimum<S> {
    /// The cheapest exchanges out of a container, at most one to each other.
    pub fn exchanges(&self, node: u32) -> &[Exchange<S>] {
        self.node(node).exchanges.get_or_init(|| Arc::new(self.found_exchanges(node)))
    }

    /// O(pairs of the container's holders).
    fn found_exchanges(&self, node: u32) -> Vec<Exchange<S>> {
        let mut found: Vec<Exchange<S>> = Vec::new();
        let mut position = vec![NONE; self.nodes.len()];
        for &source in self.node(node).holders.iter() {
            let here = self.cost_in(source, node);
            self.each_container(source, |to, there| {
                let change = subtract(there, here);
                match position[to as usize] {
                    _ if to == node => {}
                    NONE => {
                        position[to as usize] = found.len() as u32;
                        found.push(Exchange { to, source, change });
                    }
                    at if change < found[at as usize].change => found[at as usize] = Exchange { to, source, change },
                    _ => {}
                }
            });
        }
        found
    }
}
