//! How the unknown is read, and who asks for a place under that reading.

use crate::domain::policy::{SupplyUse, UnknownCapacity, UnknownEligibility};
use crate::domain::{DeclineWhat, Locality, NeedIx, OfferIx, ReceiptNeed, Supply};
use crate::eligibility::Grade;

/// How the unknown is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As the policy says.
    Policy,
    /// In the children's favour: unknown pairs are pairs, unknown places have no end, numbers at their lower bound.
    Favourable,
    /// Against them: unknown pairs are none, unknown places are none, numbers at their upper bound.
    Adverse,
}

impl Reading {
    /// Whether a pair of this grade takes part (declined pairs never do).
    pub fn admits(self, locality: &Locality, grade: Grade) -> bool {
        match self {
            Reading::Policy => grade.admits(locality.policy().unknown.eligibility),
            Reading::Favourable => !grade.declined(),
            Reading::Adverse => grade.admits(UnknownEligibility::No),
        }
    }

    /// How many children an offer takes under this reading.
    pub fn room(self, locality: &Locality, offer: OfferIx) -> Room {
        self.room_for(locality, offer, locality.supply(offer))
    }

    /// The same, where what it supplies is another number than the policy's `supply.use` asks for.
    pub fn room_for(self, locality: &Locality, offer: OfferIx, supply: Supply) -> Room {
        match supply {
            Supply::Places(places) => Room::Places(places),
            Supply::Unknown(_) => match (self, locality.policy().unknown.capacity) {
                (Reading::Favourable, _) | (Reading::Policy, UnknownCapacity::Unlimited) => Room::NoEnd,
                (Reading::Policy, UnknownCapacity::Places(places)) => {
                    Room::Places(places.saturating_mul(locality.offers()[offer.ix()].turns))
                }
                (Reading::Adverse, _) | (Reading::Policy, UnknownCapacity::Exclude) => Room::NotKnown,
            },
        }
    }

    /// Children of a need that ask for a place; None where the number is not known.
    fn children(self, locality: &Locality, need: NeedIx) -> Option<u64> {
        let need = &locality.needs()[need.ix()];
        let known = need.children.known();
        match self {
            Reading::Policy => known,
            Reading::Favourable => need.children_low.or(known),
            Reading::Adverse => need.children_high.or(known),
        }
    }
}

/// How many children an offer takes in the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Places(u64),
    NoEnd,
    /// Not known, so the offer takes no part.
    NotKnown,
}

impl Room {
    pub fn places(self) -> Option<u64> {
        match self {
            Room::Places(places) => Some(places),
            Room::NoEnd | Room::NotKnown => None,
        }
    }
}

/// Child-needs of each need that take part in matching: known, counted, and in `free` mode without a fitting receipt.
/// Needs that do not take part have None. O(needs + receipts).
pub fn asking(locality: &Locality, reading: Reading) -> Vec<Option<u64>> {
    let mut asking: Vec<Option<u64>> =
        (0..locality.needs().len()).map(|at| before_receipts(locality, reading, NeedIx::new(at))).collect();
    less_receipts(locality, |need, served| less(&mut asking[need.ix()], served));
    asking
}

/// The same of some needs, which rise. O(needs asked for + receipts x log needs asked for in `free` mode).
pub fn asking_of(locality: &Locality, reading: Reading, needs: &[NeedIx]) -> Vec<Option<u64>> {
    let mut asking: Vec<Option<u64>> = needs.iter().map(|&need| before_receipts(locality, reading, need)).collect();
    less_receipts(locality, |need, served| {
        if let Ok(at) = needs.binary_search(&need) {
            less(&mut asking[at], served);
        }
    });
    asking
}

fn before_receipts(locality: &Locality, reading: Reading, need: NeedIx) -> Option<u64> {
    locality.needs()[need.ix()].counts.then(|| reading.children(locality, need)).flatten()
}

fn less(asking: &mut Option<u64>, served: u64) {
    *asking = asking.map(|children| children.saturating_sub(served));
}

/// In `free` mode, takes those off who are served already: needs with the children of each fitting receipt.
fn less_receipts(locality: &Locality, mut take_off: impl FnMut(NeedIx, u64)) {
    if locality.policy().supply != SupplyUse::Free {
        return;
    }
    for receipt in locality.receipts().unwrap_or_default() {
        let ReceiptNeed::Need(need) = receipt.need else { continue };
        if let Some(served) = receipt.children.known().filter(|_| receipt_fits(locality, need, receipt.what)) {
            take_off(need, served);
        }
    }
}

fn receipt_fits(locality: &Locality, need: NeedIx, what: DeclineWhat) -> bool {
    let service = match what {
        DeclineWhat::Service(service) => service,
        DeclineWhat::Offer(offer) => locality.offers()[offer.ix()].service,
    };
    let types = &locality.services()[service.ix()].types;
    let kind = locality.needs()[need.ix()].kind;
    locality.meets().iter().any(|meet| meet.kind == kind && types.contains(&meet.service_type))
}
