//! Good prices before there is a flow: stochastic descent on the dual.
//!
//! The dual of the problem is convex in the prices of the inner nodes alone, and a subgradient is easy to see: let each
//! source take its cheapest arc; then where more arrives than there is place for, the price is too low. The descent lets
//! a batch of sources choose, moves all prices a little, and goes on with the next batch, in steps that become smaller
//! (Robbins and Monro 1951). A few passes over the pairs leave about a tenth of the units where they cannot stay.

use rayon::prelude::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator, ParallelSlice};

use super::arcs::Layout;
use super::costs::{Objective, Scalar};
use crate::solve::Network;
use crate::solve::effort::{Effort, StopReason};

/// Passes over all sources. More leave fewer units misplaced and take longer than the pivots that they save.
const PASSES: u64 = 12;

/// Sources that follow each other are looked at together, for memory's sake; these groups in scattered order, so that a
/// batch is a fair sample.
const GROUP: usize = 32;

/// How much costs differ, which sets the size of all steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    /// Mean difference of two neighbouring pairs of a source; at least 1.
    pub pairs: f64,
    /// The greatest cost of leaving a unit unsent rather than sending it.
    pub unsent: f64,
    /// Pairs of a source, on average.
    pub degree: f64,
}

impl Spread {
    /// From at most twenty thousand sources.
    pub fn of(network: &Network, objective: &Scalar) -> Spread {
        let n = network.n_sources();
        let (mut differences, mut count, mut greatest) = (0.0, 0u64, 0.0f64);
        for source in (0..n).step_by((n / 20_000).max(1)) {
            let pairs = network.pairs_of(source);
            let mut last = None;
            for pair in pairs {
                let cost = objective.pair(pair);
                if let Some(last) = last.replace(cost) {
                    differences += (cost - last).abs() as f64;
                    count += 1;
                }
                greatest = greatest.max((objective.unsent(source) - cost) as f64);
            }
        }
        let pairs = if count == 0 { 1.0 } else { (differences / count as f64).max(1.0) };
        Spread { pairs, unsent: greatest.max(1.0), degree: network.n_pairs() as f64 / n.max(1) as f64 }
    }
}

/// A batch is shared out over so many lanes, whatever the number of threads, so that they do not change the answer.
const LANES: usize = 4;

/// A part of a batch, with prices of its own until the batch ends.
struct Lane {
    prices: Vec<f32>,
    /// Units that came into each limit, pool and the ground, by position after the sinks.
    came: Vec<u64>,
}

/// What an inner node can take at its price.
struct Node {
    head: u32,
    /// Units by which its price is scaled: places, or what a pool can hold.
    scale: f32,
    supply: Supply,
}

enum Supply {
    /// Nothing passes.
    Closed,
    /// There is no end of places, so no price.
    Endless,
    Places,
    /// Ends of the steps of a pool, as shares of what it can hold, with their costs.
    Steps(Vec<(f32, f32)>),
}

/// Prices of all inner nodes, each the cost from there to the ground; closed ones are not meaningful.
pub(super) fn descend(
    network: &Network,
    layout: Layout,
    objective: &Scalar,
    closed: &[bool],
    spread: Spread,
    effort: &Effort,
) -> Result<Vec<i64>, StopReason> {
    let nodes = nodes(network, layout, objective, closed);
    let mut own: Vec<f32> = nodes
        .iter()
        .map(|node| match &node.supply {
            Supply::Steps(steps) => steps[0].1,
            _ => 0.0,
        })
        .collect();
    let mut prices = vec![0.0f32; layout.n_inner() as usize];
    let n_groups = network.n_sources().div_ceil(GROUP);
    let per_batch = (n_groups / 400).max(8).min(n_groups.max(1));
    let stride = stride(n_groups);
    let n_steps = (PASSES as usize * n_groups).div_ceil(per_batch);
    let (first, last) = (3.0 * spread.unsent, 0.26 * spread.pairs);
    let threads = effort.threads().filter(|_| 20_000.0 < (per_batch * GROUP) as f64 * spread.degree);
    let n_inner = layout.n_inner() as usize;
    let raise: Vec<f32> =
        nodes.iter().map(|node| if matches!(node.supply, Supply::Places) { 1.0 / node.scale } else { 0.0 }).collect();
    let mut lanes: Vec<Lane> =
        (0..LANES).map(|_| Lane { prices: vec![0.0; n_inner], came: vec![0; n_inner - network.n_sinks()] }).collect();
    let mut group = 0usize;
    for step in 0..n_steps {
        total_prices(&nodes, &own, &mut prices);
        let batch: Vec<usize> = (0..per_batch)
            .map(|_| {
                group = (group + stride) % n_groups;
                group
            })
            .collect();
        let size = (first * (last / first).powf(step as f64 / n_steps as f64)) as f32;
        let share = per_batch.div_ceil(LANES);
        let one = |(lane, groups): (&mut Lane, &[usize])| {
            lane.prices.copy_from_slice(&prices);
            lane.came.fill(0);
            let mut seen = 0;
            for group in groups {
                for source in group * GROUP..((group + 1) * GROUP).min(network.n_sources()) {
                    let pairs = network.pairs_of(source);
                    seen += pairs.len() as u64;
                    let sinks = &network.sinks()[pairs.clone()];
                    let unsent_head = layout.unsent_head(network, source as u32);
                    let unsent = objective.unsent[source] as f32 + lane.prices[unsent_head as usize];
                    let units = network.sources()[source].units;
                    let head = match objective.cheapest(pairs, sinks, &lane.prices, unsent) {
                        Some(sink) => {
                            // At once, so that the next ones do not all crowd into the same small sink.
                            lane.prices[sink as usize] += size * raise[sink as usize] * units as f32;
                            nodes[sink as usize].head
                        }
                        None => unsent_head,
                    };
                    lane.came[head as usize - network.n_sinks()] += units;
                }
            }
            effort.tick(seen)
        };
        match threads {
            Some(threads) => threads.install(|| lanes.par_iter_mut().zip(batch.par_chunks(share)).try_for_each(one))?,
            None => lanes.iter_mut().zip(batch.chunks(share)).try_for_each(one)?,
        }
        let used = batch.len().div_ceil(share);
        for sink in 0..network.n_sinks() {
            let before = prices[sink];
            if before < f32::INFINITY {
                own[sink] += lanes[..used].iter().map(|lane| lane.prices[sink] - before).sum::<f32>();
            }
        }
        let (summed, others) = lanes.split_at_mut(1);
        for other in &others[..used - 1] {
            for (sum, came) in summed[0].came.iter_mut().zip(&other.came) {
                *sum += *came;
            }
        }
        let share = per_batch as f32 / n_groups as f32;
        move_prices(&nodes, &mut own, &mut summed[0].came, size, share, spread.unsent as f32);
    }
    total_prices(&nodes, &own, &mut prices);
    Ok(prices.iter().map(|price| price.round() as i64).collect())
}

