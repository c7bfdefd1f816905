//! Cuts: what no choice of levers can beat, from prices of the units.
//!
//! Give each source i a price p_i, and let a pair (i, j) be worth r_ij = p_i - c_ij to whoever sends a unit over it (c
//! is zero for the need stage). Let each limit l take a toll t_l >= 0 of each unit that passes it, and write P_j for the
//! sum of the tolls behind sink j. For any flow x that fits the capacities after the steps y,
//!
//! ```text
//! sum r_ij x_ij  =  sum over limits t_l (units through l)  +  sum over sinks sum over i (r_ij - P_j) x_ij
//!               <=  sum over limits t_l cap_l(y)           +  sum over sinks top_j(cap_j(y)),
//! ```
//!
//! where top_j(K) is the greatest sum of the positive r_ij - P_j over K units among those that have a pair with j, each
//! source counted with no more than its units. That is the *ceiling*. Now the unmet weight of the flow is
//! sum w_i unsent_i = sum w_i (u_i - sent_i) = sum u_i w_i - sum w_i sent_i, and with 0 <= p_i <= w_i
//!
//! ```text
//! unmet(y) >= sum u_i p_i - ceiling(y),
//! ```
//!
//! since unsent units cost w_i >= p_i each, and sent ones at most pay p_i back. Nothing was asked of p but its range, and
//! nothing of t but its sign: so a cut holds for **every** choice of levers, wherever its prices come from. If they are
//! the optimal prices after some whole steps, linear programming duality makes it an equality there.
//!
//! top_j is concave in K and zero at 0, and K(y) = open(y) x (base + places added). `Ceiling` bounds it from above by
//! a linear function of the columns that is exact at the point it is made for, if that is whole: a node behind a gate
//! gets its whole sum as the factor of the gate, which is the strong form (each pair linked to its lever) that a price
//! of a place times the number of places would not give.

use super::model::{Model, Shape};
use crate::solve::network::PairCosts;

/// constant + terms, over the columns of a model.
#[derive(Clone, Debug)]
pub(super) struct Ceiling {
    pub constant: f64,
    /// One for each column.
    pub terms: Vec<f64>,
}

/// Prices that make a cut.
pub(super) struct Given<'a> {
    /// p_i: what a unit of each source is worth.
    pub sources: &'a [i64],
    /// The least worth of a unit at each limit: sums of tolls up to the ground. Any numbers will do.
    pub limits: &'a [i64],
    /// c_ij.
    pub pair_cost: &'a PairCosts,
}

impl Ceiling {
    /// A bound on what units can be worth, exact or close at `point`. O(pairs log pairs).
    pub fn at(model: &Model, given: &Given, point: &[f64]) -> Ceiling {
        let network = model.network();
        let mut ceiling = Ceiling { constant: 0.0, terms: vec![0.0; model.columns.len()] };
        let all = network.sources().iter().fold(0u64, |sum, source| sum.saturating_add(source.units));
        // Tolls are differences along the way to the ground, and are not negative.
        let mut path = vec![0i64; network.limits().len()];
        for (position, own) in network.limits().iter().enumerate() {
            let behind = own.parent.map_or(0, |parent| path[parent as usize]);
            path[position] = given.limits[position].max(behind);
            let toll = i128::from(path[position] - behind);
            if 0 < toll {
                // More than all units never pass.
                let worth = |capacity: Option<u64>| toll as f64 * capacity.unwrap_or(u64::MAX).min(all) as f64;
                ceiling.add(model, &model.limits[position], &worth, point);
            }
        }
        let mut worths: Vec<(i64, u64)> = Vec::new();
        let mut sums: Vec<(u64, f64)> = Vec::new();
        for (sink, shape) in model.sinks.iter().enumerate() {
            let toll = network.sink_limits()[sink].map_or(0, |limit| path[limit as usize]);
            worths.clear();
            for (pair, source) in &model.into[model.into_starts[sink]..model.into_starts[sink + 1]] {
                let worth = given.sources[*source as usize] - given.pair_cost.of(*pair as usize) - toll;
                let units = network.sources()[*source as usize].units;
                if 0 < worth && 0 < units {
                    worths.push((worth, units));
                }
            }
            if worths.is_empty() {
                continue;
            }
            let wanted = shape.adds.is_empty().then_some(shape.base.unwrap_or(u64::MAX));
            top_sums(&mut worths, wanted, &mut sums);
            let worth = |capacity: Option<u64>| top(&worths, &sums, capacity);
            ceiling.add(model, shape, &worth, point);
        }
        ceiling
    }

    pub fn value(&self, point: &[f64]) -> f64 {
        self.constant + self.terms.iter().zip(point).map(|(term, value)| term * value).sum::<f64>()
    }

