//! From nearly right to right: each unit that is not where it should be takes the shortest way there.
//!
//! Balanced prices leave a few units in a thousand at the wrong place, and some places empty at a price above zero. Each
//! of these is settled by a shortest path (successive shortest paths: Jewell 1958; with prices that keep all lengths from
//! falling below zero: Edmonds and Karp 1972). The graph is small: from sink to sink, the cheapest of all sources at the
//! first that could move to the second (`exchanges`).
//!
//! In the end each source is at its cheapest place, and sinks with room have no price, as far as single units go; the
//! simplex then has a tree to verify and little to do.

mod search;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use self::search::{NOWHERE, Search};
use super::arcs::{Layout, NONE};
use super::costs::{Objective, Scalar};
use super::exchanges::{Costs, Exchanges, NEVER};
use super::placement::Placement;
use crate::solve::Network;
use crate::solve::effort::{Effort, StopReason};

/// Whether single units can be settled: none holds two, nothing lies behind the sinks, and staying unsent costs what it
/// costs, whoever else does.
pub(super) fn fits(network: &Network, objective: &Scalar) -> bool {
    network.limits().is_empty()
        && network.sources().iter().all(|source| source.units <= 1)
        && (0..network.pools().len())
            .all(|pool| network.pools()[pool].least == 0 && objective.steps(pool).iter().all(|(_, cost)| *cost == 0))
}

/// Settles all units, if the exchanges between sinks are few enough to keep; whether they are. `prices` has closed nodes
/// out of reach, and nothing for staying unsent. Asked only where it [`fits`].
pub(super) fn settle(
    network: &Network,
    layout: Layout,
    objective: &Scalar,
    placement: &mut Placement,
    prices: &mut [i64],
    effort: &Effort,
) -> Result<bool, StopReason> {
    let mut settling = Settling::new(network, layout, objective, placement, prices);
    let misplaced = settling.take_misplaced(effort)?;
    match Exchanges::new(&settling.costs, settling.pair, effort)? {
        Some(exchanges) => settling.exchanges = exchanges,
        None => {
            for (source, pair) in misplaced {
                placement.pair[source as usize] = pair;
            }
            return Ok(false);
        }
    }
    for (source, _) in misplaced {
        settling.insert(source, effort)?;
    }
    settling.list_unsent(effort)?;
    for sink in 0..layout.n_sinks {
        while 0 < settling.room[sink as usize] && 0 < settling.prices[sink as usize] {
            settling.lower(sink, effort)?;
        }
    }
    prices[..network.n_sinks()].copy_from_slice(&settling.prices[..network.n_sinks()]);
    placement.spilled.clear();
    placement.count(network, layout);
    Ok(true)
}

/// Unsent sources that are remembered for each sink; few in tests, so that small networks run out of them.
const REMEMBERED: usize = if cfg!(test) { 2 } else { 64 };

/// A source that goes from one place to another.
#[derive(Clone, Copy)]
struct Move {
    source: u32,
    from: u32,
    to: u32,
}

/// The next source of each sink that would come, by how far prices have to fall before it does.
type Nearest = BinaryHeap<Reverse<(i64, u32)>>;

/// Staying unsent is one more place here, after the sinks, with room for all and without a price.
struct Settling<'a> {
    network: &'a Network,
    costs: Costs<'a>,
    /// The pair that each source uses; NONE: it stays unsent.
    pair: &'a mut Vec<u32>,
    prices: Vec<i64>,
    /// Places left at each sink.
    room: Vec<u64>,
    exchanges: Exchanges,
    /// For each sink, unsent sources by what they would cost there less what they cost now.
    unsent: Vec<BinaryHeap<Reverse<(i64, u32)>>>,
    /// From this cost on, some may be missing.
    forgotten: Vec<i64>,
    search: Search,
}

