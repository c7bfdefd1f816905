//! What `suffice.gaps/1` says beyond who goes without and why: access, families' views and outcomes.

use serde::{Deserialize, Serialize};

use crate::domain::{KindIx, Locality};
use crate::engine::Resident;
use crate::gaps::access::{Access, AccessTables, Tenth, access, by_tenth, falls};
use crate::gaps::families::{Voices, families};
use crate::gaps::outcomes::{Threatened, threatened};
use crate::gaps::{Gaps, Tallies};
use crate::solve::{Effort, StopReason};
use crate::view::common::{area_key, kind_key, layer_key};

/// Places per child-need, by two-step floating catchment areas: plain (Luo and Wang 2003), and with the nearer counting for
/// more (E2SFCA, Luo and Qi 2009). A catchment is what matching reads: the service meets the kind, lets the need in, is in
/// reach (<=) and was not declined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessDocument {
    /// `2sfca`, of each `places_per_child_need`.
    pub measure: String,
    /// Null where there is no child-need.
    pub places_per_child_need: Option<f64>,
    /// The same by E2SFCA with the weights 1, 0.68 and 0.22 for the three thirds of each offer's reach.
    pub e2sfca: Option<f64>,
    pub by_kind: Vec<AccessRow>,
    pub by_area: Vec<AccessRow>,
    /// Cradle to career: by kind and single year (or month) of age.
    pub by_age: Vec<AgeRow>,
    /// Child-needs by kind whose age is a band or not stated, and which are in no row of `by_age`.
    pub not_by_age: Vec<NotByAge>,
    /// By tenth of the national deprivation index, most deprived first; null where the locality states no index.
    pub by_tenth: Option<Vec<TenthRow>>,
    /// Offers without an end of places: they are in no ratio.
    pub unlimited_offers: u64,
    /// Offers that someone could use and whose places are not known: where there are any, each ratio is the least that it
    /// can be.
    pub unknown_offers: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessRow {
    pub key: String,
    pub label: String,
    pub child_needs: u64,
    pub places_per_child_need: Option<f64>,
    pub e2sfca: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgeRow {
    pub kind: String,
    pub age: u16,
    pub child_needs: u64,
    pub places_per_child_need: Option<f64>,
    /// It is half or less of what it is one year of age earlier. No claim about any child.
    pub falls_by_half: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotByAge {
    pub kind: String,
    pub child_needs: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TenthRow {
    /// 1 is the most deprived tenth.
    pub tenth: u8,
    pub areas: u64,
    pub child_needs: u64,
    /// Supply: the places that fall to these child-needs by 2SFCA, each place shared out over all who could use it.
    pub places: f64,
    pub places_per_child_need: Option<f64>,
    pub e2sfca: Option<f64>,
}

/// Where families and records disagree (Bradshaw 1972), in child-needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamiliesDocument {
    pub by_kind: Vec<VoicesRow>,
    /// Child-needs whose basis is not stated: in no row.
    pub not_stated: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoicesRow {
    pub kind: String,
    pub label: String,
    pub layer: String,
    pub stated: u64,
    pub felt_not_normative: u64,
    /// Null where no need here is said to be felt: then nobody asked the families.
    pub normative_not_felt: Option<u64>,
    pub expressed_not_supplied: u64,
    pub unknown_rows: u64,
}

/// An outcome that unmet need threatens, through an indicator. A kind may threaten several: rows do not add up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRow {
    pub outcome: String,
    pub framework: String,
    pub indicator: String,
    pub kinds: Vec<String>,
    pub child_needs: u64,
    pub unmet: u64,
}

/// A part that a stop leaves out is null.
pub(super) struct Beyond {
    pub access: Option<AccessDocument>,
    pub families: Option<FamiliesDocument>,
    pub outcomes: Vec<OutcomeRow>,
}

pub(super) fn beyond(resident: &Resident, gaps: &Gaps, effort: &Effort) -> Beyond {
    let locality = resident.locality();
    Beyond {
        access: access_document(resident, effort).ok(),
        families: families_document(locality, gaps, effort).ok(),
        outcomes: outcome_rows(locality, &gaps.tallies),
    }
}

fn kind_id(locality: &Locality, kind: KindIx) -> String {
    locality.kinds()[kind.ix()].id.to_string()
}

pub(in crate::view) fn access_document(resident: &Resident, effort: &Effort) -> Result<AccessDocument, StopReason> {
    let locality = resident.locality();
    effort.look()?;
    let pairs = resident.pairs(effort)?;
    let AccessTables { all, by_kind, by_area, by_age, banded, unlimited, unknown } =
        access(locality, resident.profiles(), &pairs, effort)?;
    let row = |(key, label): (String, String), access: &Access| AccessRow {
        key,
        label,
        child_needs: access.child_needs,
        places_per_child_need: access.ratio(),
        e2sfca: access.nearer_ratio(),
    };
    let falls = falls(&by_age);
    let falls_by_half = |kind, age| falls.binary_search_by_key(&(kind, age), |fall| (fall.kind, fall.age)).is_ok();
    let tenths = by_tenth(locality, &by_area).map(|tenths| {
        let row = |tenth: &Tenth| TenthRow {
            tenth: tenth.tenth,
            areas: tenth.areas,
            child_needs: tenth.access.child_needs,
            places: tenth.access.places,
            places_per_child_need: tenth.access.ratio(),
            e2sfca: tenth.access.nearer_ratio(),
        };
        tenths.iter().map(row).collect()
    });
    Ok(AccessDocument {
        measure: "2sfca".to_owned(),
        places_per_child_need: all.ratio(),
        e2sfca: all.nearer_ratio(),
        by_kind: by_kind.iter().map(|(kind, access)| row(kind_key(locality, *kind), access)).collect(),
        by_area: by_area.iter().map(|(area, access)| row(area_key(locality, *area), access)).collect(),
        by_age: by_age
            .iter()
            .map(|(&(kind, age), access)| AgeRow {
                kind: kind_id(locality, kind),
                age,
                child_needs: access.child_needs,
                places_per_child_need: access.ratio(),
                falls_by_half: falls_by_half(kind, age),
            })
            .collect(),
        not_by_age: banded
            .iter()
            .map(|(&kind, &child_needs)| NotByAge { kind: kind_id(locality, kind), child_needs })
            .collect(),
        by_tenth: tenths,
        unlimited_offers: unlimited,
        unknown_offers: unknown,
    })
}

fn families_document(locality: &Locality, gaps: &Gaps, effort: &Effort) -> Result<FamiliesDocument, StopReason> {
    effort.look()?;
    let families = families(locality, &gaps.matching, effort)?;
    let row = |(&kind, voices): (&KindIx, &Voices)| {
        let (id, label) = kind_key(locality, kind);
        VoicesRow {
            kind: id,
            label,
            layer: layer_key(locality.kinds()[kind.ix()].layer),
            stated: voices.stated,
            felt_not_normative: voices.felt_not_normative,
            normative_not_felt: families.felt_recorded.then_some(voices.normative_not_felt),
            expressed_not_supplied: voices.expressed_not_supplied,
            unknown_rows: voices.unknown_rows,
        }
    };
    Ok(FamiliesDocument { by_kind: families.by_kind.iter().map(row).collect(), not_stated: families.not_stated })
}

fn outcome_rows(locality: &Locality, tallies: &Tallies) -> Vec<OutcomeRow> {
    let rows = threatened(locality, tallies);
    let row = |row: &Threatened| OutcomeRow {
        outcome: row.outcome.to_owned(),
        framework: row.framework.to_owned(),
        indicator: row.indicator.to_owned(),
        kinds: row.kinds.iter().map(|&kind| kind_id(locality, kind)).collect(),
        child_needs: row.child_needs,
        unmet: row.unmet,
    };
    rows.iter().map(row).collect()
}
