//! Suffice: does what a place offers its children *suffice* for what they need?
//!
//! Modules import downwards only; ARCHITECTURE.md has the map, and `tests/layout.rs` proves it.

pub mod canon;
pub mod cli;
pub mod domain;
pub mod eligibility;
pub mod engine;
pub mod gaps;
pub mod generate;
pub mod grpc;
pub mod import;
pub mod matching;
pub mod measures;
pub mod planning;
pub mod report;
pub mod service;
pub mod solve;
pub mod telemetry;
pub mod view;
