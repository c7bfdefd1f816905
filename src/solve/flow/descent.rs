//! Good prices before there is a flow: stochastic descent on the dual.
//!
//! The dual of the problem is convex in the prices of the inner nodes alone, and a subgradient is easy to see: let each
//! source take its cheapest arc; then where more arrives than there is place for, the price is too low. The descent lets
//! a batch of sources choose, moves all prices a little, and goes on with the next batch, in steps that become smaller
//! (Robbins and Monro 1951). A few passes over the pairs leave about a tenth of the units where they cannot stay.

use rayon::prelude::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator, ParallelSlice};

use super::arcs::Layout;
use super::costs::{Objective, POSITION_BITS, Scalar};
use crate::solve::Network;
use crate::solve::effort::{Effort, StopReason};

/// Passes over all sources. More leave fewer units misplaced and take longer than the pivots that they save.
const PASSES: usize = 12;

/// Batches of a pass: after each, prices move together. Fewer where a batch would be too small to share out.
const BATCHES: usize = 400;

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
    /// The greatest cost of a pair or of leaving a unit unsent, whatever its sign.
    pub greatest: f64,
    /// Pairs of a source, on average.
    pub degree: f64,
}

impl Spread {
    /// From at most twenty thousand sources.
    pub fn of(network: &Network, objective: &Scalar) -> Spread {
        let n = network.n_sources();
        let (mut differences, mut count, mut dearest, mut greatest) = (0.0, 0u64, 0.0f64, 0.0f64);
        for source in (0..n).step_by((n / 20_000).max(1)) {
            let pairs = network.pairs_of(source);
            let mut last = None;
            for pair in pairs {
                let cost = objective.pair(pair);
                if let Some(last) = last.replace(cost) {
                    differences += (cost - last).abs() as f64;
                    count += 1;
                }
                dearest = dearest.max((objective.unsent(source) - cost) as f64);
                greatest = greatest.max(cost.unsigned_abs() as f64);
            }
            greatest = greatest.max(objective.unsent(source).unsigned_abs() as f64);
        }
        let pairs = if count == 0 { 1.0 } else { (differences / count as f64).max(1.0) };
        Spread { pairs, unsent: dearest.max(1.0), greatest, degree: network.n_pairs() as f64 / n.max(1) as f64 }
    }
}

/// A batch is shared out over so many lanes, whatever the number of threads, so that they do not change the answer.
const LANES: usize = 4;

/// A part of a batch, with prices of its own until the batch ends.
struct Lane {
    prices: Vec<i64>,
    /// Units that came into each limit, pool and the ground, by position after the sinks.
    came: Vec<u64>,
}

/// Prices while they move are whole numbers of a fraction of a unit of cost: two to the power of so many bits.
#[derive(Clone, Copy)]
struct Scale {
    bits: u32,
}

impl Scale {
    /// The price of what nothing can pass; a cost on top of it stays in range.
    const FAR: i64 = 1 << 61;

    /// So fine that the widest sum of costs still has a bit to spare below `FAR`.
    fn of(spread: Spread) -> Scale {
        let wide = 64 - ((8.0 * spread.unsent + spread.greatest).min(1e15) as u64).leading_zeros();
        Scale { bits: (59 - wide).clamp(POSITION_BITS, POSITION_BITS + 20) }
    }

    /// The nearest price; its last bits are zero.
    fn price(self, cost: f64) -> i64 {
        ((cost * (1i64 << self.bits) as f64) as i64) & !((1 << POSITION_BITS) - 1)
    }

    fn cost(self, price: i64) -> i64 {
        (price + (1 << (self.bits - 1))) >> self.bits
    }
}

/// What sinks have in common, as one list for each property: there may be thousands, and all move with each batch.
struct Sinks {
    head: Vec<u32>,
    /// One through the places; 0 where the price stays.
    raise: Vec<f64>,
    /// All bits where the price falls while nobody comes; none where it stays.
    falls: Vec<i64>,
    /// The price of sinks that nothing can pass; 0 for the others.
    closed: Vec<i64>,
    /// Whether any has a price besides its own to pay.
    any_limited: bool,
}

/// What a limit or pool can take at its price.
struct Node {
    /// Position of the head among limits, pools and the ground.
    head: u32,
    /// Units by which its price is scaled: capacity, or what a pool can hold.
    scale: f64,
    supply: Supply,
}

