//! Retargeting, idle, volume: how much of the unmet need could be met with today's receipts in other hands, how much
//! more with the places that nobody uses, and what is left that only more places meet.
//!
//! F(c) is the most child-needs that places c can meet, every pair with a receipt today counting as an arc. With M met
//! today, U receipts at each offer and the offers' capacity:
//!
//! - retargeting = F(U) - M,
//! - idle = F(max(U, capacity)) - F(U),
//! - volume = needs - F(max(U, capacity)).
//!
//! Retargeting is an upper bound, because places interchange in it, and because those now served without measured need may
//! be well because they are served.

use std::collections::BTreeMap;

use super::Table;
use crate::domain::{AreaIx, DeclineWhat, Locality, NeedIx, OfferIx, Receipt, ReceiptNeed, ServiceIx};
use crate::eligibility::{Pair, Pairs, Profiles};
use crate::gaps::most::{Asking, ByClass, Declined, Member, Places, accessible};
use crate::gaps::received::{Received, service_of};
use crate::matching::NotFormulated;
use crate::solve::{Effort, Network, StopReason};

/// Of all child-needs inside. Children outside keep the places that they are known to have.
///
/// Where receipts leave something open (of which offer of a service they are, of which need, of how many), `low` and
/// `high` are two readings: retargeting is at least that of `low` and at most that of `high`, and volume the other way
/// round. In each reading the parts sum to the needs. A receipt that does not say of which need it is shows no pair; if it
/// were of a need that no rule lets in there, more could be met than `high` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retargeting {
    pub needs: u64,
    pub low: Parts,
    pub high: Parts,
}

/// In child-needs: met + retargeting + idle + volume = needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub met: u64,
    pub retargeting: u64,
    pub idle: u64,
    pub volume: u64,
}

impl Retargeting {
    pub fn is_exact(&self) -> bool {
        self.low == self.high
    }

    /// Least and greatest idle: each reading has one, but another may lie outside them.
    pub fn idle(&self) -> (u64, u64) {
        let today = |parts: &Parts| parts.met + parts.retargeting;
        let all = |parts: &Parts| today(parts) + parts.idle;
        (all(&self.low).saturating_sub(today(&self.high)), all(&self.high).saturating_sub(today(&self.low)))
    }
}

impl Parts {
    /// Each flow may use all that the one before it uses, so none carries less.
    fn of(needs: u64, met: u64, today: u64, all: u64) -> Parts {
        debug_assert!(today <= all && all <= needs, "{today} of today's places, {all} of all, {needs} in need");
        let (all, met) = (all.min(needs), met.min(today));
        Parts {
            met,
            retargeting: today - met,
            idle: all.saturating_sub(today),
            volume: needs.saturating_sub(all.max(today)),
        }
    }
}

/// `members` are the needs that count inside, sorted; `typed` is the sum of their tables.
pub(super) fn parts(
    locality: &Locality,
    profiles: &Profiles,
    pairs: &Pairs,
    received: &Received,
    members: &[Member],
    typed: &Table,
    effort: &Effort,
) -> Result<Retargeting, NotFormulated> {
    let used = Used::of(locality, profiles, received, effort)?;
    let ground = Ground { locality, profiles, pairs, received };
    let needs = typed.low.both + typed.low.need_only;
    let flows = |reading| -> Result<(u64, u64), NotFormulated> {
        let mut asking = used.asking(&ground, members, reading, effort)?;
        let today = asking.most_met(&used.today(reading), effort)?;
        let all = asking.most_met(&used.at_most(locality, reading), effort)?;
        Ok((today, all))
    };
    let most = || used.is_open().then(|| flows(Reading::Most)).transpose();
    let (least, most) = effort.both(|| flows(Reading::Least), most);
    let ((today, all), most) = (least?, most?);
    // Receipts of known needs are a flow themselves, even if of which offer they are is not known.
    let least = (today.max(typed.low.both), all.max(typed.low.both));
    let most = most.unwrap_or(least);
    Ok(Retargeting {
        needs,
        low: Parts::of(needs, typed.high.both, least.0, least.1),
        high: Parts::of(needs, typed.low.both, most.0, most.1),
    })
}

/// What the flows are read from.
struct Ground<'a> {
    locality: &'a Locality,
    profiles: &'a Profiles,
    pairs: &'a Pairs,
    received: &'a Received<'a>,
}

/// How what receipts leave open is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// It is no place at all.
    Least,
    /// It is a place wherever it could be.
    Most,
}

/// Receipts at an offer, or at a service whose offer is not known.
#[derive(Clone, Copy, Debug, Default)]
struct Receipts {
    inside: u64,
    /// By children who are known to live outside.
    outside: u64,
    /// There are more, and how many is not known.
    is_open: bool,
}

/// The places that receipts take up today.
struct Used {
    offers: Vec<Receipts>,
    /// Services that receipts name without an offer, other than those with one. They are sinks after the offers.
    services: BTreeMap<ServiceIx, OfService>,
}

