//! What it costs to move a unit from one sink to another, or to leave it unsent: the least over all sources there.
//!
//! Such a length does not depend on prices, so it is found once, and kept while sources come and go. For each pair of
//! sinks the few cheapest sources are ranked: when the first goes, the next is known.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::arcs::{Layout, NONE};
use super::costs::{Objective, Scalar};
use crate::solve::Network;
use crate::solve::effort::{Effort, StopReason};

/// Longer than any way.
pub(super) const NEVER: i64 = i64::MAX / 2;

/// Sources that are ranked for each two sinks.
const RANKS: usize = 4;

/// Sources whose pairs are asked of memory together.
const TOGETHER: usize = 16;

/// An exchange takes about 100 bytes, a pair of the network 8 or more: so many pairs take about as much.
const PAIRS_FOR_EXCHANGE: usize = 12;

/// Exchanges that are kept whatever the pairs take.
const FEW: usize = 1 << 18;

/// What units cost, where staying unsent is one more place after the sinks.
pub(super) struct Costs<'a> {
    pub network: &'a Network,
    pub layout: Layout,
    pub objective: &'a Scalar<'a>,
}

impl Costs<'_> {
    /// Cost of a pair less that of staying unsent.
    pub fn entering(&self, source: u32, pair: usize) -> i64 {
        self.objective.pair(pair) - self.objective.unsent(source as usize)
    }

    /// Where else a source could go than over this pair, and what that would cost more.
    fn each_way(&self, source: u32, pair: usize, mut way: impl FnMut(u32, i64)) {
        let own = self.objective.pair(pair);
        for other in self.network.pairs_of(source as usize) {
            way(self.network.sinks()[other], self.objective.pair(other) - own);
        }
        way(self.layout.n_sinks, self.objective.unsent(source as usize) - own);
    }
}

/// The cheapest move from a sink to another place.
#[derive(Clone, Copy)]
pub(super) struct Exchange {
    /// Cost there less cost here, or less than that where the ranks ran out; [`NEVER`] where no source can move so.
    pub length: i64,
    pub to: u32,
    /// Where it is in the list of exchanges into that place.
    back: u32,
}

/// The same, seen from where it leads.
#[derive(Clone, Copy)]
pub(super) struct Coming {
    pub length: i64,
    pub from: u32,
    /// Whether this is the length, and not only a bound below it.
    pub is_known: bool,
}

/// The sources that could move at the least cost, in order.
#[derive(Clone, Copy)]
struct Ranked {
    sources: [u32; RANKS],
    lengths: [i64; RANKS],
    /// The least length of one that was left out.
    forgotten: i64,
}

impl Ranked {
    const NOBODY: Ranked = Ranked { sources: [NONE; RANKS], lengths: [NEVER; RANKS], forgotten: NEVER };

    /// Without branches: whether a source is among the cheapest nobody can foresee.
    #[inline(always)]
    fn add(&mut self, source: u32, length: i64) {
        // Of what was left out nobody knows who comes next, so nothing is ranked behind it.
        let mut rest = (if self.forgotten <= length { NEVER } else { length }, source);
        for known in self.lengths.iter_mut().zip(&mut self.sources) {
            let before = (*known.0, *known.1);
            let is_nearer = rest.0 < before.0;
            (*known.0, *known.1) = if is_nearer { rest } else { before };
            rest = if is_nearer { before } else { rest };
        }
        self.forgotten = self.forgotten.min(rest.0);
    }

    /// The least length, or less than that where the ranks ran out.
    fn length(&self) -> i64 {
        self.lengths[0].min(self.forgotten)
    }

    /// Whether that is the length.
    fn is_known(&self) -> bool {
        self.lengths[0] <= self.forgotten
    }

    /// Whether it was the first.
    fn remove(&mut self, source: u32) -> bool {
        let Some(at) = self.sources.iter().position(|known| *known == source) else { return false };
        self.lengths.copy_within(at + 1.., at);
        self.sources.copy_within(at + 1.., at);
        (self.lengths[RANKS - 1], self.sources[RANKS - 1]) = (NEVER, NONE);
        at == 0
    }
}

