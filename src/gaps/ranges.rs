//! How many go unmet at least and at most, over everything that is not known.

use super::GapsError;
use crate::domain::{Locality, Need, NeedIx, OfferIx, Supply};
use crate::eligibility::{Pairs, Profiles};
use crate::matching::{Matching, NotFormulated, Reading, Route, Scope, Status, Worths, asking, formulate, solve};
use crate::solve::Effort;

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

/// Two further solves, left out where nothing is unknown. Where `effort` stops them, what they have so far still bounds
/// nothing, so the range is then as wide as what is known: 0 to all child-needs.
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
    let under = |reading| -> Result<u64, GapsError> {
        let asking = asking(locality, reading);
        let widest = if reading == Reading::Favourable { 0 } else { asking_inside(locality, &asking) };
        let formulation = match formulate(locality, profiles, pairs, reading, Scope::WhoIsMet, effort) {
            Ok(formulation) => formulation,
            Err(NotFormulated::Refused(refused)) => return Err(refused.into()),
            Err(NotFormulated::Stopped(_)) => return Ok(widest),
        };
        let solved = solve(locality, formulation, asking, route, effort, Worths::Leave)?;
        Ok(match solved.status {
            Status::Stopped(_) => widest,
            Status::OptimalByPrices(_) | Status::OptimalByBackend => unmet_inside(locality, &solved),
        })
    };
    let (favourable, adverse) = (under(Reading::Favourable)?, under(Reading::Adverse)?);
    // A suppressed row with a lower bound asks for places in both readings and not in the policy's, which then is none
    // of those the range covers. Otherwise it is one, also where floors or holder limits make places not help.
    let policy = if asks_when_unknown(locality) { favourable } else { unmet };
    let (low, high) = (favourable.min(adverse).min(policy), favourable.max(adverse).max(policy));
    Ok(UnmetRange { low, unmet, high })
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
