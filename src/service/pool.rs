//! Threads that solve, apart from those that talk. A bounded queue stands before them: past it a call is refused at once
//! rather than kept waiting, and work whose caller has left is never begun.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::error::Error;
use super::watch::{CallLimits, CallWatch, LeaveOnDrop};

/// How long a refused caller is asked to wait. Most answers take less; a queue that is full now has moved by then.
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub struct SolverPool {
    shared: Arc<Shared>,
}

struct Shared {
    work: Mutex<Work>,
    more: Condvar,
    /// Running and waiting together. A thread that is about to take up its work leaves no gap in the count.
    most: usize,
    /// What the work asks.
    closing: Arc<AtomicBool>,
    /// What those who wait for an answer are woken by: work may take a moment to notice.
    closed: CancellationToken,
}

#[derive(Default)]
struct Work {
    waiting: VecDeque<Job>,
    running: usize,
}

struct Job {
    watch: Arc<CallWatch>,
    /// Does the work, and returns what hands over its outcome.
    work: Box<dyn FnOnce() -> Handover + Send>,
}

type Handover = Box<dyn FnOnce()>;

impl SolverPool {
    /// Starts `threads` threads (at least one) behind a queue of `most_waiting`.
    pub fn start(threads: usize, most_waiting: usize) -> io::Result<SolverPool> {
        let threads = threads.max(1);
        let shared = Arc::new(Shared {
            work: Mutex::default(),
            more: Condvar::new(),
            most: threads.saturating_add(most_waiting),
            closing: Arc::default(),
            closed: CancellationToken::new(),
        });
        let pool = SolverPool { shared };
        for number in 0..threads {
            let shared = pool.shared.clone();
            thread::Builder::new().name(format!("solver-{number}")).spawn(move || shared.work_until_closed())?;
        }
        Ok(pool)
    }

    /// Runs `work` on a solver thread. Dropping the future tells the work to stop through its watch.
    pub async fn run<T: Send + 'static>(
        &self,
        limits: CallLimits,
        work: impl FnOnce(&CallWatch) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.begin(limits, work)?.outcome().await
    }

    /// Admits `work`, or refuses it at once. What is given back waits for its outcome.
    pub fn begin<T: Send + 'static>(
        &self,
        limits: CallLimits,
        work: impl FnOnce(&CallWatch) -> Result<T, Error> + Send + 'static,
    ) -> Result<Running<T>, Error> {
        let watch = Arc::new(CallWatch::new(limits, Instant::now(), self.shared.closing.clone()));
        let leaves = LeaveOnDrop(watch.clone());
        let (answer, answered) = oneshot::channel();
        let for_work = watch.clone();
        self.shared.push(Job {
            watch: watch.clone(),
            work: Box::new(move || {
                let outcome = match for_work.over() {
                    Some(over) => Err(over),
                    None => caught(|| work(&for_work)),
                };
                Box::new(move || {
                    // Nobody listens any more where the caller has left.
                    let _ = answer.send(outcome);
                })
            }),
        })?;
        Ok(Running { leaves, answered, closed: self.shared.closed.clone() })
    }

    /// Work under way now.
    pub fn running(&self) -> usize {
        self.shared.lock().running
    }

    /// Work not yet begun.
    pub fn waiting(&self) -> usize {
        self.shared.lock().waiting.len()
    }

    /// Tells all work to stop, and takes no more.
    pub fn close(&self) {
        self.shared.closing.store(true, Ordering::Relaxed);
        self.shared.closed.cancel();
        self.shared.lock().waiting.clear();
        self.shared.more.notify_all();
    }
}

/// Work that was admitted. Dropping it tells the work to stop through its watch.
pub struct Running<T> {
    leaves: LeaveOnDrop,
    answered: oneshot::Receiver<Result<T, Error>>,
    closed: CancellationToken,
}

impl<T> Running<T> {
    pub async fn outcome(self) -> Result<T, Error> {
        let Running { leaves, answered, closed } = self;
        let LeaveOnDrop(watch) = &leaves;
        tokio::select! {
            answered = answered => match answered {
                // An answer that was cut short by the call's end is not the answer that was asked for.
                Ok(outcome) => watch.over().map_or(outcome, Err),
                // The queue was emptied because the server closes.
                Err(_) => Err(watch.over().unwrap_or(Error::Closing)),
            },
            () = closed.cancelled() => Err(Error::Closing),
        }
    }
}

impl Drop for SolverPool {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn push(&self, job: Job) -> Result<(), Error> {
        let mut work = self.lock();
        if self.closing.load(Ordering::Relaxed) {
            return Err(Error::Closing);
        }
        if self.most <= work.running + work.waiting.len() {
            work.waiting.retain(|job| job.watch.over().is_none());
        }
        if self.most <= work.running + work.waiting.len() {
            return Err(Error::Busy { retry_after: RETRY_AFTER });
        }
        work.waiting.push_back(job);
        self.more.notify_one();
        Ok(())
    }

