//! Measures what is too large to be measured a hundred times: solve seconds, memory, whole runs.
//!
//! ```text
//! cargo bench --bench large                          S, M and L of seed 1, and XL with `-- ladder XL-1`
//! cargo bench --bench large -- solve XL-1 blended    one measurement, one JSON line
//! ```
//!
//! Every measurement runs in a process of its own, so that none inherits another's memory or warm caches, and every
//! answer is verified before its line is printed: against the known optimum, and by `solve::check`, which shares no code
//! with the solvers. A wrong answer ends the program. `benches/peers/run.sh` calls the same jobs in turn with the peers.

mod clock;
mod england;
mod explain;
mod jobs;
mod measures;
mod memory;
mod order;
mod solve;
mod standing;
#[path = "../support/mod.rs"]
mod support;
mod whole;

use std::process::ExitCode;

use jobs::Job;

fn main() -> ExitCode {
    // `cargo bench` adds `--bench` to whatever the user wrote.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match Job::understand(&words) {
        Ok(job) => {
            job.run();
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            eprintln!("{wrong}\n\n{}", jobs::USAGE);
            ExitCode::from(2)
        }
    }
}
