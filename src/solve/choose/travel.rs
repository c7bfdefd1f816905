//! Least travel and least farthest, among the choices with least unmet need.
//!
//! Let U be the least unmet weight that any choice leaves. A choice that leaves U travels T(y): the least sum of
//! c_ij x_ij over flows that leave U. For any factor f >= 0 of a unit of need,
//!
//! ```text
//! T(y) >= min over flows of  sum c_ij x_ij + f (sum w_i unsent_i - U)
//!      >= sum u_i p_i - f U - ceiling(y)              for any p_i <= f w_i, with pairs worth p_i - c_ij
//! ```
//!
//! by the same steps as in `ceiling`. Where nothing is full p_i is what the nearest open sink costs, and the factors are
//! (p_i - c_ij)+: the cuts of Fischetti, Ljubic and Sinnl (2017) for uncapacitated location, summed over the sources.
//! That the cut is exact at y needs f so large that need comes before travel; that it holds does not.
//!
//! Farthest: whether U can be kept with pairs no dearer than r is a question of most need on those pairs alone, and the
//! least such r is found by halving the list of costs.

use super::aims::{Cut, MostNeed, inner, need_cut, share, whole_flow};
use super::branch::{Aim as TreeAim, Best, Counted, Found, Halt, Search, Tree, Whole};
use super::ceiling::Given;
use super::model::{Model, Row};
use super::{Choices, ChooseError, ProvedBy, Route, Within, Work, stretch};
use crate::solve::effort::{Effort, StopReason};
use crate::solve::flow as flows;
use crate::solve::need::{self, NeedOutcome};
use crate::solve::network::{Network, PairCosts, Stage};
use crate::solve::outcome::{Flow, Outcome, Proof};

pub(super) struct Travel<'w> {
    weights: &'w [i64],
    unmet: i64,
    /// f: what a unit of weight counts in travel.
    factor: i64,
    most: f64,
}

impl<'w> Travel<'w> {
    pub fn of(model: &Model, weights: &'w [i64], unmet: i64) -> Travel<'w> {
        let network = model.network();
        let (most, dearest) = most_travel(network);
        let total: i128 = (network.sources().iter().zip(weights))
            .map(|(source, weight)| i128::from(source.units) * i128::from(*weight))
            .sum();
        // A chain of exchanges visits each sink once at most. Greater sums than a double holds are given up: the cuts
        // hold for any factor.
        let enough = i128::from(dearest) * (network.n_sinks() as i128 + 1) + 1;
        let factor = enough.min(i128::from(Network::MOST) / total.max(1)).max(0) as i64;
        Travel { weights, unmet, factor, most: most as f64 }
    }

    fn cut(&self, model: &Model, sources: &[i64], limits: &[i64], point: &[f64]) -> Cut {
        let pair_cost = &model.network().stages()[1].pair_cost;
        Cut::of(model, &Given { sources, limits, pair_cost }, point).less(self.factor as f64 * self.unmet as f64)
    }
}

/// What the nearest sinks cost at a point, as far as they are open: the price of each source if nothing were full. No
/// more than `most` of it.
pub(super) fn nearest(model: &Model, most: impl Fn(usize) -> i64, point: &[f64]) -> Vec<i64> {
    let network = model.network();
    let costs = &network.stages()[1].pair_cost;
    let open: Vec<f64> = model.sinks.iter().map(|shape| model.openness(shape, point)).collect();
    let mut near: Vec<(i64, u32)> = Vec::new();
    (0..network.n_sources())
        .map(|source| {
            near.clear();
            near.extend(network.pairs_of(source).map(|pair| (costs.of(pair), network.sinks()[pair])));
            near.sort_unstable();
            let mut share = 0.0;
            let full = near.iter().find(|(_, sink)| {
                share += open[*sink as usize];
                1.0 - 1e-9 <= share
            });
            full.map_or(most(source), |(cost, _)| (*cost).min(most(source)))
        })
        .collect()
}

/// The most that travel can come to, and the dearest pair.
pub(super) fn most_travel(network: &Network) -> (i128, i64) {
    let costs = &network.stages()[1].pair_cost;
    let mut most = 0i128;
    let mut dearest = 0i64;
    for source in 0..network.n_sources() {
        let own = network.pairs_of(source).map(|pair| costs.of(pair)).max().unwrap_or(0);
        most += i128::from(own) * i128::from(network.sources()[source].units);
        dearest = dearest.max(own);
    }
    (most, dearest)
}

impl TreeAim for Travel<'_> {
    fn counted(&self) -> Counted {
        Counted { cost: 0, last: Some(self.most) }
    }

