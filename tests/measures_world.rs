//! Measures against the world: published figures, and another program on the same numbers.
//!
//! Each test names the file beside the repository that it reads, whose SOURCE.md says where that comes from. The figures
//! were computed outside this project; vectors worked by hand are beside the code, in `src/measures`.

mod support;

#[path = "measures_world/data.rs"]
mod data;
#[path = "measures_world/pysal.rs"]
mod pysal;

use data::{MILE_KM, trafford_primaries};
use suffice::domain::{Coordinates, Point};
use suffice::measures::access::{Steps, two_step};
use suffice::measures::interval::{Level, wilson};
use suffice::measures::targeting::NeedReceipt;
use suffice::solve::Effort;
use support::tables::{Row, rows};

/// A table of the rows that a test of need and a test of receipt sort.
fn table<T>(people: &[T], need: impl Fn(&T) -> bool, receipt: impl Fn(&T) -> bool) -> NeedReceipt {
    let count = |needs: bool, receives: bool| {
        people.iter().filter(|person| need(person) == needs && receipt(person) == receives).count() as u64
    };
    NeedReceipt {
        both: count(true, true),
        need_only: count(true, false),
        receipt_only: Some(count(false, true)),
        neither: Some(count(false, false)),
    }
}

#[track_caller]
fn near(found: Option<f64>, wanted: f64, within: f64) {
    let found = found.expect("nothing is missing");
    assert!((found - wanted).abs() <= within, "{found} is not {wanted}");
}

/// data/trafford: 65 state primaries with 23,084 places, 22,875 children aged 4 to 10 in 139 areas, two miles in a straight
/// line. PySAL `access` gave these figures too.
#[test]
fn access_to_primary_school_in_trafford() {
    let Some(trafford) = trafford_primaries() else { return };
    assert_eq!((trafford.areas.len(), trafford.places.len()), (139, 65));
    assert_eq!(trafford.places.iter().sum::<u64>(), 23_084);
    assert_eq!(trafford.children().iter().sum::<u64>(), 22_875);

    let reach = Steps::within(2.0 * MILE_KM).expect("a reach");
    let found = two_step(&trafford.geography(), &reach, &Effort::unlimited()).expect("nothing stops it");
    let children = trafford.children();
    let total: f64 = found.at_demand.iter().zip(&children).map(|(access, &n)| access * n as f64).sum();
    near(Some(total), 23_084.0, 1e-6);
    near(Some(total / 22_875.0), 1.009_137, 5e-7);
    let mut ranked: Vec<(f64, &str)> =
        found.at_demand.iter().zip(&trafford.areas).map(|(&access, area)| (access, &*area.name)).collect();
    ranked.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (lowest, highest) = (ranked[0], ranked[138]);
    assert_eq!((lowest.1, highest.1), ("Trafford 028D", "Trafford 011B"));
    near(Some(lowest.0), 0.193_250, 5e-7);
    near(Some(highest.0), 1.533_183, 5e-7);
}

/// data/trafford: children in income deprivation (IDACI 2025, numbers of 2022) by area, and the two children's centres.
#[test]
fn income_deprived_children_near_a_childrens_centre_in_trafford() {
    let Some(trafford) = trafford_primaries() else { return };
    let Some(deprived) = rows("trafford/needs/imd/trafford_imd2025_lsoa21.csv") else { return };
    let Some(centres) = rows("trafford/services/trafford_childrens_centres.csv") else { return };
    let centres: Vec<Point> = centres.iter().map(|row| row.point()).collect();
    assert_eq!(centres.len(), 2);
    let (mut known, mut near_one, mut unknown) = (0, 0, 0);
    for row in &deprived {
        let area = trafford.areas.iter().find(|area| area.code == row["lsoa21_code"]).expect("an area of Trafford");
        let Some(children) = row.known("income_deprivation_affecting_children_index_idaci_numerator") else {
            unknown += 1;
            continue;
        };
        known += children as u64;
        if centres.iter().any(|&centre| Coordinates::LonLat.metres(area.point, centre) <= 2_000.0) {
            near_one += children as u64;
        }
    }
    assert_eq!((known, unknown, near_one), (10_710, 13, 3_605));
    let reached = NeedReceipt { both: near_one, need_only: known - near_one, receipt_only: None, neither: None };
    near(reached.coverage(), 0.3366, 5e-5);
}

