//! Small choices of every sort, against trying every choice and against the outside solver.

use proptest::prelude::{Just, Strategy, any};
use proptest::{collection::vec, option, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::one_piece::{choices_weight, cost_in_one_piece, farthest_in_one_piece, in_one_piece, travel_in_one_piece};
use super::{ask, budget, by, least_cost};
use crate::solve::check;
use crate::solve::choose::aims::{inner, need_cut};
use crate::solve::choose::model::Model;
use crate::solve::choose::{
    Aim, Answer, Choices, Effect, Floor, Lever, Node, Planner, Question, Route, Rule, Status, TravelCost, Within,
    solve, stretch,
};
use crate::solve::effort::Effort;
use crate::solve::network::{Limit, Network, NetworkParts, PairCosts, Source, Stage};
use crate::solve::samples::least_values;

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
