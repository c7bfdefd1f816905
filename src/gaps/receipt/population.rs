//! How many children a table is of, from `population.csv`.

use std::collections::BTreeMap;

use crate::domain::{AgeBand, AreaIx, KindIx, Locality, NeedIx, PopulationRow};
use crate::solve::{Effort, StopReason};

/// Why it is not known how many children a table is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPopulation {
    /// There is no `population.csv`.
    NotRecorded,
    /// It has no row for this area, group or age.
    NoRows,
    /// It has none for an area where there is need, nor for one above or below it.
    AreaWithoutRows,
    /// The number of some row is not known.
    NumberUnknown,
    /// A row's ages lie on both sides of an end of the kind's ages.
    AgesStraddle,
    /// It has fewer children than are in need or receive.
    FewerThanCounted,
    /// Cohorts have needs, and which of their children have how many is not known. For [`Any`](super::Any) alone.
    Cohorts,
}

impl NoPopulation {
    pub fn as_str(self) -> &'static str {
        match self {
            NoPopulation::NotRecorded => "there is no population.csv",
            NoPopulation::NoRows => "population.csv has no row for these children",
            NoPopulation::AreaWithoutRows => "population.csv has no row for an area where there is need",
            NoPopulation::NumberUnknown => "a number of population.csv is not known",
            NoPopulation::AgesStraddle => "ages in population.csv straddle the ages of the kind",
            NoPopulation::FewerThanCounted => "population.csv has fewer children than are in need or receive",
            NoPopulation::Cohorts => "some needs are of cohorts, and which of their children have several is not known",
        }
    }
}

/// Children counted from rows.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    children: u64,
    rows: u64,
    is_unknown: bool,
    straddles: bool,
}

impl Counted {
    /// Adds a row that counts `times` (once for each kind whose ages it is within).
    fn add(&mut self, row: &PopulationRow, times: u64, straddles: bool) {
        self.straddles |= straddles;
        if times == 0 {
            return;
        }
        self.rows += 1;
        match row.children.known() {
            Some(children) => self.children = self.children.saturating_add(children.saturating_mul(times)),
            None => self.is_unknown = true,
        }
    }

    fn and(&mut self, other: Counted) {
        self.children = self.children.saturating_add(other.children);
        self.rows += other.rows;
        self.is_unknown |= other.is_unknown;
        self.straddles |= other.straddles;
    }
}

/// How a row's ages stand to the kinds in play.
#[derive(Clone, Copy, Debug)]
struct Ages {
    /// Kinds whose ages hold all of the row's.
    within: u64,
    straddles: bool,
}

/// The children of the areas that are inside, each once for each kind in play within whose ages it is.
pub(super) struct Population {
    is_recorded: bool,
    area_without_rows: bool,
    by_kind: BTreeMap<KindIx, Counted>,
    sum: Counted,
    by_area: Vec<Counted>,
    by_group: Vec<Vec<Counted>>,
}

impl Population {
    /// Of some kinds; None: each child once, whatever its age. O(rows x group columns + age bands x kinds + needs).
    pub(super) fn of(
        locality: &Locality,
        needs: &[NeedIx],
        kinds: Option<&[KindIx]>,
        effort: &Effort,
    ) -> Result<Population, StopReason> {
        let mut of_band: BTreeMap<AgeBand, (Ages, Counted)> = BTreeMap::new();
        let mut by_area = vec![Counted::default(); locality.areas().len()];
        let mut by_group: Vec<Vec<Counted>> =
            locality.group_columns().iter().map(|column| vec![Counted::default(); column.values.len()]).collect();
        let mut sum = Counted::default();
        for row in locality.population() {
            effort.tick(4)?;
            if !locality.areas()[row.area.ix()].inside {
                continue;
            }
            let (Ages { within, straddles }, counted) =
                of_band.entry(row.ages).or_insert_with(|| (ages(locality, kinds, row.ages), Counted::default()));
            let (within, straddles) = (*within, *straddles);
            counted.add(row, 1, false);
            sum.add(row, within, straddles);
            by_area[row.area.ix()].add(row, within, straddles);
            for (values, &value) in by_group.iter_mut().zip(&row.groups) {
                values[value as usize].add(row, within, straddles);
            }
        }
        let of_kind = |kind: KindIx| {
            let mut of_kind = Counted::default();
            for (&band, &(_, counted)) in &of_band {
                match relation(locality.kinds()[kind.ix()].ages, band) {
                    Relation::Within => of_kind.and(counted),
                    Relation::Straddles => of_kind.straddles = true,
                    Relation::Apart => {}
                }
            }
            (kind, of_kind)
        };
        Ok(Population {
            is_recorded: !locality.population().is_empty(),
            area_without_rows: area_without_rows(locality, needs, effort)?,
            by_kind: kinds.unwrap_or_default().iter().map(|&kind| of_kind(kind)).collect(),
            sum,
            by_area,
            by_group,
        })
    }

