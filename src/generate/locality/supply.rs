//! What is on offer: services at one or more sites with places in proportion to the need they face, and what is
//! recorded of them: who receives, who declined, and what a commissioner could do.

use crate::domain::Table;
use crate::generate::draws::{Draws, Weights};

use super::Options;
use super::people::{KnownNeed, People};
use super::place::{AUTHORITY, At, Land, Place};
use super::tables::{self, Limit, Places, SERVICES, Service, Site};

pub(super) struct Supply {
    services: Table,
    offers: Table,
    receipts: Table,
    declines: Table,
    candidates: Table,
}

/// A service at one place.
struct Offer {
    id: String,
    /// Position in [`Place::areas`].
    area: usize,
    at: At,
    /// Children it takes in the period, if anyone counted.
    children: u64,
}

impl Supply {
    pub fn new(options: &Options, place: &Place, people: &People) -> Supply {
        let mut offers_table = Table::new([
            "offer", "service", "x", "y", "area", "capacity", "free", "turns", "status", "updated", "reach_km", "areas",
        ]);
        let offers: Vec<Vec<Offer>> =
            (0_u64..).zip(SERVICES).map(|(number, service)| offers(options, place, people, number, service)).collect();
        for ((number, service), offers) in (0_u64..).zip(SERVICES).zip(&offers) {
            for position in 0..offers.len() {
                push_offer(&mut offers_table, options, place, (number, service), offers, position);
            }
        }
        let next_door = place.neighbours[0].id;
        offers_table.push(["o-next-door-food", "s-holiday-food", "", "", next_door, "30", "5", "", "", "", "5", ""]);

        Supply {
            services: services_table(),
            offers: offers_table,
            receipts: receipts_table(options, place, people, &offers),
            declines: declines_table(options, place, people, &offers),
            candidates: candidates_table(place, &offers),
        }
    }

    pub fn into_tables(self) -> [(&'static str, Table); 5] {
        [
            ("services", self.services),
            ("offers", self.offers),
            ("receipts", self.receipts),
            ("declines", self.declines),
            ("candidates", self.candidates),
        ]
    }
}

fn services_table() -> Table {
    let mut table = Table::new([
        "service",
        "name",
        "provider",
        "types",
        "age_min",
        "age_max",
        "level_min",
        "level_max",
        "setting",
        "target",
        "requires",
        "excludes",
        "unit",
        "children_per_unit",
        "cost_per_place",
    ]);
    for service in SERVICES {
        let limit = |limit| match limit {
            Limit::Any => "any".to_owned(),
            Limit::At(age) => age.to_string(),
            Limit::Blank => String::new(),
        };
        let (level_min, level_max) =
            service.levels.map_or_else(Default::default, |(min, max)| (min.to_string(), max.to_string()));
        let (unit, children_per_unit) = match service.places {
            Places::Known | Places::Unknown => ("place", ""),
            Places::Hours => ("hour", ""),
            Places::Families => ("family", "2"),
        };
        table.push([
            service.id,
            service.name,
            service.provider,
            service.service_type,
            &limit(service.ages.0),
            &limit(service.ages.1),
            &level_min,
            &level_max,
            service.setting,
            service.target,
            service.requires,
            service.excludes,
            unit,
            children_per_unit,
            &service.cost_per_place.to_string(),
        ]);
    }
    table
}

/// Kinds that a service meets.
fn kinds_met(service: &Service) -> impl Iterator<Item = &'static str> {
    let service_type = service.service_type;
    tables::MEETS.iter().filter(move |row| row.1 == service_type).map(|row| row.0)
}

fn services_for(kind: &str) -> impl Iterator<Item = usize> {
    SERVICES.iter().enumerate().filter(move |(_, service)| kinds_met(service).any(|met| met == kind)).map(|(at, _)| at)
}

/// The service's part of the need for what it does: each kind is shared evenly among the services that meet it.
fn part_of_need(people: &People, service: &Service) -> u64 {
    let part = |kind| people.demand.get(kind).map_or(0, |need| need / services_for(kind).count().max(1) as u64);
    kinds_met(service).map(part).sum()
}

