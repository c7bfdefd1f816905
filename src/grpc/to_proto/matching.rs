//! Matchings, explanations and options.

use super::{
    cause, code, completeness, deficient_set, length, places_state, provenance, solve_status, stage, stage_changes,
    stage_value, stop_reason, travel_unit, verdict, whole,
};
use crate::grpc::pb::suffice::v1 as pb;
use crate::view::explain::{OfferVerdict, Placement};
use crate::view::matching::{MatchTotals, OfferUse, SkippedStage};
use crate::view::options::{NearMiss, OptionRow};
use crate::view::{AssignmentRow, ExplainDocument, MatchDocument, MatchFiles, OptionsDocument, PriceRow};

/// The matching with its assignments, if there are at most `most_rows` of them.
pub(in crate::grpc) fn matched(files: MatchFiles, most_rows: usize) -> pb::MatchResponse {
    let MatchFiles { document, assignments: rows, prices: _ } = files;
    let assignment_rows = length(&rows);
    let assignments = match rows.len() <= most_rows {
        true => rows.into_iter().map(assignment).collect(),
        false => Vec::new(),
    };
    pb::MatchResponse { matching: Some(matching(document)), assignments, assignment_rows }
}

pub(in crate::grpc) fn matching(document: MatchDocument) -> pb::Matching {
    let MatchDocument {
        schema: _,
        status,
        reason,
        proof,
        totals,
        objective,
        skipped,
        pairs,
        offers,
        notes,
        completeness: rows,
        provenance: rests_on,
        disclosure,
    } = document;
    pb::Matching {
        status: solve_status(&status),
        reason: stop_reason(reason),
        proof: code("PROOF_", &proof, pb::Proof::from_str_name),
        totals: Some(match_totals(totals)),
        objective: objective.into_iter().map(stage_value).collect(),
        skipped: skipped
            .into_iter()
            .map(|SkippedStage { name, reason }| pb::SkippedStage { stage: stage(&name), reason })
            .collect(),
        pairs: whole(pairs),
        offers: offers.into_iter().map(offer_use).collect(),
        notes,
        completeness: Some(completeness(rows)),
        provenance: Some(provenance(rests_on)),
        disclosure,
    }
}

fn match_totals(totals: MatchTotals) -> pb::MatchTotals {
    let MatchTotals { rows, unknown_rows, child_needs, met, unmet, weight, weight_met, metres, minutes } = totals;
    let (unit, travel) = match (metres, minutes) {
        (Some(metres), _) => (pb::TravelUnit::Metres, metres),
        (None, Some(minutes)) => (pb::TravelUnit::Minutes, minutes),
        (None, None) => (pb::TravelUnit::Unspecified, None),
    };
    pb::MatchTotals {
        rows: whole(rows),
        unknown_rows: whole(unknown_rows),
        child_needs: whole(child_needs),
        met: whole(met),
        unmet: whole(unmet),
        weight: whole(weight),
        weight_met: whole(weight_met),
        travel_unit: unit.into(),
        travel: travel.map(whole),
    }
}

fn offer_use(offer: OfferUse) -> pb::OfferUse {
    let OfferUse { offer, name, capacity, places, used, one_more, one_less } = offer;
    pb::OfferUse {
        offer,
        name,
        capacity: capacity.map(whole),
        places: places_state(&places),
        used: whole(used),
        one_more: one_more.map(stage_changes),
        one_less: one_less.map(stage_changes),
    }
}

pub(in crate::grpc) fn assignment(row: AssignmentRow) -> pb::Assignment {
    let AssignmentRow { need, offer, children, travel } = row;
    pb::Assignment { need: need.into(), offer: offer.into(), children: whole(children), travel: travel.map(whole) }
}

pub(in crate::grpc) fn price(row: PriceRow) -> pb::Price {
    let PriceRow { stage: name, node, id, price } = row;
    pb::Price { stage: stage(&name), node: node.into(), id: id.into(), price }
}

pub(in crate::grpc) fn explained(document: ExplainDocument) -> pb::ExplainNeedResponse {
    let ExplainDocument {
        schema: _,
        status,
        reason,
        need,
        kind,
        kind_label,
        level,
        children,
        area,
        travel_unit: unit,
        met,
        unmet,
        placements,
        cause: why_unmet,
        why,
        deficient_set: set,
        offers,
        notes,
        provenance: rests_on,
        disclosure,
    } = document;
    pb::ExplainNeedResponse {
        status: solve_status(&status),
        need,
        kind,
        kind_label,
        level: level.into(),
        children: children.map(whole),
        area,
        met: whole(met),
        unmet: whole(unmet),
        placements: placements.into_iter().map(placement).collect(),
        cause: why_unmet.map_or(0, |word| cause(&word)),
        why: why.unwrap_or_default(),
        deficient_set: set.map(deficient_set),
        offers: offers.into_iter().map(offer_verdict).collect(),
        notes,
        provenance: Some(provenance(rests_on)),
        disclosure,
        travel_unit: travel_unit(&unit),
        reason: stop_reason(reason),
    }
}

fn placement(placement: Placement) -> pb::Placement {
    let Placement { offer, name, children, travel } = placement;
    pb::Placement { offer, name, children: whole(children), travel: travel.map(whole) }
}

fn offer_verdict(said: OfferVerdict) -> pb::OfferVerdict {
    let OfferVerdict { offer, name, provider, eligible, in_reach, declined, reasons, travel, places, capacity, used } =
        said;
    pb::OfferVerdict {
        offer,
        name,
        provider,
        eligible: verdict(&eligible),
        in_reach: verdict(&in_reach),
        declined,
        reasons,
        travel: travel.map(whole),
        places: places_state(&places),
        capacity: capacity.map(whole),
        used: whole(used),
    }
}

pub(in crate::grpc) fn options(document: OptionsDocument) -> pb::FindOptionsResponse {
    let OptionsDocument {
        schema: _,
        need,
        options,
        places_unknown,
        full,
        near_misses,
        travel_unit: unit,
        as_of,
        notes,
        provenance: rests_on,
        disclosure,
    } = document;
    pb::FindOptionsResponse {
        need: need.unwrap_or_default(),
        options: options.into_iter().map(option).collect(),
        places_unknown: places_unknown.into_iter().map(option).collect(),
        full: full.into_iter().map(option).collect(),
        near_misses: near_misses.into_iter().map(near_miss).collect(),
        as_of,
        notes,
        provenance: Some(provenance(rests_on)),
        disclosure,
        travel_unit: travel_unit(&unit),
    }
}

fn option(row: OptionRow) -> pb::OfferOption {
    let OptionRow { offer, name, provider, free, updated, age_days, effect_thousandths, travel, loss_of_one, unknown } =
        row;
    pb::OfferOption {
        offer,
        name,
        provider,
        free: free.map(whole),
        updated: updated.unwrap_or_default(),
        age_days,
        effect_thousandths: effect_thousandths.map(Into::into),
        travel: travel.map(whole),
        loss_of_one: loss_of_one.map(stage_changes),
        unknown,
    }
}

fn near_miss(miss: NearMiss) -> pb::NearMiss {
    let NearMiss { offer, name, provider, blocking, travel } = miss;
    pb::NearMiss { offer, name, provider, blocking, travel: travel.map(whole) }
}
