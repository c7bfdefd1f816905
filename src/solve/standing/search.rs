//! Shortest paths in the residual graph over inner nodes, by reduced cost (Dijkstra 1959).

use std::sync::Arc;

use super::exchange::Moves;
use super::lengths::{Changes, Lengths, Plain};
use super::nearest::Nearest;
use super::shortlist::{ANEW, End};
use super::state::{NONE, Optimum};
use crate::solve::costs::{Costs, add, subtract};
use crate::solve::{Effort, StopReason};

/// How a path comes to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The path starts here.
    Start,
    /// A unit of this source moves here from the container before. While a search goes on nobody asks whose.
    Exchange(u32),
    /// One unit more on the onward arc of the node before.
    More,
    /// One unit less on the onward arc of this node.
    Less,
}

/// A path from one node to another, its steps from the end backwards: each node with the one before it and how it is
/// come to. The start comes last.
#[derive(Debug)]
pub(super) struct Path {
    pub start: u32,
    pub end: u32,
    pub steps: Vec<(u32, u32, Step)>,
}

/// The end at the ground looks at so many times as many arcs as the other.
const BESIDE_GROUND: u64 = 4;

/// What a search found.
pub(super) struct Found<const S: usize> {
    /// Length of the shortest path to the target; None where there is none, or none short enough.
    pub length: Option<Costs<S>>,
    /// That path; no steps where there is none.
    pub steps: Vec<(u32, u32, Step)>,
    /// By how much prices have to rise for the path to cost nothing and no other arc less than nothing; where there is no
    /// path, for none to be shorter than it had to be.
    pub rises: Vec<(u32, Costs<S>)>,
    /// How far the searches went together.
    pub far: Costs<S>,
    /// Containers whose exchanges were looked at as a whole; not more of them than should be.
    pub as_a_whole: Vec<(u32, End)>,
}

/// What of a settled node is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All but the exchanges that are not on its shortlist, or all where it has none.
    First,
    /// All exchanges: as far as those that are not on the shortlist.
    Exchanges,
}

impl<const S: usize> Optimum<S> {
    /// Searches from labelled nodes for the target, and backwards from the target for one of them, until both meet and
    /// nothing shorter is left, or nothing shorter than `shorter_than` is (Pohl 1971). Whichever has looked at less goes
    /// on: what lies in a pocket is found from there, however wide the market is on the other side.
    pub fn search(
        &self,
        starts: &[(u32, Costs<S>)],
        target: u32,
        shorter_than: Option<Costs<S>>,
        effort: &Effort,
    ) -> Result<Found<S>, StopReason> {
        match self.packing {
            Some(packing) => self.search_by(packing, starts, target, shorter_than, effort),
            None => self.search_by(Plain, starts, target, shorter_than, effort),
        }
    }

