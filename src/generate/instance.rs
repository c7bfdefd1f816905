//! Benchmark instances whose optima are known: needs and services on a square of 100 km, bit for bit the ones that
//! other programs were measured on, so that answers and times can be compared. Whole numbers only.
//!
//! A need has a kind (0 to 39, skewed), a tier 1 to 4, an age 0 to 25, a point in metres and a weight 1 to 100. A
//! service takes 1 to 4 kinds, a range of tiers and of ages, within a radius, up to its capacity, at a unit cost. An
//! arc joins a need to a service that takes it; it costs the unit cost and 3 for each whole kilometre. An instance is
//! named by its [`Params`] and known by its [`Instance::arc_checksum`].

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::domain::{Draft, Setting, Table};

use super::draws::{Draws, Weights, mix};
use super::{OutOfRange, in_range};

/// Which instance: the same parameters give the same bits everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    needs: u64,
    services: u64,
    seed: u64,
    radius_percent: u64,
    snap: bool,
    fill_percent: u64,
}

impl Params {
    pub const MAX_NEEDS: u64 = 20_000_000;
    pub const MAX_SERVICES: u64 = 1_000_000;
    pub const MAX_PERCENT: u64 = 10_000;

    /// 2,000 needs, 100 services, 3,962 arcs.
    pub const S: Params = Params::ladder(2_000, 100, 350);
    /// 10,000 needs, 300 services, 47,373 arcs.
    pub const M: Params = Params::ladder(10_000, 300, 250);
    /// 100,000 needs, 1,000 services, 1,289,835 arcs.
    pub const L: Params = Params::ladder(100_000, 1_000, 200);
    /// 1,000,000 needs, 5,000 services, 28,507,113 arcs.
    pub const XL: Params = Params::ladder(1_000_000, 5_000, 90);

    const fn ladder(needs: u64, services: u64, radius_percent: u64) -> Params {
        Params { needs, services, seed: 1, radius_percent, snap: false, fill_percent: 70 }
    }

    /// `needs` and `services` at least 1; radii as they are, each need at its own point, places for 70 % of the needs.
    pub fn new(needs: u64, services: u64, seed: u64) -> Result<Params, OutOfRange> {
        Ok(Params {
            needs: in_range("needs", needs, 1, Params::MAX_NEEDS)?,
            services: in_range("services", services, 1, Params::MAX_SERVICES)?,
            seed,
            radius_percent: 100,
            snap: false,
            fill_percent: 70,
        })
    }

    /// Radii in per cent of the built-in ones.
    pub fn radius_percent(self, percent: u64) -> Result<Params, OutOfRange> {
        Ok(Params { radius_percent: in_range("radius_percent", percent, 0, Params::MAX_PERCENT)?, ..self })
    }

    /// All needs of an area stand at its point, so many share a location.
    pub fn snapped(self) -> Params {
        Params { snap: true, ..self }
    }

    /// The sum of the capacities in per cent of the needs, roughly.
    pub fn fill_percent(self, percent: u64) -> Result<Params, OutOfRange> {
        Ok(Params { fill_percent: in_range("fill_percent", percent, 0, Params::MAX_PERCENT)?, ..self })
    }
}

/// Metres east and north of a corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metres {
    pub x: i64,
    pub y: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceNeed {
    /// 0 to 39.
    pub kind: u32,
    /// 1 to 4.
    pub tier: u32,
    /// 0 to 25 years.
    pub age: u32,
    pub at: Metres,
    /// Position in [`Instance::areas`].
    pub area: u32,
    /// 1 to 100.
    pub weight: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceService {
    /// Bit k is set where kind k is taken.
    pub kinds: u64,
    pub tiers: RangeInclusive<u32>,
    pub ages: RangeInclusive<u32>,
    pub at: Metres,
    /// Metres, inclusive.
    pub radius: i64,
    pub capacity: u64,
    /// At most 639.
    pub unit_cost: u32,
}

/// Eligible pairs, grouped by need; the services of a need rise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arcs {
    /// The arcs of need i are `starts[i]..starts[i + 1]`.
    pub starts: Vec<usize>,
    pub service: Vec<u32>,
    /// 0 to 999 where the radius is as built in.
    pub cost: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    pub params: Params,
    pub areas: Vec<Metres>,
    pub needs: Vec<InstanceNeed>,
    pub services: Vec<InstanceService>,
    pub arcs: Arcs,
}

