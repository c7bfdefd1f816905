//! Places per child-need, what families say, drivers and outcomes: on places small enough to check by hand.

mod support;

use suffice::engine::Failure;
use suffice::matching::Route;
use suffice::solve::Effort;
use suffice::view;
use suffice::view::GapsDocument;
use suffice::view::gaps::{AccessDocument, GapQuestions, GroupAsked, SubgroupAsked};
use support::bundles::resident;

fn gaps(bundle: &str) -> GapsDocument {
    asked(bundle, &GapQuestions::default()).expect("an answer")
}

fn asked(bundle: &str, questions: &GapQuestions) -> Result<GapsDocument, Failure> {
    view::gaps::run(&resident(bundle), Route::Network, questions, &Effort::unlimited())
}

fn access(bundle: &str) -> AccessDocument {
    gaps(bundle).access.expect("nothing stopped it")
}

fn near(found: Option<f64>, wanted: f64) {
    let found = found.expect("there are child-needs");
    assert!((found - wanted).abs() < 5e-7, "{found} is not {wanted}");
}

/// Needs of 100, 50 and 30 children; 10 and 4 places; reach 30: ratios 10 / 150 and 4 / 80.
const CATCHMENTS: &str = "== areas.csv
    area, name, x, y
    a, A, 0, 0
    b, B, 0, 0
    c, C, 0, 0
    == services.csv
    service, name, provider, types, age_min, age_max
    s, S, p, k, any, any
    == needs.csv
    need, holder, kind, level, children, area, age
    n1, h1, k, 1, 100, a, 5
    n2, h2, k, 1, 50, b, 5
    n3, h3, k, 1, 30, c, 5
    == offers.csv
    offer, service, area, capacity
    o1, s, a, 10
    o2, s, a, 4
    == travel.csv
    area, offer, km
    a, o1, 5
    a, o2, 40
    b, o1, 20
    b, o2, 10
    c, o1, 50
    c, o2, 15
    == policy.toml
    [reach]
    km = 30
    ";

#[test]
fn the_two_step_floating_catchment_area() {
    // Luo and Wang 2003, on the vector of the research notes: R = [0.066667, 0.05], A = [0.066667, 0.116667, 0.05].
    let access = access(CATCHMENTS);
    for (row, wanted) in access.by_area.iter().zip([0.066_667, 0.116_667, 0.05]) {
        near(row.places_per_child_need, wanted);
    }
    let places: f64 =
        access.by_area.iter().map(|row| row.child_needs as f64 * row.places_per_child_need.expect("a number")).sum();
    assert!((places - 14.0).abs() < 1e-9, "all places are reachable, and each counts once: {places}");
    near(access.places_per_child_need, 14.0 / 180.0);
    assert_eq!(access.by_tenth, None, "no index is stated");
}

#[test]
fn who_declined_an_offer_shares_in_none_of_its_places() {
    // Without n2 the first offer's 10 places are for the 100 of n1 alone.
    let access = access(&format!("{CATCHMENTS}== declines.csv\nneed, offer, reason\nn2, o1, too far for her\n"));
    for (row, wanted) in access.by_area.iter().zip([0.1, 0.05, 0.05]) {
        near(row.places_per_child_need, wanted);
    }
}

#[test]
fn the_unknown_the_unlimited_and_the_uncounted_are_in_no_ratio() {
    let bundle = CATCHMENTS.replace("o2, s, a, 4", "o2, s, a, NA");
    let excluded = access(&bundle);
    near(excluded.by_area[2].places_per_child_need, 0.0);
    assert_eq!((excluded.unlimited_offers, excluded.unknown_offers), (0, 1));
    let unlimited = access(&bundle.replace("[reach]\n", "[unknown]\ncapacity = \"unlimited\"\n    [reach]\n"));
    near(unlimited.by_area[1].places_per_child_need, 0.066_667);
    assert_eq!(unlimited.unlimited_offers, 1);
    // A row without a number asks for nothing that is known, and shares nothing.
    let unknown = access(&CATCHMENTS.replace("n2, h2, k, 1, 50,", "n2, h2, k, 1, NA,"));
    near(unknown.by_area[0].places_per_child_need, 0.1);
    assert_eq!(unknown.by_area.len(), 2);
}

