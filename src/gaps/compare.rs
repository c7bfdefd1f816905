//! Two localities, two dates of one, or one under two definitions: what changed, and why.
//!
//! [`decompose`] splits the change of unmet need into what need, supply and the way of matching did to it: the eight
//! mixtures of the two are solved, and each part is the mean over the orders in which the three could have changed
//! ([`count_over_orders`](crate::measures::decompose::count_over_orders)). [`indicators`] holds share after share of the
//! two side by side, each with the range that the unknown and the choice among optima leave, and counts an indicator as
//! improved or worsened only where the two ranges do not overlap.

mod decomposition;
mod indicators;
mod mixture;
mod readings;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use decomposition::{Decomposed, Factor, Mixture, NoParts, PartsOfChange, decompose};
pub use indicators::{Better, Counts, Cut, Estimate, Indicator, Measured, NotComparable, Verdict, indicators};
pub use mixture::Rows;

use crate::domain::Locality;
use crate::eligibility::{Pairs, Profiles};
use crate::matching::Matching;
use crate::solve::StopReason;

/// A locality that is compared, with its own answer.
#[derive(Clone)]
pub struct Compared<'a> {
    pub locality: &'a Locality,
    pub profiles: &'a Profiles,
    /// The reason where the run was stopped before they were known.
    pub pairs: Result<Arc<Pairs>, StopReason>,
    pub matching: Arc<Matching>,
}
