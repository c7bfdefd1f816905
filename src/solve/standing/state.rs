//! What stands: sources with where their units are, and the inner nodes with what flows through them and their prices.

use std::sync::{Arc, OnceLock};

use super::exchange::Exchange;
use super::paged::Paged;
use crate::solve::costs::{Costs, add};
use crate::solve::{Flow, Network, Prices, StagePrices, Step};

/// No node, no source.
pub(super) const NONE: u32 = u32::MAX;

/// An optimum. Nodes are sinks, limits and pools in the order of the first network, then the ground, then what was added.
#[derive(Clone)]
pub(super) struct Optimum<const S: usize> {
    /// The network that this began as: pairs and costs of the sources that have not changed since, and the names of the
    /// stages. Its sinks are the first nodes.
    pub first: Arc<Network>,
    pub sources: Paged<Source<S>>,
    pub nodes: Paged<Node<S>>,
    /// Prices of the nodes, that of the ground included: only differences mean something, so that a search need not
    /// touch what it did not reach.
    pub prices: Vec<Costs<S>>,
    /// The node of each sink.
    pub sink_nodes: Arc<Vec<u32>>,
    pub ground: u32,
    /// What all units together cost.
    pub value: [i128; S],
    /// Greatest absolute sum that could be, as the network's check reckons it.
    pub greatest: [i128; S],
    pub total_units: i128,
}

#[derive(Clone, Debug)]
pub(super) struct Source<const S: usize> {
    pub units: u64,
    /// Where unsent units arrive: a pool or the ground.
    pub home: u32,
    /// Pairs and costs of its own, where they are not those of the first network.
    pub own: Option<Arc<OwnPairs<S>>>,
    pub held: Held,
}

/// Pairs and costs of a source that was changed or added.
#[derive(Clone, Debug)]
pub(super) struct OwnPairs<const S: usize> {
    /// Node and cost of a unit, rising by node.
    pub pairs: Vec<(u32, Costs<S>)>,
    pub unsent: Costs<S>,
}

/// The containers that hold a source's units.
#[derive(Clone, Debug)]
pub(super) enum Held {
    /// All in this one.
    In(u32),
    /// So many in each, rising by node, never zero.
    Among(Arc<Vec<(u32, u64)>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Sink(u32),
    Limit(u32),
    Pool(u32),
    Ground,
}

/// A node with the arc that leads on from it.
#[derive(Clone, Debug)]
pub(super) struct Node<const S: usize> {
    pub sort: Sort,
    /// Where the onward arc leads; [`NONE`] for the ground.
    pub head: u32,
    /// Nodes whose onward arc leads here.
    pub children: Arc<Vec<u32>>,
    /// What the onward arc carries.
    pub amount: u64,
    /// What it must carry at least, and may at most. A pool has no end: its members' units bound it.
    pub least: u64,
    pub most: u64,
    /// All units of a pool's members.
    pub holds: u64,
    /// What a pool's units cost, for each stage.
    pub steps: Option<Arc<Vec<Vec<Step>>>>,
    /// Cost of the next unit; None where there is no room. Kept in step with the amount.
    pub next: Option<Costs<S>>,
    /// Cost of the last unit; None where none may be taken back.
    pub last: Option<Costs<S>>,
    /// Sources with units in this container, in no order.
    pub holders: Arc<Vec<u32>>,
    /// The cheapest moves from this container to others; empty until a search asks for them.
    pub exchanges: OnceLock<Arc<Vec<Exchange<S>>>>,
}

impl<const S: usize> Node<S> {
    pub fn new(sort: Sort, head: u32) -> Node<S> {
        Node {
            sort,
            head,
            children: Arc::default(),
            amount: 0,
            least: 0,
            most: u64::MAX,
            holds: 0,
            steps: None,
            next: None,
            last: None,
            holders: Arc::default(),
            exchanges: OnceLock::new(),
        }
    }

    /// Brings `next` and `last` in step with amount, bounds and costs.
    pub fn refresh(&mut self) {
        self.next = (self.amount < self.most).then(|| self.cost_of_unit(self.amount));
        self.last = (self.least < self.amount).then(|| self.cost_of_unit(self.amount - 1));
    }