/// The sites of a service: the first in the main town, the others mostly in towns.
fn offers(options: &Options, place: &Place, people: &People, number: u64, service: &Service) -> Vec<Offer> {
    let draws = |question| Draws::new(options.seed, 1_000 + 10 * number + question);
    let (area, again, x, y, size) = (draws(0), draws(1), draws(2), draws(3), draws(4));
    let n_sites = (options.children / service.children_per_site).max(1);
    let n_areas = place.areas.len() as u64;
    let scarcity = service.places_percent * options.places_percent;
    let all_children = part_of_need(people, service) * scarcity / 10_000;
    let sizes = Weights::new((0..n_sites).map(|site| 50 + size.below(site, 101)));
    let offer = |site: u64| {
        let first = if site == 0 { 0 } else { area.below(site, n_areas) as usize };
        let area = match place.land(first) {
            Land::Country => again.below(site, n_areas) as usize,
            Land::Town => first,
        };
        let centre = place.areas[area].at;
        Offer {
            id: format!("o-{}-{:03}", &service.id[2..], site + 1),
            area,
            at: At { x: centre.x + x.below(site, 301), y: centre.y + y.below(site, 301) },
            children: sizes.part(site as usize, all_children).max(1),
        }
    };
    (0..n_sites).map(offer).collect()
}

fn push_offer(
    table: &mut Table,
    options: &Options,
    place: &Place,
    (number, service): (u64, &Service),
    offers: &[Offer],
    position: usize,
) {
    let draws = |question| Draws::new(options.seed, 1_000 + 10 * number + question);
    let (free, state, month, day, year) = (draws(5), draws(6), draws(7), draws(8), draws(9));
    let offer = &offers[position];
    let site = position as u64;

    let capacity = match service.places {
        Places::Known => Some(offer.children.div_ceil(service.turns)),
        Places::Families => Some(offer.children.div_ceil(2)),
        // Twenty hours for a child.
        Places::Hours => Some(offer.children * 20),
        Places::Unknown => None,
    };
    // Beyond a service's first site, some have no places now and some did not answer.
    let state = if site == 0 { 9 } else { state.below(site, 12) };
    let capacity = capacity.filter(|_| state != 0);
    let status = if state == 1 { "no-capacity" } else { service.status };
    let free_places = match (capacity, status) {
        (_, "no-capacity" | "waitlist") => "0".to_owned(),
        (Some(capacity), _) if state != 2 => (capacity * free.below(site, 41) / 100).to_string(),
        _ => String::new(),
    };
    let capacity = capacity.map_or_else(|| ["", "u"][position % 2].to_owned(), |capacity| capacity.to_string());
    // One number in eight is two years old.
    let year = if year.below(site, 8) == 0 { 2023 } else { 2025 };
    let updated = format!("{year}-{:02}-{:02}", 1 + month.below(site, 8), 1 + day.below(site, 28));
    let turns = if service.turns == 1 { String::new() } else { service.turns.to_string() };

    let (x, y, area, areas) = match service.site {
        Site::Point => (offer.at.x.to_string(), offer.at.y.to_string(), "", String::new()),
        Site::Area => (String::new(), String::new(), place.areas[offer.area].id.as_str(), String::new()),
        Site::Mobile => (String::new(), String::new(), AUTHORITY, String::new()),
        Site::Everywhere => (String::new(), String::new(), AUTHORITY, covered(place, position, offers.len())),
    };
    table.push([
        offer.id.as_str(),
        service.id,
        &x,
        &y,
        area,
        &capacity,
        &free_places,
        &turns,
        status,
        &updated,
        service.reach,
        &areas,
    ]);
}

/// The authority, or where several teams share it, this team's wards: so the pairs grow with the children and no faster.
fn covered(place: &Place, team: usize, n_teams: usize) -> String {
    if n_teams == 1 {
        return AUTHORITY.to_owned();
    }
    let n_wards = place.wards.len();
    let wards = &place.wards[team * n_wards / n_teams..(team + 1) * n_wards / n_teams];
    wards.iter().map(|ward| ward.id.as_str()).collect::<Vec<_>>().join(";")
}

