//! How many go unmet at least and at most, over everything that is not known.

use super::GapsError;
use super::most::{ByClass, Declined, Member, Places};
use super::optimum::NeedNetwork;
use crate::domain::policy::{GroupBy, ObjectiveMode, StageName};
use crate::domain::{Locality, Need, NeedIx, OfferIx, Supply};
use crate::eligibility::{Pairs, Profiles};
use crate::matching::formulate::pools::groupings;
use crate::matching::{
    Formulation, Matching, NotFormulated, Reading, Route, Scope, Status, Worths, asking, formulate, solve,
};
use crate::solve::{Effort, StopReason};

/// Unmet child-needs, inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnmetRange {
    /// Every unknown read in the children's favour.
    pub low: u64,
    /// The policy's own reading.
    pub unmet: u64,
    /// Every unknown read against them.
    pub high: u64,
}

/// Two further solves, left out where nothing is unknown, and two largest flows over classes where need alone decides how
/// many are met. Where `effort` stops them, what they have so far still bounds nothing, so the range is then as wide as
/// what is known: 0 to all child-needs.
pub fn unmet_range(
    locality: &Locality,
    profiles: &Profiles,
    pairs: Option<&Pairs>,
    matching: &Matching,
    route: Route,
    effort: &Effort,
) -> Result<UnmetRange, GapsError> {
    let unmet = unmet_inside(locality, matching);
    let Some(pairs) = pairs else {
        return Ok(UnmetRange { low: 0, unmet, high: asking_inside(locality, &matching.asking) });
    };
    if !anything_unknown(locality, pairs) {
        // A stopped run shows a placement that exists; that a better one leaves fewer unmet cannot be ruled out.
        let low = if matching.is_optimal() { unmet } else { 0 };
        return Ok(UnmetRange { low, unmet, high: unmet });
    }
    let decided = decided(locality, route);
    let members = match decided {
        Decided::Need => everyone(locality, pairs, effort).ok(),
        Decided::NeedThenInside | Decided::Everything => None,
    };
    let under = |reading| -> Result<u64, GapsError> {
        let asking = asking(locality, reading);
        let widest = if reading == Reading::Favourable { 0 } else { asking_inside(locality, &asking) };
        if let Some(members) = &members {
            return Ok(match fewest_unmet(locality, pairs, reading, members, &asking, effort) {
                Ok(unmet) => unmet,
                Err(NotFormulated::Refused(refused)) => return Err(refused.into()),
                Err(NotFormulated::Stopped(_)) => widest,
            });
        }
        let formulation = match formulate(locality, profiles, pairs, reading, Scope::WhoIsMet, effort) {
            Ok(formulation) => formulation,
            Err(NotFormulated::Refused(refused)) => return Err(refused.into()),
            Err(NotFormulated::Stopped(_)) => return Ok(widest),
        };
        if decided == Decided::NeedThenInside {
            return Ok(match fewest_unmet_inside(locality, &formulation, &asking, effort) {
                Ok(unmet) => unmet,
                Err(NotFormulated::Refused(refused)) => return Err(refused.into()),
                Err(NotFormulated::Stopped(_)) => widest,
            });
        }
        let solved = solve(locality, formulation, asking, route, effort, Worths::Leave)?;
        Ok(match solved.status {
            Status::Stopped(_) => widest,
            Status::OptimalByPrices(_) | Status::OptimalByBackend => unmet_inside(locality, &solved),
        })
    };
    let (favourable, adverse) = effort.both(|| under(Reading::Favourable), || under(Reading::Adverse));
    let (favourable, adverse) = (favourable?, adverse?);
    // A suppressed row with a lower bound asks for places in both readings and not in the policy's, which then is none
    // of those the range covers. Otherwise it is one, also where floors or holder limits make places not help.
    let policy = if asks_when_unknown(locality) { favourable } else { unmet };
    let (low, high) = (favourable.min(adverse).min(policy), favourable.max(adverse).max(policy));
    Ok(UnmetRange { low, unmet, high })
}

/// What settles how many go unmet inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decided {
    /// Every largest set by weight has as many, and that is the least there can be. Where need comes first, all limits lie
    /// behind the offers and everybody who asks is inside, those met are such a set of those who can be met together. In a
    /// matroid it is a basis, because every weight is above zero, and all bases have one size; what comes after need
    /// chooses among them.
    Need,
    /// As before, but some ask outside and evenness comes next: of all that need allows it takes what leaves fewest unmet
    /// inside. The numbers that can go unmet in each group inside are then an M-natural-convex set (Murota 2003), in which
    /// from whatever is not the least in sum some group can be lowered by one alone; and lowering one costs evenness less,
    /// because each further unmet child-need has a price above zero.
    NeedThenInside,
    Everything,
}

