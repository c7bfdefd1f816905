//! Services and offers after the changes, and what names them: candidates, journeys, limits of providers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::orders::Orders;
use super::shift::{Origin, Shift, merged};
use super::told::Told;
use crate::domain::check::about::Terms;
use crate::domain::check::findings::{Findings, RowRef};
use crate::domain::check::meets::Meets;
use crate::domain::check::names::{Names, State};
use crate::domain::check::offers::{self, Ground, Offers};
use crate::domain::check::plans::{self, Candidates};
use crate::domain::check::services::{self, ServiceRow, Services};
use crate::domain::draft::Draft;
use crate::domain::ids::{Id, OfferIx, ProviderIx, ServiceIx};
use crate::domain::locality::{Candidate, CandidateKind, DeclineWhat, Locality, Offer, Service, Travel};
use crate::domain::policy::Policy;

pub(super) struct Supply<'a> {
    pub services: Services<'a>,
    pub offers: Offers<'a>,
    pub candidates: Candidates<'a>,
    pub travel: Option<Arc<Travel>>,
    pub service_shift: Shift,
    pub offer_shift: Shift,
}

/// What changes are read against.
pub(super) struct Reading<'r, 'a> {
    pub locality: &'a Locality,
    pub draft: &'a Draft,
    pub orders: &'r Orders,
    pub terms: &'r Terms,
}

impl<'a> Supply<'a> {
    pub fn after(
        reading: &Reading<'_, 'a>,
        ground: &Ground<'_, 'a>,
        findings: &mut Findings,
        told: &mut Told<'_>,
    ) -> Supply<'a> {
        let (locality, orders) = (reading.locality, reading.orders);
        let (services, service_shift) = services_after(reading, findings);
        refuse_gone_services(locality, orders, &service_shift, told);
        let (offers, offer_shift) = offers_after(reading, ground, &services, &service_shift, findings);
        let candidates = candidates_after(locality, orders, &service_shift, &offer_shift, told);
        refuse_ids_of_candidates(locality, orders, told);
        let travel = locality.parts().travel.as_ref().map(|travel| match &offer_shift {
            Shift::Same if offers.offers.len() == travel.offers.len() => travel.clone(),
            shift => Arc::new(travel_after(travel, shift, offers.offers.len())),
        });
        Supply { services, offers, candidates, travel, service_shift, offer_shift }
    }

    pub fn what(&self, what: DeclineWhat) -> Option<DeclineWhat> {
        what_after(what, &self.service_shift, &self.offer_shift)
    }

    /// The policy with its providers in their new positions.
    pub fn policy(&self, before: &Policy, reading: &Reading<'_, '_>, told: &mut Told<'_>) -> Policy {
        let mut policy = before.clone();
        let providers = reading.locality.providers();
        let shift = Shift::by_id(providers.iter(), self.services.providers.iter());
        if shift.is_same() {
            return policy;
        }
        for (provider, _) in &before.limits.provider_places {
            if shift.of(provider.ix()).is_none() {
                let name = providers[provider.ix()].as_str();
                let wanted = format!(
                    "another service of {name} to stay: limits.provider_places in policy.toml names this provider"
                );
                told.wrong_together(name, &wanted);
            }
        }
        let after = |&(provider, places): &(ProviderIx, u64)| Some((ProviderIx::new(shift.of(provider.ix())?), places));
        policy.limits.provider_places = before.limits.provider_places.iter().filter_map(after).collect();
        policy
    }

    /// Ids of the offers of which anything differs.
    pub fn differ(&self, locality: &Locality, orders: &Orders) -> Vec<Id> {
        let before = |id: &str| locality.find_offer(id).map(|offer| &locality.offers()[offer.ix()]);
        let after = |id: &str| self.offers.names.position(id).map(|at| &self.offers.offers[at]);
        let same = |before: &Offer, after: &Offer| {
            let service = self.service_shift.of(before.service.ix()).map(ServiceIx::new);
            service == Some(after.service) && Offer { service: after.service, ..before.clone() } == *after
        };
        let touched = orders.offers.set.keys().chain(orders.offers.removed.keys());
        let mut ids: Vec<Id> = touched
            .filter_map(|id| match (before(id), after(id)) {
                (Some(before), Some(after)) if same(before, after) => None,
                (before, after) => before.or(after).map(|offer| offer.id.clone()),
            })
            .collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// Whether anything of services differs: every need's pairs are read by them.
    pub fn is_wide(&self, locality: &Locality) -> bool {
        let Services { services, providers, types, meets, .. } = &self.services;
        services.as_slice() != locality.services()
            || providers != locality.providers()
            || types != locality.types()
            || meets != locality.meets()
    }
}

