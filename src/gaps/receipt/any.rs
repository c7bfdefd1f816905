//! A child with at least so many domains of need, at some level, against a receipt of anything.
//!
//! Need is a count of domains beyond a cut-off, as in the surveys that the Dartington tradition rests on; since the cut-off
//! drives the answer, all cut-offs are answered at once.

use std::collections::BTreeMap;

use super::population::{NoPopulation, Population};
use super::typed::Whose;
use super::{Counts, Here, Table};
use crate::domain::{AreaIx, HolderIx, HolderSort, Level, Locality, NeedIx, ReceiptNeed};
use crate::gaps::received::Received;
use crate::solve::{Effort, StopReason};

/// The grid, in children. Holders that are cohorts take no part: which of their children have how many needs is not known.
///
/// - *both*: the child has at least so many domains, each with a need at least at that level, and any receipt names it or
///   one of its needs (also one that the policy does not count);
/// - *receipt only*: a child with fewer, and receipts without a measured need that name no child. Two of those may be one
///   child's; receipts cannot tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Any {
    /// By level, then domains.
    pub cells: Vec<AnyCell>,
    pub by_area: BTreeMap<AreaIx, Vec<AnyCell>>,
    /// For each group column, by position of the value.
    pub by_group: Vec<BTreeMap<u32, Vec<AnyCell>>>,
    /// Children who are holders, whether in need by any cut-off or not.
    pub holders: u64,
    /// As in [`Typed`](super::Typed), or all of the population are holders.
    pub others_recorded: bool,
    pub left_out: AnyLeftOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnyCell {
    /// At least so many, from 1 to 5 or to as many as any child has.
    pub domains: u32,
    /// At least at this level.
    pub level: Level,
    pub table: Table,
}

/// What is in no cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnyLeftOut {
    /// Needs of children, of a kind without a domain.
    pub needs_without_domain: u64,
    /// Needs of cohorts.
    pub cohort_need_rows: u64,
    /// Children of cohorts who receive for a need, or for something that the receipt does not say.
    pub cohort_receipts: u64,
}

const LEVELS: usize = 4;

/// The grid goes at least so far.
const DOMAINS: usize = 5;

/// Whether a child receives anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Receives {
    No,
    /// A receipt names it, but not how many receive.
    Perhaps,
    Yes,
}

/// `needs` are those that count inside, rising. O(needs log needs + receipts + holders x group columns + cells).
pub(super) fn tables(
    locality: &Locality,
    received: &Received,
    needs: &[NeedIx],
    effort: &Effort,
) -> Result<Any, StopReason> {
    let mut left_out = AnyLeftOut::default();
    let domains = Domains::of(locality, needs, &mut left_out, effort)?;
    let mut grids = Grids::new(locality, domains.most);
    let receives = others(locality, received, &mut grids, &mut left_out, effort)?;
    let mut holders = 0;
    let mut next = domains.entries.as_slice();
    for (at, holder) in locality.holders().iter().enumerate() {
        effort.tick(4)?;
        let own = next.iter().take_while(|entry| entry.0.ix() == at).count();
        let of_holder;
        (of_holder, next) = next.split_at(own);
        if holder.sort == HolderSort::Child && locality.areas()[holder.area.ix()].inside {
            holders += 1;
            grids.holder(holder.area, &holder.groups, at_levels(of_holder), receives[at]);
        }
    }
    let population = Population::of(locality, needs, None, effort)?;
    let with_cohorts = 0 < left_out.cohort_need_rows;
    let n = |known: Result<u64, NoPopulation>| if with_cohorts { Err(NoPopulation::Cohorts) } else { known };
    let others_recorded = n(population.sum()) == Ok(holders)
        || received.all().iter().any(|receipt| !matches!(receipt.need, ReceiptNeed::Need(_)));
    let Grids { all, by_area, any_area, by_group, any_group, most } = grids;
    let cells = |grid: &Grid, anywhere: &Counts, population| grid.cells(most, anywhere, population, others_recorded);
    let areas = by_area.into_iter().enumerate().filter_map(|(at, grid)| Some((AreaIx::new(at), grid?)));
    let by_area = areas.map(|(area, grid)| (area, cells(&grid, &any_area, n(population.of_area(area)))));
    let group = |(column, values): (usize, Vec<Option<Grid>>)| {
        let seen = (0u32..).zip(values).filter_map(|(value, grid)| Some((value, grid?)));
        seen.map(|(value, grid)| (value, cells(&grid, &any_group, n(population.of_group(column, value))))).collect()
    };
    Ok(Any {
        cells: cells(&all, &Counts::default(), n(population.sum())),
        by_area: by_area.collect(),
        by_group: by_group.into_iter().enumerate().map(group).collect(),
        holders,
        others_recorded,
        left_out,
    })
}