enum Supply {
    /// Nothing passes.
    Closed,
    Places,
    /// Ends of the steps of a pool, as shares of what it can hold, with their prices.
    Steps(Vec<(f64, i64)>),
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
    let n_sinks = network.n_sinks();
    let scale = Scale::of(spread);
    let sinks = Sinks::of(network, layout, closed);
    let nodes = nodes(network, layout, objective, scale, closed);
    let mut own = vec![0; n_sinks];
    let mut own_behind: Vec<i64> = nodes
        .iter()
        .map(|node| match &node.supply {
            Supply::Steps(steps) => steps[0].1,
            _ => 0,
        })
        .collect();
    let mut prices = vec![0; layout.n_inner() as usize];
    let n_groups = network.n_sources().div_ceil(GROUP);
    let per_batch = (n_groups / BATCHES).max((n_groups / 25).min(100)).max(8).min(n_groups.max(1));
    let stride = stride(n_groups);
    let n_steps = (PASSES * n_groups).div_ceil(per_batch);
    let (first, last) = (3.0 * spread.unsent, 0.26 * spread.pairs);
    let highest = scale.price(spread.unsent);
    let threads = effort.threads().filter(|_| 12_000.0 < (per_batch * GROUP) as f64 * spread.degree);
    let n_behind = nodes.len() + 1;
    let mut lanes: Vec<Lane> = (0..LANES).map(|_| Lane { prices: prices.clone(), came: vec![0; n_behind] }).collect();
    let mut group = 0usize;
    for step in 0..n_steps {
        total_prices(&sinks, &nodes, &own, &own_behind, &mut prices);
        let batch: Vec<usize> = (0..per_batch)
            .map(|_| {
                group = (group + stride) % n_groups;
                group
            })
            .collect();
        let size = first * (last / first).powf(step as f64 / n_steps as f64);
        let share = per_batch.div_ceil(LANES);
        let one = |(lane, groups): (&mut Lane, &[usize])| {
            lane.prices.copy_from_slice(&prices);
            lane.came.fill(0);
            let mut seen = 0;
            for group in groups {
                for source in group * GROUP..((group + 1) * GROUP).min(network.n_sources()) {
                    let pairs = network.pairs_of(source);
                    seen += pairs.len() as u64;
                    let heads = &network.sinks()[pairs.clone()];
                    let unsent_head = layout.unsent_head(network, source as u32) as usize;
                    let unsent = (objective.unsent[source] << scale.bits).wrapping_add(lane.prices[unsent_head]);
                    let units = network.sources()[source].units;
                    let head = match objective.cheapest(pairs, heads, &lane.prices, scale.bits, unsent) {
                        Some(sink) => {
                            // At once, so that the next ones do not all crowd into the same small sink.
                            let rise = scale.price(size * sinks.raise[sink as usize] * units as f64);
                            let price = &mut lane.prices[sink as usize];
                            *price = price.saturating_add(rise);
                            sinks.head[sink as usize] as usize
                        }
                        None => unsent_head,
                    };
                    lane.came[head - n_sinks] += units;
                }
            }
            effort.tick(seen)
        };
        match threads {
            Some(threads) => threads.install(|| lanes.par_iter_mut().zip(batch.par_chunks(share)).try_for_each(one))?,
            None => lanes.iter_mut().zip(batch.chunks(share)).try_for_each(one)?,
        }
        let used = &mut lanes[..batch.len().div_ceil(share)];
        let share = size * (per_batch as f64 / n_groups as f64);
        sinks.move_prices(&mut own, &prices, used, scale.price(share), highest);
        let (summed, others) = used.split_at_mut(1);
        for other in others {
            for (sum, came) in summed[0].came.iter_mut().zip(&other.came) {
                *sum += *came;
            }
        }
        move_prices(&nodes, &mut own_behind, &mut summed[0].came, scale, size, share, highest);
    }
    total_prices(&sinks, &nodes, &own, &own_behind, &mut prices);
    Ok(prices.iter().map(|price| scale.cost(*price)).collect())
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

impl Sinks {
    fn of(network: &Network, layout: Layout, closed: &[bool]) -> Sinks {
        let limits = network.sink_limits();
        let moves = |sink: usize| !closed[sink] && network.places()[sink].is_some();
        let sinks = || 0..network.n_sinks();
        Sinks {
            head: limits.iter().map(|limit| limit.map_or(layout.ground(), |limit| layout.limit(limit))).collect(),
            raise: sinks()
                .map(|sink| match network.places()[sink] {
                    Some(places) if moves(sink) => 1.0 / places.max(1) as f64,
                    _ => 0.0,
                })
                .collect(),
            falls: sinks().map(|sink| if moves(sink) { !0 } else { 0 }).collect(),
            closed: sinks().map(|sink| if closed[sink] { Scale::FAR } else { 0 }).collect(),
            any_limited: limits.iter().any(Option::is_some),
        }
    }

