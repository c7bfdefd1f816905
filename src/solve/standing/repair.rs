//! Changes, and the repair of what they break.

use std::sync::Arc;

use super::exchange::Moves;
use super::search::{Found, Path, Step as By};
use super::state::{Held, NONE, Node, Optimum, OwnPairs, Sort, Source};
use super::{Change, NotChanged, SourceParts};
use crate::solve::costs::{Costs, add, subtract};
use crate::solve::network::greatest_step_sum;
use crate::solve::{Effort, Network, NetworkError, Step};

impl<const S: usize> Optimum<S> {
    /// Makes a change. After an error the state is not to be used: the change may be half made.
    pub fn make(&mut self, change: &Change, effort: &Effort) -> Result<(), NotChanged> {
        self.make_only(change, effort)?;
        self.stay_near();
        Ok(())
    }

    fn make_only(&mut self, change: &Change, effort: &Effort) -> Result<(), NotChanged> {
        match change {
            Change::Places { sink, places } => {
                let node = *self.sink_nodes.get(*sink as usize).ok_or_else(|| refused("no such sink", *sink))?;
                self.bound(node, 0, places.unwrap_or(u64::MAX), effort)
            }
            Change::NewSink { places, limit } => {
                let head = match limit {
                    Some(limit) => self.limit_node(*limit)?,
                    None => self.ground,
                };
                let node = self.nodes.len() as u32;
                let mut row = Node::new(Sort::Sink(self.n_sinks() as u32), head);
                row.most = places.unwrap_or(u64::MAX);
                row.refresh();
                self.lasts.push(None);
                self.nodes.push(row);
                Arc::make_mut(self.nodes.get_mut(head as usize).children.get_or_insert_default()).push(node);
                Arc::make_mut(&mut self.sink_nodes).push(node);
                if let Some(arrivals) = self.arrivals.get_mut() {
                    Arc::make_mut(arrivals).push(Arc::new(Moves::none(self.packing)));
                }
                // Nothing can come here yet. A price that is not below the one behind needs no repair.
                self.prices.push(*self.prices.of(head), self.packing);
                let mut ranges = self.ranges;
                ranges.n_nodes = ranges.n_nodes.max(self.nodes.len());
                self.hold_ranges(ranges);
                Ok(())
            }
            Change::Capacity { limit, capacity } => {
                let node = self.limit_node(*limit)?;
                self.bound(node, 0, *capacity, effort)
            }
            Change::Pool { pool, least, steps } => self.change_pool(*pool, *least, steps, effort),
            Change::Source { source, with } => {
                if self.n_sources() <= *source as usize {
                    return Err(refused("no such source", *source));
                }
                self.change_source(*source, with, effort)
            }
            Change::NewSource { with } => {
                let source = self.n_sources() as u32;
                let own = Arc::new(OwnPairs { pairs: Vec::new(), unsent: [0; S] });
                let held = Held::Among(Arc::default());
                self.sources.push(Source { units: 0, home: self.ground, own: Some(own), held });
                self.change_source(source, with, effort)
            }
        }
    }

    fn limit_node(&self, limit: u32) -> Result<u32, NotChanged> {
        // Limits are never added, so theirs are the nodes of the first network.
        if self.first.limits().len() <= limit as usize {
            return Err(refused("no such limit", limit));
        }
        Ok(self.first.n_sinks() as u32 + limit)
    }

    fn pool_node(&self, pool: u32) -> Result<u32, NotChanged> {
        if self.first.pools().len() <= pool as usize {
            return Err(refused("no such pool", pool));
        }
        Ok((self.first.n_sinks() + self.first.limits().len()) as u32 + pool)
    }

    fn bound(&mut self, node: u32, least: u64, most: u64, effort: &Effort) -> Result<(), NotChanged> {
        self.change_node(node, |row| (row.least, row.most) = (least, most));
        self.settle(node, effort)
    }

    fn change_pool(&mut self, pool: u32, least: u64, steps: &[Vec<Step>], effort: &Effort) -> Result<(), NotChanged> {
        let node = self.pool_node(pool)?;
        let holds = self.node(node).holds;
        if holds < least {
            return Err(refused("more than its members' units are asked for of pool", pool));
        }
        let covers = |steps: &Vec<Step>| {
            let covered: u128 = steps.iter().map(|step| u128::from(step.units)).sum();
            steps.is_empty() || u128::from(holds) <= covered && steps.windows(2).all(|two| two[0].cost <= two[1].cost)
        };
        if steps.len() != S || !steps.iter().all(covers) {
            return Err(refused("steps must be one list for each stage, not fall and cover all units of pool", pool));
        }
        self.count_pool(node, -1);
        self.count_cost(node, -1);
        self.change_node(node, |row| {
            row.least = least;
            row.steps = steps.iter().any(|steps| !steps.is_empty()).then(|| Arc::new(steps.to_vec()));
        });
        self.count_cost(node, 1);
        self.count_pool(node, 1);
        self.within_bounds()?;
        let mut ranges = self.ranges;
        for (stage, steps) in steps.iter().enumerate() {
            steps.iter().for_each(|step| ranges.see_step(stage, step.cost));
        }
        self.hold_ranges(ranges);
        self.settle(node, effort)
    }

