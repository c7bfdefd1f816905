//! One file for each algorithm, over the ladder S, M and L of seed 1 (3,962, 47,373 and 1,289,835 pairs).
//!
//! ```text
//! cargo bench --bench ladder               all of them
//! cargo bench --bench ladder -- need       one
//! ```
//!
//! Every answer is held against the known optimum before it is timed. XL is measured by `large`, and the comparison
//! with other solvers by `benches/peers/run.sh`.

mod default_order;
mod need;
mod pairs;
mod stages;
mod standing;
#[path = "../support/mod.rs"]
mod support;
mod whole;
mod worths;

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

/// A group of one algorithm. Ten samples are enough where one takes a tenth of a second, and steady where it takes less.
fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(5));
    group
}

/// Criterion then prints pairs a second, which should hardly fall along the ladder.
fn pairs_of(network: &suffice::solve::Network) -> Throughput {
    Throughput::Elements(network.n_pairs() as u64)
}

criterion_group!(
    benches,
    need::bench,
    stages::bench,
    default_order::bench,
    worths::bench,
    standing::bench,
    pairs::bench,
    whole::bench
);
criterion_main!(benches);
