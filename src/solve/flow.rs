//! Least-cost flow with all stages in order, by a network simplex that starts near its end.
//!
//! The simplex is the textbook's (Dantzig 1951; Ahuja, Magnanti and Orlin 1993, chapter 11) with strongly feasible
//! trees (Cunningham 1976), which make it end in spite of ties. What is our own is the arrangement for few sinks and
//! many sources, and the way there:
//!
//! 1. `descent`: prices of the few inner nodes, by stochastic descent on the dual;
//! 2. `placement`: each source to its cheapest arc; `balance`: each price to where its sink holds what it can; then
//!    what is still too much away again;
//! 3. `settle`: single units that are not where they should be, by shortest ways between sinks (`exchanges`); where there
//!    is one stage, the prices then prove the flow, and this is the end; from here on a stop has a flow to give;
//! 4. `hang`: a tree in which every node has room up to the ground;
//! 5. `simplex`: pivots on the arcs near each source's place (`window`), with new windows until no arc at all is worth
//!    bringing in, while sinks with room come down with their `markets`.
//!
//! One number per arc is enough for one stage. Several stages are first solved as one weighted sum, and from its tree
//! on as vectors, compared stage by stage: exact whatever the weights, and with little left to do. In the end the node
//! prices of all stages together certify the lexicographic optimum.

mod arcs;
mod balance;
mod costs;
mod descent;
mod exchanges;
mod hang;
mod markets;
mod placement;
mod settle;
mod simplex;
mod start;
mod tree;
mod weights;
mod window;

use std::ops::ControlFlow;

use self::arcs::{Layout, OnwardArcs};
use self::costs::{Cost, Objective, Scalar, Vectors};
use self::descent::Spread;
use self::simplex::Simplex;
use self::start::Start;
use self::tree::Tree;
use super::effort::{Effort, StopReason};
use super::need::{self, NeedOutcome};
use super::network::Network;
use super::outcome::{Flow, Outcome, Prices, Proof, StagePrices};

/// A price that no path reaches, for nodes that nothing can pass.
const FAR: i64 = i64::MAX / 4;

/// The best flow, with prices that prove it, or the best one found within the limits.
///
/// Exact in whole numbers, deterministic for any number of threads. Memory: about 50 bytes a source, 24 for each pair
/// that is near its source's best, and 96 for each two sinks between which a unit could move. Time has no
/// useful worst-case bound; it grows a little faster than the number of pairs in practice.
///
/// # Panics
///
/// On a network with side groups, which is none: see [`Network::is_network`] and `program`.
pub fn solve(network: &Network, effort: &Effort) -> Outcome {
    assert!(network.is_network(), "side groups do not fit in a flow; the program route takes them");
    match network.stages().len() {
        1 if need::fits(network, 0) => need_alone(network, effort),
        1 => staged::<1>(network, effort),
        2 => staged::<2>(network, effort),
        3 => staged::<3>(network, effort),
        4 => staged::<4>(network, effort),
        5 => staged::<5>(network, effort),
        6 => staged::<6>(network, effort),
        7 => staged::<7>(network, effort),
        8 => staged::<8>(network, effort),
        n_stages => unreachable!("Network::new allows 1 to {} stages, not {n_stages}", Network::MOST_STAGES),
    }
}

/// Where nothing but weight counts, greedy is exact.
fn need_alone(network: &Network, effort: &Effort) -> Outcome {
    effort.report("need", 0, None);
    match need::solve(network, 0, effort) {
        NeedOutcome::Optimal { flow, value, prices } => {
            Outcome::Optimal { flow, values: vec![value], proof: Proof::Prices(Prices { stages: vec![prices] }) }
        }
        NeedOutcome::Stopped { flow, value, bound, reason } => {
            Outcome::Stopped { flow, values: vec![value], bounds: vec![Some(bound)], reason }
        }
    }
}

