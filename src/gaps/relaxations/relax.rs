//! One rule as it would become, and whom that opens to.

use super::votes::{Rule, RuleOfService};
use super::{OfferRule, Relaxed, ServiceRule, Standing};
use crate::domain::{AgeLimit, AgeUnit, AreaIx, Level, NeedIx, OfferIx, Reach, Service, TravelUnit};
use crate::eligibility::{Found, OfferFacts, Place};
use crate::gaps::optimum::NeedNetwork;
use crate::solve::{Effort, StopReason};

pub(super) struct Opened {
    pub(super) relaxed: Relaxed,
    pub(super) opens_to: u64,
    pub(super) opens_to_unmet: u64,
    /// Sources and sinks of the new pairs, in no order; None where there are more than there is room for.
    pub(super) pairs: Option<Vec<(u32, u32)>>,
}

/// Who could go where they cannot go today. O(profiles of the service's kinds + what its offers reach x log offers).
pub(super) fn open(
    standing: Standing,
    network: &NeedNetwork,
    rule: Rule,
    by: u64,
    room: u64,
    effort: &Effort,
) -> Result<Opened, StopReason> {
    let locality = standing.locality;
    let mut seen = Seen {
        standing,
        network,
        seen: vec![false; network.needs().len()],
        opens_to: 0,
        opens_to_unmet: 0,
        pairs: Some(Vec::new()),
        room,
    };
    let relaxed = match rule {
        Rule::Service(service, rule) => {
            let mut relaxed = locality.services()[service.ix()].clone();
            let rule = relax_service(&mut relaxed, rule, by, locality.about().ages);
            for &offer in standing.profiles.offers_of(service) {
                seen.look(offer, &OfferFacts { service: &relaxed, ..OfferFacts::of(locality, offer) }, effort)?;
            }
            Relaxed::Service { service, rule }
        }
        Rule::Reach(offer) => {
            let facts = OfferFacts::of(locality, offer);
            let to = match facts.unit() {
                TravelUnit::Metres => Reach::Metres(by as f64),
                TravelUnit::Minutes => Reach::Minutes(by as f64),
            };
            seen.look(offer, &OfferFacts { reach: to, ..facts }, effort)?;
            Relaxed::Offer { offer, rule: OfferRule::Reach { from: facts.reach, to } }
        }
        Rule::Covers(offer, area) => {
            let facts = OfferFacts::of(locality, offer);
            let covers: Vec<AreaIx> = facts.covers.iter().copied().chain([area]).collect();
            seen.look(offer, &OfferFacts { covers: &covers, ..facts }, effort)?;
            Relaxed::Offer { offer, rule: OfferRule::Covers { area } }
        }
    };
    let Seen { opens_to, opens_to_unmet, pairs, .. } = seen;
    Ok(Opened { relaxed, opens_to, opens_to_unmet, pairs })
}

/// Lets one rule give way by so much, and says how.
fn relax_service(service: &mut Service, rule: RuleOfService, by: u64, unit: AgeUnit) -> ServiceRule {
    // Ages end at 1440 months and levels at 4.
    let by = by.min(u64::from(u16::MAX)) as u16;
    match rule {
        RuleOfService::AgeMin => {
            let from = limit(service.ages.min);
            let to = from.saturating_sub(by);
            service.ages.min = AgeLimit::At(to);
            ServiceRule::AgeMin { from, to, unit }
        }
        RuleOfService::AgeMax => {
            let from = limit(service.ages.max);
            let to = from.saturating_add(by);
            service.ages.max = AgeLimit::At(to);
            ServiceRule::AgeMax { from, to, unit }
        }
        RuleOfService::LevelMin => {
            let from = service.levels.min;
            let to = level(u16::from(from.get()).saturating_sub(by), from);
            service.levels.min = to;
            ServiceRule::LevelMin { from, to }
        }
        RuleOfService::LevelMax => {
            let from = service.levels.max;
            let to = level(u16::from(from.get()).saturating_add(by), from);
            service.levels.max = to;
            ServiceRule::LevelMax { from, to }
        }
        RuleOfService::Requires(position) => ServiceRule::Requires { tag: service.requires.remove(position) },
        RuleOfService::Excludes(position) => ServiceRule::Excludes { tag: service.excludes.remove(position) },
    }
}

/// Only a limit refuses anyone, so there is one.
fn limit(limit: AgeLimit) -> u16 {
    match limit {
        AgeLimit::At(age) => age,
        AgeLimit::Any | AgeLimit::Unknown => 0,
    }
}

/// A need's own level, and so a level.
fn level(number: u16, otherwise: Level) -> Level {
    u8::try_from(number).ok().and_then(Level::new).unwrap_or(otherwise)
}

/// Whom the relaxed rule opens to, counted once however many offers do.
struct Seen<'a> {
    standing: Standing<'a>,
    network: &'a NeedNetwork<'a>,
    /// By source.
    seen: Vec<bool>,
    opens_to: u64,
    opens_to_unmet: u64,
    pairs: Option<Vec<(u32, u32)>>,
    room: u64,
}

impl Seen<'_> {
    /// What an offer of the relaxed rule takes that it does not take today.
    fn look(&mut self, offer: OfferIx, relaxed: &OfferFacts, effort: &Effort) -> Result<(), StopReason> {
        let Standing { locality, profiles, pairs, .. } = self.standing;
        let spots = pairs.spots();
        let unknown = locality.policy().unknown.eligibility;
        for Found { class, grade, .. } in spots.found_by_facts(locality, profiles, relaxed, effort)? {
            let needs = spots.needs_of(class);
            effort.tick(8 + needs.len() as u64)?;
            // Declines are of the need, and no rule that can be relaxed.
            let takes_today =
                || pairs.find(needs[0], offer).is_some_and(|pair| pair.grade.but_for_declines().admits(unknown));
            if !grade.admits(unknown) || takes_today() {
                continue;
            }
            for &need in needs {
                self.add(need, offer);
            }
        }
        Ok(())
    }

    fn add(&mut self, need: NeedIx, offer: OfferIx) {
        let Standing { locality, declines, matching, .. } = self.standing;
        let place = Place { service: locality.offers()[offer.ix()].service, offer: Some(offer) };
        let Some(source) = self.network.source_of(need) else { return };
        if declines.by_need(locality, need, place) {
            return;
        }
        let seen = &mut self.seen[source as usize];
        if !*seen && self.network.is_inside(source) {
            self.opens_to += matching.asking[need.ix()].unwrap_or(0);
            self.opens_to_unmet += matching.unmet(need);
        }
        *seen = true;
        if let (Some(pairs), Some(sink)) = (&mut self.pairs, self.network.sink_of(offer)) {
            if self.room <= pairs.len() as u64 {
                self.pairs = None;
            } else {
                pairs.push((source, sink));
            }
        }
    }
}
