//! Change without starting over: a place more or a need more, and what is asked of it: flow, objective, that offer's
//! worth. Each change is made to the same standing answer, in turn.

use criterion::{BatchSize, BenchmarkId, Criterion};
use suffice::solve::Effort;

use super::support::Rung;
use super::support::bundles::{Policy, draft, formulation, resident};
use super::support::changes::Changing;

pub fn bench(criterion: &mut Criterion) {
    let mut group = super::group(criterion, "standing");
    for rung in Rung::OFTEN {
        let effort = Effort::unlimited();
        let mut changing =
            Changing::of(formulation(&resident(draft(rung, Policy::DefaultOrder)), &effort).network, &effort);
        // What one change needs, without the others: places and groups as they are in the standing answer.
        let changes: Vec<_> = (0..1_000).map(|number| changing.alone(number)).collect();
        let mut turn = changes.iter().cycle();
        group.bench_function(BenchmarkId::from_parameter(rung), |bencher| {
            bencher.iter_batched(
                || turn.next().expect("the circle has no end"),
                |change| {
                    let after = changing.standing.after(&change.changes, &effort).expect("a valid change");
                    (after.values(), after.worth(change.sink, &effort))
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}
