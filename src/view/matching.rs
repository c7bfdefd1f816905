//! `suffice.match/1`.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::common::{
    CompletenessDocument, DISCLOSURE, Provenance, StageDelta, StageValue, completeness, provenance, stage_delta,
};
use crate::domain::policy::{ObjectiveMode, StageName};
use crate::domain::{Locality, NeedIx, OfferIx, TravelUnit};
use crate::eligibility::Pairs;
use crate::engine::verify::node_names;
use crate::engine::{Failure, Resident};
use crate::gaps::tally;
use crate::matching::{Matching, Reading, Room, Route, Status};
use crate::solve::{Effort, StopReason};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchDocument {
    pub schema: String,
    /// `optimal` or `stopped`.
    pub status: String,
    /// Why it stopped: `cancelled`, `deadline` or `tick_limit`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// `prices` (certified by prices.csv), `backend` (the backend's word) or `bound` (stopped, perhaps
    /// only when an optimum was written down: a bound alone).
    pub proof: String,
    pub totals: MatchTotals,
    pub objective: Vec<StageValue>,
    /// Stages that were left out, and why.
    pub skipped: Vec<SkippedStage>,
    /// Pairs of a need and an offer that take part: eligible, in reach, not declined, places decided.
    pub pairs: u64,
    pub offers: Vec<OfferUse>,
    /// What a reader must know: level weights are a convention, meets by code, floors' price, and so on.
    pub notes: Vec<String>,
    pub completeness: CompletenessDocument,
    pub provenance: Provenance,
    pub disclosure: String,
}

impl MatchDocument {
    pub const SCHEMA: &'static str = "suffice.match/1";
}

/// Over the areas that are inside. All counts are child-needs: one child's one need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchTotals {
    /// Need rows that are counted and whose number is known.
    pub rows: u64,
    /// Need rows that are counted and whose number is not known.
    pub unknown_rows: u64,
    pub child_needs: u64,
    pub met: u64,
    pub unmet: u64,
    pub weight: u64,
    pub weight_met: u64,
    /// Sum over those met; exactly one of the two is there, and it is null where some pair in use has no number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub metres: Option<Option<u64>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub minutes: Option<Option<u64>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedStage {
    pub name: String,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferUse {
    pub offer: String,
    /// The service's name, for a reader.
    pub name: String,
    /// Children it can take in the period; null where not known or without end (see `places`).
    pub capacity: Option<u64>,
    /// `known`, `unknown` or `unlimited`.
    pub places: String,
    pub used: u64,
    /// Null where there is no end of places.
    pub one_more: Option<StageDelta>,
    /// Null where there is no place to lose, or no end of places.
    pub one_less: Option<StageDelta>,
}

/// A row of assignments.csv.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentRow {
    pub need: SmolStr,
    pub offer: SmolStr,
    pub children: u64,
    /// Metres, or minutes where travel.csv is in minutes, for one child; null where not known.
    pub travel: Option<u64>,
}

/// A row of prices.csv: the certificate, one row for each node and stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceRow {
    pub stage: SmolStr,
    /// `need`, `offer`, `provider`, `holder` or `group`.
    pub node: SmolStr,
    pub id: SmolStr,
    pub price: i64,
}

/// A matching as its files: match.json, assignments.csv and prices.csv.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchFiles {
    pub document: MatchDocument,
    /// By need, then offer.
    pub assignments: Vec<AssignmentRow>,
    /// Empty where the answer brings no prices.
    pub prices: Vec<PriceRow>,
}

/// Matches a locality and writes the answer down.
pub fn run(resident: &Resident, route: Route, effort: &Effort) -> Result<MatchFiles, Failure> {
    let matching = resident.matching(route, effort)?;
    let pairs = resident.pairs(effort).ok();
    Ok(files(resident, &matching, pairs.as_deref(), effort))
}

/// As [`run`], the document alone: the rows of its files are many and may be wanted by nobody.
pub fn summary(resident: &Resident, route: Route, effort: &Effort) -> Result<MatchDocument, Failure> {
    let matching = resident.matching(route, effort)?;
    let pairs = resident.pairs(effort).ok();
    Ok(document(resident, &matching, pairs.as_deref(), effort))
}