fn decided(locality: &Locality, route: Route) -> Decided {
    let policy = locality.policy();
    let (floors_by, _) = groupings(policy);
    let in_play = |stage: &StageName| match stage {
        StageName::Floors => floors_by != GroupBy::Nothing,
        StageName::Evenness => policy.objective.even_by != GroupBy::Nothing,
        // Where need is in the order these are not asked who is met.
        StageName::Effect | StageName::Travel | StageName::Cost | StageName::Blended => false,
        StageName::Need => true,
    };
    let mut order = policy.objective.order.iter().copied().filter(in_play);
    let plain = route == Route::Network
        && policy.objective.mode == ObjectiveMode::Lexicographic
        && order.next() == Some(StageName::Need)
        && floors_by == GroupBy::Nothing
        && policy.limits.placements_per_holder == 0;
    let all_inside = || locality.holders().iter().all(|holder| locality.areas()[holder.area.ix()].inside);
    match plain {
        true if all_inside() => Decided::Need,
        true if order.next() == Some(StageName::Evenness) => Decided::NeedThenInside,
        true | false => Decided::Everything,
    }
}

/// All needs, sorted by class.
fn everyone(locality: &Locality, pairs: &Pairs, effort: &Effort) -> Result<Vec<Member>, StopReason> {
    let needs = (0..locality.needs().len()).map(NeedIx::new);
    let mut members: Vec<Member> = needs.map(|need| (pairs.spots().class_of(need), need)).collect();
    effort.sort(&mut members)?;
    Ok(members)
}

/// Child-needs that go unmet where as many as can be are met.
fn fewest_unmet(
    locality: &Locality,
    pairs: &Pairs,
    reading: Reading,
    members: &[Member],
    asking: &[Option<u64>],
    effort: &Effort,
) -> Result<u64, NotFormulated> {
    let rows = ByClass {
        pairs,
        members,
        units: |need: NeedIx| asking[need.ix()].unwrap_or(0),
        admits: |grade| reading.admits(locality, grade),
        declined: Declined::IsNone,
        apart: &[],
    };
    let places = Places::of_each(locality, |offer| reading.room(locality, offer));
    let met = rows.asking(|_, _| {}, effort)?.most_met(&places, effort)?;
    let all = asking.iter().flatten().fold(0u64, |sum, &children| sum.saturating_add(children));
    Ok(all.saturating_sub(met))
}

/// Child-needs that go unmet inside where need is met first and then as many inside as can be.
fn fewest_unmet_inside(
    locality: &Locality,
    formulation: &Formulation,
    asking: &[Option<u64>],
    effort: &Effort,
) -> Result<u64, NotFormulated> {
    let best = NeedNetwork::of(locality, formulation, effort)?.as_it_is(effort)?;
    // Nobody is met who does not ask.
    Ok(asking_inside(locality, asking) - best.optimum.child_needs)
}

/// Unmet child-needs in the areas that are inside.
pub fn unmet_inside(locality: &Locality, matching: &Matching) -> u64 {
    (0..locality.needs().len())
        .map(|need| (NeedIx::new(need), matching.unmet(NeedIx::new(need))))
        // Most needs are met, and whether one is inside takes a look at its holder.
        .filter(|&(need, unmet)| 0 < unmet && locality.areas()[locality.holder(need).area.ix()].inside)
        .map(|(_, unmet)| unmet)
        .sum()
}

/// Child-needs that ask for a place in the areas that are inside.
fn asking_inside(locality: &Locality, asking: &[Option<u64>]) -> u64 {
    let inside = |need: NeedIx| locality.areas()[locality.holder(need).area.ix()].inside;
    (0..locality.needs().len()).map(NeedIx::new).filter(|&need| inside(need)).filter_map(|need| asking[need.ix()]).sum()
}

fn asks_when_unknown(locality: &Locality) -> bool {
    let bounded =
        |need: &Need| need.counts && need.children.known().is_none() && need.children_low.is_some_and(|low| 0 < low);
    locality.needs().iter().any(bounded)
}

/// Whether the readings of the unknown differ at all.
pub(super) fn anything_unknown(locality: &Locality, pairs: &Pairs) -> bool {
    let bounds = locality
        .needs()
        .iter()
        .any(|need| need.counts && (need.children_low.is_some() || need.children_high.is_some()));
    let places = (0..locality.offers().len()).any(|at| matches!(locality.supply(OfferIx::new(at)), Supply::Unknown(_)));
    bounds || places || 0 < pairs.counted().eligibility_unknown || 0 < pairs.counted().reach_unknown
}

#[cfg(test)]
mod tests;