const KINDS: u64 = 40;
const SIDE: i64 = 100_000;
const TOWNS: u64 = 12;
const TOWN_SPREAD: i64 = 8_000;
const TIER_WEIGHTS: [u64; 4] = [45, 30, 17, 8];
const TIER_LOW: [u32; 6] = [1, 1, 1, 2, 2, 3];
const AGE_BANDS: [(u32, u32); 12] =
    [(0, 5), (5, 11), (11, 18), (16, 25), (0, 11), (5, 18), (0, 18), (0, 18), (11, 25), (5, 25), (0, 25), (0, 25)];
const RADII: [i64; 6] = [5_000, 10_000, 15_000, 25_000, 40_000, 150_000];
const RADIUS_WEIGHTS: [u64; 6] = [15, 25, 25, 20, 10, 5];
const CAPACITIES: [u64; 6] = [5, 10, 20, 40, 80, 160];

impl Instance {
    /// O(needs + services + candidate pairs in each service's window of x).
    pub fn generate(params: &Params) -> Instance {
        let plane = Plane::new(params.seed);
        let kind_weights = Weights::new((0..KINDS).map(|kind| 1_000_000 / (kind + 4)));
        let areas = plane.points(100, 50.max(params.needs / 200));
        let needs = needs(params, &areas, &kind_weights);
        let services = services(params, &plane, &kind_weights);
        let arcs = arcs(&needs, &services);
        Instance { params: *params, areas, needs, services, arcs }
    }

    /// Sum over arcs of mix(need * 2^32 + service * 2^10 + cost), modulo 2^64.
    pub fn arc_checksum(&self) -> u64 {
        let mut sum = 0_u64;
        for need in 0..self.needs.len() {
            for arc in self.arcs.starts[need]..self.arcs.starts[need + 1] {
                let (service, cost) = (u64::from(self.arcs.service[arc]), u64::from(self.arcs.cost[arc]));
                // Fields of an arc beyond the ladder may overlap; the sum stays a checksum.
                let key = ((need as u64) << 32).wrapping_add(service << 10).wrapping_add(cost);
                sum = sum.wrapping_add(mix(key));
            }
        }
        sum
    }

    /// The instance as a bundle. Under the default policy the eligible pairs in reach are exactly the arcs, and
    /// `objective.mode = "blended"` has the known optimum: 1000 * weight - cost over the needs met.
    ///
    /// Kinds and types are `c0` to `c39` and share their codes, so no meets table is needed. Radii that are not whole
    /// multiples of 1/8 km pass through binary; a need exactly on such a rim could fall on either side.
    pub fn to_draft(&self) -> Draft {
        let tables = [
            ("areas", self.areas_table()),
            ("kinds", kinds_table()),
            ("needs", self.needs_table()),
            ("services", self.services_table()),
            ("offers", self.offers_table()),
        ];
        Draft {
            about: Some(self.about()),
            policy: None,
            tables: tables.into_iter().map(|(name, table)| (name.to_owned(), table)).collect(),
            built_in: Vec::new(),
        }
    }

    fn about(&self) -> BTreeMap<String, Setting> {
        let Params { needs, services, seed, radius_percent, snap, fill_percent } = self.params;
        let text = |text: &str| Setting::Text(text.to_owned());
        let snap = if snap { ", needs at their area's point" } else { "" };
        let source = format!(
            "generated: {needs} needs, {services} services, seed {seed}, radii {radius_percent} %, \
             places for {fill_percent} %{snap}; not a real place"
        );
        BTreeMap::from([
            ("name".to_owned(), text("Benchmark instance (generated)")),
            ("reference_date".to_owned(), Setting::Date("2025-01-01".to_owned())),
            ("period".to_owned(), Setting::Whole(2025)),
            ("coordinates".to_owned(), text("metres")),
            ("sources".to_owned(), Setting::List(vec![Setting::Text(source)])),
        ])
    }

    fn areas_table(&self) -> Table {
        let mut table = Table::new(["area", "name", "x", "y"]);
        for (position, at) in self.areas.iter().enumerate() {
            table.push([format!("a{position}"), format!("Area {position}"), at.x.to_string(), at.y.to_string()]);
        }
        table
    }

    fn needs_table(&self) -> Table {
        let header = ["need", "holder", "kind", "level", "children", "area", "age", "x", "y", "weight"];
        let mut table = Table::new(header);
        for (position, need) in self.needs.iter().enumerate() {
            let InstanceNeed { kind, tier, age, at, area, weight } = need;
            table.push([
                format!("n{position}"),
                format!("h{position}"),
                format!("c{kind}"),
                tier.to_string(),
                "1".to_owned(),
                format!("a{area}"),
                age.to_string(),
                at.x.to_string(),
                at.y.to_string(),
                weight.to_string(),
            ]);
        }
        table
    }

