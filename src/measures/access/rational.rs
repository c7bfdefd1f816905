//! Rational agents: everyone goes where the journey and the crowd together cost least, which moves the crowd.
//!
//! Saxon and Snow (2020), "A Rational Agent Model for the Spatial Accessibility of Primary Health Care", Annals of the
//! American Association of Geographers 110. The cost of supply point j to someone at i is
//! (d_j / s_j) / rho + t_ij / tau: the crowd d_j that comes there for its supply s_j, measured against the mean rho, and
//! the journey t_ij, measured against tau. Nobody gains by going elsewhere once the costs of all the places that a demand
//! point uses are equal and least (Wardrop 1952): the answer is that state, approached step by step.

use super::Geography;
use crate::solve::{Effort, StopReason};

/// The knobs of the method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agents {
    /// The journey that is as bad as a supply point at the mean of demand over supply; above zero, in the unit of the costs.
    pub tau: f64,
    /// Demand over supply that counts as a crowd of 1, above zero; `None`: all demand over all supply.
    pub rho: Option<f64>,
    /// The most rounds in which everyone reconsiders.
    pub cycles: u32,
    /// The largest share of a demand point that moves in the first round, above 0, to 1; it falls from round to round.
    pub step: f64,
    /// After so many rounds the step is half as large; above zero.
    pub half_life: f64,
    /// What the step never falls below, 0 to 1.
    pub least_step: f64,
}

impl Default for Agents {
    /// Those of the authors' program (PySAL `access`): tau 60 (minutes), 150 rounds, a fifth halved every 50 rounds, not
    /// below 0.005.
    fn default() -> Agents {
        Agents { tau: 60.0, rho: None, cycles: 150, step: 0.2, half_life: 50.0, least_step: 0.005 }
    }
}

/// Where the agents came to.
#[derive(Clone, Debug, PartialEq)]
pub struct RationalAccess {
    /// At each demand point, the mean cost of those who live there: 0 upwards, without unit, and less is better access.
    /// `None` where nobody lives or nothing with supply is listed.
    pub cost: Vec<Option<f64>>,
    /// How far it is from the state in which nobody gains by moving: what all could still gain, each alone, as a share of
    /// all cost. 0 to 1; below 0.001 the costs are good to about three digits.
    pub gap: f64,
    /// Rounds that were taken.
    pub cycles: u32,
}

/// Settles the agents. Each round every demand point in turn moves children from the costliest supply point that it uses to
/// the cheapest: as many as make the two cost the same, but no more than the step. In turn, not all at once, because then
/// each sees where those before it went, and nobody mobs the place that was empty.
///
/// Children are not kept whole. It ends early once nobody can gain. `None` where no agent has anywhere to go, or a knob is
/// out of its range. O(pairs) a round.
pub fn rational_agents(
    geography: &Geography,
    agents: &Agents,
    effort: &Effort,
) -> Result<Option<RationalAccess>, StopReason> {
    let Agents { tau, cycles, step, half_life, least_step, .. } = *agents;
    let shares = 0.0 < step && step <= 1.0 && (0.0..=1.0).contains(&least_step);
    if !(is_positive(tau) && is_positive(half_life) && shares) {
        return Ok(None);
    }
    let rho =
        agents.rho.unwrap_or_else(|| geography.demand().iter().sum::<f64>() / geography.supply().iter().sum::<f64>());
    if !is_positive(rho) {
        return Ok(None);
    }
    let mut crowd = Crowd::at_the_nearest(geography, tau, rho, effort)?;
    let mut taken = 0;
    while taken < cycles {
        let share = (step * 0.5_f64.powf(f64::from(taken) / half_life)).max(least_step);
        taken += 1;
        if !crowd.reconsider(share, effort)? {
            break;
        }
    }
    crowd.settle(taken, effort)
}

fn is_positive(number: f64) -> bool {
    number.is_finite() && 0.0 < number
}

/// Costs nearer than this are the same: what is left is rounding.
const NO_GAIN: f64 = 1e-12;

/// Who goes where.
struct Crowd<'a> {
    demand: &'a [f64],
    /// Where each demand point's choices begin, and where the last ends.
    starts: Vec<usize>,
    choices: Vec<Choice>,
    /// Supply times rho, above zero for every point that is a choice.
    room: Vec<f64>,
    /// Children who come to each supply point.
    coming: Vec<f64>,
}

#[derive(Clone, Copy)]
struct Choice {
    supply: u32,
    /// Over tau.
    journey: f64,
    /// Children of the demand point who go there.
    children: f64,
}