/// `pairs` is None where even they were not built before the stop.
pub fn files(resident: &Resident, matching: &Matching, pairs: Option<&Pairs>, effort: &Effort) -> MatchFiles {
    let document = document(resident, matching, pairs, effort);
    let (assignments, measured) = assignments(resident.locality(), matching, pairs, effort);
    let mut files = MatchFiles { document, assignments, prices: Vec::new() };
    if measured.is_err() {
        files.document.notes.push("The run was stopped: assignments.csv is without its distances.".to_owned());
    }
    match prices(resident, matching, effort) {
        Ok(prices) => files.prices = prices,
        Err(_) => files.document.leave_out_prices(),
    }
    files
}

impl MatchDocument {
    /// For a stop that comes before the certificate is written: the answer is what it was, and an optimum still equals its
    /// bound, but nothing in the files proves it.
    pub fn leave_out_prices(&mut self) {
        if self.proof == PRICES {
            self.proof = BOUND.to_owned();
            self.notes.push("The run was stopped before prices.csv was written: it is empty.".to_owned());
        }
    }
}

fn document(resident: &Resident, matching: &Matching, pairs: Option<&Pairs>, effort: &Effort) -> MatchDocument {
    let locality = resident.locality();
    let travelled = travelled(locality, matching, pairs, effort);
    let mut notes = notes(locality, matching);
    if travelled == Travelled::LeftOut {
        notes.push("The run was stopped: how far the children travel was not added up.".to_owned());
    }
    MatchDocument {
        schema: MatchDocument::SCHEMA.to_owned(),
        status: status(matching).0.to_owned(),
        reason: status(matching).1.map(str::to_owned),
        proof: proof(matching).to_owned(),
        totals: totals(locality, matching, travelled, effort),
        objective: matching
            .objective
            .iter()
            .map(|stage| StageValue { name: stage.name.as_str().to_owned(), value: stage.value, bound: stage.bound })
            .collect(),
        skipped: matching
            .formulation
            .skipped
            .iter()
            .map(|skipped| SkippedStage { name: skipped.stage.as_str().to_owned(), reason: skipped.reason.clone() })
            .collect(),
        pairs: matching.formulation.network.n_pairs() as u64,
        offers: offers(locality, matching),
        notes,
        completeness: completeness(locality, pairs),
        provenance: provenance(resident, matching.backend),
        disclosure: DISCLOSURE.to_owned(),
    }
}

/// The status word and the reason of a stop.
pub(super) fn status(matching: &Matching) -> (&'static str, Option<&'static str>) {
    match &matching.status {
        Status::OptimalByPrices(_) | Status::OptimalByBackend => ("optimal", None),
        Status::Stopped(reason) => ("stopped", Some(reason.as_str())),
    }
}

fn proof(matching: &Matching) -> &'static str {
    match &matching.status {
        Status::OptimalByPrices(_) => PRICES,
        Status::OptimalByBackend => "backend",
        Status::Stopped(_) => BOUND,
    }
}

const PRICES: &str = "prices";
const BOUND: &str = "bound";

/// The travel number of a pair, for one child.
pub(super) fn travel(pairs: Option<&Pairs>, need: NeedIx, offer: OfferIx) -> Option<u64> {
    pairs?.find(need, offer)?.travel.map(u64::from)
}

/// Whatever the effort says: a matching without its assignments would be none. Their travel may stay blank
/// ([`measured`]); the reason says why.
fn assignments(
    locality: &Locality,
    matching: &Matching,
    pairs: Option<&Pairs>,
    effort: &Effort,
) -> (Vec<AssignmentRow>, Result<(), StopReason>) {
    let row = |&(need, offer, children): &(NeedIx, OfferIx, u64), travel| AssignmentRow {
        need: locality.needs()[need.ix()].id.clone().into(),
        offer: locality.offers()[offer.ix()].id.clone().into(),
        children,
        travel,
    };
    let placements = matching.sorted_placements();
    let (rows, whole) = match measured(&placements, effort, |at| row(at, travel(pairs, at.0, at.1))) {
        Ok(rows) => (rows, Ok(())),
        Err(reason) => {
            let rows = |chunk: &[_]| -> Vec<AssignmentRow> { chunk.iter().map(|at| row(at, None)).collect() };
            (effort.finish(placements.chunks(PLACEMENTS).collect(), rows), Err(reason))
        }
    };
    (rows.into_iter().flatten().collect(), whole)
}

