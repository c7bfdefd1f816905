//! From a locality to a network: which needs, offers, limits and groups take part, and what each stage counts.
//!
//! Sources are needs and sinks are offers, both in the order of the lottery. Holder limits and group terms sit on the
//! unsent side (see [`Network`]): a holder that may take L placements for C wanted must leave C - L unsent; a floor is a
//! cost on unsent units past what the floor allows; evenness is a rising cost on each further unsent unit of a group.
//!
//! Evenness may leave ties between groups. A hidden stage right after it breaks them by the groups' lots: the minimisers
//! of a separable strictly convex function over the (M-convex) set of group totals form, up to a shift, the bases of a
//! matroid (Murota 2003), so distinct weights pick exactly one vector of totals. Later stages are thereby held to that
//! number met in each group, whichever solver runs.

pub mod pools;
mod rows;
pub(super) mod stages;

use std::collections::BTreeMap;

use super::groups::GroupKey;
use super::lottery::Lottery;
use super::reading::{Reading, Room, asking};
use crate::domain::policy::{GroupBy, ObjectiveMode, StageName};
use crate::domain::{HolderIx, Locality, NeedIx, OfferIx, ProviderIx};
use crate::eligibility::{Pairs, Profiles};
use crate::solve::{Effort, Limit, Network, NetworkParts, Source, Stage, Step, StopReason};

/// Which stages are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The whole objective.
    Everything,
    /// As far as it decides who is met: floors, need and evenness, where `need` is in the order at all.
    WhoIsMet,
}

/// A network and what its parts stand for.
#[derive(Clone, Debug)]
pub struct Formulation {
    /// Shared: it is by far the largest part, and a standing matching goes on from it.
    pub network: std::sync::Arc<Network>,
    /// The need behind each source.
    pub needs: Vec<NeedIx>,
    /// The offer behind each sink.
    pub offers: Vec<OfferIx>,
    /// The provider behind each limit.
    pub providers: Vec<ProviderIx>,
    pub pools: Vec<PoolKey>,
    /// Meaning of each of the network's stages.
    pub stages: Vec<StageMeaning>,
    pub skipped: Vec<Skipped>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKey {
    Group(GroupKey),
    Holder(HolderIx),
}

/// How a stage's least cost reads as the value that the design names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageMeaning {
    /// None: the hidden stage that breaks ties of evenness.
    pub name: Option<StageName>,
    /// value = total - cost for stages that are most, cost for those that are least.
    pub total: i64,
    pub most: bool,
}

impl StageMeaning {
    pub fn value(self, cost: i64) -> i64 {
        if self.most { self.total - cost } else { cost }
    }

    /// A change of cost as a change of value.
    pub fn change(self, cost: i64) -> i64 {
        if self.most { -cost } else { cost }
    }
}

/// A stage that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub stage: StageName,
    pub reason: String,
}

/// `blended` cannot be computed: a term whose factor is not zero has no number for some pair.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error(
        "objective.cost is not 0, but {pairs} pairs of need and offer have no cost_per_place: give it for service {service}, or set objective.cost = 0"
    )]
    NoCost { pairs: usize, service: String },
    #[error(
        "objective.km is not 0, but {pairs} pairs of need and offer have no distance in kilometres (first: need {need}, offer {offer}): give points or travel.csv in km, or set objective.km = 0"
    )]
    NoKilometres { pairs: usize, need: String, offer: String },
    #[error("{0}")]
    TooLarge(String),
}

/// Why there is no formulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFormulated {
    Refused(Refused),
    Stopped(StopReason),
}

impl From<Refused> for NotFormulated {
    fn from(refused: Refused) -> NotFormulated {
        NotFormulated::Refused(refused)
    }
}

impl From<StopReason> for NotFormulated {
    fn from(reason: StopReason) -> NotFormulated {
        NotFormulated::Stopped(reason)
    }
}

/// Builds the network, straight from the pairs and without a list of them in between: besides the network there is one
/// row of pairs in memory at a time. O(pairs x log offers of a need + needs log needs + child-needs' distinct evenness
/// steps), the pairs over the effort's threads.
pub fn formulate(
    locality: &Locality,
    profiles: &Profiles,
    pairs: &Pairs,
    reading: Reading,
    scope: Scope,
    effort: &Effort,
) -> Result<Formulation, NotFormulated> {
    let lottery = Lottery::new(&locality.policy().seed);
    let asking = asking(locality, reading);
    effort.look()?;
    let all = locality.needs();
    let takes_part = |at: &usize| asking[*at].is_some_and(|children| 0 < children);
    let needs = lottery.order_of(all.len(), |at| &all[at].id, takes_part, effort)?;
    let needs = needs.into_iter().map(NeedIx::new).collect();
    let mut builder = Builder::new(locality, profiles, &lottery, reading, needs, &asking);
    builder.limits();
    let mut terms = builder.rows(pairs, &pair_terms(locality, scope), effort)?;
    effort.look()?;
    let stages = builder.stages(scope, &mut terms)?;
    effort.look()?;
    Ok(builder.finish(stages)?)
}

