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
    let mut below: i128 = 0;
    for (at, stage) in stages.iter().enumerate().take(used).rev() {
        // Costs of groups spread over so wide a range that a descent with them goes astray; the vectors see to them.
        if priced.is_some() && !stage.pool_steps.is_empty() {
            continue;
        }
        let factor = if below == 0 { 1 } else { (2 * below).max(1) };
        let span = span(stage);
        if most < factor * span.max(1) + below {
            break;
        }
        factors[at] = factor as i64;
        below += factor * span;
    }
    if factors.iter().all(|factor| *factor == 0) {
        factors[0] = 1;
    }
    factors
}

/// How far two costs that a source chooses between can be apart.
fn span(stage: &Stage) -> i128 {
    fn spread<'a, T: Copy + Ord + Into<i128> + 'a>(costs: &'a [T]) -> i128 {
        let ends = costs.iter().min().zip(costs.iter().max());
        ends.map_or(0, |(least, most)| (*most).into() - (*least).into())
    }
    let pairs = match &stage.pair_cost {
        PairCosts::Zero => 0,
        PairCosts::Narrow(costs) => spread(costs),
        PairCosts::Wide(costs) => spread(costs),
    };
    let unsent = stage.unsent_cost.iter().map(|cost| i128::from(cost.unsigned_abs())).max().unwrap_or(0);
    pairs.max(unsent)
}
