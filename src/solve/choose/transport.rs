//! Least cost of the levers and of the travel to what they open, where floors are kept.
//!
//! After the steps y the floors cost T(y) of travel at least: the least sum of c_ij x_ij over flows that leave no more
//! than allowed_g unmet in each group g. For any multipliers m_g >= 0,
//!
//! ```text
//! T(y) >= min over flows of  sum c_ij x_ij + sum m_g (unmet_g - allowed_g)
//!      >= sum u_i p_i - sum m_g allowed_g - ceiling(y)      for any p_i <= w_i = sum of m_g over the groups of i,
//! ```
//!
//! by the steps of `ceiling`, with pairs worth p_i - c_ij. Where the groups nest, the network with a pool for each group
//! gives T(y), and its prices the multipliers that make it an equality at y. Where they overlap, the groups are parted
//! into layers that nest; each layer alone bounds T(y) from below, the outside solver gives T(y) itself in whole units,
//! and the tree closes what is between by branching. Where levers are partly chosen two prices are tried: those of the
//! nearest open sinks, with the last multipliers, and those of the network with its places in part.

use super::aims::{Cut, share, whole_flow};
use super::branch::{Aim as TreeAim, Counted, Halt, Whole};
use super::ceiling::Given;
use super::floors::{self, Floors, Layer, Objective};
use super::model::{Model, Row};
use super::{ChooseError, Floor, ProvedBy, TravelCost, travel};
use crate::solve::effort::{Effort, StopReason};
use crate::solve::flow as flows;
use crate::solve::network::{Network, PairCosts, Stage};
use crate::solve::outcome::{Flow, Outcome, Proof};

pub(super) struct Transport<'f> {
    floors: &'f [Floor],
    /// Keeps the floors; the travel comes on top.
    kept: Floors<'f>,
    layers: Vec<Layer>,
    /// What counted for each layer the last time: weights of the sources, and what is allowed of them.
    last: Vec<(Vec<i64>, f64)>,
    /// f: what a unit of shortfall counts in travel where both are priced.
    factor: i64,
    most: i64,
    counts: Counts,
    turn: usize,
}

/// How cost and travel count, in units of the objective that are as large as they can be: doubles hold few digits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub cost: i64,
    pub travel: i64,
    /// What a unit here is in the objective.
    pub unit: i64,
}

impl Counts {
    /// Refuses sums that a double does not hold.
    pub fn of(model: &Model, travel: TravelCost) -> Result<Counts, ChooseError> {
        let TravelCost { per_unit, scale } = travel;
        if scale < 1 || per_unit < 0 {
            return Err(ChooseError::TravelCost { per_unit, scale });
        }
        let levers = model.choices.levers().iter();
        let all: i128 = levers
            .map(|own| i128::from(own.fixed_cost.abs()) + i128::from(own.cost_per_step.abs()) * i128::from(own.most))
            .sum();
        let (most, _) = travel::most_travel(model.network());
        if i128::from(Network::MOST) < all * i128::from(scale) + most.saturating_mul(per_unit.into()) {
            return Err(ChooseError::TravelCost { per_unit, scale });
        }
        let costs = model.columns.iter().fold(0, |divisor, column| common(divisor, column.cost.abs()));
        let unit = common(common(0, scale.saturating_mul(costs)), per_unit).max(1);
        // What divides each cost times the scale need not divide the scale.
        let unit = if scale % unit == 0 { unit } else { common(scale, per_unit).max(1) };
        Ok(Counts { cost: scale / unit, travel: per_unit / unit, unit })
    }

    pub fn objective(self, cost: i64, travel: i64) -> i64 {
        // Within the greatest sum: see `of`.
        self.cost * cost + self.travel * travel
    }
}

/// Greatest common divisor of numbers that are not negative.
fn common(one: i64, other: i64) -> i64 {
    if other == 0 { one } else { common(other, one % other) }
}

