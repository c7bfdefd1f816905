//! Populations, rates and what they make: estimated cohorts; and rows that may hold the same children.

use super::{Bundle, text};
use crate::domain::{Certainty, HolderSort, Locality, Mark, NeedOrigin, Stated};

/// The estimated needs: id, children, bounds.
fn estimates(locality: &Locality) -> Vec<String> {
    let estimated = locality.needs().iter().filter(|need| need.origin == NeedOrigin::Rate);
    let line = |need: &crate::domain::Need| {
        let children = match need.children {
            Stated::Known(children) => children.to_string(),
            Stated::Unknown(mark) => format!("unknown ({})", mark.as_str()),
        };
        let bound = |bound: Option<u64>| bound.map_or("-".to_owned(), |bound| bound.to_string());
        format!("{} {children} [{}, {}]", need.id, bound(need.children_low), bound(need.children_high))
    };
    estimated.map(line).collect()
}

#[test]
fn estimates_add_up_to_the_rounded_total_of_the_areas_inside() {
    // Inside, at 0.128: hill 10, north 20 and 12, south 20 children: 1.28, 2.56, 1.536 and 2.56, together 7.936: 8.
    // Whole parts 1, 2, 1, 2; the two children that are left go to the two remainders of 0.56.
    // Low, at 0.1: 1, 2, 1.2 and 2, together 6.2: 6. High, at 0.2: 2, 4, 2.4 and 4, together 12.4: 12.
    // Outside: beyond 4 x 0.128 = 0.512: 1, on its own; low 0.4: 0; high 0.8: 1.
    let bundle = Bundle::good()
        .table(
            "population",
            "area,age,age_max,children
             south,5,9,20
             north,5,9,20
             hill,5,9,10
             north,10,,12
             north,11,,99
             beyond,5,9,4",
        )
        .table("rates", "kind,age_min,age_max,rate,low,high,level,source\nautism,5,10,0.128,0.1,0.2,2,a survey");
    let checked = bundle.checked();
    assert_eq!(super::lines(&checked.warnings), "");
    let locality = &checked.locality;
    let wanted = [
        "rate:autism:beyond:5-9 1 [0, 1]",
        "rate:autism:hill:5-9 1 [1, 2]",
        "rate:autism:north:10 1 [1, 2]",
        "rate:autism:north:5-9 3 [2, 4]",
        "rate:autism:south:5-9 3 [2, 4]",
    ];
    assert_eq!(estimates(locality), wanted);
    let need = locality.find_need("rate:autism:north:5-9").expect("there");
    let holder = locality.holder(need);
    assert_eq!((holder.id.as_str(), holder.sort, holder.children), ("cohort:north:5-9", HolderSort::Cohort, 3));
    let need = &locality.needs()[need.ix()];
    assert_eq!((need.level.get(), need.weight, need.certainty), (2, 4, Some(Certainty::Estimated)));
    assert_eq!(need.point, locality.areas()[holder.area.ix()].point);
    assert_eq!(locality.completeness().estimated_need_rows, 5);
    let one_child = locality.find_need("rate:autism:hill:5-9").expect("there");
    assert_eq!(locality.holder(one_child).sort, HolderSort::Cohort, "an estimate is nobody in particular");
}

#[test]
fn ties_go_to_the_first_area() {
    // Three times 4 x 0.125 = 0.5: together 1.5, rounded 2.
    let bundle = Bundle::good()
        .table("population", "area,age,children\nsouth,5,4\nnorth,5,4\nhill,5,4")
        .table("rates", "kind,age_min,age_max,rate,source\nautism,5,5,0.125,s");
    assert_eq!(estimates(&bundle.checked().locality), ["rate:autism:hill:5 1 [-, -]", "rate:autism:north:5 1 [-, -]"]);
}

