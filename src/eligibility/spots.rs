//! Where needs are, so that an offer finds those it reaches without looking at the others.
//!
//! Needs of one kind at one point of one area stand on one *spot*; those on a spot that share a profile are a *class*,
//! and all of a class have the same pairs (declines of single needs and holders apart). An offer takes the spots of each
//! kind it fits by the cheapest road that misses none (a spatial index, the areas it covers, the lines of travel.csv, or
//! all), then puts each to the exact test of [`reach`](mod@super::reach). The road only saves time; the test decides.

use std::ops::Range;
use std::sync::OnceLock;

use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::facts::OfferFacts;
use super::grade::Grade;
use super::profiles::{Column, ProfileIx, Profiles};
use super::reach::{Gap, Limit, Own, Range as ReachRange, rounded, verdict, whole_km};
use super::rules::{Answer, under_status};
use crate::domain::{AreaIx, Coordinates, KindIx, Locality, NeedIx, OfferIx, Point, TravelUnit};
use crate::solve::{Effort, StopReason};

/// Position of a class; classes are sorted by kind, area, point and profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassIx(u32);

impl ClassIx {
    pub fn new(position: usize) -> ClassIx {
        // There are at most as many classes as needs, and needs fit 32 bits.
        ClassIx(position as u32)
    }

    pub fn ix(self) -> usize {
        self.0 as usize
    }
}

/// A class that an offer may take, and what is known of the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub class: ClassIx,
    pub grade: Grade,
    pub(super) travel: PackedTravel,
}

impl Found {
    /// As [`Pair::travel`](super::Pair::travel).
    pub fn travel(&self) -> Option<u32> {
        self.travel.get()
    }

    /// As [`Pair::whole_km`](super::Pair::whole_km), where distances are in `unit`.
    pub fn whole_km(&self, unit: TravelUnit) -> Option<u32> {
        self.travel.whole_km(unit, self.grade)
    }
}

/// Whole metres or minutes, rounded; or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PackedTravel(u32);

impl PackedTravel {
    const NOT_KNOWN: PackedTravel = PackedTravel(u32::MAX);

    /// From an unrounded number; the grade keeps what rounding would lose of the whole kilometres.
    pub(super) fn of(number: Option<f64>, unit: TravelUnit, grade: Grade) -> (Grade, PackedTravel) {
        let Some(number) = number else { return (grade, PackedTravel::NOT_KNOWN) };
        let packed = PackedTravel(rounded(number));
        let rounded_up = unit == TravelUnit::Metres && whole_km(number) < packed.0 / 1000;
        (if rounded_up { grade.with_rounded_up_to_km() } else { grade }, packed)
    }

    pub(super) fn get(self) -> Option<u32> {
        (self != PackedTravel::NOT_KNOWN).then_some(self.0)
    }

    pub(super) fn whole_km(self, unit: TravelUnit, grade: Grade) -> Option<u32> {
        match unit {
            TravelUnit::Metres => self.get().map(|metres| metres / 1000 - u32::from(grade.rounded_up_to_km())),
            TravelUnit::Minutes => None,
        }
    }
}

/// Classes and spots of a locality. Memory: 8 bytes for each need, 8 for each class, about 100 for each spot.
pub struct Spots {
    class_of: Vec<ClassIx>,
    /// For each class its profile.
    profile_of: Vec<ProfileIx>,
    /// The needs of class `c` are `members[starts[c]..starts[c + 1]]`, rising.
    members: Vec<NeedIx>,
    starts: Vec<u32>,
    spots: Vec<Spot>,
    kinds: Vec<OfKind>,
    /// For each area the areas right below it.
    below: Vec<Vec<AreaIx>>,
}

pub(super) struct Spot {
    pub(super) area: AreaIx,
    pub(super) point: Option<Point>,
    /// Positions of its classes.
    pub(super) classes: Range<u32>,
}

/// A spot of the spatial index: coordinates as [`place`] gives them, and the spot's position.
type Leaf = GeomWithData<[f64; 3], u32>;

struct OfKind {
    spots: Range<u32>,
    /// Built when the first offer asks.
    index: OnceLock<Index>,
}

struct Index {
    with_point: RTree<Leaf>,
    without_point: Vec<u32>,
}

/// What needs are sorted by: what makes a spot, then a class.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    kind: KindIx,
    area: AreaIx,
    /// [`total`] of x and y.
    point: Option<(u64, u64)>,
    profile: ProfileIx,
    need: NeedIx,
}

