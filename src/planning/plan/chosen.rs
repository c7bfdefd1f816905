//! What each chosen candidate closes. A candidate that closes nothing and costs something is taken out of the plan.

use super::{Chosen, NoPlan, Today};
use crate::planning::cases::Case;
use crate::planning::gains::{Gains, gains};
use crate::planning::question::{PlanAim, Question};
use crate::planning::serve::{Served, Server, Weighing, each};
use crate::solve::choose::{Answer, Effect, Node, Within};
use crate::solve::{Effort, Flow, StopReason};

/// What is found of the candidates.
pub(super) struct Found {
    /// The steps that are left when what closes nothing is taken out. Whoever keeps to the steps before need not take them.
    pub steps: Vec<u32>,
    /// Whom these serve.
    pub served: Served,
    pub chosen: Vec<Chosen>,
}

/// Whom the plan serves, and its candidates. Three solves of the need stage for each chosen candidate at most.
pub(super) fn find(
    server: &Server<'_>,
    today: &Today,
    recorded: &Case,
    cases: &[Case],
    question: &Question,
    answer: &Answer,
    effort: &Effort,
) -> Result<Found, NoPlan> {
    let mut steps = answer.steps.clone();
    let mut served = server.serve(recorded, &steps, Weighing::ByWeight, effort)?;
    let mut without = each_left_out(server, recorded, &steps, effort)?;
    if question.aim == PlanAim::MostNeed && answer.allowed {
        let levers = levers(&steps).into_iter().zip(&without);
        let idle = levers.filter(|(_, without)| **without == served.met).map(|(lever, _)| lever).collect();
        let fewer = without_what_closes_nothing(server, cases, &question.within, &steps, idle, effort)?;
        if fewer != steps {
            steps = fewer;
            served = server.serve(recorded, &steps, Weighing::ByWeight, effort)?;
            without = each_left_out(server, recorded, &steps, effort)?;
        }
    }
    let alone = each(effort, levers(&steps), |lever| {
        Ok(server.serve(recorded, &only(&steps, lever), Weighing::ByWeight, effort)?.met)
    })?;
    let placed = placed(server, &steps, &served.flow);
    let gains = |before: &[u64], after: &[u64]| -> Result<Gains, StopReason> {
        gains(server.locality(), &server.market().needs, &today.set_of, before, after, effort)
    };
    let mut chosen = Vec::new();
    for ((lever, without), alone) in levers(&steps).into_iter().zip(&without).zip(&alone) {
        chosen.push(Chosen {
            candidate: lever,
            steps: steps[lever],
            cost: server.market().choices.levers()[lever].cost(steps[lever]),
            placed: placed[lever],
            closes: gains(without, &served.met)?,
            alone: gains(&today.served.met, alone)?,
        });
    }
    Ok(Found { steps, served, chosen })
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

fn each_left_out(server: &Server<'_>, case: &Case, steps: &[u32], effort: &Effort) -> Result<Vec<Vec<u64>>, NoPlan> {
    effort.report("what each candidate closes", 0, None);
    Ok(each(effort, levers(steps), |lever| {
        Ok(server.serve(case, &less(steps, lever), Weighing::ByWeight, effort)?.met)
    })?)
}

/// The steps without those of the idle levers that cost something and can go without a loss in any case that is planned
/// for, the dearest first.
fn without_what_closes_nothing(
    server: &Server<'_>,
    cases: &[Case],
    within: &Within,
    steps: &[u32],
    mut idle: Vec<usize>,
    effort: &Effort,
) -> Result<Vec<u32>, NoPlan> {
    let choices = &server.market().choices;
    let mut steps = steps.to_vec();
    let cost = |lever: usize, steps: &[u32]| choices.levers()[lever].cost(steps[lever]);
    idle.retain(|lever| 0 < cost(*lever, &steps));
    idle.sort_by_key(|lever| std::cmp::Reverse(cost(*lever, &steps)));
    if idle.is_empty() {
        return Ok(steps);
    }
    let everyone = |steps: &[u32]| -> Result<Vec<Vec<u64>>, NoPlan> {
        let met = |case: &Case| Ok(server.serve(case, steps, Weighing::ByWeight, effort)?.met);
        cases.iter().map(met).collect()
    };
    let all = everyone(&steps)?;
    for lever in idle {
        let fewer = less(&steps, lever);
        if choices.allows(&fewer, within) && everyone(&fewer)? == all {
            steps = fewer;
        }
    }
    Ok(steps)
}

/// Child-needs placed on what each candidate adds, by candidate. Of several that add places to one offer, those named
/// first are filled first, after the places that are there today.
fn placed(server: &Server<'_>, steps: &[u32], flow: &Flow) -> Vec<Option<u64>> {
    let choices = &server.market().choices;
    let network = choices.network();
    let used = network.taken(flow);
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
