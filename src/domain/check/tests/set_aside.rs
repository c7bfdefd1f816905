//! Rows that cannot be understood, set aside with those that name them.

use super::Bundle;
use crate::domain::Checked;

/// "table row: reasons" of each row that was set aside.
fn set_aside(checked: &Checked) -> Vec<String> {
    let line = |row: &crate::domain::SetAside| {
        let reasons: Vec<String> = row
            .reasons
            .iter()
            .map(|reason| format!("{} {}; {}", reason.column.as_deref().unwrap_or(""), reason.seen, reason.wanted))
            .collect();
        format!("{} {}: {}", row.table, row.row, reasons.join(" | "))
    };
    checked.locality.completeness().set_aside.iter().map(line).collect()
}

fn ids<T>(rows: &[T], id: fn(&T) -> &crate::domain::Id) -> Vec<&str> {
    rows.iter().map(|row| id(row).as_str()).collect()
}

#[test]
fn a_need_that_is_set_aside_takes_its_flows_with_it() {
    let checked = Bundle::good().cell("needs", 2, "level", "9").with_bad_rows_set_aside();
    let wanted = [
        "declines.csv 2: need n1; a need that is not set aside itself (needs.csv, row 2)",
        "needs.csv 2: level 9; a whole number from 1 to 4",
        "receipts.csv 2: need n1; a need that is not set aside itself (needs.csv, row 2)",
    ];
    assert_eq!(set_aside(&checked), wanted);
    let locality = &checked.locality;
    assert_eq!(ids(locality.needs(), |need| &need.id), ["n2", "n3", "n4", "n5"]);
    // Ann has another need, so she is still there, and what she declines counts.
    assert_eq!(ids(locality.holders(), |holder| &holder.id), ["ann", "c1", "c2", "c3"]);
    assert_eq!((locality.declines().len(), locality.receipts().map(<[_]>::len)), (2, Some(2)));
    assert_eq!(checked.warnings, []);
}

#[test]
fn an_area_takes_everything_in_it() {
    let checked = Bundle::good().cell("areas", 3, "lat", "95").with_bad_rows_set_aside();
    let wanted = [
        "areas.csv 3: lat 95; a coordinate from -90 to 90; lon and lat may be the wrong way round",
        "areas.csv 4: parent south; an area that is not set aside itself (areas.csv, row 3)",
        "candidates.csv 3: area hill; an area that is not set aside itself (areas.csv, row 4) | areas hill; an area that is not set aside itself (areas.csv, row 4)",
        "candidates.csv 5: offer club-south; an offer that is not set aside itself (offers.csv, row 3)",
        "declines.csv 2: offer club-south; an offer that is not set aside itself (offers.csv, row 3)",
        "declines.csv 4: area hill; an area that is not set aside itself (areas.csv, row 4)",
        "needs.csv 4: area south; an area that is not set aside itself (areas.csv, row 3)",
        "needs.csv 5: area hill; an area that is not set aside itself (areas.csv, row 4)",
        "needs.csv 6: area hill; an area that is not set aside itself (areas.csv, row 4)",
        "offers.csv 3: area south; an area that is not set aside itself (areas.csv, row 3) | areas hill; an area that is not set aside itself (areas.csv, row 4) | areas south; an area that is not set aside itself (areas.csv, row 3)",
        "receipts.csv 3: offer club-south; an offer that is not set aside itself (offers.csv, row 3)",
        "receipts.csv 4: area south; an area that is not set aside itself (areas.csv, row 3) | offer club-south; an offer that is not set aside itself (offers.csv, row 3)",
        "scenarios.csv 3: area hill; an area that is not set aside itself (areas.csv, row 4)",
    ];
    assert_eq!(set_aside(&checked), wanted);
    let locality = &checked.locality;
    assert_eq!(ids(locality.areas(), |area| &area.id), ["beyond", "north"]);
    // Values that nobody has any more are gone.
    assert_eq!(locality.group_columns()[0].values, ["urban"]);
    assert_eq!(locality.areas()[1].groups, [0]);
}

#[test]
fn candidates_follow_those_they_name() {
    let bundle = Bundle::good()
        .cell("candidates", 5, "after", "wide")
        .cell("candidates", 3, "together", "")
        .cell("candidates", 4, "together", "")
        .cell("candidates", 2, "fixed_cost", "");
    let wanted = [
        "candidates.csv 2: fixed_cost ; a whole number from -1000000000000000 to 1000000000000000",
        "candidates.csv 4: after more; a candidate that is not set aside itself (candidates.csv, row 2)",
        "candidates.csv 5: after wide; a candidate that is not set aside itself (candidates.csv, row 4)",
    ];
    let checked = bundle.with_bad_rows_set_aside();
    assert_eq!(set_aside(&checked), wanted);
    assert_eq!(ids(checked.locality.candidates(), |candidate| &candidate.id), ["new"]);
    // Where bad rows refuse the bundle, what follows from one is no problem of its own.
    assert_eq!(
        bundle.findings(),
        "error: candidates.csv, row 2, fixed_cost: nothing there; a whole number from -1000000000000000 to 1000000000000000"
    );
}

