//! Masters solved by another: they agree with the tree, and lose nothing where they fail or stop.

use super::{ask, budget, by, least_cost, network, opens};
use crate::solve::choose::aims::MostNeed;
use crate::solve::choose::branch::{Memory, Search, Solver, Tree};
use crate::solve::choose::model::Model;
use crate::solve::choose::{Aim, Choices, Floor, Planner, ProvedBy, Question, Route, Status, Within};
use crate::solve::effort::{Effort, StopReason, Watch};
use crate::solve::program::{BackendError, ProgramOutcome};

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
