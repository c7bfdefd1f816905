//! The cost-coverage frontier: the most need that can be met at each of several budgets.

use crate::solve::Effort;
use crate::solve::choose::{Aim, Answer, Choices, ChooseError, Planner, Question, Status, Within};

/// The most need that can be met with a budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub budget: i64,
    pub answer: Answer,
}

/// Budgets from `first` to `last` at even distances, both included, rising and each once.
fn budgets(first: i64, last: i64, points: u32) -> Vec<i64> {
    let apart = i128::from(last) - i128::from(first);
    let n = i128::from(points.max(1));
    let at = |point: i128| (i128::from(first) + if n == 1 { apart } else { apart * point / (n - 1) }) as i64;
    let mut budgets: Vec<i64> = (0..n).map(at).collect();
    budgets.dedup();
    budgets
}

/// Points from nothing up to `last`. A stop ends the list early; a point that was stopped has its bound.
pub(super) fn frontier(
    planner: &mut Planner<'_>,
    within: &Within,
    last: i64,
    points: u32,
    gap: f64,
    effort: &Effort,
) -> Result<Vec<Point>, ChooseError> {
    let budgets = budgets(last.min(0), last, points);
    let answers = planner.frontier(within, &budgets, gap, effort)?;
    Ok(budgets.into_iter().zip(answers).map(|(budget, answer)| Point { budget, answer }).collect())
}

/// The same choice without what is of no use to its flow: steps whose places nobody takes, and rules and sites that nobody
/// comes by. What a thing costs decides which goes first, the dearest; what costs nothing, or saves, stays. The flow is
/// one of the network after these steps too, so that no need is lost. O(pairs + levers x effects).
pub(super) fn without_the_idle(choices: &Choices, within: &Within, answer: &mut Answer) {
    let network = choices.network();
    let used = network.taken(&answer.flow);
    let mut limit_used = vec![0u64; network.limits().len()];
    for (sink, limit) in network.sink_limits().iter().enumerate() {
        let mut at = *limit;
        while let Some(limit) = at {
            limit_used[limit as usize] += used[sink];
            at = network.limits()[limit as usize].parent;
        }
    }
    let holds = |steps: &[u32]| {
        let (sinks, limits) = choices.capacities_after(steps);
        sinks.iter().zip(&used).all(|(places, used)| places.is_none_or(|places| *used <= places))
            && limits.iter().zip(&limit_used).all(|(places, used)| used <= places)
            && choices.allows(steps, within)
    };
    let cost = |lever: usize, steps: u32| choices.levers()[lever].cost(steps);
    let mut order: Vec<usize> = (0..answer.steps.len()).filter(|lever| 0 < answer.steps[*lever]).collect();
    order.sort_by_key(|lever| std::cmp::Reverse(cost(*lever, answer.steps[*lever])));
    for lever in order {
        let now = answer.steps[lever];
        // Fewer steps hold less, so the least that holds is found by halving; dropping it whole may hold for other reasons.
        let mut try_steps = |steps: u32| {
            let before = std::mem::replace(&mut answer.steps[lever], steps);
            let fits = cost(lever, steps) < cost(lever, before) && holds(&answer.steps);
            if !fits {
                answer.steps[lever] = before;
            }
            fits
        };
        if try_steps(0) {
            continue;
        }
        let (mut fails, mut fits) = (0, now);
        while fails + 1 < fits {
            let middle = fails + (fits - fails) / 2;
            if try_steps(middle) {
                fits = middle;
            } else {
                fails = middle;
            }
        }
    }
    answer.cost = choices.cost(&answer.steps);
}

/// What it costs to meet as much need as can be met at all, which is where a frontier ends.
pub(super) fn saturation(
    planner: &mut Planner<'_>,
    choices: &Choices,
    within: &Within,
    gap: f64,
    effort: &Effort,
) -> Result<Option<i64>, ChooseError> {
    let within = Within { budget: None, ..within.clone() };
    let question = Question { within: within.clone(), aim: Aim::MostNeed, gap };
    let mut answer = planner.answer(&question, effort)?;
    if matches!(answer.status, Status::Stopped(_)) {
        return Ok(None);
    }
    without_the_idle(choices, &within, &mut answer);
    let cheapest = Question { within, aim: Aim::Cheapest { unmet: answer.objective }, gap };
    let cheapest = planner.answer(&cheapest, effort)?;
    Ok(Some(if cheapest.status == Status::Optimal { answer.cost.min(cheapest.cost) } else { answer.cost }))
}

#[cfg(test)]
mod tests {
    use super::budgets;

    #[test]
    fn budgets_are_evenly_apart_and_end_where_they_should() {
        assert_eq!(budgets(0, 100, 5), [0, 25, 50, 75, 100]);
        assert_eq!(budgets(-10, 0, 3), [-10, -5, 0]);
        assert_eq!(budgets(0, 2, 5), [0, 1, 2], "there is no half penny");
        assert_eq!(budgets(0, 7, 1), [7]);
        assert_eq!(budgets(i64::MIN, i64::MAX, 2), [i64::MIN, i64::MAX]);
    }
}
