//! A locality that is written back as a draft reads as the same locality.

use super::{BadRows, Bundle, check, decimal, keys, lines, list, text, whole};
use crate::canon;
use crate::domain::draft::{Draft, Setting};
use crate::domain::problem::Problem;
use crate::domain::{Completeness, Locality, draft_of};
use crate::generate;
use crate::solve::Effort;

/// Whether the only thing wrong is a candidate that comes after a group whose other rows were left out.
fn is_after_a_lost_group(problems: &[Problem]) -> bool {
    problems.iter().all(|problem| problem.table == "candidates.csv" && problem.column.as_deref() == Some("after"))
}

/// What is said about the reading, but for rows that are not there any more.
fn reading(locality: &Locality) -> Completeness {
    Completeness { set_aside: Vec::new(), not_applicable_rows: 0, warnings: 0, ..locality.completeness().clone() }
}

/// Unloads and reads again: the same bytes, and the same said about the reading.
pub(super) fn assert_read_back(locality: &Locality) {
    let completeness = locality.completeness();
    let lost = !completeness.set_aside.is_empty() || completeness.not_applicable_rows != 0;
    match check(unloaded(locality), BadRows::Refuse) {
        Ok(again) => {
            assert_eq!(canon::digest(&again.locality), canon::digest(locality));
            assert_eq!(reading(&again.locality), reading(locality));
            // And what was read again unloads as the same text.
            assert_eq!(unloaded(&again.locality), unloaded(locality));
        }
        Err(problems) => assert!(lost && is_after_a_lost_group(&problems), "{}", lines(&problems)),
    }
}

fn unloaded(locality: &Locality) -> Draft {
    draft_of(locality, &Effort::unlimited()).expect("nothing stops an unlimited effort")
}

#[test]
fn the_good_bundle_is_read_back() {
    assert_read_back(&Bundle::good().checked().locality);
    let bundle = Bundle::good().without("declines").without("receipts");
    let bundle =
        bundle.table("meets", "kind,type,effect,source\nspeech,speech,0.125,a study\nautism,speech,,\nspeech,talk,1,");
    assert_read_back(&bundle.checked().locality);
}

#[test]
fn every_setting_is_read_back() {
    let bundle = Bundle::good()
        .about("ages", text("months"))
        .about("period", Setting::Date("2024-09-01".to_owned()))
        .about("licence", text("CC0-1.0"))
        .about("sources", list([text("one"), text("two")]))
        .about("caveats", text("no children under two"))
        .about("design", text("sample"))
        .policy("supply.use", text("free"))
        .policy("objective.mode", text("blended"))
        .policy("objective.order", list([text("need"), text("travel")]))
        .policy("objective.met", whole(10))
        .policy("objective.cost", whole(0))
        .policy("objective.km", whole(0))
        .policy("objective.even_by", text("setting"))
        .policy("weight.level", list([whole(1), whole(2), whole(3), whole(4)]))
        .policy("reach.km", decimal("1.001"))
        .policy(
            "reach.rules",
            list([keys([("kind", text("speech")), ("age_max", whole(9)), ("km", decimal("3.218688"))])]),
        )
        .policy("unknown.capacity", whole(7))
        .policy("unknown.eligibility", text("yes"))
        .policy("unknown.stale_days", whole(30))
        .policy("count.basis", list([text("felt")]))
        .policy("count.overlap", text("reduce"))
        .policy("limits.placements_per_holder", whole(2))
        .policy("limits.provider_places", keys([("trust", whole(5)), ("charity", whole(6))]))
        .policy("floors.group", text("group:setting"))
        .policy("floors.share", keys([("urban", decimal("0.333333")), ("rural", whole(1))]))
        .policy("ties.seed", text("2024 lottery"))
        .policy("plan.travel_pence_per_km", whole(45));
    let locality = bundle.checked().locality;
    assert_read_back(&locality);
    // In the words of the file, the policy that went in comes out: what was said of it, and no more than defaults beside.
    let policy = unloaded(&locality).policy.expect("a policy is always written");
    let Setting::Keys(reach) = &policy["reach"] else { panic!("{policy:?}") };
    assert!(matches!(&reach["km"], Setting::Decimal { text, .. } if text == "1.001"), "{reach:?}");
}

#[test]
fn minutes_are_read_back() {
    let bundle = Bundle::good()
        .table("travel", "area,offer,minutes\nnorth,talk-north,12.5\nsouth,club-south,7\nhill,new,30")
        .cell("offers", 2, "reach_km", "")
        .cell("offers", 2, "reach_minutes", "20.25")
        .policy("reach.minutes", decimal("45.5"))
        .policy("reach.rules", list([keys([("age_min", whole(5)), ("minutes", whole(20))])]));
    assert_read_back(&bundle.checked().locality);
}

#[test]
fn what_filled_a_blank_is_left_blank_again() {
    let draft = unloaded(&Bundle::good().checked().locality);
    let cell = |table: &str, row: usize, column: &str| {
        let table = &draft.tables[table];
        let at = table.header().iter().position(|name| name == column).expect("the column is there");
        table.cell(row, at).to_owned()
    };
    // n1's weight is that of level 3 and its point the area's; n3 has a weight of its own.
    assert_eq!([cell("needs", 0, "weight"), cell("needs", 0, "lon"), cell("needs", 2, "weight")], ["", "", "7"]);
    // The club says nothing about levels, and lies where its area does.
    assert_eq!([cell("services", 0, "level_min"), cell("offers", 0, "lon")], ["", ""]);
    assert_eq!([cell("offers", 1, "reach_km"), cell("offers", 0, "reach_km")], ["3.218688", "any"]);
}

#[test]
fn estimates_and_cohorts_that_named_children_were_taken_off_are_read_back() {
    let locality = |children| {
        let draft =
            generate::locality::locality(&generate::locality::Options::new(children, children).expect("in range"));
        check(draft, BadRows::SetAside).unwrap_or_else(|problems| panic!("{}", lines(&problems))).locality
    };
    for children in [300, 2_000] {
        let locality = locality(children);
        assert!(locality.completeness().estimated_need_rows != 0, "rates made some of the needs");
        assert!(!locality.parts().received.is_empty(), "named children were taken off cohorts");
        assert_read_back(&locality);
    }
}

#[test]
fn built_in_kinds_stay_the_programs_own_in_months_too() {
    let mut bundle = Bundle::good().about("ages", text("months"));
    bundle.built_in = vec!["kinds"];
    let locality = bundle.checked().locality;
    assert_eq!(locality.kinds()[1].ages.map(|ages| (ages.min(), ages.max())), Some((24, 311)));
    assert_read_back(&locality);
}
