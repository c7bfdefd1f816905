//! What the benches share: the ladder of instances, what is known of them, and each objective as a network.

#![allow(dead_code, reason = "each bench program uses its own part of this folder")]

pub mod bundles;
pub mod changes;
pub mod known;
pub mod numbers;
pub mod rung;

pub use known::Known;
pub use numbers::{Numbers, Objective};
pub use rung::Rung;
