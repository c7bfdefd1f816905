//! What the tests of the solvers by force share with the fuzzer.

#![allow(dead_code, reason = "each program uses its own part of this folder")]

pub mod every_flow;
pub mod from_bytes;
pub mod must_hold;
