//! Solving a formulation and reading the answer back in the locality's words.

use std::sync::Arc;

use super::formulate::{Formulation, Skipped, StageMeaning};
use crate::domain::policy::StageName;
use crate::domain::{Locality, NeedIx, OfferIx};
use crate::solve::{
    BackendError, Effort, Flow, Network, Outcome, Prices, Proof, StopReason, Worth, flow, mip, program, worth,
};

/// Which solver answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Our own network solver. Where the problem is no network (floors and evenness on columns that do not nest), the
    /// program route answers instead.
    Network,
    /// Linear and mixed-integer programming through good_lp.
    Program,
}

/// Whether to compute what one place more and one less would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worths {
    Compute,
    Leave,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Certified by prices.
    OptimalByPrices(Prices),
    /// The backend's word.
    OptimalByBackend,
    Stopped(StopReason),
}

/// A stage of the objective with its value and the bound on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageResult {
    pub name: StageName,
    pub value: i64,
    /// Equal to the value at an optimum; None where the run stopped before this stage.
    pub bound: Option<i64>,
}

/// What one place more and one less would change, for each named stage in the order of [`Matching::objective`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorthOf {
    pub one_more: Option<Vec<i64>>,
    pub one_less: Option<Vec<i64>>,
}

/// Which offer takes how many children of which need, and what that is worth.
#[derive(Clone, Debug)]
pub struct Matching {
    pub formulation: Formulation,
    pub status: Status,
    pub backend: &'static str,
    pub objective: Vec<StageResult>,
    /// Children on each pair of the formulation's network.
    pub flow: Flow,
    /// Children placed, by need of the locality.
    pub met: Vec<u64>,
    /// Children that ask for a place, by need of the locality; None for needs that do not take part.
    pub asking: Vec<Option<u64>>,
    /// Children placed, by offer of the locality.
    pub used: Vec<u64>,
    /// The most weight that could be met were there no floors, where floors come before need; None without floors, or
    /// where the run stopped before it was known.
    pub without_floors: Option<i64>,
    /// By sink of the network; None where it was not computed (stopped, or a route without prices).
    pub worths: Option<Vec<WorthOf>>,
}

impl Matching {
    pub fn is_optimal(&self) -> bool {
        !matches!(self.status, Status::Stopped(_))
    }

    /// Placements as (need, offer, children), in no promised order, but always the same. O(needs + placements).
    pub fn placements(&self) -> impl Iterator<Item = (NeedIx, OfferIx, u64)> {
        placements(&self.formulation, &self.flow)
    }

    /// [`Matching::placements`] in the order of need, then offer.
    pub fn sorted_placements(&self) -> Vec<(NeedIx, OfferIx, u64)> {
        let mut placements: Vec<_> = self.placements().collect();
        placements.sort_unstable();
        placements
    }

    pub fn unmet(&self, need: NeedIx) -> u64 {
        // A placement never exceeds what was asked.
        self.asking[need.ix()].unwrap_or(0) - self.met[need.ix()]
    }
}

fn placements<'a>(formulation: &'a Formulation, flow: &'a Flow) -> impl Iterator<Item = (NeedIx, OfferIx, u64)> + 'a {
    let network = &formulation.network;
    network.carried(flow).map(move |(source, pair, units)| {
        (formulation.needs[source], formulation.offers[network.sinks()[pair] as usize], units)
    })
}

/// Solves a formulation. `asking` is [`super::reading::asking`] under the same reading.
pub fn solve(
    locality: &Locality,
    formulation: Formulation,
    asking: Vec<Option<u64>>,
    route: Route,
    effort: &Effort,
    wanted: Worths,
) -> Result<Matching, BackendError> {
    let network = &formulation.network;
    let by_network = route == Route::Network && network.is_network();
    let (outcome, backend) = if by_network {
        (flow::solve(network, effort), "network")
    } else {
        (program::solve(network, effort)?, mip::backend())
    };
    let objective = objective(&formulation.stages, &outcome);
    let without_floors = match wanted {
        Worths::Compute => without_floors(&formulation, effort),
        Worths::Leave => None,
    };
    let worths = match wanted {
        Worths::Compute => worths(network, &outcome, effort),
        Worths::Leave => None,
    };
    let worths = worths.map(|worths| named_worths(&formulation.stages, &worths));
    let (flow, status) = match outcome {
        Outcome::Optimal { flow, proof: Proof::Prices(prices), .. } => (flow, Status::OptimalByPrices(prices)),
        Outcome::Optimal { flow, proof: Proof::Backend, .. } => (flow, Status::OptimalByBackend),
        Outcome::Stopped { flow, reason, .. } => (flow, Status::Stopped(reason)),
    };
    let mut met = vec![0; locality.needs().len()];
    let mut used = vec![0; locality.offers().len()];
    for (need, offer, units) in placements(&formulation, &flow) {
        met[need.ix()] += units;
        used[offer.ix()] += units;
    }
    Ok(Matching { formulation, status, backend, objective, flow, met, asking, used, without_floors, worths })
}

