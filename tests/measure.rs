//! `measure`: the field's own example against its published figures, and small places that can be checked by hand.

mod support;

use std::process::Command;

use serde_json::Value;
use suffice::engine::Resident;
use suffice::matching::Route;
use suffice::solve::Effort;
use suffice::view;
use suffice::view::MeasureDocument;
use support::bundles::resident;

fn measure(bundle: &str) -> MeasureDocument {
    view::measure::run(&resident(bundle), Route::Network, &Effort::unlimited()).expect("an answer")
}

fn near(found: &Value, wanted: f64, within: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found} is a number"));
    assert!((found - wanted).abs() <= within, "{found} is not {wanted}");
}

/// Morpeth (Evidence2Success), 8,459 children aged 9 to 15, a sample: 223 / 1,953 / 426 / 5,857. The measures were
/// computed from these counts by hand; intervals are Wilson's.
#[test]
fn perth_and_kinross() {
    let output = Command::new(env!("CARGO_BIN_EXE_suffice"))
        .args(["measure", "--example", "perth-kinross", "--json"])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["schema"], "suffice.measure/1");
    let typed = &document["need_receipt"]["typed"];
    for (cell, count) in [("both", 223), ("need_only", 1_953), ("receipt_only", 426), ("neither", 5_857)] {
        assert_eq!(typed[cell], count, "{cell}");
    }
    for (part, count) in [("retargeting", 426), ("idle", 0), ("volume", 1_527)] {
        assert_eq!(typed[part], count, "{part}");
    }
    for (share, hundredths) in [("coverage", 10.25), ("leakage", 65.64), ("prevalence", 25.72), ("ceiling", 29.83)] {
        near(&typed[share], hundredths / 100.0, 0.000_05);
    }
    for (number, wanted) in [("cgh", 1.336), ("odds_ratio", 1.570), ("phi", 0.057), ("kappa", 0.045)] {
        near(&typed[number], wanted, 0.000_5);
    }
    let intervals = [
        (0, "coverage", [9.04, 11.59]),
        (1, "coverage", [8.41, 12.43]),
        (0, "leakage", [61.90, 69.19]),
        (0, "prevalence", [24.80, 26.67]),
    ];
    for (level, of, ends) in intervals {
        for (end, wanted) in ends.into_iter().enumerate() {
            near(&typed["intervals"][level][of][end], wanted / 100.0, 0.000_05);
        }
    }
    assert!(typed["low"].is_null(), "the receipts say whose they are");
}

