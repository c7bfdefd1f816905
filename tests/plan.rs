//! Plans on places small enough to check by hand.

mod support;

use suffice::engine::Failure;
use suffice::matching::Route;
use suffice::report;
use suffice::solve::Effort;
use suffice::view::plan::{ChosenRow, FloorAsked, FundAsked, PlanAsked, PlanObjective, Planned};
use suffice::view::{self, PlanDocument};
use support::bundles::resident;

fn planned(bundle: &str, asked: &PlanAsked) -> Planned {
    view::plan::run(&resident(bundle), asked, Route::Network, &Effort::unlimited()).expect("an answer")
}

fn plan(bundle: &str, asked: &PlanAsked) -> PlanDocument {
    planned(bundle, asked).document
}

fn budget(pence: i64) -> PlanAsked {
    PlanAsked { budget: Some(pence), ..PlanAsked::default() }
}

fn target(millionths: u32) -> PlanAsked {
    PlanAsked { target: Some(millionths), ..PlanAsked::default() }
}

fn names(plan: &PlanDocument) -> Vec<&str> {
    plan.chosen.iter().map(|row| row.candidate.as_str()).collect()
}

fn closes(row: &ChosenRow) -> (i64, i64) {
    let [closes, alone] = [&row.closes, &row.alone].map(|gains| gains.as_ref().expect("worked out").child_needs);
    (closes, alone)
}

/// Two places for three children of 4 in a; two more in b, 5 km away, and one of 6 in a, for whom the group is too young.
const PLAY: &str = "
    == areas.csv
    area, name, x, y
    a, Ash, 0, 0
    b, Birch, 5000, 0
    == services.csv
    service, name, provider, types, age_min, age_max, level_min, level_max
    s, Play group, pp, k, 0, 5, 1, 4
    == offers.csv
    offer, service, area, capacity, reach_km
    o, s, a, 2, 1
    == needs.csv
    need, holder, kind, level, children, area, age
    n1, h1, k, 2, 3, a, 4
    n2, h2, k, 2, 1, a, 6
    n3, h3, k, 2, 2, b, 4
    ";

const CANDIDATES: &str = "
    == candidates.csv
    candidate, kind_of, offer, service, area, places_per_step, max_steps, capacity, reach_km, age_max, fixed_cost, cost_per_place, fund
    more, places, o, , , 1, 4, , , , 100, 1000, places
    older, widen, o, , , , , , , 6, 300, 0, rules
    site, offer, , s, b, , , 2, 1, , 500, 1500, places
    ";

fn play(candidates: &str) -> String {
    format!("{PLAY}{candidates}")
}

#[test]
fn a_plan_says_what_it_buys_and_what_each_candidate_closes() {
    // Everything: one place for the third child (1,100), another and the rule for the one of 6 (1,000 + 300), and the site
    // for both in b (500 + 2 x 1,500).
    let whole = plan(&play(CANDIDATES), &budget(5_900));
    assert_eq!((whole.status.as_str(), whole.cost, names(&whole)), ("optimal", 5_900, vec!["more", "older", "site"]));
    assert_eq!((whole.today.child_needs, whole.met.child_needs, whole.met.share), (2, 6, Some(1.0)));
    // Weight 4 each at level 2.
    assert_eq!((whole.objective.value, whole.bound), (24, Some(24)));
    let [more, older, site] = &whole.chosen[..] else { panic!("{:?}", whole.chosen) };
    assert_eq!((more.steps, more.places, more.cost, more.placed), (2, Some(2), 2_100, Some(2)));
    // Without the places two children go without; alone they serve one, for the rule is what lets in the other.
    assert_eq!(closes(more), (2, 1));
    // The rule alone lets someone in and makes no place.
    assert_eq!((closes(older), older.places, older.placed), ((1, 0), Some(0), Some(1)));
    assert_eq!((closes(site), site.kind_of.as_str(), site.what.as_str()), ((2, 2), "offer", "Play group"));
    let areas: Vec<_> =
        site.closes.iter().flat_map(|gains| &gains.by_area).map(|row| (row.key.as_str(), row.child_needs)).collect();
    assert_eq!(areas, [("b", 2)]);
    // Today two places are for the three in a: one short. Nobody else could use them.
    let [set] = &whole.deficient_sets[..] else { panic!("{:?}", whole.deficient_sets) };
    assert_eq!((set.child_needs, set.places, set.short, set.unmet_after), (3, 2, 1, 0));
    let relieves: Vec<_> = more.alone.iter().flat_map(|gains| &gains.relieves).map(|row| row.child_needs).collect();
    assert_eq!(relieves, [1]);
    assert_eq!(whole.left.as_deref(), Some(&[][..]), "nothing is short any more");
    let funds: Vec<_> = whole.funds.iter().map(|row| (row.fund.as_str(), row.cost, row.limit)).collect();
    assert_eq!(funds, [("places", 5_600, None), ("rules", 300, None)]);
}

