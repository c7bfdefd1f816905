//! Reach of one pair: yes, no with how far over, or unknown with why.
//!
//! All given tests must hold. The reach that applies is the offer's own, else the first policy rule that fits, else the
//! policy's default; the members of a cohort may fall under different rules, so what applies is a range of them. Distances
//! are tested unrounded, with `<=`.

use std::fmt;

use super::facts::{NeedFacts, OfferFacts};
use super::rules::Answer;
use crate::domain::{AgeBand, AreaIx, Coordinates, KindIx, Locality, NeedIx, OfferIx, Point, Reach, TravelUnit};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReachVerdict {
    Yes,
    No(OutOfReach),
    Unknown(ReachUnknown),
}

impl ReachVerdict {
    pub fn answer(&self) -> Answer {
        match self {
            ReachVerdict::Yes => Answer::Yes,
            ReachVerdict::No(_) => Answer::No,
            ReachVerdict::Unknown(_) => Answer::Unknown,
        }
    }
}

/// Every test of reach that failed; at least one did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutOfReach {
    /// The offer names its areas, and the need's area and its ancestors are not among them.
    pub not_covered: bool,
    pub distance: Option<Beyond>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Beyond {
    /// travel.csv leaves the pair out.
    NotListed,
    /// `limit < distance`, both unrounded. Where members fall under different limits, `limit` is the largest.
    Over { distance: f64, limit: f64, unit: TravelUnit },
}

impl OutOfReach {
    pub fn broken_tests(self) -> u32 {
        u32::from(self.not_covered) + u32::from(self.distance.is_some())
    }
}

impl fmt::Display for OutOfReach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.not_covered {
            f.write_str("does not cover the area")?;
        }
        match self.distance {
            None => Ok(()),
            Some(_) if self.not_covered => f.write_str("; "),
            Some(_) => Ok(()),
        }?;
        match self.distance {
            None => Ok(()),
            Some(Beyond::NotListed) => f.write_str("travel.csv lists no way there"),
            Some(Beyond::Over { distance, limit, unit: TravelUnit::Metres }) => {
                write!(f, "{} away, {} beyond its reach", length(distance), length((distance - limit).ceil()))
            }
            Some(Beyond::Over { distance, limit, unit: TravelUnit::Minutes }) => {
                write!(f, "{} minutes away, {} beyond its reach", tenths(distance), tenths(distance - limit))
            }
        }
    }
}

/// Metres below a kilometre, else kilometres to a tenth.
fn length(metres: f64) -> String {
    if metres < 1000.0 { format!("{metres:.0} m") } else { format!("{:.1} km", metres / 1000.0) }
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReachUnknown {
    /// A distance is tested and the need, or its area, has no point.
    NeedPoint,
    OfferPoint,
    BothPoints,
    /// The reach is in a unit in which distances here are not known. The check refuses such rows.
    OtherUnit,
    /// In reach for some ages only: `smallest < distance <= largest`.
    MembersDiffer {
        distance: f64,
        smallest: f64,
        largest: f64,
        unit: TravelUnit,
    },
}

impl fmt::Display for ReachUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReachUnknown::NeedPoint => "where the need is, is not known",
            ReachUnknown::OfferPoint => "where the offer is, is not known",
            ReachUnknown::BothPoints => "where the need and the offer are, is not known",
            ReachUnknown::OtherUnit => "the reach is in a unit that travel.csv lacks",
            ReachUnknown::MembersDiffer { .. } => "in reach for some of the ages only: split the need by age",
        })
    }
}

/// How far it is, as far as that is known, whether or not it is tested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Travelled {
    /// Unrounded.
    pub metres: Option<f64>,
    /// Unrounded.
    pub minutes: Option<f64>,
    /// The verdict rests on the policy's default reach, for some members at least.
    pub default_reach: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    pub verdict: ReachVerdict,
    pub travelled: Travelled,
}

/// Whether `offer` reaches `need`. O(areas of the offer x depth + reach rules + log travel).
pub fn reach(locality: &Locality, need: NeedIx, offer: OfferIx) -> Reached {
    reach_facts(locality, &NeedFacts::of(locality, need), &OfferFacts::of(locality, offer))
}

