//! Which exchanges a search looks at first.
//!
//! Most exchanges out of a container, or into one, are far too dear for any path: a search that is done within a short
//! radius never needs them. So each list of exchanges keeps a *shortlist*, its cheapest ones as prices stood when it was
//! made, and a bound that all the others keep to. A search that settles a container passes its shortlist and comes back
//! for the rest only if it gets as far as that bound.
//!
//! Prices move, and the bound gives way by as much as any of them can have moved since: the greatest moves of all raises
//! so far are added up, which costs nothing per exchange. When a bound has given way so far that a search had to look
//! behind it, the shortlist is made anew, a few at a time.

use std::sync::Arc;

use super::exchange::Moves;
use super::lengths::{Lengths, Plain};
use super::state::Optimum;
use crate::solve::costs::{Costs, add, subtract};

/// One in so many exchanges of a container are on its first shortlist, before any search has shown how far searches go.
const FIRST_SHARE: usize = 8;

/// At most one in so many are on any shortlist: longer ones would save nothing.
const MOST_SHARE: usize = 2;

/// Shortlists made anew after a search, at most: they must not cost more than they save.
pub(super) const ANEW: usize = 16;

/// Shorter lists are looked at as a whole. (The networks of tests are small.)
const SHORT: usize = if cfg!(test) { 1 } else { 8 };

/// No greatest move may add up to more: beyond it, exchanges are found again.
const FARTHEST: u64 = 1 << 58;

/// Which end of its exchanges a list belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The container from which units would move.
    From,
    /// The container to which they would.
    To,
}

/// How far prices have moved: sums over all raises of the greatest rise and of the greatest fall of any price.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved<const S: usize> {
    risen: Costs<S>,
    fallen: Costs<S>,
}

/// The cheapest exchanges of a list are its first ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shortlist<const S: usize> {
    pub len: usize,
    /// With the own price and what prices have moved since, a bound for the reduced costs of all others.
    others: Costs<S>,
}

impl<const S: usize> Moved<S> {
    pub const NOTHING: Moved<S> = Moved { risen: [0; S], fallen: [0; S] };

    /// The one that makes exchanges of a list cheaper: a price that falls where they lead, or rises where they come from.
    fn against(&self, end: End) -> Costs<S> {
        match end {
            End::From => self.fallen,
            End::To => self.risen,
        }
    }
}

impl<const S: usize> Moves<S> {
    /// Puts a new exchange on the shortlist: no bound speaks of it.
    pub fn join_shortlist(&mut self, at: usize) {
        if let Some(shortlist) = &mut self.shortlist {
            shortlist.len += 1;
            let last = shortlist.len - 1;
            self.swap(at, last);
        }
    }

    /// Whether so many exchanges have joined the shortlist that it saves little.
    pub fn is_shortlist_long(&self) -> bool {
        let len = self.shortlist.map_or(0, |shortlist| shortlist.len);
        self.nodes.len() / MOST_SHARE + SHORT < len
    }

    /// Takes an exchange off the shortlist, if it is there; gives where it is now.
    pub fn leave_shortlist(&mut self, at: usize) -> usize {
        match &mut self.shortlist {
            Some(shortlist) if at < shortlist.len => {
                shortlist.len -= 1;
                let last = shortlist.len;
                self.swap(at, last);
                last
            }
            Some(_) | None => at,
        }
    }
}

impl<const S: usize> Optimum<S> {
    /// Sets prices at once. O(prices that are set).
    pub fn set_prices(&mut self, prices: impl Iterator<Item = (u32, Costs<S>)>) {
        let (mut rise, mut fall) = ([0; S], [0; S]);
        for (node, price) in prices {
            let more = subtract(price, *self.prices.of(node));
            rise = more.max(rise);
            fall = subtract([0; S], more).max(fall);
            self.prices.set(node, price, self.packing);
        }
        self.moved.risen = add(self.moved.risen, rise);
        self.moved.fallen = add(self.moved.fallen, fall);
        let far = |moved: &i64| FARTHEST < moved.unsigned_abs();
        if self.moved.risen.iter().chain(&self.moved.fallen).any(far) {
            self.forget_exchanges();
            self.moved = Moved::NOTHING;
        }
    }

