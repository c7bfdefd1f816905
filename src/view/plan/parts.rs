//! The tables of a plan.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    ChosenRow, FloorRow, FrontierPoint, FundRow, GainsDocument, LeftRow, NotReachableDocument, RelievedRow, SetRow,
    StepsRow, case_key, chosen_of, point_status,
};
use crate::domain::{CandidateKind, DeclineWhat, Locality, NeedIx};
use crate::gaps::tally::Tally;
use crate::gaps::{SplitBy, SplitKey};
use crate::planning::{Drawn, Gain, Gains, Plan, Question, SetLeft, SinkOf, WHOLE};
use crate::solve::choose::Status;
use crate::view::common::{age_key, area_key, group_key, kind_key, layer_key};

/// A part of the child-needs, today and under the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRow {
    pub key: String,
    /// The key in words.
    pub label: String,
    pub child_needs: u64,
    pub met_today: u64,
    pub met: u64,
    pub unmet: u64,
    pub unknown_rows: u64,
}

/// Child-needs of a part, more or fewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GainRow {
    pub key: String,
    /// The key in words.
    pub label: String,
    pub child_needs: i64,
    pub weight: i64,
}

pub(super) fn by_kind(locality: &Locality, plan: &Plan) -> Vec<PlanRow> {
    rows(&plan.today.by_kind, &plan.after.by_kind, |kind| kind_key(locality, *kind))
}

pub(super) fn by_layer(plan: &Plan) -> Vec<PlanRow> {
    rows(&plan.today.by_layer, &plan.after.by_layer, |layer| (layer_key(*layer), layer_key(*layer)))
}

pub(super) fn by_level(plan: &Plan) -> Vec<PlanRow> {
    rows(&plan.today.by_level, &plan.after.by_level, |level| (level.to_string(), format!("level {level}")))
}

pub(super) fn by_age(locality: &Locality, plan: &Plan) -> Vec<PlanRow> {
    rows(&plan.today.by_age, &plan.after.by_age, |ages| age_key(locality, *ages))
}

pub(super) fn by_area(locality: &Locality, plan: &Plan) -> Vec<PlanRow> {
    rows(&plan.today.by_area, &plan.after.by_area, |area| area_key(locality, *area))
}

pub(super) fn by_group(locality: &Locality, plan: &Plan) -> BTreeMap<String, Vec<PlanRow>> {
    let columns = locality.group_columns().iter().zip(&plan.today.by_group).zip(&plan.after.by_group);
    columns
        .map(|((column, today), after)| (column.name.clone(), rows(today, after, |value| group_key(column, *value))))
        .collect()
}

/// Both are of the same needs, so they have the same keys.
fn rows<K: Ord>(
    today: &BTreeMap<K, Tally>,
    after: &BTreeMap<K, Tally>,
    name: impl Fn(&K) -> (String, String),
) -> Vec<PlanRow> {
    let row = |(key, today): (&K, &Tally)| {
        let after = after.get(key).unwrap_or(today);
        let (key, label) = name(key);
        PlanRow {
            key,
            label,
            child_needs: today.child_needs,
            met_today: today.met,
            met: after.met,
            unmet: after.unmet(),
            unknown_rows: today.unknown_rows,
        }
    };
    today.iter().map(row).collect()
}

pub(super) fn steps(locality: &Locality, steps: &[u32]) -> Vec<StepsRow> {
    let row = |(at, &steps): (usize, &u32)| StepsRow { candidate: locality.candidates()[at].id.to_string(), steps };
    steps.iter().enumerate().filter(|(_, steps)| 0 < **steps).map(row).collect()
}

pub(super) fn funds(locality: &Locality, plan: &Plan, question: &Question) -> Vec<FundRow> {
    let market = &plan.market;
    let row = |(at, fund): (usize, &crate::domain::Id)| {
        let levers = market.choices.levers().iter().zip(&plan.steps);
        let cost = levers.filter(|(lever, _)| lever.fund == Some(at as u32)).map(|(lever, steps)| lever.cost(*steps));
        FundRow { fund: fund.to_string(), cost: cost.sum(), limit: question.within.funds.get(at).copied().flatten() }
    };
    debug_assert_eq!(locality.candidates().len(), plan.steps.len());
    market.funds.iter().enumerate().map(row).collect()
}

