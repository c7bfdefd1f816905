//! All pairs of a need and an offer that may come together, compressed: what matching reads.
//!
//! A pair is here if its eligibility and its reach are each yes or unknown; its [`Grade`] says which, and whether it is
//! declined. The result equals [`judge`](super::rules::judge) and [`reach`](super::reach::reach) asked of every pair
//! (tests hold it to that) without asking them of every pair.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::declines::{Declines, Place};
use super::facts::{NeedFacts, OfferFacts, travel_unit};
use super::grade::Grade;
use super::near::{Near, Rows};
use super::profiles::Profiles;
use super::reach::{Reached, reach_facts};
use super::rules::judge_facts;
use super::spots::{ClassIx, PackedTravel, Spots};
use crate::domain::{DeclineWhat, DeclineWho, Locality, NeedIx, OfferIx, TravelUnit};
use crate::solve::{Effort, StopReason};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    pub offer: OfferIx,
    pub grade: Grade,
    /// Metres or minutes ([`Pairs::unit`]) to the nearest whole one, half up.
    pub travel: Option<u32>,
    /// The floor of unrounded metres / 1000; None also where distances are in minutes.
    pub whole_km: Option<u32>,
}

impl Pair {
    fn unpacked(unit: TravelUnit, offer: OfferIx, grade: Grade, travel: PackedTravel) -> Pair {
        Pair { offer, grade, travel: travel.get(), whole_km: travel.whole_km(unit, grade) }
    }
}

/// The pairs of a need that is not stored, rising by offer, straight from the definitions. Of declines only those of
/// everyone of its kind can apply. O(offers that fit its kind).
pub fn pairs_of_facts(locality: &Locality, profiles: &Profiles, declines: &Declines, need: &NeedFacts) -> Vec<Pair> {
    let pair = |offer: OfferIx| {
        let facts = OfferFacts::of(locality, offer);
        let Reached { verdict, travelled } = reach_facts(locality, need, &facts);
        let mut grade = Grade::new(judge_facts(locality, need, &facts).answer(), verdict.answer())?;
        if travelled.default_reach {
            grade = grade.with_default_reach();
        }
        let place = Place { service: locality.offers()[offer.ix()].service, offer: Some(offer) };
        if declines.by_everyone(locality, need.kind, need.area, place) {
            grade = grade.with_declined();
        }
        let (grade, travel) = PackedTravel::of(travelled.metres.or(travelled.minutes), facts.unit(), grade);
        Some(Pair::unpacked(facts.unit(), offer, grade, travel))
    };
    let mut pairs: Vec<Pair> = profiles.fitting(need.kind).filter_map(pair).collect();
    pairs.sort_unstable_by_key(|pair| pair.offer);
    pairs
}

/// Rows of pairs. Memory: 9 bytes for each class of needs and offer, not for each need and offer.
pub struct Pairs {
    unit: TravelUnit,
    spots: Spots,
    /// The rows of each [`CLASSES`] classes. Each stretch is built by one thread and never copied.
    stretches: Vec<Rows>,
    /// Pairs declined for one need or one holder, sorted: the only difference within a class.
    declined: Vec<(NeedIx, OfferIx)>,
    n_pairs: u64,
    counted: CountedPairs,
}

/// Pairs of single needs that count, by what they rest on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountedPairs {
    pub resting_on_default_reach: u64,
    pub eligibility_unknown: u64,
    pub reach_unknown: u64,
}

/// Classes in a stretch.
const CLASSES: usize = 1 << 12;

