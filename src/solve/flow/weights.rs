//! Weights that make one number of several stages.
//!
//! The weighted sum need not keep the stages' order exactly (the vectors see to that afterwards); it should come close,
//! with numbers that are not too wide for a descent by small steps.

use crate::solve::{Network, PairCosts, Stage};

/// A factor for each stage; 0: left out.
pub(super) fn factors(network: &Network) -> Vec<i64> {
    let stages = network.stages();
    let mut factors = vec![0; stages.len()];
    // Costs of pairs decide nearly everything from the first stage that has them on; what comes after only breaks ties.
    let priced = stages.iter().position(|stage| !stage.pair_cost.is_zero());
    let used = priced.map_or(stages.len(), |priced| priced + 1);
    let most = i128::from(Network::MOST) / (4 * (network.n_sinks() as i128 + network.pools().len() as i128 + 4));
    // A path may go over every inner node, and over two pairs between two of them; all its arcs together must stay well
    // within 64 bits, whatever the stage is made of.
    let inner = network.n_sinks() + network.limits().len() + network.pools().len();
    let dearest = i128::from(i64::MAX) / (8 * (inner as i128 + 4));
    let mut below: i128 = 0;
    for (at, stage) in stages.iter().enumerate().take(used).rev() {
        // Costs of groups spread over so wide a range that a descent with them goes astray; the vectors see to them.
        if priced.is_some() && !stage.pool_steps.is_empty() {
            continue;
        }
        let factor = if below == 0 { 1 } else { (2 * below).max(1) };
        let ends = ends(&stage.pair_cost);
        let span = span(stage, ends);
        if most < factor * span.max(1) + below {
            break;
        }
        if dearest < factor * greatest(stage, ends) {
            continue;
        }
        factors[at] = factor as i64;
        below += factor * span;
    }
    if factors.iter().all(|factor| *factor == 0) {
        factors[0] = 1;
    }
    factors
}

/// The least and the greatest cost of a pair; None where there is no pair.
fn ends(pairs: &PairCosts) -> Option<(i64, i64)> {
    // There may be tens of millions: one walk for both.
    fn of<T: Copy + Ord + Into<i64>>(costs: &[T]) -> Option<(i64, i64)> {
        let first = *costs.first()?;
        let (least, most) =
            costs.iter().fold((first, first), |(least, most), cost| (least.min(*cost), most.max(*cost)));
        Some((least.into(), most.into()))
    }
    match pairs {
        PairCosts::Zero => None,
        PairCosts::Narrow(costs) => of(costs),
        PairCosts::Wide(costs) => of(costs),
    }
}

/// How far two costs that a source chooses between can be apart.
fn span(stage: &Stage, ends: Option<(i64, i64)>) -> i128 {
    let pairs = ends.map_or(0, |(least, most)| i128::from(most) - i128::from(least));
    let unsent = stage.unsent_cost.iter().map(|cost| i128::from(cost.unsigned_abs())).max().unwrap_or(0);
    pairs.max(unsent)
}

/// The greatest cost of a unit anywhere in a stage, whatever its sign.
fn greatest(stage: &Stage, ends: Option<(i64, i64)>) -> i128 {
    let pairs = ends.map(|(least, most)| least.unsigned_abs().max(most.unsigned_abs()));
    let unsent = stage.unsent_cost.iter().map(|cost| cost.unsigned_abs()).max();
    let steps = stage.pool_steps.iter().flatten().map(|step| step.cost.unsigned_abs()).max();
    i128::from(pairs.max(unsent).max(steps).unwrap_or(0))
}
