//! No objective of any stage may pass 2^53, where whole numbers stop being exact in the solvers' backends. The greatest
//! possible sums are computed here in 128 bits, with every need met at the dearest and farthest there is; past the
//! bound the bundle is refused with the row that drives the sum.

use std::collections::BTreeMap;

use super::findings::{Findings, RowRef};
use super::offers::Offers;
use super::plans::Candidates;
use super::services::Services;
use crate::domain::geometry::{Coordinates, Point};
use crate::domain::ids::KindIx;
use crate::domain::locality::{Area, CandidateKind, Holder, Need, Scenario, Travel, TravelUnit, Unit};
use crate::domain::policy::{GroupBy, ObjectiveMode, Policy, UnknownCapacity};
use crate::domain::stated::Stated;
use crate::solve::{Effort, StopReason};

/// The greatest sum.
const MOST: u128 = 1 << 53;

/// Half the earth's circumference at the equator in metres: no great circle is longer.
const FARTHEST_ON_EARTH: u128 = 20_037_509;

/// Everything a sum is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Summed<'s, 'a> {
    pub policy: &'s Policy,
    pub coordinates: Coordinates,
    pub areas: &'s [Area],
    /// Every need, and where it stands.
    pub needs: &'s [(&'s Need, RowRef)],
    pub holders: &'s [Holder],
    pub services: &'s Services<'a>,
    pub offers: &'s Offers<'a>,
    pub candidates: &'s Candidates<'a>,
    pub scenarios: &'s [Scenario],
    pub travel: Option<&'s Travel>,
}

/// A sum, and the row with the greatest part in it.
#[derive(Debug)]
struct Total {
    what: &'static str,
    column: &'static str,
    sum: u128,
    greatest: u128,
    by: Option<RowRef>,
}

impl Total {
    fn new(what: &'static str, column: &'static str) -> Total {
        Total { what, column, sum: 0, greatest: 0, by: None }
    }

    fn add(&mut self, part: u128, from: RowRef) {
        self.sum = self.sum.saturating_add(part);
        // Of equal parts the first row drives the sum, in whatever order they come.
        let is_first = self.by.is_none_or(|by| from < by);
        if self.greatest < part || self.greatest == part && is_first {
            self.greatest = part;
            self.by = Some(from);
        }
    }

    fn guard(&self, findings: &mut Findings) {
        if let Some(by) = self.by.filter(|_| MOST < self.sum) {
            let Total { what, sum, .. } = self;
            let wanted = format!("smaller numbers: {what} could add up to {sum}, and sums are exact only up to {MOST}");
            findings.structural_at(by, self.column, &self.greatest.to_string(), wanted);
        }
    }
}

pub(super) fn guard(summed: &Summed<'_, '_>, effort: &Effort, findings: &mut Findings) -> Result<(), StopReason> {
    guard_needs(summed, effort, findings)?;
    guard_supply(summed, findings);
    Ok(())
}

/// The sums that no need enters.
pub(super) fn guard_supply(summed: &Summed<'_, '_>, findings: &mut Findings) {
    guard_places(summed, findings);
    guard_plans(summed, findings);
}

/// The children that a need could have at most, in the scenario that has most of them.
fn most_children(need: &Need, factors: &BTreeMap<KindIx, u64>) -> u128 {
    const ONE: u128 = 1_000_000;
    let known = need.children.known().unwrap_or(0);
    let children = u128::from(known.max(need.children_high.unwrap_or(0)));
    let factor = factors.get(&need.kind).map_or(ONE, |&factor| u128::from(factor).max(ONE));
    (children * factor).div_ceil(ONE)
}

fn guard_needs(summed: &Summed<'_, '_>, effort: &Effort, findings: &mut Findings) -> Result<(), StopReason> {
    let Summed { policy, needs, services, .. } = *summed;
    let mut factors: BTreeMap<KindIx, u64> = BTreeMap::new();
    for scenario in summed.scenarios {
        let factor = factors.entry(scenario.kind).or_default();
        *factor = scenario.factor.max(*factor);
    }
    let dearest = services.services.iter().zip(&services.rows);
    let dearest = dearest.map(|(service, &row)| (service.cost_per_place.unwrap_or(0).unsigned_abs(), row));
    let dearest = dearest.max_by_key(|&(cost, row)| (cost, std::cmp::Reverse(row)));
    let cost = dearest.map_or(0, |(cost, _)| u128::from(cost));
    let farthest = farthest(summed);
    let km = if summed.travel.is_some_and(|travel| travel.unit == TravelUnit::Minutes) { 0 } else { farthest / 1000 };
    let objective = &policy.objective;

    let mut weight = Total::new("weights times children", "children");
    let mut effect = Total::new("effects times children", "children");
    let mut travel = Total::new("journeys times children", "children");
    let mut blended = Total::new("blended worths", "children");
    let mut transport = Total::new("the cost of transport", "children");
    let mut costs = Total::new("costs of places", "cost_per_place");
    let mut by_group: BTreeMap<usize, (u128, u128, RowRef)> = BTreeMap::new();
    for &(need, from) in needs.iter().filter(|(need, _)| need.counts) {
        effort.tick(16)?;
        let children = most_children(need, &factors);
        let weighed = u128::from(need.weight);
        weight.add(weighed * children, from);
        effect.add(1000 * children, from);
        travel.add(farthest * children, from);
        transport.add(u128::from(policy.travel_pence_per_km) * (km + 1) * children, from);
        if objective.mode == ObjectiveMode::Blended {
            let worth = u128::from(objective.met) * weighed;
            let less = u128::from(objective.cost).saturating_mul(cost) + u128::from(objective.km) * km;
            blended.add(worth.saturating_add(less).saturating_mul(children), from);
        }
        if let Some((_, dearest)) = dearest {
            costs.add(cost.saturating_mul(children), dearest);
        }
        let holder = &summed.holders[need.holder.ix()];
        let group = match objective.even_by {
            GroupBy::Nothing => continue,
            GroupBy::Area if !summed.areas[holder.area.ix()].inside => continue,
            GroupBy::Area => holder.area.ix(),
            GroupBy::Column(column) => holder.groups[column] as usize,
        };
        let (sum, greatest, by) = by_group.entry(group).or_insert((0, 0, from));
        *sum += children;
        if (*greatest, std::cmp::Reverse(*by)) < (children, std::cmp::Reverse(from)) {
            (*greatest, *by) = (children, from);
        }
    }
    let mut evenness = Total::new("the millionths of evenness", "children");
    for (children, _, by) in by_group.into_values() {
        // ceil(10^6 k / n) over k = 1..n is at most 10^6 (n + 1) / 2, and one more for each.
        evenness.add(500_000 * (children + 1) + children, by);
    }
    for total in [weight, effect, travel, blended, transport, costs, evenness] {
        total.guard(findings);
    }
    Ok(())
}

