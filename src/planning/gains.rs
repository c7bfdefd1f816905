//! What a candidate closes: who is served with it and not without it, and the other way round.

use std::collections::BTreeMap;

use crate::domain::{AreaIx, KindIx, Layer, Level, Locality, NeedIx};
use crate::solve::{Effort, StopReason};

/// Child-needs met and their weight, more (or less, below zero) than before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gain {
    pub child_needs: i64,
    pub weight: i64,
}

impl Gain {
    fn add(&mut self, other: Gain) {
        self.child_needs += other.child_needs;
        self.weight += other.weight;
    }
}

/// A gain by parts, over the areas that are inside. Parts that nothing changes in are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gains {
    pub all: Gain,
    /// Of the areas outside, which are in no table.
    pub outside: Gain,
    pub by_kind: BTreeMap<KindIx, Gain>,
    pub by_layer: BTreeMap<Option<Layer>, Gain>,
    pub by_level: BTreeMap<Level, Gain>,
    pub by_area: BTreeMap<AreaIx, Gain>,
    /// For each group column, by position of the value.
    pub by_group: Vec<BTreeMap<u32, Gain>>,
    /// By position of a deficient set.
    pub by_set: BTreeMap<usize, Gain>,
}

/// What `after` meets more than `before`, by source. `set_of` is the deficient set of each source, if it is in one.
/// O(sources + those that differ x group columns x log parts).
pub(super) fn gains(
    locality: &Locality,
    needs: &[NeedIx],
    set_of: &[Option<u32>],
    before: &[u64],
    after: &[u64],
    effort: &Effort,
) -> Result<Gains, StopReason> {
    let mut gains = Gains { by_group: vec![BTreeMap::new(); locality.group_columns().len()], ..Gains::default() };
    effort.tick(before.len() as u64)?;
    for (source, (before, after)) in before.iter().zip(after).enumerate().filter(|(_, (before, after))| before != after)
    {
        let need = &locality.needs()[needs[source].ix()];
        let holder = locality.holder(needs[source]);
        // Sums of child-needs and of their weight stay below 2^53.
        let child_needs = *after as i64 - *before as i64;
        let gain = Gain { child_needs, weight: child_needs * i64::from(need.weight) };
        if !locality.areas()[holder.area.ix()].inside {
            gains.outside.add(gain);
            continue;
        }
        gains.all.add(gain);
        gains.by_kind.entry(need.kind).or_default().add(gain);
        gains.by_layer.entry(locality.kinds()[need.kind.ix()].layer).or_default().add(gain);
        gains.by_level.entry(need.level).or_default().add(gain);
        gains.by_area.entry(holder.area).or_default().add(gain);
        for (column, value) in gains.by_group.iter_mut().zip(&holder.groups) {
            column.entry(*value).or_default().add(gain);
        }
        if let Some(set) = set_of[source] {
            gains.by_set.entry(set as usize).or_default().add(gain);
        }
    }
    Ok(gains)
}
