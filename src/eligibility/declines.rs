//! Who declined what, for pairs that are not stored: a need that is only asked about, an offer that is only a candidate.
//! Stored pairs carry the answer in their [`Grade`](super::Grade).

use crate::domain::{AreaIx, DeclineWhat, DeclineWho, KindIx, Locality, NeedIx, OfferIx, ServiceIx};

pub struct Declines {
    /// Sorted.
    rows: Vec<(DeclineWho, DeclineWhat)>,
}

/// What may be declined: a service as a whole, or one offer of it. A candidate has no offer yet.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub service: ServiceIx,
    pub offer: Option<OfferIx>,
}

impl Declines {
    /// O(d log d).
    pub fn of(locality: &Locality) -> Declines {
        let mut rows: Vec<_> = locality.declines().iter().map(|decline| (decline.who, decline.what)).collect();
        rows.sort_unstable();
        rows.dedup();
        Declines { rows }
    }

    /// Whether the need, its holder, or everyone of its kind in its area or one above it, declined the place.
    /// O((depth of areas + 2) x log d).
    pub fn by_need(&self, locality: &Locality, need: NeedIx, place: Place) -> bool {
        let row = &locality.needs()[need.ix()];
        self.has(DeclineWho::Need(need), place)
            || self.has(DeclineWho::Holder(row.holder), place)
            || self.by_everyone(locality, row.kind, locality.holder(need).area, place)
    }

    /// Whether everyone of a kind, in an area or one above it, declined the place. O(depth of areas x log d).
    pub fn by_everyone(&self, locality: &Locality, kind: KindIx, area: AreaIx, place: Place) -> bool {
        locality.area_and_ancestors(area).any(|area| self.has(DeclineWho::Everyone { kind, area }, place))
    }

    fn has(&self, who: DeclineWho, Place { service, offer }: Place) -> bool {
        let row = |what| self.rows.binary_search(&(who, what)).is_ok();
        row(DeclineWhat::Service(service)) || offer.is_some_and(|offer| row(DeclineWhat::Offer(offer)))
    }
}
