//! What a floor would give the group that is worst served, and what it would cost the rest.
//!
//! The floor asks that of each group as large a share is met as of all together today. Then, in order: least shortfall of
//! all floors, as the policy's own stage of floors has it; most weight met; and fewest taken from any group against what
//! this answer meets of it, so that what is lost is lost to the floor and not to the lottery. Places, limits of providers
//! and limits per holder hold; the policy's evenness, which comes after need, is set aside, because its groups and these
//! need not nest.
//!
//! The comparison makes sense where the answer itself puts need first. A policy with a floor of its own, or with something
//! else before need, has met less weight for it already, and is told so instead.

use std::collections::BTreeMap;

use super::extremes::first_to_decide;
use super::optimum::Change;
use crate::domain::policy::{GroupBy, StageName};
use crate::domain::{HolderIx, Locality};
use crate::matching::{Formulation, Matching, NotFormulated, PoolKey, Refused, Status};
use crate::solve::{Effort, Network, NetworkParts, Outcome, Pool, Source, Stage, Step, StopReason, flow};

/// What became of a floor for one grouping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FloorAnswer {
    /// No group lies a whole child-need or more below the share of all.
    Even,
    /// The policy already asks for floors by this grouping.
    PolicyFloor(GroupBy),
    /// The policy asks for something else before need.
    NeedIsNotFirst,
    Tried(TriedFloor),
}

/// A floor and what it would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedFloor {
    /// Child-needs met today, of all, inside: the share that each group is to have.
    pub met: u64,
    pub child_needs: u64,
    /// Of those a whole child-need or more below that share, the group with the lowest.
    pub worst: u32,
    /// By position of the value (or of the area), those with child-needs, inside.
    pub groups: BTreeMap<u32, FloorGroup>,
    /// Child-needs that the floors still lack, whoever gives way.
    pub shortfall: u64,
    /// Of what is met and its weight. Weight of all, areas outside included, never rises; of those inside it may, where
    /// places come from children outside.
    pub change: Change,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FloorGroup {
    pub child_needs: u64,
    /// The share of all times its child-needs, rounded down: rounded up, groups together could be asked for more than all
    /// of them have.
    pub floor: u64,
    /// Met today.
    pub met: u64,
    /// Met with the floor.
    pub with_floor: u64,
}

impl TriedFloor {
    /// Child-needs that the other groups lose, gains of some not set against losses of others.
    pub fn rest_loses(&self) -> u64 {
        let others = self.groups.iter().filter(|&(&value, _)| value != self.worst);
        others.map(|(_, group)| group.met.saturating_sub(group.with_floor)).sum()
    }
}

/// For each group column, in their order. One solve of three stages for each, by the network simplex: about as long as a
/// matching under a policy with floors.
pub fn by_column(locality: &Locality, matching: &Matching, effort: &Effort) -> Result<Vec<FloorAnswer>, NotFormulated> {
    (0..locality.group_columns().len()).map(|at| floor(locality, matching, GroupBy::Column(at), effort)).collect()
}

/// For one grouping, areas among them. A matching that was stopped is not compared with: its stop comes back.
pub fn floor(
    locality: &Locality,
    matching: &Matching,
    by: GroupBy,
    effort: &Effort,
) -> Result<FloorAnswer, NotFormulated> {
    if let Status::Stopped(reason) = matching.status {
        return Err(reason.into());
    }
    effort.look()?;
    match first_to_decide(&matching.formulation) {
        Some(StageName::Need) | None => {}
        Some(StageName::Floors) => return Ok(FloorAnswer::PolicyFloor(locality.policy().floors.group)),
        _ => return Ok(FloorAnswer::NeedIsNotFirst),
    }
    let grouped = Grouped::of(locality, matching, by, effort)?;
    let Some(worst) = grouped.worst() else { return Ok(FloorAnswer::Even) };
    let network = grouped.network(locality, &matching.formulation)?;
    effort.look()?;
    let (flow, shortfall) = match flow::solve(&network, effort) {
        Outcome::Optimal { flow, values, .. } => (flow, values[0].unsigned_abs()),
        Outcome::Stopped { reason, .. } => return Err(reason.into()),
    };
    Ok(FloorAnswer::Tried(grouped.tried(locality, matching, worst, &network.unsent(&flow), shortfall)))
}

/// No group: the holder lives outside.
const NONE: u32 = u32::MAX;

/// Who counts in which group, and what is met of each.
struct Grouped {
    by: GroupBy,
    /// By source.
    group: Vec<u32>,
    /// By value.
    groups: Vec<FloorGroup>,
    met: u64,
    child_needs: u64,
}

