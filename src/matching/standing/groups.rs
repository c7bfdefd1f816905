//! The pools of groups: where a need's unmet children count, and what they cost there.

use crate::domain::policy::StageName;
use crate::domain::{Locality, NeedIx};
use crate::matching::formulate::pools::{groupings, steps_of_floor};
use crate::matching::formulate::stages::evenness_steps;
use crate::matching::formulate::{Formulation, PoolKey};
use crate::matching::groups::GroupKey;
use crate::solve::Step;

/// The groups of a locality's network, as they were first: groups that come or go need a fresh solve.
pub(super) struct Groups<'a> {
    pub locality: &'a Locality,
    pub formulation: &'a Formulation,
}

/// The need's group is not among those of the network.
pub(super) struct NewGroup;

impl Groups<'_> {
    /// The pool that a need's unmet children flow into.
    pub fn leaf(&self, need: NeedIx) -> Result<Option<u32>, NewGroup> {
        let holder = self.locality.needs()[need.ix()].holder;
        let (floors_by, even_by) = groupings(self.locality.policy());
        let pool = |by| GroupKey::of(self.locality, holder, by).map(|key| self.pool(key).ok_or(NewGroup)).transpose();
        match (pool(floors_by)?, pool(even_by)?) {
            (floor, None) => Ok(floor),
            (None, even) => Ok(even),
            (Some(floor), Some(even)) if floor == even => Ok(Some(even)),
            // Of two that nest the inner one is the leaf. If this need's groups do not, the groupings no longer nest.
            (Some(floor), Some(even)) if self.parent(floor) == Some(even) => Ok(Some(floor)),
            (Some(floor), Some(even)) if self.parent(even) == Some(floor) => Ok(Some(even)),
            (Some(_), Some(_)) => Err(NewGroup),
        }
    }

    fn pool(&self, key: GroupKey) -> Option<u32> {
        let found = self.formulation.pools.iter().position(|pool| *pool == PoolKey::Group(key));
        found.map(|at| at as u32)
    }

    fn parent(&self, pool: u32) -> Option<u32> {
        self.formulation.network.pools()[pool as usize].parent
    }

    /// A pool and those around it.
    pub fn chain(&self, pool: Option<u32>) -> impl Iterator<Item = u32> {
        std::iter::successors(pool, |pool| self.parent(*pool))
    }

    /// What a group's pool costs in each stage if its members have so many units together. None for a holder's pool.
    pub fn steps(&self, pool: u32, units: u64) -> Option<Vec<Vec<Step>>> {
        let PoolKey::Group(key) = self.formulation.pools[pool as usize] else { return None };
        let stages = self.formulation.stages.iter().zip(self.formulation.network.stages());
        let steps = stages.map(|(meaning, stage)| {
            let first = stage.pool_steps.get(pool as usize).map_or(&[][..], Vec::as_slice);
            match meaning.name {
                Some(StageName::Floors) => self.floor(key, units),
                // Outside there is no term, and a grouping without evenness has none either.
                Some(StageName::Evenness) if !first.is_empty() => evenness_steps(units),
                // The hidden stage: each group its own cost, whatever its size.
                None => first.first().map_or(Vec::new(), |step| vec![Step { units, cost: step.cost }]),
                _ => Vec::new(),
            }
        });
        Some(steps.collect())
    }

    fn floor(&self, key: GroupKey, units: u64) -> Vec<Step> {
        let (floors_by, _) = groupings(self.locality.policy());
        if !key.is_of(floors_by) {
            return Vec::new();
        }
        steps_of_floor(self.locality, key, units).unwrap_or_default()
    }
}
