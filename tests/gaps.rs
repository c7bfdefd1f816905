//! Why needs go unmet, how many at least and at most, and which sets of needs share too few places.

mod support;

use std::fmt::Write as _;

use suffice::engine::{Asked, InlineNeed, Resident};
use suffice::matching::Route;
use suffice::solve::Effort;
use suffice::view;
use suffice::view::GapsDocument;
use suffice::view::gaps::{GapQuestions, Ranges};
use support::bundles::resident;

fn gaps(bundle: &str) -> GapsDocument {
    view::gaps::run(&resident(bundle), Route::Network, &GapQuestions::default(), &Effort::unlimited())
        .expect("an answer")
}

/// Each unmet need with its cause, and the totals as met + unmet (low to high).
fn check(bundle: &str, wanted: &str) -> GapsDocument {
    let document = gaps(bundle);
    let mut said = String::new();
    for row in &document.unmet {
        writeln!(said, "{} {} {}", row.need, row.child_needs, row.cause).expect("text grows");
    }
    let totals = &document.totals;
    writeln!(said, "{} met, {} unmet ({} to {})", totals.met, totals.unmet, totals.unmet_low, totals.unmet_high)
        .expect("text grows");
    let wanted: Vec<&str> = wanted.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(said.lines().collect::<Vec<_>>(), wanted);
    // Every unmet child-need has exactly one cause.
    assert_eq!(document.causes.iter().map(|cause| cause.child_needs).sum::<u64>(), totals.unmet);
    for rows in [&document.by_kind, &document.by_layer, &document.by_level, &document.by_age, &document.by_area] {
        assert_eq!(rows.iter().map(|row| row.unmet).sum::<u64>(), totals.unmet);
        assert_eq!(rows.iter().map(|row| row.child_needs).sum::<u64>(), totals.child_needs);
    }
    document
}

const SERVICE: &str = "== services.csv
    service, name, provider, types, age_min, age_max, level_min, level_max, requires
    s, Play group, p, k, 2, 4, 1, 2, lang=en
    ";

#[test]
fn each_need_has_the_first_cause_that_holds() {
    let needs = "== needs.csv
        need, holder, kind, level, children, area, age, tags
        a-no-type, h1, l, 1, 1, a, 3, lang=en
        b-too-old, h2, k, 1, 1, a, 9, lang=en
        c-no-tag, h3, k, 1, 1, a, 3,
        d-far, h4, k, 1, 1, b, 3, lang=en
        e-no-point, h5, k, 1, 1, c, 3, lang=en
        f-declined, h6, k, 1, 1, a, 3, lang=en
        g-fits, h7, k, 1, 1, a, 3, lang=en
        h-full, h8, k, 1, 1, a, 3, lang=en
        == areas.csv
        area, name, x, y
        a, A, 0, 0
        b, B, 90000, 0
        c, C, ,
        == declines.csv
        need, offer, reason
        f-declined, o, family said no
        == offers.csv
        offer, service, area, capacity
        o, s, a, 1
        ";
    let document = check(
        &format!("{SERVICE}{needs}"),
        "a-no-type 1 no_type
         b-too-old 1 ineligible
         c-no-tag 1 eligibility_unknown
         d-far 1 out_of_reach
         e-no-point 1 place_unknown
         f-declined 1 declined
         h-full 1 capacity
         1 met, 7 unmet (7 to 7)",
    );
    let why = |need: &str| {
        let row = document.unmet.iter().find(|row| row.need == need).expect("unmet");
        (row.why.clone(), row.nearest_offer.clone())
    };
    let (words, nearest) = why("b-too-old");
    assert!(words.ends_with("Nearest: Play group (o): takes no one above 4 years; the oldest is 9"), "{words}");
    assert_eq!(nearest.as_deref(), Some("o"));
    let (words, _) = why("d-far");
    assert!(words.ends_with("90.0 km away, 75.0 km beyond its reach"), "{words}");
}

#[test]
fn places_that_are_not_known_are_a_cause_of_their_own_and_widen_the_range() {
    let bundle = |policy: &str| {
        format!(
            "== services.csv
             service, name, provider, types, age_min, age_max
             s, S, p, k, any, any
             t, T, q, k, any, any
             == needs.csv
             need, holder, kind, level, children, area, age
             n, h, k, 1, 5, a, 3
             m, i, k, 2, 1, a, 3
             == offers.csv
             offer, service, area, capacity
             known, s, a, 2
             unknown, t, a, NA
             {policy}"
        )
    };
    check(&bundle(""), "n 4 capacity_unknown\n2 met, 4 unmet (0 to 4)");
    check(&bundle("== policy.toml\n[unknown]\ncapacity = 3\n"), "n 1 capacity\n5 met, 1 unmet (0 to 4)");
    check(&bundle("== policy.toml\n[unknown]\ncapacity = \"unlimited\"\n"), "6 met, 0 unmet (0 to 4)");
}