/// The exchanges from one sink.
#[derive(Clone, Default)]
struct Row {
    exchanges: Vec<Exchange>,
    ranked: Vec<Ranked>,
    held: Vec<u32>,
}

impl Row {
    /// Ranks all sources from the beginning; lengths follow with `join`. `positions` has NONE for all places, before and
    /// after.
    fn find(&mut self, costs: &Costs, pair: &[u32], sink: u32, positions: &mut [u32]) -> u64 {
        for (exchange, at) in self.exchanges.iter().zip(0..) {
            positions[exchange.to as usize] = at;
        }
        self.ranked.fill(Ranked::NOBODY);
        let mut seen = 0;
        let held = std::mem::take(&mut self.held);
        let (mut to, mut values, mut own) = (Vec::new(), Vec::new(), Vec::new());
        // What a source costs lies far from what the one before did. Copied first, with nothing else to do, the pairs of
        // many sources are on their way from memory at once.
        for some in held.chunks(TOGETHER) {
            to.clear();
            values.clear();
            own.clear();
            for source in some {
                let pairs = costs.network.pairs_of(*source as usize);
                own.push((pairs.len() + 1, costs.objective.pair(pair[*source as usize] as usize)));
                to.extend_from_slice(&costs.network.sinks()[pairs.clone()]);
                to.push(costs.layout.n_sinks);
                costs.objective.copy_pairs(pairs, &mut values);
                values.push(costs.objective.unsent(*source as usize));
            }
            let mut ways = to.iter().zip(&values);
            for (source, (n, own)) in some.iter().zip(&own) {
                for (to, value) in ways.by_ref().take(*n) {
                    self.add_way(*source, *to, value - own, sink, positions);
                }
            }
            seen += to.len() as u64;
        }
        self.held = held;
        for exchange in &self.exchanges {
            positions[exchange.to as usize] = NONE;
        }
        seen
    }

    /// Ranks a source that came over this pair.
    fn come(&mut self, costs: &Costs, source: u32, pair: usize, sink: u32, positions: &mut [u32]) {
        self.held.push(source);
        costs.each_way(source, pair, |to, length| self.add_way(source, to, length, sink, positions));
    }

    #[inline(always)]
    fn add_way(&mut self, source: u32, to: u32, length: i64, sink: u32, positions: &mut [u32]) {
        let position = &mut positions[to as usize];
        if *position == NONE {
            if to == sink {
                return;
            }
            *position = self.exchanges.len() as u32;
            self.exchanges.push(Exchange { length: NEVER, to, back: NONE });
            self.ranked.push(Ranked::NOBODY);
        }
        self.ranked[*position as usize].add(source, length);
    }

    /// Takes the length of an exchange over to where it leads.
    fn join(&mut self, sink: u32, position: u32, into: &mut [Vec<Coming>]) {
        let ranked = &self.ranked[position as usize];
        let exchange = &mut self.exchanges[position as usize];
        exchange.length = ranked.length();
        let coming = Coming { length: exchange.length, from: sink, is_known: ranked.is_known() };
        let into = &mut into[exchange.to as usize];
        if exchange.back == NONE {
            exchange.back = into.len() as u32;
            into.push(coming);
        } else {
            into[exchange.back as usize] = coming;
        }
    }
}

/// All exchanges, by where they lead from and by where to.
#[derive(Default)]
pub(super) struct Exchanges {
    rows: Vec<Row>,
    into: Vec<Vec<Coming>>,
    /// Where places are in the list at hand.
    positions: Vec<u32>,
}

