//! By hand where hands can; against every choice of levers, matched exactly, where not.

use proptest::prelude::{Just, Strategy, any};
use proptest::{collection::vec, option, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::aims::{MostNeed, inner, need_cut};
use super::branch::{Memory, Search, Solver, Tree};
use super::model::Model;
use super::{
    Aim, Answer, Choices, ChooseError, Effect, Floor, Lever, Node, Planner, ProvedBy, Question, Route, Rule, Status,
    TravelCost, Within, solve, stretch,
};
use crate::solve::check;
use crate::solve::effort::{Effort, StopReason, Watch};
use crate::solve::mip;
use crate::solve::network::{Limit, Network, NetworkParts, PairCosts, Source, Stage};
use crate::solve::outcome::Flow;
use crate::solve::program::{BackendError, Kind, Program, ProgramOutcome, Relation};
use crate::solve::samples::least_values;

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

/// Twenty services of about as many places as children near them, at costs and weights that leave the root open.
fn of_some_size(seed: u64) -> Choices {
    let mut state = seed;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    const SINKS: u32 = 20;
    let near: Vec<(u64, i64, Vec<u32>)> = (0..120)
        .map(|_| {
            let (units, weight) = (1 + draw(3), 1 + draw(50) as i64);
            (units, weight, (0..SINKS).filter(|_| draw(8) == 0).collect())
        })
        .collect();
    let sources: Vec<(u64, i64, &[u32])> =
        near.iter().map(|(units, weight, sinks)| (*units, *weight, &sinks[..])).collect();
    let places: Vec<Option<u64>> = (0..SINKS).map(|_| Some(4 + draw(12))).collect();
    let levers = (0..SINKS).map(|sink| opens(20 + draw(60) as i64, sink)).collect();
    Choices::new(network(&sources, &places), levers, vec![]).expect("valid")
}

#[test]
fn both_routes_agree_on_choices_of_some_size_and_say_whose_word_it_is() {
    let mut by_backend = 0;
    for seed in 0..12 {
        let choices = of_some_size(seed);
        let answer = ask(&choices, budget(400), Aim::MostNeed);
        assert_eq!((&answer.status, answer.proof), (&Status::Optimal, ProvedBy::Multipliers));
        let all = (0..120).collect();
        ask(&choices, Within::default(), least_cost(vec![Floor { sources: all, least: answer.units_met }]));
        for gap in [0.0, 0.001, 0.003, 0.01, 0.03, 0.1] {
            for route in [Route::Tree, Route::Master] {
                let near = by(&choices, route, &Question { within: budget(400), aim: Aim::MostNeed, gap });
                assert!(near.bound <= answer.objective && answer.objective <= near.objective, "{seed} {gap} {near:?}");
                assert!((near.objective - near.bound) as f64 <= gap * near.weight_met as f64, "{seed} {gap} {near:?}");
                by_backend += u32::from(near.proof == ProvedBy::Backend);
            }
        }
    }
    assert!(5 < by_backend, "masters decided {by_backend} times");
}

/// What a tree says whose masters are solved like this.
fn with_solver(choices: &Choices, solver: Solver) -> (i64, Option<i64>, ProvedBy, Option<StopReason>) {
    let model = Model::of(choices);
    let weights = &choices.network().stages()[0].unsent_cost;
    let total =
        choices.network().sources().iter().zip(weights).map(|(source, weight)| source.units as i64 * weight).sum();
    let mut aim = MostNeed { weights, total };
    let within = budget(400);
    let search = Search {
        route: Route::Master,
        within: &within,
        gap: 0.0,
        target: None,
        memory: Memory::default(),
        hints: Vec::new(),
    };
    let effort = Effort::unlimited();
    let mut tree = Tree::new(&model, search, &mut aim, &effort);
    tree.masters_by(solver);
    let (found, _) = tree.run().expect("no fault");
    (found.best.expect("an answer").objective, found.bound, found.proof, found.stopped)
}

#[test]
fn a_backend_that_fails_leaves_the_rest_to_the_tree_and_one_that_stops_loses_nothing() {
    let mut stops = 0;
    for seed in 0..12 {
        let choices = of_some_size(seed);
        let best = ask(&choices, budget(400), Aim::MostNeed).objective;
        let failing: [Solver; 3] = [
            |_, _, _| Err(BackendError::Failed { backend: "none", message: "by order".to_owned() }),
            |_, _, _| Ok(ProgramOutcome::Unbounded),
            // Everything at once keeps to no budget.
            |program, _, _| Ok(ProgramOutcome::Optimal(program.variables.iter().map(|own| own.most).collect())),
        ];
        for solver in failing {
            assert_eq!(with_solver(&choices, solver), (best, Some(best), ProvedBy::Multipliers, None), "{seed}");
        }
        let (found, bound, _, stopped) =
            with_solver(&choices, |_, _, _| Ok(ProgramOutcome::Stopped { values: None, reason: StopReason::Deadline }));
        assert!(best <= found && bound.is_some_and(|bound| bound <= best), "{seed} {found} {bound:?}");
        stops += u32::from(stopped == Some(StopReason::Deadline));
    }
    assert!(3 < stops, "{stops} masters");
}

/// A clock that has run out without saying so: the backend is told, and stops by itself.
struct NoTimeForMasters;

impl Watch for NoTimeForMasters {
    fn stop(&self) -> Option<StopReason> {
        None
    }

    fn remaining(&self) -> Option<std::time::Duration> {
        Some(std::time::Duration::ZERO)
    }
}

#[test]
fn a_master_without_time_is_a_stop_with_a_bound() {
    for seed in 0..4 {
        let choices = of_some_size(seed);
        let best = ask(&choices, budget(400), Aim::MostNeed).objective;
        let question = Question { within: budget(400), aim: Aim::MostNeed, gap: 0.0 };
        let effort = Effort::unlimited().watched(&NoTimeForMasters);
        let answer = Planner::by(&choices, Route::Master).answer(&question, &effort).expect("an answer");
        assert!(answer.bound <= best && best <= answer.objective, "{seed} {answer:?}");
    }
}

/// Small choices of every sort, with travel.
fn small() -> impl Strategy<Value = Choices> {
    (1..=5usize, 1..=4usize, 0..=2usize, 1..=4usize)
        .prop_flat_map(|(n, m, l, k)| {
            let node = move || {
                (any::<bool>(), any::<u8>()).prop_map(move |(sink, raw)| {
                    if sink || l == 0 { Node::Sink(raw as u32 % m as u32) } else { Node::Limit(raw as u32 % l as u32) }
                })
            };
            let effect = prop_oneof![
                3 => (node(), 0..=2u64).prop_map(|(node, places)| Effect::Adds { node, places }),
                3 => node().prop_map(Effect::Opens),
                1 => node().prop_map(Effect::Closes),
            ];
            let most = prop_oneof![5 => 1..=2u32, 1 => Just(9u32), 1 => Just(0u32)];
            let lever = (most, -2..=4i64, -1..=3i64, option::of(0..2u32), vec(effect, 1..=3)).prop_map(
                |(most, fixed_cost, cost_per_step, fund, effects)| Lever {
                    most,
                    fixed_cost,
                    cost_per_step,
                    fund,
                    effects,
                },
            );
            let set = || vec(any::<bool>(), k);
            let rule = (0..4u8, set(), 0..k as u32).prop_map(|(sort, set, lever)| {
                let named: Vec<u32> = (0..set.len() as u32).filter(|at| set[*at as usize]).collect();
                match sort {
                    0 => Rule::Together(named),
                    1 => Rule::OneOf(named),
                    2 => Rule::AfterAll { lever, others: named },
                    _ => Rule::AfterAny { lever, others: named },
                }
            });
            (
                vec((0..=2u64, 0..=5i64), n),
                vec(any::<bool>(), n * m),
                vec(0..=4i64, n * m),
                vec((option::weighted(0.8, 0..=3u64), any::<u8>()), m),
                vec((0..=3u64, any::<u8>()), l),
                vec(lever, k),
                vec(rule, 0..=2),
            )
        })
        .prop_map(|(sources, pairs, costs, sinks, limits, levers, rules)| {
            let (n, m) = (sources.len(), sinks.len());
            let choose = |raw: u8, count: usize| (raw as usize % (count + 1)).checked_sub(1).map(|at| at as u32);
            let mut parts = NetworkParts { starts: vec![0], ..NetworkParts::default() };
            for (source, (units, _)) in sources.iter().enumerate() {
                parts.sources.push(Source { units: *units, pool: None });
                parts.sinks.extend((0..m).filter(|sink| pairs[source * m + sink]).map(|sink| sink as u32));
                parts.starts.push(parts.sinks.len());
            }
            parts.places = sinks.iter().map(|(places, _)| *places).collect();
            parts.sink_limits = sinks.iter().map(|(_, raw)| choose(*raw, limits.len())).collect();
            for (position, (capacity, raw)) in limits.iter().enumerate() {
                parts.limits.push(Limit { capacity: *capacity, parent: choose(*raw, position) });
            }
            let pair_cost = PairCosts::new((0..n * m).filter(|at| pairs[*at]).map(|at| costs[at]));
            parts.stages = vec![
                Stage { name: "need", unsent_cost: sources.iter().map(|own| own.1).collect(), ..Stage::default() },
                Stage { name: "travel", pair_cost, ..Stage::default() },
            ];
            Choices::new(Network::new(parts).expect("valid"), levers, rules).expect("valid")
        })
}

fn within() -> impl Strategy<Value = Within> {
    (option::weighted(0.8, -1..=12i64), vec(option::weighted(0.3, 0..=5i64), 2), option::weighted(0.3, 0..=3u32))
        .prop_map(|(budget, funds, at_most)| Within { budget, funds, at_most })
}

fn floors() -> impl Strategy<Value = Vec<(Vec<bool>, u64)>> {
    vec((vec(any::<bool>(), 5), 0..=4u64), 0..=3)
}

/// Every choice of steps, allowed or not.
fn all_steps(choices: &Choices) -> Vec<Vec<u32>> {
    choices.levers().iter().fold(vec![Vec::new()], |all, lever| {
        all.iter()
            .flat_map(|steps| {
                (0..=lever.most).map(|own| steps.iter().copied().chain([own]).collect::<Vec<u32>>()).collect::<Vec<_>>()
            })
            .collect()
    })
}

/// The least objective by trying every choice; None if there is none.
fn least_by_trial(choices: &Choices, within: &Within, objective: impl Fn(&[u32]) -> Option<i64>) -> Option<i64> {
    let model = Model::of(choices);
    all_steps(choices).iter().filter(|steps| model.allowed(steps, within)).filter_map(|steps| objective(steps)).min()
}

fn unmet(choices: &Choices, steps: &[u32]) -> i64 {
    let mut parts = choices.network_after(steps).into_parts();
    parts.stages.truncate(1);
    let network = Network::new(parts).expect("valid");
    crate::solve::flow::solve(&network, &Effort::unlimited()).values()[0]
}

/// The same question in one piece: units on pairs, steps, and what the one allows of the other, for the outside solver.
fn in_one_piece(choices: &Choices, within: &Within) -> Option<i64> {
    let (program, _) = piece(choices, within)?;
    let network = choices.network();
    let weights = &network.stages()[0].unsent_cost;
    let total: f64 = network.sources().iter().zip(weights).map(|(s, w)| s.units as f64 * *w as f64).sum();
    least_of(&program).map(|cost| (total + cost).round() as i64)
}

/// Least cost with travel in one piece.
fn cost_in_one_piece(choices: &Choices, within: &Within, floors: &[Floor], travel: TravelCost) -> Option<i64> {
    let (mut program, pairs) = piece(choices, within)?;
    let model = Model::of(choices);
    let network = choices.network();
    for (variable, column) in program.variables.iter_mut().zip(&model.columns) {
        variable.cost = (travel.scale * column.cost) as f64;
    }
    for (pair, variable) in pairs.iter().enumerate() {
        program.variables[*variable].cost = (travel.per_unit * network.stages()[1].pair_cost.of(pair)) as f64;
        // Floors that overlap are no network, and parts of a child keep none.
        program.variables[*variable].kind = Kind::Whole;
    }
    for floor in floors {
        let sent = floor.sources.iter().flat_map(|source| network.pairs_of(*source as usize));
        let terms: Vec<(usize, f64)> = sent.map(|pair| (pairs[pair], 1.0)).collect();
        if terms.is_empty() && 0 < floor.least {
            return None;
        }
        program.row(terms, Relation::AtLeast, floor.least as f64);
    }
    least_of(&program).map(|cost| cost.round() as i64)
}

/// Least travel at the least unmet need, in one piece.
fn travel_in_one_piece(choices: &Choices, within: &Within, unmet: i64) -> Option<i64> {
    let (mut program, pairs) = piece(choices, within)?;
    let network = choices.network();
    let weights = &network.stages()[0].unsent_cost;
    let met = (0..network.n_sources())
        .flat_map(|source| network.pairs_of(source).map(move |pair| (source, pair)))
        .map(|(source, pair)| (pairs[pair], weights[source] as f64))
        .collect();
    for (pair, variable) in pairs.iter().enumerate() {
        program.variables[*variable].cost = network.stages()[1].pair_cost.of(pair) as f64;
    }
    program.row(met, Relation::AtLeast, (choices_weight(choices) - unmet) as f64);
    least_of(&program).map(|cost| cost.round() as i64)
}

/// The dearest pair that is needed for the least unmet need, in one piece for each cost that it could have.
fn farthest_in_one_piece(choices: &Choices, within: &Within, unmet: i64) -> Option<i64> {
    (0..=4).find(|most| {
        let Some((mut program, pairs)) = piece(choices, within) else { return false };
        for (pair, variable) in pairs.iter().enumerate() {
            if *most < choices.network().stages()[1].pair_cost.of(pair) {
                program.variables[*variable].most = 0.0;
            }
        }
        least_of(&program).map(|cost| choices_weight(choices) + cost.round() as i64) == Some(unmet)
    })
}

/// Weight of everything that asks.
fn choices_weight(choices: &Choices) -> i64 {
    let network = choices.network();
    let weights = &network.stages()[0].unsent_cost;
    network.sources().iter().zip(weights).map(|(source, weight)| source.units as i64 * weight).sum()
}

fn least_of(program: &Program) -> Option<f64> {
    match mip::solve(program, &Effort::unlimited()).expect("the backend answers") {
        ProgramOutcome::Optimal(values) => Some(program.cost(&values)),
        ProgramOutcome::Infeasible => None,
        other => panic!("{other:?}"),
    }
}

/// The program, with most need for its cost, and the variable of each pair; None where some row cannot be kept.
fn piece(choices: &Choices, within: &Within) -> Option<(Program, Vec<usize>)> {
    let model = Model::of(choices);
    let network = choices.network();
    let all: f64 = network.sources().iter().map(|source| source.units as f64).sum();
    let mut program = Program::default();
    for column in &model.columns {
        program.variable(0.0, f64::from(column.most), Kind::Whole);
    }
    for row in model.rows(within) {
        let terms = row.terms.iter().map(|(column, factor)| (*column as usize, *factor)).collect();
        program.row(terms, Relation::AtMost, row.right);
        if row.terms.is_empty() && row.right < 0.0 {
            return None;
        }
    }
    let weights = &network.stages()[0].unsent_cost;
    let mut pairs = Vec::new();
    let mut into: Vec<Vec<(usize, f64)>> = vec![Vec::new(); network.n_sinks() + network.limits().len()];
    for (source, weight) in weights.iter().enumerate() {
        let units = network.sources()[source].units as f64;
        let mut out = Vec::new();
        for pair in network.pairs_of(source) {
            let variable = program.variable(0.0, units, Kind::Real);
            program.variables[variable].cost = -*weight as f64;
            out.push((variable, 1.0));
            pairs.push(variable);
            let sink = network.sinks()[pair] as usize;
            into[sink].push((variable, 1.0));
            let mut at = network.sink_limits()[sink];
            while let Some(limit) = at {
                into[network.n_sinks() + limit as usize].push((variable, 1.0));
                at = network.limits()[limit as usize].parent;
            }
        }
        program.row(out, Relation::AtMost, units);
    }
    for (terms, shape) in into.into_iter().zip(model.sinks.iter().chain(&model.limits)) {
        if let Some(base) = shape.base {
            let mut terms = terms.clone();
            let mut factors = std::collections::BTreeMap::new();
            for (lever, places) in &shape.adds {
                for column in model.columns_of(*lever) {
                    *factors.entry(column).or_insert(0.0) -= *places as f64;
                }
            }
            terms.extend(factors);
            program.row(terms, Relation::AtMost, base as f64);
        }
        for gate in &shape.gates {
            let column = model.first_column[gate.lever as usize];
            let mut terms = terms.clone();
            terms.push((column, if gate.when_chosen { -all } else { all }));
            program.row(terms, Relation::AtMost, if gate.when_chosen { 0.0 } else { all });
        }
    }
    Some((program, pairs))
}

/// What the floors are missed by, over every flow if there are few enough, and then the travel.
fn shortfall(choices: &Choices, floors: &[Floor], steps: &[u32]) -> (i64, i64) {
    let mut parts = choices.network_after(steps).into_parts();
    let mut hopeless = 0;
    let mut side_steps = Vec::new();
    for floor in floors {
        let all: u64 = floor.sources.iter().map(|source| parts.sources[*source as usize].units).sum();
        let kept = floor.least.min(all);
        hopeless += floor.least - kept;
        let step = |units, cost| crate::solve::network::Step { units, cost };
        side_steps.push(vec![step(all - kept, 0), step(kept, 1)]);
        parts.side.push(crate::solve::network::SideGroup { sources: floor.sources.clone() });
    }
    let travel = parts.stages.swap_remove(1);
    parts.stages = vec![Stage { name: "floors", side_steps, ..Stage::default() }, travel];
    let values = least_values(&Network::new(parts).expect("valid"));
    (values[0] + hopeless as i64, values[1])
}

/// Whether an answer is what it says, recomputed.
fn sound(choices: &Choices, within: &Within, answer: &Answer) {
    assert!(Model::of(choices).allowed(&answer.steps, within));
    assert!(check::feasible(&choices.network_after(&answer.steps), &answer.flow).is_ok());
    assert_eq!(answer.cost, choices.cost(&answer.steps));
    assert!(answer.bound <= answer.objective);
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 400, ..Default::default() })]

    #[test]
    fn every_cut_holds_at_every_choice(
        choices in small(),
        raw in vec(0..=8u32, 40),
        made_up in vec(0..=5i64, 5),
        tolls in vec(-1..=4i64, 2),
    ) {
        let model = Model::of(&choices);
        let weights = choices.network().stages()[0].unsent_cost.clone();
        let all = all_steps(&choices);
        let effort = Effort::unlimited();
        let points: Vec<Vec<f64>> = all.iter().map(|steps| model.point_of(steps)).collect();
        let truth: Vec<f64> = all.iter().map(|steps| unmet(&choices, steps) as f64).collect();
        // Cuts at whole steps: exact there.
        for at in (0..all.len()).step_by(1 + all.len() / 12) {
            let inner = inner(&model, &weights, &all[at], &effort).expect("no limit");
            prop_assert_eq!(inner.unmet as f64, truth[at]);
            let cut = need_cut(&model, &inner.sources, &inner.limits, &points[at]);
            prop_assert_eq!(cut.value(&points[at]), truth[at], "exact at {:?}", all[at]);
            let stretched = stretch::prices(&model, &weights, &points[at], &effort).expect("no limit");
            let own = need_cut(&model, &stretched.sources, &stretched.limits, &points[at]);
            prop_assert_eq!(own.value(&points[at]), truth[at], "the stretched prices are optimal at {:?}", all[at]);
            for (point, truth) in points.iter().zip(&truth) {
                prop_assert!(cut.value(point) <= truth + 1e-9);
            }
        }
        // Between: prices of the stretched problem, and prices that mean nothing.
        let between: Vec<f64> =
            model.columns.iter().zip(raw.iter().cycle()).map(|(column, raw)| f64::from(column.most * raw) / 8.0).collect();
        let prices = stretch::prices(&model, &weights, &between, &effort).expect("no limit");
        let any: Vec<i64> = weights.iter().zip(made_up.iter().cycle()).map(|(weight, raw)| (*raw).min(*weight)).collect();
        let tolls: Vec<i64> = tolls.iter().cycle().take(choices.network().limits().len()).copied().collect();
        for cut in [
            need_cut(&model, &prices.sources, &prices.limits, &between),
            need_cut(&model, &any, &tolls, &between),
        ] {
            for (point, truth) in points.iter().zip(&truth) {
                prop_assert!(cut.value(point) <= truth + 1e-9, "{:?} {} {}", point, cut.value(point), truth);
            }
        }
    }

    #[test]
    fn most_need_is_what_trying_every_choice_finds(choices in small(), within in within()) {
        let best = least_by_trial(&choices, &within, |steps| Some(unmet(&choices, steps)));
        let answer = ask(&choices, within.clone(), Aim::MostNeed);
        match best {
            Some(best) => {
                sound(&choices, &within, &answer);
                prop_assert_eq!((answer.objective, answer.bound, answer.status), (best, best, Status::Optimal));
            }
            None => prop_assert!(matches!(answer.status, Status::NotReachable(_))),
        }
    }

    #[test]
    fn most_need_is_what_the_outside_solver_finds_in_one_piece(choices in small(), within in within()) {
        let answer = ask(&choices, within.clone(), Aim::MostNeed);
        let own = (answer.status == Status::Optimal).then_some(answer.objective);
        prop_assert_eq!(own, in_one_piece(&choices, &within));
    }

    #[test]
    fn least_cost_is_what_trying_every_choice_finds(choices in small(), within in within(), floors in floors()) {
        let n = choices.network().n_sources();
        let floors: Vec<Floor> = floors
            .into_iter()
            .map(|(members, least)| Floor { sources: (0..n as u32).filter(|at| members[*at as usize]).collect(), least })
            .collect();
        let short: std::collections::BTreeMap<Vec<u32>, i64> =
            all_steps(&choices).into_iter().map(|steps| (steps.clone(), shortfall(&choices, &floors, &steps).0)).collect();
        let best = least_by_trial(&choices, &within, |steps| (short[steps] == 0).then(|| choices.cost(steps)));
        let answer = ask(&choices, within.clone(), least_cost(floors.clone()));
        match best {
            Some(best) => {
                sound(&choices, &within, &answer);
                prop_assert_eq!((answer.objective, answer.bound, answer.status), (best, best, Status::Optimal));
                prop_assert_eq!((answer.missing, short[&answer.steps]), (0, 0));
            }
            None => {
                let Status::NotReachable(shortfall) = &answer.status else { panic!("{answer:?}") };
                let least = least_by_trial(&choices, &within, |steps| Some(short[steps]));
                prop_assert_eq!(shortfall.least.map(|least| least as i64), least);
                if let Some(least) = least {
                    sound(&choices, &within, &answer);
                    prop_assert_eq!(answer.missing as i64, least);
                }
            }
        }
    }

    #[test]
    fn least_cost_with_travel_is_what_trying_every_choice_finds(
        choices in small(),
        within in within(),
        floors in floors(),
        per_unit in 0..=3i64,
        scale in 1..=4i64,
    ) {
        let n = choices.network().n_sources();
        let floors: Vec<Floor> = floors
            .into_iter()
            .map(|(members, least)| Floor { sources: (0..n as u32).filter(|at| members[*at as usize]).collect(), least })
            .collect();
        let travel = TravelCost { per_unit, scale };
        let worth = |steps: &[u32]| match shortfall(&choices, &floors, steps) {
            (0, travel) => Some(scale * choices.cost(steps) + per_unit * travel),
            _ => None,
        };
        let best = least_by_trial(&choices, &within, worth);
        let answer = ask(&choices, within.clone(), Aim::LeastCost { floors: floors.clone(), travel: Some(travel) });
        match best {
            Some(best) => {
                sound(&choices, &within, &answer);
                prop_assert_eq!((answer.objective, answer.bound, &answer.status), (best, best, &Status::Optimal));
                let values = choices.network_after(&answer.steps).values(&answer.flow);
                prop_assert_eq!(answer.objective, scale * answer.cost + per_unit * values[1]);
                prop_assert_eq!(answer.missing, 0);
            }
            None => prop_assert!(matches!(answer.status, Status::NotReachable(_)), "{:?}", answer),
        }
    }

    #[test]
    fn least_cost_with_travel_is_what_the_outside_solver_finds_in_one_piece(
        choices in small(),
        within in within(),
        floors in floors(),
        per_unit in 0..=3i64,
    ) {
        let n = choices.network().n_sources();
        let floors: Vec<Floor> = floors
            .into_iter()
            .map(|(members, least)| Floor { sources: (0..n as u32).filter(|at| members[*at as usize]).collect(), least })
            .collect();
        let travel = TravelCost { per_unit, scale: 2 };
        let answer = ask(&choices, within.clone(), Aim::LeastCost { floors: floors.clone(), travel: Some(travel) });
        let own = (answer.status == Status::Optimal).then_some(answer.objective);
        prop_assert_eq!(own, cost_in_one_piece(&choices, &within, &floors, travel));
    }

    #[test]
    fn a_stop_of_least_cost_with_travel_gives_a_bound_that_is_one(
        choices in small(),
        floors in floors(),
        ticks in 0..3000u64,
    ) {
        let n = choices.network().n_sources();
        let floors: Vec<Floor> = floors
            .into_iter()
            .map(|(members, least)| Floor { sources: (0..n as u32).filter(|at| members[*at as usize]).collect(), least })
            .collect();
        let travel = Some(TravelCost { per_unit: 3, scale: 2 });
        let question = Question { within: budget(6), aim: Aim::LeastCost { floors, travel }, gap: 0.0 };
        let best = solve(&choices, &question, &Effort::unlimited()).expect("an answer");
        let answer = solve(&choices, &question, &Effort::unlimited().at_most(ticks)).expect("an answer");
        match best.status {
            Status::Optimal => {
                prop_assert!(answer.bound <= best.objective || 0 < answer.missing, "{:?} {:?}", answer, best);
                prop_assert!(0 < answer.missing || !answer.allowed || best.objective <= answer.objective);
            }
            _ => prop_assert!(!matches!(answer.status, Status::Optimal | Status::WithinGap), "{:?}", answer),
        }
    }

    #[test]
    fn travel_and_farthest_are_what_trying_every_choice_finds(choices in small(), within in within()) {
        let Some(best) = least_by_trial(&choices, &within, |steps| Some(unmet(&choices, steps))) else {
            return Ok(());
        };
        let travel = |steps: &[u32]| {
            let network = choices.network_after(steps);
            let values = crate::solve::flow::solve(&network, &Effort::unlimited()).values().to_vec();
            (values[0] == best).then_some(values[1])
        };
        let answer = ask(&choices, within.clone(), Aim::LeastTravel);
        sound(&choices, &within, &answer);
        let least = least_by_trial(&choices, &within, travel).expect("one leaves the least need");
        prop_assert_eq!((answer.objective, answer.bound, &answer.status), (least, least, &Status::Optimal));
        let answer = ask(&choices, within.clone(), Aim::LeastFarthest);
        sound(&choices, &within, &answer);
        let reach = |steps: &[u32]| {
            let network = choices.network_after(steps);
            let costs = network.stages()[1].pair_cost.clone();
            (0..=4).find(|most| {
                let mut parts = network.clone().into_parts();
                parts.stages.truncate(1);
                let kept: Vec<usize> = (0..parts.sinks.len()).filter(|pair| costs.of(*pair) <= *most).collect();
                parts.starts = parts.starts.iter().map(|start| kept.partition_point(|pair| pair < start)).collect();
                parts.sinks = kept.iter().map(|pair| parts.sinks[*pair]).collect();
                crate::solve::flow::solve(&Network::new(parts).expect("valid"), &Effort::unlimited()).values()[0] == best
            })
        };
        // A pair that costs nothing is no farther than none at all.
        let least = least_by_trial(&choices, &within, reach).expect("one leaves the least need");
        prop_assert_eq!((answer.objective, answer.bound, &answer.status), (least, least, &Status::Optimal));
    }

    #[test]
    fn a_gap_is_kept_and_its_bound_is_one(choices in small(), budgets in vec(0..=10i64, 1..=4), gap in 0.0..0.5f64) {
        let mut planner = Planner::new(&choices);
        let answers = planner.frontier(&Within::default(), &budgets, gap, &Effort::unlimited()).expect("answers");
        prop_assert_eq!(answers.len(), budgets.len());
        for (answer, own) in answers.iter().zip(&budgets) {
            let best = least_by_trial(&choices, &budget(*own), |steps| Some(unmet(&choices, steps)));
            let Some(best) = best else { continue };
            sound(&choices, &budget(*own), answer);
            prop_assert!(answer.bound <= best && best <= answer.objective, "{:?} against {}", answer, best);
            prop_assert!((answer.objective - answer.bound) as f64 <= gap * answer.weight_met as f64, "{:?}", answer);
        }
    }

    #[test]
    fn the_cheapest_of_the_best_is_what_trying_every_choice_finds(choices in small(), within in within()) {
        let Some(best) = least_by_trial(&choices, &within, |steps| Some(unmet(&choices, steps))) else {
            return Ok(());
        };
        let cheapest = least_by_trial(&choices, &within, |steps| {
            (unmet(&choices, steps) == best).then(|| choices.cost(steps))
        });
        // Of a planner that has just found the best, and of one that knows nothing.
        for first in [true, false] {
            let mut planner = Planner::new(&choices);
            if first {
                let question = Question { within: within.clone(), aim: Aim::MostNeed, gap: 0.0 };
                planner.answer(&question, &Effort::unlimited()).expect("an answer");
            }
            let question = Question { within: within.clone(), aim: Aim::Cheapest { unmet: best }, gap: 0.0 };
            let answer = planner.answer(&question, &Effort::unlimited()).expect("an answer");
            sound(&choices, &within, &answer);
            prop_assert_eq!(answer.weight_met, choices_weight(&choices) - best);
            prop_assert_eq!((Some(answer.objective), Some(answer.bound), answer.status), (cheapest, cheapest, Status::Optimal));
        }
    }

    #[test]
    fn travel_and_farthest_are_what_the_outside_solver_finds_in_one_piece(choices in small(), within in within()) {
        let Some(best) = in_one_piece(&choices, &within) else { return Ok(()) };
        let travel = ask(&choices, within.clone(), Aim::LeastTravel);
        prop_assert_eq!(Some(travel.objective), travel_in_one_piece(&choices, &within, best));
        let farthest = ask(&choices, within.clone(), Aim::LeastFarthest);
        prop_assert_eq!(Some(farthest.objective), farthest_in_one_piece(&choices, &within, best));
    }

    #[test]
    fn a_frontier_is_what_each_budget_alone_gives(choices in small(), budgets in vec(0..=10i64, 1..=4)) {
        let mut planner = Planner::new(&choices);
        let answers = planner.frontier(&Within::default(), &budgets, 0.0, &Effort::unlimited()).expect("answers");
        for (answer, own) in answers.iter().zip(&budgets) {
            prop_assert_eq!(answer.objective, ask(&choices, budget(*own), Aim::MostNeed).objective);
        }
    }

    #[test]
    fn within_a_gap_the_bound_is_one_too(choices in small(), within in within(), gap in 0.0..0.6f64) {
        let Some(best) = least_by_trial(&choices, &within, |steps| Some(unmet(&choices, steps))) else {
            return Ok(());
        };
        for route in [Route::Tree, Route::Master] {
            let question = Question { within: within.clone(), aim: Aim::MostNeed, gap };
            let answer = by(&choices, route, &question);
            prop_assert!(answer.bound <= best && best <= answer.objective, "{:?} {:?} {}", route, answer, best);
            let near = (answer.objective - answer.bound) as f64 <= gap * answer.weight_met as f64;
            prop_assert!(near, "{:?} {:?}", route, answer);
        }
    }

    #[test]
    fn a_stop_anywhere_gives_a_bound_that_is_one(
        choices in small(),
        within in within(),
        ticks in 0..2000u64,
        route in prop_oneof![Just(Route::Tree), Just(Route::Master)],
    ) {
        let question = Question { within: within.clone(), aim: Aim::MostNeed, gap: 0.0 };
        let Some(best) = least_by_trial(&choices, &within, |steps| Some(unmet(&choices, steps))) else {
            return Ok(());
        };
        let effort = Effort::unlimited().at_most(ticks);
        let answer = Planner::by(&choices, route).answer(&question, &effort).expect("an answer");
        prop_assert!(answer.bound <= best, "{:?}", answer);
        prop_assert!(!answer.allowed || best <= answer.objective);
    }
}

/// Nothing sent is a flow of whatever network there is.
#[test]
fn nothing_to_choose_is_an_answer_too() {
    let choices = Choices::new(network(&[(2, 3, &[0])], &[Some(1)]), vec![], vec![]).expect("valid");
    let answer = ask(&choices, Within::default(), Aim::MostNeed);
    assert_eq!((answer.objective, answer.bound, answer.steps.len()), (3, 3, 0));
    assert_ne!(answer.flow, Flow::nothing());
}
