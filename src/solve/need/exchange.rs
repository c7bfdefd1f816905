//! The exchange graph: where one more unit could go if others made room.
//!
//! Its nodes are the sinks and the limits; sources have none, which keeps it small. A unit at a sink goes onward to the
//! limit behind it if there is room, or takes the place of a unit of some source, which moves to another sink that the
//! source has a pair with. A unit at a limit goes onward, or takes the place of one that came from a sink or limit
//! before it, which has to find another way from there. The ground ends every way.
//!
//! Each node has a label that is never more than its distance to the ground, and a way descends by one label at each
//! step (Ahuja and Orlin 1991: improved shortest augmenting paths, ISAP). A node with no next step gets a greater label.
//! When no node is left at some label, none above it can reach the ground any more: those are *sealed*, for good, since
//! whatever happens elsewhere never reaches into them. Labels do not fall, so all searches together look at a node's
//! neighbours once for each label that it takes.

use super::levels::Levels;
use super::sink::{Around, Held, Index, Sink};
use crate::solve::{Effort, Network, StopReason};

/// The label of nodes that will never again reach the ground.
pub(super) const SEALED: u32 = u32::MAX;

/// Where the label begins in a [`key`], and the last label that has room there.
const KEY_LABEL_SHIFT: u32 = 20;
const LAST_KEY_LABEL: u32 = (1 << (u32::BITS - KEY_LABEL_SHIFT)) - 2;

/// The key of sealed sinks, beyond all others.
const SEALED_KEY: u32 = u32::MAX;

/// What to compare sinks by: label, then preference, which is not negative. Less is better.
pub(super) fn key(label: u32, preference: f32) -> u32 {
    if label == SEALED {
        return SEALED_KEY;
    }
    // Floats from zero compare like their bits, of which the sign is no use and the last matter little.
    let wanted = preference.to_bits() >> (u32::BITS - 1 - KEY_LABEL_SHIFT);
    let last_bits = (1 << KEY_LABEL_SHIFT) - 1;
    (label.min(LAST_KEY_LABEL) << KEY_LABEL_SHIFT) | (last_bits - wanted)
}

/// Of these sinks one with the least label, and among those the preferred one; None when all are sealed.
pub(super) fn nearest(sinks: &[u32], keys: &[u32], labels: &[u32]) -> Option<u32> {
    // One comparison for each: key and sink in one number.
    let keyed = |sink: &u32| (u64::from(keys[*sink as usize]) << u32::BITS) | u64::from(*sink);
    let best = sinks.iter().map(keyed).min()?;
    match (best >> u32::BITS) as u32 {
        SEALED_KEY => None,
        // Labels greater than keys can hold: none but the least will do.
        key if key >> KEY_LABEL_SHIFT == LAST_KEY_LABEL => {
            sinks.iter().copied().min_by_key(|sink| labels[*sink as usize])
        }
        _ => Some(best as u32),
    }
}

/// One step of a way.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// From a node onward.
    Onward { node: u32 },
    /// From a limit to a sink or limit right before it, whose unit goes another way.
    Back { before: u32 },
    /// From a sink to another, to which the source at a position moves.
    Move { from: u32, position: usize, to: u32 },
}

/// The units sent so far, and the labels.
pub(super) struct Exchange<'a> {
    network: &'a Network,
    /// By node: sinks, limits, the ground.
    labels: Vec<u32>,
    levels: Levels,
    /// How much more each node lets onward. Without end: a number from which no sum of units takes much.
    room: Vec<u64>,
    /// How much each node let onward.
    passed: Vec<u64>,
    /// Where each node leads.
    onward: Vec<u32>,
    sinks: Vec<Sink>,
    /// What lies right before each limit: `before[before_starts[k]..before_starts[k + 1]]`.
    before_starts: Vec<u32>,
    before: Vec<u32>,
    /// At a limit's present label nothing before this position in `before` leads nearer to the ground.
    before_from: Vec<u32>,
    /// Weight of the sources at hand when each node was sealed; zero for the others.
    sealed_at: Vec<i64>,
    /// Weight of the source at hand.
    weight: i64,
    /// What a source compares its sinks by, less is better: see [`key`].
    keys: Vec<u32>,
    appeal: Vec<f32>,
    /// Whether any source has more than one unit, so that it can be in several sinks.
    has_cohorts: bool,
    index: Index,
    way: Vec<Step>,
    /// Work that the effort has not been told of.
    ticks: u64,
}

impl<'a> Exchange<'a> {
    /// Telling the effort each time would take longer than the work.
    const TICKS_AT_ONCE: u64 = 64;

