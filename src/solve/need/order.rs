//! Sources by falling weight.

use crate::solve::Network;

/// The sources that have something worth sending, heaviest first, equal weights in order of position.
///
/// A radix sort from the lowest digit (Knuth 1998, section 5.2.5), because a million sources have few weights, mostly
/// small: one pass for weights below 2^16.
pub(super) fn by_falling_weight(network: &Network, weights: &[i64]) -> Vec<u32> {
    const DIGIT: u32 = 16;
    let worth = |source: u32| weights[source as usize];
    // No costs at all stand for zeros: nothing is worth sending then.
    let mut order: Vec<u32> = (0u32..)
        .zip(network.sources().iter().zip(weights))
        .filter(|(_, (source, weight))| 0 < source.units && 0 < **weight)
        .map(|(position, _)| position)
        .collect();
    let (Some(least), Some(most)) = (order.iter().map(|at| worth(*at)).min(), order.iter().map(|at| worth(*at)).max())
    else {
        return order;
    };
    let range = (most - least) as u64;
    let mut sorted = vec![0u32; if least == most { 0 } else { order.len() }];
    let mut shift = 0;
    while shift < u64::BITS && 0 < range >> shift {
        let digit = |source: u32| (((most - worth(source)) as u64 >> shift) & ((1 << DIGIT) - 1)) as usize;
        let mut next = vec![0u32; ((range >> shift) as usize).min((1 << DIGIT) - 1) + 2];
        for source in &order {
            next[digit(*source) + 1] += 1;
        }
        for at in 1..next.len() {
            next[at] += next[at - 1];
        }
        for source in &order {
            let at = &mut next[digit(*source)];
            sorted[*at as usize] = *source;
            *at += 1;
        }
        std::mem::swap(&mut order, &mut sorted);
        shift += DIGIT;
    }
    order
}
