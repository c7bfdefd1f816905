//! How far each offer reaches, for measures in which the nearer counts for more.

use super::facts::OfferFacts;
use super::pairs::Pairs;
use super::profiles::Profiles;
use super::reach::{Limit, Own};
use super::spots::{ClassIx, limit};
use crate::domain::{Locality, OfferIx};

/// The distance tests of all offers.
pub struct Catchments<'a> {
    profiles: &'a Profiles,
    pairs: &'a Pairs,
    own: Vec<Own>,
}

impl<'a> Catchments<'a> {
    /// O(offers).
    pub fn new(locality: &Locality, profiles: &'a Profiles, pairs: &'a Pairs) -> Catchments<'a> {
        let offers = (0..locality.offers().len()).map(OfferIx::new);
        let own = offers.map(|offer| Own::of(&OfferFacts::of(locality, offer))).collect();
        Catchments { profiles, pairs, own }
    }

    /// How far an offer reaches for all members of a class, in [`Pairs::unit`]; None where no distance is tested.
    pub fn radius(&self, class: ClassIx, offer: OfferIx) -> Option<f64> {
        match limit(self.own[offer.ix()], self.profiles, self.pairs.spots().profile(class)) {
            Limit::Within(range) => Some(range.smallest).filter(|radius| radius.is_finite()),
            Limit::Untested | Limit::OtherUnit => None,
        }
    }
}
