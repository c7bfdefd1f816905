//! The ground: an authority of wards and small areas on a plane in metres, round a few towns, and two areas next door.

use crate::domain::Table;
use crate::generate::draws::{Draws, Weights};

use super::{AREAS_IN_INDEX, Options};

/// The authority as an area. It has no point: it is everywhere.
pub(super) const AUTHORITY: &str = "harrowmere";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Land {
    Town,
    Country,
}

impl Land {
    pub fn as_str(self) -> &'static str {
        match self {
            Land::Town => "town",
            Land::Country => "country",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    pub x: u64,
    pub y: u64,
}

pub(super) struct Ward {
    pub id: String,
    name: String,
    at: At,
    pub land: Land,
}

pub(super) struct SmallArea {
    pub id: String,
    name: String,
    /// Position in [`Place::wards`].
    pub ward: usize,
    pub at: At,
    /// 0 for the most deprived; a permutation of the areas.
    pub order: u64,
    rank: u64,
    /// Aged 0 to 19.
    pub children: u64,
}

/// An area of a neighbouring authority: it brings demand and offers but enters no total.
pub(super) struct Neighbour {
    pub id: &'static str,
    name: &'static str,
    pub at: At,
}

pub(super) struct Place {
    pub wards: Vec<Ward>,
    pub areas: Vec<SmallArea>,
    pub neighbours: [Neighbour; 2],
}

const CHILDREN_PER_AREA: u64 = 350;
const AREAS_PER_WARD: u64 = 6;
/// Ground per child, so that a larger locality is wider and not denser.
const SQUARE_METRES_PER_CHILD: u64 = 48_000;
const LEAST_SIDE: u64 = 12_000;
/// How far from its ward's centre a country area lies, in metres along each axis.
const COUNTRY_WIDTH: u64 = 2_500;

const FIRST: [&str; 16] = [
    "Alder", "Birch", "Cold", "Dun", "Elm", "Fox", "Grey", "Hazel", "Iron", "Kel", "Long", "Mill", "North", "Oak",
    "Raven", "Stone",
];
const LAST: [&str; 12] =
    ["bridge", "bury", "combe", "dale", "field", "ford", "gate", "ham", "hurst", "leigh", "stead", "wick"];

impl Place {
    pub fn new(options: &Options) -> Place {
        let n_areas = options.children.div_ceil(CHILDREN_PER_AREA).max(2);
        let n_wards = n_areas.div_ceil(AREAS_PER_WARD);
        let side = (options.children * SQUARE_METRES_PER_CHILD).isqrt().max(LEAST_SIDE);
        let wards = wards(options, side, n_wards);
        let areas = areas(options, side, &wards, n_areas);
        let neighbours = [
            Neighbour { id: "outside-east", name: "Next door, east", at: At { x: side + 1_500, y: side * 2 / 5 } },
            Neighbour { id: "outside-north", name: "Next door, north", at: At { x: side * 2 / 5, y: side + 1_500 } },
        ];
        Place { wards, areas, neighbours }
    }

    pub fn land(&self, area: usize) -> Land {
        self.wards[self.areas[area].ward].land
    }

