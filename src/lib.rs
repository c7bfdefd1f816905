//! Suffice: does what a place offers its children *suffice* for what they need?
//!
//! Modules import downwards only; ARCHITECTURE.md has the map, and `tests/layout.rs` proves it.

pub mod canon;
pub mod domain;
pub mod eligibility;
pub mod engine;
pub mod gaps;
pub mod generate;
pub mod import;
pub mod matching;
pub mod solve;
pub mod view;
