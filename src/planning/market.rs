//! A locality with its candidates, as numbers: the matcher's network with everything in it that could be had.
//!
//! - `places`: a lever whose steps add places to the offer's sink (or to its limit, where a wider rule shares them);
//! - `offer`: a sink of its own, with the whole capacity, open only if it is chosen; it lies behind its provider's limit;
//! - `widen`: a second entry to each offer concerned, open only if it is chosen, with the newly eligible pairs alone. The
//!   two entries share the offer's places through a limit behind both;
//! - `close`: the offer has no places if it is chosen, whatever else is bought there.
//!
//! Who may go where follows the same rules, reach and declines as the matching, the unknown read as the policy says.
//! Children outside the areas compete for places as they do there. Floors, evenness and costs of the policy are set aside:
//! a plan has an aim of its own.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::domain::{
    AgeLimit, Candidate, CandidateKind, DeclineWhat, Id, Locality, NeedIx, OfferIx, ProviderIx, Reach, Service, Unit,
};
use crate::eligibility::{Declines, OfferFacts, Pairs, Place, Profiles, TravelRow};
use crate::matching::{Formulation, NotFormulated, PoolKey, Reading, Refused, Scope, formulate};
use crate::solve::choose::{Choices, Effect, Lever, Node, Rule};
use crate::solve::{Effort, Limit, Network, NetworkParts, PairCosts, Source, Stage, StopReason};

/// What a sink stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkOf {
    Offer(OfferIx),
    /// The new offer of a candidate, by the candidate's position.
    New(usize),
    /// The second entry to an offer, for those whom a candidate lets in.
    Widened {
        candidate: usize,
        offer: OfferIx,
    },
}

/// Choices and what their parts stand for. Lever i is candidate i of the locality.
#[derive(Clone, Debug)]
pub struct Market {
    pub choices: Choices,
    /// The need behind each source.
    pub needs: Vec<NeedIx>,
    /// By sink.
    pub sinks: Vec<SinkOf>,
    /// The first so many sinks are offers that take part today.
    pub n_today: usize,
    /// The funds that candidates name, sorted; levers name them by position.
    pub funds: Vec<Id>,
}

/// Whether the network says how far each pair is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distances {
    /// Whole metres or minutes as a second stage: for the aims that ask for travel.
    Needed,
    /// The same where every pair has its number, else none.
    IfKnown,
}

/// Why there is nothing to choose from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMarket {
    #[error(
        "the policy limits placements per holder (limits.placements_per_holder), which a plan cannot hold to: set it to 0"
    )]
    LimitsPerHolder,
    #[error("how far it is from need {need} to {place} is not known, and the aim asks for travel")]
    NoDistance { need: String, place: String },
    #[error(
        "plan.travel_pence_per_km prices kilometres, and travel.csv is in minutes: give travel.csv in km, or set it to 0"
    )]
    TransportInMinutes,
    #[error("{0}")]
    TooLarge(String),
    #[error("stopped: {}", .0.as_str())]
    Stopped(StopReason),
}

impl From<StopReason> for NoMarket {
    fn from(reason: StopReason) -> NoMarket {
        NoMarket::Stopped(reason)
    }
}

impl From<NotFormulated> for NoMarket {
    fn from(not: NotFormulated) -> NoMarket {
        match not {
            NotFormulated::Stopped(reason) => NoMarket::Stopped(reason),
            NotFormulated::Refused(refused) => NoMarket::TooLarge(refused.to_string()),
        }
    }
}

/// A pair that candidates add: source, sink, and how far it is.
type Added = (u32, u32, Option<u32>);

