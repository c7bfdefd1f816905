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

/// What one need may not be given for a decline.
pub struct DeclinedByNeed<'a> {
    /// Rows of those who declined anything.
    rows: Vec<&'a [(DeclineWho, DeclineWhat)]>,
}

impl DeclinedByNeed<'_> {
    /// As [`Declines::by_need`].
    pub fn has(&self, Place { service, offer }: Place) -> bool {
        let has = |what| self.rows.iter().any(|rows| rows.binary_search_by_key(&what, |row| row.1).is_ok());
        has(DeclineWhat::Service(service)) || offer.is_some_and(|offer| has(DeclineWhat::Offer(offer)))
    }
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

    /// What the need, its holder, or everyone of its kind in its area or one above it, declined: for many places of one
    /// need. O((depth of areas + 2) x log d).
    pub fn of_need(&self, locality: &Locality, need: NeedIx) -> DeclinedByNeed<'_> {
        let row = &locality.needs()[need.ix()];
        let everyone = locality
            .area_and_ancestors(locality.holder(need).area)
            .map(|area| DeclineWho::Everyone { kind: row.kind, area });
        let who = [DeclineWho::Need(need), DeclineWho::Holder(row.holder)].into_iter().chain(everyone);
        DeclinedByNeed { rows: who.map(|who| self.by(who)).filter(|rows| !rows.is_empty()).collect() }
    }

    /// The rows of one who declined.
    fn by(&self, who: DeclineWho) -> &[(DeclineWho, DeclineWhat)] {
        let from = self.rows.partition_point(|row| row.0 < who);
        let own = self.rows[from..].partition_point(|row| row.0 == who);
        &self.rows[from..from + own]
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

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::{Declines, Place};
    use crate::domain::{NeedIx, OfferIx};
    use crate::eligibility::testing::{any_place, locality};

    proptest! {
        #[test]
        fn what_a_need_declined_is_the_same_asked_place_by_place(text in any_place()) {
            let locality = locality(&text);
            let declines = Declines::of(&locality);
            for need in (0..locality.needs().len()).map(NeedIx::new) {
                let of_need = declines.of_need(&locality, need);
                for offer in (0..locality.offers().len()).map(OfferIx::new) {
                    let service = locality.offers()[offer.ix()].service;
                    for place in [Place { service, offer: Some(offer) }, Place { service, offer: None }] {
                        prop_assert_eq!(of_need.has(place), declines.by_need(&locality, need, place));
                    }
                }
            }
        }
    }
}
