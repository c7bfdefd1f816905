//! What stands: sources with where their units are, and the inner nodes with what flows through them and their prices.

use std::sync::{Arc, OnceLock};

use super::exchange::Moves;
use super::lengths::{NodePrices, Packing, Ranges};
use super::paged::Paged;
use super::search::Path;
use super::shortlist::Moved;
use crate::solve::costs::{Costs, add};
use crate::solve::{Effort, Flow, Network, PairCosts, Prices, StagePrices, Step, StopReason};

/// No node, no source.
pub(super) const NONE: u32 = u32::MAX;

/// An optimum. Nodes are sinks, limits and pools in the order of the first network, then the ground, then what was added.
#[derive(Clone)]
pub(super) struct Optimum<const S: usize> {
    /// The network that this began as: pairs and costs of the sources that have not changed since, and the names of the
    /// stages. Its sinks are the first nodes.
    pub first: Arc<Network>,
    pub sources: Paged<Source<S>, 128>,
    pub nodes: Paged<Node<S>, 4>,
    pub prices: NodePrices<S>,
    /// How far prices have moved since exchanges were first found.
    pub moved: Moved<S>,
    /// [`Node::last`] of all nodes side by side, for the searches.
    pub lasts: Vec<Option<Costs<S>>>,
    /// The last path that units took: where it began and ended, with its steps.
    pub last_path: Option<Arc<Path>>,
    /// The node of each sink.
    pub sink_nodes: Arc<Vec<u32>>,
    /// What costs there can be before lengths must be packed anew.
    pub ranges: Ranges<S>,
    /// How lengths are packed; None where a word has too few bits.
    pub packing: Option<Packing<S>>,
    /// The exchanges by where they lead; empty until a search asks for them.
    pub arrivals: OnceLock<Arc<Vec<Arc<Moves<S>>>>>,
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

/// A source with units in a container, and where its pairs are: looking through a container's holders then needs no look
/// at each one's own row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holder {
    pub source: u32,
    /// Its pairs in the first network, from and to; from [`NONE`] where it has pairs of its own instead.
    pub pairs: (u32, u32),
    /// Its pair with this container; [`NONE`] where the container is its home.
    here: u32,
    pub home: u32,
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
    /// Nodes whose onward arc leads here; None where there are none, which is then known without a look far away.
    pub children: Option<Arc<Vec<u32>>>,
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
    pub holders: Arc<Vec<Holder>>,
    /// Sources whose unsent units arrive at this pool, and some that did once.
    pub members: Arc<Vec<u32>>,
    /// The cheapest moves from this container to others; empty until a search asks for them.
    pub exchanges: OnceLock<Arc<Moves<S>>>,
}

impl<const S: usize> Node<S> {
    pub fn new(sort: Sort, head: u32) -> Node<S> {
        Node {
            sort,
            head,
            children: None,
            amount: 0,
            least: 0,
            most: u64::MAX,
            holds: 0,
            steps: None,
            next: None,
            last: None,
            holders: Arc::default(),
            members: Arc::default(),
            exchanges: OnceLock::new(),
        }
    }