impl Pairs {
    /// O(needs x log needs + sum over spots of offers near them + pairs of classes), over the effort's threads. The
    /// answer does not depend on how many there are.
    pub fn build(locality: &Locality, profiles: &Profiles, effort: &Effort) -> Result<Pairs, StopReason> {
        let spots = Spots::build(locality, profiles, effort)?;
        let stretches = {
            let near = Near::new(locality, profiles, &spots, effort)?;
            let n_classes = spots.n_classes();
            let done = AtomicU64::new(0);
            effort.share(n_classes.div_ceil(CLASSES), |stretch| {
                let (from, to) = (stretch * CLASSES, n_classes.min((stretch + 1) * CLASSES));
                // There are at most as many classes as needs, and needs fit 32 bits.
                let rows = near.rows(from as u32..to as u32, effort)?;
                let done = done.fetch_add((to - from) as u64, Ordering::Relaxed) + (to - from) as u64;
                effort.report("pairs", done, Some(n_classes as u64));
                Ok(rows)
            })?
        };
        let (declined, n_pairs, counted) = (Vec::new(), 0, CountedPairs::default());
        let mut pairs = Pairs { unit: travel_unit(locality), spots, stretches, declined, n_pairs, counted };
        pairs.mark_declined(locality, profiles, effort)?;
        pairs.count(locality, effort)?;
        Ok(pairs)
    }

    fn count(&mut self, locality: &Locality, effort: &Effort) -> Result<(), StopReason> {
        let counts = effort.share(self.stretches.len(), |stretch| {
            let mut n_pairs = 0;
            let mut sums = CountedPairs::default();
            let rows = &self.stretches[stretch];
            for (at, ends) in rows.starts.windows(2).enumerate() {
                let grades = &rows.grades[ends[0]..ends[1]];
                let needs = self.spots.needs_of(ClassIx::new(stretch * CLASSES + at));
                let counted = needs.iter().filter(|need| locality.needs()[need.ix()].counts).count() as u64;
                n_pairs += needs.len() as u64 * grades.len() as u64;
                let with = |is: fn(Grade) -> bool| grades.iter().filter(|&&grade| is(grade)).count() as u64;
                sums.resting_on_default_reach += counted * with(Grade::default_reach);
                sums.eligibility_unknown += counted * with(Grade::eligibility_unknown);
                sums.reach_unknown += counted * with(Grade::reach_unknown);
            }
            effort.tick(rows.grades.len() as u64)?;
            Ok((n_pairs, sums))
        })?;
        for (n_pairs, CountedPairs { resting_on_default_reach, eligibility_unknown, reach_unknown }) in counts {
            self.n_pairs += n_pairs;
            self.counted.resting_on_default_reach += resting_on_default_reach;
            self.counted.eligibility_unknown += eligibility_unknown;
            self.counted.reach_unknown += reach_unknown;
        }
        Ok(())
    }

    /// The unit of [`Pair::travel`].
    pub fn unit(&self) -> TravelUnit {
        self.unit
    }

    /// Classes of needs: all needs of a class have the same pairs, declines of single needs and holders apart.
    pub fn spots(&self) -> &Spots {
        &self.spots
    }

    /// The pairs of a need, rising by offer.
    pub fn of(&self, need: NeedIx) -> impl Iterator<Item = Pair> {
        let own = self.declined_by(need);
        let mut next = 0;
        self.of_class(self.spots.class_of(need)).map(move |pair| {
            while own.get(next).is_some_and(|&(_, offer)| offer < pair.offer) {
                next += 1;
            }
            match own.get(next) {
                Some(&(_, offer)) if offer == pair.offer => Pair { grade: pair.grade.with_declined(), ..pair },
                _ => pair,
            }
        })
    }

    /// The pair of a need and an offer, where there is one. O(log offers).
    pub fn find(&self, need: NeedIx, offer: OfferIx) -> Option<Pair> {
        let (rows, row) = self.row(self.spots.class_of(need));
        let at = rows.offers[row.clone()].binary_search(&offer).ok()?;
        let pair = self.at(rows, row.start + at);
        let declined = self.declined.binary_search(&(need, offer)).is_ok();
        Some(if declined { Pair { grade: pair.grade.with_declined(), ..pair } } else { pair })
    }

    /// The pairs that all needs of a class have, rising by offer, without the declines of single needs and holders.
    pub fn of_class(&self, class: ClassIx) -> impl Iterator<Item = Pair> {
        let (rows, row) = self.row(class);
        let unit = self.unit;
        let known = rows.grades[row.clone()].iter().zip(&rows.travel[row.clone()]);
        let pairs = rows.offers[row].iter().zip(known);
        pairs.map(move |(&offer, (&grade, &travel))| Pair::unpacked(unit, offer, grade, travel))
    }