    /// No exchange outside a container's shortlist has a smaller reduced cost; None where that could be zero.
    pub fn bound_of_others(&self, node: u32, end: End, shortlist: &Shortlist<S>) -> Option<Costs<S>> {
        let own = *self.prices.of(node);
        let bound = subtract(shortlist.others, self.moved.against(end));
        let bound = match end {
            End::From => subtract(bound, own),
            End::To => add(bound, own),
        };
        Some(bound).filter(|bound| [0; S] < *bound)
    }

    /// Brings the cheapest of a list that was just found to its front.
    pub fn first_shortlist(&self, node: u32, end: End, moves: &mut Moves<S>) {
        match self.packing {
            Some(packing) => self.list(packing, node, end, moves, None),
            None => self.list(Plain, node, end, moves, None),
        }
    }

    /// Makes the shortlists anew of containers that a search had to look at as a whole, with what is cheap for searches
    /// that go as far as this one.
    pub fn shorten(&mut self, as_a_whole: &[(u32, End)], far: &Costs<S>) {
        // Where a search went nowhere, there is nothing to go by.
        if *far == [0; S] {
            return;
        }
        let nothing = Arc::new(Moves::none(self.packing));
        for &(node, end) in as_a_whole {
            let moves = match end {
                End::From => self.nodes.get_mut(node as usize).exchanges.take(),
                End::To => self.arrivals.get_mut().map(|arrivals| {
                    std::mem::replace(&mut Arc::make_mut(arrivals)[node as usize], Arc::clone(&nothing))
                }),
            };
            let Some(mut moves) = moves else { continue };
            let own = Arc::make_mut(&mut moves);
            match self.packing {
                Some(packing) => self.list(packing, node, end, own, Some(far)),
                None => self.list(Plain, node, end, own, Some(far)),
            }
            match end {
                // It was taken out just before, so there is nothing that this could fail to replace.
                End::From => _ = self.nodes.get_mut(node as usize).exchanges.set(moves),
                End::To => {
                    if let Some(arrivals) = self.arrivals.get_mut() {
                        Arc::make_mut(arrivals)[node as usize] = moves;
                    }
                }
            }
        }
    }

    /// O(exchanges of the list).
    fn list<L: Lengths<S>>(&self, lengths: L, node: u32, end: End, moves: &mut Moves<S>, far: Option<&Costs<S>>) {
        let made = self.moved.against(end);
        moves.shortlist = None;
        let Some(changes) = lengths.all(&moves.changes).filter(|changes| SHORT <= changes.len()) else { return };
        let price = |node: u32| lengths.price(&self.prices, node);
        let own = price(node);
        let reduced = |(other, change): (&u32, &L::Length)| match end {
            End::From => L::subtract(L::add(*change, price(*other)), own),
            End::To => L::add(L::subtract(*change, price(*other)), own),
        };
        let mut costs: Vec<L::Length> = moves.nodes.iter().zip(changes).map(reduced).collect();
        let mut sorted = costs.clone();
        let share = if far.is_some() { MOST_SHARE } else { FIRST_SHARE };
        let (_, most, _) = sorted.select_nth_unstable(costs.len() / share);
        let far = far.map_or(*most, |far| L::many_times(lengths.of(far)).min(*most));
        let mut len = 0;
        for at in 0..costs.len() {
            if costs[at] < far {
                costs.swap(at, len);
                moves.swap(at, len);
                len += 1;
            }
        }
        let Some(others) = costs[len..].iter().min() else { return };
        let others = add(lengths.costs(*others), made);
        let own = *self.prices.of(node);
        let others = match end {
            End::From => add(others, own),
            End::To => subtract(others, own),
        };
        moves.shortlist = Some(Shortlist { len, others });
    }
}
