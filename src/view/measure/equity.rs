//! Whether who is met, and who receives, follows need and not deprivation or group.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::floors::FloorDocument;
use crate::domain::Locality;
use crate::gaps::equity::{ByDeprivation, Equity, GroupShare, Horizontal};
use crate::measures::equity::Bounds;
use crate::view::common::{group_key, kind_key};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EquityDocument {
    /// Being placed in this matching.
    pub met: EquityOf,
    /// Receiving today; null where receipts are not recorded or do not say whose they are.
    pub received: Option<EquityOf>,
    /// For each group column, what a floor would give the group that is worst served and cost the rest; null where time
    /// ran out.
    pub floors: Option<Vec<FloorDocument>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EquityOf {
    pub child_needs: u64,
    /// Of these, who have it.
    pub with: u64,
    /// Null where the locality states no index of deprivation.
    pub concentration: Option<ConcentrationDocument>,
    /// Tenths of the national index, 1 the most deprived, each against all other areas with a rank.
    pub by_tenth: Vec<ShareRow>,
    /// For each group column each value against all others.
    pub by_group: BTreeMap<String, Vec<ShareRow>>,
}

/// By deprivation of the area, the most deprived ranked first, weighted by child-needs. Below zero: with the most deprived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConcentrationDocument {
    /// -1 to 1; null where nobody has it.
    pub index: Option<f64>,
    /// -1 to 1; null where everyone or nobody has it.
    pub wagstaff: Option<f64>,
    /// -1 to 1.
    pub erreygers: Option<f64>,
    pub horizontal: Option<HorizontalDocument>,
    /// Child-needs in areas without a rank: in none of these.
    pub unranked: u64,
}

/// Horizontal inequity (Wagstaff and van Doorslaer 2000): the index less that of what need predicts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HorizontalDocument {
    /// -2 to 2; 0 is equal use for equal need.
    pub index: f64,
    pub of_need: f64,
    /// What need was predicted by, in a linear regression with a constant.
    pub predicted_by: Vec<String>,
    /// Of these, left out: sums of the constant and of earlier ones.
    pub left_out: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShareRow {
    pub key: String,
    pub label: String,
    pub child_needs: u64,
    pub with: u64,
    /// Null for the only group there is.
    pub against_others: Option<DisparityDocument>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DisparityDocument {
    pub share: f64,
    /// Of all others.
    pub others: f64,
    /// Its share less that of all others.
    pub difference: f64,
    /// Its share over that of all others; null where theirs is zero.
    pub ratio: Option<f64>,
}

impl EquityDocument {
    /// Without the floors, which take longer.
    pub(super) fn of(locality: &Locality, met: &Equity, received: Option<&Equity>) -> EquityDocument {
        EquityDocument {
            met: of(locality, met),
            received: received.map(|received| of(locality, received)),
            floors: None,
        }
    }
}

fn of(locality: &Locality, equity: &Equity) -> EquityOf {
    let Equity { everyone, by_deprivation, by_group } = equity;
    let columns = locality.group_columns().iter().zip(by_group);
    let by_group = columns.map(|(column, rows)| {
        let row = |(&value, group): (&u32, &GroupShare)| share_row(group_key(column, value), group);
        (column.name.clone(), rows.iter().map(row).collect())
    });
    let tenth = |(tenth, group): (&u8, &GroupShare)| share_row((tenth.to_string(), format!("tenth {tenth}")), group);
    EquityOf {
        child_needs: everyone.of,
        with: everyone.with,
        concentration: by_deprivation.as_ref().map(|by| concentration(locality, by)),
        by_tenth: by_deprivation.as_ref().map_or(Vec::new(), |by| by.by_tenth.iter().map(tenth).collect()),
        by_group: by_group.collect(),
    }
}

fn concentration(locality: &Locality, by: &ByDeprivation) -> ConcentrationDocument {
    let ByDeprivation { concentration, horizontal, by_tenth: _, unranked } = by;
    ConcentrationDocument {
        index: concentration.as_ref().and_then(|found| found.index()),
        wagstaff: concentration.as_ref().and_then(|found| found.wagstaff(Bounds::SHARE)),
        erreygers: concentration.as_ref().and_then(|found| found.erreygers(Bounds::SHARE)),
        horizontal: horizontal.as_ref().map(|found| horizontal_document(locality, found)),
        unranked: *unranked,
    }
}

fn horizontal_document(locality: &Locality, found: &Horizontal) -> HorizontalDocument {
    let Horizontal { inequity, kinds, levels } = found;
    let kinds = kinds.iter().map(|&kind| kind_key(locality, kind).0);
    let predicted_by: Vec<String> = kinds.chain(levels.iter().map(|level| format!("level {level}"))).collect();
    HorizontalDocument {
        index: inequity.index,
        of_need: inequity.of_need,
        left_out: inequity.dropped.iter().map(|&column| predicted_by[column as usize].clone()).collect(),
        predicted_by,
    }
}

fn share_row((key, label): (String, String), group: &GroupShare) -> ShareRow {
    let GroupShare { part, disparity } = group;
    let against_others = disparity.as_ref().and_then(|found| {
        Some(DisparityDocument {
            share: found.rate?,
            others: found.others?,
            difference: found.difference?,
            ratio: found.ratio,
        })
    });
    ShareRow { key, label, child_needs: part.of, with: part.with, against_others }
}
