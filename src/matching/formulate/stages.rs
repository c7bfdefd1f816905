//! The stages of the objective as costs on the network.

use std::collections::BTreeMap;

use super::rows::{Lacking, Term};
use super::{Builder, PoolKey, Refused, Scope, Skipped, StageMeaning};
use crate::domain::NeedIx;
use crate::domain::policy::StageName;
use crate::matching::groups::GroupKey;
use crate::solve::{SideGroup, Stage, Step};

impl Builder<'_> {
    pub(super) fn lexicographic(
        &mut self,
        scope: Scope,
        terms: &mut [(StageName, Term)],
    ) -> Vec<(StageMeaning, Stage)> {
        let order = &self.locality.policy().objective.order;
        let only_who = scope == Scope::WhoIsMet && order.contains(&StageName::Need);
        let mut stages = Vec::new();
        for &name in order {
            match name {
                StageName::Effect | StageName::Travel | StageName::Cost if only_who => {}
                StageName::Floors if self.floors.active => stages.push(self.floors_stage()),
                StageName::Need => stages.push(self.need_stage()),
                StageName::Evenness if !self.evenness.pools.is_empty() || !self.evenness.side.is_empty() => {
                    stages.push(self.evenness_stage());
                    stages.push(self.tie_stage());
                }
                StageName::Effect | StageName::Travel | StageName::Cost => match self.pair_stage(name, terms) {
                    Ok(stage) => stages.push(stage),
                    Err(reason) => self.skipped.push(Skipped { stage: name, reason }),
                },
                StageName::Floors | StageName::Evenness | StageName::Blended => {}
            }
        }
        if stages.is_empty() {
            // Every stage was skipped: an objective that is always 0 keeps the network well formed.
            stages.push((StageMeaning { name: None, total: 0, most: false }, Stage::default()));
        }
        stages
    }

    fn floors_stage(&self) -> (StageMeaning, Stage) {
        let mut stage =
            Stage { name: "floors", pool_steps: vec![Vec::new(); self.parts.pools.len()], ..Stage::default() };
        for (pool, steps) in &self.floors.pools {
            stage.pool_steps[*pool].clone_from(steps);
        }
        (StageMeaning { name: Some(StageName::Floors), total: 0, most: false }, stage)
    }

    fn need_stage(&self) -> (StageMeaning, Stage) {
        let weight = |need: &NeedIx| i64::from(self.locality.needs()[need.ix()].weight);
        let unsent_cost: Vec<i64> = self.needs.iter().map(weight).collect();
        // The check keeps every stage's greatest sum below 2^53.
        let total =
            self.parts.sources.iter().zip(&unsent_cost).map(|(source, weight)| source.units as i64 * weight).sum();
        let stage = Stage { name: "need", unsent_cost, ..Stage::default() };
        (StageMeaning { name: Some(StageName::Need), total, most: true }, stage)
    }

    /// Units of every pool, its whole subtree counted once.
    fn pool_units(&self) -> Vec<u64> {
        let mut units = vec![0; self.parts.pools.len()];
        for source in &self.parts.sources {
            let mut pool = source.pool;
            while let Some(at) = pool {
                units[at as usize] += source.units;
                pool = self.parts.pools[at as usize].parent;
            }
        }
        units
    }

    fn side_units(&self) -> Vec<u64> {
        let units = |group: &SideGroup| group.sources.iter().map(|&at| self.parts.sources[at as usize].units).sum();
        self.parts.side.iter().map(units).collect()
    }

    fn group_of_pool(&self, pool: usize) -> Option<GroupKey> {
        match self.pools[pool] {
            PoolKey::Group(key) => Some(key),
            PoolKey::Holder(_) => None,
        }
    }

    fn evenness_stage(&self) -> (StageMeaning, Stage) {
        let mut stage =
            Stage { name: "evenness", pool_steps: vec![Vec::new(); self.parts.pools.len()], ..Stage::default() };
        let units = self.pool_units();
        for &pool in &self.evenness.pools {
            if self.group_of_pool(pool).is_some_and(|key| key.inside) {
                stage.pool_steps[pool] = evenness_steps(units[pool]);
            }
        }
        for (key, units) in self.evenness.side.iter().zip(self.side_units()) {
            stage.side_steps.push(if key.inside { evenness_steps(units) } else { Vec::new() });
        }
        (StageMeaning { name: Some(StageName::Evenness), total: 0, most: false }, stage)
    }

    /// Group by group a distinct cost, by the lot of the group's name: see the module's words on ties.
    fn tie_stage(&self) -> (StageMeaning, Stage) {
        let mut keys: Vec<GroupKey> = self.evenness.pools.iter().filter_map(|&pool| self.group_of_pool(pool)).collect();
        keys.extend(&self.evenness.side);
        keys.sort_by_cached_key(|key| (self.lottery.lot(key.name(self.locality)), *key));
        let rank: BTreeMap<GroupKey, i64> = keys.into_iter().zip(1..).collect();
        let steps = |key: GroupKey, units: u64| vec![Step { units, cost: rank[&key] }];
        let mut stage =
            Stage { name: "ties", pool_steps: vec![Vec::new(); self.parts.pools.len()], ..Stage::default() };
        let units = self.pool_units();
        for &pool in &self.evenness.pools {
            if let Some(key) = self.group_of_pool(pool) {
                stage.pool_steps[pool] = steps(key, units[pool]);
            }
        }
        for (&key, units) in self.evenness.side.iter().zip(self.side_units()) {
            stage.side_steps.push(steps(key, units));
        }
        (StageMeaning { name: None, total: 0, most: false }, stage)
    }

    /// Effect, travel or cost; `Err` says how many pairs have no number.
    fn pair_stage(&self, name: StageName, terms: &mut [(StageName, Term)]) -> Result<(StageMeaning, Stage), String> {
        let Term { costs, missing } = take(name, terms);
        let Lacking { pairs, .. } = missing.number;
        if 0 < pairs {
            return Err(lacking(name, pairs, self.parts.sinks.len()));
        }
        let stage = Stage { name: name.as_str(), pair_cost: costs, ..Stage::default() };
        Ok((StageMeaning { name: Some(name), total: 0, most: name == StageName::Effect }, stage))
    }

    /// Sum of x * (met * weight - cost * cost_per_place - km * whole_km), most.
    pub(super) fn blended(&self, terms: &mut [(StageName, Term)]) -> Result<(StageMeaning, Stage), Refused> {
        let Term { costs, missing } = take(StageName::Blended, terms);
        if let Lacking { pairs, first: Some((_, offer)) } = missing.number {
            return Err(Refused::NoCost { pairs, service: self.locality.service_of(offer).id.to_string() });
        }
        if let Lacking { pairs, first: Some((need, offer)) } = missing.kilometres {
            let need = self.locality.needs()[need.ix()].id.to_string();
            let offer = self.locality.offers()[offer.ix()].id.to_string();
            return Err(Refused::NoKilometres { pairs, need, offer });
        }
        let stage = Stage { name: "blended", pair_cost: costs, ..Stage::default() };
        Ok((StageMeaning { name: Some(StageName::Blended), total: 0, most: true }, stage))
    }
}

