//! Nearest misses: for one need, the offers that could help its kind and may not or cannot take it, closest first.

use std::cmp::Ordering;

use super::facts::{NeedFacts, OfferFacts};
use super::profiles::Profiles;
use super::reach::{Beyond, OutOfReach, ReachVerdict, Reached, reach_facts};
use super::rules::{Answer, Refusal, Unknowing, Verdict, judge_facts, under_status, verdict_of_service};
use crate::domain::{AgeUnit, Locality, NeedIx, OfferIx, ServiceIx};

/// An offer of a fitting type that does not plainly let the need in or does not plainly reach it.
#[derive(Clone, Debug, PartialEq)]
pub struct Miss {
    pub offer: OfferIx,
    /// Every rule that says no.
    pub refusals: Vec<Refusal>,
    /// Everything that a rule needs and that is not known.
    pub unknowns: Vec<Unknowing>,
    pub reached: Reached,
}

impl Miss {
    /// Rules of eligibility that say no, and tests of reach that fail.
    pub fn broken_rules(&self) -> u32 {
        self.refusals.len() as u32 + broken_tests(&self.reached)
    }

    /// How much would have to give way: see [`relaxation_of_rule`] and [`relaxation_of_reach`].
    pub fn relaxation(&self) -> u64 {
        relaxation_of_rules(&self.refusals).saturating_add(relaxation_of_tests(&self.reached))
    }
}

/// How much a rule would have to give way, in thousandths of a step. To set unlike rules in one order a step is, by our
/// convention: a year of age, a level, a tag, an area, or the reach over again. Only the order is meant.
pub fn relaxation_of_rule(refusal: &Refusal) -> u64 {
    let thousandths = 1000 * refusal.by().map_or(1, u64::from);
    match refusal {
        Refusal::AgeBelow { unit: AgeUnit::Months, .. } | Refusal::AgeAbove { unit: AgeUnit::Months, .. } => {
            thousandths.div_ceil(12)
        }
        _ => thousandths,
    }
}

/// The same of reach, all its failed tests together.
pub fn relaxation_of_reach(out: OutOfReach) -> u64 {
    let distance = match out.distance {
        None => 0,
        Some(Beyond::NotListed) => 1000,
        // A float turned into a whole number saturates: a reach of 0 counts as infinitely exceeded.
        Some(Beyond::Over { distance, limit, .. }) => (1000.0 * (distance - limit) / limit).ceil() as u64,
    };
    distance.saturating_add(1000 * u64::from(out.not_covered))
}

/// The misses of one need: fewest broken rules first, then the smallest relaxation, then the distance (unknown last),
/// then the id. O(m log m) for m offers that fit its kind.
pub fn near_misses_of(locality: &Locality, profiles: &Profiles, need: &NeedFacts) -> Vec<Miss> {
    let mut misses: Vec<Miss> = profiles.fitting(need.kind).filter_map(|offer| miss(locality, need, offer)).collect();
    misses.sort_by_cached_key(|miss| Rank {
        broken_rules: miss.broken_rules(),
        relaxation: miss.relaxation(),
        distance: distance(&miss.reached),
        offer: miss.offer,
    });
    misses
}

/// The first of [`near_misses_of`], without the others. What a service says is asked once for all its offers, and services
/// that break more rules than the best offer so far are not looked into. O(fitting services + offers of those looked
/// into).
pub fn nearest_miss(locality: &Locality, profiles: &Profiles, need: NeedIx) -> Option<Miss> {
    let (facts, profile) = (NeedFacts::of(locality, need), profiles.of(need));
    let says = |service: ServiceIx| {
        let verdict = verdict_of_service(locality, &facts, &locality.services()[service.ix()]);
        let (broken_rules, relaxation) = match &verdict {
            Verdict::No { refusals, .. } => (refusals.len() as u32, relaxation_of_rules(refusals)),
            Verdict::Yes | Verdict::Unknown(_) => (0, 0),
        };
        (broken_rules, relaxation, service, verdict.answer())
    };
    let mut services: Vec<(u32, u64, ServiceIx, Answer)> = profiles.fitting_services(facts.kind).map(says).collect();
    services.sort_unstable_by_key(|&(broken_rules, relaxation, service, _)| (broken_rules, relaxation, service));
    let mut best: Option<Rank> = None;
    for (broken_rules, relaxation, service, answer) in services {
        // Reach only adds to both.
        if best.as_ref().is_some_and(|best| (best.broken_rules, best.relaxation) < (broken_rules, relaxation)) {
            break;
        }
        for &offer in profiles.offers_of(service) {
            let offer_facts = OfferFacts::of(locality, offer);
            let reached = profiles.reach(locality, profile, &facts, &offer_facts);
            let is_miss =
                under_status(answer, offer_facts.status) != Answer::Yes || reached.verdict != ReachVerdict::Yes;
            let rank = || Rank {
                broken_rules: broken_rules + broken_tests(&reached),
                relaxation: relaxation.saturating_add(relaxation_of_tests(&reached)),
                distance: distance(&reached),
                offer,
            };
            if is_miss {
                best = Some(best.map_or_else(rank, |best| best.min(rank())));
            }
        }
    }
    miss(locality, &facts, best?.offer)
}

