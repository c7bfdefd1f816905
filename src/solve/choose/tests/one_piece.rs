//! The same questions in one piece, for the outside solver.

use crate::solve::choose::model::Model;
use crate::solve::choose::{Choices, Floor, TravelCost, Within};
use crate::solve::effort::Effort;
use crate::solve::mip;
use crate::solve::program::{Kind, Program, ProgramOutcome, Relation};

/// The same question in one piece: units on pairs, steps, and what the one allows of the other, for the outside solver.
pub(super) fn in_one_piece(choices: &Choices, within: &Within) -> Option<i64> {
    let (program, _) = piece(choices, within)?;
    let network = choices.network();
    let weights = &network.stages()[0].unsent_cost;
    let total: f64 = network.sources().iter().zip(weights).map(|(s, w)| s.units as f64 * *w as f64).sum();
    least_of(&program).map(|cost| (total + cost).round() as i64)
}

/// Least cost with travel in one piece.
pub(super) fn cost_in_one_piece(
    choices: &Choices,
    within: &Within,
    floors: &[Floor],
    travel: TravelCost,
) -> Option<i64> {
    let (mut program, pairs) = piece(choices, within)?;
    let model = Model::of(choices);
    let network = choices.network();
    for (variable, column) in program.variables.iter_mut().zip(&model.columns) {
        variable.cost = (travel.scale * column.cost) as f64;
    }
    for (pair, variable) in pairs.iter().enumerate() {
        program.variables[*variable].cost = (travel.per_unit * network.stages()[1].pair_cost.of(pair)) as f64;
        // Floors that overlap are no network, and parts of a child keep none.
        program.variables[*variable].kind = Kind::Whole;
    }
    for floor in floors {
        let sent = floor.sources.iter().flat_map(|source| network.pairs_of(*source as usize));
        let terms: Vec<(usize, f64)> = sent.map(|pair| (pairs[pair], 1.0)).collect();
        if terms.is_empty() && 0 < floor.least {
            return None;
        }
        program.row(terms, Relation::AtLeast, floor.least as f64);
    }
    least_of(&program).map(|cost| cost.round() as i64)
}

/// Least travel at the least unmet need, in one piece.
pub(super) fn travel_in_one_piece(choices: &Choices, within: &Within, unmet: i64) -> Option<i64> {
    let (mut program, pairs) = piece(choices, within)?;
    let network = choices.network();
    let weights = &network.stages()[0].unsent_cost;
    let met = (0..network.n_sources())
        .flat_map(|source| network.pairs_of(source).map(move |pair| (source, pair)))
        .map(|(source, pair)| (pairs[pair], weights[source] as f64))
        .collect();
    for (pair, variable) in pairs.iter().enumerate() {
        program.variables[*variable].cost = network.stages()[1].pair_cost.of(pair) as f64;
    }
    program.row(met, Relation::AtLeast, (choices_weight(choices) - unmet) as f64);
    least_of(&program).map(|cost| cost.round() as i64)
}

/// The dearest pair that is needed for the least unmet need, in one piece for each cost that it could have.
pub(super) fn farthest_in_one_piece(choices: &Choices, within: &Within, unmet: i64) -> Option<i64> {
    (0..=4).find(|most| {
        let Some((mut program, pairs)) = piece(choices, within) else { return false };
        for (pair, variable) in pairs.iter().enumerate() {
            if *most < choices.network().stages()[1].pair_cost.of(pair) {
                program.variables[*variable].most = 0.0;
            }
        }
        least_of(&program).map(|cost| choices_weight(choices) + cost.round() as i64) == Some(unmet)
    })
}

/// Weight of everything that asks.
pub(super) fn choices_weight(choices: &Choices) -> i64 {
    let network = choices.network();
    let weights = &network.stages()[0].unsent_cost;
    network.sources().iter().zip(weights).map(|(source, weight)| source.units as i64 * weight).sum()
}

fn least_of(program: &Program) -> Option<f64> {
    match mip::solve(program, &Effort::unlimited()).expect("the backend answers") {
        ProgramOutcome::Optimal(values) => Some(program.cost(&values)),
        ProgramOutcome::Infeasible => None,
        other => panic!("{other:?}"),
    }
}

/// The program, with most need for its cost, and the variable of each pair; None where some row cannot be kept.
fn piece(choices: &Choices, within: &Within) -> Option<(Program, Vec<usize>)> {
    let model = Model::of(choices);
    let network = choices.network();
    let all: f64 = network.sources().iter().map(|source| source.units as f64).sum();
    let mut program = Program::default();
    for column in &model.columns {
        program.variable(0.0, f64::from(column.most), Kind::Whole);
    }
    for row in model.rows(within) {
        let terms = row.terms.iter().map(|(column, factor)| (*column as usize, *factor)).collect();
        program.row(terms, Relation::AtMost, row.right);
        if row.terms.is_empty() && row.right < 0.0 {
            return None;
        }
    }
    let weights = &network.stages()[0].unsent_cost;
    let mut pairs = Vec::new();
    let mut into: Vec<Vec<(usize, f64)>> = vec![Vec::new(); network.n_sinks() + network.limits().len()];
    for (source, weight) in weights.iter().enumerate() {
        let units = network.sources()[source].units as f64;
        let mut out = Vec::new();
        for pair in network.pairs_of(source) {
            let variable = program.variable(0.0, units, Kind::Real);
            program.variables[variable].cost = -*weight as f64;
            out.push((variable, 1.0));
            pairs.push(variable);
            let sink = network.sinks()[pair] as usize;
            into[sink].push((variable, 1.0));
            let mut at = network.sink_limits()[sink];
            while let Some(limit) = at {
                into[network.n_sinks() + limit as usize].push((variable, 1.0));
                at = network.limits()[limit as usize].parent;
            }
        }
        program.row(out, Relation::AtMost, units);
    }
    for (terms, shape) in into.into_iter().zip(model.sinks.iter().chain(&model.limits)) {
        if let Some(base) = shape.base {
            let mut terms = terms.clone();
            let mut factors = std::collections::BTreeMap::new();
            for (lever, places) in &shape.adds {
                for column in model.columns_of(*lever) {
                    *factors.entry(column).or_insert(0.0) -= *places as f64;
                }
            }
            terms.extend(factors);
            program.row(terms, Relation::AtMost, base as f64);
        }
        for gate in &shape.gates {
            let column = model.first_column[gate.lever as usize];
            let mut terms = terms.clone();
            terms.push((column, if gate.when_chosen { -all } else { all }));
            program.row(terms, Relation::AtMost, if gate.when_chosen { 0.0 } else { all });
        }
    }
    Some((program, pairs))
}
