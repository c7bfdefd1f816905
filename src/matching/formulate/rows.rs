//! The pairs of the network and what each costs, straight from the rows of [`Pairs`].
//!
//! First the rows are counted, class by class; then every piece of the network's lists is filled where it will stay.
//! Costs go into 32 bits, and only where one does not fit into 64.

use super::Builder;
use crate::domain::policy::StageName;
use crate::domain::{KindIx, NeedIx, OfferIx, TravelUnit};
use crate::eligibility::{Grade, Pair, Pairs};
use crate::matching::reading::Reading;
use crate::solve::{Effort, PairCosts, StopReason};

/// Sources in a piece of work.
const SOURCES: usize = 1 << 12;

/// What a stage that prices pairs came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Term {
    pub(super) costs: PairCosts,
    /// Pairs that have no number, by what they lack.
    pub(super) missing: Missing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Missing {
    /// Effect, travel or cost, whichever the stage counts; in `blended` the cost.
    pub(super) number: Lacking,
    /// In `blended`, the kilometres.
    pub(super) kilometres: Lacking,
}

/// How many pairs lack a number, and the first of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lacking {
    pub(super) pairs: usize,
    pub(super) first: Option<(NeedIx, OfferIx)>,
}

impl Lacking {
    fn add(&mut self, need: NeedIx, offer: OfferIx) {
        self.and(Lacking { pairs: 1, first: Some((need, offer)) });
    }

    /// Adds those that come later.
    fn and(&mut self, later: Lacking) {
        self.pairs += later.pairs;
        self.first = self.first.or(later.first);
    }
}

/// Costs while they are filled in.
enum Filling {
    Narrow(Vec<i32>),
    Wide(Vec<i64>),
}

/// A piece of [`Filling`].
enum Piece<'p> {
    Narrow(&'p mut [i32]),
    Wide(&'p mut [i64]),
}

impl Filling {
    fn zeroes(width: Width, n: usize) -> Filling {
        match width {
            Width::Narrow => Filling::Narrow(vec![0; n]),
            Width::Wide => Filling::Wide(vec![0; n]),
        }
    }

    fn whole(&mut self) -> Piece<'_> {
        match self {
            Filling::Narrow(costs) => Piece::Narrow(costs),
            Filling::Wide(costs) => Piece::Wide(costs),
        }
    }

    fn done(self) -> PairCosts {
        match self {
            Filling::Narrow(costs) if costs.is_empty() => PairCosts::Zero,
            Filling::Wide(costs) if costs.is_empty() => PairCosts::Zero,
            Filling::Narrow(costs) => PairCosts::Narrow(costs),
            Filling::Wide(costs) => PairCosts::Wide(costs),
        }
    }
}

impl<'p> Piece<'p> {
    /// The first `n`; the rest stays.
    fn take(&mut self, n: usize) -> Piece<'p> {
        match self {
            Piece::Narrow(costs) => {
                let (first, rest) = std::mem::take(costs).split_at_mut(n);
                *costs = rest;
                Piece::Narrow(first)
            }
            Piece::Wide(costs) => {
                let (first, rest) = std::mem::take(costs).split_at_mut(n);
                *costs = rest;
                Piece::Wide(first)
            }
        }
    }

    /// Whether the cost fits.
    fn put(&mut self, at: usize, cost: i64) -> bool {
        match self {
            Piece::Narrow(costs) => i32::try_from(cost).map(|cost| costs[at] = cost).is_ok(),
            Piece::Wide(costs) => {
                costs[at] = cost;
                true
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    Narrow,
    Wide,
}

/// A source's pairs, in the order of their sinks.
#[derive(Default)]
struct SourceRow {
    /// Sink in the upper half, position among `pairs` in the lower: sorting these moves 8 bytes for each pair.
    order: Vec<u64>,
    pairs: Vec<Pair>,
}

impl SourceRow {
    fn read(&mut self, pairs: impl Iterator<Item = Pair>, sink_of: &[u32]) {
        self.pairs.clear();
        self.pairs.extend(pairs);
        self.order.clear();
        let sinks = self.pairs.iter().map(|pair| u64::from(sink_of[pair.offer.ix()]));
        self.order.extend(sinks.zip(0..).map(|(sink, at): (u64, u64)| sink << 32 | at));
        self.order.sort_unstable();
    }

    fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        // The halves of a 64-bit number are 32 bits wide.
        self.order.iter().map(|&key| Entry { sink: (key >> 32) as u32, pair: &self.pairs[(key as u32) as usize] })
    }
}

struct Entry<'r> {
    sink: u32,
    pair: &'r Pair,
}

