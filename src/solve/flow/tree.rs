//! The spanning tree of the simplex: who hangs where, over which arc, and the node prices that follow from it.
//!
//! There are few inner nodes and many sources, so the tree is kept as one of inner nodes only: a node hangs from the one
//! above it over an onward arc, or over a source that could use both. All that a change of the tree touches then fits in
//! the processor's cache. A source hangs from one inner node, and knows which nodes hang from it; nearly all have none.
//!
//! Pools from which no inner node hangs are *light*: they are in no list and store no price, which follows from the links
//! above. There may be as many pools as sources, and a change of prices is not to touch them all.

use super::arcs::{Layout, NONE};
use super::costs::Cost;

/// How an inner node hangs from the one above it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hang<C> {
    /// The inner node above; NONE for the ground.
    pub up: u32,
    /// The source between the two, which hangs from the one above; NONE: an onward arc joins them.
    pub via: u32,
    /// That source's arc into this node, or the onward arc.
    pub arc: u32,
    /// Of a unit on that arc.
    pub cost: C,
    /// What it carries, if it is a source's. (Onward arcs keep their amounts themselves, in or out of the tree.)
    pub sent: u64,
}

/// How a source hangs from an inner node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf<C> {
    pub at: u32,
    pub arc: u32,
    /// Of a unit on that arc.
    pub cost: C,
    /// What it carries.
    pub sent: u64,
}

#[derive(Clone, Copy, Debug)]
struct Node<C> {
    hang: Hang<C>,
    /// Inner nodes between it and the ground, which is one.
    depth: u32,
    /// Nodes that hang from it, less the light ones; those that hang over the same source follow each other.
    first_child: u32,
    next_sibling: u32,
    previous_sibling: u32,
}

/// A spanning tree with the ground as its root.
pub(super) struct Tree<C> {
    layout: Layout,
    /// Sinks and limits, which come first, always store their price.
    n_stored: u32,
    nodes: Vec<Node<C>>,
    /// Cost of one more unit from an inner node that is not light to the ground, along the tree.
    price: Vec<C>,
    /// For each source: the inner node it hangs from, over which arc, at what cost of a unit, and what that carries.
    at: Vec<u32>,
    arc: Vec<u32>,
    arc_cost: Vec<C>,
    sent: Vec<u64>,
    /// The first node in the list of `at` that hangs over the source; NONE for most.
    below: Vec<u32>,
}

impl<C: Cost> Tree<C> {
    /// The tree in which inner nodes and sources hang so. All inner nodes but the ground, which comes last, have one
    /// above; where one hangs over a source, that source hangs from the one above. `cost_of` prices arcs.
    pub fn new(
        layout: Layout,
        hangs: &[(u32, u32, u32, u64)],
        leaves: impl Iterator<Item = (u32, u32, u64)>,
        cost_of: impl Fn(u32) -> C,
    ) -> Tree<C> {
        let n_sources = layout.n_sources as usize;
        let node = |hang| Node { hang, depth: 0, first_child: NONE, next_sibling: NONE, previous_sibling: NONE };
        let hangs =
            hangs.iter().map(|(up, via, arc, sent)| Hang { up: *up, via: *via, arc: *arc, cost: C::ZERO, sent: *sent });
        let ground = Hang { up: NONE, via: NONE, arc: NONE, cost: C::ZERO, sent: 0 };
        let mut tree = Tree {
            layout,
            n_stored: layout.pool(0),
            nodes: hangs.chain([ground]).map(node).collect(),
            price: vec![C::ZERO; layout.n_inner() as usize],
            at: Vec::with_capacity(n_sources),
            arc: Vec::with_capacity(n_sources),
            arc_cost: Vec::new(),
            sent: Vec::with_capacity(n_sources),
            below: vec![NONE; n_sources],
        };
        for (at, arc, sent) in leaves {
            tree.at.push(at);
            tree.arc.push(arc);
            tree.sent.push(sent);
        }
        // A node with something below it is in the list of the one above. Pools with nothing below are not.
        let mut listed = vec![false; layout.n_inner() as usize];
        for node in 0..layout.ground() {
            let mut at = if tree.could_be_light(node) { layout.ground() } else { node };
            while at != layout.ground() && !std::mem::replace(&mut listed[at as usize], true) {
                tree.list(at);
                at = tree.hang(at).up;
            }
        }
        tree.price_again(cost_of);
        tree
    }