fn what_after(what: DeclineWhat, services: &Shift, offers: &Shift) -> Option<DeclineWhat> {
    match what {
        DeclineWhat::Service(service) => services.of(service.ix()).map(ServiceIx::new).map(DeclineWhat::Service),
        DeclineWhat::Offer(offer) => offers.of(offer.ix()).map(OfferIx::new).map(DeclineWhat::Offer),
    }
}

fn services_after<'a>(reading: &Reading<'_, 'a>, findings: &mut Findings) -> (Services<'a>, Shift) {
    let Reading { locality, draft, orders, terms } = *reading;
    if orders.services.is_empty() {
        return (Services::of_held(locality), Shift::Same);
    }
    let mut names = Names::new(services::NOUN, services::FILE);
    let mut rows = services::read_rows(draft, terms, &mut names, findings);
    for service in locality.services().iter().filter(|service| !orders.services.touches(service.id.as_str())) {
        // No new row has its id, or the order would touch it.
        let _ = names.claim(service.id.as_str(), RowRef::HELD);
        rows.push(ServiceRow {
            at: RowRef { file: services::FILE, row: RowRef::HELD },
            provider: locality.providers()[service.provider.ix()].clone(),
            types: service.types.iter().map(|of| locality.types()[of.ix()].id.clone()).collect(),
            service: service.clone(),
        });
    }
    let services = services::in_order(rows, names, Meets::of_held(locality), findings);
    let id = |service: &'a Service| &service.id;
    let before = locality.services().iter().map(id);
    let shift = Shift::by_id(before, services.services.iter().map(|service| &service.id));
    (services, shift)
}

/// Offers of a service that goes have to go as well.
fn refuse_gone_services(locality: &Locality, orders: &Orders, shift: &Shift, told: &mut Told<'_>) {
    let mut offers_of: BTreeMap<usize, Vec<&Id>> = BTreeMap::new();
    for offer in locality.offers() {
        if shift.of(offer.service.ix()).is_none() && !orders.offers.touches(offer.id.as_str()) {
            offers_of.entry(offer.service.ix()).or_default().push(&offer.id);
        }
    }
    for (service, offers) in offers_of {
        let id = locality.services()[service].id.as_str();
        // Where the row that replaces it cannot be read, that has been said.
        if let Some(&at) = orders.services.removed.get(id).filter(|_| !orders.services.set.contains_key(id)) {
            let wanted = format!("a service without offers: remove {} too", listed(&offers));
            told.wrong(at, "", id, &wanted);
        }
    }
}

fn offers_after<'a>(
    reading: &Reading<'_, 'a>,
    ground: &Ground<'_, 'a>,
    services: &Services<'a>,
    service_shift: &Shift,
    findings: &mut Findings,
) -> (Offers<'a>, Shift) {
    let Reading { locality, draft, orders, terms } = *reading;
    let held = RowRef { file: offers::FILE, row: RowRef::HELD };
    if orders.offers.is_empty() && service_shift.is_same() {
        let names = Names::of_held(offers::NOUN, offers::FILE, locality.offers().iter().map(|offer| &offer.id));
        let rows = vec![held; locality.offers().len()];
        return (Offers { names, offers: locality.parts().offers.clone(), rows }, Shift::Same);
    }
    let mut names = Names::new(offers::NOUN, offers::FILE);
    let mut new = offers::read_rows(draft, terms, ground, services, &mut names, findings);
    new.sort_by(|(one, _), (two, _)| one.id.cmp(&two.id));
    let stays = |offer: &Offer| !orders.offers.touches(offer.id.as_str());
    let stay = locality.offers().iter().enumerate().filter(|(_, offer)| stays(offer));
    let order = merged(stay.map(|(at, offer)| (at, &offer.id)), new.iter().map(|(offer, _)| &offer.id));
    let (mut after, mut rows) = (Vec::with_capacity(order.len()), Vec::with_capacity(order.len()));
    for from in order {
        match from {
            Origin::New(at) => {
                let (offer, row) = &new[at];
                after.push(offer.clone());
                rows.push(*row);
            }
            Origin::Held(at) => {
                let offer = &locality.offers()[at];
                // An offer whose service is gone has been refused.
                let Some(service) = service_shift.of(offer.service.ix()) else { continue };
                after.push(Offer { service: ServiceIx::new(service), ..offer.clone() });
                rows.push(held);
                let _ = names.claim(offer.id.as_str(), RowRef::HELD);
            }
        }
    }
    for (at, offer) in after.iter().enumerate() {
        names.settle(offer.id.as_str(), State::At(at));
    }
    let before = locality.offers().iter().map(|offer| &offer.id);
    let shift = Shift::by_id(before, after.iter().map(|offer| &offer.id));
    (Offers { names, offers: after.into(), rows }, shift)
}

