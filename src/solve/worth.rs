//! What one place more or one less in each sink would change, without solving again.
//!
//! One place more lets a unit round one cycle: out of the sink to what lies behind it, and from there back to the sink
//! over the residual graph by the cheapest path. One place less forces a unit the other way. So each worth is one
//! shortest path, and all sinks behind the same limit (or right before the ground) share one search in each direction.
//! Prices that certify the flow make all reduced costs non-negative as vectors over the stages, so Dijkstra's method
//! works, with vectors compared lexicographically for lengths. The graph is that of [`standing`](super::standing).

use std::sync::Arc;

use super::effort::{Effort, StopReason};
use super::network::Network;
use super::outcome::{Flow, Prices, Worth};
use super::standing::Standing;

/// The worths of every sink. `flow` and `prices` are an optimum of `network` as `flow::solve` gives it; with others
/// the answer means nothing, and there is none (every worth None) where they are not even of its shape.
///
/// O(pairs) once, shared out over the threads of `effort`, then two searches at most for each distinct node right behind
/// some full sink, O(sinks^2 log sinks) at worst and often cut short. Memory: O(sources) and the cheapest exchange of
/// each pair of sinks that share a source.
pub fn worths(network: &Arc<Network>, flow: &Flow, prices: &Prices, effort: &Effort) -> Result<Vec<Worth>, StopReason> {
    match Standing::as_it_is(Arc::clone(network), flow, prices, effort)? {
        Some(standing) => standing.worths(effort),
        None => Ok(vec![Worth { one_more: None, one_less: None }; network.n_sinks()]),
    }
}

#[cfg(test)]
mod tests;
