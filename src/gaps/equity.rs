//! Whether who has (is met, or receives) follows need and not deprivation or group.
//!
//! By deprivation: the concentration index in its three forms, horizontal inequity given kind and level, and each national
//! tenth against all others. By group: each value of each group column against all others. Formulas and their sources are
//! in [`measures::equity`](crate::measures::equity).

use std::collections::BTreeMap;

use super::access::national_tenth;
use super::received::{Received, service_of};
use crate::domain::{KindIx, Level, Locality, NeedIx};
use crate::measures::equity::{
    ConcentrationIndex, Disparity, HorizontalInequity, Indicators, Observation, Part, concentration_index, disparity,
    horizontal_inequity,
};
use crate::solve::{Effort, StopReason};

#[derive(Clone, Debug, PartialEq)]
pub struct Equity {
    /// Child-needs that have it, of all, inside.
    pub everyone: Part,
    /// None where the locality states no index of deprivation, or no area with a rank has a child-need.
    pub by_deprivation: Option<ByDeprivation>,
    /// For each group column, by position of the value.
    pub by_group: Vec<BTreeMap<u32, GroupShare>>,
}

/// A group, and how it fares against all others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupShare {
    pub part: Part,
    pub disparity: Option<Disparity>,
}

/// Areas ranked by deprivation, the most deprived first, weighted by child-needs. Below zero: with the most deprived.
#[derive(Clone, Debug, PartialEq)]
pub struct ByDeprivation {
    pub concentration: Option<ConcentrationIndex>,
    /// None where nobody has it.
    pub horizontal: Option<Horizontal>,
    /// By tenth of the national index, 1 the most deprived, each against all other areas with a rank.
    pub by_tenth: BTreeMap<u8, GroupShare>,
    /// Child-needs in areas without a rank: in none of these.
    pub unranked: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Horizontal {
    pub inequity: HorizontalInequity,
    /// What need is predicted by: kinds, then levels, in the order of the regression's columns.
    pub kinds: Vec<KindIx>,
    pub levels: Vec<Level>,
}

/// What the receipts say that each need receives: of a service whose type meets its kind, at most what it holds. To be
/// asked where receipts leave nothing open ([`Table::is_exact`](super::receipt::Table::is_exact)); None where they are not
/// recorded. O(needs log receipts + receipts log receipts).
pub fn receiving(locality: &Locality, effort: &Effort) -> Result<Option<Vec<Part>>, StopReason> {
    let Some(received) = Received::of(locality, effort)? else { return Ok(None) };
    let of_need = |(at, need): (usize, &crate::domain::Need)| {
        effort.tick(16)?;
        let Some(of) = need.children.known().filter(|_| need.counts) else { return Ok(Part { with: 0, of: 0 }) };
        let fits = received
            .by(NeedIx::new(at))
            .filter(|receipt| received.meets().fits(service_of(locality, receipt), need.kind));
        let with = fits.filter_map(|receipt| receipt.children.known()).fold(0, u64::saturating_add);
        Ok(Part { with: with.min(of), of })
    };
    Ok(Some(locality.needs().iter().enumerate().map(of_need).collect::<Result<_, StopReason>>()?))
}

/// Over the areas that are inside. `having` says of each need how many of its children have what is asked about, and how
/// many it holds: 0 of 0 where it is in no answer. O(needs x (group columns + log needs)), and the regression of
/// [`horizontal_inequity`] over one row for each need.
pub fn equity(locality: &Locality, having: &[Part], effort: &Effort) -> Result<Equity, StopReason> {
    let inside: Vec<(NeedIx, Part)> = having
        .iter()
        .enumerate()
        .map(|(need, &part)| (NeedIx::new(need), part))
        .filter(|&(need, part)| 0 < part.of && locality.areas()[locality.holder(need).area.ix()].inside)
        .collect();
    effort.look()?;
    let mut everyone = Part { with: 0, of: 0 };
    let mut by_group: Vec<Vec<Part>> =
        locality.group_columns().iter().map(|column| vec![Part { with: 0, of: 0 }; column.values.len()]).collect();
    for &(need, part) in &inside {
        effort.tick(2 + 2 * by_group.len() as u64)?;
        add(&mut everyone, part);
        for (column, &value) in by_group.iter_mut().zip(&locality.holder(need).groups) {
            add(&mut column[value as usize], part);
        }
    }
    let shares = |parts: Vec<Part>| -> BTreeMap<u32, GroupShare> {
        let seen = parts.into_iter().zip(0..).filter(|(part, _)| 0 < part.of);
        seen.map(|(part, value)| (value, GroupShare { part, disparity: disparity(part, everyone) })).collect()
    };
    Ok(Equity {
        everyone,
        by_deprivation: by_deprivation(locality, &inside, effort)?,
        by_group: by_group.into_iter().map(shares).collect(),
    })
}

fn add(all: &mut Part, part: Part) {
    all.with += part.with;
    all.of += part.of;
}

fn by_deprivation(
    locality: &Locality,
    inside: &[(NeedIx, Part)],
    effort: &Effort,
) -> Result<Option<ByDeprivation>, StopReason> {
    let Some(index) = &locality.about().deprivation else { return Ok(None) };
    let mut observations = Vec::with_capacity(inside.len());
    let mut needs = Vec::with_capacity(inside.len());
    let mut tenths: BTreeMap<u8, Part> = BTreeMap::new();
    let (mut ranked, mut unranked) = (Part { with: 0, of: 0 }, 0);
    for &(need, part) in inside {
        effort.tick(4)?;
        let Some(rank) = locality.areas()[locality.holder(need).area.ix()].deprivation_rank else {
            unranked += part.of;
            continue;
        };
        add(&mut ranked, part);
        add(tenths.entry(national_tenth(rank, index.areas_in_index)).or_insert(Part { with: 0, of: 0 }), part);
        let value = part.with as f64 / part.of as f64;
        observations.push(Observation { rank: rank.into(), weight: part.of as f64, value });
        needs.push(need);
    }
    if observations.is_empty() {
        return Ok(None);
    }
    let share = |(tenth, part): (u8, Part)| (tenth, GroupShare { part, disparity: disparity(part, ranked) });
    Ok(Some(ByDeprivation {
        concentration: concentration_index(&observations, effort)?,
        horizontal: horizontal(locality, &observations, &needs, effort)?,
        by_tenth: tenths.into_iter().map(share).collect(),
        unranked,
    }))
}

fn horizontal(
    locality: &Locality,
    observations: &[Observation],
    needs: &[NeedIx],
    effort: &Effort,
) -> Result<Option<Horizontal>, StopReason> {
    let of = |need: &NeedIx| &locality.needs()[need.ix()];
    let mut kinds: Vec<KindIx> = needs.iter().map(|need| of(need).kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut levels: Vec<Level> = needs.iter().map(|need| of(need).level).collect();
    levels.sort_unstable();
    levels.dedup();
    let Ok(mut indicators) = Indicators::new((kinds.len() + levels.len()) as u32) else { return Ok(None) };
    for need in needs {
        effort.tick(4)?;
        let need = of(need);
        // Each need's kind and level are among those gathered from the needs.
        let kind = kinds.partition_point(|&kind| kind < need.kind) as u32;
        let level = (kinds.len() + levels.partition_point(|&level| level < need.level)) as u32;
        if indicators.push([kind, level]).is_err() {
            return Ok(None);
        }
    }
    let inequity = horizontal_inequity(observations, &indicators, effort)?;
    Ok(inequity.map(|inequity| Horizontal { inequity, kinds, levels }))
}