/// Why a stage is skipped: so many of all pairs have no number for it.
pub(in crate::matching) fn lacking(name: StageName, missing: usize, pairs: usize) -> String {
    let what = match name {
        StageName::Effect => "effect in meets.csv",
        StageName::Travel => "distance or journey time",
        _ => "cost_per_place in services.csv",
    };
    format!("{missing} of {pairs} pairs of need and offer have no {what}")
}

/// What a stage made of the pairs; each is taken once.
fn take(name: StageName, terms: &mut [(StageName, Term)]) -> Term {
    let own = terms.iter_mut().find(|(of, _)| *of == name);
    own.map(|(_, term)| std::mem::take(term)).unwrap_or_default()
}

/// The k-th unmet child-need of a group of `need` costs ceil(10^6 k / need); equal neighbours are one step.
pub(in crate::matching) fn evenness_steps(need: u64) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut k = 0;
    while k < need {
        let cost = (1_000_000 * u128::from(k + 1)).div_ceil(u128::from(need));
        // The last k at the same cost: the greatest with 10^6 k <= cost x need.
        let last = ((cost * u128::from(need)) / 1_000_000) as u64;
        let last = last.clamp(k + 1, need);
        steps.push(Step { units: last - k, cost: cost as i64 });
        k = last;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::evenness_steps;

    #[test]
    fn evenness_prices_each_further_child_need_higher() {
        let flat = |need| -> Vec<i64> {
            evenness_steps(need).iter().flat_map(|step| vec![step.cost; step.units as usize]).collect()
        };
        assert_eq!(flat(1), [1_000_000]);
        assert_eq!(flat(3), [333_334, 666_667, 1_000_000]);
        assert_eq!(flat(0), Vec::<i64>::new());
        // More child-needs than millionths: neighbours share a price, and the steps still cover all.
        let many = evenness_steps(3_000_000);
        assert_eq!(many.len(), 1_000_000);
        assert!(many.iter().all(|step| step.units == 3));
    }
}
