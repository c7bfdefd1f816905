//! How much of each row is met at least and at most over everything that is as good.
//!
//! Where places are short, many answers meet the most weight, and they differ in whose needs are met: the lottery
//! chooses. So two rows of a table may be ranked only where their ranges do not overlap.
//!
//! As for the [`optimum`](super::optimum), over all optima of the need stage alone: places, limits of providers and limits
//! per holder hold; floors, evenness, travel and costs are set aside. What an answer meets lies within wherever need is
//! the first stage that decides anything. A stage after need narrows the ranges, and that is not counted here.

mod optima;
mod search;
mod tight;

use std::collections::BTreeMap;

use self::tight::{NONE, Rows};
use super::optimum::NeedNetwork;
use crate::domain::policy::StageName;
use crate::domain::{AgeBand, AreaIx, KindIx, Layer, Level, Locality, NeedIx};
use crate::eligibility::{Pairs, Profiles};
use crate::matching::{Formulation, NotFormulated, Reading, Scope, formulate};
use crate::solve::{Effort, Stage};

/// Child-needs met, at least and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetRange {
    pub met_least: u64,
    pub met_most: u64,
}

/// The same rows as [`Tallies`](super::Tallies).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extremes {
    pub by_kind: BTreeMap<KindIx, MetRange>,
    /// None: the kind has no layer.
    pub by_layer: BTreeMap<Option<Layer>, MetRange>,
    pub by_level: BTreeMap<Level, MetRange>,
    /// None: no age is given.
    pub by_age: BTreeMap<Option<AgeBand>, MetRange>,
    pub by_area: BTreeMap<AreaIx, MetRange>,
    /// For each group column, by position of the value.
    pub by_group: Vec<BTreeMap<u32, MetRange>>,
}

/// Under one reading of the unknown. O(pairs) to formulate, then as [`of`].
pub fn extremes(
    locality: &Locality,
    profiles: &Profiles,
    pairs: &Pairs,
    reading: Reading,
    effort: &Effort,
) -> Result<Extremes, NotFormulated> {
    of(locality, &formulate(locality, profiles, pairs, reading, Scope::WhoIsMet, effort)?, effort)
}

/// Of a matching's formulation: its network, whatever its stages. One solve of the need stage, one pass over the pairs,
/// and for each row about as much as it has to give or gain; the tables over the effort's threads. Where placements per
/// holder are limited: two solves for each row.
pub fn of(locality: &Locality, formulation: &Formulation, effort: &Effort) -> Result<Extremes, NotFormulated> {
    let tables = Tables::of(locality, formulation, effort)?;
    let network = NeedNetwork::of(locality, formulation, effort)?.by_weight().map_err(NotFormulated::Refused)?;
    effort.look()?;
    let ranges = optima::ranges(network, &tables.rows, effort)?;
    Ok(tables.extremes(locality, ranges))
}

/// The first stage that prices anything: what an answer is for before all else. None where no stage does. (A
/// stage of floors has none where no group that is here has a share.)
pub fn first_to_decide(formulation: &Formulation) -> Option<StageName> {
    let prices = |stage: &Stage| {
        let steps = stage.pool_steps.iter().chain(&stage.side_steps).flatten();
        !stage.pair_cost.is_zero()
            || stage.unsent_cost.iter().any(|&cost| cost != 0)
            || steps.into_iter().any(|step| step.cost != 0)
    };
    let stages = formulation.stages.iter().zip(formulation.network.stages());
    stages.into_iter().find(|(_, stage)| prices(stage)).and_then(|(meaning, _)| meaning.name)
}

/// Which row of each table every source counts in. Rows are numbered by what they stand for; those that no need is in
/// come to nothing and are left out in the end.
struct Tables {
    /// By kind, layer, level, age, area and each group column.
    rows: Vec<Rows>,
    /// For each table, whether a need counts in the row, its number known or not.
    seen: Vec<Vec<bool>>,
    ages: BTreeMap<Option<AgeBand>, u32>,
}