    /// The offers of [`Pairs::of_class`] and what is known of them, without the distances.
    pub fn grades_of_class(&self, class: ClassIx) -> impl ExactSizeIterator<Item = (OfferIx, Grade)> {
        let (rows, row) = self.row(class);
        rows.offers[row.clone()].iter().copied().zip(rows.grades[row].iter().copied())
    }

    /// The offers that one need or its holder declined, where a pair is there to decline: sorted, often empty.
    pub fn declined_by(&self, need: NeedIx) -> &[(NeedIx, OfferIx)] {
        let from = self.declined.partition_point(|&(of, _)| of < need);
        let to = self.declined.partition_point(|&(of, _)| of <= need);
        &self.declined[from..to]
    }

    /// Pairs of single needs and offers, whatever their grade.
    pub fn n_pairs(&self) -> u64 {
        self.n_pairs
    }

    pub fn counted(&self) -> CountedPairs {
        self.counted
    }

    /// The stretch that holds a class, and where in it the class's row is.
    fn row(&self, class: ClassIx) -> (&Rows, Range<usize>) {
        let rows = &self.stretches[class.ix() / CLASSES];
        (rows, rows.row(class.ix() % CLASSES))
    }

    fn at(&self, rows: &Rows, at: usize) -> Pair {
        Pair::unpacked(self.unit, rows.offers[at], rows.grades[at], rows.travel[at])
    }

    /// Marks declined pairs: of everyone of a kind in an area (or below it) on the class, of one need or holder aside.
    /// O(sum over declines of (needs or classes meant x offers meant x log offers) + needs).
    fn mark_declined(&mut self, locality: &Locality, profiles: &Profiles, effort: &Effort) -> Result<(), StopReason> {
        let mut of_holder: Vec<(usize, NeedIx)> = Vec::new();
        if locality.declines().iter().any(|decline| matches!(decline.who, DeclineWho::Holder(_))) {
            let needs = locality.needs().iter().enumerate();
            of_holder = needs.map(|(position, need)| (need.holder.ix(), NeedIx::new(position))).collect();
            of_holder.sort_unstable();
        }
        for decline in locality.declines() {
            let one;
            let offers = match decline.what {
                DeclineWhat::Service(service) => profiles.offers_of(service),
                DeclineWhat::Offer(offer) => {
                    one = [offer];
                    &one
                }
            };
            match decline.who {
                DeclineWho::Need(need) => self.decline_alone(need, offers),
                DeclineWho::Holder(holder) => {
                    let from = of_holder.partition_point(|&(of, _)| of < holder.ix());
                    for &(_, need) in of_holder[from..].iter().take_while(|&&(of, _)| of == holder.ix()) {
                        effort.tick(offers.len() as u64)?;
                        self.decline_alone(need, offers);
                    }
                }
                DeclineWho::Everyone { kind, area } => {
                    for class in self.spots.classes_in(kind, area) {
                        effort.tick(offers.len() as u64)?;
                        let rows = &mut self.stretches[class.ix() / CLASSES];
                        let row = rows.row(class.ix() % CLASSES);
                        for offer in offers {
                            if let Ok(at) = rows.offers[row.clone()].binary_search(offer) {
                                let grade = &mut rows.grades[row.start + at];
                                *grade = grade.with_declined();
                            }
                        }
                    }
                }
            }
        }
        self.declined.sort_unstable();
        self.declined.dedup();
        Ok(())
    }

    fn decline_alone(&mut self, need: NeedIx, offers: &[OfferIx]) {
        let (rows, row) = self.row(self.spots.class_of(need));
        let there = offers.iter().filter(|offer| rows.offers[row.clone()].binary_search(offer).is_ok());
        let there: Vec<_> = there.map(|&offer| (need, offer)).collect();
        self.declined.extend(there);
    }
}

#[cfg(test)]
mod tests;
