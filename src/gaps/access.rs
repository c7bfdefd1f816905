//! Places per child-need: two-step floating catchment areas over the pairs of this locality, plain (2SFCA, Luo and Wang
//! 2003, Environment and Planning B 30) and enhanced (E2SFCA, Luo and Qi 2009, Health and Place 15), in which the nearer
//! counts for more.
//!
//! First each offer's places are divided by the child-needs that could use it; then each need adds up the ratios of the
//! offers that it could use. A catchment is here what matching reads: the service meets the kind, lets the need in, is in
//! reach (<=) and was not declined, the unknown read as the policy says. An offer's places are thereby shared out over all
//! kinds, ages and areas that could use them and counted once: the mean over all needs, weighted by child-needs, times
//! the child-needs is the sum of the places that anyone could use.
//!
//! Luo and Qi give the three thirds of a catchment of 30 minutes the weights 1, 0.68 and 0.22. Here each offer has a reach of its own, so its thirds are the steps: with a reach of 30 minutes that is theirs. Where no
//! distance is tested, all count in full.

use std::collections::BTreeMap;

use crate::domain::{AgeBand, AreaIx, KindIx, Locality, NeedIx, OfferIx};
use crate::eligibility::{Catchments, ClassIx, Pair, Pairs, Profiles};
use crate::matching::{Reading, Room, asking};
use crate::solve::{Effort, StopReason};

/// Child-needs, and the places that fall to them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Access {
    pub child_needs: u64,
    /// Sum over the child-needs of places per child-need, by 2SFCA.
    pub places: f64,
    /// The same by E2SFCA.
    pub nearer_places: f64,
}

impl Access {
    /// Places per child-need; None where there is no child-need.
    pub fn ratio(self) -> Option<f64> {
        (0 < self.child_needs).then(|| self.places / self.child_needs as f64)
    }

    /// The same by E2SFCA.
    pub fn nearer_ratio(self) -> Option<f64> {
        (0 < self.child_needs).then(|| self.nearer_places / self.child_needs as f64)
    }

    fn add(&mut self, children: u64, at: At) {
        self.child_needs += children;
        self.places += at.plain * children as f64;
        self.nearer_places += at.nearer * children as f64;
    }
}

/// Over the needs that ask for a place, inside. Needs outside share in the places of step one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccessTables {
    pub all: Access,
    pub by_kind: BTreeMap<KindIx, Access>,
    pub by_area: BTreeMap<AreaIx, Access>,
    /// By kind and single year (or month) of age; see `banded`.
    pub by_age: BTreeMap<(KindIx, u16), Access>,
    /// Child-needs by kind whose ages are a band of more than one year, or not stated: in no row of `by_age`.
    pub banded: BTreeMap<KindIx, u64>,
    /// Offers without an end of places: whoever can use one has no shortage, and it is in no ratio.
    pub unlimited: u64,
    /// Offers that someone could use and whose places are not known: the ratios are the least there is.
    pub unknown: u64,
}

/// Classes in a piece of work.
const CLASSES: usize = 1 << 12;

/// Weights of the three thirds of a reach, in hundredths: whole numbers, so that sums do not depend on their order.
const OF_THIRDS: [u64; 3] = [100, 68, 22];

/// One number for each measure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct At {
    plain: f64,
    nearer: f64,
}

/// Child-needs that could use an offer: each in full, and by how near they are, in hundredths. The check keeps all
/// child-needs together below 2^53, so neither overflows.
#[derive(Clone, Copy, Debug, Default)]
struct Demand {
    plain: u64,
    nearer: u64,
}

/// An offer that some could use, and how much it counts for them, in hundredths.
type Usable = (OfferIx, u64);

