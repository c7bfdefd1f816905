//! Alternating paths in a matching: who could move so that someone else is placed.
//!
//! From a need one goes to any offer that may take it; from a full offer to any need placed there (it could move
//! elsewhere); from an offer with room behind a full provider to the provider's other offers. All walks are over offers,
//! backwards from a goal, in time linear in the pairs.

use crate::matching::Formulation;
use crate::solve::Flow;

/// A matching's residual graph. Positions are the network's.
pub struct Residual<'a> {
    formulation: &'a Formulation,
    flow: &'a Flow,
    /// Pairs by sink: `by_sink[sink_starts[j]..sink_starts[j + 1]]` are (source, pair).
    sink_starts: Vec<usize>,
    by_sink: Vec<(u32, u32)>,
    used: Vec<u64>,
    limit_used: Vec<u64>,
    limit_sinks: Vec<Vec<u32>>,
}

impl<'a> Residual<'a> {
    /// O(pairs).
    pub fn new(formulation: &'a Formulation, flow: &'a Flow) -> Residual<'a> {
        let network = &formulation.network;
        let n_sinks = network.places().len();
        let mut sink_starts = vec![0; n_sinks + 1];
        for &sink in network.sinks() {
            sink_starts[sink as usize + 1] += 1;
        }
        for sink in 0..n_sinks {
            sink_starts[sink + 1] += sink_starts[sink];
        }
        let mut by_sink = vec![(0, 0); network.sinks().len()];
        let mut next = sink_starts.clone();
        let mut used = vec![0; n_sinks];
        for source in 0..formulation.needs.len() {
            for pair in network.pairs_of(source) {
                let sink = network.sinks()[pair] as usize;
                by_sink[next[sink]] = (source as u32, pair as u32);
                next[sink] += 1;
            }
        }
        for (pair, units) in flow.carried() {
            used[network.sinks()[*pair as usize] as usize] += units;
        }
        let mut limit_used = vec![0; network.limits().len()];
        let mut limit_sinks = vec![Vec::new(); network.limits().len()];
        for (sink, limit) in network.sink_limits().iter().enumerate() {
            if let Some(limit) = limit {
                limit_used[*limit as usize] += used[sink];
                limit_sinks[*limit as usize].push(sink as u32);
            }
        }
        Residual { formulation, flow, sink_starts, by_sink, used, limit_used, limit_sinks }
    }

    pub fn used(&self) -> &[u64] {
        &self.used
    }

    fn has_own_room(&self, sink: usize) -> bool {
        self.formulation.network.places()[sink].is_none_or(|places| self.used[sink] < places)
    }

    fn full_limit(&self, sink: usize) -> Option<usize> {
        let network = &self.formulation.network;
        let limit = network.sink_limits()[sink]? as usize;
        (network.limits()[limit].capacity <= self.limit_used[limit]).then_some(limit)
    }

    /// Sinks that could take one more unit as they are.
    pub fn with_room(&self) -> Vec<usize> {
        (0..self.used.len()).filter(|&sink| self.has_own_room(sink) && self.full_limit(sink).is_none()).collect()
    }

    /// Sources with a pair to this sink, and the pair.
    pub fn sources_of(&self, sink: usize) -> &[(u32, u32)] {
        &self.by_sink[self.sink_starts[sink]..self.sink_starts[sink + 1]]
    }

    /// Sinks from which an alternating path leads to one of `goals`: whoever may use such a sink could be placed, were
    /// there one place more at the goal. `uses_goal` are needs (sources) that may use a goal that is no sink of the
    /// network (places not known).
    pub fn sinks_that_reach(&self, goals: &[usize], uses_goal: &[usize]) -> Vec<bool> {
        let network = &self.formulation.network;
        let mut reached = vec![false; self.used.len()];
        let mut seen_source = vec![false; self.formulation.needs.len()];
        let mut todo: Vec<usize> = Vec::new();
        let mut reach = |sink: usize, todo: &mut Vec<usize>| {
            if !reached[sink] {
                reached[sink] = true;
                todo.push(sink);
            }
        };
        for &goal in goals {
            reach(goal, &mut todo);
        }
        let mut sources: Vec<usize> = uses_goal.to_vec();
        loop {
            // A source that may use a reached sink could move there: its present sinks are reached.
            while let Some(source) = sources.pop() {
                if std::mem::replace(&mut seen_source[source], true) {
                    continue;
                }
                for (pair, _) in self.flow.within(network.pairs_of(source)) {
                    reach(network.sinks()[*pair as usize] as usize, &mut todo);
                }
            }
            let Some(sink) = todo.pop() else { break };
            sources.extend(self.sources_of(sink).iter().map(|&(source, _)| source as usize));
            // Moving someone out of this sink frees its provider for a sibling that has room of its own.
            if 0 < self.used[sink]
                && let Some(limit) = self.full_limit(sink)
            {
                for &sibling in &self.limit_sinks[limit] {
                    if self.has_own_room(sibling as usize) {
                        reach(sibling as usize, &mut todo);
                    }
                }
            }
        }
        reached
    }

    /// What the given sources reach forwards: (sources, sinks, limits). For a maximum flow and its unsent sources this
    /// is the least minimum cut.
    pub fn reached_from(&self, starts: &[usize]) -> (Vec<bool>, Vec<bool>, Vec<bool>) {
        let network = &self.formulation.network;
        let mut sources = vec![false; self.formulation.needs.len()];
        let mut sinks = vec![false; self.used.len()];
        let mut limits = vec![false; self.limit_used.len()];
        let mut todo: Vec<usize> = starts.to_vec();
        while let Some(source) = todo.pop() {
            if std::mem::replace(&mut sources[source], true) {
                continue;
            }
            let mut new_sinks: Vec<usize> = network.sinks()[network.pairs_of(source)]
                .iter()
                .map(|&sink| sink as usize)
                .filter(|&sink| !sinks[sink])
                .collect();
            while let Some(sink) = new_sinks.pop() {
                if std::mem::replace(&mut sinks[sink], true) {
                    continue;
                }
                let holding = self.sources_of(sink).iter().filter(|&&(_, pair)| 0 < self.flow.of(pair as usize));
                todo.extend(holding.map(|&(source, _)| source as usize));
                if self.has_own_room(sink)
                    && let Some(limit) = self.full_limit(sink)
                    && !std::mem::replace(&mut limits[limit], true)
                {
                    let siblings = self.limit_sinks[limit].iter().map(|&sibling| sibling as usize);
                    new_sinks.extend(siblings.filter(|&sibling| !sinks[sibling] && 0 < self.used[sibling]));
                }
            }
        }
        (sources, sinks, limits)
    }
}
