//! How needs, offers and providers hang together: what is independent, what rests on one provider, and which layers are
//! served.
//!
//! Built on demand, in one pass over the rows of [`Pairs`]: no question here needs an edge for each pair, or keeps more
//! of a need than who may take it. Types are left out: no question asks for them, and [`Profiles`](super::Profiles)
//! holds that index.

use std::collections::BTreeMap;

use petgraph::unionfind::UnionFind;

use super::pairs::Pairs;
use crate::domain::{KindIx, Layer, Locality, NeedIx, OfferIx, ProviderIx, Stated, Supply};
use crate::solve::{Effort, StopReason};

/// Child-needs of some rows. Rows outside the authority and rows that the policy does not count enter no total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildNeeds {
    pub known: u64,
    /// Rows whose number of children is not known.
    pub unknown_rows: u64,
}

impl ChildNeeds {
    fn add(&mut self, locality: &Locality, need: NeedIx) {
        let row = &locality.needs()[need.ix()];
        if !row.counts || !locality.areas()[locality.holder(need).area.ix()].inside {
            return;
        }
        match row.children {
            Stated::Known(children) => self.known = self.known.saturating_add(children),
            Stated::Unknown(_) => self.unknown_rows += 1,
        }
    }
}

/// Needs and offers that share nothing with any other: no pair, no provider's limit, no holder's limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// Rising.
    pub needs: Vec<NeedIx>,
    /// Rising.
    pub offers: Vec<OfferIx>,
    pub child_needs: ChildNeeds,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Components {
    /// Most child-needs first, then by first need. Each has a need and an offer.
    pub components: Vec<Component>,
    /// Needs that no offer may take.
    pub without_offer: Vec<NeedIx>,
    /// Offers that may take no need.
    pub without_need: Vec<OfferIx>,
}

/// A provider without whom some needs have no offer left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinglePoint {
    pub provider: ProviderIx,
    /// Rising.
    pub needs: Vec<NeedIx>,
    pub child_needs: ChildNeeds,
    /// Kinds of which no need would have any offer left, rising.
    pub whole_kinds: Vec<KindIx>,
}

/// What is on offer in one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnOffer {
    /// Services with at least one offer counted here.
    pub services: u64,
    pub offers: u64,
    /// Children that the offers whose places are known can take in the period.
    pub places: u64,
    pub offers_with_places_unknown: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerRow {
    /// None: not coded.
    pub layer: Option<Layer>,
    pub child_needs: ChildNeeds,
    /// By the layer where services work.
    pub setting: OnOffer,
    /// By the layer whose change services seek.
    pub target: OnOffer,
}

/// Needs beside supply, by layer: one row for each layer in their order, then one for what is not coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerProfile {
    pub rows: Vec<LayerRow>,
}

pub struct Ecology<'a> {
    locality: &'a Locality,
    /// By need; None: the policy does not count it.
    taken_by: Vec<Option<TakenBy>>,
    offers: Offers,
}

/// Who may take a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TakenBy {
    Nobody,
    /// Offers of one provider; the first of them.
    OneProvider(OfferIx),
    /// Offers of several providers; the first of all.
    Several(OfferIx),
}

impl TakenBy {
    fn first_offer(self) -> Option<OfferIx> {
        match self {
            TakenBy::Nobody => None,
            TakenBy::OneProvider(first) | TakenBy::Several(first) => Some(first),
        }
    }
}

/// What the needs looked at so far say about the offers.
#[derive(Clone)]
struct Offers {
    /// Offers that some need may take either of stand in one set.
    joined: UnionFind<u32>,
    /// By offer: some need may take it.
    wanted: Vec<bool>,
}

impl Offers {
    fn apart(n_offers: usize) -> Offers {
        Offers { joined: UnionFind::new(n_offers), wanted: vec![false; n_offers] }
    }

    /// Takes in what one need, or a class of them, says.
    fn may_take(&mut self, provider_of: &[ProviderIx], offers: impl Iterator<Item = OfferIx>) -> TakenBy {
        let mut first: Option<OfferIx> = None;
        let mut several = false;
        for offer in offers {
            self.wanted[offer.ix()] = true;
            let first = *first.get_or_insert(offer);
            self.joined.union(number(first), number(offer));
            several |= provider_of[first.ix()] != provider_of[offer.ix()];
        }
        match first {
            None => TakenBy::Nobody,
            Some(first) if several => TakenBy::Several(first),
            Some(first) => TakenBy::OneProvider(first),
        }
    }

    /// Takes in what other needs say.
    fn and(&mut self, other: &Offers) {
        for (offer, wanted) in other.wanted.iter().enumerate().filter(|(_, wanted)| **wanted) {
            self.wanted[offer] = *wanted;
            let offer = number(OfferIx::new(offer));
            self.joined.union(offer, other.joined.find(offer));
        }
    }
}

