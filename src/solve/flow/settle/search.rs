//! A search for shortest paths between places (Dijkstra 1959), whose distances serve many units one after the other.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::solve::flow::arcs::NONE;
use crate::solve::flow::exchanges::NEVER;

/// Moves from where no way leads on.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What a search has found so far.
pub(super) struct Search {
    pub distance: Vec<i64>,
    /// Distance and price together, less or more one than the other as the search goes: all that a longer way is compared
    /// with.
    pub label: Vec<i64>,
    /// The place before, in the search's order, and the position of the exchange between the two; NONE where nobody asks.
    pub by: Vec<(u32, u32)>,
    reached: Vec<u32>,
    heap: BinaryHeap<Reverse<(i64, u32)>>,
    /// Places as near as the one seen last, in the order in which they were reached: so ways have few moves.
    level: VecDeque<u32>,
    near: i64,
    /// Places seen, in order.
    pub seen: Vec<u32>,
    /// Whether each was seen.
    pub is_seen: Vec<bool>,
    /// Moves between each and where the search began, or is known to have at least.
    pub moves: Vec<u32>,
}

impl Search {
    pub fn new(n: usize) -> Search {
        Search {
            distance: vec![NEVER; n],
            label: vec![NEVER; n],
            by: vec![(NONE, NONE); n],
            reached: Vec::new(),
            heap: BinaryHeap::new(),
            level: VecDeque::new(),
            near: 0,
            seen: Vec::new(),
            is_seen: vec![false; n],
            moves: vec![0; n],
        }
    }

    pub fn clear(&mut self) {
        for place in self.reached.drain(..) {
            self.distance[place as usize] = NEVER;
            self.label[place as usize] = NEVER;
        }
        self.heap.clear();
        self.level.clear();
        self.near = 0;
        for place in self.seen.drain(..) {
            self.is_seen[place as usize] = false;
        }
    }

    /// A way of this length to a place; `price` is what its label has besides.
    pub fn reach(&mut self, place: u32, distance: i64, price: i64, by: (u32, u32)) {
        let known = &mut self.distance[place as usize];
        if distance < *known {
            if *known == NEVER {
                self.reached.push(place);
            }
            *known = distance;
            self.label[place as usize] = distance + price;
            self.by[place as usize] = by;
            self.moves[place as usize] = self.moves.get(by.0 as usize).map_or(0, |moves| moves.saturating_add(1));
            if distance == self.near {
                self.level.push_back(place);
            } else {
                self.heap.push(Reverse((distance, place)));
            }
        }
    }

    fn see(&mut self, place: u32) {
        self.seen.push(place);
        self.is_seen[place as usize] = true;
    }

    /// The nearest place not seen yet, if nearer than `limit`.
    pub fn next(&mut self, limit: i64) -> Option<(i64, u32)> {
        if limit <= self.near {
            return None;
        }
        if let Some(place) = self.level.pop_front() {
            self.see(place);
            return Some((self.near, place));
        }
        while let Some(Reverse((distance, place))) = self.heap.peek().copied().filter(|Reverse(first)| first.0 < limit)
        {
            self.heap.pop();
            // One that was reached by a shorter way since is in the list twice.
            if distance == self.distance[place as usize] {
                self.near = distance;
                self.see(place);
                return Some((distance, place));
            }
        }
        None
    }
}
