use proptest::prelude::*;

use super::*;
use crate::domain::Severity;
use crate::import::shared_data;

fn column(table: &Table, name: &str) -> Vec<String> {
    let at = table.header().iter().position(|known| known == name).expect("a column");
    (0..table.len()).map(|row| table.cell(row, at).to_owned()).collect()
}

fn rows(table: &Table) -> Vec<String> {
    (0..table.len()).map(|row| table.cells(row).collect::<Vec<_>>().join("|")).collect()
}

/// A generated file in the form of the register's download: invented schools, bytes in Windows-1252 (0xE9 an e with an
/// acute, 0x92 an apostrophe). 382000, 394000 is in the Mersey flood plain.
const GENERATED_DOWNLOAD: &[u8] = b"\
\"URN\",\"LA (code)\",\"EstablishmentName\",\"TypeOfEstablishment (name)\",\"EstablishmentTypeGroup (name)\",\
\"EstablishmentStatus (name)\",\"StatutoryLowAge\",\"StatutoryHighAge\",\"Gender (name)\",\"AdmissionsPolicy (name)\",\
\"SchoolCapacity\",\"Trusts (code)\",\"Trusts (name)\",\"TelephoneNum\",\"Easting\",\"Northing\"\n\
900001,358,Caf\xE9 Lane School,Community school,Local authority maintained schools,Open,3,11,Mixed,Not applicable,420,,,1,382000,394000\n\
900002,358,St Mary\x92s Academy,Academy converter,Academies,\"Open, but proposed to close\",11,18,Girls,Selective,900,16001,THE TRUST,1,382000,394000\n\
900003,358,Oak Special,Academy special converter,Academies,Open,2,19,Mixed,Not applicable,,16001,THE TRUST,1,0,0\n\
900004,358,Shut School,Community school,Local authority maintained schools,Closed,3,11,Mixed,Not applicable,210,,,1,382000,394000\n\
900005,358,Little Hub,Children's centre,Children's Centres,Open,,,,,,,,1,382000,394000\n\
900006,359,Over The Border,Community school,Local authority maintained schools,Open,3,11,Mixed,Not applicable,210,,,1,360000,405000\n\
900007,358,Elm House,Other independent special school,Special schools,Open,8,18,Mixed,Not applicable,40,,,1,,\n\
900007,358,Elm House Again,Other independent school,Independent schools,Open,8,18,Mixed,Not applicable,40,,,1,,\n\
x,358,No Number,Other independent school,Independent schools,Open,8,18,Mixed,Not applicable,40,,,1,,\n\
900010,358,Backwards,Other independent school,Independent schools,Open,11,11,Mixed,Not applicable,40,,,1,,\n\
900011,358,Many,Other independent school,Independent schools,Open,4,11,Mixed,Not applicable,forty,,,1,,\n\
900012,358,At Sea,Other independent school,Independent schools,Open,4,11,Mixed,Not applicable,40,,,1,-5,394000\n\
900013,358,Wisdom College,Sixth form centres,Colleges,Open,16,99,Mixed,Not applicable,NA,,,1,382000,394000\n\
900014,358,Web School,Online provider,Online provider,Open,11,18,Mixed,Not applicable,80,,,1,,\n";

#[test]
fn the_download_is_read_with_its_encoding_grid_and_groups() {
    let schools = read("edubasealldata.csv", GENERATED_DOWNLOAD, Some("358")).expect("a register");
    assert_eq!(
        rows(&schools.services),
        [
            "urn:900001|Café Lane School|la:358|state-mainstream|3|10|micro|",
            "urn:900002|St Mary’s Academy|trust:16001|state-mainstream|11|17|micro|",
            "urn:900003|Oak Special|trust:16001|state-mainstream|2|18|micro|",
            "urn:900007|Elm House|urn:900007|special|8|17|micro|",
            "urn:900013|Wisdom College|urn:900013|college|16|98|micro|",
            "urn:900014|Web School|urn:900014|other|11|17|micro|",
        ]
    );
    let point = grid::to_wgs84(382_000.0, 394_000.0).expect("in the grid");
    assert_eq!(
        rows(&schools.offers),
        [
            format!("urn:900001|urn:900001|{:.6}|{:.6}|420|1", point.x, point.y),
            format!("urn:900002|urn:900002|{:.6}|{:.6}|900|1", point.x, point.y),
            "urn:900003|urn:900003||||1".to_owned(),
            "urn:900007|urn:900007|||40|1".to_owned(),
            format!("urn:900013|urn:900013|{:.6}|{:.6}|NA|1", point.x, point.y),
            "urn:900014|urn:900014|||80|1".to_owned(),
        ]
    );
}

