//! Contact: the most child-needs carried by the acceptable pairs with a receipt today, each up to its children.
//!
//! Where a need has one receipt, or each of its receipts is as many as its children, no limit on a pair binds and the
//! need is a plain source; sources that go to the same offers with the same effect are one. Where receipts are fewer
//! than the children each but more in all, a pool holds back what is too much.

use std::collections::BTreeMap;

use super::super::most::{Places, accessible, best};
use super::super::received::{Received, service_of};
use super::super::subgroup::{SplitBy, SplitKey, Subgroup};
use super::{ContactOutside, Place};
use crate::domain::{AreaIx, DeclineWhat, KindIx, Locality, NeedIx, OfferIx, Receipt, ReceiptNeed};
use crate::matching::{NotFormulated, Refused};
use crate::solve::{Effort, Limit, Network, NetworkParts, PairCosts, Pool, Source, Stage, StopReason};

/// Offers by position, rising, with the effect there in thousandths (0 where none is given).
type Row = Vec<(u32, u16)>;

/// Contact while it is gathered.
pub(super) struct Contact<'a> {
    place: &'a Place<'a>,
    received: &'a Received<'a>,
    /// Children by where they may be.
    alike: BTreeMap<Row, u64>,
    /// For each need whose receipts are too many together: how many, and its receipts.
    pooled: Vec<(u64, Vec<(Row, u64)>)>,
    /// Children whose contact has no effect given.
    without_effect: bool,
    rows: u64,
    unknown_rows: u64,
    recorded: u64,
    outside: ContactOutside,
}

#[derive(Debug)]
pub(super) struct Found {
    pub(super) children: u64,
    /// Thousandths of a child-need; None where some contact has no effect.
    pub(super) effective: Option<u64>,
    /// Receipts that name a need of these, their number known.
    pub(super) rows: u64,
    /// The same, their number not known.
    pub(super) unknown_rows: u64,
    pub(super) outside: ContactOutside,
}

/// Why a receipt is outside the acceptable network; a later one is nearer to being in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    NotAccessible,
    Declined,
    PlacesUnknown,
}

