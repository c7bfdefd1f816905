//! The schools and children of Trafford, read as plainly as may be: no code of the program but its distances.

use suffice::domain::{Coordinates, Point};
use suffice::measures::access::{Geography, Pair};

use super::support::tables::{Row, rows};

pub const MILE_KM: f64 = 1.609_344;

pub struct Area {
    pub code: String,
    pub name: String,
    pub point: Point,
    /// Aged 4 to 10.
    pub children: u64,
}

/// State primaries (highest age 11 or less) and the areas around them.
pub struct Trafford {
    pub areas: Vec<Area>,
    pub places: Vec<u64>,
    schools: Vec<Point>,
}

impl Trafford {
    pub fn children(&self) -> Vec<u64> {
        self.areas.iter().map(|area| area.children).collect()
    }

    /// Every pair, with the straight line in kilometres.
    pub fn geography(&self) -> Geography {
        let children = self.areas.iter().map(|area| area.children as f64).collect();
        let mut geography = Geography::new(children).expect("whole children");
        for (&places, &school) in self.places.iter().zip(&self.schools) {
            let km = |area: &Area| Coordinates::LonLat.metres(area.point, school) / 1_000.0;
            let pairs = (0..).zip(&self.areas).map(|(demand, area)| Pair { demand, cost: km(area) });
            geography.add(places as f64, pairs).expect("points of the authority");
        }
        geography
    }
}

pub fn trafford_primaries() -> Option<Trafford> {
    let population = rows("trafford/needs/trafford_lsoa21_population_mid2024.csv")?;
    let areas = rows("trafford/needs/trafford_lsoa21_points_DERIVED.csv")?.into_iter().map(|row| {
        let people = population.iter().find(|people| people["area_code"] == row["lsoa_code"]).expect("its population");
        let children = (4..=10).filter_map(|age: u32| people.known(&age.to_string())).sum::<f64>() as u64;
        Area { code: row["lsoa_code"].to_owned(), name: row["lsoa_name"].to_owned(), point: row.point(), children }
    });
    let state = ["Local authority maintained schools", "Academies", "Free Schools"];
    let primaries: Vec<Row> = rows("trafford/services/trafford_schools_and_colleges.csv")?
        .into_iter()
        .filter(|row| {
            state.contains(&&row["type"]) && row.known("highest_admission_age").is_some_and(|age| age <= 11.0)
        })
        .filter(|row| row.known("capacity").is_some())
        .collect();
    Some(Trafford {
        areas: areas.collect(),
        places: primaries.iter().filter_map(|row| row.known("capacity")).map(|places| places as u64).collect(),
        schools: primaries.iter().map(Row::point).collect(),
    })
}
