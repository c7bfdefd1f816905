//! Exact line search on one price after the other, with each source following its cheapest arc.
//!
//! The descent ends with prices that are good on average and off by a little everywhere. Here the price of a sink that
//! holds too much is raised to just where the sources that should leave would, and that of one with room lowered to just
//! where enough would come: coordinate descent on the dual. Then the same for clusters of sinks between which sources
//! move almost freely: their prices move together, since what is missing or too much in all of them no single price can
//! settle. Only arcs near each source's best are looked at, so a price moves at most half of that width.

use super::arcs::{Layout, NONE};
use super::costs::{Objective, Scalar};
use super::placement::Placement;
use crate::solve::Network;
use crate::solve::effort::{Effort, StopReason};

/// Rounds over all sinks. The first leaves a third of what was misplaced; a third one moves next to nothing.
const SWEEPS: usize = 2;

/// The arcs near each source's best, by source and by head.
struct Near {
    sources: Vec<u32>,
    /// Arcs of the k-th source are `starts[k]..starts[k + 1]`.
    starts: Vec<u32>,
    arcs: Vec<u32>,
    heads: Vec<u32>,
    /// Cost and price of the head less that of the source's best arc, at the prices of the beginning.
    above: Vec<i32>,
    /// The source of each arc, and the arcs into each head.
    owner: Vec<u32>,
    by_head: Vec<u32>,
    into: Vec<u32>,
}

/// Moves prices and sources until little is misplaced. `prices` has closed nodes out of reach; `width` is that of the
/// arcs looked at.
pub(super) fn balance(
    network: &Network,
    layout: Layout,
    objective: &Scalar,
    placement: &mut Placement,
    prices: &mut [i64],
    width: i32,
    effort: &Effort,
) -> Result<(), StopReason> {
    let near = Near::of(network, layout, objective, placement, prices, width, effort)?;
    effort.look()?;
    let mut balance = Balance::new(network, layout, near, placement, prices, width);
    effort.look()?;
    balance.sweeps(effort)?;
    balance.keep(layout, placement, prices);
    Ok(())
}

impl Near {
    fn of(
        network: &Network,
        layout: Layout,
        objective: &Scalar,
        placement: &Placement,
        prices: &[i64],
        width: i32,
        effort: &Effort,
    ) -> Result<Near, StopReason> {
        let mut near = Near {
            sources: Vec::new(),
            starts: vec![0],
            arcs: Vec::new(),
            heads: Vec::new(),
            above: Vec::new(),
            owner: Vec::new(),
            by_head: vec![0; layout.n_inner() as usize + 1],
            into: Vec::new(),
        };
        let mut reduced = Vec::new();
        for source in 0..network.n_sources() {
            let pairs = network.pairs_of(source);
            let sinks = &network.sinks()[pairs.clone()];
            effort.tick(pairs.len() as u64)?;
            if objective.reduced(pairs.clone(), sinks, prices, &mut reduced).is_none() {
                continue;
            }
            let unsent_head = layout.unsent_head(network, source as u32);
            let unsent = objective.unsent(source) + prices[unsent_head as usize];
            // Measured from where the source is, which need not be its best place any more.
            let present = placement.pair[source];
            let own = match present {
                NONE => unsent,
                pair => reduced[pair as usize - pairs.start],
            };
            let before = near.arcs.len();
            let position = near.sources.len() as u32;
            let mut keep = |arc: u32, head: u32, value: i64| {
                let above = value.saturating_sub(own);
                if above <= i64::from(width) {
                    let above = above.max(-i64::from(i32::MAX));
                    near.arcs.push(arc);
                    near.heads.push(head);
                    near.above.push(above as i32);
                    near.owner.push(position);
                }
            };
            for ((pair, sink), value) in pairs.zip(sinks).zip(&reduced) {
                keep(pair as u32, *sink, *value);
            }
            keep(layout.unsent(source as u32), unsent_head, unsent);
            if near.arcs.len() == before + 1 {
                near.arcs.truncate(before);
                near.heads.truncate(before);
                near.above.truncate(before);
                near.owner.truncate(before);
            } else {
                near.sources.push(source as u32);
                near.starts.push(near.arcs.len() as u32);
            }
        }
        effort.look()?;
        for head in &near.heads {
            near.by_head[*head as usize + 1] += 1;
        }
        for head in 0..layout.n_inner() as usize {
            near.by_head[head + 1] += near.by_head[head];
        }
        effort.look()?;
        let mut next = near.by_head.clone();
        near.into = vec![0; near.heads.len()];
        for (arc, head) in near.heads.iter().enumerate() {
            near.into[next[*head as usize] as usize] = arc as u32;
            next[*head as usize] += 1;
        }
        Ok(near)
    }

