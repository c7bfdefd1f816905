//! How prices stay near enough to each other for lengths to be packed.
//!
//! A search raises the prices of what it settled. What no search comes to for long is left behind, in stages that do not
//! decide above all: a price can be right in the first stage and as far away as one likes in the next.

use std::sync::OnceLock;

use super::lengths::{Lengths, Nearness, NodePrices, Packing, Plain, Ranges};
use super::search::{Part, Search};
use super::state::{NONE, Optimum};
use crate::solve::costs::{Costs, add, subtract};

impl<const S: usize> Optimum<S> {
    pub fn set_price(&mut self, node: u32, price: Costs<S>) {
        self.set_prices([(node, price)].into_iter());
    }

    fn nearness(&self, packing: &Packing<S>) -> Nearness {
        packing.nearness(self.prices.all(), self.prices.of(self.ground))
    }

    /// Leaves lengths plain if prices are too far apart. For when a change is half made; [`Optimum::stay_near`] makes
    /// good for it. O(nodes).
    pub fn unpack_if_too_far(&mut self) {
        if self.packing.is_some_and(|packing| self.nearness(&packing) == Nearness::TooFar) {
            self.pack_by(None);
        }
    }

    /// Brings prices near to the ground's if any is far from it, which flow and prices must be an optimum for.
    /// O(nodes), and one search over everything where some price was far.
    pub fn stay_near(&mut self) {
        let Some(packing) = self.packing.or_else(|| Packing::of(&self.ranges)) else { return };
        let nearness = self.nearness(&packing);
        if nearness != Nearness::Near {
            match self.packing.filter(|_| nearness == Nearness::Far) {
                Some(packing) => self.tie_to_ground(packing),
                None => self.tie_to_ground(Plain),
            }
        }
        let packing = (self.nearness(&packing) != Nearness::TooFar).then_some(packing);
        if packing != self.packing {
            self.pack_by(packing);
        }
    }

    /// Sees that lengths are packed so that these costs and as many nodes are within what was reckoned with.
    pub fn hold_ranges(&mut self, ranges: Ranges<S>) {
        if ranges == self.ranges {
            return;
        }
        // Twice as much as is needed, so that what grows step by step is not packed anew at each.
        let doubled = ranges.doubled();
        self.ranges = if Packing::of(&doubled).is_some() { doubled } else { ranges };
        // Packed again when the change is made.
        self.pack_by(None);
    }

    pub fn pack_by(&mut self, packing: Option<Packing<S>>) {
        if packing == self.packing {
            return;
        }
        self.packing = packing;
        self.prices = NodePrices::new(self.prices.all().to_vec(), packing);
        self.forget_exchanges();
    }

    /// They are found again when they are asked for. O(nodes).
    pub fn forget_exchanges(&mut self) {
        self.arrivals = OnceLock::new();
        for node in 0..self.nodes.len() {
            self.nodes.get_mut(node).exchanges = OnceLock::new();
        }
    }

    /// Lowers each price by how far its node is from the ground: a way of length zero then leads there from the ground, so
    /// that they differ by what a path costs and no more.
    pub fn tie_to_ground<L: Lengths<S>>(&mut self, lengths: L) {
        let mut search = Search::new(lengths, lengths.prices(&self.prices, self.ground), None);
        search.start(self.ground, lengths.of(&[0; S]));
        let mut farthest = [0; S];
        let mut lowered = vec![None; self.nodes.len()];
        while let Some((node, part, length)) = search.take() {
            if part == Part::First {
                farthest = lengths.costs(length);
                lowered[node as usize] = Some(farthest);
            }
            self.pass_on(node, part, &mut search, |_, _| {});
        }
        // What is not reached is lowered no less than any other, so that it still does not pay to come from there.
        let price = |(node, length): (usize, &Option<Costs<S>>)| {
            (node as u32, subtract(*self.prices.of(node as u32), length.unwrap_or(farthest)))
        };
        let prices: Vec<(u32, Costs<S>)> = lowered.iter().enumerate().map(price).collect();
        self.set_prices(prices.into_iter());
        for node in (0..self.nodes.len() as u32).filter(|node| lowered[*node as usize].is_none()) {
            self.bring_near(node);
        }
    }

    /// Raises the price of a node that holds nothing as far as the only arc that leaves it allows.
    fn bring_near(&mut self, node: u32) {
        let row = self.node(node);
        let nothing_leaves = |child: &u32| self.node(*child).last.is_none();
        if row.head != NONE && row.last.is_none() && row.holders.is_empty() && row.children().iter().all(nothing_leaves)
        {
            let price = add(*self.prices.of(row.head), row.next.unwrap_or([0; S]));
            if *self.prices.of(node) < price {
                self.set_price(node, price);
            }
        }
    }
}
