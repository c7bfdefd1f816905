//! All pairs at once, from the needs' side: needs of one kind in one area lie close together, so what offers may reach
//! them is asked once for a handful of spots, of an index over the offers (which are few), and only then is each tested.
//!
//! An offer is found by the cheapest road that misses none: where it stands and how far it reaches, the areas it covers,
//! the lines of travel.csv, or always. Rows come out in the order in which they are kept: nothing is sorted or turned
//! round afterwards.

use std::ops::Range;

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use super::facts::OfferFacts;
use super::grade::Grade;
use super::profiles::{ProfileIx, Profiles};
use super::reach::{Gap, Own};
use super::rules::{Answer, under_status};
use super::spots::{PackedTravel, Spot, Spots, index_radius, judged, limit, place};
use crate::domain::{AreaIx, KindIx, Locality, OfferIx};
use crate::solve::{Effort, StopReason};

/// The offers that fit each kind in need, and the roads to them.
pub(super) struct Near<'a> {
    locality: &'a Locality,
    profiles: &'a Profiles,
    spots: &'a Spots,
    /// In the order of [`Spots::kinds`].
    kinds: Vec<OfKind<'a>>,
}

/// An offer's reach as a box in the index, with the position among the offers of its kind.
type Reachable = GeomWithData<Rectangle<[f64; 3]>, u32>;

struct OfKind<'a> {
    spots: Range<u32>,
    /// Rising by offer.
    offers: Vec<Fitting<'a>>,
    /// What decides most tests, kept small: one for each of `offers`.
    quick: Vec<Quick>,
    /// Offers with a point and an end of reach.
    located: RTree<Reachable>,
    /// The same offers; spots without a point may be in reach of any.
    all_located: Vec<u32>,
    /// Offers that name areas they cover, under each of those, sorted.
    by_covered: Vec<(AreaIx, u32)>,
    /// Offers that travel.csv alone decides, under each area it lists them for, sorted.
    by_listed: Vec<(AreaIx, u32)>,
    /// Offers that every spot of the kind must be put to.
    anywhere: Vec<u32>,
}

struct Fitting<'a> {
    offer: OfferIx,
    facts: OfferFacts<'a>,
    own: Own,
}

/// A test that may only say a certain no.
#[derive(Clone, Copy)]
struct Quick {
    /// Position of its service among those that fit the kind.
    service: u32,
    at: [f64; 3],
    /// In the index's measure; infinite where the offer's point does not decide.
    radius_squared: f64,
}

impl Quick {
    fn excludes(&self, at: [f64; 3]) -> bool {
        let [x, y, z] = [at[0] - self.at[0], at[1] - self.at[1], at[2] - self.at[2]];
        self.radius_squared < x * x + y * y + z * z
    }
}

/// The pairs of a stretch of classes, class by class and rising by offer.
#[derive(Default)]
pub(super) struct Rows {
    /// Where each class starts, and one more.
    pub(super) starts: Vec<usize>,
    pub(super) offers: Vec<OfferIx>,
    pub(super) grades: Vec<Grade>,
    pub(super) travel: Vec<PackedTravel>,
}

impl Rows {
    /// Where the row of a class is, by its position in the stretch.
    pub(super) fn row(&self, class: usize) -> Range<usize> {
        self.starts[class]..self.starts[class + 1]
    }
}

impl<'a> Near<'a> {
    /// O(offers x kinds they fit x log offers), and the lines of travel.csv once for each of these.
    pub(super) fn new(
        locality: &'a Locality,
        profiles: &'a Profiles,
        spots: &'a Spots,
        effort: &Effort,
    ) -> Result<Near<'a>, StopReason> {
        let kinds: Vec<(KindIx, Range<u32>)> = spots.kinds().collect();
        let kinds = effort.share(kinds.len(), |at| {
            let (kind, spots) = kinds[at].clone();
            OfKind::new(locality, profiles, kind, spots, effort)
        })?;
        Ok(Near { locality, profiles, spots, kinds })
    }

    /// The rows of some classes. O(spots x log offers + offers near them).
    pub(super) fn rows(&self, classes: Range<u32>, effort: &Effort) -> Result<Rows, StopReason> {
        let mut search = Search {
            near: self,
            effort,
            places: Vec::new(),
            candidates: Vec::new(),
            gaps: Vec::new(),
            ticks: 0,
            rows: Rows { starts: vec![0], ..Rows::default() },
        };
        let Range { mut start, end } = self.spots.holding(&classes);
        while start < end {
            let of_kind = &self.kinds[self.kinds.partition_point(|kind| kind.spots.end as usize <= start)];
            let run = alike(&self.spots.all()[start..end.min(of_kind.spots.end as usize)]);
            search.run(of_kind, run, &classes)?;
            start += run.len();
        }
        // What was not counted yet, and at least one look.
        effort.tick(1 + search.ticks)?;
        let mut rows = search.rows;
        rows.offers.shrink_to_fit();
        rows.grades.shrink_to_fit();
        rows.travel.shrink_to_fit();
        Ok(rows)
    }
}