#[test]
fn suppressed_numbers_enter_the_range_and_nothing_else() {
    let document = check(
        "== services.csv
         service, name, provider, types, age_min, age_max
         s, S, p, k, any, any
         == needs.csv
         need, holder, kind, level, children, area, age, children_low, children_high
         n, h, k, 1, 5, a, 3, ,
         c, i, k, 1, c, a, 3, 1, 4
         x, j, k, 1, , a, 3, ,
         == offers.csv
         offer, service, area, capacity
         o, s, a, 4",
        "n 1 capacity\n4 met, 1 unmet (2 to 5)",
    );
    // In the children's favour 5 + 1 ask for 4 places, against them 5 + 4; the row without bounds is in neither.
    assert_eq!((document.totals.rows, document.totals.unknown_rows), (1, 2));
}

#[test]
fn a_deficient_set_names_who_shares_which_places_and_how_short_they_are() {
    let document = check(
        "== kinds.csv
         kind, label, layer, domain
         k, K, micro, d
         l, L, micro, d
         == services.csv
         service, name, provider, types, age_min, age_max, target
         s, S, p, k, any, any, micro
         t, T, p, k; l, any, any, exo
         u, U, q, l, any, any,
         == needs.csv
         need, holder, kind, level, children, area, age
         k1, h1, k, 2, 3, a, 5
         k2, h2, k, 1, 4, a, 5
         l1, h3, l, 1, 2, a, 5
         == offers.csv
         offer, service, area, capacity
         os, s, a, 3
         ot, t, a, 2
         ou, u, a, 9",
        "k2 2 capacity\n7 met, 2 unmet (2 to 2)",
    );
    assert_eq!(document.deficient_sets.len(), 1);
    let set = &document.deficient_sets[0];
    assert_eq!(
        (set.needs.as_slice(), set.offers.as_slice()),
        (&["k1".into(), "k2".into()][..], &["os".into(), "ot".into()][..])
    );
    assert_eq!((set.child_needs, set.places, set.short), (7, 5, 2));
    // Rows are layers of need, columns target layers: kinds are micro, three are met by micro services, two by exo
    // ones, and two by a service without a code.
    let micro = document.layer_matrix.rows.iter().find(|row| row.layer == "micro").expect("a row");
    assert_eq!((micro.child_needs, micro.met.as_slice(), micro.unmet), (9, &[0, 3, 0, 2, 0, 0, 2][..], 2));
    assert_eq!(document.layer_matrix.places, [0, 3, 0, 2, 0, 0, 9]);
}

#[test]
fn a_limit_of_the_policy_is_named_as_the_cause() {
    let bundle = "== services.csv
         service, name, provider, types, age_min, age_max
         s, S, p, k, any, any
         t, T, p, l, any, any
         == needs.csv
         need, holder, kind, level, children, area, age
         n1, h, k, 2, 1, a, 5
         n2, h, l, 1, 1, a, 5
         == offers.csv
         offer, service, area, capacity
         o, s, a, 1
         p, t, a, 1
         == policy.toml
         [limits]
         placements_per_holder = 1";
    check(bundle, "n2 1 policy\n1 met, 1 unmet (1 to 1)");
}

#[test]
fn a_cost_that_outweighs_the_need_is_named_as_the_cause() {
    let bundle = "== services.csv
         service, name, provider, types, age_min, age_max, cost_per_place
         s, S, p, k, any, any, 9000
         == needs.csv
         need, holder, kind, level, children, area, age
         n1, h, k, 1, 1, a, 5
         == offers.csv
         offer, service, area, capacity
         o, s, a, 1
         == policy.toml
         [objective]
         mode = \"blended\"";
    check(bundle, "n1 1 not_worth_cost\n0 met, 1 unmet (1 to 1)");
}

#[test]
fn areas_outside_compete_for_places_and_enter_no_total() {
    let bundle = "== areas.csv
         area, name, x, y, inside
         a, A, 0, 0, yes
         z, Z, 100, 0, no
         == services.csv
         service, name, provider, types, age_min, age_max
         s, S, p, k, any, any
         == needs.csv
         need, holder, kind, level, children, area, age
         n1, h1, k, 1, 1, a, 5
         n2, h2, k, 4, 1, z, 5
         == offers.csv
         offer, service, area, capacity
         o, s, a, 1";
    let document = check(bundle, "n1 1 capacity\n0 met, 1 unmet (1 to 1)");
    assert_eq!(document.by_area.len(), 1);
}

