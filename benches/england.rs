//! England, end to end: 589,374 cohorts (32,743 areas of the 2011 census by single year of age, 0 to 17) against 20,000
//! generated offers, and a ladder of parts of it. Prints time, memory and pairs of each rung, each in a process of its
//! own, so that no rung stands on another's memory.
//!
//! The areas and children are real (Office for National Statistics, Open Government Licence v3.0) and lie beside this
//! repository, in `../shared/data/england-lsoa11`; without them there is nothing to measure, and that is said. Needs and
//! offers are not real: every child asks for one place of one kind at level 1, and offers are drawn with seed 1, as
//! [`offers`] says. A rung takes the areas from the south up to a part of them, and as large a part of the offers, so
//! that children and offers lie as densely on each rung.
//!
//!     cargo bench --bench england              all rungs
//!     cargo bench --bench england -- 16 4      only these parts of England: a 16th and a quarter

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use suffice::domain::{BadRows, Draft, Setting, Table};
use suffice::engine::Resident;
use suffice::import::bundle;
use suffice::matching::Route;
use suffice::solve::Effort;
use suffice::view;

const DATA: &str = "../shared/data/england-lsoa11/england_lsoa11_children_2020.csv";
const RUNG: &str = "SUFFICE_ENGLAND_RUNG";
const LADDER: [usize; 5] = [16, 8, 4, 2, 1];
const OFFERS: usize = 20_000;
const AGES: usize = 18;
/// Places are enough for so many of a hundred children.
const FILL: u64 = 70;

fn main() {
    if !Path::new(DATA).exists() {
        println!("skipped: there is no {DATA}");
        return;
    }
    if let Ok(rung) = std::env::var(RUNG) {
        println!("{}", measure(rung.parse().expect("a rung is a number")));
        return;
    }
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let rungs = if asked.is_empty() { LADDER.to_vec() } else { asked };
    println!("{}", HEADER);
    for rung in rungs {
        let this = std::env::current_exe().expect("a program knows itself");
        let run = Command::new(this).env(RUNG, rung.to_string()).output().expect("a rung can be started");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        print!("{}", String::from_utf8_lossy(&run.stdout));
    }
}

const HEADER: &str = "part | cohorts | offers | pairs | read s | check and index s | pairs s | network, solve, answer s | \
                      all s | CPU s | CPU ns a pair | peak MB | status, met";

/// One rung, as a row of the table.
fn measure(rung: usize) -> String {
    let areas = areas();
    let areas = &areas[..areas.len() / rung];
    let offers = offers(areas, OFFERS / rung);
    let files = bundle::files(&draft(areas, &offers));
    let before = cpu_seconds();
    let threads = rayon::ThreadPoolBuilder::new().build().ok();
    let effort = Effort::unlimited();
    let effort = match &threads {
        Some(threads) => effort.on(threads),
        None => effort,
    };
    let mut laps = Vec::new();
    let mut last = Instant::now();
    let mut lap = || laps.push(std::mem::replace(&mut last, Instant::now()).elapsed().as_secs_f64());
    let draft = bundle::read_files(files, &effort).expect("the generated bundle can be read");
    lap();
    let resident = Resident::load(draft, BadRows::Refuse, &effort).expect("the generated bundle is good").resident;
    lap();
    let n_pairs = resident.pairs(&effort).expect("nothing stops it").n_pairs();
    lap();
    let document = view::matching::summary(&resident, Route::Network, &effort).expect("it has an answer");
    let json = serde_json::to_string(&document).expect("a document has only text keys");
    lap();
    assert!(json.len() > 2);
    let (all, cpu) = (laps.iter().sum::<f64>(), cpu_seconds() - before);
    let mut row = format!("1/{rung} | {} | {} | {n_pairs}", areas.len() * AGES, offers.len());
    for seconds in &laps {
        let _ = write!(row, " | {seconds:.2}");
    }
    let _ = write!(
        row,
        " | {all:.2} | {:.2} | {:.0} | {} | {}, {} of {}",
        cpu,
        cpu * 1e9 / n_pairs as f64,
        peak_megabytes(),
        document.status,
        document.totals.met,
        document.totals.child_needs
    );
    row
}

struct Area {
    code: String,
    lon: String,
    lat: String,
    children: Vec<u64>,
}