    /// Makes a source what `with` says. Its units of before stay where they are, as nobody's, until the new ones are in
    /// place: a pool that asks for unsent units must not run short in between.
    fn change_source(&mut self, source: u32, with: &SourceParts, effort: &Effort) -> Result<(), NotChanged> {
        let home = match with.pool {
            Some(pool) => self.pool_node(pool)?,
            None => self.ground,
        };
        let own = self.own_pairs(with)?;
        let before = self.source(source).clone();
        let left: Vec<(u32, u64, Costs<S>)> =
            (before.held(before.units)).map(|(node, units)| (node, units, self.cost_in(source, node))).collect();
        self.count_source(source, -1);
        for (node, _, _) in &left {
            self.drop_holder(*node, source);
        }
        // Their own costs are gone with the source, whoever stays in their place: they are counted out here once.
        for (_, units, cost) in &left {
            self.pay(*cost, -i128::from(*units));
        }
        let row = self.sources.get_mut(source as usize);
        *row = Source { units: with.units, home, own: Some(Arc::new(own)), held: Held::Among(Arc::default()) };
        let mut ranges = self.ranges;
        self.each_container(source, |_, cost| ranges.see(&cost));
        self.hold_ranges(ranges);
        self.count_source(source, 1);
        if home != self.ground && (home != before.home || self.node(home).members.last() != Some(&source)) {
            Arc::make_mut(&mut self.nodes.get_mut(home as usize).members).push(source);
        }
        self.hold(home, i128::from(with.units));
        self.within_bounds()?;
        self.push(source, effort)?;

        self.hold(before.home, -i128::from(before.units));
        self.check_pools_from(before.home)?;
        self.check_pools_from(home)?;
        for (node, units, _) in left {
            self.pull(node, units, effort)?;
        }
        Ok(())
    }

    fn own_pairs(&self, with: &SourceParts) -> Result<OwnPairs<S>, NotChanged> {
        let vector = |costs: &[i64]| {
            Costs::<S>::try_from(costs)
                .map_err(|_| refused("there must be one cost for each stage, which are", S as u32))
        };
        let mut pairs = Vec::with_capacity(with.pairs.len());
        for pair in &with.pairs {
            let node = self.sink_nodes.get(pair.sink as usize).ok_or_else(|| refused("no such sink", pair.sink))?;
            pairs.push((*node, vector(&pair.cost)?));
        }
        pairs.sort_unstable_by_key(|(node, _)| *node);
        if let Some(two) = pairs.windows(2).find(|two| two[0].0 == two[1].0) {
            return Err(refused("a source has two pairs with node", two[0].0));
        }
        Ok(OwnPairs { pairs, unsent: vector(&with.unsent_cost)? })
    }

    /// Brings an onward arc whose bounds or costs have changed back to what its reduced costs ask for.
    fn settle(&mut self, node: u32, effort: &Effort) -> Result<(), NotChanged> {
        loop {
            self.lower_pool(node);
            let row = self.node(node);
            let head = row.head;
            let gap = subtract(*self.prices.of(head), *self.prices.of(node));
            let zero = [0; S];
            if row.most < row.amount {
                let units = row.amount - row.most;
                let found = self.search(&[(node, zero)], head, None, effort)?;
                self.raise(&found, None)?;
                let units = units.min(self.room_on(&found)).min(self.node(node).room_backward());
                self.carry(node, false, units);
                self.move_along(found, head, units);
            } else if row.amount < row.least {
                let units = row.least - row.amount;
                let found = self.search(&[(head, zero)], node, None, effort)?;
                self.raise(&found, None)?;
                let units = units.min(self.room_on(&found)).min(self.node(node).room_forward());
                self.carry(node, true, units);
                self.move_along(found, node, units);
            } else if let Some(gain) = row.next.map(|next| subtract(zero, add(next, gap))).filter(|gain| zero < *gain) {
                let found = self.search(&[(head, zero)], node, Some(gain), effort)?;
                self.raise(&found, Some(gain))?;
                if found.length.is_some() {
                    let units = self.room_on(&found).min(self.node(node).room_forward());
                    self.carry(node, true, units);
                    self.move_along(found, node, units);
                }
            } else if let Some(gain) = row.last.map(|last| add(last, gap)).filter(|gain| zero < *gain) {
                let found = self.search(&[(node, zero)], head, Some(gain), effort)?;
                self.raise(&found, Some(gain))?;
                if found.length.is_some() {
                    let units = self.room_on(&found).min(self.node(node).room_backward());
                    self.carry(node, false, units);
                    self.move_along(found, head, units);
                }
            } else {
                return Ok(());
            }
        }
    }