    fn of_source(&self, position: u32) -> std::ops::Range<usize> {
        self.starts[position as usize] as usize..self.starts[position as usize + 1] as usize
    }

    fn to_head(&self, head: u32) -> &[u32] {
        &self.into[self.by_head[head as usize] as usize..self.by_head[head as usize + 1] as usize]
    }
}

struct Balance<'a> {
    near: Near,
    n_sinks: u32,
    /// How far each price has moved, and how far it may.
    shift: Vec<i64>,
    least: Vec<i64>,
    most: Vec<i64>,
    /// Places less units held, by sink.
    room: Vec<i64>,
    /// The arc that each source of `near` uses, by position.
    at: Vec<u32>,
    /// Sources of `near` at each head, and where each is in that list.
    held: Vec<Vec<u32>>,
    place_in_list: Vec<u32>,
    units: Vec<i64>,
    ways: Vec<(i64, u32)>,
    network: &'a Network,
}

impl<'a> Balance<'a> {
    fn new(
        network: &'a Network,
        layout: Layout,
        near: Near,
        placement: &Placement,
        prices: &[i64],
        width: i32,
    ) -> Balance<'a> {
        let n = near.sources.len();
        let half = i64::from(width) / 2;
        let n_inner = layout.n_inner() as usize;
        let (mut least, mut most, mut room) = (vec![0; n_inner], vec![0; n_inner], vec![0; n_inner]);
        for sink in 0..network.n_sinks() {
            // A sink that nothing can pass, or that has no end of places, keeps its price.
            if let Some(places) = network.places()[sink].filter(|_| prices[sink] < super::FAR) {
                let behind = network.sink_limits()[sink].map_or(0, |limit| prices[layout.limit(limit) as usize]);
                least[sink] = (behind - prices[sink]).max(-half).min(0);
                most[sink] = half;
                room[sink] = places.min(1 << 53) as i64 - placement.amounts[sink].min(1 << 53) as i64;
            } else {
                room[sink] = i64::MAX / 4;
            }
        }
        room[network.n_sinks()..].fill(i64::MAX / 4);
        let mut balance = Balance {
            n_sinks: layout.n_sinks,
            shift: vec![0; n_inner],
            least,
            most,
            room,
            at: vec![0; n],
            held: vec![Vec::new(); n_inner],
            place_in_list: vec![0; n],
            units: near.sources.iter().map(|source| network.sources()[*source as usize].units as i64).collect(),
            ways: Vec::new(),
            network,
            near,
        };
        for position in 0..n as u32 {
            let source = balance.near.sources[position as usize];
            let pair = placement.pair[source as usize];
            let arc = if pair == NONE { layout.unsent(source) } else { pair };
            let own = balance.near.of_source(position);
            // What is near is measured from the present arc, so it is among them.
            let found = balance.near.arcs[own.clone()].iter().position(|near| *near == arc).unwrap_or(0);
            balance.at[position as usize] = (own.start + found) as u32;
            let head = balance.near.heads[own.start + found];
            balance.list(position, head);
        }
        balance
    }

    /// Takes the moves over into a placement and prices.
    fn keep(self, layout: Layout, placement: &mut Placement, prices: &mut [i64]) {
        for (position, source) in self.near.sources.iter().enumerate() {
            let arc = self.near.arcs[self.at[position] as usize];
            placement.pair[*source as usize] = if arc < layout.n_pairs { arc } else { NONE };
        }
        for (price, shift) in prices.iter_mut().zip(&self.shift) {
            *price += shift;
        }
        placement.count(self.network, layout);
    }

    fn list(&mut self, position: u32, head: u32) {
        self.place_in_list[position as usize] = self.held[head as usize].len() as u32;
        self.held[head as usize].push(position);
    }

    fn head(&self, position: u32) -> u32 {
        self.near.heads[self.at[position as usize] as usize]
    }

    fn value(&self, arc: u32) -> i64 {
        i64::from(self.near.above[arc as usize]) + self.shift[self.near.heads[arc as usize] as usize]
    }

    fn go(&mut self, position: u32, arc: u32) {
        let (from, to) = (self.head(position), self.near.heads[arc as usize]);
        let place = self.place_in_list[position as usize] as usize;
        self.held[from as usize].swap_remove(place);
        if let Some(moved) = self.held[from as usize].get(place) {
            self.place_in_list[*moved as usize] = place as u32;
        }
        self.list(position, to);
        self.at[position as usize] = arc;
        let units = self.units[position as usize];
        self.room[from as usize] += units;
        self.room[to as usize] -= units;
    }

    /// Units at sinks that hold too much, and places left at sinks whose price could fall.
    fn misplaced(&self) -> i64 {
        (0..self.n_sinks as usize)
            .map(|sink| match self.room[sink] {
                room if room < 0 => -room,
                room if self.least[sink] < self.shift[sink] => room,
                _ => 0,
            })
            .sum()
    }

    fn sweeps(&mut self, effort: &Effort) -> Result<(), StopReason> {
        let mut before = self.misplaced();
        for _ in 0..SWEEPS {
            let mut moved = 0;
            for sink in 0..self.n_sinks {
                if self.room[sink as usize] < 0 {
                    moved += self.raise(sink, effort)?;
                } else if 0 < self.room[sink as usize] && self.least[sink as usize] < self.shift[sink as usize] {
                    moved += self.lower(sink, effort)?;
                }
            }
            let after = self.misplaced();
            effort.report("balance", after as u64, Some(moved));
            if moved == 0 || before - before / 32 < after {
                break;
            }
            before = after;
        }
        Ok(())
    }

    /// Brings those of `ways` to the front that go first until `wanted` units have, and says how many they are and how
    /// far a price must move for it: as far as it can without anyone else following, but no further than `limit`.
    /// `position_of` finds the source of a way.
    fn select(&mut self, wanted: i64, limit: i64, position_of: impl Fn(&Near, u32) -> u32) -> (usize, i64) {
        let (mut from, mut to) = (0, self.ways.len());
        let mut units_before = 0;
        // Halves the range in which the last one lies, always on the side where it is.
        while from < to {
            let middle = from + (to - from) / 2;
            self.ways[from..to].select_nth_unstable(middle - from);
            let units: i64 =
                self.ways[from..=middle].iter().map(|(_, at)| self.units[position_of(&self.near, *at) as usize]).sum();
            if units_before + units < wanted {
                units_before += units;
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        // Now `from` is the way with which enough have gone.
        let taken = (from + 1).min(self.ways.len());
        let next = self.ways[taken..].iter().map(|(length, _)| *length).min();
        (taken, limit.min(next.unwrap_or(limit)).max(0))
    }

    fn raise(&mut self, sink: u32, effort: &Effort) -> Result<u64, StopReason> {
        let mut ways = std::mem::take(&mut self.ways);
        ways.clear();
        let mut seen = 0;
        for &position in &self.held[sink as usize] {
            let own = self.near.of_source(position);
            seen += own.len() as u64;
            let mut best = i64::MAX;
            for arc in own {
                if self.near.heads[arc] != sink {
                    best = best.min(self.value(arc as u32));
                }
            }
            ways.push((best - self.value(self.at[position as usize]), position));
        }
        self.ways = ways;
        effort.tick(seen)?;
        let limit = self.most[sink as usize] - self.shift[sink as usize];
        let (taken, reach) = self.select(-self.room[sink as usize], limit, |_, position| position);
        self.shift[sink as usize] += reach;
        let mut moved = 0;
        for way in 0..taken {
            let (length, position) = self.ways[way];
            if reach < length {
                continue;
            }
            let value = self.value(self.at[position as usize]) - reach + length;
            let mut best: Option<u32> = None;
            for arc in self.near.of_source(position) {
                let arc = arc as u32;
                let roomy = |arc: u32| 0 < self.room[self.near.heads[arc as usize] as usize];
                if self.near.heads[arc as usize] != sink
                    && self.value(arc) == value
                    && best.is_none_or(|best| !roomy(best) && roomy(arc))
                {
                    best = Some(arc);
                }
            }
            let Some(best) = best else { continue };
            if 0 < reach || 0 < self.room[self.near.heads[best as usize] as usize] {
                self.go(position, best);
                moved += 1;
            }
        }
        Ok(moved)
    }

    fn lower(&mut self, sink: u32, effort: &Effort) -> Result<u64, StopReason> {
        let mut ways = std::mem::take(&mut self.ways);
        ways.clear();
        for &arc in self.near.to_head(sink) {
            let position = self.near.owner[arc as usize];
            let present = self.at[position as usize];
            if self.near.heads[present as usize] != sink {
                ways.push((self.value(arc) - self.value(present), arc));
            }
        }
        self.ways = ways;
        effort.tick(self.ways.len() as u64)?;
        let limit = self.shift[sink as usize] - self.least[sink as usize];
        let (taken, reach) = self.select(self.room[sink as usize], limit, |near, arc| near.owner[arc as usize]);
        self.shift[sink as usize] -= reach;
        let mut moved = 0;
        for way in 0..taken {
            let (length, arc) = self.ways[way];
            if reach < length {
                continue;
            }
            let position = self.near.owner[arc as usize];
            if reach == 0 && 0 <= self.room[self.head(position) as usize] && self.head(position) < self.n_sinks {
                continue;
            }
            self.go(position, arc);
            moved += 1;
        }
        Ok(moved)
    }
}
