//! Many differences of costs in little room: one word for all stages of one, where the numbers allow it.
//!
//! A search reads exchanges by the tens of thousands and adds each once, so how many fit in the cache decides how long
//! it takes.

use crate::solve::costs::Costs;

/// How the stages share a word: each has a range of bits, sign included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packing<const S: usize> {
    /// Shifts by which a stage's number comes out: its bits to the top, and down again with their sign.
    up: [u32; S],
    down: [u32; S],
}

impl<const S: usize> Packing<S> {
    /// Bits for numbers from -most to most, for each stage. None where a word has not as many.
    pub fn of(most: [u64; S]) -> Option<Packing<S>> {
        let bits = most.map(|most| u64::BITS - most.leading_zeros() + 1);
        let mut packing = Packing { up: [0; S], down: bits.map(|bits| u64::BITS.saturating_sub(bits)) };
        let mut used = 0;
        for (up, bits) in packing.up.iter_mut().zip(bits) {
            *up = used;
            used += bits;
        }
        (used <= u64::BITS).then_some(packing)
    }

    /// None where a number is greater than the most that was planned for.
    pub fn pack(&self, costs: Costs<S>) -> Option<u64> {
        let mut word = 0;
        for (cost, (up, down)) in costs.iter().zip(self.up.iter().zip(&self.down)) {
            // The bits of the number, at their place; those above are gone.
            word |= ((*cost as u64) << down) >> up;
        }
        (self.unpack(word) == costs).then_some(word)
    }

    pub fn unpack(&self, word: u64) -> Costs<S> {
        std::array::from_fn(|stage| self.stage(word, stage))
    }

    /// The number of one stage. The shifts are below 64 by construction; said so, they need no check.
    pub fn stage(&self, word: u64, stage: usize) -> i64 {
        (word.wrapping_shl(self.up[stage]) as i64).wrapping_shr(self.down[stage])
    }
}

/// A list of differences, packed as long as all of them can be.
#[derive(Clone, Debug)]
pub(super) enum Changes<const S: usize> {
    Packed(Packing<S>, Vec<u64>),
    Wide(Vec<Costs<S>>),
}

impl<const S: usize> Changes<S> {
    pub fn new(packing: Option<Packing<S>>) -> Changes<S> {
        packing.map_or(Changes::Wide(Vec::new()), |packing| Changes::Packed(packing, Vec::new()))
    }

    pub fn at(&self, at: usize) -> Costs<S> {
        match self {
            Changes::Packed(packing, words) => packing.unpack(words[at]),
            Changes::Wide(changes) => changes[at],
        }
    }

    pub fn insert(&mut self, at: usize, change: Costs<S>) {
        if let Changes::Packed(packing, words) = self {
            match packing.pack(change) {
                Some(word) => return words.insert(at, word),
                None => *self = Changes::Wide(words.iter().map(|word| packing.unpack(*word)).collect()),
            }
        }
        if let Changes::Wide(changes) = self {
            changes.insert(at, change);
        }
    }

    pub fn set(&mut self, at: usize, change: Costs<S>) {
        self.remove(at);
        self.insert(at, change);
    }

    pub fn remove(&mut self, at: usize) {
        match self {
            Changes::Packed(_, words) => _ = words.remove(at),
            Changes::Wide(changes) => _ = changes.remove(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Changes, Packing};

    #[test]
    fn what_is_packed_comes_out_as_it_went_in() {
        let packing = Packing::of([0, 100, 1 << 40]).unwrap();
        for costs in [[0, 0, 0], [0, -100, 1 << 40], [0, 100, -(1 << 40)], [0, 127, -1], [0, -128, 1]] {
            assert_eq!(packing.unpack(packing.pack(costs).unwrap()), costs);
        }
        for costs in [[1, 0, 0], [0, 128, 0], [0, -129, 0], [0, 0, i64::MAX], [i64::MIN, 0, 0]] {
            assert_eq!(packing.pack(costs), None, "{costs:?}");
        }
        assert!(Packing::of([(1 << 31) - 1, (1 << 31) - 1]).is_some());
        assert!(Packing::of([1 << 31, (1 << 31) - 1]).is_none());
        assert!(Packing::of([u64::MAX]).is_none());
        assert!(Packing::of([0; 8]).is_some());
    }

    #[test]
    fn a_list_widens_for_what_does_not_fit() {
        let mut changes = Changes::new(Packing::of([7, 7]));
        changes.insert(0, [1, 2]);
        changes.insert(0, [-3, 4]);
        assert!(matches!(changes, Changes::Packed(..)));
        changes.insert(1, [1 << 50, 0]);
        assert_eq!([changes.at(0), changes.at(1), changes.at(2)], [[-3, 4], [1 << 50, 0], [1, 2]]);
        changes.remove(0);
        changes.set(1, [5, 5]);
        assert_eq!([changes.at(0), changes.at(1)], [[1 << 50, 0], [5, 5]]);
    }
}