/// Candidates with services and offers in their new positions. What they name cannot go: no change changes a candidate.
fn candidates_after<'a>(
    locality: &'a Locality,
    orders: &Orders,
    services: &Shift,
    offers: &Shift,
    told: &mut Told<'_>,
) -> Candidates<'a> {
    let names = Names::of_held("a candidate", plans::FILE, locality.candidates().iter().map(|candidate| &candidate.id));
    let mut after: Vec<Candidate> = Vec::with_capacity(locality.candidates().len());
    for candidate in locality.candidates() {
        let mut candidate = candidate.clone();
        let of_service = |at: ServiceIx| services.of(at.ix()).map(ServiceIx::new);
        let of_offer = |at: OfferIx| offers.of(at.ix()).map(OfferIx::new);
        let gone = match &mut candidate.kind {
            CandidateKind::Places { offer, .. } | CandidateKind::Close { offer } => {
                put(offer, of_offer(*offer)).map(DeclineWhat::Offer)
            }
            CandidateKind::Offer { service, .. } => put(service, of_service(*service)).map(DeclineWhat::Service),
            CandidateKind::Widen { what, .. } => put(what, what_after(*what, services, offers)),
        };
        let (of_table, id, otherwise) = match gone {
            None => {
                after.push(candidate);
                continue;
            }
            Some(DeclineWhat::Offer(offer)) => {
                (&orders.offers, &locality.offers()[offer.ix()].id, "; to close an offer, set its places to 0")
            }
            Some(DeclineWhat::Service(service)) => (&orders.services, &locality.services()[service.ix()].id, ""),
        };
        if let Some(&at) = of_table.removed.get(id.as_str()).filter(|_| !of_table.set.contains_key(id.as_str())) {
            let wanted = format!("one that no candidate names, and {} of candidates.csv does{otherwise}", candidate.id);
            told.wrong(at, "", id.as_str(), &wanted);
        }
    }
    let rows = vec![RowRef { file: plans::FILE, row: RowRef::HELD }; after.len()];
    Candidates { names, candidates: after, rows }
}

/// Puts the new position, or gives back the old one where there is none.
fn put<T: Copy>(position: &mut T, after: Option<T>) -> Option<T> {
    match after {
        Some(after) => {
            *position = after;
            None
        }
        None => Some(*position),
    }
}

/// A candidate that would be an offer shares the names of offers.
fn refuse_ids_of_candidates(locality: &Locality, orders: &Orders, told: &mut Told<'_>) {
    for candidate in locality.candidates() {
        let is_offer = matches!(candidate.kind, CandidateKind::Offer { .. });
        if let Some(order) = orders.offers.set.get(candidate.id.as_str()).filter(|_| is_offer) {
            let wanted = "another id: a candidate that would be an offer is called this";
            told.wrong(order.brought_by("offer"), "offer", candidate.id.as_str(), wanted);
        }
    }
}

/// Journeys by the new positions. Those to an offer that goes go with it; to a new offer there are none.
fn travel_after(travel: &Travel, shift: &Shift, n_offers: usize) -> Travel {
    let mut offers = vec![Vec::new(); n_offers];
    for (before, journeys) in travel.offers.iter().enumerate() {
        if let Some(after) = shift.of(before) {
            offers[after].clone_from(journeys);
        }
    }
    Travel { unit: travel.unit, offers, candidates: travel.candidates.clone() }
}

/// A few ids, and how many more.
pub(super) fn listed(ids: &[&Id]) -> String {
    const MOST: usize = 3;
    let first: Vec<&str> = ids.iter().take(MOST).map(|id| id.as_str()).collect();
    match ids.len().saturating_sub(MOST) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
