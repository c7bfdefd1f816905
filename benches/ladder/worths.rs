//! What one place more and one less is worth, for every offer, from an optimum and its prices.

use std::sync::Arc;

use criterion::{BenchmarkId, Criterion};
use suffice::solve::{Effort, Outcome, Proof, solve, worth};

use super::support::known::generate;
use super::support::{Numbers, Objective, Rung};

pub fn bench(criterion: &mut Criterion) {
    let mut group = super::group(criterion, "worths");
    for rung in Rung::OFTEN {
        let network = Arc::new(Numbers::of(&generate(rung)).network(Objective::NeedThenCost));
        let outcome = solve(&network, &Effort::unlimited()).expect("no backend is asked");
        let Outcome::Optimal { flow, proof: Proof::Prices(prices), .. } = outcome else {
            panic!("without a limit the solver ends with prices");
        };
        group.throughput(super::pairs_of(&network));
        group.bench_function(BenchmarkId::from_parameter(rung), |bencher| {
            bencher.iter(|| worth::worths(&network, &flow, &prices, &Effort::unlimited()).expect("nothing stops it"));
        });
    }
    group.finish();
}
