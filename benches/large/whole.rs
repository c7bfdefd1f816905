//! From the files of a bundle to the JSON of its answer, everything counted.

use std::path::Path;

use serde_json::{Value, json};
use suffice::domain::BadRows;
use suffice::engine::Resident;
use suffice::import::bundle;
use suffice::matching::{Matching, Route, Status};
use suffice::solve::{Effort, check};
use suffice::view;

use super::clock::Clock;
use super::memory;

/// What `suffice match BUNDLE --json` does, with the time of each part. Verified afterwards, outside the clock.
pub fn run(name: &str, folder: &Path, threads: usize) -> Value {
    let threads = super::jobs::threads(threads);
    let effort = Effort::unlimited().on(&threads);
    let whole = Clock::start();

    let part = Clock::start();
    let draft = bundle::read_dir(folder, &effort).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let read = part.read();

    let part = Clock::start();
    let loaded = Resident::load(draft, BadRows::Refuse, &effort);
    let resident = loaded.unwrap_or_else(|problems| panic!("{problems:#?}")).resident;
    let checked = part.read();

    let part = Clock::start();
    resident.pairs(&effort).expect("nothing stops it");
    let pairs = part.read();
    let held_mib = memory::held();

    let part = Clock::start();
    let matching = resident.matching(Route::Network, &effort).expect("an answer");
    let matched = part.read();

    let part = Clock::start();
    let document = view::matching::summary(&resident, Route::Network, &effort).expect("an answer");
    let text = serde_json::to_string_pretty(&document).expect("a document is JSON");
    let written = part.read();

    let whole = whole.read();
    let peak_mib = memory::peak();
    verify(&matching);
    json!({
        "solver": "suffice", "version": env!("CARGO_PKG_VERSION"), "whole": name,
        "needs": resident.locality().needs().len(), "offers": resident.locality().offers().len(),
        "pairs": document.pairs, "network_pairs": matching.formulation.network.n_pairs(),
        "threads": threads.current_num_threads(),
        "read_s": read.wall, "check_s": checked.wall, "pairs_s": pairs.wall, "match_s": matched.wall,
        "write_s": written.wall, "whole_s": whole.wall, "whole_cpu_s": whole.cpu,
        "held_mib": held_mib, "peak_mib": peak_mib, "json_bytes": text.len(),
        "objective": document.objective,
        "totals": document.totals,
    })
}

/// Fails where a matching is not an optimum with prices that prove it.
pub fn verify(matching: &Matching) {
    let Status::OptimalByPrices(prices) = &matching.status else {
        panic!("without a limit our own route ends with prices, not {:?}", matching.status);
    };
    assert_eq!(check::optimal(&matching.formulation.network, &matching.flow, prices), Ok(()));
}