    fn search_by<L: Lengths<S>>(
        &self,
        lengths: L,
        starts: &[(u32, Costs<S>)],
        target: u32,
        shorter_than: Option<Costs<S>>,
        effort: &Effort,
    ) -> Result<Found<S>, StopReason> {
        let arrivals = self.arrivals(effort)?;
        let zero = lengths.of(&[0; S]);
        let prices = lengths.prices(&self.prices, self.ground);
        // Backwards, prices count the other way round.
        let turned = prices.iter().map(|price| L::subtract(zero, *price)).collect();
        let mut going = Search::new(lengths, prices, shorter_than.as_ref());
        let mut coming = Search::new(lengths, turned, shorter_than.as_ref());
        let mut meeting = Meeting { length: going.shorter_than, node: None };
        coming.start(target, zero);
        for (node, length) in starts {
            going.start(*node, lengths.of(length));
            if *node == target && lengths.of(length) < meeting.length {
                meeting = Meeting { length: lengths.of(length), node: Some(target) };
            }
        }
        // How far each has settled all that is nearer.
        let (mut gone, mut come) = (zero, zero);
        let arcs_of = |node: u32| self.node(node).children().len() as u64;
        let (mut gone_arcs, mut come_arcs) = (starts.iter().map(|(node, _)| arcs_of(*node)).sum(), arcs_of(target));
        let mut ticked = gone_arcs + come_arcs;
        // Nothing is looked for beyond where the path begins and ends. The arc from its end back to its beginning may be
        // one that has become worth taking: that is why it is searched for.
        let only_start = if let [(start, _)] = starts { *start } else { NONE };
        // All pools lie around the ground: to get past them takes that end as long, however far the other one has come, so
        // the other one does not do as much beyond what a pocket may need.
        let n_nodes = self.nodes.len() as u64;
        let beside = |arcs: u64| arcs.min(n_nodes) + arcs.saturating_sub(n_nodes) / BESIDE_GROUND;
        while L::is_less(gone, come, meeting.length) {
            let coming_is_next = match (only_start == self.ground, target == self.ground) {
                (true, false) => come_arcs <= beside(gone_arcs),
                (false, true) => beside(come_arcs) <= gone_arcs,
                (true, true) | (false, false) => come_arcs <= gone_arcs,
            };
            if coming_is_next {
                match coming.take() {
                    Some((node, part, length)) => {
                        come = length;
                        if node != only_start {
                            let meet = |node, way| meeting.meet(node, way, &going);
                            come_arcs += self.pass_back(node, part, arrivals, &mut coming, meet);
                        }
                    }
                    None => come = meeting.length,
                }
            } else {
                match going.take() {
                    Some((node, part, length)) => {
                        gone = length;
                        if node != target {
                            let meet = |node, way| meeting.meet(node, way, &coming);
                            gone_arcs += self.pass_on(node, part, &mut going, meet);
                        }
                    }
                    None => gone = meeting.length,
                }
            }
            (going.shorter_than, coming.shorter_than) = (meeting.length, meeting.length);
            effort.tick(gone_arcs + come_arcs - ticked)?;
            ticked = gone_arcs + come_arcs;
        }
        // An exchange between what both have settled may be on neither shortlist. No path with it is shorter than what
        // either end has put off, so it is enough that one of them does what it has put off.
        if come <= gone {
            while let Some((node, part, _)) = going.take().filter(|(_, _, length)| *length < meeting.length) {
                if part == Part::Exchanges && node != target {
                    effort.tick(self.pass_on(node, part, &mut going, |node, way| meeting.meet(node, way, &coming)))?;
                    going.shorter_than = meeting.length;
                }
            }
        } else {
            while let Some((node, part, _)) = coming.take().filter(|(_, _, length)| *length < meeting.length) {
                if part == Part::Exchanges && node != only_start {
                    let meet = |node, way| meeting.meet(node, way, &going);
                    effort.tick(self.pass_back(node, part, arrivals, &mut coming, meet))?;
                    coming.shorter_than = meeting.length;
                }
            }
        }
        let (best, meeting) = (meeting.length, meeting.node);
        if meeting.is_none() && shorter_than.is_none() {
            let (steps, rises, as_a_whole) = (Vec::new(), Vec::new(), Vec::new());
            return Ok(Found { length: None, steps, rises, far: [0; S], as_a_whole });
        }
        let gone = gone.min(best);
        let come = L::subtract(best, gone);
        let mut rises = Vec::new();
        for (node, length) in going.within(gone) {
            rises.push((node, lengths.costs(L::subtract(gone, length))));
        }
        for (node, length) in coming.within(come) {
            rises.push((node, lengths.costs(L::subtract(length, come))));
        }
        let length = meeting.map(|_| lengths.costs(best));
        let steps = meeting.map_or_else(Vec::new, |meeting| self.steps_through(meeting, &going.by, &coming.by));
        let from = going.as_a_whole.iter().take(ANEW).map(|node| (*node, End::From));
        let to = coming.as_a_whole.iter().take(ANEW).map(|node| (*node, End::To));
        Ok(Found { length, steps, rises, far: lengths.costs(best), as_a_whole: from.chain(to).collect() })
    }

    /// The path through a node where both searches met. With ways of length zero it may come to a node twice: then it goes
    /// straight on from there.
    fn steps_through(&self, meeting: u32, by: &[(u32, Step)], on: &[(u32, Step)]) -> Vec<(u32, u32, Step)> {
        let mut steps = Vec::new();
        let mut node = meeting;
        loop {
            let (before, step) = by[node as usize];
            steps.push((before, node, step));
            if before == NONE {
                break;
            }
            node = before;
        }
        for (before, node, step) in &mut steps {
            if *step == Step::Exchange(NONE) {
                *step = Step::Exchange(self.exchanges(*before).source_to(*node));
            }
        }
        steps.reverse();
        let mut position = vec![NONE; self.nodes.len()];
        for (at, (_, node, _)) in steps.iter().enumerate() {
            position[*node as usize] = at as u32;
        }
        node = meeting;
        while on[node as usize].0 != NONE {
            let (after, step) = on[node as usize];
            match position[after as usize] {
                NONE => {
                    position[after as usize] = steps.len() as u32;
                    let step = match step {
                        Step::Exchange(_) => Step::Exchange(self.exchanges(node).source_to(after)),
                        Step::Start | Step::More | Step::Less => step,
                    };
                    steps.push((node, after, step));
                }
                at => {
                    let round = steps.drain(at as usize + 1..);
                    round.for_each(|(_, node, _)| position[node as usize] = NONE);
                }
            }
            node = after;
        }
        steps.reverse();
        steps
    }

