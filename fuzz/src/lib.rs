//! The part of Suffice that is fuzzed, compiled alone under the crate's own name: `solve` (links to the real files beside
//! this one) needs nothing of the rest, and so the fuzzer builds in a minute and counts no edges of web servers.

pub mod solve;