    pub(super) fn sum(&self) -> Result<u64, NoPopulation> {
        self.whole(self.sum)
    }

    pub(super) fn of_kind(&self, kind: KindIx) -> Result<u64, NoPopulation> {
        self.whole(self.by_kind.get(&kind).copied().unwrap_or_default())
    }

    pub(super) fn of_area(&self, area: AreaIx) -> Result<u64, NoPopulation> {
        self.known(self.by_area[area.ix()])
    }

    pub(super) fn of_group(&self, column: usize, value: u32) -> Result<u64, NoPopulation> {
        self.whole(self.by_group[column][value as usize])
    }

    fn whole(&self, counted: Counted) -> Result<u64, NoPopulation> {
        let known = self.known(counted)?;
        if self.area_without_rows { Err(NoPopulation::AreaWithoutRows) } else { Ok(known) }
    }

    fn known(&self, counted: Counted) -> Result<u64, NoPopulation> {
        let Counted { children, rows, is_unknown, straddles } = counted;
        if !self.is_recorded {
            Err(NoPopulation::NotRecorded)
        } else if straddles {
            Err(NoPopulation::AgesStraddle)
        } else if rows == 0 {
            Err(NoPopulation::NoRows)
        } else if is_unknown {
            Err(NoPopulation::NumberUnknown)
        } else {
            Ok(children)
        }
    }
}

enum Relation {
    Within,
    Straddles,
    Apart,
}

fn relation(kind: Option<AgeBand>, row: AgeBand) -> Relation {
    match kind {
        None => Relation::Within,
        Some(ages) if ages.contains(row) => Relation::Within,
        Some(ages) if ages.overlaps(row) => Relation::Straddles,
        Some(_) => Relation::Apart,
    }
}

fn ages(locality: &Locality, kinds: Option<&[KindIx]>, row: AgeBand) -> Ages {
    let mut ages = Ages { within: 0, straddles: false };
    let Some(kinds) = kinds else { return Ages { within: 1, ..ages } };
    for kind in kinds {
        match relation(locality.kinds()[kind.ix()].ages, row) {
            Relation::Within => ages.within += 1,
            Relation::Straddles => ages.straddles = true,
            Relation::Apart => {}
        }
    }
    ages
}

/// Whether some area with need has no row, and none above or below it has one. O(needs + areas x depth).
fn area_without_rows(locality: &Locality, needs: &[NeedIx], effort: &Effort) -> Result<bool, StopReason> {
    let n_areas = locality.areas().len();
    let (mut has_rows, mut has_need) = (vec![false; n_areas], vec![false; n_areas]);
    locality.population().iter().for_each(|row| has_rows[row.area.ix()] = true);
    let mut covered = has_rows.clone();
    for area in (0..n_areas).map(AreaIx::new) {
        effort.tick(4)?;
        if has_rows[area.ix()] {
            locality.area_and_ancestors(area).for_each(|above| covered[above.ix()] = true);
        } else if locality.area_and_ancestors(area).any(|above| has_rows[above.ix()]) {
            covered[area.ix()] = true;
        }
    }
    for block in needs.chunks(1 << 12) {
        effort.tick(block.len() as u64)?;
        block.iter().for_each(|&need| has_need[locality.holder(need).area.ix()] = true);
    }
    Ok(has_need.iter().zip(covered).any(|(&has_need, covered)| has_need && !covered))
}