impl<'f> Transport<'f> {
    pub fn of(model: &Model, floors: &'f [Floor], counts: Counts) -> Transport<'f> {
        let (most, dearest) = travel::most_travel(model.network());
        let layers = floors::layers(model, floors);
        // A chain of exchanges visits each sink and pool once at most.
        let units: i128 = model.network().sources().iter().map(|source| i128::from(source.units)).sum();
        let enough = i128::from(dearest) * (model.network().n_sinks() + floors.len() + 1) as i128 + 1;
        let factor = enough.min(i128::from(Network::MOST) / units.max(1)).max(0) as i64;
        Transport {
            floors,
            kept: Floors::of(model, floors, Objective::Cost),
            last: layers.iter().map(|_| (Vec::new(), 0.0)).collect(),
            layers,
            factor,
            most: most.min(i128::from(Network::MOST)) as i64,
            counts,
            turn: 0,
        }
    }

    pub fn known(&self, model: &Model) -> Vec<Row> {
        self.kept.known(model)
    }

    /// The least travel that one layer of floors costs in a part of the network, with its flow and its cut; None where
    /// they cannot be kept there.
    fn layer(
        &mut self,
        model: &Model,
        at: usize,
        part: (Network, Vec<u32>),
        point: &[f64],
        effort: &Effort,
    ) -> Result<Option<(i64, Flow, Cut)>, StopReason> {
        let layer = &self.layers[at];
        let (network, pairs) = part;
        let travel = travel_of(model, &pairs);
        let network = floors::pooled(model, network, self.floors, layer, vec![travel]);
        let (flow, values, prices) = match flows::solve(&network, effort) {
            Outcome::Optimal { flow, values, proof: Proof::Prices(prices) } => (flow, values, prices),
            Outcome::Optimal { .. } => return Err(StopReason::TickLimit),
            Outcome::Stopped { reason, .. } => return Err(reason),
        };
        if 0 < values[0] {
            return Ok(None);
        }
        let (first, second) = (&prices.stages[0], &prices.stages[1]);
        let both = |first: &[i64], second: &[i64]| -> Vec<i64> {
            let prices = first.iter().zip(second);
            prices.map(|(first, second)| first.saturating_mul(self.factor).saturating_add(*second)).collect()
        };
        let (own, weights) = floors::multipliers(&network, &both(&first.pools, &second.pools), i64::MAX);
        let allowed = layer.members.iter().zip(&own);
        let allowed = allowed.map(|(floor, own)| *own as f64 * floors::allowed(model, &self.floors[*floor])).sum();
        let mut sources = both(&first.sources, &second.sources);
        for (price, weight) in sources.iter_mut().zip(&weights) {
            *price = (*price).clamp(0, *weight);
        }
        let cut = self.cut(model, &sources, &both(&first.limits, &second.limits), allowed, point);
        self.last[at] = (weights, allowed);
        Ok(Some((values[1], whole_flow(&flow, &pairs), cut)))
    }

    fn cut(&self, model: &Model, sources: &[i64], limits: &[i64], allowed: f64, point: &[f64]) -> Cut {
        let pair_cost = &model.network().stages()[1].pair_cost;
        Cut::of(model, &Given { sources, limits, pair_cost }, point).less(allowed).times(self.counts.travel)
    }
}

/// The travel of a part of the network, by the pairs of the whole.
pub(super) fn travel_of(model: &Model, pairs: &[u32]) -> Stage {
    let costs = &model.network().stages()[1].pair_cost;
    let pair_cost = PairCosts::new(pairs.iter().map(|pair| costs.of(*pair as usize)));
    Stage { name: "travel", pair_cost, ..Stage::default() }
}

impl TreeAim for Transport<'_> {
    fn counted(&self) -> Counted {
        Counted { cost: self.counts.cost, last: Some(self.most as f64 * self.counts.travel as f64) }
    }

    fn whole(&mut self, model: &Model, steps: &[u32], effort: &Effort) -> Result<Whole, Halt> {
        let kept = self.kept.whole(model, steps, effort)?;
        let cost = model.choices.cost(steps);
        if 0 < kept.missing {
            return Ok(Whole { objective: self.counts.objective(cost, 0), ..kept });
        }
        let point = model.point_of(steps);
        let mut rows = kept.rows;
        let mut least = (0, Flow::nothing());
        for at in 0..self.layers.len() {
            if let Some((travel, flow, cut)) = self.layer(model, at, model.open_part(steps, &[]), &point, effort)? {
                rows.push(cut.bounding());
                least = (travel, flow);
            }
        }
        if 1 < self.layers.len() {
            let part = model.open_part(steps, &[]);
            let travel = travel_of(model, &part.1);
            let (flow, _) = floors::overlapping(model, self.floors, part, vec![travel], effort)?;
            least = (travel_value(model, &flow), flow);
        }
        let (travel, flow) = least;
        Ok(Whole { missing: 0, objective: self.counts.objective(cost, travel), rows, flow })
    }

    fn between(&mut self, model: &Model, point: &[f64], effort: &Effort) -> Result<Vec<Row>, Halt> {
        let levers = &point[..model.columns.len()];
        let mut rows = self.kept.between(model, levers, effort)?;
        if self.layers.is_empty() || self.counts.travel == 0 {
            return Ok(rows);
        }
        let at = self.turn % self.layers.len();
        self.turn += 1;
        if let Some((_, _, cut)) = self.layer(model, at, model.part_at(levers, &[]), levers, effort)? {
            rows.push(cut.bounding());
        }
        let (weights, allowed) = &self.last[at];
        if !weights.is_empty() {
            let sources = travel::nearest(model, |source| weights[source], levers);
            let no_tolls = vec![0; model.network().limits().len()];
            rows.push(self.cut(model, &sources, &no_tolls, *allowed, levers).bounding());
        }
        Ok(rows)
    }

    fn slack(&self, objective: i64, gap: f64) -> i64 {
        share(objective, gap)
    }

    fn proof(&self) -> ProvedBy {
        self.kept.proof()
    }
}

/// What the pairs of a flow cost, over the pairs of the whole network.
fn travel_value(model: &Model, flow: &Flow) -> i64 {
    let costs = &model.network().stages()[1].pair_cost;
    flow.carried().iter().map(|(pair, units)| costs.of(*pair as usize) * *units as i64).sum()
}