    /// Whether there is a path of length zero from one node to another, for a reason that needs no search: the last
    /// path that units took led the other way, and they could still go back. (There may be one if this says no.)
    pub fn leads_back(&self, from: u32, to: u32) -> bool {
        let Some(path) = self.last_path.as_ref().filter(|path| path.start == to && path.end == from) else {
            return false;
        };
        let mut way = [0; S];
        for &(before, node, by) in &path.steps {
            let cost = match by {
                Step::Start => Some([0; S]),
                Step::Exchange(source) if self.held_in(source, node) == 0 => None,
                Step::Exchange(source) => Some(subtract(self.cost_in(source, before), self.cost_in(source, node))),
                Step::More => self.node(before).last.map(|last| subtract([0; S], last)),
                Step::Less => self.node(node).next,
            };
            match cost {
                Some(cost) => way = add(way, cost),
                None => return false,
            }
        }
        add(way, *self.prices.of(to)) == *self.prices.of(from)
    }

    /// Labels what a settled node leads to, and says so of each label; gives the number of arcs looked at.
    pub fn pass_on<L: Lengths<S>>(
        &self,
        node: u32,
        part: Part,
        search: &mut Search<S, L>,
        mut labelled: impl FnMut(u32, L::Length),
    ) -> u64 {
        let row = self.node(node);
        let way = search.ways[node as usize];
        let mut arcs = 1;
        // Who holds units here is asked only where exchanges are not yet found: both are far away in memory.
        if row.exchanges.get().is_some() || !row.holders.is_empty() {
            arcs += self.pass_exchanges(node, End::From, self.exchanges(node), part, search, &mut labelled);
        }
        if part == Part::Exchanges {
            return arcs;
        }
        if let Some(next) = row.next.filter(|_| row.head != NONE) {
            search.reach(row.head, L::add(way, search.lengths.of(&next)), node, Step::More, &mut labelled);
        }
        for &child in row.children() {
            if let Some(last) = &self.lasts[child as usize] {
                let way = L::subtract(way, search.lengths.of(last));
                search.reach(child, way, node, Step::Less, &mut labelled);
            }
        }
        arcs + row.children().len() as u64
    }

    /// The same backwards: labels from where a settled node can be reached.
    pub fn pass_back<L: Lengths<S>>(
        &self,
        node: u32,
        part: Part,
        arrivals: &[Arc<Moves<S>>],
        search: &mut Search<S, L>,
        mut labelled: impl FnMut(u32, L::Length),
    ) -> u64 {
        let row = self.node(node);
        let way = search.ways[node as usize];
        let arcs = 1 + self.pass_exchanges(node, End::To, &arrivals[node as usize], part, search, &mut labelled);
        if part == Part::Exchanges {
            return arcs;
        }
        for &child in row.children() {
            if let Some(next) = &self.node(child).next {
                let way = L::add(way, search.lengths.of(next));
                search.reach(child, way, node, Step::More, &mut labelled);
            }
        }
        if let Some(last) = row.last.filter(|_| row.head != NONE) {
            search.reach(row.head, L::subtract(way, search.lengths.of(&last)), node, Step::Less, &mut labelled);
        }
        arcs + row.children().len() as u64
    }

    /// Labels the other ends of a node's exchanges, those on its shortlist before all of them.
    fn pass_exchanges<L: Lengths<S>>(
        &self,
        node: u32,
        end: End,
        moves: &Moves<S>,
        part: Part,
        search: &mut Search<S, L>,
        labelled: &mut impl FnMut(u32, L::Length),
    ) -> u64 {
        let shortlist = moves.shortlist.as_ref().filter(|_| part == Part::First);
        let bounded = shortlist.and_then(|list| Some((list.len, self.bound_of_others(node, end, list)?)));
        let count = match bounded {
            Some((count, bound)) => {
                search.put_off(node, search.lengths.of(&bound));
                if moves.is_shortlist_long() {
                    search.as_a_whole.push(node);
                }
                count
            }
            None => {
                search.as_a_whole.push(node);
                moves.nodes.len()
            }
        };
        search.reach_all(search.ways[node as usize], &moves.nodes[..count], &moves.changes, node, labelled);
        count as u64
    }
}

/// The shortest path yet, where two searches met.
struct Meeting<Length> {
    /// Its length; where there is none, what it must be shorter than.
    length: Length,
    node: Option<u32>,
}

