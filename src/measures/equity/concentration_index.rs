//! How far something lies with the worse off or the better off.

use crate::solve::{Effort, StopReason};

/// One child, or several alike.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observation {
    /// Place in the order, the worst off lowest: the rank of an area by deprivation, say. Any finite number; only the order
    /// counts, and equal numbers are tied.
    pub rank: f64,
    /// For how many this stands, 0 or more: the children of an area, say.
    pub weight: f64,
    /// What is asked about, in any unit: the share of need met, say.
    pub value: f64,
}

/// What the values of a bounded variable can lie between, both included: 0 and 1 for a share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub low: f64,
    pub high: f64,
}

impl Bounds {
    pub const SHARE: Bounds = Bounds { low: 0.0, high: 1.0 };
}

/// How far a value lies with the worse off (below zero) or the better off (above zero).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConcentrationIndex {
    /// The weighted mean, in the unit of the value.
    pub mean: f64,
    /// The index times the mean, in the unit of the value: twice the covariance of value and fractional rank. It has no
    /// denominator, so it stands even where the mean is zero.
    pub absolute: f64,
    /// The least and the greatest value seen.
    pub seen: Bounds,
}

impl ConcentrationIndex {
    /// The concentration index C, twice the area between curve and diagonal: -1 to 1 for values that are not negative, 0
    /// where the value does not go with the rank (Kakwani, Wagstaff and van Doorslaer 1997). `None` unless the mean is
    /// above zero.
    pub fn index(&self) -> Option<f64> {
        (0.0 < self.mean).then(|| self.absolute / self.mean).filter(|index| index.is_finite())
    }

    /// Wagstaff's (2005) form for a bounded value, C mean (high - low) / ((high - mean)(mean - low)): -1 to 1, both
    /// reached whatever the mean, so that a common and a rare thing can be compared. `None` where everyone is at one
    /// bound, or a value lies outside.
    pub fn wagstaff(&self, bounds: Bounds) -> Option<f64> {
        let room = (bounds.high - self.mean) * (self.mean - bounds.low);
        (self.is_within(bounds) && 0.0 < room).then(|| self.absolute * (bounds.high - bounds.low) / room)
    }

    /// Erreygers's (2009) form for a bounded value, 4 mean C / (high - low): -1 to 1, and the same in size whether what is
    /// met is asked about or what is unmet. `None` where a value lies outside the bounds.
    pub fn erreygers(&self, bounds: Bounds) -> Option<f64> {
        self.is_within(bounds).then(|| 4.0 * self.absolute / (bounds.high - bounds.low))
    }

    fn is_within(&self, bounds: Bounds) -> bool {
        bounds.low < bounds.high && bounds.low <= self.seen.low && self.seen.high <= bounds.high
    }
}

/// The weighted concentration index with ties shared, C = 2 / (mean W) x sum of w_i (h_i - mean) R_i, where the fractional
/// rank R_i is the weight ranked before plus half the weight tied with i, over the whole weight W.
///
/// (Kakwani, Wagstaff and van Doorslaer 1997 in the covariance form; ties as in van Ourti 2004, so that a weight of two is
/// the same as the same observation twice.) Observations without weight count for nothing. `None` where nothing has weight,
/// or a number is not finite, or a weight is negative. O(n log n); the order of the observations does not matter, not even
/// to the last bit.
pub fn concentration_index(
    observations: &[Observation],
    effort: &Effort,
) -> Result<Option<ConcentrationIndex>, StopReason> {
    let mut sorted = Vec::with_capacity(observations.len());
    for observation in observations {
        effort.tick(1)?;
        let Observation { rank, weight, value } = *observation;
        if !(rank.is_finite() && weight.is_finite() && value.is_finite() && 0.0 <= weight) {
            return Ok(None);
        }
        if 0.0 < weight {
            sorted.push(*observation);
        }
    }
    // By every field, so that sums run in one order whatever the caller's.
    sorted.sort_unstable_by(|one, other| {
        let by_rank = one.rank.total_cmp(&other.rank);
        by_rank.then(one.weight.total_cmp(&other.weight)).then(one.value.total_cmp(&other.value))
    });
    effort.look()?;
    index_of_sorted(&sorted, effort)
}

fn index_of_sorted(sorted: &[Observation], effort: &Effort) -> Result<Option<ConcentrationIndex>, StopReason> {
    let (mut whole, mut sum) = (0.0, 0.0);
    let mut seen = Bounds { low: f64::INFINITY, high: f64::NEG_INFINITY };
    for observation in sorted {
        effort.tick(1)?;
        whole += observation.weight;
        sum += observation.weight * observation.value;
        seen = Bounds { low: seen.low.min(observation.value), high: seen.high.max(observation.value) };
    }
    let mean = sum / whole;
    let (mut before, mut covariance) = (0.0, 0.0);
    for tied in sorted.chunk_by(|one, next| one.rank == next.rank) {
        effort.tick(tied.len() as u64)?;
        let weight: f64 = tied.iter().map(|observation| observation.weight).sum();
        let rank = (before + weight / 2.0) / whole;
        let beyond: f64 = tied.iter().map(|observation| observation.weight * (observation.value - mean)).sum();
        covariance += beyond * rank;
        before += weight;
    }
    let absolute = 2.0 * covariance / whole;
    // Without observations, and where sums outgrow a float, there is no index to tell.
    Ok((mean.is_finite() && absolute.is_finite()).then_some(ConcentrationIndex { mean, absolute, seen }))
}
