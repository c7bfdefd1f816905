//! The part of Suffice that is fuzzed, compiled alone under the crate's own name: `solve` needs nothing of the rest, and
//! so the fuzzer builds in a minute and counts no edges of web servers.

pub use source::solve;

#[path = "../src"]
mod source {
    pub mod solve;
}