impl Key {
    fn of(locality: &Locality, profiles: &Profiles, need: NeedIx) -> Key {
        let row = &locality.needs()[need.ix()];
        Key {
            kind: row.kind,
            area: locality.holder(need).area,
            point: row.point.map(|point| (total(point.x), total(point.y))),
            profile: profiles.of(need),
            need,
        }
    }

    fn same_spot(&self, other: &Key) -> bool {
        (self.kind, self.area, self.point) == (other.kind, other.area, other.point)
    }
}

/// A number that is ordered as [`f64::total_cmp`] orders.
fn total(number: f64) -> u64 {
    let bits = number.to_bits();
    if number.is_sign_negative() { !bits } else { bits | 1 << 63 }
}

impl Spots {
    /// O(needs x log needs).
    pub fn build(locality: &Locality, profiles: &Profiles, effort: &Effort) -> Result<Spots, StopReason> {
        const TICKS: u64 = 1024;
        let n_needs = locality.needs().len();
        let mut keys = Vec::with_capacity(n_needs);
        for need in (0..n_needs).map(NeedIx::new) {
            if (need.ix() as u64).is_multiple_of(TICKS) {
                effort.tick(TICKS)?;
            }
            keys.push(Key::of(locality, profiles, need));
        }
        effort.sort(&mut keys)?;
        let mut class_of = vec![ClassIx(0); n_needs];
        let mut members = Vec::with_capacity(n_needs);
        let (mut profile_of, mut starts, mut spots) = (Vec::new(), Vec::new(), Vec::<Spot>::new());
        let mut spots_of_kind = vec![0..0; locality.kinds().len()];
        let mut last: Option<&Key> = None;
        for (position, key) in keys.iter().enumerate() {
            if (position as u64).is_multiple_of(TICKS) {
                effort.tick(TICKS)?;
            }
            let new_spot = last.is_none_or(|last| !last.same_spot(key));
            if new_spot {
                let of_kind: &mut Range<u32> = &mut spots_of_kind[key.kind.ix()];
                if of_kind.start == of_kind.end {
                    *of_kind = spots.len() as u32..spots.len() as u32;
                }
                of_kind.end += 1;
                let first = profile_of.len() as u32;
                spots.push(Spot {
                    area: key.area,
                    point: locality.needs()[key.need.ix()].point,
                    classes: first..first,
                });
            }
            if new_spot || last.is_some_and(|last| last.profile != key.profile) {
                profile_of.push(key.profile);
                starts.push(position as u32);
                if let Some(spot) = spots.last_mut() {
                    spot.classes.end += 1;
                }
            }
            class_of[key.need.ix()] = ClassIx::new(profile_of.len() - 1);
            members.push(key.need);
            last = Some(key);
        }
        starts.push(n_needs as u32);
        let kinds = spots_of_kind.into_iter().map(|spots| OfKind { spots, index: OnceLock::new() }).collect();
        let mut below = vec![Vec::new(); locality.areas().len()];
        for (position, area) in locality.areas().iter().enumerate() {
            if let Some(parent) = area.parent {
                below[parent.ix()].push(AreaIx::new(position));
            }
        }
        Ok(Spots { class_of, profile_of, members, starts, spots, kinds, below })
    }

    pub fn n_classes(&self) -> usize {
        self.profile_of.len()
    }

    pub fn class_of(&self, need: NeedIx) -> ClassIx {
        self.class_of[need.ix()]
    }

    pub fn classes(&self) -> impl Iterator<Item = ClassIx> {
        (0..self.profile_of.len()).map(ClassIx::new)
    }

    pub fn profile(&self, class: ClassIx) -> ProfileIx {
        self.profile_of[class.ix()]
    }

    pub(super) fn profile_of(&self, class: u32) -> ProfileIx {
        self.profile_of[class as usize]
    }

    pub(super) fn all(&self) -> &[Spot] {
        &self.spots
    }

    /// The spots that hold some of these classes.
    pub(super) fn holding(&self, classes: &Range<u32>) -> Range<usize> {
        let from = self.spots.partition_point(|spot| spot.classes.end <= classes.start);
        let to = self.spots.partition_point(|spot| spot.classes.start < classes.end);
        from..to
    }

