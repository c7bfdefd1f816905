//! The first tree: every node hangs over the cheapest way on for one more unit.
//!
//! A node with room hangs over its onward arc. A full sink hangs from one of the sources it holds, which could go
//! somewhere else: to another sink, or unsent. Which one is found by shortest paths from the ground (Dijkstra 1959) over
//! such exchanges, at the prices of the descent; an exchange that would be a gain, because its source is not where it
//! should be, is left out, lest it move the prices of all that hangs below. Every node then has room up to the ground.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::arcs::{Layout, NONE, OnwardArcs};
use super::costs::{Objective, Scalar};
use super::placement::Placement;
use super::tree::Tree;
use crate::solve::Network;
use crate::solve::effort::{Effort, StopReason};

/// Of the exchanges from one sink to others, so many of the shortest are looked at: the tree hardly ever needs another,
/// and tens of thousands of sinks in reach of each other would fill the memory.
const MOST_EXCHANGES: usize = 256;

/// A source at a full sink that could use another arc.
#[derive(Clone, Copy)]
struct Exchange {
    length: i64,
    from: u32,
    to: u32,
    source: u32,
    arc: u32,
}

/// The way on from a node.
#[derive(Clone, Copy)]
enum Way {
    Onward,
    /// This source could leave over this arc to this node.
    Source {
        source: u32,
        arc: u32,
        to: u32,
    },
    /// A full limit: this child could send its units elsewhere.
    Child(u32),
}

/// The tree, and the onward arcs as it uses them.
pub(super) fn hang(
    network: &Network,
    layout: Layout,
    objective: &Scalar,
    placement: &Placement,
    prices: &[i64],
    onward: &mut OnwardArcs<i64>,
    effort: &Effort,
) -> Result<Tree<i64>, StopReason> {
    let held = held_by_sink(network, placement);
    let exchanges = exchanges(network, layout, objective, placement, prices, &held, effort)?;
    let ways = ways(layout, prices, onward, &exchanges);

    let mut leaves: Vec<(u32, u32, u64)> = (0..layout.n_sources)
        .map(|source| {
            let units = network.sources()[source as usize].units;
            match placement.sink(network, source as usize) {
                Some(sink) => (sink, placement.pair[source as usize], units),
                None => (layout.unsent_head(network, source), layout.unsent(source), units),
            }
        })
        .collect();
    let hangs: Vec<(u32, u32, u32, u64)> = (0..layout.ground())
        .map(|node| match ways[node as usize] {
            Way::Onward => (onward.heads[node as usize], NONE, layout.onward(node), 0),
            Way::Source { source, arc, to } => {
                let (_, present, units) = std::mem::replace(&mut leaves[source as usize], (to, arc, 0));
                (to, source, present, units)
            }
            Way::Child(child) => {
                onward.hang_down(child);
                (child, NONE, layout.onward(child), 0)
            }
        })
        .collect();
    let cost_of = |arc: u32| match layout.as_onward(arc) {
        Some(node) => onward.tree_cost(node),
        None => layout.source_cost(objective, arc),
    };
    Ok(Tree::new(layout, &hangs, leaves.into_iter(), cost_of))
}

/// Sources at each sink; without those that have no units, from which nothing can hang.
fn held_by_sink(network: &Network, placement: &Placement) -> (Vec<u32>, Vec<u32>) {
    let sinks = || {
        let sources = (0..network.n_sources()).filter(|source| 0 < network.sources()[*source].units);
        sources.filter_map(|source| Some((source as u32, placement.sink(network, source)?)))
    };
    let mut starts = vec![0u32; network.n_sinks() + 1];
    for (_, sink) in sinks() {
        starts[sink as usize + 1] += 1;
    }
    for sink in 0..network.n_sinks() {
        starts[sink + 1] += starts[sink];
    }
    let mut next = starts.clone();
    let mut held = vec![0; starts[network.n_sinks()] as usize];
    for (source, sink) in sinks() {
        held[next[sink as usize] as usize] = source;
        next[sink as usize] += 1;
    }
    (starts, held)
}

