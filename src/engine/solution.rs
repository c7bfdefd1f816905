//! What is known of the optimum: the whole matching, or a standing one that took changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{Locality, NeedIx, OfferIx};
use crate::matching::{Matching, StageResult, Standing, Status, WorthOf};
use crate::solve::{Effort, StopReason};

/// An optimum, or the best that there was time for.
#[derive(Clone)]
pub enum Solution {
    Whole(Arc<Matching>),
    Standing(Arc<Standing>),
}

impl Solution {
    /// None: optimal.
    pub fn stopped(&self) -> Option<StopReason> {
        match self {
            Solution::Whole(matching) => match matching.status {
                Status::Stopped(reason) => Some(reason),
                Status::OptimalByPrices(_) | Status::OptimalByBackend => None,
            },
            Solution::Standing(_) => None,
        }
    }

    pub fn backend(&self) -> &'static str {
        match self {
            Solution::Whole(matching) => matching.backend,
            Solution::Standing(_) => "network",
        }
    }

    pub fn objective(&self) -> Vec<StageResult> {
        match self {
            Solution::Whole(matching) => matching.objective.clone(),
            Solution::Standing(standing) => standing.objective(),
        }
    }

    /// Children of a need that are placed.
    pub fn met(&self, need: NeedIx) -> u64 {
        match self {
            Solution::Whole(matching) => matching.met[need.ix()],
            Solution::Standing(standing) => standing.met(need),
        }
    }

    /// Children placed in an offer.
    pub fn used(&self, offer: OfferIx) -> u64 {
        match self {
            Solution::Whole(matching) => matching.used[offer.ix()],
            Solution::Standing(standing) => standing.used(offer),
        }
    }

    /// Everyone who is placed, by need, then offer. O(needs + pairs in use).
    pub fn placements(&self, locality: &Locality) -> Vec<(NeedIx, OfferIx, u64)> {
        match self {
            Solution::Whole(matching) => matching.sorted_placements(),
            Solution::Standing(standing) => (0..locality.needs().len())
                .map(NeedIx::new)
                .flat_map(|need| {
                    standing.placements(need).into_iter().map(move |(offer, children)| (need, offer, children))
                })
                .collect(),
        }
    }

    /// What one place more and one less in some offers would change, in the order of [`Solution::objective`]. An offer
    /// is left out where it takes no part; none is there where time or the backend left worths unknown.
    pub fn worths(
        &self,
        offers: impl IntoIterator<Item = OfferIx>,
        effort: &Effort,
    ) -> Option<BTreeMap<OfferIx, WorthOf>> {
        match self {
            Solution::Whole(matching) => {
                let worths = matching.worths.as_ref()?;
                let mut sink_of = vec![None; matching.used.len()];
                for (sink, offer) in matching.formulation.offers.iter().enumerate() {
                    sink_of[offer.ix()] = Some(sink);
                }
                let worth = |offer: OfferIx| Some((offer, worths[sink_of[offer.ix()]?].clone()));
                Some(offers.into_iter().filter_map(worth).collect())
            }
            Solution::Standing(standing) => of_each(offers, |offer| standing.worth(offer, effort)),
        }
    }

    /// What one place less in some offers would change, in the order of [`Solution::objective`]. An offer is left out
    /// where there is no place to lose or it takes no part; none is there where time or the backend left that unknown.
    pub fn losses(
        &self,
        offers: impl IntoIterator<Item = OfferIx>,
        effort: &Effort,
    ) -> Option<BTreeMap<OfferIx, Vec<i64>>> {
        match self {
            Solution::Whole(_) => {
                let worths = self.worths(offers, effort)?.into_iter();
                Some(worths.filter_map(|(offer, worth)| Some((offer, worth.one_less?))).collect())
            }
            Solution::Standing(standing) => of_each(offers, |offer| standing.loss(offer, effort)),
        }
    }
}

/// What is known of each offer; none where the time ended before.
fn of_each<T>(
    offers: impl IntoIterator<Item = OfferIx>,
    of: impl Fn(OfferIx) -> Result<Option<T>, StopReason>,
) -> Option<BTreeMap<OfferIx, T>> {
    let known = offers.into_iter().map(|offer| Ok((offer, of(offer)?)));
    let known: Result<Vec<(OfferIx, Option<T>)>, StopReason> = known.collect();
    Some(known.ok()?.into_iter().filter_map(|(offer, known)| Some((offer, known?))).collect())
}
