//! What one sink holds, and where it could move.

use super::exchange::SEALED;

/// Units of one source in one sink.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub source: u32,
    pub units: u64,
}

/// The units in a sink and the other sinks that its sources have pairs with.
///
/// The list of neighbours is made when a search first needs it. It holds at least the true neighbours: after a source
/// has left, some may remain that no source here has a pair with any more, and some stand there twice. Searches find
/// out when they look for the source to move, and the list is cleaned then.
#[derive(Debug, Default)]
pub(super) struct Sink {
    pub held: Vec<Held>,
    /// None: not made yet.
    pub near: Option<Vec<u32>>,
    /// At the sink's present label no source before this position can move one step nearer to the ground.
    pub held_from: usize,
    /// The same for neighbours.
    pub near_from: usize,
    /// Merge or clean when the list is so long.
    merge_held_at: usize,
    clean_near_at: usize,
}

impl Sink {
    /// The shortest list that is tidied up.
    const SHORT: usize = 64;

    /// Takes units of a source. `may_repeat` says that the source may be here already, as only those with several
    /// units can be; lists that have doubled since are then merged.
    pub fn take(&mut self, source: u32, units: u64, may_repeat: bool) {
        self.held.push(Held { source, units });
        if may_repeat && self.merge_held_at.max(Sink::SHORT) < self.held.len() {
            self.held.sort_unstable_by_key(|held| held.source);
            self.held.dedup_by(|next, first| {
                let same = next.source == first.source;
                if same {
                    first.units += next.units;
                }
                same
            });
            self.merge_held_at = 2 * self.held.len();
            self.held_from = 0;
        }
    }

    /// Gives up units of the source at a position.
    pub fn release(&mut self, position: usize, units: u64) {
        let held = &mut self.held[position];
        held.units -= units;
        if held.units == 0 {
            self.held.swap_remove(position);
        }
    }

    /// Adds neighbours to a list that is made already.
    pub fn extend_near(&mut self, own: u32, pairs: &[u32], labels: &[u32], seen: &mut Seen) {
        if let Some(near) = &mut self.near {
            near.extend(pairs.iter().copied().filter(|sink| *sink != own && labels[*sink as usize] != SEALED));
            if self.clean_near_at.max(Sink::SHORT) < near.len() {
                seen.clear();
                near.retain(|sink| labels[*sink as usize] != SEALED && seen.first_time(*sink));
                self.near_from = 0;
                self.clean_near_at = 2 * near.len();
            }
        }
    }

    /// Sets the list of neighbours, each once.
    pub fn set_near(&mut self, near: Vec<u32>) {
        self.clean_near_at = 2 * near.len();
        self.near_from = 0;
        self.near = Some(near);
    }

    /// The sink's label has risen: what could not move then may move now.
    pub fn start_over(&mut self) {
        self.held_from = 0;
        self.near_from = 0;
    }
}

/// Which sinks a pass has seen; cleared in no time.
#[derive(Debug)]
pub(super) struct Seen {
    marks: Vec<u32>,
    pass: u32,
}

impl Seen {
    pub fn none_of(n_sinks: usize) -> Seen {
        Seen { marks: vec![0; n_sinks], pass: 0 }
    }

    pub fn clear(&mut self) {
        if self.pass == u32::MAX {
            self.marks.fill(0);
            self.pass = 0;
        }
        self.pass += 1;
    }

    pub fn first_time(&mut self, sink: u32) -> bool {
        let mark = &mut self.marks[sink as usize];
        let first = *mark != self.pass;
        *mark = self.pass;
        first
    }
}
