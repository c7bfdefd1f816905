//! Sorting that can be stopped, over the effort's threads.

use super::{Effort, StopReason};

/// Items sorted at a stretch, without a look at the watch: some milliseconds.
const RUN: usize = 1 << 16;

impl Effort<'_> {
    /// Sorts items by merging sorted runs (von Neumann 1945): O(n log n), and as much memory again while it lasts. After
    /// a stop the items are all there, in no promised order. Items that are equal cannot be told apart, so nothing
    /// depends on the number of threads.
    pub fn sort<T: Copy + Ord + Send + Sync>(&self, items: &mut Vec<T>) -> Result<(), StopReason> {
        self.look()?;
        if items.len() <= RUN {
            items.sort_unstable();
            return Ok(());
        }
        self.each(items.chunks_mut(RUN).collect(), |run| {
            run.sort_unstable();
            self.tick(run.len() as u64 * 4)
        })?;
        let mut merged = items.clone();
        let mut sorted = RUN;
        while sorted < items.len() {
            let from = items.chunks(2 * sorted);
            let pieces: Vec<(&[T], &mut [T])> = from.zip(merged.chunks_mut(2 * sorted)).collect();
            self.each(pieces, |(from, to)| {
                let (one, other) = from.split_at(sorted.min(from.len()));
                self.merge(one, other, to)
            })?;
            std::mem::swap(items, &mut merged);
            sorted *= 2;
        }
        Ok(())
    }

    /// Merges two sorted lists into `to`, which is as long as both.
    fn merge<'l, T: Copy + Ord>(&self, mut one: &'l [T], mut other: &'l [T], to: &mut [T]) -> Result<(), StopReason> {
        for run in to.chunks_mut(RUN) {
            self.tick(run.len() as u64)?;
            for place in run {
                let from = match (one.first(), other.first()) {
                    (Some(a), Some(b)) if a <= b => &mut one,
                    (Some(_), None) => &mut one,
                    _ => &mut other,
                };
                // `to` is as long as both lists, so one of them has an item left.
                if let Some((&first, rest)) = from.split_first() {
                    *place = first;
                    *from = rest;
                }
            }
        }
        Ok(())
    }
}
