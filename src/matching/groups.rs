//! Who counts together: holders by area or by a group column, for floors and evenness.

use std::collections::BTreeMap;

use crate::domain::policy::GroupBy;
use crate::domain::{AreaIx, HolderIx, Locality};

/// A group of holders. Groups outside have no term of their own in any objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupKey {
    pub inside: bool,
    pub value: GroupValue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupValue {
    Area(AreaIx),
    /// Position of the column, and of the value in it.
    Column(usize, u32),
}

impl GroupKey {
    /// The group of a holder; None where nothing is grouped by.
    pub fn of(locality: &Locality, holder: HolderIx, by: GroupBy) -> Option<GroupKey> {
        let holder = &locality.holders()[holder.ix()];
        let value = match by {
            GroupBy::Nothing => return None,
            GroupBy::Area => GroupValue::Area(holder.area),
            GroupBy::Column(column) => GroupValue::Column(column, holder.groups[column]),
        };
        Some(GroupKey { inside: locality.areas()[holder.area.ix()].inside, value })
    }

    /// Whether it is a group of this grouping.
    pub fn is_of(self, by: GroupBy) -> bool {
        match (self.value, by) {
            (GroupValue::Area(_), GroupBy::Area) => true,
            (GroupValue::Column(column, _), GroupBy::Column(by)) => column == by,
            (GroupValue::Area(_) | GroupValue::Column(..), _) => false,
        }
    }

    /// The group as the bundle names it: an area's id, or the column's value (empty: not stated).
    pub fn name(self, locality: &Locality) -> &str {
        match self.value {
            GroupValue::Area(area) => locality.areas()[area.ix()].id.as_str(),
            GroupValue::Column(column, value) => &locality.group_columns()[column].values[value as usize],
        }
    }
}

impl GroupKey {
    /// The group with its column, so that groups of two columns cannot be confused: `area=E01006074`, `send=yes`, and
    /// `area=E01009999 (outside)`.
    pub fn label(self, locality: &Locality) -> String {
        let column = match self.value {
            GroupValue::Area(_) => "area",
            GroupValue::Column(column, _) => &locality.group_columns()[column].name,
        };
        let outside = if self.inside { "" } else { " (outside)" };
        format!("{column}={}{outside}", self.name(locality))
    }
}

/// How two groupings lie to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// Every group of the first lies in one group of the second.
    FirstInSecond(BTreeMap<GroupKey, GroupKey>),
    SecondInFirst(BTreeMap<GroupKey, GroupKey>),
    Crossing,
}

/// Whether the groupings nest, over the holders that take part. O(holders log groups).
pub fn nesting(pairs: impl Iterator<Item = (GroupKey, GroupKey)>) -> Nesting {
    let mut second_of: BTreeMap<GroupKey, Option<GroupKey>> = BTreeMap::new();
    let mut first_of: BTreeMap<GroupKey, Option<GroupKey>> = BTreeMap::new();
    for (first, second) in pairs {
        agree(&mut second_of, first, second);
        agree(&mut first_of, second, first);
    }
    if let Some(parents) = single_valued(second_of) {
        return Nesting::FirstInSecond(parents);
    }
    single_valued(first_of).map_or(Nesting::Crossing, Nesting::SecondInFirst)
}

fn agree(map: &mut BTreeMap<GroupKey, Option<GroupKey>>, key: GroupKey, value: GroupKey) {
    let entry = map.entry(key).or_insert(Some(value));
    if *entry != Some(value) {
        *entry = None;
    }
}

fn single_valued(map: BTreeMap<GroupKey, Option<GroupKey>>) -> Option<BTreeMap<GroupKey, GroupKey>> {
    map.into_iter().map(|(key, value)| Some((key, value?))).collect()
}
