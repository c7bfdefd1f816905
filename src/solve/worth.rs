//! What one place more or one less in each sink would change, without solving again.
//!
//! One place more lets a unit round one cycle: out of the sink to what lies behind it, and from there back to the sink
//! over the residual graph by the cheapest path. One place less forces a unit the other way. So each worth is one
//! shortest path, and all sinks behind the same limit (or right before the ground) share one search. Prices that
//! certify the flow make all reduced costs non-negative as vectors over the stages, so Dijkstra's method works, with
//! vectors compared lexicographically for lengths.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::effort::{Effort, StopReason};
use super::network::{Network, Step};
use super::outcome::{Flow, Prices, StagePrices, Worth};

/// The worths of every sink. `flow` and `prices` are an optimum of `network` as `flow::solve` gives it; with others
/// the answer means nothing.
///
/// Two searches for each distinct limit right behind some full sink, O(m log n) at worst and often cut short; shared
/// out over the threads of `effort`, if it has any.
pub fn worths(network: &Network, flow: &Flow, prices: &Prices, effort: &Effort) -> Result<Vec<Worth>, StopReason> {
    match network.stages().len() {
        1 => Residual::<1>::of(network, flow, prices).worths(effort),
        2 => Residual::<2>::of(network, flow, prices).worths(effort),
        3 => Residual::<3>::of(network, flow, prices).worths(effort),
        4 => Residual::<4>::of(network, flow, prices).worths(effort),
        5 => Residual::<5>::of(network, flow, prices).worths(effort),
        6 => Residual::<6>::of(network, flow, prices).worths(effort),
        7 => Residual::<7>::of(network, flow, prices).worths(effort),
        8 => Residual::<8>::of(network, flow, prices).worths(effort),
        n_stages => unreachable!("Network::new allows 1 to {} stages, not {n_stages}", Network::MOST_STAGES),
    }
}

/// One number for each of S stages, compared lexicographically.
type Costs<const S: usize> = [i64; S];

fn add<const S: usize>(a: Costs<S>, b: Costs<S>) -> Costs<S> {
    std::array::from_fn(|stage| a[stage] + b[stage])
}

fn subtract<const S: usize>(a: Costs<S>, b: Costs<S>) -> Costs<S> {
    std::array::from_fn(|stage| a[stage] - b[stage])
}

/// The residual graph of a flow: where a unit more could go, and where one that goes could be taken back. Nodes are
/// sources, sinks, limits, pools, then the ground.
struct Residual<'a, const S: usize> {
    network: &'a Network,
    flow: &'a Flow,
    prices: Vec<Costs<S>>,
    /// What each node but the ground sends on: unsent units of a source, all units of the others.
    amounts: Vec<u64>,
    pool_holds: Vec<u64>,
    /// Nodes whose onward arc leads to each node: children of node v are `children[child_starts[v]..]` up to the next.
    child_starts: Vec<u32>,
    children: Vec<u32>,
    /// Pairs by sink, with their sources; starts as above.
    pair_starts: Vec<u32>,
    pairs: Vec<(u32, u32)>,
}

/// The onward arc of a node.
struct Onward<const S: usize> {
    head: usize,
    /// Reduced cost of a unit more; None where there is no room.
    more: Option<Costs<S>>,
    /// Reduced cost of the last unit; None where none can be taken back.
    last: Option<Costs<S>>,
}

impl<'a, const S: usize> Residual<'a, S> {
    fn of(network: &'a Network, flow: &'a Flow, prices: &Prices) -> Residual<'a, S> {
        let (n, m) = (network.n_sources(), network.n_sinks());
        let mut residual = Residual {
            network,
            flow,
            prices: Vec::new(),
            amounts: network.unsent(flow),
            pool_holds: network.pool_holds(),
            child_starts: Vec::new(),
            children: Vec::new(),
            pair_starts: Vec::new(),
            pairs: Vec::new(),
        };
        let mut gather = |of: fn(&StagePrices) -> &[i64], count: usize| {
            let nodes = 0..count;
            residual.prices.extend(nodes.map(|node| std::array::from_fn(|stage| of(&prices.stages[stage])[node])));
        };
        gather(|stage| &stage.sources, n);
        gather(|stage| &stage.sinks, m);
        gather(|stage| &stage.limits, network.limits().len());
        gather(|stage| &stage.pools, network.pools().len());
        residual.prices.push([0; S]);

