//! Distinct children behind the child-needs: how many have all of their needs met, some, or none.
//!
//! That is exact where holders are children. Of a cohort's needs it is not known which of its children have which, so its
//! distinct children are a range: at least the largest single kind, and at most the sum over its kinds, or the population
//! of its area and ages where that is smaller. As far as one can tell no child is in two holders; rows that may hold the
//! same children are counted in the completeness of every answer.

use std::collections::BTreeMap;

use crate::domain::{AgeBand, AreaIx, Holder, HolderIx, HolderSort, KindIx, Locality, NeedIx};
use crate::matching::Matching;
use crate::solve::{Effort, StopReason};

/// Children with needs that count, inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Children {
    /// Holders that are children and ask for something: the three parts sum to it.
    pub named: u64,
    pub all_met: u64,
    /// Some needs met, but not all.
    pub partly_met: u64,
    pub none_met: u64,
    /// Distinct children of cohorts, at least and at most.
    pub cohorts_low: u64,
    pub cohorts_high: u64,
}

/// O(needs log needs of a holder + rows of the population log rows).
pub fn children(locality: &Locality, matching: &Matching, effort: &Effort) -> Result<Children, StopReason> {
    let mut rows: Vec<(HolderIx, KindIx, NeedIx)> = Vec::new();
    for (at, need) in locality.needs().iter().enumerate() {
        effort.tick(4)?;
        let inside = locality.areas()[locality.holders()[need.holder.ix()].area.ix()].inside;
        if inside && 0 < matching.asking[at].unwrap_or(0) {
            rows.push((need.holder, need.kind, NeedIx::new(at)));
        }
    }
    effort.sort(&mut rows)?;
    let population = Population::of(locality, effort)?;
    let mut children = Children::default();
    for of_holder in rows.chunk_by(|one, next| one.0 == next.0) {
        effort.tick(4 * of_holder.len() as u64)?;
        let holder = &locality.holders()[of_holder[0].0.ix()];
        let asked = |of: &[(HolderIx, KindIx, NeedIx)]| -> u64 {
            of.iter().map(|(_, _, need)| matching.asking[need.ix()].unwrap_or(0)).sum()
        };
        match holder.sort {
            HolderSort::Child => {
                let met: u64 = of_holder.iter().map(|(_, _, need)| matching.met[need.ix()]).sum();
                children.named += 1;
                match met {
                    0 => children.none_met += 1,
                    met if met == asked(of_holder) => children.all_met += 1,
                    _ => children.partly_met += 1,
                }
            }
            HolderSort::Cohort => {
                let of_kinds = || of_holder.chunk_by(|one, next| one.1 == next.1).map(asked);
                let low = of_kinds().max().unwrap_or(0);
                let high = population.most(holder).map_or(of_kinds().sum(), |most| most.min(of_kinds().sum()));
                children.cohorts_low += low;
                // A population smaller than a kind's count is the check's to warn of; the count stands.
                children.cohorts_high += high.max(low);
            }
        }
    }
    Ok(children)
}

/// Numbers of `population.csv` by area, with their ages.
struct Population {
    by_area: BTreeMap<AreaIx, Vec<(AgeBand, Option<u64>)>>,
}

impl Population {
    fn of(locality: &Locality, effort: &Effort) -> Result<Population, StopReason> {
        let mut by_area: BTreeMap<AreaIx, Vec<(AgeBand, Option<u64>)>> = BTreeMap::new();
        for row in locality.population() {
            effort.tick(4)?;
            by_area.entry(row.area).or_default().push((row.ages, row.children.known()));
        }
        Ok(Population { by_area })
    }

    /// The most children that a cohort's area has of its ages, groups left aside; None where a year of its ages is in no
    /// row, or a row's number is not known.
    fn most(&self, holder: &Holder) -> Option<u64> {
        let ages = holder.ages?;
        let rows = self.by_area.get(&holder.area)?;
        let overlapping = || rows.iter().filter(|(band, _)| band.overlaps(ages));
        let covered = |age: u16| overlapping().any(|&(band, _)| AgeBand::min(band) <= age && age <= AgeBand::max(band));
        if !(ages.min()..=ages.max()).all(covered) {
            return None;
        }
        overlapping().try_fold(0u64, |sum, (_, children)| Some(sum.saturating_add((*children)?)))
    }
}

#[cfg(test)]
mod tests;
