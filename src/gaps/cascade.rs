//! The coverage cascade (Tanahashi, Bull WHO 1978; 56(2): 295-303): of those in need, for how many is there a service at
//! all, one that they can get to, one that they accept; who is in touch with it, and whom does it help.
//!
//! Each stage is the most child-needs that a network can carry, and each network holds fewer pairs than the one before,
//! so the cascade never rises:
//!
//! - *available*: every offer of a type that meets the kind, each with its one shared capacity;
//! - *accessible*: less those whose rules or reach keep the child out (an unknown eligibility as the policy reads it, an
//!   unknown reach is none);
//! - *acceptable*: less what was declined;
//! - *contact*: of the acceptable pairs those with a receipt today, each up to the children who receive. Where the offers
//!   cannot hold all of them, those count for whom the service does most;
//! - *effective*: the effects of that contact, summed.
//!
//! Providers' limits lie behind the offers throughout; floors, limits per holder and costs do not enter.
//!
//! **Subgroups.** Tanahashi's *specific coverage* restricts the target population, so a subgroup's cascade is computed
//! for its needs alone: the most of them that could be served. That is also the most of them that any largest flow of
//! the whole place carries, because what a network can send from its sources is a gammoid, and in a matroid what is
//! independent in a part extends to a base of the whole (Perfect 1968). So subgroups can be compared with one another;
//! but as they would share the places, their numbers do not add up to those of the whole place.

mod contact;
#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeMap;

use self::contact::{Contact, Loose, LooseBy};
use super::most::{Asking, ByClass, Declined, Member, Places, accessible, room};
use super::received::Received;
use super::subgroup::{Members, SplitBy, SplitKey, Subgroup};
use crate::domain::{KindIx, Locality, NeedIx, OfferIx};
use crate::eligibility::{Pairs, Profiles};
use crate::matching::{NotFormulated, Room};
use crate::solve::{Effort, StopReason};

/// In order: each holds at most what the one before holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CascadeStage {
    Available,
    Accessible,
    Acceptable,
    Contact,
    Effective,
}

impl CascadeStage {
    pub const ALL: [CascadeStage; 5] = [
        CascadeStage::Available,
        CascadeStage::Accessible,
        CascadeStage::Acceptable,
        CascadeStage::Contact,
        CascadeStage::Effective,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            CascadeStage::Available => "available",
            CascadeStage::Accessible => "accessible",
            CascadeStage::Acceptable => "acceptable",
            CascadeStage::Contact => "contact",
            CascadeStage::Effective => "effective",
        }
    }
}

/// What is known of a stage. Not recorded is neither zero nor what the stage before has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Thousandths of a child-need; whole child-needs in all stages but *effective*.
    Recorded {
        thousandths: u64,
    },
    NotRecorded(NotRecorded),
}

/// Why a stage is not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRecorded {
    /// There is no `declines.csv`.
    Declines,
    /// There is no `receipts.csv`.
    Receipts,
    /// No receipt says how many receive for a need of these, and some receipts may be theirs.
    WhoseReceipts,
    /// Some contact has no effect in `meets.csv`.
    Effects,
}

impl NotRecorded {
    pub fn as_str(self) -> &'static str {
        match self {
            NotRecorded::Declines => "not recorded: there is no declines.csv, so nothing is known of what is accepted",
            NotRecorded::Receipts => "not recorded: there is no receipts.csv",
            NotRecorded::WhoseReceipts => {
                "not recorded: no receipt that may be theirs says of which need it is and of how many"
            }
            NotRecorded::Effects => "not recorded: meets.csv gives no effect for some of the contact",
        }
    }
}

/// The child-needs that a cascade is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Target {
    pub child_needs: u64,
    /// Rows whose number is known.
    pub rows: u64,
    /// Rows whose number is not known: no stage holds them.
    pub unknown_rows: u64,
    /// Rows of holders with children on both sides of the subgroup's ages, or without ages: no stage holds them.
    pub straddling_rows: u64,
}