/// The same as a page, which a planner could read aloud.
#[test]
fn the_page_of_perth_and_kinross() {
    let output = Command::new(env!("CARGO_BIN_EXE_suffice"))
        .args(["measure", "--example", "perth-kinross"])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    insta::assert_snapshot!(String::from_utf8(output.stdout).expect("text"), @r"
    223 of 2,176 child-needs (10.2%) in Perth and Kinross, ages 9 to 15 are met by what children receive
    today, and of all such children between 9.04% and 11.59% (95 % interval).

    Counts are child-needs: one child's one need. A child with two needs counts twice.
    Of those who do not receive, 426 could be met by today's receipts in other hands and 0 by places
    that nobody uses; for 1,527 there are too few places.

    Need against receipt
    ====================
    A child-need counts as met where a receipt names it and the service's type meets its kind.
              Need, receives  Need, does not  Receives, no need  Neither
    --------  --------------  --------------  -----------------  -------
    Children             223           1,953                426    5,857
    - Coverage 10.25% [95 %: 9.04% to 11.59%; 99.8 %: 8.41% to 12.43%]: the share of need that receives.
      The rest, 89.75%, is undercoverage.
    - Leakage 65.64% [95 %: 61.90% to 69.19%; 99.8 %: 59.69% to 71.14%]: the share of receipt that goes
      to no measured need. By the other definition, of those without need who receive, 6.78%.
    - In need are 25.72% [95 %: 24.80% to 26.67%; 99.8 %: 24.28% to 27.22%] of all.
    - Those in need receive 1.336 times their share (Coady, Grosh and Hoddinott 2004: 1 is as good as a
      lot), at odds 1.570 times those of others.
    - As many receipts as today could cover 29.83% of need at most.

    What would close it: other hands, idle places, or more places
    =============================================================
    - Retargeting: 426 unmet child-needs could be met by today's receipts in other hands.
    - Idle: 0 more by places that nobody uses today.
    - Volume: for 1,527 there are too few places that fit, whoever has them.
    Retargeting is the most that could be had: in it places interchange, and those now served without
    measured need may be well because they are served.

    Places for each child-need
    ==========================
    How many there are is not known: 1 offer does not say how many places there are, and no other could
    be used.

    What to know when reading this
    ==============================
    - Met means placed within the places, rules and reach stated; it does not say that a place was taken
      up.
    - The day of the survey is not in the source; 2012-01-01 stands in for it.
    - Low or no need now may be what the service achieved: a cross-section cannot tell.
    - Weights by level [1, 4, 16, 64] are a convention, used where a need gives no weight of its own.
    - Need and receipt are an observed sample: intervals are Wilson's (1927), at 95 % and 99.8 %.

    How sure are we?
    ================
    - 1 offer does not say how many places there are.
    - 1 offer has no date of last update.
    - 1 service does not give both limits of level: blank was read as 1 and 4.

    What this rests on
    ==================
    Suffice 0.1.0; locality Perth and Kinross, ages 9 to 15 at 2012-01-01, digest af801f781a5e; solved
    by network.
    Policy: count.basis = normative, expressed, comparative; count.overlap = warn; floors.group = area;
    floors.share = 0.0; limits.placements_per_holder = 0; limits.provider_places = none; objective.cost
    = 1; objective.even_by = area; objective.km = 3; objective.met = 1000; objective.mode =
    lexicographic; objective.order = floors, need, evenness, effect, travel, cost;
    plan.travel_pence_per_km = 0; reach.km = 15.0; reach.rules = none; supply.use = capacity; ties.seed
    = 2012-01-01; unknown.capacity = exclude; unknown.eligibility = no; unknown.stale_days = 0;
    weight.level = 1, 4, 16, 64.
    Not for publication: no disclosure control has been applied.
    ");
}

#[test]
fn the_example_is_refused_beside_a_bundle() {
    let output = Command::new(env!("CARGO_BIN_EXE_suffice"))
        .args(["measure", "somewhere", "--example", "perth-kinross"])
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
}

/// Two areas of four needs each. In the most deprived area one of four receives, in the other three.
const UNEVEN: &str = "== locality.toml
    name = \"Test\"
    reference_date = 2024-06-30
    period = 2024
    coordinates = \"metres\"
    deprivation = { index = \"Made up\", year = 2024, areas_in_index = 10 }
    == areas.csv
    area, name, x, y, deprivation_rank
    a, A, 0, 0, 1
    b, B, 0, 0, 10
    == population.csv
    area, age, children
    a, 5, 6
    b, 5, 4
    == services.csv
    service, name, provider, types, age_min, age_max
    s, S, p, k, any, any
    == needs.csv
    need, holder, kind, level, children, area, age, group:side
    n1, h1, k, 1, 4, a, 5, left
    n2, h2, k, 1, 4, b, 5, right
    == offers.csv
    offer, service, area, capacity
    o, s, a, 6
    == receipts.csv
    service, children, need, kind
    s, 1, n1,
    s, 3, n2,
    s, 1, none, k
    ";

#[test]
fn receipt_that_leans_to_the_better_off() {
    let document = measure(UNEVEN);
    let typed = &document.need_receipt.as_ref().expect("receipts are recorded").typed;
    let measures = &typed.sum.measures;
    assert_eq!(
        [measures.both, measures.need_only, measures.receipt_only, measures.neither],
        [Some(4), Some(4), Some(1), Some(1)]
    );
    assert!(typed.sum.intervals.is_empty(), "an enumeration has no sampling error");
    // Five receipts today, one of them without measured need; six places, eight needs.
    assert_eq!([typed.parts.retargeting, typed.parts.idle, typed.parts.volume], [Some(1), Some(1), Some(2)]);
    let received = document.equity.expect("nothing stopped it").received.expect("receipts say whose");
    assert_eq!((received.child_needs, received.with), (8, 4));
    // C = 2 / (mu W) sum w (h - mu) R: mu = 1/2, W = 8, R = 1/4 and 3/4, h = 1/4 and 3/4:
    // 2 / 4 * (4 * -1/4 * 1/4 + 4 * 1/4 * 3/4) = 1/4. Wagstaff C / (1 - mu) = 1/2, Erreygers 4 mu C = 1/2.
    let concentration = received.concentration.expect("areas have ranks");
    for (found, wanted) in [(concentration.index, 0.25), (concentration.wagstaff, 0.5), (concentration.erreygers, 0.5)]
    {
        assert!((found.expect("a number") - wanted).abs() < 1e-12, "{found:?} is not {wanted}");
    }
    // All have the same kind and level, so need predicts the same for all and HI is C.
    let horizontal = concentration.horizontal.expect("someone receives");
    assert!((horizontal.index - 0.25).abs() < 1e-12);
    assert_eq!(horizontal.predicted_by, ["k", "level 1"]);
    let groups: Vec<(&str, u64, f64)> = received.by_group["side"]
        .iter()
        .map(|row| (row.key.as_str(), row.with, row.against_others.as_ref().expect("there are others").difference))
        .collect();
    assert_eq!(groups, [("left", 1, -0.5), ("right", 3, 0.5)]);
    assert_eq!(received.by_tenth.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["1", "10"]);
}

#[test]
fn receipts_that_do_not_say_whose_give_bounds() {
    let document = measure(&UNEVEN.replace("s, 3, n2,", "s, 3, ,"));
    let typed = &document.need_receipt.expect("receipts are recorded").typed.sum;
    let (low, high) = (typed.low.as_ref().expect("open"), typed.high.as_ref().expect("open"));
    assert_eq!((low.both, high.both), (Some(1), Some(4)));
    assert_eq!((typed.measures.both, typed.measures.coverage), (None, None), "what is not sure is not stated");
    assert_eq!(document.equity.expect("nothing stopped it").received, None);
}

#[test]
fn without_receipts_nothing_is_said_of_coverage() {
    let (bundle, _) = UNEVEN.split_once("== receipts.csv").expect("it is the last table");
    let document = measure(bundle);
    assert_eq!(document.need_receipt, None);
    assert!(document.notes.iter().any(|note| note.contains("no receipts.csv")));
    let equity = document.equity.expect("nothing stopped it");
    assert_eq!((equity.met.with, equity.received), (6, None));
}

#[test]
fn a_stop_leaves_measures_out_and_says_so() {
    let resident = resident(UNEVEN);
    let document = view::measure::run(&resident, Route::Network, &Effort::unlimited().at_most(0)).expect("an answer");
    assert_eq!((document.status.as_str(), document.reason.as_deref()), ("stopped", Some("tick_limit")));
    assert_eq!((document.need_receipt, document.equity, document.access), (None, None, None));
}

#[test]
fn a_floor_is_tried_for_the_group_that_is_worst_served() {
    let place = |policy: &str| {
        resident(&format!(
            "== needs.csv
             need, holder, kind, level, children, area, weight, group:plan
             n, h, k, 1, 3, a, 4, no
             m, g, k, 1, 3, a, 1, yes
             == services.csv
             service, name, provider, types, age_min, age_max
             s, Play group, p, k, any, any
             == offers.csv
             offer, service, area, capacity
             o, s, a, 3
             {policy}"
        ))
    };
    let measured =
        |resident: &Resident, effort: &Effort| view::measure::run(resident, Route::Network, effort).expect("an answer");
    let document = measured(&place(""), &Effort::unlimited());
    let floors = document.equity.as_ref().expect("nothing stopped it").floors.clone().expect("nothing stopped it");
    assert_eq!((floors.len(), floors[0].group.as_str(), &floors[0].not_tried), (1, "plan", &None));
    let tried = floors[0].tried.as_ref().expect("those with a plan have nothing");
    assert_eq!((tried.share, tried.worst.as_str(), tried.met, tried.met_with_floor), (0.5, "yes", 0, 1));
    assert_eq!((tried.rest_loses, tried.shortfall, tried.child_needs_change, tried.weight_change), (1, 0, 0, -3));
    let page = suffice::report::measure::page(&document);
    assert!(page.contains("What a floor would give one group"), "{page}");
    let held = measured(&place("== policy.toml\n[floors]\ngroup = \"area\"\nshare = 0.1\n"), &Effort::unlimited());
    let floors = held.equity.expect("nothing stopped it").floors.expect("nothing stopped it");
    assert_eq!(floors[0].not_tried.as_deref(), Some("the policy already holds a floor on area"));
}
