//! Headers, blank rows, sizes, travel and sums: what concerns a whole table.

use super::{Bundle, check, lines, text};
use crate::domain::check::findings::MOST_LISTED;
use crate::domain::draft::Table;
use crate::domain::{BadRows, TravelUnit};

#[test]
fn another_separator_is_named() {
    let semicolons = Bundle::good().table("offers", "offer;service;lon;lat\na;talk;1;2");
    let commas = "commas between the columns; here they are";
    let dangling = semicolons.findings();
    assert!(
        dangling.contains(&format!("error: offers.csv: saw \"offer;service;lon;lat\"; {commas} semicolons")),
        "{dangling}"
    );
    assert!(!dangling.contains("this column"), "{dangling}");
    let tabs = Bundle::good().table("outcomes", "kind\tindicator\nspeech\tx");
    assert_eq!(tabs.findings(), format!("error: outcomes.csv: saw \"kind\\tindicator\"; {commas} tabs"));
}

#[test]
fn columns_that_are_missing_or_there_twice_are_named_once() {
    let bundle = Bundle::good().without_column("needs", "level").without_column("needs", "area");
    let bundle = bundle.without_column("areas", "lat").without_column("receipts", "children");
    let wanted = "error: areas.csv, lat: nothing there; this column too, for the other half of the point\n\
                  error: needs.csv, area: nothing there; this column\n\
                  error: needs.csv, level: nothing there; this column\n\
                  error: receipts.csv, children: nothing there; this column";
    assert_eq!(bundle.findings(), wanted);
    let twice = Bundle::good().table("drives", "kind,drives,kind\nhousing,speech,autism");
    assert_eq!(twice.findings(), "error: drives.csv, kind: saw \"kind\"; each column once; column 1 has this name too");
    let no_place = Bundle::good().without_column("areas", "lat").without_column("areas", "lon");
    assert_eq!(no_place.findings(), "error: areas.csv, lon: nothing there; the columns lon and lat");
    let no_place =
        Bundle::good().without("candidates").table("offers", "offer,service\ntalk-north,talk\nclub-south,club");
    let wanted = "error: offers.csv, lon: nothing there; the columns lon and lat, or the column area";
    assert_eq!(no_place.findings(), wanted);
}

#[test]
fn spaces_blank_rows_and_nameless_blank_columns_do_no_harm() {
    let mut padded = Bundle::good();
    for rows in padded.tables.values_mut() {
        for row in rows.iter_mut() {
            row.iter_mut().for_each(|cell| *cell = format!(" {cell}\u{a0}"));
            row.push(String::new());
        }
        let blank = vec![" ".to_owned(); rows[0].len()];
        rows.extend([blank.clone(), blank]);
        rows[0][0].insert(0, '\u{feff}');
    }
    let (padded, plain) = (padded.checked(), Bundle::good().checked());
    assert_eq!(format!("{:?}", padded.locality), format!("{:?}", plain.locality));
}

#[test]
fn long_labels_and_fields_are_refused() {
    let label = Bundle::good().cell("areas", 2, "name", &"é".repeat(513)).findings();
    assert!(label.ends_with("at most 512 characters"), "{label}");
    assert!(label.len() < 300, "the whole label is not repeated");
    assert_eq!(Bundle::good().cell("areas", 2, "name", &"é".repeat(512)).findings(), "");
    let field = Bundle::good().cell("drives", 2, "source", &"x".repeat(65_537)).findings();
    assert!(field.ends_with("at most 65536 bytes in a field"), "{field}");
    assert_eq!(Bundle::good().cell("drives", 2, "source", &"x".repeat(65_536)).findings(), "");
}

#[test]
fn past_the_bound_problems_are_counted_and_warnings_hide_no_error() {
    let mut draft = Bundle::good().draft();
    let mut outcomes = Table::new(["kind", "indicator", "outcome", "framework"]);
    (0..MOST_LISTED + 5).for_each(|_| outcomes.push(["knitting", "i", "o", "f"]));
    draft.tables.insert("outcomes".to_owned(), outcomes);
    let problems = check(draft.clone(), BadRows::Refuse).expect_err("every row is wrong");
    assert_eq!(problems.len(), MOST_LISTED + 1);
    let last = "error: bundle: saw \"5 more\"; only 100000 errors are listed; put these right and check again";
    assert_eq!(problems[0].to_string(), last);
    // What cannot be listed cannot be set aside with its reason either.
    assert!(check(draft, BadRows::SetAside).is_err());
}

#[test]
fn travel_replaces_the_straight_line() {
    let in_minutes = Bundle::good().cell("offers", 2, "reach_km", "").table(
        "travel",
        "area,offer,minutes
         south,talk-north,31.5
         north,talk-north,7
         hill,new,12",
    );
    let checked = in_minutes.checked();
    let travel = checked.locality.travel().expect("there is one");
    assert_eq!(travel.unit, TravelUnit::Minutes);
    let offer = checked.locality.find_offer("talk-north").expect("there");
    let area = |id| checked.locality.find_area(id).expect("there");
    assert_eq!(travel.between(area("south"), offer), Some(31.5));
    assert_eq!(travel.between(area("north"), offer), Some(7.0));
    assert_eq!(travel.between(area("hill"), offer), None);
    // Candidates are sorted by id: more, new ...
    assert_eq!(travel.candidates[1], [(area("hill"), 12.0)]);
    let in_km = Bundle::good().table("travel", "area,offer,km\nnorth,talk-north,1.001").checked();
    let travel = in_km.locality.travel().expect("there is one");
    assert_eq!((travel.unit, travel.offers[1][0].1), (TravelUnit::Metres, 1001.0));
}

