//! How far supply lies with few providers, and whose need is stranded if one of them closes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::optimum::{Change, Optimum, Today};
use crate::domain::{KindIx, Locality, OfferIx, ProviderIx, Supply};
use crate::eligibility::{ChildNeeds, Profiles, SinglePoint};
use crate::matching::{Matching, NotFormulated};
use crate::measures::concentration::herfindahl_hirschman;
use crate::solve::{Effort, StopReason};

/// Places of the period by provider. Offers in areas outside are left out, and so are places that are not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Concentration {
    pub all: PlacesByProvider,
    /// Kinds that some offer here fits. A place that serves several kinds counts under each of them.
    pub by_kind: BTreeMap<KindIx, PlacesByProvider>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlacesByProvider {
    /// Herfindahl-Hirschman index of the providers' shares of the places: 1 where one provider has all, 1/n where n have
    /// as many each. None where no place is known.
    pub hhi: Option<f64>,
    /// Most places first, then by provider; those without a known place are left out. Never more than the policy lets
    /// the provider take.
    pub places: Vec<(ProviderIx, u64)>,
    pub offers_with_places_unknown: u64,
}

/// O(offers x kinds that they fit).
pub fn concentration(locality: &Locality, profiles: &Profiles, effort: &Effort) -> Result<Concentration, StopReason> {
    let everything = (0..locality.offers().len()).map(OfferIx::new);
    let all = places_by_provider(locality, everything, effort)?;
    let mut by_kind = BTreeMap::new();
    for kind in (0..locality.kinds().len()).map(KindIx::new) {
        let of_kind = places_by_provider(locality, profiles.fitting(kind), effort)?;
        if !of_kind.places.is_empty() || 0 < of_kind.offers_with_places_unknown {
            by_kind.insert(kind, of_kind);
        }
    }
    Ok(Concentration { all, by_kind })
}

fn places_by_provider(
    locality: &Locality,
    offers: impl Iterator<Item = OfferIx>,
    effort: &Effort,
) -> Result<PlacesByProvider, StopReason> {
    let inside = |offer: &OfferIx| {
        let area = locality.offers()[offer.ix()].area;
        area.is_none_or(|area| locality.areas()[area.ix()].inside)
    };
    let mut offers_with_places_unknown = 0;
    let mut places: BTreeMap<ProviderIx, u64> = BTreeMap::new();
    for offer in offers.filter(inside) {
        effort.tick(4)?;
        match locality.supply(offer) {
            Supply::Places(more) => {
                let sum = places.entry(locality.service_of(offer).provider).or_default();
                *sum = sum.saturating_add(more);
            }
            Supply::Unknown(_) => offers_with_places_unknown += 1,
        }
    }
    for &(provider, most) in &locality.policy().limits.provider_places {
        if let Some(sum) = places.get_mut(&provider) {
            *sum = most.min(*sum);
        }
    }
    let mut places: Vec<(ProviderIx, u64)> = places.into_iter().filter(|&(_, places)| 0 < places).collect();
    places.sort_by_key(|&(provider, places)| (Reverse(places), provider));
    let parts: Vec<u64> = places.iter().map(|&(_, places)| places).collect();
    Ok(PlacesByProvider { hhi: herfindahl_hirschman(&parts), places, offers_with_places_unknown })
}

/// How much work the test of losses may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Pairs of all networks solved, at most; one is solved in any case.
    pub pairs: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { pairs: 30_000_000 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Losses {
    pub today: Optimum,
    /// Those that take most children first, as many as [`Settings::pairs`] allows.
    pub tested: Vec<Loss>,
    /// Providers that take anyone inside.
    pub providers: u64,
    /// The run ended before all were tested.
    pub stopped: Option<StopReason>,
}

/// What happens if all offers of one provider close and every other stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    pub provider: ProviderIx,
    /// Child-needs inside that it takes in the matching.
    pub takes: u64,
    /// Child-needs inside that are met today and would not be, by kind: others may take some of the provider's
    /// children, and these may be children whom others took. Whose they are among equals rests on the lottery; how many
    /// they are does not, unless placements per holder are limited.
    pub newly_unmet: BTreeMap<KindIx, u64>,
    pub change: Change,
    /// Needs that no other provider could take, full or not.
    pub lose_every_offer: ChildNeeds,
}

