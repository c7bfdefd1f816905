//! Matching on bundles small enough to check by hand, and on generated ones against a second route.

mod support;

use std::fmt::Write as _;

use proptest::prelude::*;
use suffice::engine::Resident;
use suffice::matching::Route;
use suffice::solve::Effort;
use suffice::view;
use suffice::view::MatchFiles;
use support::bundles::resident;

fn solve(resident: &Resident, route: Route) -> MatchFiles {
    view::matching::run(resident, route, &Effort::unlimited()).expect("an answer")
}

/// Who is placed where, and the objective, by both routes; each answer verified.
fn check(bundle: &str, wanted: &str) {
    let resident = resident(bundle);
    for route in [Route::Network, Route::Program] {
        let files = solve(&resident, route);
        let mut said = String::new();
        for row in &files.assignments {
            writeln!(said, "{} {} {}", row.need, row.offer, row.children).expect("text grows");
        }
        for stage in &files.document.objective {
            writeln!(said, "{} {}", stage.name, stage.value).expect("text grows");
            assert_eq!(stage.bound, Some(stage.value), "an optimum is its own bound");
        }
        let wanted: Vec<&str> = wanted.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(said.lines().collect::<Vec<_>>(), wanted, "by {route:?}");
        verified(&resident, &files);
    }
}

fn verified(resident: &Resident, files: &MatchFiles) {
    let said = view::verify::run(resident, &files.document, &files.assignments, &files.prices, &Effort::unlimited());
    assert!(said.verified, "{said:#?}");
}

