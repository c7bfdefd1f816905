//! Files in, files out: bundles, the built-in tables, and importers of public registers.
//!
//! Everything ends as a [`Draft`](crate::domain::Draft), which the check then reads; nothing here decides what a cell
//! means for the mathematics. Whatever is wrong with a file is reported at once, each finding with file, row and column.

pub mod assemble;
pub mod builtin;
pub mod bundle;
pub mod folder;
pub mod grid;
pub mod population;
mod quick;
pub mod schools;
mod settings;
#[cfg(test)]
mod shared_data;
mod sheet;