    /// Lowers the price of a pool whose next unit has become cheaper, if none of those who could send there a unit that
    /// is placed would gain by it: then nothing changes, and no search is needed to know it.
    fn lower_pool(&mut self, node: u32) {
        let row = self.node(node);
        let (Sort::Pool(_), Some(next)) = (row.sort, row.next) else { return };
        let price = add(*self.prices.of(row.head), next);
        let own = *self.prices.of(node);
        let child_gains = |child: &u32| match self.node(*child).next {
            Some(next) => add(price, next) < *self.prices.of(*child),
            None => false,
        };
        let member_gains = |member: &u32| {
            let source = self.source(*member);
            let unsent = add(self.unsent_cost(*member), price);
            let mut sent = source.held(source.units).filter(|(held, _)| *held != node);
            source.home == node
                && sent.any(|(held, _)| unsent < add(self.cost_in(*member, held), *self.prices.of(held)))
        };
        if price < own && !row.children().iter().any(child_gains) && !row.members.iter().any(member_gains) {
            self.set_price(node, price);
            self.unpack_if_too_far();
        }
    }

    /// Sends all units of a source that has none placed yet, each the cheapest way to the ground.
    fn push(&mut self, source: u32, effort: &Effort) -> Result<(), NotChanged> {
        let mut left = self.source(source).units;
        while 0 < left {
            let mut starts = Vec::new();
            self.each_container(source, |node, cost| starts.push((node, add(cost, *self.prices.of(node)))));
            // The source's own price: what its cheapest way costs.
            let price = starts.iter().map(|(_, cost)| *cost).min().unwrap_or([0; S]);
            starts.iter_mut().for_each(|(_, cost)| *cost = subtract(*cost, price));
            let found = self.search(&starts, self.ground, None, effort)?;
            self.raise(&found, None)?;
            let units = left.min(self.room_on(&found));
            let start = self.move_along(found, self.ground, units);
            self.place(source, NONE, start, units);
            self.pay(self.cost_in(source, start), i128::from(units));
            left -= units;
        }
        Ok(())
    }

    /// Makes good for units that are gone from a container: others come in their place, or fewer go on from there.
    fn pull(&mut self, node: u32, units: u64, effort: &Effort) -> Result<(), NotChanged> {
        let mut left = units;
        while 0 < left {
            let found = self.search(&[(self.ground, [0; S])], node, None, effort)?;
            self.raise(&found, None)?;
            let units = left.min(self.room_on(&found));
            self.move_along(found, node, units);
            left -= units;
        }
        Ok(())
    }

    /// Moves prices so that the path that a search found costs nothing any more and no other arc less than nothing. Where
    /// there was no path, as far as it was allowed to look.
    fn raise(&mut self, found: &Found<S>, shorter_than: Option<Costs<S>>) -> Result<(), NotChanged> {
        if found.length.is_none() && shorter_than.is_none() {
            return Err(refused("no way is left for units of node", self.ground));
        }
        let price = |(node, rise): &(u32, Costs<S>)| (*node, add(*self.prices.of(*node), *rise));
        let prices: Vec<(u32, Costs<S>)> = found.rises.iter().map(price).collect();
        self.set_prices(prices.into_iter());
        self.shorten(&found.as_a_whole, &found.far);
        self.unpack_if_too_far();
        Ok(())
    }

    /// How many units can take a path at its price.
    fn room_on(&self, found: &Found<S>) -> u64 {
        let room = found.steps.iter().map(|&(before, node, by)| match by {
            By::Start => u64::MAX,
            By::Exchange(source) => self.held_in(source, before),
            By::More => self.node(before).room_forward(),
            By::Less => self.node(node).room_backward(),
        });
        room.min().unwrap_or(0)
    }

    /// Sends units along a path; gives the node it starts at.
    fn move_along(&mut self, found: Found<S>, to: u32, units: u64) -> u32 {
        let steps = found.steps;
        let start = steps.last().map_or(to, |(_, start, _)| *start);
        for &(before, node, by) in &steps {
            match by {
                By::Start => {}
                By::Exchange(source) => {
                    let change = subtract(self.cost_in(source, node), self.cost_in(source, before));
                    self.pay(change, i128::from(units));
                    self.place(source, before, node, units);
                }
                By::More => self.carry(before, true, units),
                By::Less => self.carry(node, false, units),
            }
        }
        self.last_path = Some(Arc::new(Path { start, end: to, steps }));
        start
    }