/// Receipts of these needs that the contact flow does not carry: children, each counted under the first that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContactOutside {
    /// The service does nothing that meets the kind.
    pub no_type: u64,
    /// Its rules or its reach say no, or it is not known that they say yes.
    pub not_accessible: u64,
    /// They declined it, and receive it.
    pub declined: u64,
    /// How many the offer can take is not known, and the policy reads that as none.
    pub places_unknown: u64,
    /// More receive than the offers can take, or than are in need.
    pub beyond: u64,
}

impl ContactOutside {
    pub fn total(&self) -> u64 {
        let ContactOutside { no_type, not_accessible, declined, places_unknown, beyond } = *self;
        let parts = [no_type, not_accessible, declined, places_unknown, beyond];
        parts.into_iter().fold(0, u64::saturating_add)
    }
}

/// Where most are lost: between two recorded stages that follow each other, or before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bottleneck {
    /// None: all who are in need.
    pub from: Option<CascadeStage>,
    pub to: CascadeStage,
    /// Thousandths of a child-need.
    pub lost_thousandths: u64,
    /// It is the same one if contact is as high as the receipts that do not say whose they are allow.
    pub is_sure: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cascade {
    pub target: Target,
    coverage: [Coverage; 5],
    /// Child-needs in contact at most, if receipts that do not say whose or how many are theirs; None where contact is
    /// not recorded for want of `receipts.csv`. Equal to contact where all is known.
    pub contact_most: Option<u64>,
    /// None where receipts are not recorded.
    pub contact_outside: Option<ContactOutside>,
    /// Of equal drops the first. None where nothing is lost.
    pub bottleneck: Option<Bottleneck>,
}

impl Cascade {
    pub fn coverage(&self, stage: CascadeStage) -> Coverage {
        self.coverage[stage as usize]
    }

    pub fn stages(&self) -> impl Iterator<Item = (CascadeStage, Coverage)> {
        CascadeStage::ALL.into_iter().zip(self.coverage)
    }

    /// Of the child-needs in the target, 0 to 1; None where the stage is not recorded or nobody is in need.
    pub fn share(&self, stage: CascadeStage) -> Option<f64> {
        match self.coverage(stage) {
            Coverage::Recorded { thousandths } if 0 < self.target.child_needs => {
                Some(thousandths as f64 / (self.target.child_needs as f64 * 1000.0))
            }
            Coverage::Recorded { .. } | Coverage::NotRecorded(_) => None,
        }
    }
}

/// The cascade of a subgroup, or of the whole place ([`Subgroup::default`]). Three flows over the pairs of the
/// subgroup's classes and one over its receipts: O(needs + receipts x log receipts), and as
/// [`need::solve`](crate::solve::need::solve) over the pairs.
pub fn cascade(
    locality: &Locality,
    profiles: &Profiles,
    pairs: &Pairs,
    subgroup: &Subgroup,
    effort: &Effort,
) -> Result<Cascade, NotFormulated> {
    let Members { needs, straddling } = subgroup.members(locality, effort)?;
    let received = Received::of(locality, effort)?;
    let loose = match &received {
        Some(received) => Loose::of(locality, received, subgroup, effort)?,
        None => Loose::default(),
    };
    let place = Place::new(locality, profiles, pairs, received.as_ref());
    let target = Target { straddling_rows: straddling.len() as u64, ..Target::default() };
    let mut members: Vec<Member> = needs.into_iter().map(|need| (pairs.spots().class_of(need), need)).collect();
    effort.sort(&mut members)?;
    place.cascade(&members, target, loose, effort)
}

