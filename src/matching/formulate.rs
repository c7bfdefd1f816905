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
pub(super) mod stages;

use std::collections::BTreeMap;

use super::groups::GroupKey;
use super::lottery::Lottery;
use super::reading::{Reading, Room, asking};
use crate::domain::policy::{GroupBy, ObjectiveMode, StageName};
use crate::domain::{HolderIx, Locality, NeedIx, OfferIx, ProviderIx};
use crate::eligibility::{Pair, Pairs, Profiles};
use crate::solve::{Limit, Network, NetworkParts, Source, Stage, Step};

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

/// Builds the network. O(pairs + needs log needs + child-needs' distinct evenness steps).
pub fn formulate(
    locality: &Locality,
    profiles: &Profiles,
    pairs: &Pairs,
    reading: Reading,
    scope: Scope,
) -> Result<Formulation, Refused> {
    let lottery = Lottery::new(&locality.policy().seed);
    let mut builder = Builder::new(locality, profiles, &lottery, reading);
    builder.limits();
    builder.arcs(pairs);
    let stages = match locality.policy().objective.mode {
        ObjectiveMode::Lexicographic => {
            builder.holders_and_groups();
            builder.lexicographic(scope)
        }
        ObjectiveMode::Blended => {
            builder.group_by(GroupBy::Nothing, GroupBy::Nothing);
            vec![builder.blended(reading)?]
        }
    };
    builder.finish(stages)
}

/// A pair of the network, with what the stages need to know of it.
struct Arc {
    need: NeedIx,
    offer: OfferIx,
    pair: Pair,
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
    arcs: Vec<Arc>,
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
    fn new(locality: &'a Locality, profiles: &'a Profiles, lottery: &'a Lottery, reading: Reading) -> Builder<'a> {
        let asking = asking(locality, reading);
        let needs: Vec<NeedIx> = lottery
            .order(locality.needs().iter().map(|need| &need.id))
            .into_iter()
            .filter(|&at| asking[at].is_some_and(|children| 0 < children))
            .map(NeedIx::new)
            .collect();
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
            arcs: Vec::new(),
            parts,
            skipped: Vec::new(),
            floors: FloorsPlan::default(),
            evenness: EvennessPlan::default(),
        }
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

    fn arcs(&mut self, pairs: &Pairs) {
        let mut sink_of = vec![None; self.locality.offers().len()];
        for (sink, offer) in self.offers.iter().enumerate() {
            sink_of[offer.ix()] = Some(sink as u32);
        }
        self.parts.starts.push(0);
        for &need in &self.needs {
            let from = self.arcs.len();
            for pair in pairs.of(need) {
                if self.reading.admits(self.locality, pair.grade) && sink_of[pair.offer.ix()].is_some() {
                    self.arcs.push(Arc { need, offer: pair.offer, pair });
                }
            }
            self.arcs[from..].sort_unstable_by_key(|arc| sink_of[arc.offer.ix()]);
            self.parts.starts.push(self.arcs.len());
        }
        self.parts.sinks = self.arcs.iter().filter_map(|arc| sink_of[arc.offer.ix()]).collect();
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
