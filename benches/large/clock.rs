//! Seconds on the wall and on all processors of one piece of work.

use std::time::Instant;

pub struct Clock {
    wall: Instant,
    cpu: Option<f64>,
}

/// Seconds; `cpu` is None where the system does not say.
#[derive(Clone, Copy, Debug)]
pub struct Seconds {
    pub wall: f64,
    pub cpu: Option<f64>,
}

impl Clock {
    pub fn start() -> Clock {
        Clock { cpu: cpu_seconds(), wall: Instant::now() }
    }

    pub fn read(&self) -> Seconds {
        let wall = self.wall.elapsed().as_secs_f64();
        let cpu = cpu_seconds().zip(self.cpu).map(|(now, then)| now - then);
        Seconds { wall, cpu }
    }
}

/// Time that this process's threads have run. Those that ended are not in it: what is measured keeps its threads.
fn cpu_seconds() -> Option<f64> {
    let mut nanoseconds = 0_u64;
    for thread in std::fs::read_dir("/proc/self/task").ok()? {
        let scheduled = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        nanoseconds += scheduled.split_ascii_whitespace().next()?.parse::<u64>().ok()?;
    }
    Some(nanoseconds as f64 / 1e9)
}
