//! What would close the gap: candidates over the matcher's own network, chosen so that most need is met within a budget,
//! or a target is met at least cost.
//!
//! [`market`] writes a locality with its candidates as [`Choices`](crate::solve::choose::Choices): the network of the
//! matching, with a sink for each new offer, an entry for each wider rule, and a lever for each candidate.

pub mod market;

pub use market::{Market, NoMarket, SinkOf};