#[test]
fn greedy_by_weight_loses_where_a_holder_is_limited() {
    check(
        "== needs.csv
         need, holder, kind, level, children, area, weight, age
         na, one, ka, 1, 1, a, 3, 5
         nb, one, kb, 1, 1, a, 2, 5
         nc, two, kc, 1, 1, a, 2, 5
         == kinds.csv
         kind, label, layer, domain
         ka, A, micro, d
         kb, B, micro, d
         kc, C, micro, d
         == meets.csv
         kind, type
         ka, x
         kb, y
         kc, x
         == services.csv
         service, name, provider, types, age_min, age_max
         sx, X, p, x, any, any
         sy, Y, p, y, any, any
         == offers.csv
         offer, service, area, capacity
         X, sx, a, 1
         Y, sy, a, 1
         == policy.toml
         [limits]
         placements_per_holder = 1
         [objective]
         order = [\"need\"]",
        "nb Y 1
         nc X 1
         need 4",
    );
}

const PLACES: &str = "== services.csv
     service, name, provider, types, age_min, age_max, cost_per_place
     s, S, p, k, any, any, 100
     t, T, q, k, any, any, 70
     ";

#[test]
fn evenness_shares_places_between_areas_and_floors_come_first() {
    let needs = "== needs.csv
         need, holder, kind, level, children, area, age
         n1, h1, k, 1, 4, a, 5
         n2, h2, k, 1, 2, b, 5
         == offers.csv
         offer, service, area, capacity
         o, s, a, 3
         ";
    // Unmet 2 of 4 and 1 of 2 cost 250000 + 500000 + 500000; 3 and 0 would cost 1500000, 1 and 2 250000 + 1500000.
    check(
        &format!("{PLACES}{needs}"),
        "n1 o 2
         n2 o 1
         need 3
         evenness 1250000
         travel 1000
         cost 300",
    );
    // A floor of 3 in 4 for area a alone leaves nobody short, and b goes without.
    check(
        &format!("{PLACES}{needs}== policy.toml\n[floors]\ngroup = \"area\"\nshare = {{ a = 0.75 }}\n"),
        "n1 o 3
         floors 0
         need 3
         evenness 1750000
         travel 0
         cost 300",
    );
    // Floors of 3 in 4 and of all cannot both be kept with three places: short by two, weight first, then even.
    check(
        &format!("{PLACES}{needs}== policy.toml\n[floors]\nshare = {{ a = 0.75, b = 1 }}\n"),
        "n1 o 2
         n2 o 1
         floors 2
         need 3
         evenness 1250000
         travel 1000
         cost 300",
    );
}

#[test]
fn the_nearer_place_comes_before_the_cheaper_one() {
    let bundle = |order: &str| {
        format!(
            "{PLACES}== needs.csv
             need, holder, kind, level, children, area, age
             n, h, k, 2, 1, a, 5
             == offers.csv
             offer, service, area, capacity
             near, s, a, 1
             far, t, b, 1
             == policy.toml
             [objective]
             order = {order}
             "
        )
    };
    check(&bundle("[\"need\", \"travel\", \"cost\"]"), "n near 1\nneed 4\ntravel 0\ncost 100");
    check(&bundle("[\"need\", \"cost\", \"travel\"]"), "n far 1\nneed 4\ncost 70\ntravel 1000");
}

#[test]
fn effect_counts_before_travel_and_is_skipped_where_one_is_missing() {
    let bundle = |second: &str| {
        format!(
            "== services.csv
             service, name, provider, types, age_min, age_max
             s, S, p, weak, any, any
             t, T, q, strong, any, any
             == meets.csv
             kind, type, effect, source
             k, weak, 0.2, trial
             k, strong, {second}, trial
             == needs.csv
             need, holder, kind, level, children, area, age
             n, h, k, 1, 1, a, 5
             == offers.csv
             offer, service, area, capacity
             near, s, a, 1
             far, t, b, 1
             == policy.toml
             [objective]
             order = [\"need\", \"effect\", \"travel\"]
             "
        )
    };
    check(&bundle("0.65"), "n far 1\nneed 1\neffect 650\ntravel 1000");
    check(&bundle(""), "n near 1\nneed 1\ntravel 0");
    let skipped = solve(&resident(&bundle("")), Route::Network).document.skipped;
    assert_eq!(skipped.len(), 1);
    assert_eq!(
        (skipped[0].name.as_str(), skipped[0].reason.as_str()),
        ("effect", "1 of 2 pairs of need and offer have no effect in meets.csv")
    );
}

#[test]
fn blended_leaves_a_need_unmet_that_is_not_worth_its_cost() {
    check(
        "== services.csv
         service, name, provider, types, age_min, age_max, cost_per_place
         s, S, p, k, any, any, 5000
         == needs.csv
         need, holder, kind, level, children, area, age
         n1, h1, k, 1, 2, a, 5
         n2, h2, k, 4, 2, b, 5
         == offers.csv
         offer, service, area, capacity
         o, s, a, 10
         == policy.toml
         [objective]
         mode = \"blended\"",
        "n2 o 2
         blended 117994",
    );
}

#[test]
fn a_provider_takes_no_more_than_its_limit() {
    check(
        "== services.csv
         service, name, provider, types, age_min, age_max
         s, S, p, k, any, any
         t, T, p, k, any, any
         == needs.csv
         need, holder, kind, level, children, area, age
         n1, h1, k, 1, 5, a, 5
         == offers.csv
         offer, service, area, capacity
         o1, s, a, 3
         o2, t, b, 3
         == policy.toml
         [limits]
         provider_places = { p = 4 }
         [objective]
         order = [\"need\", \"travel\"]",
        "n1 o1 3
         n1 o2 1
         need 4
         travel 1000",
    );
}

#[test]
fn one_place_more_and_one_less_are_worth_what_two_fresh_solves_say() {
    let bundle = "== services.csv
         service, name, provider, types, age_min, age_max
         s, S, p, k, any, any
         t, T, q, k, any, any
         == needs.csv
         need, holder, kind, level, children, area, age
         n1, h1, k, 3, 1, a, 5
         n2, h2, k, 1, 1, b, 5
         == offers.csv
         offer, service, area, capacity
         full, s, a, 1
         none, t, b, 0
         == policy.toml
         [objective]
         order = [\"need\", \"travel\"]";
    let document = solve(&resident(bundle), Route::Network).document;
    let pair = |delta: &Option<view::StageDelta>| delta.as_ref().map(|delta| (delta["need"], delta["travel"]));
    let [full, none] = document.offers.as_slice() else { panic!("two offers") };
    assert_eq!((pair(&full.one_more), pair(&full.one_less)), (Some((1, 1000)), Some((-16, 0))));
    assert_eq!((pair(&none.one_more), pair(&none.one_less)), (Some((1, 0)), None));
}

/// A generated bundle: a few needs and offers on a line, with whatever policy is asked for.
#[derive(Clone, Debug)]
struct Case {
    /// (holder, level, children, area, kind)
    needs: Vec<(u8, u8, u8, u8, u8)>,
    /// (capacity, area, service)
    offers: Vec<(u8, u8, u8)>,
    policy: u8,
}

impl Case {
    const POLICIES: [&'static str; 8] = [
        "",
        "[objective]\norder = [\"need\", \"cost\", \"travel\"]\n",
        "[limits]\nplacements_per_holder = 1\n",
        "[floors]\nshare = 0.5\n",
        "[floors]\nshare = { a = 1, c = 0.4 }\n[limits]\nprovider_places = { p0 = 3 }\n",
        "[objective]\nmode = \"blended\"\nmet = 100\n",
        "[floors]\ngroup = \"half\"\nshare = 0.75\n[objective]\neven_by = \"area\"\n",
        "[floors]\ngroup = \"area\"\nshare = 0.5\n[objective]\neven_by = \"colour\"\norder = [\"floors\", \"need\", \"evenness\", \"cost\"]\n",
    ];

    fn with_places(&self, offer: usize, places: u8) -> Case {
        let mut changed = self.clone();
        changed.offers[offer].0 = places;
        changed
    }

    fn text(&self) -> String {
        // Areas a and b are in half 1, c and d in half 2: areas nest in halves. Colours cross areas.
        let mut text = "== areas.csv
            area, name, x, y, group:half
            a, A, 0, 0, 1
            b, B, 1500, 0, 1
            c, C, 3000, 0, 2
            d, D, 9000, 0, 2
            == services.csv
            service, name, provider, types, age_min, age_max, cost_per_place, level_min, level_max
            s0, S, p0, k, any, any, 90, 1, 4
            s1, T, p0, k; l, any, any, 40, 1, 3
            s2, U, p1, l, any, any, 60, 2, 4
            == needs.csv
            need, holder, kind, level, children, area, age, group:colour
            "
        .to_owned();
        for (at, &(holder, level, children, area, kind)) in self.needs.iter().enumerate() {
            let (area, kind) = (["a", "b", "c", "d"][area as usize], ["k", "l"][kind as usize]);
            // A holder stands in one area, so its area is part of its name.
            let colour = ["red", "blue"][usize::from(holder % 2)];
            writeln!(text, "n{at}, h{holder}{area}, {kind}, {level}, {children}, {area}, 7, {colour}").expect("text");
        }
        text.push_str("== offers.csv\noffer, service, area, capacity, reach_km\n");
        for (at, &(capacity, area, service)) in self.offers.iter().enumerate() {
            let area = ["a", "b", "c", "d"][area as usize];
            writeln!(text, "o{at}, s{service}, {area}, {capacity}, 6").expect("text");
        }
        text + "== policy.toml\n" + Case::POLICIES[self.policy as usize]
    }
}

fn cases(policies: std::ops::Range<u8>) -> impl Strategy<Value = Case> {
    let needs = prop::collection::vec((0..3u8, 1..=4u8, 1..=3u8, 0..4u8, 0..2u8), 1..8);
    let offers = prop::collection::vec((0..4u8, 0..4u8, 0..3u8), 1..6);
    (needs, offers, policies).prop_map(|(needs, offers, policy)| Case { needs, offers, policy })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn both_routes_agree_stage_by_stage(case in cases(0..8)) {
        let resident = resident(&case.text());
        let network = solve(&resident, Route::Network);
        let program = solve(&resident, Route::Program);
        prop_assert_eq!(&network.document.objective, &program.document.objective);
        // The unmet total is route-free for orders with need and without holder limits or floors.
        if matches!(case.policy, 0 | 1) {
            prop_assert_eq!(network.document.totals.unmet, program.document.totals.unmet);
        }
        verified(&resident, &network);
        verified(&resident, &program);
    }

    #[test]
    fn worths_equal_fresh_solves(case in cases(0..8)) {
        let of = |case: &Case| solve(&resident(&case.text()), Route::Network).document;
        let values = |case: &Case| -> Vec<i64> { of(case).objective.iter().map(|stage| stage.value).collect() };
        let document = of(&case);
        let before = values(&case);
        let names: Vec<&str> = document.objective.iter().map(|stage| stage.name.as_str()).collect();
        for (at, &(capacity, _, _)) in case.offers.iter().enumerate() {
            let row = document.offers.iter().find(|row| row.offer == format!("o{at}")).expect("every offer has a row");
            let change = |delta: &Option<view::StageDelta>| -> Option<Vec<i64>> {
                delta.as_ref().map(|delta| names.iter().map(|&name| delta[name]).collect())
            };
            let fresh = |places: u8| -> Vec<i64> {
                values(&case.with_places(at, places)).iter().zip(&before).map(|(after, before)| after - before).collect()
            };
            prop_assert_eq!(change(&row.one_more), Some(fresh(capacity + 1)), "one more in o{}", at);
            prop_assert_eq!(change(&row.one_less), (0 < capacity).then(|| fresh(capacity - 1)), "one less in o{}", at);
        }
    }

    #[test]
    fn rows_in_another_order_give_the_same_bytes(case in cases(0..8), turn in 1..7usize) {
        let text = case.text();
        let turned = turn_rows(&text, turn);
        let bytes = |text: &str| {
            let files = solve(&resident(text), Route::Network);
            serde_json::to_string(&(files.document, files.assignments, files.prices)).expect("documents serialise")
        };
        prop_assert_eq!(bytes(&text), bytes(&turned));
    }

    #[test]
    fn a_stopped_run_is_feasible_and_bounded(case in cases(0..6), ticks in 0..400u64) {
        let resident = resident(&case.text());
        let full = solve(&resident, Route::Network);
        let stopped = view::matching::run(&resident, Route::Network, &Effort::unlimited().at_most(ticks))
            .expect("a stop is an answer");
        let flow = view::verify::run(
            &resident, &stopped.document, &stopped.assignments, &stopped.prices, &Effort::unlimited());
        prop_assert!(flow.verified, "{:#?}", flow);
        let (best, bounded) = (&full.document.objective[0], &stopped.document.objective[0]);
        if let Some(bound) = bounded.bound {
            let most = matches!(best.name.as_str(), "need" | "blended");
            prop_assert!(if most { best.value <= bound } else { bound <= best.value }, "{:?} {:?}", best, bounded);
        }
    }
}

/// The same tables with their data rows turned round by `turn`.
fn turn_rows(text: &str, turn: usize) -> String {
    let mut files: Vec<Vec<&str>> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with("== ") {
            files.push(Vec::new());
        }
        files.last_mut().expect("text begins with a file").push(line);
    }
    for file in &mut files {
        if file[0].ends_with(".csv") && 3 < file.len() {
            let by = turn % (file.len() - 2);
            file[2..].rotate_left(by);
        }
    }
    files.concat().join("\n")
}