fn accepts(service: &Service, need: &KnownNeed) -> bool {
    let above = |limit| match limit {
        Limit::At(age) => age <= need.age,
        Limit::Any | Limit::Blank => true,
    };
    let below = |limit| match limit {
        Limit::At(age) => need.age <= age,
        Limit::Any | Limit::Blank => true,
    };
    let level = service.levels.is_none_or(|(min, max)| (min..=max).contains(&need.level));
    above(service.ages.0) && below(service.ages.1) && level
}

/// Who receives what today: some of the known needs, some children without a measured need, and some of whom only the
/// number is known.
fn receipts_table(options: &Options, place: &Place, people: &People, offers: &[Vec<Offer>]) -> Table {
    let draws = |question| Draws::new(options.seed, 2_000_u64 + question);
    let (receives, service, site) = (draws(0), draws(1), draws(2));
    let mut table = Table::new(["service", "offer", "children", "need", "kind", "holder", "area", "age"]);
    for (number, need) in (0_u64..).zip(&people.known) {
        let share = if need.kind == "IND-14" { tables::RECEIPT_MENTAL_HEALTH } else { tables::RECEIPT_OTHER };
        let fitting: Vec<usize> = services_for(need.kind).filter(|&at| accepts(&SERVICES[at], need)).collect();
        if fitting.is_empty() || !receives.chance(number, share.part, share.whole) {
            continue;
        }
        let offers = &offers[fitting[service.below(number, fitting.len() as u64) as usize]];
        // The nearest of a few: people mostly go somewhere near, not always to the nearest.
        let home = place.areas[need.area].at;
        let tried = (0..4).map(|i| &offers[site.below(4 * number + i, offers.len() as u64) as usize]);
        let Some(offer) = tried.min_by_key(|offer| home.x.abs_diff(offer.at.x) + home.y.abs_diff(offer.at.y)) else {
            continue;
        };
        let (area, age) = (&place.areas[need.area].id, need.age.to_string());
        table.push(["", &offer.id, "1", &need.id(), need.kind, &need.holder(), area, &age]);
    }

    let extra = draws(3);
    for (number, (service, offers)) in (0_u64..).zip(SERVICES.iter().zip(offers)) {
        let without_need = ["s-counselling", "s-holiday-food", "s-parent-mind"].contains(&service.id);
        let only_counted = ["s-holiday-sport", "s-youth-club"].contains(&service.id);
        for (site, offer) in (0_u64..).zip(offers).filter(|_| without_need || only_counted) {
            let children = 1 + offer.children * extra.below(1_000_000 * number + site, 30) / 100;
            let (need, kind) = if without_need { ("none", kinds_met(service).next().unwrap_or("")) } else { ("", "") };
            table.push(["", &offer.id, &children.to_string(), need, kind, "", &place.areas[offer.area].id, ""]);
        }
    }
    table
}

/// One family in four does not want bereavement support; one known child in fifty has refused some offer; and in one
/// area nobody opens the door to a return interview.
fn declines_table(options: &Options, place: &Place, people: &People, offers: &[Vec<Offer>]) -> Table {
    let draws = |question| Draws::new(options.seed, 3_000_u64 + question);
    let (family, child, which) = (draws(0), draws(1), draws(2));
    let mut table = Table::new(["need", "holder", "kind", "area", "service", "offer", "reason"]);
    let mut last_holder = 0;
    for (number, need) in (0_u64..).zip(&people.known) {
        if need.kind == "CHR-06" && family.chance(number, 1, 4) {
            table.push([&need.id(), "", "", "", "s-bereavement", "", "family does not want it"]);
        }
        let first_of_child = last_holder != need.child;
        last_holder = need.child;
        if first_of_child && child.chance(need.child, 1, 50) {
            let services: Vec<usize> = services_for(need.kind).collect();
            if !services.is_empty() {
                let offers = &offers[services[which.below(need.child, services.len() as u64) as usize]];
                let offer = &offers[which.below(need.child, offers.len() as u64) as usize];
                table.push(["", &need.holder(), "", "", "", &offer.id, "did not go well before"]);
            }
        }
    }
    let area = &place.areas[place.areas.len() / 2].id;
    table.push(["", "", "MES-06", area, "s-return-home", "", "not trusted here, said at a listening event"]);
    table
}