fn broken_tests(reached: &Reached) -> u32 {
    match reached.verdict {
        ReachVerdict::No(out) => out.broken_tests(),
        ReachVerdict::Yes | ReachVerdict::Unknown(_) => 0,
    }
}

fn relaxation_of_tests(reached: &Reached) -> u64 {
    match reached.verdict {
        ReachVerdict::No(out) => relaxation_of_reach(out),
        ReachVerdict::Yes | ReachVerdict::Unknown(_) => 0,
    }
}

fn relaxation_of_rules(refusals: &[Refusal]) -> u64 {
    refusals.iter().map(relaxation_of_rule).fold(0, u64::saturating_add)
}

fn distance(reached: &Reached) -> f64 {
    reached.travelled.metres.or(reached.travelled.minutes).unwrap_or(f64::INFINITY)
}

fn miss(locality: &Locality, need: &NeedFacts, offer: OfferIx) -> Option<Miss> {
    let facts = OfferFacts::of(locality, offer);
    let reached = reach_facts(locality, need, &facts);
    let (refusals, unknowns) = match judge_facts(locality, need, &facts) {
        Verdict::Yes if reached.verdict == ReachVerdict::Yes => return None,
        Verdict::Yes => (Vec::new(), Vec::new()),
        Verdict::No { refusals, unknowns } => (refusals, unknowns),
        Verdict::Unknown(unknowns) => (Vec::new(), unknowns),
    };
    Some(Miss { offer, refusals, unknowns, reached })
}

/// Offers are sorted by id, so their positions stand for their ids.
#[derive(PartialEq)]
struct Rank {
    broken_rules: u32,
    relaxation: u64,
    distance: f64,
    offer: OfferIx,
}

impl Eq for Rank {}

impl Ord for Rank {
    fn cmp(&self, other: &Rank) -> Ordering {
        (self.broken_rules.cmp(&other.broken_rules))
            .then_with(|| self.relaxation.cmp(&other.relaxation))
            .then_with(|| self.distance.total_cmp(&other.distance))
            .then_with(|| self.offer.cmp(&other.offer))
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Rank) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::{near_misses_of, nearest_miss};
    use crate::domain::NeedIx;
    use crate::eligibility::facts::NeedFacts;
    use crate::eligibility::profiles::Profiles;
    use crate::eligibility::reach::ReachVerdict;
    use crate::eligibility::testing::{any_place, locality};

    proptest! {
        #[test]
        fn the_nearest_is_the_first_of_all(text in any_place()) {
            let place = locality(&text);
            let profiles = Profiles::build(&place);
            for need in (0..place.needs().len()).map(NeedIx::new) {
                let first = near_misses_of(&place, &profiles, &NeedFacts::of(&place, need)).into_iter().next();
                prop_assert_eq!(nearest_miss(&place, &profiles, need), first);
            }
        }
    }

    #[test]
    fn the_closest_miss_comes_first() {
        let place = locality(
            "area a at=0,0
             need n kind=k area=a age=4
             need other kind=l area=a age=4
             service open types=k
             service near types=k ages=5..11
             service far types=k ages=8..11
             service both types=k ages=5..11 levels=2-4
             service blank types=k ages=?..11
             service foreign types=l
             offer o1 service=both at=0,0 reach=any
             offer o2 service=far at=0,0 reach=any
             offer o3 service=near at=500,0 reach=any
             offer o4 service=near at=100,0 reach=any
             offer o5 service=near at=100,0 reach=any
             offer o6 service=open at=1200,0 reach=1000
             offer o7 service=open at=0,0 reach=any
             offer o8 service=blank at=0,0 reach=any
             offer o9 service=foreign at=0,0 reach=any",
        );
        let profiles = Profiles::build(&place);
        let misses = near_misses_of(&place, &profiles, &NeedFacts::of(&place, place.find_need("n").unwrap()));
        let lines: Vec<String> = misses
            .iter()
            .map(|miss| {
                let mut words = vec![place.offers()[miss.offer.ix()].id.to_string()];
                words.extend(miss.refusals.iter().map(ToString::to_string));
                words.extend(miss.unknowns.iter().map(ToString::to_string));
                if let ReachVerdict::No(out) = miss.reached.verdict {
                    words.push(out.to_string());
                }
                format!("{} {}", miss.relaxation(), words.join(", "))
            })
            .collect();
        assert_eq!(
            lines,
            [
                "0 o8, an age limit of the service is blank",
                "200 o6, 1.2 km away, 200 m beyond its reach",
                "1000 o4, takes no one below 5 years; the youngest is 4",
                "1000 o5, takes no one below 5 years; the youngest is 4",
                "1000 o3, takes no one below 5 years; the youngest is 4",
                "4000 o2, takes no one below 8 years; the youngest is 4",
                "2000 o1, takes no one below 5 years; the youngest is 4, takes level 2 and up; the need is level 1",
            ]
        );
    }
}