#[test]
fn one_provider_on_whom_needs_depend_and_what_drives_them() {
    let document = gaps(
        "== drives.csv
         kind, drives, strength, source
         l, k, strong, made up
         == services.csv
         service, name, provider, types, age_min, age_max
         s, S, only, k, any, any
         == needs.csv
         need, holder, kind, level, children, area, age
         n1, h1, k, 1, 3, a, 5
         n2, h1, l, 1, 2, a, 5
         == offers.csv
         offer, service, area, capacity
         o, s, a, 9",
    );
    let ecology = document.ecology.expect("built");
    assert_eq!(ecology.components, 1);
    let point = &ecology.single_points[0];
    assert_eq!((point.provider.as_str(), point.needs, point.child_needs), ("only", 1, 3));
    let driver = &ecology.drivers[0];
    assert_eq!((driver.kind.as_str(), driver.driven_by.as_str(), driver.child_needs), ("k", "l", 2));
    assert!(!driver.addressed, "no service here meets kind l");
}

const THREE_OFFERS: &str = "== services.csv
    service, name, provider, types, age_min, age_max, level_min, level_max
    s, S, p, k, 0, 11, 1, 4
    t, T, q, k, 0, 11, 1, 1
    == needs.csv
    need, holder, kind, level, children, area, age
    n1, h1, k, 2, 1, a, 5
    n2, h2, k, 2, 1, b, 5
    == offers.csv
    offer, service, area, capacity, free, updated
    far, s, b, 5, 5, 2024-06-01
    full, s, a, 5, 0, 2024-06-29
    low, t, a, 5, 5,
    near, s, a, 1, 1, 2024-06-29
    who-knows, s, a, NA, NA,
    ";

#[test]
fn options_rank_free_places_and_tell_full_unknown_and_near_misses_apart() {
    let resident = resident(THREE_OFFERS);
    let stored = view::options::run(&resident, &Asked::Stored("n1"), &Effort::unlimited()).expect("an answer");
    let ids = |rows: &[view::options::OptionRow]| -> Vec<String> { rows.iter().map(|row| row.offer.clone()).collect() };
    assert_eq!(ids(&stored.options), ["near", "far"]);
    assert_eq!(ids(&stored.places_unknown), ["who-knows"]);
    assert_eq!(ids(&stored.full), ["full"]);
    assert_eq!(stored.near_misses.len(), 1);
    assert_eq!(stored.near_misses[0].blocking, ["takes level 1 and below; the need is level 2"]);
    assert_eq!((stored.options[1].travel, stored.options[1].age_days), (Some(1000), Some(29)));

    let inline =
        InlineNeed { kind: "k".into(), level: 2, area: Some("a".into()), age: Some(5), ..InlineNeed::default() };
    let same = view::options::run(&resident, &Asked::Inline(inline), &Effort::unlimited()).expect("an answer");
    assert_eq!(same.options, stored.options);
}

#[test]
fn an_inline_need_that_makes_no_sense_is_told_everything_at_once() {
    let resident = resident(THREE_OFFERS);
    let inline = InlineNeed {
        kind: "none".into(),
        level: 9,
        area: None,
        age_max: Some(3),
        x: Some(1.0),
        ..InlineNeed::default()
    };
    let Err(suffice::engine::Failure::BadInput(problems)) =
        view::options::run(&resident, &Asked::Inline(inline), &Effort::unlimited())
    else {
        panic!("must be refused");
    };
    let columns: Vec<&str> = problems.iter().filter_map(|problem| problem.column.as_deref()).collect();
    assert_eq!(columns, ["kind", "level", "area", "age_max", "x, y"]);
}

