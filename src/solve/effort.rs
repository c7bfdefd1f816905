//! How much work may be done, and who is told about it. Passed down into every loop that can be long.
//!
//! The clock lives with the caller: a [`Watch`] says when to stop. Tests stop deterministically with a tick limit.

mod order;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// Why work ended before an optimum was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The caller left or pressed the stop key.
    Cancelled,
    /// The time limit came.
    Deadline,
    /// The tick limit came (the same work stops at the same place on every machine).
    TickLimit,
}

impl StopReason {
    pub fn as_str(self) -> &'static str {
        match self {
            StopReason::Cancelled => "cancelled",
            StopReason::Deadline => "deadline",
            StopReason::TickLimit => "tick_limit",
        }
    }
}

/// The outside's word on whether to go on. Asked often, so it should be cheap.
pub trait Watch: Sync {
    fn stop(&self) -> Option<StopReason>;

    /// Time left, for solvers that can only be told beforehand; None where there is no end.
    fn remaining(&self) -> Option<Duration>;
}

/// A step of long work, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub phase: &'static str,
    pub done: u64,
    /// None where the end is not known.
    pub total: Option<u64>,
}

pub trait Observer: Sync {
    fn progress(&self, progress: Progress);
}

/// Limits, listener and threads for one piece of work.
pub struct Effort<'a> {
    watch: Option<&'a dyn Watch>,
    observer: Option<&'a dyn Observer>,
    threads: Option<&'a rayon::ThreadPool>,
    tick_limit: Option<u64>,
    ticks: AtomicU64,
}

impl<'a> Effort<'a> {
    /// The watch is asked once in this many ticks: a tick is about one arc looked at, a few nanoseconds.
    const TICKS_PER_LOOK: u64 = 1 << 14;

    /// As long as it takes, on the calling thread, unheard.
    pub fn unlimited() -> Effort<'static> {
        Effort { watch: None, observer: None, threads: None, tick_limit: None, ticks: AtomicU64::new(0) }
    }

    pub fn watched(self, watch: &'a dyn Watch) -> Effort<'a> {
        Effort { watch: Some(watch), ..self }
    }

    pub fn observed(self, observer: &'a dyn Observer) -> Effort<'a> {
        Effort { observer: Some(observer), ..self }
    }

    pub fn on(self, threads: &'a rayon::ThreadPool) -> Effort<'a> {
        Effort { threads: Some(threads), ..self }
    }

    /// Stops after `ticks` ticks, wherever that is: the deterministic stop that tests use.
    pub fn at_most(self, ticks: u64) -> Effort<'a> {
        Effort { tick_limit: Some(ticks), ..self }
    }

    /// Counts `ticks` of work and says whether to go on.
    pub fn tick(&self, ticks: u64) -> Result<(), StopReason> {
        let before = self.ticks.fetch_add(ticks, Ordering::Relaxed);
        let after = before.saturating_add(ticks);
        if self.tick_limit.is_some_and(|limit| limit < after) {
            return Err(StopReason::TickLimit);
        }
        if before / Effort::TICKS_PER_LOOK == after / Effort::TICKS_PER_LOOK {
            return Ok(());
        }
        self.look()
    }

    /// Asks the watch now, whatever the ticks.
    pub fn look(&self) -> Result<(), StopReason> {
        if self.tick_limit.is_some_and(|limit| limit < self.ticks.load(Ordering::Relaxed)) {
            return Err(StopReason::TickLimit);
        }
        self.watch.and_then(Watch::stop).map_or(Ok(()), Err)
    }

    /// Time left, where there is a limit.
    pub fn remaining(&self) -> Option<Duration> {
        self.watch.and_then(Watch::remaining)
    }

    pub fn report(&self, phase: &'static str, done: u64, total: Option<u64>) {
        if let Some(observer) = self.observer {
            observer.progress(Progress { phase, done, total });
        }
    }

    /// Threads to share work over; None: stay on this one. Answers do not depend on it.
    pub fn threads(&self) -> Option<&'a rayon::ThreadPool> {
        self.threads
    }

    /// How much can be done side by side.
    pub fn n_threads(&self) -> usize {
        self.threads.map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// Does `n` pieces of work, each named by its number. As [`Effort::each`].
    pub fn share<R: Send>(
        &self,
        n: usize,
        work: impl Fn(usize) -> Result<R, StopReason> + Sync + Send,
    ) -> Result<Vec<R>, StopReason> {
        self.each((0..n).collect(), work)
    }

    /// Does pieces of work over the effort's threads. What they give comes back in their order; the first stop ends them
    /// all.
    pub fn each<P: Send, R: Send>(
        &self,
        pieces: Vec<P>,
        work: impl Fn(P) -> Result<R, StopReason> + Sync + Send,
    ) -> Result<Vec<R>, StopReason> {
        match self.threads {
            Some(threads) if 1 < pieces.len() => threads.install(|| pieces.into_par_iter().map(work).collect()),
            _ => pieces.into_iter().map(work).collect(),
        }
    }

    /// As [`Effort::each`], for short work that has to be done whatever the effort says: an answer after a stop, say.
    pub fn finish<P: Send, R: Send>(&self, pieces: Vec<P>, work: impl Fn(P) -> R + Sync + Send) -> Vec<R> {
        match self.threads {
            Some(threads) if 1 < pieces.len() => threads.install(|| pieces.into_par_iter().map(work).collect()),
            _ => pieces.into_iter().map(work).collect(),
        }
    }

    /// Does two things, side by side where there are threads.
    pub fn both<A: Send, B: Send>(&self, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
        match self.threads {
            Some(threads) => threads.install(|| rayon::join(one, other)),
            None => (one(), other()),
        }
    }
}

#[cfg(test)]
mod tests;
