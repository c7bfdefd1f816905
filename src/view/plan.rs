//! `suffice.plan/1`: what to commission, at which cost, what it closes and how far that is proved.

mod asked;
mod assignments;
mod parts;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::common::{CompletenessDocument, DISCLOSURE, Provenance, completeness, provenance, travel_unit};
use crate::domain::{Locality, Supply};
use crate::engine::{Failure, Resident};
use crate::gaps::tally::Tally;
use crate::matching::{Reading, Route, asking};
use crate::planning::{CaseOf, Chosen, InCase, Plan, PlanAim, Question, Travelled, transport_of};
use crate::solve::choose::{self, Answer, ProvedBy, Status, Work};
use crate::solve::{Effort, StopReason, mip};

pub use asked::{FloorAsked, FundAsked, PlanAsked, PlanObjective};
pub use assignments::PlannedRow;
pub use parts::{GainRow, PlanRow};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanDocument {
    pub schema: String,
    /// `optimal`, `within_gap` (as near as was asked), `stopped` (a limit came first; the bound is one) or `not_reachable`
    /// (nothing that may be bought meets what is asked; the plan is the one that falls short by least).
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// What the bound rests on: `bound` (recomputed from multipliers and prices, whatever the arithmetic rounds) or
    /// `backend` (the outside solver's word).
    pub proof: String,
    pub asked: PlanAsked,
    /// Whole pence for the candidates.
    pub cost: i64,
    /// No plan does better in `objective`; null where a stop came before anything was known, and where what is asked cannot be
    /// reached.
    pub bound: Option<i64>,
    pub objective: ObjectiveDocument,
    /// What each fund pays, for funds that candidates name.
    pub funds: Vec<FundRow>,
    /// In the order of candidates.
    pub chosen: Vec<ChosenRow>,
    /// Under the plan, over the areas that are inside.
    pub met: MetDocument,
    /// As things stand, matched for most need alone.
    pub today: MetDocument,
    pub totals: PlanTotals,
    pub by_kind: Vec<PlanRow>,
    pub by_layer: Vec<PlanRow>,
    pub by_level: Vec<PlanRow>,
    pub by_age: Vec<PlanRow>,
    pub by_area: Vec<PlanRow>,
    /// One list for each group column.
    pub by_group: BTreeMap<String, Vec<PlanRow>>,
    /// Needs that share too few places today, and what the plan makes of it. Largest shortage first.
    pub deficient_sets: Vec<SetRow>,
    /// Why child-needs stay unmet under the plan.
    pub unmet: UnmetDocument,
    /// Shortages that stay; null where time ran out.
    pub left: Option<Vec<LeftRow>>,
    /// The shares that were asked for.
    pub floors: Vec<FloorRow>,
    /// Why what was asked cannot be reached.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub not_reachable: Option<NotReachableDocument>,
    /// Null where distances are not known, or time ran out.
    pub travel: Option<TravelDocument>,
    /// The plan where every child-need counts the same; null where time ran out.
    pub equal_weights: Option<EqualDocument>,
    /// The need as it is recorded, each scenario, and each loss that was asked about; null where time ran out.
    pub cases: Option<Vec<CaseRow>>,
    /// Null where it was not asked for, or time ran out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub frontier: Option<Vec<FrontierPoint>>,
    pub work: WorkDocument,
    pub notes: Vec<String>,
    pub completeness: CompletenessDocument,
    pub provenance: Provenance,
    pub disclosure: String,
}

