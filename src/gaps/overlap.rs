//! Which services compete for the same needs while others have none.
//!
//! A service could take a need where one of its offers may: eligible (the unknown read as the policy says), in reach and
//! not declined, whether or not it has places.

use std::collections::BTreeMap;

use crate::domain::{KindIx, Locality, OfferIx, ProviderIx, ServiceIx};
use crate::eligibility::{ClassIx, Pairs};
use crate::solve::{Effort, StopReason};

/// Over the areas that are inside and the needs that take part, in child-needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    pub all: Choice,
    pub by_kind: BTreeMap<KindIx, Choice>,
    /// Services that could take someone, by provider, then by service.
    pub services: Vec<ServiceOverlap>,
    /// Providers that could take someone. A need that several of a provider's services could take counts once.
    pub providers: Vec<ProviderOverlap>,
}

/// Child-needs by how many services could take them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub none: u64,
    pub one: u64,
    pub two: u64,
    pub three_or_more: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceOverlap {
    pub provider: ProviderIx,
    pub service: ServiceIx,
    pub taken: CouldTake,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderOverlap {
    pub provider: ProviderIx,
    pub taken: CouldTake,
}

/// Child-needs that a service, or a provider, could take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CouldTake {
    pub child_needs: u64,
    /// Of these, those that another provider could take too.
    pub another_provider_too: u64,
}

impl Choice {
    pub fn child_needs(&self) -> u64 {
        self.none.saturating_add(self.one).saturating_add(self.two).saturating_add(self.three_or_more)
    }

    fn of(services: usize, child_needs: u64) -> Choice {
        let mut choice = Choice::default();
        *match services {
            0 => &mut choice.none,
            1 => &mut choice.one,
            2 => &mut choice.two,
            _ => &mut choice.three_or_more,
        } = child_needs;
        choice
    }

    fn and(&mut self, other: Choice) {
        let Choice { none, one, two, three_or_more } = other;
        self.none = self.none.saturating_add(none);
        self.one = self.one.saturating_add(one);
        self.two = self.two.saturating_add(two);
        self.three_or_more = self.three_or_more.saturating_add(three_or_more);
    }
}

impl CouldTake {
    fn and(&mut self, other: CouldTake) {
        let CouldTake { child_needs, another_provider_too } = other;
        self.child_needs = self.child_needs.saturating_add(child_needs);
        self.another_provider_too = self.another_provider_too.saturating_add(another_provider_too);
    }
}

/// What some classes come to.
struct Sums {
    by_kind: BTreeMap<KindIx, Choice>,
    of_service: Vec<CouldTake>,
    of_provider: Vec<CouldTake>,
}

/// Classes in a piece of work.
const CLASSES: usize = 1 << 14;

/// Who could take what, in one pass over the classes of needs. `asking` is the matching's: child-needs that ask for a
/// place, by need. O(needs + pairs of classes), over the effort's threads.
pub fn find(
    locality: &Locality,
    pairs: &Pairs,
    asking: &[Option<u64>],
    effort: &Effort,
) -> Result<Overlap, StopReason> {
    let spots = pairs.spots();
    let pieces = effort.share(spots.n_classes().div_ceil(CLASSES), |piece| {
        let mut sums = Sums::nothing(locality);
        let mut takers = Takers::nobody(locality);
        for class in spots.classes().skip(piece * CLASSES).take(CLASSES) {
            sums.class(&mut takers, pairs, asking, class);
            effort.tick(1 + (spots.needs_of(class).len() + pairs.grades_of_class(class).len()) as u64)?;
        }
        Ok(sums)
    })?;
    let mut all = Sums::nothing(locality);
    for piece in pieces {
        effort.tick((piece.of_service.len() + piece.of_provider.len()) as u64)?;
        all.and(piece);
    }
    let Sums { by_kind, of_service, of_provider } = all;
    let mut services: Vec<ServiceOverlap> = of_service
        .into_iter()
        .enumerate()
        .filter(|(_, taken)| 0 < taken.child_needs)
        .map(|(at, taken)| ServiceOverlap {
            provider: locality.services()[at].provider,
            service: ServiceIx::new(at),
            taken,
        })
        .collect();
    services.sort_by_key(|row| (row.provider, row.service));
    let providers = of_provider
        .into_iter()
        .enumerate()
        .filter(|(_, taken)| 0 < taken.child_needs)
        .map(|(at, taken)| ProviderOverlap { provider: ProviderIx::new(at), taken })
        .collect();
    let mut choice = Choice::default();
    by_kind.values().for_each(|&of_kind| choice.and(of_kind));
    Ok(Overlap { all: choice, by_kind, services, providers })
}

