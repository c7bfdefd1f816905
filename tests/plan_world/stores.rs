//! Sixteen sites for stores in San Francisco and the people of 205 census tracts, with metres along the streets: as a
//! bundle, and as bare numbers to count on without the planner.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use suffice::engine::Resident;

use super::support::bundles::resident;
use super::support::tables::rows;

pub struct San {
    /// In the order of their ids.
    pub stores: Vec<String>,
    pub people: BTreeMap<String, u64>,
    /// By tract: unrounded metres to each store.
    pub metres: BTreeMap<String, Vec<f64>>,
    /// The files of the bundle that do not depend on what a store is like.
    tables: String,
    points: Vec<[String; 2]>,
}

/// What each store would be like, as its cells in `candidates.csv`.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    pub reach_km: &'a str,
    pub capacity: &'a str,
    /// What it costs to open the store at a position.
    pub pence: fn(usize) -> i64,
}

impl San {
    /// None where the data is not here.
    pub fn francisco() -> Option<San> {
        let folder = "spatial-reference/sf";
        let tracts = rows(&format!("{folder}/SF_demand_205_centroid_uniform_weight.csv"))?;
        let sites = rows(&format!("{folder}/SF_store_site_16_longlat.csv"))?;
        let journeys = rows(&format!("{folder}/SF_network_distance_candidateStore_16_censusTract_205_new.csv"))?;

        let stores: BTreeSet<&str> = journeys.iter().map(|row| &row["name"]).collect();
        let stores: Vec<String> = stores.into_iter().map(str::to_owned).collect();
        let point = |store: &String| {
            let site = sites.iter().find(|site| site["NAME"] == **store).expect("where the store would be");
            ["long", "lat"].map(|of| site[of].to_owned())
        };
        let points = stores.iter().map(point).collect();

        let mut people = BTreeMap::new();
        let mut tables = "== locality.toml
            name = \"San Francisco\"
            reference_date = 2000-04-01
            period = 2000
            coordinates = \"lonlat\"
            == kinds.csv
            kind, label, layer, domain
            store, A store, individual, food
            == services.csv
            service, name, provider, types, age_min, age_max
            s, Store, p, store, any, any
            == offers.csv
            offer, service, lon, lat, capacity
            == areas.csv
            area, name, lon, lat\n"
            .to_owned();
        let mut needs = "== needs.csv\nneed, holder, kind, level, children, area\n".to_owned();
        for row in &tracts {
            let (tract, living) = (&row["NAME"], &row["POP2000"]);
            writeln!(tables, "{tract}, {tract}, {}, {}", &row["long"], &row["lat"]).expect("text grows");
            writeln!(needs, "n{tract}, h{tract}, store, 1, {living}, {tract}").expect("text grows");
            people.insert(tract.to_owned(), living.parse().expect("people"));
        }
        tables.push_str(&needs);
        tables.push_str("== travel.csv\narea, offer, km\n");
        let mut metres: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for row in &journeys {
            let (tract, store, distance) = (&row["DestinationName"], &row["name"], &row["distance"]);
            writeln!(tables, "{tract}, {store}, {}", km(distance)).expect("text grows");
            let at = stores.iter().position(|own| own == store).expect("a store");
            let all = metres.entry(tract.to_owned()).or_insert_with(|| vec![f64::NAN; stores.len()]);
            all[at] = distance.parse().expect("metres");
        }
        assert!(metres.values().flatten().all(|metres| metres.is_finite()), "from every tract to every store");
        assert!(people.keys().eq(metres.keys()));
        Some(San { stores, people, metres, tables, points })
    }

    pub fn bundle(&self, Site { reach_km, capacity, pence }: Site) -> Resident {
        let mut text = self.tables.clone();
        text.push_str("== candidates.csv\n");
        text.push_str("candidate, kind_of, service, lon, lat, capacity, reach_km, fixed_cost, cost_per_place\n");
        for (at, (store, [lon, lat])) in self.stores.iter().zip(&self.points).enumerate() {
            let pence = pence(at);
            writeln!(text, "{store}, offer, s, {lon}, {lat}, {capacity}, {reach_km}, {pence}, 0").expect("text grows");
        }
        resident(&text)
    }

    pub fn everyone(&self) -> u64 {
        self.people.values().sum()
    }

    /// Positions of stores by their ids.
    pub fn positions<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Vec<usize> {
        ids.into_iter().map(|id| self.stores.iter().position(|store| store == id).expect("a store")).collect()
    }

    /// Each tract's people and unrounded metres to the nearest of some stores.
    pub fn nearest(&self, stores: &[usize]) -> impl Iterator<Item = (u64, f64)> {
        self.people
            .values()
            .zip(self.metres.values())
            .map(|(&people, metres)| (people, stores.iter().map(|&store| metres[store]).fold(f64::INFINITY, f64::min)))
    }

    /// People with a store within reach, on the reach included.
    pub fn covered(&self, stores: &[usize], reach: f64) -> u64 {
        self.nearest(stores).filter(|(_, metres)| *metres <= reach).map(|(people, _)| people).sum()
    }

    /// Everyone's way to the nearest, in metres: unrounded.
    pub fn walked(&self, stores: &[usize]) -> f64 {
        self.nearest(stores).map(|(people, metres)| people as f64 * metres).sum()
    }

    /// The same where each way counts in whole metres, half up.
    pub fn walked_in_whole_metres(&self, stores: &[usize]) -> i64 {
        self.nearest(stores).map(|(people, metres)| people as i64 * (metres + 0.5).floor() as i64).sum()
    }

    /// The longest way, in metres: unrounded.
    pub fn farthest(&self, stores: &[usize]) -> f64 {
        self.nearest(stores).map(|(_, metres)| metres).fold(0.0, f64::max)
    }

    /// Every choice of stores.
    pub fn choices(&self) -> impl Iterator<Item = Vec<usize>> {
        let n = self.stores.len();
        (0_u32..1 << n).map(move |chosen| (0..n).filter(|at| chosen >> at & 1 == 1).collect())
    }

    /// Every choice of so many stores.
    pub fn choices_of(&self, stores: usize) -> impl Iterator<Item = Vec<usize>> {
        self.choices().filter(move |choice| choice.len() == stores)
    }
}

/// Metres as kilometres with every digit: the decimal point goes three places to the left.
fn km(metres: &str) -> String {
    let (whole, part) = metres.split_once('.').unwrap_or((metres, ""));
    assert!(whole.bytes().chain(part.bytes()).all(|digit| digit.is_ascii_digit()), "{metres} is in plain digits");
    let whole = format!("{whole:0>4}");
    let (kilometres, rest) = whole.split_at(whole.len() - 3);
    format!("{kilometres}.{rest}{part}")
}