/// The network of an answer that must be given before its pairs are known: everyone asks, and there is no pair.
/// O(needs).
pub fn without_pairs(locality: &Locality, profiles: &Profiles) -> Result<Formulation, Refused> {
    let lottery = Lottery::new(&locality.policy().seed);
    let asking = asking(locality, Reading::Policy);
    let takes_part = |need: &NeedIx| asking[need.ix()].is_some_and(|children| 0 < children);
    // Nobody is placed, so nobody draws a lot.
    let needs = (0..locality.needs().len()).map(NeedIx::new).filter(takes_part).collect();
    let mut builder = Builder::new(locality, profiles, &lottery, Reading::Policy, needs, &asking);
    builder.limits();
    builder.parts.starts = vec![0; builder.needs.len() + 1];
    let stages = builder.stages(Scope::Everything, &mut [])?;
    builder.finish(stages)
}

/// The stages that price single pairs.
fn pair_terms(locality: &Locality, scope: Scope) -> Vec<StageName> {
    let objective = &locality.policy().objective;
    match objective.mode {
        ObjectiveMode::Blended => vec![StageName::Blended],
        ObjectiveMode::Lexicographic if scope == Scope::WhoIsMet && objective.order.contains(&StageName::Need) => {
            Vec::new()
        }
        ObjectiveMode::Lexicographic => {
            let prices = |name: &StageName| matches!(name, StageName::Effect | StageName::Travel | StageName::Cost);
            objective.order.iter().copied().filter(prices).collect()
        }
    }
}

struct Builder<'a> {
    locality: &'a Locality,
    profiles: &'a Profiles,
    lottery: &'a Lottery,
    reading: Reading,
    needs: Vec<NeedIx>,
    offers: Vec<OfferIx>,
    providers: Vec<ProviderIx>,
    pools: Vec<PoolKey>,
    parts: NetworkParts,
    skipped: Vec<Skipped>,
    /// For each pool that is a group: the stages' steps.
    floors: FloorsPlan,
    evenness: EvennessPlan,
}

/// Where the floors sit: on pools, or on side groups where they do not nest with evenness.
#[derive(Default)]
struct FloorsPlan {
    /// Pool or side position, and the steps.
    pools: Vec<(usize, Vec<Step>)>,
    active: bool,
}

#[derive(Default)]
struct EvennessPlan {
    pools: Vec<usize>,
    /// The groupings cross: evenness sits on side groups with these keys.
    side: Vec<GroupKey>,
}

impl<'a> Builder<'a> {
    fn new(
        locality: &'a Locality,
        profiles: &'a Profiles,
        lottery: &'a Lottery,
        reading: Reading,
        needs: Vec<NeedIx>,
        asking: &[Option<u64>],
    ) -> Builder<'a> {
        let mut offers = Vec::new();
        let mut places = Vec::new();
        for at in lottery.order(locality.offers().iter().map(|offer| &offer.id)) {
            let room = reading.room(locality, OfferIx::new(at));
            if room != Room::NotKnown {
                offers.push(OfferIx::new(at));
                places.push(room.places());
            }
        }
        let sources = needs.iter().map(|need| Source { units: asking[need.ix()].unwrap_or(0), pool: None }).collect();
        let parts = NetworkParts { sources, places, ..NetworkParts::default() };
        Builder {
            locality,
            profiles,
            lottery,
            reading,
            needs,
            offers,
            providers: Vec::new(),
            pools: Vec::new(),
            parts,
            skipped: Vec::new(),
            floors: FloorsPlan::default(),
            evenness: EvennessPlan::default(),
        }
    }

    fn stages(
        &mut self,
        scope: Scope,
        terms: &mut [(StageName, rows::Term)],
    ) -> Result<Vec<(StageMeaning, Stage)>, Refused> {
        Ok(match self.locality.policy().objective.mode {
            ObjectiveMode::Lexicographic => {
                self.holders_and_groups();
                self.lexicographic(scope, terms)
            }
            ObjectiveMode::Blended => {
                self.group_by(GroupBy::Nothing, GroupBy::Nothing);
                vec![self.blended(terms)?]
            }
        })
    }

    /// Limits of providers behind their offers.
    fn limits(&mut self) {
        let mut position = BTreeMap::new();
        for &(provider, capacity) in &self.locality.policy().limits.provider_places {
            position.insert(provider, self.providers.len() as u32);
            self.providers.push(provider);
            self.parts.limits.push(Limit { capacity, parent: None });
        }
        self.parts.sink_limits =
            self.offers.iter().map(|&offer| position.get(&self.locality.service_of(offer).provider).copied()).collect();
    }

    fn finish(mut self, stages: Vec<(StageMeaning, Stage)>) -> Result<Formulation, Refused> {
        let (meanings, stages) = stages.into_iter().unzip();
        self.parts.stages = stages;
        // What can fail here is the size of sums, which the check bounds for known numbers; bounds of suppressed ones
        // and places assumed by policy come on top.
        let network = Network::new(self.parts).map_err(|error| Refused::TooLarge(error.to_string()))?;
        Ok(Formulation {
            network: std::sync::Arc::new(network),
            needs: self.needs,
            offers: self.offers,
            providers: self.providers,
            pools: self.pools,
            stages: meanings,
            skipped: self.skipped,
        })
    }
}