impl Builder<'_> {
    /// Fills in the network's pairs, and gives what each of `names` makes of them.
    pub(super) fn rows(
        &mut self,
        pairs: &Pairs,
        names: &[StageName],
        effort: &Effort,
    ) -> Result<Vec<(StageName, Term)>, StopReason> {
        let prices = Prices::new(self);
        let sink_of = self.sink_of();
        let starts = self.count(pairs, &sink_of, effort)?;
        let n_pairs = starts[starts.len() - 1];
        let mut widths = vec![Width::Narrow; names.len()];
        let mut sinks = vec![0; n_pairs];
        loop {
            let mut fillings: Vec<Filling> = widths.iter().map(|&width| Filling::zeroes(width, n_pairs)).collect();
            let mut left: Vec<Piece> = fillings.iter_mut().map(Filling::whole).collect();
            let mut sinks_left = sinks.as_mut_slice();
            let mut pieces = Vec::with_capacity(self.needs.len().div_ceil(SOURCES));
            for (piece, needs) in self.needs.chunks(SOURCES).enumerate() {
                let n = starts[piece * SOURCES + needs.len()] - starts[piece * SOURCES];
                let (own, rest) = sinks_left.split_at_mut(n);
                sinks_left = rest;
                pieces.push((needs, own, left.iter_mut().map(|piece| piece.take(n)).collect::<Vec<Piece>>()));
            }
            let found = effort.each(pieces, |(needs, sinks, costs)| {
                let filler = Filler { builder: self, pairs, sink_of: &sink_of, names, prices: &prices };
                filler.fill(needs, sinks, costs, effort)
            })?;
            for (at, width) in widths.iter_mut().enumerate() {
                if found.iter().any(|of_piece| of_piece[at].1) {
                    *width = Width::Wide;
                }
            }
            let filled = fillings.iter().zip(&widths).all(|(filling, width)| match filling {
                Filling::Narrow(_) => *width == Width::Narrow,
                Filling::Wide(_) => true,
            });
            if filled {
                self.parts.starts = starts;
                self.parts.sinks = sinks;
                let missing = |at: usize| {
                    found.iter().fold(Missing::default(), |mut missing, of_piece| {
                        missing.number.and(of_piece[at].0.number);
                        missing.kilometres.and(of_piece[at].0.kilometres);
                        missing
                    })
                };
                let terms = fillings.into_iter().enumerate();
                let terms = terms.map(|(at, costs)| Term { missing: missing(at), costs: costs.done() });
                return Ok(names.iter().copied().zip(terms).collect());
            }
        }
    }

    /// By offer its sink; [`NO_SINK`] for those that take no part.
    fn sink_of(&self) -> Vec<u32> {
        let mut sink_of = vec![NO_SINK; self.locality.offers().len()];
        for (sink, offer) in self.offers.iter().enumerate() {
            sink_of[offer.ix()] = sink as u32;
        }
        sink_of
    }

    fn takes_part(&self, sink_of: &[u32], offer: OfferIx, grade: Grade) -> bool {
        sink_of[offer.ix()] != NO_SINK && self.reading.admits(self.locality, grade)
    }

    /// Where each source's pairs start, and one more.
    fn count(&self, pairs: &Pairs, sink_of: &[u32], effort: &Effort) -> Result<Vec<usize>, StopReason> {
        let n_classes = pairs.spots().n_classes();
        let of_classes: Vec<u32> = effort
            .share(n_classes.div_ceil(SOURCES), |block| {
                let classes = pairs.spots().classes().skip(block * SOURCES).take(SOURCES);
                let mut counts = Vec::with_capacity(SOURCES);
                for class in classes {
                    let takes_part = |&(offer, grade): &(OfferIx, Grade)| self.takes_part(sink_of, offer, grade);
                    counts.push(pairs.grades_of_class(class).filter(takes_part).count() as u32);
                }
                effort.tick(counts.iter().map(|&count| u64::from(count)).sum::<u64>() + counts.len() as u64)?;
                Ok(counts)
            })?
            .concat();
        let mut starts = Vec::with_capacity(self.needs.len() + 1);
        let mut start = 0;
        starts.push(start);
        for needs in self.needs.chunks(SOURCES) {
            effort.tick(needs.len() as u64)?;
            for &need in needs {
                start += match pairs.declined_by(need) {
                    [] => of_classes[pairs.spots().class_of(need).ix()] as usize,
                    _ => pairs.of(need).filter(|pair| self.takes_part(sink_of, pair.offer, pair.grade)).count(),
                };
                starts.push(start);
            }
        }
        Ok(starts)
    }
}

