//! Pools on the unsent side: groups with floors or evenness, and holders whose placements are limited.

use std::collections::BTreeMap;

use super::{Builder, PoolKey, Skipped};
use crate::domain::policy::{FloorShare, Floors, GroupBy, ObjectiveMode, StageName};
use crate::domain::{HolderIx, Locality, Policy};
use crate::matching::groups::{GroupKey, GroupValue, Nesting, nesting};
use crate::solve::{Pool, SideGroup, Step};

impl Builder<'_> {
    /// Pools for groups (where floors or evenness are in play) and for holders (where placements are limited).
    pub(super) fn holders_and_groups(&mut self) {
        let (floors_by, even_by) = groupings(self.locality.policy());
        self.skip(StageName::Floors, floors_by == GroupBy::Nothing, "no floor is set");
        self.skip(StageName::Evenness, even_by == GroupBy::Nothing, "objective.even_by is \"none\"");
        self.group_by(floors_by, even_by);
    }

    fn skip(&mut self, stage: StageName, inactive: bool, reason: &str) {
        if inactive && self.locality.policy().objective.order.contains(&stage) {
            self.skipped.push(Skipped { stage, reason: reason.to_owned() });
        }
    }

    pub(super) fn group_by(&mut self, floors_by: GroupBy, even_by: GroupBy) {
        let holders: Vec<HolderIx> = self.needs.iter().map(|need| self.locality.needs()[need.ix()].holder).collect();
        // None at all where nothing is grouped by: a key for each of a million needs is 24 MB.
        let keys = |by| -> Vec<Option<GroupKey>> {
            let grouped = holders.iter().filter(|_| by != GroupBy::Nothing);
            grouped.map(|&holder| GroupKey::of(self.locality, holder, by)).collect()
        };
        let (floor_keys, even_keys) = (keys(floors_by), keys(even_by));
        let nested = match (floors_by, even_by) {
            (GroupBy::Nothing, _) | (_, GroupBy::Nothing) => Nesting::FirstInSecond(BTreeMap::new()),
            _ => nesting(floor_keys.iter().zip(&even_keys).filter_map(|(&floor, &even)| Some((floor?, even?)))),
        };
        let leaf: Vec<Option<u32>> = match nested {
            // Coarser groups first: a pool's parent has the smaller position.
            Nesting::FirstInSecond(parents) => {
                let evens = self.group_pools(&even_keys, None);
                self.evenness.pools = evens.values().map(|&pool| pool as usize).collect();
                if floors_by == GroupBy::Nothing {
                    leaves(&evens, &even_keys)
                } else if floors_by == even_by {
                    self.floor_steps(&evens, &floor_keys);
                    leaves(&evens, &even_keys)
                } else {
                    let parent_pool = above(&parents, &evens);
                    let floors = self.group_pools(&floor_keys, Some(&parent_pool));
                    self.floor_steps(&floors, &floor_keys);
                    leaves(&floors, &floor_keys)
                }
            }
            Nesting::SecondInFirst(parents) => {
                let floors = self.group_pools(&floor_keys, None);
                self.floor_steps(&floors, &floor_keys);
                let parent_pool = above(&parents, &floors);
                let evens = self.group_pools(&even_keys, Some(&parent_pool));
                self.evenness.pools = evens.values().map(|&pool| pool as usize).collect();
                leaves(&evens, &even_keys)
            }
            Nesting::Crossing => {
                let floors = self.group_pools(&floor_keys, None);
                self.floor_steps(&floors, &floor_keys);
                self.side_groups(&even_keys);
                leaves(&floors, &floor_keys)
            }
        };
        self.holder_pools(&holders, &leaf);
    }

    /// One pool for each group, in the order of the groups.
    fn group_pools(
        &mut self,
        keys: &[Option<GroupKey>],
        parents: Option<&BTreeMap<GroupKey, u32>>,
    ) -> BTreeMap<GroupKey, u32> {
        let mut pools: BTreeMap<GroupKey, u32> = distinct(keys).into_iter().map(|key| (key, 0)).collect();
        for (&key, pool) in &mut pools {
            *pool = self.parts.pools.len() as u32;
            let parent = parents.and_then(|parents| parents.get(&key).copied());
            self.parts.pools.push(Pool { parent, least: 0 });
            self.pools.push(PoolKey::Group(key));
        }
        pools
    }

    fn units_by_group(&self, keys: &[Option<GroupKey>]) -> BTreeMap<GroupKey, u64> {
        let mut units = vec![0; n_slots(keys)];
        for (source, key) in self.parts.sources.iter().zip(keys) {
            if let Some(key) = key {
                units[slot(*key)] += source.units;
            }
        }
        distinct(keys).into_iter().map(|key| (key, units[slot(key)])).collect()
    }

    fn floor_steps(&mut self, pools: &BTreeMap<GroupKey, u32>, keys: &[Option<GroupKey>]) {
        self.floors.active = true;
        for (key, need) in self.units_by_group(keys) {
            if let (Some(steps), Some(&pool)) = (steps_of_floor(self.locality, key, need), pools.get(&key)) {
                self.floors.pools.push((pool as usize, steps));
            }
        }
    }

    fn side_groups(&mut self, keys: &[Option<GroupKey>]) {
        let mut members: BTreeMap<GroupKey, Vec<u32>> = BTreeMap::new();
        for (source, key) in keys.iter().enumerate() {
            if let Some(key) = key {
                members.entry(*key).or_default().push(source as u32);
            }
        }
        for (key, sources) in members {
            self.evenness.side.push(key);
            self.parts.side.push(SideGroup { sources });
        }
    }

    /// A holder of C children that may take k x C placements and wants W must leave W - k x C unsent. `leaf` is the pool
    /// of each source's group, empty where nothing is grouped by.
    fn holder_pools(&mut self, holders: &[HolderIx], leaf: &[Option<u32>]) {
        let limit = u64::from(self.locality.policy().limits.placements_per_holder);
        if limit == 0 {
            for (source, &pool) in self.parts.sources.iter_mut().zip(leaf) {
                source.pool = pool;
            }
            return;
        }
        let mut wanted = vec![0; self.locality.holders().len()];
        for (source, &holder) in self.parts.sources.iter().zip(holders) {
            wanted[holder.ix()] += source.units;
        }
        let mut pool_of: BTreeMap<HolderIx, u32> = BTreeMap::new();
        for (at, &holder) in holders.iter().enumerate() {
            let allowed = limit.saturating_mul(self.locality.holders()[holder.ix()].children);
            let least = wanted[holder.ix()].saturating_sub(allowed);
            let leaf = leaf.get(at).copied().flatten();
            self.parts.sources[at].pool = if least == 0 {
                leaf
            } else {
                Some(*pool_of.entry(holder).or_insert_with(|| {
                    self.parts.pools.push(Pool { parent: leaf, least });
                    self.pools.push(PoolKey::Holder(holder));
                    self.parts.pools.len() as u32 - 1
                }))
            };
        }
    }
}