/// Tables before those of the group columns.
const FIXED: usize = 5;

impl Tables {
    /// O(needs x (group columns + log ages)).
    fn of(locality: &Locality, formulation: &Formulation, effort: &Effort) -> Result<Tables, NotFormulated> {
        let mut ages = BTreeMap::new();
        let n_ages = |ages: &BTreeMap<_, u32>| ages.len() as u32;
        for holder in locality.holders() {
            effort.tick(1)?;
            let next = n_ages(&ages);
            ages.entry(holder.ages).or_insert(next);
        }
        let columns = locality.group_columns().iter();
        let sizes: Vec<usize> = [
            locality.kinds().len(),
            Layer::ALL.len() + 1,
            usize::from(Level::MAX.get()) + 1,
            ages.len(),
            locality.areas().len(),
        ]
        .into_iter()
        .chain(columns.map(|column| column.values.len()))
        .collect();
        let mut tables = Tables {
            rows: sizes.iter().map(|&n| Rows { of: vec![NONE; formulation.needs.len()], n }).collect(),
            seen: sizes.iter().map(|&n| vec![false; n]).collect(),
            ages,
        };
        let mut rows = Vec::with_capacity(sizes.len());
        for need in (0..locality.needs().len()).map(NeedIx::new) {
            effort.tick(1 + sizes.len() as u64)?;
            if tables.rows_of(locality, need, &mut rows) {
                tables.seen.iter_mut().zip(&rows).for_each(|(seen, &row)| seen[row as usize] = true);
            }
        }
        for (source, &need) in formulation.needs.iter().enumerate() {
            effort.tick(1 + sizes.len() as u64)?;
            if tables.rows_of(locality, need, &mut rows) {
                tables.rows.iter_mut().zip(&rows).for_each(|(table, &row)| table.of[source] = row);
            }
        }
        Ok(tables)
    }

    /// The rows of a need; false where it counts in none.
    fn rows_of(&self, locality: &Locality, need: NeedIx, rows: &mut Vec<u32>) -> bool {
        rows.clear();
        let need = &locality.needs()[need.ix()];
        let holder = &locality.holders()[need.holder.ix()];
        if !need.counts || !locality.areas()[holder.area.ix()].inside {
            return false;
        }
        let layer = locality.kinds()[need.kind.ix()].layer.map_or(Layer::ALL.len(), |layer| layer as usize);
        rows.extend([
            need.kind.ix() as u32,
            layer as u32,
            u32::from(need.level.get()),
            self.ages[&holder.ages],
            holder.area.ix() as u32,
        ]);
        rows.extend(&holder.groups);
        true
    }

    fn extremes(&self, locality: &Locality, ranges: Vec<Vec<MetRange>>) -> Extremes {
        let table = |at: usize| {
            let rows = ranges[at].iter().zip(&self.seen[at]).enumerate();
            rows.filter(|(_, (_, seen))| **seen).map(|(row, (range, _))| (row, *range))
        };
        let of_level = |row: usize| Level::new(row as u8);
        Extremes {
            by_kind: table(0).map(|(row, range)| (KindIx::new(row), range)).collect(),
            by_layer: table(1).map(|(row, range)| (Layer::ALL.get(row).copied(), range)).collect(),
            by_level: table(2).filter_map(|(row, range)| Some((of_level(row)?, range))).collect(),
            by_age: {
                let by_row: BTreeMap<u32, Option<AgeBand>> =
                    self.ages.iter().map(|(&ages, &row)| (row, ages)).collect();
                table(3).map(|(row, range)| (by_row[&(row as u32)], range)).collect()
            },
            by_area: table(4).map(|(row, range)| (AreaIx::new(row), range)).collect(),
            by_group: (FIXED..FIXED + locality.group_columns().len())
                .map(|at| table(at).map(|(row, range)| (row as u32, range)).collect())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests;
