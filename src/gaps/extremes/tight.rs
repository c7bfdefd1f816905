//! Every optimum of the need stage at once: the flows that the prices of one optimum allow.
//!
//! A flow is optimal exactly if it is feasible and goes only where the prices of an optimum say that it costs nothing:
//! over pairs and limits between equal prices, and unsent where the source's weight is its price (complementary
//! slackness). In that tight residual graph a row of sources gains what can flow from its unsent units to sent units of
//! other rows, which give up their places to them, and loses what can flow the other way. Both are maximum flows from the
//! same base flow, found by phases of shortest ways (Dinitz 1970) and undone before the next row.
//!
//! The graph that is searched has the sinks and limits as nodes and an arc from one sink to another where some unit held
//! in the first could move to the second; sources have none. Only sinks with a price above zero are in it: the others
//! have room, so nobody who could use one goes without. Weights do not mix, since a way stays at one price.
//!
//! This holds where all limits lie behind the sinks. A limit on what several sources send together needs another graph.

use std::ops::Range;

use super::MetRange;
use super::search::Search;
use crate::solve::{Effort, Flow, Network, StagePrices, StopReason};

/// A position that is none: a source in no row, or the way of what is not sent.
pub(super) const NONE: u32 = u32::MAX;

/// The row of each source (or [`NONE`]), of so many rows.
pub(super) struct Rows {
    pub(super) of: Vec<u32>,
    pub(super) n: usize,
}

/// The tight residual graph of an optimum whose one stage prices unsent units.
pub(super) struct Tight<'a> {
    pub(super) network: &'a Network,
    prices: &'a StagePrices,
    sent: Vec<u64>,
    /// Sinks behind each limit.
    pub(super) limit_sinks: Vec<Vec<u32>>,
    /// Sources with unsent units that each sink would take at this price: `waiting[starts[j]..starts[j + 1]]`.
    pub(super) waiting_starts: Vec<usize>,
    pub(super) waiting: Vec<u32>,
    /// Who those are, each once.
    short: Vec<u32>,
    pub(super) base: State,
}

/// Units of a source in a sink.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) source: u32,
    pub(super) units: u64,
}

/// A flow, as far as it may change.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// By sink with a price above zero: who could as well go unsent, and who could not.
    pub(super) gives_way: Vec<Vec<Held>>,
    pub(super) stays: Vec<Vec<Held>>,
    pub(super) used: Vec<u64>,
    /// Unsent units of each source.
    pub(super) left: Vec<u64>,
    /// For each sink: units held in it that could move to another, by that other, rising; and units in others that could
    /// move to it. Zeros are left where there was something once.
    pub(super) out: Vec<Vec<(u32, u64)>>,
    pub(super) into: Vec<Vec<(u32, u64)>>,
}