#[test]
fn unknown_numbers_of_children_stay_unknown_and_groups_have_numbers() {
    let bundle = Bundle::good()
        .table(
            "population",
            "area,age,children,group:sex
             north,5,10,girls
             north,5,20,boys
             south,5,c,boys
             hill,5,7,",
        )
        .table(
            "rates",
            "kind,age_min,age_max,rate,source,group:sex
             autism,0,18,0.1,s,girls
             autism,0,18,0.5,s,boys
             speech,0,18,1,s,",
        );
    let wanted = [
        "rate:autism:north:5:1 10 [-, -]",
        "rate:autism:north:5:2 1 [-, -]",
        "rate:autism:south:5 unknown (c) [-, -]",
        "rate:speech:hill:5 7 [-, -]",
        "rate:speech:north:5:1 20 [-, -]",
        "rate:speech:north:5:2 10 [-, -]",
        "rate:speech:south:5 unknown (c) [-, -]",
    ];
    let checked = bundle.checked();
    assert_eq!(estimates(&checked.locality), wanted);
    let south = checked.locality.find_need("rate:speech:south:5").expect("there");
    assert_eq!(checked.locality.needs()[south.ix()].children, Stated::Unknown(Mark::Confidential));
}

#[test]
fn what_is_wrong_with_populations_and_rates() {
    let bundle = Bundle::good()
        .table(
            "population",
            "area,age,age_max,children
             north,0,9,10
             north,9,12,20
             south,,,5
             hill,5,,-1
             hull,5,,1",
        )
        .table(
            "rates",
            "kind,age_min,age_max,rate,low,high,source,group:setting
             speech,5,15,0.128,0.2,0.1,s,
             speech,15,18,0.1,,,s,
             autism,0,4,12.8%,,,s,
             autism,9,5,0.1234567891,,,s,
             autism,0,25,0.1,,,s,suburban
             housing,0,9,0.1,,,s,
             housing,0,9,0.2,,,s,urban",
        );
    let wanted = r#"error: population.csv, row 3, age: saw "9 to 12"; each age of an area and group once; row 2 has the ages 0 to 9
error: population.csv, row 4, age: nothing there; the age of these children
error: population.csv, row 5, children: saw "-1"; a whole number from 0 to 1000000000, or a mark of the unknown: c, x, u, :, NA, low, k or blank
error: population.csv, row 6, area: saw "hull"; the id of an area in areas.csv; perhaps hill
error: rates.csv, row 2, high: saw "0.1"; the row's rate or more
error: rates.csv, row 2, low: saw "0.2"; the row's rate or less
error: rates.csv, row 4, rate: saw "12.8%"; write 0.128, a share instead of a percentage
error: rates.csv, row 5, age_max: saw "5"; 9 or more, the row's age_min
error: rates.csv, row 5, rate: saw "0.1234567891"; a decimal from 0 to 1 with at most 9 places
warning: rates.csv, row 6, group:setting: saw "suburban"; a value that an area, a need or a population row has
error: rates.csv, row 8, age_min: saw "0 to 9"; one rate for each kind, age and group; row 7 is for the children of population.csv, row 2, too"#;
    assert_eq!(bundle.findings(), wanted);
}

#[test]
fn a_population_band_that_straddles_a_rate_says_where_to_split() {
    let bundle = Bundle::good()
        .table("population", "area,age,age_max,children\nnorth,0,9,10\nsouth,10,19,10\nhill,16,19,3")
        .table("rates", "kind,age_min,age_max,rate,source\nautism,5,15,0.1,s\nautism,15,16,0.1,s");
    let wanted = r#"error: population.csv, row 2, age: saw "0 to 9"; ages that do not cross those of rates.csv, row 2 (5 to 15): split them into 0 to 4 and 5 to 9
error: population.csv, row 3, age: saw "10 to 19"; ages that do not cross those of rates.csv, row 2 (5 to 15): split them into 10 to 15 and 16 to 19
error: rates.csv, row 3, age_min: saw "15 to 16"; one rate for each kind, age and group; row 2 has the ages 5 to 15"#;
    assert_eq!(bundle.findings(), wanted);
}

