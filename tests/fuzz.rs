//! The fuzzer's target without the fuzzer, so that every run of the tests walks through it: bytes from a seed, and the
//! inputs that once mattered. `fuzz/README.md` says how to let it run for longer.

#[path = "brute/mod.rs"]
mod brute;

use std::fs;
use std::path::Path;

use brute::from_bytes::Case;
use brute::must_hold;
use suffice::generate::draws::Draws;
use suffice::solve::Network;

const CASES: u64 = 8_000;

/// Bytes of case `case`: up to 400, enough for the largest network that they can describe.
fn bytes(case: u64) -> Vec<u8> {
    let length = Draws::new(case, 0).below(0, 401);
    (0..length).map(|at| Draws::new(case, 1).below(at, 256) as u8).collect()
}

#[test]
fn nothing_breaks_on_seeded_bytes() {
    for case in 0..CASES {
        must_hold::of_bytes(&bytes(case));
    }
}

#[test]
fn most_bytes_reach_the_solver_and_some_are_refused() {
    let accepted = (0..CASES).filter(|case| Network::new(Case::of(&bytes(*case)).parts).is_ok()).count() as u64;
    assert!((CASES / 2..CASES).contains(&accepted), "{accepted} of {CASES}");
}

#[test]
fn nothing_breaks_on_what_the_fuzzer_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/network");
    let mut names: Vec<_> = (fs::read_dir(&folder).expect("the corpus is part of the repository"))
        .map(|entry| entry.expect("a folder can be listed").path())
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{} holds no input", folder.display());
    for name in names {
        must_hold::of_bytes(&fs::read(&name).expect("an input can be read"));
    }
}