/// The cascade of each part of a split that has needs. A pair is looked at once for each stage, whatever the number of
/// parts, and each part looks at every offer. Parts are shared over the effort's threads.
pub fn cascades_by(
    locality: &Locality,
    profiles: &Profiles,
    pairs: &Pairs,
    split: SplitBy,
    effort: &Effort,
) -> Result<Vec<(SplitKey, Cascade)>, NotFormulated> {
    let Members { needs, straddling: _ } = Subgroup::default().members(locality, effort)?;
    let received = Received::of(locality, effort)?;
    let loose = match &received {
        Some(received) => LooseBy::of(locality, received, split, effort)?,
        None => LooseBy::default(),
    };
    let keyed = |need: NeedIx| Some((split.key(locality, need)?, pairs.spots().class_of(need), need));
    let mut keyed: Vec<_> = needs.into_iter().filter_map(keyed).collect();
    effort.sort(&mut keyed)?;
    let place = Place::new(locality, profiles, pairs, received.as_ref());
    let parts: Vec<_> = keyed.chunk_by(|one, next| one.0 == next.0).collect();
    let cascades = effort.each(parts, |part| {
        let key = part[0].0;
        let members: Vec<Member> = part.iter().map(|&(_, class, need)| (class, need)).collect();
        // What is not a stop must not end the other parts, so it is carried through.
        match place.cascade(&members, Target::default(), loose.of_part(key), effort) {
            Err(NotFormulated::Stopped(reason)) => Err(reason),
            other => Ok((key, other)),
        }
    })?;
    cascades.into_iter().map(|(key, cascade)| Ok((key, cascade?))).collect()
}

/// What a cascade is read from.
struct Place<'a> {
    locality: &'a Locality,
    profiles: &'a Profiles,
    pairs: &'a Pairs,
    received: Option<&'a Received<'a>>,
    places: Places,
    /// By offer, whether what it can take is known, or read as known.
    places_known: Vec<bool>,
}

impl<'a> Place<'a> {
    fn new(
        locality: &'a Locality,
        profiles: &'a Profiles,
        pairs: &'a Pairs,
        received: Option<&'a Received<'a>>,
    ) -> Place<'a> {
        let offers = (0..locality.offers().len()).map(OfferIx::new);
        let places_known = offers.map(|offer| room(locality, offer) != Room::NotKnown).collect();
        Place { locality, profiles, pairs, received, places: Places::of_all(locality), places_known }
    }

    /// The cascade of some needs, sorted by class.
    fn cascade(
        &self,
        members: &[Member],
        target: Target,
        loose: Loose,
        effort: &Effort,
    ) -> Result<Cascade, NotFormulated> {
        let target = self.target(members, target, effort)?;
        let recorded = self.locality.declines_recorded();
        let acceptable = || recorded.then(|| self.most_by_class(members, Declined::IsNone, effort)).transpose();
        let contact = || self.received.map(|received| self.contact(received, members, effort)).transpose();
        let first = || {
            let available = self.available(members, effort)?.most_met(&self.places, effort)?;
            Ok::<_, NotFormulated>((available, self.most_by_class(members, Declined::Counts, effort)?))
        };
        // Each flow is one of its own, so they are found side by side.
        let (first, (acceptable, received)) = effort.both(first, || effort.both(acceptable, contact));
        let ((available, accessible), received) = (first?, received?);
        let acceptable = acceptable?.ok_or(NotRecorded::Declines);
        let contact = match &received {
            None => Err(NotRecorded::Receipts),
            Some(found) if found.rows == 0 && (loose.is_any() || 0 < found.unknown_rows) => {
                Err(NotRecorded::WhoseReceipts)
            }
            Some(found) => Ok(found.children),
        };
        let effective = match &received {
            None => Err(NotRecorded::Receipts),
            Some(found) => contact.and(found.effective.ok_or(NotRecorded::Effects)),
        };
        let contact_most = received.as_ref().map(|found| {
            let most = acceptable.unwrap_or(accessible);
            let is_open = loose.is_open || 0 < found.unknown_rows;
            if is_open { most } else { most.min(found.children.saturating_add(loose.children)) }
        });
        let whole = |children: Result<u64, NotRecorded>| Coverage::of(children.map(|children| children * 1000));
        let coverage =
            [whole(Ok(available)), whole(Ok(accessible)), whole(acceptable), whole(contact), Coverage::of(effective)];
        Ok(Cascade {
            target,
            coverage,
            contact_most,
            contact_outside: received.map(|found| found.outside),
            bottleneck: bottleneck(target, coverage, contact_most),
        })
    }

    fn target(&self, members: &[Member], mut target: Target, effort: &Effort) -> Result<Target, StopReason> {
        for block in members.chunks(1 << 12) {
            effort.tick(block.len() as u64)?;
            for &(_, need) in block {
                match self.locality.needs()[need.ix()].children.known() {
                    // The check keeps all children together below 2^53.
                    Some(children) => {
                        (target.rows, target.child_needs) = (target.rows + 1, target.child_needs + children)
                    }
                    None => target.unknown_rows += 1,
                }
            }
        }
        Ok(target)
    }

    /// Kinds ask at every offer that fits.
    fn available(&self, members: &[Member], effort: &Effort) -> Result<Asking, StopReason> {
        let mut of_kind: BTreeMap<KindIx, u64> = BTreeMap::new();
        for block in members.chunks(1 << 12) {
            effort.tick(2 * block.len() as u64)?;
            for &(_, need) in block {
                let row = &self.locality.needs()[need.ix()];
                *of_kind.entry(row.kind).or_default() += row.children.known().unwrap_or(0);
            }
        }
        let mut asking = Asking::nobody();
        for (kind, children) in of_kind {
            let mut offers: Vec<u32> = self.profiles.fitting(kind).map(|offer| offer.ix() as u32).collect();
            effort.tick(8 * offers.len() as u64)?;
            offers.sort_unstable();
            asking.push(children, offers);
        }
        Ok(asking)
    }

    fn most_by_class(&self, members: &[Member], declined: Declined, effort: &Effort) -> Result<u64, NotFormulated> {
        let rows = ByClass {
            pairs: self.pairs,
            members,
            units: |need: NeedIx| self.locality.needs()[need.ix()].children.known().unwrap_or(0),
            admits: |grade| accessible(self.locality, grade),
            declined,
            apart: &[],
        };
        rows.asking(|_, _| {}, effort)?.most_met(&self.places, effort)
    }

    fn contact(
        &self,
        received: &Received,
        members: &[Member],
        effort: &Effort,
    ) -> Result<contact::Found, NotFormulated> {
        let mut contact = Contact::new(self, received);
        for &(_, need) in members {
            contact.add(need, effort)?;
        }
        contact.found(effort)
    }
}

