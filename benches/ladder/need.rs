//! The need stage alone: most weight met.

use criterion::{BenchmarkId, Criterion};
use suffice::solve::{Effort, solve};

use super::support::known::generate;
use super::support::numbers::Reached;
use super::support::{Known, Numbers, Objective, Rung};

pub fn bench(criterion: &mut Criterion) {
    let mut group = super::group(criterion, "need");
    for rung in Rung::OFTEN {
        let network = Numbers::of(&generate(rung)).network(Objective::Need);
        let run = || solve(&network, &Effort::unlimited()).expect("no backend is asked");
        let known = Known::of(rung).expect("seed 1 is known");
        known.assert_optimum(&Reached::of(&network, Objective::Need, &run()));
        group.throughput(super::pairs_of(&network));
        group.bench_function(BenchmarkId::from_parameter(rung), |bencher| bencher.iter(run));
    }
    group.finish();
}
