//! Made-up input, the same on every machine: benchmark instances with known optima, and localities of any size.
//!
//! Nothing here is about a real child, family or provider. Every number comes from [`draws`], which needs a seed and
//! no clock, and all arithmetic is on whole numbers.

pub mod draws;
pub mod instance;
pub mod locality;

pub use instance::{Instance, Params};
pub use locality::{Options, locality};

/// A size that the generators do not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {seen}; it can be {least} to {most}")]
pub struct OutOfRange {
    pub name: &'static str,
    pub seen: u64,
    pub least: u64,
    pub most: u64,
}

/// `value` where it lies in `least..=most`.
fn in_range(name: &'static str, value: u64, least: u64, most: u64) -> Result<u64, OutOfRange> {
    if (least..=most).contains(&value) { Ok(value) } else { Err(OutOfRange { name, seen: value, least, most }) }
}
