//! How far chance alone may have moved an observed share.
//!
//! Only for a sample. Where everyone is counted, or a figure is modelled, the doubt lies in definitions and in what is
//! not known, and an interval of this kind would claim a certainty of another sort: the caller then says "no sampling
//! error".

/// How sure an interval is. Both levels are those of English public-health statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// 95 %.
    P95,
    /// 99.8 %: the control limit of a funnel plot.
    P998,
}

impl Level {
    pub const ALL: [Level; 2] = [Level::P95, Level::P998];

    /// The share of samples whose interval holds the truth, 0 to 1.
    pub fn share(self) -> f64 {
        match self {
            Level::P95 => 0.95,
            Level::P998 => 0.998,
        }
    }

    /// The point of the normal distribution that leaves half the rest above it, to the last bit of a float.
    pub fn z(self) -> f64 {
        match self {
            Level::P95 => 1.959_963_984_540_054,
            Level::P998 => 3.090_232_306_167_813,
        }
    }
}

/// From `low` to `high`, both shares of one, 0 <= low <= high <= 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// The score interval of a share of `x` in a sample of `n` (Wilson 1927; Newcombe and Altman 2000):
/// (2x + z^2 -/+ z sqrt(z^2 + 4x (1 - x/n))) / (2 (n + z^2)).
///
/// Unlike the plain normal interval it stays within 0 and 1 and says something of 0 in `n`. `None` where nobody was asked
/// (`n` = 0) or `x` is more than `n`. Constant time.
pub fn wilson(x: u64, n: u64, level: Level) -> Option<Interval> {
    if n == 0 || n < x {
        return None;
    }
    let z = level.z();
    let (found, asked) = (x as f64, n as f64);
    // (n - x) / n is taken as a whole difference first, so that x = n leaves nothing under the root but z^2.
    let spread = z * (z * z + 4.0 * found * ((n - x) as f64 / asked)).sqrt();
    let (middle, under) = (2.0 * found + z * z, 2.0 * (asked + z * z));
    // At the ends the interval touches 0 and 1 exactly: the root of a square loses nothing, a quotient may lose a bit.
    let low = ((middle - spread) / under).max(0.0);
    let high = if x == n { 1.0 } else { ((middle + spread) / under).min(1.0) };
    Some(Interval { low, high })
}

#[cfg(test)]
mod tests;
