//! The spanning tree of the simplex: who hangs where, over which arc, and the node prices that follow from it.
//!
//! Most nodes are sources and pools from which no other part of the tree hangs but more of the same: they are *light*.
//! A light node is in no child list and stores no price: both follow from the few links above it. So a change of
//! prices touches sinks, limits, and the few sources and pools that join them, not every source and pool.

use super::arcs::{Layout, NONE};
use super::costs::Cost;

/// The arc between a node and its parent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link<C> {
    pub arc: u32,
    /// Of a unit.
    pub cost: C,
    /// What it carries, if it is a source arc.
    pub sent: u64,
}

/// A spanning tree with the ground as its root.
pub(super) struct Tree<C> {
    layout: Layout,
    /// Sinks and limits, which come first, always store their price.
    n_stored: u32,
    /// The node above; NONE for the ground.
    pub parent: Vec<u32>,
    /// The arc between a node and its parent; NONE for the ground.
    pub link: Vec<u32>,
    /// Cost of a unit on the link.
    pub link_cost: Vec<C>,
    /// What the link carries where it is a source arc. (Onward arcs keep their amounts themselves, in or out of the
    /// tree.)
    pub sent: Vec<u64>,
    /// Arcs between an inner node that is not light and the ground.
    depth: Vec<u32>,
    /// Cost of one more unit from an inner node that is not light to the ground, along the tree.
    price: Vec<C>,
    /// Children of each node, less the light ones.
    first_child: Vec<u32>,
    next_sibling: Vec<u32>,
    previous_sibling: Vec<u32>,
}

impl<C: Cost> Tree<C> {
    /// The tree with these parents and links. All nodes but the ground have one, whose costs `cost_of` gives by node
    /// and arc; `sent` has what the link of each node carries where it is a source arc.
    pub fn new(
        layout: Layout,
        parent: Vec<u32>,
        link: Vec<u32>,
        sent: Vec<u64>,
        cost_of: impl Fn(u32, u32) -> C,
    ) -> Tree<C> {
        let n_nodes = layout.n_nodes() as usize;
        let n_inner = layout.n_inner() as usize;
        let mut tree = Tree {
            layout,
            n_stored: layout.pool(0),
            parent,
            link,
            link_cost: Vec::new(),
            sent,
            depth: vec![0; n_inner],
            price: vec![C::ZERO; n_inner],
            first_child: vec![NONE; n_nodes],
            next_sibling: vec![NONE; n_nodes],
            previous_sibling: vec![NONE; n_nodes],
        };
        // A node with something below it is in its parent's list. Sources below a sink are not; a source above one is.
        let mut above = vec![false; n_nodes];
        for node in 0..layout.ground() {
            let mut at = if tree.could_be_light(node) { layout.ground() } else { node };
            while at != layout.ground() && !std::mem::replace(&mut above[at as usize], true) {
                tree.list(at);
                at = tree.parent[at as usize];
            }
        }
        tree.price_again(cost_of);
        tree
    }

    /// The same tree with other costs of its links.
    pub fn with_costs<D: Cost>(self, cost_of: impl Fn(u32, u32) -> D) -> Tree<D> {
        let mut tree = Tree {
            layout: self.layout,
            n_stored: self.n_stored,
            parent: self.parent,
            link: self.link,
            link_cost: Vec::new(),
            sent: self.sent,
            price: vec![D::ZERO; self.depth.len()],
            depth: self.depth,
            first_child: self.first_child,
            next_sibling: self.next_sibling,
            previous_sibling: self.previous_sibling,
        };
        tree.price_again(cost_of);
        tree
    }

    /// Whether the link leads from the node to its parent, rather than from the parent to the node.
    pub fn points_up(&self, node: u32) -> bool {
        self.layout.is_source(node) || self.link[node as usize] == self.layout.onward(node)
    }

    pub fn depth(&self, node: u32) -> u32 {
        let (mut node, mut below) = (node, 0);
        while self.stores_nothing(node) {
            node = self.parent[node as usize];
            below += 1;
        }
        self.depth[node as usize] + below
    }

    /// Cost of one more unit from a node to the ground along the tree.
    pub fn price(&self, node: u32) -> C {
        let (mut node, mut below) = (node, C::ZERO);
        while self.stores_nothing(node) {
            // Links of sources and light pools point up.
            below = below.plus(self.link_cost[node as usize]);
            node = self.parent[node as usize];
        }
        self.price[node as usize].plus(below)
    }

    /// The same for the head of an arc, which is never a source and mostly a sink: sinks store their price.
    pub fn price_of_head(&self, node: u32) -> C {
        if node < self.n_stored { self.price[node as usize] } else { self.price(node) }
    }

    /// The same for a source.
    pub fn price_of_source(&self, source: u32) -> C {
        let node = self.layout.source(source) as usize;
        self.price_of_head(self.parent[node]).plus(self.link_cost[node])
    }

