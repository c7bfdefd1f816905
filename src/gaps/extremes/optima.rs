//! The ranges of rows of sources over all optima of a network with one stage, by the way that fits. Numbers only.

use super::MetRange;
use super::tight::{Rows, Tight};
use crate::solve::need::{self, NeedOutcome};
use crate::solve::{Effort, Network, Outcome, Stage, StopReason, flow};

/// By the prices of one optimum where all limits lie behind the sinks, else by solving for each row.
pub(super) fn ranges(network: Network, tables: &[Rows], effort: &Effort) -> Result<Vec<Vec<MetRange>>, StopReason> {
    match need::fits(&network, 0) {
        true => by_prices(&network, tables, effort),
        false => by_solving(network, tables, effort),
    }
}

fn by_prices(network: &Network, tables: &[Rows], effort: &Effort) -> Result<Vec<Vec<MetRange>>, StopReason> {
    let (flow, prices) = match need::solve(network, 0, effort) {
        NeedOutcome::Optimal { flow, prices, .. } => (flow, prices),
        NeedOutcome::Stopped { reason, .. } => return Err(reason),
    };
    let tight = Tight::new(network, &flow, &prices, effort)?;
    effort.each(tables.iter().collect(), |rows| tight.ranges(rows, effort))
}

/// Two solves for each row: of all ways to meet the most weight the one that meets most of the row, and least.
fn by_solving(network: Network, tables: &[Rows], effort: &Effort) -> Result<Vec<Vec<MetRange>>, StopReason> {
    let mut parts = network.into_parts();
    let mut ranges = Vec::with_capacity(tables.len());
    for rows in tables {
        let mut of_table = Vec::with_capacity(rows.n);
        for row in 0..rows.n as u32 {
            let has = |of: &u32| *of == row;
            let units: u64 =
                rows.of.iter().zip(&parts.sources).filter(|(of, _)| has(of)).map(|(_, source)| source.units).sum();
            let mut unsent_at_best = |sign: i64| -> Result<u64, StopReason> {
                effort.look()?;
                let mine = rows.of.iter().map(|of| if has(of) { sign } else { 0 }).collect();
                parts.stages.truncate(1);
                parts.stages.push(Stage { name: "row", unsent_cost: mine, ..Stage::default() });
                let network = Network::new(std::mem::take(&mut parts))
                    .expect("parts of a network, with a cost of at most one for each source");
                let outcome = flow::solve(&network, effort);
                parts = network.into_parts();
                match outcome {
                    Outcome::Optimal { values, .. } => Ok(values[1].unsigned_abs()),
                    Outcome::Stopped { reason, .. } => Err(reason),
                }
            };
            let (fewest, most) = match units {
                0 => (0, 0),
                _ => (unsent_at_best(1)?, unsent_at_best(-1)?),
            };
            of_table.push(MetRange { met_least: units - most, met_most: units - fewest });
        }
        ranges.push(of_table);
    }
    Ok(ranges)
}

#[cfg(test)]
mod tests;
