//! The commissioning planner against the same questions written in one piece, and its two routes against each other.
//!
//! ```text
//! cargo bench --features highs --bench planner                       all sections, 60 s for each run
//! cargo bench --features highs --bench planner -- full               all sections, 600 s
//! cargo bench --features highs --bench planner -- 20 ladder          one section, 20 s
//! cargo bench --bench planner -- routes                              the routes, by the backend of this build
//! ```
//!
//! * `ladder`: most weighted need within half of what all candidates cost, for 20, 100 and 300 candidates: the time to a
//!   plan within 1 %, and to its proof, beside HiGHS given the whole problem through good_lp;
//! * `whole`: all of L, 300 candidates: value, bound and gap after 1, 10 and 60 s, beside what HiGHS has at its limit;
//! * `frontier`: twenty budgets at once, beside one plan and beside twenty;
//! * `routes`: the tree and the loop over masters.
//!
//! Candidates are services of the ladder's instances, spread evenly; the services between them are there already. A run of
//! less than 5 s is made three times, and the median counts. Every value is recomputed by the need solver from the
//! candidates that were chosen, and all that claim a proof must agree. The peer is HiGHS, so without the feature there is
//! nothing to compare with.

mod one_piece;
mod ours;
mod places;
mod watch;

use one_piece::Form;
use ours::Ran;
use places::Place;
use suffice::solve::choose::{Choices, Route};
use suffice::solve::mip;

const SECTIONS: [&str; 4] = ["ladder", "whole", "frontier", "routes"];
const CANDIDATES: [usize; 3] = [20, 100, 300];

fn main() {
    let mut limit = 60.0;
    let mut asked: Vec<String> = Vec::new();
    for argument in std::env::args().skip(1).filter(|argument| argument != "--bench") {
        match (argument.as_str(), argument.parse::<f64>()) {
            ("full", _) => limit = 600.0,
            (_, Ok(seconds)) if 0.0 < seconds => limit = seconds,
            (section, _) if SECTIONS.contains(&section) => asked.push(argument),
            _ => {
                eprintln!("{argument:?} is neither a number of seconds, nor full, nor one of {SECTIONS:?}");
                std::process::exit(2);
            }
        }
    }
    let wants = |section: &str| asked.is_empty() || asked.iter().any(|own| own == section);
    println!("{}", machine(limit));
    let compared = cfg!(feature = "highs");
    if !compared {
        println!(
            "\nNothing is compared with the problem in one piece: this build has {}. Build with --features highs.",
            mip::backend()
        );
    }
    if wants("ladder") && compared {
        ladder(limit);
    }
    if wants("whole") && compared {
        whole(limit);
    }
    if wants("frontier") {
        frontier(limit);
    }
    if wants("routes") {
        routes(limit);
    }
}

fn ladder(limit: f64) {
    println!(
        "\n### Most need within a budget\n\n| place | pairs | candidates | within 1 % s | proof s | met | linked: within 1 % \
         s | proof s | met | summed: within 1 % s | proof s | met | to 1 % | to proof |\n{}",
        rule(14)
    );
    for place in [Place::m(), Place::cut()] {
        for candidates in CANDIDATES {
            let (choices, total) = place.choices(candidates);
            let budget = total / 2;
            let near = median(|| ours::most_need(&choices, budget, Route::Tree, 0.01, limit));
            let proof = median(|| ours::most_need(&choices, budget, Route::Tree, 0.0, limit));
            let peers: Vec<[Ran; 2]> = [Form::Linked, Form::Summed]
                .map(|form| [0.01, 0.0].map(|gap| median(|| one_piece::most_need(&choices, budget, form, gap, limit))))
                .to_vec();
            agree(&proof, &peers);
            let ratio = |own: &Ran, at: usize| {
                let best =
                    peers.iter().map(|peer| &peer[at]).min_by(|one, other| one.seconds.total_cmp(&other.seconds));
                best.map_or_else(String::new, |best| {
                    let sign = if best.done { "" } else { "> " };
                    let times = format!("{sign}{:.1}x", best.seconds / own.seconds);
                    if own.done { times } else { format!("stopped ({times})") }
                })
            };
            let peer = |runs: &[Ran; 2]| {
                format!("{} | {} | {}", runs[0].say_seconds(), runs[1].say_seconds(), runs[1].say_met())
            };
            println!(
                "| {} | {} | {candidates} | {} | {} | {} | {} | {} | {} | {} |",
                place.name,
                thousands(choices.network().n_pairs() as i64),
                near.say_seconds(),
                proof.say_seconds(),
                proof.say_met(),
                peer(&peers[0]),
                peer(&peers[1]),
                ratio(&near, 0),
                ratio(&proof, 1),
            );
        }
    }
}

fn whole(limit: f64) {
    const MOMENTS: [f64; 3] = [1.0, 10.0, 60.0];
    let place = Place::l();
    let (choices, total) = place.choices(300);
    println!(
        "\n### All of L: {} pairs, 300 candidates\n\n| after s | met | bound | gap % | candidates taken | ended |\n{}",
        thousands(choices.network().n_pairs() as i64),
        rule(6)
    );
    for seconds in MOMENTS.into_iter().filter(|seconds| *seconds <= limit) {
        let ran = ours::most_need(&choices, total / 2, Route::Tree, 0.0, seconds);
        let gap = ran.bound.zip(ran.met).map(|(bound, met)| 100.0 * (bound - met) as f64 / met.max(1) as f64);
        println!(
            "| {:.2} | {} | {} | {} | {} | {} |",
            ran.seconds,
            ran.say_met(),
            ran.bound.map_or_else(|| "-".to_owned(), thousands),
            gap.map_or_else(|| "-".to_owned(), |gap| format!("{gap:.4}")),
            ran.taken,
            if ran.done { "proved" } else { "stopped" }
        );
    }
    println!("\n| in one piece | after s | met | ended |\n{}", rule(4));
    for form in [Form::Linked, Form::Summed] {
        let ran = one_piece::most_need(&choices, total / 2, form, 0.0, limit);
        let ended = if ran.done { "proved" } else { "stopped" };
        println!("| {} | {:.1} | {} | {ended} |", form.name(), ran.seconds, ran.say_met());
    }
    println!("\ngood_lp hands out no bound of a program that was stopped.");
}