    /// Adds a bound on `worth(capacity(y))` for a node; `worth` is concave, does not fall, and is zero at 0.
    fn add(&mut self, model: &Model, shape: &Shape, worth: &dyn Fn(Option<u64>) -> f64, point: &[f64]) {
        // The narrowest gate: the first of them, so that the same point makes the same cut.
        let gate = shape.gates.iter().copied().min_by(|one, other| {
            model.gate(*one, point).partial_cmp(&model.gate(*other, point)).unwrap_or(std::cmp::Ordering::Equal)
        });
        let most = |position: &u32| model.choices.levers()[*position as usize].most;
        let whole = (shape.base).map(|base| {
            shape.adds.iter().fold(base, |sum, (lever, s)| sum.saturating_add(s.saturating_mul(most(lever).into())))
        });
        if let Some(gate) = gate {
            let open = model.gate(gate, point);
            let apart = if shape.adds.is_empty() { 0.0 } else { self.added(model, shape, worth, point, false) };
            // Two bounds, each valid: the gate before everything that could be there, or before the base alone with
            // the added places counted as if it were open.
            if shape.adds.is_empty() || worth(whole) * open <= worth(shape.base) * open + apart {
                self.gated(model, gate, worth(whole));
            } else {
                self.gated(model, gate, worth(shape.base));
                let mut into = Ceiling { constant: 0.0, terms: vec![0.0; self.terms.len()] };
                into.added(model, shape, worth, point, true);
                self.join(&into);
            }
        } else {
            self.constant += worth(shape.base);
            if !shape.adds.is_empty() {
                self.added(model, shape, worth, point, true);
            }
        }
    }

    fn join(&mut self, other: &Ceiling) {
        self.constant += other.constant;
        for (own, term) in self.terms.iter_mut().zip(&other.terms) {
            *own += term;
        }
    }

    fn gated(&mut self, model: &Model, gate: super::model::Gate, worth: f64) {
        let column = model.first_column[gate.lever as usize];
        if gate.when_chosen {
            self.terms[column] += worth;
        } else {
            self.constant += worth;
            self.terms[column] -= worth;
        }
    }

    /// A bound on worth(base + added) - worth(base): its value at the point; written down if `keep`.
    fn added(
        &mut self,
        model: &Model,
        shape: &Shape,
        worth: &dyn Fn(Option<u64>) -> f64,
        point: &[f64],
        keep: bool,
    ) -> f64 {
        let base = shape.base.unwrap_or(0);
        let at = |added: u64| worth(Some(base.saturating_add(added)));
        let mut sum = 0.0;
        let mut term = |own: &mut Ceiling, column: usize, factor: f64| {
            sum += factor * point[column];
            if keep {
                own.terms[column] += factor;
            }
        };
        let mut constant = 0.0;
        if let [(lever, places)] = shape.adds.as_slice() {
            let after = |steps: u32| at(places.saturating_mul(steps.into()));
            for column in model.columns_of(*lever) {
                let own = model.columns[column];
                if own.most <= 1 {
                    // The worth of this one step. Concave, so that a step is never worth more than the one before.
                    term(self, column, after(own.before + own.most) - after(own.before));
                } else {
                    // The chord of a step of a concave function lies above it at every other whole step.
                    let full = own.before + own.most;
                    let here = (own.before + point[column].max(0.0) as u32).min(full - 1);
                    let slope = after(here + 1) - after(here);
                    let first = after(here) - slope * f64::from(here - own.before) - after(own.before);
                    term(self, column, slope);
                    term(self, model.first_column[*lever as usize], first);
                }
            }
        } else {
            let added: f64 = shape.adds.iter().map(|(lever, s)| model.steps_at(*lever, point) * *s as f64).sum();
            let here = (added + 1e-6).max(0.0) as u64;
            let slope = at(here.saturating_add(1)) - at(here);
            constant = at(here) - slope * here as f64 - at(0);
            for (lever, places) in &shape.adds {
                for column in model.columns_of(*lever) {
                    term(self, column, slope * *places as f64);
                }
            }
        }
        if keep {
            self.constant += constant;
        }
        sum + constant
    }
}

/// Puts the worths in falling order, as far as they are needed, and adds up units and worth.
fn top_sums(worths: &mut Vec<(i64, u64)>, wanted: Option<u64>, sums: &mut Vec<(u64, f64)>) {
    let units = worths.iter().fold(0u64, |sum, (_, units)| sum.saturating_add(*units));
    if let Some(wanted) = wanted.filter(|wanted| *wanted < units) {
        // No more than so many of the greatest can count: each has a unit at least.
        let wanted = wanted as usize;
        if wanted < worths.len() {
            worths.select_nth_unstable_by(wanted, |one, other| other.cmp(one));
            worths.truncate(wanted);
        }
        worths.sort_unstable_by(|one, other| other.cmp(one));
    } else if wanted.is_none() {
        worths.sort_unstable_by(|one, other| other.cmp(one));
    }
    sums.clear();
    let (mut units, mut worth) = (0u64, 0.0);
    for (each, own) in worths.iter() {
        sums.push((units, worth));
        units = units.saturating_add(*own);
        worth += *each as f64 * *own as f64;
    }
    sums.push((units, worth));
}

/// The greatest sum over so many units.
fn top(worths: &[(i64, u64)], sums: &[(u64, f64)], capacity: Option<u64>) -> f64 {
    let Some(capacity) = capacity else {
        return sums[sums.len() - 1].1;
    };
    let whole = sums.partition_point(|(units, _)| *units <= capacity) - 1;
    let (units, worth) = sums[whole];
    worths.get(whole).map_or(worth, |(each, own)| worth + *each as f64 * (capacity - units).min(*own) as f64)
}
