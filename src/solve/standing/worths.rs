//! The worths of all sinks at once.
//!
//! Sinks behind the same node share two searches: one place more lets a unit round from that node back to the sink, one
//! less from the sink to that node. The first is one search from the node to all its sinks. The second would be one
//! search backwards; but where prices come from a strongly feasible tree, each sink has a way of length zero to what is
//! behind it, and that is all there is to know. So ways of length zero are followed first, and only where a sink has
//! none (prices of another source) is the backward search made.

use std::sync::Arc;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::exchange::Moves;
use super::lengths::{Lengths, Plain};
use super::search::{Part, Search};
use super::state::{NONE, Optimum, Sort};
use crate::solve::costs::{add, subtract};
use crate::solve::{Effort, StopReason, Worth};

impl<const S: usize> Optimum<S> {
    pub fn worths(&self, effort: &Effort) -> Result<Vec<Worth>, StopReason> {
        let none = || Some(vec![0; S]);
        let rows = self.sink_nodes.iter().map(|node| self.node(*node));
        let mut worths: Vec<Worth> = rows
            .map(|row| Worth {
                one_more: (row.most != u64::MAX).then(none).flatten(),
                one_less: (row.most != u64::MAX && 0 < row.most).then(none).flatten(),
            })
            .collect();
        // Where places are left over, neither one more nor one less changes anything.
        let mut full: Vec<(u32, u32)> = (self.sink_nodes.iter().map(|node| (self.node(*node), *node)))
            .filter(|(row, _)| row.most != u64::MAX && row.most <= row.amount)
            .map(|(row, node)| (row.head, node))
            .collect();
        full.sort_unstable();
        if full.is_empty() {
            return Ok(worths);
        }
        let groups: Vec<&[(u32, u32)]> = full.chunk_by(|a, b| a.0 == b.0).collect();
        self.find_all_exchanges(effort)?;
        let free = self.exchanges_of_length_zero(effort)?;
        let lengthy: Vec<bool> = groups.iter().map(|group| !self.all_lead_freely(group, &free)).collect();
        let arriving = if lengthy.contains(&true) { Some(self.arrivals(effort)?) } else { None };
        let one = |at: usize| {
            let arriving = arriving.filter(|_| lengthy[at]);
            match self.packing {
                Some(packing) => self.group(packing, groups[at], arriving, effort),
                None => self.group(Plain, groups[at], arriving, effort),
            }
        };
        let found: Result<Vec<Vec<(u32, Worth)>>, StopReason> = match effort.threads() {
            Some(threads) => threads.install(|| (0..groups.len()).into_par_iter().map(one).collect()),
            None => (0..groups.len()).map(one).collect(),
        };
        for (node, worth) in found?.into_iter().flatten() {
            if let Sort::Sink(sink) = self.node(node).sort {
                let own = &mut worths[sink as usize];
                own.one_more = worth.one_more;
                // Without a place there is none to lose, whatever a search may say.
                own.one_less = own.one_less.take().and(worth.one_less);
            }
        }
        Ok(worths)
    }

    /// Exchanges of reduced cost zero, as where they lead and where from, sorted.
    fn exchanges_of_length_zero(&self, effort: &Effort) -> Result<Vec<(u32, u32)>, StopReason> {
        let mut free = Vec::new();
        for from in 0..self.nodes.len() as u32 {
            if self.node(from).holders.is_empty() {
                continue;
            }
            let exchanges = self.exchanges(from);
            effort.tick(exchanges.nodes.len() as u64)?;
            for (at, to) in exchanges.nodes.iter().enumerate() {
                if add(exchanges.changes.at(at), *self.prices.of(*to)) == *self.prices.of(from) {
                    free.push((*to, from));
                }
            }
        }
        free.sort_unstable();
        Ok(free)
    }