#[test]
fn what_is_wrong_with_travel() {
    let bundle = Bundle::good().table(
        "travel",
        "area,offer,km
         north,talk-north,1
         north,talk-north,2
         east,talk-north,1
         north,talk-nort,1
         north,more,1
         north,club-south,
         north,new,-1
         hill,new,NA",
    );
    let wanted = r#"error: travel.csv, row 3, offer: nothing there; each pair of area and offer once; row 2 has this one
error: travel.csv, row 4, area: saw "east"; the id of an area in areas.csv
error: travel.csv, row 5, offer: saw "talk-nort"; the id of an offer in offers.csv; perhaps talk-north
error: travel.csv, row 6, offer: saw "more"; an offer, or a candidate that is a new offer; this candidate is not
error: travel.csv, row 7, km: nothing there; a number; leave the whole row out where there is no way
error: travel.csv, row 8, km: saw "-1"; a number from 0 to 1000000
error: travel.csv, row 9, km: saw "NA"; a number from 0 to 1000000"#;
    assert_eq!(bundle.findings(), wanted);
    let both = Bundle::good().table("travel", "area,offer,km,minutes\nnorth,talk-north,1,2").findings();
    assert_eq!(both, "error: travel.csv, km: saw \"km\"; either minutes or km, not both");
    let neither = Bundle::good().table("travel", "area,offer\nnorth,talk-north").findings();
    assert_eq!(neither, "error: travel.csv, minutes: nothing there; one of the columns minutes, km");
}

#[test]
fn metres_are_coordinates_too() {
    let mut bundle = Bundle::good().about("coordinates", text("metres"));
    for table in ["areas", "offers"] {
        for name in &mut bundle.tables.get_mut(table).expect("there")[0] {
            *name = name.replace("lon", "x").replace("lat", "y");
        }
    }
    let checked = bundle.cell("areas", 2, "x", "385432.5").cell("areas", 2, "y", "-0").checked();
    let north = &checked.locality.areas()[checked.locality.find_area("north").expect("there").ix()];
    assert_eq!(north.point.map(|point| (point.x, point.y.to_bits())), Some((385_432.5, 0.0_f64.to_bits())));
}

#[test]
fn sums_that_could_pass_2_to_the_53_are_refused_with_the_row_that_drives_them() {
    let most = "1000000000";
    let good = || Bundle::good().without("scenarios");
    let refused = |bundle: Bundle, wanted: &str| {
        let findings = bundle.findings();
        assert!(findings.lines().any(|line| line == wanted), "{findings}");
        assert!(check(bundle.draft(), BadRows::SetAside).is_err(), "no row can be set aside for a sum");
    };
    refused(
        good().cell("needs", 4, "children", most).cell("needs", 4, "weight", most),
        "error: needs.csv, row 4, children: saw \"1000000000000000000\"; smaller numbers: weights times children could add up to 1000000000000000035, and sums are exact only up to 9007199254740992",
    );
    // 2^53 / 20,037,509 m is 449,516,916 and a bit: so many children may travel, of whom 20 are in other rows.
    refused(
        good().cell("needs", 4, "children", "449516897"),
        "error: needs.csv, row 4, children: saw \"9007198869289573\"; smaller numbers: journeys times children could add up to 9007199270039753, and sums are exact only up to 9007199254740992",
    );
    assert_eq!(lines(&good().cell("needs", 4, "children", "449516896").checked().warnings), "");
    // In a scenario there may be more.
    let growing = good().table("scenarios", "scenario,kind,factor\ngrowth,speech,1.000001");
    refused(
        growing.cell("needs", 4, "children", "449516896"),
        "error: needs.csv, row 4, children: saw \"9007207866131114\"; smaller numbers: journeys times children could add up to 9007208306956312, and sums are exact only up to 9007199254740992",
    );
    refused(
        good().cell("services", 2, "cost_per_place", "1000000000000000"),
        "error: services.csv, row 2, cost_per_place: saw \"40000000000000000\"; smaller numbers: costs of places could add up to 60000000000000000, and sums are exact only up to 9007199254740992",
    );
    refused(
        good().cell("offers", 3, "capacity", most).cell("offers", 3, "turns", most),
        "error: offers.csv, row 3, capacity: saw \"6000000000000000000\"; smaller numbers: capacity times children_per_unit times turns could add up to 6000000000000000000, and sums are exact only up to 9007199254740992",
    );
    refused(
        good().cell("candidates", 2, "places_per_step", most).cell("candidates", 2, "max_steps", most),
        "error: candidates.csv, row 2, places_per_step: saw \"2000000000000000020\"; smaller numbers: the offer's places with all that could be added could add up to 2000000000000000020, and sums are exact only up to 9007199254740992",
    );
}