    /// The same tree with other costs of its arcs.
    pub fn with_costs<D: Cost>(self, cost_of: impl Fn(u32) -> D) -> Tree<D> {
        let node = |node: &Node<C>| {
            let Hang { up, via, arc, sent, .. } = node.hang;
            Node {
                hang: Hang { up, via, arc, cost: D::ZERO, sent },
                depth: node.depth,
                first_child: node.first_child,
                next_sibling: node.next_sibling,
                previous_sibling: node.previous_sibling,
            }
        };
        let mut tree = Tree {
            layout: self.layout,
            n_stored: self.n_stored,
            nodes: self.nodes.iter().map(node).collect(),
            price: vec![D::ZERO; self.price.len()],
            at: self.at,
            arc: self.arc,
            arc_cost: Vec::new(),
            sent: self.sent,
            below: self.below,
        };
        tree.price_again(cost_of);
        tree
    }

    pub fn hang(&self, node: u32) -> &Hang<C> {
        &self.nodes[node as usize].hang
    }

    /// What the arc of a source carries into this node, which hangs over it.
    pub fn sent_into(&mut self, node: u32) -> &mut u64 {
        &mut self.nodes[node as usize].hang.sent
    }

    pub fn leaf(&self, source: u32) -> Leaf<C> {
        let at = source as usize;
        Leaf { at: self.at[at], arc: self.arc[at], cost: self.arc_cost[at], sent: self.sent[at] }
    }

    /// The inner node that a source hangs from.
    pub fn node_of(&self, source: u32) -> u32 {
        self.at[source as usize]
    }

    /// The arc over which a source hangs.
    pub fn arc_of(&self, source: u32) -> u32 {
        self.arc[source as usize]
    }

    pub fn sent_up(&mut self, source: u32) -> &mut u64 {
        &mut self.sent[source as usize]
    }

    /// What the arc over which a source hangs carries.
    pub fn sent_of(&self, source: u32) -> u64 {
        self.sent[source as usize]
    }

    /// Whether a node hangs over its own onward arc, rather than over a source or the onward arc of the one above.
    pub fn is_onward(&self, node: u32) -> bool {
        self.hang(node).arc == self.layout.onward(node)
    }

    /// Inner nodes between an inner node and the ground, which is one.
    pub fn depth(&self, node: u32) -> u32 {
        let (mut node, mut below) = (node, 0);
        while self.is_light(node) {
            node = self.hang(node).up;
            below += 1;
        }
        self.nodes[node as usize].depth + below
    }

    /// Cost of one more unit from an inner node to the ground along the tree.
    pub fn price(&self, node: u32) -> C {
        let (mut node, mut below) = (node, C::ZERO);
        while self.is_light(node) {
            below = below.plus(self.hang(node).cost);
            node = self.hang(node).up;
        }
        self.price[node as usize].plus(below)
    }

    /// The same for the head of an arc, which is mostly a sink: sinks store their price.
    pub fn price_of_head(&self, node: u32) -> C {
        if node < self.n_stored { self.price[node as usize] } else { self.price(node) }
    }

    /// The same for a source.
    pub fn price_of_source(&self, source: u32) -> C {
        self.price_of_head(self.at[source as usize]).plus(self.arc_cost[source as usize])
    }

    /// Hangs a source up somewhere else, with all that hangs from it. Prices are left as they were.
    pub fn move_source(&mut self, source: u32, leaf: Leaf<C>) {
        let first = self.below[source as usize];
        if first != NONE {
            self.make_heavy(leaf.at);
        }
        self.move_below(source, leaf.at);
        self.set_leaf(source, leaf);
    }