impl Market {
    /// O(pairs + what candidates reach x log offers).
    pub fn of(
        locality: &Locality,
        profiles: &Profiles,
        pairs: &Pairs,
        distances: Distances,
        effort: &Effort,
    ) -> Result<Market, NoMarket> {
        let formulation = formulate(locality, profiles, pairs, Reading::Policy, Scope::WhoIsMet, effort)?;
        if formulation.pools.iter().any(|pool| matches!(pool, PoolKey::Holder(_))) {
            return Err(NoMarket::LimitsPerHolder);
        }
        let mut builder = Builder::new(locality, profiles, pairs, &formulation, effort);
        // Wider rules come last: by then it is known at which offers there can be places at all.
        let is_wider = |candidate: &Candidate| matches!(candidate.kind, CandidateKind::Widen { .. });
        for wider in [false, true] {
            let candidates = locality.candidates().iter().enumerate();
            for (at, candidate) in candidates.filter(|(_, candidate)| is_wider(candidate) == wider) {
                builder.levers[at] = builder.lever(at, candidate)?;
            }
        }
        builder.finish(distances)
    }
}

/// The funds that candidates name, each once, in the order of their ids.
pub fn funds(locality: &Locality) -> Vec<Id> {
    let mut funds: Vec<Id> = locality.candidates().iter().filter_map(|candidate| candidate.fund.clone()).collect();
    funds.sort_unstable();
    funds.dedup();
    funds
}

struct Builder<'a> {
    locality: &'a Locality,
    profiles: &'a Profiles,
    pairs: &'a Pairs,
    formulation: &'a Formulation,
    effort: &'a Effort<'a>,
    declines: Declines,
    /// By need; none where it does not ask.
    source_of: Vec<Option<u32>>,
    /// By offer; none where its places are not known, so that it takes no part unless places are bought.
    sink_of: Vec<Option<u32>>,
    sinks: Vec<SinkOf>,
    places: Vec<Option<u64>>,
    sink_limits: Vec<Option<u32>>,
    limits: Vec<Limit>,
    /// The limit behind all entries of an offer, where it has several.
    shared: BTreeMap<OfferIx, u32>,
    added: Vec<Added>,
    levers: Vec<Lever>,
    funds: Vec<Id>,
}

