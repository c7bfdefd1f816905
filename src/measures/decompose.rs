//! A change of something that hangs on three things, split among the three.
//!
//! If need, supply and the way of matching all changed between two years, what each did to the unmet need hangs on the
//! order in which they are changed. The mean over all six orders favours none (Shapley 1953; as a decomposition of a
//! change, Shorrocks 2013), and its parts sum to the change.

/// Whose state a factor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Before,
    After,
}

/// A change and its three parts, in the unit of what changed; any sign. The parts sum to the change up to the rounding
/// of floats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parts {
    /// In the order of the factors.
    pub parts: [f64; 3],
    /// All factors after, less all before.
    pub change: f64,
}

/// Splits the change of `value` by the mean over all six orders in which the factors can pass from before to after.
///
/// `value` is asked once for each of the eight mixtures, from all before to all after; its first error ends it.
pub fn mean_over_orders<E>(mut value: impl FnMut([Side; 3]) -> Result<f64, E>) -> Result<Parts, E> {
    let mut values = [0.0; 8];
    for (mixture, slot) in values.iter_mut().enumerate() {
        *slot = value([0, 1, 2].map(|factor| if passed(mixture, factor) { Side::After } else { Side::Before }))?;
    }
    let parts = [0, 1, 2].map(|factor| {
        let step = |mixture: usize| values[mixture | 1 << factor] - values[mixture];
        let [one, other] = [1 << ((factor + 1) % 3), 1 << ((factor + 2) % 3)];
        // Of six orders the factor goes first in two, last in two, and between the others in one each way.
        (2.0 * step(0) + step(one) + step(other) + 2.0 * step(one | other)) / 6.0
    });
    Ok(Parts { parts, change: values[7] - values[0] })
}

/// A mixture is a number of three bits: the factors that have passed.
fn passed(mixture: usize, factor: usize) -> bool {
    mixture & 1 << factor != 0
}

#[cfg(test)]
mod tests;