/// One of each thing that a commissioner can do; costs are invented.
fn candidates_table(place: &Place, offers: &[Vec<Offer>]) -> Table {
    let header = [
        "candidate",
        "kind_of",
        "offer",
        "service",
        "x",
        "y",
        "area",
        "capacity",
        "reach_km",
        "areas",
        "places_per_step",
        "max_steps",
        "age_min",
        "age_max",
        "level_min",
        "level_max",
        "fixed_cost",
        "cost_per_place",
        "together",
        "one_of",
        "after",
        "fund",
    ];
    let mut table = Table::new(header);
    let mut add = |cells: &[(&str, &str)]| {
        let cell = |column: &&str| cells.iter().find(|cell| cell.0 == *column).map_or("", |cell| cell.1);
        table.push(header.iter().map(cell));
    };
    // By id rather than by position, so that the table of services can change.
    let first = |service: &str| {
        let at = SERVICES.iter().position(|row| row.id == service);
        at.and_then(|at| offers[at].first()).map_or("", |offer| offer.id.as_str())
    };
    let far = place.areas.last().map_or("", |area| area.id.as_str());
    let places = |candidate, service, per_step, max_steps, fixed, cost, fund| {
        [
            ("candidate", candidate),
            ("kind_of", "places"),
            ("offer", first(service)),
            ("places_per_step", per_step),
            ("max_steps", max_steps),
            ("fixed_cost", fixed),
            ("cost_per_place", cost),
            ("fund", fund),
        ]
    };
    add(&places("more-camhs", "s-camhs", "10", "6", "500000", "115000", "health"));
    add(&places("more-camhs-more", "s-camhs-more", "5", "4", "1200000", "400000", "health"));
    add(&places("more-domestic-abuse", "s-domestic-child", "8", "5", "200000", "92000", "early-help"));
    add(&places("more-holiday-food", "s-holiday-food", "25", "8", "50000", "17000", "early-help"));
    add(&places("more-parent-therapy", "s-parent-mind", "10", "6", "300000", "68000", "health"));
    add(&[
        ("candidate", "speech-outreach"),
        ("kind_of", "offer"),
        ("service", "s-speech"),
        ("area", far),
        ("capacity", "25"),
        ("reach_km", "8"),
        ("fixed_cost", "2500000"),
        ("cost_per_place", "65000"),
        ("one_of", "speech-sites"),
        ("fund", "health"),
    ]);
    add(&[
        ("candidate", "speech-in-school"),
        ("kind_of", "offer"),
        ("service", "s-speech"),
        ("area", far),
        ("capacity", "10"),
        ("reach_km", "4"),
        ("fixed_cost", "400000"),
        ("cost_per_place", "70000"),
        ("one_of", "speech-sites"),
        ("fund", "health"),
    ]);
    add(&[
        ("candidate", "carers-from-five"),
        ("kind_of", "widen"),
        ("service", "s-young-carers"),
        ("age_min", "5"),
        ("fixed_cost", "150000"),
        ("cost_per_place", "0"),
        ("fund", "early-help"),
    ]);
    add(&[
        ("candidate", "carers-places"),
        ("kind_of", "places"),
        ("offer", first("s-young-carers")),
        ("places_per_step", "5"),
        ("max_steps", "4"),
        ("fixed_cost", "0"),
        ("cost_per_place", "47000"),
        ("after", "carers-from-five"),
        ("fund", "early-help"),
    ]);
    add(&[
        ("candidate", "close-holiday-sport"),
        ("kind_of", "close"),
        ("offer", first("s-holiday-sport")),
        ("fixed_cost", "-1500000"),
        ("cost_per_place", "0"),
        ("fund", "early-help"),
    ]);
    table
}