/// The longest journey there could be, in metres or minutes, rounded up.
fn farthest(summed: &Summed<'_, '_>) -> u128 {
    if let Some(Travel { offers, candidates, .. }) = summed.travel {
        let journeys = offers.iter().chain(candidates).flatten();
        let longest = journeys.map(|&(_, length)| length).fold(0.0, f64::max);
        return longest.ceil() as u128;
    }
    match summed.coordinates {
        Coordinates::LonLat => FARTHEST_ON_EARTH,
        Coordinates::Metres => {
            let Summed { needs, offers, candidates, .. } = *summed;
            let needs = needs.iter().filter_map(|(need, _)| need.point);
            let offers = offers.offers.iter().filter_map(|offer| offer.point);
            let candidates = candidates.candidates.iter().filter_map(|candidate| match candidate.kind {
                CandidateKind::Offer { point, .. } => point,
                _ => None,
            });
            let points = needs.chain(offers).chain(candidates);
            let corner = |a: Point, b: Point, pick: fn(f64, f64) -> f64| Point { x: pick(a.x, b.x), y: pick(a.y, b.y) };
            let corners = points
                .map(|point| (point, point))
                .reduce(|(low, high), (point, _)| (corner(low, point, f64::min), corner(high, point, f64::max)));
            corners.map_or(0, |(low, high)| summed.coordinates.metres(low, high).ceil() as u128)
        }
    }
}

/// How many children one unit of a service's places takes.
fn per_unit(summed: &Summed<'_, '_>, service: usize) -> u128 {
    match &summed.services.services[service].unit {
        Unit::Child => 1,
        // Not known: its places are no number, and enter no sum.
        Unit::Other { children, .. } => u128::from(children.unwrap_or(1)),
    }
}

fn guard_places(summed: &Summed<'_, '_>, findings: &mut Findings) {
    let Summed { offers, candidates, .. } = *summed;
    let mut added = vec![(0_u128, None); offers.offers.len()];
    for (candidate, &row) in candidates.candidates.iter().zip(&candidates.rows) {
        match candidate.kind {
            CandidateKind::Places { offer, places_per_step, max_steps } => {
                let (places, by) = &mut added[offer.ix()];
                *places += u128::from(places_per_step) * u128::from(max_steps);
                *by = Some(row);
            }
            CandidateKind::Offer { service, capacity: Some(capacity), .. } => {
                let mut total = Total::new("capacity times children_per_unit", "capacity");
                total.add(u128::from(capacity) * per_unit(summed, service.ix()), row);
                total.guard(findings);
            }
            _ => {}
        }
    }
    for ((offer, &row), (added, by)) in offers.offers.iter().zip(&offers.rows).zip(added) {
        let assumed = match summed.policy.unknown.capacity {
            UnknownCapacity::Places(places) => places,
            UnknownCapacity::Exclude | UnknownCapacity::Unlimited => 0,
        };
        let read = |places: Stated<u64>| u128::from(places.known().unwrap_or(assumed));
        let units = read(offer.capacity).max(read(offer.free));
        let factor = per_unit(summed, offer.service.ix()) * u128::from(offer.turns);
        let mut own = Total::new("capacity times children_per_unit times turns", "capacity");
        own.add(units.saturating_mul(factor), row);
        own.guard(findings);
        if let Some(by) = by {
            let mut with_more = Total::new("the offer's places with all that could be added", "places_per_step");
            with_more.add(units.saturating_add(added).saturating_mul(factor), by);
            with_more.guard(findings);
        }
    }
}

fn guard_plans(summed: &Summed<'_, '_>, findings: &mut Findings) {
    let mut fixed = Total::new("fixed costs of candidates", "fixed_cost");
    let mut places = Total::new("costs of the candidates' places", "cost_per_place");
    for (candidate, &row) in summed.candidates.candidates.iter().zip(&summed.candidates.rows) {
        let bought = match candidate.kind {
            CandidateKind::Places { places_per_step, max_steps, .. } => {
                u128::from(places_per_step) * u128::from(max_steps)
            }
            CandidateKind::Offer { capacity, .. } => u128::from(capacity.unwrap_or(0)),
            CandidateKind::Widen { .. } | CandidateKind::Close { .. } => 0,
        };
        fixed.add(u128::from(candidate.fixed_cost.unsigned_abs()), row);
        places.add(u128::from(candidate.cost_per_place.unsigned_abs()).saturating_mul(bought), row);
    }
    fixed.guard(findings);
    places.guard(findings);
}