        let sources = (0..n).flat_map(|source| network.pairs_of(source).map(move |_| source as u32));
        let by_sink = network.sinks().iter().zip(sources).enumerate();
        let pairs = by_sink.map(|(pair, (sink, source))| (*sink, (source, pair as u32)));
        (residual.pair_starts, residual.pairs) = grouped(m, pairs);

        residual.amounts.resize(residual.ground(), 0);
        for (pair, units) in flow.carried() {
            residual.amounts[n + network.sinks()[*pair as usize] as usize] += units;
        }
        // Sources and sinks before what they lead to, children before parents.
        let above = (0..n + m).chain((n + m..residual.ground()).rev());
        for node in above {
            let head = residual.head(node);
            if head < residual.ground() {
                residual.amounts[head] += residual.amounts[node];
            }
        }
        let heads = (0..residual.ground()).map(|node| (residual.head(node) as u32, node as u32));
        (residual.child_starts, residual.children) = grouped(residual.ground() + 1, heads);
        residual
    }

    fn sink(&self, sink: usize) -> usize {
        self.network.n_sources() + sink
    }

    fn limit(&self, limit: usize) -> usize {
        self.sink(self.network.n_sinks()) + limit
    }

    fn pool(&self, pool: usize) -> usize {
        self.limit(self.network.limits().len()) + pool
    }

    fn ground(&self) -> usize {
        self.pool(self.network.pools().len())
    }

    /// Where a node's onward arc leads. Not asked of the ground.
    fn head(&self, node: usize) -> usize {
        let limit = |limit: Option<u32>| limit.map_or(self.ground(), |limit| self.limit(limit as usize));
        let pool = |pool: Option<u32>| pool.map_or(self.ground(), |pool| self.pool(pool as usize));
        if node < self.sink(0) {
            pool(self.network.sources()[node].pool)
        } else if node < self.limit(0) {
            limit(self.network.sink_limits()[node - self.sink(0)])
        } else if node < self.pool(0) {
            limit(self.network.limits()[node - self.limit(0)].parent)
        } else {
            pool(self.network.pools()[node - self.pool(0)].parent)
        }
    }

    fn onward(&self, node: usize) -> Onward<S> {
        let head = self.head(node);
        let amount = self.amounts[node];
        let gap = subtract(self.prices[head], self.prices[node]);
        if node < self.sink(0) {
            let stages = self.network.stages();
            let cost = std::array::from_fn(|stage| stages[stage].unsent_cost.get(node).copied().unwrap_or(0));
            let reduced = add(cost, gap);
            Onward { head, more: Some(reduced), last: (0 < amount).then_some(reduced) }
        } else if node < self.pool(0) {
            let capacity = if node < self.limit(0) {
                self.network.places()[node - self.sink(0)].unwrap_or(u64::MAX)
            } else {
                self.network.limits()[node - self.limit(0)].capacity
            };
            Onward { head, more: (amount < capacity).then_some(gap), last: (0 < amount).then_some(gap) }
        } else {
            let pool = node - self.pool(0);
            let cost_after = |units: u64| {
                let cost = |stage: usize| self.network.stages()[stage].pool_steps.get(pool);
                add(gap, std::array::from_fn(|stage| cost(stage).map_or(0, |steps| next_cost(steps, units))))
            };
            Onward {
                head,
                more: (amount < self.pool_holds[pool]).then(|| cost_after(amount)),
                last: (self.network.pools()[pool].least < amount).then(|| cost_after(amount - 1)),
            }
        }
    }

    /// Reduced cost of a pair.
    fn pair(&self, source: usize, pair: usize) -> Costs<S> {
        let stages = self.network.stages();
        let cost = std::array::from_fn(|stage| stages[stage].pair_cost.of(pair));
        add(cost, subtract(self.prices[self.sink(self.network.sinks()[pair] as usize)], self.prices[source]))
    }

    fn pairs_into(&self, sink: usize) -> impl Iterator<Item = (usize, usize)> {
        let pairs = &self.pairs[range(&self.pair_starts, sink)];
        pairs.iter().map(|(source, pair)| (*source as usize, *pair as usize))
    }

    /// Each residual arc that leaves a node, with its head and its reduced cost.
    fn each_out(&self, node: usize, mut visit: impl FnMut(usize, Costs<S>)) {
        if node < self.sink(0) {
            for pair in self.network.pairs_of(node) {
                visit(self.sink(self.network.sinks()[pair] as usize), self.pair(node, pair));
            }
        } else if node < self.limit(0) {
            for (source, pair) in self.pairs_into(node - self.sink(0)).filter(|(_, pair)| 0 < self.flow.of(*pair)) {
                visit(source, subtract([0; S], self.pair(source, pair)));
            }
        }
        if node < self.ground() {
            let onward = self.onward(node);
            if let Some(reduced) = onward.more {
                visit(onward.head, reduced);
            }
        }
        for child in &self.children[range(&self.child_starts, node)] {
            if let Some(reduced) = self.onward(*child as usize).last {
                visit(*child as usize, subtract([0; S], reduced));
            }
        }
    }

    /// Each residual arc that arrives at a node, with its tail and its reduced cost.
    fn each_in(&self, node: usize, mut visit: impl FnMut(usize, Costs<S>)) {
        if node < self.sink(0) {
            for pair in self.network.pairs_of(node).filter(|pair| 0 < self.flow.of(*pair)) {
                visit(self.sink(self.network.sinks()[pair] as usize), subtract([0; S], self.pair(node, pair)));
            }
        } else if node < self.limit(0) {
            for (source, pair) in self.pairs_into(node - self.sink(0)) {
                visit(source, self.pair(source, pair));
            }
        }
        if node < self.ground() {
            let onward = self.onward(node);
            if let Some(reduced) = onward.last {
                visit(onward.head, subtract([0; S], reduced));
            }
        }
        for child in &self.children[range(&self.child_starts, node)] {
            if let Some(reduced) = self.onward(*child as usize).more {
                visit(*child as usize, reduced);
            }
        }
    }

    fn worths(&self, effort: &Effort) -> Result<Vec<Worth>, StopReason> {
        let places = self.network.places();
        let none = Some(vec![0; S]);
        let mut worths: Vec<Worth> = (places.iter())
            .map(|places| Worth {
                one_more: places.and_then(|_| none.clone()),
                one_less: places.filter(|places| 0 < *places).and_then(|_| none.clone()),
            })
            .collect();
        // Where places are left over, neither one more nor one less changes anything. The full sinks, by what lies
        // behind them, need a search.
        let mut full: Vec<(usize, usize)> = (0..places.len())
            .filter(|sink| places[*sink].is_some_and(|places| places <= self.amounts[self.sink(*sink)]))
            .map(|sink| (self.head(self.sink(sink)), sink))
            .collect();
        full.sort_unstable();
        let groups: Vec<&[(usize, usize)]> = full.chunk_by(|a, b| a.0 == b.0).collect();
        let new_search = || Search::new(self.ground() + 1);
        let searched: Result<Vec<Vec<Change>>, StopReason> = match effort.threads() {
            Some(threads) => threads.install(|| {
                let groups = groups.par_iter();
                groups.map_init(new_search, |search, group| self.changes(group, search, effort)).collect()
            }),
            None => {
                let mut search = new_search();
                groups.iter().map(|group| self.changes(group, &mut search, effort)).collect()
            }
        };
        for change in searched?.into_iter().flatten() {
            match change {
                Change::OneMore(sink, change) => worths[sink].one_more = Some(change),
                Change::OneLess(sink, change) => worths[sink].one_less = Some(change),
            }
        }
        Ok(worths)
    }

    /// What changes with the places of these full sinks, which come with the one node behind them all.
    fn changes(
        &self,
        group: &[(usize, usize)],
        search: &mut Search<S>,
        effort: &Effort,
    ) -> Result<Vec<Change>, StopReason> {
        let behind = group[0].0;
        let price = |sink: usize| subtract(self.prices[self.sink(sink)], self.prices[behind]);
        let targets = |sinks: &[usize]| sinks.iter().map(|sink| self.sink(*sink)).collect::<Vec<usize>>();
        let mut changes = Vec::new();

        let sinks: Vec<usize> = group.iter().map(|(_, sink)| *sink).collect();
        // A path longer than the price difference would not pay; beyond the greatest one, none of these sinks gains.
        let longest = sinks.iter().map(|sink| price(*sink)).max();
        search.run(behind, &targets(&sinks), longest, effort, |node, visit| self.each_out(node, visit))?;
        for sink in &sinks {
            if let Some(length) = search.length(self.sink(*sink)) {
                changes.push(Change::OneMore(*sink, subtract(length, price(*sink)).min([0; S]).to_vec()));
            }
        }

        let used: Vec<usize> = sinks.into_iter().filter(|sink| 0 < self.amounts[self.sink(*sink)]).collect();
        search.run(behind, &targets(&used), None, effort, |node, visit| self.each_in(node, visit))?;
        for sink in used {
            // There is always a path: a unit in the sink can go back to its source, stay unsent, and from the ground
            // push back what the sink itself sent there.
            if let Some(length) = search.length(self.sink(sink)) {
                changes.push(Change::OneLess(sink, add(length, price(sink)).to_vec()));
            }
        }
        Ok(changes)
    }
}

