//! Seconds on the wall and on all processors of one piece of work.

use std::time::Instant;

use super::memory;

pub struct Clock {
    wall: Instant,
    cpu: Option<f64>,
}

/// Seconds; `cpu` in hundredths, None where the system does not say.
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

/// User and system time of this process and its threads.
fn cpu_seconds() -> Option<f64> {
    /// What Linux counts in, whatever the machine's own tick.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = memory::read("stat")?;
    // The second field is the program's name in brackets and may hold spaces; the times are the 14th and 15th.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / TICKS_PER_SECOND)
}
