//! A standing matching: an optimum that takes changes of single rows without starting over.
//!
//! A [`Standing`] is made from a solved [`Matching`] and follows the locality from revision to revision: each change of
//! a need, an offer or a decline becomes a few changes of the network, and each of those is repaired by cheapest
//! augmenting paths ([`solve::standing`](crate::solve::standing)), so that flow and prices are an exact optimum again.
//! What a change cannot be expressed in (another objective, a new group, a stage that appears or goes) is answered with
//! None: then the locality is solved afresh.

mod change;
mod groups;
mod terms;

use std::sync::Arc;

use self::terms::has_number;
use super::assignment::{Matching, StageResult, Status, WorthOf, named_change, named_worths, without_floors};
use super::formulate::stages::lacking;
use super::formulate::{Formulation, Skipped, StageMeaning};
use super::lottery::Lottery;
use crate::domain::policy::StageName;
use crate::domain::{DeclineWhat, DeclineWho, Id, Locality, NeedIx, OfferIx};
use crate::eligibility::{Declines, Profiles};
use crate::solve::standing::{Evidence, Standing as Optimum};
use crate::solve::{Effort, StopReason, worth};

/// The rows in which two localities differ. Whether a row was added, removed or altered, the localities themselves say:
/// an id that only one of them has was added or removed.
///
/// What is not listed here must be equal in both: areas, kinds, services, meets, travel and policy; a difference there
/// needs a fresh solve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// Needs of which anything differs: their row, their holder, or a receipt that names them (in any order; an id
    /// twice does no harm).
    pub needs: Vec<Id>,
    /// Offers of which anything differs (in any order).
    pub offers: Vec<Id>,
    /// Lines of declines.csv that only the locality after has, in its positions.
    pub declined: Vec<(DeclineWho, DeclineWhat)>,
    /// Lines of declines.csv that only the locality before has, in its positions.
    pub no_longer_declined: Vec<(DeclineWho, DeclineWhat)>,
}

/// Child-needs that ask for a place, over the areas that are inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetAndUnmet {
    pub met: u64,
    pub unmet: u64,
}

/// An optimal matching that takes changes. Cheap to clone: what is large and does not change is shared.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What it was made of: groups, providers and the skipped stages are read from it.
    first: Arc<Matching>,
    optimum: Optimum,
    /// For each need its source; [`NONE`] where it does not take part.
    sources: Arc<Vec<u32>>,
    /// For each offer its sink; [`NONE`] where it takes no part.
    sinks: Arc<Vec<u32>>,
    /// For each sink its offer; nothing where the offer is gone.
    offers: Arc<Vec<Option<OfferIx>>>,
    /// Children of each need that ask for a place.
    asking: Arc<Vec<Option<u64>>>,
    /// Units of each pool's members, its whole subtree.
    pool_units: Vec<u64>,
    stages: Vec<StageMeaning>,
}

/// Takes no part in the network.
const NONE: u32 = u32::MAX;

impl Standing {
    /// Takes up a matching of this locality. None where it is not an optimum with certifying prices (it was stopped, or
    /// a backend answered). O(pairs) in time, O(needs) in memory.
    pub fn of(locality: &Locality, _profiles: &Profiles, matching: Arc<Matching>) -> Option<Standing> {
        let Status::OptimalByPrices(prices) = &matching.status else { return None };
        let formulation = &matching.formulation;
        let optimum = Optimum::of(Arc::clone(&formulation.network), &matching.flow, prices)?;
        let mut sources = vec![NONE; locality.needs().len()];
        for (source, need) in formulation.needs.iter().enumerate() {
            sources[need.ix()] = source as u32;
        }
        let mut sinks = vec![NONE; locality.offers().len()];
        for (sink, offer) in formulation.offers.iter().enumerate() {
            sinks[offer.ix()] = sink as u32;
        }
        Some(Standing {
            optimum,
            sources: Arc::new(sources),
            sinks: Arc::new(sinks),
            offers: Arc::new(formulation.offers.iter().copied().map(Some).collect()),
            asking: Arc::new(matching.asking.clone()),
            pool_units: formulation.network.pool_holds(),
            stages: formulation.stages.clone(),
            first: matching,
        })
    }

