//! How far the price of a sink with room, and of all that hangs from it, can fall before anybody comes.
//!
//! All sinks below one with room are one market with it: a place freed in any of them is a place there. Weights are far
//! apart, so the price of a market is often far above what would bring anyone, and lowering it in small steps would do
//! nothing for long, in great ones far too much. The exact distance is the length of the shortest way in; to fill k
//! places, the k-th shortest.

use std::collections::BinaryHeap;

use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use super::costs::Objective;
use super::simplex::Simplex;
use crate::solve::effort::{Effort, StopReason};

/// Parts of a pass over all sources.
const CHUNKS: usize = 32;

/// For each of these nodes, which hang over their onward arcs and have so many places left: by how much its price and
/// those below it must fall until so many units would rather come; None where that many never would. Markets between
/// which sources move for no more than `width` are one.
pub(super) fn distances<O: Objective<Cost = i64>>(
    simplex: &Simplex<O>,
    nodes: &[(u32, u64)],
    prices: &[i64],
    width: i64,
    effort: &Effort,
) -> Result<Vec<Option<i64>>, StopReason> {
    let mut markets = markets(simplex, nodes);
    let joined = join(simplex, nodes.len(), &markets, prices, width, effort)?;
    for market in markets.iter_mut().filter(|market| **market != NO_MARKET) {
        *market = joined[*market as usize];
    }
    let mut room = vec![0u64; nodes.len()];
    for ((_, own), market) in nodes.iter().zip(&joined) {
        room[*market as usize] += own;
    }
    let found = in_chunks(simplex, effort, |sources| {
        let mut ways: Vec<BinaryHeap<i64>> = vec![BinaryHeap::new(); nodes.len()];
        each_way_in(simplex, &markets, prices, sources, |_, market, length| {
            let ways = &mut ways[market as usize];
            if (ways.len() as u64) < room[market as usize] {
                ways.push(length.max(0));
            } else if ways.peek().is_some_and(|longest| length < *longest) {
                ways.pop();
                ways.push(length.max(0));
            }
        });
        ways
    })?;
    let mut lengths: Vec<Vec<i64>> = vec![Vec::new(); nodes.len()];
    for ways in found {
        for (lengths, ways) in lengths.iter_mut().zip(ways) {
            lengths.extend(ways);
        }
    }
    let distances: Vec<Option<i64>> = (lengths.into_iter().zip(room))
        .map(|(mut lengths, room)| {
            lengths.sort_unstable();
            lengths.get((room as usize).saturating_sub(1)).copied()
        })
        .collect();
    Ok(joined.into_iter().map(|market| distances[market as usize]).collect())
}

/// For each market the first of those that it is one with.
fn join<O: Objective<Cost = i64>>(
    simplex: &Simplex<O>,
    n_markets: usize,
    markets: &[u32],
    prices: &[i64],
    width: i64,
    effort: &Effort,
) -> Result<Vec<u32>, StopReason> {
    let found = in_chunks(simplex, effort, |sources| {
        let mut close = vec![false; n_markets * n_markets];
        each_way_in(simplex, markets, prices, sources, |from, to, length| {
            if from != NO_MARKET && length <= width {
                close[from as usize * n_markets + to as usize] = true;
            }
        });
        close
    })?;
    let mut joined: Vec<u32> = (0..n_markets as u32).collect();
    for (at, _) in found.iter().flat_map(|close| close.iter().enumerate()).filter(|(_, close)| **close) {
        let (one, other) = (joined[at / n_markets], joined[at % n_markets]);
        if one != other {
            let (first, second) = (one.min(other), one.max(other));
            for market in joined.iter_mut().filter(|market| **market == second) {
                *market = first;
            }
        }
    }
    Ok(joined)
}

/// Calls back with the market where a source is, another one that it could go to, and how much dearer that is; of each
/// other market, the cheapest way.
fn each_way_in<O: Objective<Cost = i64>>(
    simplex: &Simplex<O>,
    markets: &[u32],
    prices: &[i64],
    sources: std::ops::Range<usize>,
    mut call: impl FnMut(u32, u32, i64),
) {
    let network = simplex.network;
    let mut reduced = Vec::new();
    let mut ways: Vec<(u32, i64)> = Vec::new();
    for source in sources {
        let at = simplex.tree.node_of(source as u32);
        let pairs = network.pairs_of(source);
        let sinks = &network.sinks()[pairs.clone()];
        // Most sources touch no market, or only the one they are in.
        let own = markets[at as usize];
        let other = |sink: &u32| markets[*sink as usize] != NO_MARKET && markets[*sink as usize] != own;
        if !sinks.iter().any(other) {
            continue;
        }
        simplex.objective.reduced(pairs, sinks, prices, &mut reduced);
        ways.clear();
        ways.extend(
            sinks
                .iter()
                .zip(&reduced)
                .filter(|(sink, _)| other(sink))
                .map(|(sink, value)| (markets[*sink as usize], *value)),
        );
        ways.sort_unstable();
        ways.dedup_by_key(|(market, _)| *market);
        let price = simplex.tree.price_of_source(source as u32);
        for (market, value) in &ways {
            call(own, *market, value.saturating_sub(price));
        }
    }
}

fn in_chunks<O: Objective, T: Send>(
    simplex: &Simplex<O>,
    effort: &Effort,
    one: impl Fn(std::ops::Range<usize>) -> T + Sync,
) -> Result<Vec<T>, StopReason> {
    let network = simplex.network;
    let size = network.n_sources().div_ceil(CHUNKS).max(1);
    let one = |chunk: usize| {
        let sources = (chunk * size).min(network.n_sources())..((chunk + 1) * size).min(network.n_sources());
        effort.tick((network.starts()[sources.end] - network.starts()[sources.start]) as u64)?;
        Ok(one(sources))
    };
    match effort.threads() {
        Some(threads) => threads.install(|| (0..CHUNKS).into_par_iter().with_max_len(1).map(one).collect()),
        None => (0..CHUNKS).map(one).collect(),
    }
}

const NO_MARKET: u32 = u32::MAX;

/// The market of each inner node, by position in `nodes`.
fn markets<O: Objective>(simplex: &Simplex<O>, nodes: &[(u32, u64)]) -> Vec<u32> {
    let ground = simplex.layout.ground();
    let mut markets: Vec<Option<u32>> = vec![None; simplex.layout.n_inner() as usize];
    markets[ground as usize] = Some(NO_MARKET);
    for (market, (node, _)) in nodes.iter().enumerate() {
        markets[*node as usize] = Some(market as u32);
    }
    let mut way = Vec::new();
    for node in 0..ground {
        let mut at = node;
        let market = loop {
            if let Some(Some(market)) = markets.get(at as usize) {
                break *market;
            }
            way.push(at);
            at = simplex.tree.hang(at).up;
        };
        for at in way.drain(..) {
            if let Some(own) = markets.get_mut(at as usize) {
                *own = Some(market);
            }
        }
    }
    markets.into_iter().map(|market| market.unwrap_or(NO_MARKET)).collect()
}
