use crate::solve::Effort;

use super::*;
use crate::domain::{AgeBand, Coordinates, Id, Point};
use crate::import::shared_data;

const SCHOOLS: &str = "name,local_authority_code,unique_reference_number,type,lowest_admission_age,\
                       highest_admission_age,capacity,sponsoring_trust,lon,lat\n\
                       Oak Primary,358,1,Academies,4,11,30,NA,-2.3,53.4\n";
const PEOPLE: &str = "area_code,area_name,4,5\nA1,North,3,2\n";
const POINTS: &str = "lsoa_code,lon,lat\nA1,-2.31,53.41\n";

fn source<'a>(file: &'a str, bytes: &'a [u8]) -> Source<'a> {
    Source { file, bytes }
}

fn inputs() -> Inputs<'static> {
    Inputs {
        schools: Some(source("schools.csv", SCHOOLS.as_bytes())),
        authority: None,
        population: source("people.csv", PEOPLE.as_bytes()),
        points: source("points.csv", POINTS.as_bytes()),
        deprivation: None,
        rates: None,
    }
}

fn options(kind: &str, ages: [u16; 2], reach: Reach) -> Options {
    Options {
        name: "Testby".to_owned(),
        reference_date: jiff::civil::date(2024, 6, 30),
        cohorts: Cohorts {
            kind: Id::parse(kind).expect("an id"),
            ages: AgeBand::new(ages[0], ages[1]).expect("a band"),
        },
        reach,
        licence: None,
    }
}

fn file(draft: &Draft, name: &str) -> String {
    String::from_utf8(bundle::files(draft).remove(name).unwrap_or_default()).expect("text")
}

#[test]
fn the_files_become_a_bundle_that_reads_back() {
    let draft = locality(&inputs(), &options(SCHOOL_PLACE, [4, 5], Reach::StatutoryWalking)).expect("a locality").draft;
    assert_eq!(
        file(&draft, "locality.toml"),
        "ages = \"years\"\n\
         caveats = [\"Met need is an upper bound: sex, faith, selection and sixth forms of the schools, places \
         outside, and children who come in from outside are not taken into account.\"]\n\
         coordinates = \"lonlat\"\n\
         name = \"Testby\"\n\
         period = 2024\n\
         reference_date = 2024-06-30\n\
         sources = [\"people.csv: population by single year of age\", \"points.csv: points of areas\", \
         \"schools.csv: register of schools\"]\n"
    );
    assert_eq!(
        file(&draft, "policy.toml"),
        "[reach]\n\
         rules = [\n    { age_max = 7, kind = \"school-place\", km = 3.218688 },\n    \
         { age_min = 8, kind = \"school-place\", km = 4.828032 },\n]\n"
    );
    assert_eq!(
        file(&draft, "needs.csv"),
        "need,holder,kind,level,children,area,age,basis,certainty\n\
         school-place:A1:4,A1:4,school-place,1,3,A1,4,normative,estimated\n\
         school-place:A1:5,A1:5,school-place,1,2,A1,5,normative,estimated\n"
    );
    assert_eq!(
        file(&draft, "services.csv"),
        "service,name,provider,types,age_min,age_max,setting,target\n\
         urn:1,Oak Primary,urn:1,state-mainstream,4,10,micro,\n"
    );
    assert!(file(&draft, "meets.csv").starts_with("kind,type,source\nschool-place,state-mainstream,"));
    assert!(file(&draft, "kinds.csv").contains("\nschool-place,School place,micro,school_place,child,4,5,"));
    assert_eq!(bundle::read_files(bundle::files(&draft), &Effort::unlimited()), Ok(draft));
}

#[test]
fn a_built_in_kind_and_rates_bring_their_own_rows() {
    let rates = "kind,age_min,age_max,rate,source\nIND-14,5,19,0.128,MHCYP 2017\n";
    let inputs = Inputs { rates: Some(source("rates.csv", rates.as_bytes())), ..inputs() };
    let draft = locality(&inputs, &options(SCHOOL_PLACE, [4, 5], Reach::Km(2.5))).expect("a locality").draft;
    let kinds = file(&draft, "kinds.csv");
    assert!(kinds.lines().count() == 3 && kinds.contains("\nIND-14,"), "{kinds}");
    assert!(file(&draft, "meets.csv").contains("\nIND-14,"));
    assert_eq!(file(&draft, "policy.toml"), "[reach]\nkm = 2.5\n");

    let inputs = Inputs { schools: None, ..inputs };
    let assembled = locality(&inputs, &options("IND-14", [5, 5], Reach::Default)).expect("a locality");
    assert_eq!((assembled.schools, assembled.draft.policy.clone()), (None, None));
    assert!(assembled.draft.built_in.contains(&"kinds"));
    assert_eq!(file(&assembled.draft, "services.csv").lines().count(), 1);
    assert!(!file(&assembled.draft, "meets.csv").contains("state-mainstream"));
}