impl<'a> Tight<'a> {
    /// Of an optimum with its prices. O(pairs of the sources that are held or unsent at a price), the pairs over the
    /// effort's threads. Memory: 16 bytes for each placement, 4 for each pair of an unsent source, and 32 for each two
    /// sinks between which a unit could move.
    pub(super) fn new(
        network: &'a Network,
        flow: &Flow,
        prices: &'a StagePrices,
        effort: &Effort,
    ) -> Result<Tight<'a>, StopReason> {
        let n_sinks = network.n_sinks();
        let mut tight = Tight {
            network,
            prices,
            sent: vec![0; network.n_sources()],
            limit_sinks: vec![Vec::new(); network.limits().len()],
            waiting_starts: Vec::new(),
            waiting: Vec::new(),
            short: Vec::new(),
            base: State {
                gives_way: vec![Vec::new(); n_sinks],
                stays: vec![Vec::new(); n_sinks],
                used: vec![0; n_sinks],
                left: network.unsent(flow),
                out: Vec::new(),
                into: vec![Vec::new(); n_sinks],
            },
        };
        for (sink, limit) in (0u32..).zip(network.sink_limits()) {
            if let Some(limit) = limit {
                tight.limit_sinks[*limit as usize].push(sink);
            }
        }
        tight.place(flow, effort)?;
        tight.wait(effort)?;
        tight.join(effort)?;
        Ok(tight)
    }

    fn place(&mut self, flow: &Flow, effort: &Effort) -> Result<(), StopReason> {
        let mut source = 0;
        for &(pair, units) in flow.carried() {
            effort.tick(1)?;
            // Both rise, so one walk along the sources finds all.
            while self.network.starts()[source + 1] <= pair as usize {
                source += 1;
            }
            self.sent[source] += units;
            let sink = self.network.sinks()[pair as usize] as usize;
            self.base.used[sink] += units;
            if 0 < self.prices.sinks[sink] {
                let list = if self.could_go_unsent(source) { &mut self.base.gives_way } else { &mut self.base.stays };
                list[sink].push(Held { source: source as u32, units });
            }
        }
        Ok(())
    }

    fn wait(&mut self, effort: &Effort) -> Result<(), StopReason> {
        let n_sinks = self.network.n_sinks();
        let waits = |source: u32| 0 < self.base.left[source as usize] && self.could_go_unsent(source as usize);
        let mut starts = vec![0; n_sinks + 1];
        let mut short = Vec::new();
        for source in (0..self.network.n_sources() as u32).filter(|&source| waits(source)) {
            effort.tick(1 + self.network.pairs_of(source as usize).len() as u64)?;
            let mut any = false;
            for sink in self.sinks_of(source) {
                starts[sink as usize + 1] += 1;
                any = true;
            }
            if any {
                short.push(source);
            }
        }
        for sink in 0..n_sinks {
            starts[sink + 1] += starts[sink];
        }
        let mut next = starts.clone();
        let mut waiting = vec![0; starts[n_sinks]];
        for &source in &short {
            effort.tick(1 + self.network.pairs_of(source as usize).len() as u64)?;
            for sink in self.sinks_of(source) {
                waiting[next[sink as usize]] = source;
                next[sink as usize] += 1;
            }
        }
        (self.waiting_starts, self.waiting, self.short) = (starts, waiting, short);
        Ok(())
    }

    fn join(&mut self, effort: &Effort) -> Result<(), StopReason> {
        const SINKS: usize = 64;
        let n_sinks = self.network.n_sinks();
        let moves = |sinks: Range<usize>| -> Result<Vec<Vec<(u32, u64)>>, StopReason> {
            let mut units_to = vec![0u64; n_sinks];
            let mut seen = Vec::new();
            let mut all = Vec::with_capacity(sinks.len());
            for sink in sinks {
                for held in self.base.gives_way[sink].iter().chain(&self.base.stays[sink]) {
                    effort.tick(1 + self.network.pairs_of(held.source as usize).len() as u64)?;
                    for other in self.sinks_of(held.source).filter(|&other| other as usize != sink) {
                        if units_to[other as usize] == 0 {
                            seen.push(other);
                        }
                        units_to[other as usize] += held.units;
                    }
                }
                seen.sort_unstable();
                all.push(seen.drain(..).map(|other| (other, std::mem::take(&mut units_to[other as usize]))).collect());
            }
            Ok(all)
        };
        let pieces = (0..n_sinks).step_by(SINKS).map(|from| from..n_sinks.min(from + SINKS)).collect();
        self.base.out = effort.each(pieces, moves)?.into_iter().flatten().collect();
        for (sink, out) in (0u32..).zip(&self.base.out) {
            for &(other, units) in out {
                self.base.into[other as usize].push((sink, units));
            }
        }
        Ok(())
    }

    /// Its place at this price is worth as much as it weighs, so an optimum may as well leave it unsent.
    pub(super) fn could_go_unsent(&self, source: usize) -> bool {
        self.weight(source) == self.prices.sources[source]
    }

    fn weight(&self, source: usize) -> i64 {
        self.network.stages()[0].unsent_cost[source]
    }

    /// The sinks that a source may be in, in one optimum or another, if they have a price.
    pub(super) fn sinks_of(&self, source: u32) -> impl Iterator<Item = u32> + '_ {
        let price = self.prices.sources[source as usize];
        let own = if 0 < price { self.network.pairs_of(source as usize) } else { 0..0 };
        self.network.sinks()[own].iter().copied().filter(move |&sink| self.prices.sinks[sink as usize] == price)
    }

    pub(super) fn may_use(&self, source: u32, sink: u32) -> bool {
        self.network.sinks()[self.network.pairs_of(source as usize)].binary_search(&sink).is_ok()
    }

    /// The limit behind a sink, if an optimum may use the one more and the other less.
    pub(super) fn limit_of(&self, sink: usize) -> Option<u32> {
        self.network.sink_limits()[sink].filter(|&limit| self.prices.limits[limit as usize] == self.prices.sinks[sink])
    }

    /// How much of each row is met at least and at most over all optima. O(sources), and for each row its units that move,
    /// each with a look at those held where it passes, and for rows that cannot be decided where they ask, some walks over the
    /// arcs between sinks; the rows over the effort's threads. A million sources, 37 million pairs and 4,000 rows take 15
    /// seconds on one thread.
    pub(super) fn ranges(&self, rows: &Rows, effort: &Effort) -> Result<Vec<MetRange>, StopReason> {
        let mut met = vec![0; rows.n];
        for (&row, &sent) in rows.of.iter().zip(&self.sent).filter(|(row, _)| **row != NONE) {
            met[row as usize] += sent;
        }
        let mut short_of: Vec<Vec<u32>> = vec![Vec::new(); rows.n];
        for &source in self.short.iter().filter(|&&source| rows.of[source as usize] != NONE) {
            short_of[rows.of[source as usize] as usize].push(source);
        }
        let search = Search::new(self, rows);
        let mut sinks_of: Vec<Vec<u32>> = vec![Vec::new(); rows.n];
        for (sink, of_rows) in (0u32..).zip(&search.giving_by_row) {
            of_rows.iter().for_each(|&(row, _)| sinks_of[row as usize].push(sink));
        }
        // Each piece begins at the base flow and comes back to it after every row, so it does not matter who has which.
        let piece = |piece: Range<usize>| -> Result<Vec<MetRange>, StopReason> {
            let mut search = search.clone();
            let range = |row: usize| {
                effort.tick(1)?;
                let more = search.gain(row as u32, &short_of[row], effort)?;
                let less = search.loss(row as u32, &sinks_of[row], effort)?;
                Ok(MetRange { met_least: met[row] - less, met_most: met[row] + more })
            };
            piece.map(range).collect()
        };
        let size = rows.n.div_ceil(PIECES).max(FEWEST_ROWS);
        let pieces = (0..rows.n).step_by(size).map(|from| from..rows.n.min(from + size)).collect();
        Ok(effort.each(pieces, piece)?.into_iter().flatten().collect())
    }
}

/// Pieces of a table, and rows of one at least: each piece has a flow of its own.
const PIECES: usize = 16;
const FEWEST_ROWS: usize = 32;
