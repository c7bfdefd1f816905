//! What a plan is asked for, in the words of the locality.

use super::cases::CaseOf;
use super::market::Market;
use crate::domain::{Locality, NeedIx};
use crate::gaps::{SplitBy, SplitKey};
use crate::solve::choose::{Floor, Route, Within};

/// A share in millionths, 0 to [`WHOLE`].
pub type Millionths = u32;

pub const WHOLE: Millionths = 1_000_000;

/// What is wanted, and what may be taken for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub aim: PlanAim,
    pub within: Within,
    /// One plan for all of these at once; none: for the need as it is recorded. Each counts the same.
    pub cases: Vec<CaseOf>,
    /// Points of the cost-coverage frontier; 0: none is drawn.
    pub frontier: u32,
    /// Enough when the plan is proved to lie within this share of the best, 0 to 1. 0: the best.
    pub gap: f64,
    /// Which solver chooses.
    pub route: Route,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanAim {
    /// Most weighted need met.
    MostNeed,
    /// The least cost at which these shares of child-needs are met.
    LeastCost(Vec<PlanFloor>),
    /// Among the plans with most weighted need met, the least travel.
    LeastTravel,
    /// Among the plans with most weighted need met, the one whose farthest child is nearest.
    LeastFarthest,
}

/// A least share of child-needs to be met: of all of them, of each part, or of one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanFloor {
    pub of: FloorOf,
    pub share: Millionths,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloorOf {
    All,
    Each(SplitBy),
    One(SplitBy, SplitKey),
}

/// What a floor of the solver stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloorMeaning {
    /// None: all.
    pub part: Option<(SplitBy, SplitKey)>,
    pub share: Millionths,
    /// Position among the cases that are planned for.
    pub case: usize,
    /// Child-needs that ask.
    pub child_needs: u64,
    /// Child-needs to be met: the share of them, rounded up.
    pub least: u64,
}

/// Floors over the sources of a market, for each of several cases with these units. The sources of case k stand k times
/// the number of sources further on. Only areas that are inside have a floor. O(cases x sources x floors, log parts).
pub(super) fn floors(
    locality: &Locality,
    market: &Market,
    wanted: &[PlanFloor],
    cases: &[&[u64]],
) -> (Vec<Floor>, Vec<FloorMeaning>) {
    let n = market.needs.len();
    let inside = |need: NeedIx| locality.areas()[locality.holder(need).area.ix()].inside;
    let mut floors = Vec::new();
    let mut meanings = Vec::new();
    for floor in wanted {
        for (case, units) in cases.iter().enumerate() {
            let mut parts: std::collections::BTreeMap<Option<SplitKey>, (Vec<u32>, u64)> = Default::default();
            for (source, &need) in market.needs.iter().enumerate().filter(|(_, need)| inside(**need)) {
                let key = match floor.of {
                    FloorOf::All => None,
                    FloorOf::Each(by) => match by.key(locality, need) {
                        Some(key) => Some(key),
                        None => continue,
                    },
                    FloorOf::One(by, only) => match by.key(locality, need) {
                        Some(key) if key == only => Some(key),
                        _ => continue,
                    },
                };
                let part = parts.entry(key).or_default();
                part.0.push((case * n + source) as u32);
                part.1 += units[source];
            }
            for (key, (sources, child_needs)) in parts {
                let least = (u128::from(child_needs) * u128::from(floor.share)).div_ceil(u128::from(WHOLE)) as u64;
                let by = match floor.of {
                    FloorOf::All => None,
                    FloorOf::Each(by) | FloorOf::One(by, _) => Some(by),
                };
                floors.push(Floor { sources, least });
                meanings.push(FloorMeaning { part: by.zip(key), share: floor.share, case, child_needs, least });
            }
        }
    }
    (floors, meanings)
}
