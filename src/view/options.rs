//! `suffice.options/1`: which offers can take this need now. It reserves nothing.

use serde::{Deserialize, Serialize};

use super::common::{DISCLOSURE, Provenance, StageDelta, provenance, stage_delta, travel_unit};
use crate::domain::{Locality, Supply};
use crate::eligibility::{self, Miss, ReachVerdict, Travelled};
use crate::engine::options::Possible;
use crate::engine::{Asked, Failure, Options, Resident};
use crate::solve::Effort;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptionsDocument {
    pub schema: String,
    /// The stored need's id; null for an inline need.
    pub need: Option<String>,
    /// Offers with a free place now, best first: effect, distance, loss of one, tie rank.
    pub options: Vec<OptionRow>,
    /// Offers that fit but whose free places are not known.
    pub places_unknown: Vec<OptionRow>,
    /// Offers that fit but have no free place now.
    pub full: Vec<OptionRow>,
    /// Offers that do something for this kind but cannot take this need, nearest miss first, with every blocking rule.
    pub near_misses: Vec<NearMiss>,
    /// What travel is in: `metres` or `minutes`.
    pub travel_unit: String,
    /// The date that the numbers are judged at.
    pub as_of: String,
    pub notes: Vec<String>,
    pub provenance: Provenance,
    pub disclosure: String,
}

impl OptionsDocument {
    pub const SCHEMA: &'static str = "suffice.options/1";
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptionRow {
    pub offer: String,
    pub name: String,
    pub provider: String,
    /// Free places now, in children; null where not known.
    pub free: Option<u64>,
    /// When the number was updated; null where not stated.
    pub updated: Option<String>,
    /// Days between `updated` and `as_of`.
    pub age_days: Option<i64>,
    /// Expected share of children for whom the need is resolved, in thousandths; null where not given.
    pub effect_thousandths: Option<u16>,
    /// In `travel_unit`.
    pub travel: Option<u64>,
    /// What the standing matching would lose with one place less here: how scarce the place is.
    pub loss_of_one: Option<StageDelta>,
    /// Eligibility or reach is not known, in words; empty where both are yes.
    pub unknown: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearMiss {
    pub offer: String,
    pub name: String,
    pub provider: String,
    /// Every rule that says no, in words with the relaxation that would change it.
    pub blocking: Vec<String>,
    pub travel: Option<u64>,
}

/// Finds options and writes them down.
pub fn run(resident: &Resident, asked: &Asked<'_>, effort: &Effort) -> Result<OptionsDocument, Failure> {
    let options = resident.options(asked, effort)?;
    let locality = resident.locality();
    let row = |possible: &Possible| option_row(locality, &options, possible);
    let mut notes = vec![
        "These are options, not a placement: nothing is reserved, and a person decides.".to_owned(),
        "Free places are as the offers state them; see when each was updated.".to_owned(),
    ];
    if options.objective.is_none() {
        notes.push("Time ran out before the scarcity of places was known: loss of one is left out.".to_owned());
    }
    if !options.declined.is_empty() {
        let declined: Vec<&str> =
            options.declined.iter().map(|offer| locality.offers()[offer.ix()].id.as_str()).collect();
        notes.push(format!("Left out because they were declined: {}.", declined.join(", ")));
    }
    Ok(OptionsDocument {
        schema: OptionsDocument::SCHEMA.to_owned(),
        need: options.need.map(|need| locality.needs()[need.ix()].id.to_string()),
        options: options.free.iter().map(row).collect(),
        places_unknown: options.places_unknown.iter().map(row).collect(),
        full: options.full.iter().map(row).collect(),
        near_misses: options.near_misses.iter().map(|miss| near_miss(locality, miss)).collect(),
        travel_unit: travel_unit(locality).to_owned(),
        as_of: locality.about().reference_date.to_string(),
        notes,
        provenance: provenance(resident, "network"),
        disclosure: DISCLOSURE.to_owned(),
    })
}

fn option_row(locality: &Locality, options: &Options, possible: &Possible) -> OptionRow {
    let offer = &locality.offers()[possible.offer.ix()];
    let service = locality.service_of(possible.offer);
    let unknowns = possible.unknowns.iter().map(ToString::to_string);
    let age_days = offer
        .updated
        .and_then(|updated| locality.about().reference_date.since(updated).ok().map(|span| i64::from(span.get_days())));
    OptionRow {
        offer: offer.id.to_string(),
        name: service.name.clone(),
        provider: locality.providers()[service.provider.ix()].to_string(),
        free: match possible.free {
            Supply::Places(free) => Some(free),
            Supply::Unknown(_) => None,
        },
        updated: offer.updated.map(|date| date.to_string()),
        age_days,
        effect_thousandths: possible.effect,
        travel: rounded(possible.reached.travelled),
        loss_of_one: options
            .objective
            .as_deref()
            .and_then(|objective| Some(stage_delta(objective, possible.loss_of_one.as_ref()?))),
        unknown: unknowns.chain(possible.reach_unknown.map(|why| why.to_string())).collect(),
    }
}

fn near_miss(locality: &Locality, miss: &Miss) -> NearMiss {
    let service = locality.service_of(miss.offer);
    NearMiss {
        offer: locality.offers()[miss.offer.ix()].id.to_string(),
        name: service.name.clone(),
        provider: locality.providers()[service.provider.ix()].to_string(),
        blocking: blocking(miss),
        travel: rounded(miss.reached.travelled),
    }
}

/// Every rule that says no, then what is not known, in words.
pub(super) fn blocking(miss: &Miss) -> Vec<String> {
    let refusals = miss.refusals.iter().map(ToString::to_string);
    let reach = match miss.reached.verdict {
        ReachVerdict::No(out) => Some(out.to_string()),
        ReachVerdict::Unknown(why) => Some(why.to_string()),
        ReachVerdict::Yes => None,
    };
    refusals.chain(reach).chain(miss.unknowns.iter().map(ToString::to_string)).collect()
}

/// Metres or minutes to the nearest whole one.
pub(super) fn rounded(travelled: Travelled) -> Option<u64> {
    travelled.metres.or(travelled.minutes).map(|number| u64::from(eligibility::rounded(number)))
}