/// One more solve of the need stage alone, which says what the floors cost the rest.
pub(super) fn without_floors(formulation: &Formulation, effort: &Effort) -> Option<i64> {
    let position = |name| formulation.stages.iter().position(|stage| stage.name == Some(name));
    let (floors, need) = (position(StageName::Floors)?, position(StageName::Need)?);
    if need < floors {
        return None;
    }
    let mut parts = Network::clone(&formulation.network).into_parts();
    parts.stages = vec![parts.stages.swap_remove(need)];
    parts.side.clear();
    match flow::solve(&Network::new(parts).ok()?, effort) {
        Outcome::Optimal { values, .. } => Some(formulation.stages[need].value(values[0])),
        Outcome::Stopped { .. } => None,
    }
}

/// The valid answer before anything could be done: nobody placed, and the bound is everything that asks. Stages that price
/// pairs are not stated: whether every pair has its number was not known yet.
pub fn nothing_placed(
    locality: &Locality,
    mut formulation: Formulation,
    asking: Vec<Option<u64>>,
    reason: StopReason,
) -> Matching {
    let flow = Flow::nothing();
    let objective = formulation
        .stages
        .iter()
        .enumerate()
        .filter_map(|(at, stage)| {
            let name = stage.name.filter(|name| !prices_pairs(*name))?;
            let cost = formulation.network.value(at, &flow);
            let bound = (name == StageName::Need).then_some(stage.total);
            Some(StageResult { name, value: stage.value(cost), bound })
        })
        .collect();
    for stage in formulation.stages.iter().filter_map(|stage| stage.name).filter(|name| prices_pairs(*name)) {
        let reason = "the run was stopped before it was known whether every pair has its number".to_owned();
        formulation.skipped.push(Skipped { stage, reason });
    }
    Matching {
        status: Status::Stopped(reason),
        backend: "network",
        objective,
        flow,
        met: vec![0; locality.needs().len()],
        used: vec![0; locality.offers().len()],
        without_floors: None,
        worths: None,
        asking,
        formulation,
    }
}

/// Whether a stage is left out where some pair lacks its number.
fn prices_pairs(name: StageName) -> bool {
    matches!(name, StageName::Effect | StageName::Travel | StageName::Cost)
}

fn objective(stages: &[StageMeaning], outcome: &Outcome) -> Vec<StageResult> {
    let values = outcome.values();
    stages
        .iter()
        .enumerate()
        .filter_map(|(at, stage)| {
            let bound = match outcome {
                Outcome::Optimal { .. } => Some(values[at]),
                Outcome::Stopped { bounds, .. } => bounds[at],
            };
            let name = stage.name?;
            Some(StageResult { name, value: stage.value(values[at]), bound: bound.map(|bound| stage.value(bound)) })
        })
        .collect()
}

/// With prices, from the residual graph. Without (the problem is no network), by solving anew with one place more and
/// one less in each sink: exact, and dear. A stop leaves them out.
fn worths(network: &Arc<Network>, outcome: &Outcome, effort: &Effort) -> Option<Vec<Worth>> {
    match outcome {
        Outcome::Optimal { flow, proof: Proof::Prices(prices), .. } => {
            worth::worths(network, flow, prices, effort).ok()
        }
        Outcome::Optimal { flow, values, proof: Proof::Backend } if !network.is_network() => {
            worths_by_solving(network, flow, values, effort)
        }
        Outcome::Optimal { .. } | Outcome::Stopped { .. } => None,
    }
}

fn worths_by_solving(network: &Network, flow: &Flow, values: &[i64], effort: &Effort) -> Option<Vec<Worth>> {
    let used = network.taken(flow);
    let change = |sink: usize, places: u64| -> Option<Vec<i64>> {
        let mut parts = network.clone().into_parts();
        parts.places[sink] = Some(places);
        match program::solve(&Network::new(parts).ok()?, effort).ok()? {
            Outcome::Optimal { values: after, .. } => {
                Some(after.iter().zip(values).map(|(after, before)| after - before).collect())
            }
            Outcome::Stopped { .. } => None,
        }
    };
    let mut worths = Vec::with_capacity(used.len());
    for (sink, &places) in network.places().iter().enumerate() {
        let Some(places) = places else {
            worths.push(Worth { one_more: None, one_less: None });
            continue;
        };
        let one_more = Some(change(sink, places + 1)?);
        let one_less = match places {
            0 => None,
            _ if used[sink] < places => Some(vec![0; values.len()]),
            _ => Some(change(sink, places - 1)?),
        };
        worths.push(Worth { one_more, one_less });
    }
    Some(worths)
}

/// Changes of the named stages, as one reads them.
pub(super) fn named_change(stages: &[StageMeaning], changes: &Option<Vec<i64>>) -> Option<Vec<i64>> {
    let named = stages.iter().zip(changes.as_ref()?).filter(|(stage, _)| stage.name.is_some());
    Some(named.map(|(stage, &change)| stage.change(change)).collect())
}

pub(super) fn named_worths(stages: &[StageMeaning], worths: &[Worth]) -> Vec<WorthOf> {
    let named = |changes: &Option<Vec<i64>>| named_change(stages, changes);
    worths.iter().map(|worth| WorthOf { one_more: named(&worth.one_more), one_less: named(&worth.one_less) }).collect()
}
