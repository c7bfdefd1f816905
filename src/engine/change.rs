//! The next revision, and what it would be like.
//!
//! [`Resident::apply`] makes a [`Resident`] out of another and a few changes. It takes over the profiles, the digests of
//! tables and the standing matching as far as the changes leave them; the one before stays as it is, for those who read
//! it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Failure, Resident, Solution};
use crate::domain::{Change, Changed, Difference, Id, Locality, OfferIx, Problem, apply};
use crate::eligibility::{Declines, Profiles};
use crate::matching::{Edits, Route, Standing, WorthOf};
use crate::solve::Effort;

/// The next revision.
pub struct Applied {
    pub resident: Resident,
    /// Warnings about the rows that changed.
    pub warnings: Vec<Problem>,
    pub difference: Difference,
}

/// How the matching would change.
pub struct WhatIf {
    pub next: Applied,
    pub before: Solution,
    pub after: Solution,
    /// Placements that only one of the two has, or with another number of children; by need, then offer.
    pub placements: Vec<PlacementChange>,
    /// Offers that the changes name, and those that are used otherwise; by id.
    pub offers: Vec<OfferChange>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementChange {
    pub need: Id,
    pub offer: Id,
    /// Children placed.
    pub before: u64,
    pub after: u64,
}

/// An offer before and after; None where it is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferChange {
    pub offer: Id,
    pub before: Option<OfferUsed>,
    pub after: Option<OfferUsed>,
}

/// How far an offer is used, and what a place of it is worth (None: it takes no part, or time ran out).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferUsed {
    pub used: u64,
    pub worth: Option<WorthOf>,
}

impl Resident {
    /// The next revision, not solved: what a check of the changes needs. All changes are made or none; this one stays as
    /// it is. A stop leaves nothing.
    pub fn revised(&self, changes: &[Change], effort: &Effort) -> Result<Applied, Failure> {
        let Changed { locality, warnings, difference } = apply(self.locality(), changes).map_err(Failure::BadInput)?;
        let digests = self.digests.after(self.locality(), &locality, effort).map_err(Failure::Stopped)?;
        let profiles = match self.keeps_profiles(&locality) {
            true => Arc::clone(&self.profiles),
            false => Arc::new(Profiles::build_within(&locality, effort).map_err(Failure::Stopped)?),
        };
        let declines = match std::ptr::eq(self.locality().declines(), locality.declines()) {
            true => Arc::clone(&self.declines),
            false => Arc::new(Declines::of(&locality)),
        };
        Ok(Applied { resident: Resident::new(locality, digests, profiles, declines), warnings, difference })
    }

    /// The next revision, as [`Resident::revised`], ready to be read.
    ///
    /// Where this one was solved, so is the next: from the standing matching where the changes allow that, afresh where
    /// they do not, so that no reader waits for it. Where a stop comes while it is solved the next one is not: whoever
    /// cares looks at the effort and lets it go.
    pub fn apply(&self, changes: &[Change], effort: &Effort) -> Result<Applied, Failure> {
        let applied = self.revised(changes, effort)?;
        let next = &applied.resident;
        if let Some(standing) = self.standing_to_change() {
            match self.carried_over(&standing, next, &applied.difference, effort) {
                Some(standing) => drop(next.standing.set(Arc::new(standing))),
                // What keeps it from being solved (a stop, a policy that some new row gives no number for) is for whoever
                // asks of the next revision, and no fault of the changes.
                None => drop(next.matching(Route::Network, effort)),
            }
        }
        Ok(applied)
    }

    /// Answers of what the next revision would be like, and keeps nothing.
    pub fn what_if(&self, changes: &[Change], effort: &Effort) -> Result<WhatIf, Failure> {
        let before = self.solution(effort)?;
        let next = self.apply(changes, effort)?;
        let after = next.resident.solution(effort)?;
        let placements = placement_changes((self.locality(), &before), (next.resident.locality(), &after));
        let offers = offer_changes((self.locality(), &before), (next.resident.locality(), &after), &next, effort);
        Ok(WhatIf { next, before, after, placements, offers })
    }

    /// The standing matching, made of the whole where there is only that; None where this revision is not solved.
    fn standing_to_change(&self) -> Option<Arc<Standing>> {
        if self.standing.get().is_none() {
            let matching = Arc::clone(self.matching.get()?);
            let standing = Standing::of(self.locality(), &self.profiles, matching)?;
            // Where two made it at once both have the same.
            drop(self.standing.set(Arc::new(standing)));
        }
        self.standing.get().cloned()
    }