/// A change of the optimum that is not nothing, perhaps: stage by stage, for a sink.
enum Change {
    OneMore(usize, Vec<i64>),
    OneLess(usize, Vec<i64>),
}

/// Dijkstra's shortest paths (1959), with what it needs kept from search to search.
struct Search<const S: usize> {
    lengths: Vec<Costs<S>>,
    states: Vec<State>,
    touched: Vec<usize>,
    heap: BinaryHeap<Reverse<(Costs<S>, usize)>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unseen,
    Seen,
    Settled,
}

impl<const S: usize> Search<S> {
    fn new(n_nodes: usize) -> Search<S> {
        Search {
            lengths: vec![[0; S]; n_nodes],
            states: vec![State::Unseen; n_nodes],
            touched: Vec::new(),
            heap: BinaryHeap::new(),
        }
    }

    /// Searches from `start` until all targets are settled, or all that is not longer than `longest` is.
    fn run(
        &mut self,
        start: usize,
        targets: &[usize],
        longest: Option<Costs<S>>,
        effort: &Effort,
        each: impl Fn(usize, &mut dyn FnMut(usize, Costs<S>)),
    ) -> Result<(), StopReason> {
        for node in self.touched.drain(..) {
            self.states[node] = State::Unseen;
        }
        self.heap.clear();
        let mut targets_left = targets.len();
        self.reach(start, [0; S]);
        while let Some(Reverse((length, node))) = self.heap.pop() {
            if targets_left == 0 || longest.is_some_and(|longest| longest < length) {
                return Ok(());
            }
            if self.states[node] == State::Settled {
                continue;
            }
            self.states[node] = State::Settled;
            targets_left -= usize::from(targets.binary_search(&node).is_ok());
            let mut seen = 1;
            each(node, &mut |next, reduced| {
                seen += 1;
                self.reach(next, add(length, reduced));
            });
            effort.tick(seen)?;
        }
        Ok(())
    }

