//! By hand where hands can; against every choice of levers, matched exactly, and the outside solver, where not.

use crate::solve::check;
use crate::solve::choose::model::Model;
use crate::solve::choose::{
    Aim, Answer, Choices, ChooseError, Effect, Floor, Lever, Node, Planner, Question, Route, Rule, Status, TravelCost,
    Within, solve,
};
use crate::solve::effort::{Effort, StopReason};
use crate::solve::network::{Limit, Network, NetworkParts, PairCosts, Source, Stage};
use crate::solve::outcome::Flow;

mod masters;
mod one_piece;
mod random;

/// Sources with units, weight and the sinks they have pairs with; places of the sinks.
fn network(sources: &[(u64, i64, &[u32])], places: &[Option<u64>]) -> Network {
    let mut parts = NetworkParts { starts: vec![0], ..NetworkParts::default() };
    let mut weights = Vec::new();
    for (units, weight, sinks) in sources {
        parts.sources.push(Source { units: *units, pool: None });
        parts.sinks.extend_from_slice(sinks);
        parts.starts.push(parts.sinks.len());
        weights.push(*weight);
    }
    parts.places = places.to_vec();
    parts.sink_limits = vec![None; places.len()];
    parts.stages = vec![Stage { name: "need", unsent_cost: weights, ..Stage::default() }];
    Network::new(parts).expect("valid")
}

fn lever(cost: i64, effects: &[Effect]) -> Lever {
    Lever { most: 1, fixed_cost: cost, effects: effects.to_vec(), ..Lever::default() }
}

fn opens(cost: i64, sink: u32) -> Lever {
    lever(cost, &[Effect::Opens(Node::Sink(sink))])
}

fn adds(most: u32, cost_per_step: i64, sink: u32, places: u64) -> Lever {
    let effects = vec![Effect::Adds { node: Node::Sink(sink), places }];
    Lever { most, cost_per_step, effects, ..Lever::default() }
}

fn budget(budget: i64) -> Within {
    Within { budget: Some(budget), ..Within::default() }
}

/// The answer of the tree, held against that of the other route.
fn ask(choices: &Choices, within: Within, aim: Aim) -> Answer {
    let question = Question { within, aim, gap: 0.0 };
    let answer = by(choices, Route::Tree, &question);
    let other = by(choices, Route::Master, &question);
    assert_eq!((answer.missing, answer.allowed), (other.missing, other.allowed));
    match (&answer.status, &other.status) {
        // Several choices may fall short by as little, at other costs and of other floors.
        (Status::NotReachable(own), Status::NotReachable(others)) => assert_eq!(own.least, others.least),
        (own, others) => {
            assert_eq!((answer.objective, answer.bound, own), (other.objective, other.bound, others));
        }
    }
    assert!(!other.allowed || Model::of(choices).allowed(&other.steps, &question.within));
    assert!(check::feasible(&choices.network_after(&other.steps), &other.flow).is_ok());
    answer
}

fn by(choices: &Choices, route: Route, question: &Question) -> Answer {
    Planner::by(choices, route).answer(question, &Effort::unlimited()).expect("an answer")
}

fn least_cost(floors: Vec<Floor>) -> Aim {
    Aim::LeastCost { floors, travel: None }
}

#[test]
fn greedy_buys_three_where_four_can_be_had() {
    // Two places at a cost of 2 in each of three services. The first reaches one child of each of the other two and a
    // third one; alone it looks as good as they do, and after it each of the others adds one only.
    let sources: &[(u64, i64, &[u32])] = &[(1, 1, &[0, 1]), (1, 1, &[1]), (1, 1, &[0, 2]), (1, 1, &[2])];
    let choices =
        Choices::new(network(sources, &[Some(0); 3]), (0..3).map(|sink| adds(1, 2, sink, 2)).collect(), vec![])
            .expect("valid");
    let answer = ask(&choices, budget(4), Aim::MostNeed);
    assert_eq!((answer.objective, answer.cost, answer.steps.as_slice()), (0, 4, &[0, 1, 1][..]));
    assert_eq!((answer.weight_met, answer.units_met, answer.status), (4, 4, Status::Optimal));
}

/// One child who may use the service only under a wider rule (sink 1), whose places (behind the limit) are none.
fn widen_beside_places() -> Choices {
    let mut parts = network(&[(1, 5, &[1])], &[None, None]).into_parts();
    parts.limits = vec![Limit { capacity: 0, parent: None }];
    parts.sink_limits = vec![Some(0); 2];
    let places = lever(1, &[Effect::Adds { node: Node::Limit(0), places: 1 }]);
    Choices::new(Network::new(parts).expect("valid"), vec![places, opens(1, 1)], vec![]).expect("valid")
}

#[test]
fn a_wider_rule_and_more_places_help_only_together() {
    let choices = widen_beside_places();
    assert_eq!(ask(&choices, budget(1), Aim::MostNeed).weight_met, 0);
    let both = ask(&choices, budget(2), Aim::MostNeed);
    assert_eq!((both.weight_met, both.steps), (5, vec![1, 1]));
}

