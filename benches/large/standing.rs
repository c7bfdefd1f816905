//! Change without starting over: a thousand random changes of one row, one after the other.

use serde_json::{Value, json};
use suffice::solve::{Effort, check, solve};

use super::clock::Clock;
use super::memory;
use super::support::Rung;
use super::support::bundles::{Policy, draft, formulation, resident};
use super::support::changes::{Changing, What};

const CHANGES: u64 = 1_000;

/// The time of each change with what a planner asks of it: the flow, the objective, and the worth of that offer. In the
/// end the standing answer must be an optimum by its prices, and cost what a fresh solve of the changed problem does.
pub fn run(rung: Rung, threads: usize) -> Value {
    let threads = super::jobs::threads(threads);
    let effort = Effort::unlimited().on(&threads);
    let resident = resident(draft(rung, Policy::DefaultOrder));
    let network = formulation(&resident, &effort).network;
    let n_pairs = network.n_pairs();
    drop(resident);

    let held_mib = memory::held();
    let clock = Clock::start();
    let mut changing = Changing::of(network, &effort);
    let begun = clock.read();
    let (mut of_places, mut of_needs) = (Vec::new(), Vec::new());
    for number in 0..CHANGES {
        let change = changing.next(number);
        let clock = Clock::start();
        let after = changing.standing.after(&change.changes, &effort).expect("a valid change, and nothing stops it");
        let (values, worth) = (after.values(), after.worth(change.sink, &effort).expect("nothing stops it"));
        let micros = match change.what {
            What::Place => &mut of_places,
            What::Need => &mut of_needs,
        };
        micros.push(clock.read().wall * 1e6);
        assert!(worth.one_more.is_some() && !values.is_empty());
        changing.standing = after;
    }
    let peak_mib = memory::peak();

    let standing = &changing.standing;
    let everything = |count: usize| (0..count as u32).collect::<Vec<u32>>();
    let evidence = standing.evidence(&everything(standing.n_sources()), &everything(standing.n_sinks()));
    let evidence = evidence.expect("the changed problem is a network");
    assert_eq!(check::feasible(&evidence.network, &evidence.flow), Ok(standing.values()));
    assert_eq!(check::optimal(&evidence.network, &evidence.flow, &evidence.prices), Ok(()));
    let clock = Clock::start();
    let fresh = solve(&evidence.network, &effort).expect("no backend is asked");
    let afresh = clock.read();
    assert_eq!(fresh.values(), standing.values(), "a fresh solve");

    let all = [of_places.as_slice(), of_needs.as_slice()].concat();
    json!({
        "solver": "suffice", "version": env!("CARGO_PKG_VERSION"), "standing": rung.to_string(), "pairs": n_pairs,
        "threads": threads.current_num_threads(), "changes": CHANGES, "begin_s": begun.wall, "afresh_s": afresh.wall,
        "place_median_us": at(&mut of_places, 50), "place_p90_us": at(&mut of_places, 90),
        "need_median_us": at(&mut of_needs, 50), "need_p90_us": at(&mut of_needs, 90),
        "p99_us": at(&mut all.clone(), 99), "most_us": at(&mut all.clone(), 100),
        "held_mib": held_mib, "peak_mib": peak_mib,
    })
}

/// What so many of a hundred are at most.
fn at(micros: &mut [f64], percent: usize) -> f64 {
    micros.sort_by(f64::total_cmp);
    micros[percent * (micros.len() - 1) / 100]
}
