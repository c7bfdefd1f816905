//! The flow and what proves it, read off the exchange graph.

use super::exchange::Exchange;
use crate::solve::{Flow, Network, StagePrices};

/// What there is to say about a flow.
pub(super) struct Answer {
    pub flow: Flow,
    /// Its cost in the stage.
    pub value: i64,
    /// Prices that prove it once every source is dealt with.
    pub prices: StagePrices,
}

/// Reads off the answer.
///
/// A node's price is the weight at which it was sealed: units that heavy were turned away there or gained nothing,
/// whatever sits in it weighs as much or more, and could move only to what is sealed at that weight or a greater one. A
/// source's price is that of its cheapest way: through a sink, or unsent.
pub(super) fn read(network: &Network, weights: &[i64], exchange: &Exchange) -> Answer {
    let (sinks, limits) = exchange.sealed_at().split_at(network.n_sinks());
    let parts = Parts::of(network, exchange);
    let mut carried: Vec<(u32, u64)> = Vec::with_capacity(parts.parts.len());
    let mut sources = Vec::with_capacity(network.n_sources());
    let mut value = 0i128;
    for (source, own) in network.sources().iter().enumerate() {
        let weight = weights.get(source).copied().unwrap_or(0);
        let pairs = network.pairs_of(source);
        let mut unsent = own.units;
        let mut price = None;
        for (sink, units) in parts.of_source(source) {
            unsent -= units;
            // All the sinks that a source is sent to are as cheap: see above.
            price = Some(sinks[*sink as usize]);
            // Every unit sits in a sink that its source has a pair with.
            let pair = (pairs.start + network.sinks()[pairs.clone()].partition_point(|other| other < sink)) as u32;
            match carried.last_mut().filter(|last| last.0 == pair) {
                Some(last) => last.1 += units,
                None => carried.push((pair, *units)),
            }
        }
        value += i128::from(weight) * i128::from(unsent);
        sources.push(match price {
            _ if 0 < unsent => weight,
            Some(price) => price,
            // Without units it carries nothing, and its price must only not be above any way's.
            None => network.sinks()[pairs].iter().map(|sink| sinks[*sink as usize]).fold(weight, i64::min),
        });
    }
    Answer {
        flow: Flow::new(carried),
        // A network promises that no flow's cost lies beyond its greatest sum.
        value: value.clamp(-i128::from(Network::MOST), i128::from(Network::MOST)) as i64,
        prices: StagePrices {
            sources,
            sinks: sinks.to_vec(),
            limits: limits.to_vec(),
            pools: vec![0; network.pools().len()],
        },
    }
}

/// What each source has in which sinks, gathered by source so that its pairs can be read in order.
struct Parts {
    /// Parts of source i end here and begin where those of the one before end.
    ends: Vec<u32>,
    /// Sink and units, rising by sink within a source.
    parts: Vec<(u32, u64)>,
}

impl Parts {
    fn of(network: &Network, exchange: &Exchange) -> Parts {
        let mut ends = vec![0u32; network.n_sources()];
        for held in exchange.sinks().iter().flat_map(|sink| &sink.held) {
            ends[held.source as usize] += 1;
        }
        // First where each source's parts begin; filling moves that to where they end.
        let mut begin = 0;
        for end in &mut ends {
            begin += std::mem::replace(end, begin);
        }
        let mut parts = vec![(0, 0); begin as usize];
        for (sink, own) in (0u32..).zip(exchange.sinks()) {
            for held in &own.held {
                let at = &mut ends[held.source as usize];
                parts[*at as usize] = (sink, held.units);
                *at += 1;
            }
        }
        Parts { ends, parts }
    }

    fn of_source(&self, source: usize) -> &[(u32, u64)] {
        let begin = source.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.parts[begin as usize..self.ends[source] as usize]
    }
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
