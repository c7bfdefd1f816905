//! `suffice.explain/1`: one need, every offer that fits it, and why.

use serde::{Deserialize, Serialize};

use super::common::{DISCLOSURE, Provenance, provenance, travel_unit};
use super::gaps::{Nearest, deficient_set, why};
use super::matching::{notes, places_word, status};
use super::options::rounded;
use crate::domain::{Locality, NeedIx, OfferIx};
use crate::eligibility::{Place, ReachVerdict, Verdict, judge, reach};
use crate::engine::{Failure, Resident};
use crate::matching::{Matching, Reading, Route};
use crate::solve::Effort;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExplainDocument {
    pub schema: String,
    /// `optimal` or `stopped`, of the matching that the explanation is about.
    pub status: String,
    /// Why it stopped: `cancelled`, `deadline` or `tick_limit`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    pub need: String,
    pub kind: String,
    pub kind_label: String,
    pub level: u8,
    /// Null where not known.
    pub children: Option<u64>,
    pub area: String,
    /// What travel is in: `metres` or `minutes`.
    pub travel_unit: String,
    pub met: u64,
    pub unmet: u64,
    pub placements: Vec<Placement>,
    /// Why the unmet child-needs are unmet; null where none is.
    pub cause: Option<String>,
    pub why: Option<String>,
    /// The deficient set it belongs to, where the cause is `capacity`.
    pub deficient_set: Option<super::gaps::DeficientSet>,
    /// Every offer whose service does something that meets the kind, best first.
    pub offers: Vec<OfferVerdict>,
    pub notes: Vec<String>,
    pub provenance: Provenance,
    pub disclosure: String,
}

impl ExplainDocument {
    pub const SCHEMA: &'static str = "suffice.explain/1";
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    pub offer: String,
    pub name: String,
    pub children: u64,
    /// For one child, in `travel_unit`.
    pub travel: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferVerdict {
    pub offer: String,
    pub name: String,
    pub provider: String,
    /// `yes`, `no` or `unknown`.
    pub eligible: String,
    /// `yes`, `no` or `unknown`.
    pub in_reach: String,
    pub declined: bool,
    /// Every rule that says no, and everything that is not known, in words.
    pub reasons: Vec<String>,
    pub travel: Option<u64>,
    /// `known`, `unknown` or `unlimited`.
    pub places: String,
    pub capacity: Option<u64>,
    pub used: u64,
}

/// Explains one need under a matching of the whole locality.
pub fn run(resident: &Resident, need_id: &str, route: Route, effort: &Effort) -> Result<ExplainDocument, Failure> {
    let need = resident.need(need_id)?;
    let matching = resident.matching(route, effort)?;
    Ok(document(resident, &matching, need, effort))
}

fn document(resident: &Resident, matching: &Matching, need: NeedIx, effort: &Effort) -> ExplainDocument {
    let locality = resident.locality();
    let reasons = resident.reasons(matching, effort);
    let row = &locality.needs()[need.ix()];
    let kind = &locality.kinds()[row.kind.ix()];
    let pairs = resident.pairs(effort).ok();
    let of_need = reasons.unmet.iter().find(|unmet| unmet.need == need);
    let declined = |offer: OfferIx| {
        let place = Place { service: locality.offers()[offer.ix()].service, offer: Some(offer) };
        resident.declines().by_need(locality, need, place)
    };
    let mut offers: Vec<(u8, Option<u64>, OfferVerdict)> = resident
        .profiles()
        .fitting(row.kind)
        .map(|offer| offer_verdict(locality, need, offer, declined(offer), matching.used[offer.ix()]))
        .collect();
    offers.sort_by(|a, b| (a.0, a.1.is_none(), a.1, &a.2.offer).cmp(&(b.0, b.1.is_none(), b.1, &b.2.offer)));
    let mut placed: Vec<_> = matching.placements().filter(|&(of, _, _)| of == need).collect();
    placed.sort_unstable();
    ExplainDocument {
        schema: ExplainDocument::SCHEMA.to_owned(),
        status: status(matching).0.to_owned(),
        reason: status(matching).1.map(str::to_owned),
        need: row.id.to_string(),
        kind: kind.id.to_string(),
        kind_label: kind.label.clone(),
        level: row.level.get(),
        children: row.children.known(),
        area: locality.areas()[locality.holder(need).area.ix()].id.to_string(),
        travel_unit: travel_unit(locality).to_owned(),
        met: matching.met[need.ix()],
        unmet: matching.unmet(need),
        placements: placed
            .into_iter()
            .map(|(_, offer, children)| Placement {
                offer: locality.offers()[offer.ix()].id.to_string(),
                name: locality.service_of(offer).name.clone(),
                children,
                travel: super::matching::travel(pairs.as_deref(), need, offer),
            })
            .collect(),
        cause: of_need.map(|unmet| unmet.cause.as_str().to_owned()),
        why: of_need.map(|unmet| why(resident, &reasons, unmet, Nearest::Find).0),
        deficient_set: of_need
            .and_then(|unmet| unmet.deficient_set)
            .map(|at| deficient_set(locality, &reasons.deficient_sets[at])),
        offers: offers.into_iter().map(|(_, _, verdict)| verdict).collect(),
        notes: notes(locality, matching),
        provenance: provenance(resident, matching.backend),
        disclosure: DISCLOSURE.to_owned(),
    }
}

/// The verdict on one offer, with its rank: possible first, then not known, then refused.
fn offer_verdict(
    locality: &Locality,
    need: NeedIx,
    offer: OfferIx,
    declined: bool,
    used: u64,
) -> (u8, Option<u64>, OfferVerdict) {
    let service = locality.service_of(offer);
    let mut reasons: Vec<String> = Vec::new();
    let (eligible, eligible_rank) = match judge(locality, need, offer) {
        Verdict::Yes => ("yes", 0),
        Verdict::Unknown(unknowns) => {
            reasons.extend(unknowns.iter().map(ToString::to_string));
            ("unknown", 1)
        }
        Verdict::No { refusals, unknowns } => {
            reasons.extend(refusals.iter().map(ToString::to_string));
            reasons.extend(unknowns.iter().map(ToString::to_string));
            ("no", 2)
        }
    };
    let reached = reach(locality, need, offer);
    let (in_reach, reach_rank) = match reached.verdict {
        ReachVerdict::Yes => ("yes", 0),
        ReachVerdict::Unknown(why) => {
            reasons.push(why.to_string());
            ("unknown", 1)
        }
        ReachVerdict::No(out) => {
            reasons.push(out.to_string());
            ("no", 2)
        }
    };
    let room = Reading::Policy.room(locality, offer);
    let travel = rounded(reached.travelled);
    let verdict = OfferVerdict {
        offer: locality.offers()[offer.ix()].id.to_string(),
        name: service.name.clone(),
        provider: locality.providers()[service.provider.ix()].to_string(),
        eligible: eligible.to_owned(),
        in_reach: in_reach.to_owned(),
        declined,
        reasons,
        travel,
        places: places_word(room).to_owned(),
        capacity: room.places(),
        used,
    };
    (eligible_rank.max(reach_rank) * 2 + u8::from(declined), travel, verdict)
}