/// Classes in a piece of work.
const CLASSES: usize = 1 << 14;

impl<'a> Ecology<'a> {
    /// How the needs that count hang together. An offer takes a need where the pair is eligible (the unknown read as the
    /// policy says), in reach and not declined, whether or not it has places. O(needs + pairs of classes), over the
    /// effort's threads; memory: 8 bytes for each need.
    pub fn build(locality: &'a Locality, pairs: &Pairs, effort: &Effort) -> Result<Ecology<'a>, StopReason> {
        let unknown = locality.policy().unknown.eligibility;
        let n_offers = locality.offers().len();
        let provider_of: Vec<ProviderIx> =
            (0..n_offers).map(|offer| locality.service_of(OfferIx::new(offer)).provider).collect();
        let counts = |need: NeedIx| locality.needs()[need.ix()].counts;
        let spots = pairs.spots();
        let pieces = effort.share(spots.n_classes().div_ceil(CLASSES), |piece| {
            let mut offers = Offers::apart(n_offers);
            let mut said: Vec<(NeedIx, TakenBy)> = Vec::new();
            for class in spots.classes().skip(piece * CLASSES).take(CLASSES) {
                let admitted = || pairs.grades_of_class(class).filter(|(_, grade)| grade.admits(unknown));
                // The same for all of the class but those who declined something for themselves.
                let mut of_class: Option<TakenBy> = None;
                for &need in spots.needs_of(class).iter().filter(|need| counts(**need)) {
                    let taken_by = match pairs.declined_by(need) {
                        [] => *of_class
                            .get_or_insert_with(|| offers.may_take(&provider_of, admitted().map(|(offer, _)| offer))),
                        declined => {
                            let left = |offer: &OfferIx| declined.binary_search(&(need, *offer)).is_err();
                            offers.may_take(&provider_of, admitted().map(|(offer, _)| offer).filter(left))
                        }
                    };
                    said.push((need, taken_by));
                }
                effort.tick(1 + pairs.grades_of_class(class).len() as u64)?;
            }
            Ok((offers, said))
        })?;
        let mut offers = Offers::apart(n_offers);
        let mut taken_by = vec![None; locality.needs().len()];
        for (of_piece, said) in pieces {
            effort.tick((n_offers + said.len()) as u64)?;
            offers.and(&of_piece);
            said.into_iter().for_each(|(need, said)| taken_by[need.ix()] = Some(said));
        }
        join_by_limits(&mut offers.joined, locality, &provider_of, &taken_by, effort)?;
        Ok(Ecology { locality, taken_by, offers })
    }

    /// The needs that count, rising.
    fn needs(&self) -> impl Iterator<Item = (NeedIx, TakenBy)> {
        self.taken_by.iter().enumerate().filter_map(|(at, taken_by)| Some((NeedIx::new(at), (*taken_by)?)))
    }

    /// What can be planned apart. O(needs + offers + components x log components).
    pub fn components(&self, effort: &Effort) -> Result<Components, StopReason> {
        let n_offers = self.offers.wanted.len();
        // By the offer that stands for its set.
        let mut parts: Vec<Component> = vec![Component::default(); n_offers];
        let part_of = |offer: OfferIx| self.offers.joined.find(number(offer)) as usize;
        let mut without_offer = Vec::new();
        for (need, taken_by) in self.needs() {
            effort.tick(1)?;
            match taken_by.first_offer() {
                Some(offer) => {
                    let part = &mut parts[part_of(offer)];
                    part.needs.push(need);
                    part.child_needs.add(self.locality, need);
                }
                None => without_offer.push(need),
            }
        }
        let mut without_need = Vec::new();
        for (offer, wanted) in self.offers.wanted.iter().enumerate() {
            let offer = OfferIx::new(offer);
            let into = if *wanted { &mut parts[part_of(offer)].offers } else { &mut without_need };
            into.push(offer);
        }
        let mut components: Vec<Component> = parts.into_iter().filter(|part| !part.needs.is_empty()).collect();
        components.sort_by_key(|part| (std::cmp::Reverse(part.child_needs.known), part.needs.first().copied()));
        Ok(Components { components, without_offer, without_need })
    }

    /// Providers on whom needs depend: all that may take the need is theirs. Most child-needs first, then by provider.
    /// O(needs + providers x log providers).
    pub fn single_points(&self, effort: &Effort) -> Result<Vec<SinglePoint>, StopReason> {
        let mut points: BTreeMap<ProviderIx, SinglePoint> = BTreeMap::new();
        // By kind: the one provider of all its needs that have one; Err where there are more.
        let mut of_kinds: Vec<Option<Result<ProviderIx, ()>>> = vec![None; self.locality.kinds().len()];
        for (need, taken_by) in self.needs() {
            effort.tick(1)?;
            let of_kind = &mut of_kinds[self.locality.needs()[need.ix()].kind.ix()];
            match taken_by {
                TakenBy::Nobody => {}
                TakenBy::Several(_) => *of_kind = Some(Err(())),
                TakenBy::OneProvider(offer) => {
                    let provider = self.locality.service_of(offer).provider;
                    if *of_kind.get_or_insert(Ok(provider)) != Ok(provider) {
                        *of_kind = Some(Err(()));
                    }
                    let point = points.entry(provider).or_insert_with(|| SinglePoint::of(provider));
                    point.needs.push(need);
                    point.child_needs.add(self.locality, need);
                }
            }
        }
        for (kind, of_kind) in of_kinds.into_iter().enumerate() {
            if let Some(point) = of_kind.and_then(Result::ok).and_then(|provider| points.get_mut(&provider)) {
                point.whole_kinds.push(KindIx::new(kind));
            }
        }
        let mut points: Vec<SinglePoint> = points.into_values().collect();
        points.sort_by_key(|point| (std::cmp::Reverse(point.child_needs.known), point.provider));
        Ok(points)
    }
}

impl SinglePoint {
    fn of(provider: ProviderIx) -> SinglePoint {
        SinglePoint { provider, needs: Vec::new(), child_needs: ChildNeeds::default(), whole_kinds: Vec::new() }
    }
}

/// Joins offers behind one provider's limit, and those that needs under one holder's limit may use.
fn join_by_limits(
    joined: &mut UnionFind<u32>,
    locality: &Locality,
    provider_of: &[ProviderIx],
    taken_by: &[Option<TakenBy>],
    effort: &Effort,
) -> Result<(), StopReason> {
    let limits = &locality.policy().limits;
    let mut of_provider: Vec<Option<OfferIx>> = vec![None; locality.providers().len()];
    for (offer, provider) in provider_of.iter().enumerate() {
        if limits.provider_places.iter().any(|(limited, _)| limited == provider) {
            let offer = OfferIx::new(offer);
            let first = *of_provider[provider.ix()].get_or_insert(offer);
            joined.union(number(first), number(offer));
        }
    }
    if limits.placements_per_holder != 0 {
        let mut of_holder: Vec<Option<OfferIx>> = vec![None; locality.holders().len()];
        for (need, taken_by) in locality.needs().iter().zip(taken_by) {
            effort.tick(1)?;
            if let Some(offer) = taken_by.and_then(TakenBy::first_offer) {
                let first = *of_holder[need.holder.ix()].get_or_insert(offer);
                joined.union(number(first), number(offer));
            }
        }
    }
    Ok(())
}

/// As the sets name it.
fn number(offer: OfferIx) -> u32 {
    // Positions are 32 bits wide.
    offer.ix() as u32
}

/// Child-needs by the layer of their kind beside what is on offer by setting and by target. Offers in areas outside
/// enter no total. O(needs + offers).
pub fn layer_profile(locality: &Locality) -> LayerProfile {
    let layers = Layer::ALL.iter().map(|&layer| Some(layer)).chain([None]);
    let mut rows: Vec<LayerRow> = layers.map(|layer| LayerRow { layer, ..LayerRow::default() }).collect();
    let row_of = |layer: Option<Layer>| layer.map_or(Layer::ALL.len(), |layer| layer as usize);
    for (position, need) in locality.needs().iter().enumerate() {
        let layer = locality.kinds()[need.kind.ix()].layer;
        rows[row_of(layer)].child_needs.add(locality, NeedIx::new(position));
    }
    let mut of_service = vec![OnOffer::default(); locality.services().len()];
    for (position, offer) in locality.offers().iter().enumerate() {
        if offer.area.is_some_and(|area| !locality.areas()[area.ix()].inside) {
            continue;
        }
        let sum = &mut of_service[offer.service.ix()];
        sum.services = 1;
        sum.offers += 1;
        match locality.supply(OfferIx::new(position)) {
            Supply::Places(places) => sum.places = sum.places.saturating_add(places),
            Supply::Unknown(_) => sum.offers_with_places_unknown += 1,
        }
    }
    for (service, sum) in locality.services().iter().zip(of_service) {
        rows[row_of(service.setting)].setting.add(sum);
        rows[row_of(service.target)].target.add(sum);
    }
    LayerProfile { rows }
}

impl OnOffer {
    fn add(&mut self, other: OnOffer) {
        let OnOffer { services, offers, places, offers_with_places_unknown } = other;
        self.services += services;
        self.offers += offers;
        self.places = self.places.saturating_add(places);
        self.offers_with_places_unknown += offers_with_places_unknown;
    }
}

#[cfg(test)]
mod tests;