    fn work_until_closed(&self) {
        while let Some(job) = self.next() {
            let hand_over = (job.work)();
            // First, so that whoever has the answer finds the thread free.
            self.lock().running -= 1;
            hand_over();
        }
    }

    fn next(&self) -> Option<Job> {
        let mut work = self.lock();
        loop {
            if self.closing.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(job) = work.waiting.pop_front() {
                work.running += 1;
                return Some(job);
            }
            work = self.more.wait(work).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A panic cannot leave the queue half changed: nothing that can panic runs under the lock.
    fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Turns a panic into an error, so that a fault costs one call and not the server. What the work held is dropped with it;
/// it shares only immutable localities with other calls.
fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        error!(panic = text, "Work on a solver thread panicked: {text}");
        Err(Error::Internal { log: format!("panicked: {text}") })
    })
}

#[cfg(test)]
mod tests {
    use super::{CallLimits, Error, SolverPool};
    use crate::service::error::ErrorKind;
    use crate::solve::Watch;
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    fn no_hurry() -> CallLimits {
        CallLimits { deadline: Instant::now() + Duration::from_secs(60), time_limit: None }
    }

    #[tokio::test]
    async fn work_is_done_and_a_panic_is_an_error() {
        let pool = SolverPool::start(1, 4).unwrap();
        assert_eq!(pool.run(no_hurry(), |_| Ok(7)).await, Ok(7));
        let failed = pool.run(no_hurry(), |_| -> Result<(), Error> { panic!("planted") }).await;
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(pool.run(no_hurry(), |_| Ok(8)).await, Ok(8), "the thread survives");
        assert_eq!(pool.running(), 0);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_a_leaving_caller_stops_the_work() {
        let pool = SolverPool::start(1, 1).unwrap();
        let (began, has_began) = mpsc::channel();
        let (ended, has_ended) = mpsc::channel();
        let long = pool.run(no_hurry(), move |watch| {
            began.send(()).unwrap();
            while watch.stop().is_none() {
                std::hint::spin_loop();
            }
            ended.send(()).unwrap();
            Ok(())
        });
        let mut long = Box::pin(long);
        assert!(poll_once(long.as_mut()).await.is_none());
        has_began.recv_timeout(Duration::from_secs(10)).unwrap();
        let mut waits = Box::pin(pool.run(no_hurry(), |_| Ok(())));
        assert!(poll_once(waits.as_mut()).await.is_none());
        let refused = pool.run(no_hurry(), |_| Ok(())).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Busy);
        drop(waits);
        let mut takes_its_place = Box::pin(pool.run(no_hurry(), |_| Ok(())));
        assert!(poll_once(takes_its_place.as_mut()).await.is_none());
        drop(long);
        has_ended.recv_timeout(Duration::from_secs(10)).expect("the work was told that its caller left");
        assert_eq!(takes_its_place.await, Ok(()));
    }

    #[tokio::test]
    async fn closing_ends_what_waits_and_what_runs() {
        let pool = SolverPool::start(1, 4).unwrap();
        let (began, has_began) = mpsc::channel();
        let mut runs = Box::pin(pool.run(no_hurry(), move |watch| {
            began.send(()).unwrap();
            while watch.stop().is_none() {
                std::hint::spin_loop();
            }
            Ok(())
        }));
        assert!(poll_once(runs.as_mut()).await.is_none());
        has_began.recv_timeout(Duration::from_secs(10)).unwrap();
        let mut waits = Box::pin(pool.run(no_hurry(), |_| Ok(())));
        assert!(poll_once(waits.as_mut()).await.is_none());
        pool.close();
        assert_eq!(runs.await, Err(Error::Closing));
        assert_eq!(waits.await, Err(Error::Closing));
        assert_eq!(pool.run(no_hurry(), |_| Ok(())).await, Err(Error::Closing));
    }

    #[tokio::test]
    async fn closing_waits_for_no_work_that_does_not_look_up() {
        let pool = SolverPool::start(1, 0).unwrap();
        let (let_go, may_end) = mpsc::channel::<()>();
        let mut runs = Box::pin(pool.run(no_hurry(), move |_| {
            // Until the test drops its end.
            let _ = may_end.recv();
            Ok(())
        }));
        assert!(poll_once(runs.as_mut()).await.is_none());
        pool.close();
        assert_eq!(runs.await, Err(Error::Closing));
        drop(let_go);
    }

    #[tokio::test]
    async fn a_deadline_that_has_passed_begins_no_work() {
        let pool = SolverPool::start(1, 4).unwrap();
        let over = CallLimits { deadline: Instant::now(), time_limit: None };
        let answer = pool.run(over, |_| -> Result<(), Error> { panic!("must not begin") }).await;
        assert_eq!(answer, Err(Error::Deadline));
    }

    async fn poll_once<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match std::pin::Pin::new(&mut future).poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}