#[test]
fn ids_that_are_made_may_not_be_taken_or_too_long() {
    let long = "a".repeat(125);
    let bundle = Bundle::good()
        .cell("needs", 6, "need", "rate:autism:south:5")
        .cell("areas", 5, "area", &long)
        .table("population", &format!("area,age,children\nsouth,5,10\n{long},5,10"))
        .table("rates", "kind,age_min,age_max,rate,source\nautism,5,5,0.1,s");
    let shown = &long[..60];
    let wanted = format!(
        "error: population.csv, row 2, area: saw \"south\"; another id there: the estimate of this row is called rate:autism:south:5, which a need of row 6 has\n\
         error: population.csv, row 3, area: saw \"{shown}…\"; shorter ids: the estimate of this row would be called rate:autism:{long}:5, longer than 128"
    );
    assert_eq!(bundle.findings(), wanted);
}

/// Two cohorts and three children with the same kind of need, in one area and group.
fn overlapping() -> Bundle {
    Bundle::good().without("receipts").without("declines").table(
        "needs",
        "need,holder,kind,level,children,area,age,age_max,children_high
         few,c1,speech,2,10,south,5,9,12
         more,c2,speech,2,30,south,9,12,
         other,c3,speech,3,30,south,5,12,
         ann,ann,speech,4,1,south,9,,
         bob,bob,speech,1,1,south,12,,
         cat,cat,speech,1,1,south,13,,
         far,c4,speech,2,8,north,5,12,
         ill,c5,autism,2,8,south,5,12,",
    )
}

#[test]
fn rows_that_may_hold_the_same_children_are_warned_of() {
    let checked = overlapping().checked();
    let wanted = r#"warning: needs.csv, row 2, children: saw "10"; children of speech in south whom no other row holds; they may also be in needs.csv, row 3 and 1 child named on their own (needs.csv, row 5)
warning: needs.csv, row 3, children: saw "30"; children of speech in south whom no other row holds; they may also be in needs.csv, row 2 and 2 children named on their own (such as needs.csv, row 6)
warning: needs.csv, row 4, children: saw "30"; children of speech in south whom no other row holds; they may also be in 2 children named on their own (such as needs.csv, row 6)"#;
    assert_eq!(super::lines(&checked.warnings), wanted);
    // Three cohorts and two children; cat is older than all of them.
    assert_eq!(checked.locality.completeness().overlapping_need_rows, 5);
    let refused = overlapping().policy("count.overlap", text("refuse")).findings();
    assert_eq!(refused, wanted.replace("warning", "error"));
}

#[test]
fn cohorts_can_be_reduced_by_the_named_children() {
    let checked = overlapping().policy("count.overlap", text("reduce")).checked();
    let children = |id| {
        let need = &checked.locality.needs()[checked.locality.find_need(id).expect("there").ix()];
        (need.children, need.children_high)
    };
    assert_eq!(children("few"), (Stated::Known(9), Some(11)));
    assert_eq!(children("more"), (Stated::Known(28), None));
    assert_eq!(children("other"), (Stated::Known(28), None));
    assert_eq!(children("far"), (Stated::Known(8), None));
    let few = checked.locality.find_need("few").expect("there");
    assert_eq!(checked.locality.holder(few).children, 9);
    // That two cohorts overlap cannot be put right by taking anybody off.
    let rows: Vec<Option<u64>> = checked.warnings.iter().map(|warning| warning.row).collect();
    assert_eq!(rows, [Some(2), Some(3)]);
}

#[test]
fn a_row_without_ages_may_hold_children_of_any_age_and_felt_needs_hold_no_place() {
    let bundle = Bundle::good().without("receipts").without("declines").table(
        "needs",
        "need,holder,kind,level,children,area,age,basis
         all,c1,speech,2,10,south,,
         ann,ann,speech,4,1,south,9,
         bob,bob,speech,4,1,south,9,felt",
    );
    let wanted = r#"warning: needs.csv, row 2, children: saw "10"; children of speech in south whom no other row holds; they may also be in 1 child named on their own (needs.csv, row 3)"#;
    assert_eq!(bundle.findings(), wanted);
}
