//! What a floor would give one group and cost the rest.

use serde::{Deserialize, Serialize};

use crate::domain::Locality;
use crate::domain::policy::GroupBy;
use crate::engine::Failure;
use crate::gaps::{FloorAnswer, FloorGroup, TriedFloor, floors};
use crate::matching::{Matching, NotFormulated};
use crate::solve::{Effort, StopReason};
use crate::view::common::group_key;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FloorDocument {
    /// The group column.
    pub group: String,
    /// Why no floor was tried; null where one was.
    pub not_tried: Option<String>,
    pub tried: Option<TriedFloorDocument>,
}

/// Solved again with every group to have at least the share that all together have in this matching.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriedFloorDocument {
    /// That share, 0 to 1.
    pub share: f64,
    /// The group with the least share met.
    pub worst: String,
    pub worst_label: String,
    /// Child-needs of that group met in this matching, and with the floor.
    pub met: u64,
    pub met_with_floor: u64,
    /// Child-needs that other groups lose, gains of some not set against losses of others.
    pub rest_loses: u64,
    /// Child-needs that the floors still lack, whoever gives way.
    pub shortfall: u64,
    /// Changes of everything met: in child-needs and in weight inside, and in the weight of all, areas outside included.
    pub child_needs_change: i64,
    pub weight_change: i64,
    pub weight_of_all_change: i64,
    pub by_value: Vec<FloorRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorRow {
    pub key: String,
    pub label: String,
    pub child_needs: u64,
    /// Child-needs that the floor asks for: the share, rounded down to whole child-needs.
    pub floor: u64,
    pub met: u64,
    pub met_with_floor: u64,
}

/// For each group column. The outer error is one of the problem itself.
pub(super) fn documents(
    locality: &Locality,
    matching: &Matching,
    effort: &Effort,
) -> Result<Result<Vec<FloorDocument>, StopReason>, Failure> {
    match floors::by_column(locality, matching, effort) {
        Ok(answers) => {
            let document = |(column, answer): (usize, &FloorAnswer)| document(locality, column, answer);
            Ok(Ok(answers.iter().enumerate().map(document).collect()))
        }
        Err(NotFormulated::Stopped(reason)) => Ok(Err(reason)),
        Err(NotFormulated::Refused(refused)) => Err(refused.into()),
    }
}

fn document(locality: &Locality, column: usize, answer: &FloorAnswer) -> FloorDocument {
    let not_tried = match answer {
        FloorAnswer::Tried(_) => None,
        FloorAnswer::Even => Some("no group lies a whole child-need or more below the share that all have".to_owned()),
        FloorAnswer::PolicyFloor(by) => {
            Some(format!("the policy already holds a floor on {}", grouping(locality, *by)))
        }
        FloorAnswer::NeedIsNotFirst => Some("the policy asks for something else before need".to_owned()),
    };
    let tried = match answer {
        FloorAnswer::Tried(tried) => Some(tried_document(locality, column, tried)),
        FloorAnswer::Even | FloorAnswer::PolicyFloor(_) | FloorAnswer::NeedIsNotFirst => None,
    };
    FloorDocument { group: locality.group_columns()[column].name.clone(), not_tried, tried }
}

fn grouping(locality: &Locality, by: GroupBy) -> &str {
    match by {
        GroupBy::Nothing => "everyone",
        GroupBy::Area => "area",
        GroupBy::Column(column) => &locality.group_columns()[column].name,
    }
}

fn tried_document(locality: &Locality, column: usize, tried: &TriedFloor) -> TriedFloorDocument {
    let TriedFloor { met, child_needs, worst, groups, shortfall, change } = tried;
    let name = |value: u32| group_key(&locality.group_columns()[column], value);
    let row = |(&value, group): (&u32, &FloorGroup)| {
        let FloorGroup { child_needs, floor, met, with_floor } = *group;
        let (key, label) = name(value);
        FloorRow { key, label, child_needs, floor, met, met_with_floor: with_floor }
    };
    let of_worst = groups.get(worst).copied().unwrap_or_default();
    let (worst, worst_label) = name(*worst);
    TriedFloorDocument {
        // A group below its floor has child-needs, so there are some.
        share: *met as f64 / *child_needs as f64,
        worst,
        worst_label,
        met: of_worst.met,
        met_with_floor: of_worst.with_floor,
        rest_loses: tried.rest_loses(),
        shortfall: *shortfall,
        child_needs_change: change.child_needs,
        weight_change: change.weight,
        weight_of_all_change: change.weight_of_all,
        by_value: groups.iter().map(row).collect(),
    }
}
