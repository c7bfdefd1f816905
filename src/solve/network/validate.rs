//! Whether parts make a network: every promise of [`Network`] is checked here, once.

use super::{Network, NetworkError, NetworkParts, Pool, Stage, Step, held};

/// Checks all parts; the message names the first one that is wrong and what would be right.
pub(super) fn parts(parts: &NetworkParts) -> Result<(), NetworkError> {
    shape(parts)?;
    limits(parts)?;
    pools(parts)?;
    side(parts)?;
    let total = parts.sources.iter().map(|source| i128::from(source.units)).sum::<i128>();
    if i128::from(Network::MOST) < total {
        return wrong(format!("all sources hold {total} units together; at most {} are possible", Network::MOST));
    }
    let pool_holds = {
        let units: Vec<u64> = parts.sources.iter().map(|source| source.units).collect();
        held(&parts.sources, &parts.pools, &units)
    };
    for (position, (pool, hold)) in parts.pools.iter().zip(&pool_holds).enumerate() {
        if *hold < pool.least {
            return wrong(format!(
                "pool {position} asks for {} unsent units, but its members have {hold} together",
                pool.least
            ));
        }
    }
    let side_holds: Vec<u64> = parts
        .side
        .iter()
        .map(|group| group.sources.iter().map(|source| parts.sources[*source as usize].units).sum())
        .collect();
    if parts.stages.is_empty() || Network::MOST_STAGES < parts.stages.len() {
        return wrong(format!(
            "there are {} stages; at least 1 and at most {} are possible",
            parts.stages.len(),
            Network::MOST_STAGES
        ));
    }
    for stage in &parts.stages {
        costs(parts, stage, &pool_holds, &side_holds)?;
        greatest_sum(parts, stage, &pool_holds, &side_holds)?;
    }
    Ok(())
}

fn wrong(message: String) -> Result<(), NetworkError> {
    Err(NetworkError(message))
}

/// The pairs: a compressed list by source, rising in the sink.
fn shape(parts: &NetworkParts) -> Result<(), NetworkError> {
    let NetworkParts { sources, starts, sinks, places, sink_limits, limits, pools, .. } = parts;
    // Solvers number nodes and arcs in 32 bits, with the greatest number meaning "none".
    let nodes = sources.len() + places.len() + limits.len() + pools.len() + 1;
    let arcs = sinks.len().saturating_add(nodes);
    if (u32::MAX as usize) <= arcs {
        return wrong(format!("{} pairs and {nodes} nodes are more than 32 bits can number", sinks.len()));
    }
    if starts.len() != sources.len() + 1 {
        return wrong(format!("{} sources need {} starts, not {}", sources.len(), sources.len() + 1, starts.len()));
    }
    if starts[0] != 0 || starts[sources.len()] != sinks.len() {
        return wrong(format!(
            "starts must run from 0 to the number of pairs, {}, not from {} to {}",
            sinks.len(),
            starts[0],
            starts[sources.len()]
        ));
    }
    if sink_limits.len() != places.len() {
        return wrong(format!("{} sinks need as many sink limits, not {}", places.len(), sink_limits.len()));
    }
    for (source, ends) in starts.windows(2).enumerate() {
        let (from, to) = (ends[0], ends[1]);
        if to < from || sinks.len() < to {
            return wrong(format!("the pairs of source {source} run from {from} to {to} of {}", sinks.len()));
        }
        let own = &sinks[from..to];
        if let Some(sink) = own.iter().find(|sink| places.len() <= **sink as usize) {
            return wrong(format!("source {source} has a pair with sink {sink}, but there are {} sinks", places.len()));
        }
        if let Some(two) = own.windows(2).find(|two| two[1] <= two[0]) {
            return wrong(format!(
                "the sinks of source {source} must rise, each once: {} comes right after {}",
                two[1], two[0]
            ));
        }
    }
    Ok(())
}

fn limits(parts: &NetworkParts) -> Result<(), NetworkError> {
    for (sink, limit) in parts.sink_limits.iter().enumerate() {
        if let Some(limit) = limit.filter(|limit| parts.limits.len() <= *limit as usize) {
            return wrong(format!("sink {sink} is behind limit {limit}, but there are {} limits", parts.limits.len()));
        }
    }
    for (position, limit) in parts.limits.iter().enumerate() {
        if let Some(parent) = limit.parent.filter(|parent| position <= *parent as usize) {
            return wrong(format!("the parent of limit {position} must have a smaller position, not {parent}"));
        }
    }
    Ok(())
}

