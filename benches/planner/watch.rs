//! A time limit.

use std::time::{Duration, Instant};

use suffice::solve::{StopReason, Watch};

pub struct Limit {
    start: Instant,
    limit: Duration,
}

impl Limit {
    pub fn of(seconds: f64) -> Limit {
        Limit { start: Instant::now(), limit: Duration::from_secs_f64(seconds) }
    }

    pub fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}

impl Watch for Limit {
    fn stop(&self) -> Option<StopReason> {
        (self.limit <= self.start.elapsed()).then_some(StopReason::Deadline)
    }

    fn remaining(&self) -> Option<Duration> {
        Some(self.limit.saturating_sub(self.start.elapsed()))
    }
}