    fn reach(&mut self, node: usize, length: Costs<S>) {
        match self.states[node] {
            State::Settled => return,
            State::Seen if self.lengths[node] <= length => return,
            State::Seen => {}
            State::Unseen => self.touched.push(node),
        }
        self.states[node] = State::Seen;
        self.lengths[node] = length;
        self.heap.push(Reverse((length, node)));
    }

    /// The shortest length to a node; None where the search did not settle it.
    fn length(&self, node: usize) -> Option<Costs<S>> {
        (self.states[node] == State::Settled).then(|| self.lengths[node])
    }
}

/// Cost of the unit that comes after the first `units`.
fn next_cost(steps: &[Step], units: u64) -> i64 {
    let mut end = 0u64;
    for step in steps {
        end = end.saturating_add(step.units);
        if units < end {
            return step.cost;
        }
    }
    0
}

fn range(starts: &[u32], position: usize) -> Range<usize> {
    starts[position] as usize..starts[position + 1] as usize
}

/// Items by their key, in their order within a key, as a compressed list: its starts and its items.
fn grouped<T: Copy + Default>(n_keys: usize, items: impl Iterator<Item = (u32, T)> + Clone) -> (Vec<u32>, Vec<T>) {
    let mut starts = vec![0u32; n_keys + 1];
    for (key, _) in items.clone() {
        starts[key as usize + 1] += 1;
    }
    for key in 0..n_keys {
        starts[key + 1] += starts[key];
    }
    let mut next = starts.clone();
    let mut list = vec![T::default(); starts[n_keys] as usize];
    for (key, item) in items {
        list[next[key as usize] as usize] = item;
        next[key as usize] += 1;
    }
    (starts, list)
}

#[cfg(test)]
mod tests;