/// What floors and evenness group by; nothing where they are not in play.
pub fn groupings(policy: &Policy) -> (GroupBy, GroupBy) {
    let lexicographic = policy.objective.mode == ObjectiveMode::Lexicographic;
    let has = |stage| lexicographic && policy.objective.order.contains(&stage);
    let any_share = match &policy.floors.share {
        FloorShare::All(share) => *share != 0,
        FloorShare::Each(shares) => shares.iter().any(|&(_, share)| share != 0),
    };
    let floors_by = if has(StageName::Floors) && any_share { policy.floors.group } else { GroupBy::Nothing };
    let even_by = if has(StageName::Evenness) { policy.objective.even_by } else { GroupBy::Nothing };
    (floors_by, even_by)
}

/// Floors: the first `need - floor` unsent units of a group are free, each further one is a shortfall of one. None
/// where there is no floor.
pub(in crate::matching) fn steps_of_floor(locality: &Locality, key: GroupKey, need: u64) -> Option<Vec<Step>> {
    let floor = floor_of(locality, key, need);
    (0 < floor).then(|| vec![Step { units: need - floor, cost: 0 }, Step { units: floor, cost: 1 }])
}

/// A place in a list for each group of one grouping: there are as many as areas, or values of a column, and needs by the
/// million, so that a look into a tree for each would take longer than all the rest.
fn slot(key: GroupKey) -> usize {
    let value = match key.value {
        GroupValue::Area(area) => area.ix(),
        GroupValue::Column(_, value) => value as usize,
    };
    2 * value + usize::from(key.inside)
}

fn n_slots(keys: &[Option<GroupKey>]) -> usize {
    keys.iter().flatten().map(|&key| slot(key) + 1).max().unwrap_or(0)
}

/// The groups among these, in no promised order.
fn distinct(keys: &[Option<GroupKey>]) -> Vec<GroupKey> {
    let mut seen = vec![false; n_slots(keys)];
    keys.iter().flatten().copied().filter(|&key| !std::mem::replace(&mut seen[slot(key)], true)).collect()
}

/// The pool of each key.
fn leaves(pools: &BTreeMap<GroupKey, u32>, keys: &[Option<GroupKey>]) -> Vec<Option<u32>> {
    let mut pool_of = vec![None; n_slots(keys)];
    for (&key, &pool) in pools {
        pool_of[slot(key)] = Some(pool);
    }
    keys.iter().map(|key| key.and_then(|key| pool_of[slot(key)])).collect()
}

/// The pool above each group, out of the groups above them.
fn above(parents: &BTreeMap<GroupKey, GroupKey>, pools: &BTreeMap<GroupKey, u32>) -> BTreeMap<GroupKey, u32> {
    parents.iter().filter_map(|(&child, parent)| Some((child, *pools.get(parent)?))).collect()
}

/// ceil(share x need) of a group that is inside; 0 for others.
pub fn floor_of(locality: &Locality, key: GroupKey, need: u64) -> u64 {
    if !key.inside {
        return 0;
    }
    let share = match &locality.policy().floors.share {
        FloorShare::All(share) => *share,
        FloorShare::Each(shares) => {
            let name = key.name(locality);
            shares.binary_search_by(|(value, _)| value.as_str().cmp(name)).map_or(0, |at| shares[at].1)
        }
    };
    // need <= 2^53 and share <= 10^6, so the product fits 128 bits and the quotient 64.
    (u128::from(need) * u128::from(share)).div_ceil(u128::from(Floors::WHOLE)) as u64
}
