//! Labelled nodes, the nearest first: a heap that knows where each node stands, so that a shorter label moves a node up
//! instead of standing beside the longer one. Four to a parent: fewer levels, and the four lie side by side.
//!
//! Nodes as near as the last one taken wait in a queue instead: an optimum is full of ways of length zero.

const CHILDREN: usize = 4;

pub(super) struct Nearest<L> {
    heap: Vec<(L, u32)>,
    /// Where each node stands in the heap.
    positions: Vec<u32>,
    /// Nodes as near as the last one taken, those from `first` on not yet taken.
    as_near: Vec<u32>,
    first: usize,
    last: Option<L>,
}

/// The node is not in the heap.
const OUT: u32 = u32::MAX;

impl<L: Copy + Ord> Nearest<L> {
    pub fn new(n_nodes: usize) -> Nearest<L> {
        let positions = vec![OUT; n_nodes];
        Nearest { heap: Vec::new(), positions, as_near: Vec::new(), first: 0, last: None }
    }

    /// Puts a node in, or nearer than it was. O(log nodes).
    pub fn put(&mut self, node: u32, length: L) {
        let at = match self.positions[node as usize] {
            OUT if self.last.is_some_and(|last| length <= last) => return self.as_near.push(node),
            OUT => {
                self.heap.push((length, node));
                self.heap.len() - 1
            }
            at => at as usize,
        };
        self.rise(at, (length, node));
    }

    /// Takes the nearest out. O(log nodes).
    pub fn take(&mut self) -> Option<(u32, L)> {
        if let (Some(node), Some(last)) = (self.as_near.get(self.first), self.last) {
            self.first += 1;
            return Some((*node, last));
        }
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
        self.last = Some(nearest.0);
        Some((nearest.1, nearest.0))
    }

    fn rise(&mut self, mut at: usize, item: (L, u32)) {
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
    fn sink(&mut self, item: (L, u32)) {
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

    fn set(&mut self, at: usize, item: (L, u32)) {
        self.heap[at] = item;
        self.positions[item.1 as usize] = at as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::Nearest;

    #[test]
    fn the_nearest_comes_first_and_a_shorter_label_counts() {
        let mut nearest = Nearest::new(9);
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

    #[test]
    fn a_node_as_near_as_the_last_comes_next() {
        let mut nearest = Nearest::new(5);
        [(0, 4), (1, 6), (2, 5)].into_iter().for_each(|(node, length)| nearest.put(node, length));
        assert_eq!(nearest.take(), Some((0, 4)));
        nearest.put(3, 4);
        nearest.put(1, 4);
        nearest.put(4, 5);
        let taken: Vec<(u32, i32)> = std::iter::from_fn(|| nearest.take()).collect();
        assert_eq!(taken, [(3, 4), (1, 4), (2, 5), (4, 5)]);
    }
}