impl Coverage {
    fn of(thousandths: Result<u64, NotRecorded>) -> Coverage {
        match thousandths {
            Ok(thousandths) => Coverage::Recorded { thousandths },
            Err(why) => Coverage::NotRecorded(why),
        }
    }
}

fn bottleneck(target: Target, coverage: [Coverage; 5], contact_most: Option<u64>) -> Option<Bottleneck> {
    let found = greatest_drop(target, coverage)?;
    let mut if_more = coverage;
    let contact = &mut if_more[CascadeStage::Contact as usize];
    if let (Some(most), Coverage::Recorded { .. }) = (contact_most, *contact) {
        *contact = Coverage::Recorded { thousandths: most * 1000 };
    }
    let is_sure = greatest_drop(target, if_more).is_some_and(|other| other.to == found.to);
    Some(Bottleneck { is_sure, ..found })
}

fn greatest_drop(target: Target, coverage: [Coverage; 5]) -> Option<Bottleneck> {
    let (mut from, mut before) = (None, target.child_needs * 1000);
    let mut greatest: Option<Bottleneck> = None;
    for (stage, coverage) in CascadeStage::ALL.into_iter().zip(coverage) {
        let Coverage::Recorded { thousandths } = coverage else { continue };
        let lost_thousandths = before.saturating_sub(thousandths);
        if greatest.map_or(0, |so_far| so_far.lost_thousandths) < lost_thousandths {
            greatest = Some(Bottleneck { from, to: stage, lost_thousandths, is_sure: true });
        }
        (from, before) = (Some(stage), thousandths);
    }
    greatest
}