/// The first few of these spots, all of one kind: those in one area that have a point, or have none.
fn alike(spots: &[Spot]) -> &[Spot] {
    const MOST: usize = 64;
    let same = |spot: &&Spot| spot.area == spots[0].area && spot.point.is_some() == spots[0].point.is_some();
    let n_alike = spots.iter().take(MOST).take_while(same).count();
    &spots[..n_alike]
}

impl<'a> OfKind<'a> {
    fn new(
        locality: &'a Locality,
        profiles: &'a Profiles,
        kind: KindIx,
        spots: Range<u32>,
        effort: &Effort,
    ) -> Result<OfKind<'a>, StopReason> {
        let mut fitting: Vec<(OfferIx, u32)> = Vec::new();
        for (service, position) in profiles.fitting_services(kind).zip(0..) {
            fitting.extend(profiles.offers_of(service).iter().map(|&offer| (offer, position)));
        }
        effort.sort(&mut fitting)?;
        let coordinates = locality.about().coordinates;
        let mut of_kind = OfKind {
            spots,
            offers: Vec::with_capacity(fitting.len()),
            quick: Vec::with_capacity(fitting.len()),
            located: RTree::new(),
            all_located: Vec::new(),
            by_covered: Vec::new(),
            by_listed: Vec::new(),
            anywhere: Vec::new(),
        };
        let mut boxes = Vec::new();
        for ((offer, service), at) in fitting.into_iter().zip(0..) {
            let facts = OfferFacts::of(locality, offer);
            let own = Own::of(&facts);
            effort.tick(1 + (facts.covers.len() + facts.travel.map_or(0, |row| row.areas.len())) as u64)?;
            let farthest = match own {
                Own::Untested | Own::OtherUnit => f64::INFINITY,
                Own::Within(limit) => limit,
                Own::Policy => profiles.widest_policy_reach(kind),
            };
            let mut quick = Quick { service, at: [0.0; 3], radius_squared: f64::INFINITY };
            match (facts.travel, facts.point) {
                _ if !facts.covers.is_empty() => of_kind.by_covered.extend(facts.covers.iter().map(|&area| (area, at))),
                (Some(row), _) if own != Own::Untested => {
                    of_kind.by_listed.extend(row.areas.iter().map(|&(area, _)| (area, at)));
                }
                (None, Some(point)) if farthest.is_finite() => {
                    let radius = index_radius(coordinates, farthest);
                    quick = Quick { service, at: place(coordinates, point), radius_squared: radius * radius };
                    let corner = |sign: f64| quick.at.map(|number| number + sign * radius);
                    boxes.push(Reachable::new(Rectangle::from_corners(corner(-1.0), corner(1.0)), at));
                    of_kind.all_located.push(at);
                }
                _ => of_kind.anywhere.push(at),
            }
            of_kind.offers.push(Fitting { offer, facts, own });
            of_kind.quick.push(quick);
        }
        effort.sort(&mut of_kind.by_covered)?;
        effort.sort(&mut of_kind.by_listed)?;
        of_kind.located = RTree::bulk_load(boxes);
        Ok(of_kind)
    }

    /// Offers among which are all that reach any of a few spots in one area, which stand at `places` or, without a point,
    /// nowhere; sorted, each once.
    fn candidates(&self, locality: &Locality, area: AreaIx, places: &[[f64; 3]], into: &mut Vec<u32>) {
        into.clear();
        into.extend(&self.anywhere);
        if !self.by_covered.is_empty() {
            into.extend(locality.area_and_ancestors(area).flat_map(|area| under(&self.by_covered, area)));
        }
        into.extend(under(&self.by_listed, area));
        match places {
            [] => into.extend(&self.all_located),
            places => {
                let hull = AABB::from_points(places);
                into.extend(self.located.locate_in_envelope_intersecting(hull).map(|near| near.data));
            }
        }
        into.sort_unstable();
        // An offer may cover an area and one above it.
        into.dedup();
    }
}