/// From the south.
fn areas() -> Vec<Area> {
    let mut reader = csv::Reader::from_path(DATA).expect("the file is there");
    let header = reader.headers().expect("it has a header").clone();
    let column = |name: &str| header.iter().position(|column| column == name).expect("the file has this column");
    let (code, lon, lat, first_age) = (column("lsoa11_code"), column("long"), column("lat"), column("0"));
    // The file has five places, and writes the least of them with an exponent, which a bundle may not.
    let degrees = |text: &str| format!("{:.5}", text.parse::<f64>().expect("a number of degrees"));
    let area = |row: csv::StringRecord| Area {
        code: row[code].to_owned(),
        lon: degrees(&row[lon]),
        lat: degrees(&row[lat]),
        children: (0..AGES).map(|age| row[first_age + age].parse().expect("a number of children")).collect(),
    };
    let mut areas: Vec<Area> = reader.records().map(|row| area(row.expect("a row can be read"))).collect();
    let south = |area: &Area| area.lat.parse::<f64>().expect("a latitude");
    areas.sort_by(|one, other| south(one).total_cmp(&south(other)).then_with(|| one.code.cmp(&other.code)));
    areas
}

struct Offer {
    area: usize,
    ages: (u64, u64),
    capacity: u64,
    reach_km: u64,
    pence: u64,
}

/// Each offer stands at the point of an area drawn from all with equal chance, takes one of six bands of ages, reaches
/// 1, 2, 3, 5 or 8 km, and costs 1 to 999 pence a place. Its places are 1 to 9 shares of what all offers have together,
/// which is enough for [`FILL`] in a hundred children.
fn offers(areas: &[Area], n: usize) -> Vec<Offer> {
    const BANDS: [(u64, u64); 6] = [(0, 4), (5, 10), (11, 17), (0, 10), (5, 17), (0, 17)];
    let mut draws = Draws(1);
    let mut offers: Vec<Offer> = (0..n)
        .map(|_| Offer {
            area: draws.below(areas.len() as u64) as usize,
            ages: BANDS[draws.below(6) as usize],
            capacity: 1 + draws.below(9),
            reach_km: [1, 2, 3, 5, 8][draws.below(5) as usize],
            pence: 1 + draws.below(999),
        })
        .collect();
    let children: u64 = areas.iter().flat_map(|area| &area.children).sum();
    let shares: u64 = offers.iter().map(|offer| offer.capacity).sum();
    for offer in &mut offers {
        offer.capacity = (offer.capacity * children * FILL / 100).div_ceil(shares.max(1));
    }
    offers
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Draws(u64);

impl Draws {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % n
    }
}

fn draft(areas: &[Area], offers: &[Offer]) -> Draft {
    let text = |text: &str| Setting::Text(text.to_owned());
    let about = [
        ("name", text("England (children real, needs and offers generated)")),
        ("reference_date", Setting::Date("2020-06-30".to_owned())),
        ("period", Setting::Whole(2020)),
        ("coordinates", text("lonlat")),
    ];
    let mut draft = Draft {
        about: Some(about.map(|(key, value)| (key.to_owned(), value)).into()),
        policy: Some([("objective".to_owned(), Setting::Keys([("mode".to_owned(), text("blended"))].into()))].into()),
        ..Draft::default()
    };
    let mut tables = [
        ("areas", Table::new(["area", "name", "lon", "lat"])),
        ("kinds", Table::new(["kind", "label", "layer", "domain"])),
        ("needs", Table::new(["need", "holder", "kind", "level", "children", "area", "age"])),
        ("services", Table::new(["service", "name", "provider", "types", "age_min", "age_max", "cost_per_place"])),
        ("offers", Table::new(["offer", "service", "area", "capacity", "reach_km"])),
    ];
    let [(_, in_areas), (_, kinds), (_, needs), (_, services), (_, in_offers)] = &mut tables;
    kinds.push(["place", "A place", "individual", "generated"]);
    for Area { code, lon, lat, children } in areas {
        in_areas.push([code, code, lon, lat]);
        for (age, children) in children.iter().enumerate() {
            let (id, age) = (format!("{code}-{age}"), age.to_string());
            needs.push([&id, &id, "place", "1", &children.to_string(), code, &age]);
        }
    }
    for (at, Offer { area, ages, capacity, reach_km, pence }) in offers.iter().enumerate() {
        let [at, youngest, oldest, pence] = [at as u64, ages.0, ages.1, *pence].map(|number| number.to_string());
        services.push([&format!("s{at}"), "Generated", &format!("p{at}"), "place", &youngest, &oldest, &pence]);
        let (capacity, reach) = (capacity.to_string(), reach_km.to_string());
        in_offers.push([&format!("o{at}"), &format!("s{at}"), &areas[*area].code, &capacity, &reach]);
    }
    draft.tables = tables.into_iter().map(|(name, table)| (name.to_owned(), table)).collect();
    draft
}

/// Of this process, on Linux; 0 elsewhere.
fn cpu_seconds() -> f64 {
    // Fields 14 and 15 of the line, in hundredths of a second; the second field may hold spaces but ends in a bracket.
    let line = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = line.rsplit(')').next().unwrap_or_default();
    after.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}
