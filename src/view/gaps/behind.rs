//! What stands behind the totals of `suffice.gaps/1`: distinct children, what is estimated or assumed, and providers'
//! programmes.

use serde::{Deserialize, Serialize};

use crate::domain::Locality;
use crate::engine::Resident;
use crate::gaps::{Children, Gaps, Programme, Rests, children, programmes, rests};
use crate::measures::integration::Integration;
use crate::solve::{Effort, StopReason};

/// Distinct children with needs that count, as far as no child is in two holders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildrenDocument {
    /// Holders that are children and ask for a place: `all_met`, `partly_met` and `none_met` sum to it.
    pub named: u64,
    pub all_met: u64,
    /// Some of the child's needs are met, but not all.
    pub partly_met: u64,
    pub none_met: u64,
    /// Distinct children of cohorts, at least: the largest single kind of each.
    pub cohorts_low: u64,
    /// At most: the sum over the kinds of each, or its population where that is smaller. Which of them have how many of
    /// their needs met is not known.
    pub cohorts_high: u64,
}

/// Child-needs that rest on something other than a count or a stated fact. One can be in several of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestsDocument {
    pub child_needs: u64,
    /// Of all: estimated, by rates or by the bundle's own word.
    pub estimated: u64,
    /// Of all: not stated whether counted, administrative or estimated.
    pub certainty_not_stated: u64,
    pub met: u64,
    /// Of those met: in reach by the policy's default distance.
    pub met_by_default_reach: u64,
    /// Of those met: at services whose blank limits of level were read as 1 and 4.
    pub met_at_assumed_levels: u64,
    /// Of those met: where eligibility is not known and the policy reads it as yes.
    pub met_by_unknown_eligibility: u64,
    /// Of those met: at offers whose places are not known and which the policy gives some.
    pub met_at_unknown_places: u64,
    /// Of those met: at offers that do not say when their places were last updated.
    pub met_at_undated_places: u64,
}

/// A provider's programme on the scale of Richard et al. (1996).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgrammeRow {
    pub provider: String,
    pub services: u64,
    /// Services without a setting or a target: in no strategy.
    pub uncoded: u64,
    /// Ways of working that are told apart: types of service, setting and target.
    pub strategies: u64,
    pub settings: u64,
    /// 0 to 4, an order and not an amount; null where no service is coded.
    pub score: Option<u8>,
    /// The step in words.
    pub meaning: String,
}

/// A part that a stop leaves out is null.
pub(super) struct Behind {
    pub children: Option<ChildrenDocument>,
    pub rests: Option<RestsDocument>,
    pub programmes: Vec<ProgrammeRow>,
}

pub(super) fn behind(resident: &Resident, gaps: &Gaps, effort: &Effort) -> Behind {
    let locality = resident.locality();
    Behind {
        children: effort.look().and_then(|()| children(locality, &gaps.matching, effort)).ok().map(children_document),
        rests: rests_document(resident, gaps, effort).ok(),
        programmes: programmes(locality).into_iter().map(|programme| programme_row(locality, programme)).collect(),
    }
}

fn children_document(children: Children) -> ChildrenDocument {
    let Children { named, all_met, partly_met, none_met, cohorts_low, cohorts_high } = children;
    ChildrenDocument { named, all_met, partly_met, none_met, cohorts_low, cohorts_high }
}

fn rests_document(resident: &Resident, gaps: &Gaps, effort: &Effort) -> Result<RestsDocument, StopReason> {
    effort.look()?;
    let pairs = resident.pairs(effort)?;
    let Rests {
        child_needs,
        estimated,
        certainty_not_stated,
        met,
        met_by_default_reach,
        met_at_assumed_levels,
        met_by_unknown_eligibility,
        met_at_unknown_places,
        met_at_undated_places,
    } = rests(resident.locality(), &pairs, &gaps.matching, effort)?;
    Ok(RestsDocument {
        child_needs,
        estimated,
        certainty_not_stated,
        met,
        met_by_default_reach,
        met_at_assumed_levels,
        met_by_unknown_eligibility,
        met_at_unknown_places,
        met_at_undated_places,
    })
}

fn programme_row(locality: &Locality, programme: Programme) -> ProgrammeRow {
    let Programme { provider, services, uncoded, strategies, settings, integration } = programme;
    ProgrammeRow {
        provider: locality.providers()[provider.ix()].to_string(),
        services,
        uncoded,
        strategies,
        settings,
        score: integration.map(Integration::score),
        meaning: integration.map_or("no service says where it works and whose change it seeks", step).to_owned(),
    }
}

/// A step of the scale in words.
fn step(integration: Integration) -> &'static str {
    match integration {
        Integration::OneStrategy => "one strategy",
        Integration::NoneDirect => "several strategies, none of them with the child",
        Integration::OneSetting => "several strategies in one setting, at least one with the child",
        Integration::TwoSettings => "several strategies in two settings, at least one with the child",
        Integration::ThreeSettings => "several strategies in three settings or more, at least one with the child",
    }
}
