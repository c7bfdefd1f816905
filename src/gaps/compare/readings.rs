//! How much of each row goes unmet, over everything that the unknown and the choice among optima leave open.
//!
//! Three readings are held together: every unknown read in the children's favour, as the policy says, and against them;
//! and in each, least and most of every row over all matchings that meet the most weighted need
//! ([`extremes`](crate::gaps::extremes)). Rows compete for places, so a row could lie a little outside where unknowns are
//! read now for one and now for the other; the total could not.

use std::collections::BTreeMap;

use super::{Compared, Cut};
use crate::domain::{AreaIx, KindIx, Level, Locality};
use crate::gaps::extremes::{Extremes, MetRange};
use crate::gaps::ranges::anything_unknown;
use crate::gaps::tally::{self, Tallies, Tally};
use crate::gaps::{GapsError, extremes};
use crate::matching::{Matching, NotFormulated, Reading, Route, Scope, Status, Worths, asking, formulate, solve};
use crate::solve::{Effort, StopReason};

/// A row under one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OfRow {
    pub child_needs: u64,
    pub met: u64,
    pub met_least: u64,
    pub met_most: u64,
    /// Need rows without a number: in none of these.
    pub unknown_rows: u64,
}

/// Rows by cut and key, with their labels.
pub(super) type OfRows = BTreeMap<(Cut, String), OfRow>;

/// A locality's rows under the policy's own reading, and under the two that bound it where anything is unknown.
pub(super) struct Readings {
    pub policy: OfRows,
    pub others: Vec<OfRows>,
}

/// What kept the readings from being made.
pub(super) enum NotRead {
    Stopped(StopReason),
    Failed(GapsError),
}

impl From<StopReason> for NotRead {
    fn from(reason: StopReason) -> NotRead {
        NotRead::Stopped(reason)
    }
}

impl From<NotFormulated> for NotRead {
    fn from(not: NotFormulated) -> NotRead {
        match not {
            NotFormulated::Stopped(reason) => NotRead::Stopped(reason),
            NotFormulated::Refused(refused) => NotRead::Failed(refused.into()),
        }
    }
}

/// The policy's own matching is there; each other reading takes a solve. Each of the three takes another of the need
/// stage, and about as much for each row as it has to give or gain.
pub(super) fn readings(compared: &Compared<'_>, route: Route, effort: &Effort) -> Result<Readings, NotRead> {
    let Compared { locality, profiles, pairs, matching } = compared;
    if let Status::Stopped(reason) = matching.status {
        return Err(reason.into());
    }
    let pairs = pairs.as_ref().map_err(|&reason| reason)?;
    let policy = rows(locality, matching, effort)?;
    let mut others = Vec::new();
    if anything_unknown(locality, pairs) {
        for reading in [Reading::Favourable, Reading::Adverse] {
            let formulation = formulate(locality, profiles, pairs, reading, Scope::WhoIsMet, effort)?;
            let asking = asking(locality, reading);
            let matching = solve(locality, formulation, asking, route, effort, Worths::Leave)
                .map_err(|error| NotRead::Failed(error.into()))?;
            if let Status::Stopped(reason) = matching.status {
                return Err(reason.into());
            }
            others.push(rows(locality, &matching, effort)?);
        }
    }
    Ok(Readings { policy, others })
}

fn rows(locality: &Locality, matching: &Matching, effort: &Effort) -> Result<OfRows, NotRead> {
    let tallies = tally::tallies(locality, matching, effort);
    let extremes = extremes::of(locality, &matching.formulation, effort)?;
    let Tallies { all, by_kind, by_layer: _, by_level, by_age: _, by_area, by_group } = tallies;
    let Extremes { by_kind: kinds, by_layer: _, by_level: levels, by_age: _, by_area: areas, by_group: groups } =
        extremes;
    let total = total(locality, [sum(kinds.values()), sum(levels.values()), sum(areas.values())]);
    let mut rows = OfRows::from([((Cut::All, String::new()), row(&all, total.as_ref()))]);
    put(&mut rows, &by_kind, &kinds, |&kind: &KindIx| (Cut::Kind, locality.kinds()[kind.ix()].id.to_string()));
    put(&mut rows, &by_level, &levels, |level: &Level| (Cut::Level, level.to_string()));
    put(&mut rows, &by_area, &areas, |&area: &AreaIx| (Cut::Area, locality.areas()[area.ix()].id.to_string()));
    for ((column, by_group), groups) in locality.group_columns().iter().zip(&by_group).zip(&groups) {
        let value = |&value: &u32| (Cut::Group(column.name.clone()), column.values[value as usize].clone());
        put(&mut rows, by_group, groups, value);
    }
    Ok(rows)
}

/// How many are met in all does not hang on who they are where nothing but places limits who can be met. Where children
/// from outside take places too, or holders are limited, it may; then it lies within the sums over the rows of every cut.
fn total(locality: &Locality, sums: [MetRange; 3]) -> Option<MetRange> {
    let all_inside = locality.areas().iter().all(|area| area.inside);
    let is_settled = all_inside && locality.policy().limits.placements_per_holder == 0;
    let within = |one: MetRange, other: MetRange| MetRange {
        met_least: one.met_least.max(other.met_least),
        met_most: one.met_most.min(other.met_most),
    };
    sums.into_iter().reduce(within).filter(|_| !is_settled)
}

fn sum<'r>(ranges: impl Iterator<Item = &'r MetRange>) -> MetRange {
    ranges.fold(MetRange::default(), |sum, range| MetRange {
        met_least: sum.met_least + range.met_least,
        met_most: sum.met_most + range.met_most,
    })
}

fn put<K: Ord>(
    rows: &mut OfRows,
    tallies: &BTreeMap<K, Tally>,
    ranges: &BTreeMap<K, MetRange>,
    key: impl Fn(&K) -> (Cut, String),
) {
    rows.extend(tallies.iter().map(|(of, tally)| (key(of), row(tally, ranges.get(of)))));
}

/// What this matching meets is one of what optima meet, also where later stages or floors made it another than those of
/// the need stage alone.
fn row(tally: &Tally, range: Option<&MetRange>) -> OfRow {
    let Tally { child_needs, met, unknown_rows, .. } = *tally;
    let MetRange { met_least, met_most } = range.copied().unwrap_or(MetRange { met_least: met, met_most: met });
    OfRow {
        child_needs,
        met,
        met_least: met_least.min(met),
        met_most: met_most.max(met).min(child_needs),
        unknown_rows,
    }
}