/// The services and providers that could take a need, each once; kept from need to need for its memory.
struct Takers<'a> {
    locality: &'a Locality,
    services: Vec<ServiceIx>,
    providers: Vec<ProviderIx>,
    /// How many lists were made.
    lists: u64,
    /// For each service and provider the last list that it is in: cheaper than to sort each list.
    last_of_service: Vec<u64>,
    last_of_provider: Vec<u64>,
}

impl<'a> Takers<'a> {
    fn nobody(locality: &'a Locality) -> Takers<'a> {
        Takers {
            locality,
            services: Vec::new(),
            providers: Vec::new(),
            lists: 0,
            last_of_service: vec![0; locality.services().len()],
            last_of_provider: vec![0; locality.providers().len()],
        }
    }

    fn are_behind(&mut self, offers: impl Iterator<Item = OfferIx>) {
        let Takers { locality, services, providers, lists, last_of_service, last_of_provider } = self;
        *lists += 1;
        services.clear();
        providers.clear();
        for offer in offers {
            let service = locality.offers()[offer.ix()].service;
            if std::mem::replace(&mut last_of_service[service.ix()], *lists) == *lists {
                continue;
            }
            services.push(service);
            let provider = locality.services()[service.ix()].provider;
            if std::mem::replace(&mut last_of_provider[provider.ix()], *lists) != *lists {
                providers.push(provider);
            }
        }
    }
}

impl Sums {
    fn nothing(locality: &Locality) -> Sums {
        Sums {
            by_kind: BTreeMap::new(),
            of_service: vec![CouldTake::default(); locality.services().len()],
            of_provider: vec![CouldTake::default(); locality.providers().len()],
        }
    }

    fn class(&mut self, takers: &mut Takers, pairs: &Pairs, asking: &[Option<u64>], class: ClassIx) {
        let locality = takers.locality;
        let needs = pairs.spots().needs_of(class);
        // All of a class are of one kind in one area.
        let kind = locality.needs()[needs[0].ix()].kind;
        if !locality.areas()[locality.holder(needs[0]).area.ix()].inside {
            return;
        }
        let unknown = locality.policy().unknown.eligibility;
        let admitted = || pairs.grades_of_class(class).filter(|(_, grade)| grade.admits(unknown));
        let mut alike = 0u64;
        let asking = needs.iter().filter_map(|&need| Some((need, asking[need.ix()].filter(|&asks| 0 < asks)?)));
        for (need, children) in asking {
            // The same for all of the class but those who declined something for themselves.
            match pairs.declined_by(need) {
                [] => alike = alike.saturating_add(children),
                declined => {
                    let left = |offer: &OfferIx| declined.binary_search(&(need, *offer)).is_err();
                    takers.are_behind(admitted().map(|(offer, _)| offer).filter(left));
                    self.add(kind, takers, children);
                }
            }
        }
        if 0 < alike {
            takers.are_behind(admitted().map(|(offer, _)| offer));
            self.add(kind, takers, alike);
        }
    }

    fn add(&mut self, kind: KindIx, takers: &Takers, child_needs: u64) {
        self.by_kind.entry(kind).or_default().and(Choice::of(takers.services.len(), child_needs));
        let contested = 1 < takers.providers.len();
        let taken = CouldTake { child_needs, another_provider_too: if contested { child_needs } else { 0 } };
        for service in &takers.services {
            self.of_service[service.ix()].and(taken);
        }
        for provider in &takers.providers {
            self.of_provider[provider.ix()].and(taken);
        }
    }

    fn and(&mut self, other: Sums) {
        let Sums { by_kind, of_service, of_provider } = other;
        for (kind, choice) in by_kind {
            self.by_kind.entry(kind).or_default().and(choice);
        }
        for (sum, more) in self.of_service.iter_mut().zip(of_service) {
            sum.and(more);
        }
        for (sum, more) in self.of_provider.iter_mut().zip(of_provider) {
            sum.and(more);
        }
    }
}

#[cfg(test)]
mod tests;
