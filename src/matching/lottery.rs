//! The lottery among equals: a fixed order of ids by a keyed hash (SipHash-2-4, Aumasson and Bernstein 2012).
//!
//! Where the objective leaves a choice, the solvers take what comes first in this order. It depends on the ids and on
//! `[ties] seed` alone: not on the order of rows, and not on anything about a child. Whoever wants another draw changes
//! the seed, in the open.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use crate::domain::Id;
use crate::solve::{Effort, StopReason};

/// A drawing of lots under a seed.
pub struct Lottery {
    key: (u64, u64),
}

impl Lottery {
    pub fn new(seed: &str) -> Lottery {
        let half = |number| hash((0, number), seed.as_bytes());
        Lottery { key: (half(0), half(1)) }
    }

    /// The lot of a text; less comes first.
    pub fn lot(&self, text: &str) -> u64 {
        hash(self.key, text.as_bytes())
    }

    /// Positions of `ids` in the order of their lots, equal lots by position. O(n log n).
    pub fn order<'a>(&self, ids: impl Iterator<Item = &'a Id>) -> Vec<usize> {
        let mut lots: Vec<(u64, usize)> = ids.enumerate().map(|(at, id)| (self.lot(id.as_str()), at)).collect();
        lots.sort_unstable();
        lots.into_iter().map(|(_, at)| at).collect()
    }

    /// As [`Lottery::order`], for those of `n` things that are `wanted`, over the effort's threads.
    pub fn order_of<'a>(
        &self,
        n: usize,
        id: impl Fn(usize) -> &'a Id + Sync + Send,
        wanted: impl Fn(&usize) -> bool,
        effort: &Effort,
    ) -> Result<Vec<usize>, StopReason> {
        const BLOCK: usize = 1 << 14;
        // One list for all of them, filled in place: it is as long as anything that comes before the pairs.
        let mut lots: Vec<(u64, usize)> = (0..n).filter(&wanted).map(|at| (0, at)).collect();
        effort.each(lots.chunks_mut(BLOCK).collect(), |block| {
            effort.tick(block.len() as u64)?;
            block.iter_mut().for_each(|(lot, at)| *lot = self.lot(id(*at).as_str()));
            Ok(())
        })?;
        effort.sort(&mut lots)?;
        Ok(lots.into_iter().map(|(_, at)| at).collect())
    }
}

fn hash(key: (u64, u64), bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher24::new_with_keys(key.0, key.1);
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::Lottery;
    use crate::domain::Id;
    use crate::solve::Effort;

    #[test]
    fn the_order_depends_on_seed_and_ids_and_not_on_the_order_of_rows() {
        let ids: Vec<Id> = (0..20).map(|n| Id::parse(&format!("n{n}")).expect("a good id")).collect();
        let drawn = |seed: &str, ids: &[Id]| -> Vec<String> {
            Lottery::new(seed).order(ids.iter()).into_iter().map(|at| ids[at].to_string()).collect()
        };
        let odd = |at: &usize| at % 2 == 1;
        let order = Lottery::new("x").order(ids.iter());
        let some = Lottery::new("x").order_of(ids.len(), |at| &ids[at], odd, &Effort::unlimited());
        assert_eq!(some, Ok(order.into_iter().filter(odd).collect()));
        let turned: Vec<Id> = ids.iter().rev().cloned().collect();
        assert_eq!(drawn("2024-06-30", &ids), drawn("2024-06-30", &turned));
        assert_ne!(drawn("2024-06-30", &ids), drawn("2024-07-01", &ids));
        assert_ne!(drawn("2024-06-30", &ids), ids.iter().map(Id::to_string).collect::<Vec<_>>());
    }
}