fn staged<const S: usize>(network: &Network, effort: &Effort) -> Outcome {
    let layout = Layout::of(network);
    let closed = closed(network, layout);
    let mut weighted = match first_tree(network, layout, &closed, effort) {
        ControlFlow::Continue(weighted) => weighted,
        ControlFlow::Break(outcome) => return outcome,
    };
    let finished = weighted.finish(effort);
    let width = weighted.width();
    let (amounts, tree) = weighted.simplex.into_tree();
    if let Err(reason) = finished {
        let flow = simplex::flow(&tree);
        return stopped(network, &closed, amounts, tree, flow, effort, reason);
    }
    let mut simplex = Simplex::from_tree(network, Vectors::<S>::new(network), amounts, tree);
    let finished = finish(&mut simplex, &closed, width, effort);
    let flow = simplex.flow();
    if let Err(reason) = finished {
        let (amounts, tree) = simplex.into_tree();
        return stopped(network, &closed, amounts, tree, flow, effort, reason);
    }
    let mut prices = Prices { stages: (0..S).map(|stage| stage_prices(&simplex, stage)).collect() };
    raise_closed(network, &closed, &mut prices);
    let values = network.values(&flow);
    Outcome::Optimal { flow, values, proof: Proof::Prices(prices) }
}

/// The first tree; or the outcome, where that is proved without one, or a stop comes first.
fn first_tree<'a>(
    network: &'a Network,
    layout: Layout,
    closed: &[bool],
    effort: &Effort,
) -> ControlFlow<Outcome, Weighted<'a>> {
    let stopped = |so_far: SoFar, reason| ControlFlow::Break(so_far.stopped(network, closed, effort, reason));
    let mut start = match Start::find(network, layout, closed, effort) {
        Ok(start) => start,
        Err(reason) => return stopped(SoFar::nothing(layout), reason),
    };
    if let Err(reason) = start.settle(network, layout, effort) {
        return stopped(start.so_far(network), reason);
    }
    match start.outcome(network, layout, closed, effort) {
        Ok(Some(proved)) => return ControlFlow::Break(proved),
        Ok(None) => {}
        Err(reason) => return stopped(start.so_far(network), reason),
    }
    match Weighted::hang(network, layout, closed, start, effort) {
        Ok(weighted) => ControlFlow::Continue(weighted),
        Err((so_far, reason)) => stopped(so_far, reason),
    }
}

/// Pivots in vectors until no arc is worth bringing in.
fn finish<const S: usize>(
    simplex: &mut Simplex<Vectors<S>>,
    closed: &[bool],
    width: i64,
    effort: &Effort,
) -> Result<(), StopReason> {
    // As near as before: a tie in all that comes before the costs of pairs, and not far apart in those.
    let priced = simplex.network.stages().iter().position(|stage| !stage.pair_cost.is_zero()).unwrap_or(S - 1);
    let mut near = [0; S];
    near[priced] = width;
    loop {
        let prices = with_far(simplex.prices(), closed, [FAR; S]);
        let Simplex { window, network, objective, tree, .. } = simplex;
        let improvable = window.pick(network, objective, tree, &prices, near, effort)?;
        effort.report("exact", improvable, None);
        let pivots = simplex.run(effort)?;
        effort.report("exact pivots", pivots, None);
        if pivots == 0 && improvable == 0 {
            return Ok(());
        }
    }
}

fn with_far<C: Copy>(mut prices: Vec<C>, closed: &[bool], far: C) -> Vec<C> {
    for (price, _) in prices.iter_mut().zip(closed).filter(|(_, closed)| **closed) {
        *price = far;
    }
    prices
}

fn stage_prices<const S: usize>(simplex: &Simplex<Vectors<S>>, stage: usize) -> StagePrices {
    let layout = simplex.layout;
    let tree = &simplex.tree;
    let of = |nodes: std::ops::Range<u32>| nodes.map(|node| tree.price(node)[stage]).collect();
    StagePrices {
        sources: (0..layout.n_sources).map(|source| tree.price_of_source(source)[stage]).collect(),
        sinks: of(0..layout.limit(0)),
        limits: of(layout.limit(0)..layout.pool(0)),
        pools: of(layout.pool(0)..layout.ground()),
    }
}

