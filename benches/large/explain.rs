//! What the reasons cost on top of the matching: every worth, every cause, every deficient set.

use std::path::Path;

use serde_json::{Value, json};
use suffice::domain::BadRows;
use suffice::engine::Resident;
use suffice::gaps;
use suffice::import::bundle;
use suffice::matching::{Reading, Route, Status, Worths, asking, solve};
use suffice::solve::{Effort, worth};

use super::clock::Clock;
use super::support::bundles::formulation;

pub fn run(name: &str, folder: &Path, threads: usize) -> Value {
    let threads = super::jobs::threads(threads);
    let effort = Effort::unlimited().on(&threads);
    let draft = bundle::read_dir(folder, &effort).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let loaded = Resident::load(draft, BadRows::Refuse, &effort);
    let resident = loaded.unwrap_or_else(|problems| panic!("{problems:#?}")).resident;
    let locality = resident.locality();
    let pairs = resident.pairs(&effort).expect("nothing stops it");

    let clock = Clock::start();
    let formulation = formulation(&resident, &effort);
    let asking = asking(locality, Reading::Policy);
    let matching = solve(locality, formulation, asking, Route::Network, &effort, Worths::Leave).expect("an answer");
    let matched = clock.read();
    super::whole::verify(&matching);

    let clock = Clock::start();
    let Status::OptimalByPrices(prices) = &matching.status else { unreachable!("it was just verified") };
    let worths = worth::worths(&matching.formulation.network, &matching.flow, prices, &effort);
    let worths = worths.expect("nothing stops it");
    let worthed = clock.read();

    let clock = Clock::start();
    let reasons = gaps::reasons(locality, resident.profiles(), Some(&pairs), &matching, &effort);
    let reasoned = clock.read();
    json!({
        "solver": "suffice", "version": env!("CARGO_PKG_VERSION"), "explain": name,
        "pairs": pairs.n_pairs(), "threads": threads.current_num_threads(), "match_s": matched.wall,
        "worths_s": worthed.wall, "reasons_s": reasoned.wall, "on_top_s": worthed.wall + reasoned.wall,
        "worths": worths.len(), "unmet_needs": reasons.unmet.len(), "deficient_sets": reasons.deficient_sets.len(),
    })
}
