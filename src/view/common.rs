//! Pieces that several documents share.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::policy::echo;
use crate::domain::{AgeBand, AreaIx, GroupColumn, KindIx, Layer, Locality, OfferIx, Supply, TravelUnit};
use crate::eligibility::{self, Pairs};
use crate::engine::Resident;
use crate::matching::StageResult;

/// No disclosure control has been applied.
pub(super) const DISCLOSURE: &str = "none";

/// What an answer rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of Suffice.
    pub version: String,
    /// SHA-256 of the locality's canonical bytes, in hexadecimal.
    pub locality_digest: String,
    pub locality: String,
    pub reference_date: String,
    /// The whole policy with every default, as policy.toml would write it.
    pub policy: serde_json::Value,
    /// `network`, `good_lp/microlp` or `good_lp/highs`.
    pub backend: String,
}

/// One stage of the objective. Floors, evenness, travel and cost are least, need, effect and blended most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageValue {
    pub name: String,
    pub value: i64,
    /// No answer that is optimal in the stages before can do better than this. Equal to `value` at an optimum; null
    /// where time stopped the run before the stage was reached.
    pub bound: Option<i64>,
}

/// Change of the optimum by stage name, in the stage's own direction (need +4: four more units of weight met; travel
/// +300: three hundred metres more). Stages that do not change are left in, as 0.
pub type StageDelta = BTreeMap<String, i64>;

/// How much is known, and what the reading assumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletenessDocument {
    pub unknown_need_rows: u64,
    pub estimated_need_rows: u64,
    pub not_counted_need_rows: u64,
    pub not_applicable_rows: u64,
    pub overlapping_need_rows: u64,
    /// Offers whose places are not known (before `unknown.capacity` is applied).
    pub unknown_capacity_offers: u64,
    /// Offers that do not say when their places were last updated.
    pub undated_offers: u64,
    /// The oldest update of an offer, as YYYY-MM-DD; null where none says.
    pub oldest_update: Option<String>,
    /// Of the offers that say, half were updated this many days before the reference date or more; negative where that is
    /// after it.
    pub median_days_since_update: Option<i64>,
    /// Services whose blank level limits were read as 1 and 4.
    pub assumed_level_services: u64,
    /// Pairs of need and offer that may or may not be eligible.
    pub unknown_eligibility_pairs: u64,
    /// Pairs whose reach is not known because a point is missing or a cohort straddles a rule.
    pub unknown_reach_pairs: u64,
    /// Pairs in reach by the policy's default and not by the offer's own word.
    pub default_reach_pairs: u64,
    pub meets_by_code: bool,
    pub built_in_kinds: bool,
    pub warnings: u64,
    /// Rows left out because they could not be understood, each with its reasons.
    pub set_aside: Vec<SetAsideRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAsideRow {
    pub table: String,
    pub row: u64,
    pub reasons: Vec<String>,
}

pub(super) fn provenance(resident: &Resident, backend: &str) -> Provenance {
    let locality = resident.locality();
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        locality_digest: resident.digest().to_owned(),
        locality: locality.about().name.clone(),
        reference_date: locality.about().reference_date.to_string(),
        policy: echo(locality),
        backend: backend.to_owned(),
    }
}

pub(super) fn completeness(locality: &Locality, pairs: Option<&Pairs>) -> CompletenessDocument {
    let completeness = locality.completeness();
    let counted = pairs.map(Pairs::counted).unwrap_or_default();
    let unknown_capacity = (0..locality.offers().len())
        .filter(|&at| matches!(locality.supply(OfferIx::new(at)), Supply::Unknown(_)))
        .count();
    let mut updates: Vec<Date> = locality.offers().iter().filter_map(|offer| offer.updated).collect();
    updates.sort_unstable();
    let median = updates.get(updates.len().saturating_sub(1) / 2);
    CompletenessDocument {
        unknown_need_rows: completeness.unknown_need_rows,
        estimated_need_rows: completeness.estimated_need_rows,
        not_counted_need_rows: completeness.not_counted_need_rows,
        not_applicable_rows: completeness.not_applicable_rows,
        overlapping_need_rows: completeness.overlapping_need_rows,
        unknown_capacity_offers: unknown_capacity as u64,
        undated_offers: (locality.offers().len() - updates.len()) as u64,
        oldest_update: updates.first().map(Date::to_string),
        median_days_since_update: median.map(|&median| locality.days_since(median)),
        assumed_level_services: completeness.assumed_level_services,
        unknown_eligibility_pairs: counted.eligibility_unknown,
        unknown_reach_pairs: counted.reach_unknown,
        default_reach_pairs: counted.resting_on_default_reach,
        meets_by_code: completeness.meets_by_code,
        built_in_kinds: completeness.built_in_kinds,
        warnings: completeness.warnings,
        set_aside: completeness
            .set_aside
            .iter()
            .map(|row| SetAsideRow {
                table: row.table.clone(),
                row: row.row,
                reasons: row.reasons.iter().map(ToString::to_string).collect(),
            })
            .collect(),
    }
}

/// A group's value, and the same in words.
pub(super) fn group_key(column: &GroupColumn, value: u32) -> (String, String) {
    let value = &column.values[value as usize];
    (value.clone(), if value.is_empty() { "not stated".to_owned() } else { value.clone() })
}

pub(super) fn kind_key(locality: &Locality, kind: KindIx) -> (String, String) {
    let kind = &locality.kinds()[kind.ix()];
    (kind.id.to_string(), kind.label.clone())
}

/// Ages of a holder, and the same in words.
pub(super) fn age_key(locality: &Locality, ages: Option<AgeBand>) -> (String, String) {
    let unit = locality.about().ages.as_str();
    match ages {
        None => (String::new(), "age not stated".to_owned()),
        Some(ages) if ages.min() == ages.max() => (ages.min().to_string(), format!("{} {unit}", ages.min())),
        Some(ages) => (format!("{}-{}", ages.min(), ages.max()), format!("{} to {} {unit}", ages.min(), ages.max())),
    }
}

pub(super) fn area_key(locality: &Locality, area: AreaIx) -> (String, String) {
    let area = &locality.areas()[area.ix()];
    (area.id.to_string(), area.name.clone())
}

pub(super) fn layer_key(layer: Option<Layer>) -> String {
    layer.map_or("uncoded", Layer::as_str).to_owned()
}

/// Changes by the name of their stage.
pub(super) fn stage_delta(objective: &[StageResult], change: &[i64]) -> StageDelta {
    objective.iter().zip(change).map(|(stage, &change)| (stage.name.as_str().to_owned(), change)).collect()
}

/// What travel is in.
pub(super) fn travel_unit(locality: &Locality) -> &'static str {
    match eligibility::travel_unit(locality) {
        TravelUnit::Metres => "metres",
        TravelUnit::Minutes => "minutes",
    }
}
