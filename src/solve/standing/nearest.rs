//! Labelled nodes, the nearest first: a heap that knows where each node stands, so that a shorter label moves a node up
//! instead of standing beside the longer one. Four to a parent: fewer levels, and the four lie side by side.

use crate::solve::costs::Costs;

const CHILDREN: usize = 4;

pub(super) struct Nearest<const S: usize> {
    heap: Vec<(Costs<S>, u32)>,
    /// Where each node stands in the heap.
    positions: Vec<u32>,
}

/// The node is not in the heap.
const OUT: u32 = u32::MAX;

impl<const S: usize> Nearest<S> {
    pub fn new(n_nodes: usize) -> Nearest<S> {
        Nearest { heap: Vec::new(), positions: vec![OUT; n_nodes] }
    }

    /// Puts a node in, or nearer than it was. O(log nodes).
    pub fn put(&mut self, node: u32, length: Costs<S>) {
        let at = match self.positions[node as usize] {
            OUT => {
                self.heap.push((length, node));
                self.heap.len() - 1
            }
            at => at as usize,
        };
        self.rise(at, (length, node));
    }

    /// Takes the nearest out; of several as near, the one with the least number. O(log nodes).
    pub fn take(&mut self) -> Option<(u32, Costs<S>)> {
        let last = self.heap.pop()?;
        let nearest = match self.heap.first() {
            Some(nearest) => {
                let nearest = *nearest;
                self.sink(last);
                nearest
            }
            None => last,
        };
        self.positions[nearest.1 as usize] = OUT;
        Some((nearest.1, nearest.0))
    }

    fn rise(&mut self, mut at: usize, item: (Costs<S>, u32)) {
        while let Some(parent) = at.checked_sub(1).map(|before| before / CHILDREN) {
            if self.heap[parent] <= item {
                break;
            }
            self.set(at, self.heap[parent]);
            at = parent;
        }
        self.set(at, item);
    }

    /// Puts an item at the top and lets it sink to its place.
    fn sink(&mut self, item: (Costs<S>, u32)) {
        let mut at = 0;
        loop {
            let children = at * CHILDREN + 1..(at * CHILDREN + 1 + CHILDREN).min(self.heap.len());
            let Some(least) = children.min_by_key(|child| self.heap[*child]).filter(|child| self.heap[*child] < item)
            else {
                break;
            };
            self.set(at, self.heap[least]);
            at = least;
        }
        self.set(at, item);
    }

    fn set(&mut self, at: usize, item: (Costs<S>, u32)) {
        self.heap[at] = item;
        self.positions[item.1 as usize] = at as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::Nearest;

    #[test]
    fn the_nearest_comes_first_and_a_shorter_label_counts() {
        let mut nearest = Nearest::<2>::new(9);
        for (node, length) in
            [(3, [1, 9]), (0, [2, 0]), (8, [1, 8]), (5, [0, 7]), (1, [3, 3]), (7, [3, 3]), (2, [5, 0])]
        {
            nearest.put(node, length);
        }
        nearest.put(2, [0, 6]);
        let mut taken = Vec::new();
        while let Some((node, length)) = nearest.take() {
            taken.push((node, length[0]));
        }
        assert_eq!(taken, [(2, 0), (5, 0), (8, 1), (3, 1), (0, 2), (1, 3), (7, 3)]);
    }
}
