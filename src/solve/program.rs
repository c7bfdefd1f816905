//! The other route: linear and integer programs, and the same network as one of them.
//!
//! [`Program`] is what `mip` hands to a backend. [`solve`] writes a network as a program, side groups included, and
//! solves it stage by stage; each finished stage becomes a row that holds its value. It is slower than `flow` by
//! orders of magnitude and certifies nothing, so it is for what is no network, and for asking the same question twice.

use super::check;
use super::effort::{Effort, StopReason};
use super::mip;
use super::network::{Network, Stage, Step};
use super::outcome::{Flow, Outcome, Proof};

/// Variables, rows, and costs to **minimise**.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    pub variables: Vec<Variable>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variable {
    pub least: f64,
    /// Infinity where there is no end.
    pub most: f64,
    pub cost: f64,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Real,
    Whole,
}

/// A sum of variables, each by its position and no more than once, against a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub terms: Vec<(usize, f64)>,
    pub relation: Relation,
    pub right: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    AtMost,
    Exactly,
    AtLeast,
}

impl Program {
    /// Adds a variable without cost; gives its position.
    pub fn variable(&mut self, least: f64, most: f64, kind: Kind) -> usize {
        self.variables.push(Variable { least, most, cost: 0.0, kind });
        self.variables.len() - 1
    }

    /// Adds a row, unless it has no terms: then there is nothing to choose.
    pub fn row(&mut self, terms: Vec<(usize, f64)>, relation: Relation, right: f64) {
        if !terms.is_empty() {
            self.rows.push(Row { terms, relation, right });
        }
    }

    /// Cost of these values.
    pub fn cost(&self, values: &[f64]) -> f64 {
        self.variables.iter().zip(values).map(|(variable, value)| variable.cost * value).sum()
    }
}

/// What came of a program.
#[derive(Clone, Debug, PartialEq)]
pub enum ProgramOutcome {
    /// The backend's word that nothing costs less; a value for each variable, whole to the backend's tolerance.
    Optimal(Vec<f64>),
    /// The backend's word that the rows contradict one another.
    Infeasible,
    /// The backend's word that costs fall without end.
    Unbounded,
    /// A limit came first, with or without something feasible in hand.
    Stopped { values: Option<Vec<f64>>, reason: StopReason },
}