fn pools(parts: &NetworkParts) -> Result<(), NetworkError> {
    for (position, source) in parts.sources.iter().enumerate() {
        if let Some(pool) = source.pool.filter(|pool| parts.pools.len() <= *pool as usize) {
            return wrong(format!("source {position} is in pool {pool}, but there are {} pools", parts.pools.len()));
        }
    }
    for (position, Pool { parent, .. }) in parts.pools.iter().enumerate() {
        if let Some(parent) = parent.filter(|parent| position <= *parent as usize) {
            return wrong(format!("the parent of pool {position} must have a smaller position, not {parent}"));
        }
    }
    Ok(())
}

fn side(parts: &NetworkParts) -> Result<(), NetworkError> {
    for (position, group) in parts.side.iter().enumerate() {
        if let Some(source) = group.sources.iter().find(|source| parts.sources.len() <= **source as usize) {
            return wrong(format!(
                "side group {position} holds source {source}, but there are {} sources",
                parts.sources.len()
            ));
        }
        if group.sources.windows(2).any(|two| two[1] <= two[0]) {
            return wrong(format!("the sources of side group {position} must rise, each once"));
        }
    }
    Ok(())
}

/// The costs of a stage: one for each thing or none at all, and step lists that are convex and long enough.
fn costs(parts: &NetworkParts, stage: &Stage, pool_holds: &[u64], side_holds: &[u64]) -> Result<(), NetworkError> {
    let lengths = [
        ("pair costs", stage.pair_cost.count().unwrap_or(0), parts.sinks.len()),
        ("unsent costs", stage.unsent_cost.len(), parts.sources.len()),
        ("pool step lists", stage.pool_steps.len(), parts.pools.len()),
        ("side step lists", stage.side_steps.len(), parts.side.len()),
    ];
    for (what, seen, wanted) in lengths {
        if seen != 0 && seen != wanted {
            return wrong(format!("stage {} has {seen} {what}; right are {wanted}, or none", stage.name));
        }
    }
    for (what, lists, holds) in [("pool", &stage.pool_steps, pool_holds), ("side group", &stage.side_steps, side_holds)]
    {
        for (position, (steps, hold)) in lists.iter().zip(holds).enumerate() {
            if steps.windows(2).any(|two| two[1].cost < two[0].cost) {
                return wrong(format!("the steps of {what} {position} in stage {} must not fall", stage.name));
            }
            let covered = steps.iter().map(|step| i128::from(step.units)).sum::<i128>();
            if !steps.is_empty() && covered < i128::from(*hold) {
                return wrong(format!(
                    "the steps of {what} {position} in stage {} cover {covered} units of {hold}",
                    stage.name
                ));
            }
        }
    }
    Ok(())
}

/// The greatest absolute sum of a stage. A source without units counts as if it had one, and each step list once more
/// at its dearest, so that the bound holds for node prices (sums along a path) too.
fn greatest_sum(
    parts: &NetworkParts,
    stage: &Stage,
    pool_holds: &[u64],
    side_holds: &[u64],
) -> Result<(), NetworkError> {
    let mut sum = 0i128;
    for (position, source) in parts.sources.iter().enumerate() {
        let mut dearest = stage.unsent_cost.get(position).map_or(0, |cost| cost.unsigned_abs());
        if !stage.pair_cost.is_zero() {
            dearest = stage.pair_cost.dearest(parts.starts[position]..parts.starts[position + 1]).max(dearest);
        }
        sum = sum.saturating_add(i128::from(dearest) * i128::from(source.units.max(1)));
    }
    for (lists, holds) in [(&stage.pool_steps, pool_holds), (&stage.side_steps, side_holds)] {
        for (steps, hold) in lists.iter().zip(holds) {
            sum = sum.saturating_add(greatest_step_sum(steps, *hold));
        }
    }
    if i128::from(Network::MOST) < sum {
        return wrong(format!(
            "the costs of stage {} could add up to {sum}; at most {} (2^53) are possible",
            stage.name,
            Network::MOST
        ));
    }
    Ok(())
}

/// The greatest absolute cost of up to `hold` units, and once more of the dearest of them.
pub(in crate::solve) fn greatest_step_sum(steps: &[Step], hold: u64) -> i128 {
    let mut left = hold;
    let mut sum = 0i128;
    let mut dearest = 0i128;
    for step in steps {
        let units = step.units.min(left);
        let cost = i128::from(step.cost.unsigned_abs());
        sum = sum.saturating_add(cost * i128::from(units));
        dearest = dearest.max(cost);
        left -= units;
        if left == 0 {
            break;
        }
    }
    sum.saturating_add(dearest)
}
