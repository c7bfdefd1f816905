//! The backend on programs small enough to solve by hand, and its failures as values.

use std::time::Duration;

use super::{backend, solve};
use crate::solve::program::{BackendError, Kind, Program, ProgramOutcome, Relation, Row};
use crate::solve::{Effort, StopReason, Watch};

/// Knapsack: worth 5, 4 and 3 at weight 2, 3 and 1, at most 5 together.
fn knapsack(kind: Kind) -> Program {
    let mut program = Program::default();
    for worth in [5.0, 4.0, 3.0] {
        let item = program.variable(0.0, 1.0, kind);
        program.variables[item].cost = -worth;
    }
    program.row(vec![(0, 2.0), (1, 3.0), (2, 1.0)], Relation::AtMost, 5.0);
    program
}

fn optimum(program: &Program) -> Vec<f64> {
    match solve(program, &Effort::unlimited()) {
        Ok(ProgramOutcome::Optimal(values)) => values.iter().map(|value| (value * 1e6).round() / 1e6).collect(),
        other => panic!("expected an optimum, not {other:?}"),
    }
}

#[test]
fn whole_variables_change_the_answer() {
    assert_eq!(optimum(&knapsack(Kind::Whole)), [1.0, 1.0, 0.0]);
    assert_eq!(optimum(&knapsack(Kind::Real)), [1.0, 0.666667, 1.0]);
}

#[test]
fn all_three_relations_hold() {
    let mut program = Program::default();
    let (a, b) = (program.variable(0.0, f64::INFINITY, Kind::Real), program.variable(0.0, 9.0, Kind::Real));
    program.variables[a].cost = 2.0;
    program.variables[b].cost = 1.0;
    program.row(vec![(a, 1.0), (b, 1.0)], Relation::AtLeast, 7.0);
    program.row(vec![(a, 1.0), (b, -1.0)], Relation::Exactly, 1.0);
    assert_eq!(optimum(&program), [4.0, 3.0]);
}

#[test]
fn contradictions_and_endless_gains_are_answers() {
    let mut program = knapsack(Kind::Whole);
    program.row(vec![(0, 1.0), (1, 1.0)], Relation::AtLeast, 3.0);
    assert_eq!(solve(&program, &Effort::unlimited()), Ok(ProgramOutcome::Infeasible));
    let mut program = Program::default();
    let endless = program.variable(0.0, f64::INFINITY, Kind::Real);
    program.variables[endless].cost = -1.0;
    program.row(vec![(endless, -1.0)], Relation::AtMost, 0.0);
    assert_eq!(solve(&program, &Effort::unlimited()), Ok(ProgramOutcome::Unbounded));
}

#[test]
fn a_program_without_variables_has_an_answer() {
    let mut program = Program::default();
    assert_eq!(optimum(&program), [0.0; 0]);
    program.rows.push(Row { terms: vec![], relation: Relation::AtLeast, right: 1.0 });
    assert_eq!(solve(&program, &Effort::unlimited()), Ok(ProgramOutcome::Infeasible));
}

#[test]
fn a_limit_that_came_before_the_start_is_said() {
    let stopped = |reason| Ok(ProgramOutcome::Stopped { values: None, reason });
    let program = knapsack(Kind::Whole);
    assert_eq!(solve(&program, &Effort::unlimited().at_most(0)), stopped(StopReason::TickLimit));

    struct Gone;
    impl Watch for Gone {
        fn stop(&self) -> Option<StopReason> {
            Some(StopReason::Cancelled)
        }
        fn remaining(&self) -> Option<Duration> {
            None
        }
    }
    assert_eq!(solve(&program, &Effort::unlimited().watched(&Gone)), stopped(StopReason::Cancelled));
}

#[test]
fn no_time_left_is_a_stop_and_no_failure() {
    /// Says go on, with no time left: the backend is called and must stop by itself.
    struct Late;
    impl Watch for Late {
        fn stop(&self) -> Option<StopReason> {
            None
        }
        fn remaining(&self) -> Option<Duration> {
            Some(Duration::ZERO)
        }
    }
    let outcome = solve(&knapsack(Kind::Whole), &Effort::unlimited().watched(&Late));
    assert!(
        matches!(
            outcome,
            Ok(ProgramOutcome::Stopped { reason: StopReason::Deadline, .. } | ProgramOutcome::Optimal(_))
        ),
        "{outcome:?}"
    );
}

#[test]
fn a_panic_in_the_backend_is_an_error() {
    // A term that names a variable which does not exist panics on the way to the backend.
    let mut program = knapsack(Kind::Real);
    program.row(vec![(7, 1.0)], Relation::AtMost, 1.0);
    match solve(&program, &Effort::unlimited()) {
        Err(BackendError::Panicked { backend: name, message }) => {
            assert_eq!(name, backend());
            assert!(message.contains("out of bounds"), "{message}");
        }
        other => panic!("expected an error, not {other:?}"),
    }
}
