//! What can be reached from where: spatial access to supply that others reach too.
//!
//! Reach is "within and on": a pair whose cost is exactly the reach is in it, as in Luo and Wang (2003). Costs are minutes
//! or kilometres, whichever the caller has, and the reach is in the same unit. Access is in units of supply per unit of
//! demand: places per child.

mod floating;
mod rational;

pub use floating::{Access, three_step, two_step};
pub use rational::{Agents, RationalAccess, rational_agents};

/// Demand points, supply points, and what it costs to go from one to the other, for the pairs in question only: a pair that
/// is not listed is out of reach.
#[derive(Clone, Debug, Default)]
pub struct Geography {
    /// Children at each demand point.
    demand: Vec<f64>,
    /// Places at each supply point.
    supply: Vec<f64>,
    /// Where each supply point's pairs begin, and where the last ends.
    starts: Vec<usize>,
    pairs: Vec<Pair>,
    /// The number after that of the last supply point that listed each demand point, to find one listed twice.
    listed_by: Vec<u32>,
}

/// A demand point, by its number, and what it costs to go from there to the supply point that lists it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    pub demand: u32,
    /// 0 or more, in the unit of the reach.
    pub cost: f64,
}

/// Why a geography was not taken.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum BadGeography {
    #[error("demand {amount} at point {point} is neither 0 nor from {} to {}", LEAST, Geography::MOST)]
    Demand { point: usize, amount: f64 },
    #[error("supply {amount} is neither 0 nor from {} to {}", LEAST, Geography::MOST)]
    Supply { amount: f64 },
    #[error("there is no demand point {point}")]
    NoSuchPoint { point: u32 },
    #[error("the cost {cost} from demand point {point} is not a number of 0 or more")]
    Cost { point: u32, cost: f64 },
    #[error("demand point {point} is listed twice")]
    Twice { point: u32 },
    #[error("there are more points than {}", u32::MAX)]
    TooMany,
}

impl Geography {
    /// The most demand or supply of one point: beyond it floats skip whole numbers.
    pub const MOST: f64 = 9_007_199_254_740_992.0;

    /// These demand points, and no supply yet. Demand is known, fractions of children included: leave out what is not
    /// known.
    pub fn new(demand: Vec<f64>) -> Result<Geography, BadGeography> {
        if u32::try_from(demand.len()).is_err() {
            return Err(BadGeography::TooMany);
        }
        if let Some(point) = demand.iter().position(|&amount| !is_amount(amount)) {
            return Err(BadGeography::Demand { point, amount: demand[point] });
        }
        let listed_by = vec![0; demand.len()];
        Ok(Geography { demand, supply: Vec::new(), starts: vec![0], pairs: Vec::new(), listed_by })
    }

    /// Adds a supply point with the demand points that can go there, in any order. What is refused is not added.
    pub fn add(&mut self, supply: f64, pairs: impl IntoIterator<Item = Pair>) -> Result<(), BadGeography> {
        if !is_amount(supply) {
            return Err(BadGeography::Supply { amount: supply });
        }
        let start = self.pairs.len();
        let listed = self.list(pairs);
        if listed.is_err() {
            for pair in self.pairs.drain(start..) {
                // No number of a supply point, so that the same pairs can be offered again in part.
                self.listed_by[pair.demand as usize] = 0;
            }
            return listed;
        }
        self.supply.push(supply);
        self.starts.push(self.pairs.len());
        Ok(())
    }

    /// Children at each demand point.
    pub fn demand(&self) -> &[f64] {
        &self.demand
    }

    /// Places at each supply point.
    pub fn supply(&self) -> &[f64] {
        &self.supply
    }

    /// Those who can go to a supply point; nobody to one that does not exist.
    pub fn of(&self, supply: usize) -> &[Pair] {
        match (self.starts.get(supply), self.starts.get(supply + 1)) {
            (Some(&start), Some(&end)) => &self.pairs[start..end],
            _ => &[],
        }
    }

    fn list(&mut self, pairs: impl IntoIterator<Item = Pair>) -> Result<(), BadGeography> {
        let own = u32::try_from(self.supply.len() + 1).map_err(|_| BadGeography::TooMany)?;
        for pair in pairs {
            let Pair { demand: point, cost } = pair;
            let listed_by = self.listed_by.get_mut(point as usize).ok_or(BadGeography::NoSuchPoint { point })?;
            if !(cost.is_finite() && 0.0 <= cost) {
                return Err(BadGeography::Cost { point, cost });
            }
            if *listed_by == own {
                return Err(BadGeography::Twice { point });
            }
            *listed_by = own;
            self.pairs.push(pair);
        }
        Ok(())
    }
}

/// The least that an amount or a weight may be, unless it is 0: with less, a ratio could outgrow a float.
const LEAST: f64 = 1e-9;

fn is_amount(amount: f64) -> bool {
    amount == 0.0 || (LEAST..=Geography::MOST).contains(&amount)
}

/// How much a pair counts by its cost: a weight for each step of cost, and none beyond the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps(Vec<Step>);

/// Costs up to and with `to` that are beyond the step before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// 0 or more, in the unit of the costs.
    pub to: f64,
    /// 1 counts in full, 0 not at all; else from 10^-9 to 10^9.
    pub weight: f64,
}

/// Why steps were not taken.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum BadSteps {
    #[error("there is no step")]
    None,
    #[error("step {step} ends at no finite cost, or not beyond the one before")]
    End { step: usize },
    #[error("the weight {weight} of step {step} is neither 0 nor from {} to {}", LEAST, 1.0 / LEAST)]
    Weight { step: usize, weight: f64 },
}

impl Steps {
    /// The weights of Luo and Qi (2009), for costs in minutes: an example, from a study of primary care in Illinois.
    pub const LUO_AND_QI: [Step; 3] =
        [Step { to: 10.0, weight: 1.0 }, Step { to: 20.0, weight: 0.68 }, Step { to: 30.0, weight: 0.22 }];

    /// Steps in rising order of cost.
    pub fn new(steps: impl Into<Vec<Step>>) -> Result<Steps, BadSteps> {
        let steps = steps.into();
        let mut before = None;
        for (step, &Step { to, weight }) in steps.iter().enumerate() {
            if !to.is_finite() || to < 0.0 || before.is_some_and(|before| to <= before) {
                return Err(BadSteps::End { step });
            }
            if weight != 0.0 && !(LEAST..=1.0 / LEAST).contains(&weight) {
                return Err(BadSteps::Weight { step, weight });
            }
            before = Some(to);
        }
        if steps.is_empty() { Err(BadSteps::None) } else { Ok(Steps(steps)) }
    }

    /// Everything within `reach` (and on it) counts in full, nothing beyond.
    pub fn within(reach: f64) -> Result<Steps, BadSteps> {
        Steps::new([Step { to: reach, weight: 1.0 }])
    }

    /// How much a cost counts. O(log of the steps).
    pub fn weight(&self, cost: f64) -> f64 {
        let step = self.0.partition_point(|step| step.to < cost);
        self.0.get(step).map_or(0.0, |step| step.weight)
    }
}

#[cfg(test)]
mod tests;