    /// Cuts the tree above `top` and hangs the part below it up again at `node`, which lies in that part. Where `top`
    /// hangs over a source, that comes along if `with_source`. Prices in that part are left as they were.
    pub fn reroot(&mut self, top: u32, with_source: bool, node: u32, hang: Hang<C>) {
        self.make_heavy(hang.up);
        let (mut node, mut new) = (node, hang);
        loop {
            let old = *self.hang(node);
            self.store(node);
            self.detach(node);
            self.nodes[node as usize].hang = new;
            self.attach(node);
            let is_top = node == top;
            if is_top && !(with_source && old.via != NONE) {
                return;
            }
            // What was above hangs from here now, over the same arcs the other way round.
            new = Hang { up: node, ..old };
            if old.via != NONE {
                let above = self.leaf(old.via);
                self.move_below(old.via, node);
                self.set_leaf(old.via, Leaf { at: node, arc: old.arc, cost: old.cost, sent: old.sent });
                new = Hang { up: node, via: old.via, arc: above.arc, cost: above.cost, sent: above.sent };
            }
            if is_top {
                return;
            }
            node = old.up;
        }
    }

    /// Moves the prices at and below a node by `shift`, and brings the depths there up to date. Gives the nodes looked
    /// at.
    pub fn shift_prices(&mut self, node: u32, shift: C) -> u64 {
        if self.is_light(node) {
            return 1;
        }
        let mut seen = 0;
        self.walk(node, |tree, at| {
            seen += 1;
            tree.price[at as usize] = tree.price[at as usize].plus(shift);
            tree.set_depth(at);
        });
        seen
    }

    /// The same at and below all nodes that hang from a source.
    pub fn shift_below(&mut self, source: u32, shift: C) -> u64 {
        let mut seen = 1;
        let mut node = self.below[source as usize];
        while node != NONE && self.hang(node).via == source {
            seen += self.shift_prices(node, shift);
            node = self.nodes[node as usize].next_sibling;
        }
        seen
    }

    /// Takes up the costs of all arcs, and the prices and depths that follow.
    fn price_again(&mut self, cost_of: impl Fn(u32) -> C) {
        self.arc_cost = self.arc.iter().map(|arc| cost_of(*arc)).collect();
        for node in &mut self.nodes {
            if node.hang.arc != NONE {
                node.hang.cost = cost_of(node.hang.arc);
            }
        }
        self.follow(self.layout.ground());
    }

    /// Another cost of an onward arc, if a node hangs over it: its tail or its head.
    pub fn set_onward_cost(&mut self, arc: u32, tail: u32, head: u32, cost: C) {
        for node in [tail, head] {
            if self.hang(node).arc == arc {
                self.nodes[node as usize].hang.cost = cost;
                if !self.is_light(node) {
                    self.follow(node);
                }
            }
        }
    }

    /// Another cost of a source's arc into an inner node, if either hangs over it.
    pub fn set_source_cost(&mut self, arc: u32, source: u32, head: u32, cost: C) {
        if self.arc[source as usize] == arc {
            self.arc_cost[source as usize] = cost;
            let mut node = self.below[source as usize];
            while node != NONE && self.hang(node).via == source {
                self.follow(node);
                node = self.nodes[node as usize].next_sibling;
            }
        }
        if self.hang(head).arc == arc {
            self.nodes[head as usize].hang.cost = cost;
            self.follow(head);
        }
    }

    /// Prices and depths at and below a listed node, from the one above.
    fn follow(&mut self, root: u32) {
        self.walk(root, |tree, node| {
            let Hang { up, via, cost, .. } = *tree.hang(node);
            if up != NONE {
                let above = tree.price[up as usize];
                tree.price[node as usize] = match via {
                    NONE if tree.is_onward(node) => above.plus(cost),
                    NONE => above.minus(cost),
                    source => above.plus(tree.arc_cost[source as usize]).minus(cost),
                };
            }
            tree.set_depth(node);
        });
    }

    /// Whether a node of this kind stands in no list while nothing hangs from it.
    fn could_be_light(&self, node: u32) -> bool {
        self.layout.is_pool(node) && self.is_onward(node)
    }

    /// Whether price and depth of a node follow from those above.
    fn is_light(&self, node: u32) -> bool {
        self.n_stored <= node && self.nodes[node as usize].first_child == NONE && self.could_be_light(node)
    }

    /// Stores what follows from other nodes, while it still does.
    fn store(&mut self, node: u32) {
        if self.n_stored <= node {
            self.price[node as usize] = self.price(node);
            self.nodes[node as usize].depth = self.depth(node);
        }
    }

    /// Something will hang from this node, so that it and the light ones above it need to store what followed so far.
    fn make_heavy(&mut self, node: u32) {
        let mut at = node;
        while self.is_light(at) {
            self.store(at);
            at = self.hang(at).up;
        }
    }

