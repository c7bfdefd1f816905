//! One solve of an instance given as numbers.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde_json::{Value, json};
use suffice::solve::{Effort, Network, Outcome, Proof, check, solve};

use super::clock::Clock;
use super::memory;
use super::support::numbers::Reached;
use super::support::{Known, Numbers, Objective, Rung};

/// Solves once and verifies. Memory is counted from before the instance was read: the network's own arrays are in it.
pub fn run(rung: Rung, objective: Objective, file: &Path, threads: usize) -> Value {
    let threads = super::jobs::threads(threads);
    let held_mib = memory::held();
    let clock = Clock::start();
    let opened = File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let numbers = Numbers::read(&mut BufReader::with_capacity(1 << 20, opened)).expect("the file is an instance");
    let network = numbers.network(objective);
    let build = clock.read();

    let clock = Clock::start();
    let outcome = solve(&network, &Effort::unlimited().on(&threads)).expect("no backend is asked");
    let solved = clock.read();
    let peak_mib = memory::peak();

    let clock = Clock::start();
    verify(&network, &outcome);
    let reached = Reached::of(&network, objective, &outcome);
    if let Some(known) = Known::of(rung) {
        known.assert_optimum(&reached);
    }
    let verified = clock.read();
    let Reached { blended, need, cost, met } = reached;
    json!({
        "solver": "suffice", "version": env!("CARGO_PKG_VERSION"), "rung": rung.to_string(),
        "objective": objective.to_string(), "pairs": network.n_pairs(), "threads": threads.current_num_threads(),
        "build_s": build.wall, "solve_s": solved.wall, "solve_cpu_s": solved.cpu, "verify_s": verified.wall,
        "held_mib": held_mib, "peak_mib": peak_mib,
        "optimum": { "blended": blended, "need": need, "cost": cost, "met": met },
    })
}

/// Fails where the answer is not an optimum with a proof that holds.
pub fn verify(network: &Network, outcome: &Outcome) {
    let Outcome::Optimal { flow, values, proof: Proof::Prices(prices) } = outcome else {
        panic!("without a limit the solver must end with prices");
    };
    assert_eq!(check::feasible(network, flow).as_ref(), Ok(values));
    assert_eq!(check::optimal(network, flow, prices), Ok(()));
}
