//! How much of what is met and needed rests on something other than a count or a stated fact.
//!
//! The shares overlap: one child-need can rest on a default reach and on an assumed level, and is then in both.

use crate::domain::{Certainty, Locality, NeedIx, NeedOrigin, OfferIx, Supply};
use crate::eligibility::Pairs;
use crate::matching::Matching;
use crate::solve::{Effort, StopReason};

/// In child-needs that ask for a place, inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rests {
    pub child_needs: u64,
    /// Of all: estimated, by rates or by the bundle's own word.
    pub estimated: u64,
    /// Of all: it is not stated whether they are counted, administrative or estimated.
    pub certainty_not_stated: u64,
    pub met: u64,
    /// Of those met: in reach by the policy's default distance.
    pub met_by_default_reach: u64,
    /// Of those met: at services whose blank limits of level were read as 1 and 4.
    pub met_at_assumed_levels: u64,
    /// Of those met: where eligibility is not known and the policy reads it as yes.
    pub met_by_unknown_eligibility: u64,
    /// Of those met: at offers whose places are not known and which the policy gives some.
    pub met_at_unknown_places: u64,
    /// Of those met: at offers that do not say when their places were last updated.
    pub met_at_undated_places: u64,
}

/// O(needs + placements x log offers of a class).
pub fn rests(locality: &Locality, pairs: &Pairs, matching: &Matching, effort: &Effort) -> Result<Rests, StopReason> {
    let mut rests = Rests::default();
    let is_inside = |need: NeedIx| locality.areas()[locality.holder(need).area.ix()].inside;
    for (at, need) in locality.needs().iter().enumerate() {
        effort.tick(4)?;
        let asking = matching.asking[at].unwrap_or(0);
        if asking == 0 || !is_inside(NeedIx::new(at)) {
            continue;
        }
        rests.child_needs += asking;
        match (need.origin, need.certainty) {
            (NeedOrigin::Rate, _) | (_, Some(Certainty::Estimated)) => rests.estimated += asking,
            (NeedOrigin::Row, None) => rests.certainty_not_stated += asking,
            (NeedOrigin::Row, Some(Certainty::Counted | Certainty::Administrative)) => {}
        }
    }
    for (need, offer, children) in matching.placements() {
        effort.tick(16)?;
        if !is_inside(need) {
            continue;
        }
        rests.met += children;
        let also = |of: &mut u64, holds: bool| *of += if holds { children } else { 0 };
        also(&mut rests.met_at_assumed_levels, locality.service_of(offer).levels.assumed);
        also(&mut rests.met_at_unknown_places, is_unknown(locality, offer));
        also(&mut rests.met_at_undated_places, locality.offers()[offer.ix()].updated.is_none());
        if let Some(pair) = pairs.find(need, offer) {
            also(&mut rests.met_by_default_reach, pair.grade.default_reach());
            also(&mut rests.met_by_unknown_eligibility, pair.grade.eligibility_unknown());
        }
    }
    Ok(rests)
}

fn is_unknown(locality: &Locality, offer: OfferIx) -> bool {
    matches!(locality.supply(offer), Supply::Unknown(_))
}

#[cfg(test)]
mod tests;
