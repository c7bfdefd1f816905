//! One search for an answer: the clock, the stop key, the progress bar and the threads that it runs with. It begins
//! before the bundle is read, which is part of the work.

use std::path::Path;
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};
use tracing::debug;

use super::ending::Failure;
use super::examples::Example;
use super::load::{self, Read};
use super::progress::Bar;
use super::settings::Bundle;
use super::watch::Clock;
use crate::engine::Resident;
use crate::solve::Effort;

pub(super) struct Search {
    clock: Clock,
    bar: Bar,
    /// None where threads cannot be had: the work then stays on this one, with the same answer.
    threads: Option<ThreadPool>,
}

impl Search {
    /// The clock starts now. Without a `limit` it takes as long as it takes.
    pub(super) fn start(limit: Option<Duration>) -> Search {
        Search { clock: Clock::start(limit), bar: Bar::new(), threads: ThreadPoolBuilder::new().build().ok() }
    }

    pub(super) fn effort(&self) -> Effort<'_> {
        self.on_threads(Effort::unlimited().watched(&self.clock))
    }

    /// Reads and checks a bundle.
    pub(super) fn read(&self, bundle: &Bundle) -> Result<Read, Failure> {
        let watch = self.clock.loading();
        let effort = self.on_threads(Effort::unlimited().watched(&watch));
        load::read(bundle, &effort).map_err(|failure| failure.within(self.clock.limit()))
    }

    /// The locality in a bundle, for commands that cannot do without one. It stays until the process ends, which is right
    /// after the answer: taking a large one apart piece by piece would make whoever asked wait a tenth of a second.
    pub(super) fn resident(&self, bundle: &Bundle) -> Result<&'static Resident, Failure> {
        match self.read(bundle)? {
            Read::Accepted(loaded) => {
                debug!("The bundle is read");
                Ok(&Box::leak(loaded).resident)
            }
            Read::Refused(problems) => Err(Failure::Refused { path: bundle.path.clone(), problems }),
        }
    }

    /// As [`Search::resident`], with a policy in place of the bundle's own where one is given.
    pub(super) fn resident_with(&self, bundle: &Bundle, policy: Option<&Path>) -> Result<&'static Resident, Failure> {
        let Some(policy) = policy else { return self.resident(bundle) };
        let watch = self.clock.loading();
        let effort = self.on_threads(Effort::unlimited().watched(&watch));
        match load::read_with(bundle, policy, &effort).map_err(|failure| failure.within(self.clock.limit()))? {
            Read::Accepted(loaded) => Ok(&Box::leak(loaded).resident),
            Read::Refused(problems) => Err(Failure::Refused { path: bundle.path.clone(), problems }),
        }
    }

    /// A locality that ships with the program.
    pub(super) fn example(&self, example: &Example) -> Result<&'static Resident, Failure> {
        let watch = self.clock.loading();
        let effort = self.on_threads(Effort::unlimited().watched(&watch));
        match load::example(example, &effort).map_err(|failure| failure.within(self.clock.limit()))? {
            Read::Accepted(loaded) => Ok(&Box::leak(loaded).resident),
            Read::Refused(problems) => Err(Failure::Refused { path: example.name.into(), problems }),
        }
    }

    fn on_threads<'s>(&'s self, effort: Effort<'s>) -> Effort<'s> {
        let effort = effort.observed(&self.bar);
        match &self.threads {
            Some(threads) => effort.on(threads),
            None => effort,
        }
    }
}