/// What `look` finds in the pairs for each placement, in pieces over the effort's threads. A look is mostly a wait for
/// memory: after a stop it is not done for more than [`MEASURED_ANYWAY`] of them.
fn measured<R: Send>(
    placements: &[(NeedIx, OfferIx, u64)],
    effort: &Effort,
    look: impl Fn(&(NeedIx, OfferIx, u64)) -> R + Sync + Send,
) -> Result<Vec<Vec<R>>, StopReason> {
    effort.each(placements.chunks(PLACEMENTS).collect(), |chunk| {
        if MEASURED_ANYWAY < placements.len() {
            effort.look()?;
        }
        Ok(chunk.iter().map(&look).collect())
    })
}

/// Placements in a piece of work.
const PLACEMENTS: usize = 1 << 14;

/// Placements whose travel is looked up whatever the effort says: that takes a hundredth of a second.
const MEASURED_ANYWAY: usize = 1 << 16;

/// How far the placed children inside travel, all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Travelled {
    Known(u64),
    /// Some placement has no number.
    NotKnown,
    /// A stop came.
    LeftOut,
}

fn travelled(locality: &Locality, matching: &Matching, pairs: Option<&Pairs>, effort: &Effort) -> Travelled {
    let is_inside = |need: NeedIx| locality.areas()[locality.holder(need).area.ix()].inside;
    let of = |&(need, offer, children): &(NeedIx, OfferIx, u64)| match is_inside(need) {
        true => Some(travel(pairs, need, offer)?.saturating_mul(children)),
        false => Some(0),
    };
    let many = MEASURED_ANYWAY < matching.flow.carried().len();
    if many && effort.look().is_err() {
        return Travelled::LeftOut;
    }
    let placements: Vec<_> = matching.placements().collect();
    match measured(&placements, effort, of) {
        Ok(travel) => travel.into_iter().flatten().sum::<Option<u64>>().map_or(Travelled::NotKnown, Travelled::Known),
        Err(_) => Travelled::LeftOut,
    }
}

fn totals(locality: &Locality, matching: &Matching, travelled: Travelled, effort: &Effort) -> MatchTotals {
    let all = tally::total(locality, matching, effort);
    let sum = match travelled {
        Travelled::Known(sum) => Some(sum),
        Travelled::NotKnown | Travelled::LeftOut => None,
    };
    let minutes = locality.travel().is_some_and(|travel| travel.unit == TravelUnit::Minutes);
    MatchTotals {
        rows: all.rows,
        unknown_rows: all.unknown_rows,
        child_needs: all.child_needs,
        met: all.met,
        unmet: all.unmet(),
        weight: all.weight,
        weight_met: all.weight_met,
        metres: (!minutes).then_some(sum),
        minutes: minutes.then_some(sum),
    }
}

fn offers(locality: &Locality, matching: &Matching) -> Vec<OfferUse> {
    let mut sink_of = vec![None; locality.offers().len()];
    for (sink, offer) in matching.formulation.offers.iter().enumerate() {
        sink_of[offer.ix()] = Some(sink);
    }
    let worth_of = |sink: Option<usize>| sink.and_then(|sink| matching.worths.as_ref().map(|worths| &worths[sink]));
    (0..locality.offers().len())
        .map(OfferIx::new)
        .map(|offer| {
            let room = Reading::Policy.room(locality, offer);
            let worth = worth_of(sink_of[offer.ix()]);
            let delta =
                |change: &Option<Vec<i64>>| change.as_ref().map(|change| stage_delta(&matching.objective, change));
            OfferUse {
                offer: locality.offers()[offer.ix()].id.to_string(),
                name: locality.service_of(offer).name.clone(),
                capacity: room.places(),
                places: places_word(room).to_owned(),
                used: matching.used[offer.ix()],
                one_more: worth.and_then(|worth| delta(&worth.one_more)),
                one_less: worth.and_then(|worth| delta(&worth.one_less)),
            }
        })
        .collect()
}