impl<'a> Settling<'a> {
    fn new(
        network: &'a Network,
        layout: Layout,
        objective: &'a Scalar<'a>,
        placement: &'a mut Placement,
        prices: &[i64],
    ) -> Settling<'a> {
        let n = network.n_sinks();
        let places = network.places().iter().map(|places| places.unwrap_or(u64::MAX));
        let left = places.zip(&placement.amounts).map(|(places, amount)| places - amount);
        Settling {
            network,
            costs: Costs { network, layout, objective },
            room: left.chain([u64::MAX]).collect(),
            pair: &mut placement.pair,
            prices: prices[..n].iter().copied().chain([0]).collect(),
            exchanges: Exchanges::default(),
            unsent: Vec::new(),
            forgotten: Vec::new(),
            search: Search::new(n + 1),
        }
    }

    /// Takes all sources away that have a cheaper place than theirs, and gives them with the pair that each used.
    fn take_misplaced(&mut self, effort: &Effort) -> Result<Vec<(u32, u32)>, StopReason> {
        const CHUNKS: usize = 64;
        let network = self.network;
        let size = network.n_sources().div_ceil(CHUNKS).max(1);
        let own = &*self;
        let one = |chunk: usize| {
            let sources = (chunk * size).min(network.n_sources())..((chunk + 1) * size).min(network.n_sources());
            effort.tick((network.starts()[sources.end] - network.starts()[sources.start]) as u64)?;
            let mut reduced = Vec::new();
            let misplaced = sources.filter(|source| {
                let pairs = network.pairs_of(*source);
                let sinks = &network.sinks()[pairs.clone()];
                let Some(least) = own.costs.objective.reduced(pairs.clone(), sinks, &own.prices, &mut reduced) else {
                    return false;
                };
                let unsent = own.costs.objective.unsent(*source);
                let present = match own.pair[*source] {
                    NONE => unsent,
                    pair => reduced[pair as usize - pairs.start],
                };
                least.min(unsent) < present && 0 < network.sources()[*source].units
            });
            Ok(misplaced.map(|source| (source as u32, own.pair[source])).collect())
        };
        let found: Result<Vec<Vec<(u32, u32)>>, StopReason> = match effort.threads() {
            Some(threads) => threads.install(|| (0..CHUNKS).into_par_iter().with_max_len(1).map(one).collect()),
            None => (0..CHUNKS).map(one).collect(),
        };
        let misplaced = found?.concat();
        for (source, pair) in &misplaced {
            self.pair[*source as usize] = NONE;
            if let Some(sink) = network.sinks().get(*pair as usize) {
                self.room[*sink as usize] += 1;
            }
        }
        Ok(misplaced)
    }

    /// Finds a place for a source that has none, by the shortest way to where there is room.
    fn insert(&mut self, source: u32, effort: &Effort) -> Result<(), StopReason> {
        let staying = self.network.n_sinks() as u32;
        let (end, moves) = loop {
            let (shortest, end) = self.search_room(source, effort)?;
            let Some(mut moves) = self.moves(end, effort)? else { continue };
            let first = moves.last().map_or(end, |last| last.from);
            moves.push(Move { source, from: staying, to: first });
            for place in &self.search.seen {
                self.prices[*place as usize] += shortest - self.search.distance[*place as usize];
            }
            break (end, moves);
        };
        if end != staying {
            self.room[end as usize] -= 1;
        }
        self.make(&moves);
        Ok(())
    }

    /// How far it is from a source without a place to where there is room, and where that is.
    fn search_room(&mut self, source: u32, effort: &Effort) -> Result<(i64, u32), StopReason> {
        let staying = self.network.n_sinks() as u32;
        self.search.clear();
        let pairs = self.network.pairs_of(source as usize);
        let value = |pair: usize| {
            let price = self.prices[self.network.sinks()[pair] as usize];
            self.costs.objective.pair(pair).saturating_add(price)
        };
        let unsent = self.costs.objective.unsent(source as usize);
        let base = pairs.clone().map(value).min().map_or(unsent, |least| least.min(unsent));
        self.search.reach(staying, unsent - base, 0, (NONE, NONE));
        for pair in pairs.clone() {
            let sink = self.network.sinks()[pair];
            self.search.reach(sink, value(pair) - base, -self.prices[sink as usize], (NONE, NONE));
        }
        while let Some((distance, place)) = self.search.next(NEVER) {
            if 0 < self.room[place as usize] {
                return Ok((distance, place));
            }
            let price = self.prices[place as usize];
            let exchanges = self.exchanges.from(place);
            effort.tick(exchanges.len() as u64)?;
            for (exchange, position) in exchanges.iter().zip(0..) {
                let label = exchange.length + (distance - price);
                if label < self.search.label[exchange.to as usize] {
                    let to = self.prices[exchange.to as usize];
                    self.search.reach(exchange.to, (label + to).max(distance), -to, (place, position));
                }
            }
        }
        // Staying unsent is reached in any case.
        Ok((unsent - base, staying))
    }

    /// Lets the price of a sink with room fall, with those of all sinks that would lose sources to it, while unsent
    /// sources come and fill the places left, or until it costs nothing, or a place elsewhere does that can stay empty
    /// instead.
    ///
    /// One search serves many units: along the shortest ways, moves leave all distances what they are.
    fn lower(&mut self, sink: u32, effort: &Effort) -> Result<(), StopReason> {
        let staying = self.network.n_sinks() as u32;
        self.search.clear();
        self.search.reach(sink, 0, self.prices[sink as usize], (NONE, NONE));
        let (mut until, mut empty) = (self.prices[sink as usize], NONE);
        let mut nearest = Nearest::new();
        while 0 < self.room[sink as usize] {
            let coming = nearest.peek().map_or(until, |Reverse((distance, _))| *distance);
            if let Some((distance, at)) = self.search.next(until.min(coming.saturating_add(1))) {
                let price = self.prices[at as usize];
                if at != sink && distance + price < until {
                    (until, empty) = (distance + price, at);
                }
                self.expect(at, &mut nearest, effort)?;
                self.reach_coming(at, until, effort)?;
                continue;
            }
            let Some(Reverse((distance, at))) = nearest.pop().filter(|Reverse((distance, _))| *distance < until) else {
                if empty != NONE
                    && let Some(moves) = self.way_down(empty, true, effort)?
                {
                    self.room[empty as usize] += 1;
                    self.make(&moves);
                }
                break;
            };
            let Some((length, source)) = self.cheapest_unsent(at, effort)? else { continue };
            // Another may be the next by now than the one that was expected.
            let exactly = self.unsent_comes(at, length);
            if distance < exactly {
                nearest.push(Reverse((exactly, at)));
                continue;
            }
            self.unsent[at as usize].pop();
            let Some(moves) = self.way_down(at, false, effort)? else {
                self.go_unsent(source);
                until = distance;
                break;
            };
            self.make(&[Move { source, from: staying, to: at }]);
            self.make(&moves);
            if self.room[sink as usize] == 0 {
                until = distance;
            }
            self.expect(at, &mut nearest, effort)?;
        }
        for place in &self.search.seen {
            self.prices[*place as usize] -= until - self.search.distance[*place as usize];
        }
        Ok(())
    }

    /// Goes on from a sink that was seen to all from where a source could come to it, if nearer than `until`.
    fn reach_coming(&mut self, at: u32, until: i64, effort: &Effort) -> Result<(), StopReason> {
        let n_coming = self.exchanges.coming(at).len();
        effort.tick(n_coming as u64)?;
        let nearest = self.search.distance[at as usize];
        let own = self.search.label[at as usize];
        for position in 0..n_coming {
            let exchange = self.exchanges.coming(at)[position];
            let from = exchange.from as usize;
            if exchange.length + own < self.search.label[from] {
                if !exchange.is_known {
                    self.exchanges.find_again(&self.costs, self.pair, exchange.from, effort)?;
                }
                let label = self.exchanges.coming(at)[position].length + own;
                let distance = (label - self.prices[from]).max(nearest);
                if distance < until {
                    self.search.reach(exchange.from, distance, self.prices[from], (at, NONE));
                }
            }
        }
        Ok(())
    }

    /// Notes by how far prices have to fall before the next source comes to a sink.
    fn expect(&mut self, sink: u32, nearest: &mut Nearest, effort: &Effort) -> Result<(), StopReason> {
        if let Some((length, _)) = self.cheapest_unsent(sink, effort)? {
            nearest.push(Reverse((self.unsent_comes(sink, length), sink)));
        }
        Ok(())
    }

    /// By how far prices have to fall before an unsent source comes to a sink that was seen, at this length.
    fn unsent_comes(&self, sink: u32, length: i64) -> i64 {
        self.search.distance[sink as usize] + (length + self.prices[sink as usize]).max(0)
    }

    /// The moves along a shortest way from a sink seen to one with room, whose place they take; `beyond` the first. None
    /// where no way is as short as the search found it any more.
    ///
    /// Goes on to where the fewest moves are left; where none is nearer, one more is left than was known, and it goes
    /// back. Where that happens too often, all are counted anew. (As shortest augmenting paths do: Ahuja and Orlin 1991.)
    fn way_down(&mut self, start: u32, beyond: bool, effort: &Effort) -> Result<Option<Vec<Move>>, StopReason> {
        let patience = 8 + self.search.seen.len() / 16;
        let mut left = patience;
        let mut moves: Vec<Move> = Vec::new();
        let mut at = start;
        while self.room[at as usize] == 0 || beyond && at == start {
            let known = self.search.moves[at as usize];
            let (least, next) = self.fewest_moves(at, effort)?;
            if let Some(next) = next.filter(|_| least < known) {
                moves.push(next);
                at = next.to;
                continue;
            }
            self.search.moves[at as usize] = least.saturating_add(1);
            left -= 1;
            if left == 0 {
                self.count_moves(start, beyond, effort)?;
                left = patience;
                moves.clear();
                at = start;
            } else if let Some(last) = moves.pop() {
                at = last.from;
            }
            if self.search.moves[start as usize] == NOWHERE {
                return Ok(None);
            }
        }
        self.room[at as usize] -= 1;
        Ok(Some(moves))
    }

    /// The move along a shortest way after which the fewest are left, with these. Where it was only guessed who moves, it
    /// is looked at again.
    fn fewest_moves(&mut self, at: u32, effort: &Effort) -> Result<(u32, Option<Move>), StopReason> {
        let own = self.search.label[at as usize];
        let n_exchanges = self.exchanges.from(at).len();
        effort.tick(n_exchanges as u64)?;
        let (mut least, mut next) = (NOWHERE, None);
        for position in 0..n_exchanges {
            let is_on_the_way = |settling: &Settling| {
                let exchange = settling.exchanges.from(at)[position];
                settling.search.label[exchange.to as usize] + exchange.length <= own
            };
            let to = self.exchanges.from(at)[position].to;
            let moves = self.search.moves[to as usize];
            if is_on_the_way(self) && self.search.is_seen[to as usize] && moves < least {
                if self.exchanges.source(at, position as u32).is_none() {
                    self.exchanges.find_again(&self.costs, self.pair, at, effort)?;
                }
                if let Some(source) = self.exchanges.source(at, position as u32).filter(|_| is_on_the_way(self)) {
                    (least, next) = (moves, Some(Move { source, from: at, to }));
                }
            }
        }
        Ok((least, next))
    }

    /// Counts for all sinks seen how many moves they are from one with room; `beyond` the first, from another.
    fn count_moves(&mut self, first: u32, beyond: bool, effort: &Effort) -> Result<(), StopReason> {
        let mut reached = Vec::new();
        for sink in &self.search.seen {
            let has_room = 0 < self.room[*sink as usize] && !(beyond && *sink == first);
            self.search.moves[*sink as usize] = if has_room { 0 } else { NOWHERE };
            if has_room {
                reached.push(*sink);
            }
        }
        let mut next = 0;
        while let Some(at) = reached.get(next).copied() {
            next += 1;
            let moves = self.search.moves[at as usize] + 1;
            let own = self.search.label[at as usize];
            let coming = self.exchanges.coming(at);
            effort.tick(coming.len() as u64)?;
            for exchange in coming {
                let from = exchange.from as usize;
                if own + exchange.length <= self.search.label[from]
                    && self.search.moves[from] == NOWHERE
                    && self.search.is_seen[from]
                {
                    self.search.moves[from] = moves;
                    reached.push(exchange.from);
                }
            }
        }
        Ok(())
    }

    /// The moves along the way that was found, from its last place on: which source, from where, to where. None where
    /// it was only guessed who moves; then those places are looked at again, and the search has to be repeated.
    fn moves(&mut self, end: u32, effort: &Effort) -> Result<Option<Vec<Move>>, StopReason> {
        let mut moves = Vec::new();
        let mut guessed = Vec::new();
        let mut at = end;
        loop {
            let (from, position) = self.search.by[at as usize];
            if from == NONE {
                break;
            }
            match self.exchanges.source(from, position) {
                Some(source) => moves.push(Move { source, from, to: at }),
                None => guessed.push(from),
            }
            at = from;
        }
        for sink in &guessed {
            self.exchanges.find_again(&self.costs, self.pair, *sink, effort)?;
        }
        Ok(guessed.is_empty().then_some(moves))
    }

    /// Moves each of these sources from one place to another.
    fn make(&mut self, moves: &[Move]) {
        for Move { source, from, to } in moves {
            let pairs = self.network.pairs_of(*source as usize);
            self.exchanges.leave(*source, *from);
            let pair = pairs.clone().find(|pair| self.network.sinks()[*pair] == *to);
            self.pair[*source as usize] = pair.map_or(NONE, |pair| pair as u32);
            if let Some(pair) = pair {
                self.exchanges.come(&self.costs, *source, pair, *to);
            } else {
                self.go_unsent(*source);
            }
        }
    }

    /// Notes for all sinks that a source could come, once that is asked.
    fn go_unsent(&mut self, source: u32) {
        for pair in self.network.pairs_of(source as usize) {
            if let Some(unsent) = self.unsent.get_mut(self.network.sinks()[pair] as usize) {
                unsent.push(Reverse((self.costs.entering(source, pair), source)));
            }
        }
    }

    /// The unsent source that could come to a sink at the least cost, with that.
    fn cheapest_unsent(&mut self, sink: u32, effort: &Effort) -> Result<Option<(i64, u32)>, StopReason> {
        loop {
            let first = self.unsent[sink as usize].peek().map(|Reverse(first)| *first);
            let forgotten = self.forgotten[sink as usize];
            match first {
                Some((length, _)) if forgotten < length => self.list_unsent(effort)?,
                None if forgotten < NEVER => self.list_unsent(effort)?,
                Some((_, source)) if self.pair[source as usize] != NONE => {
                    self.unsent[sink as usize].pop();
                }
                first => return Ok(first),
            }
        }
    }

    /// Lists for each sink the unsent sources that could come at the least cost.
    fn list_unsent(&mut self, effort: &Effort) -> Result<(), StopReason> {
        let mut listed: Vec<BinaryHeap<(i64, u32)>> = vec![BinaryHeap::new(); self.network.n_sinks()];
        self.forgotten = vec![NEVER; self.network.n_sinks()];
        for (source, own) in self.network.sources().iter().enumerate() {
            if self.pair[source] != NONE || own.units == 0 {
                continue;
            }
            let pairs = self.network.pairs_of(source);
            effort.tick(pairs.len() as u64)?;
            for pair in pairs {
                let sink = self.network.sinks()[pair] as usize;
                let length = self.costs.entering(source as u32, pair);
                if length < self.forgotten[sink] {
                    listed[sink].push((length, source as u32));
                    if REMEMBERED < listed[sink].len()
                        && let Some((length, _)) = listed[sink].pop()
                    {
                        self.forgotten[sink] = length;
                    }
                }
            }
        }
        self.unsent = listed.into_iter().map(|heap| heap.into_iter().map(Reverse).collect()).collect();
        Ok(())
    }
}
