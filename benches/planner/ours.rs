//! One run of the planner, timed.

use suffice::solve::Effort;
use suffice::solve::choose::{Aim, Choices, Planner, Question, Route, Status, Within};

use super::watch::Limit;
use super::{met_by, thousands};

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Ran {
    pub seconds: f64,
    /// What was asked is proved; else the limit came first.
    pub done: bool,
    /// Weight met by the chosen candidates; None where nothing was found.
    pub met: Option<i64>,
    /// No choice meets more; None where it is not said.
    pub bound: Option<i64>,
    /// Nodes of the tree, or masters.
    pub nodes: u64,
    /// Candidates chosen.
    pub taken: usize,
}

impl Ran {
    pub fn say_seconds(&self) -> String {
        let sign = if self.done { "" } else { "> " };
        let digits = if self.seconds < 10.0 { 3 } else { 1 };
        format!("{sign}{:.digits$}", self.seconds)
    }

    pub fn say_met(&self) -> String {
        self.met.map_or_else(|| "none".to_owned(), thousands)
    }
}

/// Most need within a budget, by a planner that knows nothing yet.
pub fn most_need(choices: &Choices, budget: i64, route: Route, gap: f64, limit: f64) -> Ran {
    let clock = Limit::of(limit);
    let effort = Effort::unlimited().watched(&clock);
    let within = Within { budget: Some(budget), ..Within::default() };
    let question = Question { within, aim: Aim::MostNeed, gap };
    let answer = Planner::by(choices, route).answer(&question, &effort).expect("most need has an answer");
    let seconds = clock.seconds();
    assert!(answer.cost <= budget, "the plan keeps to its budget");
    assert_eq!(answer.weight_met, met_by(choices, &answer.steps), "the plan meets what it says");
    Ran {
        seconds,
        done: matches!(answer.status, Status::Optimal | Status::WithinGap),
        met: Some(answer.weight_met),
        bound: Some(answer.weight_met + answer.objective - answer.bound),
        nodes: answer.work.nodes,
        taken: answer.steps.iter().filter(|steps| 0 < **steps).count(),
    }
}

/// Seconds for all budgets, and what is met at each that was finished.
pub fn frontier(choices: &Choices, budgets: &[i64], limit: f64) -> (f64, Vec<i64>) {
    let clock = Limit::of(limit);
    let effort = Effort::unlimited().watched(&clock);
    let answers =
        Planner::new(choices).frontier(&Within::default(), budgets, 0.0, &effort).expect("each budget has an answer");
    let finished = answers.iter().filter(|answer| answer.status == Status::Optimal);
    (clock.seconds(), finished.map(|answer| answer.weight_met).collect())
}