    fn carried_over(
        &self,
        standing: &Standing,
        next: &Resident,
        difference: &Difference,
        effort: &Effort,
    ) -> Option<Standing> {
        let Difference { needs, offers, declined, no_longer_declined, wide } = difference.clone();
        if wide {
            return None;
        }
        let edits = Edits { needs, offers, declined, no_longer_declined };
        let (before, after) = (self.locality(), next.locality());
        standing.after(before, after, &next.profiles, &next.declines, &edits, effort).ok().flatten()
    }

    /// Profiles rest on needs, their holders, services, and which offers these have.
    fn keeps_profiles(&self, next: &Locality) -> bool {
        let own = self.locality();
        let services = |locality: &'_ Locality| -> Vec<usize> {
            locality.offers().iter().map(|offer| offer.service.ix()).collect()
        };
        std::ptr::eq(own.needs(), next.needs())
            && std::ptr::eq(own.holders(), next.holders())
            && std::ptr::eq(own.services(), next.services())
            && (std::ptr::eq(own.offers(), next.offers()) || services(own) == services(next))
    }
}

type Of<'a> = (&'a Locality, &'a Solution);

fn placement_changes(before: Of<'_>, after: Of<'_>) -> Vec<PlacementChange> {
    let rows = |(locality, solution): Of<'_>| -> Vec<((Id, Id), u64)> {
        let ids = |(need, offer, children): (crate::domain::NeedIx, OfferIx, u64)| {
            let (need, offer) = (&locality.needs()[need.ix()].id, &locality.offers()[offer.ix()].id);
            ((need.clone(), offer.clone()), children)
        };
        // By need, then offer: positions are in the order of ids.
        solution.placements(locality).into_iter().map(ids).collect()
    };
    let (before, after) = (rows(before), rows(after));
    let mut changes: BTreeMap<&(Id, Id), (u64, u64)> = BTreeMap::new();
    let (mut one, mut two) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let (next_one, next_two) = (one.peek(), two.peek());
        let first = match (next_one, next_two) {
            (None, None) => break,
            (Some((pair, _)), None) | (None, Some((pair, _))) => pair,
            (Some((before, _)), Some((after, _))) => before.min(after),
        };
        let children = |rows: Option<&((Id, Id), u64)>| rows.map_or(0, |&(_, children)| children);
        let from = children(one.next_if(|(pair, _)| pair == first));
        let to = children(two.next_if(|(pair, _)| pair == first));
        if from != to {
            changes.insert(first, (from, to));
        }
    }
    let change = |((need, offer), (before, after)): (&(Id, Id), (u64, u64))| PlacementChange {
        need: need.clone(),
        offer: offer.clone(),
        before,
        after,
    };
    changes.into_iter().map(change).collect()
}

fn offer_changes(before: Of<'_>, after: Of<'_>, next: &Applied, effort: &Effort) -> Vec<OfferChange> {
    let mut ids: Vec<&Id> = next.difference.offers.iter().collect();
    for offer in before.0.offers() {
        let of = |(locality, solution): Of<'_>| Some(solution.used(locality.find_offer(offer.id.as_str())?));
        if of(before) != of(after) {
            ids.push(&offer.id);
        }
    }
    ids.extend(after.0.offers().iter().map(|offer| &offer.id).filter(|id| before.0.find_offer(id.as_str()).is_none()));
    ids.sort();
    ids.dedup();
    let used = |(locality, solution): Of<'_>| -> Vec<Option<OfferUsed>> {
        let offers: Vec<Option<OfferIx>> = ids.iter().map(|id| locality.find_offer(id.as_str())).collect();
        let mut worths = solution.worths(offers.iter().copied().flatten(), effort).unwrap_or_default();
        let mut used = |offer: OfferIx| OfferUsed { used: solution.used(offer), worth: worths.remove(&offer) };
        offers.into_iter().map(|offer| offer.map(&mut used)).collect()
    };
    let (before, after) = (used(before), used(after));
    let change = |((id, before), after): ((&Id, Option<OfferUsed>), Option<OfferUsed>)| OfferChange {
        offer: id.clone(),
        before,
        after,
    };
    ids.iter().copied().zip(before).zip(after).map(change).collect()
}
