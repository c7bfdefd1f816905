//! What each chosen candidate closes. A candidate that closes nothing and costs something is taken out of the plan.

use super::{Chosen, NoPlan, Today};
use crate::planning::cases::Case;
use crate::planning::gains::{Gains, gains};
use crate::planning::market::NoMarket;
use crate::planning::question::{PlanAim, Question};
use crate::planning::serve::{Served, Server, Weighing};
use crate::solve::choose::{Answer, Choices, Effect, Node};
use crate::solve::{Effort, Flow, StopReason};

/// Whom the plan serves, and its candidates. Three solves of the need stage for each chosen candidate at most.
#[expect(clippy::too_many_arguments, reason = "one step of `plan`, with all that is known by then")]
pub(super) fn find(
    server: &Server<'_>,
    today: &Today,
    recorded: &Case,
    cases: &[Case],
    question: &Question,
    choices: &Choices,
    answer: &mut Answer,
    effort: &Effort,
) -> Result<(Served, Vec<Chosen>), NoPlan> {
    let mut served = server.serve(recorded, &answer.steps, Weighing::ByWeight, effort)?;
    let mut without = each_left_out(server, recorded, &answer.steps, effort)?;
    if question.aim == PlanAim::MostNeed && answer.allowed {
        let idle = drop_what_closes_nothing(server, cases, question, choices, &served, &without, answer, effort)?;
        if idle {
            served = server.serve(recorded, &answer.steps, Weighing::ByWeight, effort)?;
            without = each_left_out(server, recorded, &answer.steps, effort)?;
        }
    }
    let alone = each(server, recorded, &levers(&answer.steps), effort, |lever| only(&answer.steps, lever))?;
    let placed = placed(server, &answer.steps, &served.flow);
    let gains = |before: &[u64], after: &[u64]| -> Result<Gains, StopReason> {
        gains(server.locality(), &server.market().needs, &today.set_of, before, after, effort)
    };
    let mut chosen = Vec::new();
    for ((lever, without), alone) in levers(&answer.steps).into_iter().zip(&without).zip(&alone) {
        let steps = answer.steps[lever];
        chosen.push(Chosen {
            candidate: lever,
            steps,
            cost: choices.levers()[lever].cost(steps),
            placed: placed[lever],
            closes: gains(without, &served.met)?,
            alone: gains(&today.served.met, alone)?,
        });
    }
    Ok((served, chosen))
}

fn levers(steps: &[u32]) -> Vec<usize> {
    (0..steps.len()).filter(|lever| 0 < steps[*lever]).collect()
}

fn less(steps: &[u32], lever: usize) -> Vec<u32> {
    let mut steps = steps.to_vec();
    steps[lever] = 0;
    steps
}

fn only(steps: &[u32], lever: usize) -> Vec<u32> {
    let mut alone = vec![0; steps.len()];
    alone[lever] = steps[lever];
    alone
}

/// Who is served, by source, for each lever of a list.
fn each(
    server: &Server<'_>,
    case: &Case,
    levers: &[usize],
    effort: &Effort,
    steps: impl Fn(usize) -> Vec<u32> + Sync + Send,
) -> Result<Vec<Vec<u64>>, NoPlan> {
    let met = effort.each(levers.to_vec(), |lever| -> Result<Result<Vec<u64>, NoMarket>, StopReason> {
        match server.serve(case, &steps(lever), Weighing::ByWeight, effort) {
            Ok(served) => Ok(Ok(served.met)),
            Err(NoMarket::Stopped(reason)) => Err(reason),
            Err(other) => Ok(Err(other)),
        }
    })?;
    Ok(met.into_iter().collect::<Result<_, _>>()?)
}

fn each_left_out(server: &Server<'_>, case: &Case, steps: &[u32], effort: &Effort) -> Result<Vec<Vec<u64>>, NoPlan> {
    effort.report("what each candidate closes", 0, None);
    each(server, case, &levers(steps), effort, |lever| less(steps, lever))
}

/// Takes out what can go without a loss in any case that is planned for, the dearest first. Says whether any did.
#[expect(clippy::too_many_arguments, reason = "as `find`")]
fn drop_what_closes_nothing(
    server: &Server<'_>,
    cases: &[Case],
    question: &Question,
    choices: &Choices,
    served: &Served,
    without: &[Vec<u64>],
    answer: &mut Answer,
    effort: &Effort,
) -> Result<bool, NoPlan> {
    let cost = |lever: usize| choices.levers()[lever].cost(answer.steps[lever]);
    let closes_nothing =
        |(lever, without): (usize, &Vec<u64>)| (0 < cost(lever) && without == &served.met).then_some(lever);
    let mut idle: Vec<usize> = levers(&answer.steps).into_iter().zip(without).filter_map(closes_nothing).collect();
    idle.sort_by_key(|lever| std::cmp::Reverse(cost(*lever)));
    let everyone = |steps: &[u32]| -> Result<Vec<Vec<u64>>, NoPlan> {
        let met = |case: &Case| Ok(server.serve(case, steps, Weighing::ByWeight, effort)?.met);
        cases.iter().map(met).collect()
    };
    let mut dropped = false;
    if idle.is_empty() {
        return Ok(dropped);
    }
    let all = everyone(&answer.steps)?;
    for lever in idle {
        let steps = less(&answer.steps, lever);
        if choices.allows(&steps, &question.within) && everyone(&steps)? == all {
            answer.steps = steps;
            dropped = true;
        }
    }
    answer.cost = choices.cost(&answer.steps);
    Ok(dropped)
}

/// Child-needs placed on what each candidate adds, by candidate. Of several that add places to one offer, those named
/// first are filled first, after the places that are there today.
fn placed(server: &Server<'_>, steps: &[u32], flow: &Flow) -> Vec<Option<u64>> {
    let choices = &server.market().choices;
    let network = choices.network();
    let mut used = vec![0u64; network.n_sinks()];
    for &(pair, units) in flow.carried() {
        used[network.sinks()[pair as usize] as usize] += units;
    }
    let mut behind = vec![0u64; network.limits().len()];
    for (used, limit) in used.iter().zip(network.sink_limits()) {
        if let Some(limit) = limit {
            behind[*limit as usize] += used;
        }
    }
    let (today, limits_today) = choices.capacities_after(&vec![0; steps.len()]);
    let mut sink_left: Vec<u64> =
        used.iter().zip(&today).map(|(used, places)| used.saturating_sub(places.unwrap_or(*used))).collect();
    let mut limit_left: Vec<u64> =
        behind.iter().zip(&limits_today).map(|(used, places)| used.saturating_sub(*places)).collect();
    let mut placed = Vec::with_capacity(steps.len());
    for (lever, steps) in choices.levers().iter().zip(steps) {
        let mut adds = None;
        for effect in &lever.effects {
            let here = match *effect {
                Effect::Adds { node, places } => {
                    let left = match node {
                        Node::Sink(sink) => &mut sink_left[sink as usize],
                        Node::Limit(limit) => &mut limit_left[limit as usize],
                    };
                    let here = places.saturating_mul((*steps).into()).min(*left);
                    *left -= here;
                    here
                }
                Effect::Opens(Node::Sink(sink)) => used[sink as usize],
                Effect::Opens(Node::Limit(limit)) => behind[limit as usize],
                Effect::Closes(_) => continue,
            };
            *adds.get_or_insert(0) += here;
        }
        placed.push(adds);
    }
    placed
}