/// The greatest level of each child in each domain.
struct Domains {
    /// Holder, domain, level: sorted, several of one holder and domain possible.
    entries: Vec<Entry>,
    /// The most that a child has.
    most: usize,
}

type Entry = (HolderIx, u32, Level);

impl Domains {
    fn of(
        locality: &Locality,
        needs: &[NeedIx],
        left_out: &mut AnyLeftOut,
        effort: &Effort,
    ) -> Result<Domains, StopReason> {
        let mut number: BTreeMap<&str, u32> = BTreeMap::new();
        let of_kind: Vec<Option<u32>> = locality
            .kinds()
            .iter()
            .map(|kind| {
                let next = number.len() as u32;
                (!kind.domain.is_empty()).then(|| *number.entry(&kind.domain).or_insert(next))
            })
            .collect();
        let mut entries: Vec<Entry> = Vec::new();
        for block in needs.chunks(1 << 12) {
            effort.tick(4 * block.len() as u64)?;
            for &need in block {
                let row = &locality.needs()[need.ix()];
                match (locality.holder(need).sort, of_kind[row.kind.ix()]) {
                    (HolderSort::Cohort, _) => left_out.cohort_need_rows += 1,
                    (HolderSort::Child, None) => left_out.needs_without_domain += 1,
                    (HolderSort::Child, Some(domain)) => entries.push((row.holder, domain, row.level)),
                }
            }
        }
        effort.sort(&mut entries)?;
        let of_holders = entries.chunk_by(|one, next| one.0 == next.0);
        let most = of_holders.map(|own| own.chunk_by(|one, next| one.1 == next.1).count()).max().unwrap_or(0);
        Ok(Domains { entries, most: most.max(DOMAINS) })
    }
}

/// How many domains of a holder reach each level.
fn at_levels(entries: &[Entry]) -> [usize; LEVELS] {
    let mut reach = [0; LEVELS];
    for domain in entries.chunk_by(|one, next| one.1 == next.1) {
        let greatest = domain.last().map_or(0, |entry| usize::from(entry.2.get()));
        reach.iter_mut().take(greatest).for_each(|n| *n += 1);
    }
    reach
}

/// Whether each holder receives; counts the receipts that name no child.
fn others(
    locality: &Locality,
    received: &Received,
    grids: &mut Grids,
    left_out: &mut AnyLeftOut,
    effort: &Effort,
) -> Result<Vec<Receives>, StopReason> {
    let mut receives = vec![Receives::No; locality.holders().len()];
    for receipt in received.all() {
        effort.tick(2)?;
        let holder = match receipt.need {
            ReceiptNeed::Need(need) => Some(locality.needs()[need.ix()].holder),
            ReceiptNeed::NoNeed | ReceiptNeed::NotKnown => receipt.holder,
        };
        let known = receipt.children.known();
        let home = holder.map(|holder| &locality.holders()[holder.ix()]);
        if let Some((holder, home)) = holder.zip(home)
            && home.sort == HolderSort::Child
        {
            let says = match known {
                Some(0) => Receives::No,
                Some(_) => Receives::Yes,
                None => Receives::Perhaps,
            };
            receives[holder.ix()] = receives[holder.ix()].max(says);
            continue;
        }
        let area = home.map(|holder| holder.area).or(receipt.area);
        if area.is_some_and(|area| !locality.areas()[area.ix()].inside) {
            continue;
        }
        let whose = Whose { area, groups: home.map(|holder| holder.groups.as_slice()) };
        match (receipt.need, home.is_some()) {
            (ReceiptNeed::NoNeed, _) => grids.others(whose, |counts, here| counts.without(here, known)),
            (ReceiptNeed::NotKnown, false) => grids.others(whose, |counts, _| counts.either(known)),
            (ReceiptNeed::NotKnown | ReceiptNeed::Need(_), _) => {
                left_out.cohort_receipts = left_out.cohort_receipts.saturating_add(known.unwrap_or(0));
            }
        }
    }
    Ok(receives)
}