    /// Pairs in a line of memory.
    const LINE: usize = 16;

    /// So many sources' pairs are fetched at once.
    pub const AT_ONCE: usize = 32;

    pub fn nothing_sent(network: &'a Network) -> Exchange<'a> {
        let (n_sinks, n_limits) = (network.n_sinks(), network.limits().len());
        let n_nodes = n_sinks + n_limits;
        let ground = n_nodes as u32;
        let behind = |limit: Option<u32>| limit.map_or(ground, |limit| n_sinks as u32 + limit);
        let onward: Vec<u32> = (network.sink_limits().iter().copied())
            .chain(network.limits().iter().map(|limit| limit.parent))
            .map(behind)
            .collect();
        let room = (network.places().iter().map(|places| places.unwrap_or(u64::MAX)))
            .chain(network.limits().iter().map(|limit| limit.capacity))
            .collect();
        // Parents come before their children, and sinks after all limits: distances follow in one pass.
        let mut labels = vec![0; n_nodes + 1];
        for node in (n_sinks..n_nodes).chain(0..n_sinks) {
            labels[node] = labels[onward[node] as usize] + 1;
        }
        let mut before_starts = vec![0u32; n_limits + 1];
        for head in onward.iter().filter(|head| **head != ground) {
            before_starts[*head as usize - n_sinks + 1] += 1;
        }
        for limit in 0..n_limits {
            before_starts[limit + 1] += before_starts[limit];
        }
        let mut before = vec![0; before_starts[n_limits] as usize];
        let mut next = before_starts.clone();
        for (node, head) in (0u32..).zip(&onward).filter(|(_, head)| **head != ground) {
            let at = &mut next[*head as usize - n_sinks];
            before[*at as usize] = node;
            *at += 1;
        }
        // Mostly a sink will hold no more, so that its list need not grow.
        let usual = 2 * network.n_sources() as u64 / (n_sinks as u64).max(1);
        let mut exchange = Exchange {
            network,
            levels: Levels::of(&labels[..n_nodes]),
            labels,
            room,
            passed: vec![0; n_nodes],
            onward,
            sinks: network
                .places()
                .iter()
                .map(|places| Sink::with_capacity(usual.min(places.unwrap_or(0)) as usize))
                .collect(),
            before_from: before_starts[..n_limits].to_vec(),
            before_starts,
            before,
            sealed_at: vec![0; n_nodes],
            weight: 0,
            keys: vec![0; n_sinks],
            appeal: vec![1.0; n_sinks],
            has_cohorts: network.sources().iter().any(|source| 1 < source.units),
            index: Index::for_sinks(n_sinks),
            way: Vec::new(),
            ticks: 0,
        };
        exchange.set_all_keys();
        exchange
    }

    /// Among sinks at the same distance, a source takes the one where this times the room is greatest. Any preference
    /// is exact; a good one leaves fewer units to move later.
    pub fn prefer(&mut self, appeal: Vec<f32>) {
        self.appeal = appeal;
        self.set_all_keys();
    }

    /// Sends what can be sent of a source's units. Those before it must have weighed as much or more. A stop may leave
    /// some that could have been sent, and everything in order.
    pub fn send(&mut self, source: u32, units: u64, weight: i64, effort: &Effort) -> Result<(), StopReason> {
        self.weight = weight;
        let mut left = units;
        while 0 < left {
            let pairs = pairs_of(self.network, source);
            self.work(pairs.len() as u64 + 1, effort)?;
            let Some(sink) = nearest(pairs, &self.keys, &self.labels) else {
                return Ok(());
            };
            if self.find_way(sink, effort)? {
                left -= self.send_along(source, sink, left);
            }
        }
        Ok(())
    }

    /// Looks for a way from a sink to the ground. False when the sink's label has changed instead.
    fn find_way(&mut self, sink: u32, effort: &Effort) -> Result<bool, StopReason> {
        let ground = self.ground();
        self.way.clear();
        let mut node = sink;
        while node != ground {
            match self.next_step(node, effort)? {
                Some(step) => {
                    self.way.push(step);
                    node = self.head(step);
                }
                None => {
                    let sealed_any = self.raise_label(node);
                    self.work(1, effort)?;
                    match self.way.pop() {
                        Some(step) if !sealed_any => node = self.tail(step),
                        // Of a way whose nodes may be sealed nothing is left to follow.
                        _ => return Ok(false),
                    }
                }
            }
        }
        Ok(true)
    }

    fn head(&self, step: Step) -> u32 {
        match step {
            Step::Onward { node } => self.onward[node as usize],
            Step::Back { before } => before,
            Step::Move { to, .. } => to,
        }
    }

    fn tail(&self, step: Step) -> u32 {
        match step {
            Step::Onward { node } => node,
            Step::Back { before } => self.onward[before as usize],
            Step::Move { from, .. } => from,
        }
    }

    /// A step from a node to one with the next smaller label.
    fn next_step(&mut self, node: u32, effort: &Effort) -> Result<Option<Step>, StopReason> {
        let below = self.labels[node as usize] - 1;
        if 0 < self.room[node as usize] && self.labels[self.onward[node as usize] as usize] == below {
            return Ok(Some(Step::Onward { node }));
        }
        match self.as_limit(node) {
            Some(limit) => self.next_back(limit, below, effort),
            None => self.next_move(node, below, effort),
        }
    }

    /// From a limit to something before it that let a unit through, whose unit may go elsewhere.
    fn next_back(&mut self, limit: usize, below: u32, effort: &Effort) -> Result<Option<Step>, StopReason> {
        let from = self.before_from[limit];
        let candidates = &self.before[from as usize..self.before_starts[limit + 1] as usize];
        let found =
            candidates.iter().position(|node| self.labels[*node as usize] == below && 0 < self.passed[*node as usize]);
        let step = found.map(|at| Step::Back { before: candidates[at] });
        let looked_at = found.unwrap_or(candidates.len());
        self.before_from[limit] = from + looked_at as u32;
        self.work(looked_at as u64 + 1, effort)?;
        Ok(step)
    }

    /// From a sink to another one to which a source can move.
    fn next_move(&mut self, from: u32, below: u32, effort: &Effort) -> Result<Option<Step>, StopReason> {
        self.look_around(from, effort)?;
        let Sink { held, around: Some(around), held_from, .. } = &mut self.sinks[from as usize] else {
            return Ok(None);
        };
        let begun = *held_from;
        let has_pair = |position: usize, sink: u32| {
            let held: &Held = &held[position];
            pairs_of(self.network, held.source).binary_search(&sink).is_ok()
        };
        let next = around.next(begun, below, &self.labels, has_pair);
        *held_from = next.map_or(held.len(), |(position, _)| position);
        // A signature is a few words, and the labels of the neighbours are looked at about once.
        let looked_at = *held_from - begun + around.n_near();
        self.work(looked_at as u64, effort)?;
        Ok(next.map(|(position, to)| Step::Move { from, position, to }))
    }

    /// Makes a sink's list of neighbours if it has none yet.
    fn look_around(&mut self, sink: u32, effort: &Effort) -> Result<(), StopReason> {
        if self.sinks[sink as usize].around.is_some() {
            return Ok(());
        }
        let held = &self.sinks[sink as usize].held;
        let mut around = Around::nothing(sink, held.len());
        for chunk in held.chunks(Exchange::AT_ONCE) {
            fetch(self.network, chunk.iter().map(|held| held.source));
            for held in chunk {
                let pairs = pairs_of(self.network, held.source);
                around.add(pairs, &self.labels, &mut self.index);
                self.ticks += pairs.len() as u64;
            }
            if Exchange::TICKS_AT_ONCE <= self.ticks {
                effort.tick(std::mem::take(&mut self.ticks))?;
            }
        }
        around.remove_from(&mut self.index);
        self.ticks += around.n_near() as u64;
        self.sinks[sink as usize].around = Some(Box::new(around));
        Ok(())
    }

    /// Gives a node from which no step leads on a greater label, or seals it with all that is cut off now. True if
    /// anything was sealed.
    ///
    /// Each label up to the greatest is always some node's, so labels stay below the number of nodes. And whatever could
    /// be reached from a sealed node is sealed with it or was before, which makes the seals prices (see `answer`).
    fn raise_label(&mut self, node: u32) -> bool {
        let old = self.labels[node as usize];
        let least = self.least_label_after(node, old);
        self.levels.remove(node, old);
        let cut_off = self.levels.is_empty(old);
        if !cut_off && least != SEALED {
            self.levels.insert(node, least + 1);
            self.labels[node as usize] = least + 1;
            match self.as_limit(node) {
                Some(limit) => self.before_from[limit] = self.before_starts[limit],
                None => self.sinks[node as usize].held_from = 0,
            }
            self.set_key(node);
            return false;
        }
        self.seal(node);
        if cut_off {
            while let Some(above) = self.levels.take_above(old) {
                self.seal(above);
            }
        }
        true
    }

    fn seal(&mut self, node: u32) {
        self.labels[node as usize] = SEALED;
        self.sealed_at[node as usize] = self.weight;
        if self.as_limit(node).is_none() {
            self.sinks[node as usize].around = None;
        }
        self.set_key(node);
    }

    /// The least label of the nodes that a step could lead to, none of which is below `own`.
    fn least_label_after(&mut self, node: u32, own: u32) -> u32 {
        let labels = &self.labels;
        let mut least = SEALED;
        if 0 < self.room[node as usize] {
            least = labels[self.onward[node as usize] as usize];
        }
        match self.as_limit(node) {
            Some(limit) => {
                let before = self.before_starts[limit] as usize..self.before_starts[limit + 1] as usize;
                for other in &self.before[before] {
                    if 0 < self.passed[*other as usize] {
                        least = least.min(labels[*other as usize]);
                    }
                }
            }
            None => {
                if let Some(around) = &mut self.sinks[node as usize].around {
                    // A neighbour with a lesser label is one no more: a step to it would have been found.
                    least = least.min(around.least_label(own, labels));
                    self.ticks += 2 * around.n_near() as u64;
                }
            }
        }
        least
    }

    /// Sends as many of a source's `left` units as go along the way just found; gives their number.
    fn send_along(&mut self, source: u32, sink: u32, left: u64) -> u64 {
        let units = self.way.iter().fold(left, |units, step| {
            units.min(match *step {
                Step::Onward { node } => self.room[node as usize],
                Step::Back { before } => self.passed[before as usize],
                Step::Move { from, position, .. } => self.sinks[from as usize].held[position].units,
            })
        });
        // From the end, so that a sink gives up a source before it takes the next one: positions stay what they were.
        while let Some(step) = self.way.pop() {
            match step {
                Step::Onward { node } => {
                    self.passed[node as usize] += units;
                    self.room[node as usize] -= units;
                    self.set_key(node);
                }
                Step::Back { before } => {
                    self.passed[before as usize] -= units;
                    self.room[before as usize] += units;
                    self.set_key(before);
                }
                Step::Move { from, position, to } => {
                    let moved = self.sinks[from as usize].held[position].source;
                    self.sinks[from as usize].release(position, units);
                    self.take(to, moved, units);
                }
            }
        }
        self.take(sink, source, units);
        units
    }

    fn take(&mut self, sink: u32, source: u32, units: u64) {
        let pairs = pairs_of(self.network, source);
        let held = Held { source, units };
        self.sinks[sink as usize].take(held, pairs, self.has_cohorts, &self.labels, &mut self.index);
    }

    fn work(&mut self, ticks: u64, effort: &Effort) -> Result<(), StopReason> {
        self.ticks += ticks;
        if self.ticks < Exchange::TICKS_AT_ONCE {
            return Ok(());
        }
        effort.tick(std::mem::take(&mut self.ticks))
    }

    fn set_all_keys(&mut self) {
        for sink in 0..self.sinks.len() as u32 {
            self.set_key(sink);
        }
    }

    fn set_key(&mut self, node: u32) {
        if let Some(key_of_sink) = self.keys.get_mut(node as usize) {
            *key_of_sink =
                key(self.labels[node as usize], self.appeal[node as usize] * self.room[node as usize] as f32);
        }
    }

    fn ground(&self) -> u32 {
        self.onward.len() as u32
    }

    fn as_limit(&self, node: u32) -> Option<usize> {
        (node as usize).checked_sub(self.sinks.len())
    }

    pub fn has_cohorts(&self) -> bool {
        self.has_cohorts
    }

    pub fn sinks(&self) -> &[Sink] {
        &self.sinks
    }

    /// By sink, then by limit: the weight at which each was sealed, zero for those that are not.
    pub fn sealed_at(&self) -> &[i64] {
        &self.sealed_at
    }

    /// How much more the ground could take at most, looking only at the last nodes before it.
    pub fn room_at_ground(&self) -> u64 {
        let ground = self.ground();
        (self.onward.iter().zip(&self.room))
            .filter(|(head, _)| **head == ground)
            .fold(0, |sum, (_, room)| sum.saturating_add(*room))
    }
}

/// The sinks that a source has pairs with.
fn pairs_of(network: &Network, source: u32) -> &[u32] {
    &network.sinks()[network.pairs_of(source as usize)]
}

/// Reads the pairs of some sources, so that memory fetches them all at once: they lie far apart, and one after the
/// other each would be waited for.
pub(super) fn fetch(network: &Network, sources: impl Iterator<Item = u32>) {
    let mut sum = 0u32;
    for source in sources {
        for sink in pairs_of(network, source).iter().step_by(Exchange::LINE) {
            sum ^= sink;
        }
    }
    std::hint::black_box(sum);
}
