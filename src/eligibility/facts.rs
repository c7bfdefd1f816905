//! What the rules read of a need and of an offer, and nothing else.
//!
//! Rules take these rather than positions in a locality, so that a need that is not stored yet, an offer that is only a
//! candidate, and a service as it would become are judged by the same code.

use crate::domain::{
    AgeBand, AreaIx, KindIx, Level, Locality, NeedIx, OfferIx, Point, Reach, Service, Status, Tag, TravelUnit,
};

#[derive(Clone, Copy, Debug)]
pub struct NeedFacts<'a> {
    pub kind: KindIx,
    pub level: Level,
    /// Of all members; None where not known.
    pub ages: Option<AgeBand>,
    /// Sorted by name, one value per name.
    pub tags: &'a [Tag],
    pub area: AreaIx,
    pub point: Option<Point>,
}

impl<'a> NeedFacts<'a> {
    pub fn of(locality: &'a Locality, need: NeedIx) -> NeedFacts<'a> {
        let holder = locality.holder(need);
        let need = &locality.needs()[need.ix()];
        NeedFacts {
            kind: need.kind,
            level: need.level,
            ages: holder.ages,
            tags: &need.tags,
            area: holder.area,
            point: need.point,
        }
    }

    /// The value of a tag; None where the need does not have it, which is not the same as another value.
    pub(super) fn tag(&self, name: &str) -> Option<&'a str> {
        let at = self.tags.binary_search_by(|tag| tag.name.as_str().cmp(name)).ok()?;
        Some(&self.tags[at].value)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct OfferFacts<'a> {
    pub service: &'a Service,
    pub status: Option<Status>,
    pub point: Option<Point>,
    pub reach: Reach,
    /// Empty where the offer names no areas.
    pub covers: &'a [AreaIx],
    /// None: distances are straight lines.
    pub travel: Option<TravelRow<'a>>,
}

/// The lines of travel.csv that name one offer.
#[derive(Clone, Copy, Debug)]
pub struct TravelRow<'a> {
    pub unit: TravelUnit,
    /// Unrounded metres or minutes, sorted by area.
    pub areas: &'a [(AreaIx, f64)],
}

impl<'a> OfferFacts<'a> {
    pub fn of(locality: &'a Locality, offer: OfferIx) -> OfferFacts<'a> {
        let row = &locality.offers()[offer.ix()];
        OfferFacts {
            service: locality.service_of(offer),
            status: row.status,
            point: row.point,
            reach: row.reach,
            covers: &row.covers,
            travel: locality.travel().map(|travel| TravelRow { unit: travel.unit, areas: &travel.offers[offer.ix()] }),
        }
    }

    /// The unit in which distances to this offer are known.
    pub fn unit(&self) -> TravelUnit {
        self.travel.map_or(TravelUnit::Metres, |row| row.unit)
    }
}

/// The unit of all distances in a locality.
pub fn travel_unit(locality: &Locality) -> TravelUnit {
    locality.travel().map_or(TravelUnit::Metres, |travel| travel.unit)
}