/// Children by how many of their domains reach each level and whether they receive, and receipts of others.
#[derive(Clone)]
struct Grid {
    /// For each level and number of domains (0 to the most), children by [`Receives`].
    children: Vec<[u64; 3]>,
    others: Counts,
}

impl Grid {
    fn new(most: usize) -> Grid {
        Grid { children: vec![[0; 3]; LEVELS * (most + 1)], others: Counts::default() }
    }

    fn holder(&mut self, most: usize, reach: [usize; LEVELS], receives: Receives) {
        for (level, domains) in reach.into_iter().enumerate() {
            self.children[level * (most + 1) + domains][receives as usize] += 1;
        }
    }

    fn cells(
        &self,
        most: usize,
        anywhere: &Counts,
        population: Result<u64, NoPopulation>,
        others_recorded: bool,
    ) -> Vec<AnyCell> {
        let mut cells = Vec::with_capacity(LEVELS * most);
        for (at, level) in (1..=LEVELS as u8).filter_map(Level::new).enumerate() {
            let of_level = &self.children[at * (most + 1)..(at + 1) * (most + 1)];
            for domains in 1..=most {
                let mut counts = self.others.with_anywhere(anywhere);
                for (has, &[no, perhaps, yes]) in of_level.iter().enumerate() {
                    if domains <= has {
                        counts.need(no + perhaps + yes, yes, perhaps);
                    } else {
                        counts.without(Here::Surely, Some(yes));
                        counts.without(Here::Perhaps, Some(perhaps));
                    }
                }
                cells.push(AnyCell {
                    domains: domains as u32,
                    level,
                    table: counts.table(population, others_recorded),
                });
            }
        }
        cells
    }
}

/// All grids while they are counted. Those of areas and groups come into being when something belongs there.
struct Grids {
    most: usize,
    all: Grid,
    by_area: Vec<Option<Grid>>,
    any_area: Counts,
    by_group: Vec<Vec<Option<Grid>>>,
    any_group: Counts,
}

impl Grids {
    fn new(locality: &Locality, most: usize) -> Grids {
        let columns = locality.group_columns().iter();
        Grids {
            most,
            all: Grid::new(most),
            by_area: vec![None; locality.areas().len()],
            any_area: Counts::default(),
            by_group: columns.map(|column| vec![None; column.values.len()]).collect(),
            any_group: Counts::default(),
        }
    }

    fn holder(&mut self, area: AreaIx, groups: &[u32], reach: [usize; LEVELS], receives: Receives) {
        let most = self.most;
        let new = || Grid::new(most);
        self.all.holder(most, reach, receives);
        self.by_area[area.ix()].get_or_insert_with(new).holder(most, reach, receives);
        for (values, &value) in self.by_group.iter_mut().zip(groups) {
            values[value as usize].get_or_insert_with(new).holder(most, reach, receives);
        }
    }

    fn others(&mut self, whose: Whose, count: impl Fn(&mut Counts, Here)) {
        let most = self.most;
        let new = || Grid::new(most);
        count(&mut self.all.others, Here::Surely);
        match whose.area {
            Some(area) => count(&mut self.by_area[area.ix()].get_or_insert_with(new).others, Here::Surely),
            None => count(&mut self.any_area, Here::Perhaps),
        }
        match whose.groups {
            Some(groups) => {
                for (values, &value) in self.by_group.iter_mut().zip(groups) {
                    count(&mut values[value as usize].get_or_insert_with(new).others, Here::Surely);
                }
            }
            None => count(&mut self.any_group, Here::Perhaps),
        }
    }
}