#[test]
fn every_problem_of_every_table_is_reported_at_once() {
    let bundle = Bundle::good()
        .cell("areas", 2, "lon", "east")
        .cell("needs", 4, "level", "9")
        .cell("needs", 4, "children", "1.5")
        .cell("needs", 4, "age", "200")
        .cell("offers", 2, "free", "11")
        .cell("services", 3, "types", "")
        .cell("needs", 2, "colour", "red")
        .cell("scenarios", 2, "factor", "-1")
        .without_column("outcomes", "framework")
        .table("neeeds", "need");
    let wanted = r#"error: areas.csv, row 2, lon: saw "east"; a coordinate from -180 to 180
error: needs.csv, colour: saw "colour"; one of the columns need, holder, kind, level, children, area, age, age_max, lon, lat, weight, basis, certainty, children_low, children_high, tags, household, origin, group:NAME
error: needs.csv, row 4, age: saw "200"; a whole number from 0 to 120
error: needs.csv, row 4, children: saw "1.5"; a whole number from 0 to 1000000000, or a mark of the unknown: c, x, u, :, NA, low, k or blank
error: needs.csv, row 4, level: saw "9"; a whole number from 1 to 4
error: neeeds.csv: saw "neeeds.csv"; one of the tables areas, population, needs, rates, services, offers, meets, kinds, receipts, declines, travel, drives, outcomes, candidates, scenarios; perhaps needs
warning: offers.csv, row 2, free: saw "11"; at most 10, the capacity
error: outcomes.csv, framework: nothing there; this column
error: scenarios.csv, row 2, factor: saw "-1"; a decimal from 0 to 1000 with at most 6 places
error: services.csv, row 3, types: nothing there; at least one type of service"#;
    assert_eq!(bundle.findings(), wanted);
}

#[test]
fn a_row_that_does_not_apply_takes_what_names_it_along_with_a_warning() {
    let checked = Bundle::good().cell("needs", 2, "children", "z").checked();
    let wanted = r#"warning: declines.csv, row 2, need: saw "n1"; a need of needs.csv: row 2 is not applicable (z), so this row is left out too
warning: needs.csv, row 2, children: saw "z"; a number: z is not applicable, so the row is left out
warning: receipts.csv, row 2, need: saw "n1"; a need of needs.csv: row 2 is not applicable (z), so this row is left out too"#;
    assert_eq!(super::lines(&checked.warnings), wanted);
    let completeness = checked.locality.completeness();
    assert_eq!((completeness.not_applicable_rows, completeness.warnings), (3, 3));
    assert_eq!(checked.locality.needs().len(), 4);
}

#[test]
fn an_offer_that_does_not_apply_takes_its_candidates_along() {
    let checked = Bundle::good().cell("offers", 2, "capacity", "z").checked();
    let rows: Vec<(&str, Option<u64>)> = checked.warnings.iter().map(|row| (row.table.as_str(), row.row)).collect();
    // The places in it, the wider rule of it (which also comes after those places), the declines, the offer itself.
    assert_eq!(
        rows,
        [("candidates.csv", Some(2)), ("candidates.csv", Some(4)), ("declines.csv", Some(4)), ("offers.csv", Some(2))]
    );
    assert_eq!(ids(checked.locality.candidates(), |candidate| &candidate.id), ["new", "shut"]);
}

#[test]
fn an_estimate_of_a_cell_that_straddles_is_set_aside_with_it() {
    let bundle = Bundle::good()
        .table("population", "area,age,age_max,children\nnorth,0,9,10\nsouth,5,9,10")
        .table("rates", "kind,age_min,age_max,rate,source\nautism,5,9,0.5,s");
    let checked = bundle.with_bad_rows_set_aside();
    assert_eq!(checked.locality.population().len(), 1);
    assert_eq!(checked.locality.completeness().estimated_need_rows, 1);
    assert_eq!(set_aside(&checked).len(), 1);
}

#[test]
fn when_cohorts_may_not_overlap_they_are_set_aside_and_so_are_their_holders() {
    let bundle = Bundle::good()
        .policy("count.overlap", super::text("refuse"))
        .cell("needs", 6, "kind", "speech")
        .cell("needs", 6, "age", "12")
        .cell("declines", 3, "holder", "c3");
    let checked = bundle.with_bad_rows_set_aside();
    let rows: Vec<(&str, u64)> =
        checked.locality.completeness().set_aside.iter().map(|row| (row.table.as_str(), row.row)).collect();
    assert_eq!(rows, [("declines.csv", 3), ("needs.csv", 5), ("needs.csv", 6)]);
    assert_eq!(ids(checked.locality.holders(), |holder| &holder.id), ["ann", "c1"]);
}