    pub fn areas_table(&self) -> Table {
        let header = ["area", "name", "x", "y", "parent", "inside", "deprivation_rank", "group:place"];
        let mut table = Table::new(header);
        table.push([AUTHORITY, "Harrowmere", "", "", "", "yes", "", ""]);
        for ward in &self.wards {
            let (x, y) = (ward.at.x.to_string(), ward.at.y.to_string());
            table.push([&ward.id, ward.name.as_str(), &x, &y, AUTHORITY, "yes", "", ward.land.as_str()]);
        }
        for area in &self.areas {
            let (x, y) = (area.at.x.to_string(), area.at.y.to_string());
            let ward = &self.wards[area.ward];
            let rank = area.rank.to_string();
            table.push([&area.id, area.name.as_str(), &x, &y, &ward.id, "yes", &rank, ward.land.as_str()]);
        }
        for Neighbour { id, name, at } in &self.neighbours {
            table.push([id, *name, &at.x.to_string(), &at.y.to_string(), "", "no", "", ""]);
        }
        table
    }
}

/// Two wards in three belong to a town. The last, where there are three or more, lies in the far corner, beyond what
/// most offers reach.
fn wards(options: &Options, side: u64, n_wards: u64) -> Vec<Ward> {
    let draws = |stream| Draws::new(options.seed, stream);
    let (town_x, town_y, pick) = (draws(10), draws(11), draws(12));
    let (x, y) = (draws(13), draws(14));
    let town = |town: u64| match town {
        0 => At { x: side * 2 / 5, y: side * 2 / 5 },
        _ => At { x: side / 10 + town_x.below(town, side * 4 / 5), y: side / 10 + town_y.below(town, side * 4 / 5) },
    };
    let n_towns = 1 + n_wards / 6;
    let ward = |ward: u64| {
        let land = if ward % 3 == 2 { Land::Country } else { Land::Town };
        let at = match land {
            Land::Country if ward + 1 == n_wards => At { x: side - COUNTRY_WIDTH, y: side - COUNTRY_WIDTH },
            Land::Country => {
                let inner = side - 2 * COUNTRY_WIDTH;
                At { x: COUNTRY_WIDTH + x.below(ward, inner), y: COUNTRY_WIDTH + y.below(ward, inner) }
            }
            Land::Town => {
                let town = town(if ward == 0 { 0 } else { pick.below(ward, n_towns) });
                At { x: round(&x, ward, town.x, 2_500, side), y: round(&y, ward, town.y, 2_500, side) }
            }
        };
        let (first, last) = (ward % 16, (ward / 16 + ward) % 12);
        let turn = ward / (16 * 12);
        let name = format!("{}{}", FIRST[first as usize], LAST[last as usize]);
        let name = if turn == 0 { name } else { format!("{name} {}", turn + 1) };
        Ward { id: format!("w-{:04}", ward + 1), name, at, land }
    };
    (0..n_wards).map(ward).collect()
}

fn areas(options: &Options, side: u64, wards: &[Ward], n_areas: u64) -> Vec<SmallArea> {
    let draws = |stream| Draws::new(options.seed, stream);
    let (x, y, deprived, size, jitter) = (draws(20), draws(21), draws(22), draws(23), draws(24));
    let mut by_deprivation: Vec<u64> = (0..n_areas).collect();
    by_deprivation.sort_by_key(|&area| (deprived.below(area, u64::MAX), area));
    let mut order = vec![0; n_areas as usize];
    for (position, &area) in (0_u64..).zip(&by_deprivation) {
        order[area as usize] = position;
    }

    let sizes = Weights::new((0..n_areas).map(|area| 50 + size.below(area, 101)));
    let area = |area: u64| {
        let ward = (area / AREAS_PER_WARD) as usize;
        let width = match wards[ward].land {
            Land::Town => 900,
            Land::Country => COUNTRY_WIDTH,
        };
        let order = order[area as usize];
        let (this, next) = (order * AREAS_IN_INDEX / n_areas, (order + 1) * AREAS_IN_INDEX / n_areas);
        SmallArea {
            id: format!("a-{:05}", area + 1),
            name: format!("{} {}", wards[ward].name, 1 + area % AREAS_PER_WARD),
            ward,
            at: At {
                x: round(&x, area, wards[ward].at.x, width, side),
                y: round(&y, area, wards[ward].at.y, width, side),
            },
            order,
            rank: 1 + this + jitter.below(area, (next - this).max(1)),
            children: sizes.part(area as usize, options.children),
        }
    };
    (0..n_areas).map(area).collect()
}

/// Within `width` of `centre`, on the ground.
pub(super) fn round(draws: &Draws, i: u64, centre: u64, width: u64, side: u64) -> u64 {
    (centre + draws.below(i, 2 * width + 1)).saturating_sub(width).min(side)
}