/// The problem with one number per arc, and with some numbers moved for a while.
///
/// At the start some sinks have room at a price above zero, and some sources stay unsent that would pay to be sent. If
/// such a price fell to zero at once, it would drag those of thousands of sinks along, up or down, by pivots that all
/// have to be undone. So each such sink is paid to stay as it is, and each such source to stay unsent, by just as much
/// as makes the tree fit the prices; and the payments are lowered to nothing step by step.
struct Weighted<'a> {
    simplex: Simplex<'a, Scalar<'a>>,
    closed: Vec<bool>,
    spread: Spread,
    /// What is paid to each of these sinks and limits for a unit less.
    kept_empty: Vec<(u32, i64)>,
    /// What is paid to each of these sources for a unit unsent.
    kept_unsent: Vec<(u32, i64)>,
}

impl<'a> Weighted<'a> {
    fn hang(
        network: &'a Network,
        layout: Layout,
        closed: &[bool],
        mut start: Start<'a>,
        effort: &Effort,
    ) -> Result<Weighted<'a>, (SoFar, StopReason)> {
        let Start { scalar, placement, prices, .. } = &mut start;
        effort.report("tree", 0, None);
        let mut onward = OnwardArcs::new(network, layout, scalar, placement.amounts.clone());
        let mut kept_empty = Vec::new();
        for node in 0..layout.pool(0) {
            let pay = prices[node as usize].saturating_sub(prices[onward.heads[node as usize] as usize]);
            if !closed[node as usize] && 0 < pay && onward.next(node).is_some() {
                onward.set_flat_cost(node, pay);
                kept_empty.push((node, pay));
            }
        }
        let mut kept_unsent = Vec::new();
        let mut reduced = Vec::new();
        for &source in &placement.spilled {
            let pairs = network.pairs_of(source as usize);
            let sinks = &network.sinks()[pairs.clone()];
            let unsent = scalar.unsent(source as usize) + prices[layout.unsent_head(network, source) as usize];
            let least = scalar.reduced(pairs, sinks, prices, &mut reduced).unwrap_or(unsent);
            if least < unsent {
                scalar.unsent[source as usize] -= unsent - least;
                kept_unsent.push((source, unsent - least));
            }
        }
        let tree = match hang::hang(network, layout, scalar, placement, prices, &mut onward, effort) {
            Ok(tree) => tree,
            Err(reason) => return Err((start.so_far(network), reason)),
        };
        let Start { scalar, spread, .. } = start;
        let simplex = Simplex::new(network, scalar, onward, tree);
        Ok(Weighted { simplex, closed: closed.to_vec(), spread, kept_empty, kept_unsent })
    }

    /// How far from its source's present arc an arc is worth a look.
    fn width(&self) -> i64 {
        (1.6 * self.spread.pairs / self.spread.degree.max(1.0)).max(1.0) as i64
    }

    /// Pivots until nothing is worth more and nothing is paid any more.
    fn finish(&mut self, effort: &Effort) -> Result<(), StopReason> {
        const RUNS_PER_WINDOW: usize = 4;
        let width = self.width();
        let mut step = (0.026 * self.spread.pairs).max(1.0) as i64;
        let mut total = 0;
        loop {
            self.lower_markets(effort)?;
            let prices = with_far(self.simplex.prices(), &self.closed, FAR);
            let Simplex { window, network, objective, tree, .. } = &mut self.simplex;
            let improvable = window.pick(network, objective, tree, &prices, width, effort)?;
            effort.report("window", improvable, Some(window.parts.iter().map(|part| part.arcs.len() as u64).sum()));
            let mut pivots = 0;
            for run in 0.. {
                pivots += self.simplex.run(effort)?;
                if run == RUNS_PER_WINDOW || !self.pay_less(step) {
                    break;
                }
                step = step.saturating_mul(3) / 2 + 1;
            }
            total += pivots;
            effort.report("pivots", total, Some(pivots));
            if improvable == 0 && pivots == 0 && self.kept_empty.is_empty() && self.kept_unsent.is_empty() {
                return Ok(());
            }
        }
    }

    /// Lowers what is paid to each sink with room to just where its places would be filled.
    fn lower_markets(&mut self, effort: &Effort) -> Result<(), StopReason> {
        // Without room in the tree there is no market to lower.
        let tree = &self.simplex.tree;
        let empty = |node: u32| tree.is_onward(node);
        let (kept, full) = std::mem::take(&mut self.kept_empty).into_iter().partition(|(node, _)| empty(*node));
        self.kept_empty = kept;
        let full: Vec<(u32, i64)> = full;
        for (node, _) in full {
            self.simplex.set_flat_cost(node, 0);
        }
        if self.kept_empty.is_empty() {
            return Ok(());
        }
        let prices = with_far(self.simplex.prices(), &self.closed, FAR);
        let nodes: Vec<(u32, u64)> =
            self.kept_empty.iter().map(|(node, _)| (*node, self.simplex.onward.room_forward(*node))).collect();
        let distances = markets::distances(&self.simplex, &nodes, &prices, (0.16 * self.spread.pairs) as i64, effort)?;
        for ((node, pay), distance) in self.kept_empty.iter_mut().zip(distances) {
            // One more, so that they are not merely as well off there.
            *pay = distance.map_or(0, |distance| (*pay - distance - 1).max(0));
            self.simplex.set_flat_cost(*node, *pay);
        }
        self.kept_empty.retain(|(_, pay)| 0 < *pay);
        Ok(())
    }

    /// Lowers what is paid; whether anything was.
    fn pay_less(&mut self, step: i64) -> bool {
        let any = !self.kept_empty.is_empty() || !self.kept_unsent.is_empty();
        let simplex = &mut self.simplex;
        let layout = simplex.layout;
        self.kept_empty.retain_mut(|(node, pay)| {
            let has_room = simplex.tree.is_onward(*node);
            *pay = if has_room { (*pay - step).max(0) } else { 0 };
            simplex.set_flat_cost(*node, *pay);
            0 < *pay
        });
        self.kept_unsent.retain_mut(|(source, pay)| {
            let is_unsent = simplex.tree.arc_of(*source) == layout.unsent(*source);
            let before = *pay;
            *pay = if is_unsent { (*pay - step).max(0) } else { 0 };
            let cost = simplex.objective.unsent[*source as usize] + before - *pay;
            simplex.set_unsent_cost(*source, cost);
            0 < *pay
        });
        any
    }
}