    /// The standing matching of `after`, where this is the one of `before`. `profiles` and `declines` are those of
    /// `after`; `edits` must name every difference. None: the change reaches beyond what can be repaired, so solve
    /// afresh.
    ///
    /// Usually well under a millisecond for each need and for each offer with other places, plus O(needs + offers) where
    /// rows are added or removed, because positions shift. An offer that takes other needs than before is put to every
    /// need of its kinds.
    pub fn after(
        &self,
        before: &Locality,
        after: &Locality,
        profiles: &Profiles,
        declines: &Declines,
        edits: &Edits,
        effort: &Effort,
    ) -> Result<Option<Standing>, StopReason> {
        match change::after(self, change::Revisions { before, after, profiles, declines }, edits, effort) {
            Ok(standing) => Ok(Some(standing)),
            Err(change::NotRepaired::SolveAfresh) => Ok(None),
            Err(change::NotRepaired::Stopped(reason)) => Err(reason),
        }
    }

    /// The whole matching, with prices and the worths of all offers, as a solve of this locality would give it (but
    /// perhaps another one of equal value). O(pairs), and a solve of the need stage where there are floors.
    pub fn matching(&self, locality: &Locality, effort: &Effort) -> Result<Matching, StopReason> {
        let lottery = Lottery::new(&locality.policy().seed);
        let in_order = |ids: &mut dyn Iterator<Item = &Id>| lottery.order(ids);
        let needs: Vec<NeedIx> = in_order(&mut locality.needs().iter().map(|need| &need.id))
            .into_iter()
            .filter(|&need| self.asking[need].is_some_and(|children| 0 < children))
            .map(NeedIx::new)
            .collect();
        effort.look()?;
        let offers: Vec<OfferIx> = in_order(&mut locality.offers().iter().map(|offer| &offer.id))
            .into_iter()
            .filter(|&offer| self.sinks[offer] != NONE)
            .map(OfferIx::new)
            .collect();
        let sources: Vec<u32> = needs.iter().map(|need| self.sources[need.ix()]).collect();
        let sinks: Vec<u32> = offers.iter().map(|offer| self.sinks[offer.ix()]).collect();
        // Every change kept the network valid, and leaving out what has no units keeps it so.
        let evidence = self.optimum.evidence(&sources, &sinks);
        let Evidence { network, flow, prices } = evidence.expect("changes keep the network valid");
        effort.look()?;
        let network = Arc::new(network);
        let worths = worth::worths(&network, &flow, &prices, effort)?;
        let mut met = vec![0; locality.needs().len()];
        let mut used = vec![0; locality.offers().len()];
        for (source, need) in needs.iter().enumerate() {
            for (pair, units) in flow.within(network.pairs_of(source)) {
                met[need.ix()] += units;
                used[offers[network.sinks()[*pair as usize] as usize].ix()] += units;
            }
        }
        let mut formulation = Formulation {
            network,
            needs,
            offers,
            providers: self.first.formulation.providers.clone(),
            pools: self.first.formulation.pools.clone(),
            stages: self.stages.clone(),
            skipped: self.first.formulation.skipped.clone(),
        };
        formulation.skipped = skipped_now(locality, &formulation, effort)?;
        Ok(Matching {
            without_floors: without_floors(&formulation, effort),
            worths: Some(named_worths(&self.stages, &worths)),
            status: Status::OptimalByPrices(prices),
            backend: self.first.backend,
            objective: self.objective(),
            flow,
            met,
            asking: self.asking.to_vec(),
            used,
            formulation,
        })
    }

