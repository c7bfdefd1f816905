//! All pairs of a need and an offer that may come together, compressed: what matching reads.
//!
//! A pair is here if its eligibility and its reach are each yes or unknown; its [`Grade`] says which, and whether it is
//! declined. The result equals [`judge`](super::rules::judge) and [`reach`](super::reach::reach) asked of every pair
//! (tests hold it to that) without asking them of every pair.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::declines::{Declines, Place};
use super::facts::{NeedFacts, OfferFacts, travel_unit};
use super::grade::Grade;
use super::profiles::Profiles;
use super::reach::{Reached, reach_facts};
use super::rules::judge_facts;
use super::spots::{ClassIx, Found, PackedTravel, Spots};
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
    /// The pairs of class `c` are at `starts[c]..starts[c + 1]`, rising by offer.
    starts: Vec<usize>,
    offers: Vec<OfferIx>,
    grades: Vec<Grade>,
    travel: Vec<PackedTravel>,
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

impl Pairs {
    /// O(needs x log needs + sum over offers of spots near it + pairs of classes), over the effort's threads. The answer
    /// does not depend on how many there are.
    pub fn build(locality: &Locality, profiles: &Profiles, effort: &Effort) -> Result<Pairs, StopReason> {
        let spots = Spots::build(locality, profiles);
        let found = search(locality, profiles, &spots, effort)?;
        let unit = travel_unit(locality);
        let mut pairs = Pairs::transposed(unit, spots, found, effort)?;
        pairs.mark_declined(locality, profiles, effort)?;
        pairs.count(locality);
        Ok(pairs)
    }

    /// No pair at all, for an answer that must be given before the pairs were found. O(needs log needs).
    pub fn none(locality: &Locality, profiles: &Profiles) -> Pairs {
        let spots = Spots::build(locality, profiles);
        let starts = vec![0; spots.n_classes() + 1];
        Pairs {
            unit: locality.travel().map_or(TravelUnit::Metres, |travel| travel.unit),
            spots,
            starts,
            offers: Vec::new(),
            grades: Vec::new(),
            travel: Vec::new(),
            declined: Vec::new(),
            n_pairs: 0,
            counted: CountedPairs::default(),
        }
    }

    fn count(&mut self, locality: &Locality) {
        for class in self.spots.classes() {
            let row = self.row(class);
            let needs = self.spots.needs_of(class);
            let counted = needs.iter().filter(|need| locality.needs()[need.ix()].counts).count() as u64;
            self.n_pairs += needs.len() as u64 * row.len() as u64;
            for grade in &self.grades[row] {
                self.counted.resting_on_default_reach += counted * u64::from(grade.default_reach());
                self.counted.eligibility_unknown += counted * u64::from(grade.eligibility_unknown());
                self.counted.reach_unknown += counted * u64::from(grade.reach_unknown());
            }
        }
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
        let row = self.row(self.spots.class_of(need));
        let at = self.offers[row.clone()].binary_search(&offer).ok()?;
        let pair = self.at(row.start + at);
        let declined = self.declined.binary_search(&(need, offer)).is_ok();
        Some(if declined { Pair { grade: pair.grade.with_declined(), ..pair } } else { pair })
    }

    /// The pairs that all needs of a class have, rising by offer, without the declines of single needs and holders.
    pub fn of_class(&self, class: ClassIx) -> impl Iterator<Item = Pair> {
        self.row(class).map(|at| self.at(at))
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

    fn row(&self, class: ClassIx) -> std::ops::Range<usize> {
        self.starts[class.ix()]..self.starts[class.ix() + 1]
    }

    fn at(&self, at: usize) -> Pair {
        Pair::unpacked(self.unit, self.offers[at], self.grades[at], self.travel[at])
    }

    /// From classes by offer to offers by class. Offers come in rising order, so each row rises without sorting.
    fn transposed(
        unit: TravelUnit,
        spots: Spots,
        found: Vec<Vec<Found>>,
        effort: &Effort,
    ) -> Result<Pairs, StopReason> {
        let mut starts = vec![0_usize; spots.n_classes() + 1];
        for found in found.iter().flatten() {
            starts[found.class.ix() + 1] += 1;
        }
        for class in 0..spots.n_classes() {
            starts[class + 1] += starts[class];
        }
        let n_rows = starts[spots.n_classes()];
        let mut next = starts.clone();
        let mut offers = vec![OfferIx::new(0); n_rows];
        let mut grades = vec![Grade::default(); n_rows];
        let mut travel = vec![PackedTravel::NOT_KNOWN; n_rows];
        for (position, found) in found.into_iter().enumerate() {
            effort.tick(found.len() as u64)?;
            for Found { class, grade, travel: how_far } in found {
                let at = next[class.ix()];
                next[class.ix()] += 1;
                (offers[at], grades[at], travel[at]) = (OfferIx::new(position), grade, how_far);
            }
        }
        let (declined, n_pairs, counted) = (Vec::new(), 0, CountedPairs::default());
        Ok(Pairs { unit, spots, starts, offers, grades, travel, declined, n_pairs, counted })
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
                        let row = self.row(class);
                        for offer in offers {
                            if let Ok(at) = self.offers[row.clone()].binary_search(offer) {
                                let grade = &mut self.grades[row.start + at];
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
        let row = self.row(self.spots.class_of(need));
        let there = offers.iter().filter(|offer| self.offers[row.clone()].binary_search(offer).is_ok());
        self.declined.extend(there.map(|&offer| (need, offer)));
    }
}

/// For each offer the classes it may take.
fn search(
    locality: &Locality,
    profiles: &Profiles,
    spots: &Spots,
    effort: &Effort,
) -> Result<Vec<Vec<Found>>, StopReason> {
    let n_offers = locality.offers().len();
    let done = AtomicU64::new(0);
    let one = |position: usize| {
        let found = spots.found_by(locality, profiles, OfferIx::new(position), effort)?;
        effort.report("pairs", done.fetch_add(1, Ordering::Relaxed) + 1, Some(n_offers as u64));
        Ok(found)
    };
    match effort.threads() {
        Some(threads) => threads.install(|| (0..n_offers).into_par_iter().map(one).collect()),
        None => (0..n_offers).map(one).collect(),
    }
}

#[cfg(test)]
mod tests;
