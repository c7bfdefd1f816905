//! The solver's input: any bytes become the parts of a network; what `Network::new` lets in must be solved rightly.

#![no_main]

#[path = "../../tests/brute/mod.rs"]
mod brute;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| brute::must_hold::of_bytes(bytes));
