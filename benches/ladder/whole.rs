//! From the files of a bundle to the JSON of its answer, everything counted, as `suffice match BUNDLE --json` does it.

use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput};
use suffice::import::bundle;
use suffice::matching::Route;
use suffice::solve::Effort;
use suffice::view;

use super::support::bundles::{Policy, draft, resident};
use super::support::{Known, Rung};

pub fn bench(criterion: &mut Criterion) {
    let mut group = super::group(criterion, "whole");
    for rung in Rung::OFTEN {
        let folder = tempfile::tempdir().expect("there is room for files");
        bundle::write_dir(&draft(rung, Policy::Blended), folder.path(), true).expect("the bundle can be written");
        let known = Known::of(rung).expect("seed 1 is known");
        let document: serde_json::Value = serde_json::from_str(&json(folder.path())).expect("a document is JSON");
        assert_eq!(document["objective"][0]["value"], known.blended);
        group.throughput(Throughput::Elements(known.arcs as u64));
        group.bench_function(BenchmarkId::from_parameter(rung), |bencher| bencher.iter(|| json(folder.path())));
    }
    group.finish();
}

fn json(folder: &Path) -> String {
    let resident = resident(bundle::read_dir(folder, &Effort::unlimited()).expect("the bundle can be read"));
    let threads = rayon::ThreadPoolBuilder::new().build().expect("threads can be had");
    let files = view::matching::run(&resident, Route::Network, &Effort::unlimited().on(&threads)).expect("an answer");
    serde_json::to_string(&files.document).expect("a document is JSON")
}
