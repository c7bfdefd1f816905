//! When the work of one call has to stop: its deadline, the time limit it asked for, its caller leaving, or the server
//! closing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::error::Error;
use crate::solve::{StopReason, Watch};

/// How long a call may take, as the caller said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// The call fails at this time.
    pub deadline: Instant,
    /// Work stops this long after it began, and answers with the best found so far and bounds.
    pub time_limit: Option<Duration>,
}

/// What the solver asks. Shared between the call (which may leave) and the thread that works for it.
#[derive(Debug)]
pub struct CallWatch {
    deadline: Instant,
    /// The earlier of the deadline and the end of the time limit.
    stop_at: Instant,
    left: AtomicBool,
    closing: Arc<AtomicBool>,
}

impl CallWatch {
    pub fn new(limits: CallLimits, now: Instant, closing: Arc<AtomicBool>) -> CallWatch {
        let CallLimits { deadline, time_limit } = limits;
        let limit_ends = time_limit.and_then(|limit| now.checked_add(limit));
        let stop_at = limit_ends.map_or(deadline, |end| end.min(deadline));
        CallWatch { deadline, stop_at, left: AtomicBool::new(false), closing }
    }

    /// Why the call can no longer be answered, if it cannot. A time limit alone does not end a call.
    pub fn over(&self) -> Option<Error> {
        if self.left.load(Ordering::Relaxed) {
            Some(Error::Cancelled)
        } else if self.closing.load(Ordering::Relaxed) {
            Some(Error::Closing)
        } else if self.deadline <= Instant::now() {
            Some(Error::Deadline)
        } else {
            None
        }
    }
}

/// What is asked before there is a locality: without one a time limit has no answer to give, so only the end of the call
/// counts.
pub struct BeforeAnswer<'w>(pub &'w CallWatch);

impl Watch for BeforeAnswer<'_> {
    fn stop(&self) -> Option<StopReason> {
        self.0.over().map(|error| match error {
            Error::Deadline => StopReason::Deadline,
            _ => StopReason::Cancelled,
        })
    }

    fn remaining(&self) -> Option<Duration> {
        Some(self.0.deadline.saturating_duration_since(Instant::now()))
    }
}

impl Watch for CallWatch {
    fn stop(&self) -> Option<StopReason> {
        if self.left.load(Ordering::Relaxed) || self.closing.load(Ordering::Relaxed) {
            return Some(StopReason::Cancelled);
        }
        (self.stop_at <= Instant::now()).then_some(StopReason::Deadline)
    }

    fn remaining(&self) -> Option<Duration> {
        Some(self.stop_at.saturating_duration_since(Instant::now()))
    }
}

/// Tells the watch when the future that owns it is dropped: that is how a leaving caller shows.
#[derive(Debug)]
pub struct LeaveOnDrop(pub Arc<CallWatch>);

impl Drop for LeaveOnDrop {
    fn drop(&mut self) {
        self.0.left.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{BeforeAnswer, CallLimits, CallWatch, Error, LeaveOnDrop};
    use crate::solve::{StopReason, Watch};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    const HOUR: Duration = Duration::from_secs(3600);

    fn watch(deadline: Duration, time_limit: Option<Duration>, closing: &Arc<AtomicBool>) -> Arc<CallWatch> {
        let now = Instant::now();
        Arc::new(CallWatch::new(CallLimits { deadline: now + deadline, time_limit }, now, closing.clone()))
    }

    #[test]
    fn a_time_limit_stops_the_work_and_not_the_call() {
        let watch = watch(HOUR, Some(Duration::ZERO), &Arc::default());
        assert_eq!(watch.stop(), Some(StopReason::Deadline));
        assert_eq!(watch.remaining(), Some(Duration::ZERO));
        assert_eq!(watch.over(), None);
    }

    #[test]
    fn before_there_is_an_answer_only_the_end_of_the_call_counts() {
        let limited = watch(HOUR, Some(Duration::ZERO), &Arc::default());
        assert_eq!(BeforeAnswer(&limited).stop(), None);
        assert!(BeforeAnswer(&limited).remaining().is_some_and(|left| HOUR / 2 < left));
        let over = watch(Duration::ZERO, None, &Arc::default());
        assert_eq!(BeforeAnswer(&over).stop(), Some(StopReason::Deadline));
        let left = watch(HOUR, None, &Arc::default());
        drop(LeaveOnDrop(left.clone()));
        assert_eq!(BeforeAnswer(&left).stop(), Some(StopReason::Cancelled));
    }

    #[test]
    fn a_deadline_ends_both() {
        let watch = watch(Duration::ZERO, Some(HOUR), &Arc::default());
        assert_eq!(watch.stop(), Some(StopReason::Deadline));
        assert_eq!(watch.over(), Some(Error::Deadline));
    }

    #[test]
    fn a_leaving_caller_and_a_closing_server_stop_the_work() {
        let closing = Arc::default();
        let left = watch(HOUR, None, &closing);
        let stays = watch(HOUR, None, &closing);
        assert_eq!((left.stop(), left.over()), (None, None));
        drop(LeaveOnDrop(left.clone()));
        assert_eq!((left.stop(), left.over()), (Some(StopReason::Cancelled), Some(Error::Cancelled)));
        assert_eq!(stays.stop(), None);
        closing.store(true, Ordering::Relaxed);
        assert_eq!((stays.stop(), stays.over()), (Some(StopReason::Cancelled), Some(Error::Closing)));
    }
}
