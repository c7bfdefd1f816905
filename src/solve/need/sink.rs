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
    pub around: Option<Box<Around>>,
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
    near: Vec<u32>,
    /// Words in a signature: so many that no two neighbours share a bit, up to the most there may be.
    width: usize,
    /// In the order of what is held.
    signatures: Vec<u64>,
    /// So many sources will have one, as far as is known.
    n_expected: usize,
    /// The neighbours that had this label when last looked at.
    wanted: Bits,
    wanted_label: u32,
}

/// Why a source whose signature fits has no pair with a neighbour that is wanted.
enum Excuse {
    /// The bit stood for a neighbour whose label has risen since the wanted ones were noted.
    LabelsHaveRisen,
    /// The bit stands for several neighbours, and the source has a pair with another one.
    SharedBit,
}

/// A set of neighbours, as the bits that stand for them.
type Bits = [u64; Around::MOST_WIDTH];

impl Sink {
    /// With room for so many sources, to begin with.
    pub fn with_capacity(n_held: usize) -> Sink {
        Sink { held: Vec::with_capacity(n_held), ..Sink::default() }
    }

    /// Takes units of a source with these pairs. `may_repeat` says that the source may be here already, as only those
    /// with several units can be; lists that have doubled since are then merged.
    pub fn take(&mut self, held: Held, pairs: &[u32], may_repeat: bool, labels: &[u32], index: &mut Index) {
        const SHORT: usize = 64;
        self.held.push(held);
        if let Some(around) = &mut self.around {
            around.enter_in(index);
            around.add(pairs, labels, index);
            around.remove_from(index);
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
}

impl Around {
    /// So many words make the longest signature, about what the pairs of a source take.
    const MOST_WIDTH: usize = 16;
    const MOST_BITS: usize = Around::MOST_WIDTH * u64::BITS as usize;

    /// Of a sink whose sources, so many, are still to be added.
    pub fn nothing(own: u32, n_held: usize) -> Around {
        Around {
            own,
            near: Vec::new(),
            width: 1,
            signatures: Vec::with_capacity(n_held),
            n_expected: n_held,
            wanted: [0; Around::MOST_WIDTH],
            wanted_label: SEALED,
        }
    }

    /// Enters the positions of all neighbours in an empty index.
    pub fn enter_in(&self, index: &mut Index) {
        for (position, sink) in (0u32..).zip(&self.near) {
            index.positions[*sink as usize] = position;
        }
    }

    /// Leaves the index empty again.
    pub fn remove_from(&self, index: &mut Index) {
        for sink in &self.near {
            index.positions[*sink as usize] = Index::NOWHERE;
        }
    }

    /// Adds the signature of a source with these pairs, and the neighbours it brings. `index` holds those there are.
    pub fn add(&mut self, pairs: &[u32], labels: &[u32], index: &mut Index) {
        let mut signature = [0; Around::MOST_WIDTH];
        for sink in pairs {
            let position = &mut index.positions[*sink as usize];
            if *position == Index::NOWHERE {
                // No sink is its own neighbour, and nothing moves to one that is sealed.
                if *sink == self.own || labels[*sink as usize] == SEALED {
                    continue;
                }
                *position = self.near.len() as u32;
                self.near.push(*sink);
            }
            let (word, bit) = Around::bit(*position as usize);
            signature[word] |= bit;
        }
        let needed = self.near.len().div_ceil(u64::BITS as usize).min(Around::MOST_WIDTH);
        if self.width < needed {
            self.widen(needed);
        }
        self.signatures.extend_from_slice(&signature[..self.width]);
    }

    fn widen(&mut self, width: usize) {
        let mut wider = Vec::with_capacity((self.signatures.len() / self.width + 1).max(self.n_expected) * width);
        for signature in self.signatures.chunks_exact(self.width) {
            wider.extend_from_slice(signature);
            wider.resize(wider.len() + width - self.width, 0);
        }
        self.signatures = wider;
        self.width = width;
    }

    fn swap_remove(&mut self, position: usize) {
        let last = self.signatures.len() - self.width;
        self.signatures.copy_within(last.., position * self.width);
        self.signatures.truncate(last);
    }

    /// The least label among the neighbours that have `own` or more; such neighbours are wanted next.
    pub fn least_label(&mut self, own: u32, labels: &[u32]) -> u32 {
        let label_of = |sink: &u32| labels[*sink as usize];
        let least = self.near.iter().map(label_of).filter(|label| own <= *label).min().unwrap_or(SEALED);
        self.want(least, labels);
        least
    }

    /// Notes which neighbours have this label now.
    pub fn want(&mut self, label: u32, labels: &[u32]) {
        self.wanted = [0; Around::MOST_WIDTH];
        self.wanted_label = label;
        for (word, near) in self.near.chunks(u64::BITS as usize).enumerate() {
            let bit = |(position, sink): (usize, &u32)| u64::from(labels[*sink as usize] == label) << position;
            self.wanted[word % Around::MOST_WIDTH] |= near.iter().enumerate().map(bit).fold(0, |all, bit| all | bit);
        }
    }

    /// The first position held, from `from`, whose source has a pair with a neighbour with this label, and the neighbour.
    /// `has_pair` is asked where neighbours share a bit.
    pub fn next(
        &mut self,
        from: usize,
        label: u32,
        labels: &[u32],
        has_pair: impl Fn(usize, u32) -> bool,
    ) -> Option<(usize, u32)> {
        if self.wanted_label != label {
            self.want(label, labels);
        }
        let mut position = from;
        loop {
            position = self.candidate(position)?;
            match self.neighbour(position, label, labels, &has_pair) {
                Ok(sink) => return Some((position, sink)),
                Err(Excuse::LabelsHaveRisen) => self.want(label, labels),
                Err(Excuse::SharedBit) => position += 1,
            }
        }
    }

    /// The first position from `from` with a signature that has one of the wanted bits.
    fn candidate(&self, from: usize) -> Option<usize> {
        if self.wanted == [0; Around::MOST_WIDTH] {
            return None;
        }
        let matches = |row: &[u64]| row.iter().zip(&self.wanted).fold(0, |all, (own, wanted)| all | own & wanted) != 0;
        let mut rows = self.signatures[from * self.width..].chunks_exact(self.width);
        rows.position(matches).map(|at| from + at)
    }

    /// The neighbour with this label that a candidate has a pair with, or why there is none.
    fn neighbour(
        &self,
        position: usize,
        label: u32,
        labels: &[u32],
        has_pair: impl Fn(usize, u32) -> bool,
    ) -> Result<u32, Excuse> {
        let alone = self.near.len() <= Around::MOST_BITS;
        let mut excuse = Excuse::SharedBit;
        let signature = &self.signatures[position * self.width..][..self.width];
        for (word, (own, wanted)) in signature.iter().zip(&self.wanted).enumerate() {
            let mut both = own & wanted;
            while both != 0 {
                let bit = word * u64::BITS as usize + both.trailing_zeros() as usize;
                both &= both - 1;
                if alone {
                    if labels[self.near[bit] as usize] == label {
                        return Ok(self.near[bit]);
                    }
                    excuse = Excuse::LabelsHaveRisen;
                    continue;
                }
                let sharing = self.near.iter().skip(bit).step_by(Around::MOST_BITS);
                let mut wanted = sharing.filter(|sink| labels[**sink as usize] == label).peekable();
                if wanted.peek().is_none() {
                    excuse = Excuse::LabelsHaveRisen;
                }
                if let Some(sink) = wanted.find(|sink| has_pair(position, **sink)) {
                    return Ok(*sink);
                }
            }
        }
        Err(excuse)
    }

    pub fn n_near(&self) -> usize {
        self.near.len()
    }

    fn bit(position: usize) -> (usize, u64) {
        let bits = u64::BITS as usize;
        (position / bits % Around::MOST_WIDTH, 1 << (position % bits))
    }
}

/// Where sinks stand in the list of neighbours at hand; empty between uses.
#[derive(Debug)]
pub(super) struct Index {
    positions: Vec<u32>,
}

impl Index {
    const NOWHERE: u32 = u32::MAX;

    pub fn for_sinks(n_sinks: usize) -> Index {
        Index { positions: vec![Index::NOWHERE; n_sinks] }
    }
}