struct OfService {
    sink: u32,
    /// The first of its offers. Without any, nobody else could have these places.
    offer: Option<OfferIx>,
    receipts: Receipts,
}

impl Used {
    /// O(receipts x log services).
    fn of(locality: &Locality, profiles: &Profiles, received: &Received, effort: &Effort) -> Result<Used, StopReason> {
        let mut offers = vec![Receipts::default(); locality.offers().len()];
        let mut services: BTreeMap<ServiceIx, OfService> = BTreeMap::new();
        for receipt in received.all() {
            effort.tick(2)?;
            let at = match sole_offer(profiles, receipt) {
                Some(offer) => &mut offers[offer.ix()],
                None => {
                    let service = service_of(locality, receipt);
                    let offer = profiles.offers_of(service).first().copied();
                    let new = || OfService { sink: 0, offer, receipts: Receipts::default() };
                    &mut services.entry(service).or_insert_with(new).receipts
                }
            };
            match receipt.children.known() {
                Some(children) if is_inside(locality, receipt) => at.inside = at.inside.saturating_add(children),
                Some(children) => at.outside = at.outside.saturating_add(children),
                None => at.is_open |= is_inside(locality, receipt),
            }
        }
        for (service, sink) in services.values_mut().zip(offers.len() as u32..) {
            service.sink = sink;
        }
        Ok(Used { offers, services })
    }

    /// Whether the two readings differ.
    fn is_open(&self) -> bool {
        let of_service = |of: &OfService| of.receipts.is_open || of.offer.is_some() && 0 < of.receipts.inside;
        self.offers.iter().any(|offer| offer.is_open) || self.services.values().any(of_service)
    }

    /// Who could be where: on pairs that may be given a place, and where receipts are today.
    fn asking(
        &self,
        ground: &Ground,
        members: &[Member],
        reading: Reading,
        effort: &Effort,
    ) -> Result<Asking, StopReason> {
        let Ground { locality, pairs, .. } = *ground;
        let sink_of_service: Vec<Option<u32>> = locality
            .offers()
            .iter()
            .map(|offer| self.services.get(&offer.service).filter(|of| of.offer.is_some()).map(|of| of.sink))
            .collect();
        let may_be_at = |offers: &[u32], services: &mut Vec<u32>| {
            if !self.services.is_empty() {
                services.extend(offers.iter().filter_map(|&offer| sink_of_service[offer as usize]));
                services.sort_unstable();
                services.dedup();
            }
        };
        let mut today = self.today_arcs(ground, members, reading, effort)?;
        effort.sort(&mut today)?;
        let mut apart: Vec<NeedIx> = today.iter().map(|&(need, _)| need).collect();
        apart.dedup();
        let rows = ByClass {
            pairs,
            members,
            units: |need: NeedIx| locality.needs()[need.ix()].children.known().unwrap_or(0),
            admits: |grade| accessible(locality, grade),
            declined: Declined::IsNone,
            apart: &apart,
        };
        let mut asking = rows.asking(may_be_at, effort)?;
        let (mut row, mut services) = (Vec::new(), Vec::new());
        for own in today.chunk_by(|one, next| one.0 == next.0) {
            let need = own[0].0;
            row.clear();
            row.extend(pairs.of(need).filter(|pair| admits(locality, pair)).map(|pair| pair.offer.ix() as u32));
            let (offers, sinks_of_services): (Vec<u32>, Vec<u32>) =
                own.iter().map(|&(_, sink)| sink).partition(|&sink| (sink as usize) < self.offers.len());
            row.extend(offers);
            services.clear();
            may_be_at(&row, &mut services);
            row.append(&mut services);
            row.extend(sinks_of_services);
            row.sort_unstable();
            row.dedup();
            effort.tick(8 * (1 + row.len()) as u64)?;
            asking.push(locality.needs()[need.ix()].children.known().unwrap_or(0), row.iter().copied());
        }
        Ok(asking)
    }

    /// Pairs with a receipt today that no place may be given on: need and sink. A receipt of a service may be of any of
    /// its offers, or of none in particular.
    fn today_arcs(
        &self,
        ground: &Ground,
        members: &[Member],
        reading: Reading,
        effort: &Effort,
    ) -> Result<Vec<(NeedIx, u32)>, StopReason> {
        let Ground { locality, profiles, pairs, received } = *ground;
        let mut arcs = Vec::new();
        for &(_, need) in members {
            effort.tick(4)?;
            let kind = locality.needs()[need.ix()].kind;
            for receipt in received.by(need) {
                let service = service_of(locality, receipt);
                let somebody = match receipt.children.known() {
                    Some(children) => 0 < children,
                    None => reading == Reading::Most,
                };
                if !somebody || !received.meets().fits(service, kind) {
                    continue;
                }
                let may_be_of = profiles.offers_of(service);
                match (sole_offer(profiles, receipt), self.services.get(&service), reading) {
                    (Some(offer), _, _) if pairs.find(need, offer).is_some_and(|pair| admits(locality, &pair)) => {}
                    (Some(offer), _, _) => arcs.push((need, offer.ix() as u32)),
                    (None, Some(of), Reading::Most) => {
                        effort.tick(may_be_of.len() as u64)?;
                        arcs.push((need, of.sink));
                        arcs.extend(may_be_of.iter().map(|offer| (need, offer.ix() as u32)));
                    }
                    (None, Some(of), Reading::Least) if of.offer.is_none() => arcs.push((need, of.sink)),
                    (None, _, _) => {}
                }
            }
        }
        Ok(arcs)
    }