#[test]
fn ages_at_which_places_fall_by_half_are_marked() {
    // Ages 3 and 4 share 20 places, age 5 has 5, age 6 has 5 and half of them would be 2.5.
    let access = access(
        "== services.csv
         service, name, provider, types, age_min, age_max
         early, Early, p, k, 3, 4
         later, Later, p, k, 5, 6
         == needs.csv
         need, holder, kind, level, children, area, age, age_max
         n3, h3, k, 1, 10, a, 3,
         n4, h4, k, 1, 10, a, 4,
         n5, h5, k, 1, 10, a, 5,
         n6, h6, k, 1, 10, a, 6,
         band, h7, k, 1, 7, b, 8, 11
         == offers.csv
         offer, service, area, capacity
         o1, early, a, 20
         o2, later, a, 10",
    );
    let rows: Vec<(u16, Option<f64>, bool)> =
        access.by_age.iter().map(|row| (row.age, row.places_per_child_need, row.falls_by_half)).collect();
    let wanted = [(3, 1.0, false), (4, 1.0, false), (5, 0.5, true), (6, 0.5, false)];
    assert_eq!(rows, wanted.map(|(age, ratio, falls)| (age, Some(ratio), falls)));
    assert_eq!(access.not_by_age[0].child_needs, 7);
}

