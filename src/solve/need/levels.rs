//! Which nodes have each label.

/// No node.
const NONE: u32 = u32::MAX;

/// Lists of nodes by label, chained through the nodes, so that a node changes lists without a search.
#[derive(Debug)]
pub(super) struct Levels {
    /// The first node at each label.
    first: Vec<u32>,
    /// The nodes before and after each node in its list.
    before: Vec<u32>,
    after: Vec<u32>,
    /// No node has a greater label.
    highest: u32,
}

impl Levels {
    /// With nodes 0, 1, ... at these labels, each at most the number of nodes.
    pub fn of(labels: &[u32]) -> Levels {
        let n_nodes = labels.len();
        let mut levels = Levels {
            first: vec![NONE; n_nodes + 1],
            before: vec![NONE; n_nodes],
            after: vec![NONE; n_nodes],
            highest: 0,
        };
        for (node, label) in (0u32..).zip(labels) {
            levels.insert(node, *label);
        }
        levels
    }

    pub fn insert(&mut self, node: u32, label: u32) {
        let first = std::mem::replace(&mut self.first[label as usize], node);
        if first != NONE {
            self.before[first as usize] = node;
        }
        self.before[node as usize] = NONE;
        self.after[node as usize] = first;
        self.highest = self.highest.max(label);
    }

    pub fn remove(&mut self, node: u32, label: u32) {
        let (before, after) = (self.before[node as usize], self.after[node as usize]);
        match before {
            NONE => self.first[label as usize] = after,
            _ => self.after[before as usize] = after,
        }
        if after != NONE {
            self.before[after as usize] = before;
        }
    }

    pub fn is_empty(&self, label: u32) -> bool {
        self.first[label as usize] == NONE
    }

    /// Takes out one of the nodes with greater labels than this; None when there are none left.
    pub fn take_above(&mut self, label: u32) -> Option<u32> {
        while label < self.highest {
            match self.first[self.highest as usize] {
                NONE => self.highest -= 1,
                node => {
                    self.remove(node, self.highest);
                    return Some(node);
                }
            }
        }
        None
    }
}