    /// The objective's stages with their values; at an optimum the bounds are equal to them.
    pub fn objective(&self) -> Vec<StageResult> {
        let stages = self.stages.iter().zip(self.optimum.values());
        let result = |(stage, cost): (&StageMeaning, i64)| {
            let value = stage.value(cost);
            Some(StageResult { name: stage.name?, value, bound: Some(value) })
        };
        stages.filter_map(result).collect()
    }

    /// Child-needs met and unmet, over the areas that are inside. O(needs).
    pub fn met_and_unmet(&self, locality: &Locality) -> MetAndUnmet {
        let mut totals = MetAndUnmet::default();
        let inside = |need: NeedIx| locality.areas()[locality.holder(need).area.ix()].inside;
        for need in (0..self.sources.len()).map(NeedIx::new).filter(|need| inside(*need)) {
            let met = self.met(need);
            totals.met += met;
            totals.unmet += self.asking[need.ix()].unwrap_or(0) - met;
        }
        totals
    }

    /// Children of a need that are placed. O(pairs of the need).
    pub fn met(&self, need: NeedIx) -> u64 {
        match self.sources[need.ix()] {
            NONE => 0,
            source => self.optimum.sent(source).iter().map(|(_, units)| units).sum(),
        }
    }

    /// Children placed in an offer; 0 where it takes no part.
    pub fn used(&self, offer: OfferIx) -> u64 {
        match self.sinks[offer.ix()] {
            NONE => 0,
            sink => self.optimum.taken(sink),
        }
    }

    /// What one place more and one less in an offer would change; None where it takes no part (its places are not
    /// known).
    pub fn worth(&self, offer: OfferIx, effort: &Effort) -> Result<Option<WorthOf>, StopReason> {
        match self.sinks[offer.ix()] {
            NONE => Ok(None),
            sink => Ok(named_worths(&self.stages, &[self.optimum.worth(sink, effort)?]).pop()),
        }
    }

    /// What one place less in an offer would change, for each named stage; None where there is no place to lose or it
    /// takes no part.
    pub fn loss(&self, offer: OfferIx, effort: &Effort) -> Result<Option<Vec<i64>>, StopReason> {
        match self.sinks[offer.ix()] {
            NONE => Ok(None),
            sink => Ok(named_change(&self.stages, &self.optimum.loss(sink, effort)?)),
        }
    }

    /// Where the children of a need are placed, rising by offer. O(pairs of the need).
    pub fn placements(&self, need: NeedIx) -> Vec<(OfferIx, u64)> {
        let source = self.sources[need.ix()];
        let sent = if source == NONE { Vec::new() } else { self.optimum.sent(source) };
        let mut placements: Vec<(OfferIx, u64)> =
            sent.into_iter().filter_map(|(sink, units)| Some((self.offers[sink as usize]?, units))).collect();
        placements.sort_unstable();
        placements
    }
}

/// The stages that are skipped, with the pairs counted anew. O(pairs) for each that is skipped for lack of numbers.
fn skipped_now(locality: &Locality, formulation: &Formulation, effort: &Effort) -> Result<Vec<Skipped>, StopReason> {
    let network = &formulation.network;
    let mut skipped = formulation.skipped.clone();
    for Skipped { stage, reason } in &mut skipped {
        if !matches!(stage, StageName::Effect | StageName::Travel | StageName::Cost) {
            continue;
        }
        let mut without = 0;
        for (source, need) in formulation.needs.iter().enumerate() {
            let pairs = network.pairs_of(source);
            effort.tick(pairs.len() as u64)?;
            let has = |sink: &&u32| has_number(locality, *stage, *need, formulation.offers[**sink as usize]);
            without += pairs.len() - network.sinks()[pairs].iter().filter(has).count();
        }
        *reason = lacking(*stage, without, network.n_pairs());
    }
    Ok(skipped)
}

#[cfg(test)]
mod tests;