    fn services_table(&self) -> Table {
        let header =
            ["service", "name", "provider", "types", "age_min", "age_max", "level_min", "level_max", "cost_per_place"];
        let mut table = Table::new(header);
        for (position, service) in self.services.iter().enumerate() {
            let types: Vec<String> =
                (0..KINDS).filter(|kind| service.kinds >> kind & 1 == 1).map(|kind| format!("c{kind}")).collect();
            table.push([
                format!("s{position}"),
                format!("Service {position}"),
                format!("p{position}"),
                types.join(";"),
                service.ages.start().to_string(),
                service.ages.end().to_string(),
                service.tiers.start().to_string(),
                service.tiers.end().to_string(),
                service.unit_cost.to_string(),
            ]);
        }
        table
    }

    fn offers_table(&self) -> Table {
        let mut table = Table::new(["offer", "service", "x", "y", "capacity", "reach_km"]);
        for (position, service) in self.services.iter().enumerate() {
            table.push([
                format!("o{position}"),
                format!("s{position}"),
                service.at.x.to_string(),
                service.at.y.to_string(),
                service.capacity.to_string(),
                format!("{}.{:03}", service.radius / 1000, service.radius % 1000),
            ]);
        }
        table
    }
}

fn kinds_table() -> Table {
    let mut table = Table::new(["kind", "label", "layer", "domain", "recipient", "source"]);
    for kind in 0..KINDS {
        let (code, label) = (format!("c{kind}"), format!("Kind {kind}"));
        table.push([code.as_str(), label.as_str(), "individual", "generated", "child", "generated"]);
    }
    table
}

/// Where things stand: three quarters of the points round a town, the rest anywhere.
struct Plane {
    seed: u64,
    towns: Vec<Metres>,
    town_weights: Weights,
}

impl Plane {
    fn new(seed: u64) -> Plane {
        let (x, y) = (Draws::new(seed, 1), Draws::new(seed, 2));
        let towns = (0..TOWNS).map(|town| Metres { x: anywhere(&x, town), y: anywhere(&y, town) }).collect();
        Plane { seed, towns, town_weights: Weights::new((0..TOWNS).map(|town| TOWNS - town)) }
    }

    /// Uses the streams `stream` to `stream` + 11.
    fn points(&self, stream: u64, count: u64) -> Vec<Metres> {
        let draws = |offset| Draws::new(self.seed, stream + offset);
        let (town, lonely, any_x, any_y) = (draws(0), draws(9), draws(10), draws(11));
        let (round_x, round_y) = ([1, 2, 3, 4].map(draws), [5, 6, 7, 8].map(draws));
        let point = |i| {
            if lonely.below(i, 4) == 0 {
                return Metres { x: anywhere(&any_x, i), y: anywhere(&any_y, i) };
            }
            let town = self.towns[town.pick(i, &self.town_weights)];
            Metres {
                x: (town.x + offset(&round_x, i)).clamp(0, SIDE),
                y: (town.y + offset(&round_y, i)).clamp(0, SIDE),
            }
        };
        (0..count).map(point).collect()
    }
}

fn anywhere(draws: &Draws, i: u64) -> i64 {
    draws.below(i, SIDE as u64 + 1) as i64
}

/// Half the sum of four uniform draws: roughly a bell. Rounded down, also below zero.
fn offset(draws: &[Draws; 4], i: u64) -> i64 {
    let width = 2 * TOWN_SPREAD as u64 + 1;
    let sum: i64 = draws.iter().map(|draws| draws.below(i, width) as i64 - TOWN_SPREAD).sum();
    sum.div_euclid(2)
}

fn needs(params: &Params, areas: &[Metres], kind_weights: &Weights) -> Vec<InstanceNeed> {
    let draws = |stream| Draws::new(params.seed, stream);
    let (area, near_x, near_y) = (draws(200), draws(201), draws(202));
    let (kind, tier, age, weight) = (draws(210), draws(211), draws(212), draws(213));
    let tier_weights = Weights::new(TIER_WEIGHTS);
    let need = |i| {
        let area = area.below(i, areas.len() as u64);
        let centre = areas[area as usize];
        let near = |centre: i64, draws: &Draws| (centre + draws.below(i, 3001) as i64 - 1500).clamp(0, SIDE);
        let at = if params.snap { centre } else { Metres { x: near(centre.x, &near_x), y: near(centre.y, &near_y) } };
        let tier = 1 + tier.pick(i, &tier_weights) as u32;
        InstanceNeed {
            kind: kind.pick(i, kind_weights) as u32,
            tier,
            age: age.below(i, 26) as u32,
            at,
            area: area as u32,
            weight: (tier - 1) * 25 + 1 + weight.below(i, 25) as u32,
        }
    };
    (0..params.needs).map(need).collect()
}

