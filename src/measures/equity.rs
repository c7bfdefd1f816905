//! Who is worse served: by place in an order from worst off to best, by group, and for equal need.

mod concentration_index;
mod disparity;
mod horizontal;

pub use concentration_index::{Bounds, ConcentrationIndex, Observation, concentration_index};
pub use disparity::{Disparity, Part, disparity};
pub use horizontal::{BadIndicators, HorizontalInequity, Indicators, horizontal_inequity};

#[cfg(test)]
mod tests;
