//! A bundle as large as a country: every child of a population file as a cohort of area and age, against made-up offers.

use std::collections::BTreeMap;
use std::path::Path;

use suffice::domain::{Draft, Setting, Table};
use suffice::generate::draws::{Draws, Weights};
use suffice::import::bundle;

use super::support::bundles::Policy;

/// Kind and type of place, and the ages (both inclusive) that it is for.
const KINDS: [(&str, u64, u64); 3] = [("early", 0, 4), ("primary", 5, 10), ("secondary", 11, 17)];

/// How far an offer reaches, in kilometres.
const REACH_KM: [u64; 5] = [2, 3, 4, 6, 8];

/// Places of all offers together, in per cent of the children.
const FILL_PERCENT: u64 = 70;

/// An area of the population file.
struct Area {
    code: String,
    x: i64,
    y: i64,
    /// By single year of age, from 0.
    children: Vec<u64>,
}

/// Reads a file with columns `lsoa11_code`, `bng_e`, `bng_n` (metres) and `0` to `17` (children by single year of age);
/// writes a bundle with a need for each area and age, and `n_offers` offers where children are. The offers are drawn
/// from a fixed seed: the first of a longer list are not those of a shorter one.
pub fn write(population: &Path, n_offers: u64, policy: Policy, folder: &Path) {
    let areas = read(population);
    let tables = [
        ("areas", areas_table(&areas)),
        ("kinds", kinds_table()),
        ("needs", needs_table(&areas)),
        ("services", services_table(n_offers)),
        ("offers", offers_table(&areas, n_offers)),
    ];
    let draft = Draft {
        about: Some(about(n_offers)),
        policy: policy.settings(),
        tables: tables.into_iter().map(|(name, table)| (name.to_owned(), table)).collect(),
        built_in: Vec::new(),
    };
    bundle::write_dir(&draft, folder, true).unwrap_or_else(|error| panic!("{error}"));
}

fn read(path: &Path) -> Vec<Area> {
    let mut reader = csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let header = reader.headers().expect("a table has a header").clone();
    let column = |name: &str| {
        header.iter().position(|found| found == name).unwrap_or_else(|| panic!("there is no column {name}"))
    };
    let (code, x, y) = (column("lsoa11_code"), column("bng_e"), column("bng_n"));
    let ages: Vec<usize> = (0..=17).map(|age: u64| column(&age.to_string())).collect();
    let area = |row: Result<csv::StringRecord, csv::Error>| {
        let row = row.expect("the rows are even");
        let number = |at: usize| -> f64 { row[at].parse().unwrap_or_else(|_| panic!("{} is no number", &row[at])) };
        Area {
            code: row[code].to_owned(),
            x: number(x) as i64,
            y: number(y) as i64,
            children: ages.iter().map(|at| number(*at) as u64).collect(),
        }
    };
    reader.records().map(area).collect()
}

fn about(n_offers: u64) -> BTreeMap<String, Setting> {
    let text = |text: &str| Setting::Text(text.to_owned());
    let source = format!("children by area and age as published; {n_offers} offers made up, not real");
    BTreeMap::from([
        ("name".to_owned(), text("A country's cohorts (offers generated)")),
        ("reference_date".to_owned(), Setting::Date("2020-06-30".to_owned())),
        ("period".to_owned(), Setting::Whole(2020)),
        ("coordinates".to_owned(), text("metres")),
        ("sources".to_owned(), Setting::List(vec![Setting::Text(source)])),
    ])
}

fn areas_table(areas: &[Area]) -> Table {
    let mut table = Table::new(["area", "name", "x", "y"]);
    for Area { code, x, y, .. } in areas {
        table.push([code.as_str(), code, &x.to_string(), &y.to_string()]);
    }
    table
}

fn kinds_table() -> Table {
    let mut table = Table::new(["kind", "label", "layer", "domain", "recipient", "source"]);
    for (kind, ..) in KINDS {
        table.push([kind, kind, "individual", "generated", "child", "generated"]);
    }
    table
}

fn needs_table(areas: &[Area]) -> Table {
    let mut table = Table::new(["need", "holder", "kind", "level", "children", "area", "age"]);
    for Area { code, children, .. } in areas {
        for (age, children) in (0_u64..).zip(children) {
            let (kind, ..) = KINDS[kind_of(age)];
            let id = format!("{code}:{age}");
            table.push([&id, &id, kind, "1", &children.to_string(), code, &age.to_string()]);
        }
    }
    table
}

fn kind_of(age: u64) -> usize {
    KINDS.iter().position(|(_, youngest, oldest)| (*youngest..=*oldest).contains(&age)).expect("an age below 18")
}

fn services_table(n_offers: u64) -> Table {
    let cost = Draws::new(1, 10);
    let mut table = Table::new(["service", "name", "provider", "types", "age_min", "age_max", "cost_per_place"]);
    for offer in 0..n_offers {
        let (kind, youngest, oldest) = KINDS[(offer % KINDS.len() as u64) as usize];
        table.push([
            format!("s{offer}"),
            format!("Service {offer}"),
            format!("p{offer}"),
            kind.to_owned(),
            youngest.to_string(),
            oldest.to_string(),
            (50 + cost.below(offer, 560)).to_string(),
        ]);
    }
    table
}

fn offers_table(areas: &[Area], n_offers: u64) -> Table {
    let [place, size, reach] = [1, 2, 3].map(|stream| Draws::new(1, stream));
    let of_kind = |area: &Area, kind: usize| -> u64 {
        (0_u64..).zip(&area.children).filter(|(age, _)| kind_of(*age) == kind).map(|(_, children)| children).sum()
    };
    let weights: Vec<Weights> =
        (0..KINDS.len()).map(|kind| Weights::new(areas.iter().map(|at| of_kind(at, kind)))).collect();
    let mut table = Table::new(["offer", "service", "x", "y", "capacity", "reach_km"]);
    for (kind, weights) in weights.iter().enumerate() {
        let own: Vec<u64> = (0..n_offers).filter(|offer| (offer % KINDS.len() as u64) as usize == kind).collect();
        // Between a half and one and a half times the mean.
        let shares = Weights::new(own.iter().map(|offer| 50 + size.below(*offer, 101)));
        let places = weights.total() * FILL_PERCENT / 100;
        for (position, offer) in own.into_iter().enumerate() {
            let Area { x, y, .. } = &areas[place.pick(offer, weights)];
            table.push([
                format!("o{offer}"),
                format!("s{offer}"),
                x.to_string(),
                y.to_string(),
                shares.part(position, places).to_string(),
                REACH_KM[reach.below(offer, REACH_KM.len() as u64) as usize].to_string(),
            ]);
        }
    }
    table
}