    /// An onward arc carries more or less, at the cost of its next or last unit.
    fn carry(&mut self, node: u32, more: bool, units: u64) {
        self.count_cost(node, -1);
        self.change_node(node, |row| row.amount = if more { row.amount + units } else { row.amount - units });
        self.count_cost(node, 1);
    }

    /// Moves units of a source from one container to another; from [`NONE`]: they are new.
    fn place(&mut self, source: u32, from: u32, to: u32, units: u64) {
        let row = self.sources.get_mut(source as usize);
        let mut held: Vec<(u32, u64)> = row.held(row.units).collect();
        let (mut left, mut came) = (false, true);
        if let Some(at) = held.iter().position(|(node, _)| *node == from) {
            held[at].1 -= units;
            left = held[at].1 == 0;
        }
        match held.iter_mut().find(|(node, _)| *node == to) {
            Some((_, there)) => {
                *there += units;
                came = false;
            }
            None => held.push((to, units)),
        }
        held.retain(|(_, units)| 0 < *units);
        let all_placed = held.iter().map(|(_, units)| units).sum::<u64>() == row.units;
        row.held = if all_placed { Held::among(held) } else { Held::Among(Arc::new(held)) };
        if left {
            self.drop_holder(from, source);
        }
        if came {
            self.add_holder(to, source);
        }
    }

    pub fn held_in(&self, source: u32, node: u32) -> u64 {
        let row = self.source(source);
        row.held(row.units).find(|(held, _)| *held == node).map_or(0, |(_, units)| units)
    }

    fn pay(&mut self, cost: Costs<S>, units: i128) {
        for (value, cost) in self.value.iter_mut().zip(cost) {
            *value += i128::from(cost) * units;
        }
    }

    /// Counts the cost of what a node carries in, or out.
    fn count_cost(&mut self, node: u32, times: i128) {
        let row = self.node(node);
        if row.steps.is_some() {
            let cost = row.cost();
            for (value, cost) in self.value.iter_mut().zip(cost) {
                *value += times * cost;
            }
        }
    }

    /// The pools from here on can hold so many units more.
    fn hold(&mut self, home: u32, units: i128) {
        let mut at = home;
        while at != self.ground {
            self.count_pool(at, -1);
            let row = self.nodes.get_mut(at as usize);
            // Both are sums of units, which `within_bounds` keeps below 2^53.
            row.holds = (i128::from(row.holds) + units) as u64;
            let head = row.head;
            self.count_pool(at, 1);
            at = head;
        }
    }

    /// Whether each pool from here on can have what it asks for, and its steps cover what it can hold.
    fn check_pools_from(&self, home: u32) -> Result<(), NotChanged> {
        let mut at = home;
        while at != self.ground {
            let row = self.node(at);
            if row.holds < row.least {
                return Err(refused("more than its members' units would be asked for of node", at));
            }
            let covered = |steps: &Vec<Step>| steps.iter().map(|step| u128::from(step.units)).sum::<u128>();
            let covers = |steps: &Vec<Step>| steps.is_empty() || u128::from(row.holds) <= covered(steps);
            if row.steps.as_ref().is_some_and(|stages| !stages.iter().all(covers)) {
                return Err(refused("the steps would not cover the units of node", at));
            }
            at = row.head;
        }
        Ok(())
    }

    /// Counts what a source can add to the greatest sums in, or out.
    pub fn count_source(&mut self, source: u32, times: i128) {
        let mut dearest = [0u64; S];
        self.each_container(source, |_, cost| {
            for (dearest, cost) in dearest.iter_mut().zip(cost) {
                *dearest = cost.unsigned_abs().max(*dearest);
            }
        });
        let units = self.source(source).units;
        for (greatest, dearest) in self.greatest.iter_mut().zip(dearest) {
            *greatest += times * i128::from(dearest) * i128::from(units.max(1));
        }
        self.total_units += times * i128::from(units);
    }

    pub fn count_pool(&mut self, node: u32, times: i128) {
        let row = self.node(node);
        let Some(steps) = row.steps.clone() else { return };
        let holds = row.holds;
        for (greatest, steps) in self.greatest.iter_mut().zip(steps.iter()) {
            *greatest += times * greatest_step_sum(steps, holds);
        }
    }

    fn within_bounds(&self) -> Result<(), NotChanged> {
        let most = i128::from(Network::MOST);
        if most < self.total_units || self.greatest.iter().any(|greatest| most < *greatest) {
            return Err(NotChanged::Refused(NetworkError(format!(
                "units or costs could add up to more than {} (2^53)",
                Network::MOST
            ))));
        }
        Ok(())
    }
}

fn refused(what: &str, which: u32) -> NotChanged {
    NotChanged::Refused(NetworkError(format!("{what} {which}")))
}