/// The answer of a tree so far, bounded at its prices.
fn stopped<C: Cost>(
    network: &Network,
    closed: &[bool],
    amounts: Vec<u64>,
    tree: Tree<C>,
    flow: Flow,
    effort: &Effort,
    reason: StopReason,
) -> Outcome {
    let first = Scalar::new(network, first_stage(network));
    let prices = Simplex::from_tree(network, first, amounts, tree).prices();
    SoFar { flow, prices }.stopped(network, closed, effort, reason)
}

/// Factors of the first stage alone.
fn first_stage(network: &Network) -> Vec<i64> {
    let mut factors = vec![0; network.stages().len()];
    factors[0] = 1;
    factors
}

/// What there is when a stop comes.
#[derive(Debug)]
struct SoFar {
    /// Feasible.
    flow: Flow,
    /// Of all inner nodes in the first stage; any will do, and good ones make a good bound.
    prices: Vec<i64>,
}

impl SoFar {
    fn nothing(layout: Layout) -> SoFar {
        SoFar { flow: Flow::nothing(), prices: vec![0; layout.n_inner() as usize] }
    }

    /// The answer so far, with the Lagrangean bound on the first stage. By weak duality no flow costs less than each
    /// source's units at its cheapest arc and each onward arc at its cheapest amount, at any prices.
    fn stopped(self, network: &Network, closed: &[bool], effort: &Effort, reason: StopReason) -> Outcome {
        let SoFar { flow, prices } = self;
        let layout = Layout::of(network);
        let values = network.values(&flow);
        let objective = Scalar::new(network, first_stage(network));
        let prices = with_far(prices, closed, FAR);
        let total: u64 = network.sources().iter().map(|source| source.units).sum();
        let mut bound: i128 = window::each_at_its_cheapest(network, layout, &objective, &prices, effort);
        // What arcs carry does not matter here, only what they could.
        let onward = OnwardArcs::new(network, layout, &objective, vec![0; layout.ground() as usize]);
        // Nothing at all passes what is closed, at any price.
        let is_open = |node: &u32| closed.get(*node as usize) != Some(&true);
        for node in (0..layout.ground()).filter(is_open) {
            let gap = prices[onward.heads[node as usize] as usize] - prices[node as usize];
            bound += onward.least_cost(node, gap, total);
        }
        let mut bounds = vec![None; values.len()];
        // No flow can lie beyond the network's greatest sum, so a weaker bound may be cut off there.
        let bound = bound.clamp(-i128::from(Network::MOST), i128::from(Network::MOST)) as i64;
        bounds[0] = Some(bound.min(values[0]));
        Outcome::Stopped { flow, values, bounds, reason }
    }
}