    fn whole(&mut self, model: &Model, steps: &[u32], effort: &Effort) -> Result<Whole, Halt> {
        let need = inner(model, self.weights, steps, effort)?;
        let point = model.point_of(steps);
        let need_row = need_cut(model, &need.sources, &need.limits, &point).at_most(self.unmet as f64);
        if self.unmet < need.unmet {
            let missing = (need.unmet - self.unmet) as u64;
            return Ok(Whole { missing, objective: 0, rows: vec![need_row], flow: need.flow });
        }
        let (network, pairs) = with_travel(model, self.weights, steps, None);
        match flows::solve(&network, effort) {
            Outcome::Optimal { flow, values, proof: Proof::Prices(prices) } => {
                let flow = whole_flow(&flow, &pairs);
                let price = |need: i64, travel: i64| need.saturating_mul(self.factor).saturating_add(travel);
                let both = |need: &[i64], travel: &[i64]| -> Vec<i64> {
                    need.iter().zip(travel).map(|(need, travel)| price(*need, *travel)).collect()
                };
                let (first, second) = (&prices.stages[0], &prices.stages[1]);
                let mut sources = both(&first.sources, &second.sources);
                for (price, weight) in sources.iter_mut().zip(self.weights) {
                    *price = (*price).clamp(0, self.factor.saturating_mul(*weight));
                }
                let limits = both(&first.limits, &second.limits);
                let cut = self.cut(model, &sources, &limits, &point);
                Ok(Whole { missing: 0, objective: values[1], rows: vec![cut.bounding(), need_row], flow })
            }
            Outcome::Optimal { .. } => Err(Halt::Stop(StopReason::TickLimit)),
            Outcome::Stopped { reason, .. } => Err(Halt::Stop(reason)),
        }
    }

    fn between(&mut self, model: &Model, point: &[f64], effort: &Effort) -> Result<Vec<Row>, Halt> {
        let prices = stretch::prices(model, self.weights, point, effort)?;
        let need = need_cut(model, &prices.sources, &prices.limits, point);
        let mut rows = Vec::new();
        if (self.unmet as f64) < need.value(point) {
            rows.push(need.at_most(self.unmet as f64));
        }
        let no_tolls = vec![0; model.network().limits().len()];
        let most = |source: usize| self.factor.saturating_mul(self.weights[source]);
        rows.push(self.cut(model, &nearest(model, most, point), &no_tolls, point).bounding());
        Ok(rows)
    }

    fn slack(&self, objective: i64, gap: f64) -> i64 {
        share(objective, gap)
    }
}

/// The network after some steps with need first and travel second, on pairs no dearer than `most`.
fn with_travel(model: &Model, weights: &[i64], steps: &[u32], most: Option<i64>) -> (Network, Vec<u32>) {
    let (network, pairs) = model.open_part(steps, weights);
    let costs = &model.network().stages()[1].pair_cost;
    let mut parts = network.into_parts();
    let mut kept = Vec::with_capacity(pairs.len());
    let mut sinks = Vec::with_capacity(pairs.len());
    let mut starts = vec![0];
    for source in 0..parts.sources.len() {
        let own = parts.starts[source]..parts.starts[source + 1];
        for (pair, sink) in pairs[own.clone()].iter().zip(&parts.sinks[own]) {
            if most.is_none_or(|most| costs.of(*pair as usize) <= most) {
                kept.push(*pair);
                sinks.push(*sink);
            }
        }
        starts.push(kept.len());
    }
    (parts.starts, parts.sinks) = (starts, sinks);
    let own = PairCosts::new(kept.iter().map(|pair| costs.of(*pair as usize)));
    parts.stages.push(Stage { name: "travel", pair_cost: own, ..Stage::default() });
    (Network::new(parts).expect("a part of a network is one"), kept)
}

/// Least unmet need after these steps, then least travel, on pairs no dearer than `most`.
pub(super) fn flow(model: &Model, weights: &[i64], steps: &[u32], most: Option<i64>, effort: &Effort) -> Flow {
    let (network, pairs) = with_travel(model, weights, steps, most);
    whole_flow(flows::solve(&network, effort).flow(), &pairs)
}

/// The dearest pair that a flow uses; 0 where it uses none.
pub(super) fn dearest(network: &Network, flow: &Flow) -> i64 {
    let costs = network.stages().get(1).map(|stage| &stage.pair_cost);
    flow.carried().iter().filter_map(|(pair, _)| costs.map(|costs| costs.of(*pair as usize))).max().unwrap_or(0)
}