pub(super) fn chosen(locality: &Locality, plan: &Plan) -> Vec<ChosenRow> {
    let row = |(at, &steps): (usize, &u32)| {
        let candidate = &locality.candidates()[at];
        let found = chosen_of(plan, at);
        let offer = |offer: crate::domain::OfferIx| {
            format!("{} ({})", locality.service_of(offer).name, locality.offers()[offer.ix()].id)
        };
        let service = |service: crate::domain::ServiceIx| locality.services()[service.ix()].name.clone();
        let (kind_of, what, places) = match &candidate.kind {
            CandidateKind::Places { offer: of, places_per_step, .. } => {
                ("places", offer(*of), Some(places_per_step.saturating_mul(steps.into())))
            }
            CandidateKind::Offer { service: of, capacity, .. } => ("offer", service(*of), *capacity),
            CandidateKind::Widen { what: DeclineWhat::Offer(of), .. } => ("widen", offer(*of), Some(0)),
            CandidateKind::Widen { what: DeclineWhat::Service(of), .. } => ("widen", service(*of), Some(0)),
            CandidateKind::Close { offer: of } => ("close", offer(*of), Some(0)),
        };
        ChosenRow {
            candidate: candidate.id.to_string(),
            steps,
            kind_of: kind_of.to_owned(),
            what,
            places,
            cost: plan.market.choices.levers()[at].cost(steps),
            fund: candidate.fund.as_ref().map(ToString::to_string),
            placed: found.and_then(|found| found.placed),
            closes: found.map(|found| gains(locality, &found.closes)),
            alone: found.map(|found| gains(locality, &found.alone)),
        }
    };
    plan.steps.iter().enumerate().filter(|(_, steps)| 0 < **steps).map(row).collect()
}

fn gains(locality: &Locality, gains: &Gains) -> GainsDocument {
    let columns = locality.group_columns().iter().zip(&gains.by_group);
    GainsDocument {
        child_needs: gains.all.child_needs,
        weight: gains.all.weight,
        outside: gains.outside.child_needs,
        by_kind: gain_rows(&gains.by_kind, |kind| kind_key(locality, *kind)),
        by_layer: gain_rows(&gains.by_layer, |layer| (layer_key(*layer), layer_key(*layer))),
        by_level: gain_rows(&gains.by_level, |level| (level.to_string(), format!("level {level}"))),
        by_area: gain_rows(&gains.by_area, |area| area_key(locality, *area)),
        by_group: columns
            .map(|(column, gains)| (column.name.clone(), gain_rows(gains, |value| group_key(column, *value))))
            .collect(),
        relieves: gains
            .by_set
            .iter()
            .map(|(set, gain)| RelievedRow { deficient_set: *set as u64, child_needs: gain.child_needs })
            .collect(),
    }
}

fn gain_rows<K>(gains: &BTreeMap<K, Gain>, name: impl Fn(&K) -> (String, String)) -> Vec<GainRow> {
    let row = |(key, gain): (&K, &Gain)| {
        let (key, label) = name(key);
        GainRow { key, label, child_needs: gain.child_needs, weight: gain.weight }
    };
    gains.iter().map(row).collect()
}

fn kinds(locality: &Locality, plan: &Plan, sources: &[u32]) -> Vec<String> {
    let mut kinds: Vec<_> = sources.iter().map(|source| need(plan, *source)).collect();
    kinds.sort_unstable_by_key(|need| locality.needs()[need.ix()].kind);
    kinds.dedup_by_key(|need| locality.needs()[need.ix()].kind);
    kinds.iter().map(|need| locality.kinds()[locality.needs()[need.ix()].kind.ix()].label.clone()).collect()
}

fn need(plan: &Plan, source: u32) -> NeedIx {
    plan.market.needs[source as usize]
}