    /// Cost of the unit that comes after the first `before`.
    fn cost_of_unit(&self, before: u64) -> Costs<S> {
        let Some(stages) = &self.steps else { return [0; S] };
        std::array::from_fn(|stage| step_at(&stages[stage], before).0)
    }

    /// How many units more could follow at the cost of the next one.
    pub fn room_forward(&self) -> u64 {
        let room = self.most.saturating_sub(self.amount);
        let Some(stages) = &self.steps else { return room };
        let ends = stages.iter().map(|steps| step_at(steps, self.amount).1);
        ends.fold(room, |room, end| room.min(end - self.amount))
    }

    /// How many units could be taken back at the cost of the last one.
    pub fn room_backward(&self) -> u64 {
        let room = self.amount.saturating_sub(self.least);
        let Some(stages) = &self.steps else { return room };
        let begins = stages.iter().map(|steps| begin_of_step(steps, self.amount));
        begins.fold(room, |room, begin| room.min(self.amount - begin))
    }

    /// Cost of all units together.
    pub fn cost(&self) -> [i128; S] {
        let Some(stages) = &self.steps else { return [0; S] };
        std::array::from_fn(|stage| sum_of_steps(&stages[stage], self.amount))
    }
}

/// Cost of the unit that comes after the first `before`, and where the units of that cost end. The last step has no end:
/// while a source is being replaced, both its old and its new units are there.
fn step_at(steps: &[Step], before: u64) -> (i64, u64) {
    let mut end = 0u64;
    for step in steps {
        end = end.saturating_add(step.units);
        if before < end {
            return (step.cost, end);
        }
    }
    (steps.last().map_or(0, |step| step.cost), u64::MAX)
}

/// Where the units begin that cost as much as the last of `amount` units.
fn begin_of_step(steps: &[Step], amount: u64) -> u64 {
    let mut begin = 0u64;
    for step in steps {
        let end = begin.saturating_add(step.units);
        if amount <= end {
            return begin;
        }
        begin = end;
    }
    begin
}

fn sum_of_steps(steps: &[Step], amount: u64) -> i128 {
    let mut left = amount;
    let mut sum = 0;
    for step in steps {
        let units = step.units.min(left);
        sum += i128::from(step.cost) * i128::from(units);
        left -= units;
    }
    sum + steps.last().map_or(0, |step| i128::from(step.cost)) * i128::from(left)
}

impl<const S: usize> Optimum<S> {
    /// None where flow or prices are not of the network's shape, or it is none.
    pub fn of(first: Arc<Network>, flow: &Flow, prices: &Prices) -> Option<Optimum<S>> {
        let fits = |stage: &StagePrices| {
            stage.sinks.len() == first.n_sinks()
                && stage.limits.len() == first.limits().len()
                && stage.pools.len() == first.pools().len()
        };
        let in_range = flow.carried().last().is_none_or(|(pair, _)| (*pair as usize) < first.n_pairs());
        if !first.is_network() || prices.stages.len() != S || !prices.stages.iter().all(fits) || !in_range {
            return None;
        }
        let ground = (first.n_sinks() + first.limits().len() + first.pools().len()) as u32;
        let mut nodes = nodes_of(&first, ground);
        let mut optimum = Optimum {
            prices: prices_of(prices),
            sink_nodes: Arc::new((0..first.n_sinks() as u32).collect()),
            sources: Paged::new(),
            nodes: Paged::new(),
            ground,
            value: [0; S],
            greatest: [0; S],
            total_units: 0,
            first,
        };
        let mut holders = vec![Vec::new(); nodes.len()];
        optimum.take_up(flow, &mut nodes, &mut holders)?;
        for (node, holders) in nodes.iter_mut().zip(holders) {
            node.holders = Arc::new(holders);
        }
        // What arrives at a container goes on through all nodes behind it: children have greater positions than their
        // parents among limits and among pools, and sinks come before both.
        let n_sinks = optimum.first.n_sinks();
        for node in (0..n_sinks).chain((n_sinks..ground as usize).rev()) {
            let (head, amount) = (nodes[node].head as usize, nodes[node].amount);
            nodes[head].amount += amount;
        }
        for mut node in nodes {
            node.refresh();
            for (value, cost) in optimum.value.iter_mut().zip(node.cost()) {
                *value += cost;
            }
            optimum.nodes.push(node);
        }
        for pool in 0..optimum.first.pools().len() {
            let node = pool_node(&optimum.first, pool as u32);
            optimum.count_pool(node, 1);
            optimum.price_next_unit(node);
        }
        Some(optimum)
    }

