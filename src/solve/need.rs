//! The need stage on its own: how much goes unsent, weighted, where nothing but the weight counts.
//!
//! When a stage prices unsent units only, and every limit lies behind the sinks, the sets of units that can be sent
//! together are the independent sets of a gammoid (a polymatroid, counting units), whatever the tree of limits. So
//! taking units by falling weight, and turning away only those for whom no exchange makes room, is exact (Edmonds and
//! Fulkerson 1965; Gale 1968; Perfect 1968; Mason 1972): what was once sent stays sent, though perhaps elsewhere. And
//! because a search that finds no room proves that all it reached is full for good, one pass over the sources suffices.
//!
//! The steps, each in a file of its own: `order` puts the sources in order of weight; `guide` guesses from a sample how
//! much each sink will be asked for, so that few units have to move later; `exchange` places the units and seals what
//! is full; `answer` reads off the flow and the prices that prove it.

mod answer;
mod exchange;
mod guide;
mod levels;
mod order;
mod sink;

use self::answer::Answer;
use self::exchange::Exchange;
use super::effort::{Effort, StopReason};
use super::network::{Network, Stage};
use super::outcome::{Flow, StagePrices};

/// The stage's optimum with its certificate, or what was found before a limit came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeedOutcome {
    /// No flow costs less in this stage. `prices` prove it (`check::optimal`, on the network with this stage alone).
    Optimal { flow: Flow, value: i64, prices: StagePrices },
    /// The flow is feasible, and no flow costs less than `bound`.
    Stopped { flow: Flow, value: i64, bound: i64, reason: StopReason },
}

/// Sinks and limits that are full for whatever weighs `weight` or less: no exchange makes room there. (What a place more
/// would be worth is another question: a lighter unit may take it, or none.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Above zero, in the stage's units.
    pub weight: i64,
    /// Positions, rising.
    pub sinks: Vec<u32>,
    /// Positions, rising.
    pub limits: Vec<u32>,
}

/// Whether this solver takes a stage of a network: costs on unsent units alone, and no group that asks for anything.
/// Looks at each pair's cost if there are any, else only at the pools.
pub fn fits(network: &Network, stage: usize) -> bool {
    let stage = &network.stages()[stage];
    network.side().is_empty()
        && network.pools().iter().all(|pool| pool.least == 0)
        && stage.pool_steps.iter().flatten().all(|step| step.cost == 0)
        && (stage.pair_cost.is_zero() || (0..network.n_pairs()).all(|pair| stage.pair_cost.of(pair) == 0))
}

/// Sends what is worth most, as if `stage` were the only one.
///
/// Exact and deterministic, on one thread. O(A + s (P + m)) for A pairs, m sinks and limits, and P pairs of sinks between
/// which a unit could move, where s is the greatest distance label that any sink reaches: below m, and a few dozen in
/// practice. Memory: about 70 bytes a source, up to 100 more for those sent where sinks have hundreds of neighbours.
///
/// # Panics
///
/// On a stage that does not [`fit`](fits).
pub fn solve(network: &Network, stage: usize, effort: &Effort) -> NeedOutcome {
    assert!(fits(network, stage), "costs on pairs or groups do not fit in the need stage; `flow` takes them");
    let weights = &network.stages()[stage].unsent_cost;
    let mut exchange = Exchange::nothing_sent(network);
    let order = order::by_falling_weight(network, weights);
    let mut done = 0;
    let run = guide::appeal(network, &order, effort).and_then(|appeal| {
        exchange.prefer(appeal);
        send_all(network, stage, &mut exchange, &order, &mut done, effort)
    });
    let Answer { flow, value, prices } = answer::read(network, weights, &exchange);
    match run {
        Ok(()) => NeedOutcome::Optimal { flow, value, prices },
        Err(reason) => {
            let bound = answer::bound(network, weights, exchange.room_at_ground(), &flow, value, &order[done..]);
            NeedOutcome::Stopped { flow, value, bound, reason }
        }
    }
}

/// Sends each source's units in turn; `done` counts the sources that are dealt with for good.
fn send_all(
    network: &Network,
    stage: usize,
    exchange: &mut Exchange,
    order: &[u32],
    done: &mut usize,
    effort: &Effort,
) -> Result<(), StopReason> {
    const CHUNKS_PER_REPORT: usize = 1 << 12;
    let Stage { name: phase, unsent_cost: weights, .. } = &network.stages()[stage];
    effort.look()?;
    for (chunk, reported) in order.chunks(Exchange::AT_ONCE).zip((0..CHUNKS_PER_REPORT).cycle()) {
        exchange::fetch(network, chunk.iter().copied());
        // Weights fall, so mostly a chunk has one; and each number not read is one less to wait for.
        let (first, last) = (weights[chunk[0] as usize], weights[chunk[chunk.len() - 1] as usize]);
        for source in chunk {
            let weight = if first == last { first } else { weights[*source as usize] };
            let units = if exchange.has_cohorts() { network.sources()[*source as usize].units } else { 1 };
            exchange.send(*source, units, weight, effort)?;
            *done += 1;
        }
        if reported == 0 {
            effort.report(phase, *done as u64, Some(order.len() as u64));
        }
    }
    effort.report(phase, *done as u64, Some(*done as u64));
    Ok(())
}

/// The sealed sets behind the prices of [`solve`], by falling weight. What has price zero is sealed for nobody.
pub fn sealed(prices: &StagePrices) -> Vec<Sealed> {
    let mut weights: Vec<i64> = prices.sinks.iter().chain(&prices.limits).copied().filter(|price| 0 < *price).collect();
    weights.sort_unstable_by(|one, other| other.cmp(one));
    weights.dedup();
    let at = |weight: i64, prices: &[i64]| {
        (0u32..).zip(prices).filter(|(_, price)| **price == weight).map(|(position, _)| position).collect()
    };
    weights
        .into_iter()
        .map(|weight| Sealed { weight, sinks: at(weight, &prices.sinks), limits: at(weight, &prices.limits) })
        .collect()
}

#[cfg(test)]
mod tests;
