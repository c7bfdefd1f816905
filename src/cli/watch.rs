//! The clock and the stop key: the outside's word on whether to go on.

use std::future::ready;
use std::pin::pin;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tracing::debug;

use super::ending::Ending;
use super::output;
use crate::solve::{StopReason, Watch};

pub(super) struct Clock {
    /// None: as long as it takes.
    deadline: Option<Instant>,
    pressed: Arc<AtomicBool>,
}

impl Clock {
    /// Starts now. From here on the first Ctrl-C asks for the answer so far and the second ends the program.
    pub(super) fn start(limit: Option<Duration>) -> Clock {
        let pressed = Arc::new(AtomicBool::new(false));
        listen(Arc::clone(&pressed));
        Clock::new(limit, pressed)
    }

    fn new(limit: Option<Duration>, pressed: Arc<AtomicBool>) -> Clock {
        // A limit beyond what a clock can count to is no limit.
        Clock { deadline: limit.and_then(|limit| Instant::now().checked_add(limit)), pressed }
    }
}

impl Watch for Clock {
    fn stop(&self) -> Option<StopReason> {
        if self.pressed.load(Ordering::Relaxed) {
            return Some(StopReason::Cancelled);
        }
        (self.remaining()? == Duration::ZERO).then_some(StopReason::Deadline)
    }

    fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

/// Where the key cannot be listened to, it keeps its meaning: the program ends at once.
fn listen(pressed: Arc<AtomicBool>) {
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
            pressed.store(true, Ordering::Relaxed);
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
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::Clock;
    use crate::solve::{StopReason, Watch};

    fn clock(limit: Option<Duration>) -> (Clock, Arc<AtomicBool>) {
        let pressed = Arc::new(AtomicBool::new(false));
        (Clock::new(limit, Arc::clone(&pressed)), pressed)
    }

    #[test]
    fn without_a_limit_only_the_key_stops() {
        let (clock, pressed) = clock(None);
        assert_eq!((clock.stop(), clock.remaining()), (None, None));
        pressed.store(true, Ordering::Relaxed);
        assert_eq!(clock.stop(), Some(StopReason::Cancelled));
    }

    #[test]
    fn a_limit_of_nothing_has_come_and_one_of_an_hour_has_not() {
        assert_eq!(clock(Some(Duration::ZERO)).0.stop(), Some(StopReason::Deadline));
        let (hour, _) = clock(Some(Duration::from_secs(3600)));
        assert_eq!(hour.stop(), None);
        assert!(hour.remaining().is_some_and(|left| Duration::from_secs(3000) < left));
    }

    #[test]
    fn the_key_comes_before_the_clock() {
        let (clock, pressed) = clock(Some(Duration::ZERO));
        pressed.store(true, Ordering::Relaxed);
        assert_eq!(clock.stop(), Some(StopReason::Cancelled));
    }

    #[test]
    fn a_limit_past_the_end_of_time_is_none() {
        assert_eq!(clock(Some(Duration::MAX)).0.remaining(), None);
    }
}