    /// Takes up the sources with where the flow puts their units. None where a source sends more than it has.
    fn take_up(&mut self, flow: &Flow, nodes: &mut [Node<S>], holders: &mut [Vec<u32>]) -> Option<()> {
        let first = Arc::clone(&self.first);
        let mut carried = flow.carried();
        for (position, source) in first.sources().iter().enumerate() {
            let pairs = first.pairs_of(position);
            let (own, others) =
                carried.split_at(carried.partition_point(|(pair, _)| (*pair as usize) < pairs.end).min(carried.len()));
            carried = others;
            let home = source.pool.map_or(self.ground, |pool| pool_node(&first, pool));
            let mut held: Vec<(u32, u64)> =
                own.iter().map(|(pair, units)| (first.sinks()[*pair as usize], *units)).collect();
            let sent: u64 = own.iter().map(|(_, units)| units).sum();
            let unsent = source.units.checked_sub(sent)?;
            if 0 < unsent {
                held.push((home, unsent));
            }
            for (node, units) in &held {
                holders[*node as usize].push(position as u32);
                nodes[*node as usize].amount += units;
                let cost = self.first_cost(position, *node);
                for (value, cost) in self.value.iter_mut().zip(cost) {
                    *value += i128::from(cost) * i128::from(*units);
                }
            }
            let held = Held::among(held);
            self.sources.push(Source { units: source.units, home, own: None, held });
            self.count_source(position as u32, 1);
        }
        Some(())
    }

    /// Lowers the price of a pool that holds all its members' units, and so has no next one, to what a next one would
    /// cost: then a source can be added to it. No other arc minds: all units that could come here are here already.
    fn price_next_unit(&mut self, pool: u32) {
        let row = self.node(pool);
        if let Some(next) = row.next {
            let price = add(self.prices[row.head as usize], next);
            let own = &mut self.prices[pool as usize];
            *own = price.min(*own);
        }
    }

    pub fn n_sources(&self) -> usize {
        self.sources.len()
    }

    pub fn n_sinks(&self) -> usize {
        self.sink_nodes.len()
    }

    pub fn source(&self, source: u32) -> &Source<S> {
        self.sources.get(source as usize)
    }

    pub fn node(&self, node: u32) -> &Node<S> {
        self.nodes.get(node as usize)
    }

    pub fn values(&self) -> Vec<i64> {
        // `greatest` keeps every sum of a feasible flow below 2^53.
        let most = i128::from(Network::MOST);
        self.value.iter().map(|value| (*value).clamp(-most, most) as i64).collect()
    }

    pub fn taken(&self, sink: u32) -> u64 {
        self.node(self.sink_nodes[sink as usize]).amount
    }

    pub fn sent(&self, source: u32) -> Vec<(u32, u64)> {
        let held = self.source(source).held(self.source(source).units);
        let sinks = held.filter_map(|(node, units)| match self.node(node).sort {
            Sort::Sink(sink) => Some((sink, units)),
            Sort::Limit(_) | Sort::Pool(_) | Sort::Ground => None,
        });
        sinks.collect()
    }

    /// Cost of a unit of a source of the first network in one of its containers there.
    fn first_cost(&self, source: usize, node: u32) -> Costs<S> {
        let pairs = self.first.pairs_of(source);
        match self.first.sinks()[pairs.clone()].binary_search(&node) {
            Ok(at) => self.pair_cost(pairs.start + at),
            Err(_) => self.first_unsent(source),
        }
    }

    pub fn pair_cost(&self, pair: usize) -> Costs<S> {
        std::array::from_fn(|stage| self.first.stages()[stage].pair_cost.of(pair))
    }

    pub fn first_unsent(&self, source: usize) -> Costs<S> {
        std::array::from_fn(|stage| self.first.stages()[stage].unsent_cost.get(source).copied().unwrap_or(0))
    }

