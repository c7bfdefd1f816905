//! The default order of stages on an instance: need, evenness, travel, cost. No peer solves it as one problem.

use serde_json::{Value, json};
use suffice::matching::StageMeaning;
use suffice::solve::{Effort, program, solve};

use super::clock::Clock;
use super::memory;
use super::solve::verify;
use super::support::Rung;
use super::support::bundles::{Policy, draft, formulation, resident};

/// Whether the program route (good_lp) is to confirm the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    ByProgram,
    /// By its prices alone, which `solve::check` verifies in any case.
    ByPrices,
}

pub fn run(rung: Rung, threads: usize, confirm: Confirm) -> Value {
    let threads = super::jobs::threads(threads);
    let effort = Effort::unlimited().on(&threads);
    let resident = resident(draft(rung, Policy::DefaultOrder));
    resident.pairs(&effort).expect("nothing stops it");
    let held_mib = memory::held();
    let formulation = formulation(&resident, &effort);

    let clock = Clock::start();
    let outcome = solve(&formulation.network, &effort).expect("no backend is asked");
    let solved = clock.read();
    let peak_mib = memory::peak();

    verify(&formulation.network, &outcome);
    if confirm == Confirm::ByProgram {
        let program = program::solve(&formulation.network, &Effort::unlimited()).expect("the backend answers");
        assert_eq!(program.values(), outcome.values(), "good_lp and our own solver");
    }
    let stage = |(meaning, value): (&StageMeaning, &i64)| {
        meaning.name.map(|name| json!({ "name": name.as_str(), "value": meaning.value(*value) }))
    };
    let objective: Vec<Value> = formulation.stages.iter().zip(outcome.values()).filter_map(stage).collect();
    json!({
        "solver": "suffice", "version": env!("CARGO_PKG_VERSION"), "rung": rung.to_string(),
        "objective": "default-order", "pairs": formulation.network.n_pairs(),
        "threads": threads.current_num_threads(), "solve_s": solved.wall, "solve_cpu_s": solved.cpu,
        "held_mib": held_mib, "peak_mib": peak_mib, "stages": objective,
        "confirmed": match confirm { Confirm::ByProgram => "prices, good_lp", Confirm::ByPrices => "prices" },
    })
}
