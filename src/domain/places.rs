//! How many children an offer can take in the period, or why that is not known.

use jiff::civil::Date;

use super::ids::OfferIx;
use super::layer::Status;
use super::locality::{Locality, Unit};
use super::policy::SupplyUse;
use super::stated::{Mark, Stated};

/// The children that an offer can take in the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Supply {
    Places(u64),
    Unknown(PlacesUnknown),
}

/// Why an offer's places are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlacesUnknown {
    NotStated(Mark),
    /// Older than `unknown.stale_days` at the reference date.
    Stale {
        updated: Date,
    },
    /// Counted in a unit, and how many children one takes is not given.
    Unit(String),
}

impl Locality {
    /// Places x turns of an offer under the policy's `supply.use`, before `unknown.capacity` is applied.
    /// `no-capacity` and `waitlist` make the free places 0 and leave the capacity as it is.
    pub fn supply(&self, offer: OfferIx) -> Supply {
        let full = self.offers()[offer.ix()].status;
        let full = matches!(full, Some(Status::NoCapacity | Status::Waitlist));
        match self.policy().supply {
            SupplyUse::Free if full => Supply::Places(0),
            SupplyUse::Free => self.children(offer, self.offers()[offer.ix()].free, true),
            SupplyUse::Capacity => self.capacity(offer),
        }
    }

    /// All that an offer can take in the period, taken or free, whatever `supply.use` says.
    pub fn capacity(&self, offer: OfferIx) -> Supply {
        self.children(offer, self.offers()[offer.ix()].capacity, true)
    }

    /// The children that an offer could take today: its free places, without turns.
    pub fn free_now(&self, offer: OfferIx) -> Supply {
        match self.offers()[offer.ix()].status {
            Some(Status::NoCapacity | Status::Waitlist) => Supply::Places(0),
            _ => self.children(offer, self.offers()[offer.ix()].free, false),
        }
    }

    fn children(&self, offer: OfferIx, units: Stated<u64>, in_the_period: bool) -> Supply {
        let row = &self.offers()[offer.ix()];
        let units = match units {
            Stated::Known(units) => units,
            Stated::Unknown(mark) => return Supply::Unknown(PlacesUnknown::NotStated(mark)),
        };
        if let Some(updated) = row.updated
            && self.is_stale(updated)
        {
            return Supply::Unknown(PlacesUnknown::Stale { updated });
        }
        let per_unit = match &self.service_of(offer).unit {
            Unit::Child => 1,
            Unit::Other { children: Some(children), .. } => *children,
            Unit::Other { name, children: None } => return Supply::Unknown(PlacesUnknown::Unit(name.clone())),
        };
        let turns = if in_the_period { row.turns } else { 1 };
        // Each factor is at most 10^9, and the check has made sure that the product stays below 2^53.
        Supply::Places(units * per_unit * turns)
    }

    fn is_stale(&self, updated: Date) -> bool {
        let limit = self.policy().unknown.stale_days;
        limit != 0 && self.days_since(updated) > i64::from(limit)
    }

    /// Days from a date to the reference date; negative where the date comes later.
    pub fn days_since(&self, date: Date) -> i64 {
        // Differences of dates in days always fit: both lie between years -9999 and 9999.
        self.about().reference_date.since(date).map_or(0, |span| i64::from(span.get_days()))
    }
}