/// A step through all of `n` in scattered order: near the golden section, without a common divisor.
fn stride(n: usize) -> usize {
    let gcd = |mut a: usize, mut b: usize| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let near = (n as f64 * 0.618_033_988_75) as usize | 1;
    (near..).find(|stride| gcd(*stride, n.max(1)) == 1).unwrap_or(1)
}

fn nodes(network: &Network, layout: Layout, objective: &Scalar, closed: &[bool]) -> Vec<Node> {
    let mut nodes = Vec::with_capacity(layout.ground() as usize);
    for (sink, (places, limit)) in network.places().iter().zip(network.sink_limits()).enumerate() {
        let supply = match places {
            _ if closed[sink] => Supply::Closed,
            None => Supply::Endless,
            Some(_) => Supply::Places,
        };
        let head = limit.map_or(layout.ground(), |limit| layout.limit(limit));
        nodes.push(Node { head, scale: places.unwrap_or(1).max(1) as f32, supply });
    }
    for (position, limit) in network.limits().iter().enumerate() {
        let supply = if closed[layout.limit(position as u32) as usize] { Supply::Closed } else { Supply::Places };
        let head = limit.parent.map_or(layout.ground(), |parent| layout.limit(parent));
        nodes.push(Node { head, scale: limit.capacity.max(1) as f32, supply });
    }
    for (position, (pool, hold)) in network.pools().iter().zip(network.pool_holds()).enumerate() {
        let mut end = 0u64;
        let steps = objective.steps(position).into_iter().map(|(units, cost)| {
            end = end.saturating_add(units);
            (end.min(hold) as f32 / hold.max(1) as f32, cost as f32)
        });
        let head = pool.parent.map_or(layout.ground(), |parent| layout.pool(parent));
        nodes.push(Node { head, scale: hold.max(1) as f32, supply: Supply::Steps(steps.collect()) });
    }
    nodes
}

/// Prices from each node to the ground. Limits and pools come after their parents; sinks come first and are done last.
fn total_prices(nodes: &[Node], own: &[f32], prices: &mut [f32]) {
    let n_sinks = nodes.iter().take_while(|node| !matches!(node.supply, Supply::Steps(_))).count();
    let set = |at: usize, prices: &mut [f32]| {
        prices[at] = match nodes[at].supply {
            Supply::Closed => f32::INFINITY,
            _ => own[at] + prices[nodes[at].head as usize],
        };
    };
    // A sink's head has a greater number, a limit's or pool's parent a smaller one unless it is the ground.
    for at in (0..nodes.len()).filter(|at| nodes[*at].head as usize <= *at || nodes[*at].head as usize == nodes.len()) {
        set(at, prices);
    }
    for at in (0..n_sinks).filter(|at| *at < nodes[*at].head as usize) {
        set(at, prices);
    }
}

/// One step against the subgradient: up by what came, down by what could have come at the price. Sinks have gone up
/// already. `came` counts what came into limits, pools and the ground.
fn move_prices(nodes: &[Node], own: &mut [f32], came: &mut [u64], size: f32, share: f32, highest: f32) {
    let n_sinks = nodes.len() + 1 - came.len();
    // Children come after their parents.
    for at in (n_sinks..nodes.len()).rev() {
        came[nodes[at].head as usize - n_sinks] += came[at - n_sinks];
    }
    for (at, node) in nodes.iter().enumerate() {
        let up = if at < n_sinks { 0.0 } else { size * came[at - n_sinks] as f32 / node.scale };
        match &node.supply {
            Supply::Closed | Supply::Endless => {}
            Supply::Places => own[at] = (own[at] + up - size * share).clamp(0.0, highest),
            Supply::Steps(steps) => {
                if let [(_, lowest), .., (_, highest)] = steps[..] {
                    let willing = steps[..steps.partition_point(|(_, cost)| *cost <= own[at])].last();
                    let down = size * share * willing.map_or(0.0, |(end, _)| *end);
                    own[at] = (own[at] + up - down).clamp(lowest, highest);
                }
            }
        }
    }
}
