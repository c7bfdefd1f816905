//! The same question as one integer program for the backend of `mip`: pairs and candidates together.

use suffice::solve::choose::{Choices, Effect, Node};
use suffice::solve::program::{Kind, Program, ProgramOutcome, Relation};
use suffice::solve::{Effort, mip};

use super::met_by;
use super::ours::Ran;
use super::watch::Limit;

/// How a candidate holds back its pairs.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// Each pair is linked to its candidate: the strong formulation, with a row for each pair.
    Linked,
    /// All pairs of a candidate together stay within its places: few rows, and a weak relaxation.
    Summed,
}

impl Form {
    pub fn name(self) -> &'static str {
        match self {
            Form::Linked => "linked",
            Form::Summed => "summed",
        }
    }
}

/// Most need within a budget. The time to write the program down counts.
pub fn most_need(choices: &Choices, budget: i64, form: Form, gap: f32, limit: f64) -> Ran {
    let clock = Limit::of(limit);
    let effort = Effort::unlimited().watched(&clock);
    let program = write(choices, budget, form);
    let outcome = mip::solve_within(&program, gap, &effort);
    let seconds = clock.seconds();
    let (values, done) = match outcome {
        Ok(ProgramOutcome::Optimal(values)) => (Some(values), true),
        Ok(ProgramOutcome::Stopped { values, .. }) => (values, false),
        Ok(other) => panic!("nothing chosen is an answer, but the backend says {other:?}"),
        Err(error) => {
            println!("{error}");
            (None, false)
        }
    };
    let steps: Option<Vec<u32>> =
        values.map(|values| values[..choices.levers().len()].iter().map(|value| value.round() as u32).collect());
    if let Some(steps) = &steps {
        assert!(choices.cost(steps) <= budget, "the plan keeps to its budget");
    }
    Ran {
        seconds,
        done,
        met: steps.as_ref().map(|steps| met_by(choices, steps)),
        bound: None,
        nodes: 0,
        taken: steps.map_or(0, |steps| steps.iter().filter(|steps| 0 < **steps).count()),
    }
}

/// Candidates first, then pairs.
fn write(choices: &Choices, budget: i64, form: Form) -> Program {
    let network = choices.network();
    let mut program = Program::default();
    let mut gate = vec![None; network.n_sinks()];
    let mut costs = Vec::new();
    for lever in choices.levers() {
        let own = program.variable(0.0, 1.0, Kind::Whole);
        costs.push((own, lever.fixed_cost as f64));
        for effect in &lever.effects {
            let Effect::Opens(Node::Sink(sink)) = effect else { panic!("a candidate here opens a service") };
            gate[*sink as usize] = Some(own);
        }
    }
    program.row(costs, Relation::AtMost, budget as f64);
    let mut into: Vec<Vec<(usize, f64)>> = vec![Vec::new(); network.n_sinks()];
    for (source, weight) in network.stages()[0].unsent_cost.iter().enumerate() {
        let units = network.sources()[source].units as f64;
        let mut out = Vec::new();
        for pair in network.pairs_of(source) {
            let sink = network.sinks()[pair] as usize;
            let own = program.variable(0.0, units, Kind::Real);
            program.variables[own].cost = -(*weight as f64);
            out.push((own, 1.0));
            into[sink].push((own, 1.0));
            if let (Form::Linked, Some(gate)) = (form, gate[sink]) {
                program.row(vec![(own, 1.0), (gate, -units)], Relation::AtMost, 0.0);
            }
        }
        program.row(out, Relation::AtMost, units);
    }
    for ((mut terms, gate), places) in into.into_iter().zip(gate).zip(network.places()) {
        let places = places.expect("a service here has an end of places") as f64;
        let right = match gate {
            Some(gate) => {
                terms.push((gate, -places));
                0.0
            }
            None => places,
        };
        program.row(terms, Relation::AtMost, right);
    }
    program
}
