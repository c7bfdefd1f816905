//! What one sink holds, and where it could move.

use super::exchange::SEALED;

/// Units of one source in one sink.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub source: u32,
    pub units: u64,
}

/// The units in a sink and the other sinks that its sources have pairs with.
#[derive(Debug, Default)]
pub(super) struct Sink {
    pub held: Vec<Held>,
    /// Made when a search first needs it.
    pub around: Option<Around>,
    /// At the sink's present label no source before this position can move one step nearer to the ground.
    pub held_from: usize,
    /// Merge when the list is so long.
    merge_at: usize,
}

/// The neighbours of a sink, and which sources could move to which, as far as a few words for each can say.
///
/// Looking for a source that can move to one of some neighbours means going through the pairs of most of those held,
/// which lie all over memory. So each has a *signature*: one bit for each neighbour, by its position in the list, and
/// only where there are more neighbours than bits, some share one. What a signature excludes need not be looked at.
#[derive(Debug)]
pub(super) struct Around {
    own: u32,
    /// At least the true neighbours that are not sealed, each once. After a source has left, some may remain that no
    /// source here has a pair with any more.
    pub near: Vec<u32>,
    /// At the sink's present label no neighbour before this position is one step nearer to the ground.
    pub near_from: usize,
    /// Words in a signature.
    width: usize,
    /// In the order of what is held.
    signatures: Vec<u64>,
}

/// A set of neighbours, as the bits that stand for them.
pub(super) type Bits = [u64; Around::MOST_WIDTH];

impl Sink {
    /// Takes units of a source with these pairs. `may_repeat` says that the source may be here already, as only those
    /// with several units can be; lists that have doubled since are then merged.
    pub fn take(&mut self, held: Held, pairs: &[u32], may_repeat: bool, labels: &[u32], index: &mut Index) {
        const SHORT: usize = 64;
        self.held.push(held);
        if let Some(around) = &mut self.around {
            around.index_all(index);
            around.add(pairs, labels, index);
        }
        if may_repeat && self.merge_at.max(SHORT) < self.held.len() {
            self.held.sort_unstable_by_key(|held| held.source);
            self.held.dedup_by(|next, first| {
                let same = next.source == first.source;
                if same {
                    first.units += next.units;
                }
                same
            });
            self.merge_at = 2 * self.held.len();
            self.held_from = 0;
            self.around = None;
        }
    }

    /// Gives up units of the source at a position.
    pub fn release(&mut self, position: usize, units: u64) {
        let held = &mut self.held[position];
        held.units -= units;
        if held.units == 0 {
            self.held.swap_remove(position);
            if let Some(around) = &mut self.around {
                around.swap_remove(position);
            }
        }
    }

    /// The sink's label has risen: what could not move then may move now.
    pub fn start_over(&mut self) {
        self.held_from = 0;
        if let Some(around) = &mut self.around {
            around.near_from = 0;
        }
    }
}

impl Around {
    /// So many words make a long signature: about what the pairs of a source take.
    const MOST_WIDTH: usize = 8;

    /// With these neighbours, and no signatures yet.
    pub fn of(own: u32, near: Vec<u32>, n_held: usize) -> Around {
        let width = near.len().div_ceil(u64::BITS as usize).clamp(1, Around::MOST_WIDTH);
        Around { own, near, near_from: 0, width, signatures: Vec::with_capacity(n_held * width) }
    }

    /// Notes the positions of all neighbours.
    pub fn index_all(&self, index: &mut Index) {
        index.clear();
        for (position, sink) in (0u32..).zip(&self.near) {
            index.set(*sink, position);
        }
    }

    /// Adds the signature of a source with these pairs, and what neighbours it brings. `index` holds the others.
    pub fn add(&mut self, pairs: &[u32], labels: &[u32], index: &mut Index) {
        let from = self.signatures.len();
        self.signatures.resize(from + self.width, 0);
        for sink in pairs.iter().filter(|sink| **sink != self.own && labels[**sink as usize] != SEALED) {
            let position = index.of(*sink).unwrap_or_else(|| {
                let position = self.near.len() as u32;
                self.near.push(*sink);
                index.set(*sink, position);
                position
            });
            let (word, bit) = self.bit(position as usize);
            self.signatures[from + word] |= bit;
        }
    }

    fn swap_remove(&mut self, position: usize) {
        let last = self.signatures.len() - self.width;
        self.signatures.copy_within(last.., position * self.width);
        self.signatures.truncate(last);
    }

    /// The neighbours with this label, none of which is before `near_from`; None if there are none.
    pub fn with_label(&mut self, label: u32, labels: &[u32]) -> Option<Bits> {
        let has_it = |sink: &u32| labels[*sink as usize] == label;
        self.near_from += self.near[self.near_from..].iter().position(has_it).unwrap_or(self.near.len() - self.near_from);
        let mut bits = None;
        for position in self.near_from..self.near.len() {
            if has_it(&self.near[position]) {
                let (word, bit) = self.bit(position);
                bits.get_or_insert([0; Around::MOST_WIDTH])[word] |= bit;
            }
        }
        bits
    }

    /// The first held position from `from` whose source may have a pair with one of these neighbours.
    pub fn candidate(&self, from: usize, bits: &Bits) -> Option<usize> {
        let rows = self.signatures[from * self.width..].chunks_exact(self.width);
        let matches = |row: &[u64]| row.iter().zip(bits).fold(0, |all, (own, wanted)| all | own & wanted) != 0;
        rows.into_iter().position(matches).map(|at| from + at)
    }

    fn bit(&self, position: usize) -> (usize, u64) {
        let bits = u64::BITS as usize;
        (position / bits % self.width, 1 << (position % bits))
    }
}

/// Where sinks stand in the list at hand. One for all lists, and cleared in no time.
#[derive(Debug)]
pub(super) struct Index {
    /// The pass that wrote the entry, and the position.
    entries: Vec<(u32, u32)>,
    pass: u32,
}

impl Index {
    pub fn for_sinks(n_sinks: usize) -> Index {
        Index { entries: vec![(0, 0); n_sinks], pass: 0 }
    }

    pub fn clear(&mut self) {
        if self.pass == u32::MAX {
            self.entries.fill((0, 0));
            self.pass = 0;
        }
        self.pass += 1;
    }

    pub fn set(&mut self, sink: u32, position: u32) {
        self.entries[sink as usize] = (self.pass, position);
    }

    pub fn of(&self, sink: u32) -> Option<u32> {
        let (pass, position) = self.entries[sink as usize];
        (pass == self.pass).then_some(position)
    }
}
