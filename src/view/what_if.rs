//! `suffice.what-if/1`: how the matching would change if the locality changed. It keeps nothing.

use serde::{Deserialize, Serialize};

use super::check::ProblemRow;
use super::common::{DISCLOSURE, Provenance, StageDelta, StageValue, provenance, stage_delta};
use crate::domain::{Change, Locality, NeedIx};
use crate::engine::change::OfferUsed;
use crate::engine::{Failure, OfferChange, PlacementChange, Resident, Solution};
use crate::matching::{Reading, StageResult, asking};
use crate::solve::Effort;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WhatIfDocument {
    pub schema: String,
    pub before: Side,
    pub after: Side,
    /// Placements that differ, by need, then offer. Among equally good matchings one is chosen, so a placement may differ
    /// although nobody is worse off.
    pub placements: Vec<PlacementRow>,
    /// Offers that the changes name and those that are used otherwise, by id.
    pub offers: Vec<OfferRow>,
    /// Warnings about the rows that would change.
    pub warnings: Vec<ProblemRow>,
    pub notes: Vec<String>,
    /// Of the locality as it is.
    pub provenance: Provenance,
    pub disclosure: String,
}

impl WhatIfDocument {
    pub const SCHEMA: &'static str = "suffice.what-if/1";
}

/// A locality as it is, or as it would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The digest that identifies it.
    pub digest: String,
    /// `optimal` or `stopped`.
    pub status: String,
    /// Why it stopped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    pub objective: Vec<StageValue>,
    /// Child-needs that ask for a place, over the areas that are inside.
    pub child_needs: u64,
    pub met: u64,
    pub unmet: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementRow {
    pub need: String,
    pub offer: String,
    /// Children placed.
    pub before: u64,
    pub after: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferRow {
    pub offer: String,
    /// Null where the offer is not there.
    pub before: Option<OfferSide>,
    pub after: Option<OfferSide>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferSide {
    /// Children placed.
    pub used: u64,
    /// What one place more would change; null where there is no end of places, or the offer takes no part.
    pub one_more: Option<StageDelta>,
    /// What one place less would change; null where there is none to lose, too.
    pub one_less: Option<StageDelta>,
}

/// Answers of what the changes would come to.
pub fn run(resident: &Resident, changes: &[Change], effort: &Effort) -> Result<WhatIfDocument, Failure> {
    let what_if = resident.what_if(changes, effort)?;
    let next = &what_if.next.resident;
    let placement = |change: PlacementChange| {
        let PlacementChange { need, offer, before, after } = change;
        PlacementRow { need: need.to_string(), offer: offer.to_string(), before, after }
    };
    let (stages_before, stages_after) = (what_if.before.objective(), what_if.after.objective());
    let offer = |change: OfferChange| {
        let OfferChange { offer, before, after } = change;
        OfferRow {
            offer: offer.to_string(),
            before: before.map(|used| offer_side(used, &stages_before)),
            after: after.map(|used| offer_side(used, &stages_after)),
        }
    };
    let mut notes = vec![
        "Nothing was changed: the locality is as it was before.".to_owned(),
        "Counts are child-needs: one child's one need. A child with two needs counts twice.".to_owned(),
    ];
    if what_if.before.stopped().or(what_if.after.stopped()).is_some() {
        notes.push(
            "Time ran out: values are those of the best matchings found, and the difference is no bound.".to_owned(),
        );
    }
    Ok(WhatIfDocument {
        schema: WhatIfDocument::SCHEMA.to_owned(),
        before: side(resident, &what_if.before),
        after: side(next, &what_if.after),
        placements: what_if.placements.into_iter().map(placement).collect(),
        offers: what_if.offers.into_iter().map(offer).collect(),
        warnings: what_if.next.warnings.iter().map(ProblemRow::from).collect(),
        notes,
        provenance: provenance(resident, what_if.before.backend()),
        disclosure: DISCLOSURE.to_owned(),
    })
}

fn side(resident: &Resident, solution: &Solution) -> Side {
    let locality = resident.locality();
    let stage = |stage: StageResult| StageValue {
        name: stage.name.as_str().to_owned(),
        value: stage.value,
        bound: stage.bound,
    };
    let (child_needs, met) = counted(locality, solution);
    Side {
        digest: resident.digest().to_owned(),
        status: if solution.stopped().is_some() { "stopped" } else { "optimal" }.to_owned(),
        reason: solution.stopped().map(|reason| reason.as_str().to_owned()),
        objective: solution.objective().into_iter().map(stage).collect(),
        child_needs,
        met,
        unmet: child_needs - met,
    }
}

/// Child-needs that ask for a place, and those met, over the areas that are inside. O(needs).
fn counted(locality: &Locality, solution: &Solution) -> (u64, u64) {
    let mut counted = (0, 0);
    for (at, asking) in asking(locality, Reading::Policy).into_iter().enumerate() {
        let need = NeedIx::new(at);
        if let Some(children) = asking.filter(|_| locality.areas()[locality.holder(need).area.ix()].inside) {
            counted.0 += children;
            counted.1 += solution.met(need);
        }
    }
    counted
}

fn offer_side(used: OfferUsed, stages: &[StageResult]) -> OfferSide {
    let delta = |change: Option<Vec<i64>>| change.map(|change| stage_delta(stages, &change));
    let worth = used.worth.unwrap_or_default();
    OfferSide { used: used.used, one_more: delta(worth.one_more), one_less: delta(worth.one_less) }
}