impl<'a> Crowd<'a> {
    fn at_the_nearest(geography: &'a Geography, tau: f64, rho: f64, effort: &Effort) -> Result<Crowd<'a>, StopReason> {
        let demand = geography.demand();
        let supplies = || (0_u32..).zip(geography.supply()).filter(|&(_, &places)| 0.0 < places);
        // Turned from "by supply point" to "by demand point": count, place, fill.
        let mut starts = vec![0; demand.len() + 1];
        for (supply, _) in supplies() {
            let pairs = geography.of(supply as usize);
            effort.tick(pairs.len() as u64)?;
            pairs.iter().for_each(|pair| starts[pair.demand as usize + 1] += 1);
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let nobody = Choice { supply: 0, journey: 0.0, children: 0.0 };
        let mut choices = vec![nobody; starts[demand.len()]];
        for (supply, _) in supplies() {
            let pairs = geography.of(supply as usize);
            effort.tick(pairs.len() as u64)?;
            for pair in pairs {
                let slot = &mut next[pair.demand as usize];
                choices[*slot] = Choice { supply, journey: pair.cost / tau, children: 0.0 };
                *slot += 1;
            }
        }
        let room: Vec<f64> = geography.supply().iter().map(|places| places * rho).collect();
        let coming = vec![0.0; room.len()];
        let mut crowd = Crowd { demand, starts, choices, room, coming };
        for (point, &children) in demand.iter().enumerate() {
            let choices = &mut crowd.choices[crowd.starts[point]..crowd.starts[point + 1]];
            effort.tick(choices.len() as u64)?;
            // The first of several that are equally near.
            let nearest = choices.iter_mut().min_by(|one, other| one.journey.total_cmp(&other.journey));
            if let Some(nearest) = nearest {
                nearest.children = children;
                crowd.coming[nearest.supply as usize] += children;
            }
        }
        Ok(crowd)
    }

    /// One round; says whether anybody moved.
    fn reconsider(&mut self, share: f64, effort: &Effort) -> Result<bool, StopReason> {
        let mut moved = false;
        for (point, &children) in self.demand.iter().enumerate() {
            let choices = &mut self.choices[self.starts[point]..self.starts[point + 1]];
            effort.tick(1 + choices.len() as u64)?;
            let (coming, room) = (&self.coming, &self.room);
            let cost = |choice: &Choice| coming[choice.supply as usize] / room[choice.supply as usize] + choice.journey;
            let mut cheapest: Option<(usize, f64)> = None;
            let mut costliest: Option<(usize, f64)> = None;
            for (at, choice) in choices.iter().enumerate() {
                let cost = cost(choice);
                if cheapest.is_none_or(|(_, least)| cost < least) {
                    cheapest = Some((at, cost));
                }
                if 0.0 < choice.children && costliest.is_none_or(|(_, most)| most < cost) {
                    costliest = Some((at, cost));
                }
            }
            let (Some((to, least)), Some((from, most))) = (cheapest, costliest) else { continue };
            if most - least <= NO_GAIN * most {
                continue;
            }
            let [to_supply, from_supply] = [to, from].map(|at| choices[at].supply as usize);
            // One child more costs 1 / room more at the one, one fewer 1 / room less at the other.
            let until_equal = (most - least) / (1.0 / self.room[to_supply] + 1.0 / self.room[from_supply]);
            let children = until_equal.min(share * children).min(choices[from].children);
            choices[from].children -= children;
            choices[to].children += children;
            self.coming[from_supply] -= children;
            self.coming[to_supply] += children;
            moved = true;
        }
        Ok(moved)
    }

    /// The mean cost at each demand point, and the gap, after so many rounds.
    fn settle(mut self, cycles: u32, effort: &Effort) -> Result<Option<RationalAccess>, StopReason> {
        // Summed afresh: what was added and taken away in turn has left its rounding.
        self.coming.fill(0.0);
        for choices in self.choices.chunks(1 << 12) {
            effort.tick(choices.len() as u64)?;
            choices.iter().for_each(|choice| self.coming[choice.supply as usize] += choice.children);
        }
        let (mut all, mut least_of_all) = (0.0, 0.0);
        let mut costs = Vec::with_capacity(self.demand.len());
        for (point, &children) in self.demand.iter().enumerate() {
            let choices = &self.choices[self.starts[point]..self.starts[point + 1]];
            effort.tick(1 + choices.len() as u64)?;
            let cost = |choice: &Choice| {
                self.coming[choice.supply as usize] / self.room[choice.supply as usize] + choice.journey
            };
            let least = choices.iter().map(cost).min_by(f64::total_cmp).filter(|_| 0.0 < children);
            costs.push(least.map(|least| {
                let total: f64 = choices.iter().map(|choice| choice.children * cost(choice)).sum();
                all += total;
                least_of_all += children * least;
                total / children
            }));
        }
        // Nobody went anywhere, or the knobs are so far off that a cost outgrew a float.
        if costs.iter().all(Option::is_none) || !all.is_finite() {
            return Ok(None);
        }
        let gap = if 0.0 < all { ((all - least_of_all) / all).max(0.0) } else { 0.0 };
        Ok(Some(RationalAccess { cost: costs, gap, cycles }))
    }
}