impl Loss {
    pub fn newly_unmet_child_needs(&self) -> u64 {
        self.newly_unmet.values().copied().fold(0, u64::saturating_add)
    }
}

/// The loss of each provider, one at a time. `single_points` are those of
/// [`Ecology`](crate::eligibility::Ecology::single_points). For each provider tested O(pairs), and one solve of the need
/// stage.
pub fn losses(
    locality: &Locality,
    matching: &Matching,
    today: &Today,
    single_points: &[SinglePoint],
    settings: Settings,
    effort: &Effort,
) -> Result<Losses, NotFormulated> {
    let takers = takers(locality, matching, effort)?;
    let mut losses =
        Losses { today: today.optimum(), tested: Vec::new(), providers: takers.len() as u64, stopped: None };
    // A network without pairs has no provider that takes anyone.
    let at_most = (settings.pairs / today.network.n_pairs().max(1)).max(1);
    let takers = &takers[..takers.len().min(usize::try_from(at_most).unwrap_or(usize::MAX))];
    for batch in takers.chunks(effort.n_threads()) {
        let solved = effort.finish(batch.to_vec(), |(provider, takes)| {
            let single = single_points.iter().find(|point| point.provider == provider);
            let lose_every_offer = single.map_or(ChildNeeds::default(), |point| point.child_needs);
            let (newly_unmet, change) = loss(locality, today, provider, effort)?;
            Ok(Loss { provider, takes, newly_unmet, change, lose_every_offer })
        });
        for loss in solved {
            match loss {
                Ok(loss) => losses.tested.push(loss),
                Err(NotFormulated::Stopped(reason)) => losses.stopped = Some(reason),
                Err(refused) => return Err(refused),
            }
        }
        if losses.stopped.is_some() {
            break;
        }
    }
    Ok(losses)
}

/// The providers that take children inside, most first.
fn takers(locality: &Locality, matching: &Matching, effort: &Effort) -> Result<Vec<(ProviderIx, u64)>, StopReason> {
    let mut takes = vec![0u64; locality.providers().len()];
    for (need, offer, children) in matching.placements() {
        effort.tick(2)?;
        if locality.areas()[locality.holder(need).area.ix()].inside {
            takes[locality.service_of(offer).provider.ix()] += children;
        }
    }
    let mut takers: Vec<(ProviderIx, u64)> = takes
        .into_iter()
        .enumerate()
        .filter(|&(_, takes)| 0 < takes)
        .map(|(at, takes)| (ProviderIx::new(at), takes))
        .collect();
    takers.sort_by_key(|&(provider, takes)| (Reverse(takes), provider));
    Ok(takers)
}

fn loss(
    locality: &Locality,
    today: &Today,
    provider: ProviderIx,
    effort: &Effort,
) -> Result<(BTreeMap<KindIx, u64>, Change), NotFormulated> {
    let best = today.network.without(|offer| locality.service_of(offer).provider == provider, effort)?;
    let mut newly_unmet: BTreeMap<KindIx, u64> = BTreeMap::new();
    let before_and_after = today.best.met.iter().zip(&best.met);
    for ((need, (&before, &after)), source) in today.network.needs().iter().zip(before_and_after).zip(0..) {
        effort.tick(1)?;
        if after < before && today.network.is_inside(source) {
            *newly_unmet.entry(locality.needs()[need.ix()].kind).or_default() += before - after;
        }
    }
    Ok((newly_unmet, today.optimum().change_to(&best.optimum)))
}

#[cfg(test)]
mod tests;