    /// Takes up what rose in each lane, and lets each price fall by what could have come.
    fn move_prices(&self, own: &mut [i64], before: &[i64], lanes: &[Lane], down: i64, highest: i64) {
        for lane in lanes {
            for ((own, before), after) in own.iter_mut().zip(before).zip(&lane.prices) {
                *own = own.wrapping_add(after.wrapping_sub(*before));
            }
        }
        for (own, falls) in own.iter_mut().zip(&self.falls) {
            *own = own.wrapping_sub(down & falls).clamp(0, highest);
        }
    }
}

/// Limits and pools.
fn nodes(network: &Network, layout: Layout, objective: &Scalar, scale: Scale, closed: &[bool]) -> Vec<Node> {
    let n_sinks = layout.n_sinks;
    let mut nodes = Vec::with_capacity((layout.ground() - n_sinks) as usize);
    for (position, limit) in network.limits().iter().enumerate() {
        let supply = if closed[layout.limit(position as u32) as usize] { Supply::Closed } else { Supply::Places };
        let head = limit.parent.map_or(layout.ground(), |parent| layout.limit(parent)) - n_sinks;
        nodes.push(Node { head, scale: limit.capacity.max(1) as f64, supply });
    }
    for (position, (pool, hold)) in network.pools().iter().zip(network.pool_holds()).enumerate() {
        let mut end = 0u64;
        let steps = objective.steps(position).into_iter().map(|(units, cost)| {
            end = end.saturating_add(units);
            (end.min(hold) as f64 / hold.max(1) as f64, scale.price(cost as f64))
        });
        let head = pool.parent.map_or(layout.ground(), |parent| layout.pool(parent)) - n_sinks;
        nodes.push(Node { head, scale: hold.max(1) as f64, supply: Supply::Steps(steps.collect()) });
    }
    nodes
}

/// Prices from each node to the ground, whose own is 0.
fn total_prices(sinks: &Sinks, nodes: &[Node], own: &[i64], own_behind: &[i64], prices: &mut [i64]) {
    let (of_sinks, behind) = prices.split_at_mut(own.len());
    // Limits and pools come after their parents.
    for (at, node) in nodes.iter().enumerate() {
        behind[at] = match node.supply {
            Supply::Closed => Scale::FAR,
            _ => own_behind[at].saturating_add(behind[node.head as usize]).min(Scale::FAR),
        };
    }
    for ((price, own), closed) in of_sinks.iter_mut().zip(own).zip(&sinks.closed) {
        *price = own | closed;
    }
    if sinks.any_limited {
        for (price, head) in of_sinks.iter_mut().zip(&sinks.head) {
            *price = price.saturating_add(behind[*head as usize - own.len()]).min(Scale::FAR);
        }
    }
}

/// One step of limits and pools against the subgradient: up by what came, down by what could have come at the price in
/// this `share` of a pass.
fn move_prices(nodes: &[Node], own: &mut [i64], came: &mut [u64], scale: Scale, size: f64, share: f64, highest: i64) {
    // Children come after their parents.
    for (at, node) in nodes.iter().enumerate().rev() {
        came[node.head as usize] += came[at];
    }
    for ((node, own), came) in nodes.iter().zip(own).zip(came) {
        let up = size * *came as f64 / node.scale;
        match &node.supply {
            Supply::Closed => {}
            Supply::Places => *own = own.saturating_add(scale.price(up - share)).clamp(0, highest),
            Supply::Steps(steps) => {
                if let [(_, lowest), .., (_, highest)] = steps[..] {
                    let willing = steps[..steps.partition_point(|(_, price)| *price <= *own)].last();
                    let down = share * willing.map_or(0.0, |(end, _)| *end);
                    *own = own.saturating_add(scale.price(up - down)).clamp(lowest, highest);
                }
            }
        }
    }
}