    /// The kinds in need, each with its spots.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (KindIx, Range<u32>)> {
        let kinds = self.kinds.iter().enumerate().filter(|(_, of_kind)| !of_kind.spots.is_empty());
        kinds.map(|(kind, of_kind)| (KindIx::new(kind), of_kind.spots.clone()))
    }

    /// The needs of a class, rising; at least one.
    pub fn needs_of(&self, class: ClassIx) -> &[NeedIx] {
        &self.members[self.starts[class.ix()] as usize..self.starts[class.ix() + 1] as usize]
    }

    /// The classes of a kind in an area and all areas below it.
    pub fn classes_in(&self, kind: KindIx, area: AreaIx) -> Vec<ClassIx> {
        let spots = self.areas_and_below(&[area]).into_iter().flat_map(|area| self.of_kind_in(kind, area));
        spots.flat_map(|spot| self.spots[spot as usize].classes.clone()).map(ClassIx).collect()
    }

    /// The classes that an offer may take, declines left out of account. Each class at most once, in no promised order,
    /// but always the same. O(spots looked at + classes found), by the cheapest road there is.
    pub fn found_by(
        &self,
        locality: &Locality,
        profiles: &Profiles,
        offer: OfferIx,
        effort: &Effort,
    ) -> Result<Vec<Found>, StopReason> {
        let service = locality.offers()[offer.ix()].service;
        let facts = OfferFacts::of(locality, offer);
        let mut search = Search::new(self, locality, profiles, &facts, effort);
        for kind in profiles.kinds_of(locality, facts.service) {
            if let Some(column) = profiles.column(kind, service) {
                search.kind(kind, column)?;
            }
        }
        Ok(search.found)
    }

    /// As [`Spots::found_by`], for an offer or a service that the locality does not hold: a candidate, or rules as they
    /// would become. Judges the service afresh, O(profiles of its kinds).
    pub fn found_by_facts(
        &self,
        locality: &Locality,
        profiles: &Profiles,
        facts: &OfferFacts,
        effort: &Effort,
    ) -> Result<Vec<Found>, StopReason> {
        let mut search = Search::new(self, locality, profiles, facts, effort);
        for kind in profiles.kinds_of(locality, facts.service) {
            search.kind(kind, profiles.answers_to(locality, kind, facts.service).column())?;
        }
        Ok(search.found)
    }

    fn areas_and_below(&self, areas: &[AreaIx]) -> Vec<AreaIx> {
        let mut all = areas.to_vec();
        let mut next = 0;
        while next < all.len() {
            all.extend(&self.below[all[next].ix()]);
            next += 1;
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The spots of a kind in an area. O(log spots).
    fn of_kind_in(&self, kind: KindIx, area: AreaIx) -> Range<u32> {
        let Range { start, end } = self.kinds[kind.ix()].spots;
        let spots = &self.spots[start as usize..end as usize];
        let from = spots.partition_point(|spot| spot.area < area) as u32;
        let to = spots.partition_point(|spot| spot.area <= area) as u32;
        start + from..start + to
    }
}

impl Index {
    fn new(coordinates: Coordinates, spots: &[Spot], range: Range<u32>) -> Index {
        let (mut leaves, mut without_point) = (Vec::new(), Vec::new());
        for spot in range {
            match spots[spot as usize].point {
                Some(point) => leaves.push(Leaf::new(place(coordinates, point), spot)),
                None => without_point.push(spot),
            }
        }
        Index { with_point: RTree::bulk_load(leaves), without_point }
    }
}

/// Where a point stands in the spatial index: on the unit sphere, where poles and date line are nothing special and the
/// straight chord grows with the great circle; or on the plane z = 0.
pub(super) fn place(coordinates: Coordinates, point: Point) -> [f64; 3] {
    match coordinates {
        Coordinates::LonLat => {
            let (lon, lat) = (point.x.to_radians(), point.y.to_radians());
            [libm::cos(lat) * libm::cos(lon), libm::cos(lat) * libm::sin(lon), libm::sin(lat)]
        }
        Coordinates::Metres => [point.x, point.y, 0.0],
    }
}

/// A radius in the index that holds every point within `metres`, and hardly more. Both ways round by some 1e-15, the
/// margin of 1e-9 (6 mm on the ground) is far above that, and the exact test follows anyway.
pub(super) fn index_radius(coordinates: Coordinates, metres: f64) -> f64 {
    const MARGIN: f64 = 1e-9;
    match coordinates {
        Coordinates::LonLat => {
            let half_angle = metres / Coordinates::EARTH_RADIUS_METRES / 2.0;
            // Past half the way round the earth there is nothing farther.
            2.0 * libm::sin(half_angle.clamp(0.0, std::f64::consts::FRAC_PI_2)) + MARGIN
        }
        Coordinates::Metres => metres * (1.0 + MARGIN),
    }
}

/// One offer on its way through the spots.
struct Search<'a, 'e> {
    spots: &'a Spots,
    locality: &'a Locality,
    profiles: &'a Profiles,
    offer: &'a OfferFacts<'a>,
    effort: &'a Effort<'e>,
    own: Own,
    /// The areas it covers with all below them, sorted; None where it names none.
    covered: Option<Vec<AreaIx>>,
    candidates: Vec<u32>,
    found: Vec<Found>,
}

impl<'a, 'e> Search<'a, 'e> {
    /// Ticks are counted in blocks of spots, so that threads do not wait for one another at the counter.
    const BLOCK: usize = 1024;

    fn new(
        spots: &'a Spots,
        locality: &'a Locality,
        profiles: &'a Profiles,
        offer: &'a OfferFacts<'a>,
        effort: &'a Effort<'e>,
    ) -> Search<'a, 'e> {
        let covered = (!offer.covers.is_empty()).then(|| spots.areas_and_below(offer.covers));
        let own = Own::of(offer);
        Search { spots, locality, profiles, offer, effort, own, covered, candidates: Vec::new(), found: Vec::new() }
    }

    fn kind(&mut self, kind: KindIx, column: Column) -> Result<(), StopReason> {
        self.candidates(kind);
        let candidates = std::mem::take(&mut self.candidates);
        for block in candidates.chunks(Search::BLOCK) {
            let classes = block.iter().map(|&spot| u64::from(self.test(spot, column))).sum::<u64>();
            self.effort.tick(block.len() as u64 + classes)?;
        }
        self.candidates = candidates;
        Ok(())
    }

    /// Spots of a kind among which are all that the offer may reach, each once.
    fn candidates(&mut self, kind: KindIx) {
        self.candidates.clear();
        let of_kind = &self.spots.kinds[kind.ix()];
        let farthest = match self.own {
            Own::Untested | Own::OtherUnit => f64::INFINITY,
            Own::Within(limit) => limit,
            Own::Policy => self.profiles.widest_policy_reach(kind),
        };
        match (&self.covered, self.offer.travel, self.offer.point) {
            (Some(areas), _, _) => {
                for &area in areas {
                    self.candidates.extend(self.spots.of_kind_in(kind, area));
                }
            }
            (None, Some(row), _) if self.own != Own::Untested => {
                for &(area, _) in row.areas {
                    self.candidates.extend(self.spots.of_kind_in(kind, area));
                }
            }
            (None, None, Some(point)) if farthest.is_finite() => {
                let coordinates = self.locality.about().coordinates;
                let radius = index_radius(coordinates, farthest);
                let index = || Index::new(coordinates, &self.spots.spots, of_kind.spots.clone());
                let index = of_kind.index.get_or_init(index);
                let near = index.with_point.locate_within_distance(place(coordinates, point), radius * radius);
                self.candidates.extend(near.map(|leaf| leaf.data));
                self.candidates.extend(&index.without_point);
            }
            (None, _, _) => self.candidates.extend(of_kind.spots.clone()),
        }
    }

    /// The exact test of one spot's classes; says how many there were. Candidates are in covered areas already.
    fn test(&mut self, spot: u32, column: Column) -> u32 {
        let spot = &self.spots.spots[spot as usize];
        let gap = Gap::between(self.locality.about().coordinates, spot.area, spot.point, self.offer);
        let unit = self.offer.unit();
        for class in spot.classes.clone() {
            let profile = self.spots.profile_of[class as usize];
            let eligible = under_status(column.answer(profile), self.offer.status);
            let limit = limit(self.own, self.profiles, profile);
            if let Some((grade, travel)) = judged(eligible, gap, limit, unit) {
                self.found.push(Found { class: ClassIx(class), grade, travel });
            }
        }
        spot.classes.len() as u32
    }
}

/// The test of distance that applies to a profile.
pub(super) fn limit(own: Own, profiles: &Profiles, profile: ProfileIx) -> Limit {
    match own {
        Own::Untested => Limit::Untested,
        Own::OtherUnit => Limit::OtherUnit,
        Own::Within(limit) => Limit::Within(ReachRange::own(limit)),
        Own::Policy => Limit::Within(profiles.policy_reach(profile)),
    }
}

/// What is known of a pair in a covered area; None where it is none.
pub(super) fn judged(eligible: Answer, gap: Gap, limit: Limit, unit: TravelUnit) -> Option<(Grade, PackedTravel)> {
    let grade = Grade::new(eligible, verdict(true, gap, limit, unit).answer())?;
    let by_default = matches!(limit, Limit::Within(range) if range.rests_on_default);
    let grade = if by_default { grade.with_default_reach() } else { grade };
    Some(PackedTravel::of(gap.known(), unit, grade))
}