/// O(pairs of classes + needs log rows), the pairs over the effort's threads.
pub fn access(
    locality: &Locality,
    profiles: &Profiles,
    pairs: &Pairs,
    effort: &Effort,
) -> Result<AccessTables, StopReason> {
    let spots = pairs.spots();
    let n_offers = locality.offers().len();
    let n_classes = spots.n_classes();
    let asking = asking(locality, Reading::Policy);
    let catchments = Catchments::new(locality, profiles, pairs);
    effort.look()?;
    let asks = |need: NeedIx| asking[need.ix()].unwrap_or(0);
    // Else all needs of a class can use the same offers.
    let declined_alone = |need: NeedIx| !pairs.declined_by(need).is_empty();
    let usable = |class: ClassIx, pair: Pair| -> Option<Usable> {
        let admits = Reading::Policy.admits(locality, pair.grade);
        admits.then(|| (pair.offer, of_third(pair.travel, catchments.radius(class, pair.offer))))
    };
    let usable_by_class = |class: ClassIx| pairs.of_class(class).filter_map(move |pair| usable(class, pair));
    let usable_alone = |need: NeedIx| {
        let class = spots.class_of(need);
        pairs.of(need).filter_map(move |pair| usable(class, pair))
    };
    let piece = |piece: usize| piece * CLASSES..n_classes.min((piece + 1) * CLASSES);
    let demands = effort.share(n_classes.div_ceil(CLASSES), |at| {
        let mut demand = vec![Demand::default(); n_offers];
        let mut ask = |children: u64, (offer, hundredths): Usable| {
            demand[offer.ix()].plain += children;
            demand[offer.ix()].nearer += children * hundredths;
        };
        for class in piece(at).map(ClassIx::new) {
            let (alone, together): (Vec<NeedIx>, Vec<NeedIx>) =
                spots.needs_of(class).iter().partition(|&&need| declined_alone(need));
            let children: u64 = together.into_iter().map(asks).sum();
            usable_by_class(class).for_each(|usable| ask(children, usable));
            for need in alone {
                usable_alone(need).for_each(|usable| ask(asks(need), usable));
            }
            effort.tick(pairs.grades_of_class(class).len() as u64 + 1)?;
        }
        Ok(demand)
    })?;
    let mut demand = vec![Demand::default(); n_offers];
    for piece in demands {
        for (all, piece) in demand.iter_mut().zip(piece) {
            all.plain += piece.plain;
            all.nearer += piece.nearer;
        }
    }
    let mut tables = AccessTables::default();
    let ratio: Vec<At> = (0..n_offers)
        .map(|offer| match Reading::Policy.room(locality, OfferIx::new(offer)) {
            Room::Places(places) => demand[offer].ratio(places),
            Room::NotKnown => {
                tables.unknown += u64::from(0 < demand[offer].plain);
                At::default()
            }
            Room::NoEnd => {
                tables.unlimited += 1;
                At::default()
            }
        })
        .collect();
    // The sum over the offers, in their order: the same on any number of threads.
    let sum = |usable: &mut dyn Iterator<Item = Usable>| {
        usable.fold(At::default(), |sum, (offer, hundredths)| {
            let ratio = ratio[offer.ix()];
            At { plain: sum.plain + ratio.plain, nearer: sum.nearer + ratio.nearer * hundredths as f64 }
        })
    };
    let sums = effort.share(n_classes.div_ceil(CLASSES), |at| {
        let of = |class: ClassIx| {
            effort.tick(pairs.grades_of_class(class).len() as u64 + 1)?;
            Ok(sum(&mut usable_by_class(class)))
        };
        piece(at).map(ClassIx::new).map(of).collect::<Result<Vec<At>, StopReason>>()
    })?;
    let sums: Vec<At> = sums.into_iter().flatten().collect();
    let mut by_kind = vec![Access::default(); locality.kinds().len()];
    let mut by_area = vec![Access::default(); locality.areas().len()];
    for (at, need) in locality.needs().iter().enumerate() {
        effort.tick(8)?;
        let need_ix = NeedIx::new(at);
        let holder = locality.holder(need_ix);
        let children = asks(need_ix);
        if children == 0 || !locality.areas()[holder.area.ix()].inside {
            continue;
        }
        let at = match declined_alone(need_ix) {
            true => sum(&mut usable_alone(need_ix)),
            false => sums[spots.class_of(need_ix).ix()],
        };
        tables.all.add(children, at);
        by_kind[need.kind.ix()].add(children, at);
        by_area[holder.area.ix()].add(children, at);
        match holder.ages.filter(|&ages| AgeBand::min(ages) == AgeBand::max(ages)) {
            Some(age) => tables.by_age.entry((need.kind, age.min())).or_default().add(children, at),
            None => *tables.banded.entry(need.kind).or_default() += children,
        }
    }
    let seen = |rows: Vec<Access>| rows.into_iter().enumerate().filter(|(_, access)| 0 < access.child_needs);
    tables.by_kind = seen(by_kind).map(|(kind, access)| (KindIx::new(kind), access)).collect();
    tables.by_area = seen(by_area).map(|(area, access)| (AreaIx::new(area), access)).collect();
    Ok(tables)
}