/// The offers under an area.
fn under(sorted: &[(AreaIx, u32)], area: AreaIx) -> impl Iterator<Item = u32> {
    let from = sorted.partition_point(|&(other, _)| other < area);
    sorted[from..].iter().take_while(move |&&(other, _)| other == area).map(|&(_, at)| at)
}

/// One stretch of classes on its way.
struct Search<'n, 'a, 'e> {
    near: &'n Near<'a>,
    effort: &'n Effort<'e>,
    places: Vec<[f64; 3]>,
    candidates: Vec<u32>,
    /// Of one spot: the candidates that its distance does not rule out.
    gaps: Vec<(u32, Gap)>,
    ticks: u64,
    rows: Rows,
}

impl Search<'_, '_, '_> {
    /// Ticks are counted in blocks, so that threads do not wait for one another at the counter.
    const BLOCK: u64 = 1 << 12;

    /// Spots of one kind and area, all with a point or all without.
    fn run(&mut self, of_kind: &OfKind, spots: &[Spot], classes: &Range<u32>) -> Result<(), StopReason> {
        let Near { locality, .. } = *self.near;
        let coordinates = locality.about().coordinates;
        let mut places = std::mem::take(&mut self.places);
        places.clear();
        places.extend(spots.iter().filter_map(|spot| spot.point).map(|point| place(coordinates, point)));
        let mut candidates = std::mem::take(&mut self.candidates);
        if let Some(first) = spots.first() {
            of_kind.candidates(locality, first.area, &places, &mut candidates);
        }
        for (at, spot) in spots.iter().enumerate() {
            self.spot(of_kind, spot, places.get(at).copied(), &candidates, classes)?;
        }
        (self.places, self.candidates) = (places, candidates);
        Ok(())
    }

    fn spot(
        &mut self,
        of_kind: &OfKind,
        spot: &Spot,
        at: Option<[f64; 3]>,
        candidates: &[u32],
        classes: &Range<u32>,
    ) -> Result<(), StopReason> {
        let Near { locality, profiles, spots, .. } = *self.near;
        let coordinates = locality.about().coordinates;
        let own = spot.classes.start.max(classes.start)..spot.classes.end.min(classes.end);
        // Where a spot has one class only, its rules are a cheaper test than the distance.
        let answers = match own.len() {
            1 => Some(profiles.row(spots.profile_of(own.start))),
            _ => None,
        };
        let mut gaps = std::mem::take(&mut self.gaps);
        gaps.clear();
        for &candidate in candidates {
            let quick = &of_kind.quick[candidate as usize];
            let refused = answers.is_some_and(|answers| answers[quick.service as usize] == Answer::No);
            if !refused && !at.is_some_and(|at| quick.excludes(at)) {
                let facts = &of_kind.offers[candidate as usize].facts;
                gaps.push((candidate, Gap::between(coordinates, spot.area, spot.point, facts)));
            }
        }
        self.tick(candidates.len())?;
        for class in own {
            let profile = spots.profile_of(class);
            self.class(of_kind, profile, &gaps);
            self.tick(gaps.len())?;
        }
        self.gaps = gaps;
        Ok(())
    }

    fn class(&mut self, of_kind: &OfKind, profile: ProfileIx, gaps: &[(u32, Gap)]) {
        let profiles = self.near.profiles;
        let answers = profiles.row(profile);
        for &(candidate, gap) in gaps {
            let Fitting { offer, ref facts, own } = of_kind.offers[candidate as usize];
            let answer = answers[of_kind.quick[candidate as usize].service as usize];
            let eligible = under_status(answer, facts.status);
            if eligible == Answer::No {
                continue;
            }
            if let Some((grade, travel)) = judged(eligible, gap, limit(own, profiles, profile), facts.unit()) {
                self.rows.offers.push(offer);
                self.rows.grades.push(grade);
                self.rows.travel.push(travel);
            }
        }
        self.rows.starts.push(self.rows.offers.len());
    }

    fn tick(&mut self, work: usize) -> Result<(), StopReason> {
        self.ticks += work as u64;
        if Search::BLOCK <= self.ticks {
            self.effort.tick(std::mem::take(&mut self.ticks))?;
        }
        Ok(())
    }
}