/// All costs of pairs, rising, each once.
fn distances(network: &Network) -> Vec<i64> {
    let costs = &network.stages()[1].pair_cost;
    let mut all: Vec<i64> = (0..network.n_pairs()).map(|pair| costs.of(pair)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The position of the least distance at which these steps leave no more than `unmet`.
fn reach_of(
    model: &Model,
    weights: &[i64],
    steps: &[u32],
    unmet: i64,
    all: &[i64],
    effort: &Effort,
) -> Result<usize, StopReason> {
    let (mut low, mut high) = (0, all.len());
    while low < high {
        let middle = (low + high) / 2;
        effort.tick(model.network().n_pairs() as u64)?;
        let (network, _) = with_travel(model, weights, steps, Some(all[middle]));
        let left = match need::solve(&network, 0, effort) {
            NeedOutcome::Optimal { value, .. } => value,
            NeedOutcome::Stopped { reason, .. } => return Err(reason),
        };
        if left <= unmet {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

/// The flow of these steps with least unmet need, then the least dearest pair, then least travel.
pub(super) fn nearest_farthest(model: &Model, weights: &[i64], steps: &[u32], effort: &Effort) -> Flow {
    let all = distances(model.network());
    let unmet = inner(model, weights, steps, effort).map_or(i64::MAX, |inner| inner.unmet);
    let at = reach_of(model, weights, steps, unmet, &all, effort).unwrap_or(all.len());
    flow(model, weights, steps, all.get(at).copied(), effort)
}

/// The choice whose dearest pair is least, among those that leave `unmet`; `steps` is one of those.
pub(super) fn least_farthest(
    model: &Model,
    weights: &[i64],
    within: &Within,
    unmet: i64,
    steps: Vec<u32>,
    route: Route,
    effort: &Effort,
) -> Result<Found, ChooseError> {
    let all = distances(model.network());
    let total: i64 = model.network().sources().iter().zip(weights).map(|(s, w)| s.units as i64 * w).sum();
    let mut best = steps;
    let mut work = Work::default();
    let mut proof = ProvedBy::Multipliers;
    // Everything below `low` is known not to do; `best` does at `high`.
    let mut low = 0;
    let mut high = all.len();
    let mut stopped = None;
    match reach_of(model, weights, &best, unmet, &all, effort) {
        Ok(at) => high = at,
        Err(reason) => stopped = Some(reason),
    }
    while stopped.is_none() && low < high {
        let middle = (low + high) / 2;
        let choices = near_part(model, all[middle]);
        let near = Model::of(&choices);
        let mut aim = MostNeed { weights, total };
        let search =
            Search { route, within, gap: 0.0, target: Some(unmet), known: Vec::new(), hints: vec![best.clone()] };
        let (found, _) = Tree::new(&near, search, &mut aim, effort).run()?;
        work.nodes += found.work.nodes;
        work.relaxations += found.work.relaxations;
        work.inner += found.work.inner;
        work.cuts += found.work.cuts;
        match found.best.filter(|best| best.objective <= unmet) {
            Some(Best { steps, .. }) => {
                best = steps;
                high = middle;
            }
            None if found.stopped.is_some() => stopped = found.stopped,
            None => {
                low = middle + 1;
                proof = proof.max(found.proof);
            }
        }
    }
    let at = |position: usize| all.get(position).copied().unwrap_or(0);
    // Where nothing at all can be met, no pair is used.
    let none = unmet == total;
    let value = |position: usize| if none { 0 } else { at(position) };
    // After a stop the flow is that of least need on near pairs, without the least travel.
    let (network, pairs) = with_travel(model, weights, &best, all.get(high).copied());
    let flow = match need::solve(&network, 0, &Effort::unlimited()) {
        NeedOutcome::Optimal { flow, .. } | NeedOutcome::Stopped { flow, .. } => whole_flow(&flow, &pairs),
    };
    let best = Some(Best { objective: value(high), steps: best, flow });
    Ok(Found { best, nearest: None, bound: Some(value(low)), proof, stopped, work, within: within.clone() })
}

/// The choices on pairs no dearer than this.
fn near_part(model: &Model, most: i64) -> Choices {
    let mut parts = model.network().clone().into_parts();
    let costs = std::mem::take(&mut parts.stages[1].pair_cost);
    parts.stages.truncate(1);
    let mut starts = vec![0];
    let mut sinks = Vec::new();
    for source in 0..parts.sources.len() {
        let pairs = parts.starts[source]..parts.starts[source + 1];
        sinks.extend(pairs.filter(|pair| costs.of(*pair) <= most).map(|pair| parts.sinks[pair]));
        starts.push(sinks.len());
    }
    (parts.starts, parts.sinks) = (starts, sinks);
    let network = Network::new(parts).expect("a part of a network is one");
    Choices { network, levers: model.choices.levers().to_vec(), rules: model.choices.rules().to_vec() }
}
