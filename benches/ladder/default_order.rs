//! The default order of stages, with evenness between areas: need, evenness, travel, cost.

use criterion::{BenchmarkId, Criterion};
use suffice::solve::{Effort, solve};

use super::support::Rung;
use super::support::bundles::{Policy, draft, formulation, resident};

pub fn bench(criterion: &mut Criterion) {
    let mut group = super::group(criterion, "default-order");
    for rung in Rung::OFTEN {
        let formulation = formulation(&resident(draft(rung, Policy::DefaultOrder)), &Effort::unlimited());
        let network = &formulation.network;
        group.throughput(super::pairs_of(network));
        group.bench_function(BenchmarkId::from_parameter(rung), |bencher| {
            bencher.iter(|| solve(network, &Effort::unlimited()).expect("no backend is asked"));
        });
    }
    group.finish();
}