    /// Cuts the tree above `top` and hangs the part below it up again: `node`, which lies in that part, over `entering`
    /// on `parent`, which does not. Prices in that part are left as they were.
    pub fn rehang(&mut self, top: u32, node: u32, parent: u32, entering: Link<C>) {
        // What hangs below it may make the new parent and light nodes above it heavy, so that they need to store what
        // followed from others so far.
        let mut at = parent;
        while self.stores_nothing(at) {
            self.store(at);
            at = self.parent[at as usize];
        }
        // All arcs on the way from `node` up to `top` turn round.
        let (mut node, mut parent, mut new) = (node, parent, entering);
        loop {
            let at = node as usize;
            let old_parent = self.parent[at];
            let old = Link { arc: self.link[at], cost: self.link_cost[at], sent: self.sent[at] };
            self.store(node);
            self.detach(node);
            self.parent[at] = parent;
            (self.link[at], self.link_cost[at], self.sent[at]) = (new.arc, new.cost, new.sent);
            self.attach(node);
            if node == top {
                return;
            }
            (parent, node, new) = (node, old_parent, old);
        }
    }

    /// Moves the prices at and below `node` by `shift`, and brings the depths there up to date. Gives the nodes looked
    /// at.
    pub fn shift_prices(&mut self, node: u32, shift: C) -> u64 {
        if self.is_light(node) {
            return 1;
        }
        let mut seen = 0;
        self.walk(node, |tree, at| {
            seen += 1;
            if !tree.layout.is_source(at) {
                tree.price[at as usize] = tree.price[at as usize].plus(shift);
                tree.set_depth(at);
            }
        });
        seen
    }

    /// Takes up the costs of all links, and the prices and depths that follow.
    fn price_again(&mut self, cost_of: impl Fn(u32, u32) -> C) {
        let links = self.link.iter().zip(0..);
        self.link_cost = links.map(|(link, node)| if *link == NONE { C::ZERO } else { cost_of(node, *link) }).collect();
        self.follow(self.layout.ground());
    }

    /// Another cost of a node's link, with the prices below it.
    pub fn set_link_cost(&mut self, node: u32, cost: C) {
        self.link_cost[node as usize] = cost;
        if !self.is_light(node) {
            self.follow(node);
        }
    }

    /// Prices and depths at and below a listed node, from its parent's.
    fn follow(&mut self, root: u32) {
        self.walk(root, |tree, node| {
            if node < tree.layout.ground() {
                let above = tree.price(tree.parent[node as usize]);
                let cost = tree.link_cost[node as usize];
                tree.price[node as usize] = if tree.points_up(node) { above.plus(cost) } else { above.minus(cost) };
            }
            tree.set_depth(node);
        });
    }

    /// Whether a node of this kind stands in no list while nothing hangs from it.
    fn could_be_light(&self, node: u32) -> bool {
        self.layout.is_source(node) || self.layout.is_pool(node) && self.points_up(node)
    }

    fn is_light(&self, node: u32) -> bool {
        self.first_child[node as usize] == NONE && self.could_be_light(node)
    }

    /// Whether price and depth of a node follow from its parent's.
    fn stores_nothing(&self, node: u32) -> bool {
        self.layout.is_source(node) || self.is_light(node)
    }

    /// Stores what follows from other nodes, while it still does.
    fn store(&mut self, node: u32) {
        if !self.layout.is_source(node) {
            self.price[node as usize] = self.price(node);
            self.depth[node as usize] = self.depth(node);
        }
    }

    fn set_depth(&mut self, node: u32) {
        if !self.layout.is_source(node) {
            let parent = self.parent[node as usize];
            self.depth[node as usize] = if parent == NONE { 0 } else { self.depth(parent) + 1 };
        }
    }

    /// Visits `root` and the listed nodes below it, parents before children.
    fn walk(&mut self, root: u32, mut visit: impl FnMut(&mut Tree<C>, u32)) {
        let mut node = root;
        loop {
            visit(self, node);
            if self.first_child[node as usize] != NONE {
                node = self.first_child[node as usize];
                continue;
            }
            while node != root && self.next_sibling[node as usize] == NONE {
                node = self.parent[node as usize];
            }
            if node == root {
                return;
            }
            node = self.next_sibling[node as usize];
        }
    }

    /// Takes a node out of its parent's list; a parent that thereby becomes light out of its own; and so on.
    fn detach(&mut self, node: u32) {
        if self.is_light(node) {
            return;
        }
        let mut node = node;
        loop {
            self.unlist(node);
            node = self.parent[node as usize];
            if !self.is_light(node) {
                return;
            }
        }
    }

    /// Puts a node into its parent's list; a parent that was light until then into its own; and so on.
    fn attach(&mut self, node: u32) {
        if self.is_light(node) {
            return;
        }
        let mut node = node;
        loop {
            let parent = self.parent[node as usize];
            let was_light = self.is_light(parent);
            self.list(node);
            if !was_light {
                return;
            }
            node = parent;
        }
    }

    fn list(&mut self, node: u32) {
        let parent = self.parent[node as usize];
        let next = self.first_child[parent as usize];
        self.next_sibling[node as usize] = next;
        self.previous_sibling[node as usize] = NONE;
        if next != NONE {
            self.previous_sibling[next as usize] = node;
        }
        self.first_child[parent as usize] = node;
    }

    fn unlist(&mut self, node: u32) {
        let next = self.next_sibling[node as usize];
        let previous = self.previous_sibling[node as usize];
        if previous == NONE {
            self.first_child[self.parent[node as usize] as usize] = next;
        } else {
            self.next_sibling[previous as usize] = next;
        }
        if next != NONE {
            self.previous_sibling[next as usize] = previous;
        }
    }
}