/// The shortest exchange from each stuck sink to each other node, grouped by the other node.
fn exchanges(
    network: &Network,
    layout: Layout,
    objective: &Scalar,
    placement: &Placement,
    prices: &[i64],
    (starts, held): &(Vec<u32>, Vec<u32>),
    effort: &Effort,
) -> Result<(Vec<u32>, Vec<Exchange>), StopReason> {
    // Nothing more can pass: the sink is full, or a limit behind it is.
    let stuck = |sink: &u32| {
        let amount = placement.amounts[*sink as usize];
        let mut full = network.places()[*sink as usize].is_some_and(|places| places <= amount);
        let mut at = network.sink_limits()[*sink as usize];
        while let Some(limit) = at {
            let own = network.limits()[limit as usize];
            full |= own.capacity <= placement.amounts[layout.limit(limit) as usize];
            at = own.parent;
        }
        full && 0 < amount
    };
    let new_best = || (vec![None::<Exchange>; layout.n_inner() as usize], Vec::new(), Vec::new());
    let one = |(best, touched, reduced): &mut (Vec<Option<Exchange>>, Vec<u32>, Vec<i64>), sink: u32| {
        let own = starts[sink as usize] as usize..starts[sink as usize + 1] as usize;
        let mut fallback: Option<Exchange> = None;
        for &source in &held[own] {
            let pairs = network.pairs_of(source as usize);
            effort.tick(pairs.len() as u64)?;
            let sinks = &network.sinks()[pairs.clone()];
            objective.reduced(pairs.clone(), sinks, prices, reduced);
            let present = objective.pair(placement.pair[source as usize] as usize) + prices[sink as usize];
            let mut offer = |length: i64, to: u32, arc: u32| {
                if length < 0 {
                    return;
                }
                let known = &mut best[to as usize];
                if known.is_none() {
                    touched.push(to);
                }
                if known.is_none_or(|known| length < known.length) {
                    *known = Some(Exchange { length, from: sink, to, source, arc });
                }
            };
            for ((pair, other), value) in pairs.zip(sinks).zip(reduced.iter()) {
                if *other != sink {
                    offer(value.saturating_sub(present), *other, pair as u32);
                }
            }
            let unsent_head = layout.unsent_head(network, source);
            let unsent = objective.unsent(source as usize) + prices[unsent_head as usize] - present;
            offer(unsent, unsent_head, layout.unsent(source));
            // One that gains by going is better than no way at all.
            let arc = layout.unsent(source);
            let last = Exchange { length: unsent, from: sink, to: unsent_head, source, arc };
            if fallback.is_none_or(|known| known.length < last.length) {
                fallback = Some(last);
            }
        }
        let mut found: Vec<Exchange> = touched.drain(..).filter_map(|to| best[to as usize].take()).collect();
        if !found.iter().any(|exchange| layout.n_sinks + layout.n_limits <= exchange.to) {
            found.extend(fallback.map(|exchange| Exchange { length: i64::MAX / 4, ..exchange }));
        }
        // The way out unsent stays whatever it costs: with it every sink is reached.
        let is_unsent = |exchange: &Exchange| layout.n_sinks + layout.n_limits <= exchange.to;
        if MOST_EXCHANGES < found.len() {
            found.sort_unstable_by_key(|exchange| (!is_unsent(exchange), exchange.length, exchange.to));
            found.truncate(MOST_EXCHANGES);
        }
        Ok(found)
    };
    let stuck: Vec<u32> = (0..layout.n_sinks).filter(stuck).collect();
    let found: Result<Vec<Vec<Exchange>>, StopReason> = match effort.threads() {
        Some(threads) => {
            threads.install(|| stuck.into_par_iter().map_init(new_best, |state, sink| one(state, sink)).collect())
        }
        None => {
            let mut state = new_best();
            stuck.into_iter().map(|sink| one(&mut state, sink)).collect()
        }
    };
    let found = found?;
    let mut by_head = vec![0u32; layout.n_inner() as usize + 1];
    for exchange in found.iter().flatten() {
        by_head[exchange.to as usize + 1] += 1;
    }
    for head in 0..layout.n_inner() as usize {
        by_head[head + 1] += by_head[head];
    }
    let mut next = by_head.clone();
    let none = Exchange { length: 0, from: NONE, to: NONE, source: NONE, arc: NONE };
    let mut list = vec![none; by_head[layout.n_inner() as usize] as usize];
    for exchange in found.into_iter().flatten() {
        list[next[exchange.to as usize] as usize] = exchange;
        next[exchange.to as usize] += 1;
    }
    Ok((by_head, list))
}

/// The cheapest way on from each inner node but the ground.
fn ways(
    layout: Layout,
    prices: &[i64],
    onward: &OnwardArcs<i64>,
    (starts, exchanges): &(Vec<u32>, Vec<Exchange>),
) -> Vec<Way> {
    let n_inner = layout.n_inner() as usize;
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); n_inner];
    for node in 0..layout.ground() {
        children[onward.heads[node as usize] as usize].push(node);
    }
    let mut ways = vec![Way::Onward; layout.ground() as usize];
    let mut lengths = vec![i64::MAX; n_inner];
    let mut done = vec![false; n_inner];
    let mut heap = BinaryHeap::new();
    let mut reach = |heap: &mut BinaryHeap<Reverse<(i64, u32)>>, done: &[bool], node: u32, length: i64, way: Way| {
        if node != layout.ground() && !done[node as usize] && length < lengths[node as usize] {
            lengths[node as usize] = length;
            ways[node as usize] = way;
            heap.push(Reverse((length, node)));
        }
    };
    heap.push(Reverse((0, layout.ground())));
    while let Some(Reverse((length, node))) = heap.pop() {
        if std::mem::replace(&mut done[node as usize], true) {
            continue;
        }
        for &child in &children[node as usize] {
            if let Some(cost) = onward.next(child) {
                let gap = prices[node as usize].saturating_sub(prices[child as usize]).saturating_add(cost);
                reach(&mut heap, &done, child, length.saturating_add(gap.max(0)), Way::Onward);
            }
        }
        if node < layout.ground() {
            let head = onward.heads[node as usize];
            let is_limit = layout.n_sinks <= head && head < layout.pool(0);
            if is_limit && 0 < onward.amounts[node as usize] {
                let gap = prices[node as usize].saturating_sub(prices[head as usize]);
                reach(&mut heap, &done, head, length.saturating_add(gap.max(0)), Way::Child(node));
            }
        }
        for exchange in &exchanges[starts[node as usize] as usize..starts[node as usize + 1] as usize] {
            let Exchange { length: own, from, source, arc, to } = *exchange;
            reach(&mut heap, &done, from, length.saturating_add(own), Way::Source { source, arc, to });
        }
    }
    // What was not reached is closed, and hangs over its onward arc without any room.
    ways
}