#[test]
fn what_was_not_used_is_listed() {
    let imported = read("r.csv", GENERATED_DOWNLOAD, Some("358")).expect("a register").imported;
    let findings: Vec<String> = imported.rows_not_used.iter().map(ToString::to_string).collect();
    let starts = [
        "warning: r.csv, row 4, TypeOfEstablishment (name): saw \"Academy special converter\"",
        "error: r.csv, row 9, URN: saw \"900007\"; each school once",
        "error: r.csv, row 10, URN: saw \"x\"",
        "error: r.csv, row 11, StatutoryHighAge: saw \"11\"",
        "error: r.csv, row 12, SchoolCapacity: saw \"forty\"",
        "error: r.csv, row 13, Easting: saw \"-5 394000\"",
    ];
    assert_eq!(findings.len(), starts.len(), "{findings:#?}");
    for (finding, start) in findings.iter().zip(starts) {
        assert!(finding.starts_with(start), "{finding}\nshould begin with\n{start}");
    }
    assert_eq!((imported.read, imported.used, imported.elsewhere), (14, 6, 1));
    assert_eq!((imported.not_open, imported.childrens_centres, imported.open_assumed), (1, 1, false));
    assert_eq!(imported.without_capacity, ["Oak Special", "Wisdom College"]);
    assert_eq!(imported.without_point, ["Oak Special", "Elm House", "Web School"]);
    assert_eq!(imported.points, PointsFrom::NationalGrid);
    assert_eq!(imported.not_used_columns, ["Gender (name)", "AdmissionsPolicy (name)"]);
    assert_eq!(imported.other_columns, 1);
    // Each row is accounted for once.
    let errors = imported.rows_not_used.len() as u64 - 1;
    assert_eq!(
        imported.read,
        imported.used + imported.elsewhere + imported.not_open + imported.childrens_centres + errors
    );
    assert_eq!(read("r.csv", GENERATED_DOWNLOAD, None).expect("a register").imported.used, 7);
}

#[test]
fn a_file_that_is_no_register_is_refused_with_the_columns_it_lacks() {
    let problems = read("r.csv", b"name,places\nOak,3\n", None).expect_err("no register");
    assert_eq!(problems.len(), 8);
    assert!(problems[0].to_string().starts_with("error: r.csv, row 1, unique_reference_number: nothing there"));
    let problems = read("r.csv", b"URN,places\n1,3\n", None).expect_err("half a download");
    assert!(problems.iter().any(|problem| problem.column.as_deref() == Some("EstablishmentStatus (name)")));
}

#[test]
fn slugs_are_ids() {
    assert_eq!(slug("The Dean Trust (Ardwick) & Co."), "the-dean-trust-ardwick-co");
    assert_eq!(slug("Café"), "caf");
    assert_eq!(slug(&"a b".repeat(200)).len(), 100);
}

#[test]
fn the_schools_of_trafford_are_those_counted_independently() {
    let path = "trafford/services/trafford_schools_and_colleges.csv";
    let Some(bytes) = shared_data::bytes(path) else { return };
    let schools = read(path, &bytes, None).expect("an extract");
    let imported = &schools.imported;
    assert_eq!((imported.read, imported.used, imported.rows_not_used.len()), (103, 103, 0));
    assert_eq!(
        imported.without_capacity,
        [
            "Broadheath Primary School",
            "The Trafford and Stockport College Group",
            "Trafford Alternative Education Provision",
            "Egerton High School",
        ]
    );
    assert!(imported.open_assumed && imported.without_point.is_empty());
    assert_eq!(imported.not_used_columns, ["gender", "resource_provision", "religion"]);

    let (types, ages) = (column(&schools.services, "types"), column(&schools.services, "age_max"));
    let capacities = column(&schools.offers, "capacity");
    let mainstream: Vec<(u64, u16)> = types
        .iter()
        .zip(&capacities)
        .zip(&ages)
        .filter(|((service_type, capacity), _)| *service_type == STATE_MAINSTREAM && *capacity != "NA")
        .map(|((_, capacity), age)| (capacity.parse().expect("places"), age.parse().expect("an age")))
        .collect();
    // The highest age is the birthday by which children leave: 11 is a last age of 10.
    let (primary, secondary): (Vec<_>, Vec<_>) = mainstream.iter().partition(|(_, age)| *age <= 10);
    let places = |schools: &[(u64, u16)]| schools.iter().map(|(places, _)| places).sum::<u64>();
    assert_eq!((mainstream.len(), primary.len(), places(&primary)), (85, 65, 23_084));
    assert_eq!((secondary.len(), places(&secondary)), (20, 20_526));
}

proptest! {
    /// Whatever the bytes: every row is accounted for once, or the file is refused with a reason.
    #[test]
    fn mutated_registers_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..20),
    ) {
        let mut bytes = GENERATED_DOWNLOAD.to_vec();
        for (at, byte, replace) in edits {
            let at = at.index(bytes.len());
            if replace { bytes[at] = byte } else { bytes.insert(at, byte) }
        }
        match read("r.csv", &bytes, Some("358")) {
            Err(problems) => prop_assert!(!problems.is_empty()),
            Ok(Schools { services, offers, imported }) => {
                prop_assert_eq!((services.len(), offers.len()), (imported.used as usize, imported.used as usize));
                let errors = imported.rows_not_used.iter().filter(|found| found.severity == Severity::Error).count() as u64;
                let elsewhere = imported.elsewhere + imported.not_open + imported.childrens_centres;
                prop_assert_eq!(imported.read, imported.used + elsewhere + errors);
            }
        }
    }
}