/// The sinks and limits that nothing can pass. Their arcs would stand in a tree without room, so no arc into them is
/// ever priced.
fn closed(network: &Network, layout: Layout) -> Vec<bool> {
    let mut limits = vec![false; network.limits().len()];
    for (position, limit) in network.limits().iter().enumerate() {
        limits[position] = limit.capacity == 0 || limit.parent.is_some_and(|parent| limits[parent as usize]);
    }
    let mut closed: Vec<bool> = network
        .places()
        .iter()
        .zip(network.sink_limits())
        .map(|(places, limit)| *places == Some(0) || limit.is_some_and(|limit| limits[limit as usize]))
        .collect();
    closed.extend(limits);
    debug_assert_eq!(closed.len(), (layout.n_sinks + layout.n_limits) as usize);
    closed
}

/// Prices of closed nodes. Nothing constrains them from above (no unit gets through, at any price), so they are raised
/// until no way into them looks worth using: then the certificate needs no exceptions.
fn raise_closed(network: &Network, closed: &[bool], prices: &mut Prices) {
    if !closed.contains(&true) {
        return;
    }
    let (closed_sinks, closed_limits) = closed.split_at(network.n_sinks());
    for source in 0..network.n_sources() {
        for pair in network.pairs_of(source) {
            let sink = network.sinks()[pair] as usize;
            if closed_sinks[sink] {
                let least: Vec<i64> = (prices.stages.iter().zip(network.stages()))
                    .map(|(own, stage)| own.sources[source] - stage.pair_cost.of(pair))
                    .collect();
                raise(prices, |stage| &mut stage.sinks[sink], &least);
            }
        }
    }
    for (sink, limit) in network.sink_limits().iter().enumerate() {
        if let Some(limit) = limit.filter(|_| closed_sinks[sink] && network.places()[sink] != Some(0)) {
            let least: Vec<i64> = prices.stages.iter().map(|stage| stage.sinks[sink]).collect();
            raise(prices, |stage| &mut stage.limits[limit as usize], &least);
        }
    }
    // Children have greater positions than their parents.
    for (position, limit) in network.limits().iter().enumerate().rev() {
        if let Some(parent) = limit.parent.filter(|_| closed_limits[position] && limit.capacity != 0) {
            let least: Vec<i64> = prices.stages.iter().map(|stage| stage.limits[position]).collect();
            raise(prices, |stage| &mut stage.limits[parent as usize], &least);
        }
    }
}

/// Raises one node's price, as a vector over the stages, to at least `least`.
fn raise(prices: &mut Prices, of: impl Fn(&mut StagePrices) -> &mut i64, least: &[i64]) {
    if prices.stages.iter_mut().map(|stage| *of(stage)).lt(least.iter().copied()) {
        for (stage, price) in prices.stages.iter_mut().zip(least) {
            *of(stage) = *price;
        }
    }
}

#[cfg(test)]
mod tests;
