//! A guess at where the crowding will be, so that few units have to move later.
//!
//! A source that can choose should leave the sinks alone that others depend on. How much a sink is depended on shows
//! when all sources share themselves out among their sinks, in proportion to some appeal of each sink, and the appeals
//! are set so that no sink is asked for more or less than it has: matrix scaling (Sinkhorn and Knopp 1967), cut short,
//! on a sample. Nothing rests on the outcome but time.

use crate::solve::{Effort, Network, StopReason};

/// About so many pairs are looked at.
const SAMPLE: usize = 1 << 18;
/// More rounds than this move little.
const ROUNDS: usize = 8;

/// How readily a source should use a place of each sink, against those of other sinks. Above zero.
pub(super) fn appeal(network: &Network, order: &[u32], effort: &Effort) -> Result<Vec<f32>, StopReason> {
    let room = room(network);
    let sample = Sample::of(network, order, room.iter().sum());
    let mut share = room.clone();
    let mut asked = vec![0.0; room.len()];
    for _ in 0..ROUNDS {
        effort.tick(sample.sinks.len() as u64)?;
        asked.fill(0.0);
        for (source, ends) in sample.starts.windows(2).enumerate() {
            let own = &sample.sinks[ends[0]..ends[1]];
            let all: f64 = own.iter().map(|sink| share[*sink as usize]).sum();
            let part = sample.units[source] / all;
            for sink in own {
                asked[*sink as usize] += part * share[*sink as usize];
            }
        }
        for ((share, asked), room) in share.iter_mut().zip(&asked).zip(&room) {
            *share = (*share * room / asked).clamp(LEAST, MOST);
        }
    }
    Ok(share.iter().zip(&room).map(|(share, room)| (share / room).clamp(LEAST, MOST) as f32).collect())
}

/// Far from the ends of what floating point holds, also after multiplying by a number of places.
const LEAST: f64 = 1e-12;
const MOST: f64 = 1e12;

/// How much each sink could take at most, on its own; never zero.
fn room(network: &Network) -> Vec<f64> {
    let mut limits: Vec<u64> = Vec::with_capacity(network.limits().len());
    for limit in network.limits() {
        limits.push(limit.parent.map_or(limit.capacity, |parent| limit.capacity.min(limits[parent as usize])));
    }
    (network.places().iter().zip(network.sink_limits()))
        .map(|(places, limit)| {
            let behind = limit.map_or(Network::MOST, |limit| limits[limit as usize]);
            (places.unwrap_or(Network::MOST).min(behind) as f64).clamp(LEAST, Network::MOST as f64)
        })
        .collect()
}

/// Some of the sources that will contend for the places, and their pairs, close together.
struct Sample {
    starts: Vec<usize>,
    sinks: Vec<u32>,
    /// Units of each, for all those it stands for.
    units: Vec<f64>,
}

impl Sample {
    /// Every so manieth of the heaviest sources that could fill all the places: about as many as will be sent, and the
    /// lighter ones do not matter.
    fn of(network: &Network, order: &[u32], places: f64) -> Sample {
        let units = |source: u32| network.sources()[source as usize].units as f64;
        let mut filled = 0.0;
        let contenders = order
            .iter()
            .position(|source| {
                filled += units(*source);
                places <= filled
            })
            .map_or(order, |last| &order[..=last]);
        let pairs: usize = network.n_pairs() / network.n_sources().max(1) * contenders.len();
        let stride = pairs.div_ceil(SAMPLE).max(1);
        let mut sample = Sample { starts: vec![0], sinks: Vec::new(), units: Vec::new() };
        for source in contenders.iter().step_by(stride) {
            sample.sinks.extend_from_slice(&network.sinks()[network.pairs_of(*source as usize)]);
            sample.starts.push(sample.sinks.len());
            sample.units.push(units(*source) * stride as f64);
        }
        sample
    }
}
