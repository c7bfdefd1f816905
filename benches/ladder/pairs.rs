//! Who may go where: all pairs of a checked locality.

use criterion::{BenchmarkId, Criterion, Throughput};
use suffice::eligibility::{Pairs, Profiles};
use suffice::solve::Effort;

use super::support::bundles::{Policy, draft, resident};
use super::support::{Known, Rung};

pub fn bench(criterion: &mut Criterion) {
    let mut group = super::group(criterion, "pairs");
    for rung in Rung::OFTEN {
        let resident = resident(draft(rung, Policy::Blended));
        let run = || {
            let profiles = Profiles::build(resident.locality());
            Pairs::build(resident.locality(), &profiles, &Effort::unlimited()).expect("nothing stops it")
        };
        let n_pairs = run().n_pairs();
        assert_eq!(n_pairs, Known::of(rung).expect("seed 1 is known").arcs as u64);
        group.throughput(Throughput::Elements(n_pairs));
        group.bench_function(BenchmarkId::from_parameter(rung), |bencher| bencher.iter(run));
    }
    group.finish();
}