#[test]
fn a_closure_pays_for_an_opening() {
    // The old service has one place and costs 10, the new one three for 10.
    let sources: &[(u64, i64, &[u32])] = &[(1, 1, &[0, 1]), (2, 1, &[1])];
    let close = lever(-10, &[Effect::Closes(Node::Sink(0))]);
    let choices =
        Choices::new(network(sources, &[Some(1), Some(3)]), vec![close, opens(10, 1)], vec![]).expect("valid");
    let answer = ask(&choices, budget(0), Aim::MostNeed);
    assert_eq!((answer.units_met, answer.cost, answer.steps), (3, 0, vec![1, 1]));
    // Closed is closed, whatever is bought there.
    let mut levers = choices.levers().to_vec();
    levers.push(adds(1, 0, 0, 5));
    let choices = Choices::new(choices.network().clone(), levers, vec![]).expect("valid");
    assert_eq!(choices.network_after(&[1, 0, 1]).places(), &[Some(0), Some(0)]);
    assert_eq!(choices.network_after(&[0, 1, 1]).places(), &[Some(6), Some(3)]);
}

#[test]
fn rules_are_kept() {
    // Four services with a child each, of weights 8, 4, 2, 1.
    let sources: &[(u64, i64, &[u32])] = &[(1, 8, &[0]), (1, 4, &[1]), (1, 2, &[2]), (1, 1, &[3])];
    let met = |rules: Vec<Rule>, within: Within| {
        let levers = (0..4).map(|sink| opens(1, sink)).collect();
        let choices = Choices::new(network(sources, &[Some(1); 4]), levers, rules).expect("valid");
        let answer = ask(&choices, within, Aim::MostNeed);
        (answer.weight_met, answer.steps)
    };
    assert_eq!(met(vec![], budget(2)), (12, vec![1, 1, 0, 0]));
    assert_eq!(met(vec![Rule::Together(vec![0, 3])], budget(2)), (9, vec![1, 0, 0, 1]));
    assert_eq!(met(vec![Rule::OneOf(vec![0, 1])], budget(2)), (10, vec![1, 0, 1, 0]));
    assert_eq!(met(vec![Rule::AfterAll { lever: 0, others: vec![2, 3] }], budget(2)), (6, vec![0, 1, 1, 0]));
    assert_eq!(met(vec![Rule::AfterAny { lever: 0, others: vec![2, 3] }], budget(2)), (10, vec![1, 0, 1, 0]));
    let one = Within { at_most: Some(1), ..Within::default() };
    assert_eq!(met(vec![], one), (8, vec![1, 0, 0, 0]));
}

#[test]
fn each_fund_pays_for_its_own() {
    let sources: &[(u64, i64, &[u32])] = &[(1, 4, &[0]), (1, 3, &[1])];
    let levers = vec![Lever { fund: Some(0), ..opens(5, 0) }, Lever { fund: Some(1), ..opens(5, 1) }];
    let choices = Choices::new(network(sources, &[Some(1); 2]), levers, vec![]).expect("valid");
    let within = Within { funds: vec![Some(4), Some(5)], ..Within::default() };
    assert_eq!(ask(&choices, within, Aim::MostNeed).steps, vec![0, 1]);
}

#[test]
fn a_target_out_of_reach_says_what_is_missed_and_who_cannot_be_reached() {
    // Source 1 has no pair at all; a floor over both asks for two.
    let sources: &[(u64, i64, &[u32])] = &[(1, 1, &[0]), (1, 1, &[])];
    let choices = Choices::new(network(sources, &[Some(1)]), vec![opens(3, 0)], vec![]).expect("valid");
    let floor = |least| least_cost(vec![Floor { sources: vec![0, 1], least }]);
    let enough = ask(&choices, Within::default(), floor(1));
    assert_eq!((enough.objective, enough.status), (3, Status::Optimal));
    let answer = ask(&choices, Within::default(), floor(2));
    let Status::NotReachable(shortfall) = answer.status else { panic!("{:?}", answer.status) };
    assert_eq!((shortfall.least, shortfall.missed, shortfall.out_of_reach), (Some(1), vec![(0, 1)], vec![1]));
    assert_eq!((answer.steps, answer.missing, shortfall.proved), (vec![1], 1, true));
    // A floor above what the group holds.
    let answer = ask(&choices, Within::default(), floor(7));
    assert!(matches!(answer.status, Status::NotReachable(shortfall) if shortfall.least == Some(6)));
    // No choice keeps to a budget below nothing.
    let answer = ask(&choices, budget(-1), Aim::MostNeed);
    assert!(matches!(answer.status, Status::NotReachable(shortfall) if shortfall.least.is_none()));
}

