//! The default order of stages on an instance: need, evenness, travel, cost. No peer solves it as one problem.

use serde_json::{Value, json};
use suffice::matching::StageMeaning;
use suffice::solve::{Effort, solve};

use super::clock::Clock;
use super::memory;
use super::solve::verify;
use super::support::Rung;
use super::support::bundles::{Policy, draft, formulation, resident};

/// Solves it and verifies the proof.
pub fn run(rung: Rung, threads: usize) -> Value {
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
    let stage = |(meaning, value): (&StageMeaning, &i64)| {
        meaning.name.map(|name| json!({ "name": name.as_str(), "value": meaning.value(*value) }))
    };
    let objective: Vec<Value> = formulation.stages.iter().zip(outcome.values()).filter_map(stage).collect();
    json!({
        "solver": "suffice", "version": env!("CARGO_PKG_VERSION"), "rung": rung.to_string(),
        "objective": "default-order", "pairs": formulation.network.n_pairs(),
        "threads": threads.current_num_threads(), "solve_s": solved.wall, "solve_cpu_s": solved.cpu,
        "held_mib": held_mib, "peak_mib": peak_mib, "stages": objective,
    })
}