impl PlanDocument {
    pub const SCHEMA: &'static str = "suffice.plan/1";
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveDocument {
    /// `need`, `cost`, `cost_and_transport`, `travel` or `farthest`.
    pub name: String,
    /// `weight`, `pence`, `thousandths_of_pence`, `metres` or `minutes`.
    pub unit: String,
    /// `most` or `least`.
    pub sense: String,
    pub value: i64,
    pub bound: Option<i64>,
    /// Distance of value and bound as a share of the larger; null without a bound.
    pub gap: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundRow {
    pub fund: String,
    /// Whole pence.
    pub cost: i64,
    /// Null where the fund has no limit of its own.
    pub limit: Option<i64>,
}

/// A candidate of the plan. What it closes is null where time ran out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChosenRow {
    pub candidate: String,
    pub steps: u32,
    /// `places`, `offer`, `widen` or `close`.
    pub kind_of: String,
    /// The service or the offer that it concerns, by name.
    pub what: String,
    /// Places bought; null where there is no end of them.
    pub places: Option<u64>,
    /// Whole pence.
    pub cost: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fund: Option<String>,
    /// Child-needs placed on what it adds, areas outside included; null for a closure.
    pub placed: Option<u64>,
    /// What would be lost without this candidate, the others being there.
    pub closes: Option<GainsDocument>,
    /// What it would gain alone.
    pub alone: Option<GainsDocument>,
}

/// Child-needs met more (or fewer, below zero), by parts; parts that nothing changes in are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GainsDocument {
    pub child_needs: i64,
    pub weight: i64,
    /// Of areas outside, which are in none of the others.
    pub outside: i64,
    pub by_kind: Vec<GainRow>,
    pub by_layer: Vec<GainRow>,
    pub by_level: Vec<GainRow>,
    pub by_area: Vec<GainRow>,
    pub by_group: BTreeMap<String, Vec<GainRow>>,
    /// Deficient sets of today, by position in `deficient_sets`, from 0.
    pub relieves: Vec<RelievedRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelievedRow {
    pub deficient_set: u64,
    pub child_needs: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetDocument {
    pub child_needs: u64,
    pub weight: u64,
    /// Of all child-needs, an unrounded fraction of one; null where there is none.
    pub share: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanTotals {
    pub rows: u64,
    pub unknown_rows: u64,
    pub child_needs: u64,
    pub weight: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRow {
    /// Kinds of its needs, by label.
    pub kinds: Vec<String>,
    pub child_needs: u64,
    pub offers: Vec<String>,
    pub places: u64,
    /// Child-needs for which there is no place today.
    pub short: u64,
    /// Of its child-needs, how many go unmet under the plan.
    pub unmet_after: u64,
}

/// Child-needs that stay unmet, by the first of these that holds; they sum to what the plan leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmetDocument {
    /// No offer and no candidate could take them, whatever were bought.
    pub beyond_reach: u64,
    /// Only candidates that are not part of the plan could.
    pub candidates_left_out: u64,
    /// Something that is there under the plan could, and its places are for others.
    pub places: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftRow {
    pub kinds: Vec<String>,
    pub child_needs: u64,
    /// Offers, and candidates that are new offers.
    pub offers: Vec<String>,
    pub places: u64,
    pub short: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FloorRow {
    /// `all`, `kind`, `area`, `level` or a group column.
    pub of: String,
    pub key: String,
    pub label: String,
    /// The case that it holds in.
    pub case: String,
    /// The share asked for, a fraction of one.
    pub share: f64,
    pub child_needs: u64,
    /// The share of them, rounded up.
    pub least: u64,
    pub met: u64,
}

/// Why what is asked cannot be reached, and the best that can be had: the plan itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotReachableDocument {
    /// `target` (no plan meets the shares) or `limits` (no plan keeps to the money, the number and the rules).
    pub what: String,
    /// Child-needs by which all shares together are missed at least; null for `limits`.
    pub missing: Option<u64>,
    /// Whether that is proved to be the least.
    pub proved: bool,
    /// Of those left short, child-needs that neither an offer nor a candidate can reach, whatever is bought.
    pub beyond_reach: u64,
    /// Their needs, and child-needs by kind and by area.
    pub beyond_reach_needs: Vec<String>,
    pub beyond_reach_by_kind: Vec<GainRow>,
    pub beyond_reach_by_area: Vec<GainRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TravelDocument {
    /// `metres` or `minutes`.
    pub unit: String,
    pub today: Option<TravelledDocument>,
    pub plan: Option<TravelledDocument>,
    /// `plan.travel_pence_per_km`.
    pub pence_per_km: u64,
}

/// Of those served inside, one way, going where it is nearest for all together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TravelledDocument {
    pub children: u64,
    pub all: i64,
    pub farthest: i64,
    /// Pence for transport, to the nearest, half up; null where travel is not in metres.
    pub pence: Option<i64>,
}

impl TravelledDocument {
    /// Of one child, rounded down; 0 where nobody travels.
    pub fn mean(&self) -> i64 {
        i64::try_from(self.children).map_or(0, |children| if children == 0 { 0 } else { self.all / children })
    }
}

/// Child-needs met where all weigh the same, over whatever the objective counts: all cases that are planned for, and areas
/// outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EqualDocument {
    pub met: u64,
    /// By the plan that would then be best with the same limits.
    pub met_by_best: u64,
    pub cost_of_best: i64,
    pub best: Vec<StepsRow>,
    pub is_proved: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepsRow {
    pub candidate: String,
    pub steps: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRow {
    /// `recorded`, `scenario` or `without_provider`.
    pub of: String,
    /// The scenario or the provider; empty for the need as it is recorded.
    pub id: String,
    pub planned_for: bool,
    pub child_needs: u64,
    pub met_without_plan: u64,
    pub met: u64,
    pub unmet: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrontierPoint {
    /// Whole pence that may be spent, and that are.
    pub budget: i64,
    pub cost: i64,
    pub child_needs: u64,
    pub share: Option<f64>,
    /// Weight met, over all cases that are planned for and areas outside, and the most it could be.
    pub weight: i64,
    pub weight_bound: i64,
    /// Pence for each child-need more than at the point before; null where no more is met.
    pub pence_per_child_need: Option<f64>,
    pub chosen: Vec<StepsRow>,
    pub status: String,
}

/// What the search took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkDocument {
    pub nodes: u64,
    pub relaxations: u64,
    pub inner_problems: u64,
    pub cuts: u64,
}

/// A plan and its assignments.
pub struct Planned {
    pub document: PlanDocument,
    pub assignments: Vec<PlannedRow>,
}

/// Plans and writes it down.
pub fn run(resident: &Resident, asked: &PlanAsked, route: Route, effort: &Effort) -> Result<Planned, Failure> {
    let question = asked.resolve(resident.locality(), route)?;
    match resident.plan(&question, effort) {
        Ok(plan) => Ok(Planned {
            document: document(resident, asked, &question, &plan, effort),
            assignments: assignments::rows(resident.locality(), &plan),
        }),
        Err(Failure::Stopped(reason)) => {
            Ok(Planned { document: nothing(resident, asked, &question, reason), assignments: Vec::new() })
        }
        Err(failure) => Err(failure),
    }
}

fn document(resident: &Resident, asked: &PlanAsked, question: &Question, plan: &Plan, effort: &Effort) -> PlanDocument {
    let locality = resident.locality();
    let (status, reason) = status(plan);
    let all = (&plan.today.all, &plan.after.all);
    // Of a target that cannot be reached the least shortfall is proved, and `not_reachable` has it.
    let bound = (!matches!(plan.status, Status::NotReachable(_))).then_some(plan.bound);
    let steps = |steps: &[u32]| parts::steps(locality, steps);
    let unit = travel_unit(locality);
    let pence_per_km = locality.policy().travel_pence_per_km;
    let travelled = |of: &Option<Travelled>| of.map(|of| travelled(&of, unit, pence_per_km));
    let weight_of_all = plan.objective_total(locality);
    PlanDocument {
        schema: PlanDocument::SCHEMA.to_owned(),
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
        proof: match plan.proof {
            ProvedBy::Multipliers => "bound",
            ProvedBy::Backend => "backend",
        }
        .to_owned(),
        asked: asked.clone(),
        cost: plan.cost,
        bound,
        objective: objective(locality, question, plan.objective, bound),
        funds: parts::funds(locality, plan, question),
        chosen: parts::chosen(locality, plan),
        met: met(all.1),
        today: met(all.0),
        totals: totals(all.0),
        by_kind: parts::by_kind(locality, plan),
        by_layer: parts::by_layer(plan),
        by_level: parts::by_level(plan),
        by_age: parts::by_age(locality, plan),
        by_area: parts::by_area(locality, plan),
        by_group: parts::by_group(locality, plan),
        deficient_sets: parts::sets(locality, plan),
        unmet: UnmetDocument {
            beyond_reach: plan.unmet.beyond_reach,
            candidates_left_out: plan.unmet.left_out,
            places: plan.unmet.places,
        },
        left: plan.left.as_ref().map(|left| parts::left(locality, plan, left)),
        floors: parts::floors(locality, plan),
        not_reachable: parts::not_reachable(locality, plan),
        travel: plan.travel.as_ref().filter(|of| of.iter().any(Option::is_some)).map(|[today, under]| TravelDocument {
            unit: unit.to_owned(),
            today: travelled(today),
            plan: travelled(under),
            pence_per_km,
        }),
        equal_weights: plan.equally.as_ref().map(|equally| EqualDocument {
            met: equally.met,
            met_by_best: equally.met_by_best,
            cost_of_best: equally.cost_of_best,
            best: steps(&equally.best),
            is_proved: equally.is_proved,
        }),
        cases: plan.in_cases.as_ref().map(|cases| cases.iter().map(|case| case_row(locality, case)).collect()),
        frontier: plan.frontier.as_ref().map(|points| parts::frontier(locality, plan, points, weight_of_all)),
        work: work(plan.work),
        notes: notes(locality, plan, question),
        completeness: completeness(locality, resident.pairs(effort).ok().as_deref()),
        provenance: provenance(resident, backend(question.route)),
        disclosure: DISCLOSURE.to_owned(),
    }
}

/// What chooses the candidates. The matching inside is the network's by either route.
fn backend(route: choose::Route) -> &'static str {
    match route {
        choose::Route::Tree => "network",
        choose::Route::Master => mip::backend(),
    }
}

/// The answer of a run that was stopped before there was a network: nothing is bought, and nobody is known to be met.
fn nothing(resident: &Resident, asked: &PlanAsked, question: &Question, reason: StopReason) -> PlanDocument {
    let locality = resident.locality();
    let mut all = Tally::default();
    for (need, children) in locality.needs().iter().zip(asking(locality, Reading::Policy)) {
        if need.counts && locality.areas()[locality.holders()[need.holder.ix()].area.ix()].inside {
            match children {
                None => all.unknown_rows += 1,
                Some(children) => {
                    all.rows += 1;
                    all.child_needs += children;
                    all.weight += children * u64::from(need.weight);
                }
            }
        }
    }
    PlanDocument {
        schema: PlanDocument::SCHEMA.to_owned(),
        status: "stopped".to_owned(),
        reason: Some(reason.as_str().to_owned()),
        proof: "bound".to_owned(),
        asked: asked.clone(),
        cost: 0,
        bound: None,
        objective: objective(locality, question, 0, None),
        funds: Vec::new(),
        chosen: Vec::new(),
        met: met(&all),
        today: met(&all),
        totals: totals(&all),
        by_kind: Vec::new(),
        by_layer: Vec::new(),
        by_level: Vec::new(),
        by_age: Vec::new(),
        by_area: Vec::new(),
        by_group: BTreeMap::new(),
        deficient_sets: Vec::new(),
        unmet: UnmetDocument::default(),
        left: None,
        floors: Vec::new(),
        not_reachable: None,
        travel: None,
        equal_weights: None,
        cases: None,
        frontier: None,
        work: WorkDocument::default(),
        notes: vec!["The run was stopped before whom today's places serve was known; nothing is chosen.".to_owned()],
        completeness: completeness(locality, None),
        provenance: provenance(resident, backend(question.route)),
        disclosure: DISCLOSURE.to_owned(),
    }
}

fn status(plan: &Plan) -> (&'static str, Option<&'static str>) {
    let unfinished = plan.unfinished.map(StopReason::as_str);
    match &plan.status {
        Status::Stopped(reason) => ("stopped", Some(reason.as_str())),
        Status::NotReachable(_) => ("not_reachable", unfinished),
        Status::Optimal => ("optimal", unfinished),
        Status::WithinGap => ("within_gap", unfinished),
    }
}

/// The status of a point of the frontier.
fn point_status(answer: &Answer) -> &'static str {
    match &answer.status {
        Status::Stopped(_) => "stopped",
        Status::NotReachable(_) => "not_reachable",
        Status::Optimal => "optimal",
        Status::WithinGap => "within_gap",
    }
}

fn objective(locality: &Locality, question: &Question, value: i64, bound: Option<i64>) -> ObjectiveDocument {
    let unit = travel_unit(locality);
    let (name, unit, sense) = match question.aim {
        PlanAim::MostNeed => ("need", "weight", "most"),
        PlanAim::LeastCost(_) if transport_of(locality).is_some() => {
            ("cost_and_transport", "thousandths_of_pence", "least")
        }
        PlanAim::LeastCost(_) => ("cost", "pence", "least"),
        PlanAim::LeastTravel => ("travel", unit, "least"),
        PlanAim::LeastFarthest => ("farthest", unit, "least"),
    };
    let gap = bound.map(|bound| {
        let apart = (i128::from(value) - i128::from(bound)).unsigned_abs();
        let larger = value.unsigned_abs().max(bound.unsigned_abs());
        if apart == 0 { 0.0 } else { apart as f64 / larger as f64 }
    });
    ObjectiveDocument { name: name.to_owned(), unit: unit.to_owned(), sense: sense.to_owned(), value, bound, gap }
}

fn met(tally: &Tally) -> MetDocument {
    MetDocument {
        child_needs: tally.met,
        weight: tally.weight_met,
        share: (tally.child_needs != 0).then(|| tally.met as f64 / tally.child_needs as f64),
    }
}

fn totals(tally: &Tally) -> PlanTotals {
    let Tally { rows, unknown_rows, child_needs, weight, .. } = *tally;
    PlanTotals { rows, unknown_rows, child_needs, weight }
}

fn travelled(of: &Travelled, unit: &str, pence_per_km: u64) -> TravelledDocument {
    let Travelled { children, all, farthest } = *of;
    let pence = (i128::from(all) * i128::from(pence_per_km) + 500).div_euclid(1000);
    let pence = (unit == "metres").then(|| i64::try_from(pence).unwrap_or(i64::MAX));
    TravelledDocument { children, all, farthest, pence }
}

fn work(work: Work) -> WorkDocument {
    let Work { nodes, relaxations, inner, cuts } = work;
    WorkDocument { nodes, relaxations, inner_problems: inner, cuts }
}

fn case_row(locality: &Locality, case: &InCase) -> CaseRow {
    let (of, id) = case_key(locality, &case.of);
    CaseRow {
        of,
        id,
        planned_for: case.planned_for,
        child_needs: case.child_needs,
        met_without_plan: case.met_without_plan,
        met: case.met,
        unmet: case.child_needs.saturating_sub(case.met),
    }
}

fn case_key(locality: &Locality, case: &CaseOf) -> (String, String) {
    match case {
        CaseOf::Recorded => ("recorded".to_owned(), String::new()),
        CaseOf::Scenario(id) => ("scenario".to_owned(), id.to_string()),
        CaseOf::Without(provider) => ("without_provider".to_owned(), locality.providers()[provider.ix()].to_string()),
    }
}

fn notes(locality: &Locality, plan: &Plan, question: &Question) -> Vec<String> {
    let mut notes = vec![
        "Counts are child-needs: one child's one need. A child with two needs counts twice.".to_owned(),
        "Met means placed within the places, rules and reach stated; it does not say that a place was taken up."
            .to_owned(),
        "A plan is matched for its own objective: floors, evenness, effect and cost of the policy are set aside, and so today's number is the most that today's places can meet."
            .to_owned(),
        format!(
            "Weights by level {:?} are a convention, used where a need gives no weight of its own.",
            locality.policy().level_weights
        ),
        "Suffice recommends; people decide.".to_owned(),
    ];
    if plan.chosen.as_ref().is_some_and(|chosen| 1 < chosen.len()) {
        notes.push(
            "What candidates close does not add up: they share children, and some work only together.".to_owned(),
        );
    }
    if locality.areas().iter().any(|area| !area.inside) {
        notes.push(
            "Areas outside compete for places and are part of the objective; they are in no total and no table."
                .to_owned(),
        );
    }
    if 1 < plan.cases.len() {
        notes.push(format!("The plan is made for {} cases at once, and each counts the same.", plan.cases.len()));
    }
    let unknown = |at: usize| matches!(locality.supply(crate::domain::OfferIx::new(at)), Supply::Unknown(_));
    if (0..locality.offers().len()).any(unknown) {
        notes.push("Offers whose places are not known are read as the policy says, as in the matching.".to_owned());
    }
    if let (PlanAim::LeastCost(_), 0) = (&question.aim, locality.policy().travel_pence_per_km) {
        notes.push("Transport is not priced: plan.travel_pence_per_km is 0.".to_owned());
    }
    if let Some(reason) = plan.unfinished.filter(|_| !matches!(plan.status, Status::Stopped(_))) {
        notes.push(format!("The plan stands, but not all that it does was worked out: {}.", reason.as_str()));
    }
    notes
}

/// What a candidate of the plan does, for one that was not worked out.
fn chosen_of(plan: &Plan, candidate: usize) -> Option<&Chosen> {
    plan.chosen.as_ref()?.iter().find(|chosen| chosen.candidate == candidate)
}