    /// Every container that a source's units could be in, with the cost of a unit there: its sinks, then its home.
    pub fn each_container(&self, source: u32, mut visit: impl FnMut(u32, Costs<S>)) {
        let row = self.source(source);
        match &row.own {
            Some(own) => {
                own.pairs.iter().for_each(|(node, cost)| visit(*node, *cost));
                visit(row.home, own.unsent);
            }
            None => {
                let pairs = self.first.pairs_of(source as usize);
                for (pair, node) in pairs.clone().zip(&self.first.sinks()[pairs]) {
                    visit(*node, self.pair_cost(pair));
                }
                visit(row.home, self.first_unsent(source as usize));
            }
        }
    }

    /// Cost of a unit of a source in one of its containers.
    pub fn cost_in(&self, source: u32, node: u32) -> Costs<S> {
        let row = self.source(source);
        match &row.own {
            Some(own) => match own.pairs.binary_search_by_key(&node, |(node, _)| *node) {
                Ok(at) => own.pairs[at].1,
                Err(_) => own.unsent,
            },
            None => self.first_cost(source as usize, node),
        }
    }
}

impl<const S: usize> Source<S> {
    /// The containers with units of this source, of which it has `units`.
    pub fn held(&self, units: u64) -> impl Iterator<Item = (u32, u64)> {
        let (one, many): (_, &[(u32, u64)]) = match &self.held {
            Held::In(node) => (Some((*node, units)), &[]),
            Held::Among(many) => (None, many),
        };
        one.into_iter().chain(many.iter().copied())
    }
}

impl Held {
    pub fn among(mut held: Vec<(u32, u64)>) -> Held {
        if let [(node, _)] = held[..] {
            return Held::In(node);
        }
        held.sort_unstable();
        Held::Among(Arc::new(held))
    }
}

fn pool_node(network: &Network, pool: u32) -> u32 {
    (network.n_sinks() + network.limits().len()) as u32 + pool
}

/// The nodes of a network through which nothing flows yet.
fn nodes_of<const S: usize>(network: &Network, ground: u32) -> Vec<Node<S>> {
    let limit_node = |limit: u32| network.n_sinks() as u32 + limit;
    let mut nodes = Vec::with_capacity(ground as usize + 1);
    for (sink, (places, limit)) in network.places().iter().zip(network.sink_limits()).enumerate() {
        let mut node = Node::new(Sort::Sink(sink as u32), limit.map_or(ground, limit_node));
        node.most = places.unwrap_or(u64::MAX);
        nodes.push(node);
    }
    for (position, limit) in network.limits().iter().enumerate() {
        let mut node = Node::new(Sort::Limit(position as u32), limit.parent.map_or(ground, limit_node));
        node.most = limit.capacity;
        nodes.push(node);
    }
    for ((position, pool), holds) in network.pools().iter().enumerate().zip(network.pool_holds()) {
        let head = pool.parent.map_or(ground, |pool| pool_node(network, pool));
        let mut node = Node::new(Sort::Pool(position as u32), head);
        (node.least, node.holds) = (pool.least, holds);
        let steps = |stage: usize| network.stages()[stage].pool_steps.get(position).cloned().unwrap_or_default();
        let steps: Vec<Vec<Step>> = (0..S).map(steps).collect();
        node.steps = steps.iter().any(|steps| !steps.is_empty()).then(|| Arc::new(steps));
        nodes.push(node);
    }
    nodes.push(Node::new(Sort::Ground, NONE));
    let mut children = vec![Vec::new(); nodes.len()];
    for (node, row) in nodes.iter().enumerate().take(ground as usize) {
        children[row.head as usize].push(node as u32);
    }
    for (node, children) in nodes.iter_mut().zip(children) {
        node.children = Arc::new(children);
    }
    nodes
}

/// The prices of all nodes, the ground's last.
fn prices_of<const S: usize>(prices: &Prices) -> Vec<Costs<S>> {
    let mut all = Vec::new();
    let parts: [fn(&StagePrices) -> &[i64]; 3] = [|stage| &stage.sinks, |stage| &stage.limits, |stage| &stage.pools];
    for of in parts {
        let count = prices.stages.first().map_or(0, |stage| of(stage).len());
        all.extend((0..count).map(|node| std::array::from_fn(|stage| of(&prices.stages[stage])[node])));
    }
    all.push([0; S]);
    all
}