/// As [`reach`], for a need or an offer that need not be stored.
pub fn reach_facts(locality: &Locality, need: &NeedFacts, offer: &OfferFacts) -> Reached {
    reach_under(locality, need, offer, || policy_range(locality, offer.unit(), need.kind, need.ages))
}

/// The same, where what the policy gives the need is found by `policy`.
pub(super) fn reach_under(
    locality: &Locality,
    need: &NeedFacts,
    offer: &OfferFacts,
    policy: impl FnOnce() -> Range,
) -> Reached {
    let covered =
        offer.covers.is_empty() || locality.area_and_ancestors(need.area).any(|area| offer.covers.contains(&area));
    let gap = Gap::between(locality.about().coordinates, need.area, need.point, offer);
    let limit = match Own::of(offer) {
        Own::Untested => Limit::Untested,
        Own::OtherUnit => Limit::OtherUnit,
        Own::Within(limit) => Limit::Within(Range::own(limit)),
        Own::Policy => Limit::Within(policy()),
    };
    let known = gap.known();
    let travelled = match offer.unit() {
        TravelUnit::Metres => (known, None),
        TravelUnit::Minutes => (None, known),
    };
    Reached {
        verdict: verdict(covered, gap, limit, offer.unit()),
        travelled: Travelled {
            metres: travelled.0,
            minutes: travelled.1,
            default_reach: matches!(limit, Limit::Within(range) if range.rests_on_default),
        },
    }
}

/// Metres or minutes to the nearest whole one, half up. Past [`MOST`] it stays there (4 million kilometres).
pub fn rounded(number: f64) -> u32 {
    let whole = number.floor();
    // Not `(number + 0.5).floor()`: the sum rounds, and 0.49999999999999994 would come out as 1.
    let nearest = if 0.5 <= number - whole { whole + 1.0 } else { whole };
    nearest.clamp(0.0, f64::from(MOST)) as u32
}

/// The greatest number that [`rounded`] gives.
pub const MOST: u32 = u32::MAX - 1;

/// Kilometres begun and finished: the floor of unrounded metres / 1000.
pub fn whole_km(metres: f64) -> u32 {
    (metres / 1000.0).floor().clamp(0.0, f64::from(MOST / 1000)) as u32
}

/// How the offer itself, before the policy, says what it reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Own {
    /// `any`, or its areas alone decide.
    Untested,
    /// Blank: the policy decides, by the need's kind and ages.
    Policy,
    /// Unrounded, in [`OfferFacts::unit`].
    Within(f64),
    OtherUnit,
}

impl Own {
    pub(super) fn of(offer: &OfferFacts) -> Own {
        match (offer.reach, offer.unit()) {
            (Reach::Any, _) => Own::Untested,
            (Reach::Blank, _) if !offer.covers.is_empty() => Own::Untested,
            (Reach::Blank, _) => Own::Policy,
            (Reach::Metres(limit), TravelUnit::Metres) | (Reach::Minutes(limit), TravelUnit::Minutes) => {
                Own::Within(limit)
            }
            (Reach::Metres(_), TravelUnit::Minutes) | (Reach::Minutes(_), TravelUnit::Metres) => Own::OtherUnit,
        }
    }
}

/// The test of distance on one pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Limit {
    Untested,
    Within(Range),
    OtherUnit,
}

/// The reaches that apply to the members of a need, in the unit of distances here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) smallest: f64,
    /// Infinite where every listed pair is in reach.
    pub(super) largest: f64,
    /// For some members at least, the policy's default.
    pub(super) rests_on_default: bool,
}

impl Range {
    pub(super) fn own(limit: f64) -> Range {
        Range { smallest: limit, largest: limit, rests_on_default: false }
    }

    fn widen(&mut self, limit: f64) {
        self.smallest = self.smallest.min(limit);
        self.largest = self.largest.max(limit);
    }
}

