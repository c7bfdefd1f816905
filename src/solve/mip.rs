//! The one place that names good_lp: hands a [`Program`] to microlp (pure Rust, the default) or, with the feature
//! `highs`, to HiGHS, and turns whatever comes back into a value.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use good_lp::constraint::{eq, geq, leq};
use good_lp::solvers::WithTimeLimit;
use good_lp::{
    Expression, ProblemVariables, ResolutionError, Solution, SolutionStatus, SolverModel, Variable as Column,
    WithMipGap, variable,
};

use super::effort::{Effort, StopReason};
use super::program::{BackendError, Kind, Program, ProgramOutcome, Relation};

/// The backend's name, as answers give it.
pub fn backend() -> &'static str {
    if cfg!(feature = "highs") { "good_lp/highs" } else { "good_lp/microlp" }
}

/// Solves a program, on one thread.
///
/// The backend is told the time that is left, and cannot be interrupted otherwise. It is foreign code, known to panic
/// and to give up on hard cases: both come back as errors. (The panic hook still prints.)
pub fn solve(program: &Program, effort: &Effort) -> Result<ProgramOutcome, BackendError> {
    solve_within(program, 0.0, effort)
}

/// As [`solve`], but the backend may call optimal what costs no more than this share of its cost above the optimum.
pub fn solve_within(program: &Program, gap: f32, effort: &Effort) -> Result<ProgramOutcome, BackendError> {
    let terms: usize = program.rows.iter().map(|row| row.terms.len()).sum();
    if let Err(reason) = effort.tick(terms as u64).and_then(|()| effort.look()) {
        return Ok(ProgramOutcome::Stopped { values: None, reason });
    }
    // HiGHS calls a program without variables a fault. Nothing is to be chosen, and each row says 0 against its number.
    if program.variables.is_empty() {
        let holds = program.rows.iter().all(|row| match row.relation {
            Relation::AtMost => 0.0 <= row.right,
            Relation::Exactly => row.right == 0.0,
            Relation::AtLeast => row.right <= 0.0,
        });
        return Ok(if holds { ProgramOutcome::Optimal(Vec::new()) } else { ProgramOutcome::Infeasible });
    }
    let seconds = effort.remaining().map(|left| left.as_secs_f64());
    // HiGHS' presolve has called feasible programs infeasible (the random tests found one), so that word is believed
    // only when it comes without presolve too. microlp has none to switch off.
    let attempt = || match hand_over(program, gap, seconds, Presolve::On) {
        Err(ResolutionError::Infeasible) if cfg!(feature = "highs") => hand_over(program, gap, seconds, Presolve::Off),
        answer => answer,
    };
    match catch_unwind(AssertUnwindSafe(attempt)) {
        Ok(Ok(Answer { values, status: SolutionStatus::TimeLimit })) => {
            Ok(ProgramOutcome::Stopped { values: Some(values), reason: StopReason::Deadline })
        }
        // A gap that is left is the one allowed, or within the backend's tolerance.
        Ok(Ok(Answer { values, status: SolutionStatus::Optimal | SolutionStatus::GapLimit })) => {
            Ok(ProgramOutcome::Optimal(values))
        }
        Ok(Err(ResolutionError::Infeasible)) => Ok(ProgramOutcome::Infeasible),
        Ok(Err(ResolutionError::Unbounded)) => Ok(ProgramOutcome::Unbounded),
        Ok(Err(error)) if seconds.is_some() && came_too_late(&error) => {
            Ok(ProgramOutcome::Stopped { values: None, reason: StopReason::Deadline })
        }
        Ok(Err(error)) => Err(BackendError::Failed { backend: backend(), message: error.to_string() }),
        Err(panic) => Err(BackendError::Panicked { backend: backend(), message: words(panic.as_ref()) }),
    }
}

struct Answer {
    values: Vec<f64>,
    status: SolutionStatus,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Presolve {
    On,
    Off,
}

fn hand_over(program: &Program, gap: f32, seconds: Option<f64>, presolve: Presolve) -> Result<Answer, ResolutionError> {
    let mut variables = ProblemVariables::new();
    let columns: Vec<Column> = (program.variables.iter())
        .map(|own| {
            let column = variable().min(own.least).max(own.most);
            variables.add(if own.kind == Kind::Whole { column.integer() } else { column })
        })
        .collect();
    let mut cost = Expression::with_capacity(columns.len());
    for (column, own) in columns.iter().zip(&program.variables).filter(|(_, own)| own.cost != 0.0) {
        cost.add_mul(own.cost, column);
    }
    // HiGHS would stop one part in ten thousand short of the optimum if it were not told.
    let model = start(variables.minimise(cost), presolve)?.with_mip_gap(gap.max(0.0));
    let mut model = model.map_err(|error| ResolutionError::Str(error.to_string()))?;
    for row in &program.rows {
        let mut sum = Expression::with_capacity(row.terms.len());
        for (position, factor) in &row.terms {
            sum.add_mul(*factor, columns[*position]);
        }
        model.add_constraint(match row.relation {
            Relation::AtMost => leq(sum, row.right),
            Relation::Exactly => eq(sum, row.right),
            Relation::AtLeast => geq(sum, row.right),
        });
    }
    if let Some(seconds) = seconds {
        model = model.with_time_limit(seconds);
    }
    let solution = model.solve()?;
    Ok(Answer { values: columns.iter().map(|column| solution.value(*column)).collect(), status: solution.status() })
}

#[cfg(not(feature = "highs"))]
fn start(
    problem: good_lp::variable::UnsolvedProblem,
    _: Presolve,
) -> Result<impl SolverModel<Error = ResolutionError> + WithTimeLimit + WithMipGap, ResolutionError> {
    Ok(problem.using(good_lp::solvers::microlp::microlp))
}

#[cfg(feature = "highs")]
fn start(
    problem: good_lp::variable::UnsolvedProblem,
    presolve: Presolve,
) -> Result<impl SolverModel<Error = ResolutionError> + WithTimeLimit + WithMipGap, ResolutionError> {
    let presolve = match presolve {
        Presolve::On => good_lp::solvers::highs::HighsPresolveType::On,
        Presolve::Off => good_lp::solvers::highs::HighsPresolveType::Off,
    };
    Ok(problem.using(good_lp::solvers::highs::highs).set_threads(1).set_presolve(presolve))
}

/// Whether this is how good_lp says that the time limit came before anything feasible was found: its two backends
/// have words for it, but no value.
fn came_too_late(error: &ResolutionError) -> bool {
    matches!(error, ResolutionError::Other("Time limit reached before finding a feasible solution" | "NoSolutionFound"))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests;