/// The backend did not do what it is for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    #[error("{backend} failed: {message}")]
    Failed { backend: &'static str, message: String },
    #[error("{backend} broke off in a panic: {message}")]
    Panicked { backend: &'static str, message: String },
    #[error("the answer of {backend} does not hold in whole numbers: {message}")]
    Inexact { backend: &'static str, message: String },
}

fn inexact(message: String) -> BackendError {
    BackendError::Inexact { backend: mip::backend(), message }
}

/// The best flow by the backend's word ([`Proof::Backend`]), or the best one found within the limits. Every flow is
/// verified in whole numbers before it is handed out; that no better one exists is not.
///
/// The backend can be told a time limit, but not interrupted: a cancellation counts between stages.
pub fn solve(network: &Network, effort: &Effort) -> Result<Outcome, BackendError> {
    // The corners of a network's polyhedron are whole, and those of a face of it too, so a stage row changes nothing.
    let mut kind = if network.is_network() { Kind::Real } else { Kind::Whole };
    let mut flow = Flow::nothing();
    let mut values: Vec<i64> = Vec::new();
    for stage in 0..network.stages().len() {
        effort.report(network.stages()[stage].name, 0, None);
        let answer = match solve_stage(network, stage, &values, kind, effort)? {
            StageAnswer::Fractional => {
                kind = Kind::Whole;
                solve_stage(network, stage, &values, kind, effort)?
            }
            answer => answer,
        };
        match answer {
            StageAnswer::Optimal(better) => flow = better,
            StageAnswer::Stopped(better, reason) => return Ok(stopped(network, flow, better, &values, reason)),
            StageAnswer::Fractional => return Err(inexact("variables asked to be whole are not".to_owned())),
        }
        values.push(network.value(stage, &flow));
    }
    Ok(Outcome::Optimal { flow, values, proof: Proof::Backend })
}

fn stopped(network: &Network, known: Flow, found: Option<Flow>, finished: &[i64], reason: StopReason) -> Outcome {
    let flow = match found {
        Some(found) if network.values(&found) < network.values(&known) => found,
        _ => known,
    };
    let mut bounds: Vec<Option<i64>> = finished.iter().copied().map(Some).collect();
    bounds.resize(network.stages().len(), None);
    // The backend gives no bound of the open stage; the network's greatest sum is one, if a poor one.
    bounds[finished.len()] = Some(-(Network::MOST as i64));
    let values = network.values(&flow);
    Outcome::Stopped { flow, values, bounds, reason }
}

enum StageAnswer {
    Optimal(Flow),
    Stopped(Option<Flow>, StopReason),
    /// Solved in real numbers, and not whole.
    Fractional,
}

/// One stage, with the stages before it held at `finished`.
fn solve_stage(
    network: &Network,
    stage: usize,
    finished: &[i64],
    kind: Kind,
    effort: &Effort,
) -> Result<StageAnswer, BackendError> {
    let program = write(network, stage, finished, kind);
    let (values, reason) = match mip::solve(&program, effort)? {
        ProgramOutcome::Optimal(values) => (values, None),
        ProgramOutcome::Stopped { values: Some(values), reason } => (values, Some(reason)),
        ProgramOutcome::Stopped { values: None, reason } => return Ok(StageAnswer::Stopped(None, reason)),
        ProgramOutcome::Infeasible => return Err(inexact("infeasible, though a feasible flow is known".to_owned())),
        ProgramOutcome::Unbounded => return Err(inexact("unbounded, though every variable has bounds".to_owned())),
    };
    let Some(flow) = whole(&values[..network.n_pairs()]) else {
        return Ok(match reason {
            Some(reason) => StageAnswer::Stopped(None, reason),
            None => StageAnswer::Fractional,
        });
    };
    let exact = check::feasible(network, &flow)
        .map_err(|violations| inexact(violations.first().map_or(String::new(), ToString::to_string)))?;
    if let Some(before) = (0..stage).find(|before| exact[*before] != finished[*before]) {
        let (seen, held) = (exact[before], finished[before]);
        return Err(inexact(format!("stage {before} moved from {held} to {seen} while stage {stage} was solved")));
    }
    let claimed = program.cost(&values);
    let (least, most) = (claimed - 0.5, claimed + 0.5);
    // Doubles hold such sums to about nine digits beyond the unit here; see `Network::MOST`.
    let slack = 1e-9 * claimed.abs();
    if !(least - slack..=most + slack).contains(&(exact[stage] as f64)) && reason.is_none() {
        return Err(inexact(format!("stage {stage} costs {} in whole numbers, not {claimed}", exact[stage])));
    }
    Ok(match reason {
        Some(reason) => StageAnswer::Stopped(Some(flow), reason),
        None => StageAnswer::Optimal(flow),
    })
}

/// The flow with these units on its pairs, if they are whole.
fn whole(values: &[f64]) -> Option<Flow> {
    /// Backends keep rows and wholeness to about a tenth of this.
    const TOLERANCE: f64 = 1e-5;
    let units = values.iter().map(|value| {
        let near = value.round();
        ((value - near).abs() <= TOLERANCE && 0.0 <= near).then_some(near as u64)
    });
    Some(Flow::of_all(units.collect::<Option<Vec<u64>>>()?))
}

/// A network's stage as a program. Its first variables are the pairs; then come unsent units, what passes each limit,
/// and what each pool holds. Only pairs need be asked to be whole: all others follow from them.
fn write(network: &Network, stage: usize, finished: &[i64], kind: Kind) -> Program {
    let mut program = Program::default();
    for source in 0..network.n_sources() {
        let units = network.sources()[source].units;
        for pair in network.pairs_of(source) {
            let places = network.places()[network.sinks()[pair] as usize];
            program.variable(0.0, units.min(places.unwrap_or(units)) as f64, kind);
        }
    }
    let unsent: Vec<usize> =
        network.sources().iter().map(|source| program.variable(0.0, source.units as f64, Kind::Real)).collect();
    let limits: Vec<usize> =
        network.limits().iter().map(|limit| program.variable(0.0, limit.capacity as f64, Kind::Real)).collect();
    let pools: Vec<usize> = (network.pools().iter().zip(network.pool_holds()))
        .map(|(pool, hold)| program.variable(pool.least as f64, hold as f64, Kind::Real))
        .collect();

    for (source, unsent) in unsent.iter().enumerate() {
        let mut terms: Vec<(usize, f64)> = network.pairs_of(source).map(|pair| (pair, 1.0)).collect();
        terms.push((*unsent, 1.0));
        program.row(terms, Relation::Exactly, network.sources()[source].units as f64);
    }
    let mut into_sinks: Vec<Vec<(usize, f64)>> = vec![Vec::new(); network.n_sinks()];
    for (pair, sink) in network.sinks().iter().enumerate() {
        into_sinks[*sink as usize].push((pair, 1.0));
    }
    // What passes a limit or lies in a pool, less all that comes into it, is nothing.
    let mut into_limits: Vec<Vec<(usize, f64)>> = limits.iter().map(|limit| vec![(*limit, -1.0)]).collect();
    for (terms, limit) in into_sinks.iter().zip(network.sink_limits()) {
        if let Some(limit) = limit {
            into_limits[*limit as usize].extend(terms);
        }
    }
    for (limit, own) in limits.iter().zip(network.limits()) {
        if let Some(parent) = own.parent {
            into_limits[parent as usize].push((*limit, 1.0));
        }
    }
    let mut into_pools: Vec<Vec<(usize, f64)>> = pools.iter().map(|pool| vec![(*pool, -1.0)]).collect();
    for (unsent, source) in unsent.iter().zip(network.sources()) {
        if let Some(pool) = source.pool {
            into_pools[pool as usize].push((*unsent, 1.0));
        }
    }
    for (pool, own) in pools.iter().zip(network.pools()) {
        if let Some(parent) = own.parent {
            into_pools[parent as usize].push((*pool, 1.0));
        }
    }
    for (terms, places) in into_sinks.into_iter().zip(network.places()) {
        if let Some(places) = places {
            program.row(terms, Relation::AtMost, *places as f64);
        }
    }
    for terms in into_limits.into_iter().chain(into_pools) {
        program.row(terms, Relation::Exactly, 0.0);
    }

    for (before, value) in finished.iter().enumerate() {
        let costs = costs(network, &network.stages()[before], &unsent, &pools, &mut program);
        program.row(costs, Relation::AtMost, *value as f64);
    }
    for (variable, cost) in costs(network, &network.stages()[stage], &unsent, &pools, &mut program) {
        program.variables[variable].cost = cost;
    }
    program
}

/// The cost of a stage as a sum of variables. Step costs get variables of their own, one for each step; since steps do
/// not fall, cheaper ones fill first by themselves.
fn costs(
    network: &Network,
    stage: &Stage,
    unsent: &[usize],
    pools: &[usize],
    program: &mut Program,
) -> Vec<(usize, f64)> {
    let mut costs: Vec<(usize, f64)> = Vec::new();
    if !stage.pair_cost.is_zero() {
        costs.extend((0..network.n_pairs()).map(|pair| (pair, stage.pair_cost.of(pair) as f64)));
    }
    costs.extend(unsent.iter().zip(&stage.unsent_cost).map(|(variable, cost)| (*variable, *cost as f64)));
    let pools = pools.iter().map(|pool| vec![(*pool, 1.0)]).zip(&stage.pool_steps);
    let side = (network.side().iter())
        .map(|group| group.sources.iter().map(|source| (unsent[*source as usize], 1.0)).collect::<Vec<_>>())
        .zip(&stage.side_steps);
    for (mut amount, steps) in pools.chain(side).filter(|(amount, steps)| !amount.is_empty() && !steps.is_empty()) {
        for Step { units, cost } in steps.iter().filter(|step| 0 < step.units) {
            let variable = program.variable(0.0, *units as f64, Kind::Real);
            amount.push((variable, -1.0));
            costs.push((variable, *cost as f64));
        }
        program.row(amount, Relation::Exactly, 0.0);
    }
    costs.retain(|(_, cost)| *cost != 0.0);
    costs
}

#[cfg(test)]
mod tests;
