//! One search for an answer: the clock, the stop key, the progress bar and the threads that it runs with.

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::progress::Bar;
use super::settings::Solving;
use super::watch::Clock;
use crate::solve::Effort;

pub(super) struct Search {
    clock: Clock,
    bar: Bar,
    /// None where threads cannot be had: the work then stays on this one, with the same answer.
    threads: Option<ThreadPool>,
}

impl Search {
    /// The clock starts now.
    pub(super) fn start(solving: &Solving) -> Search {
        Search { clock: Clock::start(solving.limit), bar: Bar::new(), threads: ThreadPoolBuilder::new().build().ok() }
    }

    pub(super) fn effort(&self) -> Effort<'_> {
        let effort = Effort::unlimited().watched(&self.clock).observed(&self.bar);
        match &self.threads {
            Some(threads) => effort.on(threads),
            None => effort,
        }
    }
}