fn frontier(limit: f64) {
    const POINTS: i64 = 20;
    println!(
        "\n### Frontier of {POINTS} points\n\n| place | candidates | all points s | one plan, half of all costs, s | as many \
         plans | each point alone, sum s |\n{}",
        rule(6)
    );
    for place in [Place::m(), Place::cut()] {
        for candidates in CANDIDATES {
            let (choices, total) = place.choices(candidates);
            let budgets: Vec<i64> = (1..=POINTS).map(|point| total * point / POINTS).collect();
            let (all, met) = ours::frontier(&choices, &budgets, limit);
            let one = median(|| ours::most_need(&choices, total / 2, Route::Tree, 0.0, limit));
            let alone: Vec<Ran> =
                budgets.iter().map(|budget| ours::most_need(&choices, *budget, Route::Tree, 0.0, limit)).collect();
            let ended = met.len() == budgets.len();
            for (own, met) in alone.iter().zip(&met).filter(|(own, _)| own.done && ended) {
                assert_eq!(own.met, Some(*met), "a point of the frontier is what its budget alone gives");
            }
            println!(
                "| {} | {candidates} | {}{all:.2} | {} | {:.1} | {:.2} |",
                place.name,
                if ended { "" } else { "stopped: " },
                one.say_seconds(),
                all / one.seconds,
                alone.iter().map(|own| own.seconds).sum::<f64>(),
            );
        }
    }
}

fn routes(limit: f64) {
    println!(
        "\n### Routes, with {}\n\n| place | candidates | tree: within 1 % s | proof s | nodes | masters: within 1 % s | proof \
         s | masters | met |\n{}",
        mip::backend(),
        rule(9)
    );
    let sets = [(Place::s(), vec![100]), (Place::m(), CANDIDATES.to_vec()), (Place::cut(), CANDIDATES.to_vec())];
    for (place, candidates) in sets {
        for candidates in candidates {
            let (choices, total) = place.choices(candidates);
            let by = |route: Route| {
                let near = median(|| ours::most_need(&choices, total / 2, route, 0.01, limit));
                (near, median(|| ours::most_need(&choices, total / 2, route, 0.0, limit)))
            };
            let (near, tree) = by(Route::Tree);
            let (near_by_masters, masters) = by(Route::Master);
            agree(&tree, &[[near_by_masters.clone(), masters.clone()]]);
            println!(
                "| {} | {candidates} | {} | {} | {} | {} | {} | {} | {} |",
                place.name,
                near.say_seconds(),
                tree.say_seconds(),
                tree.nodes,
                near_by_masters.say_seconds(),
                masters.say_seconds(),
                masters.nodes,
                tree.say_met(),
            );
        }
    }
}

/// All that claim a proof have the same value.
fn agree(own: &Ran, peers: &[[Ran; 2]]) {
    for peer in peers.iter().map(|peer| &peer[1]).filter(|peer| peer.done && own.done) {
        assert_eq!(own.met, peer.met, "two proofs of different values");
    }
}

/// One run, or the median of three where a run is short.
fn median(run: impl Fn() -> Ran) -> Ran {
    const SHORT: f64 = 5.0;
    let first = run();
    if SHORT < first.seconds {
        return first;
    }
    let mut runs = vec![first, run(), run()];
    runs.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    runs.swap_remove(1)
}

fn rule(columns: usize) -> String {
    format!("|{}", " --- |".repeat(columns))
}

fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    format!("{}{}", if number < 0 { "-" } else { "" }, groups.join(","))
}

/// What it runs on, and what is compared.
fn machine(limit: f64) -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("an unknown processor");
    let load = read("/proc/loadavg");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let version = |package: &str| {
        let mut lines = include_str!("../../Cargo.lock").lines();
        lines.find(|line| *line == format!("name = \"{package}\""));
        lines.next().and_then(|line| line.split('"').nth(1)).unwrap_or("?").to_owned()
    };
    format!(
        "{cores} cores of {}, load {}; Suffice {} on one thread; good_lp {}, HiGHS {} on one thread, microlp {}; {limit} s \
         for each run",
        model.trim_start_matches([' ', '\t', ':']),
        load.split(' ').next().unwrap_or("?"),
        env!("CARGO_PKG_VERSION"),
        version("good_lp"),
        version("highs-sys"),
        version("microlp"),
    )
}

/// What the chosen candidates meet, by the need solver: the same for all who choose.
fn met_by(choices: &Choices, steps: &[u32]) -> i64 {
    use suffice::solve::need::{NeedOutcome, solve};
    let network = choices.network_after(steps);
    let weights = &network.stages()[0].unsent_cost;
    let total: i64 = network.sources().iter().zip(weights).map(|(source, weight)| source.units as i64 * weight).sum();
    match solve(&network, 0, &suffice::solve::Effort::unlimited()) {
        NeedOutcome::Optimal { value, .. } => total - value,
        NeedOutcome::Stopped { .. } => unreachable!("nothing stops it"),
    }
}