/// Two children in the west, two in the east, 2 km from the next service, 10 km from the other one. A service in the
/// middle, 6 km from all, has room for all; it costs 300, each of the others 200.
fn west_middle_east() -> Choices {
    let sources: &[(u64, i64, &[u32])] = &[(2, 1, &[0, 1, 2]), (2, 1, &[0, 1, 2])];
    let mut parts = network(sources, &[Some(2), Some(4), Some(2)]).into_parts();
    let pair_cost = PairCosts::new([2000, 6000, 10_000, 10_000, 6000, 2000]);
    parts.stages.push(Stage { name: "travel", pair_cost, ..Stage::default() });
    let levers = vec![opens(200, 0), opens(300, 1), opens(200, 2)];
    Choices::new(Network::new(parts).expect("valid"), levers, vec![]).expect("valid")
}

#[test]
fn travel_counts_in_least_cost_and_never_in_the_budget() {
    let choices = west_middle_east();
    let all = || vec![Floor { sources: vec![0, 1], least: 4 }];
    let target = |within: Within, floors: Vec<Floor>, per_unit: i64| {
        let travel = Some(TravelCost { per_unit, scale: 1000 });
        let answer = ask(&choices, within, Aim::LeastCost { floors, travel });
        assert_eq!((answer.bound, &answer.status), (answer.objective, &Status::Optimal));
        (answer.steps, answer.cost, answer.objective, answer.units_met)
    };
    // The middle: 300 and 24 km. Both ends: 400 and 8 km. At 6 pence for a km that is 444 against 448, at 7 it is 468
    // against 456.
    assert_eq!(target(Within::default(), all(), 6), (vec![0, 1, 0], 300, 444_000, 4));
    assert_eq!(target(Within::default(), all(), 7), (vec![1, 0, 1], 400, 456_000, 4));
    // A budget of 300 does not pay for both ends, and pays for no travel.
    assert_eq!(target(budget(300), all(), 7), (vec![0, 1, 0], 300, 468_000, 4));
    // No one is sent anywhere beyond what the floors ask for: one child of the west, 200 and 2 km.
    let one = vec![Floor { sources: vec![0], least: 1 }];
    assert_eq!(target(Within::default(), one, 7), (vec![1, 0, 0], 200, 214_000, 1));
    // Floors that overlap: three children, one of the west, one of west or east. At 7 pence the ends travel 6 km: 442;
    // the middle 18: 426.
    let three = |sources: &[u32], least| Floor { sources: sources.to_vec(), least };
    let floors = vec![three(&[0, 1], 3), three(&[0], 1)];
    assert_eq!(target(Within::default(), floors, 7), (vec![0, 1, 0], 300, 426_000, 3));
}

#[test]
fn travel_that_cannot_be_counted_is_refused() {
    let choices = west_middle_east();
    let target = |choices: &Choices, per_unit: i64, scale: i64| {
        let travel = Some(TravelCost { per_unit, scale });
        let aim = Aim::LeastCost { floors: vec![Floor { sources: vec![0], least: 1 }], travel };
        solve(choices, &Question { within: Within::default(), aim, gap: 0.0 }, &Effort::unlimited())
    };
    for (per_unit, scale) in [(-1, 1), (1, 0), (i64::MAX, 1), (1, i64::MAX)] {
        let refused = target(&choices, per_unit, scale);
        assert_eq!(refused, Err(ChooseError::TravelCost { per_unit, scale }));
    }
    let no_travel = Choices::new(network(&[(1, 1, &[0])], &[Some(1)]), vec![], vec![]).expect("valid");
    assert_eq!(target(&no_travel, 1, 1), Err(ChooseError::NoTravel));
}

#[test]
fn a_stop_gives_a_bound_that_is_one() {
    let sources: Vec<(u64, i64, &[u32])> =
        vec![(2, 7, &[0, 1]), (1, 5, &[1, 2]), (3, 3, &[0, 2, 3]), (2, 2, &[3, 4]), (2, 2, &[0, 4])];
    let levers = (0..5).map(|sink| opens(3 + i64::from(sink), sink)).collect();
    let choices = Choices::new(network(&sources, &[Some(2); 5]), levers, vec![]).expect("valid");
    let question = Question { within: budget(9), aim: Aim::MostNeed, gap: 0.0 };
    let best = solve(&choices, &question, &Effort::unlimited()).expect("an answer");
    let mut stopped = 0;
    for ticks in 0..400 {
        let answer = solve(&choices, &question, &Effort::unlimited().at_most(ticks)).expect("an answer");
        assert!(answer.bound <= best.objective && best.objective <= answer.objective, "{ticks}: {answer:?}");
        stopped += u32::from(answer.status == Status::Stopped(StopReason::TickLimit));
    }
    assert!(50 < stopped, "{stopped}");
}

/// Nothing sent is a flow of whatever network there is.
#[test]
fn nothing_to_choose_is_an_answer_too() {
    let choices = Choices::new(network(&[(2, 3, &[0])], &[Some(1)]), vec![], vec![]).expect("valid");
    let answer = ask(&choices, Within::default(), Aim::MostNeed);
    assert_eq!((answer.objective, answer.bound, answer.steps.len()), (3, 3, 0));
    assert_ne!(answer.flow, Flow::nothing());
}