    /// Places as many as receive today, and no limits: whoever receives is within them.
    fn today(&self, reading: Reading) -> Places {
        let of_offer = |used: &Receipts| used.places(reading);
        let of_service = |of: &OfService| match reading {
            Reading::Least if of.offer.is_some() => Some(0),
            Reading::Least | Reading::Most => of.receipts.places(reading),
        };
        let of: Vec<_> = self.offers.iter().map(of_offer).chain(self.services.values().map(of_service)).collect();
        Places { behind: vec![None; of.len()], of, limits: Vec::new() }
    }

    /// The same, or as many as there are where that is more; providers' limits likewise.
    fn at_most(&self, locality: &Locality, reading: Reading) -> Places {
        let today = self.today(reading);
        let Places { mut of, mut behind, mut limits } = Places::of_all(locality);
        let mut within: Vec<Option<u64>> = vec![Some(0); limits.len()];
        let mut outside: Vec<u64> = vec![0; limits.len()];
        // What receipts of a service add to its places at most. It is most where all are of one offer, and there only
        // what is beyond the offer's idle places adds any.
        let mut beyond: Vec<u64> = vec![0; self.services.len()];
        for (position, used) in self.offers.iter().enumerate() {
            let capacity = of[position].map(|places| places.saturating_sub(used.outside));
            of[position] = capacity.zip(today.of[position]).map(|(capacity, used)| capacity.max(used));
            let service = self.services.get(&locality.offers()[position].service);
            let of_service = service.map(|of| (of.sink as usize, today.of[of.sink as usize]));
            if let (Some((sink, Some(receipts))), Some(places)) = (of_service, of[position]) {
                let beyond = &mut beyond[sink - self.offers.len()];
                let idle = places - today.of[position].unwrap_or(places);
                *beyond = (*beyond).max(receipts.saturating_sub(idle));
            }
            if let Some(limit) = behind[position] {
                let limit = limit as usize;
                within[limit] = within[limit].zip(today.of[position]).map(|(sum, used)| sum.saturating_add(used));
                outside[limit] = outside[limit].saturating_add(used.outside);
            }
        }
        for (service, beyond) in self.services.values().zip(beyond) {
            let receipts = today.of[service.sink as usize];
            of.push(if service.offer.is_some() { receipts.map(|_| beyond) } else { receipts });
            if let Some(limit) = service.offer.and_then(|offer| behind[offer.ix()]) {
                let limit = limit as usize;
                within[limit] = within[limit].zip(receipts).map(|(sum, more)| sum.saturating_add(more));
            }
        }
        for ((limit, within), outside) in limits.iter_mut().zip(within).zip(outside) {
            // No flow is above the greatest sum, so that is no limit.
            *limit = within.map_or(Network::MOST, |within| limit.saturating_sub(outside).max(within));
        }
        behind.resize(of.len(), None);
        Places { of, behind, limits }
    }
}

impl Receipts {
    fn places(&self, reading: Reading) -> Option<u64> {
        (reading == Reading::Least || !self.is_open).then_some(self.inside)
    }
}

/// A place may be given on the pair.
fn admits(locality: &Locality, pair: &Pair) -> bool {
    accessible(locality, pair.grade) && !pair.grade.declined()
}

/// The offer that a receipt is of, where that is known.
fn sole_offer(profiles: &Profiles, receipt: &Receipt) -> Option<OfferIx> {
    match receipt.what {
        DeclineWhat::Offer(offer) => Some(offer),
        DeclineWhat::Service(service) => match profiles.offers_of(service) {
            &[offer] => Some(offer),
            _ => None,
        },
    }
}

/// Whoever is not known to live outside lives inside.
fn is_inside(locality: &Locality, receipt: &Receipt) -> bool {
    let holder = match receipt.need {
        ReceiptNeed::Need(need) => Some(locality.needs()[need.ix()].holder),
        ReceiptNeed::NoNeed | ReceiptNeed::NotKnown => receipt.holder,
    };
    let area: Option<AreaIx> = holder.map(|holder| locality.holders()[holder.ix()].area).or(receipt.area);
    area.is_none_or(|area| locality.areas()[area.ix()].inside)
}