impl<'a> Builder<'a> {
    fn new(
        locality: &'a Locality,
        profiles: &'a Profiles,
        pairs: &'a Pairs,
        formulation: &'a Formulation,
        effort: &'a Effort<'a>,
    ) -> Builder<'a> {
        let network = &formulation.network;
        let mut source_of = vec![None; locality.needs().len()];
        for (need, source) in formulation.needs.iter().zip(0..) {
            source_of[need.ix()] = Some(source);
        }
        let mut sink_of = vec![None; locality.offers().len()];
        for (offer, sink) in formulation.offers.iter().zip(0..) {
            sink_of[offer.ix()] = Some(sink);
        }
        let funds = funds(locality);
        Builder {
            locality,
            profiles,
            pairs,
            formulation,
            effort,
            declines: Declines::of(locality),
            source_of,
            sink_of,
            sinks: formulation.offers.iter().map(|&offer| SinkOf::Offer(offer)).collect(),
            places: network.places().to_vec(),
            sink_limits: network.sink_limits().to_vec(),
            limits: network.limits().to_vec(),
            shared: BTreeMap::new(),
            added: Vec::new(),
            levers: vec![Lever::default(); locality.candidates().len()],
            funds,
        }
    }

    fn lever(&mut self, at: usize, candidate: &Candidate) -> Result<Lever, NoMarket> {
        let Candidate { id: _, kind, fixed_cost, cost_per_place, fund, .. } = candidate;
        let mut lever = Lever {
            most: 1,
            fixed_cost: *fixed_cost,
            cost_per_step: 0,
            // All funds that candidates name are listed.
            fund: fund.as_ref().and_then(|fund| self.funds.binary_search(fund).ok()).map(|at| at as u32),
            effects: Vec::new(),
        };
        match kind {
            CandidateKind::Places { offer, places_per_step, max_steps } => {
                let node = self.node(*offer)?;
                lever.most = u32::try_from(*max_steps).unwrap_or(u32::MAX);
                lever.cost_per_step = cost(*cost_per_place, *places_per_step);
                let places = places_per_step.saturating_mul(children_per_place(self.locality, *offer));
                lever.effects.push(Effect::Adds { node, places });
            }
            CandidateKind::Offer { service, point, area: _, capacity, reach, covers } => {
                let travel = self.locality.travel();
                let facts = OfferFacts {
                    service: &self.locality.services()[service.ix()],
                    status: None,
                    point: *point,
                    reach: *reach,
                    covers,
                    travel: travel.map(|travel| TravelRow { unit: travel.unit, areas: &travel.candidates[at] }),
                };
                let provider = facts.service.provider;
                let sink = self.sink(SinkOf::New(at), *capacity, self.limit_of(provider));
                self.reaches(sink, &facts, Place { service: *service, offer: None }, None)?;
                lever.cost_per_step = cost(*cost_per_place, capacity.unwrap_or(0));
                lever.effects.push(Effect::Opens(Node::Sink(sink)));
            }
            CandidateKind::Widen { what, age_min, age_max, level_min, level_max, reach, covers } => {
                let one;
                let offers = match what {
                    DeclineWhat::Service(service) => self.profiles.offers_of(*service),
                    DeclineWhat::Offer(offer) => {
                        one = [*offer];
                        &one
                    }
                };
                for &offer in offers {
                    // An offer whose places are not known has none to give to those whom a wider rule lets in.
                    if self.sink_of[offer.ix()].is_none() {
                        continue;
                    }
                    let own = OfferFacts::of(self.locality, offer);
                    let mut service: Service = own.service.clone();
                    service.ages.min = age_min.map_or(service.ages.min, AgeLimit::At);
                    service.ages.max = age_max.map_or(service.ages.max, AgeLimit::At);
                    service.levels.min = level_min.unwrap_or(service.levels.min);
                    service.levels.max = level_max.unwrap_or(service.levels.max);
                    let facts = OfferFacts {
                        service: &service,
                        reach: if *reach == Reach::Blank { own.reach } else { *reach },
                        covers: if covers.is_empty() { own.covers } else { covers },
                        ..own
                    };
                    let place = Place { service: self.locality.offers()[offer.ix()].service, offer: Some(offer) };
                    let shared = self.shared_limit(offer)?;
                    let sink = self.sink(SinkOf::Widened { candidate: at, offer }, None, Some(shared));
                    self.reaches(sink, &facts, place, Some(offer))?;
                    lever.effects.push(Effect::Opens(Node::Sink(sink)));
                }
            }
            CandidateKind::Close { offer } => {
                if self.sink_of[offer.ix()].is_some() {
                    let node = self.node(*offer)?;
                    lever.effects.push(Effect::Closes(node));
                }
            }
        }
        Ok(lever)
    }

    /// A sink more; its position.
    fn sink(&mut self, of: SinkOf, places: Option<u64>, limit: Option<u32>) -> u32 {
        self.sinks.push(of);
        self.places.push(places);
        self.sink_limits.push(limit);
        (self.sinks.len() - 1) as u32
    }

    fn limit_of(&self, provider: ProviderIx) -> Option<u32> {
        self.formulation.providers.iter().position(|&of| of == provider).map(|at| at as u32)
    }

    /// Where the places of an offer are counted: its sink, or the limit behind its entries. One whose places are not known
    /// becomes a sink without any, for the places that are bought are known.
    fn node(&mut self, offer: OfferIx) -> Result<Node, NoMarket> {
        if let Some(&limit) = self.shared.get(&offer) {
            return Ok(Node::Limit(limit));
        }
        Ok(Node::Sink(self.sink_for(offer)?))
    }

    fn sink_for(&mut self, offer: OfferIx) -> Result<u32, NoMarket> {
        if let Some(sink) = self.sink_of[offer.ix()] {
            return Ok(sink);
        }
        let facts = OfferFacts::of(self.locality, offer);
        let limit = self.limit_of(facts.service.provider);
        let sink = self.sink(SinkOf::Offer(offer), Some(0), limit);
        self.sink_of[offer.ix()] = Some(sink);
        let place = Place { service: self.locality.offers()[offer.ix()].service, offer: Some(offer) };
        self.reaches(sink, &facts, place, None)?;
        Ok(sink)
    }

    /// The limit behind all entries of an offer, which then holds its places. What has been bought there so far moves too.
    fn shared_limit(&mut self, offer: OfferIx) -> Result<u32, NoMarket> {
        if let Some(&limit) = self.shared.get(&offer) {
            return Ok(limit);
        }
        let sink = self.sink_for(offer)?;
        let parent = self.sink_limits[sink as usize];
        let at = self.limits.len() as u32;
        // Without an end of places there is nothing to share; as many as ask are as good as no end.
        let everyone: u64 = self.formulation.network.sources().iter().map(|source| source.units).sum();
        let capacity = self.places[sink as usize].take().unwrap_or(everyone);
        self.limits.push(Limit { capacity, parent });
        self.sink_limits[sink as usize] = Some(at);
        self.shared.insert(offer, at);
        let moved = |node: &mut Node| {
            if *node == Node::Sink(sink) {
                *node = Node::Limit(at);
            }
        };
        for effect in self.levers.iter_mut().flat_map(|lever| &mut lever.effects) {
            match effect {
                Effect::Adds { node, .. } | Effect::Opens(node) | Effect::Closes(node) => moved(node),
            }
        }
        Ok(at)
    }

    /// Adds the pairs of a place, but for those declined, and those that `but` has already.
    fn reaches(
        &mut self,
        sink: u32,
        facts: &OfferFacts<'_>,
        place: Place,
        but: Option<OfferIx>,
    ) -> Result<(), NoMarket> {
        let (locality, spots) = (self.locality, self.pairs.spots());
        for found in spots.found_by_facts(locality, self.profiles, facts, self.effort)? {
            if !Reading::Policy.admits(locality, found.grade) {
                continue;
            }
            for &need in spots.needs_of(found.class) {
                self.effort.tick(8)?;
                let Some(source) = self.source_of[need.ix()] else { continue };
                let is_there = but.is_some_and(|offer| self.has(source, offer));
                if !is_there && !self.declines.by_need(locality, need, place) {
                    self.added.push((source, sink, found.travel()));
                }
            }
        }
        Ok(())
    }

    /// Whether the matching's network has this pair. O(log offers of the need).
    fn has(&self, source: u32, offer: OfferIx) -> bool {
        let network = &self.formulation.network;
        let own = &network.sinks()[network.pairs_of(source as usize)];
        self.sink_of[offer.ix()].is_some_and(|sink| own.binary_search(&sink).is_ok())
    }

    fn finish(mut self, distances: Distances) -> Result<Market, NoMarket> {
        self.effort.sort(&mut self.added)?;
        let network = &self.formulation.network;
        let locality = self.locality;
        let mut starts = Vec::with_capacity(network.starts().len());
        let mut sinks = Vec::with_capacity(network.sinks().len() + self.added.len());
        let mut travel = Some(Vec::new());
        let mut rest = self.added.as_slice();
        starts.push(0);
        for (source, at) in (0..network.n_sources()).zip(0u32..) {
            let need = self.formulation.needs[source];
            let own = &network.sinks()[network.pairs_of(source)];
            // New sinks come after all others, so both parts rise and so does the whole.
            let n_added = rest.iter().take_while(|&&(of, _, _)| of == at).count();
            let (added, later) = rest.split_at(n_added);
            rest = later;
            self.effort.tick(1 + (own.len() + added.len()) as u64)?;
            sinks.extend_from_slice(own);
            sinks.extend(added.iter().map(|&(_, sink, _)| sink));
            starts.push(sinks.len());
            if let Some(all) = &mut travel {
                let far = own.iter().map(|&sink| {
                    let offer = self.formulation.offers[sink as usize];
                    (sink, self.pairs.find(need, offer).and_then(|pair| pair.travel))
                });
                let mut is_known = true;
                for (sink, far) in far.chain(added.iter().map(|&(_, sink, far)| (sink, far))) {
                    match far {
                        Some(far) => all.push(i64::from(far)),
                        None if distances == Distances::IfKnown => {
                            is_known = false;
                            break;
                        }
                        None => return Err(self.no_distance(need, sink)),
                    }
                }
                if !is_known {
                    travel = None;
                }
            }
        }
        let weights = self.formulation.needs.iter().map(|need| i64::from(locality.needs()[need.ix()].weight)).collect();
        let mut stages = vec![Stage { name: "need", unsent_cost: weights, ..Stage::default() }];
        if let Some(travel) = travel {
            stages.push(Stage {
                name: "travel",
                unsent_cost: vec![0; network.n_sources()],
                pair_cost: PairCosts::new(travel),
                ..Stage::default()
            });
        }
        let sources = network.sources().iter().map(|source| Source { units: source.units, pool: None }).collect();
        let too_large = |error: String| NoMarket::TooLarge(error);
        let rules = rules(locality.candidates());
        let n_today = self.formulation.offers.len();
        let Builder { sinks: meaning, places, sink_limits, limits, levers, funds, .. } = self;
        let parts =
            NetworkParts { sources, starts, sinks, places, sink_limits, limits, stages, ..NetworkParts::default() };
        let network =
            Network::new(parts).map_err(|error| too_large(Refused::TooLarge(error.to_string()).to_string()))?;
        let choices = Choices::new(network, levers, rules).map_err(|error| too_large(error.to_string()))?;
        Ok(Market { choices, needs: self.formulation.needs.clone(), sinks: meaning, n_today, funds })
    }

    fn no_distance(&self, need: NeedIx, sink: u32) -> NoMarket {
        let place = match self.sinks[sink as usize] {
            SinkOf::Offer(offer) | SinkOf::Widened { offer, .. } => self.locality.offers()[offer.ix()].id.to_string(),
            SinkOf::New(candidate) => self.locality.candidates()[candidate].id.to_string(),
        };
        NoMarket::NoDistance { need: self.locality.needs()[need.ix()].id.to_string(), place }
    }
}