#[test]
fn need_and_access_by_national_tenth_of_deprivation() {
    // Of 20 areas in the index ranks 1 and 2 are the first tenth, 19 and 20 the last.
    let access = access(
        "== locality.toml
         name = \"Test\"
         reference_date = 2024-06-30
         period = 2024
         coordinates = \"metres\"
         deprivation = { index = \"Made up\", year = 2024, areas_in_index = 20 }
         == areas.csv
         area, name, x, y, deprivation_rank
         a, A, 0, 0, 2
         b, B, 90000, 0, 20
         c, C, 0, 0, 1
         d, D, 0, 0,
         == services.csv
         service, name, provider, types, age_min, age_max
         s, S, p, k, any, any
         == needs.csv
         need, holder, kind, level, children, area, age
         n1, h1, k, 1, 6, a, 5
         n2, h2, k, 1, 4, b, 5
         n3, h3, k, 1, 2, c, 5
         n4, h4, k, 1, 2, d, 5
         == offers.csv
         offer, service, area, capacity
         o1, s, a, 5
         o2, s, b, 8",
    );
    let tenths = access.by_tenth.expect("an index is stated");
    let rows: Vec<(u8, u64, u64)> = tenths.iter().map(|row| (row.tenth, row.areas, row.child_needs)).collect();
    assert_eq!(rows, [(1, 2, 8), (10, 1, 4)], "d has no rank and is in no tenth");
    near(tenths[0].places_per_child_need, 0.5);
    near(tenths[1].places_per_child_need, 2.0);
    near(Some(tenths[0].places), 4.0);
    near(Some(tenths[1].places), 8.0);
}

#[test]
fn what_families_say_and_records_do_not() {
    let families = gaps(
        "== services.csv
         service, name, provider, types, age_min, age_max
         s, S, p, k, any, any
         == needs.csv
         need, holder, kind, level, children, area, age, basis
         n1, h1, k, 1, 5, a, 5, felt
         n2, h2, k, 1, 3, a, 5, normative
         n3, h3, k, 2, 7, a, 5, felt;normative;expressed
         n4, h4, l, 1, 2, a, 5, felt;expressed
         n5, h5, l, 1, NA, a, 5, felt
         n6, h6, l, 1, 11, a, 5,
         == offers.csv
         offer, service, area, capacity
         o, s, a, 4",
    )
    .families
    .expect("nothing stopped it");
    let rows: Vec<(&str, [u64; 4], u64)> = families
        .by_kind
        .iter()
        .map(|row| {
            let not_felt = row.normative_not_felt.expect("some need is said to be felt");
            let counts = [row.stated, row.felt_not_normative, not_felt, row.expressed_not_supplied];
            (row.kind.as_str(), counts, row.unknown_rows)
        })
        .collect();
    // Ten of kind k ask for the four places (n1 is only felt and asks for none). Those of n3 are graver and have all four.
    assert_eq!(rows, [("k", [15, 5, 3, 3], 0), ("l", [2, 2, 0, 2], 1)]);
    assert_eq!(families.not_stated, 11);
}

/// That no need is said to be felt does not say that none is.
#[test]
fn what_nobody_asked_families_is_not_recorded() {
    let families = gaps(
        "== services.csv
         service, name, provider, types, age_min, age_max
         s, S, p, k, any, any
         == needs.csv
         need, holder, kind, level, children, area, age, basis
         n, h, k, 1, 3, a, 5, normative
         == offers.csv
         offer, service, area, capacity
         o, s, a, 4",
    );
    let row = &families.families.expect("nothing stopped it").by_kind[0];
    assert_eq!((row.stated, row.felt_not_normative, row.normative_not_felt), (3, 0, None));
}

#[test]
fn drivers_in_the_same_child_are_told_apart_from_those_in_the_area() {
    let ecology = gaps(
        "== drives.csv
         kind, drives, strength, source
         l, k, strong, made up
         m, k, weak, made up
         == kinds.csv
         kind, label, layer, domain
         k, A kind, individual, health
         l, Another, micro, family
         m, A third, exo, family
         == services.csv
         service, name, provider, types, age_min, age_max
         s, S, p, l, any, any
         == needs.csv
         need, holder, kind, level, children, area, age
         n1, child-1, k, 1, 1, a, 5
         n2, child-1, l, 1, 1, a, 5
         n3, child-2, k, 1, 1, a, 5
         n4, cohort, k, 1, 20, a, 5
         n5, cohort, l, 1, 10, a, 5
         n6, far, k, 1, 4, b, 5
         == offers.csv
         offer, service, area, capacity
         o, s, a, 9",
    )
    .ecology
    .expect("nothing stopped it");
    // Nobody here has kind m, so what it drives is not listed.
    assert_eq!(ecology.drivers.len(), 1);
    let driver = &ecology.drivers[0];
    assert_eq!((driver.kind.as_str(), driver.driven_by.as_str(), driver.layer.as_str()), ("k", "l", "micro"));
    assert_eq!((driver.child_needs, driver.driven), (11, 26));
    assert_eq!((driver.in_child, driver.in_area), (1, 21), "a cohort's members may not be the same children");
    assert!(driver.addressed);
}

#[test]
fn outcomes_that_unmet_need_threatens() {
    let outcomes = gaps(
        "== outcomes.csv
         kind, indicator, outcome, framework, source
         k, Attendance, Education, F, one
         k, Attendance, Education, F, two
         l, Attendance, Education, F, one
         l, Debt, Stability, F, one
         == services.csv
         service, name, provider, types, age_min, age_max
         s, S, p, k, any, any
         == needs.csv
         need, holder, kind, level, children, area, age
         n1, h1, k, 1, 5, a, 5
         n2, h2, l, 1, 3, a, 5
         == offers.csv
         offer, service, area, capacity
         o, s, a, 4",
    )
    .outcomes;
    let rows: Vec<(&str, &str, Vec<&str>, u64, u64)> = outcomes
        .iter()
        .map(|row| {
            let kinds = row.kinds.iter().map(String::as_str).collect();
            (row.outcome.as_str(), row.indicator.as_str(), kinds, row.child_needs, row.unmet)
        })
        .collect();
    assert_eq!(
        rows,
        [("Education", "Attendance", vec!["k", "l"], 8, 4), ("Stability", "Debt", vec!["l"], 3, 3)],
        "an assertion by two sources counts its child-needs once"
    );
}

/// Four of age 3 have ten places, five of age 5 have two, and three of age 12 are a year too old for the club.
const TWO_SERVICES: &str = "== services.csv
    service, name, provider, types, age_min, age_max
    s, Playgroup, p, k, 0, 4
    t, Club, q, k, 5, 11
    == needs.csv
    need, holder, kind, level, children, area, age
    n1, h1, k, 1, 4, a, 3
    n2, h2, k, 1, 5, a, 5
    n3, h3, k, 1, 3, a, 12
    == offers.csv
    offer, service, area, capacity
    o1, s, a, 10
    o2, t, a, 2
    ";

#[test]
fn a_relaxed_rule_gives_what_solving_again_finds() {
    let club = |bundle: &str| {
        let found = gaps(bundle).relaxations.expect("nothing stopped it");
        assert_eq!((found.kept_out, found.one_rule_away), (3, 3));
        let row = found.tried.into_iter().find(|row| row.service == "t").expect("it is the nearest miss");
        assert_eq!((row.offer.as_deref(), row.nearest_for, row.opens_to, row.opens_to_unmet), (None, 3, 3, 3));
        assert_eq!(row.change, "takes up to 12 years, not 11");
        (row.child_needs, row.weight)
    };
    assert_eq!(club(TWO_SERVICES), (Some(0), Some(0)), "the club is full, so letting more in gives nothing");
    assert_eq!(club(&TWO_SERVICES.replace("o2, t, a, 2", "o2, t, a, 7")), (Some(2), Some(2)), "two places are left");
}

#[test]
fn places_lie_with_few_and_a_closure_strands_whom_nobody_else_takes() {
    let found = gaps(TWO_SERVICES).providers.expect("nothing stopped it");
    near(found.all.hhi, (100.0 + 4.0) / 144.0);
    assert_eq!((found.all.largest.as_deref(), found.all.largest_places, found.all.places), (Some("p"), 10, 12));
    let losses: Vec<(&str, u64, u64, u64)> = found
        .losses
        .iter()
        .map(|row| (row.provider.as_str(), row.takes, row.newly_unmet, row.lose_every_offer))
        .collect();
    assert_eq!(losses, [("p", 4, 4, 4), ("q", 2, 2, 5)]);
}

#[test]
fn services_that_compete_and_needs_that_have_none() {
    let overlap = gaps(TWO_SERVICES).overlap.expect("nothing stopped it");
    assert_eq!([overlap.all.none, overlap.all.one, overlap.all.two, overlap.all.three_or_more], [3, 9, 0, 0]);
    let wider = gaps(&TWO_SERVICES.replace("t, Club, q, k, 5, 11", "t, Club, q, k, 0, 11"));
    let wider = wider.overlap.expect("nothing stopped it");
    assert_eq!([wider.all.none, wider.all.one, wider.all.two, wider.all.three_or_more], [3, 5, 4, 0]);
    let providers: Vec<(&str, u64, u64)> = wider
        .by_provider
        .iter()
        .map(|row| (row.provider.as_str(), row.child_needs, row.another_provider_too))
        .collect();
    assert_eq!(providers, [("p", 4, 4), ("q", 9, 4)]);
}

/// Luo and Qi 2009 on the same places: o1 has 10 / (100 + 0.68 x 50), o2 has 4 / (50 + 0.68 x 30). Times the children both
/// measures give 14 places.
#[test]
fn the_enhanced_two_step_floating_catchment_area() {
    let access = access(CATCHMENTS);
    let rows = || access.by_area.iter();
    for (row, wanted) in rows().zip([0.074_626_9, 0.107_564_5, 0.038_636_4]) {
        near(row.e2sfca, wanted);
    }
    let places: f64 = rows().map(|row| row.child_needs as f64 * row.e2sfca.expect("a number")).sum();
    near(Some(places), 14.0);
    near(access.e2sfca, 14.0 / 180.0);
}

/// Two kinds and two areas; only k has a service, which takes children from 5 and is in a alone.
const PARTS: &str = "== areas.csv
    area, name, x, y
    a, Ashton, 0, 0
    b, Barton, 90000, 0
    == services.csv
    service, name, provider, types, age_min, age_max, level_min, level_max, setting, target
    s, S, p, k, 5, any, 1, 4, meso, individual
    t, T, p, other, any, any, 1, 4, micro, micro
    == offers.csv
    offer, service, area, capacity, reach_km, updated
    o, s, a, 10, 5, 2024-05-31
    q, t, a, 10, 5,
    == needs.csv
    need, holder, kind, level, children, area, age, certainty, group:sex
    n1, ada, k, 1, 1, a, 5, counted, f
    n2, ada, l, 1, 1, a, 5, estimated, f
    n3, ben, k, 2, 1, a, 4, , m
    n4, h, k, 1, 6, b, 6, counted,
    n5, h, l, 1, 4, b, 6, counted,
    ";

fn in_group(value: &str) -> SubgroupAsked {
    let group = GroupAsked { column: "sex".to_owned(), value: value.to_owned() };
    SubgroupAsked { group: Some(group), ..SubgroupAsked::default() }
}

#[test]
fn cascades_of_subgroups_and_parts_are_given_on_request() {
    assert!(gaps(PARTS).subgroups.is_empty());
    let of_kind = SubgroupAsked { kind: Some("k".to_owned()), ages: Some([5, 6]), ..SubgroupAsked::default() };
    let questions = GapQuestions {
        subgroups: vec![of_kind.clone(), in_group("f")],
        cascade_by: Some("area".to_owned()),
        ..GapQuestions::default()
    };
    let document = asked(PARTS, &questions).expect("an answer");
    let said: Vec<(&str, u64, f64, f64)> = document
        .subgroups
        .iter()
        .map(|row| {
            let cascade = row.cascade.as_ref().expect("nothing stopped it");
            let at = |stage: usize| cascade.stages[stage].child_needs.expect("recorded");
            (row.label.as_str(), cascade.child_needs, at(0), at(1))
        })
        .collect();
    // Of label, child-needs, available, accessible.
    assert_eq!(
        said,
        [
            ("A kind, 5 to 6 years", 7, 7.0, 1.0),
            ("sex: f", 2, 1.0, 1.0),
            ("Ashton", 3, 2.0, 1.0),
            ("Barton", 10, 6.0, 0.0)
        ]
    );
    assert_eq!(document.subgroups[0].of, of_kind);
    assert_eq!(document.subgroups[2].of, SubgroupAsked { area: Some("a".to_owned()), ..SubgroupAsked::default() });
}

#[test]
fn questions_that_do_not_fit_are_refused_with_every_reason() {
    let nonsense = SubgroupAsked {
        kind: Some("nosuch".to_owned()),
        area: Some("nowhere".to_owned()),
        level: Some(5),
        ages: Some([9, 3]),
        ..in_group("x")
    };
    let questions = GapQuestions {
        subgroups: vec![in_group("f"), nonsense, SubgroupAsked::default()],
        cascade_by: Some("colour".to_owned()),
        ..GapQuestions::default()
    };
    let Err(Failure::BadQuestion(problems)) = asked(PARTS, &questions) else { panic!("it was answered") };
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "error: subgroup, row 2, kind: saw \"nosuch\"; a kind of need of this locality",
            "error: subgroup, row 2, area: saw \"nowhere\"; an area of this locality",
            "error: subgroup, row 2, level: saw \"5\"; a level from 1 to 4",
            "error: subgroup, row 2, ages: saw \"9-3\"; a first age that is not above the last",
            "error: subgroup, row 2, sex: saw \"x\"; a value that the column has",
            "error: subgroup, row 3: nothing there; at least one of kind, area, level, ages and a group",
            "error: cascade-by: saw \"colour\"; kind, area, level, age or a group column of this locality (sex)",
        ]
    );
}

/// Ada gets k and not l, Ben is too young. The cohort has 6 who need k and 4 who need l: 6 to 10 children.
#[test]
fn what_stands_behind_the_totals() {
    let document = gaps(PARTS);
    let children = document.children.expect("nothing stopped it");
    assert_eq!((children.named, children.all_met, children.partly_met, children.none_met), (2, 0, 1, 1));
    assert_eq!((children.cohorts_low, children.cohorts_high), (6, 10));
    let rests = document.rests.expect("nothing stopped it");
    assert_eq!((rests.child_needs, rests.estimated, rests.certainty_not_stated), (13, 1, 1));
    assert_eq!((rests.met, rests.met_by_default_reach, rests.met_at_undated_places), (1, 0, 0));
    let programme = &document.programmes[0];
    assert_eq!((programme.strategies, programme.settings, programme.score), (2, 2, Some(3)));
    let completeness = &document.completeness;
    assert_eq!((completeness.undated_offers, completeness.median_days_since_update), (1, Some(30)));
    assert_eq!(completeness.oldest_update.as_deref(), Some("2024-05-31"));
}