const NO_SINK: u32 = u32::MAX;

/// What the stages read of services and policy, looked up once.
struct Prices {
    /// Of one place, by sink.
    cost: Vec<Option<i64>>,
    /// Some link from a kind to a type has an effect.
    any_effect: bool,
    minutes: bool,
}

impl Prices {
    fn new(builder: &Builder) -> Prices {
        let locality = builder.locality;
        Prices {
            cost: builder.offers.iter().map(|&offer| locality.service_of(offer).cost_per_place).collect(),
            any_effect: locality.meets().iter().any(|meet| meet.effect.is_some()),
            minutes: locality.travel().is_some_and(|travel| travel.unit == TravelUnit::Minutes),
        }
    }
}

struct Filler<'f, 'a> {
    builder: &'f Builder<'a>,
    pairs: &'f Pairs,
    sink_of: &'f [u32],
    names: &'f [StageName],
    prices: &'f Prices,
}

impl Filler<'_, '_> {
    /// One piece of sources. For each term what is missing, and whether some cost did not fit.
    fn fill(
        &self,
        needs: &[NeedIx],
        sinks: &mut [u32],
        mut costs: Vec<Piece>,
        effort: &Effort,
    ) -> Result<Vec<(Missing, bool)>, StopReason> {
        let mut found = vec![(Missing::default(), false); self.names.len()];
        let mut row = SourceRow::default();
        let (mut from, mut ticked) = (0, 0);
        for &need in needs {
            let takes_part = |pair: &Pair| self.builder.takes_part(self.sink_of, pair.offer, pair.grade);
            let pairs = self.pairs.of(need).filter(takes_part);
            row.read(pairs, self.sink_of);
            for (at, entry) in (from..).zip(row.entries()) {
                sinks[at] = entry.sink;
            }
            for ((name, costs), (missing, too_wide)) in self.names.iter().zip(&mut costs).zip(&mut found) {
                let kind = self.builder.locality.needs()[need.ix()].kind;
                for (at, entry) in (from..).zip(row.entries()) {
                    let cost = self.cost(*name, need, kind, &entry, missing);
                    *too_wide |= !costs.put(at, cost);
                }
            }
            from += row.pairs.len();
            if 1 << 12 <= from - ticked {
                effort.tick((from - ticked) as u64)?;
                ticked = from;
            }
        }
        effort.tick((from - ticked + needs.len()) as u64)?;
        Ok(found)
    }

    /// What a child on this pair costs in a stage; 0 where that is not known, which is noted.
    fn cost(&self, name: StageName, need: NeedIx, kind: KindIx, entry: &Entry, missing: &mut Missing) -> i64 {
        let &Entry { sink, pair } = entry;
        let number = match name {
            StageName::Effect => self.effect(kind, pair.offer).map(|effect| -i64::from(effect)),
            StageName::Travel => pair.travel.map(i64::from),
            StageName::Cost => self.prices.cost[sink as usize],
            StageName::Blended => return -self.gain(need, entry, missing),
            StageName::Floors | StageName::Need | StageName::Evenness => Some(0),
        };
        number.unwrap_or_else(|| {
            missing.number.add(need, pair.offer);
            0
        })
    }

    fn effect(&self, kind: KindIx, offer: OfferIx) -> Option<u16> {
        let service = self.builder.locality.offers()[offer.ix()].service;
        if self.prices.any_effect { self.builder.profiles.effect(kind, service) } else { None }
    }

    /// met * weight - cost * cost_per_place - km * whole_km.
    fn gain(&self, need: NeedIx, entry: &Entry, missing: &mut Missing) -> i64 {
        let &Entry { sink, pair } = entry;
        let objective = &self.builder.locality.policy().objective;
        // What decides the range over unknowns must not fail on the unknown: a missing number then counts as none.
        let lenient = self.builder.reading != Reading::Policy;
        let mut gain = i64::from(objective.met) * i64::from(self.builder.locality.needs()[need.ix()].weight);
        if objective.cost != 0 {
            match self.prices.cost[sink as usize] {
                Some(cost) => gain -= i64::from(objective.cost) * cost,
                None if lenient => {}
                None => missing.number.add(need, pair.offer),
            }
        }
        if objective.km != 0 {
            match pair.whole_km.filter(|_| !self.prices.minutes) {
                Some(km) => gain -= i64::from(objective.km) * i64::from(km),
                None if lenient => {}
                None => missing.kilometres.add(need, pair.offer),
            }
        }
        gain
    }
}