    /// The depth of a listed node; what is above a listed node stores its own.
    fn set_depth(&mut self, node: u32) {
        let up = self.hang(node).up;
        self.nodes[node as usize].depth = if up == NONE { 0 } else { self.nodes[up as usize].depth + 1 };
    }

    /// Visits `root` and the listed nodes below it, parents before children.
    fn walk(&mut self, root: u32, mut visit: impl FnMut(&mut Tree<C>, u32)) {
        let mut node = root;
        loop {
            visit(self, node);
            let mut next = self.nodes[node as usize].first_child;
            while next == NONE {
                if node == root {
                    return;
                }
                next = self.nodes[node as usize].next_sibling;
                node = self.hang(node).up;
            }
            node = next;
        }
    }

    fn set_leaf(&mut self, source: u32, leaf: Leaf<C>) {
        let source = source as usize;
        self.at[source] = leaf.at;
        self.arc[source] = leaf.arc;
        self.arc_cost[source] = leaf.cost;
        self.sent[source] = leaf.sent;
    }

    /// Hangs all nodes that hang over a source from another node.
    fn move_below(&mut self, source: u32, to: u32) {
        let mut node = std::mem::replace(&mut self.below[source as usize], NONE);
        while node != NONE {
            let next = self.nodes[node as usize].next_sibling;
            let goes_on = next != NONE && self.hang(next).via == source;
            self.detach(node);
            self.nodes[node as usize].hang.up = to;
            self.attach(node);
            node = if goes_on { next } else { NONE };
        }
    }

    /// Takes a node out of its list; one above that thereby becomes light out of its own; and so on.
    fn detach(&mut self, node: u32) {
        if self.is_light(node) {
            return;
        }
        let mut node = node;
        loop {
            self.unlist(node);
            node = self.hang(node).up;
            if !self.is_light(node) {
                return;
            }
        }
    }

    /// Puts a node into the list of the one above; that into its own, if it was light until then; and so on.
    fn attach(&mut self, node: u32) {
        if self.is_light(node) {
            return;
        }
        let mut node = node;
        loop {
            let up = self.hang(node).up;
            let was_light = self.is_light(up);
            self.list(node);
            if !was_light {
                return;
            }
            node = up;
        }
    }

    fn list(&mut self, node: u32) {
        let Hang { up, via, .. } = *self.hang(node);
        let first = self.nodes[up as usize].first_child;
        let mut next = first;
        if via != NONE {
            let run = std::mem::replace(&mut self.below[via as usize], node);
            if run != NONE {
                next = run;
            }
        }
        let previous = if next == first { NONE } else { self.nodes[next as usize].previous_sibling };
        let own = &mut self.nodes[node as usize];
        (own.previous_sibling, own.next_sibling) = (previous, next);
        if next != NONE {
            self.nodes[next as usize].previous_sibling = node;
        }
        if previous == NONE {
            self.nodes[up as usize].first_child = node;
        } else {
            self.nodes[previous as usize].next_sibling = node;
        }
    }

    fn unlist(&mut self, node: u32) {
        let own = self.nodes[node as usize];
        let (next, previous) = (own.next_sibling, own.previous_sibling);
        let Hang { up, via, .. } = own.hang;
        if previous == NONE {
            self.nodes[up as usize].first_child = next;
        } else {
            self.nodes[previous as usize].next_sibling = next;
        }
        if next != NONE {
            self.nodes[next as usize].previous_sibling = previous;
        }
        if via != NONE && self.below[via as usize] == node {
            let goes_on = next != NONE && self.hang(next).via == via;
            self.below[via as usize] = if goes_on { next } else { NONE };
        }
    }
}

impl<C> Tree<C> {
    /// What all pairs in the tree carry; others carry nothing.
    pub fn sent_on_pairs(&self) -> impl Iterator<Item = (u32, u64)> {
        let of_sources = self.arc.iter().zip(&self.sent).map(|(arc, sent)| (*arc, *sent));
        let between = self.nodes.iter().map(|node| (node.hang.arc, node.hang.sent));
        of_sources.chain(between).filter(|(arc, _)| *arc < self.layout.n_pairs)
    }
}