impl<Length: Copy + Ord> Meeting<Length> {
    /// Ways add up to the length of the whole path: the price of the node where they meet cancels out.
    fn meet<const S: usize, L: Lengths<S, Length = Length>>(&mut self, node: u32, way: Length, other: &Search<S, L>) {
        let length = L::add(way, other.ways[node as usize]);
        if length < self.length {
            (self.length, self.node) = (length, Some(node));
        }
    }
}

/// Labels and what is still to be settled.
///
/// A label is kept as the *way* to its node: what the path costs by itself. With the price of the node it makes the
/// path's length, its sum of reduced costs. So an arc is added and compared without reading a price.
pub(super) struct Search<const S: usize, L: Lengths<S>> {
    pub lengths: L,
    /// Ways to the nodes, so long where there is none that none could be of use.
    pub ways: Vec<L::Length>,
    pub prices: Vec<L::Length>,
    by: Vec<(u32, Step)>,
    nearest: Nearest<L::Length>,
    /// Nothing that is as long or longer is of use.
    shorter_than: L::Length,
    /// Nodes whose exchanges were all looked at, or nearly.
    as_a_whole: Vec<u32>,
}

impl<const S: usize, L: Lengths<S>> Search<S, L> {
    pub fn new(lengths: L, prices: Vec<L::Length>, shorter_than: Option<&Costs<S>>) -> Search<S, L> {
        let shorter_than = shorter_than.map_or(L::ENDLESS, |costs| lengths.of(costs));
        Search {
            lengths,
            ways: prices.iter().map(|price| L::subtract(shorter_than, *price)).collect(),
            by: vec![(NONE, Step::Start); prices.len()],
            // Twice: a node itself, and what of it is put off.
            nearest: Nearest::new(2 * prices.len()),
            shorter_than,
            as_a_whole: Vec::new(),
            prices,
        }
    }

    /// Labels a node where the search begins, with the length that it begins with.
    pub fn start(&mut self, node: u32, length: L::Length) {
        self.reach(node, L::subtract(length, self.prices[node as usize]), NONE, Step::Start, &mut |_, _| {});
    }

    /// Length of the path to a node; where it has no label, that of the longest one allowed.
    pub fn length_to(&self, node: u32) -> Costs<S> {
        self.lengths.costs(L::add(self.ways[node as usize], self.prices[node as usize]))
    }

    /// Settles the nearest node, or comes back to what of one was put off.
    pub fn take(&mut self) -> Option<(u32, Part, L::Length)> {
        let (label, length) = self.nearest.take()?;
        let n_nodes = self.prices.len() as u32;
        Some(match label.checked_sub(n_nodes) {
            None => (label, Part::First, length),
            Some(node) => (node, Part::Exchanges, length),
        })
    }

    /// Puts off those exchanges of a settled node of which none is shorter than so much.
    fn put_off(&mut self, node: u32, bound: L::Length) {
        let length = L::add(L::add(self.ways[node as usize], self.prices[node as usize]), bound);
        if length < self.shorter_than {
            self.nearest.put(self.prices.len() as u32 + node, length);
        }
    }

    /// Nodes nearer than so much, with their lengths: all of them are settled if one as far is.
    fn within(&self, bound: L::Length) -> impl Iterator<Item = (u32, L::Length)> {
        let lengths = self.ways.iter().zip(&self.prices).map(|(way, price)| L::add(*way, *price));
        (0..).zip(lengths).filter(move |(_, length)| *length < bound)
    }

    /// Labels where exchanges lead to or come from.
    fn reach_all(
        &mut self,
        way: L::Length,
        nodes: &[u32],
        changes: &Changes<S>,
        before: u32,
        labelled: &mut impl FnMut(u32, L::Length),
    ) {
        match self.lengths.all(changes) {
            Some(changes) => {
                for (node, change) in nodes.iter().zip(changes) {
                    if L::is_less(way, *change, self.ways[*node as usize]) {
                        self.reach(*node, L::add(way, *change), before, Step::Exchange(NONE), labelled);
                    }
                }
            }
            None => {
                for (at, node) in nodes.iter().enumerate() {
                    let change = self.lengths.of(&changes.at(at));
                    self.reach(*node, L::add(way, change), before, Step::Exchange(NONE), labelled);
                }
            }
        }
    }

    fn reach(&mut self, node: u32, way: L::Length, before: u32, step: Step, labelled: &mut impl FnMut(u32, L::Length)) {
        if self.ways[node as usize] <= way {
            return;
        }
        let length = L::add(way, self.prices[node as usize]);
        if self.shorter_than <= length {
            return;
        }
        self.ways[node as usize] = way;
        self.by[node as usize] = (before, step);
        self.nearest.put(node, length);
        labelled(node, way);
    }
}