impl Demand {
    /// Places per child-need, and per hundredth of one; 0 where nobody comes.
    fn ratio(self, places: u64) -> At {
        let per = |demand: u64| if demand == 0 { 0.0 } else { places as f64 / demand as f64 };
        At { plain: per(self.plain), nearer: per(self.nearer) }
    }
}

/// How much a pair in reach counts, in hundredths, by the third of the reach that it lies in; in full where no distance is
/// tested. `travel` is to the nearest metre or minute.
fn of_third(travel: Option<u32>, radius: Option<f64>) -> u64 {
    match travel.zip(radius) {
        Some((travel, radius)) if radius < 3.0 * f64::from(travel) => {
            if 2.0 * radius < 3.0 * f64::from(travel) {
                OF_THIRDS[2]
            } else {
                OF_THIRDS[1]
            }
        }
        Some(_) | None => OF_THIRDS[0],
    }
}

/// A place where places per child-need fall by half or more from one year of age to the next of a kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fall {
    pub kind: KindIx,
    /// The later of the two ages, in the locality's unit.
    pub age: u16,
    pub before: f64,
    pub at: f64,
}

/// Falls by half or more between ages that follow each other, by kind, then age. That a cohort's next year has fewer
/// places says nothing about what any child will meet. O(rows).
pub fn falls(by_age: &BTreeMap<(KindIx, u16), Access>) -> Vec<Fall> {
    let following = by_age.iter().zip(by_age.iter().skip(1));
    type Row<'a> = (&'a (KindIx, u16), &'a Access);
    let fall = |((&(kind, age), before), (&(next_kind, next), at)): (Row, Row)| {
        let (before, at) = (before.ratio()?, at.ratio()?);
        let follows = kind == next_kind && next == age + 1;
        (follows && 0.0 < before && 2.0 * at <= before).then_some(Fall { kind, age: next, before, at })
    };
    following.filter_map(fall).collect()
}

/// Need, supply and access of a tenth of deprivation: the inverse care law (Tudor Hart 1971) in one line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tenth {
    /// 1 is the most deprived tenth of the whole index, 10 the least.
    pub tenth: u8,
    pub areas: u64,
    pub access: Access,
}

/// The tenths of the national index that areas here fall into, most deprived first; None where the locality states no
/// index. Areas without a rank are in none. O(areas).
pub fn by_tenth(locality: &Locality, by_area: &BTreeMap<AreaIx, Access>) -> Option<Vec<Tenth>> {
    let index = locality.about().deprivation.as_ref()?;
    let mut tenths: BTreeMap<u8, Tenth> = BTreeMap::new();
    for (at, area) in locality.areas().iter().enumerate().filter(|(_, area)| area.inside) {
        let Some(rank) = area.deprivation_rank else { continue };
        let tenth = national_tenth(rank, index.areas_in_index);
        let row = tenths.entry(tenth).or_insert(Tenth { tenth, ..Tenth::default() });
        row.areas += 1;
        if let Some(access) = by_area.get(&AreaIx::new(at)) {
            row.access.child_needs += access.child_needs;
            row.access.places += access.places;
            row.access.nearer_places += access.nearer_places;
        }
    }
    Some(tenths.into_values().collect())
}

/// Rank 1 to the number of areas, cut into ten parts as equal as they can be: ceil(10 rank / areas).
pub(super) fn national_tenth(rank: u32, areas: u32) -> u8 {
    let tenth = (10 * u64::from(rank)).div_ceil(u64::from(areas.max(1)));
    // A rank beyond the number of areas is refused by the check; the least deprived tenth would hold it.
    tenth.clamp(1, 10) as u8
}

#[cfg(test)]
mod tests;
