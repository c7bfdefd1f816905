//! The coverage cascade as `suffice.gaps/1` says it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::eligibility::Pairs;
use crate::engine::{Failure, Resident};
use crate::gaps::{Bottleneck, Cascade, ContactOutside, Coverage, Subgroup, cascade};
use crate::matching::NotFormulated;
use crate::solve::Effort;

/// At which step children are lost (Tanahashi 1978). Each stage holds at most what the one before holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CascadeDocument {
    /// Child-needs inside that count: whom the stages are a share of.
    pub child_needs: u64,
    /// Rows whose number is not known: in no stage.
    pub unknown_rows: u64,
    /// `available`, `accessible`, `acceptable`, `contact`, `effective`.
    pub stages: Vec<StageRow>,
    /// Contact at most, if receipts that do not say whose they are were theirs; null where receipts are not recorded.
    pub contact_most: Option<u64>,
    /// Receipts that the contact stage does not hold; null where receipts are not recorded. Never added in.
    pub contact_outside: Option<OutsideRow>,
    /// Where most are lost; null where nothing is.
    pub bottleneck: Option<BottleneckRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageRow {
    pub stage: String,
    /// Null where it is not recorded, which is not zero. Whole but for `effective`, which has thousandths.
    pub child_needs: Option<f64>,
    /// Of all child-needs, 0 to 1.
    pub share: Option<f64>,
    /// Why it is not recorded.
    pub not_recorded: Option<String>,
}

/// In child-needs, each under the first that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideRow {
    pub total: u64,
    pub no_type: u64,
    pub not_accessible: u64,
    pub declined: u64,
    pub places_unknown: u64,
    /// More receive than the offers can take, or than are in need.
    pub beyond: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BottleneckRow {
    /// Null: all who are in need.
    pub from: Option<String>,
    pub to: String,
    /// Child-needs lost between the two.
    pub lost: f64,
    /// It stays the same whatever the receipts that do not say whose they are.
    pub sure: bool,
}

/// Of the whole place; None where time ran out.
pub(super) fn cascade_document(resident: &Resident, effort: &Effort) -> Result<Option<CascadeDocument>, Failure> {
    Ok(found(resident, &Subgroup::default(), effort)?.as_ref().map(document))
}

/// Of a subgroup; None where time ran out.
pub(super) fn found(resident: &Resident, subgroup: &Subgroup, effort: &Effort) -> Result<Option<Cascade>, Failure> {
    or_stopped(
        pairs(resident, effort)
            .and_then(|pairs| cascade(resident.locality(), resident.profiles(), &pairs, subgroup, effort)),
    )
}

pub(super) fn pairs(resident: &Resident, effort: &Effort) -> Result<Arc<Pairs>, NotFormulated> {
    effort.look().and_then(|()| resident.pairs(effort)).map_err(NotFormulated::Stopped)
}

/// None where it was stopped.
pub(super) fn or_stopped<T>(found: Result<T, NotFormulated>) -> Result<Option<T>, Failure> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(NotFormulated::Stopped(_)) => Ok(None),
        Err(NotFormulated::Refused(refused)) => Err(refused.into()),
    }
}

pub(super) fn document(cascade: &Cascade) -> CascadeDocument {
    let stages = cascade.stages().map(|(stage, coverage)| {
        let (child_needs, not_recorded) = match coverage {
            Coverage::Recorded { thousandths } => (Some(thousandths as f64 / 1000.0), None),
            Coverage::NotRecorded(why) => (None, Some(why.as_str().to_owned())),
        };
        StageRow { stage: stage.as_str().to_owned(), child_needs, share: cascade.share(stage), not_recorded }
    });
    let outside = |outside: ContactOutside| {
        let ContactOutside { no_type, not_accessible, declined, places_unknown, beyond } = outside;
        OutsideRow { total: outside.total(), no_type, not_accessible, declined, places_unknown, beyond }
    };
    let bottleneck = |found: Bottleneck| BottleneckRow {
        from: found.from.map(|stage| stage.as_str().to_owned()),
        to: found.to.as_str().to_owned(),
        lost: found.lost_thousandths as f64 / 1000.0,
        sure: found.is_sure,
    };
    CascadeDocument {
        child_needs: cascade.target.child_needs,
        unknown_rows: cascade.target.unknown_rows,
        stages: stages.collect(),
        contact_most: cascade.contact_most,
        contact_outside: cascade.contact_outside.map(outside),
        bottleneck: cascade.bottleneck.map(bottleneck),
    }
}