    /// Whether every sink of a group has a way of length zero to what is behind it.
    fn all_lead_freely(&self, group: &[(u32, u32)], free: &[(u32, u32)]) -> bool {
        let behind = group[0].0;
        let mut reached = vec![false; self.nodes.len()];
        reached[behind as usize] = true;
        let mut left = vec![behind];
        while let Some(node) = left.pop() {
            let from = free.partition_point(|(to, _)| *to < node);
            let exchanges = free[from..].iter().take_while(|(to, _)| *to == node).map(|(_, from)| *from);
            let row = self.node(node);
            let price = |node: u32| *self.prices.of(node);
            let more = row
                .children()
                .iter()
                .copied()
                .filter(|child| self.node(*child).next.is_some_and(|next| add(next, price(node)) == price(*child)));
            let less = row.last.filter(|last| row.head != NONE && subtract(price(node), *last) == price(row.head));
            for next in exchanges.chain(more).chain(less.map(|_| row.head)) {
                if !std::mem::replace(&mut reached[next as usize], true) {
                    left.push(next);
                }
            }
        }
        group.iter().all(|(_, sink)| reached[*sink as usize] || self.node(*sink).amount == 0)
    }

    /// What changes with the places of these full sinks, which come with the one node behind them all. Without
    /// `arriving`, each has a way of length zero to it.
    fn group<L: Lengths<S>>(
        &self,
        lengths: L,
        group: &[(u32, u32)],
        arriving: Option<&[Arc<Moves<S>>]>,
        effort: &Effort,
    ) -> Result<Vec<(u32, Worth)>, StopReason> {
        let behind = group[0].0;
        let price = |sink: u32| subtract(*self.prices.of(sink), *self.prices.of(behind));
        let prices = lengths.prices(&self.prices, self.ground);
        // Backwards, prices count the other way round.
        let zero = lengths.of(&[0; S]);
        let turned: Vec<L::Length> = prices.iter().map(|price| L::subtract(zero, *price)).collect();
        // A path longer than the price difference would not pay; beyond the greatest one, none of these sinks gains.
        let longest = group.iter().map(|(_, sink)| price(*sink)).max().unwrap_or([0; S]);
        let is_target = |sink| self.is_full(sink, behind);
        let mut coming = Search::new(lengths, prices, Some(&longest));
        let pass = |node, part, search: &mut Search<S, L>| self.pass_on(node, part, search, |_, _| {});
        spread(&mut coming, behind, group.len(), is_target, effort, pass)?;
        let mut going = Search::new(lengths, turned, None);
        if let Some(arriving) = arriving {
            let pass = |node, part, search: &mut Search<S, L>| self.pass_back(node, part, arriving, search, |_, _| {});
            spread(&mut going, behind, group.len(), is_target, effort, pass)?;
        }
        let worth = |&(_, sink): &(u32, u32)| {
            let one_more = subtract(coming.length_to(sink).min(price(sink)), price(sink)).min([0; S]);
            let one_less = match arriving {
                None => price(sink),
                Some(_) => add(going.length_to(sink), price(sink)),
            };
            let one_less = if self.node(sink).amount == 0 { vec![0; S] } else { one_less.to_vec() };
            (sink, Worth { one_more: Some(one_more.to_vec()), one_less: Some(one_less) })
        };
        Ok(group.iter().map(worth).collect())
    }

    fn is_full(&self, node: u32, behind: u32) -> bool {
        let row = self.node(node);
        matches!(row.sort, Sort::Sink(_)) && row.head == behind && row.most <= row.amount
    }
}

/// Settles all nodes from a start on, until as many targets are settled as there are, or nothing is left.
fn spread<const S: usize, L: Lengths<S>>(
    search: &mut Search<S, L>,
    start: u32,
    n_targets: usize,
    is_target: impl Fn(u32) -> bool,
    effort: &Effort,
    pass: impl Fn(u32, Part, &mut Search<S, L>) -> u64,
) -> Result<(), StopReason> {
    search.start(start, search.lengths.of(&[0; S]));
    let mut left = n_targets;
    while let Some((node, part, _)) = search.take() {
        left -= usize::from(part == Part::First && is_target(node));
        if left == 0 {
            break;
        }
        effort.tick(pass(node, part, search))?;
    }
    Ok(())
}