/// Whole pence for so many places; the check keeps them in range.
fn cost(cost_per_place: i64, places: u64) -> i64 {
    i64::try_from(i128::from(cost_per_place) * i128::from(places)).unwrap_or(i64::MAX)
}

/// How many children a place bought at an offer takes in the period.
fn children_per_place(locality: &Locality, offer: OfferIx) -> u64 {
    let per_unit = match &locality.service_of(offer).unit {
        Unit::Child => 1,
        Unit::Other { children, .. } => children.unwrap_or(0),
    };
    locality.offers()[offer.ix()].turns.saturating_mul(per_unit)
}

/// The rules between candidates. A name is a candidate's, or a group's: those that name the same group in `together` are
/// chosen all or none, in `one_of` at most one of them; `after` a group means after any one of it.
fn rules(candidates: &[Candidate]) -> Vec<Rule> {
    let position: BTreeMap<&Id, u32> = candidates.iter().map(|candidate| &candidate.id).zip(0..).collect();
    let mut rules = Vec::new();
    let mut groups: [BTreeMap<&Id, Vec<u32>>; 2] = [BTreeMap::new(), BTreeMap::new()];
    let mut members: BTreeMap<&Id, Vec<u32>> = BTreeMap::new();
    for (candidate, at) in candidates.iter().zip(0u32..) {
        let links = [&candidate.together, &candidate.one_of];
        for (names, groups) in links.into_iter().zip(&mut groups) {
            for name in names {
                groups.entry(name).or_default().push(at);
                if !position.contains_key(name) {
                    members.entry(name).or_default().push(at);
                }
            }
        }
    }
    for (of, groups) in groups.into_iter().enumerate() {
        for (name, mut group) in groups {
            // Naming a candidate joins those who name it with it.
            group.extend(position.get(name));
            group.sort_unstable();
            group.dedup();
            if 1 < group.len() {
                rules.push(if of == 0 { Rule::Together(group) } else { Rule::OneOf(group) });
            }
        }
    }
    for (candidate, lever) in candidates.iter().zip(0u32..) {
        let (ids, of_groups): (Vec<&Id>, Vec<&Id>) =
            candidate.after.iter().partition(|name| position.contains_key(name));
        if !ids.is_empty() {
            rules.push(Rule::AfterAll { lever, others: ids.into_iter().map(|id| position[id]).collect() });
        }
        for group in of_groups {
            let mut others = members.get(group).cloned().unwrap_or_default();
            others.sort_unstable();
            others.dedup();
            rules.push(Rule::AfterAny { lever, others });
        }
    }
    rules
}