impl<'a> Contact<'a> {
    pub(super) fn new(place: &'a Place<'a>, received: &'a Received<'a>) -> Contact<'a> {
        Contact {
            place,
            received,
            alike: BTreeMap::new(),
            pooled: Vec::new(),
            without_effect: false,
            rows: 0,
            unknown_rows: 0,
            recorded: 0,
            outside: ContactOutside::default(),
        }
    }

    /// Adds the receipts of a need. A need whose number is not known is in no stage, and neither are its receipts.
    /// O(log receipts + its receipts x offers named x log offers).
    pub(super) fn add(&mut self, need: NeedIx, effort: &Effort) -> Result<(), StopReason> {
        effort.tick(4)?;
        let Some(children) = self.place.locality.needs()[need.ix()].children.known() else { return Ok(()) };
        let mut own: Vec<(Row, u64)> = Vec::new();
        for receipt in self.received.by(need) {
            let Some(receive) = receipt.children.known() else {
                self.unknown_rows += 1;
                continue;
            };
            self.rows += 1;
            self.recorded = self.recorded.saturating_add(receive);
            if let Some(row) = self.acceptable(need, receipt, receive, effort)? {
                own.push((row, receive.min(children)));
            }
        }
        own.retain(|&(_, units)| 0 < units);
        let together: u64 = own.iter().fold(0, |sum, &(_, units)| sum.saturating_add(units));
        if 1 < own.len() && own.iter().all(|&(_, units)| units == children) {
            let mut row: Row = own.into_iter().flat_map(|(row, _)| row).collect();
            row.sort_unstable();
            row.dedup();
            *self.alike.entry(row).or_default() += children;
        } else if children < together {
            self.pooled.push((together - children, own));
        } else {
            // At most the children of the need, and the check keeps all children together below 2^53.
            own.into_iter().for_each(|(row, units)| *self.alike.entry(row).or_default() += units);
        }
        Ok(())
    }

    /// The acceptable offers that a receipt may be of; None where there is none, and then it is counted as outside.
    fn acceptable(
        &mut self,
        need: NeedIx,
        receipt: &Receipt,
        receive: u64,
        effort: &Effort,
    ) -> Result<Option<Row>, StopReason> {
        let service = service_of(self.place.locality, receipt);
        let kind = self.place.locality.needs()[need.ix()].kind;
        if !self.received.meets().fits(service, kind) {
            self.outside.no_type = self.outside.no_type.saturating_add(receive);
            return Ok(None);
        }
        let one;
        let offers = match receipt.what {
            DeclineWhat::Service(service) => self.place.profiles.offers_of(service),
            DeclineWhat::Offer(offer) => {
                one = [offer];
                &one
            }
        };
        effort.tick(8 * offers.len() as u64)?;
        let effect = self.place.profiles.effect(kind, service);
        let mut row = Row::new();
        let mut nearest = Why::NotAccessible;
        for &offer in offers {
            match self.why_not(need, offer) {
                None => row.push((offer.ix() as u32, effect.unwrap_or(0))),
                Some(why) => nearest = nearest.max(why),
            }
        }
        if row.is_empty() {
            let outside = match nearest {
                Why::NotAccessible => &mut self.outside.not_accessible,
                Why::Declined => &mut self.outside.declined,
                Why::PlacesUnknown => &mut self.outside.places_unknown,
            };
            *outside = outside.saturating_add(receive);
            return Ok(None);
        }
        self.without_effect |= effect.is_none() && 0 < receive;
        Ok(Some(row))
    }

    fn why_not(&self, need: NeedIx, offer: OfferIx) -> Option<Why> {
        match self.place.pairs.find(need, offer) {
            Some(pair) if accessible(self.place.locality, pair.grade) => {
                if pair.grade.declined() {
                    Some(Why::Declined)
                } else {
                    (!self.place.places_known[offer.ix()]).then_some(Why::PlacesUnknown)
                }
            }
            Some(_) | None => Some(Why::NotAccessible),
        }
    }

    /// Sends as many as the offers can hold, and of those flows one with most effect.
    pub(super) fn found(self, effort: &Effort) -> Result<Found, NotFormulated> {
        let Contact { place, alike, pooled, without_effect, rows, unknown_rows, recorded, mut outside, .. } = self;
        effort.look()?;
        let mut parts = NetworkParts { starts: vec![0], ..NetworkParts::default() };
        let mut effects: Vec<u16> = Vec::new();
        let mut push = |row: Row, units: u64, pool: Option<u32>| {
            parts.sources.push(Source { units, pool });
            parts.sinks.extend(row.iter().map(|&(sink, _)| sink));
            parts.starts.push(parts.sinks.len());
            effects.extend(row.iter().map(|&(_, effect)| effect));
        };
        alike.into_iter().for_each(|(row, units)| push(row, units, None));
        let mut pools = Vec::with_capacity(pooled.len());
        for ((least, own), pool) in pooled.into_iter().zip(0..) {
            pools.push(Pool { parent: None, least });
            own.into_iter().for_each(|(row, units)| push(row, units, Some(pool)));
        }
        let asked = place.places.asked(&mut parts.sinks);
        let Places { of, behind, limits } =
            asked.map_or_else(|| place.places.clone(), |asked| place.places.only(&asked));
        parts.pools = pools;
        (parts.places, parts.sink_limits) = (of, behind);
        parts.limits = limits.into_iter().map(|capacity| Limit { capacity, parent: None }).collect();
        parts.stages.push(Stage { name: "contact", unsent_cost: vec![1; parts.sources.len()], ..Stage::default() });
        if !without_effect && effects.iter().any(|&effect| 0 < effect) {
            let pair_cost = PairCosts::new(effects.iter().map(|&effect| -i64::from(effect)));
            parts.stages.push(Stage { name: "effective", pair_cost, ..Stage::default() });
        }
        let network = Network::new(parts).map_err(|error| Refused::TooLarge(error.to_string()))?;
        let flow = best(&network, effort)?;
        let children = flow.carried().iter().map(|&(_, units)| units).sum();
        // Effects are at most 1000, so the sum is below 2^53 x 1000.
        let effective = flow.carried().iter().map(|&(pair, units)| u64::from(effects[pair as usize]) * units).sum();
        outside.beyond = recorded.saturating_sub(outside.total()).saturating_sub(children);
        let effective = (!without_effect).then_some(effective);
        Ok(Found { children, effective, rows, unknown_rows, outside })
    }
}

