//! Alternating paths in a matching: who could move so that someone else is placed.
//!
//! From a need one goes to any offer that may take it; from a full offer to any need placed there (it could move
//! elsewhere); from an offer with room behind a full provider to the provider's other offers. All walks are over offers,
//! backwards from a goal, in time linear in the pairs.

use crate::solve::{Effort, Flow, Network, StopReason};

/// A matching's residual graph. Positions are the network's. Memory: 4 bytes for each placement and 8 for each source,
/// nothing for each pair.
pub struct Residual<'a> {
    network: &'a Network,
    flow: &'a Flow,
    /// Sources placed in each sink: `placed[placed_starts[j]..placed_starts[j + 1]]`, rising.
    placed_starts: Vec<usize>,
    placed: Vec<u32>,
    /// Units that each source sends.
    sent: Vec<u64>,
    used: Vec<u64>,
    limit_used: Vec<u64>,
    limit_sinks: Vec<Vec<u32>>,
}

/// What some sources reach.
pub struct Reached {
    pub sources: Vec<bool>,
    pub sinks: Vec<bool>,
    pub limits: Vec<bool>,
}

impl<'a> Residual<'a> {
    /// O(sources + placements).
    pub fn new(network: &'a Network, flow: &'a Flow) -> Residual<'a> {
        let n_sinks = network.places().len();
        let sink_of = |pair: u32| network.sinks()[pair as usize] as usize;
        let mut sent = vec![0; network.n_sources()];
        let mut used = vec![0; n_sinks];
        let mut placed_starts = vec![0; n_sinks + 1];
        let mut source_of = Vec::with_capacity(flow.carried().len());
        let mut source = 0;
        for &(pair, units) in flow.carried() {
            // Both rise, so one walk along the sources finds all.
            while network.starts()[source + 1] <= pair as usize {
                source += 1;
            }
            source_of.push(source as u32);
            sent[source] += units;
            used[sink_of(pair)] += units;
            placed_starts[sink_of(pair) + 1] += 1;
        }
        for sink in 0..n_sinks {
            placed_starts[sink + 1] += placed_starts[sink];
        }
        let mut placed = vec![0; source_of.len()];
        let mut next = placed_starts.clone();
        for (&(pair, _), source) in flow.carried().iter().zip(source_of) {
            let at = &mut next[sink_of(pair)];
            placed[*at] = source;
            *at += 1;
        }
        let mut limit_used = vec![0; network.limits().len()];
        let mut limit_sinks = vec![Vec::new(); network.limits().len()];
        for (sink, limit) in network.sink_limits().iter().enumerate() {
            if let Some(limit) = limit {
                limit_used[*limit as usize] += used[sink];
                limit_sinks[*limit as usize].push(sink as u32);
            }
        }
        Residual { network, flow, placed_starts, placed, sent, used, limit_used, limit_sinks }
    }

    /// Sources that have a pair and do not send all.
    pub fn unsent(&self) -> Vec<usize> {
        let network = self.network;
        let is_unsent = |&source: &usize| {
            !network.pairs_of(source).is_empty() && self.sent[source] < network.sources()[source].units
        };
        (0..self.sent.len()).filter(is_unsent).collect()
    }

    fn has_own_room(&self, sink: usize) -> bool {
        self.network.places()[sink].is_none_or(|places| self.used[sink] < places)
    }

    fn full_limit(&self, sink: usize) -> Option<usize> {
        let network = self.network;
        let limit = network.sink_limits()[sink]? as usize;
        (network.limits()[limit].capacity <= self.limit_used[limit]).then_some(limit)
    }

    /// The sink could take one more unit as it is.
    pub fn has_room(&self, sink: usize) -> bool {
        self.has_own_room(sink) && self.full_limit(sink).is_none()
    }

    fn placed_in(&self, sink: usize) -> &[u32] {
        &self.placed[self.placed_starts[sink]..self.placed_starts[sink + 1]]
    }

    /// For each sink the sources that may use it and are placed in a sink that is not reached yet: who could move there,
    /// so that another sink is reached. O(placements + pairs of those sources).
    fn could_move(&self, reached: &[bool], effort: &Effort) -> Result<(Vec<usize>, Vec<u32>), StopReason> {
        let network = self.network;
        let mut leads_on = vec![false; self.sent.len()];
        for sink in (0..reached.len()).filter(|&sink| !reached[sink]) {
            let placed = self.placed_in(sink);
            effort.tick(1 + placed.len() as u64)?;
            placed.iter().for_each(|&source| leads_on[source as usize] = true);
        }
        let placed = || (0..self.sent.len()).filter(|&source| leads_on[source]);
        let mut starts = vec![0; self.used.len() + 1];
        for source in placed() {
            let own = &network.sinks()[network.pairs_of(source)];
            effort.tick(1 + own.len() as u64)?;
            own.iter().for_each(|sink| starts[*sink as usize + 1] += 1);
        }
        for sink in 0..self.used.len() {
            starts[sink + 1] += starts[sink];
        }
        let mut sources = vec![0; starts[self.used.len()]];
        let mut next = starts.clone();
        for source in placed() {
            let own = &network.sinks()[network.pairs_of(source)];
            effort.tick(1 + own.len() as u64)?;
            for &sink in own {
                sources[next[sink as usize]] = source as u32;
                next[sink as usize] += 1;
            }
        }
        Ok((starts, sources))
    }

    /// Sinks from which an alternating path leads to a goal that is no sink of the network (places not known): whoever
    /// may use such a sink could be placed, were there a place at the goal. `uses_goal` are needs (sources) that may use
    /// one. O(placements + pairs of those placed where no path of one step leads to a goal).
    pub fn sinks_that_reach(&self, uses_goal: &[usize], effort: &Effort) -> Result<Vec<bool>, StopReason> {
        let network = self.network;
        let mut reached = vec![false; self.used.len()];
        let mut todo: Vec<usize> = Vec::new();
        let reach = |sink: usize, reached: &mut Vec<bool>, todo: &mut Vec<usize>| {
            if !std::mem::replace(&mut reached[sink], true) {
                todo.push(sink);
            }
        };
        // A source that may use a reached sink, or a goal, could move there: its present sinks are reached.
        let present = |source: usize| {
            let placements = self.flow.within(network.pairs_of(source)).iter();
            placements.map(|&(pair, _)| network.sinks()[pair as usize] as usize)
        };
        for &source in uses_goal {
            effort.tick(4)?;
            present(source).for_each(|sink| reach(sink, &mut reached, &mut todo));
        }
        let (starts, could_move) = self.could_move(&reached, effort)?;
        let mut seen_source = vec![false; self.sent.len()];
        while let Some(sink) = todo.pop() {
            effort.tick(1 + (starts[sink + 1] - starts[sink]) as u64)?;
            for &source in &could_move[starts[sink]..starts[sink + 1]] {
                if !std::mem::replace(&mut seen_source[source as usize], true) {
                    present(source as usize).for_each(|sink| reach(sink, &mut reached, &mut todo));
                }
            }
            // Moving someone out of this sink frees its provider for a sibling that has room of its own.
            if 0 < self.used[sink]
                && let Some(limit) = self.full_limit(sink)
            {
                for &sibling in &self.limit_sinks[limit] {
                    if self.has_own_room(sibling as usize) {
                        reach(sibling as usize, &mut reached, &mut todo);
                    }
                }
            }
        }
        Ok(reached)
    }

    /// What the given sources reach forwards. For a maximum flow and its unsent sources this is the least minimum cut.
    /// O(pairs).
    pub fn reached_from(&self, starts: Vec<usize>, effort: &Effort) -> Result<Reached, StopReason> {
        let network = self.network;
        let mut sources = vec![false; self.sent.len()];
        let mut sinks = vec![false; self.used.len()];
        let mut limits = vec![false; self.limit_used.len()];
        let mut todo = starts;
        let mut new_sinks: Vec<usize> = Vec::new();
        while let Some(source) = todo.pop() {
            if std::mem::replace(&mut sources[source], true) {
                continue;
            }
            let own = &network.sinks()[network.pairs_of(source)];
            effort.tick(1 + own.len() as u64)?;
            new_sinks.extend(own.iter().map(|&sink| sink as usize).filter(|&sink| !sinks[sink]));
            while let Some(sink) = new_sinks.pop() {
                if std::mem::replace(&mut sinks[sink], true) {
                    continue;
                }
                todo.extend(self.placed_in(sink).iter().map(|&source| source as usize));
                if self.has_own_room(sink)
                    && let Some(limit) = self.full_limit(sink)
                    && !std::mem::replace(&mut limits[limit], true)
                {
                    let siblings = self.limit_sinks[limit].iter().map(|&sibling| sibling as usize);
                    new_sinks.extend(siblings.filter(|&sibling| !sinks[sibling] && 0 < self.used[sibling]));
                }
            }
        }
        Ok(Reached { sources, sinks, limits })
    }
}
