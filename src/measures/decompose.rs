//! A change of something that hangs on three things, split among the three.
//!
//! If need, supply and the way of matching all changed between two years, what each did to the unmet need hangs on the
//! order in which they are changed. The mean over all six orders favours none (Shapley 1953; as a decomposition of a
//! change, Shorrocks 2013), and its parts sum to the change.

use std::ops::{Add, Sub};

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

/// The change of a count and its three parts, with nothing rounded: the parts, in sixths, sum to six times the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sixths {
    /// In the order of the factors; in sixths of what is counted.
    pub parts: [i128; 3],
    /// All factors after, less all before; whole.
    pub change: i128,
}

/// Splits the change of `value` by the mean over all six orders in which the factors can pass from before to after.
///
/// `value` is asked once for each of the eight mixtures, from all before to all after; its first error ends it.
pub fn mean_over_orders<E>(value: impl FnMut([Side; 3]) -> Result<f64, E>) -> Result<Parts, E> {
    let values = of_all_mixtures(value)?;
    Ok(Parts { parts: sixths(&values).map(|sixths| sixths / 6.0), change: values[7] - values[0] })
}

/// As [`mean_over_orders`], of a count.
pub fn count_over_orders<E>(mut value: impl FnMut([Side; 3]) -> Result<u64, E>) -> Result<Sixths, E> {
    let values = of_all_mixtures(|sides| value(sides).map(i128::from))?;
    Ok(Sixths { parts: sixths(&values), change: values[7] - values[0] })
}

fn of_all_mixtures<V: Copy + Default, E>(mut value: impl FnMut([Side; 3]) -> Result<V, E>) -> Result<[V; 8], E> {
    let mut values = [V::default(); 8];
    for (mixture, slot) in values.iter_mut().enumerate() {
        *slot = value([0, 1, 2].map(|factor| if passed(mixture, factor) { Side::After } else { Side::Before }))?;
    }
    Ok(values)
}

/// Six times the mean of each factor's step over all orders.
fn sixths<V: Copy + Add<Output = V> + Sub<Output = V>>(values: &[V; 8]) -> [V; 3] {
    [0, 1, 2].map(|factor| {
        let step = |mixture: usize| values[mixture | 1 << factor] - values[mixture];
        let [one, other] = [1 << ((factor + 1) % 3), 1 << ((factor + 2) % 3)];
        let (first, last) = (step(0), step(one | other));
        // Of six orders the factor goes first in two, last in two, and between the others in one each way.
        first + first + step(one) + step(other) + (last + last)
    })
}

/// A mixture is a number of three bits: the factors that have passed.
fn passed(mixture: usize, factor: usize) -> bool {
    mixture & 1 << factor != 0
}

#[cfg(test)]
mod tests;