/// data/need-receipt: RAND Health Insurance Experiment, years of children. Need: fair or poor health, or a physical
/// limitation, each exactly 1 (a limitation not known is no need); receipt: a visit to a doctor.
#[test]
fn childrens_health_and_visits_to_a_doctor_in_the_rand_experiment() {
    let Some(years) = rows("need-receipt/rand_hie_person_years.csv") else { return };
    assert_eq!(years.len(), 20_190);
    let children: Vec<_> = years.into_iter().filter(|row| row.known("child") == Some(1.0)).collect();
    let ill = |row: &Row| ["hlthf", "hlthp", "physlm"].iter().any(|column| row.known(column) == Some(1.0));
    let found = table(&children, ill, |row| row.known("mdvis").is_some_and(|visits| 0.0 < visits));
    let wanted = NeedReceipt { both: 429, need_only: 257, receipt_only: Some(4_996), neither: Some(2_421) };
    assert_eq!((found, found.everyone()), (wanted, Some(8_103)));
    near(found.coverage(), 0.6254, 5e-5);
}

/// The same: a mental-health index of 67 or less, and a psychotherapy visit. 6.5 % of need met, 75 % of receipt without
/// measured need.
#[test]
fn childrens_minds_and_psychotherapy_in_the_rand_experiment() {
    let Some(years) = rows("need-receipt/rand_hie_person_years.csv") else { return };
    let children: Vec<_> = years.into_iter().filter(|row| row.known("child") == Some(1.0)).collect();
    let low = |row: &Row| row.known("mhi").is_some_and(|index| index <= 67.0);
    let found = table(&children, low, |row| row.known("mentvis").is_some_and(|visits| 0.0 < visits));
    let wanted = NeedReceipt { both: 38, need_only: 550, receipt_only: Some(112), neither: Some(7_403) };
    assert_eq!(found, wanted);
    near(found.coverage(), 0.065, 5e-4);
    near(found.leakage(), 0.75, 5e-3);
    assert_eq!(found.split().map(|split| (split.retargeting, split.volume)), Some((112, 438)));
}

/// data/need-receipt: Rodriguez and Goldman 2001. Children of two and over are due full immunisation: need for all of
/// them, so no receipt is without it. A sample, so it has an interval.
#[test]
fn immunisation_of_the_two_year_olds_in_guatemala() {
    let Some(children) = rows("need-receipt/guatemala_immunization_children.csv") else { return };
    assert_eq!(children.len(), 2_159);
    let due: Vec<_> = children.iter().filter(|row| &row["kid2p"] == "Y").collect();
    let found = table(&due, |_| true, |row| &row["immun"] == "Y");
    assert_eq!(found, NeedReceipt { both: 824, need_only: 842, receipt_only: Some(0), neither: Some(0) });
    near(found.coverage(), 0.4946, 5e-5);
    assert_eq!((found.leakage(), found.leakage_among_those_without_need()), (Some(0.0), None));
    let interval = wilson(824, 1_666, Level::P95).expect("a sample");
    // (2 x 824 + 3.8415 -/+ 1.96 sqrt(3.8415 + 4 x 824 x 842 / 1666)) / (2 x 1669.8415).
    assert!((interval.low - 0.4706).abs() < 5e-5 && (interval.high - 0.5186).abs() < 5e-5, "{interval:?}");
}

/// data/dfe-la: Department for Education, England 2025, each count rounded to ten. Nobody counts interventions without an
/// identified problem.
#[test]
fn substance_misuse_of_looked_after_children_in_england() {
    let Some(published) = rows("dfe-la/cla_health_need_and_receipt_2021_2025.csv") else { return };
    let count = |breakdown: &str| {
        let of = |row: &&Row| {
            &row["time_period"] == "2025" && &row["geographic_level"] == "National" && &row["breakdown"] == breakdown
        };
        published.iter().find(of).and_then(|row| row.known("children_count")).expect("a published count") as u64
    };
    let identified = count("Identified as having a substance misuse problem");
    let received = count("Received an intervention for their substance misuse problem");
    let refused = count("Offered intervention but refused it");
    assert_eq!((identified, received, refused), (1_780, 740, 790));
    // 15 either way: three counts, each up to 5 off.
    assert_eq!(identified - received - refused, 250);
    let need_only = identified - received;
    let found = NeedReceipt { both: received, need_only, receipt_only: None, neither: None };
    // Published: 41 %, of the unrounded counts.
    near(found.coverage(), 0.41, 0.01);
    assert_eq!((found.leakage(), found.everyone(), found.split()), (None, None, None));
}
