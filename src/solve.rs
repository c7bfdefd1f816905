//! Exact optimisation on numbers alone: nothing here knows what a child or a service is.
//!
//! A [`Network`] is the problem, [`flow`] solves it by a network simplex of our own, [`need`] solves its need stage alone
//! and faster, [`program`] and [`mip`] solve the same problem through good_lp, [`check`] verifies any answer and shares no
//! code with the others.

pub mod check;
pub mod choose;
mod costs;
pub mod effort;
pub mod flow;
pub mod mip;
pub mod need;
pub mod network;
pub mod outcome;
pub mod program;
pub mod standing;
pub mod worth;

#[cfg(test)]
mod samples;

pub use effort::{Effort, Observer, Progress, StopReason, Watch};
pub use network::{Limit, Network, NetworkError, NetworkParts, PairCosts, Pool, SideGroup, Source, Stage, Step};
pub use outcome::{Flow, Outcome, Prices, Proof, StagePrices, Worth};
pub use program::BackendError;

/// The best flow by the route that fits: our own where the problem is a network, else the program's.
pub fn solve(network: &Network, effort: &Effort) -> Result<Outcome, BackendError> {
    if network.is_network() { Ok(flow::solve(network, effort)) } else { program::solve(network, effort) }
}