impl Grouped {
    /// O(needs).
    fn of(locality: &Locality, matching: &Matching, by: GroupBy, effort: &Effort) -> Result<Grouped, StopReason> {
        let formulation = &matching.formulation;
        let n = match by {
            GroupBy::Nothing => 1,
            GroupBy::Area => locality.areas().len(),
            GroupBy::Column(column) => locality.group_columns()[column].values.len(),
        };
        let mut grouped =
            Grouped { by, group: Vec::new(), groups: vec![FloorGroup::default(); n], met: 0, child_needs: 0 };
        for (need, source) in formulation.needs.iter().zip(formulation.network.sources()) {
            effort.tick(2)?;
            let group = group_of(locality, locality.needs()[need.ix()].holder, by);
            grouped.group.push(group);
            if group != NONE {
                let met = matching.met[need.ix()];
                grouped.groups[group as usize].child_needs += source.units;
                grouped.groups[group as usize].met += met;
                grouped.child_needs += source.units;
                grouped.met += met;
            }
        }
        for group in &mut grouped.groups {
            // Child-needs are below 2^53, so the product fits 128 bits and the quotient 64.
            let floor =
                u128::from(group.child_needs) * u128::from(grouped.met) / u128::from(grouped.child_needs.max(1));
            group.floor = floor as u64;
        }
        Ok(grouped)
    }

    /// Of the groups below their floor the one of whose child-needs the least share is met; the first of equals.
    fn worst(&self) -> Option<u32> {
        let share_is_less = |one: &FloorGroup, other: &FloorGroup| {
            let across = |one: &FloorGroup, other: &FloorGroup| u128::from(one.met) * u128::from(other.child_needs);
            across(one, other).cmp(&across(other, one))
        };
        let below = (0..).zip(&self.groups).filter(|(_, group)| group.met < group.floor);
        below.min_by(|(_, one), (_, other)| share_is_less(one, other)).map(|(value, _)| value)
    }

    /// The matching's network with a pool for each group, and the limits per holder before those. O(pairs).
    fn network(&self, locality: &Locality, formulation: &Formulation) -> Result<Network, Refused> {
        let own = &formulation.network;
        let mut pools = vec![Pool { parent: None, least: 0 }; self.groups.len()];
        let mut pool_of = vec![None; own.pools().len()];
        for (at, (pool, key)) in own.pools().iter().zip(&formulation.pools).enumerate() {
            if let PoolKey::Holder(holder) = *key {
                pool_of[at] = Some(pools.len() as u32);
                let parent = Some(group_of(locality, holder, self.by)).filter(|&group| group != NONE);
                pools.push(Pool { parent, least: pool.least });
            }
        }
        let sources = own.sources().iter().zip(&self.group).map(|(source, &group)| {
            let of_holder = source.pool.and_then(|pool| pool_of[pool as usize]);
            Source { units: source.units, pool: of_holder.or(Some(group).filter(|&group| group != NONE)) }
        });
        let steps = |free: fn(&FloorGroup) -> u64| {
            let of_group = |group: &FloorGroup| {
                let free = free(group);
                vec![Step { units: free, cost: 0 }, Step { units: group.child_needs - free, cost: 1 }]
            };
            let mut steps: Vec<Vec<Step>> = self.groups.iter().map(of_group).collect();
            steps.resize(pools.len(), Vec::new());
            steps
        };
        let weights = formulation.needs.iter().map(|need| i64::from(locality.needs()[need.ix()].weight)).collect();
        let stages = vec![
            Stage { name: "floors", pool_steps: steps(|group| group.child_needs - group.floor), ..Stage::default() },
            Stage { name: "need", unsent_cost: weights, ..Stage::default() },
            Stage { name: "taken", pool_steps: steps(|group| group.child_needs - group.met), ..Stage::default() },
        ];
        Network::new(NetworkParts {
            sources: sources.collect(),
            starts: own.starts().to_vec(),
            sinks: own.sinks().to_vec(),
            places: own.places().to_vec(),
            sink_limits: own.sink_limits().to_vec(),
            limits: own.limits().to_vec(),
            pools,
            stages,
            ..NetworkParts::default()
        })
        .map_err(|error| Refused::TooLarge(error.to_string()))
    }

    fn tried(
        mut self,
        locality: &Locality,
        matching: &Matching,
        worst: u32,
        unsent: &[u64],
        shortfall: u64,
    ) -> TriedFloor {
        let mut change = Change::default();
        let formulation = &matching.formulation;
        let sources = formulation.needs.iter().zip(formulation.network.sources());
        for (((need, source), &group), &unsent) in sources.zip(&self.group).zip(unsent) {
            let after = source.units - unsent;
            // Sums are below 2^53, weighted ones too.
            let more = after as i64 - matching.met[need.ix()] as i64;
            let weight = more * i64::from(locality.needs()[need.ix()].weight);
            change.weight_of_all += weight;
            if group != NONE {
                self.groups[group as usize].with_floor += after;
                change.child_needs += more;
                change.weight += weight;
            }
        }
        TriedFloor {
            met: self.met,
            child_needs: self.child_needs,
            worst,
            groups: (0..).zip(self.groups).filter(|(_, group)| 0 < group.child_needs).collect(),
            shortfall,
            change,
        }
    }
}

fn group_of(locality: &Locality, holder: HolderIx, by: GroupBy) -> u32 {
    let holder = &locality.holders()[holder.ix()];
    if !locality.areas()[holder.area.ix()].inside {
        return NONE;
    }
    match by {
        GroupBy::Nothing => 0,
        GroupBy::Area => holder.area.ix() as u32,
        GroupBy::Column(column) => holder.groups[column],
    }
}

#[cfg(test)]
mod tests;