fn services(params: &Params, plane: &Plane, kind_weights: &Weights) -> Vec<InstanceService> {
    let draws = |stream| Draws::new(params.seed, stream);
    let radius_weights = Weights::new(RADIUS_WEIGHTS);
    let (n_kinds, first, next) = (draws(320), draws(321), [322, 323, 324].map(draws));
    let (tier_low, tier_high, band, radius) = (draws(330), draws(331), draws(332), draws(333));
    let (size, size_percent, unit) = (draws(334), draws(335), draws(336));

    let share = |i| CAPACITIES[size.below(i, 6) as usize] * (50 + size_percent.below(i, 101));
    // At most 10^6 services x 160 x 150, and 20 * 10^6 needs x 10^4 % below: far from 2^64.
    let all_shares: u64 = (0..params.services).map(share).sum();
    let places = params.needs * params.fill_percent / 100;
    let at = plane.points(300, params.services);

    let service = |i: u64| {
        let wanted = 1 + n_kinds.below(i, 4);
        let mut kind = first.pick(i, kind_weights) as u64;
        let mut kinds = 1_u64 << kind;
        for (taken, draws) in (1..).zip(&next) {
            kind = (kind + 1 + draws.below(i, 5)) % KINDS;
            if taken < wanted {
                kinds |= 1 << kind;
            }
        }
        let low = TIER_LOW[tier_low.below(i, 6) as usize];
        let high = 4.min(low + 1 + tier_high.below(i, 3) as u32);
        let (youngest, oldest) = AGE_BANDS[band.below(i, 12) as usize];
        InstanceService {
            kinds,
            tiers: low..=high,
            ages: youngest..=oldest,
            at: at[i as usize],
            radius: RADII[radius.pick(i, &radius_weights)] * params.radius_percent as i64 / 100,
            capacity: 1.max(share(i) * places / all_shares),
            unit_cost: 50 + unit.below(i, 560) as u32 + 10 * high,
        }
    };
    (0..params.services).map(service).collect()
}

/// Every eligible pair, found twice: once to count, once to fill, so that no list of loose pairs is held beside it.
fn arcs(needs: &[InstanceNeed], services: &[InstanceService]) -> Arcs {
    let windows = Windows::new(needs);
    let mut starts = vec![0_usize; needs.len() + 1];
    for service in services {
        windows.for_each(needs, service, |need, _| starts[need + 1] += 1);
    }
    for need in 0..needs.len() {
        starts[need + 1] += starts[need];
    }

    let n_arcs = starts[needs.len()];
    let (mut service_of, mut cost_of) = (vec![0_u32; n_arcs], vec![0_u32; n_arcs]);
    let mut next = starts.clone();
    for (position, service) in (0_u32..).zip(services) {
        windows.for_each(needs, service, |need, kilometres| {
            service_of[next[need]] = position;
            cost_of[next[need]] = service.unit_cost + 3 * kilometres;
            next[need] += 1;
        });
    }
    Arcs { starts, service: service_of, cost: cost_of }
}

/// Needs by kind and tier, each group from west to east: a service looks only at its own groups, and there only as far
/// as its radius.
struct Windows {
    /// Group kind * 4 + tier - 1: (x, need), sorted.
    groups: Vec<Vec<(i64, u32)>>,
}

impl Windows {
    fn new(needs: &[InstanceNeed]) -> Windows {
        let mut groups = vec![Vec::new(); KINDS as usize * 4];
        for (position, need) in (0_u32..).zip(needs) {
            groups[Windows::group(need.kind, need.tier)].push((need.at.x, position));
        }
        for group in &mut groups {
            group.sort_unstable();
        }
        Windows { groups }
    }

    fn group(kind: u32, tier: u32) -> usize {
        (kind * 4 + tier - 1) as usize
    }

    /// Calls `f` with each need that the service takes, and the whole kilometres between them.
    fn for_each(&self, needs: &[InstanceNeed], service: &InstanceService, mut f: impl FnMut(usize, u32)) {
        let InstanceService { kinds, tiers, ages, at, radius, .. } = service;
        for kind in (0..KINDS as u32).filter(|kind| kinds >> kind & 1 == 1) {
            for tier in tiers.clone() {
                let group = &self.groups[Windows::group(kind, tier)];
                let west = group.partition_point(|&(x, _)| x < at.x - radius);
                for &(x, need) in group[west..].iter().take_while(|&&(x, _)| x <= at.x + radius) {
                    let other = &needs[need as usize];
                    let (dx, dy) = (x - at.x, other.at.y - at.y);
                    let square = dx * dx + dy * dy;
                    if ages.contains(&other.age) && square <= radius * radius {
                        f(need as usize, (square.isqrt() / 1000) as u32);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