impl Exchanges {
    /// The exchanges of all sources with a unit, each of which uses this pair; NONE: it has no place. None where they are
    /// so many that they would take more memory than the pairs.
    pub fn new(costs: &Costs, pair: &[u32], effort: &Effort) -> Result<Option<Exchanges>, StopReason> {
        let most = (costs.network.n_pairs() / PAIRS_FOR_EXCHANGE).max(FEW);
        let n_places = costs.network.n_sinks() + 1;
        let mut rows = vec![Row::default(); costs.network.n_sinks()];
        for (source, _) in costs.network.sources().iter().enumerate().filter(|(_, source)| 0 < source.units) {
            if let Some(sink) = costs.network.sinks().get(pair[source] as usize) {
                rows[*sink as usize].held.push(source as u32);
            }
        }
        let count = AtomicUsize::new(0);
        let one = |positions: &mut Vec<u32>, (mut row, sink): (Row, u32)| {
            // Past the limit nothing more is looked for: what was found is not going to be used.
            if count.load(Ordering::Relaxed) <= most {
                let seen = row.find(costs, pair, sink, positions);
                count.fetch_add(row.exchanges.len(), Ordering::Relaxed);
                effort.tick(seen)?;
            }
            Ok(row)
        };
        let new_positions = || vec![NONE; n_places];
        let numbered: Vec<(Row, u32)> = rows.into_iter().zip(0..).collect();
        let found: Result<Vec<Row>, StopReason> = match effort.threads() {
            Some(threads) => threads.install(|| numbered.into_par_iter().map_init(new_positions, one).collect()),
            None => {
                let mut positions = new_positions();
                numbered.into_iter().map(|numbered| one(&mut positions, numbered)).collect()
            }
        };
        let rows = found?;
        if most < count.into_inner() {
            return Ok(None);
        }
        let mut exchanges = Exchanges { rows, into: vec![Vec::new(); n_places], positions: new_positions() };
        for sink in 0..costs.layout.n_sinks {
            exchanges.join(sink);
        }
        Ok(Some(exchanges))
    }

    pub fn from(&self, sink: u32) -> &[Exchange] {
        &self.rows[sink as usize].exchanges
    }

    pub fn coming(&self, sink: u32) -> &[Coming] {
        &self.into[sink as usize]
    }

    /// Who would move; None where the ranks ran out, and the sink has to be looked at again.
    pub fn source(&self, sink: u32, position: u32) -> Option<u32> {
        let ranked = &self.rows[sink as usize].ranked[position as usize];
        ranked.is_known().then_some(ranked.sources[0])
    }

    /// A source leaves a place.
    pub fn leave(&mut self, source: u32, from: u32) {
        let Some(row) = self.rows.get_mut(from as usize) else { return };
        if let Some(at) = row.held.iter().position(|held| *held == source) {
            row.held.swap_remove(at);
        }
        for position in 0..row.exchanges.len() {
            if row.ranked[position].remove(source) {
                row.join(from, position as u32, &mut self.into);
            }
        }
    }

    /// A source comes to a sink over this pair.
    pub fn come(&mut self, costs: &Costs, source: u32, pair: usize, to: u32) {
        let row = &mut self.rows[to as usize];
        for (exchange, at) in row.exchanges.iter().zip(0..) {
            self.positions[exchange.to as usize] = at;
        }
        row.come(costs, source, pair, to, &mut self.positions);
        let (positions, into) = (&self.positions, &mut self.into);
        costs.each_way(source, pair, |other, _| {
            if positions[other as usize] != NONE {
                row.join(to, positions[other as usize], into);
            }
        });
        for exchange in &row.exchanges {
            self.positions[exchange.to as usize] = NONE;
        }
    }

    /// Looks again where ranks ran out.
    pub fn find_again(&mut self, costs: &Costs, pair: &[u32], sink: u32, effort: &Effort) -> Result<(), StopReason> {
        let seen = self.rows[sink as usize].find(costs, pair, sink, &mut self.positions);
        self.join(sink);
        effort.tick(seen)
    }

    /// Takes all lengths from a sink over to where they lead.
    fn join(&mut self, sink: u32) {
        let row = &mut self.rows[sink as usize];
        for position in 0..row.exchanges.len() as u32 {
            row.join(sink, position, &mut self.into);
        }
    }
}
