//! The flow and what proves it, read off the exchange graph.

use super::exchange::Exchange;
use crate::solve::{Flow, Network, StagePrices};

/// The flow that the sinks hold.
pub(super) fn flow(network: &Network, exchange: &Exchange) -> Flow {
    // What each source has in which sinks: gathered by source first, so that the pairs are read in order.
    let mut starts = vec![0u32; network.n_sources() + 1];
    for held in exchange.sinks().iter().flat_map(|sink| &sink.held) {
        starts[held.source as usize + 1] += 1;
    }
    for source in 0..network.n_sources() {
        starts[source + 1] += starts[source];
    }
    let mut parts = vec![(0u32, 0u64); starts[network.n_sources()] as usize];
    let mut next = starts.clone();
    for (sink, own) in (0u32..).zip(exchange.sinks()) {
        for held in &own.held {
            let at = &mut next[held.source as usize];
            parts[*at as usize] = (sink, held.units);
            *at += 1;
        }
    }
    // Sinks were gone through in order, so a source's parts rise, and parts in one sink stand together.
    let mut carried: Vec<(u32, u64)> = Vec::with_capacity(parts.len());
    for source in 0..network.n_sources() {
        let pairs = network.pairs_of(source);
        let own = &network.sinks()[pairs.clone()];
        for (sink, units) in &parts[starts[source] as usize..starts[source + 1] as usize] {
            // Every unit sits in a sink that its source has a pair with.
            let pair = (pairs.start + own.partition_point(|other| other < sink)) as u32;
            match carried.last_mut().filter(|last| last.0 == pair) {
                Some(last) => last.1 += units,
                None => carried.push((pair, *units)),
            }
        }
    }
    Flow::new(carried)
}

/// Prices that prove the flow. A node's price is the weight at which it was sealed: units that heavy were turned away
/// there or gained nothing, whatever sits in it weighs as much or more, and could move only to what is sealed at that
/// weight or a greater one. A source's price is the cheaper of its ways: a sink or staying unsent.
pub(super) fn prices(network: &Network, weights: &[i64], exchange: &Exchange, flow: &Flow) -> StagePrices {
    let (sinks, limits) = exchange.sealed_at().split_at(network.n_sinks());
    let mut sources = Vec::with_capacity(network.n_sources());
    let unsent = network.unsent(flow);
    for source in 0..network.n_sources() {
        let weight = weights.get(source).copied().unwrap_or(0);
        let pairs = network.pairs_of(source);
        let price = if 0 < unsent[source] {
            // Unsent is the cheapest way of what stays unsent.
            weight
        } else {
            let own = &network.sinks()[pairs];
            own.iter().map(|sink| sinks[*sink as usize]).min().map_or(weight, |price| price.min(weight))
        };
        sources.push(price);
    }
    StagePrices { sources, sinks: sinks.to_vec(), limits: limits.to_vec(), pools: vec![0; network.pools().len()] }
}

/// What the stage must at least cost when `waiting` sources, in order of weight, were not dealt with yet. What was sent
/// stays sent in some optimum, and what was turned away stays unsent; so at best all room there is takes the heaviest
/// of those waiting.
pub(super) fn bound(
    network: &Network,
    weights: &[i64],
    room_at_ground: u64,
    flow: &Flow,
    value: i64,
    waiting: &[u32],
) -> i64 {
    let mut room = room_at_ground;
    let mut bound = i128::from(value);
    for (position, source) in waiting.iter().enumerate() {
        if room == 0 {
            break;
        }
        let mut units = network.sources()[*source as usize].units;
        if position == 0 {
            // The stop may have come amid its units.
            let sent = flow.within(network.pairs_of(*source as usize)).iter().map(|(_, units)| units).sum();
            units = units.saturating_sub(sent);
        }
        let units = units.min(room);
        bound -= i128::from(weights[*source as usize]) * i128::from(units);
        room -= units;
    }
    // No flow can lie beyond the network's greatest sum.
    bound.max(-i128::from(Network::MOST)) as i64
}