/// The reaches that the policy gives the members of a need: for each age the first rule that fits, else the default.
/// A need without ages may have any. A rule that has no number in the unit in use says nothing and is passed over.
/// O(rules^2) at most, and O(rules) where no two rules cut the ages.
pub(super) fn policy_range(locality: &Locality, unit: TravelUnit, kind: KindIx, ages: Option<AgeBand>) -> Range {
    let reach = &locality.policy().reach;
    let mut range = Range { smallest: f64::INFINITY, largest: f64::NEG_INFINITY, rests_on_default: false };
    let all = (0, locality.about().ages.max_age());
    let mut open: Vec<(u16, u16)> = vec![ages.map_or(all, |ages| (ages.min(), ages.max()))];
    for rule in &reach.rules {
        let limit = match unit {
            TravelUnit::Metres => rule.metres,
            TravelUnit::Minutes => rule.minutes,
        };
        let Some(limit) = limit else { continue };
        if rule.kind.is_some_and(|of| of != kind) {
            continue;
        }
        let (from, to) = (rule.age_min.unwrap_or(0), rule.age_max.unwrap_or(u16::MAX));
        let mut left = Vec::new();
        for (min, max) in open {
            let (first, last) = (min.max(from), max.min(to));
            if last < first {
                left.push((min, max));
                continue;
            }
            range.widen(limit);
            if min < first {
                left.push((min, first - 1));
            }
            if last < max {
                left.push((last + 1, max));
            }
        }
        open = left;
    }
    if !open.is_empty() {
        range.rests_on_default = true;
        range.widen(match unit {
            TravelUnit::Metres => reach.metres,
            TravelUnit::Minutes => reach.minutes.unwrap_or(f64::INFINITY),
        });
    }
    range
}

/// The distance between a place and an offer, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Gap {
    Known(f64),
    NotListed,
    NeedPoint,
    OfferPoint,
    BothPoints,
}

impl Gap {
    /// O(log areas) with travel.csv, else O(1).
    pub(super) fn between(coordinates: Coordinates, area: AreaIx, point: Option<Point>, offer: &OfferFacts) -> Gap {
        if let Some(row) = offer.travel {
            return match row.areas.binary_search_by_key(&area, |&(area, _)| area) {
                Ok(at) => Gap::Known(row.areas[at].1),
                Err(_) => Gap::NotListed,
            };
        }
        match (point, offer.point) {
            (Some(from), Some(to)) => Gap::Known(coordinates.metres(from, to)),
            (None, Some(_)) => Gap::NeedPoint,
            (Some(_), None) => Gap::OfferPoint,
            (None, None) => Gap::BothPoints,
        }
    }

    pub(super) fn known(self) -> Option<f64> {
        match self {
            Gap::Known(number) => Some(number),
            Gap::NotListed | Gap::NeedPoint | Gap::OfferPoint | Gap::BothPoints => None,
        }
    }
}

/// Both tests together: any no wins, then any unknown.
pub(super) fn verdict(covered: bool, gap: Gap, limit: Limit, unit: TravelUnit) -> ReachVerdict {
    let by_distance = match (limit, gap) {
        (Limit::Untested, _) => ReachVerdict::Yes,
        (_, Gap::NotListed) => too_far(Beyond::NotListed),
        (Limit::OtherUnit, _) => ReachVerdict::Unknown(ReachUnknown::OtherUnit),
        (Limit::Within(_), Gap::NeedPoint) => ReachVerdict::Unknown(ReachUnknown::NeedPoint),
        (Limit::Within(_), Gap::OfferPoint) => ReachVerdict::Unknown(ReachUnknown::OfferPoint),
        (Limit::Within(_), Gap::BothPoints) => ReachVerdict::Unknown(ReachUnknown::BothPoints),
        (Limit::Within(range), Gap::Known(distance)) => {
            if distance <= range.smallest {
                ReachVerdict::Yes
            } else if distance <= range.largest {
                let Range { smallest, largest, .. } = range;
                ReachVerdict::Unknown(ReachUnknown::MembersDiffer { distance, smallest, largest, unit })
            } else {
                too_far(Beyond::Over { distance, limit: range.largest, unit })
            }
        }
    };
    match by_distance {
        by_distance if covered => by_distance,
        ReachVerdict::No(out) => ReachVerdict::No(OutOfReach { not_covered: true, ..out }),
        ReachVerdict::Yes | ReachVerdict::Unknown(_) => {
            ReachVerdict::No(OutOfReach { not_covered: true, distance: None })
        }
    }
}

