//! The arcs that pricing looks at for now: those of each source that are close to its best.
//!
//! Most of a source's pairs are never worth anything at prices near the optimum. A pass over all arcs, shared out over
//! the threads, picks those that are, and finds out whether any arc at all is worth bringing in.

use std::ops::Range;

use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator};

use super::arcs::Layout;
use super::costs::{Cost, Objective};
use super::tree::Tree;
use crate::solve::Network;
use crate::solve::effort::{Effort, StopReason};

/// A part of the sources, each with at least two arcs worth a look.
pub(super) struct Part<C> {
    sources: Range<u32>,
    /// Sources of this part that are looked at.
    pub of: Vec<u32>,
    /// Arcs of the k-th source are `starts[k]..starts[k + 1]`; the unsent arc comes last.
    pub starts: Vec<u32>,
    pub arcs: Vec<u32>,
    pub heads: Vec<u32>,
    pub costs: Vec<C>,
    /// Sources that had an arc worth bringing in.
    improvable: u64,
}

pub(super) struct Window<C> {
    pub parts: Vec<Part<C>>,
}

impl<C: Cost> Window<C> {
    /// No arcs yet; sources in parts of a size that makes pricing one a good step.
    pub fn new(n_sources: u32) -> Window<C> {
        // Sorting more candidates at once finds better ones first and acts on older prices; an eightieth measured best
        // from ten thousand to a million sources.
        let size = (n_sources / 80).clamp(304, 1 << 14);
        let starts = (0..n_sources).step_by(size as usize);
        let part = |from: u32| Part {
            sources: from..n_sources.min(from + size),
            of: Vec::new(),
            starts: Vec::new(),
            arcs: Vec::new(),
            heads: Vec::new(),
            costs: Vec::new(),
            improvable: 0,
        };
        Window { parts: starts.map(part).collect() }
    }

    /// Picks anew the arcs within `width` of each source's present one, or better, at these prices of inner nodes
    /// (closed ones priced out of reach). Gives the number of sources that have an arc worth bringing in.
    pub fn pick<O: Objective<Cost = C>>(
        &mut self,
        network: &Network,
        objective: &O,
        tree: &Tree<C>,
        prices: &[C],
        width: C,
        effort: &Effort,
    ) -> Result<u64, StopReason> {
        let layout = Layout::of(network);
        let one = |part: &mut Part<C>| {
            let from = network.starts()[part.sources.start as usize];
            let to = network.starts()[part.sources.end as usize];
            effort.tick((to - from) as u64)?;
            part.pick(network, layout, objective, tree, prices, width);
            Ok(part.improvable)
        };
        match effort.threads() {
            Some(threads) => threads.install(|| {
                let counted: Result<Vec<u64>, StopReason> =
                    self.parts.par_iter_mut().with_max_len(1).map(one).collect();
                Ok(counted?.into_iter().sum())
            }),
            None => self.parts.iter_mut().map(one).sum(),
        }
    }

    /// Sets the cost of a source's unsent arc, where it is looked at.
    pub fn set_unsent_cost(&mut self, layout: Layout, source: u32, cost: C) {
        let at = self.parts.partition_point(|part| part.sources.end <= source);
        let part = &mut self.parts[at];
        if let Ok(position) = part.of.binary_search(&source) {
            let last = part.starts[position + 1] as usize - 1;
            if part.arcs[last] == layout.unsent(source) {
                part.costs[last] = cost;
            }
        }
    }
}

impl<C: Cost> Part<C> {
    fn pick<O: Objective<Cost = C>>(
        &mut self,
        network: &Network,
        layout: Layout,
        objective: &O,
        tree: &Tree<C>,
        prices: &[C],
        width: C,
    ) {
        self.of.clear();
        self.starts.clear();
        self.arcs.clear();
        self.heads.clear();
        self.costs.clear();
        self.improvable = 0;
        self.starts.push(0);
        let mut reduced = Vec::new();
        for source in self.sources.clone() {
            let pairs = network.pairs_of(source as usize);
            let sinks = &network.sinks()[pairs.clone()];
            let least = objective.reduced(pairs.clone(), sinks, prices, &mut reduced);
            let unsent_head = layout.unsent_head(network, source);
            let unsent_cost = objective.unsent(source as usize);
            let unsent = unsent_cost.plus(prices[unsent_head as usize]);
            let own = tree.price_of_source(source);
            let Some(least) = least else { continue };
            if least.min(unsent) < own {
                self.improvable += 1;
            }
            // A source whose only arc near is the one it is on stays where it is.
            let present = tree.arc_of(source);
            let before = self.arcs.len();
            if least.minus(own) <= width {
                for ((pair, sink), reduced) in pairs.zip(sinks).zip(&reduced) {
                    if reduced.minus(own) <= width {
                        self.arcs.push(pair as u32);
                        self.heads.push(*sink);
                        self.costs.push(objective.pair(pair));
                    }
                }
            }
            if unsent.minus(own) <= width {
                self.arcs.push(layout.unsent(source));
                self.heads.push(unsent_head);
                self.costs.push(unsent_cost);
            }
            if self.arcs[before..].iter().all(|arc| *arc == present) {
                self.arcs.truncate(before);
                self.heads.truncate(before);
                self.costs.truncate(before);
            } else {
                self.of.push(source);
                self.starts.push(self.arcs.len() as u32);
            }
        }
    }
}

/// Cost of all units of all sources at the cheapest arc of each, at these prices; whatever the effort says: it is asked
/// when there is none left, and takes one pass.
pub(super) fn each_at_its_cheapest<O: Objective<Cost = i64>>(
    network: &Network,
    layout: Layout,
    objective: &O,
    prices: &[i64],
    effort: &Effort,
) -> i128 {
    const CHUNKS: usize = 64;
    let size = network.n_sources().div_ceil(CHUNKS).max(1);
    let one = |chunk: usize| {
        let mut reduced = Vec::new();
        let mut sum = 0i128;
        for source in (chunk * size).min(network.n_sources())..((chunk + 1) * size).min(network.n_sources()) {
            let pairs = network.pairs_of(source);
            let unsent = objective.unsent(source) + prices[layout.unsent_head(network, source as u32) as usize];
            let least = objective.reduced(pairs.clone(), &network.sinks()[pairs], prices, &mut reduced);
            let cheapest = least.map_or(unsent, |least| least.min(unsent));
            sum += i128::from(cheapest) * i128::from(network.sources()[source].units);
        }
        sum
    };
    match effort.threads() {
        Some(threads) => threads.install(|| (0..CHUNKS).into_par_iter().map(one).sum()),
        None => (0..CHUNKS).map(one).sum(),
    }
}
