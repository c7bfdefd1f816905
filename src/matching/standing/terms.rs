//! A need as a source of the network: its pairs, and what a child costs on each of them in each stage.

use super::NONE;
use crate::domain::policy::StageName;
use crate::domain::{Locality, NeedIx, OfferIx, TravelUnit};
use crate::eligibility::{Declines, NeedFacts, OfferFacts, Pair, Place, Profiles, pairs_of_facts, reach_facts};
use crate::matching::formulate::StageMeaning;
use crate::matching::reading::Reading;
use crate::solve::standing::{PairParts, SourceParts};

/// What the numbers of a pair are read from.
pub(super) struct Terms<'a> {
    pub locality: &'a Locality,
    pub profiles: &'a Profiles,
    pub declines: &'a Declines,
    /// For each offer its sink.
    pub sinks: &'a [u32],
    pub stages: &'a [StageMeaning],
}

impl Terms<'_> {
    /// All of a need's source. None where a pair lacks a number that a stage needs: such a stage is skipped, or the
    /// objective refused. O(offers that fit the kind).
    pub fn source(&self, need: NeedIx, units: u64, pool: Option<u32>) -> Option<SourceParts> {
        let weight = i64::from(self.locality.needs()[need.ix()].weight);
        let unsent = |stage: &StageMeaning| if stage.name == Some(StageName::Need) { weight } else { 0 };
        let mut pairs = Vec::new();
        for pair in self.pairs(need) {
            let cost: Option<Vec<i64>> = self.stages.iter().map(|stage| self.cost(stage, need, &pair)).collect();
            pairs.push(PairParts { sink: self.sinks[pair.offer.ix()], cost: cost? });
        }
        pairs.sort_unstable_by_key(|pair| pair.sink);
        Some(SourceParts { units, pool, pairs, unsent_cost: self.stages.iter().map(unsent).collect() })
    }

    /// The pairs of a need on which a place may be given.
    fn pairs(&self, need: NeedIx) -> Vec<Pair> {
        let mut pairs =
            pairs_of_facts(self.locality, self.profiles, self.declines, &NeedFacts::of(self.locality, need));
        pairs.retain(|pair| {
            let place = Place { service: self.locality.offers()[pair.offer.ix()].service, offer: Some(pair.offer) };
            self.sinks[pair.offer.ix()] != NONE
                && Reading::Policy.admits(self.locality, pair.grade)
                && !self.declines.by_need(self.locality, need, place)
        });
        pairs
    }

    fn cost(&self, stage: &StageMeaning, need: NeedIx, pair: &Pair) -> Option<i64> {
        let row = &self.locality.needs()[need.ix()];
        let service = self.locality.service_of(pair.offer);
        match stage.name {
            None | Some(StageName::Floors | StageName::Need | StageName::Evenness) => Some(0),
            Some(StageName::Effect) => {
                let effect = self.profiles.effect(row.kind, self.locality.offers()[pair.offer.ix()].service);
                effect.map(|effect| -i64::from(effect))
            }
            Some(StageName::Travel) => pair.travel.map(i64::from),
            Some(StageName::Cost) => service.cost_per_place,
            Some(StageName::Blended) => {
                let objective = &self.locality.policy().objective;
                let minutes = self.locality.travel().is_some_and(|travel| travel.unit == TravelUnit::Minutes);
                let mut gain = i64::from(objective.met) * i64::from(row.weight);
                if objective.cost != 0 {
                    gain -= i64::from(objective.cost) * service.cost_per_place?;
                }
                if objective.km != 0 {
                    gain -= i64::from(objective.km) * i64::from(pair.whole_km.filter(|_| !minutes)?);
                }
                Some(-gain)
            }
        }
    }
}

/// Whether a pair has the number of a stage that prices pairs.
pub(super) fn has_number(locality: &Locality, stage: StageName, need: NeedIx, offer: OfferIx) -> bool {
    match stage {
        StageName::Effect => {
            let (kind, types) = (locality.needs()[need.ix()].kind, &locality.service_of(offer).types);
            let of_kind = locality.meets().partition_point(|meet| meet.kind < kind);
            let meets = locality.meets()[of_kind..].iter().take_while(|meet| meet.kind == kind);
            meets.filter(|meet| types.contains(&meet.service_type)).any(|meet| meet.effect.is_some())
        }
        StageName::Travel => {
            let travelled =
                reach_facts(locality, &NeedFacts::of(locality, need), &OfferFacts::of(locality, offer)).travelled;
            travelled.metres.or(travelled.minutes).is_some()
        }
        StageName::Cost => locality.service_of(offer).cost_per_place.is_some(),
        StageName::Floors | StageName::Need | StageName::Evenness | StageName::Blended => true,
    }
}