#[test]
fn an_explanation_lists_every_fitting_offer_with_its_reasons() {
    let resident = resident(THREE_OFFERS);
    let document = view::explain::run(&resident, "n1", Route::Network, &Effort::unlimited()).expect("an answer");
    let said: Vec<(&str, &str, Vec<&str>)> = document
        .offers
        .iter()
        .map(|row| (row.offer.as_str(), row.eligible.as_str(), row.reasons.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(
        said,
        [
            ("full", "yes", vec![]),
            ("near", "yes", vec![]),
            ("who-knows", "yes", vec![]),
            ("far", "yes", vec![]),
            ("low", "no", vec!["takes level 1 and below; the need is level 2"]),
        ]
    );
    assert_eq!((document.met, document.unmet, document.cause), (1, 0, None));
}

#[test]
fn the_demonstration_shows_every_cause_that_needs_no_special_policy() {
    let draft = suffice::generate::locality(&suffice::generate::Options::default());
    let loaded = suffice::engine::Resident::load(draft, suffice::domain::BadRows::Refuse, &Effort::unlimited())
        .expect("it checks");
    let document = view::gaps::run(&loaded.resident, Route::Network, &GapQuestions::default(), &Effort::unlimited())
        .expect("an answer");
    for row in &document.causes {
        let special = ["policy", "not_worth_cost"].contains(&row.cause.as_str());
        assert_eq!(0 < row.child_needs, !special, "{}", row.cause);
    }
    let totals = &document.totals;
    assert!(totals.unmet_low < totals.unmet && totals.unmet < totals.unmet_high, "{totals:?}");
    assert_eq!(document.causes.iter().map(|row| row.child_needs).sum::<u64>(), totals.unmet);
}

#[test]
fn one_who_asks_again_shares_the_standing_answer() {
    let resident = resident(THREE_OFFERS);
    let first = resident.matching(Route::Network, &Effort::unlimited()).expect("an answer");
    let again = resident.matching(Route::Network, &Effort::unlimited()).expect("an answer");
    assert!(std::sync::Arc::ptr_eq(&first, &again));
    let stopped = resident.matching(Route::Network, &Effort::unlimited().at_most(0)).expect("an answer");
    assert!(std::sync::Arc::ptr_eq(&first, &stopped), "what is known needs no more work");
}

#[test]
fn a_stopped_run_does_not_pretend_to_know_why() {
    let resident = resident(&format!(
        "{SERVICE}== needs.csv
         need, holder, kind, level, children, area, age, tags
         alone, h1, l, 1, 2, a, 3, lang=en
         fits, h2, k, 1, 5, a, 3, lang=en
         == offers.csv
         offer, service, area, capacity
         o, s, a, 9"
    ));
    let document =
        view::gaps::run(&resident, Route::Network, &GapQuestions::default(), &Effort::unlimited().at_most(0))
            .expect("a stop is an answer");
    assert_eq!((document.status.as_str(), document.reason.as_deref()), ("stopped", Some("tick_limit")));
    let causes: Vec<(&str, u64)> = document
        .causes
        .iter()
        .filter(|row| 0 < row.child_needs)
        .map(|row| (row.cause.as_str(), row.child_needs))
        .collect();
    assert_eq!(causes, [("no_type", 2), ("stopped", 5)]);
    let totals = &document.totals;
    assert_eq!((totals.unmet, totals.unmet_low, totals.unmet_high), (7, 0, 7));
}

#[test]
fn ranges_say_what_is_set_aside_and_where_an_answer_may_lie_outside() {
    let place = |policy: &str| {
        resident(&format!(
            "== needs.csv
             need, holder, kind, level, children, area
             n, h, k, 2, 2, a
             m, g, k, 1, 2, b
             == services.csv
             service, name, provider, types, age_min, age_max
             s, Play group, p, k, any, any
             == offers.csv
             offer, service, area, capacity
             o, s, a, 2
             {policy}"
        ))
    };
    let by_area = |resident: Resident, effort: &Effort| {
        let asked = GapQuestions { ranges: Ranges::Find, ..GapQuestions::default() };
        let document = view::gaps::run(&resident, Route::Network, &asked, effort).expect("an answer");
        let row = |row: &view::gaps::GapRow| (row.met, row.met_least, row.met_most);
        (document.by_area.iter().map(row).collect::<Vec<_>>(), document.notes.join("\n"))
    };
    let unlimited = Effort::unlimited();
    let (rows, notes) = by_area(place(""), &unlimited);
    assert_eq!(rows, [(2, Some(2), Some(2)), (0, Some(0), Some(0))]);
    assert!(notes.contains("are set aside") && !notes.contains("may lie outside"), "{notes}");
    // A floor takes a place from the heavier need, which the need stage alone would never do.
    let (rows, notes) = by_area(place("== policy.toml\n[floors]\ngroup = \"area\"\nshare = 0.5\n"), &unlimited);
    assert_eq!(rows, [(1, Some(2), Some(2)), (1, Some(0), Some(0))]);
    assert!(notes.contains("may lie outside its range"), "{notes}");
    let (rows, notes) = by_area(place(""), &Effort::unlimited().at_most(0));
    assert!(rows.iter().all(|row| (row.1, row.2) == (None, None)), "{rows:?}");
    assert!(notes.contains("between which numbers each row lies was not worked out"), "{notes}");
}

/// A stage that is left out with its reason is not a stage of the answer too.
#[test]
fn without_floors_and_evenness_neither_is_a_stage() {
    let resident = resident(
        "== services.csv
         service, name, provider, types, age_min, age_max
         s, S, p, k, any, any
         == needs.csv
         need, holder, kind, level, children, area, age
         n, h, k, 1, 2, a, 5
         == offers.csv
         offer, service, area, capacity
         o, s, a, 1
         == policy.toml
         [objective]
         even_by = \"none\"
         order = [\"floors\", \"need\", \"evenness\"]",
    );
    let matching = resident.matching(Route::Network, &Effort::unlimited()).expect("an answer");
    let stages: Vec<&str> = matching.objective.iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(stages, ["need"]);
    assert_eq!(matching.formulation.skipped.len(), 2);
}