/// Receipts that do not say of which need they are, and may be of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Loose {
    pub(super) children: u64,
    /// The number of some is not known.
    pub(super) is_open: bool,
}

impl Loose {
    pub(super) fn is_any(self) -> bool {
        0 < self.children || self.is_open
    }

    fn add(&mut self, receipt: &Receipt) {
        match receipt.children.known() {
            Some(children) => self.children = self.children.saturating_add(children),
            None => self.is_open = true,
        }
    }

    /// Those that nothing they say keeps out of a subgroup. O(receipts + areas x depth).
    pub(super) fn of(
        locality: &Locality,
        received: &Received,
        subgroup: &Subgroup,
        effort: &Effort,
    ) -> Result<Loose, StopReason> {
        let areas = subgroup.areas(locality);
        let mut loose = Loose::default();
        for receipt in received.all() {
            effort.tick(1)?;
            let may_be = receipt.need == ReceiptNeed::NotKnown
                && area_of(locality, receipt).is_none_or(|area| areas[area.ix()])
                && match subgroup.kind {
                    Some(kind) => kinds_of(locality, received, receipt).contains(&kind),
                    None => !kinds_of(locality, received, receipt).is_empty(),
                }
                && match (subgroup.group, receipt.holder) {
                    (Some((column, value)), Some(holder)) => {
                        locality.holders()[holder.ix()].groups.get(column) == Some(&value)
                    }
                    _ => true,
                }
                && match (subgroup.ages, receipt.age) {
                    (Some(band), Some(age)) => (band.min()..=band.max()).contains(&age),
                    _ => true,
                };
            if may_be {
                loose.add(receipt);
            }
        }
        Ok(loose)
    }
}

/// The same by part of a split.
#[derive(Debug, Default)]
pub(super) struct LooseBy {
    of: BTreeMap<SplitKey, Loose>,
    /// Those that may be of any part.
    of_any: Loose,
}

impl LooseBy {
    /// O(receipts x kinds of a service).
    pub(super) fn of(
        locality: &Locality,
        received: &Received,
        split: SplitBy,
        effort: &Effort,
    ) -> Result<LooseBy, StopReason> {
        let mut by = LooseBy::default();
        for receipt in received.all() {
            effort.tick(1)?;
            let kinds = kinds_of(locality, received, receipt);
            let area = area_of(locality, receipt);
            let outside = area.is_some_and(|area| !locality.areas()[area.ix()].inside);
            if receipt.need != ReceiptNeed::NotKnown || kinds.is_empty() || outside {
                continue;
            }
            let holder = receipt.holder.map(|holder| &locality.holders()[holder.ix()]);
            let key = match split {
                SplitBy::Kind => {
                    for &kind in kinds {
                        by.of.entry(SplitKey::Kind(kind)).or_default().add(receipt);
                    }
                    continue;
                }
                SplitBy::Area => area.map(SplitKey::Area),
                SplitBy::Group(column) => {
                    holder.and_then(|holder| holder.groups.get(column)).copied().map(SplitKey::Group)
                }
                SplitBy::Level => None,
                SplitBy::Age => holder.map(|holder| SplitKey::Age(holder.ages)),
            };
            match key {
                Some(key) => by.of.entry(key).or_default().add(receipt),
                None => by.of_any.add(receipt),
            }
        }
        Ok(by)
    }

    pub(super) fn of_part(&self, key: SplitKey) -> Loose {
        let own = self.of.get(&key).copied().unwrap_or_default();
        let Loose { children, is_open } = self.of_any;
        Loose { children: own.children.saturating_add(children), is_open: own.is_open || is_open }
    }
}

fn area_of(locality: &Locality, receipt: &Receipt) -> Option<AreaIx> {
    receipt.area.or(receipt.holder.map(|holder| locality.holders()[holder.ix()].area))
}

/// The kinds that a receipt may meet: the one that it names if its service meets it, else all of its service's.
fn kinds_of<'r>(locality: &Locality, received: &'r Received, receipt: &Receipt) -> &'r [KindIx] {
    let kinds = received.meets().kinds(service_of(locality, receipt));
    match receipt.kind {
        None => kinds,
        Some(kind) => kinds.binary_search(&kind).map_or(&[], |at| &kinds[at..=at]),
    }
}