fn too_far(beyond: Beyond) -> ReachVerdict {
    ReachVerdict::No(OutOfReach { not_covered: false, distance: Some(beyond) })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option::of;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{ReachVerdict, policy_range, reach, rounded, whole_km};
    use crate::domain::{AgeBand, TravelUnit};
    use crate::eligibility::testing::locality;

    /// What need `n` and offer `o` come to, in words.
    fn verdict(text: &str) -> String {
        let place = locality(&format!("{text}\nservice s types=k"));
        let reached = reach(&place, place.find_need("n").unwrap(), place.find_offer("o").unwrap());
        let words = match reached.verdict {
            ReachVerdict::Yes => "yes".to_owned(),
            ReachVerdict::No(out) => format!("no: {out}"),
            ReachVerdict::Unknown(why) => format!("unknown: {why}"),
        };
        if reached.travelled.default_reach { format!("{words} (by default)") } else { words }
    }

    fn check(cases: &[(&str, &str)]) {
        for &(text, wanted) in cases {
            assert_eq!(verdict(text), wanted, "{text}");
        }
    }

    #[test]
    fn the_offers_own_reach_includes_its_edge() {
        check(&[
            ("area a at=0,0\nneed n kind=k area=a\noffer o service=s at=3000,4000 reach=5000", "yes"),
            (
                "area a at=0,0\nneed n kind=k area=a\noffer o service=s at=3000,4000 reach=4999.9",
                "no: 5.0 km away, 1 m beyond its reach",
            ),
            ("area a at=0,0\nneed n kind=k area=a\noffer o service=s at=9e6,0 reach=any", "yes"),
        ]);
    }

    #[test]
    fn areas_cover_what_lies_below_them() {
        let base = "area d\narea w parent=d at=0,0\narea x at=0,0\nneed n kind=k area=w\n";
        let with = |offer: &str| verdict(&format!("{base}offer o service=s {offer}"));
        assert_eq!(with("covers=d"), "yes");
        assert_eq!(with("covers=x;w"), "yes");
        assert_eq!(with("covers=x"), "no: does not cover the area");
        assert_eq!(with("covers=x reach=any at=0,0"), "no: does not cover the area");
        assert_eq!(with("covers=d reach=any"), "yes");
        assert_eq!(with("covers=d at=2000,0 reach=1000"), "no: 2.0 km away, 1.0 km beyond its reach");
        assert_eq!(
            with("covers=x at=2000,0 reach=1000"),
            "no: does not cover the area; 2.0 km away, 1.0 km beyond its reach"
        );
        // No point is needed where no distance is tested, nor where the areas already say no.
        assert_eq!(with("covers=d reach=1000"), "unknown: where the offer is, is not known");
        assert_eq!(with("covers=x reach=1000"), "no: does not cover the area");
    }

    #[test]
    fn a_missing_point_leaves_only_a_distance_test_open() {
        check(&[
            (
                "area a\nneed n kind=k area=a\noffer o service=s at=0,0 reach=5",
                "unknown: where the need is, is not known",
            ),
            (
                "area a\nneed n kind=k area=a\noffer o service=s reach=5",
                "unknown: where the need and the offer are, is not known",
            ),
            ("area a\nneed n kind=k area=a\noffer o service=s reach=any", "yes"),
            ("area a\nneed n kind=k area=a at=1,1\noffer o service=s at=0,0 reach=5", "yes"),
        ]);
    }

    #[test]
    fn the_first_rule_that_fits_wins_and_members_may_differ() {
        let with = |need: &str, metres: u32| {
            verdict(&format!(
                "kind k
                 policy metres=9000
                 rule kind=k max=7 metres=3000
                 rule kind=k metres=5000 max=11
                 rule kind=other metres=1
                 area a at=0,0
                 need n area=a {need}
                 need m area=a kind=other
                 offer o service=s at={metres},0"
            ))
        };
        assert_eq!(with("kind=k age=7", 3000), "yes");
        assert_eq!(with("kind=k age=7", 3001), "no: 3.0 km away, 1 m beyond its reach");
        assert_eq!(with("kind=k age=8", 3001), "yes");
        assert_eq!(with("kind=k age=12", 9000), "yes (by default)");
        assert_eq!(with("kind=k ages=6-8", 3000), "yes");
        assert_eq!(with("kind=k ages=6-8", 3001), "unknown: in reach for some of the ages only: split the need by age");
        assert_eq!(with("kind=k ages=6-8", 5001), "no: 5.0 km away, 1 m beyond its reach");
        // Without an age it could be anyone.
        assert_eq!(
            with("kind=k", 8000),
            "unknown: in reach for some of the ages only: split the need by age (by default)"
        );
        assert_eq!(with("kind=other age=5", 2), "no: 2 m away, 1 m beyond its reach");
    }

    proptest! {
        /// Cutting the ages by the rules comes to the same as asking for each age.
        #[test]
        fn the_range_is_over_the_reach_at_each_age(
            rules in vec((of(0_u16..9), of(0_u16..9), 0_u32..2, of(1_u32..9)), 0..5),
            ages in of((0_u16..9, 0_u16..4)),
        ) {
            let line = |rule: &(Option<u16>, Option<u16>, u32, Option<u32>)| {
                let (min, max, kind, metres) = *rule;
                let word = |key: &str, number: Option<u32>| number.map_or(String::new(), |number| format!(" {key}={number}"));
                let ages = word("min", min.map(u32::from)) + &word("max", max.map(u32::from));
                format!("rule kind=k{kind}{ages}{}\n", word("metres", metres))
            };
            let lines: String = rules.iter().map(line).collect();
            let place = locality(&format!("kind k0\nkind k1\npolicy metres=100\n{lines}"));
            let kind = place.find_kind("k0").unwrap();
            let ages = ages.map(|(min, more)| AgeBand::new(min, min + more).unwrap());
            let reach_at = |age: u16| {
                let fits = |&&(min, max, kind, metres): &&(Option<u16>, Option<u16>, u32, Option<u32>)| {
                    kind == 0 && metres.is_some() && min.is_none_or(|min| min <= age) && max.is_none_or(|max| age <= max)
                };
                rules.iter().find(fits).and_then(|rule| rule.3).map(f64::from)
            };
            let (min, max) = ages.map_or((0, 120), |ages| (ages.min(), ages.max()));
            let reaches: Vec<f64> = (min..=max).map(|age| reach_at(age).unwrap_or(100.0)).collect();
            let range = policy_range(&place, TravelUnit::Metres, kind, ages);
            prop_assert_eq!(range.smallest, reaches.iter().copied().fold(f64::INFINITY, f64::min));
            prop_assert_eq!(range.largest, reaches.iter().copied().fold(0.0, f64::max));
            prop_assert_eq!(range.rests_on_default, (min..=max).any(|age| reach_at(age).is_none()));
        }
    }

    #[test]
    fn travel_times_replace_the_straight_line() {
        let with = |offer: &str, travel: &str| {
            verdict(&format!("area a at=0,0\nneed n kind=k area=a\noffer o service=s at=0,0 {offer}\n{travel}"))
        };
        assert_eq!(with("", "travel minutes a o 300"), "yes (by default)");
        assert_eq!(with("", "policy minutes=45\ntravel minutes a o 45"), "yes (by default)");
        assert_eq!(
            with("", "policy minutes=45\ntravel minutes a o 46"),
            "no: 46 minutes away, 1 beyond its reach (by default)"
        );
        assert_eq!(with("reach=30min", "travel minutes a o 30.5"), "no: 30.5 minutes away, 0.5 beyond its reach");
        assert_eq!(with("reach=30min", "travel minutes"), "no: travel.csv lists no way there");
        assert_eq!(with("reach=any", "travel minutes"), "yes");
        assert_eq!(with("covers=a", "travel metres"), "yes");
        assert_eq!(with("reach=700", "travel metres a o 800"), "no: 800 m away, 100 m beyond its reach");
        assert_eq!(with("reach=700", "travel minutes a o 1"), "unknown: the reach is in a unit that travel.csv lacks");
    }

    #[test]
    fn numbers_round_half_up_and_kilometres_down() {
        for (number, wanted) in
            [(0.0, 0), (0.499_999_999_999_999_94, 0), (0.5, 1), (1.5, 2), (2.5, 3), (999.6, 1000), (1e300, super::MOST)]
        {
            assert_eq!(rounded(number), wanted, "{number}");
        }
        for (metres, wanted) in [(0.0, 0), (999.999, 0), (1000.0, 1), (15_999.9, 15)] {
            assert_eq!(whole_km(metres), wanted, "{metres}");
        }
    }
}