#[test]
fn the_problems_of_all_files_come_together() {
    let inputs = Inputs {
        schools: Some(source("schools.csv", b"name\n")),
        population: source("people.csv", b"PK\x03\x04"),
        rates: Some(source("rates.csv", b"")),
        ..inputs()
    };
    let problems = locality(&inputs, &options("k", [4, 5], Reach::Default)).expect_err("three bad files");
    let files: BTreeSet<&str> = problems.iter().map(|problem| problem.table.as_str()).collect();
    // The kind `k` is neither ours nor one that we know the layer of.
    assert_eq!(files, ["kinds.csv", "people.csv", "rates.csv", "schools.csv"].into());
}

#[test]
fn ranks_of_deprivation_name_their_index() {
    let deprivation = Deprivation {
        ranks: source("imd.csv", b"lsoa_code,rank\nA1,3\n"),
        column: "rank",
        index: "IMD",
        year: 2025,
        areas_in_index: 33_755,
    };
    let inputs = Inputs { deprivation: Some(deprivation), ..inputs() };
    let draft = locality(&inputs, &options(SCHOOL_PLACE, [4, 5], Reach::Default)).expect("a locality").draft;
    let about = file(&draft, "locality.toml");
    assert!(about.ends_with("\n[deprivation]\nareas_in_index = 33755\nindex = \"IMD\"\nyear = 2025\n"), "{about}");
    assert_eq!(file(&draft, "areas.csv"), "area,name,lon,lat,deprivation_rank\nA1,North,-2.31,53.41,3\n");
}

/// Cohorts and schools of Trafford, counted from the written tables alone: 23,536 pairs of a cohort and a school that
/// may take it within the statutory miles were found by an independent program.
#[test]
fn trafford_has_the_pairs_that_were_counted_independently() {
    let Some(schools) = shared_data::bytes("trafford/services/trafford_schools_and_colleges.csv") else { return };
    let Some(people) = shared_data::bytes("trafford/needs/trafford_lsoa21_population_mid2024.csv") else { return };
    let Some(points) = shared_data::bytes("trafford/needs/trafford_lsoa21_points_DERIVED.csv") else { return };
    let inputs = Inputs {
        schools: Some(source("schools.csv", &schools)),
        population: source("people.csv", &people),
        points: source("points.csv", &points),
        ..inputs()
    };
    let assembled = locality(&inputs, &options(SCHOOL_PLACE, [4, 10], Reach::StatutoryWalking)).expect("Trafford");
    assert_eq!(assembled.schools.as_ref().map(|schools| schools.used), Some(103));
    assert_eq!(assembled.population.children, 22_875);
    let tables = &assembled.draft.tables;
    let number = |table: &str, row: usize, column: &str| -> Option<f64> {
        let table = &tables[table];
        table.cell(row, table.header().iter().position(|name| name == column)?).parse().ok()
    };
    let point = |table: &str, row: usize| Point {
        x: number(table, row, "lon").expect("a longitude"),
        y: number(table, row, "lat").expect("a latitude"),
    };
    let areas: Vec<&str> = (0..tables["areas"].len()).map(|row| tables["areas"].cell(row, 0)).collect();
    let mut pairs = 0;
    for need in 0..tables["needs"].len() {
        let area = areas.iter().position(|area| *area == tables["needs"].cell(need, 5)).expect("a known area");
        let home = point("areas", area);
        let age = number("needs", need, "age").expect("an age");
        let reach = if age < 8.0 { 3_218.688 } else { 4_828.032 };
        for offer in 0..tables["offers"].len() {
            // Services and offers stand in the same order.
            let ages = number("services", offer, "age_min")..=number("services", offer, "age_max");
            let open_to_all = tables["services"].cell(offer, 3) == STATE_MAINSTREAM;
            if open_to_all
                && number("offers", offer, "capacity").is_some()
                && ages.contains(&Some(age))
                && Coordinates::LonLat.metres(home, point("offers", offer)) <= reach
            {
                pairs += 1;
            }
        }
    }
    assert_eq!(pairs, 23_536);
}