pub(super) fn places_word(room: Room) -> &'static str {
    match room {
        Room::Places(_) => "known",
        Room::NoEnd => "unlimited",
        Room::NotKnown => "unknown",
    }
}

/// What a reader must know beside the numbers.
pub(super) fn notes(locality: &Locality, matching: &Matching) -> Vec<String> {
    let mut notes = vec![
        "Counts are child-needs: one child's one need. A child with two needs counts twice.".to_owned(),
        "Met means placed within the places, rules and reach stated; it does not say that a place was taken up."
            .to_owned(),
    ];
    notes.extend(locality.about().caveats.iter().cloned());
    let policy = locality.policy();
    if policy.objective.mode == ObjectiveMode::Lexicographic {
        notes.push(format!(
            "Weights by level {:?} are a convention, used where a need gives no weight of its own.",
            policy.level_weights
        ));
    }
    if locality.completeness().meets_by_code {
        notes.push("There is no meets.csv: every kind is met by the service type of the same code.".to_owned());
    }
    if locality.areas().iter().any(|area| !area.inside) {
        notes.push(
            "Areas outside compete for places and are part of the objective; they are in no total and no table."
                .to_owned(),
        );
    }
    if matching.worths.is_none() && matches!(matching.status, Status::OptimalByBackend) {
        notes
            .push("What one place more or less is worth was not computed by this backend; use the network.".to_owned());
    }
    if let Some(cost) = floors_cost(matching) {
        notes.push(cost);
    }
    notes
}

/// What the floors cost the rest: their stage comes before the weight of need met.
fn floors_cost(matching: &Matching) -> Option<String> {
    let position = |name| matching.objective.iter().position(|stage| stage.name == name);
    let (floors, need) = (position(StageName::Floors)?, position(StageName::Need)?);
    let weight = matching.without_floors?;
    (floors < need).then(|| {
        let lost = weight - matching.objective[need].value;
        format!("Without the floors a weight of {weight} could be met: the floors cost the rest {lost}.")
    })
}

fn prices(resident: &Resident, matching: &Matching, effort: &Effort) -> Result<Vec<PriceRow>, StopReason> {
    let Status::OptimalByPrices(prices) = &matching.status else { return Ok(Vec::new()) };
    effort.look()?;
    let formulation = &matching.formulation;
    let names = node_names(resident, formulation, effort)?;
    let mut rows = Vec::with_capacity(names.len() * prices.stages.len());
    for (stage, of_stage) in formulation.network.stages().iter().zip(&prices.stages) {
        let all = of_stage.sources.iter().chain(&of_stage.sinks).chain(&of_stage.limits).chain(&of_stage.pools);
        for ((node, id), &price) in names.iter().zip(all) {
            effort.tick(64)?;
            rows.push(PriceRow { stage: stage.name.into(), node: (*node).into(), id: id.clone(), price });
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{MEASURED_ANYWAY, measured};
    use crate::domain::{NeedIx, OfferIx};
    use crate::solve::effort::Watch;
    use crate::solve::{Effort, StopReason};

    /// Says stop from the first look on.
    struct Stopped;

    impl Watch for Stopped {
        fn stop(&self) -> Option<StopReason> {
            Some(StopReason::Cancelled)
        }

        fn remaining(&self) -> Option<Duration> {
            None
        }
    }

    #[test]
    fn after_a_stop_only_few_placements_are_measured() {
        let placements = |n| vec![(NeedIx::new(3), OfferIx::new(4), 5); n];
        let stopped = Effort::unlimited().watched(&Stopped);
        let few = measured(&placements(MEASURED_ANYWAY), &stopped, |at| at.2).expect("they are few");
        assert_eq!(few.into_iter().flatten().collect::<Vec<u64>>(), vec![5; MEASURED_ANYWAY]);
        let many = placements(MEASURED_ANYWAY + 1);
        assert_eq!(measured(&many, &stopped, |at| at.2), Err(StopReason::Cancelled));
        let all = measured(&many, &Effort::unlimited(), |at| at.2).expect("nothing stops it");
        assert_eq!(all.into_iter().flatten().count(), many.len());
    }
}