    pub fn children(&self) -> &[u32] {
        self.children.as_ref().map_or(&[], |children| children.as_slice())
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
    pub fn of(
        first: Arc<Network>,
        flow: &Flow,
        prices: &Prices,
        effort: &Effort,
    ) -> Result<Option<Optimum<S>>, StopReason> {
        let fits = |stage: &StagePrices| {
            stage.sinks.len() == first.n_sinks()
                && stage.limits.len() == first.limits().len()
                && stage.pools.len() == first.pools().len()
        };
        let in_range = flow.carried().last().is_none_or(|(pair, _)| (*pair as usize) < first.n_pairs());
        if !first.is_network() || prices.stages.len() != S || !prices.stages.iter().all(fits) || !in_range {
            return Ok(None);
        }
        let ground = (first.n_sinks() + first.limits().len() + first.pools().len()) as u32;
        let mut nodes = nodes_of(&first, ground);
        let ranges = ranges_of(&first, &nodes);
        let packing = Packing::of(&ranges);
        let mut optimum = Optimum {
            prices: NodePrices::new(prices_of(prices), packing),
            moved: Moved::NOTHING,
            lasts: Vec::new(),
            last_path: None,
            sink_nodes: Arc::new((0..first.n_sinks() as u32).collect()),
            sources: Paged::new(),
            nodes: Paged::new(),
            ranges,
            packing,
            arrivals: OnceLock::new(),
            ground,
            value: [0; S],
            greatest: [0; S],
            total_units: 0,
            first,
        };
        let mut holders = vec![Vec::new(); nodes.len()];
        let mut members = vec![Vec::new(); nodes.len()];
        if optimum.take_up(flow, &mut nodes, &mut holders, &mut members, effort)?.is_none() {
            return Ok(None);
        }
        // Nothing asks who belongs to the ground.
        members[ground as usize].clear();
        for (node, (holders, members)) in nodes.iter_mut().zip(holders.into_iter().zip(members)) {
            (node.holders, node.members) = (Arc::new(holders), Arc::new(members));
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
            optimum.lasts.push(node.last);
            optimum.nodes.push(node);
        }
        for pool in 0..optimum.first.pools().len() {
            let node = pool_node(&optimum.first, pool as u32);
            optimum.price_next_unit(node);
        }
        optimum.stay_near();
        Ok(Some(optimum))
    }

    /// Counts what every source and pool can add to the greatest sums: before the first change, which could take them
    /// too far. O(pairs).
    pub fn count_greatest(&mut self) {
        for source in 0..self.n_sources() {
            self.count_source(source as u32, 1);
        }
        for pool in 0..self.first.pools().len() {
            self.count_pool(pool_node(&self.first, pool as u32), 1);
        }
    }

    /// Takes up the sources with where the flow puts their units. None where a source sends more than it has.
    fn take_up(
        &mut self,
        flow: &Flow,
        nodes: &mut [Node<S>],
        holders: &mut [Vec<Holder>],
        members: &mut [Vec<u32>],
        effort: &Effort,
    ) -> Result<Option<()>, StopReason> {
        let first = Arc::clone(&self.first);
        let mut carried = flow.carried();
        for (position, source) in first.sources().iter().enumerate() {
            effort.tick(64)?;
            let pairs = first.pairs_of(position);
            let (own, others) =
                carried.split_at(carried.partition_point(|(pair, _)| (*pair as usize) < pairs.end).min(carried.len()));
            carried = others;
            let home = self.first_home(position);
            members[home as usize].push(position as u32);
            let mut held: Vec<(u32, u64)> =
                own.iter().map(|(pair, units)| (first.sinks()[*pair as usize], *units)).collect();
            let sent: u64 = own.iter().map(|(_, units)| units).sum();
            let Some(unsent) = source.units.checked_sub(sent) else { return Ok(None) };
            if 0 < unsent {
                held.push((home, unsent));
            }
            for (node, units) in &held {
                holders[*node as usize].push(self.first_holder(position, *node));
                nodes[*node as usize].amount += units;
                let cost = self.first_cost(position, *node);
                for (value, cost) in self.value.iter_mut().zip(cost) {
                    *value += i128::from(cost) * i128::from(*units);
                }
            }
            let held = Held::among(held);
            self.sources.push(Source { units: source.units, home, own: None, held });
        }
        Ok(Some(()))
    }

    /// Changes a node and brings everything that follows from its amount, bounds and costs in step.
    pub fn change_node(&mut self, node: u32, change: impl FnOnce(&mut Node<S>)) {
        let row = self.nodes.get_mut(node as usize);
        change(row);
        row.refresh();
        self.lasts[node as usize] = row.last;
    }

    /// Lowers the price of a pool that holds all its members' units, and so has no next one, to what a next one would
    /// cost: then a source can be added to it. No other arc minds: all units that could come here are here already.
    fn price_next_unit(&mut self, pool: u32) {
        let row = self.node(pool);
        if let Some(next) = row.next {
            let price = add(*self.prices.of(row.head), next);
            if price < *self.prices.of(pool) {
                self.set_price(pool, price);
            }
        }
    }

    fn first_home(&self, source: usize) -> u32 {
        self.first.sources()[source].pool.map_or(self.ground, |pool| pool_node(&self.first, pool))
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

    /// A source as a holder of a container.
    pub fn holder(&self, source: u32, node: u32) -> Holder {
        match self.source(source).own {
            Some(_) => Holder { source, pairs: (NONE, NONE), here: NONE, home: NONE },
            None => self.first_holder(source as usize, node),
        }
    }

    fn first_holder(&self, source: usize, node: u32) -> Holder {
        let pairs = self.first.pairs_of(source);
        let here = self.first.sinks()[pairs.clone()].binary_search(&node);
        let here = here.map_or(NONE, |at| (pairs.start + at) as u32);
        let home = self.first_home(source);
        Holder { source: source as u32, pairs: (pairs.start as u32, pairs.end as u32), here, home }
    }

    /// Cost of a unit of a holder in its container.
    pub fn cost_of_holder(&self, holder: &Holder, node: u32) -> Costs<S> {
        match (holder.here, holder.pairs.0) {
            (NONE, NONE) => self.cost_in(holder.source, node),
            (NONE, _) => self.first_unsent(holder.source as usize),
            (pair, _) => self.pair_cost(pair as usize),
        }
    }

    /// As [`Optimum::each_container`].
    pub fn each_container_of(&self, holder: &Holder, mut visit: impl FnMut(u32, Costs<S>)) {
        if holder.pairs.0 == NONE {
            return self.each_container(holder.source, visit);
        }
        let pairs = holder.pairs.0 as usize..holder.pairs.1 as usize;
        for (pair, node) in pairs.clone().zip(&self.first.sinks()[pairs]) {
            visit(*node, self.pair_cost(pair));
        }
        visit(holder.home, self.first_unsent(holder.source as usize));
    }

    pub fn unsent_cost(&self, source: u32) -> Costs<S> {
        match &self.source(source).own {
            Some(own) => own.unsent,
            None => self.first_unsent(source as usize),
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
        node.children = (!children.is_empty()).then(|| Arc::new(children));
    }
    nodes
}

/// What the lengths of paths in a network are made of. O(pairs).
fn ranges_of<const S: usize>(network: &Network, nodes: &[Node<S>]) -> Ranges<S> {
    let zero = [0; S];
    // Some nodes may be added.
    let n_nodes = nodes.len() + nodes.len() / 8 + 16;
    let mut behind: Vec<u32> =
        nodes.iter().filter(|node| matches!(node.sort, Sort::Pool(_))).map(|node| node.head).collect();
    behind.sort_unstable();
    behind.dedup();
    let mut ranges = Ranges { least: zero, most: zero, steps: zero, n_nodes, n_behind: behind.len() };
    for (at, stage) in network.stages().iter().enumerate() {
        let mut see = |cost: i64| {
            ranges.least[at] = ranges.least[at].min(cost);
            ranges.most[at] = ranges.most[at].max(cost);
        };
        match &stage.pair_cost {
            PairCosts::Zero => {}
            PairCosts::Narrow(costs) => costs.iter().for_each(|cost| see(i64::from(*cost))),
            PairCosts::Wide(costs) => costs.iter().for_each(|cost| see(*cost)),
        }
        stage.unsent_cost.iter().for_each(|cost| see(*cost));
        stage.pool_steps.iter().flatten().for_each(|step| ranges.see_step(at, step.cost));
    }
    ranges
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
