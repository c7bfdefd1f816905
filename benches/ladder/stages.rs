//! Stages with a cost on each pair: `blended`, and need then cost.

use criterion::{BenchmarkId, Criterion};
use suffice::solve::{Effort, solve};

use super::support::known::generate;
use super::support::numbers::Reached;
use super::support::{Known, Numbers, Objective, Rung};

pub fn bench(criterion: &mut Criterion) {
    for objective in [Objective::Blended, Objective::NeedThenCost] {
        let mut group = super::group(criterion, &objective.to_string());
        for rung in Rung::OFTEN {
            let network = Numbers::of(&generate(rung)).network(objective);
            let run = || solve(&network, &Effort::unlimited()).expect("no backend is asked");
            let known = Known::of(rung).expect("seed 1 is known");
            known.assert_optimum(&Reached::of(&network, objective, &run()));
            group.throughput(super::pairs_of(&network));
            group.bench_function(BenchmarkId::from_parameter(rung), |bencher| bencher.iter(run));
        }
        group.finish();
    }
}