/// Offers and candidates by id, each once.
fn offers(locality: &Locality, plan: &Plan, sinks: &[u32]) -> Vec<String> {
    let mut ids: Vec<String> = sinks
        .iter()
        .map(|sink| match plan.market.sinks[*sink as usize] {
            SinkOf::Offer(offer) | SinkOf::Widened { offer, .. } => locality.offers()[offer.ix()].id.to_string(),
            SinkOf::New(candidate) => locality.candidates()[candidate].id.to_string(),
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

pub(super) fn sets(locality: &Locality, plan: &Plan) -> Vec<SetRow> {
    plan.sets
        .iter()
        .map(|set| SetRow {
            kinds: kinds(locality, plan, &set.block.sources),
            child_needs: set.block.units,
            offers: offers(locality, plan, &set.block.sinks),
            places: set.block.places,
            short: set.short(),
            unmet_after: set.unmet_after,
        })
        .collect()
}

pub(super) fn left(locality: &Locality, plan: &Plan, left: &[SetLeft]) -> Vec<LeftRow> {
    left.iter()
        .map(|set| LeftRow {
            kinds: kinds(locality, plan, &set.sources),
            child_needs: set.units,
            offers: offers(locality, plan, &set.sinks),
            places: set.places,
            short: set.units.saturating_sub(set.places),
        })
        .collect()
}

pub(super) fn floors(locality: &Locality, plan: &Plan) -> Vec<FloorRow> {
    plan.floors
        .iter()
        .map(|(floor, met)| {
            let (of, (key, label)) = match floor.part {
                None => ("all".to_owned(), (String::new(), "all".to_owned())),
                Some((by, part)) => (split_name(locality, by), split_key(locality, by, part)),
            };
            let (case, id) = case_key(locality, &plan.cases[floor.case].of);
            FloorRow {
                of,
                key,
                label,
                case: if id.is_empty() { case } else { format!("{case} {id}") },
                share: f64::from(floor.share) / f64::from(WHOLE),
                child_needs: floor.child_needs,
                least: floor.least,
                met: *met,
            }
        })
        .collect()
}

fn split_name(locality: &Locality, by: SplitBy) -> String {
    match by {
        SplitBy::Kind => "kind".to_owned(),
        SplitBy::Area => "area".to_owned(),
        SplitBy::Level => "level".to_owned(),
        SplitBy::Age => "age".to_owned(),
        SplitBy::Group(column) => locality.group_columns()[column].name.clone(),
    }
}

fn split_key(locality: &Locality, by: SplitBy, key: SplitKey) -> (String, String) {
    match (by, key) {
        (_, SplitKey::Kind(kind)) => kind_key(locality, kind),
        (_, SplitKey::Area(area)) => area_key(locality, area),
        (_, SplitKey::Level(level)) => (level.to_string(), format!("level {level}")),
        (_, SplitKey::Age(ages)) => age_key(locality, ages),
        (SplitBy::Group(column), SplitKey::Group(value)) => group_key(&locality.group_columns()[column], value),
        // A value belongs to the column that it came from.
        (_, SplitKey::Group(value)) => (value.to_string(), value.to_string()),
    }
}

pub(super) fn not_reachable(locality: &Locality, plan: &Plan) -> Option<NotReachableDocument> {
    let Status::NotReachable(shortfall) = &plan.status else { return None };
    let children = |need: &NeedIx| locality.needs()[need.ix()].children.known().unwrap_or(0);
    let mut by_kind: BTreeMap<_, Gain> = BTreeMap::new();
    let mut by_area: BTreeMap<_, Gain> = BTreeMap::new();
    for need in &plan.beyond_reach {
        let row = &locality.needs()[need.ix()];
        let gain = [by_kind.entry(row.kind).or_default(), by_area.entry(locality.holder(*need).area).or_default()];
        for gain in gain {
            gain.child_needs += children(need) as i64;
            gain.weight += (children(need) * u64::from(row.weight)) as i64;
        }
    }
    Some(NotReachableDocument {
        what: if shortfall.least.is_some() { "target" } else { "limits" }.to_owned(),
        missing: shortfall.least,
        proved: shortfall.proved,
        beyond_reach: plan.beyond_reach.iter().map(children).sum(),
        beyond_reach_needs: plan.beyond_reach.iter().map(|need| locality.needs()[need.ix()].id.to_string()).collect(),
        beyond_reach_by_kind: gain_rows(&by_kind, |kind| kind_key(locality, *kind)),
        beyond_reach_by_area: gain_rows(&by_area, |area| area_key(locality, *area)),
    })
}

pub(super) fn frontier(locality: &Locality, plan: &Plan, points: &[Drawn], weight_of_all: i64) -> Vec<FrontierPoint> {
    let all = plan.today.all.child_needs;
    let mut before: Option<(i64, u64)> = None;
    let mut rows = Vec::with_capacity(points.len());
    for Drawn { point, met } in points {
        let cost = point.answer.cost;
        let marginal = before
            .filter(|(_, met_before)| met_before < met)
            .map(|(cost_before, met_before)| (cost - cost_before) as f64 / (met - met_before) as f64);
        before = Some((cost, *met));
        rows.push(FrontierPoint {
            budget: point.budget,
            cost,
            child_needs: *met,
            share: (all != 0).then(|| *met as f64 / all as f64),
            weight: weight_of_all - point.answer.objective,
            weight_bound: weight_of_all - point.answer.bound,
            pence_per_child_need: marginal,
            chosen: steps(locality, &point.answer.steps),
            status: point_status(&point.answer).to_owned(),
        });
    }
    rows
}