#[test]
fn a_page_reads_from_top_to_bottom() {
    let document = plan(&play(CANDIDATES), &PlanAsked { frontier: 3, ..budget(3_000) });
    insta::assert_snapshot!(report::plan::page(&document), @r"
    Test: a plan of 2 candidates for £24.00 meets 2 child-needs more than today: 4 of 6 child-needs
    (66.7%).

    Counts are child-needs: one child's one need. A child with two needs counts twice.

    Proved: the weight of need met is 16, and no plan within the limits meets more than that.

    What to commission
    ==================
    Candidate  What                                    Places  Used    Cost  Closes  Alone
    ---------  --------------------------------------  ------  ----  ------  ------  -----
    more       more places at Play group (o), 2 steps       2     2  £21.00      +2     +1
    older      a wider rule at Play group (o)               0     1   £3.00      +1      0
    Used: child-needs placed on what it adds. Closes: child-needs that would go unmet again without this
    candidate, the others being there. Alone: child-needs that it would meet by itself.
    - Fund places: £21.00.
    - Fund rules: £3.00.
    On average £12.00 for each child-need more that is met.

    What it closes
    ==============
    By kind  Child-needs  Met today  Met then  Closes  Unmet then
    -------  -----------  ---------  --------  ------  ----------
    A kind             6          2         4      +2           2

    By area  Child-needs  Met today  Met then  Closes  Unmet then
    -------  -----------  ---------  --------  ------  ----------
    Ash                4          2         4      +2           0

    Which shortages it relieves
    ===========================
    - 3 child-needs of A kind share 2 places in o: 1 short today, 0 unmet under the plan; relieved by
      more.

    What it leaves
    ==============
    2 child-needs stay unmet.
    - 2 child-needs could be reached only by candidates that are not part of the plan.
    - By kind: A kind (2).
    - By area: Birch (2).

    What other budgets would buy
    ============================
    Budget   Spent  Met  Share  For each child-need more  Candidates
    ------  ------  ---  -----  ------------------------  ----------
     £0.00   £0.00    2  33.3%                         -           0
    £15.00  £11.00    3  50.0%                    £11.00           1
    £30.00  £24.00    4  66.7%                    £13.00           2
    For each child-need more: what it costs more than the line above, over what it meets more.

    If every child-need counted the same
    ====================================
    No plan within these limits would meet more: 4 child-needs with this one.

    How far children go
    ===================
    - Today: 2 child-needs are met, 0 metres on average, 0 metres at most, one way.
    - Under the plan: 4 child-needs are met, 0 metres on average, 0 metres at most, one way.
    Each child goes where it is nearest for all together. Transport is never part of the budget.

    What to know when reading this
    ==============================
    - Met means placed within the places, rules and reach stated; it does not say that a place was taken
      up.
    - A plan is matched for its own objective: floors, evenness, effect and cost of the policy are set
      aside, and so today's number is the most that today's places can meet.
    - Weights by level [1, 4, 16, 64] are a convention, used where a need gives no weight of its own.
    - Suffice recommends; people decide.
    - What candidates close does not add up: they share children, and some work only together.

    How sure are we?
    ================
    - 1 offer has no date of last update.
    - There is no meets.csv: each kind of need is met by the service type of the same code.

    What this rests on
    ==================
    Suffice 0.1.0; locality Test at 2024-06-30, digest f03f02762554; solved by network.
    Policy: count.basis = normative, expressed, comparative; count.overlap = warn; floors.group = area;
    floors.share = 0.0; limits.placements_per_holder = 0; limits.provider_places = none; objective.cost
    = 1; objective.even_by = area; objective.km = 3; objective.met = 1000; objective.mode =
    lexicographic; objective.order = floors, need, evenness, effect, travel, cost;
    plan.travel_pence_per_km = 0; reach.km = 15.0; reach.rules = none; supply.use = capacity; ties.seed
    = 2024-06-30; unknown.capacity = exclude; unknown.eligibility = no; unknown.stale_days = 0;
    weight.level = 1, 4, 16, 64.
    Not for publication: no disclosure control has been applied.
    ");
}

#[test]
fn money_decides_and_nothing_is_bought_in_vain() {
    for (pence, wanted, met) in [
        (1_099, vec![], 2),
        (1_100, vec!["more"], 3),
        // A second place is of use only with the rule: 100 + 2 x 1,000 + 300.
        (2_399, vec!["more"], 3),
        (2_400, vec!["more", "older"], 4),
        (3_500, vec!["site"], 4),
        (4_600, vec!["more", "site"], 5),
        (1_000_000, vec!["more", "older", "site"], 6),
    ] {
        let plan = plan(&play(CANDIDATES), &budget(pence));
        assert_eq!(plan.met.child_needs, met, "{pence}");
        if pence != 3_500 {
            assert_eq!(names(&plan), wanted, "{pence}");
        }
        assert!(plan.cost <= pence && plan.cost <= 5_900, "{pence}: {}", plan.cost);
    }
}

#[test]
fn each_fund_pays_for_its_own() {
    let asked = PlanAsked { funds: vec![FundAsked { fund: "rules".to_owned(), pence: 299 }], ..budget(1_000_000) };
    let document = plan(&play(CANDIDATES), &asked);
    assert_eq!((names(&document), document.met.child_needs), (vec!["more", "site"], 5));
    assert_eq!(document.funds[1].limit, Some(299));
}

#[test]
fn a_target_is_met_at_the_least_cost() {
    // Half of six are three: one place. Five of six: the third child and the site, or the rule for the one of 6.
    for (share, cost, wanted) in [
        (500_000, 1_100, vec!["more"]),
        (500_001, 2_400, vec!["more", "older"]),
        (833_333, 4_600, vec!["more", "site"]),
        (1_000_000, 5_900, vec!["more", "older", "site"]),
    ] {
        let plan = plan(&play(CANDIDATES), &target(share));
        assert_eq!((plan.cost, plan.bound, names(&plan)), (cost, Some(cost), wanted), "{share}");
        assert_eq!((plan.objective.name.as_str(), plan.objective.unit.as_str()), ("cost", "pence"));
        assert!(plan.floors.iter().all(|floor| floor.least <= floor.met));
    }
    // No area below one half: b has only the site.
    let floor = FloorAsked { of: "area".to_owned(), value: None, share: 500_000 };
    let asked = PlanAsked { floors: vec![floor.clone()], ..PlanAsked::default() };
    let plan_of_areas = plan(&play(CANDIDATES), &asked);
    assert_eq!((plan_of_areas.cost, names(&plan_of_areas)), (3_500, vec!["site"]));
    let floors: Vec<_> =
        plan_of_areas.floors.iter().map(|floor| (floor.key.as_str(), floor.least, floor.met)).collect();
    assert_eq!(floors, [("a", 2, 2), ("b", 1, 2)]);
    let one = FloorAsked { value: Some("a".to_owned()), share: 1_000_000, ..floor };
    let plan_of_one = plan(&play(CANDIDATES), &PlanAsked { floors: vec![one], ..PlanAsked::default() });
    assert_eq!((plan_of_one.cost, names(&plan_of_one)), (2_400, vec!["more", "older"]));
}

#[test]
fn what_cannot_be_reached_says_why_and_what_can_be_had() {
    let site = "== candidates.csv
        candidate, kind_of, service, area, capacity, reach_km, fixed_cost, cost_per_place
        site, offer, s, b, 1, 1, 0, 10
        ";
    let document = plan(&play(site), &target(1_000_000));
    assert_eq!(document.status, "not_reachable");
    let not = document.not_reachable.as_ref().expect("it says why");
    // Six wanted; two today and one in b. The one of 6 can use nothing that is there or could be.
    assert_eq!((not.what.as_str(), not.missing, not.proved, not.beyond_reach), ("target", Some(3), true, 1));
    assert_eq!(not.beyond_reach_needs, ["n2"]);
    assert_eq!((document.met.child_needs, names(&document)), (3, vec!["site"]));
    let page = report::plan::page(&document);
    assert!(page.contains("1 child-need can be reached by no offer and no candidate"), "{page}");
    // With money for nothing the target is missed for another reason.
    let poor = plan(&play(CANDIDATES), &PlanAsked { budget: Some(0), ..target(1_000_000) });
    assert_eq!(poor.status, "not_reachable");
    assert_eq!(poor.not_reachable.map(|not| (not.missing, not.beyond_reach)), Some((Some(4), 0)));
    // Less than nothing cannot be spent.
    let nothing = plan(&play(CANDIDATES), &budget(-1));
    assert_eq!(nothing.not_reachable.map(|not| not.what), Some("limits".to_owned()));
}

#[test]
fn a_closure_is_bought_for_what_it_frees() {
    let candidates = "== candidates.csv
        candidate, kind_of, offer, service, area, capacity, reach_km, fixed_cost, cost_per_place
        shut, close, o, , , , , -3500, 0
        site, offer, , s, b, 3, 10, 0, 1000
        ";
    let document = plan(&play(candidates), &budget(0));
    // Three places that everyone of 4 can reach, for the two that are there and 500 over.
    assert_eq!((names(&document), document.cost, document.met.child_needs), (vec!["shut", "site"], -500, 3));
    let [shut, site] = &document.chosen[..] else { panic!("{:?}", document.chosen) };
    // Keeping it open would meet two more; by itself it costs the two.
    assert_eq!((closes(shut), shut.placed), ((-2, -2), None));
    assert_eq!((closes(site), site.placed), ((3, 3), Some(3)));
}

/// Two sites, each for another kind of need, and money for one.
const TWO: &str = "
    == services.csv
    service, name, provider, types, age_min, age_max, level_min, level_max
    s, For k, pp, k, any, any, 1, 4
    t, For l, qq, l, any, any, 1, 4
    == offers.csv
    offer, service, area, capacity, reach_km
    == needs.csv
    need, holder, kind, level, children, area, age
    n1, h1, k, 1, 3, a, 4
    n2, h2, l, 1, 2, a, 4
    == candidates.csv
    candidate, kind_of, service, area, capacity, reach_km, fixed_cost, cost_per_place
    ks, offer, s, a, 6, 9, 10, 0
    ls, offer, t, a, 6, 9, 10, 0
    == scenarios.csv
    scenario, kind, area, factor
    more-l, l, , 3
    ";

#[test]
fn one_plan_for_several_scenarios() {
    let recorded = plan(TWO, &budget(10));
    assert_eq!(names(&recorded), ["ks"]);
    let cases = |plan: &PlanDocument| -> Vec<(String, bool, u64, u64, u64)> {
        let cases = plan.cases.iter().flatten();
        cases
            .map(|case| (case.id.clone(), case.planned_for, case.child_needs, case.met_without_plan, case.met))
            .collect()
    };
    assert_eq!(
        cases(&recorded),
        [(String::new(), true, 5, 0, 3), ("more-l".to_owned(), false, 9, 0, 3)],
        "in both, three of k"
    );
    // Together: 3 + 3 of k against 2 + 6 of l.
    let robust = plan(TWO, &PlanAsked { scenarios: vec!["all".to_owned()], ..budget(10) });
    assert_eq!((names(&robust), robust.objective.value), (vec!["ls"], 8));
    assert_eq!(cases(&robust), [(String::new(), true, 5, 0, 2), ("more-l".to_owned(), true, 9, 0, 6)]);
    assert_eq!(robust.met.child_needs, 2, "tables are of the need as it is recorded");
    // With equal weights, too, what counts is both cases together: 2 + 6, which none of the two plans for one beats.
    let equal = robust.equal_weights.as_ref().expect("worked out");
    assert_eq!((equal.met, equal.met_by_best), (8, 8));
    // A target is to be met in each case: all nine of the second need both.
    let both = plan(TWO, &PlanAsked { scenarios: vec!["more-l".to_owned()], ..target(1_000_000) });
    assert_eq!((both.cost, both.floors.len()), (20, 2));
    assert_eq!(both.floors[1].case, "scenario more-l");
}

#[test]
fn a_plan_for_the_loss_of_a_provider() {
    // Both for k now, one by each provider: 3 or 2 places. With the loss of pp, qq's two are better than nothing.
    let bundle =
        TWO.replace("t, For l, qq, l,", "t, For k too, qq, k,").replace("ls, offer, t, a, 6,", "ls, offer, t, a, 2,");
    assert_eq!(names(&plan(&bundle, &budget(10))), ["ks"]);
    let lost = plan(&bundle, &PlanAsked { lose: vec!["pp".to_owned()], ..budget(10) });
    // 3 and 0, against 2 and 2.
    assert_eq!((names(&lost), lost.objective.value), (vec!["ls"], 4));
    let case = lost.cases.iter().flatten().find(|case| case.of == "without_provider").expect("it is a case");
    assert_eq!((case.id.as_str(), case.met, case.planned_for), ("pp", 2, true));
}

#[test]
fn a_scenarios_children_are_shared_out_by_largest_remainders() {
    // Five rows of one child of l: half as many again are 7.5, rounded up to 8: the first three rows have two.
    let rows: String = (0..5).map(|at| format!("m{at}, g{at}, l, 1, 1, b, 4\n")).collect();
    let bundle =
        TWO.replace("n2, h2, l, 1, 2, a, 4\n", &rows).replace("more-l, l, , 3", "half, l, , 1.5\nhalf, l, a, 0");
    let document = plan(&bundle, &budget(20));
    let half = document.cases.iter().flatten().find(|case| case.id == "half").expect("it is a case");
    assert_eq!((half.child_needs, half.met), (3 + 8, 3 + 6));
}

#[test]
fn weights_decide_and_the_plan_says_so() {
    // One child of level 4 (weight 64) against three of level 1.
    let bundle = TWO.replace("n2, h2, l, 1, 2, a, 4", "n2, h2, l, 4, 1, a, 4");
    let document = plan(&bundle, &budget(10));
    assert_eq!((names(&document), document.met.child_needs), (vec!["ls"], 1));
    let equal = document.equal_weights.as_ref().expect("worked out");
    assert_eq!((equal.met, equal.met_by_best, equal.cost_of_best, equal.is_proved), (1, 3, 10, true));
    assert_eq!(equal.best[0].candidate, "ks");
}

#[test]
fn the_frontier_has_the_price_of_the_next_child_need() {
    let document = plan(TWO, &PlanAsked { frontier: 3, ..budget(1_000) });
    let points = document.frontier.expect("it was asked for");
    let found: Vec<_> =
        points.iter().map(|point| (point.budget, point.cost, point.child_needs, point.pence_per_child_need)).collect();
    assert_eq!(found, [(0, 0, 0, None), (10, 10, 3, Some(10.0 / 3.0)), (20, 20, 5, Some(5.0))]);
    assert!(points.iter().all(|point| point.weight == point.weight_bound && point.status == "optimal"));
}

/// Four children at 0, one at 9 km and one at 10 km; a site may be at 0, at 5 km or at 9 km.
const LINE: &str = "
    == areas.csv
    area, name, x, y
    a, A, 0, 0
    b, B, 5000, 0
    c, C, 9000, 0
    d, D, 10000, 0
    == services.csv
    service, name, provider, types, age_min, age_max, level_min, level_max
    s, S, pp, k, any, any, 1, 4
    == offers.csv
    offer, service, area, capacity, reach_km
    == needs.csv
    need, holder, kind, level, children, area, age
    n1, h1, k, 1, 4, a, 4
    n2, h2, k, 1, 1, c, 4
    n3, h3, k, 1, 1, d, 4
    == candidates.csv
    candidate, kind_of, service, area, capacity, reach_km, fixed_cost, cost_per_place
    at0, offer, s, a, unlimited, any, 0, 0
    at5, offer, s, b, unlimited, any, 0, 0
    at9, offer, s, c, unlimited, any, 0, 0
    ";

#[test]
fn least_travel_and_the_nearest_farthest_child() {
    let of = |objective: PlanObjective, at_most: u32| {
        plan(LINE, &PlanAsked { at_most: Some(at_most), objective, ..PlanAsked::default() })
    };
    // One site: 0 costs 9 + 10 km, 5 costs 4 x 5 + 4 + 5, 9 costs 4 x 9 + 1. The farthest: 10, 5, 9.
    let median = of(PlanObjective::Travel, 1);
    assert_eq!((names(&median), median.objective.value, median.bound), (vec!["at0"], 19_000, Some(19_000)));
    let centre = of(PlanObjective::Farthest, 1);
    assert_eq!(
        (names(&centre), centre.objective.value, centre.objective.unit.as_str()),
        (vec!["at5"], 5_000, "metres")
    );
    let two = of(PlanObjective::Travel, 2);
    assert_eq!((names(&two), two.objective.value), (vec!["at0", "at9"], 1_000));
    let travel = two.travel.expect("distances are known").plan.expect("worked out");
    assert_eq!((travel.children, travel.all, travel.farthest, travel.pence), (6, 1_000, 1_000, Some(0)));
    // Most need comes first: with three, all is met, and a site that saves nothing is not bought.
    let three = of(PlanObjective::Travel, 3);
    assert_eq!(three.objective.value, 1_000);
}

#[test]
fn assignments_name_the_candidate_that_makes_them_possible() {
    let rows = planned(&play(CANDIDATES), &budget(1_000_000)).assignments;
    let rows: Vec<_> = (rows.iter())
        .map(|row| (row.need.as_str(), row.offer.as_str(), row.candidate.as_str(), row.children, row.travel))
        .collect();
    assert_eq!(
        rows,
        [("n1", "o", "", 3, Some(0)), ("n2", "o", "older", 1, Some(0)), ("n3", "site", "site", 2, Some(0))]
    );
}

#[test]
fn areas_outside_compete_and_are_in_no_total() {
    let bundle = play(CANDIDATES)
        .replace("area, name, x, y", "area, name, x, y, inside")
        .replace("b, Birch, 5000, 0", "b, Birch, 5000, 0, no")
        .replace("a, Ash, 0, 0", "a, Ash, 0, 0, yes");
    let document = plan(&bundle, &budget(1_000_000));
    assert_eq!((document.totals.child_needs, document.met.child_needs, document.objective.value), (4, 4, 24));
    let site = document.chosen.iter().find(|row| row.candidate == "site").expect("it is part of the objective");
    assert_eq!((closes(site), site.closes.as_ref().map(|gains| gains.outside)), ((0, 0), Some(2)));
    // A target is about those inside alone.
    let inside = plan(&bundle, &target(1_000_000));
    assert_eq!((inside.cost, names(&inside)), (2_400, vec!["more", "older"]));
}

#[test]
fn every_problem_of_a_question_is_told_at_once() {
    let asked = PlanAsked {
        funds: vec![FundAsked { fund: "heath".to_owned(), pence: 1 }],
        target: Some(1_000_001),
        floors: vec![FloorAsked { of: "county".to_owned(), value: None, share: 1 }],
        objective: PlanObjective::Travel,
        scenarios: vec!["war".to_owned()],
        lose: vec!["nobody".to_owned()],
        gap: f64::NAN,
        ..PlanAsked::default()
    };
    let found = view::plan::run(&resident(&play(CANDIDATES)), &asked, Route::Network, &Effort::unlimited());
    let Err(Failure::BadQuestion(problems)) = found else { panic!("it cannot be answered") };
    let columns: Vec<&str> = problems.iter().filter_map(|problem| problem.column.as_deref()).collect();
    assert_eq!(columns, ["objective", "target", "gap", "fund", "floor", "scenario", "lose"]);
    assert!(problems[3].wanted.contains("(places, rules)"), "{}", problems[3]);
    let none = view::plan::run(&resident(PLAY), &PlanAsked::default(), Route::Network, &Effort::unlimited());
    let Err(Failure::BadQuestion(problems)) = none else { panic!("there is nothing to choose from") };
    assert_eq!(problems.len(), 2);
}

#[test]
fn a_stop_anywhere_gives_a_plan_within_its_limits_and_a_bound_that_is_one() {
    let resident = resident(&play(CANDIDATES));
    let asked = PlanAsked { frontier: 2, ..budget(4_600) };
    let mut seen = [false; 2];
    for ticks in (0..6_000).step_by(7) {
        let effort = Effort::unlimited().at_most(ticks);
        let Planned { document, assignments } =
            view::plan::run(&resident, &asked, Route::Network, &effort).expect("an answer");
        assert!(document.cost <= 4_600);
        let chosen = names(&document);
        assert!(assignments.iter().all(|row| row.candidate.is_empty() || chosen.contains(&row.candidate.as_str())));
        // Weight 20 is the optimum: five of six.
        assert!(document.objective.value <= 20, "{ticks}");
        assert!(document.bound.is_none_or(|bound| 20 <= bound), "{ticks}");
        seen[usize::from(document.status == "stopped")] = true;
        if document.status == "optimal" {
            assert_eq!(document.objective.value, 20);
        }
    }
    assert!(seen[1], "some stop comes before the optimum is proved");
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let resident = resident(&play(CANDIDATES));
    let asked = PlanAsked { frontier: 4, ..budget(4_600) };
    let bytes = |threads: usize| {
        let pool = pool(threads);
        let document = view::plan::run(&resident, &asked, Route::Network, &Effort::unlimited().on(&pool))
            .expect("an answer")
            .document;
        serde_json::to_string(&document).expect("it can be written")
    };
    assert_eq!(bytes(1), bytes(3));
    assert!(bytes(1).starts_with("{\"schema\":\"suffice.plan/1\",\"status\":\"optimal\""));
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads")
}

#[test]
fn transport_is_part_of_the_least_cost_and_never_of_a_budget() {
    // A site where the children are for 1,000, and one 10 km away for 500: 10 km at 40 pence are 400 for each child.
    let bundle = |children: u32| {
        format!(
            "{}
            == candidates.csv
            candidate, kind_of, service, area, capacity, reach_km, fixed_cost, cost_per_place
            near, offer, s, a, unlimited, any, 1000, 0
            far, offer, s, d, unlimited, any, 500, 0
            == policy.toml
            [plan]
            travel_pence_per_km = 40
            ",
            LINE.split("== needs.csv").next().unwrap_or_default().to_owned()
                + &format!(
                    "== needs.csv\nneed, holder, kind, level, children, area, age\nn1, h1, k, 1, {children}, a, 4\n"
                )
        )
    };
    let one = plan(&bundle(1), &target(1_000_000));
    assert_eq!((names(&one), one.cost, one.objective.value), (vec!["far"], 500, 900_000));
    assert_eq!(
        (one.objective.name.as_str(), one.objective.unit.as_str()),
        ("cost_and_transport", "thousandths_of_pence")
    );
    let under = one.travel.and_then(|travel| travel.plan).expect("distances are known");
    assert_eq!((under.all, under.pence), (10_000, Some(400)));
    let two = plan(&bundle(2), &target(1_000_000));
    assert_eq!((names(&two), two.objective.value, two.bound), (vec!["near"], 1_000_000, Some(1_000_000)));
    // The budget pays for candidates alone.
    assert_eq!(plan(&bundle(1), &PlanAsked { budget: Some(500), ..target(1_000_000) }).status, "optimal");
    assert_eq!(plan(&bundle(1), &budget(500)).met.child_needs, 1);
    let minutes = bundle(1) + "== travel.csv\narea, offer, minutes\na, near, 0\na, far, 15\n";
    let minutes = minutes.replace("reach_km,", "reach_minutes,");
    let found = view::plan::run(&resident(&minutes), &target(1_000_000), Route::Network, &Effort::unlimited());
    let Err(Failure::BadQuestion(problems)) = found else { panic!("minutes have no price") };
    assert_eq!(problems[0].column.as_deref(), Some("plan.travel_pence_per_km"));
}

#[test]
fn both_routes_find_plans_that_are_equally_good() {
    let resident = resident(&play(CANDIDATES));
    for asked in [budget(2_400), budget(4_600), target(500_001)] {
        let [own, outside] = [Route::Network, Route::Program]
            .map(|route| view::plan::run(&resident, &asked, route, &Effort::unlimited()).expect("an answer").document);
        assert_eq!((own.objective, own.proof.as_str()), (outside.objective, "bound"));
        assert!(outside.provenance.backend.starts_with("good_lp/"), "{}", outside.provenance.backend);
    }
}

#[test]
fn of_plans_that_meet_as_much_the_cheapest_is_taken() {
    // One child, whom either site serves; the dear one is named first and has room for more.
    let bundle = TWO
        .replace("n1, h1, k, 1, 3,", "n1, h1, k, 1, 1,")
        .replace("n2, h2, l, 1, 2, a, 4", "")
        .replace("ks, offer, s, a, 6, 9, 10, 0", "dear, offer, s, a, 9, 9, 90, 0")
        .replace("ls, offer, t, a, 6, 9, 10, 0", "fair, offer, s, a, 1, 9, 10, 0");
    let document = plan(&bundle, &budget(1_000));
    assert_eq!((names(&document), document.cost), (vec!["fair"], 10));
    // With a target that nobody can reach, too.
    let bundle = bundle.replace("== candidates.csv", "n2, h2, l, 1, 5, a, 4\n== candidates.csv");
    let short = plan(&bundle, &target(1_000_000));
    assert_eq!((short.status.as_str(), names(&short), short.bound), ("not_reachable", vec!["fair"], None));
    assert_eq!((short.unmet.beyond_reach, short.unmet.candidates_left_out, short.unmet.places), (5, 0, 0));
}

#[test]
fn what_stays_unmet_has_its_reason() {
    // One place for the three of 4 in a, one of 6 whom only the rule would let in, and two in b whom only the site reaches.
    let document = plan(&play(CANDIDATES), &budget(0));
    let unmet = document.unmet;
    assert_eq!((unmet.beyond_reach, unmet.candidates_left_out, unmet.places), (0, 3, 1));
}
