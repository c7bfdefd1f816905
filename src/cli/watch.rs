//! The clock and the stop key: the outside's word on whether to go on.

use std::future::ready;
use std::pin::pin;
use std::process;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use tracing::debug;

use super::ending::Ending;
use super::output;
use crate::solve::{StopReason, Watch};

pub(super) struct Clock {
    started: Instant,
    /// None: as long as it takes.
    deadline: Option<Instant>,
    pressed: Arc<Pressed>,
}

/// When the stop key was pressed, if it was.
#[derive(Default)]
struct Pressed(OnceLock<Instant>);

impl Clock {
    /// What a stop that comes while the bundle is read waits for the rest of it: with a locality there is a valid answer
    /// and a bound, without one there is nothing. Small bundles are read in less.
    const GRACE: Duration = Duration::from_millis(120);

    /// Starts now. From here on the first Ctrl-C asks for the answer so far and the second ends the program.
    pub(super) fn start(limit: Option<Duration>) -> Clock {
        let pressed = Arc::new(Pressed::default());
        listen(Arc::clone(&pressed));
        Clock::new(limit, pressed)
    }

    fn new(limit: Option<Duration>, pressed: Arc<Pressed>) -> Clock {
        let started = Instant::now();
        // A limit beyond what a clock can count to is no limit.
        Clock { started, deadline: limit.and_then(|limit| started.checked_add(limit)), pressed }
    }

    /// The limit as it was asked for.
    pub(super) fn limit(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.duration_since(self.started))
    }

    /// As the clock, for the time before there is a locality.
    pub(super) fn loading(&self) -> Loading<'_> {
        Loading { clock: self }
    }

    /// Why to stop, where that came up this long ago.
    fn stopped_for(&self, long: Duration) -> Option<StopReason> {
        let past = |at: Instant| at.elapsed() >= long && at <= Instant::now();
        if self.pressed.0.get().is_some_and(|&at| past(at)) {
            return Some(StopReason::Cancelled);
        }
        self.deadline.filter(|&deadline| past(deadline)).map(|_| StopReason::Deadline)
    }
}

impl Watch for Clock {
    fn stop(&self) -> Option<StopReason> {
        self.stopped_for(Duration::ZERO)
    }

    fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

/// See [`Clock::loading`].
pub(super) struct Loading<'c> {
    clock: &'c Clock,
}

impl Watch for Loading<'_> {
    fn stop(&self) -> Option<StopReason> {
        self.clock.stopped_for(Clock::GRACE)
    }

    fn remaining(&self) -> Option<Duration> {
        self.clock.remaining().map(|left| left + Clock::GRACE)
    }
}

/// Where the key cannot be listened to, it keeps its meaning: the program ends at once.
fn listen(pressed: Arc<Pressed>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    let listening = move || {
        runtime.block_on(async {
            let mut key = pin!(tokio::signal::ctrl_c());
            // Asking once is what takes the key over; only then is it true that we listen.
            let first = tokio::select! {
                biased;
                pressed = &mut key => pressed,
                () = ready(()) => {
                    debug!("Listening for the stop key");
                    key.await
                }
            };
            if first.is_err() {
                return;
            }
            // It is set here alone, and once.
            let _ = pressed.0.set(Instant::now());
            output::remark("Interrupted: giving the answer so far. Press Ctrl-C again to end at once.");
            if tokio::signal::ctrl_c().await.is_ok() {
                process::exit(i32::from(Ending::Interrupted.code()));
            }
        });
    };
    // Not joined: it waits for a key that may never be pressed, and ends with the program.
    let _ = thread::Builder::new().name("stop-key".to_owned()).spawn(listening);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::{Clock, Pressed};
    use crate::solve::{StopReason, Watch};

    fn clock(limit: Option<Duration>) -> (Clock, Arc<Pressed>) {
        let pressed = Arc::new(Pressed::default());
        (Clock::new(limit, Arc::clone(&pressed)), pressed)
    }

    #[test]
    fn without_a_limit_only_the_key_stops() {
        let (clock, pressed) = clock(None);
        assert_eq!((clock.stop(), clock.remaining()), (None, None));
        pressed.0.set(Instant::now()).expect("it was not pressed before");
        assert_eq!(clock.stop(), Some(StopReason::Cancelled));
    }

    #[test]
    fn a_limit_of_nothing_has_come_and_one_of_an_hour_has_not() {
        assert_eq!(clock(Some(Duration::ZERO)).0.stop(), Some(StopReason::Deadline));
        let (hour, _) = clock(Some(Duration::from_secs(3600)));
        assert_eq!((hour.stop(), hour.limit()), (None, Some(Duration::from_secs(3600))));
        assert!(hour.remaining().is_some_and(|left| Duration::from_secs(3000) < left));
    }

    #[test]
    fn the_key_comes_before_the_clock() {
        let (clock, pressed) = clock(Some(Duration::ZERO));
        pressed.0.set(Instant::now()).expect("it was not pressed before");
        assert_eq!(clock.stop(), Some(StopReason::Cancelled));
    }

    #[test]
    fn a_limit_past_the_end_of_time_is_none() {
        assert_eq!(clock(Some(Duration::MAX)).0.remaining(), None);
    }

    #[test]
    fn reading_a_bundle_goes_on_for_a_moment_and_no_longer() {
        let now = Instant::now();
        for (ago, stops) in [(Duration::ZERO, None), (2 * Clock::GRACE, Some(StopReason::Deadline))] {
            let deadline = now.checked_sub(ago);
            assert!(deadline.is_some(), "the machine has run for a second");
            let clock = Clock { started: now, deadline, pressed: Arc::default() };
            assert_eq!(clock.stop(), Some(StopReason::Deadline));
            assert_eq!(clock.loading().stop(), stops, "{ago:?}");
        }
    }
}
